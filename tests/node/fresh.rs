//! What is told before it is durable: hints, in the order of what was done, and nothing that must not be missed.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cairn::chain::Chain;
use cairn::codec::encode;
use cairn::mempool::Mempool;
use cairn::node::{BlockRefused, Fresh, Verdict};
use cairn::testkit::within;
use cairn::types::{Block, BlockHash, Header, Height, Transaction, TxHash};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::stage::{FUNDED, GREW, Stage, names, tip_of};

/// What was told by now must be a change of the branch that is followed.
fn followed(fresh: &mut Receiver<Fresh>) -> (Vec<Header>, Block) {
    match fresh.try_recv() {
        Ok(Fresh::Followed { headers, block }) => {
            assert_eq!(headers.last(), Some(block.header()));
            let hashes: Vec<TxHash> = block.block().transactions.iter().map(Transaction::hash).collect();
            assert!(block.tx_hashes().eq(hashes), "as they would be hashed again");
            (headers.to_vec(), block.block().clone())
        }
        other => panic!("{other:?}"),
    }
}

fn assert_nothing_more(fresh: &mut Receiver<Fresh>) {
    let next = fresh.try_recv();
    assert!(matches!(next, Err(TryRecvError::Empty)), "{next:?}");
}

fn headers(blocks: &[Block]) -> Vec<Header> {
    blocks.iter().map(|block| block.header).collect()
}

fn tip(chain: &Chain, _: &Mempool) -> BlockHash {
    chain.tip().hash
}

#[test]
fn block_that_is_followed_is_told_before_its_verdict() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    stage.grow(&miner.mine_payments(1, &[0]));
    let mut fresh = stage.node.handle().fresh();
    assert_nothing_more(&mut fresh);
    for block in miner.mine_payments(3, &[0, 1]) {
        assert_eq!(stage.node.submit(&block), Ok(GREW));
        assert_eq!(followed(&mut fresh), (vec![block.header], block.clone()));
        assert_eq!(stage.node.submit(&block), Ok(Verdict::Known));
        assert_nothing_more(&mut fresh);
    }
    let blocks = miner.mine_empty(20);
    let verdicts = stage.node.submit_all(&blocks);
    assert!(verdicts.iter().all(|verdict| *verdict == Ok(GREW)));
    for block in blocks {
        assert_eq!(followed(&mut fresh), (vec![block.header], block));
    }
    assert_nothing_more(&mut fresh);
}

#[test]
fn block_that_was_told_is_already_where_one_looks() {
    let stage = Stage::new();
    let handle = stage.node.handle();
    let mut fresh = handle.fresh();
    // So that it is not synced at once.
    let _bulk = handle.bulk();
    let block = stage.miner().mine(Vec::new());
    let begun = Instant::now();
    let pending = stage.node.submit_later(&block);
    let told = within("the block", fresh.recv()).unwrap();
    let seen = stage.node.tip().height;
    // A group waits 250 ms for more; on a machine as slow as that this says nothing.
    if begun.elapsed() < Duration::from_millis(240) {
        assert_eq!(seen, Height::GENESIS, "told before it is durable");
    }
    assert_eq!(handle.look(tip), block.header.hash());
    assert_eq!(stage.node.reader().block_bytes(&block.header.hash()).unwrap(), Some(encode(&block)));
    assert!(matches!(told, Fresh::Followed { block: told, .. } if told.hash() == block.header.hash()));
    assert_eq!(within("a verdict", pending.answer()), Ok(GREW));
    assert_eq!(handle.base(), Height::GENESIS);
}

/// A branch so long that is left for another; the headers that are told.
fn reorganize(depth: u32) -> (Vec<Header>, Vec<Header>) {
    let stage = Stage::new();
    let mut miner = stage.miner();
    stage.grow(&miner.mine_payments(2, &[0]));
    let (mut loser, mut winner) = (miner.fork(1), miner.fork(2));
    let old = loser.mine_payments(depth, &[0]);
    stage.grow(&old);
    let new = winner.mine_payments(depth + 1, &[1]);
    let mut fresh = stage.node.handle().fresh();
    let verdicts = stage.node.submit_all(&new);
    assert_eq!(verdicts.last(), Some(&Ok(Verdict::Followed { reverted: depth })));
    let (told, block) = followed(&mut fresh);
    assert_eq!(Some(&block), new.last());
    let Ok(Fresh::Returned(returned)) = fresh.try_recv() else { panic!("what came back is told") };
    let mut returned = returned.to_vec();
    returned.sort();
    assert_eq!(returned, names(old.iter().flat_map(|block| &block.transactions)));
    // What stood aside until then was not told.
    assert_nothing_more(&mut fresh);
    assert_eq!(stage.node.handle().look(tip), tip_of(&new));
    (told, headers(&new))
}

#[test]
fn reorganization_tells_all_headers_of_the_new_branch() {
    let (told, new) = reorganize(3);
    assert_eq!(told, new);
}

