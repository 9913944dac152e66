//! New blocks on their way through a network.

use cairn::codec::{List, encode};
use cairn::lab::{MILLISECOND, MINUTE, SECOND};
use cairn::node::{BlockVerdict, Verdict};
use cairn::protocol::{BlockBytes, Compact, Farewell, Message, Namer, Parts};
use cairn::testkit::theatre::{Script, honest};
use cairn::testkit::{Follower, Theatre};
use cairn::types::{Block, StateRoot};

use super::stage::{at_once, block_on, chain, count, draft_on, payment, twisted};

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

/// A node, what a puppet has beyond it, one block with two payments that the node lacks, and the puppet with its script.
fn pushed(seed: u64, script: impl FnOnce(Follower) -> Script) -> (Theatre, usize, usize, Block) {
    let mut world = Theatre::new(seed);
    let node = world.add();
    world.only_connects_to(node, &[]);
    world.run(node);
    let below = Follower::new(&world.network);
    let block = block_on(&below, vec![payment(&world, 0, 0), payment(&world, 1, 0)]);
    let mut above = below.clone();
    above.submit(block.clone()).unwrap();
    let puppet = world.puppet_with(&below, script(above));
    world.connect(puppet, node);
    world.run_for(SECOND);
    (world, node, puppet, block)
}

#[test]
fn wrong_parts_make_the_whole_block_be_asked_for() {
    let wrong = |world: &Theatre| vec![payment(world, 5, 0), payment(world, 6, 0)];
    let few = |world: &Theatre| vec![payment(world, 5, 0)];
    for parts in [wrong(&Theatre::new(0)), few(&Theatre::new(0))] {
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
        world.run_for(SECOND);
        assert_eq!(world.tip(node), Some(block.header.hash()));
        assert_eq!(count(&world, node, puppet, asks_blocks), 1);
        assert!(world.is_kept(puppet), "two may have one name, which is nobody's fault");
    }
}

#[test]
fn names_that_stand_for_others_make_the_whole_block_be_asked_for() {
    let (mut world, node, puppet, block) = pushed(6, honest);
    let other = payment(&world, 7, 0);
    world.bring_payment(node, other.clone());
    let mut compact = Compact::of(&block);
    let mut names = compact.names.clone().into_vec();
    names[1] = Namer::new(&block.header).name(&other.hash());
    compact.names = List::new(names).unwrap();
    world.say(puppet, &Message::Compact(compact));
    world.run_for(SECOND);
    assert_eq!(world.tip(node), Some(block.header.hash()));
    assert_eq!(count(&world, node, puppet, asks_blocks), 1);
    assert!(world.is_kept(puppet));
}

#[test]
fn names_that_lie_are_not_passed_on() {
    let mut world = Theatre::new(22);
    let nodes = world.add_line(2);
    let below = Follower::new(&world.network);
    let block = block_on(&below, vec![payment(&world, 0, 0), payment(&world, 1, 0)]);
    let mut above = below.clone();
    above.submit(block.clone()).unwrap();
    let liar = world.puppet_with(&below, honest(above));
    world.connect(liar, nodes[0]);
    world.run_for(5 * SECOND);
    let mut compact = Compact::of(&block);
    let namer = Namer::new(&block.header);
    let lies = [payment(&world, 5, 0), payment(&world, 6, 0)].map(|other| namer.name(&other.hash()));
    compact.names = List::new(lies.to_vec()).unwrap();
    world.say(liar, &Message::Compact(compact));
    assert!(world.waits_for(5 * SECOND, |world| world.is_of_one_mind()));
    world.run_for(SECOND);
    assert_eq!(world.tip(nodes[1]), Some(block.header.hash()));
    let told = world.sent(nodes[0], nodes[1], |message| match message {
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
        world.run_for(MILLISECOND);
    }
    let mut above = below.clone();
    above.submit(block.clone()).unwrap();
    let good = world.puppet_with(&below, honest(above));
    world.connect(good, node);
    world.say(good, &Message::News(List::new(vec![block.header]).unwrap()));
    assert!(world.waits_for(10 * SECOND, |world| world.tip(node) == Some(block.header.hash())));
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
    world.run_for(200 * MILLISECOND);
    world.say(other, &Message::Compact(Compact::of(&block)));
    world.run_for(3 * SECOND);
    assert_eq!(world.tip(node), Some(block.header.hash()));
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
        world.bring_payment(node, transaction.clone());
    }
    let mut above = Follower::new(&world.network);
    above.submit(block.clone()).unwrap();
    let other = world.puppet_with(&Follower::new(&world.network), honest(above));
    world.connect(other, node);
    world.run_for(SECOND);
    let mut compact = Compact::of(&block);
    let namer = Namer::new(&block.header);
    let lies = [payment(&world, 5, 0), payment(&world, 6, 0)].map(|other| namer.name(&other.hash()));
    compact.names = List::new(lies.to_vec()).unwrap();
    world.say(liar, &Message::Compact(compact));
    world.run_for(200 * MILLISECOND);
    assert_eq!(count(&world, node, liar, asks_parts), 1);
    assert_ne!(world.tip(node), Some(block.header.hash()));
    world.say(other, &Message::Compact(Compact::of(&block)));
    world.run_for(200 * MILLISECOND);
    assert_eq!(world.tip(node), Some(block.header.hash()), "it was all here, and nobody is waited for");
    assert_eq!(count(&world, node, other, asks_parts), 0);
    // What was asked of the first may still come.
    let transactions = List::new(block.transactions.to_vec()).unwrap();
    world.say(liar, &Message::Parts(Parts { block: block.header.hash(), transactions }));
    world.run_for(200 * MILLISECOND);
    assert!(world.is_kept(liar) && world.is_kept(other));
}

