//! Whether those who are connected are still there.

use cairn::protocol::{Farewell, Message};
use cairn::testkit::World;
use cairn::testkit::world::Link;

use super::stage::{count, mainland};

fn is_ping(message: &Message) -> bool {
    matches!(message, Message::Ping(_))
}

#[test]
fn who_answers_stays_and_how_long_it_takes_is_known() {
    let mut world = World::new(1);
    world.usual_link = Link { delay: 70, jitter: 0 };
    let nodes = world.add_line(2);
    world.run_for(60_000);
    for node in &nodes {
        let report = world.node(*node).report(world.now());
        assert_eq!(report.peers[0].ping, (Some(140), Some(140)));
    }
    let pings = count(&world, nodes[0], nodes[1], is_ping);
    assert!((5..=7).contains(&pings), "{pings} in a minute");
}

#[test]
fn who_does_not_answer_is_dropped() {
    for (mut world, soon, late) in [(World::new(2), 15_000, 25_000), (mainland(2), 25_000, 40_000)] {
        let node = world.add();
        world.start(node);
        let puppet = world.puppet();
        world.puppet_mut(puppet).script = None;
        world.connect(puppet, node);
        world.run_for(soon);
        assert!(world.is_kept(puppet));
        world.run_for(late - soon);
        assert_eq!(world.node(node).farewells, [(puppet, Farewell::Silent)]);
    }
}

#[test]
fn wrong_number_is_no_answer() {
    let mut world = World::new(3);
    let node = world.add();
    world.start(node);
    let puppet = world.puppet();
    world.puppet_mut(puppet).script = None;
    world.connect(puppet, node);
    let number = world.hears(puppet, |message| match message {
        Message::Ping(number) => Some(*number),
        _ => None,
    });
    world.say(puppet, &Message::Pong(number + 1));
    world.run_for(30_000);
    assert_eq!(world.node(node).farewells, [(puppet, Farewell::Silent)]);
}

#[test]
fn connection_that_was_cut_is_noticed_on_both_sides_and_made_again() {
    let mut world = World::new(4);
    let nodes = world.add_line(2);
    world.run_for(5_000);
    world.cut(nodes[0], nodes[1]);
    world.run_for(40_000);
    assert!(!world.is_connected(nodes[0], nodes[1]));
    for (node, other) in [(0, 1), (1, 0)] {
        let why = &world.node(nodes[node]).farewells;
        assert_eq!(*why, [(nodes[other], Farewell::Silent)]);
    }
    world.heal();
    assert!(world.run_until(15_000, |world| world.is_connected(nodes[0], nodes[1])));
}
