//! Whatever bytes a stranger sends: no panic, no memory beyond a small multiple of them, and nothing accepted that is not
//! the one encoding of what it decodes to.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use cairn::codec::{Canonical, decode, encode};
use cairn::consensus::{SoundBlock, SoundTransaction, check_work};
use cairn::ledger::{
    BalanceProof, Entry, History, HistoryLeaf, HistoryProof, StateKey, StateProof, TransactionProof, Undo,
};
use cairn::testkit::{Actor, Follower, Network, strategies};
use cairn::types::{
    Bits, Block, BlockHash, Body, Coinbase, EffectiveTime, Header, Height, HistoryRoot, Policy, StateRoot,
    Transaction,
};
use proptest::prelude::*;

/// Counts the most memory that one thread holds at a time.
struct Watching;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

#[allow(
    unsafe_code,
    reason = "an allocator that counts can only be installed this way; it adds nothing but sums"
)]
// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = HELD.try_with(|held| {
            held.set(held.get().wrapping_add(layout.size()));
            let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
        });
        // SAFETY: as asked of us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let _ = HELD.try_with(|held| held.set(held.get().wrapping_sub(layout.size())));
        // SAFETY: as asked of us.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// The most memory that `work` holds beyond what was held before.
fn peak_of(work: impl FnOnce()) -> usize {
    let before = HELD.get();
    PEAK.set(before);
    work();
    PEAK.get().saturating_sub(before)
}

/// Bytes of memory per byte decoded. The widest is an empty witness list or action: a few bytes that become a hundred.
const MEMORY_PER_BYTE_MAX: usize = 64;
/// What any decoding may take: an error's text, a first stretch of a list.
const MEMORY_FLOOR: usize = 32 << 10;

/// Decodes hostile bytes as a `T`: they are refused, or they are exactly that value's encoding.
fn withstand<T: Canonical>(bytes: &[u8]) {
    let mut decoded = None;
    let peak = peak_of(|| decoded = decode::<T>(bytes).ok());
    let bound = MEMORY_FLOOR + MEMORY_PER_BYTE_MAX * bytes.len();
    assert!(
        peak <= bound,
        "{peak} bytes of memory for {} bytes of {}",
        bytes.len(),
        std::any::type_name::<T>()
    );
    if let Some(value) = decoded {
        assert_eq!(encode(&value), bytes);
    }
}

/// Every type that bytes from outside can become.
fn withstand_all(bytes: &[u8]) {
    withstand::<Header>(bytes);
    withstand::<Policy>(bytes);
    withstand::<Body>(bytes);
    withstand::<Transaction>(bytes);
    withstand::<Coinbase>(bytes);
    withstand::<Block>(bytes);
    withstand::<Entry>(bytes);
    withstand::<Undo>(bytes);
    withstand::<StateProof>(bytes);
    withstand::<HistoryProof>(bytes);
    withstand::<BalanceProof>(bytes);
    withstand::<TransactionProof>(bytes);
}

/// True encodings of everything, to be damaged.
fn specimens() -> Vec<Vec<u8>> {
    let network = Network::new(3);
    let [alice, bob, carol] = [0, 1, 2].map(Actor::new);
    let mut follower = Follower::new(&network);
    let payments =
        vec![alice.pay(network.params(), 0, &bob, 5, 1), bob.pay(network.params(), 0, &carol, 6, 2)];
    let first = follower.mine(alice.address(), payments);
    let second = follower.mine(carol.address(), Vec::new());
    let block = follower.block(&first).clone();
    let policy =
        Policy::threshold(1, vec![alice.policy(), Policy::threshold(1, vec![bob.policy()]).unwrap()])
            .unwrap();
    let history: &History = follower.ledger.history();
    vec![
        encode(block.header()),
        encode(&policy),
        encode(&block.block().transactions[0].body),
        encode(&block.block().transactions[0]),
        encode(block.coinbase()),
        encode(block.block()),
        encode(&follower.ledger.prove_balance(&alice.address(), &second).unwrap()),
        encode(&follower.ledger.prove_balance(&alice.address(), &second).unwrap().path),
        encode(&follower.ledger.prove_transaction(block.block(), 1).unwrap()),
        encode(&history.prove(block.height(), history.len()).unwrap()),
    ]
}

/// The bytes with each single byte changed, cut at each place, and with one appended.
fn damaged(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let changed = (0..bytes.len()).flat_map(move |at| {
        [0x00, 0x01, 0x7f, 0x80, 0xfb, 0xfc, 0xfd, 0xfe, 0xff].map(|value| {
            let mut copy = bytes.to_vec();
            copy[at] = value;
            copy
        })
    });
    let cut = (0..bytes.len()).map(move |at| bytes[..at].to_vec());
    let grown = [0x00, 0xff].map(|value| [bytes, &[value]].concat());
    changed.chain(cut).chain(grown)
}

#[test]
fn damaged_encodings_are_withstood_by_every_type() {
    for specimen in specimens() {
        withstand_all(&specimen);
        for bytes in damaged(&specimen) {
            withstand_all(&bytes);
        }
    }
}

