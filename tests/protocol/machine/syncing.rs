//! Catching up with those who have more.

use cairn::protocol::{JudgedBlock, Message, SyncState};
use cairn::testkit::World;
use cairn::types::Height;

use super::old_stage::{chain, count, draft_on};

fn is_block(message: &Message) -> bool {
    matches!(message, Message::Block(_))
}

fn asks_headers(message: &Message) -> bool {
    matches!(message, Message::GetHeaders(_))
}

/// So many nodes with this many blocks, and a newcomer that is connected to all of them.
fn newcomer(seed: u64, servers: usize, blocks: u32) -> (World, Vec<usize>, usize) {
    let mut world = World::new(seed);
    let chain = chain(&world, blocks, 0);
    let servers: Vec<usize> = (0..servers).map(|_| world.add_with(chain.clone())).collect();
    for server in &servers {
        world.only_connects_to(*server, &[]);
        world.start(*server);
    }
    let newcomer = world.add();
    world.only_connects_to(newcomer, &servers);
    world.start(newcomer);
    (world, servers, newcomer)
}

#[test]
fn newcomer_gets_all_blocks_and_everybody_contributes() {
    let (mut world, servers, newcomer) = newcomer(1, 4, 3_000);
    assert!(world.run_until(120_000, |world| world.node(newcomer).height() == 3_000));
    assert!(world.is_of_one_mind());
    for server in &servers {
        let blocks = count(&world, *server, newcomer, is_block);
        assert!(blocks > 300, "{server} sent {blocks} blocks");
    }
    let all: usize = servers.iter().map(|server| count(&world, *server, newcomer, is_block)).sum();
    assert!(all < 3_100, "few came twice: {all}");
    assert!(world.node(newcomer).farewells.is_empty());
}

#[test]
fn newcomer_gets_all_blocks_from_one() {
    let (mut world, servers, newcomer) = newcomer(2, 1, 3_000);
    assert!(world.run_until(120_000, |world| world.node(newcomer).height() == 3_000));
    assert_eq!(count(&world, servers[0], newcomer, is_block), 3_000);
}

#[test]
fn state_of_catching_up_is_told() {
    let (mut world, _, newcomer) = newcomer(3, 1, 500);
    let is_fetching = |world: &World| matches!(world.node(newcomer).machine().sync_state(), SyncState::Fetching { to, .. } if to.0 == 500);
    assert!(world.run_until(60_000, is_fetching));
    let is_synced = |world: &World| world.node(newcomer).machine().sync_state() == SyncState::Synced;
    assert!(world.run_until(60_000, is_synced));
    assert_eq!(world.node(newcomer).height(), 500);
}

#[test]
fn newcomer_that_crashes_goes_on_where_it_was() {
    let (mut world, servers, newcomer) = newcomer(4, 3, 3_000);
    assert!(world.run_until(120_000, |world| world.node(newcomer).height() >= 1_500));
    world.crash(newcomer);
    world.run_for(5_000);
    world.start(newcomer);
    assert!(world.run_until(120_000, |world| world.node(newcomer).height() == 3_000));
    let all: usize = servers.iter().map(|server| count(&world, *server, newcomer, is_block)).sum();
    assert!(all < 3_000 + 1_100, "what was on its way came twice, and nothing else: {all}");
}

#[test]
fn chain_at_rest_is_synced_and_asks_nobody() {
    let (mut world, servers, newcomer) = newcomer(5, 3, 300);
    world.run_for(60_000);
    world.delivered.clear();
    world.run_for(3_600_000);
    for node in world.nodes() {
        assert_eq!(world.node(node).machine().sync_state(), SyncState::Synced, "{node}");
    }
    let asked: usize = servers.iter().map(|server| count(&world, newcomer, *server, asks_headers)).sum();
    assert_eq!(asked, 0);
}

#[test]
fn branch_that_leaves_deep_below_and_has_more_work_is_followed() {
    let mut world = World::new(6);
    let (light, heavy) = (chain(&world, 400, 1), chain(&world, 700, 2));
    let (a, b) = (world.add_with(light), world.add_with(heavy));
    world.only_connects_to(a, &[b]);
    world.only_connects_to(b, &[]);
    world.start(a);
    world.start(b);
    assert!(world.run_until(120_000, World::is_of_one_mind));
    assert_eq!(world.node(a).height(), 700);
}

#[test]
fn branch_with_less_work_is_left_alone() {
    let mut world = World::new(7);
    let (light, heavy) = (chain(&world, 300, 1), chain(&world, 301, 2));
    let (a, b) = (world.add_with(light), world.add_with(heavy));
    world.only_connects_to(b, &[a]);
    world.only_connects_to(a, &[]);
    let tip = world.node(b).tip();
    world.start(a);
    world.start(b);
    assert!(world.run_until(60_000, World::is_of_one_mind));
    assert_eq!(world.node(b).tip(), tip);
    assert_eq!(count(&world, a, b, is_block), 0, "nobody asked for the lesser branch");
}

