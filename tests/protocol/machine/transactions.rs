//! Transactions on their way from one pool to the others.

use std::collections::BTreeMap;

use cairn::codec::List;
use cairn::lab::{MILLISECOND, MINUTE, SECOND};
use cairn::protocol::{Farewell, Message};
use cairn::testkit::Theatre;
use cairn::testkit::theatre::Script;
use cairn::types::{Transaction, TxHash};

use super::stage::{count, mainland, payment};

fn offer(hash: TxHash) -> Message {
    Message::Offer(List::new(vec![hash]).unwrap())
}

/// Hands out this transaction to whoever asks, and answers pings.
fn hands_out(transaction: Transaction) -> Script {
    Box::new(move |message| match message {
        Message::GetTransactions(hashes) if hashes.contains(&transaction.hash()) => {
            vec![(0, Message::Transactions(List::new(vec![transaction.clone()]).unwrap()))]
        }
        Message::Ping(number) => vec![(0, Message::Pong(*number))],
        _ => Vec::new(),
    })
}

fn asked(message: &Message) -> Option<Vec<TxHash>> {
    match message {
        Message::GetTransactions(hashes) => Some(hashes.to_vec()),
        _ => None,
    }
}

#[test]
fn transactions_reach_everyone_and_each_is_fetched_once() {
    let mut world = Theatre::new(1);
    let nodes = world.add_found_by_first(8);
    world.run_for(20 * SECOND);
    let mut origin = BTreeMap::new();
    for round in 0..5 {
        for (at, node) in nodes.iter().enumerate() {
            let transaction = payment(&world, at, round);
            origin.insert(transaction.hash(), *node);
            world.bring_payment(*node, transaction);
            world.run_for(37 * MILLISECOND);
        }
    }
    world.run_for(5 * SECOND);
    for node in &nodes {
        assert_eq!(world.waiting(*node), 40, "{node}");
        let mut fetched: BTreeMap<TxHash, usize> = BTreeMap::new();
        for other in &nodes {
            for hash in world.sent(*node, *other, asked).into_iter().flatten() {
                *fetched.entry(hash).or_default() += 1;
            }
        }
        for (hash, origin) in &origin {
            let times = fetched.get(hash).copied().unwrap_or(0);
            assert_eq!(times, usize::from(origin != node), "{node} fetched {hash} {times} times");
        }
    }
}

#[test]
fn nobody_is_told_of_what_it_told_us() {
    let mut world = Theatre::new(2);
    let node = world.add();
    world.run(node);
    let transaction = payment(&world, 0, 0);
    let hash = transaction.hash();
    let puppet = world.puppet();
    world.set_script(puppet, hands_out(transaction));
    world.connect(puppet, node);
    world.say(puppet, &offer(hash));
    world.run_for(5 * SECOND);
    assert!(world.has(node, &hash));
    assert_eq!(count(&world, node, puppet, |message| matches!(message, Message::Offer(_))), 0);
}

/// A node, somebody who offers a transaction and does not send it, and somebody who does both.
fn announcer_and_sender(seed: u64) -> (Theatre, usize, usize, usize, TxHash) {
    let mut world = Theatre::new(seed);
    let node = world.add();
    world.run(node);
    let transaction = payment(&world, 0, 0);
    let hash = transaction.hash();
    let (announcer, sender) = (world.puppet(), world.puppet());
    world.set_script(sender, hands_out(transaction));
    world.connect(announcer, node);
    world.connect(sender, node);
    world.say(announcer, &offer(hash));
    world.run_for(200 * MILLISECOND);
    world.say(sender, &offer(hash));
    world.run_for(200 * MILLISECOND);
    assert!(!world.has(node, &hash));
    assert_eq!(world.sent(node, announcer, asked), [[hash]]);
    assert_eq!(count(&world, node, sender, |message| asked(message).is_some()), 0, "one at a time");
    (world, node, announcer, sender, hash)
}

#[test]
fn announcer_that_does_not_deliver_is_replaced_by_the_next() {
    let (mut world, node, announcer, sender, hash) = announcer_and_sender(3);
    world.run_for(2_500 * MILLISECOND);
    assert!(world.has(node, &hash));
    assert_eq!(world.sent(node, sender, asked), [[hash]]);
    assert!(world.is_kept(announcer), "it may have been mined there");
}

