//! Proofs: break one thing in a proof that holds, and it proves nothing.

use cairn::codec::{decode, encode};
use cairn::consensus::Params;
use cairn::crypto::merkle::Path;
use cairn::ledger::{
    BalanceProof, History, HistoryError, HistoryLeaf, HistoryProof, HistorySummary, Opening, ProofError,
    StateKey, StateProof, TransactionProof,
};
use cairn::types::{
    BLOCK_TRANSACTIONS_MAX, Bits, BlockHash, Commitments, EffectiveTime, Height, HistoryRoot, MerkleRoot,
    Policy, StateRoot, Transaction, TxRoot, Witness,
};

use crate::stage::{FUNDS, Stage, address, list, miner, note_action};

/// A balance proof for person 0, and the proof of the payment that made it so.
fn proofs() -> (BalanceProof, TransactionProof) {
    let mut stage = Stage::new();
    stage.follower.mine_empty(miner(), 2);
    let payments = vec![stage.pay(1, 0, 2, 6, 1), stage.pay(0, 0, 1, 5, 1), stage.pay(2, 0, 0, 7, 1)];
    let block = stage.follower.mine(miner(), payments);
    stage.follower.mine_empty(miner(), 1);
    let tip = stage.follower.chain.tip().hash;
    let ledger = &stage.follower.ledger;
    let transaction = ledger.prove_transaction(stage.follower.block(&block).block(), 1).unwrap();
    (ledger.prove_balance(&address(0), &tip).unwrap(), transaction)
}

fn params() -> Params {
    Stage::new().params().clone()
}

#[test]
fn honest_proofs_hold() {
    let (balance, transaction) = proofs();
    let proven = balance.verify(&address(0)).unwrap();
    assert_eq!((proven.account.balance.pebbles(), proven.account.nonce.0), (FUNDS + 1, 1));
    assert_eq!(
        (proven.as_of, transaction.verify()),
        (Height(3), Ok((Height(3), transaction.opening.header.hash())))
    );
    assert_eq!(decode::<BalanceProof>(&encode(&balance)), Ok(balance));
    assert_eq!(decode::<TransactionProof>(&encode(&transaction)), Ok(transaction));
}

#[test]
fn header_that_commits_to_something_else_proves_nothing() {
    let changes: [fn(&mut Opening); 5] = [
        |opening| opening.header.merkle_root = MerkleRoot::ZERO,
        |opening| opening.state = StateRoot::from_bytes([1; 32]),
        |opening| opening.transactions = TxRoot::from_bytes([1; 32]),
        |opening| opening.history.count += 1,
        |opening| opening.history.bagged[0] ^= 1,
    ];
    for change in changes {
        let (mut balance, mut transaction) = proofs();
        change(&mut balance.opening);
        change(&mut transaction.opening);
        assert_breaks!(balance.verify(&address(0)), ProofError::Header);
        assert_breaks!(transaction.verify(), ProofError::Header);
    }
}

#[test]
fn header_of_genesis_proves_nothing() {
    let (mut balance, _) = proofs();
    let genesis = Stage::new().network.genesis.block().clone();
    balance.opening = Opening {
        header: genesis.header,
        transactions: TxRoot::over([genesis.coinbase.hash()]),
        state: StateRoot::ZERO,
        history: HistorySummary { count: 0, bagged: [0; 32] },
    };
    assert_breaks!(balance.verify(&address(0)), ProofError::Genesis);
}

#[test]
fn way_to_another_account_proves_nothing_about_this_one() {
    let (balance, _) = proofs();
    assert_breaks!(balance.verify(&address(1)), ProofError::Root);
    assert_breaks!(balance.verify(&address(50)), ProofError::Root);
}

#[test]
fn transaction_in_another_place_than_it_stands_is_not_proven() {
    let (_, mut transaction) = proofs();
    assert_eq!((transaction.index, transaction.count), (2, 4));
    transaction.index = 3;
    assert_breaks!(transaction.verify(), ProofError::Root);
    let (_, mut transaction) = proofs();
    transaction.transaction.body.nonce.0 += 1;
    assert_breaks!(transaction.verify(), ProofError::Root);
}

