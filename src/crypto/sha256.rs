//! SHA-256 as this chain uses it: plain, double, tagged, and from a midstate.
//!
//! The compression function is the `sha2` crate's, which chooses the processor's own instructions at run time. The
//! padding is laid here, because most of what a chain hashes is one or two blocks long and shares its first block
//! with everything of its kind: keeping the state after that block saves up to half of the work.

use sha2::block_api::compress256;

/// 32 bytes that name something.
pub type Digest = [u8; 32];

/// The digest that stands for nothing.
pub const ZERO_DIGEST: Digest = [0; 32];

/// Bytes that the compression function takes at once.
pub const BLOCK_BYTES: usize = 64;

/// The state before the first block.
pub(super) const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// SHA-256 stopped after a whole number of blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Midstate {
    words: [u32; 8],
    absorbed_bytes: u64,
}

impl Midstate {
    /// Before the first block.
    pub const START: Self = Self { words: INITIAL, absorbed_bytes: 0 };

    /// After one more block.
    #[must_use]
    pub fn absorb(mut self, block: &[u8; BLOCK_BYTES]) -> Self {
        compress256(&mut self.words, std::slice::from_ref(block));
        self.absorbed_bytes += BLOCK_BYTES as u64;
        self
    }

    /// The digest of everything absorbed, followed by `tail`.
    pub fn finish(mut self, tail: &[u8]) -> Digest {
        let (blocks, rest) = tail.as_chunks::<BLOCK_BYTES>();
        compress256(&mut self.words, blocks);
        let bits = (self.absorbed_bytes + tail.len() as u64) * 8;

        let mut last = [[0; BLOCK_BYTES]; 2];
        let flat = last.as_flattened_mut();
        flat[..rest.len()].copy_from_slice(rest);
        flat[rest.len()] = 0x80;
        let end = if rest.len() < BLOCK_BYTES - 8 { BLOCK_BYTES } else { 2 * BLOCK_BYTES };
        flat[end - 8..end].copy_from_slice(&bits.to_be_bytes());
        compress256(&mut self.words, &last[..end / BLOCK_BYTES]);
        digest(self.words)
    }

    /// The state itself.
    pub(super) fn words(&self) -> [u32; 8] {
        self.words
    }
}

