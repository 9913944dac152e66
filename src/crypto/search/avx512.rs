//! Thirty-two nonces at once: two vectors of sixteen that take turns.
//!
//! # Safety
//! A function compiled for AVX-512 is called from code that is not: sound exactly where the processor has it, and an
//! [`Avx512`] exists only where it was asked and said so.
#![allow(unsafe_code, reason = "see above: the processor was asked")]

use super::super::words::{Avx512, Pair, Sixteen, Word};
use super::{Search, lanes};

type Nonces = Pair<Sixteen>;

pub(super) const LANES: u32 = Nonces::LANES;

pub(super) fn find_candidates(proof: Avx512, search: &Search, first: u32, candidates: &mut [u64]) {
    #[target_feature(enable = "avx512f")]
    fn compiled(proof: Avx512, search: &Search, first: u32, candidates: &mut [u64]) {
        lanes::find_candidates::<Nonces>(proof, search, first, candidates);
    }
    // SAFETY: there is a proof, so the processor has AVX-512F.
    unsafe { compiled(proof, search, first, candidates) }
}
