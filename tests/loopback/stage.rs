//! A node with its port, and what several of them come to.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cairn::consensus::GenesisFile;
use cairn::net::{Faults, Peers, PeersHandle, PeersOptions, PeersReport};
use cairn::protocol::{AddressBook, NodeId, Order, Settings};
use cairn::template::Groundwork;
use cairn::testkit::{Draft, Network, TestNode};
use cairn::types::{Address, BlockHash, Transaction};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// How many people own something at genesis.
pub const FUNDED: u32 = 64;
/// How long a test waits for what several nodes come to. Much shorter than this on a machine that has nothing else to do.
pub const LONG: Duration = Duration::from_secs(180);

pub fn network() -> Network {
    Network::new(FUNDED)
}

/// The same as another chain.
pub fn changed_network(change: impl FnOnce(&mut GenesisFile)) -> Network {
    let mut file = cairn::testkit::devnet_file(FUNDED);
    change(&mut file);
    Network::from_file(&file, FUNDED)
}

/// Looks again and again until something is there.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LONG;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited too long for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until something is so.
pub fn until_so(what: &str, mut look: impl FnMut() -> bool) {
    until(what, || look().then_some(()));
}

/// A node, its port, and all that it takes to start both again.
pub struct Member {
    pub node: TestNode,
    pub network: Network,
    /// How it deals with others, from the next start on.
    pub settings: Settings,
    pub faults: Faults,
    /// Where it listens, the same after every start.
    pub address: SocketAddr,
    port: Option<(Peers, Runtime)>,
    log: Arc<Mutex<Vec<String>>>,
    folder: TempDir,
}

impl Member {
    /// One that is not online yet.
    pub fn offline(network: &Network) -> Self {
        let folder = TempDir::new().unwrap();
        let params = network.params();
        Self {
            node: TestNode::start(folder.path(), &network.genesis),
            network: network.clone(),
            settings: Settings::new(NodeId::UNKNOWN, params.lab),
            faults: Faults::new(params, [3; 32]),
            address: ([127, 0, 0, 1], 0).into(),
            port: None,
            log: Arc::default(),
            folder,
        }
    }

    /// One that waits for others.
    pub fn new(network: &Network) -> Self {
        Self::with(network, |_| {})
    }

    /// One that deals with others in this way.
    pub fn with(network: &Network, settle: impl FnOnce(&mut Settings)) -> Self {
        let mut member = Self::offline(network);
        settle(&mut member.settings);
        member.go_online();
        member
    }

    /// One that finds others by these, of which it knows from the start.
    pub fn knowing(network: &Network, bootstrap: &[SocketAddr]) -> Self {
        Self::with(network, |settings| settings.bootstrap = names(bootstrap))
    }

    /// One that connects to these, and looks for nobody else.
    pub fn tied_to(network: &Network, added: &[SocketAddr]) -> Self {
        Self::with(network, |settings| {
            settings.added = names(added);
            settings.discovers = false;
        })
    }

    pub fn go_online(&mut self) {
        // Another test may hold the port for a moment, since any that is free is used for connections.
        let listener = until("the port", || TcpListener::bind(self.address).ok());
        self.address = listener.local_addr().unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let log = Arc::clone(&self.log);
        let options = PeersOptions {
            settings: self.settings.clone(),
            listener: Some(listener),
            data_dir: self.folder.path().to_owned(),
            log: Arc::new(move |line: &str| log.lock().unwrap().push(line.to_owned())),
            faults: self.faults.clone(),
        };
        let peers = Peers::start(self.node.handle(), options, runtime.handle()).unwrap();
        self.port = Some((peers, runtime));
    }

    pub fn go_offline(&mut self) {
        if let Some((peers, _runtime)) = self.port.take() {
            peers.stop();
        }
    }

    /// Ends everything in an orderly way.
    pub fn stop(&mut self) {
        self.go_offline();
        self.node.stop();
    }

    /// Ends everything; of whom it knows nothing more is kept than already is.
    pub fn kill(&mut self) {
        if let Some((peers, runtime)) = self.port.take() {
            runtime.shutdown_background();
            drop(peers);
        }
        self.node.stop();
    }

