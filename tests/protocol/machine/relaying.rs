//! New blocks on their way through a network.

use cairn::codec::{List, encode};
use cairn::protocol::{BlockBytes, Compact, Farewell, JudgedBlock, Message, Namer, Parts};
use cairn::testkit::world::{Script, honest};
use cairn::testkit::{Follower, World};
use cairn::types::{Block, StateRoot};

use super::old_stage::{at_once, block_on, chain, count, draft_on, payment, sent, twisted};

fn asks_parts(message: &Message) -> bool {
    matches!(message, Message::GetParts(_))
}

fn asks_blocks(message: &Message) -> bool {
    matches!(message, Message::GetBlocks(_))
}

fn is_compact(message: &Message) -> bool {
    matches!(message, Message::Compact(_))
}

#[test]
fn block_crosses_a_line_before_anybody_has_checked_it() {
    let mut world = World::new(1);
    let nodes = world.add_line(6);
    world.run_for(5_000);
    for node in &nodes {
        world.node_mut(*node).judging_millis = 1_000;
    }
    let began = world.millis();
    let hash = world.mine(nodes[0]);
    world.run_for(5 * 50);
    assert_eq!(count(&world, nodes[4], nodes[5], is_compact), 1, "five hops in the time of five hops");
    assert_ne!(world.node(nodes[1]).tip(), hash, "when even the first has not checked it");
    assert!(world.run_until(2_000, World::is_of_one_mind));
    assert_eq!(world.millis() - began, 5 * 50 + 1_000);
}

#[test]
fn blocks_follow_each_other_before_anybody_has_checked_the_first() {
    let mut world = World::new(2);
    let nodes = world.add_line(4);
    world.run_for(5_000);
    for node in &nodes {
        world.node_mut(*node).judging_millis = 1_000;
    }
    (0..5).for_each(|_| {
        world.mine(nodes[0]);
        world.run_for(20);
    });
    world.run_for(3 * 50);
    assert_eq!(count(&world, nodes[2], nodes[3], is_compact), 5);
    assert!(world.run_until(10_000, World::is_of_one_mind));
    assert_eq!(world.node(nodes[3]).height(), 5);
}

#[test]
fn transactions_that_all_have_are_not_sent_again() {
    let mut world = World::new(3);
    let nodes = world.add_line(3);
    world.run_for(5_000);
    for actor in 0..5 {
        let transaction = payment(&world, actor, 0);
        world.send(nodes[0], transaction);
    }
    world.run_for(5_000);
    assert_eq!(world.node(nodes[2]).pool.len(), 5);
    let hash = world.mine(nodes[0]);
    world.run_for(1_000);
    assert_eq!(world.tips(), [hash; 3]);
    assert_eq!(world.node(nodes[2]).follower.block(&hash).block().transactions.len(), 5);
    assert_eq!(count(&world, nodes[1], nodes[0], asks_parts), 0);
    assert!(world.node(nodes[2]).pool.is_empty(), "what is mined waits no longer");
}

#[test]
fn transactions_that_are_missing_are_asked_for_and_nothing_else() {
    let mut world = World::new(4);
    let nodes = world.add_line(3);
    world.run_for(5_000);
    let known = payment(&world, 0, 0);
    world.send(nodes[0], known.clone());
    world.run_for(5_000);
    let block = vec![payment(&world, 1, 0), known, payment(&world, 2, 0)];
    let hash = world.mine_with(nodes[0], block);
    world.run_for(1_000);
    assert_eq!(world.tips(), [hash; 3]);
    for (from, to) in [(nodes[1], nodes[0]), (nodes[2], nodes[1])] {
        let asked = sent(&world, from, to, |message| match message {
            Message::GetParts(asked) => Some(asked.places.to_vec()),
            _ => None,
        });
        assert_eq!(asked, [[0, 2]]);
        assert_eq!(count(&world, from, to, asks_blocks), 0);
    }
}

