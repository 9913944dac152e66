//! The SHA extensions of x86-64: two rounds an instruction.
//!
//! # Safety
//! Instructions of the SHA extensions and of SSE4.1 are called: sound exactly where the processor has them. A
//! [`ShaExtensions`] exists only where it was asked and said so, and without one there is no [`Four`] to begin with. An
//! array of words becomes a vector by transmutation: both are four plain words, and there are no pointers of ours.
#![allow(unsafe_code, reason = "see above: the processor was asked")]

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_blend_epi16, _mm_extract_epi32, _mm_sha256msg1_epu32,
    _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi32,
};

use super::Search;
pub(super) use super::quads::LANES;
use super::quads::{self, Quad};

/// Proof that this processor has the SHA extensions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ShaExtensions(());

impl ShaExtensions {
    /// Asks the processor.
    pub fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1");
        has.then_some(Self(()))
    }
}

pub(super) fn find_candidates(proof: ShaExtensions, search: &Search, first: u32, candidates: &mut [u64]) {
    #[target_feature(enable = "sha,sse4.1")]
    fn compiled(proof: ShaExtensions, search: &Search, first: u32, candidates: &mut [u64]) {
        quads::find_candidates::<Four>(proof, search, first, candidates);
    }
    // SAFETY: there is a proof, so the processor has both.
    unsafe { compiled(proof, search, first, candidates) }
}

/// Four words.
#[derive(Clone, Copy)]
struct Four(__m128i);

/// The upper half below the lower one.
const HALVES_SWAPPED: i32 = 0b01_00_11_10;
const REVERSED: i32 = 0b00_01_10_11;

// SAFETY, in each: where there is a vector, or a proof, the processor has the SHA extensions and SSE4.1.
impl Quad for Four {
    type Proof = ShaExtensions;

    #[inline(always)]
    fn load(_: ShaExtensions, words: [u32; 4]) -> Self {
        // SAFETY: both are four words, and every pattern of bits is a vector.
        Self(unsafe { std::mem::transmute::<[u32; 4], __m128i>(words) })
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(unsafe { _mm_add_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn following([first, second, third, fourth]: [Self; 4]) -> Self {
        Self(unsafe {
            let nearest = _mm_alignr_epi8::<4>(fourth.0, third.0);
            let sums = _mm_add_epi32(_mm_sha256msg1_epu32(first.0, second.0), nearest);
            _mm_sha256msg2_epu32(sums, fourth.0)
        })
    }

    /// The instructions want the words FEBA and HGDC, the first in the lowest lane.
    #[inline(always)]
    fn open(proof: ShaExtensions, [a, b, c, d, e, f, g, h]: [u32; 8]) -> [Self; 2] {
        [Self::load(proof, [f, e, b, a]), Self::load(proof, [h, g, d, c])]
    }

    #[inline(always)]
    fn close([feba, hgdc]: [Self; 2]) -> [Self; 2] {
        unsafe {
            let abef = _mm_shuffle_epi32::<REVERSED>(feba.0);
            let cdgh = _mm_shuffle_epi32::<REVERSED>(hgdc.0);
            let efab = _mm_shuffle_epi32::<HALVES_SWAPPED>(abef);
            let ghcd = _mm_shuffle_epi32::<HALVES_SWAPPED>(cdgh);
            [Self(_mm_blend_epi16::<0xf0>(abef, ghcd)), Self(_mm_blend_epi16::<0xf0>(efab, cdgh))]
        }
    }

    #[inline(always)]
    fn four_rounds([feba, hgdc]: [Self; 2], added: Self) -> [Self; 2] {
        unsafe {
            let two_later = _mm_sha256rnds2_epu32(hgdc.0, feba.0, added.0);
            let upper = _mm_shuffle_epi32::<HALVES_SWAPPED>(added.0);
            [Self(_mm_sha256rnds2_epu32(feba.0, two_later, upper)), Self(two_later)]
        }
    }

    /// After two rounds, the fifth word of the first has become the sixth.
    #[inline(always)]
    fn fifth_after_round([feba, hgdc]: [Self; 2], added: Self) -> u32 {
        unsafe { _mm_extract_epi32::<0>(_mm_sha256rnds2_epu32(hgdc.0, feba.0, added.0)) }.cast_unsigned()
    }
}