#[test]
fn network_that_was_parted_agrees_after_it_heals() {
    let mut world = World::new(8);
    let nodes = world.add_found_by_first(6);
    world.run_for(20_000);
    for _ in 0..5 {
        world.mine(nodes[0]);
        world.run_for(2_000);
    }
    assert!(world.is_of_one_mind());
    world.cut_off(&nodes[..3]);
    for round in 0..12 {
        world.mine(nodes[1]);
        if round < 9 {
            world.mine(nodes[4]);
        }
        world.run_for(5_000);
    }
    assert!(!world.is_of_one_mind());
    let better = world.node(nodes[1]).tip();
    world.heal();
    assert!(world.run_until(120_000, World::is_of_one_mind));
    assert_eq!(world.tips(), [better; 6]);
}

#[test]
fn two_branches_of_equal_work_are_settled_by_the_next_block() {
    let mut world = World::new(9);
    let nodes = world.add_line(4);
    world.run_for(5_000);
    let (a, b) = (world.mine(nodes[0]), world.mine(nodes[3]));
    world.run_for(10_000);
    assert_eq!(
        (world.node(nodes[0]).tip(), world.node(nodes[3]).tip()),
        (a, b),
        "each keeps what came first"
    );
    let next = world.mine(nodes[3]);
    world.run_for(10_000);
    assert_eq!(world.tips(), [next; 4]);
}

#[test]
fn who_has_only_the_newest_blocks_is_not_asked_for_older_ones() {
    let mut world = World::new(10);
    let chain = chain(&world, 500, 0);
    let [pruned, full] = [300, 0].map(|base| {
        let server = world.add_with(chain.clone());
        world.node_mut(server).base = Height(base);
        world.only_connects_to(server, &[]);
        world.start(server);
        server
    });
    let newcomer = world.add();
    world.only_connects_to(newcomer, &[pruned, full]);
    world.start(newcomer);
    assert!(world.run_until(60_000, |world| world.node(newcomer).height() == 500));
    assert_eq!(count(&world, pruned, newcomer, |message| matches!(message, Message::Missing(_))), 0);
    assert!(count(&world, pruned, newcomer, is_block) > 20, "but for what it has");
}

#[test]
fn newcomer_that_finds_only_the_newest_blocks_waits_without_haste() {
    let (mut world, servers, newcomer) = newcomer(11, 1, 500);
    let pruned = servers[0];
    world.stop(pruned);
    world.node_mut(pruned).base = Height(300);
    world.crash(newcomer);
    let newcomer = world.add();
    world.only_connects_to(newcomer, &[pruned]);
    world.start(pruned);
    world.start(newcomer);
    world.run_for(600_000);
    assert_eq!(world.node(newcomer).height(), 0);
    assert!(world.is_connected(newcomer, pruned));
    assert!(count(&world, newcomer, pruned, asks_headers) <= 120);
    assert_eq!(count(&world, newcomer, pruned, |message| matches!(message, Message::GetBlocks(_))), 0);
    assert!(world.node(newcomer).wakes < 5_000, "{}", world.node(newcomer).wakes);
    world.node_mut(pruned).base = Height::GENESIS;
    world.stop(pruned);
    world.start(pruned);
    assert!(world.run_until(60_000, |world| world.node(newcomer).height() == 500));
}

#[test]
fn node_whose_clock_is_behind_takes_blocks_when_it_is_time_and_blames_nobody() {
    let mut world = World::new(12);
    let nodes = world.add_line(3);
    world.node_mut(nodes[1]).behind_seconds = 1_200;
    world.run_for(10_000);
    // The limit is 600 seconds: these are early for one node and for no other.
    for ahead in 500..520 {
        let mut draft = draft_on(&world.node(nodes[0]).follower, Vec::new());
        draft.time.0 = world.now().chain.0 + ahead;
        let block = draft.mine(world.network.params());
        assert_eq!(world.take_in_block(nodes[0], block), JudgedBlock::Taken);
        world.run_for(1_000);
    }
    world.run_for(60_000);
    assert_eq!((world.node(nodes[0]).height(), world.node(nodes[1]).height()), (20, 0));
    assert!(world.run_until(1_300_000, World::is_of_one_mind), "when their time has come");
    for node in &nodes {
        assert!(world.node(*node).farewells.is_empty(), "{:?}", world.node(*node).farewells);
    }
    assert!(count(&world, nodes[1], nodes[0], asks_headers) < 150, "and asks now and then until then");
    let hash = world.mine(nodes[2]);
    world.run_for(5_000);
    assert_eq!(world.node(nodes[2]).tip(), hash);
}
