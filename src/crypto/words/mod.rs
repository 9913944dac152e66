//! What SHA-256 is made of, for one message or for many side by side.
//!
//! A [`Word`] is one 32-bit word of one message, or the same word of several: a number, a vector, a pair of vectors.
//! Rounds and schedule are written once, below, for all of them. Everything is inlined into the function that calls it,
//! which is how it comes to be compiled for that function's processor.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::{Avx2, Eight};
#[cfg(target_arch = "x86_64")]
pub(super) use avx512::{Avx512, Sixteen};

/// The same word of one message or of several, each in a lane of its own.
pub(super) trait Word: Copy {
    /// What shows that this processor can do it. Without one there is no word to begin with.
    type Proof: Copy;

    /// Messages side by side, at most 64.
    const LANES: u32;

    /// One number in every lane.
    fn splat(proof: Self::Proof, number: u32) -> Self;
    /// `first` and the numbers that follow it, a lane each; after the last number comes zero.
    fn count_from(proof: Self::Proof, first: u32) -> Self;
    /// Sum without carry.
    fn plus(self, other: Self) -> Self;
    /// Turned right by `BITS`.
    fn turn<const BITS: i32>(self) -> Self;
    /// Moved right by `BITS`.
    fn shift<const BITS: i32>(self) -> Self;
    /// Exclusive or of three.
    fn xor(self, second: Self, third: Self) -> Self;
    /// Bits of `one` where this has a one, bits of `zero` elsewhere.
    fn choose(self, one: Self, zero: Self) -> Self;
    /// What at least two of three say.
    fn majority(self, second: Self, third: Self) -> Self;
    /// The lanes that hold at most `bound`, the first in the lowest bit.
    fn at_most(self, bound: Self) -> u64;
}

/// σ₀ of FIPS 180-4.
#[inline(always)]
pub(super) fn small_sigma_0<W: Word>(word: W) -> W {
    word.turn::<7>().xor(word.turn::<18>(), word.shift::<3>())
}

/// σ₁ of FIPS 180-4.
#[inline(always)]
pub(super) fn small_sigma_1<W: Word>(word: W) -> W {
    word.turn::<17>().xor(word.turn::<19>(), word.shift::<10>())
}

/// Σ₀ of FIPS 180-4.
#[inline(always)]
fn big_sigma_0<W: Word>(word: W) -> W {
    word.turn::<2>().xor(word.turn::<13>(), word.turn::<22>())
}

/// Σ₁ of FIPS 180-4.
#[inline(always)]
fn big_sigma_1<W: Word>(word: W) -> W {
    word.turn::<6>().xor(word.turn::<11>(), word.turn::<25>())
}

/// One round, which adds `word`: its constant and its word of the schedule.
///
/// The next round waits for Σ₁, so that is added last.
#[inline(always)]
pub(super) fn round<W: Word>([a, b, c, d, e, f, g, h]: [W; 8], word: W) -> [W; 8] {
    let first = h.plus(word).plus(e.choose(f, g)).plus(big_sigma_1(e));
    let second = big_sigma_0(a).plus(a.majority(b, c));
    [first.plus(second), a, b, c, d.plus(first), e, f, g]
}

/// Four rounds.
#[inline(always)]
pub(super) fn four_rounds<W: Word>(state: [W; 8], words: [W; 4]) -> [W; 8] {
    let state = round(round(state, words[0]), words[1]);
    round(round(state, words[2]), words[3])
}

/// The next sixteen words of the schedule.
///
/// Written out, here as elsewhere: a loop would keep the words in memory.
#[inline(always)]
pub(super) fn schedule<W: Word>(mut words: [W; 16]) -> [W; 16] {
    macro_rules! each {
        ($($at:literal)*) => {$( words[$at] = next_word(&words, $at); )*};
    }
    each!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    words
}

/// Sixteen rounds over `words` of the schedule, each followed by one of the next sixteen words.
///
/// Rounds wait for each other, words do not: by turns, they keep the processor busy.
#[inline(always)]
pub(super) fn sixteen_rounds<W: Word>(
    proof: W::Proof,
    mut state: [W; 8],
    mut words: [W; 16],
    constants: &[u32; 16],
) -> ([W; 8], [W; 16]) {
    macro_rules! each {
        ($($at:literal)*) => {$(
            state = round(state, words[$at].plus(W::splat(proof, constants[$at])));
            words[$at] = next_word(&words, $at);
        )*};
    }
    each!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    (state, words)
}

