//! The one stream of events: nothing lost, nothing twice, from any point on.

use cairn::node::{Cursor, CursorError, Events, NodeEvent, account_events};
use cairn::storage::{Move, Step};
use cairn::testkit::{Actor, TestNode, within};
use cairn::types::Block;

use crate::stage::{GREW, Miner, Stage, hashes, miner_address};

/// All that has happened and was not handed out.
fn ready(events: &mut Events) -> Vec<NodeEvent> {
    std::iter::from_fn(|| events.ready().unwrap()).collect()
}

fn all_after(node: &TestNode, cursor: Cursor) -> Vec<NodeEvent> {
    ready(&mut node.handle().events(cursor).unwrap())
}

fn beginning(node: &TestNode) -> Cursor {
    Cursor::beginning(node.handle().cursor().epoch)
}

/// Grows by three, goes over to another branch of four, and grows by two.
fn history(stage: &Stage) -> (Miner, Vec<Block>, Vec<Block>, Vec<Block>) {
    let mut miner = stage.miner();
    let stem = miner.mine_payments(1, &[0, 1]);
    let old = miner.fork(1).mine_payments(2, &[0]);
    let mut new = miner.fork(2);
    let winning = new.mine_payments(3, &[1]);
    let last = new.mine_payments(2, &[2]);
    stage.grow(&stem);
    stage.grow(&old);
    let _ = stage.node.submit_all(&winning);
    stage.grow(&last);
    (new, [stem, old].concat(), winning, last)
}

#[test]
fn every_change_is_told_once_and_in_order() {
    let stage = Stage::new();
    let mut events = stage.node.handle().events(beginning(&stage.node)).unwrap();
    let (_, old, winning, last) = history(&stage);
    let (old, winning, last) = (hashes(&old), hashes(&winning), hashes(&last));
    let told: Vec<NodeEvent> = (0..6).map(|_| TestNode::next_event(&mut events)).collect();
    let cursor = |sequence| Cursor { sequence, index: u32::MAX, ..beginning(&stage.node) };
    let grew = |sequence, block| NodeEvent::Grew { cursor: cursor(sequence), block };
    let reorganized =
        NodeEvent::Reorganized { cursor: cursor(8), disconnected: vec![old[2], old[1]], connected: winning };
    let expected =
        [grew(1, old[0]), grew(2, old[1]), grew(3, old[2]), reorganized, grew(9, last[0]), grew(10, last[1])];
    assert_eq!(told, expected);
    assert_eq!(told[5].cursor(), stage.node.handle().cursor());
    assert_eq!(ready(&mut events), []);
}

#[test]
fn any_cursor_leads_to_what_came_after_it_also_after_a_restart() {
    let mut stage = Stage::new();
    let (mut miner, ..) = history(&stage);
    let mut all = all_after(&stage.node, beginning(&stage.node));
    assert_eq!(all.len(), 6);
    for at in 0..all.len() {
        assert_eq!(all_after(&stage.node, all[at].cursor()), all[at + 1..]);
    }
    stage.node.restart();
    assert_eq!(all_after(&stage.node, beginning(&stage.node)), all);
    for at in 0..all.len() {
        assert_eq!(all_after(&stage.node, all[at].cursor()), all[at + 1..]);
    }
    // Partly from the journal, partly as it happens.
    let mut events = stage.node.handle().events(all[1].cursor()).unwrap();
    stage.grow(&miner.mine_empty(2));
    let told = ready(&mut events);
    assert_eq!((&told[..4], told.len()), (&all[2..], 6));
    all.extend_from_slice(&told[4..]);
    assert_eq!(all_after(&stage.node, beginning(&stage.node)), all);
}

