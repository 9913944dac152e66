//! Looks for the last four bytes of an 80-byte message whose double hash is low enough.
//!
//! What makes it fast is what is not worked out again: the first 64 bytes, the *prefix*, are hashed once. What the
//! last 16 do to the second block depends on them and the nonce alone, so it is worked out once for all prefixes; a
//! [`Search`] takes several, and each nonce is tried behind every one. Of the second hash only the word that decides
//! is worked out. A *candidate* is a nonce for which that word is low enough; each is hashed again as anything else is
//! hashed here, and the whole digest compared.
//!
//! Read this file first: it decides what is found. A [`Kernel`] only says which nonces are candidates; `lanes.rs` does it
//! with vectors of many messages, `quads.rs` with the processor's instructions for SHA-256.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod kernel;
mod lanes;
mod portable;
mod quads;
#[cfg(target_arch = "x86_64")]
mod shani;

use std::ops::RangeInclusive;

pub use kernel::{Kernel, KernelError};

use super::sha256::ROUND_CONSTANTS;
use super::words::{four_rounds, small_sigma_0, small_sigma_1};
use super::{BLOCK_BYTES, Digest, Midstate, sha256};

/// Prefixes that each nonce is best tried behind: more of them hardly make it faster.
pub const PREFIXES_BEST: usize = 8;
/// Bytes of a message between its prefix and its nonce.
pub const TAIL_BYTES: usize = 12;

/// What to look for.
///
/// A message is a prefix, the tail, and the nonce with its lowest byte first. Its double hash, read as a number with
/// the lowest byte first, must not exceed the target, which is given in the same way.
#[derive(Clone, Debug)]
pub struct Search {
    tail: [u8; TAIL_BYTES],
    target: Digest,
    prefixes: Vec<Prefix>,
    block: SecondBlock,
    /// The target's highest word, which the hash's must not exceed.
    bound: u32,
}

/// The first 64 bytes of a message, hashed.
#[derive(Clone, Copy, Debug)]
struct Prefix {
    midstate: Midstate,
    /// After four rounds of the second block, if the nonce were zero; any other adds to the first and the fifth word.
    opened: [u32; 8],
}

/// What is known of the second block before there is a nonce.
#[derive(Clone, Copy, Debug)]
struct SecondBlock {
    /// What rounds 4 to 15 add.
    addends: [u32; 12],
    /// Words 16 to 31 of the schedule, without the terms that depend on the nonce.
    schedule: [u32; 16],
}

/// A nonce that hits the target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// Behind which of the prefixes.
    pub prefix: usize,
    /// The last four bytes, lowest first.
    pub nonce: u32,
    /// The double hash.
    pub digest: Digest,
}

impl Search {
    /// A search behind each of `prefixes`, best [`PREFIXES_BEST`].
    pub fn new(prefixes: &[[u8; BLOCK_BYTES]], tail: [u8; TAIL_BYTES], target: Digest) -> Self {
        let words = second_block(&tail);
        let prefixes = prefixes.iter().map(|bytes| Prefix::new(bytes, &words)).collect();
        let [.., a, b, c, d] = target;
        let bound = u32::from_le_bytes([a, b, c, d]);
        Self { tail, target, prefixes, block: SecondBlock::new(&words), bound }
    }

    /// How many prefixes each nonce is tried behind.
    pub fn prefixes(&self) -> usize {
        self.prefixes.len()
    }

    /// Everything found among `nonces`, lowest nonce first and behind the first prefix first.
    ///
    /// What is found and in which order does not depend on the kernel.
    pub fn scan(&self, kernel: Kernel, nonces: RangeInclusive<u32>) -> Scan<'_> {
        Scan {
            search: self,
            kernel,
            next: u64::from(*nonces.start()),
            end: if nonces.is_empty() { (*nonces.start()).into() } else { u64::from(*nonces.end()) + 1 },
            group: 0,
            candidates: vec![0; self.prefixes.len()],
            hashes: 0,
        }
    }

    /// The hit that a candidate is, unless only its highest word is low enough.
    fn check(&self, prefix: usize, nonce: u32) -> Option<Found> {
        let mut last = [0; TAIL_BYTES + 4];
        last[..TAIL_BYTES].copy_from_slice(&self.tail);
        last[TAIL_BYTES..].copy_from_slice(&nonce.to_le_bytes());
        let digest = sha256(&self.prefixes[prefix].midstate.finish(&last));
        digest.iter().rev().le(self.target.iter().rev()).then_some(Found { prefix, nonce, digest })
    }
}

