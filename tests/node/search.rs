//! Looking for blocks, transactions and addresses by how their names begin.

use std::collections::BTreeSet;

use cairn::node::{ALIKE_MAX, Reader, Verdict, What};
use cairn::types::{Address, Block, BlockHash, FirstDigits, FirstLetters, Transaction, Txid};

use crate::stage::{Stage, hashes};

fn digits(name: &impl ToString, count: usize) -> FirstDigits {
    name.to_string()[..count].parse().unwrap()
}

fn found(reader: &Reader, digits: &FirstDigits) -> Vec<Txid> {
    let found = reader.transactions_like(digits, ALIKE_MAX).unwrap().into_iter();
    let txid = |what: What| match what {
        What::Transaction(found) => found.body.txid(),
        What::Reward(_) => panic!("no transaction"),
    };
    found.map(|found| txid(found.what)).collect()
}

fn txids(blocks: &[Block]) -> Vec<Txid> {
    blocks.iter().flat_map(|block| &block.transactions).map(|found| found.body.txid()).collect()
}

#[test]
fn blocks_of_all_branches_are_found_by_their_first_digits() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let stem = miner.mine_empty(20);
    let side = miner.fork(1).mine_empty(10);
    let ours = miner.mine_empty(15);
    stage.grow(&[&stem[..], &ours].concat());
    assert!(stage.node.submit_all(&side).iter().all(|verdict| *verdict == Ok(Verdict::Side)));
    let reader = stage.node.reader();
    let genesis = stage.network.genesis.block().header.hash();
    let all = [vec![genesis], hashes(&stem), hashes(&ours), hashes(&side)].concat();
    for hash in &all {
        for count in [6, 7, 64] {
            let digits = digits(hash, count);
            let found: Vec<BlockHash> = reader.headers_like(&digits, 10).iter().map(|one| one.hash).collect();
            let mut expected: Vec<BlockHash> =
                all.iter().filter(|one| one.to_string().starts_with(&digits.to_string())).copied().collect();
            expected.sort_by_key(ToString::to_string);
            assert_eq!(found, expected);
        }
        assert_eq!(reader.headers_like(&digits(hash, 6), 0), []);
    }
    assert_eq!(reader.headers_like(&digits(&BlockHash::from_bytes([0xab; 32]), 6), 10), []);
}

#[test]
fn transactions_of_the_branch_are_found_by_their_first_digits_wherever_they_are_indexed() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let stem = miner.mine_payments(90, &[0]);
    let mut other = miner.fork(1);
    let left = miner.mine_payments(3, &[1]);
    stage.grow(&[&stem[..], &left].concat());
    stage.node.wait_for_indexes();
    let before = stage.node.reader();
    for txid in txids(&[&stem[..], &left].concat()) {
        assert_eq!(found(&before, &digits(&txid, 6)), [txid]);
    }
    // On the other branch person 1 pays nothing, and the same places hold something else.
    let ours = other.mine_payments(4, &[2, 3]);
    assert_eq!(stage.node.submit_all(&ours)[3], Ok(Verdict::Followed { reverted: 3 }));
    for restarted in [false, true] {
        if restarted {
            stage.node.restart();
        }
        stage.node.wait_for_indexes();
        let reader = stage.node.reader();
        for txid in txids(&[&stem[..], &ours].concat()) {
            assert_eq!(found(&reader, &digits(&txid, 6)), [txid]);
            assert_eq!(found(&reader, &digits(&txid, 17)), [txid], "more digits than an entry holds");
        }
        for txid in txids(&left) {
            assert_eq!(found(&reader, &digits(&txid, 6)), []);
        }
    }
}

#[test]
fn transactions_that_wait_are_found_by_their_first_digits() {
    let stage = Stage::new();
    let miner = stage.miner();
    let waiting: Vec<Transaction> = (0..5).map(|ahead| miner.pay(0, ahead)).collect();
    waiting.iter().for_each(|payment| {
        stage.node.send(payment).unwrap();
    });
    let reader = stage.node.reader();
    for payment in &waiting {
        let txid = payment.body.txid();
        let found = reader.pooled_like(&digits(&txid, 6), 10);
        assert_eq!(found.iter().map(|entry| entry.facts().txid).collect::<Vec<_>>(), [txid]);
        assert_eq!(reader.transactions_like(&digits(&txid, 6), 10).unwrap(), []);
    }
    assert!(reader.pooled_like(&digits(&Txid::from_bytes([9; 32]), 6), 10).is_empty());
}

#[test]
fn addresses_of_the_branch_are_found_by_their_first_letters_wherever_they_are_indexed() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let prefix = stage.network.params().prefix.clone();
    let stem = miner.mine_payments(90, &[0]);
    let mut other = miner.fork(1);
    let left = miner.mine_payments(3, &[1]);
    stage.grow(&[&stem[..], &left].concat());
    let concerned = |blocks: &[Block]| -> BTreeSet<Address> {
        let miners = blocks.iter().map(|block| block.coinbase.recipient);
        let bodies = blocks.iter().flat_map(|block| &block.transactions).map(|found| &found.body);
        let payments = bodies.flat_map(|body| {
            let paid = body.payments().map(|(to, _)| *to);
            paid.chain([body.policy.address()]).collect::<Vec<_>>()
        });
        miners.chain(payments).collect()
    };
    let given: BTreeSet<Address> = stage.network.genesis.allocation().iter().map(|(to, _)| *to).collect();
    let ours = other.mine_payments(4, &[2, 3]);
    assert_eq!(stage.node.submit_all(&ours)[3], Ok(Verdict::Followed { reverted: 3 }));
    let there: BTreeSet<Address> = concerned(&[&stem[..], &ours].concat()).union(&given).copied().collect();
    for restarted in [false, true] {
        if restarted {
            stage.node.restart();
        }
        stage.node.wait_for_indexes();
        let reader = stage.node.reader();
        for address in there.iter().chain(&concerned(&left)) {
            let text = address.to_text(&prefix);
            for count in [3, 4, 13, 20] {
                let beginning = &text[..prefix.as_str().len() + 1 + count];
                let letters = FirstLetters::parse(beginning, &prefix).unwrap();
                let expected: Vec<Address> = there.iter().filter(|one| letters.begin(one)).copied().collect();
                assert_eq!(reader.addresses_like(&letters, ALIKE_MAX).unwrap(), expected, "{beginning}");
            }
        }
        let all = FirstLetters::parse(
            &there.first().unwrap().to_text(&prefix)[..prefix.as_str().len() + 4],
            &prefix,
        );
        assert!(reader.addresses_like(&all.unwrap(), 0).unwrap().is_empty());
    }
}