/// A node, what a puppet has beyond it, one block with two payments that the node lacks, and the puppet with its script.
fn pushed(seed: u64, script: impl FnOnce(Follower) -> Script) -> (World, usize, usize, Block) {
    let mut world = World::new(seed);
    let node = world.add();
    world.only_connects_to(node, &[]);
    world.start(node);
    let below = Follower::new(&world.network);
    let block = block_on(&below, vec![payment(&world, 0, 0), payment(&world, 1, 0)]);
    let mut above = below.clone();
    above.submit(block.clone()).unwrap();
    let puppet = world.puppet_with(&below, script(above));
    world.connect(puppet, node);
    world.run_for(1_000);
    (world, node, puppet, block)
}

#[test]
fn wrong_parts_make_the_whole_block_be_asked_for() {
    let wrong = |world: &World| vec![payment(world, 5, 0), payment(world, 6, 0)];
    let few = |world: &World| vec![payment(world, 5, 0)];
    for parts in [wrong(&World::new(0)), few(&World::new(0))] {
        let (mut world, node, puppet, block) = pushed(5, |above| {
            twisted(above, move |asked, honest| match asked {
                Message::GetParts(asked) => {
                    let transactions = List::new(parts.clone()).unwrap();
                    at_once(vec![Message::Parts(Parts { block: asked.block, transactions })])
                }
                _ => at_once(honest),
            })
        });
        world.say(puppet, &Message::Compact(Compact::of(&block)));
        world.run_for(1_000);
        assert_eq!(world.node(node).tip(), block.header.hash());
        assert_eq!(count(&world, node, puppet, asks_blocks), 1);
        assert!(world.is_kept(puppet), "two may have one name, which is nobody's fault");
    }
}

#[test]
fn names_that_stand_for_others_make_the_whole_block_be_asked_for() {
    let (mut world, node, puppet, block) = pushed(6, honest);
    let other = payment(&world, 7, 0);
    world.send(node, other.clone());
    let mut compact = Compact::of(&block);
    let mut names = compact.names.clone().into_vec();
    names[1] = Namer::new(&block.header).name(&other.hash());
    compact.names = List::new(names).unwrap();
    world.say(puppet, &Message::Compact(compact));
    world.run_for(1_000);
    assert_eq!(world.node(node).tip(), block.header.hash());
    assert_eq!(count(&world, node, puppet, asks_blocks), 1);
    assert!(world.is_kept(puppet));
}

#[test]
fn names_that_lie_are_not_passed_on() {
    let mut world = World::new(22);
    let nodes = world.add_line(2);
    let below = Follower::new(&world.network);
    let block = block_on(&below, vec![payment(&world, 0, 0), payment(&world, 1, 0)]);
    let mut above = below.clone();
    above.submit(block.clone()).unwrap();
    let liar = world.puppet_with(&below, honest(above));
    world.connect(liar, nodes[0]);
    world.run_for(5_000);
    let mut compact = Compact::of(&block);
    let namer = Namer::new(&block.header);
    let lies = [payment(&world, 5, 0), payment(&world, 6, 0)].map(|other| namer.name(&other.hash()));
    compact.names = List::new(lies.to_vec()).unwrap();
    world.say(liar, &Message::Compact(compact));
    assert!(world.run_until(5_000, World::is_of_one_mind));
    world.run_for(1_000);
    assert_eq!(world.node(nodes[1]).tip(), block.header.hash());
    let told = sent(&world, nodes[0], nodes[1], |message| match message {
        Message::Compact(compact) => Some(compact.names.clone()),
        _ => None,
    });
    assert!(told.iter().all(|names| *names == Compact::of(&block).names), "{told:?}");
}

