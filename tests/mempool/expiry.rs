//! What nobody mines is forgotten.

use cairn::mempool::{Limits, Why};
use cairn::testkit::Actor;
use cairn::types::{Height, TxHash};

use crate::node::{Node, address, reasons};

fn expiring(node: &mut Node, nonce: u64, expiry: u32) -> TxHash {
    let mut body = Actor::new(0).payment(node.params(), nonce, address(1), 5, 0);
    body.expiry = Some(Height(expiry));
    let transaction = Actor::new(0).sign(node.params(), body);
    node.admit(&transaction).unwrap();
    transaction.hash()
}

#[test]
fn transaction_leaves_when_its_last_height_has_passed() {
    let mut node = Node::new();
    let (second, first) = (expiring(&mut node, 1, 2), expiring(&mut node, 0, 3));
    assert_eq!(node.offered(), [first, second]);
    assert_eq!(node.mine(Vec::new()).departed, [], "both may still stand in block 2");
    assert_eq!(reasons(&node.mine(Vec::new()).departed), [(second, Why::Expired)]);
    assert_eq!(reasons(&node.mine(Vec::new()).departed), [(first, Why::Expired)]);
    assert!(node.pool.is_empty());
}

#[test]
fn what_waits_expires_too() {
    let mut node = Node::new();
    let waits = expiring(&mut node, 5, 1);
    assert_eq!(reasons(&node.mine(Vec::new()).departed), [(waits, Why::Expired)]);
}

#[test]
fn transaction_leaves_when_it_was_here_too_long() {
    let mut node = Node::with(Limits { age_seconds_max: 100, ..Limits::DEFAULT }, |_| ());
    let first = node.pay(0, 0, 1, 5, 0);
    node.now += 60;
    let second = node.pay(0, 1, 1, 5, 0);
    node.now += 40;
    assert_eq!(node.expire(), []);
    node.now += 1;
    assert_eq!(reasons(&node.expire()), [(first, Why::Aged)]);
    assert!(node.pool.is_waiting(&second));
    node.now += 60;
    assert_eq!(reasons(&node.expire()), [(second, Why::Aged)]);
    let left = node.pool.sizes().into_iter().filter(|(name, size)| *size > 0 && *name != "map_room");
    assert_eq!(left.collect::<Vec<_>>(), []);
}
