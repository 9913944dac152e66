//! What the door says to blocks, in whatever order and state they come.

use cairn::chain::ChainError;
use cairn::codec::{List, encoded_len};
use cairn::consensus::{Blame, BlockError, HeaderError};
use cairn::ledger::LedgerError;
use cairn::node::{BlockRefused, Verdict};
use cairn::testkit::{remine, until, within};
use cairn::types::{Amount, Bits, Block, Timestamp};

use crate::stage::{GREW, Miner, Stage, hashes, tip_of};

#[test]
fn block_submitted_again_is_known() {
    let stage = Stage::new();
    let blocks = stage.miner().mine_empty(2);
    stage.grow(&blocks);
    assert_eq!(stage.node.submit_all(&blocks), [Ok(Verdict::Known), Ok(Verdict::Known)]);
    assert_eq!(stage.node.submit(stage.network.genesis.block()), Ok(Verdict::Known));
}

#[test]
fn block_submitted_twice_at_once_is_followed_once() {
    let stage = Stage::new();
    let block = stage.miner().mine(Vec::new());
    let verdicts = stage.node.submit_all([&block, &block, &block]);
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Ok(GREW)).count(), 1);
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Ok(Verdict::Known)).count(), 2);
}

#[test]
fn block_is_known_to_nobody_before_it_is_durable() {
    let stage = Stage::new();
    let block = stage.miner().mine(Vec::new());
    let bulk = stage.node.handle().bulk();
    let first = stage.node.submit_later(&block);
    // Now the writer has it, and waits for others to sync it with.
    until("the writer", || (stage.node.groundwork().previous == block.header.hash()).then_some(()));
    assert_eq!(stage.node.submit(&block), Ok(Verdict::Known));
    assert_eq!(stage.node.tip().hash, block.header.hash(), "readers see what was told");
    assert_eq!(within("a verdict", first.answer()), Ok(GREW));
    drop(bulk);
}

#[test]
fn orphans_are_followed_by_themselves_when_their_parent_comes() {
    let stage = Stage::new();
    let blocks = stage.miner().mine_empty(4);
    for at in [3, 2, 1] {
        let missing = blocks[at].header.previous;
        assert_eq!(stage.node.submit(&blocks[at]), Ok(Verdict::Orphan { missing }));
    }
    assert_eq!(stage.node.submit(&blocks[0]), Ok(GREW));
    stage.node.wait_for_tip(&tip_of(&blocks));
    assert_eq!(stage.node.branch()[1..], hashes(&blocks));
    assert_eq!(stage.node.submit(&blocks[3]), Ok(Verdict::Known));
}

#[test]
fn orphan_above_known_headers_names_the_lowest_missing_body() {
    let stage = Stage::new();
    let blocks = stage.miner().mine_empty(4);
    let headers = blocks.iter().map(|block| block.header).collect();
    let answers = within("headers", stage.node.handle().submit_headers(headers)).unwrap();
    assert!(answers.len() == 4 && answers.iter().all(Result::is_ok));
    let missing = blocks[0].header.hash();
    assert_eq!(stage.node.submit(&blocks[3]), Ok(Verdict::Orphan { missing }));
    stage.grow(&blocks[..3]);
    stage.node.wait_for_tip(&tip_of(&blocks));
}

#[test]
fn children_before_parents_all_at_once_are_all_followed() {
    let stage = Stage::new();
    let mut blocks = stage.miner().mine_payments(120, &[0, 1]);
    let tip = tip_of(&blocks);
    blocks.reverse();
    // And the odd ones out of even that order.
    for at in (0..blocks.len() - 3).step_by(3) {
        blocks.swap(at, at + 2);
    }
    let verdicts = stage.node.submit_all(&blocks);
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Ok(GREW | Verdict::Orphan { .. }))));
    stage.node.wait_for_tip(&tip);
}

#[test]
fn honest_block_gets_in_after_its_header_came_with_another_body() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let honest = miner.mine_payments(1, &[0]).remove(0);
    let child = miner.mine(Vec::new());
    let forged = Block { transactions: List::default(), ..honest.clone() };
    let refused = stage.node.submit(&forged).unwrap_err();
    assert!(matches!(refused, BlockRefused::Block(BlockError::MerkleRoot { .. })));
    assert_eq!(refused.blame(), Blame::Sender);
    // A child that comes in between waits.
    let missing = honest.header.hash();
    assert_eq!(stage.node.submit(&child), Ok(Verdict::Orphan { missing }));
    assert_eq!(stage.node.submit(&honest), Ok(GREW));
    stage.node.wait_for_tip(&child.header.hash());
}

#[test]
fn orphan_with_another_body_does_not_keep_the_honest_one_out() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let parent = miner.mine(Vec::new());
    let honest = miner.mine_payments(1, &[0]).remove(0);
    let forged = Block { transactions: List::default(), ..honest.clone() };
    assert_eq!(stage.node.submit(&forged).unwrap_err().blame(), Blame::Sender);
    assert!(matches!(stage.node.submit(&honest), Ok(Verdict::Orphan { .. })));
    assert_eq!(stage.node.submit(&parent), Ok(GREW));
    stage.node.wait_for_tip(&honest.header.hash());
}

