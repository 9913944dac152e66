//! Blocks that are told of by names: whoever lacks a part asks for it, whoever lies of it or keeps it holds up nobody.

use cairn::codec::{List, encode};
use cairn::lab::{MILLISECOND, SECOND};
use cairn::protocol::{BlockBytes, Compact, Message, Namer, Parts};
use cairn::testkit::theatre::{Script, honest};
use cairn::testkit::{Follower, Theatre};
use cairn::types::Block;

use super::stage::{at_once, block_on, count, payment, twisted};

pub fn asks_parts(message: &Message) -> bool {
    matches!(message, Message::GetParts(_))
}

pub fn asks_blocks(message: &Message) -> bool {
    matches!(message, Message::GetBlocks(_))
}

/// A node, what a puppet has beyond it, one block with two payments that the node lacks, and the puppet with its script.
pub fn pushed(seed: u64, script: impl FnOnce(Follower) -> Script) -> (Theatre, usize, usize, Block) {
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
