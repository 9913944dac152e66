//! Blocks made to order.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cairn::consensus::{BLOCK_OVERHEAD_BYTES, GenesisFile, TooEarly};
use cairn::miner::{Maker, OrderError, Pace, Pacer};
use cairn::node::NodeEvent;
use cairn::testkit::{TestNode, asert_file, devnet_file, until};
use cairn::types::{Height, Timestamp};

use crate::running::Running;
use crate::stage::{FUNDED, address, miner};

fn maker(running: &Running) -> Maker {
    Maker::new(running.node.handle(), miner()).unwrap()
}

/// Begins to make blocks at a pace; lines for the log come out of what is given back.
fn pacer(running: &Running, pace: &str) -> (Pacer, Arc<Mutex<Vec<String>>>) {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&lines);
    let log = Arc::new(move |line: &str| log.lock().unwrap().push(line.to_owned()));
    let pace: Pace = pace.parse().unwrap();
    (Pacer::start(maker(running), pace, running.runtime.handle().clone(), log).unwrap(), lines)
}

/// Blocks that hold some twenty payments.
fn file_of_small_blocks() -> GenesisFile {
    let mut file = devnet_file(FUNDED);
    file.transaction_bytes_max = 4096;
    file.block_bytes_max = 4096 + BLOCK_OVERHEAD_BYTES;
    file
}

fn height(running: &Running) -> u32 {
    running.node.tip().height.0
}

#[test]
fn blocks_on_demand_are_durable_and_in_their_order() {
    let mut running = Running::new();
    let made = maker(&running).mine(5).unwrap();
    assert_eq!(running.node.branch()[1..], made);
    running.node.restart();
    assert_eq!(running.node.branch()[1..], made);
    assert_eq!(maker(&running).mine(0).unwrap(), []);
}

#[test]
fn ten_thousand_blocks_share_a_second_and_each_is_announced() {
    const COUNT: usize = 10_000;
    let running = Running::new();
    let now = running.node.clock.now();
    let mut events = running.node.handle().events(running.node.handle().cursor()).unwrap();
    let made = maker(&running).mine(COUNT).unwrap();
    assert_eq!(made.len(), COUNT);
    for hash in &made {
        match TestNode::next_event(&mut events) {
            NodeEvent::Grew { block, .. } => assert_eq!(block, *hash),
            other => panic!("not a block on top: {other:?}"),
        }
    }
    let time = |height| running.node.reader().header_at(Height(height)).unwrap().header.time;
    assert_eq!((time(1), time(COUNT as u32)), (now, now));
}

#[test]
fn first_blocks_take_all_that_waits_whatever_their_number() {
    let running = Running::of(&file_of_small_blocks());
    for sender in 0..FUNDED {
        (0..10).for_each(|nonce| running.pay(sender, nonce, 9, 5, 100));
    }
    let made = maker(&running).mine(9).unwrap();
    let reader = running.node.reader();
    let count = |hash| reader.block(hash).unwrap().unwrap().transactions.len();
    let counts: Vec<usize> = made.iter().map(count).collect();
    assert_eq!(counts.iter().sum::<usize>(), 10 * FUNDED as usize);
    assert!(counts.is_sorted_by(|one, next| one >= next), "{counts:?}");
    assert!(counts[1] > 0 && counts[8] == 0, "{counts:?}");
}

#[test]
fn rewards_go_to_whoever_is_named() {
    let running = Running::new();
    maker(&running).mine(4).unwrap();
    let params = running.network.params();
    let reward = running.node.reader().reward(Height(4)).unwrap().unwrap();
    assert_eq!((reward.recipient, reward.amount), (address(100), params.issuance.subsidy(Height(4))));
    // The first has matured.
    let account = running.node.reader().account(&address(100)).unwrap().unwrap();
    assert_eq!(account.balance, params.issuance.subsidy(Height(1)));
}

#[test]
fn order_on_a_chain_whose_difficulty_follows_is_refused_with_the_reason() {
    let running = Running::of(&asert_file(FUNDED));
    let refused = Maker::new(running.node.handle(), miner()).err().unwrap();
    assert_eq!(refused, OrderError::NotFixed);
    assert!(refused.to_string().contains("mine with work instead"), "{refused}");
}

