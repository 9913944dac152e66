//! New blocks on their way through a network.

use cairn::codec::List;
use cairn::lab::{MILLISECOND, MINUTE, SECOND};
use cairn::node::{BlockVerdict, Verdict};
use cairn::protocol::{Compact, Farewell, Message};
use cairn::testkit::theatre::{Script, honest};
use cairn::testkit::{Follower, Theatre};
use cairn::types::{Block, StateRoot};

use super::parts::{asks_blocks, asks_parts, pushed};
use super::stage::{block_on, chain, count, draft_on, payment};

fn is_compact(message: &Message) -> bool {
    matches!(message, Message::Compact(_))
}

#[test]
fn block_crosses_a_line_before_anybody_has_checked_it() {
    let mut world = Theatre::new(1);
    let nodes = world.add_line(6);
    world.run_for(5 * SECOND);
    for node in &nodes[1..] {
        world.judges_in(*node, SECOND);
    }
    let began = world.elapsed();
    let hash = world.mine(nodes[0]);
    world.run_for(250 * MILLISECOND);
    assert_eq!(count(&world, nodes[4], nodes[5], is_compact), 1, "five hops in the time of five hops");
    assert_ne!(world.tip(nodes[1]), Some(hash), "when even the first has not checked it");
    assert!(world.waits_for(2 * SECOND, |world| world.is_of_one_mind()));
    assert_eq!(world.elapsed() - began, 250 * MILLISECOND + SECOND);
}

#[test]
fn blocks_follow_each_other_before_anybody_has_checked_the_first() {
    let mut world = Theatre::new(2);
    let nodes = world.add_line(4);
    world.run_for(5 * SECOND);
    for node in &nodes[1..] {
        world.judges_in(*node, SECOND);
    }
    (0..5).for_each(|_| {
        world.mine(nodes[0]);
        world.run_for(20 * MILLISECOND);
    });
    world.run_for(150 * MILLISECOND);
    assert_eq!(count(&world, nodes[2], nodes[3], is_compact), 5);
    assert!(world.waits_for(10 * SECOND, |world| world.is_of_one_mind()));
    assert_eq!(world.height(nodes[3]), 5);
}

#[test]
fn transactions_that_all_have_are_not_sent_again() {
    let mut world = Theatre::new(3);
    let nodes = world.add_line(3);
    world.run_for(5 * SECOND);
    for actor in 0..5 {
        let transaction = payment(&world, actor, 0);
        world.bring_payment(nodes[0], transaction);
    }
    world.run_for(5 * SECOND);
    assert_eq!(world.waiting(nodes[2]), 5);
    let hash = world.mine(nodes[0]);
    world.run_for(SECOND);
    assert_eq!(world.tips(), [hash; 3]);
    assert_eq!(world.mined_in(nodes[2], &hash), 5);
    assert_eq!(count(&world, nodes[1], nodes[0], asks_parts), 0);
    assert!(world.waiting(nodes[2]) == 0, "what is mined waits no longer");
}

#[test]
fn transactions_that_are_missing_are_asked_for_and_nothing_else() {
    let mut world = Theatre::new(4);
    let nodes = world.add_line(3);
    world.run_for(5 * SECOND);
    let known = payment(&world, 0, 0);
    world.bring_payment(nodes[0], known.clone());
    world.run_for(5 * SECOND);
    let block = vec![payment(&world, 1, 0), known, payment(&world, 2, 0)];
    let hash = world.mine_with(nodes[0], block);
    world.run_for(SECOND);
    assert_eq!(world.tips(), [hash; 3]);
    for (from, to) in [(nodes[1], nodes[0]), (nodes[2], nodes[1])] {
        let asked = world.sent(from, to, |message| match message {
            Message::GetParts(asked) => Some(asked.places.to_vec()),
            _ => None,
        });
        assert_eq!(asked, [[0, 2]]);
        assert_eq!(count(&world, from, to, asks_blocks), 0);
    }
}

