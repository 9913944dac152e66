//! Sixteen lanes of AVX-512.
//!
//! # Safety
//! Two things here are unsafe. Instructions of AVX-512 are called: sound exactly where the processor has it. An
//! [`Avx512`] exists only where it was asked and said so, and without one there is no [`Sixteen`] to begin with. And
//! arrays of words become vectors and back by transmutation: both are plain words of the same total size, and there are
//! no pointers of ours.
#![allow(unsafe_code, reason = "see above: the processor was asked")]

use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_cmple_epu32_mask, _mm512_ror_epi32, _mm512_set1_epi32,
    _mm512_srlv_epi32, _mm512_ternarylogic_epi32,
};

use super::Word;

/// Proof that this processor has AVX-512.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) struct Avx512(());

impl Avx512 {
    /// Asks the processor.
    pub fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }
}

/// Sixteen words.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(in super::super) struct Sixteen(__m512i);

/// Three-way exclusive or, choice and majority as truth tables of the vector instruction.
const XOR: i32 = 0x96;
const CHOICE: i32 = 0xca;
const MAJORITY: i32 = 0xe8;

impl Sixteen {
    #[inline(always)]
    pub fn from_array(_: Avx512, words: [u32; 16]) -> Self {
        // SAFETY: both are sixteen words, and every pattern of bits is a vector.
        Self(unsafe { std::mem::transmute::<[u32; 16], __m512i>(words) })
    }

    #[inline(always)]
    pub fn to_array(self) -> [u32; 16] {
        // SAFETY: both are sixteen words, and every pattern of bits is a number.
        unsafe { std::mem::transmute::<__m512i, [u32; 16]>(self.0) }
    }
}

// SAFETY, in each: where there is a vector, or a proof, the processor has AVX-512F.
impl Word for Sixteen {
    type Proof = Avx512;

    const LANES: u32 = 16;

    #[inline(always)]
    fn splat(_: Avx512, number: u32) -> Self {
        Self(unsafe { _mm512_set1_epi32(number.cast_signed()) })
    }

    #[inline(always)]
    fn count_from(proof: Avx512, first: u32) -> Self {
        let lanes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        Self::splat(proof, first).plus(Self::from_array(proof, lanes))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(unsafe { _mm512_add_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn turn<const BITS: i32>(self) -> Self {
        Self(unsafe { _mm512_ror_epi32::<BITS>(self.0) })
    }

    #[inline(always)]
    fn shift<const BITS: i32>(self) -> Self {
        Self(unsafe { _mm512_srlv_epi32(self.0, _mm512_set1_epi32(BITS)) })
    }

    #[inline(always)]
    fn xor(self, second: Self, third: Self) -> Self {
        Self(unsafe { _mm512_ternarylogic_epi32::<XOR>(self.0, second.0, third.0) })
    }

    #[inline(always)]
    fn choose(self, one: Self, zero: Self) -> Self {
        Self(unsafe { _mm512_ternarylogic_epi32::<CHOICE>(self.0, one.0, zero.0) })
    }

    #[inline(always)]
    fn majority(self, second: Self, third: Self) -> Self {
        Self(unsafe { _mm512_ternarylogic_epi32::<MAJORITY>(self.0, second.0, third.0) })
    }

    #[inline(always)]
    fn at_most(self, bound: Self) -> u64 {
        u64::from(unsafe { _mm512_cmple_epu32_mask(self.0, bound.0) })
    }
}
