//! Catching up where somebody lies, withholds or dawdles.

use cairn::codec::{List, encode};
use cairn::lab::{HOUR, MILLISECOND, MINUTE, SECOND};
use cairn::protocol::{BlockBytes, Farewell, Message};
use cairn::testkit::theatre::{Reply, Script, honest};
use cairn::testkit::{Follower, Theatre};
use cairn::types::{BlockHash, U256, Work};

use super::stage::{self, at_once, chain, count, draft_on, twisted};

fn asks_headers(message: &Message) -> bool {
    matches!(message, Message::GetHeaders(_))
}

fn is_block(message: &Message) -> bool {
    matches!(message, Message::Block(_))
}

/// A node at genesis that knows nobody, and looks for nobody.
fn newcomer(world: &mut Theatre) -> usize {
    let node = world.add();
    world.only_connects_to(node, &[]);
    world.run(node);
    node
}

/// Somebody who has this chain and answers honestly.
fn server(world: &mut Theatre, chain: &Follower) -> usize {
    world.puppet_with(chain, honest(chain.clone()))
}

fn liar(world: &mut Theatre, shown: &Follower, script: Script) -> usize {
    let liar = world.puppet_with(shown, script);
    world.change_hello(liar, |hello| hello.work = Work::from_number(U256::from(u64::MAX)));
    liar
}

#[test]
fn peer_that_claims_more_work_than_it_shows_is_passed_over() {
    let mut world = Theatre::new(1);
    let good = chain(&world, 50, 0);
    let node = newcomer(&mut world);
    let nothing = Follower::new(&world.network);
    let liar = liar(&mut world, &nothing, honest(nothing.clone()));
    world.connect(liar, node);
    let server = server(&mut world, &good);
    world.connect(server, node);
    assert!(world.waits_for(30 * SECOND, |world| world.height(node) == 50));
    world.run_for(10 * MINUTE);
    assert!(count(&world, node, liar, asks_headers) <= 2, "it is not asked again and again");
    assert!(world.is_kept(liar), "it may know better than us");
}

#[test]
fn peer_that_never_answers_is_dropped_where_there_are_others() {
    let mut world = Theatre::new(2);
    let good = chain(&world, 50, 0);
    let node = newcomer(&mut world);
    let script = twisted(good.clone(), |asked, honest| match asked {
        Message::Ping(_) => at_once(honest),
        _ => Vec::new(),
    });
    let silent = liar(&mut world, &good, script);
    world.connect(silent, node);
    world.run_for(SECOND);
    let server = server(&mut world, &good);
    world.connect(server, node);
    assert!(world.waits_for(30 * SECOND, |world| world.height(node) == 50));
    assert_eq!(world.farewells(node), [(silent, Farewell::Stalls)]);
}

#[test]
fn peer_that_never_answers_is_kept_and_asked_now_and_then_where_there_is_no_other() {
    let mut world = Theatre::new(3);
    let good = chain(&world, 50, 0);
    let node = newcomer(&mut world);
    let script = twisted(good.clone(), |asked, honest| match asked {
        Message::Ping(_) => at_once(honest),
        _ => Vec::new(),
    });
    let silent = liar(&mut world, &good, script);
    world.connect(silent, node);
    world.run_for(10 * MINUTE);
    assert!(world.is_kept(silent));
    let asked = count(&world, node, silent, asks_headers);
    assert!((2..=60).contains(&asked), "{asked} times");
}

#[test]
fn headers_that_break_a_rule_end_it() {
    let mut world = Theatre::new(4);
    let good = chain(&world, 50, 0);
    let node = newcomer(&mut world);
    let script = twisted(good.clone(), |_, honest| {
        let spoil = |message| match message {
            Message::Headers(headers) => {
                let mut headers = headers.into_vec();
                headers[30].bits.0 -= 1;
                headers.truncate(31);
                Message::Headers(List::new(headers).unwrap())
            }
            other => other,
        };
        at_once(honest.into_iter().map(spoil).collect())
    });
    let liar = world.puppet_with(&good, script);
    world.connect(liar, node);
    world.run_for(5 * SECOND);
    assert!(world.punished(node, liar));
    assert_eq!(world.headers(node), 1, "nothing of it is remembered");
}

#[test]
fn headers_that_stand_on_nothing_that_is_known_end_it() {
    let mut world = Theatre::new(5);
    let good = chain(&world, 50, 0);
    let node = newcomer(&mut world);
    let script = twisted(good.clone(), |_, honest| {
        let spoil = |message| match message {
            Message::Headers(headers) => {
                Message::Headers(List::new(headers.into_vec().split_off(5)).unwrap())
            }
            other => other,
        };
        at_once(honest.into_iter().map(spoil).collect())
    });
    let liar = world.puppet_with(&good, script);
    world.connect(liar, node);
    world.run_for(5 * SECOND);
    assert!(world.punished(node, liar));
}