/// The word that takes the place of the one sixteen before it.
#[inline(always)]
fn next_word<W: Word>(words: &[W; 16], at: usize) -> W {
    words[at]
        .plus(small_sigma_0(words[(at + 1) % 16]))
        .plus(words[(at + 9) % 16])
        .plus(small_sigma_1(words[(at + 14) % 16]))
}

/// The same number in every lane, for each of several.
#[inline(always)]
pub(super) fn splat_all<W: Word, const N: usize>(proof: W::Proof, numbers: [u32; N]) -> [W; N] {
    let mut words = [W::splat(proof, 0); N];
    for (word, number) in words.iter_mut().zip(numbers) {
        *word = W::splat(proof, number);
    }
    words
}

/// Sums of as many words each.
#[inline(always)]
pub(super) fn plus_all<W: Word, const N: usize>(mut one: [W; N], other: [W; N]) -> [W; N] {
    for (word, addend) in one.iter_mut().zip(other) {
        *word = word.plus(addend);
    }
    one
}

impl Word for u32 {
    type Proof = ();

    const LANES: Self = 1;

    #[inline(always)]
    fn splat((): (), number: u32) -> Self {
        number
    }

    #[inline(always)]
    fn count_from((): (), first: u32) -> Self {
        first
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn turn<const BITS: i32>(self) -> Self {
        self.rotate_right(BITS.cast_unsigned())
    }

    #[inline(always)]
    fn shift<const BITS: i32>(self) -> Self {
        self >> BITS
    }

    #[inline(always)]
    fn xor(self, second: Self, third: Self) -> Self {
        self ^ second ^ third
    }

    #[inline(always)]
    fn choose(self, one: Self, zero: Self) -> Self {
        zero ^ (self & (one ^ zero))
    }

    #[inline(always)]
    fn majority(self, second: Self, third: Self) -> Self {
        // The second bracket is the first one of the round before.
        second ^ ((self ^ second) & (second ^ third))
    }

    #[inline(always)]
    fn at_most(self, bound: Self) -> u64 {
        u64::from(self <= bound)
    }
}

/// Two words that take turns: while one waits for its last step, the other takes its next.
#[derive(Clone, Copy)]
pub(super) struct Pair<W>(W, W);

impl<W: Word> Word for Pair<W> {
    type Proof = W::Proof;

    const LANES: u32 = 2 * W::LANES;

    #[inline(always)]
    fn splat(proof: W::Proof, number: u32) -> Self {
        let word = W::splat(proof, number);
        Self(word, word)
    }

    #[inline(always)]
    fn count_from(proof: W::Proof, first: u32) -> Self {
        Self(W::count_from(proof, first), W::count_from(proof, first.wrapping_add(W::LANES)))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(self.0.plus(other.0), self.1.plus(other.1))
    }

    #[inline(always)]
    fn turn<const BITS: i32>(self) -> Self {
        Self(self.0.turn::<BITS>(), self.1.turn::<BITS>())
    }

    #[inline(always)]
    fn shift<const BITS: i32>(self) -> Self {
        Self(self.0.shift::<BITS>(), self.1.shift::<BITS>())
    }

    #[inline(always)]
    fn xor(self, second: Self, third: Self) -> Self {
        Self(self.0.xor(second.0, third.0), self.1.xor(second.1, third.1))
    }

    #[inline(always)]
    fn choose(self, one: Self, zero: Self) -> Self {
        Self(self.0.choose(one.0, zero.0), self.1.choose(one.1, zero.1))
    }

    #[inline(always)]
    fn majority(self, second: Self, third: Self) -> Self {
        Self(self.0.majority(second.0, third.0), self.1.majority(second.1, third.1))
    }

    #[inline(always)]
    fn at_most(self, bound: Self) -> u64 {
        self.0.at_most(bound.0) | self.1.at_most(bound.1) << W::LANES
    }
}
