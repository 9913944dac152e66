//! Blocks by themselves: their body, size, sums, and the transactions in them.

use cairn::codec::{Blob, encoded_len};
use cairn::consensus::{
    Blame, BlockError, HeaderError, PowMode, SoundBlock, TransactionError, Untimely, WitnessError,
    check_signatures,
};
use cairn::crypto::{Culprits, Signature, verify_batch};
use cairn::testkit::{Actor, BATCH_SEED, mine, remine};
use cairn::types::{
    Amount, Bits, BitsError, Block, Extra, Height, HistoryRoot, MerkleRoot, Policy, StateRoot, Transaction,
    Witness,
};

use crate::stage::{Stage, address, list, miner, note_action, pay_action};

/// An honest block of three payments on genesis.
fn honest(stage: &Stage) -> Block {
    stage.block(vec![stage.pay(0, 0, 1, 5, 1), stage.pay(1, 0, 2, 6, 1), stage.pay(2, 0, 0, 7, 1)])
}

/// The same with changes, its work done again.
fn mined(stage: &Stage, change: impl FnOnce(&mut Block)) -> Block {
    let mut block = honest(stage);
    change(&mut block);
    remine(&mut block, stage.params());
    block
}

fn extra(bytes: usize) -> Extra {
    Blob::new(vec![b'e'; bytes]).unwrap()
}

fn break_signature(transaction: &mut Transaction) {
    let mut bytes = transaction.witness.signatures[0].0;
    bytes[0] ^= 1;
    transaction.witness.signatures = list(vec![Signature(bytes)]);
}

/// The transactions of a block, changed.
fn retell(block: &mut Block, change: impl FnOnce(&mut Vec<Transaction>)) {
    let mut transactions = block.transactions.to_vec();
    change(&mut transactions);
    block.transactions = list(transactions);
}

#[test]
fn honest_block_is_accepted_and_described() {
    let stage = Stage::new();
    let block = honest(&stage);
    let checked = stage.check_block(block.clone()).unwrap();
    assert_eq!((checked.hash(), checked.height()), (block.header.hash(), Height(1)));
    assert_eq!((checked.bytes(), checked.spends().len()), (encoded_len(&block), 3));
}

#[test]
fn broken_header_is_noticed_before_the_body_is_looked_at() {
    let stage = Stage::new();
    let mut block = honest(&stage);
    block.coinbase.amount = Amount::ZERO;
    block.header.bits = Bits(0);
    assert_breaks!(
        stage.check_block(block),
        BlockError::Header(HeaderError::Bits(BitsError::Zero)),
        Blame::Sender
    );
}

/// Ways of giving an honest header another body. Each breaks a rule of its own besides, where it can.
const FOREIGN_BODIES: [fn(&mut Block); 14] = [
    |block| block.commitments.state = StateRoot::ZERO,
    |block| block.commitments.history = HistoryRoot::ZERO,
    |block| block.coinbase.height = Height(2),
    |block| block.coinbase.recipient = address(7),
    |block| block.coinbase.amount = Amount::ZERO,
    |block| block.coinbase.extra = extra(8),
    |block| block.transactions = list(Vec::new()),
    |block| retell(block, |all| all.reverse()),
    |block| retell(block, |all| all.extend(all.last().cloned())),
    |block| retell(block, |all| all.extend_from_within(..)),
    |block| retell(block, |all| drop(all.pop())),
    |block| retell(block, |all| break_signature(&mut all[1])),
    |block| retell(block, |all| all[1].witness = Witness::default()),
    |block| retell(block, |all| all[1].body.fee = Amount::from_pebbles(u64::MAX)),
];

#[test]
fn foreign_body_under_an_honest_header_condemns_its_sender_and_never_the_block() {
    let mut stage = Stage::new();
    let block = honest(&stage);
    for (at, change) in FOREIGN_BODIES.into_iter().enumerate() {
        let mut foreign = block.clone();
        change(&mut foreign);
        assert_ne!(foreign, block, "change {at}");
        let (expected, found) = (block.header.merkle_root, foreign.merkle_root());
        assert_breaks!(
            stage.check_block(foreign.clone()),
            BlockError::MerkleRoot { expected, found },
            Blame::Sender
        );
        assert!(stage.follower.submit(foreign).is_err());
    }
    stage.submit(block.clone()).unwrap();
    assert_eq!(stage.follower.chain.tip().hash, block.header.hash());
}

