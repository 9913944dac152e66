//! Leaving a block by order, and having it count again: to everybody a reorganization, and as if nothing had been.

use std::fs;

use cairn::chain::{ChainError, HeaderPlacement, Validity};
use cairn::consensus::Blame;
use cairn::ledger::MapSeed;
use cairn::node::{BlockRefused, BranchStatus, Cursor, NodeEvent, RulingRefused, Tip, Verdict};
use cairn::storage::{Salvaged, prune, rebuild_database, restore, salvage};
use cairn::testkit::strategies::cases;
use cairn::testkit::{Network, TestNode, devnet_file, within};
use cairn::types::{Block, BlockHash, StateRoot};
use proptest::prelude::*;

use crate::stage::{FUNDED, GREW, Miner, Stage, answers, hashes, names, pool, tip_of, wait_for_pool};

const SEED: MapSeed = MapSeed([1, 2, 3, 4]);

fn invalidate(node: &TestNode, block: &Block) -> Result<Tip, RulingRefused> {
    within("another tip", node.handle().invalidate(block.header.hash()))
}

fn reconsider(node: &TestNode, block: &Block) -> Result<Tip, RulingRefused> {
    within("another tip", node.handle().reconsider(block.header.hash()))
}

/// A stem, the branch that is followed, and one that has less work.
struct Fork {
    stage: Stage,
    stem: Vec<Block>,
    best: Vec<Block>,
    other: Vec<Block>,
    miner: Miner,
}

impl Fork {
    /// The better branch has so many blocks, the other one so many fewer.
    fn new(length: u32, fewer: u32) -> Self {
        let stage = Stage::new();
        let mut miner = stage.miner();
        let stem = miner.mine_payments(3, &[0, 1, 2]);
        let mut rival = miner.fork(1);
        let best = miner.mine_payments(length, &[0, 1]);
        let other = rival.mine_payments(length - fewer, &[2]);
        for blocks in [&stem, &best] {
            stage.grow(blocks);
        }
        let verdicts = stage.node.submit_all(&other);
        assert!(verdicts.iter().all(|verdict| *verdict == Ok(Verdict::Side)));
        Self { stage, stem, best, other, miner }
    }

    fn all(&self) -> impl Iterator<Item = &Block> {
        self.stem.iter().chain(&self.best).chain(&self.other)
    }

    fn stands_at(&self, branch: &[Block], what: &str) {
        let tip = self.stage.node.tip();
        assert_eq!(tip.hash, tip_of(branch), "{what}");
        let mut expected = hashes(&self.stem);
        expected.extend(hashes(branch));
        assert_eq!(self.stage.node.branch()[1..], expected, "{what}");
    }
}

fn leaves_and_comes_back(length: u32) {
    let mut fork = Fork::new(length, 1);
    let before = fork.stage.node.tip();
    let expected = answers(&fork.stage.node, fork.all());
    let cursor = fork.stage.node.handle().cursor();
    let mut events = fork.stage.node.handle().events(cursor).unwrap();
    // Whatever was read when they came has to be read back.
    fork.stage.node.restart();
    let tip = invalidate(&fork.stage.node, &fork.best[0]).unwrap();
    assert_eq!((tip.hash, tip.height.0), (tip_of(&fork.other), 3 + length - 1));
    fork.stands_at(&fork.other, "left");
    let fresh = fork.stage.fresh(&[&fork.stem[..], &fork.other].concat());
    assert_eq!(answers(&fork.stage.node, fork.all()), answers(&fresh.node, fork.all()));
    assert_eq!(fork.stage.node.tip().state, fresh.node.tip().state);
    let left = fork.best.iter().flat_map(|block| &block.transactions);
    let returned = names(left);
    assert_eq!(pool(&fork.stage.node.reader()), returned);
    assert!(within("the end", events.next()).unwrap().is_none());

    for what in ["after a start", "with the database made again", "and again"] {
        fork.stage.node.stop();
        if what != "after a start" {
            fs::remove_dir_all(fork.stage.node.options().data_dir.join("sled")).unwrap();
        }
        fork.stage.node.start_again();
        fork.stands_at(&fork.other, what);
        wait_for_pool(&fork.stage.node, &returned);
    }
    let tip = reconsider(&fork.stage.node, &fork.best[0]).unwrap();
    assert_eq!((tip.hash, tip.state), (before.hash, before.state));
    fork.stands_at(&fork.best, "reconsidered");
    assert_eq!(answers(&fork.stage.node, fork.all()), expected);
    let others = fork.other.iter().flat_map(|block| &block.transactions);
    assert_eq!(pool(&fork.stage.node.reader()), names(others));
    fork.stage.node.restart();
    fork.stands_at(&fork.best, "after the last start");
    let block = fork.miner.mine(Vec::new());
    fork.stage.grow(&[block]);
}

