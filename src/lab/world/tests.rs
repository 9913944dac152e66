//! What befalls connections, people who pay, and disks.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::{CrashKind, NodeSetup, Stage, Strategy, World};
use crate::lab::checkers::lost;
use crate::lab::clock::{MILLISECOND, MINUTE, SECOND};
use crate::lab::ground::{Ground, GroundOptions};
use crate::lab::links::Link;
use crate::lab::strangers::{Deeds, Mischief, Puppet, Villain};
use crate::protocol::{Draws, Message, PeerId};

fn world(seed: u64) -> World {
    World::new(Arc::new(Ground::new(&GroundOptions::default())), seed)
}

/// A world with one node that runs.
fn lone(seed: u64) -> World {
    let mut world = world(seed);
    let node = world.add(NodeSetup::default());
    world.start(node).unwrap();
    world
}

/// Two who are connected: who speaks, by what it calls the connection, and who listens.
fn pair(seed: u64) -> (World, usize, PeerId, usize) {
    let mut world = world(seed);
    let speaker = world.add_stranger(Box::new(Puppet::default()));
    let listener = world.add_stranger(Box::new(Puppet { listens: true, ..Puppet::default() }));
    let address = world.address(listener);
    world.act_as(speaker, |stage| stage.dial(address));
    world.run_for(SECOND);
    let peer = world.peers(speaker, listener)[0];
    (world, speaker, peer, listener)
}

fn say(world: &mut World, speaker: usize, peer: PeerId, number: u64) {
    world.act_as(speaker, |stage| stage.send(peer, &Message::Ping(number)));
}

fn heard(world: &World, listener: usize) -> Vec<u64> {
    let number = |message: &Message| match message {
        Message::Ping(number) => *number,
        other => panic!("{other:?}"),
    };
    world.stranger::<Puppet>(listener).unwrap().heard.iter().map(number).collect()
}

#[test]
fn what_a_closed_way_holds_up_comes_in_the_order_in_which_it_was_sent() {
    let (mut world, speaker, peer, listener) = pair(1);
    say(&mut world, speaker, peer, 1);
    let closed = world.close_ways(&[speaker], &[listener]);
    say(&mut world, speaker, peer, 2);
    world.act_as(speaker, |stage| stage.hang_up(peer));
    world.run_for(SECOND);
    assert!(heard(&world, listener).is_empty());
    world.open_ways(closed);
    world.run_for(MINUTE);
    assert_eq!(heard(&world, listener), [1, 2]);
    assert_eq!(world.stranger::<Puppet>(listener).unwrap().lost, 1);
}

#[test]
fn what_was_under_way_when_the_way_opened_does_not_overtake_what_was_held_up() {
    let (mut world, speaker, peer, listener) = pair(2);
    say(&mut world, speaker, peer, 1);
    world.run_for(30 * MILLISECOND);
    say(&mut world, speaker, peer, 2);
    world.run_for(10 * MILLISECOND);
    let closed = world.close_ways(&[speaker], &[listener]);
    world.run_for(20 * MILLISECOND);
    world.open_ways(closed);
    say(&mut world, speaker, peer, 3);
    world.run_for(MINUTE);
    assert_eq!(heard(&world, listener), [1, 2, 3]);
}

#[test]
fn nothing_is_lost_or_comes_out_of_order_however_ways_open_and_close() {
    for seed in 0..50 {
        let (mut world, speaker, peer, listener) = pair(seed);
        world.set_usual_link(Link {
            jitter: 40 * MILLISECOND,
            loss: 50_000,
            reorder: 50_000,
            ..Link::of_millis(50)
        });
        let (mut draws, mut closed, mut said) = (Draws::of(seed), None, 0);
        for _ in 0..100 {
            match draws.below(4) {
                0 => closed = closed.or_else(|| Some(world.close_ways(&[speaker], &[listener]))),
                1 => closed.take().into_iter().for_each(|number| world.open_ways(number)),
                _ => {
                    say(&mut world, speaker, peer, said);
                    said += 1;
                }
            }
            world.run_for(draws.below(100 * MILLISECOND));
        }
        world.open_all_ways();
        world.run_for(MINUTE);
        assert_eq!(heard(&world, listener), (0..said).collect::<Vec<_>>(), "{seed}");
    }
}

#[test]
fn who_sends_and_is_not_heard_loses_its_patience_though_something_was_under_way() {
    let (mut world, speaker, peer, listener) = pair(3);
    say(&mut world, speaker, peer, 1);
    world.close_ways(&[speaker], &[listener]);
    world.run_for(2 * MINUTE);
    assert_eq!(world.stranger::<Puppet>(speaker).unwrap().lost, 1);
}

/// Says something each second, or nothing at all.
struct Talks(bool);

impl Mischief for Talks {
    fn act(&mut self, stage: &mut Stage<'_>, peers: &[PeerId]) {
        peers.iter().filter(|_| self.0).for_each(|peer| stage.send(*peer, &Message::Ping(1)));
    }
}

fn villain(world: &mut World, talks: bool) -> Rc<RefCell<Deeds>> {
    let villain = Villain::new(Talks(talks), &[(0, world.address(0))]);
    let deeds = villain.deeds();
    world.add_stranger(Box::new(villain));
    deeds
}

