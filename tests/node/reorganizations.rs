//! Going over to another branch: the tip, the state, the pool and the indexes go with it.

use cairn::ledger::LedgerError;
use cairn::node::{BlockRefused, Verdict};
use cairn::testkit::{Actor, until, within};
use cairn::types::{Block, Transaction};

use crate::stage::{
    FUNDED, FUNDS, Miner, Stage, answers, answers_now, hashes, miner_address, names, pool, tip_of,
    wait_for_pool,
};

/// All transactions of some blocks.
fn transactions(blocks: &[Block]) -> Vec<Transaction> {
    blocks.iter().flat_map(|block| block.transactions.iter().cloned()).collect()
}

/// Two branches on a common stem: on the first person 1 pays, on the second person 2; person 0 pays other things on each.
struct Fork {
    stage: Stage,
    stem: Vec<Block>,
    old: Vec<Block>,
    new: Vec<Block>,
    winner: Miner,
}

impl Fork {
    fn new(depth: u32) -> Self {
        let stage = Stage::new();
        let mut miner = stage.miner();
        let stem = miner.mine_payments(3, &[0, 1, 2, 3]);
        let (mut loser, mut winner) = (miner.fork(1), miner.fork(2));
        let old = loser.mine_payments(depth, &[0, 1]);
        // One block of its own first, so that the same nonces of person 0 pay other people.
        let mut new = winner.mine_payments(1, &[2]);
        new.extend(winner.mine_payments(depth, &[2, 0]));
        Self { stage, stem, old, new, winner }
    }

    fn all(&self) -> impl Iterator<Item = &Block> {
        self.stem.iter().chain(&self.old).chain(&self.new)
    }

    fn winning(&self) -> Vec<Block> {
        [&self.stem[..], &self.new].concat()
    }

    /// What comes back: person 1 has paid nothing on the new branch.
    fn returning(&self) -> Vec<Transaction> {
        let payer = Actor::new(1).policy();
        transactions(&self.old).into_iter().filter(|found| found.body.policy == payer).collect()
    }
}

fn reorganize(depth: u32) {
    let mut fork = Fork::new(depth);
    fork.stage.grow(&fork.stem);
    fork.stage.grow(&fork.old);
    let node = &fork.stage.node;
    let verdicts = node.submit_all(&fork.new);
    assert!(verdicts[..depth as usize].iter().all(|verdict| *verdict == Ok(Verdict::Side)));
    assert_eq!(verdicts[depth as usize], Ok(Verdict::Followed { reverted: depth }));

    let tip = node.tip();
    assert_eq!((tip.hash, tip.height), (tip_of(&fork.new), fork.winner.follower.height()));
    assert_eq!(tip.state, fork.winner.follower.ledger.commitments().state);
    assert_eq!(node.branch()[1..], hashes(&fork.winning()));
    let returning = names(&fork.returning());
    assert_eq!(pool(&node.reader()), returning);

    let fresh = fork.stage.fresh(&fork.winning());
    let expected = answers(&fresh.node, fork.all());
    if depth < 60 {
        assert_eq!(answers_now(&node.reader(), fork.all()), expected, "from memory");
    }
    assert_eq!(answers(node, fork.all()), expected, "after the indexes came up to it");
    fork.stage.node.restart();
    assert_eq!(answers(&fork.stage.node, fork.all()), expected, "after a restart");
    assert_eq!(fork.stage.node.log(), Vec::<String>::new());
    wait_for_pool(&fork.stage.node, &returning);
    assert_eq!(fork.stage.node.tip().state, tip.state);
    // And the chain goes on, with what came back.
    let block = fork.winner.mine(fork.returning());
    fork.stage.grow(&[block]);
    assert_eq!(pool(&fork.stage.node.reader()), []);
}

#[test]
fn one_block_is_reorganized() {
    reorganize(1);
}

#[test]
fn ten_blocks_are_reorganized() {
    reorganize(10);
}

#[test]
fn a_hundred_blocks_are_reorganized() {
    reorganize(100);
}

#[test]
fn blocks_are_taken_off_after_a_restart() {
    let mut fork = Fork::new(10);
    fork.stage.grow(&fork.stem);
    fork.stage.grow(&fork.old);
    let verdicts = fork.stage.node.submit_all(&fork.new[..10]);
    assert!(verdicts.iter().all(|verdict| *verdict == Ok(Verdict::Side)));
    fork.stage.node.restart();
    // All of it has to be read back, blocks and what they overwrote.
    assert_eq!(fork.stage.node.submit(&fork.new[10]), Ok(Verdict::Followed { reverted: 10 }));
    assert_eq!(fork.stage.node.tip().state, fork.winner.follower.ledger.commitments().state);
    assert_eq!(pool(&fork.stage.node.reader()), names(&fork.returning()));
    let fresh = fork.stage.fresh(&fork.winning());
    let expected = answers(&fresh.node, fork.all());
    assert_eq!(answers_now(&fork.stage.node.reader(), fork.all()), expected);
    fork.stage.node.restart();
    assert_eq!(answers(&fork.stage.node, fork.all()), expected);
    assert_eq!(fork.stage.node.log(), Vec::<String>::new());
}

