//! A chain on which everything happens that the disk must remember: payments with references, an account emptied, a branch
//! that was left for another, and one that was never followed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use cairn::ledger::{Account, Supply, View};
use cairn::node::{BlockVerdict, Node, NodeHandle, NodeOptions, Page, ReadError};
use cairn::testkit::{Actor, Follower, Network, devnet_file};
use cairn::types::{
    Action, Address, Amount, Block, BlockHash, ChainId, Height, StateRoot, Transaction, Txid,
};

use super::stage::{Folder, files_below};

/// Where a branch leaves ours that was followed for a while, and how high it went.
pub const FORK: u32 = 20;
pub const ABANDONED: u32 = 23;
/// Where a branch leaves ours that never was, and how high it went.
pub const SIDE_FORK: u32 = 50;
pub const SIDE: u32 = 52;
/// Where everything ends.
pub const TIP: u32 = 60;
/// What its blocks are called in their order: two branches side by side make this many more than heights.
pub const BLOCKS: usize = (TIP + ABANDONED - FORK + SIDE - SIDE_FORK) as usize;
/// Who is funded, and who appears.
const FUNDED: u32 = 4;
const PEOPLE: u32 = 10;
/// Whoever empties the account does it here.
const EMPTIED: u32 = 30;
const MINER: u32 = 8;

pub struct Story {
    pub network: Network,
    pub genesis_text: String,
    /// Every block, in the order in which it came.
    pub arrivals: Vec<Block>,
    /// Who has seen them all.
    pub follower: Follower,
    /// The data of a node that has seen them all, one after the other.
    files: Vec<(PathBuf, Vec<u8>)>,
}

pub fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(tell)
}

fn tell() -> Story {
    let file = devnet_file(FUNDED);
    let network = Network::from_file(&file, FUNDED);
    let (mut arrivals, mut follower) = (Vec::new(), Follower::new(&network));
    grow(&mut follower, FORK, &mut arrivals);
    let mut better = follower.clone();
    grow(&mut follower, ABANDONED, &mut arrivals);
    // Another miner, so that these are other blocks.
    better.mine(Actor::new(7).address(), Vec::new());
    arrivals.extend(better.branch().last().cloned());
    grow(&mut better, ABANDONED + 2, &mut arrivals);
    grow(&mut better, SIDE_FORK, &mut arrivals);
    let mut side = better.clone();
    grow(&mut better, SIDE + 1, &mut arrivals);
    side.mine(Actor::new(7).address(), Vec::new());
    arrivals.extend(side.branch().last().cloned());
    grow(&mut side, SIDE, &mut arrivals);
    grow(&mut better, TIP, &mut arrivals);
    assert_eq!(arrivals.len(), BLOCKS);

    let mut follower = Follower::new(&network);
    arrivals.iter().for_each(|block| {
        follower.submit(block.clone()).expect("an honest block");
    });
    assert_eq!(follower.height(), Height(TIP));
    let mut story = Story { network, genesis_text: file.to_json(), arrivals, follower, files: Vec::new() };
    let folder = Folder::new();
    let node = story.node(&folder.data());
    story.arrivals.iter().for_each(|block| {
        submit(&node.handle(), block).expect("an honest block");
    });
    node.stop();
    let files = files_below(&folder.data()).into_iter();
    story.files = files
        .map(|(path, bytes)| (path.strip_prefix(folder.data()).expect("below").to_owned(), bytes))
        .collect();
    story
}

/// Mines up to a height, and notes every block.
pub fn grow(follower: &mut Follower, height: u32, blocks: &mut Vec<Block>) {
    while follower.height().0 < height {
        let next = follower.height().0 + 1;
        let payments = payments(follower, next);
        let hash = follower.mine(Actor::new(MINER).address(), payments);
        blocks.push(follower.block(&hash).block().clone());
    }
}

