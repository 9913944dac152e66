//! Eight lanes of AVX2, which has neither rotations nor functions of three arguments.
//!
//! # Safety
//! Instructions of AVX2 are called: sound exactly where the processor has it. An [`Avx2`] exists only where it was asked
//! and said so, and without one there is no [`Eight`] to begin with. An array of words becomes a vector by
//! transmutation: both are eight plain words, and there are no pointers of ours.
#![allow(unsafe_code, reason = "see above: the processor was asked")]

use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_and_si256, _mm256_castsi256_ps, _mm256_cmpeq_epi32, _mm256_min_epu32,
    _mm256_movemask_ps, _mm256_set1_epi32, _mm256_sllv_epi32, _mm256_srli_epi32, _mm256_xor_si256,
};

use super::Word;

/// Proof that this processor has AVX2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) struct Avx2(());

impl Avx2 {
    /// Asks the processor.
    pub fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

/// Eight words.
#[derive(Clone, Copy)]
pub(in super::super) struct Eight(__m256i);

impl Eight {
    #[inline(always)]
    fn exclusive_or(self, other: Self) -> Self {
        // SAFETY: where there is a vector, the processor has AVX2.
        Self(unsafe { _mm256_xor_si256(self.0, other.0) })
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm256_and_si256(self.0, other.0) })
    }
}

// SAFETY, in each: where there is a vector, or a proof, the processor has AVX2.
impl Word for Eight {
    type Proof = Avx2;

    const LANES: u32 = 8;

    #[inline(always)]
    fn splat(_: Avx2, number: u32) -> Self {
        Self(unsafe { _mm256_set1_epi32(number.cast_signed()) })
    }

    #[inline(always)]
    fn count_from(proof: Avx2, first: u32) -> Self {
        // SAFETY: both are eight words, and every pattern of bits is a vector.
        let lanes = unsafe { std::mem::transmute::<[u32; 8], __m256i>([0, 1, 2, 3, 4, 5, 6, 7]) };
        Self::splat(proof, first).plus(Self(lanes))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(unsafe { _mm256_add_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn turn<const BITS: i32>(self) -> Self {
        let left = 32 - BITS;
        let left = unsafe { _mm256_sllv_epi32(self.0, _mm256_set1_epi32(left)) };
        self.shift::<BITS>().exclusive_or(Self(left))
    }

    #[inline(always)]
    fn shift<const BITS: i32>(self) -> Self {
        Self(unsafe { _mm256_srli_epi32::<BITS>(self.0) })
    }

    #[inline(always)]
    fn xor(self, second: Self, third: Self) -> Self {
        self.exclusive_or(second).exclusive_or(third)
    }

    #[inline(always)]
    fn choose(self, one: Self, zero: Self) -> Self {
        zero.exclusive_or(self.and(one.exclusive_or(zero)))
    }

    #[inline(always)]
    fn majority(self, second: Self, third: Self) -> Self {
        // The second bracket is the first one of the round before.
        second.exclusive_or(self.exclusive_or(second).and(second.exclusive_or(third)))
    }

    #[inline(always)]
    fn at_most(self, bound: Self) -> u64 {
        let mask = unsafe {
            let least = _mm256_min_epu32(self.0, bound.0);
            _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(least, self.0)))
        };
        mask.unsigned_abs().into()
    }
}
