//! Those who mean harm: what they say is no message, or far too much.

use cairn::codec::List;
use cairn::lab::{HOUR, MILLISECOND, MINUTE, SECOND};
use cairn::protocol::{Addresses, Banned, Compact, Farewell, GetHeaders, HEADERS_MAX, Message, PeerAddress};
use cairn::testkit::theatre::honest;
use cairn::testkit::{Follower, Theatre, remine};
use cairn::types::{Block, BlockHash, Timestamp, TxHash};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::stage::{block_on, chain, count, mainland, payment};

/// Three nodes in a line, and a puppet that is connected to the middle one.
fn surrounded(mut world: Theatre) -> (Theatre, Vec<usize>, usize) {
    let nodes = world.add_line(3);
    let puppet = world.puppet();
    world.run_for(10 * SECOND);
    world.connect(puppet, nodes[1]);
    world.run_for(2 * SECOND);
    (world, nodes, puppet)
}

/// Blocks and transactions still cross the line in no time.
fn is_unaffected(world: &mut Theatre, nodes: &[usize]) {
    let hash = world.mine_with(nodes[0], Vec::new());
    world.run_for(SECOND);
    assert_eq!(world.tips(), [hash; 3]);
    let transaction = payment(world, 9, 0);
    world.bring_payment(nodes[2], transaction.clone());
    world.run_for(10 * SECOND);
    assert!(world.has(nodes[0], &transaction.hash()));
    for (a, b) in [(0, 1), (1, 2)] {
        assert!(world.is_connected(nodes[a], nodes[b]));
    }
}

/// One of each kind that has content.
fn samples(world: &Theatre) -> Vec<Message> {
    let below = Follower::new(&world.network);
    let block = block_on(&below, vec![payment(world, 0, 0)]);
    let hashes = vec![block.header.hash()];
    let tx_hashes = vec![payment(world, 0, 0).hash()];
    let transactions = vec![payment(world, 0, 0)];
    vec![
        Message::Hello(world.hello_of(&below)),
        Message::Ping(1),
        Message::Addresses(
            List::new(vec![PeerAddress::new(([10, 0, 0, 9], 9333).into(), Timestamp(5))]).unwrap(),
        ),
        Message::GetHeaders(GetHeaders { locator: List::new(hashes.clone()).unwrap() }),
        Message::Headers(List::new(vec![block.header]).unwrap()),
        Message::News(List::new(vec![block.header]).unwrap()),
        Message::GetBlocks(List::new(hashes.clone()).unwrap()),
        Message::Missing(List::new(hashes).unwrap()),
        Message::Offer(List::new(tx_hashes.clone()).unwrap()),
        Message::GetTransactions(List::new(tx_hashes).unwrap()),
        Message::Transactions(List::new(transactions.clone()).unwrap()),
        Message::Compact(Compact::of(&block)),
        Message::Pushes(1),
        Message::GetCompact(block.header.hash()),
        Message::Stem(List::new(transactions).unwrap()),
    ]
}

#[test]
fn each_message_that_is_cut_or_longer_ends_it_and_harms_nobody() {
    let all = samples(&Theatre::new(1));
    for message in all {
        for longer in [false, true] {
            let (mut world, nodes, puppet) = surrounded(Theatre::new(1));
            let mut bytes = message.to_bytes();
            let length = bytes.len();
            bytes.resize(if longer { length + 1 } else { length - 1 }, 0);
            world.say_bytes(puppet, &bytes);
            world.run_for(SECOND);
            assert!(world.punished(nodes[1], puppet), "{message:?}");
            assert!(!world.is_kept(puppet));
            is_unaffected(&mut world, &nodes);
        }
    }
}

#[test]
fn random_bytes_end_it_and_harm_nobody() {
    let mut draws = ChaCha12Rng::seed_from_u64(3);
    for kind in 0..30 {
        let (mut world, nodes, puppet) = surrounded(Theatre::new(2));
        for _ in 0..30 {
            let mut bytes = vec![0; 1 + (draws.next_u32() % 300) as usize];
            draws.fill_bytes(&mut bytes);
            bytes[0] = kind;
            world.say_bytes(puppet, &bytes);
        }
        world.say_bytes(puppet, &[]);
        world.run_for(2 * SECOND);
        assert!(world.punished(nodes[1], puppet), "{kind}");
        is_unaffected(&mut world, &nodes);
    }
}

#[test]
fn lists_that_are_too_long_end_it() {
    // The kind, how many there are said to be, and as many bytes.
    let lists: [(u8, u16, usize); 8] = [
        (4, 251, 22),
        (5, 65, 32),
        (6, 2001, 80),
        (7, 17, 80),
        (8, 17, 32),
        (10, 17, 32),
        (11, 1001, 32),
        (12, 1001, 32),
    ];
    for (kind, count, each) in lists {
        let (mut world, nodes, puppet) = surrounded(Theatre::new(3));
        let mut bytes = vec![kind];
        match u8::try_from(count) {
            Ok(count) if count < 251 => bytes.push(count),
            _ => {
                bytes.push(251);
                bytes.extend(count.to_le_bytes());
            }
        }
        bytes.resize(bytes.len() + usize::from(count) * each, 0);
        world.say_bytes(puppet, &bytes);
        world.run_for(SECOND);
        assert!(world.punished(nodes[1], puppet), "{kind}");
    }
}

