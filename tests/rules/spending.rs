//! What balances allow: senders, nonces, costs, charges, payments of all.

use cairn::consensus::Blame;
use cairn::ledger::{LedgerError, Settlement, SpendError, StateKey, View, account_keys, settle};
use cairn::testkit::Outcome;
use cairn::types::{Action, Amount, HistoryRoot, Nonce, StateRoot, Transaction};

use crate::stage::{FUNDS, Stage, miner, note_action, pay_action, pay_all_action};

/// What a new account costs here.
const CHARGE: u64 = 1000;

const DONE: Result<Outcome, LedgerError> = Ok(Outcome::Followed { reverted: 0 });

fn amount(pebbles: u64) -> Amount {
    Amount::from_pebbles(pebbles)
}

/// What the ledger says to a transaction that comes alone.
fn alone(stage: &Stage, transaction: Transaction) -> Result<Settlement, SpendError> {
    let checked = stage.check(transaction).unwrap();
    let (spend, state) = (checked.spend(), stage.follower.ledger.state());
    let keys: Vec<StateKey> = account_keys(&spend).collect();
    settle(spend, &keys, stage.params().account_charge, |key| state.account_at(&key))
}

/// What the ledger says to the second of two transactions in a block, an innocent one standing first.
fn in_block(stage: &mut Stage, transaction: Transaction) -> Result<Outcome, LedgerError> {
    let innocent = stage.pay(3, 0, 2, 1, 0);
    stage.apply(vec![innocent, transaction])
}

/// That the first transaction of a block cannot be applied.
fn of_the_first(error: SpendError) -> LedgerError {
    LedgerError::Spend { index: 0, error }
}

/// The same of the second.
fn of_the_second(error: SpendError) -> LedgerError {
    LedgerError::Spend { index: 1, error }
}

#[test]
fn block_that_commits_to_another_state_is_refused() {
    let mut stage = Stage::new();
    let (expected, found) = (stage.follower.ledger.commitments().state, StateRoot::from_bytes([1; 32]));
    let mut draft = stage.follower.draft(miner(), Vec::new());
    draft.commitments.state = found;
    let block = draft.mine(stage.params());
    assert_breaks!(stage.submit(block), LedgerError::State { expected, found }, Blame::Block);
}

#[test]
fn block_that_commits_to_other_headers_is_refused() {
    let mut stage = Stage::new();
    stage.follower.mine_empty(miner(), 3);
    let expected = stage.follower.ledger.commitments().history;
    for found in [HistoryRoot::ZERO, stage.follower.branch()[2].commitments.history] {
        let mut draft = stage.follower.draft(miner(), Vec::new());
        draft.commitments.history = found;
        let block = draft.mine(stage.params());
        assert_breaks!(stage.submit(block), LedgerError::History { expected, found }, Blame::Block);
    }
}

#[test]
fn sender_whom_nobody_ever_paid_is_refused_even_if_it_pays_nothing() {
    let mut stage = Stage::new();
    let noted = stage.act(9, 0, 0, vec![note_action(3)]);
    assert_breaks!(alone(&stage, noted.clone()), SpendError::UnknownSender, Blame::Nobody);
    assert_breaks!(in_block(&mut stage, noted), of_the_second(SpendError::UnknownSender), Blame::Block);
}

#[test]
fn transaction_out_of_turn_is_refused() {
    let mut stage = Stage::new();
    for found in [1, 2, u64::MAX] {
        let early = stage.pay(0, found, 1, 5, 1);
        assert_breaks!(
            alone(&stage, early.clone()),
            SpendError::Nonce { expected: Nonce(0), found: Nonce(found) },
            Blame::Nobody
        );
        assert_breaks!(
            in_block(&mut stage, early),
            of_the_second(SpendError::Nonce { expected: Nonce(0), found: Nonce(found) }),
            Blame::Block
        );
    }
}

#[test]
fn two_spends_of_one_account_stand_in_the_order_of_their_nonces() {
    let mut stage = Stage::new();
    let (first, second) = (stage.pay(0, 0, 1, 5, 1), stage.pay(0, 1, 1, 5, 1));
    assert_breaks!(
        stage.apply(vec![second.clone(), first.clone()]),
        of_the_first(SpendError::Nonce { expected: Nonce(0), found: Nonce(1) }),
        Blame::Block
    );
    assert_eq!(stage.apply(vec![first, second]), DONE);
    assert_eq!(stage.account(0).unwrap().nonce, Nonce(2));
}

