//! Branches: which one is followed, and what becomes of the others.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use cairn::chain::{ChainError, HeaderPlacement, LOCATOR_MAX, Validity};
use cairn::ledger::View;
use cairn::testkit::{Actor, Follower, Network, Outcome, Rejection};
use cairn::types::{Block, BlockHash, Height};

fn miner(number: u32) -> cairn::types::Address {
    Actor::new(number).address()
}

/// A branch of so many empty blocks on top of where `from` stands, mined by somebody so that it differs from others.
fn branch(from: &Follower, by: u32, length: u32) -> Vec<Block> {
    let mut follower = from.clone();
    follower.mine_empty(miner(by), length);
    let below = from.height().0 as usize;
    follower.branch().split_off(below)
}

fn submit_all(follower: &mut Follower, blocks: &[Block]) -> Vec<Outcome> {
    blocks.iter().map(|block| follower.submit(block.clone()).unwrap()).collect()
}

fn hashes(blocks: &[Block]) -> Vec<BlockHash> {
    blocks.iter().map(|block| block.header.hash()).collect()
}

fn at_height_five() -> Follower {
    let mut follower = Follower::new(&Network::new(3));
    follower.mine_empty(miner(0), 5);
    follower
}

#[test]
fn longer_branch_is_followed_once_it_has_more_work() {
    let mut follower = at_height_five();
    let (short, long) = (branch(&follower, 1, 3), branch(&follower, 2, 4));
    submit_all(&mut follower, &short);
    assert_eq!(
        submit_all(&mut follower, &long),
        [Outcome::Side, Outcome::Side, Outcome::Side, Outcome::Followed { reverted: 3 }]
    );
    assert_eq!(follower.chain.tip().hash, long[3].header.hash());
    assert_eq!(follower.branch()[5..], long[..]);
    follower.ledger.audit().unwrap();
}

#[test]
fn of_two_equal_branches_the_first_complete_one_stays() {
    let follower = at_height_five();
    let (one, other) = (branch(&follower, 1, 2), branch(&follower, 2, 2));
    for (first, second) in [(&one, &other), (&other, &one)] {
        let mut follower = follower.clone();
        submit_all(&mut follower, first);
        assert_eq!(submit_all(&mut follower, second), [Outcome::Side, Outcome::Side]);
        assert_eq!(follower.chain.tip().hash, first[1].header.hash());
        assert_eq!(follower.chain.plan(), None);
    }
}

#[test]
fn headers_that_came_first_do_not_count_until_their_bodies_come() {
    let mut follower = at_height_five();
    let (early, late) = (branch(&follower, 1, 2), branch(&follower, 2, 2));
    for block in &early {
        assert_eq!(follower.chain.accept_header(&block.header), Ok(HeaderPlacement::New));
        assert_eq!(follower.chain.accept_header(&block.header), Ok(HeaderPlacement::Known));
    }
    submit_all(&mut follower, &late);
    assert_eq!(submit_all(&mut follower, &early), [Outcome::Side, Outcome::Side], "its headers were first");
    assert_eq!(follower.chain.tip().hash, late[1].header.hash());
}

#[test]
fn block_above_a_missing_body_names_the_lowest_that_is_missing() {
    let mut follower = at_height_five();
    let blocks = branch(&follower, 1, 3);
    assert_eq!(follower.submit(blocks[2].clone()), Ok(Outcome::Orphan(blocks[1].header.hash())));
    assert_eq!(
        follower.chain.accept_header(&blocks[2].header),
        Ok(HeaderPlacement::Orphan { missing: blocks[1].header.hash() })
    );
    for block in &blocks {
        follower.chain.accept_header(&block.header).unwrap();
    }
    assert_eq!(follower.submit(blocks[2].clone()), Ok(Outcome::Orphan(blocks[0].header.hash())));
    submit_all(&mut follower, &blocks);
    assert_eq!(follower.height(), Height(8));
    assert_eq!(follower.submit(blocks[2].clone()), Ok(Outcome::Known));
}

#[test]
fn reorganization_gives_back_what_the_old_branch_took() {
    let mut follower = at_height_five();
    let network = Network::new(3);
    let (alice, bob) = (&network.actors[0], &network.actors[1]);
    let before = follower.ledger.account(&bob.address());
    let other = branch(&follower, 2, 2);
    follower.mine(miner(7), vec![alice.pay(network.params(), 0, bob, 5_000, 10)]);
    assert_ne!(follower.ledger.account(&bob.address()), before);
    submit_all(&mut follower, &other);
    assert_eq!(follower.ledger.account(&bob.address()), before);
    assert_eq!(follower.ledger.account(&alice.address()).unwrap().nonce.0, 0);
}

