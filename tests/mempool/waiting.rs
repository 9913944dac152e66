//! Nonces that came too early.

use cairn::mempool::{Limits, Why};

use crate::node::{FUNDS, Node, reasons};

#[test]
fn what_waits_moves_up_when_the_gap_fills() {
    let mut node = Node::new();
    let (third, second) = (node.pay(0, 2, 1, 5, 0), node.pay(0, 1, 1, 5, 0));
    assert!(node.pool.is_waiting(&third) && node.pool.is_waiting(&second));
    assert_eq!(node.offered(), []);
    let first = node.payment(0, 0, 1, 5, 0);
    let admitted = node.admit(&first).unwrap();
    assert_eq!(admitted.promoted, [second, third]);
    assert_eq!(node.offered(), [first.hash(), second, third]);
    node.audit();
}

#[test]
fn what_waits_moves_up_when_the_gap_is_mined_elsewhere() {
    let mut node = Node::new();
    let second = node.pay(0, 1, 1, 5, 0);
    let first = node.payment(0, 0, 1, 5, 0);
    assert_eq!(node.mine(vec![first]).promoted, [second]);
}

#[test]
fn what_waits_in_vain_for_money_moves_up_when_it_comes() {
    let mut node = Node::new();
    let second = node.pay(0, 1, 1, FUNDS - 10, 0);
    node.pay(0, 0, 1, 500, 0);
    assert!(node.pool.is_waiting(&second), "the first took what it needs");
    let brings = node.payment(1, 0, 0, 600, 0);
    assert_eq!(node.admit(&brings).unwrap().promoted, [second]);
    node.audit();
}

#[test]
fn the_one_that_waited_longest_gives_way() {
    let mut node = Node::with(Limits { waiting_max: 64, ..Limits::DEFAULT }, |_| ());
    let oldest = node.pay(0, 40, 3, 5, 1000);
    (0..63).for_each(|number| {
        node.pay(1 + number / 32, 2 + u64::from(number), 3, 5, 0);
    });
    let newest = node.payment(0, 39, 3, 5, 0);
    assert_eq!(reasons(&node.admit(&newest).unwrap().departed), [(oldest, Why::Evicted)]);
    node.audit();
}

#[test]
fn followers_of_one_that_leaves_wait_for_another() {
    let mut node = Node::new();
    let mut first = cairn::testkit::Actor::new(0).payment(node.params(), 0, crate::node::address(1), 5, 0);
    first.expiry = Some(cairn::types::Height(1));
    let first = cairn::testkit::Actor::new(0).sign(node.params(), first);
    node.admit(&first).unwrap();
    let (second, third) = (node.pay(0, 1, 1, 5, 0), node.pay(0, 2, 1, 5, 0));
    let reconciled = node.mine(Vec::new());
    assert_eq!(reasons(&reconciled.departed), [(first.hash(), Why::Expired)]);
    assert!(node.pool.is_waiting(&second) && node.pool.is_waiting(&third));
    assert_eq!(node.next_nonce(0).0, 0);
    let again = node.payment(0, 0, 2, 5, 0);
    assert_eq!(node.admit(&again).unwrap().promoted, [second, third]);
}
