//! How nodes find each other.

use std::net::SocketAddr;

use cairn::lab::{HOUR, Link, MILLISECOND, MINUTE, SECOND};
use cairn::protocol::{Farewell, Order, Side};
use cairn::testkit::Theatre;

use super::stage::mainland;

fn knows_all(world: &Theatre, nodes: &[usize]) -> bool {
    nodes.iter().all(|node| {
        let book = world.machine(*node).book();
        nodes.iter().filter(|other| *other != node).all(|other| book.find(world.address(*other)).is_some())
    })
}

#[test]
fn eight_nodes_that_know_one_address_know_each_other_within_seconds() {
    let mut world = Theatre::new(3);
    let nodes = world.add_found_by_first(8);
    assert!(world.waits_for(10 * SECOND, |world| knows_all(world, &[0, 1, 2, 3, 4, 5, 6, 7])));
    world.run_for(20 * SECOND);
    for a in &nodes {
        let connected = nodes.iter().filter(|b| world.is_connected(*a, **b)).count();
        assert_eq!(connected, 7, "{a} is connected to all others");
        assert!(nodes.iter().all(|b| world.connections(*a, *b) <= 1), "and to none of them twice");
    }
}

#[test]
fn node_finds_its_bootstrap_when_that_comes_up() {
    let mut world = Theatre::new(4);
    let (early, late) = (world.add(), world.add());
    let address = world.address(late);
    world.set_name("seed.example:9333", vec![address]);
    world.node_mut(early).settings.bootstrap = vec!["seed.example:9333".to_owned()];
    world.run(early);
    world.run_for(10 * MINUTE);
    let dials = world.node(early).dials;
    assert!((10..=200).contains(&dials), "it tries again and again, but not all the time: {dials}");
    world.run(late);
    assert!(world.waits_for(15 * SECOND, |world| world.is_connected(0, 1)));
}

#[test]
fn name_that_stands_for_nothing_yet_is_asked_for_again() {
    let mut world = Theatre::new(5);
    let (early, late) = (world.add(), world.add());
    world.node_mut(early).settings.bootstrap = vec!["seed.example:9333".to_owned()];
    world.run(early);
    world.run(late);
    world.run_for(MINUTE);
    assert!(!world.is_connected(early, late));
    let address = world.address(late);
    world.set_name("seed.example:9333", vec![address]);
    assert!(world.waits_for(15 * SECOND, |world| world.is_connected(0, 1)));
}

#[test]
fn node_that_starts_again_without_its_bootstrap_finds_those_it_knew() {
    let mut world = Theatre::new(6);
    let nodes = world.add_found_by_first(4);
    world.run_for(30 * SECOND);
    world.stop(nodes[3]);
    world.stop(nodes[0]);
    world.run_for(MINUTE);
    world.run(nodes[3]);
    assert!(world.waits_for(30 * SECOND, |world| world.is_connected(3, 1) && world.is_connected(3, 2)));
}

/// Where the connections lead that a node made, the oldest first.
fn made(world: &Theatre, node: usize) -> Vec<SocketAddr> {
    let mut peers = world.node(node).report().unwrap().peers;
    peers.retain(|peer| peer.met.side == Side::Dialer);
    peers.sort_by_key(|peer| (std::cmp::Reverse(peer.seconds), peer.met.address));
    peers.into_iter().map(|peer| peer.met.address).collect()
}

#[test]
fn node_that_is_killed_comes_back_to_those_it_was_connected_to_for_longest() {
    let mut world = mainland(12);
    let nodes = world.add_found_by_first(30);
    world.run_for(5 * MINUTE);
    for node in [7, 17, 27].map(|at| nodes[at]) {
        let before = made(&world, node);
        assert_eq!(before.len(), 8);
        world.kill(node);
        world.node_mut(node).settings.bootstrap.clear();
        world.run_for(30 * SECOND);
        world.run(node);
        world.run_for(900 * MILLISECOND);
        // It dials twice in a second.
        assert_eq!(made(&world, node), before[..2]);
    }
}

#[test]
fn network_whose_middle_disappears_stays_connected() {
    let mut world = Theatre::new(7);
    let nodes = world.add_found_by_first(6);
    world.run_for(30 * SECOND);
    world.kill(nodes[0]);
    world.run_for(10 * SECOND);
    let hash = world.mine(nodes[1]);
    world.run_for(10 * SECOND);
    for node in &nodes[1..] {
        assert_eq!(world.tip(*node), Some(hash));
    }
}

#[test]
fn ten_nodes_at_rest_hardly_ever_wake() {
    let mut world = Theatre::new(8);
    let nodes = world.add_found_by_first(10);
    world.run_for(2 * MINUTE);
    let before: Vec<u64> = nodes.iter().map(|node| world.node(*node).wakes).collect();
    world.forget_delivered();
    world.run_for(HOUR);
    for (node, before) in nodes.iter().zip(before) {
        let wakes = world.node(*node).wakes - before;
        // A lab's pings go out every ten seconds and its questions for addresses every minute, for each of nine peers.
        assert!(wakes < 3_000, "{node} woke {wakes} times in an hour");
    }
    assert!(world.delivered().len() < 10 * 9 * 1000, "{} messages", world.delivered().len());
}

#[test]
fn lonely_node_does_not_wake_all_the_time() {
    let mut world = Theatre::new(9);
    let node = world.add();
    let dead = "10.9.9.9:9333".to_owned();
    world.node_mut(node).settings.bootstrap = vec![dead];
    world.run(node);
    world.run_for(HOUR);
    let (wakes, dials) = (world.node(node).wakes, world.node(node).dials);
    assert!(wakes < 1_500, "{wakes} wakes");
    assert!(dials < 1_000, "{dials} dials");
}

#[test]
fn place_that_an_operator_adds_is_connected_to_until_it_is_removed() {
    let mut world = Theatre::new(11);
    let (node, other) = (world.add(), world.add());
    for node in [node, other] {
        world.only_connects_to(node, &[]);
        world.run(node);
    }
    let name = world.address(other).to_string();
    world.order(node, Order::Add(name.clone()));
    assert!(world.waits_for(2 * SECOND, |world| world.is_connected(node, other)));
    world.kill(other);
    world.run_for(30 * SECOND);
    world.run(other);
    assert!(world.waits_for(10 * SECOND, |world| world.is_connected(node, other)));
    world.order(node, Order::Remove(name));
    world.run_for(MINUTE);
    assert!(!world.is_connected(node, other));
    assert_eq!(world.farewells(node), [(other, Farewell::Ordered)]);
}

#[test]
fn same_seed_makes_the_same_world() {
    let digest = |seed| {
        let mut world = Theatre::new(seed);
        world.set_usual_link(Link { jitter: 40 * MILLISECOND, ..Link::of_millis(30) });
        let nodes = world.add_found_by_first(5);
        world.run_for(5 * SECOND);
        for node in nodes {
            world.mine(node);
            world.run_for(700 * MILLISECOND);
        }
        world.run_for(5 * SECOND);
        (world.digest(), world.tips(), world.delivered().len())
    };
    assert_eq!(digest(10), digest(10));
    assert_ne!(digest(10).0, digest(11).0);
}
