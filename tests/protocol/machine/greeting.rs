//! How a connection begins, and who does not stay.

use cairn::codec::List;
use cairn::lab::{Link, MILLISECOND, MINUTE, SECOND};
use cairn::protocol::{Banned, Farewell, Hello, Message, Order, Versions};
use cairn::testkit::Theatre;
use cairn::types::TxHash;

/// A node that listens, and a puppet that has not connected.
fn one_and_puppet() -> (Theatre, usize, usize) {
    let mut world = Theatre::new(1);
    let node = world.add();
    world.run(node);
    let puppet = world.puppet();
    (world, node, puppet)
}

fn hello(message: &Message) -> Option<Hello> {
    match message {
        Message::Hello(hello) => Some(hello.clone()),
        _ => None,
    }
}

#[test]
fn first_word_is_a_hello_that_tells_of_the_tip() {
    let (mut world, node, puppet) = one_and_puppet();
    for _ in 0..3 {
        world.mine(node);
    }
    world.connect(puppet, node);
    world.run_for(SECOND);
    let heard = world.heard(puppet);
    let hello = hello(&heard[0]).expect("the first word");
    assert_eq!((Some(hello.tip), hello.height.0), (world.tip(node), 3));
    assert_eq!((hello.versions, hello.port), (Versions::OURS, Some(9333)));
    assert!(world.is_kept(puppet));
}

#[test]
fn nothing_but_a_hello_is_said_to_one_who_has_not_said_who_it_is() {
    let (mut world, node, puppet) = one_and_puppet();
    world.puppet_mut(puppet).hello = None;
    world.connect(puppet, node);
    world.run_for(2 * SECOND);
    let heard = world.heard(puppet);
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(hello(&heard[0]).is_some());
}

#[test]
fn who_speaks_no_version_of_ours_is_told_so_and_dropped() {
    for versions in [Versions { oldest: 2, newest: 9 }, Versions { oldest: 0, newest: 0 }] {
        let (mut world, node, puppet) = one_and_puppet();
        world.change_hello(puppet, |hello| hello.versions = versions);
        world.connect(puppet, node);
        world.run_for(SECOND);
        let Versions { oldest, newest } = versions;
        assert_eq!(world.farewells(node), [(puppet, Farewell::Versions { oldest, newest })]);
        assert!(!world.is_kept(puppet));
    }
}

#[test]
fn newer_node_that_also_speaks_our_version_stays() {
    let (mut world, node, puppet) = one_and_puppet();
    world.change_hello(puppet, |hello| hello.versions = Versions { oldest: 1, newest: 40 });
    world.connect(puppet, node);
    world.run_for(3 * SECOND);
    assert!(world.is_kept(puppet));
}

#[test]
fn second_hello_ends_it() {
    let (mut world, node, puppet) = one_and_puppet();
    world.connect(puppet, node);
    let hello = world.puppet_ref(puppet).hello.clone().unwrap();
    world.say(puppet, &Message::Hello(hello));
    world.run_for(SECOND);
    assert!(world.punished(node, puppet));
    assert!(!world.is_kept(puppet));
}

#[test]
fn anything_before_a_hello_ends_it() {
    let early = [
        Message::Ping(1),
        Message::GetAddresses(()),
        Message::GetPool(()),
        Message::Offer(List::new(vec![TxHash::ZERO]).unwrap()),
        Message::Pushes(1),
    ];
    for message in early {
        let (mut world, node, puppet) = one_and_puppet();
        world.puppet_mut(puppet).hello = None;
        world.connect(puppet, node);
        world.say(puppet, &message);
        world.run_for(SECOND);
        assert!(world.punished(node, puppet), "{message:?}");
    }
}

#[test]
fn who_does_not_say_hello_in_time_is_dropped() {
    let (mut world, node, puppet) = one_and_puppet();
    world.puppet_mut(puppet).hello = None;
    world.connect(puppet, node);
    world.run_for(4 * SECOND);
    assert!(world.is_kept(puppet), "there is some patience");
    world.run_for(2 * SECOND);
    assert_eq!(world.farewells(node), [(puppet, Farewell::Silent)]);
}