/// Two payments at each height, by people in their turn; the one with a reference goes to somebody else each time.
fn payments(follower: &Follower, height: u32) -> Vec<Transaction> {
    let params = follower.params();
    let nonce = |who: &Actor| {
        let account = follower.ledger.account(&who.address());
        account.map_or(0, |account| account.nonce.0)
    };
    let (one, other) = (Actor::new(height % 3), Actor::new((height + 1) % 3));
    let to = Actor::new(FUNDED + height % 4).address();
    let amount = Amount::from_pebbles(100_000 + u64::from(height));
    let with = Action::Pay { to, amount, reference: reference() };
    let mut payments = vec![
        one.sign(params, one.body(params, nonce(&one), 10, vec![with])),
        other.pay(params, nonce(&other), &one, 777, 20),
    ];
    if height == EMPTIED {
        let spender = Actor::new(3);
        let all = Action::PayAll { to: Actor::new(9).address(), reference: reference() };
        payments.push(spender.sign(params, spender.body(params, nonce(&spender), 10, vec![all])));
    }
    payments
}

fn reference() -> cairn::types::Reference {
    Actor::reference("invoice 7")
}

pub fn submit(handle: &NodeHandle, block: &Block) -> BlockVerdict {
    pollster::block_on(handle.submit_block(block.clone())).wait()
}

impl Story {
    pub fn chain(&self) -> ChainId {
        self.network.params().chain
    }

    /// A folder in which nothing but the genesis file is.
    pub fn empty_folder(&self) -> Folder {
        let folder = Folder::new();
        folder.write("genesis.json", &self.genesis_text);
        folder
    }

    /// A folder in which a node has lived through all of it.
    pub fn folder(&self) -> Folder {
        let folder = self.empty_folder();
        for (path, bytes) in &self.files {
            let path = folder.data().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("room");
            fs::write(path, bytes).expect("room");
        }
        folder
    }

    /// The same, and `chain.blocks`, to which it was exported.
    pub fn exported(&self) -> Folder {
        let folder = self.folder();
        folder.chain(&["export", "chain.blocks"]).success();
        folder
    }

    /// An empty folder, and `chain.blocks`.
    pub fn to_import(&self) -> Folder {
        let folder = self.empty_folder();
        folder.write("chain.blocks", self.file());
        folder
    }

    /// The chain file of all of it.
    pub fn file(&self) -> Vec<u8> {
        static FILE: OnceLock<Vec<u8>> = OnceLock::new();
        FILE.get_or_init(|| self.exported().bytes("chain.blocks")).clone()
    }

    /// Where in the chain file each block's length stands.
    pub fn offsets(&self) -> Vec<usize> {
        let mut offsets = vec![44];
        for block in self.follower.branch() {
            offsets.push(offsets.last().expect("one") + 4 + cairn::codec::encode(&block).len());
        }
        offsets
    }

    /// A node of our own on some data.
    pub fn node(&self, data: &Path) -> Node {
        let options = NodeOptions::new(data, self.network.genesis.clone(), &self.genesis_text);
        Node::start(options).expect("a node")
    }

    pub fn tip(&self) -> String {
        self.follower.chain.tip().hash.to_string()
    }

    pub fn at(&self, height: u32) -> BlockHash {
        self.follower.chain.at(Height(height)).expect("a height").hash
    }

    /// What a node must answer whose first block is the one above `base`.
    pub fn expected(&self, base: u32) -> Answers {
        expected(&self.follower, base)
    }

    /// What a node answers on the data of a folder.
    pub fn answers(&self, folder: &Folder) -> Answers {
        let node = self.node(&folder.data());
        let answers = answers(&node.handle());
        node.stop();
        answers
    }
}

/// An entry of a history: the height, and the transaction, if it is none of the rewards.
type Line = (u32, Option<Txid>);