/// A block whose work is done and that nobody can follow.
fn no_good(below: &Follower) -> Block {
    let mut draft = draft_on(below, Vec::new());
    draft.commitments.state = StateRoot::ZERO;
    draft.mine(below.params())
}

#[test]
fn invalid_block_is_held_against_nobody_who_could_not_know() {
    let mut world = Theatre::new(11);
    let nodes = world.add_line(3);
    world.run_for(5 * SECOND);
    for node in &nodes {
        world.judges_in(*node, 500 * MILLISECOND);
    }
    let below = Follower::new(&world.network);
    let puppet = world.puppet_with(&below, honest(below.clone()));
    world.connect(puppet, nodes[0]);
    world.run_for(SECOND);
    let block = no_good(&below);
    world.say(puppet, &Message::from(Compact::of(&block)));
    world.run_for(5 * SECOND);
    for node in &nodes {
        assert!(
            world.judged(*node).iter().any(|(_, verdict)| verdict.is_err()),
            "{node} saw it, and refused it"
        );
        let farewells = world.farewells(*node);
        assert!(farewells.iter().all(|(_, why)| *why == Farewell::Twice), "{farewells:?}");
        assert_eq!(world.height(*node), 0);
    }
    assert_eq!(count(&world, nodes[1], nodes[2], is_compact), 1, "it is passed on once");
    let hash = world.mine(nodes[2]);
    assert!(world.waits_for(5 * SECOND, |world| world.tips() == [hash; 3]));
}

#[test]
fn who_stands_on_a_block_that_was_refused_has_to_go() {
    let mut world = Theatre::new(12);
    let node = world.add();
    world.run(node);
    let below = Follower::new(&world.network);
    let puppet = world.puppet_with(&below, honest(below.clone()));
    world.connect(puppet, node);
    let block = no_good(&below);
    world.say(puppet, &Message::from(Compact::of(&block)));
    world.run_for(SECOND);
    assert!(world.is_kept(puppet));
    let mut next = block_on(&below, Vec::new());
    next.header.previous = block.header.hash();
    cairn::testkit::remine(&mut next, below.params());
    world.say(puppet, &Message::from(Compact::of(&next)));
    world.run_for(30 * SECOND);
    assert_eq!(world.height(node), 0);
    assert_eq!(world.judged(node).len(), 1, "it is not even looked at");
}

#[test]
fn compact_block_without_its_work_ends_it() {
    let (mut world, node, puppet, block) = pushed(13, honest);
    let mut compact = Compact::of(&block);
    compact.header.bits.0 = 0x1f00_ffff;
    world.say(puppet, &Message::from(compact));
    world.run_for(SECOND);
    assert!(world.punished(node, puppet));
}

#[test]
fn burst_of_a_thousand_blocks_reaches_everyone_in_order() {
    let mut world = Theatre::new(14);
    let nodes = world.add_found_by_first(5);
    world.run_for(20 * SECOND);
    (0..1_000).for_each(|_| {
        world.mine(nodes[0]);
    });
    assert!(world.waits_for(MINUTE, |world| world.is_of_one_mind()), "{:?}", heights(&world));
    for node in &nodes {
        assert_eq!(world.height(*node), 1_000);
        let is_orphan = |(_, verdict): &(_, BlockVerdict)| matches!(verdict, Ok(Verdict::Orphan { .. }));
        assert!(!world.judged(*node).iter().any(is_orphan), "{node}");
        let farewells = world.farewells(*node);
        assert!(farewells.iter().all(|(_, why)| *why == Farewell::Twice), "{farewells:?}");
    }
}

