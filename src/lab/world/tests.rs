//! What befalls connections, people who pay, and disks.

use std::sync::Arc;

use super::{NodeSetup, World};
use crate::lab::clock::{MINUTE, SECOND};
use crate::lab::ground::{Ground, GroundOptions};

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
