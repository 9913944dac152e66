//! What a world does by itself: nodes find each other, mine, pay, and agree; and the same seed does the same.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use cairn::lab::strangers::Puppet;
use cairn::lab::{
    CrashKind, Ground, GroundOptions, HOUR, Happening, MINUTE, NodeSetup, SECOND, Strategy, World,
};
use cairn::protocol::{Hello, Message};

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

#[test]
fn who_watches_sees_every_message_and_changes_nothing() {
    let run = |is_watched| {
        let mut world = world(3, 9);
        let seen = Rc::new(Cell::new(0));
        if is_watched {
            let seen = Rc::clone(&seen);
            world.record.show_to(move |_, happening| {
                seen.set(seen.get() + u64::from(matches!(happening, Happening::Arrived { .. })));
            });
        }
        world.add_miner(1, 1.0, Strategy::Honest);
        world.run_for(10 * MINUTE);
        (world.digest(), world.record.messages, seen.get())
    };
    let (digest, messages, _) = run(false);
    assert!(messages > 10);
    assert_eq!(run(true), (digest, messages, messages));
}

#[test]
fn puppet_does_what_its_script_says_and_what_it_is_told() {
    let mut world = world(1, 10);
    let puppet = Puppet {
        script: Some(Box::new(|stage, peer, message| match message {
            Message::Hello(hello) => {
                stage.send(peer, &Message::Hello(Hello { port: None, ..hello.clone() }));
            }
            Message::Ping(number) => stage.send_in(SECOND, peer, &Message::Pong(*number)),
            _ => {}
        })),
        ..Puppet::default()
    };
    let (puppet, address) = (world.add_stranger(Box::new(puppet)), world.address(0));
    world.run_for(MINUTE);
    assert_eq!(world.connections(puppet, 0), 0, "it does nothing by itself");
    world.act_as(puppet, |stage| stage.dial(address));
    world.run_for(10 * MINUTE);
    let report = world.node(0).report().unwrap();
    assert_eq!(report.peers[0].ping.0, Some(1_100), "there and back, and a second between");
    let peers = world.peers(puppet, 0);
    assert_eq!(world.stranger::<Puppet>(puppet).unwrap().connections, peers);
    world.act_as(puppet, |stage| stage.hang_up(peers[0]));
    world.run_for(SECOND);
    assert_eq!(world.node(0).connections(), 0);
}
