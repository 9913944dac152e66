//! What a fee should be.

use cairn::mempool::{BLOCKS_REMEMBERED_MAX, FeeRate, Limits};
use cairn::types::{Action, Amount, Reference};

use crate::node::{Node, address, pay_action};

#[test]
fn idle_devnet_asks_for_nothing_and_says_so() {
    let mut node = Node::new();
    assert_eq!(node.pool.estimate_fee_rate(1, 0), FeeRate::ZERO);
    node.mine(Vec::new());
    assert_eq!(node.pool.estimate_fee_rate(0, 0), FeeRate::ZERO);
    assert_eq!(node.pool.view(0).estimate_fee_rate(6), FeeRate::ZERO);
}

#[test]
fn estimate_is_never_below_the_floor() {
    let fee_rate_min = FeeRate::per_kilobyte(77);
    let node = Node::with(Limits { fee_rate_min, ..Limits::DEFAULT }, |_| ());
    assert_eq!(node.pool.estimate_fee_rate(1, 0), fee_rate_min);
}

#[test]
fn estimate_outbids_what_the_next_blocks_would_leave_out() {
    let mut node = Node::with(Limits::DEFAULT, |file| {
        file.block_bytes_max = 40_000;
        file.transaction_bytes_max = 20_000;
    });
    for nonce in 0..4 {
        for (who, fee) in [(0, 90_000), (1, 50_000), (2, 10_000)] {
            let long = node.act(who, nonce, fee, vec![pay_action(3, 1); 256]);
            node.admit(&long).unwrap();
        }
    }
    let estimates: Vec<u64> =
        [1, 2, 3, 9].map(|blocks| node.pool.estimate_fee_rate(blocks, 0).pebbles_per_kilobyte()).to_vec();
    assert!(estimates.is_sorted_by(|one, other| one >= other), "{estimates:?}");
    assert!(estimates[0] > estimates[2] && estimates[3] == 0, "{estimates:?}");
    assert_eq!(node.pool.view(0).estimate_fee_rate(2), node.pool.estimate_fee_rate(2, 0));
}

#[test]
fn full_blocks_of_late_keep_the_estimate_up_when_the_pool_is_empty() {
    let mut node = Node::with(Limits::DEFAULT, |file| {
        file.block_bytes_max = 18_600;
        file.transaction_bytes_max = 18_000;
    });
    let pay =
        |reference: Reference| Action::Pay { to: address(3), amount: Amount::from_pebbles(1), reference };
    for nonce in 0..3 {
        let reference = Reference::new([7; 32]).unwrap();
        let long = node.act(0, nonce, 50_000, vec![pay(reference); 256]);
        node.mine(vec![long]);
    }
    assert!(node.pool.estimate_fee_rate(1, 0).fee_for(20_000) > Amount::from_pebbles(50_000));
    (0..BLOCKS_REMEMBERED_MAX).for_each(|_| {
        node.mine(Vec::new());
    });
    assert_eq!(node.pool.estimate_fee_rate(1, 0), FeeRate::ZERO);
}
