//! A devnet in a folder of its own.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use cairn::api::Token;
use cairn::api::view::AddressText;
use cairn::client::Client;
use cairn::codec::List;
use cairn::crypto::SecretKey;
use cairn::devnet::desk::NetworkView;
use cairn::devnet::{Devnet, DevnetError, DevnetHandle, DevnetOptions, Mining};
use cairn::types::{Action, Address, Amount, Body, Height, Nonce, Policy, Reference};
use cairn::wallet::Signing;
use tempfile::TempDir;

/// How long anything may take that happens by itself.
const PATIENCE: Duration = Duration::from_secs(30);
/// Accounts that begin with money.
const ACCOUNTS: usize = 10;

/// A devnet, and where it lies.
pub struct Stage {
    pub devnet: Devnet,
    pub folder: TempDir,
}

/// One with so many nodes, where blocks come to order.
pub fn options(folder: &Path, nodes: usize) -> DevnetOptions {
    let token = Token::new("a-word-that-nobody-else-knows-of").unwrap();
    DevnetOptions { nodes: Some(nodes), mining: Some(Mining::Manual), ..DevnetOptions::new(folder, token) }
}

impl Stage {
    pub fn start(nodes: usize) -> Self {
        Self::with(nodes, |_| {})
    }

    pub fn with(nodes: usize, change: impl FnOnce(&mut DevnetOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(folder.path(), nodes);
        change(&mut options);
        let stage = Self { devnet: Devnet::start(options).unwrap(), folder };
        stage.wait("all nodes are connected", |network| {
            network.nodes.iter().all(|node| node.peers.len() == nodes - 1)
        });
        stage
    }

    /// Ends it, and begins it again.
    pub fn again(self, change: impl FnOnce(&mut DevnetOptions)) -> Result<Self, DevnetError> {
        let Self { devnet, folder } = self;
        let nodes = pollster::block_on(NetworkView::of(&devnet.handle())).nodes.len();
        drop(devnet);
        let mut options = options(folder.path(), nodes);
        change(&mut options);
        Ok(Self { devnet: Devnet::start(options)?, folder })
    }

    pub fn handle(&self) -> DevnetHandle {
        self.devnet.handle()
    }

    pub fn desk(&self) -> Client {
        Client::patient(&format!("http://{}", self.devnet.desk().unwrap())).unwrap()
    }

    pub fn network(&self) -> NetworkView {
        self.desk().get("/v1/network").unwrap()
    }

    /// To ask one node.
    pub fn node(&self, node: usize) -> Client {
        Client::new(&self.network().nodes[node].at.http).unwrap()
    }

    pub fn heights(&self) -> Vec<Option<u32>> {
        self.network().nodes.iter().map(|node| node.height.map(|height| height.0)).collect()
    }

    /// Waits until the network is like this.
    pub fn wait(&self, what: &str, is_so: impl Fn(&NetworkView) -> bool) {
        let begun = Instant::now();
        while !is_so(&self.network()) {
            assert!(begun.elapsed() < PATIENCE, "{what} takes too long: {:#?}", self.network().nodes);
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until all that run have the same tip.
    pub fn agree(&self) {
        self.wait("agreeing", |network| {
            let mut tips: Vec<_> = network.nodes.iter().filter_map(|node| node.tip).collect();
            tips.dedup();
            tips.len() == 1
        });
    }

    /// Has payments wait everywhere, so many from each account but the faucet's.
    pub fn pay_often(&self, each: usize) {
        let (handle, to) = (self.handle(), self.account(0));
        let params = handle.genesis().params();
        let node = handle.roster().borrow()[0].live.clone().unwrap().node;
        let payment = |secret: &SecretKey, nonce| {
            let pay = Action::Pay { to, amount: Amount::from_pebbles(1), reference: Reference::default() };
            let body = Body {
                chain: params.chain.tag(),
                policy: Policy::Key(secret.public_key()),
                nonce: Nonce(nonce),
                fee: Amount::from_pebbles(1_000_000),
                expiry: None,
                actions: List::new(vec![pay]).unwrap(),
            };
            let mut signing = Signing::new(body, params).unwrap();
            signing.sign(secret).unwrap();
            signing.complete(Height(u32::MAX), params).unwrap().transaction().clone()
        };
        let accounts = ACCOUNTS - 1;
        for funded in handle.ground().accounts().take(accounts) {
            let submit = |nonce| pollster::block_on(node.submit_transaction(payment(&funded.secret, nonce)));
            let pending: Vec<_> = (0..each as u64).map(submit).collect();
            pending.into_iter().for_each(|pending| drop(pending.wait().unwrap()));
        }
        self.wait("the payments", |network| network.nodes.iter().all(|node| node.waiting == accounts * each));
    }

    /// The address of a funded account.
    pub fn account(&self, account: usize) -> Address {
        self.handle().ground().accounts().nth(account).unwrap().address
    }

    /// What an address has, as a node says.
    pub fn balance(&self, node: usize, address: &Address) -> Amount {
        let text = AddressText::new(address, &self.handle().genesis().params().prefix);
        self.node(node).account(&text).unwrap().balance
    }
}