#[test]
fn announcer_that_leaves_is_replaced_at_once() {
    let (mut world, node, announcer, _, hash) = announcer_and_sender(4);
    world.leave(announcer);
    world.run_for(300 * MILLISECOND);
    assert!(world.has(node, &hash));
}

#[test]
fn answer_that_comes_late_is_no_offence() {
    let (mut world, node, announcer, _, hash) = announcer_and_sender(5);
    world.run_for(2_500 * MILLISECOND);
    assert!(world.has(node, &hash));
    let late = payment(&world, 0, 0);
    for _ in 0..2 {
        world.say(announcer, &Message::Transactions(List::new(vec![late.clone()]).unwrap()));
    }
    world.run_for(SECOND);
    assert!(world.is_kept(announcer));
}

#[test]
fn pools_are_exchanged_when_two_meet() {
    let mut world = Theatre::new(6);
    let (a, b) = (world.add(), world.add());
    for node in [a, b] {
        world.only_connects_to(node, &[]);
        world.run(node);
    }
    for nonce in 0..6 {
        for actor in 0..5 {
            let transaction = payment(&world, actor, nonce);
            world.bring_payment(a, transaction);
            let transaction = payment(&world, 5 + actor, nonce);
            world.bring_payment(b, transaction);
        }
    }
    world.stop(b);
    world.only_connects_to(b, &[a]);
    world.run_for(SECOND);
    world.run(b);
    world.run_for(5 * SECOND);
    assert_eq!((world.waiting(a), world.waiting(b)), (60, 60));
}

#[test]
fn what_was_refused_is_not_fetched_again() {
    let mut world = Theatre::new(7);
    let node = world.add();
    world.run(node);
    let mut broken = payment(&world, 0, 0);
    broken.witness.signatures = payment(&world, 1, 0).witness.signatures;
    let hash = broken.hash();
    let puppet = world.puppet();
    world.set_script(puppet, hands_out(broken.clone()));
    world.connect(puppet, node);
    world.say(puppet, &offer(hash));
    world.run_for(SECOND);
    let other = world.puppet();
    world.set_script(other, hands_out(broken));
    world.connect(other, node);
    world.say(other, &offer(hash));
    world.run_for(SECOND);
    assert_eq!(count(&world, node, other, |message| asked(message).is_some()), 0);
    assert!(world.is_kept(puppet), "once is not enough to go");
}

#[test]
fn who_sends_broken_transactions_again_and_again_has_to_go() {
    let mut world = Theatre::new(8);
    let node = world.add();
    world.run(node);
    let puppet = world.puppet();
    world.connect(puppet, node);
    for round in 0..4 {
        assert!(world.is_kept(puppet), "{round}");
        let mut broken = payment(&world, 0, round);
        broken.witness.signatures = payment(&world, 1, round).witness.signatures;
        world.say(puppet, &offer(broken.hash()));
        world.hears(puppet, asked);
        world.say(puppet, &Message::Transactions(List::new(vec![broken]).unwrap()));
        world.run_for(500 * MILLISECOND);
    }
    assert!(world.punished(node, puppet));
}

#[test]
fn transaction_that_comes_late_for_its_nonce_is_nobodys_fault() {
    let mut world = Theatre::new(9);
    let node = world.add();
    world.run(node);
    let puppet = world.puppet();
    world.connect(puppet, node);
    for nonce in 0..6 {
        let mined = payment(&world, 0, nonce);
        world.mine_with(node, vec![mined]);
        let to = &world.network.actors[3];
        let params = world.network.params();
        let rival = world.network.actors[0].pay(params, nonce, to, 5, 100_000);
        world.say(puppet, &offer(rival.hash()));
        world.hears(puppet, asked);
        world.say(puppet, &Message::Transactions(List::new(vec![rival]).unwrap()));
        world.run_for(500 * MILLISECOND);
    }
    assert!(world.is_kept(puppet));
}

/// Eight nodes of which each is connected to all others, where nobody is in a hurry.
fn stem_world(seed: u64) -> (Theatre, Vec<usize>) {
    let mut world = mainland(seed);
    let nodes: Vec<usize> = (0..8).map(|_| world.add()).collect();
    for node in &nodes {
        let before: Vec<usize> = nodes.iter().copied().filter(|other| other != node).take(3).collect();
        world.only_connects_to(*node, &before);
        world.run(*node);
    }
    world.run_for(MINUTE);
    (world, nodes)
}

