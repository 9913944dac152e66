//! The same blocks in any order lead to the same tip.

use std::collections::VecDeque;

use cairn::chain::Orphans;
use cairn::testkit::{Actor, Follower, Network, Outcome, strategies};
use cairn::types::{Block, Work};
use proptest::collection::vec;
use proptest::prelude::*;

/// A tree of blocks: each number says how many blocks ago its block's parent came.
fn tree(network: &Network, back: &[usize]) -> Vec<(Block, Work)> {
    let mut standing = vec![Follower::new(network)];
    let mut blocks = Vec::new();
    for (salt, back) in back.iter().enumerate() {
        let mut follower = standing[standing.len() - 1 - back % standing.len()].clone();
        let mut draft = follower.draft(Actor::new(0).address(), Vec::new());
        draft.salt = salt as u64;
        let block = draft.mine(network.params());
        assert_eq!(follower.submit(block.clone()), Ok(Outcome::Followed { reverted: 0 }));
        blocks.push((block, follower.chain.tip().work));
        standing.push(follower);
    }
    blocks
}

/// Hands blocks over in this order; those that come before their parents wait.
fn deliver(network: &Network, blocks: &[(Block, Work)], order: &[usize]) -> Follower {
    let mut follower = Follower::new(network);
    let mut orphans: Orphans<Block> = Orphans::new(1000, 1 << 20);
    for at in order {
        let mut ready = VecDeque::from([blocks[*at].0.clone()]);
        while let Some(block) = ready.pop_front() {
            let hash = block.header.hash();
            match follower.submit(block.clone()).unwrap() {
                Outcome::Orphan(_) => orphans.insert(hash, block.header.previous, 300, block),
                Outcome::Known | Outcome::Side | Outcome::Followed { .. } => {
                    ready.extend(orphans.take_above(&hash));
                }
            }
        }
    }
    assert!(orphans.is_empty());
    follower
}

proptest! {
    #![proptest_config(strategies::cases(32))]

    #[test]
    fn any_order_leads_to_a_heaviest_tip(
        (back, order) in vec(0..4_usize, 1..14).prop_flat_map(|back| {
            let order: Vec<usize> = (0..back.len()).collect();
            (Just(back), Just(order).prop_shuffle())
        }),
    ) {
        let network = Network::new(1);
        let blocks = tree(&network, &back);
        let heaviest = blocks.iter().map(|(_, work)| *work).max().unwrap();
        let in_order: Vec<usize> = (0..blocks.len()).collect();
        let (first, second) = (deliver(&network, &blocks, &in_order), deliver(&network, &blocks, &order));
        prop_assert_eq!(first.chain.tip().work, heaviest);
        prop_assert_eq!(second.chain.tip().work, heaviest);
        if blocks.iter().filter(|(_, work)| *work == heaviest).count() == 1 {
            prop_assert_eq!(first.chain.tip().hash, second.chain.tip().hash);
            prop_assert_eq!(first.ledger.commitments(), second.ledger.commitments());
        }
        second.ledger.audit().unwrap();
        prop_assert_eq!(second.chain.plan(), None, "nothing better is known than what is followed");
    }
}
