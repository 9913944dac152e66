//! What the indexes remember of branches that were left: it must not be found on the one that is followed.

use std::fs;

use cairn::codec::{Blob, encode};
use cairn::testkit::{Actor, remine};
use cairn::types::{Action, Block, Note, Transaction, Txid};

use crate::stage::{FUNDS, GREW, Miner, Stage, whole_history};

/// Stops the node and starts it again, so that all indexes are asked on disk.
fn restart(stage: &mut Stage) {
    stage.node.wait_for_indexes();
    stage.node.restart();
    stage.node.wait_for_indexes();
}

/// The same block, with so many bytes more before its first transaction.
fn with_longer_coinbase(mut block: Block, miner: &Miner, bytes: usize) -> Block {
    let mut extra = block.coinbase.extra.to_vec();
    extra.resize(extra.len() + bytes, 7);
    block.coinbase.extra = Blob::new(extra).unwrap();
    remine(&mut block, miner.follower.params());
    block
}

/// A payment, and a note of somebody else in which its bytes stand; and how far in.
fn payment_and_note(miner: &Miner) -> (Transaction, Transaction, usize) {
    let params = miner.follower.params();
    let payment = Actor::new(0).pay(params, 0, &Actor::new(100), FUNDS / 2, 1);
    let bytes = encode(&payment);
    let liar = Actor::new(1);
    let note = Action::Note(Note::new(bytes.clone()).unwrap());
    let note = liar.sign(params, liar.body(params, 0, 1, vec![note]));
    let at = encode(&note).windows(bytes.len()).position(|window| window == bytes).unwrap();
    (payment, note, at)
}

#[test]
fn payment_of_a_branch_that_was_left_is_not_found_in_a_note_at_its_bytes() {
    let mut stage = Stage::new();
    let miner = stage.miner();
    let (payment, note, at) = payment_and_note(&miner);
    let paying = with_longer_coinbase(miner.fork(1).draft(vec![payment.clone()]), &miner, at);
    let mut lying = miner.fork(2);
    let branch = [lying.mine(vec![note]), lying.mine(Vec::new())];
    assert_eq!(stage.node.submit(&paying), Ok(GREW));
    restart(&mut stage);
    assert!(stage.node.reader().transaction(&payment.body.txid()).unwrap().is_some());
    assert!(stage.node.submit_all(&branch).iter().all(Result::is_ok));
    for _ in 0..2 {
        restart(&mut stage);
        let reader = stage.node.reader();
        assert_eq!(reader.transaction(&payment.body.txid()).unwrap(), None);
        assert_eq!(whole_history(&reader, &Actor::new(100).address(), 7), []);
    }
}

#[test]
fn transaction_that_stands_elsewhere_on_each_branch_is_found_once() {
    let mut stage = Stage::new();
    let miner = stage.miner();
    // As long as two of another's together, so that what follows begins at the same byte, but is the second, not the third.
    let params = miner.follower.params();
    let pair = [0, 1].map(|nonce| Actor::new(1).pay(params, nonce, &Actor::new(100), 10_000, 100));
    let wanted: usize = pair.iter().map(|one| encode(one).len()).sum();
    let same = miner.pay(2, 0);
    let one = (0..=256).find_map(|bytes| {
        let actor = Actor::new(3);
        let note = Action::Note(Note::new(vec![7; bytes]).unwrap());
        let long = actor.sign(params, actor.body(params, 0, 1, vec![note]));
        (encode(&long).len() == wanted).then_some(long)
    });
    let first = miner.fork(1).draft([pair.to_vec(), vec![same.clone()]].concat());
    let mut other = miner.fork(2);
    let branch = [other.mine(vec![one.unwrap(), same.clone()]), other.mine(Vec::new())];
    assert_eq!(stage.node.submit(&first), Ok(GREW));
    assert!(stage.node.submit_all(&branch).iter().all(Result::is_ok));
    restart(&mut stage);
    let history = whole_history(&stage.node.reader(), &Actor::new(2).address(), 7);
    let places: Vec<_> = history.iter().map(|found| (found.block, found.place.position)).collect();
    assert_eq!(places, [(branch[0].header.hash(), 2)]);
}

/// Bytes that this thread has read so far.
fn bytes_read() -> usize {
    let figures = fs::read_to_string("/proc/thread-self/io").unwrap();
    let read = figures.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap();
    read.parse().unwrap()
}

#[test]
fn many_of_a_block_whose_height_is_contested_are_found_by_reading_it_once() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let payments: Vec<Transaction> = (0..100).map(|ahead| miner.pay(0, ahead)).collect();
    let left = miner.fork(1).draft(payments.clone());
    let instead = [miner.mine(payments), miner.mine(Vec::new())];
    assert_eq!(stage.node.submit(&left), Ok(GREW));
    assert!(stage.node.submit_all(&instead).iter().all(Result::is_ok));
    stage.node.wait_for_indexes();
    let txids: Vec<Txid> = left.transactions.iter().map(|payment| payment.body.txid()).collect();
    let (reader, before) = (stage.node.reader(), bytes_read());
    assert_eq!(reader.mined(&txids).unwrap().len(), txids.len());
    let (read, block) = (bytes_read() - before, encode(&left).len());
    assert!(read < 10 * block, "{read} bytes were read for a block of {block}");
}
