//! A chain that grows.

use cairn::mempool::Why;
use cairn::types::Height;

use crate::node::{CHARGE, FUNDS, Node, address, reasons};

#[test]
fn mined_transactions_leave_and_the_rest_stays() {
    let mut node = Node::new();
    let first = node.pay(0, 0, 3, 5, 10);
    let second = node.pay(0, 1, 3, 5, 10);
    let other = node.pay(1, 0, 3, 5, 1);
    let reconciled = node.mine_best(1);
    assert_eq!(reconciled.mined, [first]);
    assert_eq!(reconciled.departed, []);
    assert_eq!(node.offered(), [second, other]);
}

#[test]
fn conflict_with_what_was_mined_leaves() {
    let mut node = Node::new();
    let here = node.pay(0, 0, 1, 5, 10);
    let next = node.pay(0, 1, 1, 5, 10);
    let elsewhere = node.payment(0, 0, 2, 77, 0);
    let reconciled = node.mine(vec![elsewhere]);
    assert_eq!(reasons(&reconciled.departed), [(here, Why::Outdated)]);
    assert_eq!(node.offered(), [next], "its nonce is the account's next");
}

#[test]
fn queue_that_a_foreign_payment_emptied_leaves() {
    let mut node = Node::new();
    node.pay(0, 0, 1, 5, 10);
    let next = node.pay(0, 1, 7, 5000, 10);
    let after = node.pay(7, 0, 1, 5, 10);
    let elsewhere = node.payment(0, 0, 2, FUNDS - 100, 0);
    let departed = reasons(&node.mine(vec![elsewhere]).departed);
    assert_eq!(departed[1..], [(next, Why::Unfunded), (after, Why::Unfunded)]);
    assert!(node.pool.is_empty());
}

#[test]
fn money_that_was_pending_counts_the_same_when_it_is_mined() {
    let mut node = Node::new();
    node.pay(0, 0, 7, 50_000, 10);
    let onward = node.pay(7, 0, 1, 50_000, 0);
    assert_eq!(node.mine_best(1).departed, []);
    assert_eq!(node.offered(), [onward]);
    assert_eq!(node.pool.pending(&address(7)).incoming.pebbles(), 0);
    assert_eq!(node.mine_best(1).mined, [onward]);
}

#[test]
fn account_that_comes_into_being_elsewhere_makes_no_queue_too_dear() {
    let mut node = Node::new();
    node.pay(0, 0, 7, FUNDS - CHARGE, 0);
    let elsewhere = node.payment(1, 0, 7, 5, 0);
    assert_eq!(node.mine(vec![elsewhere]).departed, []);
    assert_eq!(node.mine_best(1).mined.len(), 1);
}

#[test]
fn second_of_a_mined_pair_is_taken_out_with_the_first() {
    let mut node = Node::new();
    let here = node.pay(0, 0, 1, 5, 10);
    let next = node.pay(0, 1, 1, 5, 10);
    let mut mined = vec![node.payment(0, 0, 2, 6, 0)];
    mined.extend(node.pool.get(&next).map(|entry| entry.transaction().transaction().clone()));
    let reconciled = node.mine(mined);
    assert_eq!((reconciled.mined, reasons(&reconciled.departed)), (vec![next], vec![(here, Why::Outdated)]));
    assert!(node.pool.is_empty());
}

#[test]
fn reward_that_matured_can_be_spent() {
    let mut node = Node::new();
    (0..3).for_each(|_| {
        node.mine(Vec::new());
    });
    let spend = node.payment(100, 0, 1, 5, 0);
    assert!(node.admit(&spend).is_err(), "not yet mature");
    node.mine(Vec::new());
    node.admit(&spend).unwrap();
    // With a queue open, the pool learns of the next reward when the next transaction comes.
    let before = node.pool.pending(&address(100));
    node.mine(Vec::new());
    assert_eq!(before.outgoing.pebbles(), 5);
    let one_reward = node.params().issuance.subsidy(Height(1)).pebbles();
    node.pay(100, 1, 1, one_reward, 0);
}
