//! Whether those who are connected are still there.

use cairn::lab::{Link, MILLISECOND, MINUTE, SECOND};
use cairn::protocol::{Farewell, Message};
use cairn::testkit::Theatre;

use super::stage::{count, mainland};

fn is_ping(message: &Message) -> bool {
    matches!(message, Message::Ping(_))
}

#[test]
fn who_answers_stays_and_how_long_it_takes_is_known() {
    let mut world = Theatre::new(1);
    world.set_usual_link(Link::of_millis(70));
    let nodes = world.add_line(2);
    world.run_for(MINUTE);
    for node in &nodes {
        let report = world.node(*node).report().unwrap();
        assert_eq!(report.peers[0].ping, (Some(140), Some(140)));
    }
    let pings = count(&world, nodes[0], nodes[1], is_ping);
    assert!((5..=7).contains(&pings), "{pings} in a minute");
}

#[test]
fn who_does_not_answer_is_dropped() {
    for (mut world, soon, late) in
        [(Theatre::new(2), 15 * SECOND, 25 * SECOND), (mainland(2), 25 * SECOND, 40 * SECOND)]
    {
        let node = world.add();
        world.run(node);
        let puppet = world.puppet();
        world.puppet_mut(puppet).script = None;
        world.connect(puppet, node);
        world.run_for(soon);
        assert!(world.is_kept(puppet));
        world.run_for(late - soon);
        assert_eq!(world.farewells(node), [(puppet, Farewell::Silent)]);
    }
}

#[test]
fn wrong_number_is_no_answer() {
    let mut world = Theatre::new(3);
    let node = world.add();
    world.run(node);
    let puppet = world.puppet();
    world.puppet_mut(puppet).script = None;
    world.connect(puppet, node);
    let number = world.hears(puppet, |message| match message {
        Message::Ping(number) => Some(*number),
        _ => None,
    });
    world.say(puppet, &Message::Pong(number + 1));
    world.run_for(30 * SECOND);
    assert_eq!(world.farewells(node), [(puppet, Farewell::Silent)]);
}

#[test]
fn connection_that_was_cut_is_noticed_on_both_sides_and_made_again() {
    for (mut world, millis, is_lab) in [(Theatre::new(4), 40_000, true), (mainland(4), 100_000, false)] {
        let nodes = world.add_line(2);
        world.run_for(5 * SECOND);
        world.cut(&[nodes[0]], &[nodes[1]]);
        world.run_for(millis * MILLISECOND);
        for (node, other) in [(0, 1), (1, 0)] {
            assert_eq!(world.node(nodes[node]).connections(), 0);
            // In a lab its port notices as soon as it does that nothing comes through any more.
            if !is_lab {
                assert_eq!(world.farewells(nodes[node]), [(nodes[other], Farewell::Silent)]);
            }
        }
        world.open_all_ways();
        assert!(world.waits_for(90 * SECOND, |world| world.is_connected(nodes[0], nodes[1])));
    }
}
