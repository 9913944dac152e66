//! What was rejected is remembered for as long as that holds.

use cairn::consensus::TransactionError;
use cairn::mempool::{AdmitError, FeeRate, Limits, Rejection, Stale};
use cairn::types::TxHash;

use crate::node::Node;

#[test]
fn what_is_broken_for_ever_is_remembered_over_tips() {
    let mut node = Node::new();
    let hash = TxHash::from_bytes([1; 32]);
    node.pool.remember_rejection(hash, TransactionError::Signature);
    node.mine(Vec::new());
    let rejection = node.pool.rejection(&hash).unwrap();
    assert_eq!(rejection, Rejection::Broken(TransactionError::Signature));
    assert_eq!(rejection.stale(), Stale::Never);
}

#[test]
fn used_nonce_is_remembered_until_the_next_tip() {
    let mut node = Node::new();
    let (mined, rival) = (node.payment(0, 0, 1, 5, 0), node.payment(0, 0, 1, 6, 0));
    node.mine(vec![mined]);
    let error = node.admit(&rival).unwrap_err();
    assert_eq!(node.pool.rejection(&rival.hash()), Some(Rejection::Refused(error)));
    node.mine(Vec::new());
    assert_eq!(node.pool.rejection(&rival.hash()), None);
}

#[test]
fn fee_below_the_floor_is_remembered_until_a_tip_comes() {
    let fee_rate_min = FeeRate::per_kilobyte(10_000);
    let mut node = Node::with(Limits { fee_rate_min, ..Limits::DEFAULT }, |_| ());
    let cheap = node.payment(0, 0, 1, 5, 0);
    assert!(matches!(node.admit(&cheap), Err(AdmitError::Floor { .. })));
    assert_eq!(node.pool.rejection(&cheap.hash()).unwrap().stale(), Stale::Room);
    node.mine(Vec::new());
    assert_eq!(node.pool.rejection(&cheap.hash()), None);
}

#[test]
fn money_that_may_come_at_any_moment_is_not_remembered() {
    let mut node = Node::new();
    let onward = node.payment(7, 0, 1, 5, 0);
    assert_eq!(node.admit(&onward), Err(AdmitError::UnknownSender));
    assert_eq!(node.pool.rejection(&onward.hash()), None);
    node.pay(0, 0, 7, 50, 0);
    node.admit(&onward).unwrap();
}

#[test]
fn rejections_of_a_kind_are_bounded() {
    let mut node = Node::with(Limits { rejections_max: 8, ..Limits::DEFAULT }, |_| ());
    let hashes: Vec<TxHash> = (0..20).map(|number| TxHash::from_bytes([number; 32])).collect();
    hashes.iter().for_each(|hash| node.pool.remember_rejection(*hash, TransactionError::Overflow));
    let known: Vec<bool> = hashes.iter().map(|hash| node.pool.rejection(hash).is_some()).collect();
    assert_eq!(known.iter().position(|known| *known), Some(12), "the oldest are forgotten");
}