#[test]
fn long_reorganization_tells_the_last_headers_of_the_new_branch() {
    let (told, new) = reorganize(20);
    assert_eq!(told, new[5..]);
}

#[test]
fn branch_that_could_not_be_followed_is_not_told() {
    let stage = Stage::new();
    let miner = stage.miner();
    let (mut loser, mut winner) = (miner.fork(1), miner.fork(2));
    stage.grow(&loser.mine_empty(1));
    let mut fresh = stage.node.handle().fresh();
    let good = winner.mine(Vec::new());
    let bad = winner.draft(vec![winner.overspend(0)]);
    let verdicts = stage.node.submit_all([&good, &bad]);
    assert_eq!(verdicts[0], Ok(Verdict::Side));
    assert!(matches!(verdicts[1], Err(BlockRefused::Ledger(_))), "{verdicts:?}");
    assert_nothing_more(&mut fresh);
}

/// All that were told to be let in, up to now.
fn admitted(fresh: &mut Receiver<Fresh>) -> Vec<TxHash> {
    let mut hashes = Vec::new();
    loop {
        match fresh.try_recv() {
            Ok(Fresh::Admitted(more)) => hashes.extend_from_slice(&more),
            Err(TryRecvError::Empty) => return hashes,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn transactions_that_were_let_in_are_told_before_their_verdicts() {
    let stage = Stage::new();
    let miner = stage.miner();
    let mut fresh = stage.node.handle().fresh();
    for payer in 0..3 {
        let payment = miner.pay(payer, 0);
        stage.node.send(&payment).unwrap();
        assert_eq!(admitted(&mut fresh), [payment.hash()]);
        stage.node.send(&payment).unwrap_err();
    }
    stage.node.send(&miner.overspend(3)).unwrap_err();
    assert_eq!(admitted(&mut fresh), []);

    let handle = stage.node.handle();
    let payments: Vec<Transaction> = (1..100).map(|ahead| miner.pay(0, ahead)).collect();
    let submit = |payment: &Transaction| within("a place", handle.submit_transaction(payment.clone()));
    let pending: Vec<_> = payments.iter().map(submit).collect();
    for pending in pending {
        within("a verdict", pending.answer()).unwrap();
    }
    let told = admitted(&mut fresh);
    assert!(told.into_iter().eq(payments.iter().map(Transaction::hash)), "in their order");
}

#[test]
fn whoever_listens_and_then_looks_misses_nothing_of_the_pool_that_is_read_back() {
    let mut stage = Stage::new();
    let miner = stage.miner();
    let payments: Vec<Transaction> = (0..FUNDED)
        .flat_map(|payer| (0..50).map(move |ahead| (payer, ahead)))
        .map(|(payer, ahead)| miner.pay(payer, ahead))
        .collect();
    for payment in &payments {
        stage.node.send(payment).unwrap();
    }
    stage.node.restart();
    let handle = stage.node.handle();
    let mut fresh = handle.fresh();
    let hashes = || payments.iter().map(Transaction::hash);
    let waiting = |_: &Chain, pool: &Mempool| hashes().filter(|hash| pool.get(hash).is_some()).collect();
    let mut known: BTreeSet<TxHash> = handle.look(waiting);
    while known.len() < payments.len() {
        match within("the rest", fresh.recv()).unwrap() {
            Fresh::Admitted(more) => known.extend(more.iter()),
            other => panic!("{other:?}"),
        }
    }
    assert!(known.into_iter().eq(names(&payments)));
}

#[test]
fn whoever_is_slow_is_told_that_it_missed_some() {
    let stage = Stage::new();
    let blocks = stage.miner().mine_empty(204);
    let mut fresh = stage.node.handle().fresh();
    stage.grow(&blocks);
    let next = fresh.try_recv();
    assert!(matches!(next, Err(TryRecvError::Lagged(76))), "{next:?}");
    assert_eq!(followed(&mut fresh).1, blocks[76]);
    assert_eq!(stage.node.handle().look(tip), tip_of(&blocks));
}

#[test]
fn what_is_told_ends_with_the_node() {
    let mut stage = Stage::new();
    let handle = stage.node.handle();
    let (mut fresh, mut other) = (handle.fresh(), handle.fresh());
    let block = stage.miner().mine(Vec::new());
    assert_eq!(stage.node.submit(&block), Ok(GREW));
    stage.node.stop();
    assert_eq!(followed(&mut fresh).1, block);
    assert!(matches!(within("the end", fresh.recv()), Err(RecvError::Closed)));
    assert!(within("the block", other.recv()).is_ok());
    assert!(matches!(other.try_recv(), Err(TryRecvError::Closed)));
    // Also for whoever comes later; and there is still something to look at.
    assert!(matches!(handle.fresh().try_recv(), Err(TryRecvError::Closed)));
    assert_eq!(handle.look(tip), block.header.hash());
}
