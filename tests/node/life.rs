//! Starting, stopping, many blocks in bulk, and the audit beside all of it.

use std::time::{Duration, Instant};

use cairn::ledger::MapSeed;
use cairn::node::{BlockRefused, ReadError, Verdict};
use cairn::storage::{Recovered, StorageError};
use cairn::testkit::{Draft, within};
use cairn::types::Block;

use crate::stage::{GREW, Stage, hashes, miner_address, pool, tip_of};

#[test]
fn blocks_mined_in_bulk_are_all_durable_in_the_end() {
    const COUNT: usize = 300;
    let mut stage = Stage::new();
    let (params, handle) = (stage.network.params(), stage.node.handle());
    let bulk = handle.bulk();
    let (mut blocks, mut pending): (Vec<Block>, Vec<_>) = (Vec::new(), Vec::new());
    while blocks.len() < COUNT {
        let groundwork = stage.node.groundwork();
        // The last block is still being checked.
        if blocks.last().is_some_and(|last| last.header.hash() != groundwork.previous) {
            continue;
        }
        let block = Draft::on(groundwork, miner_address(0), Vec::new()).mine(params);
        pending.push(stage.node.submit_later(&block));
        blocks.push(block);
    }
    drop(bulk);
    for pending in pending {
        assert_eq!(within("a verdict", pending.answer()), Ok(GREW));
    }
    assert_eq!(stage.node.branch()[1..], hashes(&blocks));
    stage.node.restart();
    assert_eq!(stage.node.branch()[1..], hashes(&blocks));
    assert_eq!(stage.node.log(), Vec::<String>::new());
}

#[test]
fn single_block_in_bulk_is_answered_though_nothing_follows() {
    let stage = Stage::new();
    let _bulk = stage.node.handle().bulk();
    assert_eq!(stage.node.submit(&stage.miner().mine(Vec::new())), Ok(GREW));
}

#[test]
fn node_that_is_busy_stops_soon_and_starts_where_it_stopped() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let blocks = miner.mine_payments(200, &[0, 1, 2, 3]);
    let pending: Vec<_> = blocks.iter().map(|block| stage.node.submit_later(block)).collect();
    let mut pending = pending.into_iter();
    assert_eq!(within("a verdict", pending.next().unwrap().answer()), Ok(GREW));
    let (handle, begun) = (stage.node.handle(), Instant::now());
    stage.node.stop();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let verdicts: Vec<_> = pending.map(|pending| within("a verdict", pending.answer())).collect();
    let grown = 1 + verdicts.iter().take_while(|verdict| **verdict == Ok(GREW)).count();
    assert!(verdicts[grown - 1..].iter().all(|verdict| matches!(verdict, Err(BlockRefused::Closed(_)))));
    let tip = handle.reader().tip();
    assert!(tip.height.0 as usize >= grown, "what was acknowledged is there");
    stage.node.start_again();
    let again = stage.node.tip();
    assert_eq!((again.hash, again.sequence, again.state), (tip.hash, tip.sequence, tip.state));
    assert_eq!(stage.node.log(), Vec::<String>::new());
    let verdicts = stage.node.submit_all(&blocks);
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Ok(GREW | Verdict::Known))));
    assert_eq!(stage.node.tip().hash, tip_of(&blocks));
}

#[test]
fn node_that_is_abandoned_keeps_what_it_acknowledged_and_tells_the_others() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let blocks = miner.mine_payments(240, &[0, 1, 2, 3]);
    let mut acknowledged = 0;
    for (round, some) in blocks.chunks(60).enumerate() {
        let handle = stage.node.handle();
        let bulk = handle.bulk();
        let mut pending: Vec<_> = some.iter().map(|block| stage.node.submit_later(block)).collect();
        // In the first round nothing is answered; in the others something is, and more is under way.
        for pending in pending.drain(..15 * round) {
            assert!(matches!(within("a verdict", pending.answer()), Ok(GREW | Verdict::Known)));
            acknowledged += 1;
        }
        let hold = handle.hold();
        let reader = handle.reader();
        stage.node.abandon();
        for pending in pending {
            let verdict = within("a verdict", pending.answer());
            acknowledged += usize::from(verdict.is_ok());
            assert!(matches!(verdict, Ok(GREW) | Err(BlockRefused::Closed(_))), "{verdict:?}");
        }
        assert!(within("a hold", hold).is_err() && within("groundwork", handle.groundwork()).is_err());
        drop(bulk);
        let seen = reader.tip();
        stage.node.start_again();
        let tip = stage.node.tip();
        assert!(tip.height.0 as usize >= acknowledged && tip.sequence >= seen.sequence);
        assert_eq!(stage.node.branch()[1..=acknowledged], hashes(&blocks[..acknowledged]));
        let verdicts = stage.node.submit_all(some);
        assert!(verdicts.iter().all(|verdict| matches!(verdict, Ok(GREW | Verdict::Known))), "{verdicts:?}");
        acknowledged = 60 * (round + 1);
    }
    assert_eq!(stage.node.tip().hash, tip_of(&blocks));
    assert_eq!(stage.node.tip().state, miner.follower.ledger.commitments().state);
}