#[test]
fn cursors_that_lead_nowhere_are_refused() {
    let stage = Stage::new();
    let here = stage.node.handle().cursor();
    let ahead = Cursor { sequence: here.sequence + 1, ..here };
    assert!(matches!(stage.node.handle().events(ahead), Err(CursorError::Ahead { found: 1, last: 0 })));
    let other = Cursor { epoch: here.epoch + 1, ..here };
    assert!(matches!(stage.node.handle().events(other), Err(CursorError::AnotherEpoch { .. })));
    assert!(stage.node.handle().events(here).is_ok());
}

#[test]
fn slow_subscriber_reads_from_the_journal_what_memory_has_forgotten() {
    let stage = Stage::new();
    let mut events = stage.node.handle().events(beginning(&stage.node)).unwrap();
    let mut miner = stage.miner();
    let blocks = miner.mine_empty(1300);
    stage.grow(&blocks[..10]);
    let mut told: Vec<NodeEvent> = (0..10).map(|_| TestNode::next_event(&mut events)).collect();
    stage.grow(&blocks[10..]);
    told.extend(ready(&mut events));
    let grown = told.iter().map(|event| match event {
        NodeEvent::Grew { block, .. } => *block,
        NodeEvent::Reorganized { .. } => panic!("nothing was reorganized"),
    });
    assert_eq!(grown.collect::<Vec<_>>(), hashes(&blocks));
    let sequences: Vec<u64> = told.iter().map(|event| event.cursor().sequence).collect();
    assert_eq!(sequences, (1..=1300).collect::<Vec<_>>());
}

#[test]
fn stream_ends_with_the_node() {
    let mut stage = Stage::new();
    let handle = stage.node.handle();
    let mut events = handle.events(beginning(&stage.node)).unwrap();
    let mut tips = handle.tips();
    let block = stage.miner().mine(Vec::new());
    assert_eq!(stage.node.submit(&block), Ok(GREW));
    stage.node.stop();
    assert!(matches!(TestNode::next_event(&mut events), NodeEvent::Grew { .. }));
    assert_eq!(within("the end", events.next()).unwrap(), None);
    assert_eq!(tips.borrow_and_update().hash, block.header.hash());
    assert!(within("the end", tips.changed()).is_err());
}

/// The steps that an event was made of.
fn steps(event: &NodeEvent) -> Vec<Step> {
    let (off, on) = match event {
        NodeEvent::Grew { block, .. } => (Vec::new(), vec![*block]),
        NodeEvent::Reorganized { disconnected, connected, .. } => (disconnected.clone(), connected.clone()),
    };
    let off = off.into_iter().map(|block| (Move::Disconnected, block));
    let moves: Vec<_> = off.chain(on.into_iter().map(|block| (Move::Connected, block))).collect();
    let first = event.cursor().sequence + 1 - moves.len() as u64;
    let last = moves.len() - 1;
    let step = |(at, (moved, block))| Step { sequence: first + at as u64, moved, block, last: at == last };
    moves.into_iter().enumerate().map(step).collect()
}

/// Everything that concerns somebody after a cursor.
fn accounts_after(node: &TestNode, after: Cursor) -> Vec<cairn::node::AccountEvent> {
    let watched = [Actor::new(1).address(), miner_address(0), miner_address(2)];
    let reader = node.reader();
    let steps = all_after(node, after).into_iter().flat_map(|event| steps(&event));
    let told = steps.flat_map(|step| {
        let block = reader.block(&step.block).unwrap().unwrap();
        account_events(&step, &block, after, |address| watched.contains(address))
    });
    told.collect()
}

#[test]
fn what_concerns_an_account_goes_on_from_any_entry() {
    let mut stage = Stage::new();
    history(&stage);
    stage.node.restart();
    let all = accounts_after(&stage.node, beginning(&stage.node));
    assert!(all.iter().any(|event| event.moved == Move::Disconnected));
    assert!(all.iter().any(|event| event.txid.is_none()));
    for event in &all {
        let rest: Vec<_> = all.iter().filter(|other| other.cursor > event.cursor).cloned().collect();
        assert_eq!(accounts_after(&stage.node, event.cursor), rest);
    }
}