#[test]
fn transaction_is_applied_once_only_even_after_its_account_was_emptied() {
    let mut stage = Stage::new();
    let (payment, rest) = (stage.pay(0, 0, 1, 5, 1), stage.act(0, 1, 0, vec![pay_all_action(1)]));
    assert_breaks!(
        stage.apply(vec![payment.clone(); 2]),
        of_the_second(SpendError::Nonce { expected: Nonce(1), found: Nonce(0) }),
        Blame::Block
    );
    assert_eq!(stage.apply(vec![payment.clone(), rest]), DONE);
    assert_eq!(stage.balance(0), Some(0));
    let refund = stage.pay(1, 0, 0, 100, 0);
    assert_eq!(stage.apply(vec![refund]), DONE);
    assert_breaks!(
        alone(&stage, payment),
        SpendError::Nonce { expected: Nonce(2), found: Nonce(0) },
        Blame::Nobody
    );
}

#[test]
fn payments_and_fee_up_to_the_last_pebble_are_allowed_and_no_more() {
    let mut stage = Stage::new();
    let above = stage.pay(0, 0, 1, FUNDS, 1);
    assert_breaks!(
        alone(&stage, above.clone()),
        SpendError::Balance { cost: amount(FUNDS + 1), balance: amount(FUNDS) },
        Blame::Nobody
    );
    assert_breaks!(
        in_block(&mut stage, above),
        of_the_second(SpendError::Balance { cost: amount(FUNDS + 1), balance: amount(FUNDS) }),
        Blame::Block
    );
    let exactly = stage.pay(0, 0, 1, FUNDS - 1, 1);
    assert_eq!(stage.apply(vec![exactly]), DONE);
    assert_eq!((stage.balance(0), stage.balance(1)), (Some(0), Some(2 * FUNDS - 1)));
}

#[test]
fn emptied_account_still_says_something_for_nothing() {
    let mut stage = Stage::new();
    let spends = vec![stage.pay(0, 0, 1, FUNDS, 0), stage.act(0, 1, 0, vec![note_action(9)])];
    assert_eq!(stage.apply(spends), DONE);
    assert_eq!(stage.account(0).unwrap().nonce, Nonce(2));
}

#[test]
fn account_that_comes_into_being_is_charged_to_the_last_pebble() {
    let mut stage = Stage::new();
    let above = stage.pay(0, 0, 9, FUNDS - CHARGE + 1, 0);
    assert_breaks!(
        alone(&stage, above),
        SpendError::Balance { cost: amount(FUNDS + 1), balance: amount(FUNDS) },
        Blame::Nobody
    );
    let exactly = stage.pay(0, 0, 9, FUNDS - CHARGE, 0);
    assert_eq!(stage.apply(vec![exactly]), DONE);
    assert_eq!((stage.balance(0), stage.balance(9)), (Some(0), Some(FUNDS - CHARGE)));
}

#[test]
fn new_account_is_charged_once_however_often_it_is_paid() {
    let mut stage = Stage::new();
    let actions = vec![pay_action(8, 10), pay_action(9, 20), pay_action(8, 30), pay_action(1, 40)];
    let both = stage.act(0, 0, 7, actions);
    let again = stage.pay(1, 0, 9, 50, 0);
    assert_eq!(stage.apply(vec![both, again]), DONE);
    assert_eq!(stage.balance(0), Some(FUNDS - 100 - 7 - 2 * CHARGE));
    assert_eq!((stage.balance(8), stage.balance(9)), (Some(40), Some(70)));
    assert_eq!(stage.follower.ledger.supply().burned, amount(2 * CHARGE));
}

#[test]
fn cost_beyond_counting_is_refused_as_more_than_the_balance() {
    let stage = Stage::with(|file| file.account_charge = amount(u64::MAX));
    assert_breaks!(alone(&stage, stage.pay(0, 0, 9, 1, 0)), SpendError::Overflow, Blame::Nobody);
    let to_two = stage.act(0, 0, 0, vec![pay_action(8, 1), pay_action(9, 1)]);
    assert_breaks!(alone(&stage, to_two), SpendError::Overflow, Blame::Nobody);
}