#[test]
fn entry_of_64_bytes_condemns_its_sender_and_never_the_block() {
    let stage = Stage::new();
    let of_64_bytes = mined(&stage, |block| block.coinbase.extra = extra(21));
    assert_eq!(encoded_len(&of_64_bytes.coinbase), 64);
    assert_breaks!(stage.check_block(of_64_bytes), BlockError::NodeSized { entry: 0 }, Blame::Sender);
    for bytes in [8, 20, 22, 100] {
        assert!(stage.check_block(mined(&stage, |block| block.coinbase.extra = extra(bytes))).is_ok());
    }
    let with_node = mined(&stage, |block| {
        retell(block, |all| {
            all[1] = stage.act(0, 0, 0, vec![note_action(49)]);
            all[1].body.policy = Policy::After(Height(1));
            all[1].witness = Witness::default();
        });
    });
    assert_eq!(with_node.transactions[1].names().bytes, 64);
    assert_breaks!(stage.check_block(with_node), BlockError::NodeSized { entry: 2 }, Blame::Sender);
}

#[test]
fn block_longer_than_the_chain_allows_is_refused() {
    let stage = Stage::with(|file| {
        file.transaction_bytes_max = 4096;
        file.block_bytes_max = 4608;
    });
    let of_bytes = |bytes: usize| {
        let notes = (0..13).map(|nonce| stage.act(0, nonce, 0, vec![note_action(224)]));
        let mut block = stage.block(notes.collect());
        block.coinbase.extra = extra(8 + bytes - encoded_len(&block));
        remine(&mut block, stage.params());
        block
    };
    assert_eq!(stage.check_block(of_bytes(4608)).unwrap().bytes(), 4608);
    assert_breaks!(
        stage.check_block(of_bytes(4609)),
        BlockError::TooLong { bytes: 4609, bytes_max: 4608 },
        Blame::Block
    );
}

#[test]
fn block_of_more_actions_than_the_chain_allows_is_refused() {
    let stage = Stage::with(|file| file.block_actions_max = 300);
    let of_actions = |count: usize| {
        let transactions = [256, count - 256].into_iter().zip(0..);
        let pays = |count| vec![pay_action(1, 1); count];
        stage.block(transactions.map(|(count, nonce)| stage.act(0, nonce, 0, pays(count))).collect())
    };
    assert!(stage.check_block(of_actions(300)).is_ok());
    assert_breaks!(
        stage.check_block(of_actions(301)),
        BlockError::TooManyActions { actions: 301, actions_max: 300 },
        Blame::Block
    );
}

#[test]
fn coinbase_of_a_pebble_more_or_less_than_its_due_is_refused() {
    let stage = Stage::new();
    let expected = Amount::from_pebbles(stage.params().issuance.initial.pebbles() + 3);
    assert_eq!(honest(&stage).coinbase.amount, expected);
    for pebbles in [0, expected.pebbles() - 1, expected.pebbles() + 1, u64::MAX] {
        let found = Amount::from_pebbles(pebbles);
        let block = mined(&stage, |block| block.coinbase.amount = found);
        assert_breaks!(stage.check_block(block), BlockError::Reward { expected, found }, Blame::Block);
    }
}

#[test]
fn subsidy_halves_in_the_first_block_of_an_interval() {
    let mut stage = Stage::with(|file| file.issuance.halving_interval = 3);
    let initial = stage.params().issuance.initial.pebbles();
    stage.follower.mine_empty(miner(), 2);
    let mut block = stage.block(Vec::new());
    let expected = Amount::from_pebbles(initial / 2);
    assert_eq!((block.coinbase.height, block.coinbase.amount), (Height(3), expected));
    assert!(stage.check_block(block.clone()).is_ok());
    block.coinbase.amount = Amount::from_pebbles(initial);
    remine(&mut block, stage.params());
    let found = block.coinbase.amount;
    assert_breaks!(stage.check_block(block), BlockError::Reward { expected, found }, Blame::Block);
}

#[test]
fn fees_beyond_all_money_are_refused() {
    let stage = Stage::new();
    let block = mined(&stage, |block| {
        let noted = |from| stage.act(from, 0, u64::MAX, vec![note_action(1)]);
        block.transactions = list(vec![noted(0), noted(1)]);
    });
    assert_breaks!(stage.check_block(block), BlockError::Overflow, Blame::Block);
}

#[test]
fn transaction_that_breaks_a_rule_condemns_the_block_that_was_mined_with_it() {
    let stage = Stage::new();
    let unsigned = mined(&stage, |block| retell(block, |all| all[1].witness = Witness::default()));
    let error = TransactionError::Witness(WitnessError::SignatureMissing);
    assert_breaks!(stage.check_block(unsigned), BlockError::Transaction { index: 1, error }, Blame::Block);
    let forged = mined(&stage, |block| {
        retell(block, |all| {
            break_signature(&mut all[1]);
            break_signature(&mut all[2]);
        });
    });
    assert_breaks!(
        stage.check_block(forged),
        BlockError::Transaction { index: 1, error: TransactionError::Signature },
        Blame::Block
    );
}

