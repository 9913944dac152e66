//! Transactions through the door, and the pool over the life of a node.

use std::task::{Context, Waker};

use cairn::consensus::{Blame, TransactionError};
use cairn::mempool::{AdmitError, Standing};
use cairn::node::{Pending, TransactionRefused, TransactionVerdict};
use cairn::testkit::{Actor, TestNode, until, within};
use cairn::types::{Amount, Transaction};

use crate::stage::{FUNDED, GREW, Stage, names, pool, wait_for_pool};

#[test]
fn admitted_transaction_is_in_the_pool_until_it_is_mined() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let payments = [miner.pay(0, 0), miner.pay(0, 1), miner.pay(1, 0)];
    for payment in &payments {
        assert_eq!(stage.node.send(payment).unwrap().standing, Standing::Ready);
    }
    let reader = stage.node.reader();
    assert_eq!(pool(&reader), names(&payments));
    assert!(reader.pooled(&payments[0].hash()).is_some());
    assert!(reader.pooled_by_txid(&payments[0].body.txid()).is_some());
    let (next, pending) = reader.pending(&Actor::new(0).address()).unwrap();
    assert_eq!((next.0, pending.ready), (2, 2));

    stage.grow(&[miner.mine(payments[..2].to_vec())]);
    let reader = stage.node.reader();
    assert_eq!(pool(&reader), names(&payments[2..]));
    assert!(reader.pooled(&payments[0].hash()).is_none());
    assert!(reader.transaction(&payments[0].body.txid()).unwrap().is_some());
    assert_eq!(stage.node.tip().state, miner.follower.ledger.commitments().state);
}

#[test]
fn every_change_of_the_pool_is_told_and_what_changes_nothing_is_not() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let mut changes = stage.node.handle().pool_changes();
    assert!(!changes.has_changed().unwrap());
    let payment = miner.pay(0, 0);
    stage.node.send(&payment).unwrap();
    within("the payment", changes.changed()).unwrap();
    let refused = [&payment, &miner.overspend(1)].map(|payment| stage.node.send(payment));
    assert!(refused.iter().all(Result::is_err));
    assert!(!changes.has_changed().unwrap());
    stage.grow(&[miner.mine(vec![payment])]);
    within("the block", changes.changed()).unwrap();
    stage.node.stop();
    assert!(within("the end", changes.changed()).is_err());
}

#[test]
fn refused_transactions_say_why_and_whom_it_speaks_against() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let good = miner.pay(0, 0);
    stage.node.send(&good).unwrap();
    let again = stage.node.send(&good).unwrap_err();
    assert_eq!(again, TransactionRefused::Pool(AdmitError::Known));
    assert_eq!(again.blame(), Blame::Nobody);

    let mut forged = miner.pay(1, 0);
    forged.body.fee = forged.body.fee.checked_add(Amount::from_pebbles(1)).unwrap();
    for _ in 0..2 {
        let refused = stage.node.send(&forged).unwrap_err();
        assert_eq!(refused, TransactionRefused::Broken(TransactionError::Signature));
        assert_eq!(refused.blame(), Blame::Sender);
    }
    let poor = stage.node.send(&miner.overspend(2)).unwrap_err();
    assert!(matches!(poor, TransactionRefused::Pool(AdmitError::Balance { .. })));
    stage.grow(&[miner.mine(vec![good.clone()])]);
    let old = stage.node.send(&good).unwrap_err();
    assert!(matches!(old, TransactionRefused::Pool(AdmitError::OldNonce { .. })));
    assert_eq!(pool(&stage.node.reader()), []);
}

#[test]
fn forged_signature_among_many_spoils_only_itself() {
    let stage = Stage::new();
    let miner = stage.miner();
    let mut payments: Vec<Transaction> = (0..5)
        .flat_map(|payer| (0..40).map(move |ahead| (payer, ahead)))
        .map(|(payer, ahead)| miner.pay(payer, ahead))
        .collect();
    let mut forged = miner.pay(5, 0);
    forged.body.fee = Amount::ZERO;
    payments.insert(77, forged);
    let pending = submit_at_once(&stage, &payments);
    let verdicts: Vec<_> = pending.into_iter().map(|pending| within("a verdict", pending.answer())).collect();
    for (at, verdict) in verdicts.iter().enumerate() {
        assert_eq!(verdict.is_err(), at == 77, "{verdict:?}");
    }
    payments.remove(77);
    assert_eq!(pool(&stage.node.reader()), names(&payments));
}