#[test]
fn stop_in_the_midst_of_a_reorganization_leaves_it_to_the_next_start() {
    let mut fork = Fork::new(100);
    fork.stage.grow(&fork.stem);
    fork.stage.grow(&fork.old);
    let (last, others) = fork.new.split_last().unwrap();
    let verdicts = fork.stage.node.submit_all(others);
    assert!(verdicts.iter().all(|verdict| *verdict == Ok(Verdict::Side)));
    // All of it has to be read back, which takes a while.
    fork.stage.node.restart();
    let (reader, hash) = (fork.stage.node.reader(), last.header.hash());
    let verdict = fork.stage.node.submit_later(last);
    let has_place = || reader.header(&hash).and_then(|entry| entry.arrival);
    until("its place", has_place);
    fork.stage.node.stop();
    let verdict = within("a verdict", verdict.answer());
    assert!(matches!(verdict, Ok(Verdict::Followed { .. }) | Err(BlockRefused::Closed(_))), "{verdict:?}");
    assert!(reader.account(&miner_address(1)).is_ok(), "readers of the last tip go on");
    fork.stage.node.start_again();
    assert_eq!(fork.stage.node.tip().hash, hash);
    assert_eq!(fork.stage.node.tip().state, fork.winner.follower.ledger.commitments().state);
    assert_eq!(fork.stage.node.log(), Vec::<String>::new());
}

#[test]
fn branch_that_wins_back_is_found_in_the_indexes_again() {
    let mut fork = Fork::new(5);
    fork.stage.grow(&fork.stem);
    fork.stage.grow(&fork.old);
    let _ = fork.stage.node.submit_all(&fork.new);
    assert_eq!(fork.stage.node.tip().hash, tip_of(&fork.new));
    let mut loser = fork.stage.miner();
    fork.stem.iter().chain(&fork.old).for_each(|block| {
        loser.follower.submit(block.clone()).unwrap();
    });
    let last = loser.fork(3).mine_payments(2, &[0, 3]);
    let verdicts = fork.stage.node.submit_all(&last);
    assert_eq!(verdicts, [Ok(Verdict::Side), Ok(Verdict::Followed { reverted: 6 })]);
    let all: Vec<Block> = fork.all().chain(&last).cloned().collect();
    let fresh = fork.stage.fresh(&[&fork.stem[..], &fork.old, &last].concat());
    let expected = answers(&fresh.node, &all);
    assert_eq!(answers_now(&fork.stage.node.reader(), &all), expected);
    fork.stage.node.restart();
    assert_eq!(answers(&fork.stage.node, &all), expected);
}

/// Three branches, each longer than the last, on each of which somebody else pays. On the third somebody pays again what
/// was paid on the first.
fn three_branches(together: bool) {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let stem = miner.mine_payments(2, &[0, 1, 2, 3]);
    let first = miner.fork(1).mine_payments(5, &[1, 4]);
    let second = miner.fork(2).mine_payments(6, &[2]);
    let mut winner = miner.fork(3);
    let mut third = winner.mine_payments(5, &[3]);
    let again = first[0].transactions.iter().filter(|found| found.body.policy == payer(4)).cloned();
    third.push(winner.mine(again.clone().collect()));
    third.extend(winner.mine_empty(1));
    if together {
        // In one group, or a few: the pool does not hear of each of them.
        let _bulk = stage.node.handle().bulk();
        let all = [&stem[..], &first, &second, &third].concat();
        assert!(stage.node.submit_all(&all).iter().all(Result::is_ok));
    } else {
        stage.grow(&stem);
        stage.grow(&first);
        assert_eq!(stage.node.submit_all(&second)[5], Ok(Verdict::Followed { reverted: 5 }));
        assert_eq!(pool(&stage.node.reader()), names(&transactions(&first)));
        assert_eq!(stage.node.submit_all(&third)[6], Ok(Verdict::Followed { reverted: 6 }));
    }
    assert_eq!(stage.node.tip().state, winner.follower.ledger.commitments().state);
    let mut expected = transactions(&[&first[..], &second].concat());
    expected.retain(|found| !again.clone().any(|mined| mined == *found));
    assert_eq!(pool(&stage.node.reader()), names(&expected));

    let all: Vec<Block> = [&stem[..], &first, &second, &third].concat();
    let fresh = stage.fresh(&[&stem[..], &third].concat());
    let expected = answers(&fresh.node, &all);
    assert_eq!(answers_now(&stage.node.reader(), &all), expected);
    stage.node.restart();
    assert_eq!(answers(&stage.node, &all), expected);
}