/// Says a thousand of these over ten seconds.
fn flood(world: &mut Theatre, puppet: usize, message: impl Fn(&mut ChaCha12Rng) -> Message) {
    let mut draws = ChaCha12Rng::seed_from_u64(5);
    for _ in 0..1_000 {
        world.say(puppet, &message(&mut draws));
        world.run_for(10 * MILLISECOND);
    }
}

fn hash(draws: &mut ChaCha12Rng) -> [u8; 32] {
    let mut bytes = [0; 32];
    draws.fill_bytes(&mut bytes);
    bytes
}

#[test]
fn flood_of_offers_is_bounded() {
    let (mut world, nodes, puppet) = surrounded(Theatre::new(4));
    flood(&mut world, puppet, |draws| {
        Message::Offer(List::new((0..1_000).map(|_| TxHash::from_bytes(hash(draws))).collect()).unwrap())
    });
    let asked: usize = world
        .sent(nodes[1], puppet, |message| match message {
            Message::GetTransactions(hashes) => Some(hashes.len()),
            _ => None,
        })
        .into_iter()
        .sum();
    assert!(asked < 100_000, "of a million that were offered {asked} were asked for");
    is_unaffected(&mut world, &nodes);
    assert_eq!(count(&world, nodes[1], nodes[0], |message| matches!(message, Message::Offer(_))), 1);
}

#[test]
fn flood_of_addresses_is_bounded_and_goes_no_further() {
    let (mut world, nodes, puppet) = surrounded(mainland(5));
    let seen = world.now();
    flood(&mut world, puppet, |draws| {
        let address = |draws: &mut ChaCha12Rng| {
            let [a, b, c, d] = draws.next_u32().to_le_bytes();
            PeerAddress::new(([a | 1, b, c, d], 9333).into(), seen)
        };
        Message::Addresses(Addresses::new((0..10).map(|_| address(draws)).collect()).unwrap())
    });
    let known = world.machine(nodes[1]).book().len();
    assert!(known < 60, "{known} of ten thousand");
    let told: usize = world
        .sent(nodes[1], nodes[0], |message| match message {
            Message::Addresses(told) => Some(told.len()),
            _ => None,
        })
        .into_iter()
        .sum();
    assert!(told < 60, "{told}");
    is_unaffected(&mut world, &nodes);
}

#[test]
fn flood_of_addresses_in_a_lab_is_bounded() {
    let (mut world, nodes, puppet) = surrounded(Theatre::new(6));
    let seen = world.now();
    flood(&mut world, puppet, |draws| {
        let address = |draws: &mut ChaCha12Rng| {
            let [a, b, c, _] = draws.next_u32().to_le_bytes();
            PeerAddress::new(([10, a, b, c], 9333).into(), seen)
        };
        Message::Addresses(Addresses::new((0..10).map(|_| address(draws)).collect()).unwrap())
    });
    let known = world.machine(nodes[1]).book().len();
    assert!(known < 2_000, "{known}");
    is_unaffected(&mut world, &nodes);
}

#[test]
fn flood_of_questions_for_headers_is_answered_and_harms_nobody() {
    let (mut world, nodes, puppet) = surrounded(Theatre::new(7));
    flood(&mut world, puppet, |draws| {
        let locator = (0..64).map(|_| BlockHash::from_bytes(hash(draws))).collect();
        Message::GetHeaders(GetHeaders { locator: List::new(locator).unwrap() })
    });
    is_unaffected(&mut world, &nodes);
}

/// A block whose work is done, on something that nobody knows.
fn stray(draws: &mut ChaCha12Rng, world: &Theatre) -> Block {
    let mut block = block_on(&Follower::new(&world.network), Vec::new());
    block.header.previous = BlockHash::from_bytes(hash(draws));
    remine(&mut block, world.network.params());
    block
}

#[test]
fn flood_of_news_from_nowhere_is_bounded() {
    for named in [false, true] {
        let (mut world, nodes, puppet) = surrounded(Theatre::new(8));
        let other = Theatre::new(8);
        let headers = world.headers(nodes[1]);
        world.forget_delivered();
        flood(&mut world, puppet, |draws| {
            let block = stray(draws, &other);
            if named {
                Message::Compact(Compact::of(&block))
            } else {
                Message::News(List::new(vec![block.header]).unwrap())
            }
        });
        let asked = count(&world, nodes[1], puppet, |message| matches!(message, Message::GetHeaders(_)));
        assert!(asked <= 4, "it is asked for what is below {asked} times, and does not answer");
        assert_eq!(world.headers(nodes[1]), headers);
        is_unaffected(&mut world, &nodes);
    }
}