#[test]
fn block_that_breaks_a_rule_is_condemned_with_what_stands_on_it() {
    let stage = Stage::new();
    let miner = stage.miner();
    let mut greedy = miner.draft(Vec::new());
    greedy.coinbase.amount = greedy.coinbase.amount.checked_add(Amount::from_pebbles(1)).unwrap();
    remine(&mut greedy, stage.network.params());
    let mut child = miner.clone().mine_empty(2).remove(1);
    child.header.previous = greedy.header.hash();
    remine(&mut child, stage.network.params());

    let refused = stage.node.submit(&greedy).unwrap_err();
    assert!(matches!(refused, BlockRefused::Block(BlockError::Reward { .. })));
    assert_eq!(refused.blame(), Blame::Block);
    for block in [&greedy, &child] {
        let refused = stage.node.submit(block).unwrap_err();
        assert!(matches!(refused, BlockRefused::Chain(_)), "{refused}");
        assert_eq!(refused.blame(), Blame::Block);
    }
    assert_eq!(stage.node.tip().height.0, 0);
    assert_eq!(stage.node.submit(&miner.fork(1).mine(Vec::new())), Ok(GREW));
}

#[test]
fn child_that_comes_at_once_with_its_invalid_parent_is_refused() {
    let stage = Stage::new();
    let miner = stage.miner();
    let poor = miner.draft(vec![miner.overspend(0)]);
    let mut child = miner.clone().mine_empty(2).remove(1);
    child.header.previous = poor.header.hash();
    remine(&mut child, stage.network.params());
    let verdicts = stage.node.submit_all([&poor, &child]);
    assert!(matches!(verdicts[0], Err(BlockRefused::Ledger(LedgerError::Spend { .. }))), "{verdicts:?}");
    assert!(matches!(verdicts[1], Err(BlockRefused::Chain(_))), "{verdicts:?}");
}

#[test]
fn early_block_waits_and_comes_in_when_its_time_has_come() {
    let stage = Stage::new();
    let (drift, start) = (stage.network.params().future_drift, Timestamp(1_700_000_000));
    stage.node.clock.set(start);
    let mut miner = stage.miner();
    let mut draft = miner.follower.draft(miner.recipient, Vec::new());
    draft.time = Timestamp(start.0 + drift + 100);
    let early = draft.mine(stage.network.params());
    miner.follower.submit(early.clone()).unwrap();
    let child = miner.mine(Vec::new());
    assert_eq!(stage.node.submit(&early), Ok(Verdict::Early { seconds: 100 }));
    assert_eq!(stage.node.submit(&early), Ok(Verdict::Early { seconds: 100 }));
    // The median of so short a chain is its last time.
    assert_eq!(stage.node.submit(&child), Ok(Verdict::Early { seconds: 100 }));
    assert_eq!(stage.node.tip().height.0, 0);
    assert_eq!(stage.node.handle().chain_time(), start);
    stage.node.clock.set(Timestamp(start.0 + 100));
    assert_eq!(stage.node.handle().chain_time(), Timestamp(start.0 + 100));
    stage.node.wait_for_tip(&child.header.hash());
}

#[test]
fn branch_of_no_more_work_is_kept_beside() {
    let mut stage = Stage::new();
    let miner = stage.miner();
    let ours = miner.clone().mine_empty(3);
    let other = miner.fork(1).mine_empty(3);
    stage.grow(&ours);
    let verdicts = stage.node.submit_all(&other);
    assert!(verdicts.iter().all(|verdict| *verdict == Ok(Verdict::Side)));
    assert_eq!(stage.node.tip().hash, tip_of(&ours));
    // The first of equals is the first after a restart, too.
    stage.node.restart();
    assert_eq!(stage.node.tip().hash, tip_of(&ours));
    assert_eq!(stage.node.submit(&other[2]), Ok(Verdict::Known));
}

#[test]
fn deep_side_branch_is_refused_until_its_headers_show_more_work() {
    let stage = Stage::new();
    let miner = stage.miner();
    let ours = miner.clone().mine_empty(150);
    let other = miner.fork(1).mine_empty(151);
    stage.grow(&ours);
    let refused = stage.node.submit(&other[0]).unwrap_err();
    assert!(matches!(refused, BlockRefused::TooDeep { depth_max: 144, .. }), "{refused}");
    assert_eq!(refused.blame(), Blame::Nobody);
    assert_eq!(stage.node.reader().header(&other[0].header.hash()), None, "nothing is kept of it");
    // One that is just not too deep, but stands on what was refused.
    assert!(matches!(stage.node.submit(&other[5]), Ok(Verdict::Orphan { .. })));

    let headers = other.iter().map(|block| block.header).collect();
    let answers = within("headers", stage.node.handle().submit_headers(headers)).unwrap();
    assert!(answers.len() == 151 && answers.iter().all(Result::is_ok));
    let verdicts = stage.node.submit_all(&other);
    assert!(verdicts[..150].iter().all(|verdict| matches!(verdict, Ok(Verdict::Side | Verdict::Known))));
    assert_eq!(verdicts[150], Ok(Verdict::Followed { reverted: 150 }));
    assert_eq!(stage.node.tip().hash, tip_of(&other));
}

