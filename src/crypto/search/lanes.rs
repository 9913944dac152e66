//! Many nonces side by side, a lane each.
//!
//! The first hash takes its schedule from a table that all prefixes share. In the second, the message is a digest and
//! padding, so half of the schedule's first terms are known or nothing. What the deciding word does not need, such as
//! the last three rounds, which would only move it to the end, nothing reads: the compiler leaves it out.

use super::super::sha256::{INITIAL, ROUND_CONSTANTS};
use super::super::words::{
    Word, four_rounds, plus_all, round, schedule, sixteen_rounds, small_sigma_0, small_sigma_1, splat_all,
};
use super::{Prefix, Search, SecondBlock};

/// The constants of the rounds from 16 on, sixteen at a time.
const CONSTANTS: [[u32; 16]; 3] = {
    let (constants, _) = ROUND_CONSTANTS.as_chunks::<16>();
    [constants[1], constants[2], constants[3]]
};

/// The first word after a digest, a one and zeros.
pub(super) const PADDING: u32 = 1 << 31;
/// The last word after a digest, its length in bits.
pub(super) const LENGTH: u32 = 256;

/// Says which of the nonces from `first` on are candidates behind each prefix, the first nonce in the lowest bit.
#[inline(always)]
pub(super) fn find_candidates<W: Word>(proof: W::Proof, search: &Search, first: u32, candidates: &mut [u64]) {
    let nonces = swap_bytes(proof, W::count_from(proof, first));
    let addends = first_addends(proof, &search.block, nonces);
    let bound = W::splat(proof, search.bound);
    for (prefix, lanes) in search.prefixes.iter().zip(candidates) {
        let digest = first_hash(proof, prefix, nonces, &search.block.addends, &addends);
        *lanes = swap_bytes(proof, last_word(proof, digest)).at_most(bound);
    }
}

/// Bytes in reverse.
#[inline(always)]
fn swap_bytes<W: Word>(proof: W::Proof, word: W) -> W {
    W::splat(proof, 0xff00_ff00).choose(word.turn::<8>(), word.turn::<24>())
}

/// What rounds 16 to 63 of the second block add, whatever the prefix.
#[inline(always)]
pub(super) fn first_addends<W: Word>(proof: W::Proof, block: &SecondBlock, nonce: W) -> [[W; 16]; 3] {
    let words_16 = first_schedule(proof, &block.schedule, nonce);
    let words_32 = schedule(words_16);
    let words_48 = schedule(words_32);
    let [constants_16, constants_32, constants_48] = CONSTANTS;
    [
        plus_all(words_16, splat_all(proof, constants_16)),
        plus_all(words_32, splat_all(proof, constants_32)),
        plus_all(words_48, splat_all(proof, constants_48)),
    ]
}

/// Words 16 to 31 of the second block's schedule. Terms that are zero are left out.
#[inline(always)]
fn first_schedule<W: Word>(proof: W::Proof, known: &[u32; 16], nonce: W) -> [W; 16] {
    let known = |at: usize| W::splat(proof, known[at]);
    let (word_16, word_17) = (known(0), known(1));
    let word_18 = known(2).plus(small_sigma_0(nonce));
    let word_19 = known(3).plus(nonce);
    let word_20 = known(4).plus(small_sigma_1(word_18));
    let word_21 = small_sigma_1(word_19);
    let word_22 = known(6).plus(small_sigma_1(word_20));
    let word_23 = known(7).plus(small_sigma_1(word_21));
    let word_24 = known(8).plus(small_sigma_1(word_22));
    let word_25 = word_18.plus(small_sigma_1(word_23));
    let word_26 = word_19.plus(small_sigma_1(word_24));
    let word_27 = word_20.plus(small_sigma_1(word_25));
    let word_28 = word_21.plus(small_sigma_1(word_26));
    let word_29 = word_22.plus(small_sigma_1(word_27));
    let word_30 = known(14).plus(word_23).plus(small_sigma_1(word_28));
    let word_31 = known(15).plus(word_24).plus(small_sigma_1(word_29));
    [
        word_16, word_17, word_18, word_19, word_20, word_21, word_22, word_23, word_24, word_25, word_26,
        word_27, word_28, word_29, word_30, word_31,
    ]
}

