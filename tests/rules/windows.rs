//! The heights between which a transaction may stand: expiry, locks, and the activation of what it uses.

use cairn::consensus::{Activations, Blame, Rule, Untimely};
use cairn::crypto::sha256;
use cairn::testkit::{Actor, satisfy};
use cairn::types::{Body, Height, Policy, Transaction};

use crate::stage::{Stage, miner, note_action, pay_action, pay_all_action};

const PREIMAGE: [u8; 32] = [5; 32];

fn at_height(stage: &Stage, transaction: &Transaction, height: u32) -> Result<(), Untimely> {
    stage.check(transaction.clone()).unwrap().spend().check_height(Height(height))
}

/// A body under this policy, met as of a height.
fn under(stage: &Stage, policy: Policy, height: u32) -> Transaction {
    let actor = Actor::new(0);
    let body = Body { policy, ..actor.body(stage.params(), 0, 0, vec![pay_action(1, 1)]) };
    let message = body.txid().signing_message(&stage.params().chain);
    let witness = satisfy(&body.policy, &message, &[actor.secret()], &[PREIMAGE], Height(height)).unwrap();
    Transaction { body, witness }
}

fn expiring(stage: &Stage, expiry: u32) -> Transaction {
    let mut body = stage.pay(0, 0, 1, 5, 1).body;
    body.expiry = Some(Height(expiry));
    Actor::new(0).sign(stage.params(), body)
}

fn all_of(children: Vec<Policy>) -> Policy {
    Policy::threshold(children.len() as u8, children).unwrap()
}

#[test]
fn transaction_is_valid_up_to_its_expiry_and_not_beyond() {
    let stage = Stage::new();
    let transaction = expiring(&stage, 7);
    assert_eq!(at_height(&stage, &transaction, 0), Ok(()));
    assert_eq!(at_height(&stage, &transaction, 7), Ok(()));
    assert_breaks!(
        at_height(&stage, &transaction, 8),
        Untimely::Expired { expiry: Height(7), height: Height(8) },
        Blame::Nobody
    );
}

#[test]
fn transaction_is_valid_from_its_lock_on_and_not_before() {
    let stage = Stage::new();
    let policy = all_of(vec![Actor::new(0).policy(), Policy::After(Height(7))]);
    let transaction = under(&stage, policy, 7);
    assert_eq!(at_height(&stage, &transaction, 7), Ok(()));
    assert_eq!(at_height(&stage, &transaction, u32::MAX), Ok(()));
    assert_breaks!(
        at_height(&stage, &transaction, 6),
        Untimely::Locked { min_height: Height(7), height: Height(6) },
        Blame::Nobody
    );
}

#[test]
fn highest_of_the_chosen_locks_counts_and_others_do_not() {
    let stage = Stage::new();
    let lock = |height| Policy::After(Height(height));
    let chosen = under(&stage, all_of(vec![lock(4), Actor::new(0).policy(), lock(9), lock(6)]), 9);
    assert_eq!(stage.check(chosen).unwrap().facts().min_height, Height(9));
    let either = Policy::threshold(1, vec![Actor::new(0).policy(), lock(9)]).unwrap();
    assert_eq!(stage.check(under(&stage, either, 9)).unwrap().facts().min_height, Height::GENESIS);
}

#[test]
fn window_of_one_height_is_a_window() {
    let stage = Stage::new();
    let policy = all_of(vec![Actor::new(0).policy(), Policy::After(Height(7))]);
    let mut transaction = under(&stage, policy, 7);
    transaction.body.expiry = Some(Height(7));
    let message = transaction.body.txid().signing_message(&stage.params().chain);
    let secret = Actor::new(0);
    transaction.witness =
        satisfy(&transaction.body.policy, &message, &[secret.secret()], &[], Height(7)).unwrap();
    let window: Vec<u32> =
        (0..20).filter(|height| at_height(&stage, &transaction, *height).is_ok()).collect();
    assert_eq!(window, [7]);
}

type Make = fn(&Stage) -> Transaction;

/// Each rule that may come later, and something that uses it and nothing else.
const USES: [(Rule, Make); 6] = [
    (Rule::PayAll, |stage| stage.act(0, 0, 0, vec![pay_all_action(1)])),
    (Rule::Note, |stage| stage.act(0, 0, 0, vec![note_action(1), pay_action(1, 1)])),
    (Rule::Expiry, |stage| expiring(stage, 100)),
    (Rule::Threshold, |stage| under(stage, all_of(vec![Actor::new(0).policy()]), 0)),
    (Rule::After, |stage| with_key(stage, Policy::After(Height(0)))),
    (Rule::Preimage, |stage| with_key(stage, Policy::Preimage(sha256(&PREIMAGE)))),
];

fn with_key(stage: &Stage, other: Policy) -> Transaction {
    under(stage, all_of(vec![Actor::new(0).policy(), other]), 0)
}

#[test]
fn what_is_activated_later_is_locked_until_then() {
    for (rule, make) in USES {
        let stage = Stage::with(|file| file.activations = Activations([(rule, Height(50))].into()));
        let transaction = make(&stage);
        assert_eq!(at_height(&stage, &transaction, 50), Ok(()), "{rule:?}");
        assert_breaks!(
            at_height(&stage, &transaction, 49),
            Untimely::Locked { min_height: Height(50), height: Height(49) },
            Blame::Nobody
        );
        assert_eq!(at_height(&stage, &stage.pay(0, 0, 1, 5, 1), 0), Ok(()), "a payment needs no {rule:?}");
    }
}

#[test]
fn part_of_a_policy_is_locked_by_its_activation_even_where_it_was_not_chosen() {
    let stage = Stage::with(|file| {
        file.activations = Activations([(Rule::Preimage, Height(50))].into());
    });
    let policy = Policy::threshold(1, vec![Actor::new(0).policy(), Policy::Preimage([1; 32])]).unwrap();
    assert_eq!(stage.check(under(&stage, policy, 0)).unwrap().facts().min_height, Height(50));
}

#[test]
fn activated_rule_holds_in_the_block_of_its_height() {
    let mut stage = Stage::with(|file| {
        file.activations = Activations([(Rule::Note, Height(3))].into());
    });
    stage.follower.mine_empty(miner(), 2);
    let noted = stage.act(0, 0, 0, vec![note_action(9)]);
    stage.apply(vec![noted]).unwrap();
}
