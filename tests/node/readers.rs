//! Readers: what one sees belongs together, whatever happens meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use cairn::codec::encode;
use cairn::node::{ReadError, Reader, Verdict};
use cairn::storage::{Order, Place};
use cairn::testkit::{Actor, Network, PATIENCE, until, within};
use cairn::types::{Action, Address, Amount, Block, BlockHash, Height, Reference};

use crate::stage::{
    FUNDED, FUNDS, GREW, Miner, Stage, answers, answers_now, everybody, names, pool, tip_of, whole_history,
};

/// All money that a reader sees is what was allocated and issued, less what was burned.
fn assert_adds_up(reader: &Reader, network: &Network) -> Result<(), ReadError> {
    let supply = reader.supply()?;
    let tip = reader.tip();
    let mut total = 0;
    for address in everybody() {
        total += reader.account(&address)?.map_or(0, |account| account.balance.pebbles());
    }
    let maturity = network.params().maturity;
    for height in tip.height.0.saturating_sub(maturity)..=tip.height.0 {
        total += reader.reward(Height(height))?.map_or(0, |reward| reward.amount.pebbles());
    }
    let expected = u64::from(FUNDED) * FUNDS + supply.issued.pebbles() - supply.burned.pebbles();
    assert_eq!(total, expected, "at {}", tip.height);
    let subsidies = (1..=tip.height.0).map(|height| network.params().issuance.subsidy(Height(height)));
    assert_eq!(supply.issued.pebbles(), subsidies.map(Amount::pebbles).sum::<u64>());
    Ok(())
}

/// Proofs of everybody's balance hold against the header of the reader's tip.
fn assert_proofs_hold(reader: &Reader) -> Result<(), ReadError> {
    for address in everybody() {
        let proof = reader.prove_balance(&address)?.expect("above genesis");
        let proven = proof.verify(&address).unwrap();
        assert_eq!(proven.proven_by, reader.tip().hash);
        assert_eq!(Some(proven.as_of), reader.tip().height.previous());
    }
    Ok(())
}

#[test]
fn pinned_reader_goes_on_seeing_its_tip_and_then_says_that_it_is_forgotten() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    stage.grow(&miner.mine_payments(5, &[0, 1]));
    let reader = stage.node.reader();
    let balances =
        || -> Vec<_> { everybody().iter().map(|address| reader.account(address).unwrap()).collect() };
    let before = balances();
    let proof = reader.prove_balance(&Actor::new(0).address()).unwrap();
    assert!(proof.is_some());
    for _ in 0..7 {
        stage.grow(&miner.mine_payments(9, &[0, 2]));
        assert_eq!(balances(), before);
        assert_eq!(reader.prove_balance(&Actor::new(0).address()).unwrap(), proof);
        assert_adds_up(&reader, &stage.network).unwrap();
    }
    stage.grow(&miner.mine_empty(1));
    assert_eq!(balances(), before);
    assert!(matches!(reader.prove_balance(&Actor::new(0).address()), Err(ReadError::TipMoved)));
    stage.grow(&miner.mine_empty(1));
    let forgotten = reader.account(&Actor::new(0).address());
    assert!(matches!(forgotten, Err(ReadError::TipMoved)));
    assert!(matches!(reader.pool(), Err(ReadError::TipMoved)));
}

#[test]
fn history_of_a_pinned_reader_ends_at_its_tip_however_far_the_chain_has_gone() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    stage.grow(&miner.mine_payments(5, &[0, 1]));
    let reader = stage.node.reader();
    let person = Actor::new(0).address();
    let before = whole_history(&reader, &person, 3);
    stage.grow(&miner.mine_payments(100, &[0]));
    stage.node.wait_for_indexes();
    // Those of the memory begin far above it, and those on disk go beyond it.
    let history = until("indexes", || match reader.history(&person, None, 3) {
        Ok(page) => Some(page),
        Err(ReadError::Indexing { done, tip }) if done < tip => None,
        Err(error) => panic!("{error}"),
    });
    assert_eq!(history.found, before[..3]);
    assert_eq!(whole_history(&reader, &person, 3), before);
}

#[test]
fn reader_of_an_abandoned_branch_sees_its_balances_still() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    stage.grow(&miner.mine_payments(3, &[0, 1]));
    let mut other = miner.fork(1);
    stage.grow(&miner.mine_payments(4, &[0]));
    let reader = stage.node.reader();
    let person = Actor::new(0).address();
    let before = (reader.account(&person).unwrap(), reader.prove_balance(&person).unwrap());
    let found = reader.history(&person, None, 10).unwrap().found;
    let (first, last) = (found.last().unwrap(), &found[0]);
    assert!(reader.prove_transaction(last).unwrap().is_some());
    let verdicts = stage.node.submit_all(&other.mine_payments(5, &[2]));
    assert_eq!(verdicts[4], Ok(Verdict::Followed { reverted: 4 }));
    assert_eq!((reader.account(&person).unwrap(), reader.prove_balance(&person).unwrap()), before);
    assert_adds_up(&reader, &stage.network).unwrap();
    assert_proofs_hold(&reader).unwrap();
    assert!(reader.is_followed(&reader.tip().hash));
    assert!(!stage.node.reader().is_followed(&reader.tip().hash));
    // What is indexed belongs to the branch that is followed now.
    assert!(matches!(reader.history(&person, None, 10), Err(ReadError::TipMoved)));
    // And so does the pool, and what is proven of blocks that both do not have.
    assert!(matches!(reader.pending(&person), Err(ReadError::TipMoved)));
    assert!(matches!(reader.prove_transaction(last), Err(ReadError::TipMoved)));
    assert!(reader.prove_transaction(first).unwrap().is_some());
    assert_eq!(stage.node.reader().prove_transaction(last).unwrap(), None);
}