#[test]
fn many_who_keep_parts_to_themselves_do_not_keep_a_block_from_us() {
    let (mut world, node, first, block) = pushed(23, |above| {
        twisted(above, |asked, honest| match asked {
            Message::Ping(_) => at_once(honest),
            _ => Vec::new(),
        })
    });
    let below = Follower::new(&world.network);
    let mut withholders = vec![first];
    for _ in 0..20 {
        let withholder = world.puppet();
        world.connect(withholder, node);
        withholders.push(withholder);
    }
    for withholder in &withholders {
        world.say(*withholder, &Message::Compact(Compact::of(&block)));
        world.run_for(1);
    }
    let mut above = below.clone();
    above.submit(block.clone()).unwrap();
    let good = world.puppet_with(&below, honest(above));
    world.connect(good, node);
    world.say(good, &Message::News(List::new(vec![block.header]).unwrap()));
    assert!(world.run_until(10_000, |world| world.node(node).tip() == block.header.hash()));
}

#[test]
fn who_keeps_parts_to_itself_is_replaced_by_another_who_has_the_block() {
    let (mut world, node, withholder, block) = pushed(7, |above| {
        twisted(above, |asked, honest| match asked {
            Message::GetParts(_) => Vec::new(),
            _ => at_once(honest),
        })
    });
    let mut above = Follower::new(&world.network);
    above.submit(block.clone()).unwrap();
    let other = world.puppet_with(&Follower::new(&world.network), honest(above));
    world.connect(other, node);
    world.say(withholder, &Message::Compact(Compact::of(&block)));
    world.run_for(200);
    world.say(other, &Message::Compact(Compact::of(&block)));
    world.run_for(3_000);
    assert_eq!(world.node(node).tip(), block.header.hash());
    assert_eq!(count(&world, node, other, asks_parts), 1);
    assert!(world.is_kept(withholder));
}

#[test]
fn names_for_which_there_is_nothing_hold_up_no_block_that_another_names_truly() {
    let (mut world, node, liar, block) = pushed(24, |above| {
        twisted(above, |asked, honest| match asked {
            Message::GetParts(_) => Vec::new(),
            _ => at_once(honest),
        })
    });
    for transaction in &block.transactions {
        world.send(node, transaction.clone());
    }
    let mut above = Follower::new(&world.network);
    above.submit(block.clone()).unwrap();
    let other = world.puppet_with(&Follower::new(&world.network), honest(above));
    world.connect(other, node);
    world.run_for(1_000);
    let mut compact = Compact::of(&block);
    let namer = Namer::new(&block.header);
    let lies = [payment(&world, 5, 0), payment(&world, 6, 0)].map(|other| namer.name(&other.hash()));
    compact.names = List::new(lies.to_vec()).unwrap();
    world.say(liar, &Message::Compact(compact));
    world.run_for(200);
    assert_eq!(count(&world, node, liar, asks_parts), 1);
    assert_ne!(world.node(node).tip(), block.header.hash());
    world.say(other, &Message::Compact(Compact::of(&block)));
    world.run_for(200);
    assert_eq!(world.node(node).tip(), block.header.hash(), "it was all here, and nobody is waited for");
    assert_eq!(count(&world, node, other, asks_parts), 0);
    // What was asked of the first may still come.
    let transactions = List::new(block.transactions.to_vec()).unwrap();
    world.say(liar, &Message::Parts(Parts { block: block.header.hash(), transactions }));
    world.run_for(200);
    assert!(world.is_kept(liar) && world.is_kept(other));
}

#[test]
fn names_of_another_that_are_not_here_either_displace_nobody() {
    let (mut world, node, good, block) = pushed(25, |above| {
        twisted(above, |asked, honest| match asked {
            Message::GetParts(_) => honest.into_iter().map(|reply| (1_000, reply)).collect(),
            _ => at_once(honest),
        })
    });
    let liar = world.puppet();
    world.connect(liar, node);
    world.say(good, &Message::Compact(Compact::of(&block)));
    world.run_for(200);
    let mut compact = Compact::of(&block);
    let namer = Namer::new(&block.header);
    let lies = [payment(&world, 5, 0), payment(&world, 6, 0)].map(|other| namer.name(&other.hash()));
    compact.names = List::new(lies.to_vec()).unwrap();
    world.say(liar, &Message::Compact(compact));
    world.run_for(1_500);
    assert_eq!(world.node(node).tip(), block.header.hash());
    assert_eq!(count(&world, node, liar, asks_parts), 0);
}

