//! Branches and how the one that is followed changed, as readers are told of them.

use cairn::node::{Branch, BranchStatus, NodeEvent, Reader, Verdict};
use cairn::testkit::within;
use cairn::types::{Block, BlockHash, Height};

use crate::stage::{Stage, hashes, tip_of};

/// A branch by what can be said of it without its work.
fn told(reader: &Reader) -> Vec<(BlockHash, Height, Height, BranchStatus)> {
    let branches = reader.branches();
    branches
        .iter()
        .map(|Branch { hash, height, fork, status, .. }| (*hash, *height, *fork, *status))
        .collect()
}

#[test]
fn every_branch_is_told_with_its_fork_and_what_is_known_of_it() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let stem = miner.mine_empty(3);
    let (mut side, mut liar, mut bodiless) = (miner.fork(1), miner.fork(2), miner.fork(3));
    let ours = miner.mine_payments(5, &[0]);
    stage.grow(&[&stem[..], &ours].concat());
    assert_eq!(told(&stage.node.reader()), [(tip_of(&ours), Height(8), Height(8), BranchStatus::Followed)]);

    let side_blocks = side.mine_payments(2, &[1]);
    assert_eq!(stage.node.submit_all(&side_blocks), [Ok(Verdict::Side), Ok(Verdict::Side)]);
    let mut lie = liar.mine_empty(1);
    lie.push(liar.draft(Vec::new()));
    lie[1].coinbase.amount = cairn::types::Amount::from_pebbles(u64::MAX / 2);
    cairn::testkit::remine(&mut lie[1], stage.network.params());
    let verdicts = stage.node.submit_all(&lie);
    assert!(verdicts[0].is_ok() && verdicts[1].is_err(), "{verdicts:?}");
    let headers = bodiless.mine_empty(7).iter().map(|block| block.header).collect();
    let answers = within("answers", stage.node.handle().submit_headers(headers)).unwrap();
    assert!(answers.iter().all(Result::is_ok));

    let reader = stage.node.reader();
    let last = bodiless.follower.chain.tip().hash;
    let expected = [
        (tip_of(&ours), Height(8), Height(8), BranchStatus::Followed),
        (last, Height(10), Height(3), BranchStatus::HeadersOnly),
        (tip_of(&lie), Height(5), Height(3), BranchStatus::Invalid),
        (tip_of(&side_blocks), Height(5), Height(3), BranchStatus::Complete),
    ];
    assert_eq!(told(&reader), expected);
    for branch in reader.branches() {
        assert_eq!(Some(branch.work), reader.header(&branch.hash).map(|header| header.work));
    }
}

#[test]
fn header_ahead_of_the_tip_is_a_branch_that_leaves_it_nowhere() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let blocks = miner.mine_empty(4);
    stage.grow(&blocks[..2]);
    let headers = blocks[2..].iter().map(|block| block.header).collect();
    within("answers", stage.node.handle().submit_headers(headers)).unwrap();
    let expected = [
        (tip_of(&blocks[..2]), Height(2), Height(2), BranchStatus::Followed),
        (tip_of(&blocks), Height(4), Height(2), BranchStatus::HeadersOnly),
    ];
    assert_eq!(told(&stage.node.reader()), expected);
}

/// What the stream of events says of reorganizations, newest first.
fn from_events(stage: &Stage) -> Vec<(BlockHash, Vec<BlockHash>, Vec<BlockHash>)> {
    let mut events = stage.node.handle().events(cairn::node::Cursor::beginning(0)).unwrap();
    let mut found = Vec::new();
    while let Some(event) = events.ready().unwrap() {
        if let NodeEvent::Reorganized { disconnected, connected, .. } = event {
            found.insert(0, (disconnected[0], disconnected, connected));
        }
    }
    found
}

fn told_of(reader: &Reader, max: usize) -> Vec<(BlockHash, Vec<BlockHash>, Vec<BlockHash>)> {
    let all = reader.reorganizations(max).unwrap().into_iter();
    all.map(|one| (one.disconnected[0], one.disconnected, one.connected)).collect()
}

#[test]
fn reorganizations_are_told_newest_first_up_to_the_readers_tip() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    stage.grow(&miner.mine_empty(2));
    let before = stage.node.reader();
    assert_eq!(before.cursor(), stage.node.handle().cursor());
    let mut other = miner.fork(1);
    let old = miner.mine_payments(3, &[0]);
    stage.grow(&old);
    // Two changes of mind: away, and back to where it was, which grew meanwhile.
    let new = other.mine_payments(4, &[1]);
    let verdicts = stage.node.submit_all(&new);
    assert_eq!(verdicts[3], Ok(Verdict::Followed { reverted: 3 }));
    let between = stage.node.reader();
    let again: Vec<Block> = miner.mine_empty(2);
    let verdicts = stage.node.submit_all(&again);
    assert_eq!(verdicts[1], Ok(Verdict::Followed { reverted: 4 }));

    let reversed = |blocks: &[Block]| hashes(blocks).into_iter().rev().collect::<Vec<_>>();
    let first = (tip_of(&old), reversed(&old), hashes(&new));
    let second = (tip_of(&new), reversed(&new), [hashes(&old), hashes(&again)].concat());
    let reader = stage.node.reader();
    assert_eq!(told_of(&reader, 10), [second.clone(), first.clone()]);
    assert_eq!(told_of(&reader, 1), [second]);
    assert_eq!(told_of(&between, 10), [first]);
    assert_eq!(told_of(&before, 10), []);
    assert_eq!(told_of(&reader, 10), from_events(&stage));
    let newest = reader.reorganizations(1).unwrap().remove(0);
    assert_eq!((newest.cursor, reader.cursor()), (stage.node.handle().cursor(), newest.cursor));

    // What was before a start is read back, and what comes after it comes on top, whenever somebody first asks.
    stage.node.restart();
    assert_eq!(stage.node.reader().reorganizations(1).unwrap(), [newest]);
    assert_eq!(told_of(&stage.node.reader(), 10), from_events(&stage));
    stage.node.restart();
    let last = other.mine_empty(3);
    let verdicts = stage.node.submit_all(&last);
    assert_eq!(verdicts[1], Ok(Verdict::Followed { reverted: 5 }));
    let all = told_of(&stage.node.reader(), 10);
    assert_eq!((all.len(), &all), (3, &from_events(&stage)));
}