#[test]
fn bytes_of_a_block_are_its_encoding_on_whatever_branch_it_stands() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let stem = miner.mine_payments(2, &[0, 1]);
    let mut other = miner.fork(1);
    stage.grow(&stem);
    let (ours, side) = (miner.mine_payments(3, &[0, 2]), other.mine_payments(2, &[1]));
    stage.grow(&ours);
    assert!(stage.node.submit_all(&side).iter().all(|verdict| *verdict == Ok(Verdict::Side)));
    let only_header = other.mine(Vec::new()).header;
    within("answers", stage.node.handle().submit_headers(vec![only_header])).unwrap();
    for _ in 0..2 {
        let reader = stage.node.reader();
        let genesis = [stage.network.genesis.block().clone()];
        for block in [&genesis[..], &stem, &ours, &side].concat() {
            let hash = block.header.hash();
            assert_eq!(reader.block_bytes(&hash).unwrap(), Some(encode(&block)));
            assert_eq!(reader.block(&hash).unwrap(), Some(block));
        }
        for nothing in [only_header.hash(), BlockHash::from_bytes([7; 32])] {
            assert_eq!(reader.block_bytes(&nothing).unwrap(), None);
        }
        stage.node.restart();
    }
}

#[test]
fn pool_belongs_to_its_tip() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let payments = [miner.pay(0, 0), miner.pay(1, 0)];
    payments.iter().for_each(|payment| {
        stage.node.send(payment).unwrap();
    });
    let reader = stage.node.reader();
    let view = reader.pool().unwrap();
    assert_eq!(pool(&reader), names(&payments));
    stage.grow(&[miner.mine(payments[..1].to_vec())]);
    assert!(matches!(reader.pool(), Err(ReadError::TipMoved)));
    assert_eq!(view.entries().len(), 2, "a view does not change");
    assert_eq!(pool(&stage.node.reader()), names(&payments[1..]));
}

#[test]
fn ready_transactions_are_looked_through_best_first_at_their_tip() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let payments: Vec<_> = (0..4).map(|payer| miner.pay(payer, 0)).collect();
    for payment in &payments {
        stage.node.send(payment).unwrap();
    }
    let reader = stage.node.reader();
    let all = reader.pool().unwrap();
    let first = |count: usize| {
        reader.ready(|ready| ready.take(count).map(|entry| entry.facts().hash).collect::<Vec<_>>())
    };
    let expected: Vec<_> = all.entries().iter().map(|entry| entry.facts().hash).collect();
    assert_eq!(first(2).unwrap(), expected[..2]);
    assert_eq!(first(10).unwrap(), expected);
    stage.grow(&[miner.mine(payments)]);
    assert!(matches!(first(1), Err(ReadError::TipMoved)));
    assert_eq!(stage.node.reader().ready(|ready| ready.count()).unwrap(), 0);
}

#[test]
fn proofs_hold_after_a_restart() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    stage.grow(&miner.mine_payments(5, &[0, 1]));
    stage.node.restart();
    assert_proofs_hold(&stage.node.reader()).unwrap();
    assert_adds_up(&stage.node.reader(), &stage.network).unwrap();
    let block = miner.mine_payments(1, &[2]);
    stage.grow(&block);
    let reader = stage.node.reader();
    let found = reader.transaction(&block[0].transactions[0].body.txid()).unwrap().unwrap();
    let proof = reader.prove_transaction(&found).unwrap().unwrap();
    assert_eq!(proof.verify().unwrap(), (Height(6), block[0].header.hash()));
}

#[test]
fn blocks_and_what_they_left_behind_can_be_read_on_any_branch() {
    let stage = Stage::new();
    let miner = stage.miner();
    let ours = miner.clone().mine_payments(2, &[0]);
    let other = miner.fork(1).mine_payments(1, &[1]);
    stage.grow(&ours);
    assert_eq!(stage.node.submit(&other[0]), Ok(Verdict::Side));
    let reader = stage.node.reader();
    for block in ours.iter().chain(&other) {
        assert_eq!(reader.block(&block.header.hash()).unwrap().as_ref(), Some(block));
    }
    let genesis = stage.network.genesis.block();
    assert_eq!(reader.block(&genesis.header.hash()).unwrap().as_ref(), Some(genesis));
    assert!(reader.receipts(&tip_of(&ours)).unwrap().is_some());
    assert!(reader.receipts(&tip_of(&other)).unwrap().is_none());
}