#[test]
fn headers_that_do_not_hang_together_end_it() {
    let mut world = Theatre::new(6);
    let good = chain(&world, 50, 0);
    let node = newcomer(&mut world);
    let script = twisted(good.clone(), |_, honest| {
        let spoil = |message| match message {
            Message::Headers(headers) => {
                let mut headers = headers.into_vec();
                headers.remove(20);
                Message::Headers(List::new(headers).unwrap())
            }
            other => other,
        };
        at_once(honest.into_iter().map(spoil).collect())
    });
    let liar = world.puppet_with(&good, script);
    world.connect(liar, node);
    world.run_for(5 * SECOND);
    assert!(world.punished(node, liar));
}

#[test]
fn headers_from_the_future_are_nobodys_fault_and_are_followed_when_their_time_comes() {
    let mut world = Theatre::new(7);
    let mut good = chain(&world, 20, 0);
    // The median of the last eleven has to come so far, so the last six are early.
    for _ in 0..6 {
        let mut draft = draft_on(&good, Vec::new());
        draft.time.0 = world.now().0 + 900;
        let block = draft.mine(good.params());
        good.submit(block).unwrap();
    }
    let node = newcomer(&mut world);
    let server = server(&mut world, &good);
    world.connect(server, node);
    world.run_for(MINUTE);
    assert_eq!(world.height(node), 20, "what is not early is followed");
    assert!(world.is_kept(server));
    assert!(world.waits_for(10 * MINUTE, |world| world.height(node) == 26));
    assert!(world.is_kept(server));
    assert!(count(&world, node, server, asks_headers) < 60);
}

/// One who shows headers and does this instead of sending bodies; and after a while somebody who has as many blocks of
/// another branch.
fn without_bodies(
    seed: u64,
    bodies: impl FnMut(&[BlockHash]) -> Vec<Reply> + 'static,
) -> (Theatre, usize, usize) {
    let mut world = Theatre::new(seed);
    let (shown, good) = (chain(&world, 60, 1), chain(&world, 59, 2));
    let node = newcomer(&mut world);
    let mut bodies = bodies;
    let script = twisted(shown.clone(), move |asked, honest| match asked {
        Message::GetBlocks(hashes) => bodies(hashes),
        _ => at_once(honest),
    });
    let liar = world.puppet_with(&shown, script);
    world.connect(liar, node);
    world.run_for(100 * MILLISECOND);
    let server = server(&mut world, &good);
    world.connect(server, node);
    (world, node, liar)
}

#[test]
fn who_shows_headers_and_sends_no_bodies_does_not_keep_us_from_a_branch() {
    let (mut world, node, liar) = without_bodies(8, |_| Vec::new());
    assert!(world.waits_for(20 * SECOND, |world| world.height(node) == 59));
    world.forget_delivered();
    world.run_for(HOUR);
    // It is asked now and then, since nobody can tell a liar from one whose wire is bad.
    assert!(count(&world, node, liar, asks_headers) <= 120);
}

#[test]
fn who_shows_headers_and_has_no_bodies_does_not_keep_us_from_a_branch() {
    let missing = |hashes: &[BlockHash]| at_once(vec![Message::Missing(List::new(hashes.to_vec()).unwrap())]);
    let (mut world, node, liar) = without_bodies(9, missing);
    assert!(world.waits_for(10 * SECOND, |world| world.height(node) == 59), "{:?}", world.farewells(node));
    assert_eq!(world.farewells(node), [(liar, Farewell::Stalls)]);
}

#[test]
fn who_stalls_midway_is_made_up_for_by_others() {
    let mut world = Theatre::new(10);
    let good = chain(&world, 600, 0);
    let node = newcomer(&mut world);
    let mut sent = 0;
    let script = twisted(good.clone(), move |asked, honest| match asked {
        Message::GetBlocks(_) if sent > 50 => Vec::new(),
        Message::GetBlocks(_) => {
            sent += honest.len();
            at_once(honest)
        }
        _ => at_once(honest),
    });
    let staller = world.puppet_with(&good, script);
    let server = server(&mut world, &good);
    world.connect(staller, node);
    world.connect(server, node);
    assert!(world.waits_for(MINUTE, |world| world.height(node) == 600));
    assert!(count(&world, staller, node, is_block) >= 50);
}

