//! Abandoned branches.

use cairn::mempool::{AdmitError, Change, Why};
use cairn::testkit::Follower;
use cairn::types::{Height, Transaction};

use crate::node::{FUNDS, Node, address, reasons};

/// A branch that leaves at `from` and is one block longer than where the node stands.
fn longer(node: &Node, from: &Follower, first: Vec<Transaction>) -> Follower {
    let mut other = from.clone();
    other.mine(address(50), first);
    while other.height() <= node.follower.height() {
        other.mine(address(50), Vec::new());
    }
    other
}

#[test]
fn everything_that_was_mined_comes_back_with_what_was_made_from_it() {
    let mut node = Node::new();
    let genesis = node.follower.clone();
    let brings = node.pay(0, 0, 7, 50_000, 0);
    node.mine_best(1);
    let onward = node.pay(7, 0, 1, 40_000, 500);
    node.mine_best(1);
    let last = node.pay(0, 1, 1, 5, 1);
    let other = longer(&node, &genesis, Vec::new());
    let reconciled = node.follow(&other).pop().unwrap();
    assert_eq!(reconciled.returned, [brings, onward]);
    assert_eq!(reconciled.departed, []);
    assert_eq!(node.offered(), [brings, onward, last]);
    assert_eq!(node.mine_best(3).mined.len(), 3);
}

#[test]
fn what_both_branches_mined_does_not_come_back() {
    let mut node = Node::new();
    let genesis = node.follower.clone();
    let both = node.payment(0, 0, 1, 5, 0);
    let old_only = node.payment(1, 0, 2, 5, 0);
    node.mine(vec![both.clone(), old_only.clone()]);
    let other = longer(&node, &genesis, vec![both]);
    let reconciled = node.follow(&other).pop().unwrap();
    assert_eq!((reconciled.returned, reconciled.departed), (vec![old_only.hash()], vec![]));
}

#[test]
fn what_the_new_branch_made_impossible_is_told() {
    let mut node = Node::new();
    let genesis = node.follower.clone();
    let (one, poor) = (node.payment(0, 0, 1, 5, 0), node.payment(1, 0, 2, FUNDS, 0));
    node.mine(vec![one.clone(), poor.clone()]);
    let instead = [node.payment(0, 0, 2, 6, 0), node.payment(1, 0, 2, 6, 0)];
    let next = node.pay(1, 1, 3, 5, 0);
    let other = longer(&node, &genesis, instead.to_vec());
    let reconciled = node.follow(&other).pop().unwrap();
    let departed = reasons(&reconciled.departed);
    assert_eq!(departed, [(one.hash(), Why::Outdated), (poor.hash(), Why::Outdated)]);
    assert_eq!(node.offered(), [next]);
}

#[test]
fn of_two_for_one_nonce_the_returned_one_stays_unless_the_other_outbids_it() {
    for (fee, outbids) in [(109, false), (110, true)] {
        let mut node = Node::new();
        let old = node.payment(0, 0, 1, 5, 100);
        // As if it had come while the other was mined, before the pool was told.
        let rival = node.pay(0, 0, 2, 6, fee);
        let change = Change { disconnected: 1, returned: vec![node.check(&old)], connected: &[] };
        let ledger = &node.follower.ledger;
        let reconciled = node.pool.reconcile(change, ledger, Height(1), 0);
        let departed = reasons(&reconciled.departed);
        if outbids {
            assert_eq!(departed, [(old.hash(), Why::Replaced { by: rival })]);
            assert_eq!(node.offered(), [rival]);
        } else {
            let [(left, Why::Refused(AdmitError::Replacement { .. }))] = departed[..] else {
                panic!("{departed:?}")
            };
            assert_eq!(left, rival);
            assert_eq!(node.offered(), [old.hash()]);
        }
    }
}

#[test]
fn money_that_vanished_with_a_branch_takes_its_spenders_along() {
    let mut node = Node::new();
    let genesis = node.follower.clone();
    (0..4).for_each(|_| {
        node.mine(Vec::new());
    });
    let reward = node.pay(100, 0, 1, 500, 0);
    let other = longer(&node, &genesis, Vec::new());
    let reconciled = node.follow(&other).pop().unwrap();
    assert_eq!(reasons(&reconciled.departed), [(reward, Why::Refused(AdmitError::UnknownSender))]);
}

#[test]
fn more_than_an_account_may_have_comes_back_all_the_same() {
    let limits = cairn::mempool::Limits {
        account_transactions_max: 4,
        account_waiting_max: 4,
        ..cairn::mempool::Limits::DEFAULT
    };
    let mut node = Node::with(limits, |_| ());
    let genesis = node.follower.clone();
    for nonce in 0..8 {
        node.pay(0, nonce, 1, 5, 0);
        node.mine_best(1);
    }
    let other = longer(&node, &genesis, Vec::new());
    assert_eq!(node.follow(&other).pop().unwrap().returned.len(), 8);
    assert_eq!(node.mine_best(8).mined.len(), 8);
}