#[test]
fn block_does_not_wait_for_all_transactions_that_came_before_it() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    // Each is right in itself, so that its signature is verified; most of them the pool will refuse.
    let payments: Vec<Transaction> = (0..FUNDED)
        .flat_map(|payer| (0..2500).map(move |ahead| (payer, ahead)))
        .map(|(payer, ahead)| miner.pay(payer, ahead))
        .collect();
    let block = miner.mine(Vec::new());
    let handle = stage.node.handle();
    let mut pending: Vec<_> = payments
        .into_iter()
        .map(|payment| Box::pin(within("a place", handle.submit_transaction(payment)).answer()))
        .collect();
    let mut unanswered = || {
        let mut context = Context::from_waker(Waker::noop());
        pending.retain_mut(|answer| answer.as_mut().poll(&mut context).is_pending());
        pending.len()
    };
    let block = stage.node.submit_later(&block);
    let before = unanswered();
    assert_eq!(within("a verdict", block.answer()), Ok(GREW));
    let after = unanswered();
    assert!(after > before / 2, "{after} of {before}");
}

/// Submits all of these before it waits for any.
fn submit_at_once(stage: &Stage, payments: &[Transaction]) -> Vec<Pending<TransactionVerdict>> {
    let handle = stage.node.handle();
    let submit = |payment: &Transaction| within("a place", handle.submit_transaction(payment.clone()));
    payments.iter().map(submit).collect()
}

#[test]
fn long_queue_of_one_sender_submitted_at_once_is_admitted_in_its_order() {
    let stage = Stage::new();
    let payments = queue(&stage, 1000);
    let pending = submit_at_once(&stage, &payments);
    for pending in pending {
        assert_eq!(within("a verdict", pending.answer()).unwrap().standing, Standing::Ready);
    }
}

#[test]
fn transactions_submitted_together_keep_their_order_whichever_were_verified_before() {
    let stage = Stage::new();
    let payments = queue(&stage, 200);
    // 64 wait; the others find no room, but their signatures are known to hold.
    for payment in &payments[100..] {
        let _ = stage.node.send(payment);
    }
    let miner = stage.miner();
    let busy: Vec<Transaction> = (1..FUNDED)
        .flat_map(|payer| (0..400).map(move |ahead| (payer, ahead)))
        .map(|(payer, ahead)| miner.pay(payer, ahead))
        .collect();
    stage.grow(&[miner.clone().mine(Vec::new())]);
    let handle = stage.node.handle();
    let submit = |payment: &Transaction| within("a place", handle.submit_transaction(payment.clone()));
    // While these are checked the others come together.
    let _busy: Vec<_> = busy.iter().map(submit).collect();
    let first: Vec<_> = payments[..100].iter().map(submit).collect();
    let last: Vec<_> = payments[164..].iter().map(submit).collect();
    for pending in first.into_iter().chain(last) {
        let admitted = within("a verdict", pending.answer()).unwrap();
        assert_eq!(admitted.standing, Standing::Ready);
    }
}

fn queue(stage: &Stage, count: u64) -> Vec<Transaction> {
    let miner = stage.miner();
    (0..count).map(|ahead| miner.pay(0, ahead)).collect()
}

#[test]
fn pool_comes_back_after_a_restart() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let payments: Vec<Transaction> = (0..5)
        .flat_map(|payer| [0, 1, 2].map(|ahead| (payer, ahead)))
        .map(|(payer, ahead)| miner.pay(payer, ahead))
        .collect();
    for payment in &payments {
        stage.node.send(payment).unwrap();
    }
    // What was mined does not come back.
    stage.grow(&[miner.mine(payments[..3].to_vec())]);
    for _ in 0..2 {
        stage.node.restart();
        wait_for_pool(&stage.node, &names(&payments[3..]));
    }
    stage.grow(&[miner.mine(payments[3..].to_vec())]);
    assert_eq!(pool(&stage.node.reader()), []);
    stage.node.restart();
    // Nothing of it comes back.
    let last = miner.pay(0, 0);
    stage.node.send(&last).unwrap();
    assert_eq!(pool(&stage.node.reader()), names([&last]));
}

#[test]
fn long_queue_of_one_sender_comes_back_after_a_restart() {
    let mut stage = Stage::new();
    let payments = queue(&stage, 1000);
    for payment in &payments {
        stage.node.send(payment).unwrap();
    }
    for _ in 0..3 {
        stage.node.restart();
        wait_for_pool(&stage.node, &names(&payments));
    }
}

#[test]
fn stop_while_the_pool_is_read_back_loses_nothing_of_it() {
    let mut stage = Stage::new();
    let miner = stage.miner();
    let payments: Vec<Transaction> = (0..500)
        .flat_map(|nonce| (0..FUNDED).map(move |payer| (payer, nonce)))
        .map(|(payer, nonce)| miner.pay_at_length(payer, nonce))
        .collect();
    let pending = submit_at_once(&stage, &payments);
    for pending in pending {
        within("a verdict", pending.answer()).unwrap();
    }
    stage.node.restart();
    let some = |node: &TestNode| (!pool(&node.reader()).is_empty()).then_some(());
    until("some of it", || some(&stage.node));
    stage.node.restart();
    wait_for_pool(&stage.node, &names(&payments));
}
