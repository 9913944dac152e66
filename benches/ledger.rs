//! What it costs to apply a block to a state of a million accounts, beside what its signatures cost to verify.

mod support;

use cairn::chain::Chain;
use cairn::codec::encode;
use cairn::consensus::{AllocationEntry, CheckedBlock, Genesis, SoundBlock, check_signatures};
use cairn::crypto::{Claim, Midstate, sha256, verify_batch};
use cairn::ledger::{Account, Change, Entry, Ledger, StateKey, StateTree, View};
use cairn::template::Groundwork;
use cairn::testkit::{Actor, BATCH_SEED, Draft, MAP_SEED, devnet_file};
use cairn::types::{Address, Amount, EffectiveTime, Nonce, Prefix};
use support::{compare, figure, median, ms, ratio, timed, yardstick};

const ACCOUNTS: usize = 1_000_000;
const PAYMENTS: usize = 10_000;
const UPDATES: usize = 20_000;

fn main() {
    yardstick();
    tree();
    block();
    compression();
}

/// One SHA-256 compression on this machine, what everything about trees is made of.
fn compression() {
    let block = [7; 64];
    let rounds = 1_000_000_u32;
    let time = median(9, || timed(|| (0..rounds).fold(Midstate::START, |state, _| state.absorb(&block))));
    figure("sha256_compression", time.as_secs_f64() * 1e9 / f64::from(rounds), "ns");
}

fn stranger(number: usize) -> Address {
    Address::from_bytes(sha256(&number.to_le_bytes()))
}

fn entry(balance: u64) -> Entry {
    Entry::Account(Account { balance: Amount::from_pebbles(balance), nonce: Nonce(0) })
}

/// Memory of this process, where the system tells.
fn resident_bytes() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split(' ').nth(1)?.parse::<u64>().ok()? * 4096)
}

fn tree() {
    let keys: Vec<StateKey> = (0..ACCOUNTS).map(|number| StateKey::account(&stranger(number))).collect();
    let entries = || keys.iter().map(|key| (*key, entry(1))).collect::<Vec<_>>();
    // First of all, before freed memory could be used again; the entries it is made of are freed and count along.
    let before = resident_bytes();
    let mut tree = StateTree::new(entries());
    if let (Some(before), Some(after)) = (before, resident_bytes()) {
        figure("tree_memory_1m", after.saturating_sub(before) as f64 / 1e6, "MB");
    }

    let rebuilt = median(3, || {
        let entries = entries();
        timed(|| StateTree::new(entries))
    });
    figure("tree_rebuild_1m", ms(rebuilt), "ms");

    let mut balance = 1;
    let updates = median(15, || {
        balance += 1;
        let first = (balance as usize * 7919) % (ACCOUNTS / UPDATES);
        let mut changes: Vec<Change> = keys
            .iter()
            .skip(first)
            .step_by(ACCOUNTS / UPDATES)
            .take(UPDATES)
            .map(|key| (*key, Some(entry(balance))))
            .collect();
        changes.sort_unstable_by_key(|(key, _)| *key);
        timed(|| tree.apply(&changes))
    });
    figure("tree_root_after_20k_updates", ms(updates), "ms");
}

/// A ledger of a million accounts and a block of ten thousand payments between them.
fn scene() -> (Ledger, CheckedBlock, Vec<Claim>) {
    let mut file = devnet_file(0);
    let prefix: Prefix = file.prefix.parse().expect("a prefix");
    let senders: Vec<Actor> = (0..PAYMENTS as u32).map(Actor::new).collect();
    let addresses = senders.iter().map(Actor::address).chain((PAYMENTS..ACCOUNTS).map(stranger));
    let amount = Amount::from_pebbles(1_000_000);
    file.allocation =
        addresses.map(|address| AllocationEntry { address: address.to_text(&prefix), amount }).collect();
    let genesis = Genesis::new(&file).expect("a chain");
    let params = genesis.params();
    let ledger = Ledger::new(&genesis, MAP_SEED);
    let chain = Chain::new(&genesis);

    let pay = |(number, sender): (usize, &Actor)| {
        let to = stranger(PAYMENTS + (number * 97) % (ACCOUNTS - PAYMENTS));
        sender.sign(params, sender.payment(params, 0, to, 1000, 10))
    };
    let previous = chain.tip().hash;
    let context = chain.context_above(&previous).expect("the tip");
    let groundwork = Groundwork { previous, context, commitments: ledger.commitments() };
    let payments = senders.iter().enumerate().map(pay).collect();
    let block = Draft::on(groundwork, stranger(1), payments).mine(params);
    figure("block_bytes", encode(&block).len() as f64, "bytes");
    let sound = SoundBlock::examine(block, &context, params).expect("an honest block");
    let mut claims = Vec::new();
    let verdicts = check_signatures(
        vec![sound],
        |_| false,
        |found| {
            claims = found.to_vec();
            verify_batch(found, BATCH_SEED)
        },
    );
    let block = verdicts.into_iter().next().expect("a verdict").expect("good signatures");
    (ledger, block, claims)
}

fn block() {
    let (mut ledger, block, claims) = scene();
    let apply = || {
        let mut undo = None;
        let time = timed(|| undo = ledger.apply(&block, EffectiveTime(60)).ok().map(|applied| applied.undo));
        ledger.revert(&undo.expect("the block applies"));
        time
    };
    let verify = || timed(|| verify_batch(&claims, BATCH_SEED));
    let compared = compare(15, apply, verify);
    figure("apply_10k_payments", ms(compared.first), "ms");
    figure("verify_10k_signatures_one_core", ms(compared.second), "ms");
    ratio("apply_over_verify", compared.ratio, "one core verifying the same block's signatures");

    let undo = ledger.apply(&block, EffectiveTime(60)).expect("the block applies").undo;
    figure("undo_bytes", encode(&undo).len() as f64, "bytes");
    let proofs: Vec<usize> = (0..2000)
        .map(|number| {
            let address = stranger(PAYMENTS + number * 400);
            let proof = ledger.prove_balance(&address, &block.hash()).expect("a proof");
            proof.verify(&address).expect("a true proof");
            encode(&proof).len()
        })
        .collect();
    figure("balance_proof_mean", proofs.iter().sum::<usize>() as f64 / proofs.len() as f64, "bytes");
    figure("balance_proof_max", proofs.iter().max().copied().unwrap_or(0) as f64, "bytes");
    let address = stranger(PAYMENTS + 4000);
    let proving = median(101, || timed(|| ledger.prove_balance(&address, &block.hash())));
    figure("balance_proof_time", proving.as_secs_f64() * 1e6, "us");
    assert!(ledger.account(&address).is_some());
}