    /// After either.
    pub fn start(&mut self) {
        self.node.start_again();
        self.go_online();
    }

    /// The addresses that it would know if it were killed now.
    pub fn kept_book(&self) -> Option<AddressBook> {
        let bytes = std::fs::read(self.folder.path().join("net/peers.book")).ok()?;
        AddressBook::from_bytes(&bytes, self.settings.lab).ok()
    }

    pub fn is_online(&self) -> bool {
        self.port.is_some()
    }

    pub fn handle(&self) -> PeersHandle {
        self.port.as_ref().expect("it is online").0.handle()
    }

    pub fn report(&self) -> PeersReport {
        pollster::block_on(self.handle().report()).unwrap()
    }

    pub fn order(&self, order: Order) {
        pollster::block_on(self.handle().order(order)).unwrap();
    }

    pub fn id(&self) -> NodeId {
        self.report().node
    }

    /// Whom it is connected to and has heard a hello of, in order; twice whoever is connected twice.
    pub fn connected(&self) -> Vec<NodeId> {
        let greeted = self.report().machine.peers.into_iter().filter(|peer| peer.agent.is_some());
        let mut nodes: Vec<NodeId> = greeted.map(|peer| peer.met.node).collect();
        nodes.sort();
        nodes
    }

    /// Waits until it is connected to somebody.
    pub fn wait_for(&self, other: &Self) {
        let node = other.id();
        until_so("a connection", || self.connected().contains(&node));
    }

    pub fn tip(&self) -> BlockHash {
        self.node.tip().hash
    }

    pub fn height(&self) -> u32 {
        self.node.tip().height.0
    }

    /// Mines a block of all that waits here. The number makes it differ from others at its place.
    pub fn mine(&self, number: u64) -> BlockHash {
        let (groundwork, reader) = (self.node.groundwork(), self.node.reader());
        // What waits is what fits above one tip; the other may be another already, where blocks come in.
        let ready = (reader.tip().hash == groundwork.previous).then(|| {
            reader.ready(|ready| ready.map(|entry| entry.transaction().transaction().clone()).collect())
        });
        let ready = ready.and_then(Result::ok).unwrap_or_default();
        self.submit(groundwork, number, ready)
    }

    /// Mines as many empty blocks, and says which is the last.
    pub fn mine_empty(&self, count: u32, number: u64) -> BlockHash {
        let mine = |at| self.submit(self.node.groundwork(), (number << 32) + at, Vec::new());
        (0..u64::from(count)).map(mine).last().unwrap()
    }

    fn submit(&self, groundwork: Groundwork, number: u64, transactions: Vec<Transaction>) -> BlockHash {
        let mut draft = Draft::on(groundwork, Address::from_bytes([0xa7; 32]), transactions);
        draft.salt = number;
        let block = draft.mine(self.network.params());
        self.node.submit(&block).unwrap();
        block.header.hash()
    }

    /// Whether a transaction waits here, or is mined on the branch that this one follows.
    pub fn has(&self, transaction: &Transaction) -> bool {
        let reader = self.node.reader();
        let is_pooled = reader.pooled(&transaction.hash()).is_some();
        is_pooled || reader.transaction(&transaction.body.txid()).is_ok_and(|found| found.is_some())
    }

    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // Before its node ends, and its folder.
        self.go_offline();
    }
}

pub fn names(addresses: &[SocketAddr]) -> Vec<String> {
    addresses.iter().map(SocketAddr::to_string).collect()
}

/// Waits until all follow this block.
pub fn wait_for_tip(members: &[Member], tip: BlockHash) {
    for (number, member) in members.iter().enumerate() {
        let deadline = Instant::now() + LONG;
        while member.tip() != tip {
            assert!(
                Instant::now() < deadline,
                "{number} never follows {tip}: it is at {:?}, {:?}",
                member.node.tip(),
                member.report()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Waits until all are equally high and makes one of them go ahead, which settles what no work decides; then all agree.
pub fn settle(members: &[Member]) -> BlockHash {
    until_so("equal heights", || members.iter().all(|member| member.height() == members[0].height()));
    let tip = members[0].mine_empty(1, 0xffff);
    wait_for_tip(members, tip);
    tip
}
