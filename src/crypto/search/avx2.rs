//! Sixteen nonces at once: two vectors of eight that take turns.
//!
//! # Safety
//! A function compiled for AVX2 is called from code that is not: sound exactly where the processor has it, and an
//! [`Avx2`] exists only where it was asked and said so.
#![allow(unsafe_code, reason = "see above: the processor was asked")]

use super::super::words::{Avx2, Eight, Pair, Word};
use super::{Search, lanes};

type Nonces = Pair<Eight>;

pub(super) const LANES: u32 = Nonces::LANES;

pub(super) fn find_candidates(proof: Avx2, search: &Search, first: u32, candidates: &mut [u64]) {
    #[target_feature(enable = "avx2")]
    fn compiled(proof: Avx2, search: &Search, first: u32, candidates: &mut [u64]) {
        lanes::find_candidates::<Nonces>(proof, search, first, candidates);
    }
    // SAFETY: there is a proof, so the processor has AVX2.
    unsafe { compiled(proof, search, first, candidates) }
}