#[test]
fn branch_with_a_block_that_cannot_be_applied_is_left_again() {
    let network = Network::new(3);
    let mut follower = at_height_five();
    let mut other = follower.clone();
    follower.mine_empty(miner(1), 1);
    let stay = follower.ledger.commitments();
    let good = branch(&other, 2, 1).remove(0);
    other.submit(good.clone()).unwrap();
    // Spends nonce 7 of an account that stands at 0.
    let spend = network.actors[0].pay(network.params(), 7, &network.actors[1], 1, 0);
    let bad = other.draft(miner(2), vec![spend]).mine(network.params());
    assert_eq!(follower.submit(good.clone()), Ok(Outcome::Side));
    assert!(matches!(follower.submit(bad.clone()), Err(Rejection::Ledger(_))));
    assert_eq!(follower.ledger.commitments(), stay, "back where it was");
    assert_eq!(follower.chain.entry(&bad.header.hash()).unwrap().validity, Validity::Invalid);
    assert!(follower.chain.entry(&good.header.hash()).unwrap().can_be_followed());
    let again = follower.submit(bad.clone()).unwrap_err();
    assert_eq!(again, Rejection::Chain(ChainError::Invalid(bad.header.hash())));
}

#[test]
fn ruled_out_branch_is_left_and_reconsidered_branch_taken_again() {
    let mut follower = at_height_five();
    let (short, long) = (branch(&follower, 1, 2), branch(&follower, 2, 4));
    submit_all(&mut follower, &short);
    submit_all(&mut follower, &long);
    let ruled_out = long[1].header.hash();

    follower.chain.rule_out(&ruled_out);
    assert_eq!(follower.chain.entry(&long[3].header.hash()).unwrap().validity, Validity::AboveRuledOut);
    assert_eq!(follower.settle(), Ok(Outcome::Followed { reverted: 4 }));
    assert_eq!(follower.chain.tip().hash, short[1].header.hash());
    follower.ledger.audit().unwrap();

    follower.chain.reconsider(&ruled_out);
    assert_eq!(follower.settle(), Ok(Outcome::Followed { reverted: 2 }));
    assert_eq!(follower.chain.tip().hash, long[3].header.hash());

    let genesis = follower.chain.at(Height::GENESIS).unwrap().hash;
    follower.chain.reject(&genesis);
    assert!(follower.chain.tip().can_be_followed(), "genesis cannot be ruled out");
}

#[test]
fn of_two_equal_branches_left_over_the_first_complete_one_is_taken() {
    for first in [0, 1] {
        let mut follower = at_height_five();
        let equal = [branch(&follower, 1, 2), branch(&follower, 2, 2)];
        let best = branch(&follower, 3, 3);
        submit_all(&mut follower, &best);
        submit_all(&mut follower, &equal[first]);
        submit_all(&mut follower, &equal[1 - first]);
        follower.chain.rule_out(&best[0].header.hash());
        follower.settle().unwrap();
        assert_eq!(follower.chain.tip().hash, equal[first][1].header.hash());
    }
}

#[test]
fn proofs_after_a_reorganization_are_of_the_new_branch() {
    let network = Network::new(3);
    let mut follower = at_height_five();
    let other = branch(&follower, 2, 3);
    follower.mine(miner(7), vec![network.actors[0].pay(network.params(), 0, &network.actors[1], 5_000, 10)]);
    let left = follower.chain.tip().hash;
    submit_all(&mut follower, &other);
    for height in 2..=8 {
        let header = follower.chain.at(Height(height)).unwrap().hash;
        for actor in &network.actors {
            let proof = follower.ledger.prove_balance(&actor.address(), &header).unwrap();
            assert_eq!(proof.verify(&actor.address()).unwrap().account.nonce.0, 0);
        }
    }
    assert_eq!(follower.ledger.prove_balance(&miner(7), &left), None);
    assert_eq!(
        follower.ledger.prove_transaction(follower.block(&left).block(), 0),
        None,
        "a block of another branch"
    );
}

#[test]
fn genesis_offered_back_is_known() {
    let mut follower = at_height_five();
    let genesis = follower.chain.at(Height::GENESIS).unwrap().header;
    assert_eq!(follower.chain.accept_header(&genesis), Ok(HeaderPlacement::Known));
}

#[test]
fn ruling_out_the_tip_alone_goes_back_one_block() {
    let mut follower = at_height_five();
    let tip = follower.chain.tip().hash;
    follower.chain.reject(&tip);
    assert_eq!(follower.settle(), Ok(Outcome::Followed { reverted: 1 }));
    assert_eq!(follower.height(), Height(4));
}

