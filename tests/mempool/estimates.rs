//! What a fee should be.

use cairn::mempool::{FeeRate, Limits};

use crate::node::{Node, pay_action};

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
        file.block_bytes_max = 20_000;
        file.transaction_bytes_max = 20_000;
    });
    for nonce in 0..3 {
        let long = node.act(0, nonce, 50_000, vec![pay_action(3, 1); 256]);
        let again = (0..).take_while(|_| false).count();
        assert_eq!(again, 0);
        node.mine(vec![long]);
    }
    let full = node.pool.estimate_fee_rate(1, 0);
    let bytes = node.check(&node.act(0, 9, 50_000, vec![pay_action(3, 1); 256])).facts().bytes;
    if bytes * 10 > 20_000 * 9 {
        assert!(full > FeeRate::ZERO);
    }
    (0..12).for_each(|_| {
        node.mine(Vec::new());
    });
    assert_eq!(node.pool.estimate_fee_rate(1, 0), FeeRate::ZERO);
}
