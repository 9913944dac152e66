//! Whom a verdict is held against: whoever brought what was judged, and nobody else.

use cairn::codec::{List, encode};
use cairn::lab::{MILLISECOND, MINUTE, SECOND};
use cairn::protocol::{BlockBytes, Farewell, Message};
use cairn::testkit::theatre::honest;
use cairn::testkit::{Follower, Theatre};
use cairn::types::Block;

use super::stage::{at_once, chain, mainland, twisted};

/// A world that is no lab, a chain of 40 blocks, a node at its beginning that takes half a second for each block, and
/// somebody who answers any question for a block with the first header and another body.
fn lied_to(seed: u64) -> (Theatre, usize, usize, Follower) {
    let mut world = mainland(seed);
    let good = chain(&world, 40, 0);
    let node = world.add();
    world.only_connects_to(node, &[]);
    world.judges_in(node, 500 * MILLISECOND);
    world.run(node);
    let mut other = first(&good);
    other.coinbase.recipient = cairn::types::Address::from_bytes([9; 32]);
    let lie = Message::Block(BlockBytes::new(encode(&other)).unwrap());
    let script = twisted(Follower::new(&world.network), move |asked, honest| match asked {
        Message::GetCompact(_) => at_once(vec![lie.clone()]),
        _ => at_once(honest),
    });
    let below = Follower::new(&world.network);
    let liar = world.puppet_with(&below, script);
    world.connect(liar, node);
    let news = List::new(vec![first(&good).header]).unwrap();
    world.say(liar, &Message::News(news));
    world.run_for(100 * MILLISECOND);
    (world, node, liar, good)
}

fn first(chain: &Follower) -> Block {
    chain.branch().swap_remove(0)
}

#[test]
fn wrong_body_is_not_held_against_another_who_sent_the_right_one() {
    let (mut world, node, liar, good) = lied_to(41);
    let server = world.puppet_with(&good, honest(good.clone()));
    world.connect(server, node);
    assert!(world.waits_for(2 * MINUTE, |world| world.height(node) == 40));
    assert!(world.is_kept(server));
    assert!(world.punished(node, liar));
    assert_eq!(world.farewells(node).len(), 1, "{:?}", world.farewells(node));
}

#[test]
fn who_hangs_up_before_the_verdict_is_banned_all_the_same() {
    let (mut world, node, liar, _) = lied_to(42);
    assert_eq!(world.machine(node).bans().iter().count(), 0);
    world.leave(liar);
    world.run_for(5 * SECOND);
    assert_eq!(world.machine(node).bans().iter().count(), 2, "its address and itself");
    world.connect(liar, node);
    world.run_for(SECOND);
    assert!(world.farewells(node).contains(&(liar, Farewell::Banned)));
}