#[test]
fn block_that_is_left_and_reconsidered_leaves_no_trace() {
    leaves_and_comes_back(2);
}

#[test]
fn a_hundred_blocks_are_left_and_come_back() {
    leaves_and_comes_back(100);
}

#[test]
fn tip_is_left_for_nothing_and_everybody_is_told_of_a_reorganization() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let blocks = miner.mine_payments(3, &[0, 1]);
    stage.grow(&blocks);
    let handle = stage.node.handle();
    let mut events = handle.events(handle.cursor()).unwrap();
    let mut fresh = handle.fresh();
    let (mut tips, mut changes) = (handle.tips(), handle.pool_changes());
    let tip = invalidate(&stage.node, &blocks[1]).unwrap();
    assert_eq!((tip.height.0, tip.hash), (1, blocks[0].header.hash()));
    assert!(tips.has_changed().unwrap() && changes.has_changed().unwrap());
    assert_eq!(*tips.borrow_and_update(), tip);
    changes.mark_unchanged();
    assert!(fresh.try_recv().is_ok());
    let NodeEvent::Reorganized { disconnected, connected, cursor } = TestNode::next_event(&mut events) else {
        panic!("another event")
    };
    assert_eq!(disconnected, [blocks[2].header.hash(), blocks[1].header.hash()]);
    assert_eq!(connected, []);
    let reorganizations = stage.node.reader().reorganizations(1).unwrap();
    assert_eq!(reorganizations[0].disconnected, disconnected);
    let branches = stage.node.reader().branches();
    assert_eq!(branches[1].status, BranchStatus::RuledOut);
    assert!(branches[1].work > branches[0].work);

    // The chain goes on from there, and events after a cursor do.
    let mut other = stage.miner();
    other.follower.submit(blocks[0].clone()).unwrap();
    let mut other = other.fork(2);
    let grown = other.mine_payments(1, &[3]);
    assert_eq!(stage.node.submit(&grown[0]), Ok(GREW));
    assert_eq!(stage.node.groundwork().previous, tip_of(&grown));
    let mut later = handle.events(cursor).unwrap();
    let NodeEvent::Grew { block, .. } = TestNode::next_event(&mut later) else { panic!("another event") };
    assert_eq!(block, tip_of(&grown));
    let mut all = handle.events(Cursor::beginning(0)).unwrap();
    let told: Vec<NodeEvent> = std::iter::from_fn(|| all.ready().unwrap()).collect();
    assert_eq!(told.len(), 5);
    let tip = reconsider(&stage.node, &blocks[1]).unwrap();
    assert_eq!(tip.hash, blocks[2].header.hash());
    let NodeEvent::Reorganized { disconnected, connected, .. } = TestNode::next_event(&mut later) else {
        panic!("another event")
    };
    assert_eq!(
        (disconnected, connected),
        (hashes(&grown), vec![blocks[1].header.hash(), blocks[2].header.hash()])
    );
}

#[test]
fn what_comes_above_a_block_that_was_left_is_refused_without_blame_and_may_come_again() {
    let mut fork = Fork::new(3, 1);
    invalidate(&fork.stage.node, &fork.best[1]).unwrap();
    let more = fork.miner.mine_payments(2, &[1]);
    for _ in 0..2 {
        for block in [&fork.best[1], &fork.best[2], &more[0]] {
            let refused = fork.stage.node.submit(block).unwrap_err();
            assert!(matches!(refused, BlockRefused::Chain(ChainError::RuledOut(_))), "{refused}");
            assert_eq!(refused.blame(), Blame::Nobody);
        }
        fork.stage.node.restart();
    }
    assert_eq!(fork.stage.node.submit(&more[1]), Ok(Verdict::Orphan { missing: more[0].header.hash() }));
    reconsider(&fork.stage.node, &fork.best[2]).unwrap();
    fork.stage.grow(&more[..1]);
    fork.stage.node.wait_for_tip(&more[1].header.hash());
}

