//! What is offered first.

use crate::node::{Node, address, pay_all_action};

#[test]
fn higher_rate_comes_first_and_the_earlier_of_equal_ones() {
    let mut node = Node::new();
    let low = node.pay(0, 0, 3, 5, 10);
    let high = node.pay(1, 0, 3, 5, 30);
    let also_low = node.pay(2, 0, 3, 5, 10);
    assert_eq!(node.offered(), [high, low, also_low]);
}

#[test]
fn transactions_of_one_sender_come_in_the_order_of_their_nonces() {
    let mut node = Node::new();
    let first = node.pay(0, 0, 3, 5, 1);
    let second = node.pay(0, 1, 3, 5, 900);
    let other = node.pay(1, 0, 3, 5, 10);
    assert_eq!(node.offered(), [other, first, second]);
}

#[test]
fn payment_made_from_unmined_money_comes_after_what_brings_the_money() {
    let mut node = Node::new();
    let brings = node.pay(0, 0, 7, 50_000, 1);
    let between = node.pay(1, 0, 2, 5, 10);
    let spends = node.pay(7, 0, 2, 10_000, 20_000);
    assert_eq!(node.offered(), [between, brings, spends]);
    assert_eq!(node.mine_best(9).mined.len(), 3);
    assert!(node.pool.is_empty());
}

#[test]
fn view_is_what_is_offered_and_does_not_change() {
    let mut node = Node::new();
    node.pay(0, 0, 3, 5, 10);
    node.pay(1, 4, 3, 5, 30);
    let view = node.pool.view(node.now);
    node.pay(2, 0, 3, 5, 20);
    assert_eq!((view.entries().len(), view.waiting()), (1, 1));
    let bytes: usize = node.pool.of_sender(&address(0)).map(|entry| entry.facts().bytes).sum();
    assert!(view.bytes() > bytes);
    assert_eq!(view.entries()[0].admitted_seconds(), 1000);
    assert_eq!(node.pool.view(node.now).entries().len(), 2);
}

#[test]
fn payment_of_all_takes_what_the_order_brought_before() {
    let mut node = Node::new();
    node.pay(0, 0, 7, 50_000, 1);
    let all = node.act(7, 0, 40_000, vec![pay_all_action(1)]);
    node.admit(&all).unwrap();
    node.audit();
    assert_eq!(node.mine_best(2).mined.len(), 2);
}

#[test]
fn next_nonce_and_pending_say_what_a_wallet_should_count_on() {
    let mut node = Node::new();
    node.pay(0, 0, 1, 500, 10);
    node.pay(0, 1, 1, 600, 10);
    node.pay(0, 9, 1, 700, 10);
    assert_eq!(node.next_nonce(0).0, 2);
    assert_eq!(node.next_nonce(1).0, 0);
    let (sender, payee) = (node.pool.pending(&address(0)), node.pool.pending(&address(1)));
    assert_eq!((sender.outgoing.pebbles(), sender.ready, sender.waiting), (1120, 2, 1));
    assert_eq!((payee.incoming.pebbles(), payee.outgoing.pebbles()), (1100, 0));
    node.mine_best(1);
    assert_eq!(node.next_nonce(0).0, 2);
}
