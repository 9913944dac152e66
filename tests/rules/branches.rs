//! Headers and blocks in their place: branches, orphans, and what becomes of everything above an invalid block.

use cairn::chain::{ChainError, HeaderPlacement};
use cairn::consensus::{Blame, BlockError, Branch, HeaderError};
use cairn::ledger::{LedgerError, SpendError};
use cairn::testkit::{Follower, Outcome, Rejection, mine, remine};
use cairn::types::{Bits, Block, BlockHash, Height, Nonce, Timestamp, Transaction};

use crate::stage::{Stage, address, miner};

/// Hands in a block whose only fault, if any, is where it stands.
fn place(follower: &mut Follower, block: Block) -> Result<Outcome, ChainError> {
    follower.submit(block).map_err(|rejection| match rejection {
        Rejection::Chain(error) => error,
        Rejection::Block(_) | Rejection::Ledger(_) => panic!("the chain was to be asked: {rejection}"),
    })
}

/// Empty blocks on what a follower stands at, for another miner than everybody else's; it follows them itself.
fn extend(follower: &mut Follower, count: u32) -> Vec<Block> {
    follower.mine_empty(address(99), count);
    let branch = follower.branch();
    branch[branch.len() - count as usize..].to_vec()
}

/// A double spend: the same payment twice.
fn double_spend(stage: &Stage) -> Vec<Transaction> {
    vec![stage.pay(0, 0, 1, 5, 1); 2]
}

fn spent_twice() -> LedgerError {
    LedgerError::Spend { index: 1, error: SpendError::Nonce { expected: Nonce(1), found: Nonce(0) } }
}

#[test]
fn header_that_breaks_a_rule_of_its_branch_is_not_kept() {
    let mut stage = Stage::new();
    let mut header = stage.block(Vec::new()).header;
    let (expected, found) = (header.bits, Bits(0x2000_ffff));
    header.bits = found;
    mine(&mut header, stage.network.params());
    assert_breaks!(
        stage.follower.chain.accept_header(&header),
        ChainError::Header(HeaderError::Difficulty { expected, found }),
        Blame::Block
    );
    assert_eq!(stage.follower.chain.entry(&header.hash()), None);
}

#[test]
fn block_that_breaks_a_rule_of_its_branch_is_not_kept() {
    let mut stage = Stage::new();
    let mut draft = stage.follower.draft(miner(), Vec::new());
    let (median, found) = (draft.time, Timestamp(draft.time.0 - 1));
    draft.time = found;
    let block = draft.mine(stage.params());
    let hash = block.header.hash();
    assert_breaks!(
        place(&mut stage.follower, block),
        ChainError::Header(HeaderError::TimeTooOld { median, found }),
        Blame::Block
    );
    assert_eq!(stage.follower.chain.entry(&hash), None);
}

#[test]
fn block_at_another_height_than_its_coinbase_says_is_ruled_out() {
    let mut stage = Stage::new();
    let mut block = stage.block(Vec::new());
    block.coinbase.height = Height(2);
    remine(&mut block, stage.params());
    let hash = block.header.hash();
    let error = BlockError::Height { expected: Height(1), found: Height(2) };
    assert_eq!(stage.follower.submit(block.clone()), Err(Rejection::Block(error)));
    assert_breaks!(place(&mut stage.follower, block), ChainError::Invalid(hash), Blame::Block);
    stage.follower.mine_empty(miner(), 1);
}

#[test]
fn header_and_block_above_nothing_known_are_orphans_and_no_fault() {
    let mut stage = Stage::new();
    let mut ahead = stage.follower.clone();
    let blocks = extend(&mut ahead, 3);
    let chain = &mut stage.follower.chain;
    let below = |at: usize| blocks[at].header.previous;
    assert_eq!(chain.accept_header(&blocks[1].header), Ok(HeaderPlacement::Orphan { missing: below(1) }));
    for header in blocks.iter().map(|block| &block.header) {
        assert_eq!(chain.accept_header(header), Ok(HeaderPlacement::New));
        assert_eq!(chain.accept_header(header), Ok(HeaderPlacement::Known));
    }
    let placed = place(&mut stage.follower, blocks[2].clone());
    assert_eq!(placed, Ok(Outcome::Orphan(below(1))), "the lowest body that is missing");
    for block in &blocks {
        assert_eq!(place(&mut stage.follower, block.clone()), Ok(Outcome::Followed { reverted: 0 }));
        assert_eq!(place(&mut stage.follower, block.clone()), Ok(Outcome::Known));
    }
}

