//! Transactions by themselves: chain, size, actions, sums, signatures.

use cairn::consensus::{Blame, SoundTransaction, TransactionError, check_transactions};
use cairn::crypto::{Signature, verify_batch};
use cairn::testkit::{Actor, BATCH_SEED};
use cairn::types::{
    ACTIONS_MAX, Action, Amount, BlockHash, Body, ChainId, ChainTag, Height, Policy, Reference, Transaction,
    Witness,
};

use crate::stage::{Stage, address, list, note_action, pay_action, pay_all_action};

/// A valid payment with changes, signed again.
fn changed(stage: &Stage, change: impl FnOnce(&mut Body)) -> Transaction {
    let mut body = stage.pay(0, 0, 1, 5, 1).body;
    change(&mut body);
    Actor::new(0).sign(stage.params(), body)
}

/// A payment and a note of exactly so many bytes together.
fn of_bytes(stage: &Stage, bytes: usize) -> Transaction {
    let full = (0..256).map(|_| Action::Pay {
        to: address(1),
        amount: Amount::from_pebbles(1),
        reference: Reference::default(),
    });
    let lengths = (bytes / 42..=bytes / 35).flat_map(|pays| (0..=256).map(move |note| (pays, note)));
    let made = lengths.map(|(pays, note)| {
        let actions = full.clone().take(pays).chain([note_action(note)]).collect();
        stage.act(0, 0, 0, actions)
    });
    made.into_iter().find(|transaction| transaction.names().bytes == bytes).unwrap()
}

#[test]
fn valid_payment_is_accepted_and_described() {
    let stage = Stage::new();
    let transaction = stage.pay(0, 0, 1, 5, 2);
    let names = transaction.names();
    let checked = stage.check(transaction).unwrap();
    let facts = checked.facts();
    assert_eq!((facts.txid, facts.hash, facts.bytes), (names.txid, names.hash, names.bytes));
    assert_eq!((facts.sender, facts.spent.pebbles()), (address(0), 7));
    assert_eq!(facts.min_height, Height::GENESIS);
}

#[test]
fn transaction_of_another_chain_is_refused() {
    let stage = Stage::new();
    let (expected, found) = (stage.params().chain.tag(), ChainTag([1, 2, 3, 4]));
    let transaction = changed(&stage, |body| body.chain = found);
    assert_breaks!(stage.check(transaction), TransactionError::OtherChain { expected, found }, Blame::Sender);
}

#[test]
fn transaction_longer_than_the_chain_allows_is_refused() {
    let stage = Stage::with(|file| file.transaction_bytes_max = 4096);
    assert_eq!(stage.check(of_bytes(&stage, 4096)).unwrap().facts().bytes, 4096);
    assert_breaks!(
        stage.check(of_bytes(&stage, 4097)),
        TransactionError::TooLong { bytes: 4097, bytes_max: 4096 },
        Blame::Sender
    );
}

#[test]
fn transaction_of_64_bytes_is_refused_before_its_witness_is_looked_at() {
    let stage = Stage::new();
    let unsigned = |note| {
        let mut transaction = stage.act(0, 0, 0, vec![note_action(note)]);
        transaction.body.policy = Policy::After(Height(1));
        transaction.witness = Witness::default();
        transaction
    };
    assert_eq!(unsigned(49).names().bytes, 64);
    assert_breaks!(stage.check(unsigned(49)), TransactionError::NodeSized, Blame::Sender);
    for note in [48, 50] {
        assert_ne!(stage.check(unsigned(note)).unwrap_err(), TransactionError::NodeSized);
    }
}

#[test]
fn payment_of_nothing_is_refused() {
    let stage = Stage::new();
    let transaction = |amount| stage.act(0, 0, 0, vec![pay_action(1, 1), pay_action(2, amount)]);
    assert!(stage.check(transaction(1)).is_ok());
    assert_breaks!(stage.check(transaction(0)), TransactionError::PaysNothing { action: 1 }, Blame::Sender);
}

#[test]
fn payment_of_all_with_anything_behind_it_is_refused() {
    let stage = Stage::new();
    assert!(stage.check(stage.act(0, 0, 0, vec![pay_action(1, 1), pay_all_action(2)])).is_ok());
    for behind in [pay_action(1, 1), pay_all_action(1), note_action(3)] {
        let transaction = stage.act(0, 0, 0, vec![pay_action(1, 1), pay_all_action(2), behind]);
        assert_breaks!(
            stage.check(transaction),
            TransactionError::PayAllNotLast { action: 1 },
            Blame::Sender
        );
    }
}

