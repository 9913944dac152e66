//! Each kind of message: at its place, and out of it.

use cairn::codec::{List, encode};
use cairn::lab::{MILLISECOND, SECOND};
use cairn::protocol::{Addresses, BlockBytes, Compact, GetHeaders, GetParts, Message, Parts, PeerAddress};
use cairn::testkit::{Follower, Theatre};
use cairn::types::{Block, BlockHash, Header, Height, TxHash};

use super::stage::{block_on, chain, count, payment};

/// A node with ten blocks and one waiting transaction, and a puppet that stands at genesis. What they said when they met is
/// forgotten.
fn met() -> (Theatre, usize, usize) {
    let mut world = Theatre::new(1);
    let chain = chain(&world, 10, 0);
    let node = world.add_with(&chain);
    world.only_connects_to(node, &[]);
    world.run(node);
    let transaction = payment(&world, 0, 0);
    world.bring_payment(node, transaction);
    let puppet = world.puppet();
    world.connect(puppet, node);
    world.run_for(1_500 * MILLISECOND);
    world.heard(puppet);
    (world, node, puppet)
}

/// What a node says within a second to this.
fn answers(message: &Message) -> (Theatre, Vec<Message>) {
    let (mut world, node, puppet) = met();
    world.say(puppet, message);
    world.run_for(SECOND);
    assert!(world.is_kept(puppet), "{message:?}: {:?}", world.farewells(node));
    let mut heard = world.heard(puppet);
    heard.retain(|message| !matches!(message, Message::Ping(_) | Message::GetAddresses(())));
    (world, heard)
}

fn hashes<const MAX: usize>(hash: BlockHash) -> List<BlockHash, 1, MAX> {
    List::new(vec![hash]).unwrap()
}

fn tip(world: &Theatre) -> BlockHash {
    world.tip(0).expect("it runs")
}

/// The blocks that the node of [`met`] has.
fn here() -> Follower {
    chain(&Theatre::new(1), 10, 0)
}

/// A block with one transaction on them.
fn next_block() -> Block {
    block_on(&here(), vec![payment(&Theatre::new(1), 1, 0)])
}

/// A block on something that the node of [`met`] does not know.
fn far_block() -> Block {
    let mut follower = here();
    follower.mine_empty(super::stage::miner().address(), 2);
    block_on(&follower, Vec::new())
}

#[test]
fn number_comes_back() {
    assert_eq!(answers(&Message::Ping(77)).1, [Message::Pong(77)]);
}