#[test]
fn order_to_a_node_that_has_ended_is_an_error() {
    let mut running = Running::new();
    let mut maker = maker(&running);
    running.node.stop();
    let unfinished = maker.mine(1).unwrap_err();
    assert!(matches!(unfinished.why, OrderError::Mine(_) | OrderError::Refused(_)), "{unfinished:?}");
}

#[test]
fn transaction_is_mined_as_soon_as_it_arrives() {
    let running = Running::new();
    running.pay(1, 0, 9, 5, 10);
    let (pacer, lines) = pacer(&running, "automine");
    // One that waited before, and one that comes now.
    until("a block", || (height(&running) == 1).then_some(()));
    running.pay(0, 0, 9, 5, 10);
    until("another block", || (height(&running) == 2).then_some(()));
    until("the count", || (pacer.made() == 2).then_some(()));
    let account = running.node.reader().account(&address(9)).unwrap().unwrap();
    assert_eq!(account.balance.pebbles(), 10);
    drop(pacer);
    assert_eq!(height(&running), 2, "nothing waits, nothing is made");
    assert!(lines.lock().unwrap().is_empty());
}

#[test]
fn blocks_come_at_intervals_and_by_chance_until_they_are_stopped() {
    for pace in ["interval=0.01", "poisson=1,3"] {
        let mut file = devnet_file(FUNDED);
        (file.pow.spacing, file.pow.halflife) = (1, 32);
        let running = Running::of(&file);
        let (pacer, lines) = pacer(&running, pace);
        until(pace, || (height(&running) >= 2).then_some(()));
        drop(pacer);
        assert!(lines.lock().unwrap().is_empty(), "{pace}");
    }
}

#[test]
fn interval_is_waited_for() {
    let running = Running::new();
    let begun = Instant::now();
    let (pacer, _) = pacer(&running, "interval=0.05");
    until("blocks", || (height(&running) >= 6).then_some(()));
    drop(pacer);
    let intervals = begun.elapsed().as_millis() / 50;
    assert!(u128::from(height(&running)) <= intervals, "{} after {intervals}", height(&running));
}

#[test]
fn pace_ends_though_payments_wait() {
    let running = Running::of(&file_of_small_blocks());
    for sender in 0..FUNDED {
        (0..60).for_each(|nonce| running.pay(sender, nonce, 9, 5, 100));
    }
    let (pacer, lines) = pacer(&running, "automine");
    until("a block", || (height(&running) >= 1).then_some(()));
    drop(pacer);
    assert!(!running.node.reader().pool().unwrap().entries().is_empty(), "it was told to stop long before");
    assert!(lines.lock().unwrap().is_empty());
}

#[test]
fn nothing_is_made_before_its_time() {
    let running = Running::new();
    let params = running.network.params();
    let begins = running.network.genesis.block().header.time;
    running.node.clock.set(Timestamp(begins.0 - params.future_drift - 5));
    let unfinished = maker(&running).mine(3).unwrap_err();
    assert_eq!(
        (unfinished.made.len(), unfinished.why),
        (0, OrderError::Early(TooEarly { seconds_early: 5 }))
    );
    let (pacer, lines) = pacer(&running, "interval=0.01");
    until("a line", || {
        lines.lock().unwrap().first().filter(|line| line.contains("5 seconds too early")).map(drop)
    });
    running.node.clock.set(begins);
    until("a block", || (height(&running) >= 1).then_some(()));
    drop(pacer);
    assert_eq!(lines.lock().unwrap().len(), 1);
}

#[test]
fn nodes_that_pay_the_same_address_do_not_make_the_same_block() {
    let (one, other) = (Running::new(), Running::new());
    assert_eq!(one.node.clock.now(), other.node.clock.now());
    assert_ne!(maker(&one).mine(1).unwrap(), maker(&other).mine(1).unwrap());
    assert_ne!(one.feed().assign(), other.feed().assign());
}

#[test]
fn pace_ends_with_the_node() {
    let mut running = Running::new();
    let (pacer, lines) = pacer(&running, "automine");
    running.node.stop();
    drop(pacer);
    assert!(lines.lock().unwrap().is_empty());
}

#[test]
fn chain_clock_decides_the_time_of_what_is_made() {
    let running = Running::new();
    let later = Timestamp(running.node.clock.now().0 + Duration::from_secs(86_400).as_secs() as u32);
    running.node.clock.set(later);
    maker(&running).mine(1).unwrap();
    assert_eq!(running.node.reader().header_at(Height(1)).unwrap().header.time, later);
}