#[test]
fn damaged_blocks_and_transactions_are_refused_without_a_panic() {
    let network = Network::new(3);
    let [alice, bob] = [0, 1].map(Actor::new);
    let transaction = alice.pay(network.params(), 0, &bob, 5, 1);
    let honest = encode(&transaction);
    let mut follower = Follower::new(&network);
    let context = follower.chain.context_above(&follower.chain.tip().hash).unwrap();
    let hash = follower.mine(alice.address(), vec![transaction]);
    let block = encode(follower.block(&hash).block());
    for bytes in damaged(&honest).filter(|bytes| *bytes != honest) {
        if let Ok(transaction) = decode::<Transaction>(&bytes) {
            let sound = SoundTransaction::examine(transaction, network.params());
            assert!(sound.is_err() || !sound.unwrap().claims()[0].holds(), "a damaged payment still holds");
        }
    }
    for bytes in damaged(&block).filter(|bytes| *bytes != block) {
        if let Ok(damaged) = decode::<Block>(&bytes) {
            let _ = check_work(network.params(), &damaged.header);
            let same_header = damaged.header == follower.block(&hash).block().header;
            assert!(SoundBlock::examine(damaged, &context, network.params()).is_err() || !same_header);
        }
    }
}

#[test]
fn lengths_beyond_all_memory_are_refused() {
    for length in [u64::MAX, u64::from(u32::MAX), 1 << 40, 1 << 22] {
        let claim = [&[253][..], &length.to_le_bytes()].concat();
        for specimen in specimens() {
            for at in 0..specimen.len() {
                withstand_all(&[&specimen[..at], &claim, &specimen[at + 1..]].concat());
            }
        }
    }
}

#[test]
fn damaged_proofs_prove_nothing() {
    let network = Network::new(3);
    let actors = [0, 1].map(Actor::new);
    let mut follower = Follower::new(&network);
    follower.mine(actors[0].address(), vec![actors[0].pay(network.params(), 0, &actors[1], 5, 1)]);
    let second = follower.mine(actors[1].address(), Vec::new());
    let address = actors[0].address();
    let honest = follower.ledger.prove_balance(&address, &second).unwrap();
    let proven = honest.verify(&address).unwrap();
    let bytes = encode(&honest);
    for damaged in damaged(&bytes).filter(|damaged| *damaged != bytes) {
        let Ok(proof) = decode::<BalanceProof>(&damaged) else { continue };
        // A header with another nonce or time still commits to the same; what it proves, it proves for another block.
        if let Ok(other) = proof.verify(&address) {
            assert_eq!(other.account, proven.account);
            assert_eq!(other.as_of, proven.as_of);
            assert_ne!(other.proven_by, proven.proven_by);
        }
    }
}

#[test]
fn damaged_transaction_and_header_proofs_prove_nothing_new() {
    let network = Network::new(3);
    let actors = [0, 1].map(Actor::new);
    let mut follower = Follower::new(&network);
    let payments = vec![
        actors[0].pay(network.params(), 0, &actors[1], 5, 1),
        actors[1].pay(network.params(), 0, &actors[0], 6, 1),
    ];
    let first = follower.mine(actors[0].address(), payments);
    follower.mine_empty(actors[1].address(), 6);
    let block = follower.block(&first).clone();
    let honest = follower.ledger.prove_transaction(block.block(), 1).unwrap();
    let bytes = encode(&honest);
    for damaged in damaged(&bytes).filter(|damaged| *damaged != bytes) {
        let Ok(proof) = decode::<TransactionProof>(&damaged) else { continue };
        if let Ok((height, hash)) = proof.verify() {
            assert_eq!((&proof.transaction, height), (&honest.transaction, Height(1)));
            let another_place = (proof.index, proof.count) != (honest.index, honest.count);
            assert!(another_place || hash != first, "its place in the block is not proven, all else is");
        }
    }

    let history = follower.ledger.history();
    let leaf = HistoryLeaf::new(first, Height(1), EffectiveTime(60), block.header().bits).unwrap();
    for count in 2..=history.len() {
        let root = history.summary(count).root();
        let honest = history.prove(Height(1), count).unwrap();
        assert_eq!(honest.verify(&root, &leaf).unwrap().count, count);
        let bytes = encode(&honest);
        for damaged in damaged(&bytes).filter(|damaged| *damaged != bytes) {
            let proof = decode::<HistoryProof>(&damaged);
            assert!(proof.is_err() || proof.unwrap().verify(&root, &leaf).is_err());
        }
    }
}

proptest! {
    #![proptest_config(strategies::cases(256))]

    #[test]
    fn random_bytes_are_withstood_by_every_type(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        withstand_all(&bytes);
    }

    #[test]
    fn spliced_encodings_are_withstood(
        one in strategies::block(),
        other in strategies::transaction(),
        at in any::<prop::sample::Index>(),
    ) {
        let (one, other) = (encode(&one), encode(&other));
        let at = at.index(one.len());
        withstand_all(&[&one[..at], &other].concat());
        withstand_all(&[&other, &one[at..]].concat());
    }

    #[test]
    fn strange_proofs_never_panic(proof in proptest::collection::vec(any::<u8>(), 0..400), key in any::<[u8; 32]>()) {
        if let Ok(proof) = decode::<StateProof>(&proof) {
            let _ = proof.verify(&StateRoot::ZERO, &StateKey::from_bytes(key));
        }
        if let Ok(proof) = decode::<HistoryProof>(&proof) {
            let leaf = HistoryLeaf::new(BlockHash::ZERO, Height(3), EffectiveTime(0), Bits(0x207f_ffff)).unwrap();
            let _ = proof.verify(&HistoryRoot::ZERO, &leaf);
        }
    }
}