#[test]
fn who_leaves_with_the_parts_is_replaced_at_once() {
    let (mut world, node, leaver, block) = pushed(8, |above| {
        twisted(above, |asked, honest| match asked {
            Message::GetParts(_) => Vec::new(),
            _ => at_once(honest),
        })
    });
    let mut above = Follower::new(&world.network);
    above.submit(block.clone()).unwrap();
    let other = world.puppet_with(&Follower::new(&world.network), honest(above));
    world.connect(other, node);
    world.say(leaver, &Message::Compact(Compact::of(&block)));
    world.say(other, &Message::Compact(Compact::of(&block)));
    world.run_for(100);
    world.leave(leaver);
    world.run_for(400);
    assert_eq!(world.node(node).tip(), block.header.hash());
}

#[test]
fn who_keeps_parts_to_itself_and_is_alone_is_caught_up_with() {
    let mut silent = 2;
    let (mut world, node, withholder, block) = pushed(9, |above| {
        twisted(above, move |asked, honest| match asked {
            Message::GetParts(_) if silent > 0 => {
                silent -= 1;
                Vec::new()
            }
            _ => at_once(honest),
        })
    });
    world.say(withholder, &Message::Compact(Compact::of(&block)));
    world.run_for(5_000);
    assert_eq!(world.node(node).tip(), block.header.hash(), "it was asked for as what was missed");
    assert!(count(&world, node, withholder, |message| matches!(message, Message::GetHeaders(_))) >= 1);
}

#[test]
fn block_that_is_missing_where_it_was_told_of_is_nobodys_fault() {
    let (mut world, node, puppet, block) = pushed(10, |above| {
        twisted(above, |asked, honest| match asked {
            Message::GetCompact(hash) => at_once(vec![Message::Missing(List::new(vec![*hash]).unwrap())]),
            _ => at_once(honest),
        })
    });
    world.say(puppet, &Message::News(List::new(vec![block.header]).unwrap()));
    world.run_for(5_000);
    assert_eq!(count(&world, node, puppet, |message| matches!(message, Message::GetCompact(_))), 1);
    assert!(world.is_kept(puppet));
}

/// A node that asked one for a block, and then got it from another; the first has not answered yet.
fn asked_and_got_elsewhere(seed: u64) -> (World, usize, usize, Block) {
    let (mut world, node, asked, block) = pushed(seed, |_| Box::new(|_| Vec::new()));
    let mut above = Follower::new(&world.network);
    above.submit(block.clone()).unwrap();
    world.say(asked, &Message::News(List::new(vec![block.header]).unwrap()));
    world.run_for(60);
    let other = world.puppet_with(&Follower::new(&world.network), honest(above));
    world.connect(other, node);
    world.say(other, &Message::Compact(Compact::of(&block)));
    world.run_for(500);
    assert_eq!(world.node(node).tip(), block.header.hash());
    assert_eq!(count(&world, node, asked, |message| matches!(message, Message::GetCompact(_))), 1);
    (world, node, asked, block)
}

#[test]
fn answer_is_asked_for_though_another_was_quicker() {
    let answers: [fn(&Block) -> Message; 3] = [
        |block| Message::Compact(Compact::of(block)),
        |block| Message::Block(BlockBytes::new(encode(block)).unwrap()),
        |block| Message::Missing(List::new(vec![block.header.hash()]).unwrap()),
    ];
    for answer in answers {
        let (mut world, node, asked, block) = asked_and_got_elsewhere(19);
        world.say(asked, &answer(&block));
        // Nine more would be too many, and one more would be one of these.
        (0..9).for_each(|_| world.say(asked, &Message::Pong(7)));
        world.run_for(200);
        assert!(!world.node(node).punished(asked), "{:?}", answer(&block));
    }
}