#[test]
fn transaction_outside_its_window_condemns_the_block_that_was_mined_with_it() {
    let stage = Stage::new();
    let expiring = |height| {
        let mut body = stage.pay(0, 0, 1, 5, 1).body;
        body.expiry = Some(Height(height));
        stage.block(vec![stage.pay(1, 0, 2, 6, 1), Actor::new(0).sign(stage.params(), body)])
    };
    assert!(stage.check_block(expiring(1)).is_ok());
    let error = Untimely::Expired { expiry: Height(0), height: Height(1) };
    assert_breaks!(stage.check_block(expiring(0)), BlockError::Untimely { index: 1, error }, Blame::Block);
}

#[test]
fn transaction_in_the_first_block_it_may_stand_in_is_accepted() {
    let stage = Stage::new();
    let locked = |height| {
        let policy = Policy::threshold(2, vec![Actor::new(0).policy(), Policy::After(Height(height))]);
        let mut body = stage.pay(0, 0, 1, 5, 1).body;
        body.policy = policy.unwrap();
        let mut transaction = Actor::new(0).sign(stage.params(), body);
        transaction.witness.choices = list(vec![0b11]);
        stage.block(vec![transaction])
    };
    assert!(stage.check_block(locked(1)).is_ok());
    let error = Untimely::Locked { min_height: Height(2), height: Height(1) };
    assert_breaks!(stage.check_block(locked(2)), BlockError::Untimely { index: 0, error }, Blame::Block);
}

#[test]
fn coinbase_of_another_height_is_noticed() {
    let stage = Stage::new();
    let block = mined(&stage, |block| block.coinbase.height = Height(2));
    assert_breaks!(
        stage.check_block(block),
        BlockError::Height { expected: Height(1), found: Height(2) },
        Blame::Block
    );
}

#[test]
fn signature_that_was_verified_before_is_not_verified_again_but_its_forgery_is() {
    let stage = Stage::new();
    let known = honest(&stage).transactions[1].hash();
    let claims = |block| {
        let mut asked = 0;
        let sound = SoundBlock::examine(block, &stage.context(), stage.params()).unwrap();
        let verify = |claims: &[_]| {
            asked = claims.len();
            Ok(())
        };
        let verdicts = check_signatures(vec![sound], |hash| *hash == known, verify);
        assert!(verdicts[0].is_ok(), "whoever verifies is believed");
        asked
    };
    assert_eq!(claims(honest(&stage)), 2);
    let forged = mined(&stage, |block| retell(block, |all| break_signature(&mut all[1])));
    assert_eq!(claims(forged), 3, "the hash covers the witness");
}

#[test]
fn each_of_several_blocks_checked_together_gets_its_own_verdict() {
    let stage = Stage::new();
    let forged =
        |at: usize| mined(&stage, move |block| retell(block, move |all| break_signature(&mut all[at])));
    let blocks = [honest(&stage), forged(2), honest(&stage), forged(0)];
    let sound = blocks.map(|block| SoundBlock::examine(block, &stage.context(), stage.params()).unwrap());
    let verdicts = check_signatures(sound.into(), |_| false, |claims| verify_batch(claims, BATCH_SEED));
    let broken: Vec<Option<BlockError>> = verdicts.into_iter().map(Result::err).collect();
    let error = TransactionError::Signature;
    let at = |index| Some(BlockError::Transaction { index, error });
    assert_eq!(broken, [None, at(2), None, at(0)]);
}

/// What blocks with three claims each come to under a verdict.
fn judged(verdict: Result<(), Culprits>) -> Vec<Option<BlockError>> {
    let stage = Stage::new();
    let sound =
        [0, 1].map(|_| SoundBlock::examine(honest(&stage), &stage.context(), stage.params()).unwrap());
    check_signatures(sound.into(), |_| false, |_| verdict).into_iter().map(Result::err).collect()
}

#[test]
fn culprits_may_be_named_in_any_order() {
    let error = TransactionError::Signature;
    let first = |index| Some(BlockError::Transaction { index, error });
    assert_eq!(judged(Err(Culprits(vec![5, 2, 4, 1]))), [first(1), first(1)]);
}

#[test]
#[should_panic(expected = "names its culprits")]
fn failure_without_a_culprit_is_never_taken_for_success() {
    judged(Err(Culprits(Vec::new())));
}

#[test]
fn block_without_the_work_its_branch_asks_for_costs_no_look_at_its_body() {
    let stage = Stage::with(|file| {
        file.pow.mode = PowMode::Asert;
        file.bits = Bits(0x1f00_ffff);
    });
    // Easy bits, honestly met, under a body that hashes to something else: the bits are what is told.
    let mut block = honest(&stage);
    block.header.bits = Bits(0x207f_ffff);
    block.header.merkle_root = MerkleRoot::ZERO;
    mine(&mut block.header, stage.params());
    let error = HeaderError::Difficulty { expected: Bits(0x1f00_ffff), found: Bits(0x207f_ffff) };
    assert_eq!(stage.check_block(block), Err(BlockError::Header(error)));
}
