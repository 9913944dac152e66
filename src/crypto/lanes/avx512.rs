//! SHA-256 in sixteen lanes: each vector holds the same word of sixteen messages.
//!
//! # Safety
//! One thing here is unsafe: a function compiled for AVX-512 is called from code that is not. That is sound exactly where
//! the processor has it, and an [`Avx512`] exists only where it was asked and said so.
#![allow(unsafe_code, reason = "see above: the processor was asked")]

use super::super::Digest;
use super::super::sha256::{PADDED_ROUNDS_AFTER_TWO_BLOCKS, ROUND_CONSTANTS};
use super::super::words::{Avx512, Sixteen, Word, plus_all, round, sixteen_rounds, splat_all};

const LANES: usize = Sixteen::LANES as usize;

/// Hashes as many whole groups of sixteen pairs as there are, from the state `words` after the tag's block.
pub(super) fn hash_pairs(proof: Avx512, words: [u32; 8], pairs: &[[Digest; 2]], digests: &mut Vec<Digest>) {
    for group in pairs.as_chunks::<LANES>().0 {
        // SAFETY: there is a proof, so the processor has AVX-512F.
        digests.extend_from_slice(&unsafe { hash_sixteen(proof, words, group) });
    }
}

#[target_feature(enable = "avx512f")]
fn hash_sixteen(proof: Avx512, words: [u32; 8], pairs: &[[Digest; 2]; LANES]) -> [Digest; LANES] {
    let start = splat_all(proof, words);
    let middle = compress(proof, start, message(proof, pairs));
    // The block after it is padding, the same for every pair: its schedule is known beforehand.
    let mut state = middle;
    for eight in PADDED_ROUNDS_AFTER_TWO_BLOCKS.as_chunks::<8>().0 {
        for addend in eight {
            state = round(state, Sixteen::splat(proof, *addend));
        }
    }
    digests(plus_all(middle, state))
}

#[target_feature(enable = "avx512f")]
fn compress(proof: Avx512, start: [Sixteen; 8], mut words: [Sixteen; 16]) -> [Sixteen; 8] {
    let mut state = start;
    for constants in ROUND_CONSTANTS.as_chunks::<16>().0 {
        // The last time, the words that follow are not needed; leaving them out would take another copy of the code.
        (state, words) = sixteen_rounds(proof, state, words, constants);
    }
    plus_all(start, state)
}

/// Word `t` of every message in vector `t`.
#[target_feature(enable = "avx512f")]
fn message(proof: Avx512, pairs: &[[Digest; 2]; LANES]) -> [Sixteen; 16] {
    let mut words = [[0_u32; LANES]; 16];
    for (lane, pair) in pairs.iter().enumerate() {
        for (word, bytes) in words.iter_mut().zip(pair.as_flattened().as_chunks::<4>().0) {
            word[lane] = u32::from_be_bytes(*bytes);
        }
    }
    words.map(|word| Sixteen::from_array(proof, word))
}

#[target_feature(enable = "avx512f")]
fn digests(state: [Sixteen; 8]) -> [Digest; LANES] {
    let words = state.map(Sixteen::to_array);
    let mut digests = [[0; 32]; LANES];
    for (lane, digest) in digests.iter_mut().enumerate() {
        for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(&words) {
            *bytes = word[lane].to_be_bytes();
        }
    }
    digests
}
