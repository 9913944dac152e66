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

const INITIAL: [u32; 8] =
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

    /// The eight words of state, for a kernel that goes on from here by itself.
    pub fn words(&self) -> [u32; 8] {
        self.words
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

/// Padding of a message of exactly two blocks.
const PADDING_AFTER_TWO_BLOCKS: [u8; BLOCK_BYTES] = {
    let mut block = [0; BLOCK_BYTES];
    block[0] = 0x80;
    let bits = (2 * BLOCK_BYTES as u64 * 8).to_be_bytes();
    let mut i = 0;
    while i < 8 {
        block[BLOCK_BYTES - 8 + i] = bits[i];
        i += 1;
    }
    block
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

    /// The tagged hash of two digests: the same as [`Tag::hash`] of both in a row, for the hot path of trees.
    #[inline]
    pub fn hash_pair(&self, left: &Digest, right: &Digest) -> Digest {
        let mut blocks = [[0; BLOCK_BYTES], PADDING_AFTER_TWO_BLOCKS];
        blocks[0][..32].copy_from_slice(left);
        blocks[0][32..].copy_from_slice(right);
        let mut words = self.0.words;
        compress256(&mut words, &blocks);
        digest(words)
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