#[test]
fn answer_is_asked_for_though_it_comes_too_late() {
    let (mut world, node, asked, block) = pushed(20, |_| Box::new(|_| Vec::new()));
    world.say(asked, &Message::News(List::new(vec![block.header]).unwrap()));
    world.run_for(3_000);
    world.say(asked, &Message::Missing(List::new(vec![block.header.hash()]).unwrap()));
    (0..9).for_each(|_| world.say(asked, &Message::Pong(7)));
    world.run_for(200);
    assert!(!world.node(node).punished(asked));
}

#[test]
fn parts_are_asked_for_though_the_block_came_in_another_way() {
    let (mut world, node, asked, block) = pushed(21, |_| Box::new(|_| Vec::new()));
    world.say(asked, &Message::Compact(Compact::of(&block)));
    world.run_for(60);
    assert_eq!(count(&world, node, asked, asks_parts), 0, "the question is on its way");
    world.take_in_block(node, block.clone());
    world.run_for(100);
    assert_eq!(count(&world, node, asked, asks_parts), 1);
    let parts =
        Parts { block: block.header.hash(), transactions: List::new(block.transactions.into_vec()).unwrap() };
    world.say(asked, &Message::Parts(parts));
    (0..9).for_each(|_| world.say(asked, &Message::Pong(7)));
    world.run_for(200);
    assert!(!world.node(node).punished(asked));
}

/// A block whose work is done and that nobody can follow.
fn no_good(below: &Follower) -> Block {
    let mut draft = draft_on(below, Vec::new());
    draft.commitments.state = StateRoot::ZERO;
    draft.mine(below.params())
}

#[test]
fn invalid_block_is_held_against_nobody_who_could_not_know() {
    let mut world = World::new(11);
    let nodes = world.add_line(3);
    world.run_for(5_000);
    for node in &nodes {
        world.node_mut(*node).judging_millis = 500;
    }
    let below = Follower::new(&world.network);
    let puppet = world.puppet_with(&below, honest(below.clone()));
    world.connect(puppet, nodes[0]);
    world.run_for(1_000);
    let block = no_good(&below);
    world.say(puppet, &Message::Compact(Compact::of(&block)));
    world.run_for(5_000);
    for node in &nodes {
        let refused = |(_, judged): &(_, JudgedBlock)| matches!(judged, JudgedBlock::Refused { .. });
        assert!(world.node(*node).judged.iter().any(refused), "{node} saw it, and refused it");
        let mut farewells = world.node(*node).farewells.iter();
        assert!(farewells.all(|(_, why)| *why == Farewell::Twice), "{:?}", world.node(*node).farewells);
        assert_eq!(world.node(*node).height(), 0);
    }
    assert_eq!(count(&world, nodes[1], nodes[2], is_compact), 1, "it is passed on once");
    let hash = world.mine(nodes[2]);
    assert!(world.run_until(5_000, World::is_of_one_mind));
    assert_eq!(world.node(nodes[0]).tip(), hash);
}

#[test]
fn who_stands_on_a_block_that_was_refused_has_to_go() {
    let mut world = World::new(12);
    let node = world.add();
    world.start(node);
    let below = Follower::new(&world.network);
    let puppet = world.puppet_with(&below, honest(below.clone()));
    world.connect(puppet, node);
    let block = no_good(&below);
    world.say(puppet, &Message::Compact(Compact::of(&block)));
    world.run_for(1_000);
    assert!(world.is_kept(puppet));
    let mut next = block_on(&below, Vec::new());
    next.header.previous = block.header.hash();
    cairn::testkit::remine(&mut next, below.params());
    world.say(puppet, &Message::Compact(Compact::of(&next)));
    world.run_for(30_000);
    assert_eq!(world.node(node).height(), 0);
    assert_eq!(world.node(node).judged.len(), 1, "it is not even looked at");
}

#[test]
fn compact_block_without_its_work_ends_it() {
    let (mut world, node, puppet, block) = pushed(13, honest);
    let mut compact = Compact::of(&block);
    compact.header.bits.0 = 0x1f00_ffff;
    world.say(puppet, &Message::Compact(compact));
    world.run_for(1_000);
    assert!(world.node(node).punished(puppet));
}

