//! A few nonces by turns, with the processor's own instructions for SHA-256, which do several rounds of one message.
//!
//! Each instruction waits for the one before, so messages with different nonces take turns. What the lanes do not need
//! to do again, this does not either: see `lanes.rs`.

use super::super::sha256::{INITIAL, ROUND_CONSTANTS};
use super::{Search, lanes};

/// Four words of one message.
pub(super) trait Quad: Copy {
    /// What shows that this processor has the instructions.
    type Proof: Copy;

    /// Four words, the first in the lowest lane.
    fn load(proof: Self::Proof, words: [u32; 4]) -> Self;
    /// Sums without carry.
    fn plus(self, other: Self) -> Self;
    /// The four words of the schedule that follow sixteen.
    fn following(sixteen: [Self; 4]) -> Self;
    /// A state, in whatever order the instructions want it.
    fn open(proof: Self::Proof, words: [u32; 8]) -> [Self; 2];
    /// A state's words in their order.
    fn close(state: [Self; 2]) -> [Self; 2];
    /// Four rounds.
    fn four_rounds(state: [Self; 2], added: Self) -> [Self; 2];
    /// The fifth word after the first of four rounds.
    fn fifth_after_round(state: [Self; 2], added: Self) -> u32;
}

/// Nonces that take turns. Fewer leave the instructions waiting, as measured with two and three.
const NONCES: usize = 4;

pub(super) const LANES: u32 = NONCES as u32;

/// Says which of the nonces from `first` on are candidates behind each prefix, the first nonce in the lowest bit.
#[inline(always)]
pub(super) fn find_candidates<Q: Quad>(proof: Q::Proof, search: &Search, first: u32, candidates: &mut [u64]) {
    let nonces: [u32; NONCES] = std::array::from_fn(|lane| first.wrapping_add(lane as u32).swap_bytes());
    let mut addends = [[[0; 16]; 3]; NONCES];
    for (addends, nonce) in addends.iter_mut().zip(nonces) {
        *addends = lanes::first_addends((), &search.block, nonce);
    }
    let opened = nonces.map(|nonce| Q::open(proof, [nonce, 0, 0, 0, nonce, 0, 0, 0]));

    for (prefix, found) in search.prefixes.iter().zip(candidates) {
        let start = Q::open(proof, prefix.opened);
        let mut states = opened.map(|state| plus(start, state));
        for four in search.block.addends.as_chunks::<4>().0 {
            for state in &mut states {
                *state = Q::four_rounds(*state, Q::load(proof, *four));
            }
        }
        for at in 0..12 {
            for (state, addends) in states.iter_mut().zip(&addends) {
                let four = addends.as_flattened().as_chunks::<4>().0[at];
                *state = Q::four_rounds(*state, Q::load(proof, four));
            }
        }
        let middle = Q::open(proof, prefix.midstate.words());
        let digests = states.map(|state| Q::close(plus(state, middle)));
        let words = last_words(proof, digests);
        *found = 0;
        for (lane, word) in words.into_iter().enumerate() {
            *found |= u64::from(word.swap_bytes() <= search.bound) << lane;
        }
    }
}

#[inline(always)]
fn plus<Q: Quad>(one: [Q; 2], other: [Q; 2]) -> [Q; 2] {
    [one[0].plus(other[0]), one[1].plus(other[1])]
}

/// The last words of the digests of digests.
#[inline(always)]
fn last_words<Q: Quad, const N: usize>(proof: Q::Proof, digests: [[Q; 2]; N]) -> [u32; N] {
    let padding = [Q::load(proof, [lanes::PADDING, 0, 0, 0]), Q::load(proof, [0, 0, 0, lanes::LENGTH])];
    let mut words = digests.map(|digest| [digest[0], digest[1], padding[0], padding[1]]);
    let mut states = [Q::open(proof, INITIAL); N];
    macro_rules! four_rounds {
        ($($at:literal)*) => {$(
            for (state, words) in states.iter_mut().zip(&mut words) {
                *state = Q::four_rounds(*state, addends(proof, words, $at));
            }
        )*};
    }
    four_rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14);

    let mut last = [0; N];
    for ((last, state), words) in last.iter_mut().zip(states).zip(&mut words) {
        *last = Q::fifth_after_round(state, addends(proof, words, 15)).wrapping_add(INITIAL[7]);
    }
    last
}

/// What the four rounds add that follow `at` times four; `words` are the last sixteen of the schedule.
#[inline(always)]
fn addends<Q: Quad>(proof: Q::Proof, words: &mut [Q; 4], at: usize) -> Q {
    let (constants, _) = ROUND_CONSTANTS.as_chunks::<4>();
    let place = |offset: usize| (at + offset) % 4;
    if at >= 4 {
        words[place(0)] = Q::following([words[place(0)], words[place(1)], words[place(2)], words[place(3)]]);
    }
    words[place(0)].plus(Q::load(proof, constants[at]))
}
