//! What accounts had at earlier heights, against somebody who wrote it all down.

use cairn::ledger::{Account, View};
use cairn::node::{ReadError, Reader, Verdict};
use cairn::storage::prune;
use cairn::testkit::{Actor, MAP_SEED};
use cairn::types::{Address, Block, Height};
use tempfile::TempDir;

use crate::stage::{FUNDED, Miner, Stage, everybody, miner_address, tip_of};

/// What everybody had at every height of one branch.
#[derive(Clone)]
struct Chronicle {
    miner: Miner,
    accounts: Vec<Vec<Option<Account>>>,
    blocks: Vec<Block>,
    /// By how much the kinds of blocks are turned, so that no two branches pay the same.
    turn: u32,
}

impl Chronicle {
    fn new(stage: &Stage) -> Self {
        let mut chronicle = Self { miner: stage.miner(), accounts: Vec::new(), blocks: Vec::new(), turn: 0 };
        chronicle.write_down();
        chronicle
    }

    fn write_down(&mut self) {
        let ledger = &self.miner.follower.ledger;
        self.accounts.push(everybody().iter().map(|address| ledger.account(address)).collect());
    }

    fn fork(&self, number: u8) -> Self {
        Self { miner: self.miner.fork(number), turn: u32::from(number), ..self.clone() }
    }

    /// Blocks of many kinds: by people who pay, by one who never does, by one who is seldom heard of; empty ones, too.
    fn mine(&mut self, count: u32) -> &[Block] {
        for _ in 0..count {
            let at = self.accounts.len() as u32 + self.turn;
            self.miner.recipient = match at % 7 {
                0 | 3 => Actor::new(at % FUNDED).address(),
                5 => miner_address(1 + (at / 29 % 6) as u8),
                _ => miner_address(0),
            };
            let payers: &[u32] = match at % 5 {
                0 => &[],
                1 => &[0, 3],
                2 => &[1],
                _ => &[0, 1, 2],
            };
            let blocks = self.miner.mine_payments(1, payers);
            self.blocks.extend(blocks);
            self.write_down();
        }
        &self.blocks[self.blocks.len() - count as usize..]
    }

    /// The reader says of everybody, at every height from this on, what was written down.
    fn check(&self, reader: &Reader, from: usize) {
        let tip = self.accounts.len() - 1;
        assert_eq!(reader.tip().height, Height(tip as u32));
        for (who, address) in everybody().iter().enumerate() {
            for at in from..=tip {
                let past = reader.account_after(address, Height(at as u32)).unwrap().unwrap();
                let accounts = |height: usize| self.accounts[height][who];
                let until = (at + 1..=tip).find(|height| accounts(*height) != accounts(at));
                assert_eq!(past.account, accounts(at), "{address:?} after {at}");
                assert_eq!(past.until, until.map(|height| Height(height as u32)), "{address:?} after {at}");
                assert_eq!(Some(past.block), reader.header_at(Height(at as u32)).map(|entry| entry.hash));
            }
            assert_eq!(reader.account_after(address, Height(tip as u32 + 1)).unwrap(), None);
        }
    }
}

fn submit(stage: &Stage, blocks: &[Block]) {
    let verdicts = stage.node.submit_all(blocks);
    assert!(verdicts.iter().all(Result::is_ok), "{verdicts:?}");
}

#[test]
fn accounts_at_every_height_are_what_they_were() {
    let mut stage = Stage::new();
    let mut chronicle = Chronicle::new(&stage);
    chronicle.check(&stage.node.reader(), 0);
    // Most of it is indexed on disk in the end, the last blocks in memory alone.
    for count in [5, 70, 20] {
        submit(&stage, chronicle.mine(count));
        stage.node.wait_for_indexes();
        chronicle.check(&stage.node.reader(), 0);
    }
    stage.node.restart();
    stage.node.wait_for_indexes();
    chronicle.check(&stage.node.reader(), 0);
}

#[test]
fn accounts_at_every_height_are_those_of_the_branch_that_is_followed() {
    let mut stage = Stage::new();
    let mut chronicle = Chronicle::new(&stage);
    submit(&stage, chronicle.mine(60));
    for number in 1..4 {
        // What is left behind stays in the indexes, and its rewards mature in blocks that know nothing of them.
        let mut other = chronicle.fork(number);
        submit(&stage, chronicle.mine(6));
        stage.node.wait_for_indexes();
        let before = stage.node.reader();
        other.mine(9);
        let verdicts = stage.node.submit_all(&other.blocks[60 + 9 * (usize::from(number) - 1)..]);
        assert_eq!(verdicts[6], Ok(Verdict::Followed { reverted: 6 }));
        assert_eq!(stage.node.tip().hash, tip_of(&other.blocks));
        let forgotten = before.account_after(&Actor::new(0).address(), Height(3));
        assert!(matches!(forgotten, Err(ReadError::TipMoved)));
        stage.node.wait_for_indexes();
        other.check(&stage.node.reader(), 0);
        chronicle = other;
    }
    submit(&stage, chronicle.mine(70));
    stage.node.restart();
    stage.node.wait_for_indexes();
    chronicle.check(&stage.node.reader(), 0);
}

#[test]
fn reader_that_is_behind_sees_what_was_as_of_its_tip() {
    let stage = Stage::new();
    let mut chronicle = Chronicle::new(&stage);
    submit(&stage, chronicle.mine(30));
    let (then, reader) = (chronicle.clone(), stage.node.reader());
    submit(&stage, chronicle.mine(20));
    then.check(&reader, 0);
}

#[test]
fn what_was_is_known_down_to_where_block_data_begins() {
    let folder = TempDir::new().unwrap();
    let network = cairn::testkit::Network::new(FUNDED);
    let mut node = cairn::testkit::TestNode::start(folder.path(), &network.genesis);
    let stage = Stage::of(network.clone());
    let mut chronicle = Chronicle::new(&stage);
    let verdicts = node.submit_all(chronicle.mine(80));
    assert!(verdicts.iter().all(Result::is_ok));
    node.stop();
    let base = prune(folder.path(), &network.genesis, MAP_SEED, 20).unwrap().base;
    assert_eq!(base, Height(60));
    node.start_again();
    node.wait_for_indexes();
    // Rewards of blocks that are gone mature in the first of those that are left.
    chronicle.check(&node.reader(), 60);
    let person: Address = Actor::new(0).address();
    let pruned = node.reader().account_after(&person, Height(59));
    assert!(matches!(pruned, Err(ReadError::Pruned { height: Height(59), base: Height(60) })));
}
