//! A small chain with payments and reorganizations, made once, and what is true at each of its blocks.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::LazyLock;

use cairn::consensus::Genesis;
use cairn::ledger::View;
use cairn::storage::{ChainFile, begin_chain_file, write_block};
use cairn::testkit::{Actor, Follower, Network, actors, devnet_file};
use cairn::types::{Block, BlockHash, StateRoot, Transaction, Work};

/// Who owned something from the start. The last of them pays, and is never mined.
const PEOPLE: u32 = 12;
/// Blocks on the branch that wins.
const HEIGHT: u32 = 240;
/// How often another branch wins, and how many blocks it takes off.
const REORGANIZED_EVERY: u32 = 20;
/// Transactions that stay in the pool.
const WAITING: u64 = 24;

static PREPARED: LazyLock<Prepared> = LazyLock::new(Prepared::make);

/// Blocks in the order in which they are submitted, side branches among them.
pub struct Prepared {
    pub blocks: Vec<Block>,
    /// Transactions that are valid from the beginning and in no block.
    pub waiting: Vec<Transaction>,
    at: BTreeMap<BlockHash, (Work, StateRoot)>,
}

pub fn genesis() -> Genesis {
    Genesis::new(&devnet_file(PEOPLE)).unwrap()
}

pub fn genesis_text() -> String {
    serde_json::to_string(&devnet_file(PEOPLE)).unwrap()
}

impl Prepared {
    pub fn get() -> &'static Self {
        &PREPARED
    }

    /// The work below and in a block, and the state after it.
    pub fn at(&self, block: &BlockHash) -> (Work, StateRoot) {
        self.at[block]
    }

    pub fn work(&self, block: &BlockHash) -> Work {
        self.at(block).0
    }

    fn make() -> Self {
        let network = Network::new(PEOPLE);
        let mut follower = Follower::new(&network);
        let mut prepared = Self { blocks: Vec::new(), waiting: waiting(), at: BTreeMap::new() };
        prepared.note(&follower);
        while follower.height().0 < HEIGHT {
            let mut other = follower.clone();
            let length = 1 + follower.height().0 / REORGANIZED_EVERY % 5;
            prepared.extend(&mut follower, 1, REORGANIZED_EVERY - length);
            let mut loser = follower.clone();
            prepared.extend(&mut loser, 2, length);
            // As many as the loser has, all of them to the side, and then one more.
            prepared.extend(&mut follower, 3, length + 1);
            // A branch that nobody follows.
            prepared.extend(&mut other, 4, 2);
        }
        prepared
    }

    /// Mines so many blocks on top of where a follower stands.
    fn extend(&mut self, follower: &mut Follower, by: u32, count: u32) {
        for _ in 0..count {
            let payments = payments(follower, by);
            let hash = follower.mine(Actor::new(100 + by).address(), payments);
            self.blocks.push(follower.block(&hash).block().clone());
            self.note(follower);
        }
    }

    fn note(&mut self, follower: &Follower) {
        let tip = follower.chain.tip();
        self.at.insert(tip.hash, (tip.work, follower.ledger.commitments().state));
    }

    /// Writes all blocks where another process can read them.
    pub fn write(&self, path: &Path) {
        Self::write_some(path, &self.blocks);
    }

    /// Writes some.
    pub fn write_some(path: &Path, blocks: &[Block]) {
        let mut file = BufWriter::new(File::create(path).unwrap());
        begin_chain_file(&mut file, genesis().params().chain).unwrap();
        blocks.iter().for_each(|block| {
            write_block(&mut file, block).unwrap();
        });
        file.flush().unwrap();
    }

    /// Reads what was written.
    pub fn read_blocks(path: &Path) -> Vec<Block> {
        let file = BufReader::new(File::open(path).unwrap());
        let mut file = ChainFile::open(file, genesis().params().chain).unwrap();
        std::iter::from_fn(|| file.next_block().unwrap()).collect()
    }
}

/// A few payments, some to people who were never paid before.
fn payments(follower: &Follower, by: u32) -> Vec<Transaction> {
    let height = follower.height().0;
    let pay = |number: u32| {
        let sender = Actor::new(number);
        let nonce = follower.ledger.account(&sender.address()).map_or(0, |account| account.nonce.0);
        let to = if number == 0 { Actor::new(1000 * by + height) } else { Actor::new(number - 1) };
        sender.pay(follower.params(), nonce, &to, 200_000 + u64::from(height), 1000)
    };
    (0..4).map(|at| pay((height + at * 3) % (PEOPLE - 1))).collect()
}

/// What the last of the people pays; nobody mines it.
pub fn waiting() -> Vec<Transaction> {
    let genesis = genesis();
    let people = actors(PEOPLE);
    let sender = &people[PEOPLE as usize - 1];
    (0..WAITING).map(|nonce| sender.pay(genesis.params(), nonce, &people[0], 5000, 2000)).collect()
}