#[test]
fn flood_of_claims_that_are_not_met_does_not_keep_a_newcomer_from_catching_up() {
    let mut world = Theatre::new(9);
    let good = chain(&world, 500, 0);
    let node = world.add();
    world.only_connects_to(node, &[]);
    world.run(node);
    let liars: Vec<usize> = (0..20)
        .map(|number| {
            let shown = chain(&world, 100 + number, 50 + number);
            let empty = Follower::new(&world.network);
            let liar = world.puppet_with(&shown, honest(empty));
            world.connect(liar, node);
            liar
        })
        .collect();
    let server = world.puppet_with(&good, honest(good.clone()));
    world.connect(server, node);
    assert!(world.waits_for(MINUTE, |world| world.height(node) == 500));
    assert!(liars.iter().all(|liar| world.is_kept(*liar)));
}

#[test]
fn many_headers_at_once_that_were_not_asked_for_are_not_looked_at() {
    let (mut world, nodes, puppet) = surrounded(Theatre::new(10));
    let long = chain(&world, HEADERS_MAX as u32, 7);
    let headers = long.chain.headers_above(&world.tip(nodes[1]).unwrap()).copied().collect();
    world.say(puppet, &Message::Headers(List::new(headers).unwrap()));
    world.run_for(2 * SECOND);
    assert_eq!(world.height(nodes[1]), 0);
    assert!(world.is_kept(puppet), "once is not enough to go");
}

/// Somebody who says something that is no message.
fn offend(world: &mut Theatre, puppet: usize, node: usize) {
    world.connect(puppet, node);
    world.run_for(SECOND);
    world.say_bytes(puppet, &[250]);
    world.run_for(SECOND);
    assert!(world.punished(node, puppet));
    assert!(!world.is_kept(puppet));
}

/// Whether somebody is let in.
fn is_let_in(world: &mut Theatre, puppet: usize, node: usize) -> bool {
    world.connect(puppet, node);
    world.run_for(SECOND);
    world.is_kept(puppet)
}

#[test]
fn who_misbehaves_is_banned_for_a_day_by_address_and_by_name() {
    let mut world = mainland(11);
    let node = world.add();
    world.run(node);
    let offender = world.puppet();
    offend(&mut world, offender, node);
    let (address, name) = (world.address(offender), world.node_id(offender));
    let bans: Vec<Banned> = world.machine(node).bans().iter().map(|(who, _)| who).collect();
    assert_eq!(bans, [Banned::Address(address.ip()), Banned::Node(name)]);
    assert!(!is_let_in(&mut world, offender, node));
    let neighbour = world.puppet_at((address.ip(), 1).into());
    assert!(!is_let_in(&mut world, neighbour, node), "who comes from the same address");
    let elsewhere = world.puppet_named(name);
    assert!(!is_let_in(&mut world, elsewhere, node), "who comes from elsewhere under the same name");
    let other = world.puppet();
    assert!(is_let_in(&mut world, other, node));
    world.run_for(24 * HOUR);
    assert!(is_let_in(&mut world, offender, node), "a day later");
}

#[test]
fn in_a_lab_nobody_is_banned() {
    let mut world = Theatre::new(12);
    let node = world.add();
    world.run(node);
    let offender = world.puppet();
    offend(&mut world, offender, node);
    assert_eq!(world.machine(node).bans().iter().count(), 0);
    assert!(is_let_in(&mut world, offender, node));
}

#[test]
fn on_the_same_machine_nobody_is_banned() {
    for loopback in ["127.0.0.1:9333", "[::1]:9333", "[::ffff:127.0.0.1]:9333"] {
        let mut world = mainland(13);
        let node = world.add();
        world.run(node);
        let offender = world.puppet_at(loopback.parse().unwrap());
        offend(&mut world, offender, node);
        assert_eq!(world.machine(node).bans().iter().count(), 0, "{loopback}");
        assert!(is_let_in(&mut world, offender, node), "{loopback}");
    }
}

#[test]
fn whom_an_operator_added_is_hung_up_on_and_not_banned() {
    let mut world = mainland(14);
    let node = world.add();
    let added = world.puppet();
    world.let_listen(added);
    world.only_connects_to(node, &[added]);
    world.run(node);
    world.run_for(5 * SECOND);
    assert!(world.is_kept(added));
    world.say_bytes(added, &[250]);
    world.run_for(SECOND);
    assert!(world.punished(node, added));
    assert_eq!(world.machine(node).bans().iter().count(), 0);
    world.run_for(MINUTE);
    assert!(world.is_kept(added), "and is dialed again");
}

#[test]
fn one_address_has_no_more_than_its_share_of_the_places() {
    let mut world = mainland(15);
    let node = world.add();
    world.run(node);
    let address = world.puppet();
    let ip = world.address(address).ip();
    let puppets: Vec<usize> = (0..6_u16)
        .map(|port| {
            let puppet = world.puppet_at((ip, 1000 + port).into());
            world.connect(puppet, node);
            puppet
        })
        .collect();
    world.run_for(2 * SECOND);
    assert_eq!(puppets.iter().filter(|puppet| world.is_kept(**puppet)).count(), 4);
    let farewells = world.farewells(node);
    assert_eq!(farewells.iter().filter(|(_, why)| *why == Farewell::NoRoom).count(), 2);
}