#[test]
fn who_is_waited_for_in_vain_three_times_has_to_go_where_there_are_others() {
    let mut world = Theatre::new(18);
    let good = chain(&world, 3_000, 0);
    let node = newcomer(&mut world);
    let silent = twisted(good.clone(), |asked, honest| match asked {
        Message::GetBlocks(_) => Vec::new(),
        _ => at_once(honest),
    });
    let slow = twisted(good.clone(), |asked, honest| match asked {
        Message::GetBlocks(_) => honest.into_iter().map(|answer| (500 * MILLISECOND, answer)).collect(),
        _ => at_once(honest),
    });
    let [silent, slow] = [silent, slow].map(|script| {
        let server = world.puppet_with(&good, script);
        world.connect(server, node);
        server
    });
    assert!(world.waits_for(2 * MINUTE, |world| world.height(node) == 3_000));
    assert_eq!(world.farewells(node), [(silent, Farewell::Stalls)]);
    assert!(world.is_kept(slow));
}

#[test]
fn crowd_that_comes_and_sends_no_bodies_costs_no_more_than_a_few_waits() {
    let mut world = Theatre::new(20);
    let good = chain(&world, 3, 0);
    let node = world.add();
    let server = world.add_with(&good);
    world.only_connects_to(node, &[server]);
    world.only_connects_to(server, &[]);
    world.run(node);
    for _ in 0..60 {
        let script = twisted(good.clone(), |asked, honest| match asked {
            Message::GetBlocks(_) => Vec::new(),
            _ => at_once(honest),
        });
        let silent = liar(&mut world, &good, script);
        world.connect(silent, node);
    }
    world.run_for(20 * SECOND);
    assert_eq!(world.height(node), 0);
    world.run(server);
    assert!(world.waits_for(20 * SECOND, |world| world.is_connected(node, server)));
    assert!(world.waits_for(5 * SECOND, |world| world.height(node) == 3));
}

#[test]
fn what_all_wait_for_is_asked_of_another_before_its_time_is_over() {
    let mut world = Theatre::new(19);
    let good = chain(&world, 200, 0);
    let node = newcomer(&mut world);
    let mut last = 0;
    let trickling = twisted(good.clone(), move |asked, honest| match asked {
        Message::GetBlocks(_) => {
            let say = |message| {
                last += 700 * MILLISECOND;
                (last, message)
            };
            honest.into_iter().map(say).collect()
        }
        _ => at_once(honest),
    });
    let trickler = world.puppet_with(&good, trickling);
    world.connect(trickler, node);
    let began = world.elapsed();
    let server = server(&mut world, &good);
    world.connect(server, node);
    assert!(world.waits_for(MINUTE, |world| world.height(node) == 200));
    let took = world.elapsed() - began;
    assert!(took < 3 * SECOND, "{took}: alone it would take eight times 700 for what it was asked first");
}

#[test]
fn who_stalls_midway_and_is_alone_is_asked_again() {
    let mut world = Theatre::new(11);
    let good = chain(&world, 300, 0);
    let node = newcomer(&mut world);
    let mut asked_for = 0;
    let script = twisted(good.clone(), move |asked, honest| match asked {
        Message::GetBlocks(_) => {
            asked_for += 1;
            if asked_for % 5 == 0 { Vec::new() } else { at_once(honest) }
        }
        _ => at_once(honest),
    });
    let staller = world.puppet_with(&good, script);
    world.connect(staller, node);
    assert!(world.waits_for(500 * MINUTE, |world| world.height(node) == 300));
    assert!(world.is_kept(staller));
}

#[test]
fn who_answers_slowly_is_asked_once_for_each() {
    let mut world = stage::mainland(17);
    let good = chain(&world, 100, 0);
    let node = newcomer(&mut world);
    let script = twisted(good.clone(), |asked, honest| match asked {
        Message::GetBlocks(_) => honest.into_iter().map(|answer| (9 * SECOND, answer)).collect(),
        _ => at_once(honest),
    });
    let slow = world.puppet_with(&good, script);
    world.connect(slow, node);
    assert!(world.waits_for(10 * MINUTE, |world| world.height(node) == 100));
    assert_eq!(count(&world, slow, node, is_block), 100);
    world.run_for(MINUTE);
    assert_eq!(world.farewells(node), []);
}

#[test]
fn other_body_under_a_header_condemns_its_sender_and_not_the_block() {
    let mut world = Theatre::new(12);
    let good = chain(&world, 100, 0);
    let other = chain(&world, 100, 1);
    let node = newcomer(&mut world);
    let copy = good.clone();
    let script = twisted(good.clone(), move |asked, honest| match asked {
        Message::GetBlocks(hashes) => at_once(
            hashes
                .iter()
                .map(|hash| {
                    let mut block = copy.block(hash).block().clone();
                    block.coinbase = other.block(&other.chain.tip().hash).block().coinbase.clone();
                    Message::Block(BlockBytes::new(encode(&block)).unwrap())
                })
                .collect(),
        ),
        _ => at_once(honest),
    });
    let liar = world.puppet_with(&good, script);
    let server = server(&mut world, &good);
    world.connect(liar, node);
    world.connect(server, node);
    assert!(world.waits_for(MINUTE, |world| world.height(node) == 100));
    assert!(world.punished(node, liar));
    assert!(world.is_kept(server));
}