#[test]
fn reconsidered_block_brings_those_below_and_above_it_along() {
    for reconsidered in 0..4 {
        let fork = Fork::new(4, 2);
        for left in [3, 1, 2, 2] {
            invalidate(&fork.stage.node, &fork.best[left]).unwrap();
        }
        fork.stands_at(&fork.other, "left");
        let tip = reconsider(&fork.stage.node, &fork.best[reconsidered]).unwrap();
        assert_eq!(tip.hash, tip_of(&fork.best), "{reconsidered}");
        // Done again, nothing comes of it.
        assert_eq!(reconsider(&fork.stage.node, &fork.best[1]).unwrap(), tip);
    }
    // Unless it was said that it stays left.
    let fork = Fork::new(4, 2);
    for left in [1, 2] {
        invalidate(&fork.stage.node, &fork.best[left]).unwrap();
    }
    let stays = [fork.best[2].header.hash()].into();
    let lowest = fork.best[0].header.hash();
    let tip = within("another tip", fork.stage.node.handle().reconsider_but(lowest, stays)).unwrap();
    assert_eq!(tip.hash, tip_of(&fork.best[..2]));
    fork.stands_at(&fork.best[..2], "but one");
    // Another branch's rulings are its own.
    let fork = Fork::new(4, 2);
    invalidate(&fork.stage.node, &fork.other[0]).unwrap();
    invalidate(&fork.stage.node, &fork.best[0]).unwrap();
    assert_eq!(fork.stage.node.tip().hash, tip_of(&fork.stem));
    reconsider(&fork.stage.node, &fork.other[1]).unwrap();
    fork.stands_at(&fork.other, "the other one");
}

#[test]
fn header_that_was_left_stays_so_when_it_comes_again_after_a_start() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let blocks = miner.mine_empty(3);
    stage.grow(&blocks[..1]);
    let submit = |node: &TestNode, from: usize| {
        let headers = blocks[from..].iter().map(|block| block.header).collect();
        within("answers", node.handle().submit_headers(headers)).unwrap()
    };
    assert_eq!(submit(&stage.node, 1), [Ok(HeaderPlacement::New), Ok(HeaderPlacement::New)]);
    let tip = invalidate(&stage.node, &blocks[1]).unwrap();
    assert_eq!(tip.hash, blocks[0].header.hash());
    for _ in 0..2 {
        stage.node.restart();
        assert!(stage.node.submit(&blocks[1]).is_err());
        let entry = stage.node.reader().header(&blocks[1].header.hash()).unwrap();
        assert_eq!(entry.validity, Validity::RuledOut);
        let refused = submit(&stage.node, 2);
        assert!(matches!(refused[..], [Err(BlockRefused::Chain(ChainError::RuledOut(_)))]), "{refused:?}");
    }
    reconsider(&stage.node, &blocks[1]).unwrap();
    stage.grow(&blocks[1..]);
}

#[test]
fn block_that_broke_a_rule_stays_condemned_whatever_is_reconsidered() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let blocks = miner.mine_empty(2);
    stage.grow(&blocks);
    let mut broken = miner.draft(Vec::new());
    broken.commitments.state = StateRoot::from_bytes([9; 32]);
    cairn::testkit::remine(&mut broken, stage.network.params());
    assert!(matches!(stage.node.submit(&broken), Err(BlockRefused::Ledger(_))));
    let refused = reconsider(&stage.node, &broken).unwrap_err();
    assert_eq!(refused, RulingRefused::Broken(broken.header.hash()));
    // Also where it was left itself, and what it stands on.
    invalidate(&stage.node, &broken).unwrap();
    invalidate(&stage.node, &blocks[1]).unwrap();
    assert_eq!(stage.node.tip().height.0, 1);
    assert!(reconsider(&stage.node, &broken).is_err());
    assert_eq!(stage.node.tip().hash, tip_of(&blocks));
    let again = stage.node.submit(&broken).unwrap_err();
    assert_eq!(again.blame(), Blame::Block);
}

#[test]
fn what_cannot_be_left_is_refused_by_name() {
    let mut fork = Fork::new(3, 1);
    let genesis = fork.stage.network.genesis.block().header.hash();
    let refused = |node: &TestNode, hash: BlockHash| {
        let [one, other] = [
            within("an answer", node.handle().invalidate(hash)).unwrap_err(),
            within("an answer", node.handle().reconsider(hash)).unwrap_err(),
        ];
        assert_eq!(one, other);
        one
    };
    assert_eq!(refused(&fork.stage.node, genesis), RulingRefused::Genesis);
    assert_eq!(refused(&fork.stage.node, BlockHash::ZERO), RulingRefused::Unknown(BlockHash::ZERO));

    fork.stage.node.stop();
    prune(&fork.stage.node.options().data_dir, &fork.stage.network.genesis, SEED, 2).unwrap();
    fork.stage.node.start_again();
    for block in [&fork.stem[1], &fork.best[0]] {
        let hash = block.header.hash();
        let refused = refused(&fork.stage.node, hash);
        assert!(matches!(refused, RulingRefused::BelowBase { block, .. } if block == hash), "{refused}");
    }
    assert_eq!(invalidate(&fork.stage.node, &fork.best[1]).unwrap().hash, fork.best[0].header.hash());

    let mut file = devnet_file(FUNDED);
    file.lab = false;
    let stage = Stage::of(Network::from_file(&file, FUNDED));
    let block = stage.miner().mine(Vec::new());
    stage.grow(std::slice::from_ref(&block));
    assert_eq!(refused(&stage.node, block.header.hash()), RulingRefused::NoLaboratory);
}