#[test]
fn node_that_dials_itself_notices_and_does_not_do_it_again() {
    let mut world = Theatre::new(2);
    let node = world.add();
    let address = world.address(node).to_string();
    world.node_mut(node).settings.bootstrap = vec![address];
    world.run(node);
    world.run_for(MINUTE);
    let ourselves = world.farewells(node).iter().filter(|(_, why)| *why == Farewell::Ourselves).count();
    assert!((1..=2).contains(&ourselves), "{:?}", world.farewells(node));
    assert_eq!(world.node(node).dials, 1);
    assert_eq!(world.connections(node, node), 0);
}

/// Two nodes that dial each other, the second so many milliseconds after the first.
fn two_that_dial_each_other(seed: u64, apart: u64) -> (Theatre, usize, usize) {
    let mut world = Theatre::new(seed);
    let (a, b) = (world.add(), world.add());
    world.set_usual_link(Link { jitter: 20 * MILLISECOND, ..Link::of_millis(50) });
    let [of_a, of_b] = [a, b].map(|node| world.address(node).to_string());
    world.only_connects_to(a, &[]);
    world.only_connects_to(b, &[]);
    world.run(a);
    world.run(b);
    world.order(a, Order::Add(of_b));
    world.run_for(apart * MILLISECOND);
    world.order(b, Order::Add(of_a));
    (world, a, b)
}

#[test]
fn two_who_dial_each_other_at_once_end_with_one_connection() {
    for seed in 0..20 {
        for apart in [0, 10, 60, 100, 120, 160, 200] {
            let (mut world, a, b) = two_that_dial_each_other(seed, apart);
            world.run_for(3 * SECOND);
            assert_eq!((world.connections(a, b), world.connections(b, a)), (1, 1), "{seed} {apart}");
            let near = world.peers(a, b)[0];
            let reports = [a, b].map(|node| world.node(node).report().unwrap());
            assert_eq!(reports[0].peers.len(), 1);
            assert_eq!(reports[1].peers.len(), 1);
            assert_eq!(reports[0].peers[0].met.peer, near);
            assert_ne!(reports[0].peers[0].met.side, reports[1].peers[0].met.side, "it is the same one");
            world.run_for(MINUTE);
            assert_eq!(world.peers(a, b), [near], "and it stays");
        }
    }
}

#[test]
fn who_dials_again_takes_the_place_of_its_lost_connection() {
    let (mut world, node, puppet) = one_and_puppet();
    world.connect(puppet, node);
    world.run_for(20 * SECOND);
    let first = world.puppet_ref(puppet).connections[0];
    world.dials(puppet, node);
    world.run_for(SECOND);
    assert_eq!(world.farewells(node), [(puppet, Farewell::Twice)]);
    assert_eq!(world.connections(node, puppet), 1);
    assert!(!world.puppet_ref(puppet).connections.contains(&first));
}

#[test]
fn banned_node_is_not_let_in_and_not_dialed() {
    let (mut world, node, puppet) = one_and_puppet();
    world.connect(puppet, node);
    let who = Banned::Node(world.node_id(puppet));
    world.order(node, Order::Ban(who, 600));
    world.run_for(SECOND);
    assert_eq!(world.farewells(node), [(puppet, Farewell::Banned)]);
    world.connect(puppet, node);
    world.run_for(SECOND);
    assert!(!world.is_kept(puppet));
    world.order(node, Order::Unban(who));
    world.connect(puppet, node);
    world.run_for(SECOND);
    assert!(world.is_kept(puppet));
}

#[test]
fn ban_ends_when_its_time_is_over_and_outlives_a_restart() {
    let (mut world, node, puppet) = one_and_puppet();
    let who = Banned::Address(world.address(puppet).ip());
    world.order(node, Order::Ban(who, 600));
    world.stop(node);
    world.run(node);
    world.connect(puppet, node);
    world.run_for(SECOND);
    assert!(!world.is_kept(puppet));
    world.run_for(10 * MINUTE);
    world.connect(puppet, node);
    world.run_for(SECOND);
    assert!(world.is_kept(puppet));
}
