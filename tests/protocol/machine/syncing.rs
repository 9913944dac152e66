//! Catching up with those who have more.

use cairn::codec::List;
use cairn::lab::{HOUR, MINUTE, SECOND, Skew};
use cairn::protocol::{Message, SyncState};
use cairn::testkit::theatre::{Script, honest};
use cairn::testkit::{Follower, Theatre};
use cairn::types::Height;

use super::stage::{at_once, chain, count, miner, twisted};

fn is_block(message: &Message) -> bool {
    matches!(message, Message::Block(_))
}

fn asks_headers(message: &Message) -> bool {
    matches!(message, Message::GetHeaders(_))
}

/// So many nodes with this many blocks, and a newcomer that is connected to all of them.
fn newcomer(seed: u64, servers: usize, blocks: u32) -> (Theatre, Vec<usize>, usize) {
    let mut world = Theatre::new(seed);
    let chain = chain(&world, blocks, 0);
    let servers: Vec<usize> = (0..servers).map(|_| world.add_with(&chain)).collect();
    for server in &servers {
        world.only_connects_to(*server, &[]);
        world.run(*server);
    }
    let newcomer = world.add();
    world.only_connects_to(newcomer, &servers);
    world.run(newcomer);
    (world, servers, newcomer)
}

#[test]
fn newcomer_gets_all_blocks_and_everybody_contributes() {
    let (mut world, servers, newcomer) = newcomer(1, 4, 3_000);
    assert!(world.waits_for(2 * MINUTE, |world| world.height(newcomer) == 3_000));
    assert!(world.is_of_one_mind());
    for server in &servers {
        let blocks = count(&world, *server, newcomer, is_block);
        assert!(blocks > 300, "{server} sent {blocks} blocks");
    }
    let all: usize = servers.iter().map(|server| count(&world, *server, newcomer, is_block)).sum();
    assert!(all < 3_100, "few came twice: {all}");
    assert!(world.farewells(newcomer).is_empty());
}

#[test]
fn newcomer_gets_all_blocks_from_one() {
    let (mut world, servers, newcomer) = newcomer(2, 1, 3_000);
    assert!(world.waits_for(2 * MINUTE, |world| world.height(newcomer) == 3_000));
    assert_eq!(count(&world, servers[0], newcomer, is_block), 3_000);
}

#[test]
fn state_of_catching_up_is_told() {
    let (mut world, _, newcomer) = newcomer(3, 1, 500);
    let is_fetching = |world: &Theatre| matches!(world.machine(newcomer).sync_state(), SyncState::Fetching { to, .. } if to.0 == 500);
    assert!(world.waits_for(MINUTE, is_fetching));
    let is_synced = |world: &Theatre| world.machine(newcomer).sync_state() == SyncState::Synced;
    assert!(world.waits_for(MINUTE, is_synced));
    assert_eq!(world.height(newcomer), 500);
}

#[test]
fn newcomer_that_crashes_goes_on_where_it_was() {
    let (mut world, servers, newcomer) = newcomer(4, 3, 3_000);
    assert!(world.waits_for(2 * MINUTE, |world| world.height(newcomer) >= 1_500));
    world.kill(newcomer);
    world.run_for(5 * SECOND);
    world.run(newcomer);
    assert!(world.waits_for(2 * MINUTE, |world| world.height(newcomer) == 3_000));
    let all: usize = servers.iter().map(|server| count(&world, *server, newcomer, is_block)).sum();
    assert!(all < 3_000 + 1_100, "what was on its way came twice, and nothing else: {all}");
}

#[test]
fn chain_at_rest_is_synced_and_asks_nobody() {
    let (mut world, servers, newcomer) = newcomer(5, 3, 300);
    world.run_for(MINUTE);
    world.forget_delivered();
    world.run_for(HOUR);
    for node in world.nodes() {
        assert_eq!(world.machine(node).sync_state(), SyncState::Synced, "{node}");
    }
    let asked: usize = servers.iter().map(|server| count(&world, newcomer, *server, asks_headers)).sum();
    assert_eq!(asked, 0);
}

#[test]
fn branch_that_leaves_deep_below_and_has_more_work_is_followed() {
    let mut world = Theatre::new(6);
    let (light, heavy) = (chain(&world, 400, 1), chain(&world, 700, 2));
    let (a, b) = (world.add_with(&light), world.add_with(&heavy));
    world.only_connects_to(a, &[b]);
    world.only_connects_to(b, &[]);
    world.run(a);
    world.run(b);
    assert!(world.waits_for(2 * MINUTE, |world| world.is_of_one_mind()));
    assert_eq!(world.height(a), 700);
}

#[test]
fn branch_with_less_work_is_left_alone() {
    let mut world = Theatre::new(7);
    let (light, heavy) = (chain(&world, 300, 1), chain(&world, 301, 2));
    let tip = heavy.chain.tip().hash;
    let (a, b) = (world.add_with(&light), world.add_with(&heavy));
    world.only_connects_to(b, &[a]);
    world.only_connects_to(a, &[]);
    world.run(a);
    world.run(b);
    assert!(world.waits_for(MINUTE, |world| world.is_of_one_mind()));
    assert_eq!(world.tip(b), Some(tip));
    assert_eq!(count(&world, a, b, is_block), 0, "nobody asked for the lesser branch");
}