#[test]
fn stranger_comes_back_to_a_node_that_lost_its_power_and_runs_again() {
    for (talks, takes) in [(true, MINUTE), (false, 7 * MINUTE)] {
        let mut world = lone(4);
        let deeds = villain(&mut world, talks);
        for round in 1..4 {
            world.run_for(MINUTE);
            assert_eq!((deeds.borrow().met, deeds.borrow().greeted), (round, 1), "{talks}");
            world.end(0, CrashKind::PowerLost);
            world.run_for(10 * SECOND);
            assert_eq!(deeds.borrow().lost, round - 1, "nobody has told it");
            world.start(0).unwrap();
            world.run_for(takes);
            assert_eq!((deeds.borrow().lost, deeds.borrow().greeted), (round, 1), "{talks}");
        }
    }
}

#[test]
fn who_speaks_to_a_node_without_power_loses_its_patience() {
    let mut world = lone(5);
    let deeds = villain(&mut world, true);
    world.run_for(MINUTE);
    world.end(0, CrashKind::PowerLost);
    world.run_for(50 * SECOND);
    assert_eq!((deeds.borrow().lost, deeds.borrow().greeted), (0, 1));
    world.run_for(20 * SECOND);
    assert_eq!((deeds.borrow().lost, deeds.borrow().greeted), (1, 0));
}

#[test]
fn another_rate_of_payments_counts_at_once() {
    let mut world = lone(6);
    let paid = |world: &World| world.users().map_or(0, |users| users.paid.len());
    world.set_users(0.0001, vec![0]);
    world.run_for(SECOND);
    world.set_users(5.0, vec![0]);
    world.run_for(20 * SECOND);
    let before = paid(&world);
    assert!((50..150).contains(&before), "{before}");
    world.set_users(0.0, vec![0]);
    world.run_for(MINUTE);
    assert_eq!(paid(&world), before);
    // What was drawn before does not count beside what is drawn now.
    (0..10).for_each(|_| world.set_users(1.0, vec![0]));
    world.run_for(MINUTE);
    let then = paid(&world) - before;
    assert!((30..100).contains(&then), "{then}");
}

#[test]
fn who_pays_by_hand_keeps_nobody_else_from_paying() {
    let mut world = lone(7);
    let ground = Arc::clone(world.ground());
    let [first, second, ..] = &ground.people[..] else { panic!("nobody is there") };
    world.bring_payment(0, first.pay(ground.params(), 0, second, 1, 20_000));
    world.set_users(1.0, vec![0]);
    world.run_for(MINUTE);
    assert!(world.users().unwrap().paid.len() > 20);
}

#[test]
fn power_is_lost_at_the_microsecond_at_which_it_is_lost() {
    let mut world = lone(8);
    world.run_until(SECOND + 1_500);
    world.end(0, CrashKind::PowerLost);
    assert!(world.lost_power_since(0, SECOND + 1_500));
    assert!(!world.lost_power_since(0, SECOND + 1_501));
}

#[test]
fn full_disk_stops_whoever_writes_only_payments_and_stays_full_without_power() {
    for kind in [CrashKind::Killed, CrashKind::PowerLost] {
        let mut world = lone(9);
        world.limit_disk(0, Some(0));
        world.end(0, kind);
        if world.start(0).is_ok() {
            world.set_users(1.0, vec![0]);
            world.run_for(MINUTE);
            assert!(world.node(0).stopped.is_some() && world.node(0).is_excused, "{kind:?}");
            world.end(0, CrashKind::Killed);
        }
        world.mend_disk(0);
        world.start(0).unwrap();
        world.run_for(MINUTE);
        assert_eq!(world.node(0).stopped, None);
    }
}

#[test]
fn power_fails_in_the_midst_of_writing_payments_down() {
    let mut world = lone(10);
    world.crash_soon(0, 3);
    world.set_users(1.0, vec![0]);
    world.run_for(MINUTE);
    assert!(!world.node(0).is_running() && world.node(0).lost_power.is_some());
    world.start(0).unwrap();
    world.run_for(MINUTE);
    assert!(world.node(0).is_running());
}

#[test]
fn failed_sync_stops_a_node_and_what_it_said_is_durable_outlives_what_follows() {
    let mut excused = 0;
    for seed in 0..20 {
        let mut world = lone(seed);
        world.add_miner(0, 4.0, Strategy::Honest);
        world.set_users(0.5, vec![0]);
        world.run_for(5 * MINUTE);
        world.fail_sync(0);
        world.run_for(2 * MINUTE);
        if world.node(0).stopped.is_some() {
            assert!(world.node(0).is_excused);
            excused += 1;
        }
        world.end(0, CrashKind::Killed);
        world.start(0).unwrap();
        assert_eq!(lost(&world, 0), None);
        world.run_for(2 * MINUTE);
        world.end(0, CrashKind::PowerLost);
        world.start(0).unwrap();
        assert_eq!(lost(&world, 0), None, "{seed}");
        assert!(world.node(0).acknowledged.len() > 10);
    }
    assert!(excused > 15, "{excused}");
}