#[test]
fn way_that_fits_no_tree_is_refused() {
    let changes: [fn(&mut TransactionProof); 5] = [
        |proof| proof.index = 0,
        |proof| proof.index = proof.count,
        |proof| proof.count = u32::MAX,
        |proof| proof.siblings = list(Vec::new()),
        |proof| proof.siblings = list([&proof.siblings[..], &[[0; 32]]].concat()),
    ];
    for change in changes {
        let (_, mut proof) = proofs();
        change(&mut proof);
        assert_breaks!(proof.verify(), ProofError::Form);
    }
}

/// A proof whose way leads up to its header, whatever it begins with: the header is made for it.
fn made_to_fit(transaction: Transaction, count: usize, siblings: usize) -> TransactionProof {
    let path = Path { index: 1, count, siblings: vec![[9; 32]; siblings] };
    let root = TxRoot::from_bytes(path.root(transaction.hash().as_bytes()).unwrap());
    let honest = proofs().1;
    let mut opening = Opening { transactions: root, ..honest.opening };
    let commitments = Commitments { state: opening.state, history: opening.history.root() };
    opening.header.merkle_root = commitments.merkle_root(&root);
    let count = u32::try_from(count).unwrap();
    TransactionProof { opening, index: 1, count, siblings: list(path.siblings), transaction }
}

#[test]
fn transaction_of_64_bytes_is_never_proven() {
    let stage = Stage::new();
    let of_bytes = |note| {
        let mut transaction = stage.act(0, 0, 0, vec![note_action(note)]);
        transaction.body.policy = Policy::After(Height(1));
        transaction.witness = Witness::default();
        transaction
    };
    assert_eq!(of_bytes(49).names().bytes, 64);
    assert_breaks!(made_to_fit(of_bytes(49), 2, 1).verify(), ProofError::Form);
    assert!(made_to_fit(of_bytes(48), 2, 1).verify().is_ok());
}

#[test]
fn block_of_more_transactions_than_there_can_be_proves_nothing() {
    let transaction = Stage::new().pay(0, 0, 1, 5, 1);
    let most = BLOCK_TRANSACTIONS_MAX + 1;
    assert!(made_to_fit(transaction.clone(), most, 18).verify().is_ok());
    assert_breaks!(made_to_fit(transaction, most + 1, 18).verify(), ProofError::Form);
}

#[test]
fn absence_is_not_proven_by_the_entry_itself_nor_by_a_stranger_from_afar() {
    // What a proof ends in, its siblings, and the levels without one; laid out by hand as a liar would.
    let state = StateRoot::from_bytes([1; 32]);
    let key = StateKey::account(&address(0));
    let ends_in = |other: [u8; 32], levels: &[u8]| {
        let siblings = [vec![1], vec![9; 32]].concat();
        let bytes = [&[2][..], &other, &[3; 32], &siblings, &[levels.len() as u8], levels].concat();
        decode::<StateProof>(&bytes).unwrap()
    };
    let itself = ends_in(*key.as_bytes(), &[]);
    assert_breaks!(itself.verify(&state, &key), ProofError::Form);
    let mut afar = *key.as_bytes();
    afar[0] ^= 0x80;
    assert_breaks!(ends_in(afar, &[]).verify(&state, &key), ProofError::Form);
    let mut near = *key.as_bytes();
    near[31] ^= 1;
    for levels in [&[][..], &[0], &[1], &[0, 1], &[1, 2]] {
        assert_breaks!(ends_in(near, levels).verify(&state, &key), ProofError::Root);
    }
    for levels in [&[2][..], &[3], &[1, 0], &[0, 0]] {
        assert_breaks!(ends_in(near, levels).verify(&state, &key), ProofError::Form);
    }
}

/// A history of so many headers, and its leaves.
fn history(count: u32, times: impl Fn(u32) -> u64) -> (History, Vec<HistoryLeaf>) {
    let mut history = History::default();
    let leaf = |height: u32| {
        let hash = BlockHash::from_bytes([height as u8; 32]);
        HistoryLeaf::new(hash, Height(height), EffectiveTime(times(height)), params().genesis_bits).unwrap()
    };
    let leaves: Vec<HistoryLeaf> = (0..count).map(leaf).collect();
    leaves.iter().for_each(|leaf| history.push(leaf));
    (history, leaves)
}