#[test]
fn what_was_left_stays_so_through_pruning_salvage_and_restoring() {
    let mut fork = Fork::new(3, 1);
    invalidate(&fork.stage.node, &fork.best[1]).unwrap();
    let tip = fork.stage.node.tip().hash;
    let held = within("a hold", fork.stage.node.handle().hold()).unwrap();
    held.save_to(&fork.stage.folder().join("saved")).unwrap();
    drop(held);
    fork.stage.node.stop();
    let (folder, genesis) = (fork.stage.node.options().data_dir, fork.stage.network.genesis.clone());
    restore(&fork.stage.folder().join("saved"), &fork.stage.folder().join("restored"), 1).unwrap();
    let restored = TestNode::start(&fork.stage.folder().join("restored"), &genesis);
    assert_eq!(restored.tip().hash, tip);
    assert_eq!(reconsider(&restored, &fork.best[1]).unwrap().hash, tip_of(&fork.best));

    // Forgetting everything but what may still be left.
    prune(&folder, &genesis, SEED, 2).unwrap();
    drop(rebuild_database(&folder, &genesis, SEED, &mut |_, _| {}).unwrap());
    fork.stage.node.start_again();
    assert_eq!(fork.stage.node.tip().hash, tip);

    drop(restored);
    let restored = fork.stage.folder().join("again");
    restore(&fork.stage.folder().join("saved"), &restored, 1).unwrap();
    let mut blocks = Vec::new();
    let mut take = |salvaged: Salvaged| {
        if let Salvaged::Block(block) = salvaged {
            blocks.push(*block);
        }
        Ok(())
    };
    salvage(&restored, &genesis, &mut take).unwrap();
    let salvaged = TestNode::start(&restored, &genesis);
    blocks.iter().for_each(|block| drop(salvaged.submit(block)));
    assert_eq!(salvaged.tip().hash, tip);
}

/// Blocks of a tree: each names the one it stands on, by number, and genesis is the first.
fn tree() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    let parents: Vec<_> = (0..10_usize).map(|number| number.saturating_sub(3)..=number).collect();
    (parents, prop::collection::vec(1..11_usize, 1..5))
}

proptest! {
    #![proptest_config(cases(12))]

    /// Whatever was left and reconsidered, in whatever order, a start between: it is as if nothing had been.
    #[test]
    fn whatever_is_left_and_reconsidered_nothing_remains((parents, left) in tree()) {
        let mut stage = Stage::new();
        let mut miners = vec![stage.miner()];
        let mut blocks = Vec::new();
        for (number, parent) in parents.iter().enumerate() {
            let mut miner = miners[*parent].fork(number as u8 % 8);
            blocks.push(miner.mine_payments(1, &[number as u32 % FUNDED]).remove(0));
            miners.push(miner);
        }
        blocks.iter().for_each(|block| drop(stage.node.submit(block)));
        let before = stage.node.tip();
        let expected = answers(&stage.node, &blocks);
        for number in &left {
            let tip = invalidate(&stage.node, &blocks[number - 1]).unwrap();
            let chain = stage.node.branch();
            prop_assert!(!chain.contains(&blocks[number - 1].header.hash()));
            prop_assert_eq!(Some(&tip.hash), chain.last());
        }
        let without = stage.node.tip();
        stage.node.restart();
        prop_assert_eq!(stage.node.tip().hash, without.hash);
        for number in left.iter().rev() {
            reconsider(&stage.node, &blocks[number - 1]).unwrap();
        }
        let after = stage.node.tip();
        prop_assert_eq!((after.height, after.hash == before.hash), (before.height, true));
        prop_assert_eq!(after.state, before.state);
        prop_assert_eq!(answers(&stage.node, &blocks), expected);
    }
}
