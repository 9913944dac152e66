//! SHA-256 in sixteen lanes: each vector holds the same word of sixteen messages.
//!
//! # Safety
//! Two things here are unsafe. Functions compiled for AVX-512 are called from code that is not: sound exactly where the
//! processor has it, and a [`Hasher`] exists only where it was asked and said so. And arrays of words become vectors and
//! back by transmutation: both are plain words of the same total size, and there are no pointers of ours.
#![allow(unsafe_code, reason = "see above: the processor was asked")]

use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_ror_epi32, _mm512_set1_epi32, _mm512_srli_epi32,
    _mm512_ternarylogic_epi32,
};

use super::super::Digest;
use super::super::sha256::{PADDED_ROUNDS_AFTER_TWO_BLOCKS, ROUND_CONSTANTS};

const LANES: usize = 16;

/// Proof that this processor has AVX-512.
#[derive(Clone, Copy)]
pub(super) struct Hasher(());

impl Hasher {
    pub fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }

    /// Hashes as many whole groups of sixteen pairs as there are, from the state `words` after the tag's block.
    pub fn hash_pairs(self, words: [u32; 8], pairs: &[[Digest; 2]], digests: &mut Vec<Digest>) {
        for group in pairs.as_chunks::<LANES>().0 {
            // SAFETY: `self` exists, so the processor has AVX-512F.
            digests.extend_from_slice(&unsafe { hash_sixteen(words, group) });
        }
    }
}

/// Three-way exclusive or, choice and majority as truth tables of the vector instruction.
const XOR: i32 = 0x96;
const CHOICE: i32 = 0xca;
const MAJORITY: i32 = 0xe8;

/// One round. Instead of moving all eight words on by one place, the caller names them moved on: only two change.
macro_rules! round {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $word:expr) => {
        let upper = xor(_mm512_ror_epi32::<6>($e), _mm512_ror_epi32::<11>($e), _mm512_ror_epi32::<25>($e));
        let choice = _mm512_ternarylogic_epi32::<CHOICE>($e, $f, $g);
        let first = _mm512_add_epi32(_mm512_add_epi32($h, $word), _mm512_add_epi32(upper, choice));
        let lower = xor(_mm512_ror_epi32::<2>($a), _mm512_ror_epi32::<13>($a), _mm512_ror_epi32::<22>($a));
        let majority = _mm512_ternarylogic_epi32::<MAJORITY>($a, $b, $c);
        $d = _mm512_add_epi32($d, first);
        $h = _mm512_add_epi32(first, _mm512_add_epi32(lower, majority));
    };
}

/// Eight rounds, after which every name holds its own word again. Written out, they keep the state in registers.
macro_rules! eight_rounds {
    ($state:ident, $word:expr) => {{
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = $state;
        round!(a b c d e f g h, $word(0));
        round!(h a b c d e f g, $word(1));
        round!(g h a b c d e f, $word(2));
        round!(f g h a b c d e, $word(3));
        round!(e f g h a b c d, $word(4));
        round!(d e f g h a b c, $word(5));
        round!(c d e f g h a b, $word(6));
        round!(b c d e f g h a, $word(7));
        $state = [a, b, c, d, e, f, g, h];
    }};
}

#[target_feature(enable = "avx512f")]
fn hash_sixteen(words: [u32; 8], pairs: &[[Digest; 2]; LANES]) -> [Digest; LANES] {
    let start = words.map(|word| broadcast(word));
    let middle = compress(start, message(pairs));
    // The block after it is padding, the same for every pair: its schedule is known beforehand.
    let mut state = middle;
    for rounds in PADDED_ROUNDS_AFTER_TWO_BLOCKS.as_chunks::<8>().0 {
        eight_rounds!(state, |at: usize| broadcast(rounds[at]));
    }
    digests(add_all(middle, state))
}

#[target_feature(enable = "avx512f")]
fn compress(start: [__m512i; 8], mut words: [__m512i; 16]) -> [__m512i; 8] {
    let mut state = start;
    for (sixteen, constants) in ROUND_CONSTANTS.as_chunks::<16>().0.iter().enumerate() {
        if sixteen > 0 {
            schedule(&mut words);
        }
        eight_rounds!(state, |at: usize| _mm512_add_epi32(words[at], broadcast(constants[at])));
        eight_rounds!(state, |at: usize| _mm512_add_epi32(words[at + 8], broadcast(constants[at + 8])));
    }
    add_all(start, state)
}

/// The next sixteen words of the schedule, in place of the last.
#[target_feature(enable = "avx512f")]
fn schedule(words: &mut [__m512i; 16]) {
    // Written out for the same reason as the rounds.
    macro_rules! next {
        ($($at:literal)*) => {$(
            let (near, far) = (words[($at + 1) % 16], words[($at + 14) % 16]);
            let low = xor(_mm512_ror_epi32::<7>(near), _mm512_ror_epi32::<18>(near), _mm512_srli_epi32::<3>(near));
            let high = xor(_mm512_ror_epi32::<17>(far), _mm512_ror_epi32::<19>(far), _mm512_srli_epi32::<10>(far));
            let sums = _mm512_add_epi32(words[($at + 9) % 16], high);
            words[$at] = _mm512_add_epi32(_mm512_add_epi32(words[$at], low), sums);
        )*};
    }
    next!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
}

#[target_feature(enable = "avx512f")]
fn xor(one: __m512i, two: __m512i, three: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<XOR>(one, two, three)
}

#[target_feature(enable = "avx512f")]
fn broadcast(word: u32) -> __m512i {
    _mm512_set1_epi32(word.cast_signed())
}

#[target_feature(enable = "avx512f")]
fn add_all(mut one: [__m512i; 8], other: [__m512i; 8]) -> [__m512i; 8] {
    for (word, addend) in one.iter_mut().zip(other) {
        *word = _mm512_add_epi32(*word, addend);
    }
    one
}

/// Word `t` of every message in vector `t`.
#[target_feature(enable = "avx512f")]
fn message(pairs: &[[Digest; 2]; LANES]) -> [__m512i; 16] {
    let mut words = [[0_u32; LANES]; 16];
    for (lane, pair) in pairs.iter().enumerate() {
        for (word, bytes) in words.iter_mut().zip(pair.as_flattened().as_chunks::<4>().0) {
            word[lane] = u32::from_be_bytes(*bytes);
        }
    }
    // SAFETY: both are sixteen times sixteen words, and every pattern of bits is a vector.
    unsafe { std::mem::transmute::<[[u32; LANES]; 16], [__m512i; 16]>(words) }
}

#[target_feature(enable = "avx512f")]
fn digests(state: [__m512i; 8]) -> [Digest; LANES] {
    // SAFETY: both are eight times sixteen words, and every pattern of bits is a number.
    let words = unsafe { std::mem::transmute::<[__m512i; 8], [[u32; LANES]; 8]>(state) };
    let mut digests = [[0; 32]; LANES];
    for (lane, digest) in digests.iter_mut().enumerate() {
        for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(&words) {
            *bytes = word[lane].to_be_bytes();
        }
    }
    digests
}
