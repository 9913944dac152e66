//! Processors at work.

use std::sync::Arc;

use cairn::crypto::search::Kernel;
use cairn::miner::{Miner, MinerOptions};
use cairn::testkit::{PATIENCE, TestNode, asert_file, until};
use cairn::types::{Bits, Height, Timestamp};

use crate::running::Running;
use crate::stage::{FUNDED, address, miner};

fn options(threads: usize, kernel: Kernel) -> MinerOptions {
    MinerOptions { payout: miner(), threads, kernel, log: Arc::new(|_| {}) }
}

fn start(running: &Running, options: &MinerOptions) -> Miner {
    Miner::start(&running.node.handle(), &running.feed(), running.runtime.handle(), options).unwrap()
}

#[test]
fn every_kernel_mines_a_chain_whose_difficulty_follows() {
    for kernel in Kernel::available() {
        let running = Running::of(&asert_file(FUNDED));
        running.pay(0, 0, 9, 5, 10);
        let mining = start(&running, &options(2, kernel));
        until("blocks", || (running.node.tip().height >= Height(3)).then_some(()));
        let report = mining.report();
        assert!(report.hashes > 0 && report.hash_rate > 0.0, "{kernel}: {report:?}");
        drop(mining);
        let reader = running.node.reader();
        let account = reader.account(&address(9)).unwrap().unwrap();
        assert_eq!(account.balance.pebbles(), 5, "{kernel}");
        let tip = reader.block(&reader.tip().hash).unwrap().unwrap();
        assert_eq!(tip.coinbase.recipient, address(100), "{kernel}");
    }
}

#[test]
fn blocks_that_became_the_tip_are_counted() {
    let running = Running::of(&asert_file(FUNDED));
    let mut events = running.node.handle().events(running.node.handle().cursor()).unwrap();
    let mining = start(&running, &options(2, Kernel::best()));
    (0..3).for_each(|_| drop(TestNode::next_event(&mut events)));
    until("the count", || (mining.report().found >= 3).then_some(()));
}

#[test]
fn miner_that_finds_nothing_stops_when_it_is_told_to() {
    let mut file = asert_file(FUNDED);
    file.bits = Bits(0x1b00_ffff);
    let running = Running::of(&file);
    let mining = start(&running, &options(2, Kernel::best()));
    until("hashes", || (mining.report().hashes > 0).then_some(()));
    drop(mining);
    assert_eq!(running.node.tip().height, Height(0));
}

#[test]
fn miner_ends_with_the_node() {
    let mut running = Running::of(&asert_file(FUNDED));
    let mining = start(&running, &options(1, Kernel::best()));
    until("hashes", || (mining.report().hashes > 0).then_some(()));
    running.node.stop();
    until("the end", || mining.has_ended().then_some(()));
}

#[test]
fn nothing_is_looked_for_before_its_time() {
    let running = Running::of(&asert_file(FUNDED));
    let params = running.network.params();
    let begins = running.network.genesis.block().header.time;
    running.node.clock.set(Timestamp(begins.0 - params.future_drift - 5));
    let (sender, lines) = std::sync::mpsc::channel();
    let log = Arc::new(move |line: &str| drop(sender.send(line.to_owned())));
    let mining = start(&running, &MinerOptions { log, ..options(1, Kernel::best()) });
    let line = lines.recv_timeout(PATIENCE).unwrap();
    assert!(line.contains("5 seconds too early"), "{line}");
    assert_eq!(mining.report().hashes, 0);
}
