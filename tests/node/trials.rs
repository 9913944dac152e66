//! What would become of a transaction, asked of the node without submitting it.

use cairn::consensus::TransactionError;
use cairn::mempool::{AdmitError, Standing, Trial, Why};
use cairn::node::{TransactionRefused, TrialVerdict};
use cairn::testkit::{Actor, within};
use cairn::types::{Amount, Transaction};

use crate::stage::{Stage, names, pool};

fn pay(stage: &Stage, from: u32, nonce: u64, fee: u64) -> Transaction {
    Actor::new(from).pay(stage.network.params(), nonce, &Actor::new(from + 1), 1000, fee)
}

/// Submits it after all, and compares.
fn check(stage: &Stage, transaction: &Transaction) -> TrialVerdict {
    let trial = stage.node.try_out(transaction);
    let submitted = stage.node.send(transaction);
    let expected =
        submitted.map(|admitted| Trial { standing: admitted.standing, departed: admitted.departed });
    assert_eq!(trial, expected);
    trial
}

#[test]
fn trial_says_what_submitting_would_and_changes_nothing() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let mut events = stage.node.handle().pool_events();
    let payment = pay(&stage, 0, 0, 100);
    for _ in 0..2 {
        let trial = stage.node.try_out(&payment).unwrap();
        assert_eq!((trial.standing, trial.departed), (Standing::Ready, Vec::new()));
        assert_eq!(pool(&stage.node.reader()), []);
    }
    check(&stage, &payment).unwrap();
    let replaced = check(&stage, &pay(&stage, 0, 0, 500)).unwrap().departed;
    assert_eq!(replaced[0].transaction.facts().hash, payment.hash());
    assert!(matches!(replaced[0].why, Why::Replaced { .. }));
    let waits = check(&stage, &pay(&stage, 1, 3, 100)).unwrap().standing;
    assert!(matches!(waits, Standing::Waiting { .. }));
    let refused = check(&stage, &pay(&stage, 0, 0, 501)).unwrap_err();
    assert!(matches!(refused, TransactionRefused::Pool(AdmitError::Replacement { .. })));
    assert!(check(&stage, &miner.overspend(2)).is_err());
    stage.grow(&[miner.mine(vec![pay(&stage, 3, 0, 7)])]);
    let old = check(&stage, &pay(&stage, 3, 0, 900)).unwrap_err();
    assert!(matches!(old, TransactionRefused::Pool(AdmitError::OldNonce { .. })));
    let told = std::iter::from_fn(|| events.try_recv().ok()).count();
    assert_eq!(told, 4, "three entered, and one of them left for another");
}

#[test]
fn forged_signature_is_seen_in_a_trial_and_not_held_against_the_honest_one() {
    let stage = Stage::new();
    let honest = pay(&stage, 0, 0, 100);
    let mut forged = honest.clone();
    forged.body.fee = Amount::from_pebbles(101);
    for _ in 0..2 {
        let refused = stage.node.try_out(&forged).unwrap_err();
        assert_eq!(refused, TransactionRefused::Broken(TransactionError::Signature));
    }
    let rejected = stage.node.handle().look(|_, pool| pool.rejection(&forged.hash()));
    assert_eq!(rejected, None, "nothing is remembered of a trial");
    check(&stage, &honest).unwrap();
    assert_eq!(pool(&stage.node.reader()), names([&honest]));
}

#[test]
fn node_that_has_ended_tries_nothing() {
    let mut stage = Stage::new();
    let (handle, payment) = (stage.node.handle(), pay(&stage, 0, 0, 100));
    stage.node.stop();
    let pending = within("a place", handle.test_transaction(payment));
    assert!(matches!(within("an answer", pending.answer()), Err(TransactionRefused::Closed(_))));
}
