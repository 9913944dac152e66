//! What a node says of balances and transactions, true and false.

use cairn::codec::{decode, encode};
use cairn::ledger::{BalanceProof, HistorySummary, ProofError};
use cairn::light::{Headers, Lie};
use cairn::types::{Amount, Commitments, Header};

use crate::stage::{FUNDS, Miner, NOW, address, genesis, genesis_of, height, work};

/// Two blocks, a payment of 500 in the third, and one above it.
fn miner() -> Miner {
    let mut miner = Miner::new(&genesis());
    miner.mine_empty(2);
    let payment = miner.pay(0, 1, 500);
    miner.mine(vec![payment]);
    miner.mine_empty(1);
    miner
}

#[test]
fn balance_is_proven_as_of_the_block_below_the_header() {
    let miner = miner();
    let headers = miner.followed();
    let found = headers.verify_balance(&address(1), &miner.prove_balance(&address(1))).unwrap();
    assert_eq!(found.account.unwrap().balance, Amount::from_pebbles(FUNDS + 500));
    assert_eq!((found.as_of, found.proven_by, found.confirmations), (height(3), headers.tip(), 1));
    let mut later = miner.clone();
    later.mine_empty(4);
    let found = later.followed().verify_balance(&address(1), &miner.prove_balance(&address(1))).unwrap();
    assert_eq!((found.as_of, found.confirmations), (height(3), 5));
}

#[test]
fn account_that_nobody_paid_is_proven_to_be_absent() {
    let miner = miner();
    let found = miner.followed().verify_balance(&address(7), &miner.prove_balance(&address(7))).unwrap();
    assert_eq!((found.account, found.as_of), (None, height(3)));
}

#[test]
fn changed_balance_is_a_proof_that_does_not_hold() {
    let miner = miner();
    let headers = miner.followed();
    let honest = encode(&miner.prove_balance(&address(1)));
    let balance = encode(&Amount::from_pebbles(FUNDS + 500));
    let at = honest.windows(balance.len()).position(|window| window == balance).unwrap();
    let mut changed = honest;
    changed[at..at + balance.len()].copy_from_slice(&encode(&Amount::from_pebbles(FUNDS + 501)));
    let proof: BalanceProof = decode(&changed).unwrap();
    assert_eq!(headers.verify_balance(&address(1), &proof), Err(Lie::Proof(ProofError::Root)));
    // Another's proof says nothing of this account, nor does an honest one of another account's absence.
    let other = miner.prove_balance(&address(2));
    assert_eq!(headers.verify_balance(&address(1), &other), Err(Lie::Proof(ProofError::Root)));
    let absent = miner.prove_balance(&address(7));
    assert!(headers.verify_balance(&address(1), &absent).is_err());
}

#[test]
fn proof_against_a_chain_of_somebody_elses_is_a_lie() {
    let ours = miner();
    let mut foreign = Miner::new(&genesis_of(|file| file.maturity += 1));
    foreign.mine_empty(2);
    let payment = foreign.pay(0, 1, 5_000_000);
    foreign.mine(vec![payment]);
    foreign.mine_empty(1);
    let headers = ours.followed();
    let lie =
        Lie::OtherBranch { height: height(4), expected: headers.tip(), found: foreign.chain.tip().hash };
    assert_eq!(headers.verify_balance(&address(1), &foreign.prove_balance(&address(1))), Err(lie));
    let txid = foreign.prove_transaction(3).transaction.body.txid();
    let refused = headers.verify_transaction(&txid, &foreign.prove_transaction(3)).unwrap_err();
    assert!(matches!(refused, Lie::OtherBranch { height: at, .. } if at == height(3)));
}

#[test]
fn proof_on_a_branch_that_was_given_up_is_a_lie() {
    let mut common = Miner::new(&genesis());
    common.mine_empty(2);
    let (mut short, mut long) = (common.other(1), common.other(2));
    let payment = short.pay(0, 1, 500);
    short.mine(vec![payment]);
    short.mine_empty(1);
    long.mine_empty(3);
    let mut headers = short.followed();
    let (balance, transaction) = (short.prove_balance(&address(1)), short.prove_transaction(3));
    let txid = transaction.transaction.body.txid();
    assert!(headers.verify_balance(&address(1), &balance).is_ok());
    assert_eq!(headers.verify_transaction(&txid, &transaction).unwrap().confirmations, 2);
    headers.accept(&long.headers(), NOW).unwrap();
    assert!(matches!(headers.verify_balance(&address(1), &balance), Err(Lie::OtherBranch { .. })));
    assert!(matches!(headers.verify_transaction(&txid, &transaction), Err(Lie::OtherBranch { .. })));
}

#[test]
fn proof_above_our_tip_asks_for_headers_first() {
    let miner = miner();
    let mut headers = Headers::new(&genesis());
    headers.accept(&miner.headers()[..3], NOW).unwrap();
    let proof = miner.prove_balance(&address(1));
    let lie = Lie::AboveTip { height: height(4), tip: height(3) };
    assert_eq!(headers.verify_balance(&address(1), &proof), Err(lie));
    headers.accept(&miner.headers()[3..], NOW).unwrap();
    assert!(headers.verify_balance(&address(1), &proof).is_ok());
}

#[test]
fn transaction_is_found_in_its_block_and_no_other_stands_for_it() {
    let miner = miner();
    let headers = miner.followed();
    let proof = miner.prove_transaction(3);
    let txid = proof.transaction.body.txid();
    let found = headers.verify_transaction(&txid, &proof).unwrap();
    let block = miner.blocks[2].hash();
    assert_eq!((found.height, found.block, found.confirmations), (height(3), block, 2));
    let expected = miner.pay(0, 1, 501).body.txid();
    let lie = Lie::OtherTransaction { expected, found: txid };
    assert_eq!(headers.verify_transaction(&expected, &proof), Err(lie));
    let mut changed = proof;
    changed.transaction = miner.pay(0, 1, 501);
    assert_eq!(headers.verify_transaction(&expected, &changed), Err(Lie::Proof(ProofError::Root)));
}

#[test]
fn header_that_commits_to_another_height_than_it_stands_at_is_its_miners_lie() {
    let miner = miner();
    let mut headers = miner.followed();
    let mut proof = miner.prove_balance(&address(1));
    // A header on our tip whose miner commits to what was true long ago, under a count that is not its height's.
    let history = HistorySummary { count: 3, ..proof.opening.history };
    let commitments = Commitments { state: proof.opening.state, history: history.root() };
    let mut header = Header {
        previous: headers.tip(),
        merkle_root: commitments.merkle_root(&proof.opening.transactions),
        ..proof.opening.header
    };
    work(&mut header, &genesis());
    headers.accept(&[header], NOW).unwrap();
    (proof.opening.header, proof.opening.history) = (header, history);
    let lie = Lie::Height { block: header.hash(), height: height(5), claimed: height(3) };
    assert_eq!(headers.verify_balance(&address(1), &proof), Err(lie));
}
