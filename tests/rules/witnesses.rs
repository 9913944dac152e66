//! Witnesses: each takes exactly what its policy asks for, and nothing else.

use cairn::consensus::{Blame, CheckedTransaction, TransactionError, WitnessError};
use cairn::crypto::{SecretKey, Signature, sha256};
use cairn::testkit::{Actor, satisfy};
use cairn::types::{Body, Height, Policy, Preimage, Transaction, Witness};

use crate::stage::{Stage, list, pay_action, pay_all_action};

const SECRET: Preimage = [7; 32];

fn key(number: u32) -> Policy {
    Actor::new(number).policy()
}

fn some_of(required: u8, children: Vec<Policy>) -> Policy {
    Policy::threshold(required, children).unwrap()
}

/// Either the first with the preimage, or the second once a height is reached.
fn swap(height: u32) -> Policy {
    let with_preimage = some_of(2, vec![key(0), Policy::Preimage(sha256(&SECRET))]);
    let after_a_while = some_of(2, vec![key(1), Policy::After(Height(height))]);
    some_of(1, vec![with_preimage, after_a_while])
}

/// A body under a policy, and what is signed for it.
struct Case {
    stage: Stage,
    body: Body,
}

impl Case {
    fn new(policy: Policy) -> Self {
        let stage = Stage::new();
        let body = Body { policy, ..Actor::new(0).body(stage.params(), 0, 0, vec![pay_action(1, 5)]) };
        Self { stage, body }
    }

    fn signature(&self, number: u32) -> Signature {
        let message = self.body.txid().signing_message(&self.stage.params().chain);
        Actor::new(number).secret().sign(&message)
    }

    fn verdict(&self, witness: Witness) -> Result<CheckedTransaction, TransactionError> {
        self.stage.check(Transaction { body: self.body.clone(), witness })
    }

    /// The verdict on these choices, signatures of these people, and preimages.
    fn with(
        &self,
        choices: &[u16],
        signers: &[u32],
        preimages: &[Preimage],
    ) -> Result<CheckedTransaction, TransactionError> {
        let signatures = signers.iter().map(|number| self.signature(*number)).collect();
        self.verdict(Witness {
            choices: list(choices.to_vec()),
            signatures: list(signatures),
            preimages: list(preimages.to_vec()),
        })
    }
}

#[test]
fn threshold_without_a_choice_is_refused() {
    let case = Case::new(some_of(1, vec![key(0), some_of(1, vec![key(1)])]));
    assert!(case.with(&[0b10, 0b1], &[1], &[]).is_ok());
    for choices in [&[][..], &[0b10]] {
        assert_breaks!(
            case.with(choices, &[1], &[]),
            TransactionError::Witness(WitnessError::ChoiceMissing),
            Blame::Sender
        );
    }
}

#[test]
fn choice_of_too_few_too_many_or_unknown_children_is_refused() {
    let case = Case::new(some_of(2, vec![key(0), key(1), key(2)]));
    assert!(case.with(&[0b101], &[0, 2], &[]).is_ok());
    for choice in [0, 0b001, 0b111, 0b1001, 0b1011, 0b1000_0000_0000_0001] {
        assert_breaks!(
            case.with(&[choice], &[0, 1], &[]),
            TransactionError::Witness(WitnessError::Choice { required: 2, children: 3, choice }),
            Blame::Sender
        );
    }
}

#[test]
fn last_of_sixteen_children_can_be_chosen() {
    let case = Case::new(some_of(1, (0..16).map(key).collect()));
    assert!(case.with(&[1 << 15], &[15], &[]).is_ok());
}

#[test]
fn key_without_a_signature_is_refused() {
    let case = Case::new(key(0));
    assert!(case.with(&[], &[0], &[]).is_ok());
    assert_breaks!(
        case.with(&[], &[], &[]),
        TransactionError::Witness(WitnessError::SignatureMissing),
        Blame::Sender
    );
    let both = Case::new(some_of(2, vec![key(0), key(1)]));
    assert_breaks!(
        both.with(&[0b11], &[0], &[]),
        TransactionError::Witness(WitnessError::SignatureMissing),
        Blame::Sender
    );
}

#[test]
fn hash_without_its_preimage_is_refused() {
    let case = Case::new(some_of(2, vec![key(0), Policy::Preimage(sha256(&SECRET))]));
    assert!(case.with(&[0b11], &[0], &[SECRET]).is_ok());
    assert_breaks!(
        case.with(&[0b11], &[0], &[]),
        TransactionError::Witness(WitnessError::PreimageMissing),
        Blame::Sender
    );
}

#[test]
fn preimage_of_something_else_is_refused() {
    let case = Case::new(some_of(2, vec![key(0), Policy::Preimage(sha256(&SECRET))]));
    assert_breaks!(
        case.with(&[0b11], &[0], &[[8; 32]]),
        TransactionError::Witness(WitnessError::Preimage),
        Blame::Sender
    );
}