#[test]
fn first_to_offer_a_transaction_is_seldom_the_one_it_comes_from() {
    let mut first_is_origin = 0;
    for seed in 0..20 {
        let (mut world, nodes) = stem_world(seed);
        let transaction = payment(&world, 0, 0);
        let hash = transaction.hash();
        let origin = nodes[5];
        world.forget_delivered();
        world.bring_payment(origin, transaction);
        let all_have = |world: &Theatre| nodes.iter().all(|node| world.has(*node, &hash));
        assert!(world.waits_for(5 * MINUTE, all_have), "it reaches everyone, {seed}");
        let delivered = world.delivered();
        let first = delivered.iter().find_map(|delivered| match &delivered.message {
            Some(Message::Offer(hashes)) if hashes.contains(&hash) => Some(delivered.from),
            _ => None,
        });
        let stems = delivered.iter().filter(|delivered| matches!(delivered.message, Some(Message::Stem(_))));
        assert_eq!(stems.map(|delivered| delivered.from).next(), Some(origin));
        first_is_origin += usize::from(first == Some(origin));
    }
    assert!(first_is_origin <= 8, "{first_is_origin} of 20");
}

/// A node whose only way out leads to a puppet, and another that is connected to the node.
fn black_hole(seed: u64) -> (Theatre, usize, usize, usize, TxHash) {
    let mut world = mainland(seed);
    let (origin, other) = (world.add(), world.add());
    let hole = world.puppet();
    world.let_listen(hole);
    world.only_connects_to(origin, &[hole]);
    world.only_connects_to(other, &[origin]);
    world.run(origin);
    world.run(other);
    world.run_for(20 * SECOND);
    assert!(world.is_connected(origin, hole) && world.is_connected(other, origin));
    let transaction = payment(&world, 0, 0);
    let hash = transaction.hash();
    world.bring_payment(origin, transaction);
    (world, origin, other, hole, hash)
}

#[test]
fn transaction_whose_stem_ends_in_nothing_is_offered_after_all() {
    let (mut world, origin, other, hole, hash) = black_hole(10);
    world.run_for(5 * SECOND);
    assert_eq!(count(&world, origin, hole, |message| matches!(message, Message::Stem(_))), 1);
    assert!(!world.has(other, &hash), "it is withheld for some seconds");
    assert!(world.waits_for(5 * MINUTE, |world| world.has(other, &hash)));
}

#[test]
fn what_is_on_its_stem_is_shown_to_nobody() {
    let (mut world, origin, _, _, hash) = black_hole(11);
    let spy = world.puppet();
    world.connect(spy, origin);
    world.say(spy, &Message::GetTransactions(List::new(vec![hash]).unwrap()));
    world.say(spy, &Message::GetPool(()));
    world.run_for(3 * SECOND);
    let is_told = |message: &Message| match message {
        Message::Transactions(_) => true,
        Message::Offer(hashes) => hashes.contains(&hash),
        _ => false,
    };
    assert_eq!(count(&world, origin, spy, is_told), 0);
}

#[test]
fn what_is_seen_in_the_open_is_withheld_no_longer() {
    let (mut world, origin, other, hole, hash) = black_hole(12);
    world.run_for(SECOND);
    world.say(hole, &offer(hash));
    world.run_for(3 * SECOND);
    assert!(world.has(other, &hash), "long before the embargo ends");
    assert!(world.farewells(origin).iter().all(|(_, why)| *why != Farewell::Silent));
}

#[test]
fn in_a_lab_nothing_takes_a_stem() {
    let mut world = Theatre::new(13);
    let nodes = world.add_line(3);
    world.run_for(5 * SECOND);
    let transaction = payment(&world, 0, 0);
    let hash = transaction.hash();
    world.bring_payment(nodes[0], transaction);
    world.run_for(SECOND);
    assert!(world.has(nodes[2], &hash));
    assert!(world.delivered().iter().all(|delivered| !matches!(delivered.message, Some(Message::Stem(_)))));
}
