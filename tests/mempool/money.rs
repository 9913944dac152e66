//! Money that has not been mined, and what becomes of it.

use cairn::mempool::{AdmitError, Why};

use crate::node::{CHARGE, FUNDS, Node, pay_action, pay_all_action, reasons};

#[test]
fn money_of_the_pool_can_be_spent_onward_by_somebody_without_an_account() {
    let mut node = Node::new();
    node.pay(0, 0, 7, 50_000, 0);
    let more = node.payment(7, 0, 1, 50_001, 0);
    assert!(matches!(node.admit(&more), Err(AdmitError::Balance { .. })));
    node.pay(7, 0, 8, 50_000 - CHARGE, 0);
    node.pay(8, 0, 1, 40_000, 0);
    assert_eq!(node.mine_best(3).mined.len(), 3);
}

#[test]
fn what_counted_on_replaced_money_leaves_all_the_way_down() {
    let mut node = Node::new();
    let first = node.pay(0, 0, 7, 50_000, 0);
    let second = node.pay(7, 0, 8, 40_000, 0);
    let third = node.pay(8, 0, 1, 30_000, 0);
    let other = node.payment(0, 0, 1, 5, 1);
    let departed = node.admit(&other).unwrap().departed;
    let expected =
        [(first, Why::Replaced { by: other.hash() }), (second, Why::Unfunded), (third, Why::Unfunded)];
    assert_eq!(reasons(&departed), expected);
    node.audit();
    assert_eq!(node.offered(), [other.hash()]);
}

#[test]
fn raising_a_fee_keeps_what_counts_on_the_payment() {
    let mut node = Node::new();
    let first = node.pay(0, 0, 7, 50_000, 0);
    let second = node.pay(7, 0, 1, 50_000, 0);
    let dearer = node.payment(0, 0, 7, 50_000, 100);
    let departed = node.admit(&dearer).unwrap().departed;
    assert_eq!(reasons(&departed), [(first, Why::Replaced { by: dearer.hash() })]);
    assert_eq!(node.offered(), [dearer.hash(), second]);
    node.audit();
}

#[test]
fn accounts_that_fund_each_other_in_a_circle_need_money_of_their_own() {
    let mut node = Node::new();
    node.pay(0, 0, 7, 100_000, 0);
    node.mine_best(1);
    let there = node.pay(7, 0, 8, 90_000, 0);
    let back = node.pay(8, 0, 7, 90_000, 0);
    // What comes back from its own money must not pay for what replaces it.
    let circle = node.payment(7, 0, 8, 150_000, 1);
    assert!(matches!(node.admit(&circle), Err(AdmitError::Balance { .. })));
    let onward = node.pay(7, 1, 1, 95_000, 0);
    assert_eq!(node.offered(), [there, back, onward]);
    node.audit();
    let away = node.payment(7, 0, 1, 100, 1);
    let departed = reasons(&node.admit(&away).unwrap().departed);
    assert_eq!(departed[0], (there, Why::Replaced { by: away.hash() }));
    assert!(departed.contains(&(back, Why::Unfunded)));
    node.audit();
    assert!(node.is_ready(&onward), "its own money covers it without the circle");
}

#[test]
fn replacement_that_takes_all_sends_the_rest_of_the_queue_away() {
    let mut node = Node::new();
    node.pay(0, 0, 1, 5, 0);
    let (second, third) = (node.pay(0, 1, 1, 5, 0), node.pay(0, 2, 1, 5, 0));
    let all = node.act(0, 0, 1, vec![pay_all_action(2)]);
    let departed = reasons(&node.admit(&all).unwrap().departed);
    assert!(departed.contains(&(second, Why::Unfunded)));
    assert!(node.pool.is_waiting(&third));
    assert_eq!(node.offered(), [all.hash()]);
    node.audit();
}

#[test]
fn dearer_replacement_sends_away_what_it_leaves_no_money_for() {
    let mut node = Node::new();
    node.pay(0, 0, 1, 5, 0);
    let second = node.pay(0, 1, 1, FUNDS / 2, 0);
    let dear = node.payment(0, 0, 2, FUNDS / 2 + 1, 1);
    let departed = reasons(&node.admit(&dear).unwrap().departed);
    assert_eq!(departed[1], (second, Why::Unfunded));
    assert_eq!(node.offered(), [dear.hash()]);
    node.audit();
}

#[test]
fn what_somebody_pays_himself_comes_back_for_the_next_and_not_for_itself() {
    let mut node = Node::new();
    let beyond = node.payment(0, 0, 0, FUNDS + 1, 0);
    assert!(matches!(node.admit(&beyond), Err(AdmitError::Balance { .. })));
    node.pay(0, 0, 0, FUNDS, 0);
    node.pay(0, 1, 1, FUNDS, 0);
    assert_eq!(node.mine_best(2).mined.len(), 2);
}

#[test]
fn payment_of_all_brings_nothing_that_could_be_counted_on() {
    let mut node = Node::new();
    let all = node.act(0, 0, 0, vec![pay_all_action(7)]);
    node.admit(&all).unwrap();
    let onward = node.payment(7, 0, 1, 5, 0);
    assert_eq!(node.admit(&onward), Err(AdmitError::UnknownSender));
    let mut mined = node.mine_best(1).mined;
    assert_eq!(mined.pop(), Some(all.hash()));
    node.pay(7, 0, 1, 5, 0);
}

#[test]
fn two_that_bring_one_account_into_being_are_both_charged() {
    let mut node = Node::new();
    let both = |node: &Node, who: u32| node.act(who, 0, 0, vec![pay_action(7, FUNDS - CHARGE)]);
    let (one, other) = (both(&node, 0), both(&node, 1));
    node.admit(&one).unwrap();
    node.admit(&other).unwrap();
    assert_eq!(node.pool.pending(&crate::node::address(1)).outgoing.pebbles(), FUNDS);
    assert_eq!(node.mine_best(2).mined.len(), 2, "whichever comes first");
}