fn payer(number: u32) -> cairn::types::Policy {
    Actor::new(number).policy()
}

#[test]
fn transactions_come_back_over_two_reorganizations() {
    three_branches(false);
}

#[test]
fn transactions_come_back_over_two_reorganizations_in_one_sync() {
    three_branches(true);
}

#[test]
fn what_counts_on_a_returned_transaction_comes_back_with_it_after_a_restart() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let mut other = miner.fork(1);
    // Somebody whom only a block pays, and more nonces than may wait for one that came in a block.
    let stranger = Actor::new(300);
    let params = stage.network.params();
    let pays = Actor::new(1).pay(params, 0, &stranger, FUNDS / 2, 1000);
    let queue: Vec<Transaction> = (0..200).map(|ahead| miner.pay(0, ahead)).collect();
    stage.grow(&[miner.mine(vec![pays.clone(), queue[0].clone()])]);
    let spends = stranger.pay(params, 0, &Actor::new(2), 1_000_000, 1000);
    for transaction in queue[1..].iter().chain([&spends]) {
        stage.node.send(transaction).unwrap();
    }
    let verdicts = stage.node.submit_all(&other.mine_empty(2));
    assert_eq!(verdicts[1], Ok(Verdict::Followed { reverted: 1 }));
    let all = names(queue.iter().chain([&pays, &spends]));
    assert_eq!(pool(&stage.node.reader()), all);
    for _ in 0..2 {
        stage.node.restart();
        wait_for_pool(&stage.node, &all);
    }
}

#[test]
fn branch_whose_last_block_is_invalid_is_left_again() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    stage.grow(&miner.mine_payments(3, &[0, 1, 2, 3]));
    let mut liar = miner.fork(1);
    let old = miner.mine_payments(6, &[0, 1]);
    stage.grow(&old);
    let waiting = miner.pay(2, 0);
    stage.node.send(&waiting).unwrap();
    let before = (stage.node.tip(), stage.node.branch(), stage.node.handle().cursor());
    let expected = answers(&stage.node, &old);

    let mut other = liar.mine_payments(6, &[3, 4]);
    other.push(liar.draft(vec![liar.overspend(2)]));
    let verdicts = stage.node.submit_all(&other);
    assert!(verdicts[..6].iter().all(|verdict| *verdict == Ok(Verdict::Side)));
    let refused = verdicts[6].clone().unwrap_err();
    assert!(matches!(refused, BlockRefused::Ledger(LedgerError::Spend { index: 0, .. })), "{refused}");
    assert!(matches!(stage.node.submit(&other[6]), Err(BlockRefused::Chain(_))));

    let tip = stage.node.tip();
    assert_eq!((tip.hash, tip.state, tip.sequence), (before.0.hash, before.0.state, before.0.sequence));
    assert_eq!((stage.node.branch(), stage.node.handle().cursor()), (before.1.clone(), before.2));
    assert_eq!(pool(&stage.node.reader()), names([&waiting]));
    assert_eq!(answers(&stage.node, &old), expected);

    stage.node.restart();
    assert_eq!(stage.node.log(), Vec::<String>::new());
    assert_eq!((stage.node.branch(), stage.node.handle().cursor()), (before.1, before.2));
    assert_eq!(answers(&stage.node, &old), expected);
    // The honest part of that branch can still win.
    let honest = liar.mine_payments(1, &[5]);
    assert_eq!(stage.node.submit(&honest[0]), Ok(Verdict::Followed { reverted: 6 }));
    assert_eq!(stage.node.tip().state, liar.follower.ledger.commitments().state);
}

#[test]
fn branch_with_an_invalid_block_in_its_middle_is_left_again_and_condemned() {
    let stage = Stage::new();
    let miner = stage.miner();
    let old = miner.clone().mine_payments(3, &[0]);
    stage.grow(&old);
    let liar = miner.fork(1);
    let poor = liar.draft(vec![liar.overspend(FUNDED - 1)]);
    let mut other = liar.clone().mine_empty(5);
    other[0] = poor;
    for at in 1..5 {
        other[at].header.previous = other[at - 1].header.hash();
        cairn::testkit::remine(&mut other[at], stage.network.params());
    }
    let verdicts = stage.node.submit_all(&other);
    assert!(verdicts[..3].iter().all(|verdict| *verdict == Ok(Verdict::Side)));
    assert!(matches!(verdicts[3], Err(BlockRefused::Ledger(LedgerError::Spend { .. }))));
    assert!(matches!(verdicts[4], Err(BlockRefused::Chain(_))));
    assert_eq!(stage.node.tip().hash, tip_of(&old));
}
