//! A full pool, and the floor.

use cairn::mempool::{AdmitError, FeeRate, Limits, Why};
use cairn::types::{Action, Amount, Reference, Transaction};

use crate::node::{FUNDS, Node, address, reasons};

const BYTES_MAX: usize = 4 * 32 * 1024;

fn small() -> Limits {
    Limits { bytes_max: BYTES_MAX, waiting_bytes_max: BYTES_MAX / 2, ..Limits::DEFAULT }
}

/// A transaction of about 19 kB.
fn long(node: &Node, from: u32, nonce: u64, fee: u64) -> Transaction {
    let reference = Reference::new([7; 32]).unwrap();
    let pay = Action::Pay { to: address(3), amount: Amount::from_pebbles(1), reference };
    node.act(from, nonce, fee, vec![pay; 256])
}

/// A pool that the first two fill: the first cheaply, the second at three times the price.
fn full() -> (Node, u64) {
    let mut node = Node::with(small(), |_| ());
    for nonce in 0.. {
        for (who, fee) in [(0, 20_000), (1, 60_000)] {
            let next = long(&node, who, nonce, fee);
            if node.pool.bytes() + node.check(&next).facts().bytes > BYTES_MAX {
                return (node, nonce);
            }
            node.admit(&next).unwrap();
        }
    }
    unreachable!("a pool that never fills");
}

#[test]
fn cheapest_tail_gives_way_and_never_the_middle_of_a_queue() {
    let (mut node, _) = full();
    let cheap: Vec<u64> = node.pool.of_sender(&address(0)).map(|entry| entry.nonce().0).collect();
    let newcomer = long(&node, 2, 0, 90_000);
    let departed = node.admit(&newcomer).unwrap().departed;
    node.audit();
    assert_eq!(departed.len(), 1);
    let left = departed[0].transaction.facts();
    assert_eq!((left.sender, departed[0].why), (address(0), Why::Evicted));
    assert_eq!(departed[0].transaction.transaction().body.nonce.0, *cheap.last().unwrap());
}

#[test]
fn what_waits_gives_way_first() {
    let mut node = Node::with(small(), |_| ());
    let waits = long(&node, 2, 5, 1_000_000);
    node.admit(&waits).unwrap();
    let mut departed = Vec::new();
    let mut nonce = 0;
    while departed.is_empty() {
        let next = long(&node, 0, nonce, 5);
        departed.extend(node.admit(&next).unwrap().departed);
        node.audit();
        nonce += 1;
    }
    assert_eq!(reasons(&departed), [(waits.hash(), Why::Evicted)]);
    assert_eq!(node.pool.floor(node.now), FeeRate::ZERO, "what waits offered nothing that could be outbid");
}

#[test]
fn floor_rises_above_what_was_evicted_and_falls_with_time() {
    let (mut node, _) = full();
    assert_eq!(node.pool.floor(node.now), FeeRate::ZERO);
    let newcomer = long(&node, 2, 0, 90_000);
    let evicted = node.admit(&newcomer).unwrap().departed.remove(0).transaction;
    let bytes = evicted.facts().bytes as u32;
    let rate = FeeRate::new(Amount::from_pebbles(20_000), bytes);
    let floor = node.pool.floor(node.now);
    assert!(floor > rate, "what was evicted cannot come straight back");
    let again = evicted.transaction().clone();
    let needed = floor.fee_for(bytes as usize);
    assert_eq!(node.admit(&again), Err(AdmitError::Floor { fee: Amount::from_pebbles(20_000), needed }));

    let (half, step) = (Limits::DEFAULT.floor_halflife_seconds, floor.pebbles_per_kilobyte());
    assert_eq!(node.pool.floor(node.now + half - 1), floor);
    assert_eq!(node.pool.floor(node.now + half).pebbles_per_kilobyte(), step / 2);
    assert_eq!(node.pool.floor(node.now + 100 * half), FeeRate::ZERO);
    assert!(node.pool.rejection(&again.hash()).is_some());
    node.now += 2 * half;
    node.expire();
    assert_eq!(node.pool.rejection(&again.hash()), None, "the floor fell");
    node.mine_best(3);
    node.admit(&again).unwrap();
    assert_eq!(node.pool.floor(node.now).pebbles_per_kilobyte(), step / 4);
}

#[test]
fn long_transaction_that_outbids_too_little_turns_nobody_out() {
    let mut node = Node::with(small(), |_| ());
    let mut nonce = 0;
    while node.pool.bytes() + 20_000 < BYTES_MAX {
        node.admit(&long(&node, 0, nonce, 60_000)).unwrap();
        nonce += 1;
    }
    let mut cheap = 0;
    while node.pool.bytes() + 300 < BYTES_MAX {
        node.pay(1, cheap, 3, 5, 1);
        cheap += 1;
    }
    let before = node.offered();
    let between = long(&node, 2, 0, 30_000);
    assert!(matches!(node.admit(&between), Err(AdmitError::Full { .. })));
    assert_eq!(node.offered(), before);
    node.audit();
}

#[test]
fn fee_that_an_error_names_would_do() {
    let (mut node, _) = full();
    let low = long(&node, 2, 0, 1);
    let Err(AdmitError::Full { needed, .. }) = node.admit(&low) else { panic!("it outbids nobody") };
    let enough = long(&node, 2, 0, needed.pebbles());
    node.admit(&enough).unwrap();
    let low = long(&node, 3, 0, 1);
    let Err(AdmitError::Floor { needed, .. }) = node.admit(&low) else { panic!("the floor rose") };
    let enough = long(&node, 3, 0, needed.pebbles());
    assert!(!matches!(node.admit(&enough), Err(AdmitError::Floor { .. })));
}

#[test]
fn replacement_in_a_full_pool_takes_the_room_of_what_it_replaces() {
    let (mut node, _) = full();
    let before = node.pool.len();
    let dearer = long(&node, 0, 0, 40_000);
    let departed = node.admit(&dearer).unwrap().departed;
    assert_eq!((departed.len(), node.pool.len()), (1, before));
    node.audit();
}

#[test]
fn replacement_may_turn_out_whoever_paid_for_what_it_replaces() {
    let mut node = Node::with(small(), |_| ());
    let lends = node.pay(1, 0, 0, FUNDS / 2, 1);
    let borrows = node.pay(0, 0, 3, FUNDS + FUNDS / 4, 1000);
    let next = node.pay(0, 1, 3, 1, 1000);
    for nonce in 0.. {
        let filler = long(&node, 2, nonce, 20_000);
        if node.pool.bytes() + node.check(&filler).facts().bytes > BYTES_MAX {
            break;
        }
        node.admit(&filler).unwrap();
    }
    let dearer = long(&node, 0, 0, 200_000);
    let trial = node.would_admit(&dearer).unwrap();
    let admitted = node.admit(&dearer).unwrap();
    node.audit();
    assert_eq!((trial.standing, trial.departed), (admitted.standing, admitted.departed.clone()));
    let departed = reasons(&admitted.departed);
    assert_eq!(departed[..2], [(borrows, Why::Replaced { by: dearer.hash() }), (lends, Why::Evicted)]);
    assert!(node.is_ready(&dearer.hash()) && node.is_ready(&next));
    assert!(node.pool.bytes() <= BYTES_MAX);
}