/// Everything that a node can be asked about the people of the story.
#[derive(Debug, PartialEq, Eq)]
pub struct Answers {
    pub tip: BlockHash,
    pub state: StateRoot,
    pub supply: Supply,
    pub accounts: Vec<Option<Account>>,
    pub histories: Vec<Vec<Line>>,
    pub paid: Vec<Line>,
    /// Which transactions are found, and where.
    pub found: Vec<(Txid, u32)>,
}

fn people() -> Vec<Address> {
    (0..PEOPLE).map(|number| Actor::new(number).address()).collect()
}

/// The transactions of a branch above a height, newest first, with their heights.
fn lines(follower: &Follower, base: u32) -> Vec<(u32, Block)> {
    let blocks = (1..).zip(follower.branch());
    let mut lines: Vec<(u32, Block)> = blocks.filter(|(height, _)| *height > base).collect();
    lines.reverse();
    lines
}

pub fn expected(follower: &Follower, base: u32) -> Answers {
    let blocks = lines(follower, base);
    let history = |fits: &dyn Fn(&Transaction) -> bool, reward: Option<&Address>| {
        let mut lines = Vec::new();
        for (height, block) in &blocks {
            let fitting = block.transactions.iter().rev().filter(|transaction| fits(transaction));
            lines.extend(fitting.map(|transaction| (*height, Some(transaction.body.txid()))));
            lines.extend((reward == Some(&block.coinbase.recipient)).then_some((*height, None)));
        }
        lines
    };
    let of = |address: &Address| {
        let concerns = |transaction: &Transaction| {
            let body = &transaction.body;
            body.policy.address() == *address || body.payments().any(|(to, _)| to == address)
        };
        history(&concerns, Some(address))
    };
    let is_paid =
        |transaction: &Transaction| transaction.body.payments().any(|(_, with)| *with == reference());
    let txids = blocks.iter().flat_map(|(height, block)| {
        block.transactions.iter().map(move |transaction| (transaction.body.txid(), *height))
    });
    Answers {
        tip: follower.chain.tip().hash,
        state: follower.ledger.commitments().state,
        supply: follower.ledger.supply(),
        accounts: people().iter().map(|address| follower.ledger.account(address)).collect(),
        histories: people().iter().map(of).collect(),
        paid: history(&is_paid, None),
        found: txids.collect(),
    }
}

/// Asks a node all of it; waits for its indexes, where they are behind.
pub fn answers(handle: &NodeHandle) -> Answers {
    let begun = Instant::now();
    loop {
        match try_answers(handle) {
            Err(ReadError::Indexing { .. }) if begun.elapsed() < Duration::from_secs(20) => {
                thread::yield_now();
            }
            answers => return answers.expect("answers"),
        }
    }
}

fn try_answers(handle: &NodeHandle) -> Result<Answers, ReadError> {
    let reader = handle.reader();
    let lines = |page: Page| -> Vec<Line> {
        assert!(page.next.is_none(), "all of it");
        let line = |found: &cairn::node::Found| {
            let txid = match &found.what {
                cairn::node::What::Transaction(transaction) => Some(transaction.body.txid()),
                cairn::node::What::Reward(_) => None,
            };
            (found.place.height.0, txid)
        };
        page.found.iter().map(line).collect()
    };
    let mut found = Vec::new();
    for (_, block) in lines_of_story() {
        for transaction in &block.transactions {
            let txid = transaction.body.txid();
            found.extend(reader.transaction(&txid)?.map(|found| (txid, found.place.height.0)));
        }
    }
    let history = |address: &Address| reader.history(address, None, 1000).map(lines);
    Ok(Answers {
        tip: reader.tip().hash,
        state: reader.tip().state,
        supply: reader.supply()?,
        accounts: people().iter().map(|address| reader.account(address)).collect::<Result<_, _>>()?,
        histories: people().iter().map(history).collect::<Result<_, _>>()?,
        paid: reader.payments_for(&reference(), None, 1000).map(lines)?,
        found,
    })
}

fn lines_of_story() -> Vec<(u32, Block)> {
    lines(&story().follower, 0)
}