#[test]
fn locator_finds_where_a_stranger_leaves_our_branch() {
    let mut follower = at_height_five();
    follower.mine_empty(miner(0), 45);
    for back in [0, 1, 9, 20, 49] {
        let mut stranger = Follower::new(&Network::new(3));
        submit_all(&mut stranger, &follower.branch()[..50 - back]);
        stranger.mine_empty(miner(4), 30);
        let locator = stranger.chain.locator();
        assert!(locator.len() <= LOCATOR_MAX);
        let fork = follower.chain.fork_with(&locator);
        assert!(fork.height <= Height(50 - back as u32), "{back} back: {fork:?}");
        assert!(fork.height.0 + 64 >= 50 - back as u32);
        let above: Vec<BlockHash> =
            follower.chain.headers_above(&fork.hash).map(cairn::types::Header::hash).collect();
        assert_eq!(above, hashes(&follower.branch()[fork.height.0 as usize..]));
    }
    assert_eq!(follower.chain.fork_with(&[]).height, Height::GENESIS);
    assert_eq!(follower.chain.fork_with(&follower.chain.locator()).hash, follower.chain.tip().hash);
    assert_eq!(follower.chain.headers_above(&BlockHash::ZERO).count(), 0);
}

#[test]
fn every_branch_has_one_tip() {
    let mut follower = at_height_five();
    let (one, other) = (branch(&follower, 1, 2), branch(&follower, 2, 3));
    submit_all(&mut follower, &one);
    submit_all(&mut follower, &other);
    let mut tips: Vec<BlockHash> = follower.chain.branch_tips().map(|entry| entry.hash).collect();
    tips.sort();
    let mut expected = vec![one[1].header.hash(), other[2].header.hash()];
    expected.sort();
    assert_eq!(tips, expected);
    assert_eq!(follower.chain.header_count(), 1 + 5 + 2 + 3);
}

#[test]
fn header_that_did_no_work_is_not_kept() {
    let mut follower = at_height_five();
    let mut header = branch(&follower, 1, 1)[0].header;
    header.nonce = (0..)
        .find(|nonce| {
            header.nonce = *nonce;
            cairn::consensus::check_work(follower.params(), &header).is_err()
        })
        .unwrap();
    let before = follower.chain.header_count();
    assert!(matches!(follower.chain.accept_header(&header), Err(ChainError::Header(_))));
    assert_eq!(follower.chain.header_count(), before);
}

#[test]
fn laboratory_draws_who_finds_a_block_and_hashes_nothing() {
    let network = Network::new(1);
    let mut file = cairn::testkit::asert_file(1);
    file.bits = cairn::types::Bits(0x0300_ffff);
    file.name = "hard".to_owned();
    let genesis = cairn::consensus::Genesis::new(&file).unwrap();
    let real = Follower::at(&genesis);
    let drawn = Follower::at(&genesis.clone().with_virtual_work());
    let mut block = branch(&Follower::new(&network), 1, 1).remove(0);
    block.header.previous = genesis.block().header.hash();
    block.header.bits = file.bits;
    assert!(matches!(real.clone().chain.accept_header(&block.header), Err(ChainError::Header(_))));
    assert_eq!(drawn.clone().chain.accept_header(&block.header), Ok(HeaderPlacement::New));
}

#[test]
fn ancestors_are_found_on_the_branch_they_are_asked_for() {
    let mut follower = at_height_five();
    let (old, new) = (branch(&follower, 1, 3), branch(&follower, 2, 4));
    submit_all(&mut follower, &old);
    submit_all(&mut follower, &new);
    let (old, new) = (hashes(&old), hashes(&new));
    let ancestor =
        |tip: &BlockHash, height| follower.chain.ancestor(tip, Height(height)).map(|entry| entry.hash);
    for branch in [&old, &new] {
        for (at, tip) in branch.iter().enumerate() {
            let expected = |height: u32| match height {
                0..=5 => follower.chain.at(Height(height)).map(|entry| entry.hash),
                _ => branch[..=at].get(height as usize - 6).copied(),
            };
            (0..12).for_each(|height| assert_eq!(ancestor(tip, height), expected(height)));
        }
    }
    assert_eq!(ancestor(&BlockHash::ZERO, 0), None);
}

#[test]
fn tree_recalled_from_headers_in_the_order_they_came_is_the_same() {
    let mut follower = at_height_five();
    let (one, other) = (branch(&follower, 1, 2), branch(&follower, 2, 2));
    let blocks = [follower.branch(), other.clone(), one].concat();
    submit_all(&mut follower, &blocks);
    let mut recalled = cairn::chain::Chain::new(&Network::new(3).genesis);
    for block in &blocks {
        recalled.recall(&block.header).unwrap();
    }
    let plan = recalled.plan().unwrap();
    assert_eq!(plan.connect.last(), Some(&other[1].header.hash()), "the first of two equal branches");
    recalled.activate(&other[1].header.hash());
    assert_eq!(recalled.tip(), follower.chain.tip());
    assert!(recalled.branch_tips().eq(follower.chain.branch_tips()));
}
