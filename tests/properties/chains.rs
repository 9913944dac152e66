//! Random chains of random payments: the ledger does what the model does, loses nothing, and can take everything back.

use std::collections::BTreeMap;

use cairn::codec::Blob;
use cairn::ledger::{LedgerError, StateKey, View};
use cairn::testkit::model::{Model, naive_root};
use cairn::testkit::{Actor, Follower, Network, Outcome, Rejection, strategies};
use cairn::types::{Action, Address, Amount, Block, BlockHash, Reference, Transaction};
use proptest::collection::vec;
use proptest::prelude::*;

const PEOPLE: u32 = 6;
/// The last of them own nothing at first.
const FUNDED: u32 = 3;

/// One payment, as drawn.
#[derive(Clone, Debug)]
struct Wish {
    from: u32,
    to: Vec<u32>,
    share: u64,
    fee: u64,
    kind: u8,
    nonce_off: u8,
}

fn wish() -> impl Strategy<Value = Wish> {
    (0..PEOPLE, vec(0..PEOPLE + 40, 1..4), 0..120_u64, 0..5000_u64, 0..8_u8, 0..20_u8)
        .prop_map(|(from, to, share, fee, kind, nonce_off)| Wish { from, to, share, fee, kind, nonce_off })
}

fn somebody(number: u32) -> Address {
    Actor::new(number).address()
}

/// The transaction that a wish comes to, given what its sender has; many cannot be paid for.
fn transaction(wish: &Wish, network: &Network, model: &Model) -> Transaction {
    let sender = Actor::new(wish.from);
    let (balance, nonce) = model.accounts.get(&sender.address()).copied().unwrap_or_default();
    let nonce = if wish.nonce_off == 0 { nonce + 1 } else { nonce };
    // A share of 100 or more asks for all there is, or more.
    let amount = Amount::from_pebbles((balance / 100).saturating_mul(wish.share) / wish.to.len() as u64 + 1);
    let pay = |to: &u32| Action::Pay { to: somebody(*to), amount, reference: Reference::default() };
    let mut actions: Vec<Action> = wish.to.iter().map(pay).collect();
    match wish.kind {
        0 => actions = vec![Action::Note(Blob::new("only words").unwrap())],
        1 => {
            let last = actions.pop();
            actions.extend(
                last.map(|_| Action::PayAll { to: somebody(wish.to[0]), reference: Reference::default() }),
            );
        }
        2 => actions.push(Action::Note(Blob::new("paid").unwrap())),
        _ => {}
    }
    sender.sign(network.params(), sender.body(network.params(), nonce, wish.fee, actions))
}

/// The state is the model's, and everything adds up.
fn compare(follower: &Follower, model: &Model) {
    let entries = model.entries();
    assert!(follower.ledger.state().iter().eq(entries.iter()));
    assert_eq!(follower.ledger.commitments().state.as_bytes(), &naive_root(&entries));
    follower.ledger.audit().unwrap();
}

/// Mines a block of those wishes that can be paid for; of the others, ledger and model agree that they cannot.
fn mine(follower: &mut Follower, model: &mut Model, network: &Network, miner: u32, wishes: &[Wish]) -> Block {
    let mut fulfilled = Vec::new();
    let mut after = model.clone();
    for wish in wishes {
        let attempt = transaction(wish, network, &after);
        let transactions: Vec<Transaction> = fulfilled.iter().cloned().chain([attempt.clone()]).collect();
        let block = follower.draft(somebody(miner), transactions).mine(network.params());
        let mut tried = model.clone();
        if tried.apply(&block) {
            fulfilled.push(attempt);
            after = tried;
        } else {
            let index = fulfilled.len();
            let refused = follower.clone().submit(block).unwrap_err();
            assert!(
                matches!(refused, Rejection::Ledger(LedgerError::Spend { index: at, .. }) if at == index)
            );
        }
    }
    let block = follower.draft(somebody(miner), fulfilled).mine(network.params());
    assert!(model.apply(&block));
    assert_eq!(follower.submit(block.clone()), Ok(Outcome::Followed { reverted: 0 }));
    block
}

proptest! {
    #![proptest_config(strategies::cases(24))]

    #[test]
    fn ledger_does_what_the_model_does_and_takes_it_back(
        blocks in vec((0..PEOPLE, vec(wish(), 0..6)), 1..12),
        depth in 1..12_usize,
    ) {
        let network = Network::new(FUNDED);
        let (mut follower, mut model) = (Follower::new(&network), Model::new(&network.genesis));
        let mut stages = vec![(follower.clone(), model.clone())];
        for (miner, wishes) in &blocks {
            mine(&mut follower, &mut model, &network, *miner, wishes);
            compare(&follower, &model);
            stages.push((follower.clone(), model.clone()));
        }

        // Another branch, one block longer, from `depth` blocks back: the old one is taken back block by block.
        let fork = stages.len() - 1 - depth.min(stages.len() - 1);
        let (mut other, mut other_model) = stages[fork].clone();
        for _ in fork..stages.len() {
            let block = mine(&mut other, &mut other_model, &network, 5, &[]);
            follower.submit(block).unwrap();
        }
        prop_assert_eq!(follower.chain.tip().hash, other.chain.tip().hash);
        prop_assert_eq!(follower.ledger.commitments(), other.ledger.commitments());
        compare(&follower, &other_model);
    }

    #[test]
    fn balances_are_proven_at_each_of_the_last_blocks(blocks in vec((0..PEOPLE, vec(wish(), 0..4)), 2..14)) {
        let network = Network::new(FUNDED);
        let (mut follower, mut model) = (Follower::new(&network), Model::new(&network.genesis));
        let mut known: BTreeMap<BlockHash, Model> = BTreeMap::new();
        for (miner, wishes) in &blocks {
            let before = model.clone();
            let block = mine(&mut follower, &mut model, &network, *miner, wishes);
            known.insert(block.header.hash(), before);
        }
        for (header, before) in &known {
            for number in 0..PEOPLE + 5 {
                let address = somebody(number);
                let proof = follower.ledger.prove_balance(&address, header).unwrap();
                let proven = proof.verify(&address).unwrap();
                let (balance, nonce) = before.accounts.get(&address).copied().unwrap_or_default();
                prop_assert_eq!((proven.account.balance.pebbles(), proven.account.nonce.0), (balance, nonce));
                let at = follower.chain.entry(header).unwrap();
                prop_assert_eq!(Some(proven.as_of), at.height.previous());
                prop_assert_eq!((proven.as_of_block, proven.proven_by), (at.header.previous, *header));
            }
        }
    }
}

#[test]
fn proofs_reach_back_sixty_four_blocks_and_no_further() {
    let network = Network::new(1);
    let mut follower = Follower::new(&network);
    let mined: Vec<BlockHash> = (0..70).map(|_| follower.mine(somebody(9), Vec::new())).collect();
    let provable = |hash: &BlockHash| follower.ledger.prove_balance(&somebody(9), hash).is_some();
    assert_eq!(mined.iter().map(provable).collect::<Vec<_>>(), (0..70).map(|at| at >= 6).collect::<Vec<_>>());
    assert!(follower.ledger.account(&somebody(9)).is_some());
    assert!(follower.ledger.entry(&StateKey::supply()).is_some());
}