#[test]
fn payment_to_oneself_is_legal_and_does_not_help_to_cover_its_cost() {
    let mut stage = Stage::new();
    assert_breaks!(
        alone(&stage, stage.pay(0, 0, 0, FUNDS, 1)),
        SpendError::Balance { cost: amount(FUNDS + 1), balance: amount(FUNDS) },
        Blame::Nobody
    );
    let twice = stage.act(0, 0, 0, vec![pay_action(0, FUNDS), pay_action(0, 1)]);
    assert_breaks!(
        alone(&stage, twice),
        SpendError::Balance { cost: amount(FUNDS + 1), balance: amount(FUNDS) },
        Blame::Nobody
    );
    let (all, half) = (stage.pay(0, 0, 0, FUNDS, 0), stage.pay(0, 1, 0, FUNDS / 2, 1));
    assert_eq!(stage.apply(vec![all, half]), DONE);
    assert_eq!(stage.balance(0), Some(FUNDS - 1));
}

#[test]
fn money_received_is_spent_later_in_the_same_block_and_not_earlier() {
    let mut stage = Stage::new();
    let (fund, spend) = (stage.pay(0, 0, 9, 5000, 1), stage.pay(9, 0, 1, 4999, 1));
    assert_breaks!(
        stage.apply(vec![spend.clone(), fund.clone()]),
        of_the_first(SpendError::UnknownSender),
        Blame::Block
    );
    assert_eq!(stage.apply(vec![fund, spend]), DONE);
    assert_eq!((stage.balance(9), stage.balance(1)), (Some(0), Some(FUNDS + 4999)));
}

#[test]
fn payment_of_all_leaves_nothing_after_fee_payments_and_charges() {
    let mut stage = Stage::new();
    let left = FUNDS - 5 - 300 - 2 * CHARGE;
    let all = stage.act(0, 0, 5, vec![pay_action(8, 300), pay_all_action(9)]);
    assert_eq!(alone(&stage, all.clone()).unwrap().paid_all, Some(amount(left)));
    let block = stage.block(vec![all]);
    let hash = block.header.hash();
    assert_eq!(stage.submit(block), DONE);
    assert_eq!((stage.balance(0), stage.balance(8), stage.balance(9)), (Some(0), Some(300), Some(left)));
    let receipt = stage.follower.receipts(&hash).unwrap()[0];
    assert_eq!((receipt.paid_all, receipt.charge), (Some(amount(left)), amount(2 * CHARGE)));
}

#[test]
fn payment_of_all_to_oneself_costs_the_fee() {
    let mut stage = Stage::new();
    let all = stage.act(0, 0, 5, vec![pay_all_action(0)]);
    assert_eq!(stage.apply(vec![all]), DONE);
    assert_eq!(stage.balance(0), Some(FUNDS - 5));
}

#[test]
fn payment_of_all_pays_at_least_a_pebble() {
    let mut stage = Stage::new();
    let all = |to, fee| stage.act(0, 0, fee, vec![pay_all_action(to)]);
    let (nothing, new_nothing) = (all(1, FUNDS), all(9, FUNDS - CHARGE));
    let (pebble, new_pebble) = (all(1, FUNDS - 1), all(9, FUNDS - CHARGE - 1));
    for none in [nothing, new_nothing] {
        assert_breaks!(alone(&stage, none.clone()), SpendError::NothingLeft, Blame::Nobody);
        assert_breaks!(in_block(&mut stage, none), of_the_second(SpendError::NothingLeft), Blame::Block);
    }
    for one in [pebble.clone(), new_pebble] {
        assert_eq!(alone(&stage, one).unwrap().paid_all, Some(amount(1)));
    }
    assert_eq!(stage.apply(vec![pebble]), DONE);
}

#[test]
fn payment_of_all_that_cannot_cover_what_comes_before_it_is_refused() {
    let stage = Stage::new();
    let actions: Vec<Action> = vec![pay_action(1, FUNDS), pay_all_action(2)];
    assert_breaks!(
        alone(&stage, stage.act(0, 0, 1, actions)),
        SpendError::Balance { cost: amount(FUNDS + 1), balance: amount(FUNDS) },
        Blame::Nobody
    );
}