#[test]
fn names_of_another_that_are_not_here_either_displace_nobody() {
    let (mut world, node, good, block) = pushed(25, |above| {
        twisted(above, |asked, honest| match asked {
            Message::GetParts(_) => honest.into_iter().map(|reply| (SECOND, reply)).collect(),
            _ => at_once(honest),
        })
    });
    let liar = world.puppet();
    world.connect(liar, node);
    world.say(good, &Message::Compact(Compact::of(&block)));
    world.run_for(200 * MILLISECOND);
    let mut compact = Compact::of(&block);
    let namer = Namer::new(&block.header);
    let lies = [payment(&world, 5, 0), payment(&world, 6, 0)].map(|other| namer.name(&other.hash()));
    compact.names = List::new(lies.to_vec()).unwrap();
    world.say(liar, &Message::Compact(compact));
    world.run_for(1_500 * MILLISECOND);
    assert_eq!(world.tip(node), Some(block.header.hash()));
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
    world.run_for(100 * MILLISECOND);
    world.leave(leaver);
    world.run_for(400 * MILLISECOND);
    assert_eq!(world.tip(node), Some(block.header.hash()));
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
    world.run_for(5 * SECOND);
    assert_eq!(world.tip(node), Some(block.header.hash()), "it was asked for as what was missed");
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
    world.run_for(5 * SECOND);
    assert_eq!(count(&world, node, puppet, |message| matches!(message, Message::GetCompact(_))), 1);
    assert!(world.is_kept(puppet));
}

/// A node that asked one for a block, and then got it from another; the first has not answered yet.
fn asked_and_got_elsewhere(seed: u64) -> (Theatre, usize, usize, Block) {
    let (mut world, node, asked, block) = pushed(seed, |_| Box::new(|_| Vec::new()));
    let mut above = Follower::new(&world.network);
    above.submit(block.clone()).unwrap();
    world.say(asked, &Message::News(List::new(vec![block.header]).unwrap()));
    world.run_for(60 * MILLISECOND);
    let other = world.puppet_with(&Follower::new(&world.network), honest(above));
    world.connect(other, node);
    world.say(other, &Message::Compact(Compact::of(&block)));
    world.run_for(500 * MILLISECOND);
    assert_eq!(world.tip(node), Some(block.header.hash()));
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
        world.run_for(200 * MILLISECOND);
        assert!(!world.punished(node, asked), "{:?}", answer(&block));
    }
}

#[test]
fn answer_is_asked_for_though_it_comes_too_late() {
    let (mut world, node, asked, block) = pushed(20, |_| Box::new(|_| Vec::new()));
    world.say(asked, &Message::News(List::new(vec![block.header]).unwrap()));
    world.run_for(3 * SECOND);
    world.say(asked, &Message::Missing(List::new(vec![block.header.hash()]).unwrap()));
    (0..9).for_each(|_| world.say(asked, &Message::Pong(7)));
    world.run_for(200 * MILLISECOND);
    assert!(!world.punished(node, asked));
}

#[test]
fn parts_are_asked_for_though_the_block_came_in_another_way() {
    let (mut world, node, asked, block) = pushed(21, |_| Box::new(|_| Vec::new()));
    world.say(asked, &Message::Compact(Compact::of(&block)));
    world.run_for(60 * MILLISECOND);
    assert_eq!(count(&world, node, asked, asks_parts), 0, "the question is on its way");
    world.bring_block(node, block.clone());
    world.run_for(100 * MILLISECOND);
    assert_eq!(count(&world, node, asked, asks_parts), 1);
    let parts =
        Parts { block: block.header.hash(), transactions: List::new(block.transactions.into_vec()).unwrap() };
    world.say(asked, &Message::Parts(parts));
    (0..9).for_each(|_| world.say(asked, &Message::Pong(7)));
    world.run_for(200 * MILLISECOND);
    assert!(!world.punished(node, asked));
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
    world.say(puppet, &Message::Compact(Compact::of(&block)));
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
    world.say(puppet, &Message::Compact(Compact::of(&block)));
    world.run_for(SECOND);
    assert!(world.is_kept(puppet));
    let mut next = block_on(&below, Vec::new());
    next.header.previous = block.header.hash();
    cairn::testkit::remine(&mut next, below.params());
    world.say(puppet, &Message::Compact(Compact::of(&next)));
    world.run_for(30 * SECOND);
    assert_eq!(world.height(node), 0);
    assert_eq!(world.judged(node).len(), 1, "it is not even looked at");
}

#[test]
fn compact_block_without_its_work_ends_it() {
    let (mut world, node, puppet, block) = pushed(13, honest);
    let mut compact = Compact::of(&block);
    compact.header.bits.0 = 0x1f00_ffff;
    world.say(puppet, &Message::Compact(compact));
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
    world.say(puppet, &Message::Compact(Compact::of(&block)));
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