/// The digest of the whole message, from what rounds 4 to 15 and rounds 16 to 63 add.
#[inline(always)]
fn first_hash<W: Word>(
    proof: W::Proof,
    prefix: &Prefix,
    nonce: W,
    known: &[u32; 12],
    addends: &[[W; 16]; 3],
) -> [W; 8] {
    let mut state: [W; 8] = splat_all(proof, prefix.opened);
    state[0] = state[0].plus(nonce);
    state[4] = state[4].plus(nonce);
    for four in known.as_chunks::<4>().0 {
        state = four_rounds(state, splat_all(proof, *four));
    }
    for eight in addends.as_flattened().as_chunks::<8>().0 {
        state = four_rounds(state, [eight[0], eight[1], eight[2], eight[3]]);
        state = four_rounds(state, [eight[4], eight[5], eight[6], eight[7]]);
    }
    plus_all(state, splat_all(proof, prefix.midstate.words()))
}

/// The last word of the digest of a digest.
#[inline(always)]
fn last_word<W: Word>(proof: W::Proof, digest: [W; 8]) -> W {
    let constant = |at: usize| W::splat(proof, ROUND_CONSTANTS[at]);
    // The first round, with a message of zero: any other adds to two words.
    let mut state: [W; 8] = splat_all(proof, round(INITIAL, ROUND_CONSTANTS[0]));
    state[0] = state[0].plus(digest[0]);
    state[4] = state[4].plus(digest[0]);
    for (word, constant) in digest.into_iter().zip(ROUND_CONSTANTS).skip(1) {
        state = round(state, word.plus(W::splat(proof, constant)));
    }
    state = round(state, W::splat(proof, ROUND_CONSTANTS[8].wrapping_add(PADDING)));
    for at in 9..15 {
        state = round(state, constant(at));
    }
    state = round(state, W::splat(proof, ROUND_CONSTANTS[15].wrapping_add(LENGTH)));

    let words = second_schedule(proof, digest);
    let (state, words) = sixteen_rounds(proof, state, words, &CONSTANTS[0]);
    let (state, words) = sixteen_rounds(proof, state, words, &CONSTANTS[1]);
    let (state, _) = sixteen_rounds(proof, state, words, &CONSTANTS[2]);
    state[7].plus(W::splat(proof, INITIAL[7]))
}

/// Words 16 to 31 of the schedule of a digest and its padding. Terms that are zero are left out.
#[inline(always)]
fn second_schedule<W: Word>(proof: W::Proof, digest: [W; 8]) -> [W; 16] {
    let splat = |number| W::splat(proof, number);
    macro_rules! near {
        ($at:literal) => {
            digest[$at].plus(small_sigma_0(digest[$at + 1]))
        };
    }
    let word_16 = near!(0);
    let word_17 = near!(1).plus(splat(small_sigma_1(LENGTH)));
    let word_18 = near!(2).plus(small_sigma_1(word_16));
    let word_19 = near!(3).plus(small_sigma_1(word_17));
    let word_20 = near!(4).plus(small_sigma_1(word_18));
    let word_21 = near!(5).plus(small_sigma_1(word_19));
    let word_22 = near!(6).plus(splat(LENGTH)).plus(small_sigma_1(word_20));
    let word_23 = digest[7].plus(splat(small_sigma_0(PADDING))).plus(word_16).plus(small_sigma_1(word_21));
    let word_24 = splat(PADDING).plus(word_17).plus(small_sigma_1(word_22));
    let word_25 = word_18.plus(small_sigma_1(word_23));
    let word_26 = word_19.plus(small_sigma_1(word_24));
    let word_27 = word_20.plus(small_sigma_1(word_25));
    let word_28 = word_21.plus(small_sigma_1(word_26));
    let word_29 = word_22.plus(small_sigma_1(word_27));
    let word_30 = splat(small_sigma_0(LENGTH)).plus(word_23).plus(small_sigma_1(word_28));
    let word_31 = splat(LENGTH).plus(small_sigma_0(word_16)).plus(word_24).plus(small_sigma_1(word_29));
    [
        word_16, word_17, word_18, word_19, word_20, word_21, word_22, word_23, word_24, word_25, word_26,
        word_27, word_28, word_29, word_30, word_31,
    ]
}