#[test]
fn database_survives_a_block_that_the_ledger_refused() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let poor = miner.draft(vec![miner.overspend(0)]);
    assert!(stage.node.submit(&poor).is_err());
    let good = miner.mine_payments(3, &[0]);
    stage.grow(&good);
    stage.node.restart();
    assert_eq!(stage.node.log(), Vec::<String>::new(), "nothing had to be mended");
    assert_eq!(stage.node.tip().hash, tip_of(&good));
    // That it was refused is forgotten; what stands on it is not followed for that.
    let mut below = poor.header.hash();
    let mut children = stage.miner().mine_empty(4).split_off(1);
    for child in &mut children {
        child.header.previous = below;
        remine(child, stage.network.params());
        below = child.header.hash();
    }
    let verdicts = stage.node.submit_all(&children);
    assert!(matches!(verdicts[2], Err(BlockRefused::Ledger(LedgerError::Spend { .. }))), "{verdicts:?}");
    stage.grow(&[miner.mine(Vec::new())]);
}

#[test]
fn early_header_with_another_body_does_not_keep_the_honest_one_out() {
    let stage = Stage::new();
    let (drift, start) = (stage.network.params().future_drift, Timestamp(1_700_000_000));
    stage.node.clock.set(start);
    let miner = stage.miner();
    let mut draft = miner.follower.draft(miner.recipient, vec![miner.pay(0, 0)]);
    draft.time = Timestamp(start.0 + drift + 100);
    let honest = draft.mine(stage.network.params());
    let forged = Block { transactions: List::default(), ..honest.clone() };
    assert_eq!(stage.node.submit(&forged).unwrap_err().blame(), Blame::Sender);
    assert_eq!(stage.node.submit(&honest), Ok(Verdict::Early { seconds: 100 }));
    stage.node.clock.set(Timestamp(start.0 + 100));
    stage.node.wait_for_tip(&honest.header.hash());
}

/// A block that is mined before anybody else would take it.
fn mine_early(miner: &Miner, stage: &Stage, time: u32, salt: u64) -> Block {
    let mut draft = miner.follower.draft(miner.recipient, Vec::new());
    (draft.time, draft.salt) = (Timestamp(time), salt);
    draft.mine(stage.network.params())
}

#[test]
fn early_blocks_that_come_sooner_take_the_room_of_those_further_ahead() {
    let stage = Stage::new();
    let start = 1_700_000_000;
    let limit = start + stage.network.params().future_drift;
    stage.node.clock.set(Timestamp(start));
    let miner = stage.miner();
    let far: Vec<Block> = (0..64).map(|salt| mine_early(&miner, &stage, limit + 1000, salt)).collect();
    for block in &far {
        assert_eq!(stage.node.submit(block), Ok(Verdict::Early { seconds: 1000 }));
    }
    let refused = stage.node.submit(&mine_early(&miner, &stage, limit + 1000, 64)).unwrap_err();
    assert_eq!(refused, BlockRefused::TooEarly { seconds: 1000 });
    assert_eq!(refused.blame(), Blame::Nobody);
    let near = mine_early(&miner, &stage, limit + 100, 0);
    assert_eq!(stage.node.submit(&near), Ok(Verdict::Early { seconds: 100 }));
    stage.node.clock.set(Timestamp(start + 100));
    stage.node.wait_for_tip(&near.header.hash());
}

#[test]
fn early_block_whose_time_never_comes_or_of_too_little_work_is_refused() {
    let stage = Stage::new();
    let start = 1_700_000_000;
    stage.node.clock.set(Timestamp(start));
    let mut miner = stage.miner();
    let never = stage.node.submit(&mine_early(&miner, &stage, u32::MAX, 0)).unwrap_err();
    assert!(matches!(never, BlockRefused::TooEarly { .. }), "{never}");
    stage.grow(&miner.mine_empty(3));
    let limit = start + stage.network.params().future_drift;
    let mut easy = mine_early(&miner, &stage, limit + 100, 0);
    easy.header.bits = Bits(easy.header.bits.0 - 1);
    remine(&mut easy, stage.network.params());
    let refused = stage.node.submit(&easy).unwrap_err();
    let difficulty =
        matches!(refused, BlockRefused::Chain(ChainError::Header(HeaderError::Difficulty { .. })));
    assert!(difficulty, "{refused}");
}

#[test]
fn block_longer_than_all_that_may_be_on_its_way_is_refused_and_does_not_wait_for_ever() {
    let stage = Stage::new();
    let miner = stage.miner();
    let mut block = miner.draft(Vec::new());
    block.transactions = List::new(vec![miner.pay_at_length(0, 0); 4000]).unwrap();
    assert!(encoded_len(&block) > 64 << 20);
    remine(&mut block, stage.network.params());
    let refused = stage.node.submit(&block).unwrap_err();
    assert!(matches!(refused, BlockRefused::Block(BlockError::TooLong { .. })), "{refused}");
}
