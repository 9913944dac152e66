//! Randomness from the operating system, for everything that strangers must not foresee.

use crate::crypto::BatchSeed;
use crate::ledger::MapSeed;

/// Fresh bytes.
///
/// # Panics
/// When the operating system has no randomness to give: then nothing here would be safe.
fn fresh<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// Coefficients for one batch of signatures.
pub(super) fn batch_seed() -> BatchSeed {
    BatchSeed(fresh())
}

/// Keys of hash maps, for as long as the node runs.
pub fn map_seed() -> MapSeed {
    let bytes: [u8; 32] = fresh();
    let (words, _) = bytes.as_chunks::<8>();
    MapSeed(std::array::from_fn(|at| u64::from_le_bytes(words[at])))
}