/// The second block with a nonce of zero: the rest of the message, a one, zeros, and the length in bits.
fn second_block(tail: &[u8; TAIL_BYTES]) -> [u32; 16] {
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(tail.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    words[4] = 1 << 31;
    words[15] = 8 * (BLOCK_BYTES + TAIL_BYTES + 4) as u32;
    words
}

impl Prefix {
    fn new(bytes: &[u8; BLOCK_BYTES], second: &[u32; 16]) -> Self {
        let midstate = Midstate::START.absorb(bytes);
        let added = |at: usize| second[at].wrapping_add(ROUND_CONSTANTS[at]);
        let opened = four_rounds(midstate.words(), [added(0), added(1), added(2), added(3)]);
        Self { midstate, opened }
    }
}

impl SecondBlock {
    fn new(words: &[u32; 16]) -> Self {
        let sum = |one: u32, other: u32| one.wrapping_add(other);
        let mut known = [0; 16];
        known[0] = sum(words[0], small_sigma_0(words[1]));
        known[1] = sum(sum(words[1], small_sigma_0(words[2])), small_sigma_1(words[15]));
        known[2] = sum(words[2], small_sigma_1(known[0]));
        known[3] = sum(small_sigma_0(words[4]), small_sigma_1(known[1]));
        known[4] = words[4];
        known[6] = words[15];
        known[7] = known[0];
        known[8] = known[1];
        known[14] = small_sigma_0(words[15]);
        known[15] = sum(words[15], small_sigma_0(known[0]));

        let mut addends = [0; 12];
        for ((addend, word), constant) in addends.iter_mut().zip(&words[4..]).zip(&ROUND_CONSTANTS[4..]) {
            *addend = sum(*word, *constant);
        }
        Self { addends, schedule: known }
    }
}

/// A search going on: an iterator over what it finds.
///
/// It can be stopped after any find, and goes on with the next when asked again: none is left out, none comes twice.
#[derive(Clone, Debug)]
pub struct Scan<'a> {
    search: &'a Search,
    kernel: Kernel,
    /// The first nonce that was not tried.
    next: u64,
    /// The first that is not to be tried.
    end: u64,
    /// Where the nonces begin that were tried last.
    group: u32,
    /// Those of them that are candidates and were not looked at, behind each prefix.
    candidates: Vec<u64>,
    hashes: u64,
}

impl Scan<'_> {
    /// Messages tried so far, each nonce behind each prefix.
    ///
    /// Kernels try some nonces at once, so this may run ahead of what was found last, but never of what was asked for.
    pub fn hashes(&self) -> u64 {
        self.hashes
    }

    /// Tries the next nonces, as many as the kernel does at once.
    fn try_group(&mut self) {
        self.group = self.next as u32;
        self.kernel.find_candidates(self.search, self.group, &mut self.candidates);

        let tried = (self.end - self.next).min(self.kernel.lanes().into());
        let asked_for = u64::MAX >> (64 - tried);
        for lanes in &mut self.candidates {
            *lanes &= asked_for;
        }
        self.next += tried;
        self.hashes += tried * self.candidates.len() as u64;
    }

    /// Takes out the next candidate: which prefix, which nonce.
    fn take_candidate(&mut self) -> Option<(usize, u32)> {
        let lane =
            self.candidates.iter().map(|lanes| lanes.trailing_zeros()).min().filter(|lane| *lane < 64)?;
        let prefix = self.candidates.iter().position(|lanes| lanes >> lane & 1 == 1)?;
        self.candidates[prefix] ^= 1 << lane;
        Some((prefix, self.group + lane))
    }
}

impl Iterator for Scan<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            while let Some((prefix, nonce)) = self.take_candidate() {
                if let Some(found) = self.search.check(prefix, nonce) {
                    return Some(found);
                }
            }
            if self.next == self.end {
                return None;
            }
            self.try_group();
        }
    }
}