/// Two branches that overtake each other again and again.
fn contest(miner: &Miner) -> (Vec<Block>, [Miner; 2]) {
    let mut miners = [miner.fork(1), miner.fork(2)];
    let mut blocks = miners[0].mine_payments(1, &[0, 1]);
    for round in 0..12 {
        let [one, other] = &mut miners;
        let (behind, payers) = if round % 2 == 0 { (other, [2, 3]) } else { (one, [0, 4]) };
        blocks.extend(behind.mine_payments(2, &payers));
    }
    (blocks, miners)
}

#[test]
fn what_one_reader_sees_adds_up_while_branches_overtake_each_other() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    stage.grow(&miner.mine_payments(4, &[0, 1, 2, 3, 4, 5]));
    let (blocks, [one, other]) = contest(&miner);
    let (over, network) = (AtomicBool::new(false), &stage.network);
    let handle = stage.node.handle();
    thread::scope(|scope| {
        let read = || {
            let mut readings = 0;
            while !over.load(Ordering::Acquire) {
                let reader = handle.reader();
                for _ in 0..3 {
                    match assert_adds_up(&reader, network).and_then(|()| assert_proofs_hold(&reader)) {
                        Ok(()) => readings += 1,
                        Err(ReadError::TipMoved) => break,
                        Err(error) => panic!("{error}"),
                    }
                }
                match reader.pool() {
                    Ok(_) | Err(ReadError::TipMoved) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            readings
        };
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(read)).collect();
        for block in &blocks {
            assert!(stage.node.submit(block).is_ok());
        }
        over.store(true, Ordering::Release);
        let readings: u32 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        assert!(readings > 0);
    });
    let winner = if one.follower.height() > other.follower.height() { one } else { other };
    assert_eq!(stage.node.tip().state, winner.follower.ledger.commitments().state);
    let fresh = stage.fresh(&winner.follower.branch());
    let all: Vec<Block> = winner.follower.branch().into_iter().chain(blocks).collect();
    assert_eq!(answers(&stage.node, &all), answers(&fresh.node, &all));
    assert_eq!(stage.node.submit(&winner.clone().mine(Vec::new())), Ok(GREW));
}

#[test]
fn balances_are_proven_after_a_restart_however_much_the_tip_changed() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let params = stage.network.params().clone();
    // More accounts than a start remembers changes of.
    let strangers = |payer: u32, nonce: u64| {
        let number = u64::from(payer) * 100 + nonce;
        let to = |at: u64| Address::from_bytes(cairn::crypto::sha256(&(number * 1000 + at).to_le_bytes()));
        let pay =
            |at| Action::Pay { to: to(at), amount: Amount::from_pebbles(1), reference: Reference::default() };
        let actor = Actor::new(payer);
        actor.sign(&params, actor.body(&params, nonce, 1000, (0..256).map(pay).collect()))
    };
    let block = miner.mine(
        (0..22)
            .flat_map(|nonce| (0..FUNDED).map(move |payer| (payer, nonce)))
            .map(|(payer, nonce)| strangers(payer, nonce))
            .collect(),
    );
    stage.grow(&[block]);
    assert_proofs_hold(&stage.node.reader()).unwrap();
    stage.node.restart();
    assert_proofs_hold(&stage.node.reader()).unwrap();
}

#[test]
fn reader_does_not_wait_for_whoever_writes_the_database() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let blocks = miner.mine_payments(100, &[0, 1]);
    stage.grow(&blocks);
    let expected = answers(&stage.node, &blocks);
    let reader = stage.node.reader();
    let (told, answered) = std::sync::mpsc::channel();
    stage.node.handle().while_database_is_taken(|| {
        thread::spawn(move || told.send(answers_now(&reader, &blocks)).is_ok());
        assert_eq!(answered.recv_timeout(PATIENCE).as_ref(), Ok(&expected));
    });
}

#[test]
fn history_is_gone_through_from_any_place_in_either_direction() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    // Some of it lies in memory, most on disk, and the reader sees the last blocks of neither.
    stage.grow(&miner.mine_payments(90, &[0]));
    let reader = stage.node.reader();
    stage.grow(&miner.mine_payments(20, &[0]));
    stage.node.wait_for_indexes();
    let person = Actor::new(0).address();
    let all: Vec<Place> = whole_history(&reader, &person, 50).iter().map(|found| found.place).collect();
    assert_eq!(all.len(), 180);
    let places = |order: Order| -> Vec<Place> {
        reader.history(&person, order, 5).unwrap().found.iter().map(|found| found.place).collect()
    };
    for (at, place) in all.iter().enumerate() {
        let older = &all[at + 1..];
        assert_eq!(places(Order::Newest { before: Some(*place) }), older[..older.len().min(5)]);
        let newer: Vec<Place> = all[..at].iter().rev().take(5).copied().collect();
        assert_eq!(places(Order::Oldest { after: Some(*place) }), newer);
    }
    let above = Order::Oldest { after: Some(Place::above_all_of(Height(45))) };
    assert_eq!(places(above)[0].height, Height(46));
}