#[test]
fn double_spend_is_rejected_and_everything_above_it_is_invalid() {
    let mut stage = Stage::new();
    let before = (stage.follower.chain.tip().hash, stage.follower.ledger.commitments());
    let invalid = stage.block(double_spend(&stage));
    assert_breaks!(stage.submit(invalid.clone()), spent_twice(), Blame::Block);
    assert_eq!((stage.follower.chain.tip().hash, stage.follower.ledger.commitments()), before);

    let hash = invalid.header.hash();
    let mut child = stage.block(Vec::new());
    child.header.previous = hash;
    child.coinbase.height = Height(2);
    remine(&mut child, stage.params());
    let chain = &mut stage.follower.chain;
    assert_breaks!(
        chain.accept_header(&child.header),
        ChainError::Invalid(child.header.hash()),
        Blame::Block
    );
    let above = child.header.hash();
    assert_breaks!(place(&mut stage.follower, child), ChainError::Invalid(above), Blame::Block);
    assert_breaks!(place(&mut stage.follower, invalid), ChainError::Invalid(hash), Blame::Block);
    stage.follower.mine_empty(miner(), 1);
}

#[test]
fn block_that_an_operator_ruled_out_is_nobodys_fault() {
    let mut stage = Stage::new();
    let mut ahead = stage.follower.clone();
    let blocks = extend(&mut ahead, 2);
    let hash = blocks[0].header.hash();
    place(&mut stage.follower, blocks[0].clone()).unwrap();
    stage.follower.chain.rule_out(&hash);
    stage.follower.settle().unwrap();
    for block in blocks {
        let offered = block.header.hash();
        assert_breaks!(place(&mut stage.follower, block), ChainError::RuledOut(offered), Blame::Nobody);
    }
}

#[test]
fn heavier_branch_with_a_double_spend_is_left_for_the_old_one() {
    let mut stage = Stage::new();
    stage.follower.mine_empty(miner(), 1);
    let mut other = stage.follower.clone();
    let paid = stage.pay(1, 0, 5, 5000, 1);
    stage.apply(vec![paid]).unwrap();
    stage.follower.mine_empty(miner(), 1);
    let before = (stage.follower.chain.tip().hash, stage.follower.ledger.commitments());

    let mut side = extend(&mut other, 2);
    side.push(other.draft(miner(), double_spend(&stage)).mine(stage.params()));
    let invalid = side[2].header.hash();
    for block in &side[..2] {
        assert_eq!(stage.submit(block.clone()), Ok(Outcome::Side));
    }
    assert_breaks!(stage.submit(side[2].clone()), spent_twice(), Blame::Block);

    let follower = &mut stage.follower;
    assert_eq!((follower.chain.tip().hash, follower.ledger.commitments()), before);
    assert_eq!(follower.ledger.audit().map(drop), Ok(()));
    assert_eq!(follower.settle(), Ok(Outcome::Known), "nothing better is left");
    assert_breaks!(place(follower, side[2].clone()), ChainError::Invalid(invalid), Blame::Block);

    let honest = extend(&mut other, 2);
    assert_eq!(stage.submit(honest[0].clone()), Ok(Outcome::Followed { reverted: 2 }));
    assert_eq!(stage.submit(honest[1].clone()), Ok(Outcome::Followed { reverted: 0 }));
    assert_eq!(stage.balance(5), None, "the payment went with its branch");
}