#[test]
fn anything_left_over_is_refused() {
    let case = Case::new(some_of(1, vec![key(0), key(1), Policy::Preimage(sha256(&SECRET))]));
    assert!(case.with(&[0b1], &[0], &[]).is_ok());
    let left_over: [(&[u16], &[u32], &[Preimage]); 3] =
        [(&[0b1, 0], &[0], &[]), (&[0b1], &[0, 1], &[]), (&[0b1], &[0], &[SECRET])];
    for (choices, signers, preimages) in left_over {
        assert_breaks!(
            case.with(choices, signers, preimages),
            TransactionError::Witness(WitnessError::LeftOver),
            Blame::Sender
        );
    }
}

#[test]
fn policy_met_without_any_key_is_refused() {
    let hash = Policy::Preimage(sha256(&SECRET));
    let case = Case::new(some_of(1, vec![key(0), hash.clone(), Policy::After(Height(1))]));
    assert_breaks!(
        case.with(&[0b010], &[], &[SECRET]),
        TransactionError::Witness(WitnessError::NoKey),
        Blame::Sender
    );
    assert_breaks!(
        case.with(&[0b100], &[], &[]),
        TransactionError::Witness(WitnessError::NoKey),
        Blame::Sender
    );
    for keyless in [hash, Policy::After(Height::GENESIS)] {
        let preimages = if matches!(keyless, Policy::Preimage(_)) { vec![SECRET] } else { Vec::new() };
        let case = Case::new(keyless);
        assert_breaks!(
            case.with(&[], &[], &preimages),
            TransactionError::Witness(WitnessError::NoKey),
            Blame::Sender
        );
    }
}

#[test]
fn signatures_stand_in_the_order_of_the_policy() {
    let case = Case::new(some_of(2, vec![key(0), key(1)]));
    assert!(case.with(&[0b11], &[0, 1], &[]).is_ok());
    assert_breaks!(case.with(&[0b11], &[1, 0], &[]), TransactionError::Signature, Blame::Sender);
}

#[test]
fn signature_of_an_unchosen_key_does_not_stand_in_for_a_chosen_one() {
    let case = Case::new(some_of(1, vec![key(0), key(1)]));
    assert_breaks!(case.with(&[0b01], &[1], &[]), TransactionError::Signature, Blame::Sender);
    assert!(case.with(&[0b10], &[1], &[]).is_ok());
}

#[test]
fn every_pair_of_three_meets_two_of_three() {
    let case = Case::new(some_of(2, vec![key(0), key(1), key(2)]));
    for (choice, signers) in [(0b011, [0, 1]), (0b101, [0, 2]), (0b110, [1, 2])] {
        assert!(case.with(&[choice], &signers, &[]).is_ok(), "{choice:#b}");
    }
}

#[test]
fn deepest_policy_is_walked_in_order() {
    let inner = some_of(1, vec![key(3), Policy::Preimage(sha256(&SECRET))]);
    let middle = some_of(2, vec![inner.clone(), key(1)]);
    let case = Case::new(some_of(2, vec![key(0), middle, inner]));
    assert!(case.with(&[0b011, 0b11, 0b10], &[0, 1], &[SECRET]).is_ok());
    assert!(case.with(&[0b110, 0b11, 0b01, 0b10], &[3, 1], &[SECRET]).is_ok());
}

/// Pays to a policy, then everything from there to person 5, met at `height` by these means.
fn spend_by_policy(stage: &mut Stage, policy: &Policy, keys: &[&SecretKey], preimages: &[Preimage]) -> bool {
    let actor = Actor::new(3);
    let nonce = stage.account(3).unwrap().nonce.0;
    let fund = actor.payment(stage.params(), nonce, policy.address(), 50_000, 0);
    let fund = actor.sign(stage.params(), fund);
    stage.apply(vec![fund]).unwrap();
    let height = stage.follower.height().next().unwrap();
    let body = actor.body(stage.params(), 0, 10, vec![pay_all_action(5)]);
    let body = Body { policy: policy.clone(), ..body };
    let message = body.txid().signing_message(&stage.params().chain);
    let Some(witness) = satisfy(policy, &message, keys, preimages, height) else { return false };
    stage.apply(vec![Transaction { body, witness }]).unwrap();
    true
}

#[test]
fn money_under_a_policy_is_spent_by_whoever_meets_it() {
    let (first, second) = (Actor::new(0), Actor::new(1));
    let mut stage = Stage::new();
    assert!(spend_by_policy(&mut stage, &swap(1000), &[first.secret()], &[SECRET]));
    assert_eq!(stage.balance(5), Some(50_000 - 10 - 1000));
    assert!(spend_by_policy(&mut stage, &swap(4), &[second.secret()], &[]));
    assert_eq!(stage.balance(5), Some(2 * (50_000 - 10) - 1000));
    assert!(!spend_by_policy(&mut stage, &swap(1000), &[first.secret()], &[]));
    assert!(!spend_by_policy(&mut stage, &swap(1001), &[second.secret()], &[SECRET]));
}