/// Nobody who was killed testifies for anything; whoever stops does.
#[test]
fn node_that_is_abandoned_vouches_for_nothing() {
    let mut stage = Stage::new();
    let blocks = stage.miner().mine_payments(3, &[0]);
    let is_vouched = |stage: &Stage| {
        let (folder, genesis) = (stage.node.options().data_dir, &stage.network.genesis);
        Recovered::open(&folder, genesis, None, MapSeed([1; 4])).unwrap().store.is_vouched()
    };
    stage.grow(&blocks);
    stage.node.abandon();
    assert!(!is_vouched(&stage));
    stage.node.start_again();
    assert_eq!(stage.node.tip().hash, tip_of(&blocks));
    stage.node.stop();
    assert!(is_vouched(&stage));
}

#[test]
fn old_handles_and_readers_live_on_beside_a_node_started_again() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let blocks = miner.mine_payments(3, &[0]);
    stage.grow(&blocks);
    let (handle, reader) = (stage.node.handle(), stage.node.reader());
    stage.node.restart();
    let next = miner.mine_payments(1, &[1]);
    stage.grow(&next);
    assert_eq!(reader.tip().hash, tip_of(&blocks));
    assert_eq!(reader.block(&tip_of(&blocks)).unwrap().as_ref(), blocks.last());
    assert!(reader.account(&miner_address(0)).is_ok());
    assert_eq!(pool(&reader), []);
    let ended = reader.history(&miner_address(0), None, 10);
    assert!(matches!(ended, Err(ReadError::Storage(StorageError::Ended))), "{ended:?}");
    assert_eq!(handle.reader().tip().hash, tip_of(&blocks));
    assert!(within("groundwork", handle.groundwork()).is_err());
    assert_eq!(stage.node.tip().hash, tip_of(&next));
}

#[test]
fn second_node_on_a_folder_is_refused() {
    let mut stage = Stage::new();
    assert!(matches!(stage.node.try_another(), Err(StorageError::InUse(_))));
    stage.grow(&[stage.miner().mine(Vec::new())]);
    stage.node.stop();
    assert!(stage.node.try_another().is_ok());
}

#[test]
fn empty_chain_restarts_without_mending_anything() {
    let mut stage = Stage::new();
    stage.node.restart();
    stage.node.restart();
    assert_eq!(stage.node.log(), Vec::<String>::new());
    assert_eq!(stage.node.tip().hash, stage.network.params().chain.0);
}

#[test]
fn audits_go_on_under_load_and_find_nothing() {
    let mut stage = Stage::new();
    stage.node.stop();
    stage.node.audit_every = Duration::from_millis(1);
    stage.node.start_again();
    let mut miner = stage.miner();
    let mut conditions = stage.node.handle().conditions();
    let begun = Instant::now();
    // Blocks and reorganizations, until two audits have ended while they came.
    for round in 0.. {
        assert!(begun.elapsed() < Duration::from_secs(20), "two audits take long");
        let condition = conditions.borrow_and_update().clone();
        assert_eq!((condition.alarm, condition.stopped), (None, None));
        if condition.audits >= 2 {
            break;
        }
        let mut other = miner.fork(1 + round % 6);
        stage.grow(&miner.mine_payments(1, &[0, 1]));
        let verdicts = stage.node.submit_all(&other.mine_payments(2, &[2, 3]));
        assert_eq!(verdicts, [Ok(Verdict::Side), Ok(Verdict::Followed { reverted: 1 })]);
        miner = other;
        std::thread::park_timeout(Duration::from_millis(40));
    }
}