#[test]
fn invalid_block_low_in_a_heavier_branch_takes_those_above_it_along() {
    let mut stage = Stage::new();
    let mut other = stage.follower.clone();
    stage.follower.mine_empty(miner(), 2);
    let tip = stage.follower.chain.tip().hash;

    let invalid = other.draft(miner(), double_spend(&stage)).mine(stage.params());
    let mut branch = vec![invalid.clone()];
    for height in 2..=4 {
        let mut block = stage.block(Vec::new());
        block.header.previous = branch.last().unwrap().header.hash();
        block.coinbase.height = Height(height);
        remine(&mut block, stage.params());
        branch.push(block);
    }
    for block in &branch[..2] {
        assert_eq!(stage.submit(block.clone()), Ok(Outcome::Side));
    }
    assert_breaks!(stage.submit(branch[2].clone()), spent_twice(), Blame::Block);
    assert_eq!(stage.follower.chain.tip().hash, tip);
    for at in [1, 2, 3] {
        let hash = branch[at].header.hash();
        let again = place(&mut stage.follower, branch[at].clone());
        assert_breaks!(again, ChainError::Invalid(hash), Blame::Block);
    }
    assert_eq!(extend(&mut other, 3).len(), 3, "whoever never saw it goes on");
}

#[test]
fn branch_of_equal_work_is_not_followed() {
    let mut stage = Stage::new();
    let mut other = stage.follower.clone();
    stage.follower.mine_empty(miner(), 2);
    let tip = stage.follower.chain.tip().hash;
    for block in extend(&mut other, 2) {
        assert_eq!(stage.submit(block), Ok(Outcome::Side));
    }
    assert_eq!(stage.follower.chain.tip().hash, tip);
    let next = extend(&mut other, 1).remove(0);
    assert_eq!(stage.submit(next), Ok(Outcome::Followed { reverted: 2 }));
}

#[test]
fn branch_at_any_block_is_what_its_headers_lead_to_from_genesis_on() {
    let mut stage = Stage::new();
    let genesis = stage.network.genesis.block().header;
    stage.follower.mine_empty(miner(), 3);
    let mut other = stage.follower.clone();
    // More than M looks at, on both sides of a fork, and some of which only the header is here.
    stage.follower.mine_empty(miner(), 12);
    let stem = other.branch();
    let side = extend(&mut other, 14);
    for block in &side {
        stage.follower.chain.accept_header(&block.header).unwrap();
    }
    let chain = &stage.follower.chain;
    for blocks in [stage.follower.branch(), [stem, side].concat()] {
        let mut branch = Branch::genesis(&genesis).unwrap();
        assert_eq!(chain.branch(&genesis.hash()).as_ref(), Some(&branch));
        for header in blocks.iter().map(|block| &block.header) {
            branch = branch.extend(header, stage.params()).unwrap();
            let hash = header.hash();
            assert_eq!(chain.branch(&hash).as_ref(), Some(&branch));
            assert_eq!(chain.context_above(&hash), branch.context(stage.params()));
            let entry = chain.entry(&hash).unwrap();
            let kept = (entry.height, entry.work, entry.effective_time, entry.median_time);
            assert_eq!((branch.height, branch.work, branch.effective_time, branch.median_time), kept);
        }
    }
}

#[test]
fn there_is_no_branch_where_a_block_is_unknown_or_refused() {
    let mut stage = Stage::new();
    stage.follower.mine_empty(miner(), 3);
    let branch = stage.follower.branch();
    let chain = &mut stage.follower.chain;
    assert_eq!(chain.branch(&BlockHash::from_bytes([7; 32])), None);
    chain.rule_out(&branch[1].header.hash());
    let found: Vec<bool> = branch.iter().map(|block| chain.branch(&block.header.hash()).is_some()).collect();
    assert_eq!(found, [true, false, false]);
    chain.reconsider(&branch[1].header.hash());
    chain.reject(&branch[2].header.hash());
    let found: Vec<bool> = branch.iter().map(|block| chain.branch(&block.header.hash()).is_some()).collect();
    assert_eq!(found, [true, true, false]);
}

#[test]
fn ruling_out_genesis_does_nothing() {
    let mut stage = Stage::new();
    let genesis: BlockHash = stage.follower.chain.tip().hash;
    stage.follower.chain.reject(&genesis);
    stage.follower.mine_empty(miner(), 1);
}
