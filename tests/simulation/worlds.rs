//! What a world does by itself: nodes find each other, mine, pay, and agree; and the same seed does the same.

use std::sync::Arc;

use cairn::lab::{CrashKind, Ground, GroundOptions, HOUR, MINUTE, NodeSetup, SECOND, Strategy, World};

/// A world of so many nodes that find each other through the first, with miners and people.
fn world(nodes: usize, seed: u64) -> World {
    let ground = Arc::new(Ground::new(&GroundOptions::default()));
    let mut world = World::new(ground, seed);
    for number in 0..nodes {
        let bootstrap = if number == 0 { Vec::new() } else { vec![world.address(0).to_string()] };
        let node = world.add(NodeSetup { bootstrap, ..NodeSetup::default() });
        world.start(node).unwrap();
    }
    world
}

#[test]
fn nodes_find_each_other_mine_pay_and_agree() {
    let mut world = world(6, 1);
    let nodes = world.nodes();
    for node in &nodes {
        world.add_miner(*node, 1.0 / 6.0, Strategy::Honest);
    }
    world.set_users(0.5, nodes.clone());
    world.run_for(HOUR);
    let blocks = world.record.found.len();
    assert!((30..100).contains(&blocks), "{blocks} blocks in an hour of one a minute");
    (0..nodes.len()).for_each(|miner| world.set_share(miner, 0.0));
    world.run_for(MINUTE);
    assert!(world.is_of_one_mind());
    for node in nodes {
        let reader = world.node(node).handle().unwrap().reader();
        assert!(reader.tip().height.0 as usize >= blocks - 5, "{:?}", reader.tip().height);
        assert!(world.node(node).punished.is_empty());
    }
    let users = world.users().unwrap();
    let admitted = users.paid.iter().filter(|paid| paid.admitted.is_some()).count();
    assert!(admitted > 1500 && users.refused < 20, "{admitted} of {}", users.paid.len());
}

#[test]
fn same_seed_does_the_same_and_another_does_something_else() {
    let digest = |seed| {
        let mut world = world(5, seed);
        world.add_miner(1, 0.5, Strategy::Honest);
        world.add_miner(2, 0.5, Strategy::Honest);
        world.set_users(0.5, world.nodes());
        world.run_for(10 * MINUTE);
        world.end(2, CrashKind::PowerLost);
        world.run_for(10 * SECOND);
        world.start(2).unwrap();
        world.run_for(20 * MINUTE);
        (world.digest(), world.events())
    };
    assert_eq!(digest(7), digest(7));
    assert_ne!(digest(7), digest(8));
}