#[test]
fn headers_are_given_from_where_branches_part() {
    let (world, heard) = answers(&Message::GetHeaders(GetHeaders { locator: hashes(BlockHash::ZERO) }));
    let [Message::Headers(headers)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(headers.len(), 10, "who has nothing in common has genesis");
    assert_eq!(headers.last().map(Header::hash), Some(tip(&world)));
    let (_, heard) = answers(&Message::GetHeaders(GetHeaders { locator: hashes(tip(&world)) }));
    assert_eq!(heard, [Message::Headers(List::default())], "nothing is an answer, too");
}

#[test]
fn blocks_are_given_in_their_order_and_what_is_missing_is_said() {
    let chain = here().chain;
    let at = |height: u32| chain.at(Height(height)).unwrap().hash;
    let asked = vec![at(3), BlockHash::ZERO, at(10), at(1)];
    let (_, heard) = answers(&Message::GetBlocks(List::new(asked.clone()).unwrap()));
    let came: Vec<BlockHash> = heard
        .iter()
        .filter_map(|message| match message {
            Message::Block(body) => Some(body.header().hash()),
            _ => None,
        })
        .collect();
    assert_eq!(came, [asked[0], asked[2], asked[3]]);
    assert!(heard.contains(&Message::Missing(hashes(BlockHash::ZERO))));
}

#[test]
fn what_is_unknown_is_said_to_be_missing() {
    let missing = [Message::Missing(hashes(BlockHash::ZERO))];
    assert_eq!(answers(&Message::GetBlocks(hashes(BlockHash::ZERO))).1, missing);
    assert_eq!(answers(&Message::GetCompact(BlockHash::ZERO)).1, missing);
    let parts = GetParts { block: BlockHash::ZERO, places: List::new(vec![0]).unwrap() };
    assert_eq!(answers(&Message::GetParts(parts)).1, missing);
}

#[test]
fn old_block_that_is_asked_for_named_is_given_whole() {
    let (world, _) = answers(&Message::Ping(0));
    let (_, heard) = answers(&Message::GetCompact(tip(&world)));
    assert!(matches!(&heard[..], [Message::Block(_)]), "{heard:?}");
}

#[test]
fn transactions_are_given_that_are_here_and_nothing_is_said_of_others() {
    let (world, _) = answers(&Message::Ping(0));
    let here = payment(&world, 0, 0);
    let asked = List::new(vec![TxHash::ZERO, here.hash()]).unwrap();
    let (_, heard) = answers(&Message::GetTransactions(asked));
    assert_eq!(heard, [Message::Transactions(List::new(vec![here]).unwrap())]);
    let nothing = List::new(vec![TxHash::ZERO]).unwrap();
    assert_eq!(answers(&Message::GetTransactions(nothing)).1, []);
}

#[test]
fn pool_is_offered_to_the_first_who_come_and_to_whoever_asks() {
    let (mut world, node, first) = met();
    let is_offer = |message: &Message| matches!(message, Message::Offer(_));
    assert_eq!(count(&world, node, first, is_offer), 1);
    let others: Vec<usize> = (0..20)
        .map(|_| {
            let puppet = world.puppet();
            world.connect(puppet, node);
            puppet
        })
        .collect();
    world.run_for(SECOND);
    let late = others[19];
    assert_eq!(count(&world, node, late, is_offer), 0);
    world.say(late, &Message::GetPool(()));
    world.run_for(SECOND);
    assert_eq!(count(&world, node, late, is_offer), 1);
    world.say(first, &Message::GetPool(()));
    world.run_for(SECOND);
    assert_eq!(count(&world, node, first, is_offer), 1, "nothing is offered twice");
}

#[test]
fn offer_of_what_is_unknown_is_taken_and_of_what_is_here_is_not() {
    let unknown = List::new(vec![TxHash::ZERO]).unwrap();
    let (world, heard) = answers(&Message::Offer(unknown.clone()));
    assert_eq!(heard, [Message::GetTransactions(unknown)]);
    let here = List::new(vec![payment(&world, 0, 0).hash()]).unwrap();
    assert_eq!(answers(&Message::Offer(here)).1, []);
}

#[test]
fn addresses_are_given() {
    let (mut world, node, puppet) = met();
    let other = world.add();
    world.only_connects_to(other, &[node]);
    world.run(other);
    world.run_for(5 * SECOND);
    world.heard(puppet);
    world.say(puppet, &Message::GetAddresses(()));
    let told = world.hears(puppet, |message| match message {
        Message::Addresses(told) => Some(told.clone()),
        _ => None,
    });
    assert!(told.iter().any(|told| told.address() == world.address(other)));
}

#[test]
fn news_of_the_next_block_make_it_be_asked_for() {
    let block = next_block();
    let (_, heard) = answers(&Message::News(List::new(vec![block.header]).unwrap()));
    assert_eq!(heard, [Message::GetCompact(block.header.hash())]);
}

#[test]
fn news_on_something_unknown_make_what_is_below_be_asked_for() {
    let block = far_block();
    let (_, heard) = answers(&Message::News(List::new(vec![block.header]).unwrap()));
    assert!(matches!(&heard[..], [Message::GetHeaders(_)]), "{heard:?}");
    let (_, heard) = answers(&Message::Compact(Compact::of(&block)));
    assert!(matches!(&heard[..], [Message::GetHeaders(_)]), "{heard:?}");
}

#[test]
fn news_of_what_is_here_are_no_news() {
    let header = here().chain.tip().header;
    assert_eq!(answers(&Message::News(List::new(vec![header]).unwrap())).1, []);
}

#[test]
fn stem_that_comes_is_taken_in() {
    let (world, _) = answers(&Message::Ping(0));
    let transaction = payment(&world, 3, 0);
    let (world, heard) = answers(&Message::Stem(List::new(vec![transaction.clone()]).unwrap()));
    assert!(world.has(0, &transaction.hash()));
    assert!(heard.iter().all(|message| matches!(message, Message::Offer(_))), "{heard:?}");
}

#[test]
fn parts_of_a_new_block_are_given() {
    let (mut world, node, puppet) = met();
    let transaction = payment(&world, 1, 0);
    let hash = world.mine_with(node, vec![transaction.clone()]);
    world.run_for(SECOND);
    world.heard(puppet);
    world.say(puppet, &Message::GetCompact(hash));
    world.say(puppet, &Message::GetParts(GetParts { block: hash, places: List::new(vec![0]).unwrap() }));
    world.say(puppet, &Message::GetBlocks(hashes(hash)));
    world.run_for(SECOND);
    let heard = world.heard(puppet);
    let [Message::Compact(compact), Message::Parts(parts), Message::Block(_)] = &heard[..] else {
        panic!("{heard:?}")
    };
    assert_eq!(compact.header.hash(), hash);
    assert_eq!(parts.transactions[..], [transaction]);
}

/// Says something again and again; how often it takes until the node hangs up, if it does within so many times.
fn times_until_gone(messages: impl Fn(&Theatre, u32) -> Message, most: u32) -> Option<u32> {
    let (mut world, node, puppet) = met();
    for time in 1..=most {
        let message = messages(&world, time);
        world.say(puppet, &message);
        world.run_for(60 * MILLISECOND);
        if world.punished(node, puppet) {
            return Some(time);
        }
    }
    None
}

#[test]
fn what_nobody_asked_for_is_an_offence_that_adds_up() {
    let block = next_block();
    let body = BlockBytes::new(encode(&block)).unwrap();
    let (hash, transactions) = (block.header.hash(), block.transactions.clone().into_vec());
    let unasked = [
        Message::Pong(5),
        Message::Headers(List::new(vec![block.header]).unwrap()),
        Message::Headers(List::default()),
        Message::Block(body),
        Message::Missing(hashes(hash)),
        Message::Transactions(List::new(transactions.clone()).unwrap()),
        Message::Parts(Parts { block: hash, transactions: List::new(transactions).unwrap() }),
    ];
    for message in unasked {
        let times = times_until_gone(|_, _| message.clone(), 20);
        assert_eq!(times, Some(10), "{message:?}");
    }
}

#[test]
fn parts_that_no_block_has_are_an_offence() {
    for places in [vec![0, 0], vec![7], vec![0, 7]] {
        let times = times_until_gone(
            |world, _| {
                let block = tip(world);
                Message::GetParts(GetParts { block, places: List::new(places.clone()).unwrap() })
            },
            20,
        );
        // A block that is not kept is missing, whatever is asked of it.
        assert_eq!(times, None, "{places:?}");
    }
    let (mut world, node, puppet) = met();
    let transaction = payment(&world, 1, 0);
    let block = world.mine_with(node, vec![transaction]);
    world.run_for(100 * MILLISECOND);
    for places in [vec![0, 0], vec![7], vec![0, 7]] {
        assert!(world.is_kept(puppet));
        for _ in 0..4 {
            let places = List::new(places.clone()).unwrap();
            world.say(puppet, &Message::GetParts(GetParts { block, places }));
        }
        world.run_for(100 * MILLISECOND);
    }
    assert!(world.punished(node, puppet));
}

#[test]
fn too_many_questions_are_an_offence_that_adds_up() {
    assert_eq!(times_until_gone(|_, _| Message::GetPool(()), 40), Some(21), "the first is none");
    // In a lab one in four seconds is answered.
    assert!(times_until_gone(|_, _| Message::GetAddresses(()), 40).is_some());
}

#[test]
fn too_many_addresses_that_nobody_asked_for_are_an_offence() {
    let told = |world: &Theatre, time: u32| {
        let seen = world.now();
        let address = |last: u8| PeerAddress::new(([10, 7, time as u8, last], 9333).into(), seen);
        Message::Addresses(Addresses::new((0..50).map(address).collect()).unwrap())
    };
    let times = times_until_gone(told, 40).expect("it has to go");
    assert!((20..=22).contains(&times), "{times}: but for the answers to what it was asked");
}

#[test]
fn what_everybody_may_say_is_never_an_offence() {
    let (world, _) = answers(&Message::Ping(0));
    let header = here().chain.tip().header;
    let here = payment(&world, 0, 0);
    let allowed = [
        Message::Ping(1),
        Message::GetHeaders(GetHeaders { locator: hashes(BlockHash::ZERO) }),
        Message::GetBlocks(hashes(tip(&world))),
        Message::GetBlocks(hashes(BlockHash::ZERO)),
        Message::GetCompact(tip(&world)),
        Message::GetTransactions(List::new(vec![here.hash()]).unwrap()),
        Message::Offer(List::new(vec![here.hash()]).unwrap()),
        Message::News(List::new(vec![header]).unwrap()),
        Message::Pushes(1),
        Message::Pushes(0),
        Message::Pushes(9),
        Message::Stem(List::new(vec![here]).unwrap()),
    ];
    for message in allowed {
        assert_eq!(times_until_gone(|_, _| message.clone(), 60), None, "{message:?}");
    }
}

#[test]
fn offences_are_forgiven_with_time() {
    let (mut world, node, puppet) = met();
    for _ in 0..40 {
        world.say(puppet, &Message::Pong(5));
        world.run_for(100 * SECOND);
    }
    assert!(world.is_kept(puppet), "one in a hundred seconds");
    (0..10).for_each(|_| world.say(puppet, &Message::Pong(5)));
    world.run_for(SECOND);
    assert!(world.punished(node, puppet));
    assert_eq!(count(&world, node, puppet, |message| matches!(message, Message::Pong(_))), 0);
}