#[test]
fn burst_of_a_thousand_blocks_reaches_everyone_in_order() {
    let mut world = World::new(14);
    let nodes = world.add_found_by_first(5);
    world.run_for(20_000);
    (0..1_000).for_each(|_| {
        world.mine(nodes[0]);
    });
    assert!(world.run_until(60_000, World::is_of_one_mind), "{:?}", heights(&world));
    for node in &nodes {
        assert_eq!(world.node(*node).height(), 1_000);
        let orphans = world.node(*node).judged.iter().filter(|(_, judged)| *judged == JudgedBlock::Orphan);
        assert_eq!(orphans.count(), 0, "{node}");
        let mut farewells = world.node(*node).farewells.iter();
        assert!(farewells.all(|(_, why)| *why == Farewell::Twice), "{:?}", world.node(*node).farewells);
    }
}

#[test]
fn burst_of_a_thousand_blocks_crosses_a_line() {
    let mut world = World::new(15);
    let nodes = world.add_line(5);
    world.run_for(20_000);
    for _ in 0..100 {
        (0..10).for_each(|_| {
            world.mine(nodes[0]);
        });
        world.run_for(30);
    }
    assert!(world.run_until(60_000, World::is_of_one_mind), "{:?}", heights(&world));
    assert_eq!(world.node(nodes[4]).height(), 1_000);
    assert!(nodes.iter().all(|node| world.node(*node).farewells.is_empty()));
}

fn heights(world: &World) -> Vec<u32> {
    world.nodes().into_iter().map(|node| world.node(node).height()).collect()
}

#[test]
fn block_is_pushed_to_those_who_want_it_and_told_to_the_others() {
    let mut world = World::new(16);
    let node = world.add();
    world.only_connects_to(node, &[]);
    world.start(node);
    let [pushed, told] = [0, 1].map(|_| {
        let puppet = world.puppet();
        world.connect(puppet, node);
        puppet
    });
    world.say(pushed, &Message::Pushes(1));
    world.say(told, &Message::Pushes(1));
    world.say(told, &Message::Pushes(0));
    world.run_for(1_000);
    let hash = world.mine(node);
    world.run_for(1_000);
    let compact = sent(&world, node, pushed, |message| match message {
        Message::Compact(compact) => Some(compact.header.hash()),
        Message::News(_) => panic!("it has it"),
        _ => None,
    });
    let news = sent(&world, node, told, |message| match message {
        Message::News(headers) => Some(headers.iter().map(cairn::types::Header::hash).collect::<Vec<_>>()),
        Message::Compact(_) => panic!("it does not want it"),
        _ => None,
    });
    assert_eq!((compact, news), (vec![hash], vec![vec![hash]]));
}

#[test]
fn new_block_of_a_stranger_is_not_told_back_to_it() {
    let (mut world, node, puppet, block) = pushed(17, honest);
    world.say(puppet, &Message::Compact(Compact::of(&block)));
    world.run_for(5_000);
    assert_eq!(world.node(node).tip(), block.header.hash());
    let is_told = |message: &Message| matches!(message, Message::News(_) | Message::Compact(_));
    assert_eq!(count(&world, node, puppet, is_told), 0);
}

#[test]
fn reorganization_is_told_with_the_headers_that_are_new() {
    let mut world = World::new(18);
    let light = chain(&world, 3, 1);
    let heavy = chain(&world, 5, 2);
    let node = world.add_with(light.clone());
    world.only_connects_to(node, &[]);
    world.start(node);
    let puppet = world.puppet_with(&light, honest(light.clone()));
    world.connect(puppet, node);
    world.run_for(1_000);
    let branch = heavy.branch();
    for block in &branch {
        world.take_in_block(node, block.clone());
    }
    world.run_for(1_000);
    let told: Vec<usize> = sent(&world, node, puppet, |message| match message {
        Message::News(headers) => Some(headers.len()),
        _ => None,
    });
    assert_eq!(told.iter().sum::<usize>(), 5);
}