#[test]
fn gap_in_a_burst_is_asked_for_however_much_was_told_since() {
    // It is told of late, when more orphans came than are kept; or not at all.
    for (count, late) in [(350, Some(SECOND)), (51, None)] {
        let mut world = Theatre::new(41);
        let node = world.add();
        world.run(node);
        world.judges_in(node, 30 * MILLISECOND);
        let above = chain(&world, count, 1);
        let mut truth = honest(above.clone());
        let script: Script = Box::new(move |message| match (message, late) {
            (Message::GetCompact(_), None) => Vec::new(),
            (Message::GetCompact(_), Some(late)) => {
                truth(message).into_iter().map(|(_, said)| (late, said)).collect()
            }
            _ => truth(message),
        });
        let puppet = world.puppet_with(&Follower::new(&world.network), script);
        world.connect(puppet, node);
        world.run_for(SECOND);
        for (at, block) in above.branch().iter().enumerate() {
            let told = match at {
                50 => Message::News(List::new(vec![block.header]).unwrap()),
                _ => Message::from(Compact::of(block)),
            };
            world.say(puppet, &told);
        }
        assert!(
            world.waits_for(MINUTE, |world| world.height(node) == count),
            "{} of {count}",
            world.height(node)
        );
    }
}

#[test]
fn burst_of_a_thousand_blocks_crosses_a_line() {
    let mut world = Theatre::new(15);
    let nodes = world.add_line(5);
    world.run_for(20 * SECOND);
    for _ in 0..100 {
        (0..10).for_each(|_| {
            world.mine(nodes[0]);
        });
        world.run_for(30 * MILLISECOND);
    }
    assert!(world.waits_for(MINUTE, |world| world.is_of_one_mind()), "{:?}", heights(&world));
    assert_eq!(world.height(nodes[4]), 1_000);
    assert!(nodes.iter().all(|node| world.farewells(*node).is_empty()));
}

fn heights(world: &Theatre) -> Vec<u32> {
    world.nodes().into_iter().map(|node| world.height(node)).collect()
}

#[test]
fn block_is_pushed_to_those_who_want_it_and_told_to_the_others() {
    let mut world = Theatre::new(16);
    let node = world.add();
    world.only_connects_to(node, &[]);
    world.run(node);
    let [pushed, told] = [0, 1].map(|_| {
        let puppet = world.puppet();
        world.connect(puppet, node);
        puppet
    });
    world.say(pushed, &Message::Pushes(1));
    world.say(told, &Message::Pushes(1));
    world.say(told, &Message::Pushes(0));
    world.run_for(SECOND);
    let hash = world.mine(node);
    world.run_for(SECOND);
    let compact = world.sent(node, pushed, |message| match message {
        Message::Compact(compact) => Some(compact.header.hash()),
        Message::News(_) => panic!("it has it"),
        _ => None,
    });
    let news = world.sent(node, told, |message| match message {
        Message::News(headers) => Some(headers.iter().map(cairn::types::Header::hash).collect::<Vec<_>>()),
        Message::Compact(_) => panic!("it does not want it"),
        _ => None,
    });
    assert_eq!((compact, news), (vec![hash], vec![vec![hash]]));
}

#[test]
fn new_block_of_a_stranger_is_not_told_back_to_it() {
    let (mut world, node, puppet, block) = pushed(17, honest);
    world.say(puppet, &Message::from(Compact::of(&block)));
    world.run_for(5 * SECOND);
    assert_eq!(world.tip(node), Some(block.header.hash()));
    let is_told = |message: &Message| matches!(message, Message::News(_) | Message::Compact(_));
    assert_eq!(count(&world, node, puppet, is_told), 0);
}

#[test]
fn reorganization_is_told_with_the_headers_that_are_new() {
    let mut world = Theatre::new(18);
    let light = chain(&world, 3, 1);
    let heavy = chain(&world, 5, 2);
    let node = world.add_with(&light);
    world.only_connects_to(node, &[]);
    world.run(node);
    let puppet = world.puppet_with(&light, honest(light.clone()));
    world.connect(puppet, node);
    world.run_for(SECOND);
    let branch = heavy.branch();
    for block in &branch {
        world.bring_block(node, block.clone());
    }
    world.run_for(SECOND);
    let told: Vec<usize> = world.sent(node, puppet, |message| match message {
        Message::News(headers) => Some(headers.len()),
        _ => None,
    });
    assert_eq!(told.iter().sum::<usize>(), 5);
}
