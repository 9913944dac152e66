//! A reader that pinned a moment goes on seeing what was true then, whatever comes.

use cairn::codec::encode;
use cairn::ledger::{Account, Moment, PackedUndo, View};
use cairn::testkit::{Actor, Follower, Network, strategies};
use cairn::types::{Address, BlockHash};
use proptest::collection::vec;
use proptest::prelude::*;

const PEOPLE: u32 = 4;

fn somebody(number: u32) -> Address {
    Actor::new(number).address()
}

/// What a reader saw.
struct Seen {
    moment: Moment,
    accounts: Vec<Option<Account>>,
    tip: BlockHash,
}

fn look(follower: &Follower) -> Seen {
    Seen {
        moment: follower.ledger.moment(),
        accounts: (0..PEOPLE).map(|number| follower.ledger.account(&somebody(number))).collect(),
        tip: follower.chain.tip().hash,
    }
}

fn check(follower: &Follower, seen: &Seen) {
    let then = follower.ledger.at(seen.moment).unwrap();
    for (number, account) in (0..PEOPLE).zip(&seen.accounts) {
        assert_eq!(then.account(&somebody(number)), *account);
        let Some(proof) = then.prove_balance(&somebody(number), &seen.tip) else {
            assert_eq!(follower.chain.entry(&seen.tip).unwrap().height.0, 0, "only genesis proves nothing");
            continue;
        };
        assert_eq!(proof.verify(&somebody(number)).unwrap().proven_by, seen.tip);
    }
}

fn mine(follower: &mut Follower, network: &Network, from: u32, to: u32, amount: u64) {
    let nonce = follower.ledger.account(&somebody(from)).map_or(0, |account| account.nonce.0);
    let sender = Actor::new(from);
    let payment = sender.pay(network.params(), nonce, &Actor::new(to), amount, 1);
    follower.mine(somebody(from), vec![payment]);
}

proptest! {
    #![proptest_config(strategies::cases(16))]

    #[test]
    fn pinned_moment_stays_as_it_was_through_reorganizations(
        blocks in vec((0..2_u32, 0..PEOPLE, 1..1000_u64, 0..5_usize), 1..20),
    ) {
        let network = Network::new(2);
        let mut follower = Follower::new(&network);
        let mut seen = vec![look(&follower)];
        let mut stages = vec![follower.clone()];
        for (from, to, amount, back) in blocks {
            // Another branch, longer by one, from some blocks back.
            let fork = stages.len() - 1 - back.min(stages.len() - 1);
            let mut other = stages[fork].clone();
            stages.truncate(fork + 1);
            for _ in 0..=back {
                let before = other.branch().len();
                mine(&mut other, &network, from, to, amount + back as u64);
                let block = other.branch().remove(before);
                follower.submit(block).unwrap();
                stages.push(other.clone());
            }
            prop_assert_eq!(follower.chain.tip().hash, other.chain.tip().hash);
            seen.push(look(&follower));
            seen.iter().for_each(|seen| check(&follower, seen));
        }
    }
}

#[test]
fn moment_is_forgotten_once_too_much_has_happened() {
    let network = Network::new(1);
    let mut follower = Follower::new(&network);
    let first = follower.ledger.moment();
    follower.mine_empty(somebody(0), 64);
    assert!(follower.ledger.at(first).is_some());
    follower.mine_empty(somebody(0), 1);
    assert!(follower.ledger.at(first).is_none(), "the step after it is no longer remembered");
    assert!(follower.ledger.at(follower.ledger.moment()).is_some());
}

#[test]
fn block_that_was_taken_back_is_proven_to_those_who_pinned_it_alone() {
    let network = Network::new(1);
    let mut follower = Follower::new(&network);
    let mut other = follower.clone();
    let left = follower.mine(somebody(0), Vec::new());
    let before = follower.ledger.moment();
    other.mine_empty(somebody(1), 2);
    for block in other.branch() {
        follower.submit(block).unwrap();
    }
    let proof = |moment| follower.ledger.at(moment).unwrap().prove_balance(&somebody(0), &left);
    assert!(proof(before).is_some_and(|proof| proof.verify(&somebody(0)).is_ok()));
    assert!(proof(follower.ledger.moment()).is_none());
}

#[test]
fn packed_undo_is_the_undo_again_and_no_other_blocks() {
    let network = Network::new(3);
    let mut follower = Follower::new(&network);
    let mut nonce = 0;
    for number in 0..8 {
        let mut ledger = follower.ledger.clone();
        let payments = match number % 3 {
            0 => Vec::new(),
            _ => vec![network.actors[0].pay(network.params(), nonce, &Actor::new(10 + number), 5000, 3)],
        };
        nonce += payments.len() as u64;
        let below = follower.chain.tip().hash;
        let hash = follower.mine(somebody(number % 2), payments);
        let (block, effective_time) =
            (follower.block(&hash), follower.chain.entry(&hash).unwrap().effective_time);
        let undo = ledger.apply(block, effective_time).unwrap().undo;
        let packed = PackedUndo::new(&undo, block, network.params());
        assert_eq!(packed.unpack(block.block(), network.params()), Some(undo));
        if number % 3 == 1 {
            let other = follower.block(&below).block();
            assert_eq!(packed.unpack(other, network.params()), None);
        }
        assert!(encode(&packed).len() < 120, "keys are left out");
    }
}
