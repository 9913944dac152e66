//! Hours of it: whatever comes and goes, nothing stays behind.

use std::collections::BTreeMap;

use cairn::mempool::Limits;
use cairn::types::Transaction;

use crate::model::Player;
use crate::node::Node;

/// Virtual seconds between two steps.
const STEP_SECONDS: u64 = 15;

#[test]
fn hours_of_churn_leave_nothing_behind() {
    let limits = Limits { age_seconds_max: 3600, rejections_max: 32, ..Limits::DEFAULT };
    let mut player = Player::new(11, limits);
    let mut largest: Vec<BTreeMap<&'static str, usize>> = Vec::new();
    for _ in 0..8 {
        // An hour and a bit.
        let mut hour = BTreeMap::new();
        for _ in 0..250 {
            player.node.now += STEP_SECONDS;
            player.step();
            for (name, size) in player.node.pool.sizes() {
                let seen: &mut usize = hour.entry(name).or_default();
                *seen = size.max(*seen);
            }
        }
        largest.push(hour);
    }
    for (name, first) in &largest[0] {
        let later = largest[4..].iter().map(|hour| hour[name]).max().unwrap();
        assert!(later <= 4 * first + 64, "{name} grew from {first} to {later}");
    }
    player.node.now += 4000;
    player.node.expire();
    let left = player.node.pool.sizes().into_iter();
    let left: Vec<_> = left
        .filter(|(name, size)| *size > 0 && !["rejections", "recent_blocks", "map_room"].contains(name))
        .collect();
    assert_eq!(left, [], "after an hour without anything new");
}

#[test]
fn memory_of_a_flood_is_given_back() {
    let mut node = Node::new();
    let room = |node: &Node| node.pool.sizes().into_iter().find(|(name, _)| *name == "map_room").unwrap().1;
    let flood: Vec<Transaction> = (0..4)
        .flat_map(|who| (0..1000).map(move |nonce| (who, nonce)))
        .map(|(who, nonce)| node.payment(who, nonce, 1000 + 1000 * who + nonce as u32, 5, 0))
        .collect();
    flood.iter().for_each(|payment| {
        node.admit(payment).unwrap();
    });
    let flooded = room(&node);
    node.mine_best(4000);
    node.mine(Vec::new());
    assert!(room(&node) < flooded / 2, "{} of {flooded}", room(&node));
}