#[test]
fn bytes_under_a_header_that_are_no_block_condemn_their_sender() {
    let mut world = Theatre::new(13);
    let good = chain(&world, 100, 0);
    let node = newcomer(&mut world);
    let copy = good.clone();
    let script = twisted(good.clone(), move |asked, honest| match asked {
        Message::GetBlocks(hashes) => at_once(
            hashes
                .iter()
                .map(|hash| {
                    let mut bytes = encode(copy.block(hash).block());
                    bytes.truncate(100);
                    Message::Block(BlockBytes::new(bytes).unwrap())
                })
                .collect(),
        ),
        _ => at_once(honest),
    });
    let liar = world.puppet_with(&good, script);
    let server = server(&mut world, &good);
    world.connect(liar, node);
    world.connect(server, node);
    assert!(world.waits_for(MINUTE, |world| world.height(node) == 100));
    assert!(world.punished(node, liar));
}

#[test]
fn block_on_a_shown_branch_that_breaks_a_rule_condemns_who_showed_it() {
    let mut world = Theatre::new(14);
    let mut bad = chain(&world, 30, 1);
    let good = chain(&world, 20, 2);
    let node = newcomer(&mut world);
    // Nobody can follow it, so it is shown by hand.
    let mut draft = draft_on(&bad, Vec::new());
    draft.commitments.state = cairn::types::StateRoot::ZERO;
    let block = draft.mine(bad.params());
    bad.chain.accept_header(&block.header).unwrap();
    let hash = block.header.hash();
    let script = twisted(bad.clone(), move |asked, mut honest| {
        match asked {
            Message::GetHeaders(_) => {
                if let [Message::Headers(headers)] = &honest[..] {
                    let mut headers = headers.clone().into_vec();
                    headers.push(block.header);
                    honest = vec![Message::Headers(List::new(headers).unwrap())];
                }
            }
            Message::GetBlocks(hashes) => {
                honest.retain(|answer| !matches!(answer, Message::Missing(_)));
                if hashes.contains(&hash) {
                    honest.push(Message::Block(BlockBytes::new(encode(&block)).unwrap()));
                }
            }
            _ => {}
        }
        at_once(honest)
    });
    let liar = world.puppet_with(&bad, script);
    world.connect(liar, node);
    let server = server(&mut world, &good);
    world.connect(server, node);
    world.run_for(MINUTE);
    assert!(world.punished(node, liar), "{:?}", world.farewells(node));
    assert_eq!(world.height(node), 30, "what is good of it is followed");
    assert!(world.is_kept(server));
}

#[test]
fn who_sends_a_little_now_and_then_does_not_keep_us_from_a_better_branch() {
    let mut world = Theatre::new(15);
    let (slow, good) = (chain(&world, 1_000, 1), chain(&world, 1_100, 2));
    let node = newcomer(&mut world);
    let mut last = 0;
    let script = twisted(slow.clone(), move |asked, honest| match asked {
        Message::GetBlocks(_) => {
            let say = |message| {
                last += 900 * MILLISECOND;
                (last, message)
            };
            honest.into_iter().map(say).collect()
        }
        _ => at_once(honest),
    });
    let trickler = world.puppet_with(&slow, script);
    world.connect(trickler, node);
    world.run_for(3 * SECOND);
    for _ in 0..2 {
        let server = server(&mut world, &good);
        world.connect(server, node);
    }
    assert!(world.waits_for(2 * MINUTE, |world| world.height(node) == 1_100));
}

#[test]
fn cheap_headers_are_held_up_to_a_bound_and_nowhere_else() {
    let mut world = Theatre::new(16);
    let ours = chain(&world, 12_500, 1);
    let cheap = chain(&world, 12_400, 2);
    let known = ours.chain.header_count();
    let node = world.add_with(&ours);
    world.only_connects_to(node, &[]);
    world.run(node);
    let liar = liar(&mut world, &cheap, honest(cheap.clone()));
    world.connect(liar, node);
    world.run_for(10 * MINUTE);
    let asked = count(&world, node, liar, asks_headers);
    assert!(asked <= 6, "asked {asked} times for 2,000 at most, of which 10,000 are held");
    assert_eq!(world.headers(node), known);
    assert_eq!(count(&world, liar, node, is_block), 0);
    let mut better = ours;
    better.mine_empty(stage::miner().address(), 3);
    let server = server(&mut world, &better);
    world.connect(server, node);
    assert!(world.waits_for(30 * SECOND, |world| world.height(node) == 12_503));
}