#[test]
fn second_note_is_refused() {
    let stage = Stage::new();
    assert!(stage.check(stage.act(0, 0, 0, vec![note_action(256)])).is_ok());
    let transaction = stage.act(0, 0, 0, vec![note_action(0), pay_action(1, 1), note_action(0)]);
    assert_breaks!(stage.check(transaction), TransactionError::SecondNote { action: 2 }, Blame::Sender);
}

#[test]
fn payments_and_fee_beyond_all_money_are_refused() {
    let stage = Stage::new();
    let most = stage.pay(0, 0, 1, u64::MAX - 1, 1);
    assert_eq!(stage.check(most).unwrap().facts().spent.pebbles(), u64::MAX);
    assert_breaks!(stage.check(stage.pay(0, 0, 1, u64::MAX, 1)), TransactionError::Overflow, Blame::Sender);
    let twice = stage.act(0, 0, 0, vec![pay_action(1, u64::MAX), pay_action(2, 1)]);
    assert_breaks!(stage.check(twice), TransactionError::Overflow, Blame::Sender);
}

#[test]
fn as_many_actions_as_there_may_be_are_accepted() {
    let stage = Stage::new();
    let actions = vec![pay_action(1, 1); ACTIONS_MAX];
    assert!(stage.check(stage.act(0, 0, 0, actions)).is_ok());
}

#[test]
fn signature_of_somebody_else_does_not_hold() {
    let stage = Stage::new();
    let body = stage.pay(0, 0, 1, 5, 1).body;
    let transaction = Actor::new(1).sign(stage.params(), body);
    assert_breaks!(stage.check(transaction), TransactionError::Signature, Blame::Sender);
}

#[test]
fn signature_for_another_chain_with_the_same_tag_does_not_hold() {
    let stage = Stage::new();
    let body = stage.pay(0, 0, 1, 5, 1).body;
    let mut other = stage.params().clone();
    let mut id = *other.chain.0.as_bytes();
    id[31] ^= 1;
    other.chain = ChainId(BlockHash::from_bytes(id));
    assert_eq!(other.chain.tag(), stage.params().chain.tag());
    let transaction = Actor::new(0).sign(&other, body);
    assert_breaks!(stage.check(transaction), TransactionError::Signature, Blame::Sender);
}

#[test]
fn signature_over_anything_but_this_body_does_not_hold() {
    let stage = Stage::new();
    let changes: [fn(&mut Body); 5] = [
        |body| body.nonce.0 += 1,
        |body| body.fee = Amount::from_pebbles(2),
        |body| body.expiry = Some(Height(9)),
        |body| body.actions = list(vec![pay_action(1, 6)]),
        |body| body.actions = list(vec![pay_action(2, 5)]),
    ];
    for change in changes {
        let mut transaction = stage.pay(0, 0, 1, 5, 1);
        assert!(stage.check(transaction.clone()).is_ok());
        change(&mut transaction.body);
        assert_breaks!(stage.check(transaction), TransactionError::Signature, Blame::Sender);
    }
}

#[test]
fn batch_gives_the_verdicts_that_each_gets_alone() {
    let stage = Stage::new();
    let broken = [0, 7, 19, 20, 39];
    let transactions: Vec<Transaction> = (0..40)
        .map(|at| {
            let mut transaction = stage.pay(at % 4, u64::from(at), 1, 5, 1);
            if broken.contains(&at) {
                let mut bytes = transaction.witness.signatures[0].0;
                bytes[40] ^= 1;
                transaction.witness.signatures = list(vec![Signature(bytes)]);
            }
            transaction
        })
        .collect();
    let alone: Vec<_> = transactions.iter().cloned().map(|transaction| stage.check(transaction)).collect();
    let examined =
        transactions.into_iter().map(|one| SoundTransaction::examine(one, stage.params()).unwrap());
    assert_eq!(check_transactions(examined.collect(), |claims| verify_batch(claims, BATCH_SEED)), alone);
    let refused: Vec<u32> =
        (0..).zip(&alone).filter(|(_, verdict)| verdict.is_err()).map(|(at, _)| at).collect();
    assert_eq!(refused, broken);
}