#[test]
fn every_header_of_a_history_is_proven() {
    let (history, leaves) = history(13, |height| u64::from(height / 2));
    for count in 1..=13 {
        let root = history.summary(count).root();
        for leaf in &leaves[..count as usize] {
            let proof = history.prove(leaf.height, count).unwrap();
            assert_eq!(proof.verify(&root, leaf).unwrap().count, count);
        }
    }
    assert_eq!(history.prove(Height(13), 13), None);
    assert_eq!(history.prove(Height(0), 14), None);
}

#[test]
fn header_above_those_that_a_root_is_over_is_refused() {
    let (history, leaves) = history(5, u64::from);
    let proof = history.prove(Height(4), 5).unwrap();
    let leaf = HistoryLeaf { height: Height(5), ..leaves[4] };
    assert_breaks!(proof.verify(&history.root(), &leaf), HistoryError::Height);
    let leaf = HistoryLeaf { height: Height(u32::MAX), ..leaves[4] };
    assert_breaks!(proof.verify(&history.root(), &leaf), HistoryError::Height);
}

#[test]
fn way_of_another_height_or_count_is_refused() {
    let (history, leaves) = history(5, u64::from);
    let proof = history.prove(Height(0), 5).unwrap();
    assert_breaks!(proof.verify(&history.root(), &leaves[4]), HistoryError::Form);
    for count in [1, 3, 4, 8, u32::MAX] {
        let mut proof = proof.clone();
        proof.count = count;
        assert_breaks!(proof.verify(&history.root(), &leaves[0]), HistoryError::Form);
    }
}

#[test]
fn neighbour_that_claims_to_sum_up_more_headers_is_refused() {
    let (history, leaves) = history(2, u64::from);
    let mut bytes = encode(&history.prove(Height(0), 2).unwrap());
    // The root's count, how many siblings, the digest of the only one; then how many headers it sums up.
    let claimed = 1 + 1 + 32;
    assert_eq!(std::mem::replace(&mut bytes[claimed], 2), 1);
    let proof: HistoryProof = decode(&bytes).unwrap();
    assert_breaks!(proof.verify(&history.root(), &leaves[0]), HistoryError::Form);
}

#[test]
fn neighbours_that_overlap_in_time_are_refused() {
    let backwards = |height| if height == 3 { 1 } else { 2 + u64::from(height) };
    let (history, leaves) = history(5, backwards);
    let proof = history.prove(Height(0), 5).unwrap();
    assert!(
        proof.verify(&history.root(), &leaves[0]).is_ok(),
        "one summed up by others is not seen from afar"
    );
    for height in [2, 3] {
        let proof = history.prove(Height(height), 5).unwrap();
        let verdict = proof.verify(&history.root(), &leaves[height as usize]);
        assert_breaks!(verdict, HistoryError::Overlap);
    }
}

#[test]
fn any_change_to_a_header_leads_to_another_root() {
    let (history, leaves) = history(5, |_| 7);
    let (leaf, root) = (leaves[2], history.root());
    let proof = history.prove(Height(2), 5).unwrap();
    assert!(proof.verify(&root, &leaf).is_ok());
    let harder = HistoryLeaf::new(leaf.block, leaf.height, leaf.effective_time, Bits(0x1f00_ffff)).unwrap();
    let lies = [
        HistoryLeaf { block: BlockHash::ZERO, ..leaf },
        HistoryLeaf { height: Height(3), ..leaf },
        HistoryLeaf { work: harder.work, bits: harder.bits, ..leaf },
    ];
    for lie in lies {
        assert_breaks!(proof.verify(&root, &lie), HistoryError::Root);
    }
    assert_breaks!(proof.verify(&HistoryRoot::ZERO, &leaf), HistoryError::Root);
    let boast = HistoryLeaf { work: harder.work, ..leaf };
    assert_breaks!(proof.verify(&root, &boast), HistoryError::Work { claimed: harder.work });
    assert!(proof.verify(&root, &HistoryLeaf { bits: Bits(0), ..leaf }).is_err());
}
