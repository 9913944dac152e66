//! The 80 bytes that are mined.

use super::{Bits, BlockHash, MerkleRoot, Timestamp};
use crate::codec::{
    Canonical, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, impl_borrow_decode,
};
use crate::crypto::sha256d;

/// Length of a header: Bitcoin's, byte for byte, so that its miners can mine it.
pub const HEADER_BYTES: usize = 80;

/// What is hashed to find a block.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Header {
    /// Any value; nothing is read from it and miners may roll it.
    pub version: u32,
    /// The block before.
    pub previous: BlockHash,
    /// Everything that the block holds.
    pub merkle_root: MerkleRoot,
    /// When the miner says it was made.
    pub time: Timestamp,
    /// The target its hash must meet.
    pub bits: Bits,
    /// What miners turn first.
    pub nonce: u32,
}

impl Header {
    /// The 80 bytes.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..4].copy_from_slice(&self.version.to_le_bytes());
        bytes[4..36].copy_from_slice(self.previous.as_bytes());
        bytes[36..68].copy_from_slice(self.merkle_root.as_bytes());
        bytes[68..72].copy_from_slice(&self.time.0.to_le_bytes());
        bytes[72..76].copy_from_slice(&self.bits.0.to_le_bytes());
        bytes[76..80].copy_from_slice(&self.nonce.to_le_bytes());
        bytes
    }

    /// The header that 80 bytes are: any 80 bytes are one.
    pub fn from_bytes(bytes: &[u8; HEADER_BYTES]) -> Self {
        let (words, _) = bytes.as_chunks::<4>();
        let word = |at: usize| u32::from_le_bytes(words[at]);
        let hash = |at: usize| {
            let mut digest = [0; 32];
            digest.copy_from_slice(&bytes[at..at + 32]);
            digest
        };
        Self {
            version: word(0),
            previous: BlockHash::from_bytes(hash(4)),
            merkle_root: MerkleRoot::from_bytes(hash(36)),
            time: Timestamp(word(17)),
            bits: Bits(word(18)),
            nonce: word(19),
        }
    }

    /// The block's name, and the number that must not exceed the target.
    pub fn hash(&self) -> BlockHash {
        BlockHash::from_bytes(sha256d(&self.to_bytes()))
    }
}

impl Encode for Header {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.to_bytes().encode(encoder)
    }
}

impl<C> Decode<C> for Header {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self::from_bytes(&<[u8; HEADER_BYTES]>::decode(decoder)?))
    }
}

impl_borrow_decode!(Header);

impl Canonical for Header {
    const BYTES_MAX: usize = HEADER_BYTES;
}