#[test]
fn network_that_was_parted_agrees_after_it_heals() {
    let mut world = Theatre::new(8);
    let nodes = world.add_found_by_first(6);
    world.run_for(20 * SECOND);
    for _ in 0..5 {
        world.mine(nodes[0]);
        world.run_for(2 * SECOND);
    }
    assert!(world.is_of_one_mind());
    world.cut(&nodes[..3], &nodes[3..]);
    for round in 0..12 {
        world.mine(nodes[1]);
        if round < 9 {
            world.mine(nodes[4]);
        }
        world.run_for(5 * SECOND);
    }
    assert!(!world.is_of_one_mind());
    let better = world.tip(nodes[1]).unwrap();
    world.open_all_ways();
    assert!(world.waits_for(2 * MINUTE, |world| world.is_of_one_mind()));
    assert_eq!(world.tips(), [better; 6]);
}

#[test]
fn two_branches_of_equal_work_are_settled_by_the_next_block() {
    let mut world = Theatre::new(9);
    let nodes = world.add_line(4);
    world.run_for(5 * SECOND);
    let (a, b) = (world.mine(nodes[0]), world.mine(nodes[3]));
    world.run_for(10 * SECOND);
    assert_eq!((world.tip(nodes[0]), world.tip(nodes[3])), (Some(a), Some(b)), "each keeps what came first");
    let next = world.mine(nodes[3]);
    world.run_for(10 * SECOND);
    assert_eq!(world.tips(), [next; 4]);
}

/// What somebody answers who has all headers of a chain, and of its blocks those above a height.
fn pruned(chain: &Follower, base: Height) -> Script {
    let heights = chain.chain.clone();
    twisted(chain.clone(), move |asked, honest| match asked {
        Message::GetBlocks(hashes) => {
            let is_kept = |hash| heights.entry(hash).is_some_and(|entry| entry.height > base);
            let one = |(hash, block)| match is_kept(hash) {
                true => block,
                false => Message::Missing(List::new(vec![*hash]).unwrap()),
            };
            at_once(hashes.iter().zip(honest).map(one).collect())
        }
        _ => at_once(honest),
    })
}

/// Somebody who says so, and can be dialed.
fn pruned_puppet(world: &mut Theatre, chain: &Follower, base: Height) -> usize {
    let puppet = world.puppet_with(chain, pruned(chain, base));
    world.change_hello(puppet, |hello| hello.base = base);
    world.let_listen(puppet);
    puppet
}

#[test]
fn who_has_only_the_newest_blocks_is_not_asked_for_older_ones() {
    let mut world = Theatre::new(10);
    let chain = chain(&world, 500, 0);
    let pruned = pruned_puppet(&mut world, &chain, Height(300));
    let full = world.add_with(&chain);
    world.only_connects_to(full, &[]);
    world.run(full);
    let newcomer = world.add();
    world.only_connects_to(newcomer, &[pruned, full]);
    world.run(newcomer);
    assert!(world.waits_for(MINUTE, |world| world.height(newcomer) == 500));
    assert_eq!(count(&world, pruned, newcomer, |message| matches!(message, Message::Missing(_))), 0);
    assert!(count(&world, pruned, newcomer, is_block) > 20, "but for what it has");
}

#[test]
fn newcomer_that_finds_only_the_newest_blocks_waits_without_haste() {
    let mut world = Theatre::new(11);
    let chain = chain(&world, 500, 0);
    let pruned = pruned_puppet(&mut world, &chain, Height(300));
    let newcomer = world.add();
    world.only_connects_to(newcomer, &[pruned]);
    world.run(newcomer);
    world.run_for(10 * MINUTE);
    assert_eq!(world.height(newcomer), 0);
    assert!(world.is_connected(newcomer, pruned));
    assert!(count(&world, newcomer, pruned, asks_headers) <= 120);
    assert_eq!(count(&world, newcomer, pruned, |message| matches!(message, Message::GetBlocks(_))), 0);
    assert!(world.node(newcomer).wakes < 5_000, "{}", world.node(newcomer).wakes);
    world.leave(pruned);
    world.change_hello(pruned, |hello| hello.base = Height::GENESIS);
    world.set_script(pruned, honest(chain));
    assert!(world.waits_for(MINUTE, |world| world.height(newcomer) == 500));
}

#[test]
fn node_whose_clock_is_behind_takes_blocks_when_it_is_time_and_blames_nobody() {
    let mut world = Theatre::new(12);
    let nodes = world.add_line(3);
    world.set_clock(nodes[1], Skew { seconds: -1_200, drift: 0 });
    world.run_for(10 * SECOND);
    // The limit is 600 seconds: these are early for one node and for no other.
    for ahead in 500..520 {
        let mut draft = world.draft(nodes[0], miner().address(), Vec::new());
        draft.time.0 = world.now().0 + ahead;
        let block = draft.mine(world.network.params());
        let hash = block.header.hash();
        world.bring_block(nodes[0], block);
        assert_eq!(world.tip(nodes[0]), Some(hash));
        world.run_for(SECOND);
    }
    world.run_for(MINUTE);
    assert_eq!((world.height(nodes[0]), world.height(nodes[1])), (20, 0));
    assert!(world.waits_for(1_300 * SECOND, |world| world.is_of_one_mind()), "when their time has come");
    for node in &nodes {
        assert!(world.farewells(*node).is_empty(), "{:?}", world.farewells(*node));
    }
    assert!(count(&world, nodes[1], nodes[0], asks_headers) < 150, "and asks now and then until then");
    let hash = world.mine(nodes[2]);
    world.run_for(5 * SECOND);
    assert_eq!(world.tip(nodes[2]), Some(hash));
}