fn digest(words: [u32; 8]) -> Digest {
    let mut bytes = ZERO_DIGEST;
    for (chunk, word) in bytes.chunks_exact_mut(4).zip(words) {
        chunk.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Digest {
    Midstate::START.finish(bytes)
}

/// SHA-256 of SHA-256, as Bitcoin hashes headers and merkle trees.
pub fn sha256d(bytes: &[u8]) -> Digest {
    sha256(&sha256(bytes))
}

/// What each round adds, as FIPS 180-4 lists it.
pub(super) const ROUND_CONSTANTS: [u32; 64] = [
    0x428a_2f98,
    0x7137_4491,
    0xb5c0_fbcf,
    0xe9b5_dba5,
    0x3956_c25b,
    0x59f1_11f1,
    0x923f_82a4,
    0xab1c_5ed5,
    0xd807_aa98,
    0x1283_5b01,
    0x2431_85be,
    0x550c_7dc3,
    0x72be_5d74,
    0x80de_b1fe,
    0x9bdc_06a7,
    0xc19b_f174,
    0xe49b_69c1,
    0xefbe_4786,
    0x0fc1_9dc6,
    0x240c_a1cc,
    0x2de9_2c6f,
    0x4a74_84aa,
    0x5cb0_a9dc,
    0x76f9_88da,
    0x983e_5152,
    0xa831_c66d,
    0xb003_27c8,
    0xbf59_7fc7,
    0xc6e0_0bf3,
    0xd5a7_9147,
    0x06ca_6351,
    0x1429_2967,
    0x27b7_0a85,
    0x2e1b_2138,
    0x4d2c_6dfc,
    0x5338_0d13,
    0x650a_7354,
    0x766a_0abb,
    0x81c2_c92e,
    0x9272_2c85,
    0xa2bf_e8a1,
    0xa81a_664b,
    0xc24b_8b70,
    0xc76c_51a3,
    0xd192_e819,
    0xd699_0624,
    0xf40e_3585,
    0x106a_a070,
    0x19a4_c116,
    0x1e37_6c08,
    0x2748_774c,
    0x34b0_bcb5,
    0x391c_0cb3,
    0x4ed8_aa4a,
    0x5b9c_ca4f,
    0x682e_6ff3,
    0x748f_82ee,
    0x78a5_636f,
    0x84c8_7814,
    0x8cc7_0208,
    0x90be_fffa,
    0xa450_6ceb,
    0xbef9_a3f7,
    0xc671_78f2,
];

/// Padding of a message of exactly two blocks: a one, zeros, and the length in bits.
const PADDING_AFTER_TWO_BLOCKS: [u32; 16] = {
    let mut words = [0; 16];
    words[0] = 0x8000_0000;
    words[15] = 2 * BLOCK_BYTES as u32 * 8;
    words
};

/// What each round over that padding adds: its constant and its word of the schedule.
pub(super) const PADDED_ROUNDS_AFTER_TWO_BLOCKS: [u32; 64] = {
    let mut schedule = [0; 64];
    let mut rounds = [0; 64];
    let mut at = 0;
    while at < 64 {
        schedule[at] = if at < 16 {
            PADDING_AFTER_TWO_BLOCKS[at]
        } else {
            let (near, far): (u32, u32) = (schedule[at - 15], schedule[at - 2]);
            let low = near.rotate_right(7) ^ near.rotate_right(18) ^ (near >> 3);
            let high = far.rotate_right(17) ^ far.rotate_right(19) ^ (far >> 10);
            schedule[at - 16].wrapping_add(low).wrapping_add(schedule[at - 7]).wrapping_add(high)
        };
        rounds[at] = ROUND_CONSTANTS[at].wrapping_add(schedule[at]);
        at += 1;
    }
    rounds
};

/// A hash function of its own for one purpose: `H(H(tag) ‖ H(tag) ‖ x)`, with the state after the tag's block kept.
///
/// # Security
/// Digests made under different tags never meet, so nothing signed or proven for one purpose can pass for another.
#[derive(Clone, Copy, Debug)]
pub struct Tag(Midstate);

impl Tag {
    /// The hash function of this purpose.
    pub fn new(purpose: &str) -> Self {
        let tag = sha256(purpose.as_bytes());
        let mut block = [0; BLOCK_BYTES];
        block[..32].copy_from_slice(&tag);
        block[32..].copy_from_slice(&tag);
        Self(Midstate::START.absorb(&block))
    }

    /// The tagged hash of `bytes`.
    pub fn hash(&self, bytes: &[u8]) -> Digest {
        self.0.finish(bytes)
    }

    /// The tagged hash of two digests: the same as [`Tag::hash`] of both in a row, which trees are made of.
    pub fn hash_pair(&self, left: &Digest, right: &Digest) -> Digest {
        let mut block = [0; BLOCK_BYTES];
        block[..32].copy_from_slice(left);
        block[32..].copy_from_slice(right);
        self.0.finish(&block)
    }

    /// The state after the tag's block.
    pub(super) fn words(&self) -> [u32; 8] {
        self.0.words()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn every_length_agrees_with_the_library() {
        let bytes: Vec<u8> = (0..300_u32).map(|i| (i * 7) as u8).collect();
        for length in 0..bytes.len() {
            let expected: Digest = Sha256::digest(&bytes[..length]).into();
            assert_eq!(sha256(&bytes[..length]), expected, "length {length}");
        }
    }

    #[test]
    fn midstate_continues_where_it_stopped() {
        let bytes = [9; 3 * BLOCK_BYTES + 5];
        let first = bytes.first_chunk().unwrap();
        assert_eq!(Midstate::START.absorb(first).finish(&bytes[BLOCK_BYTES..]), sha256(&bytes));
    }

    #[test]
    fn tag_is_its_definition() {
        let tag = sha256(b"cairn/test");
        let message = [&tag[..], &tag, b"hello"].concat();
        assert_eq!(Tag::new("cairn/test").hash(b"hello"), sha256(&message));
    }

    #[test]
    fn pair_is_the_hash_of_both() {
        let (left, right) = ([1; 32], [2; 32]);
        let tag = Tag::new("cairn/test");
        assert_eq!(tag.hash_pair(&left, &right), tag.hash(&[left, right].concat()));
    }
}
