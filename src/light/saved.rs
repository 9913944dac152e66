//! Headers as bytes for whoever keeps them between two runs: 48 bytes each.
//!
//! What a header says of the one before it is left out, since it is that one's hash. So reading them back has to hash each, and
//! as that is most of what checking them costs, all of them are checked again: who writes to the file decides nothing.

use super::{Headers, HeadersError};
use crate::consensus::Genesis;
use crate::crypto::sha256;
use crate::types::{Bits, BlockHash, ChainId, Header, Height, MerkleRoot, Timestamp};

/// What the bytes begin with; the last of them is the form's number.
const MAGIC: [u8; 8] = *b"CRNHEAD\x01";
const START: usize = MAGIC.len() + 32;
const HEADER_BYTES: usize = 48;
const CHECKSUM_BYTES: usize = 32;
/// Headers that are checked between two times at which they are taken in.
const AT_ONCE: usize = 4096;

/// Why bytes are not the headers that were saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// Something else, or of another form.
    #[error("not saved headers, or in a form that this program does not know")]
    Form,
    /// Of another chain.
    #[error("headers of chain {found}, this is chain {expected}")]
    OtherChain {
        /// This chain.
        expected: ChainId,
        /// The bytes'.
        found: ChainId,
    },
    /// Not as they were written.
    #[error("damaged: some of the bytes are lost or were changed")]
    Damaged,
    /// The headers do not hold.
    #[error(transparent)]
    Headers(#[from] HeadersError),
}

impl Headers {
    /// The branch as bytes; a rival is not among them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let count = self.height().0 as usize;
        let mut bytes = Vec::with_capacity(START + count * HEADER_BYTES + CHECKSUM_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(self.params().chain.0.as_bytes());
        for height in 1..=self.height().0 {
            let header = self.header(Height(height)).expect("up to the tip there is one at each height");
            bytes.extend(header.version.to_le_bytes());
            bytes.extend(header.merkle_root.as_bytes());
            bytes.extend(header.time.0.to_le_bytes());
            bytes.extend(header.bits.0.to_le_bytes());
            bytes.extend(header.nonce.to_le_bytes());
        }
        let checksum = sha256(&bytes);
        bytes.extend(checksum);
        bytes
    }

    /// Reads what [`Headers::to_bytes`] wrote, and checks every header again.
    ///
    /// # Errors
    /// Why it is not that: begin again from genesis then.
    pub fn from_bytes(bytes: &[u8], genesis: &Genesis) -> Result<Self, SavedError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(SavedError::Form)?;
        let (content, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(SavedError::Damaged)?;
        if sha256(content) != *checksum {
            return Err(SavedError::Damaged);
        }
        let mut headers = Self::new(genesis);
        let expected = headers.params().chain;
        let (chain, rest) = rest.split_first_chunk::<32>().ok_or(SavedError::Damaged)?;
        if chain != expected.0.as_bytes() {
            let found = ChainId(BlockHash::from_bytes(*chain));
            return Err(SavedError::OtherChain { expected, found });
        }
        let saved = &rest[..rest.len().saturating_sub(CHECKSUM_BYTES)];
        let (saved, left_over) = saved.as_chunks::<HEADER_BYTES>();
        if !left_over.is_empty() {
            return Err(SavedError::Damaged);
        }
        for part in saved.chunks(AT_ONCE) {
            let mut previous = headers.tip();
            let read = part.iter().map(|bytes| {
                let header = Header { previous, ..header_of(bytes) };
                previous = header.hash();
                header
            });
            // Whether they came too early was asked when they came.
            headers.accept(&read.collect::<Vec<_>>(), Timestamp(u32::MAX))?;
        }
        Ok(headers)
    }
}

fn header_of(bytes: &[u8; HEADER_BYTES]) -> Header {
    let (words, _) = bytes.as_chunks::<4>();
    let word = |at: usize| u32::from_le_bytes(words[at]);
    let mut root = [0; 32];
    root.copy_from_slice(&bytes[4..36]);
    Header {
        version: word(0),
        previous: BlockHash::ZERO,
        merkle_root: MerkleRoot::from_bytes(root),
        time: Timestamp(word(9)),
        bits: Bits(word(10)),
        nonce: word(11),
    }
}
