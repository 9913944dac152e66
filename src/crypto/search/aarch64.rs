//! The SHA-256 instructions of aarch64: four rounds by two of them.
//!
//! # Safety
//! These instructions are called: sound exactly where the processor has them. A [`CryptoExtensions`] exists only where
//! it was asked and said so, and without one there is no [`Four`] to begin with. An array of words becomes a vector by
//! transmutation: both are four plain words, and there are no pointers of ours.
#![allow(unsafe_code, reason = "see above: the processor was asked")]

use std::arch::aarch64::{
    uint32x4_t, vaddq_u32, vgetq_lane_u32, vsha256h2q_u32, vsha256hq_u32, vsha256su0q_u32, vsha256su1q_u32,
};
use std::arch::is_aarch64_feature_detected;

use super::Search;
pub(super) use super::quads::LANES;
use super::quads::{self, Quad};

/// Proof that this processor has instructions for SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct CryptoExtensions(());

impl CryptoExtensions {
    /// Asks the processor.
    pub fn detect() -> Option<Self> {
        is_aarch64_feature_detected!("sha2").then_some(Self(()))
    }
}

pub(super) fn find_candidates(proof: CryptoExtensions, search: &Search, first: u32, candidates: &mut [u64]) {
    #[target_feature(enable = "sha2")]
    fn compiled(proof: CryptoExtensions, search: &Search, first: u32, candidates: &mut [u64]) {
        quads::find_candidates::<Four>(proof, search, first, candidates);
    }
    // SAFETY: there is a proof, so the processor has them.
    unsafe { compiled(proof, search, first, candidates) }
}

/// Four words.
#[derive(Clone, Copy)]
struct Four(uint32x4_t);

// SAFETY, in each: where there is a vector, or a proof, the processor has the instructions.
impl Quad for Four {
    type Proof = CryptoExtensions;

    #[inline(always)]
    fn load(_: CryptoExtensions, words: [u32; 4]) -> Self {
        // SAFETY: both are four words, and every pattern of bits is a vector.
        Self(unsafe { std::mem::transmute::<[u32; 4], uint32x4_t>(words) })
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(unsafe { vaddq_u32(self.0, other.0) })
    }

    #[inline(always)]
    fn following([first, second, third, fourth]: [Self; 4]) -> Self {
        Self(unsafe { vsha256su1q_u32(vsha256su0q_u32(first.0, second.0), third.0, fourth.0) })
    }

    #[inline(always)]
    fn open(proof: CryptoExtensions, [a, b, c, d, e, f, g, h]: [u32; 8]) -> [Self; 2] {
        [Self::load(proof, [a, b, c, d]), Self::load(proof, [e, f, g, h])]
    }

    #[inline(always)]
    fn close(state: [Self; 2]) -> [Self; 2] {
        state
    }

    #[inline(always)]
    fn four_rounds([abcd, efgh]: [Self; 2], added: Self) -> [Self; 2] {
        unsafe {
            [Self(vsha256hq_u32(abcd.0, efgh.0, added.0)), Self(vsha256h2q_u32(efgh.0, abcd.0, added.0))]
        }
    }

    /// After four rounds, the fifth word of the first has become the eighth.
    #[inline(always)]
    fn fifth_after_round([abcd, efgh]: [Self; 2], added: Self) -> u32 {
        unsafe { vgetq_lane_u32::<3>(vsha256h2q_u32(efgh.0, abcd.0, added.0)) }
    }
}
