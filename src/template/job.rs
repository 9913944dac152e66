//! A template for one who is paid: what is left to turn is a few bytes of the coinbase, and the header.

use std::sync::Arc;

use super::Template;
use crate::codec::{Blob, List, encode, encoded_len};
use crate::consensus::NODE_BYTES;
use crate::crypto::{Digest, merkle, sha256d};
use crate::types::{Address, Block, Coinbase, Extra, Header, MerkleRoot, Timestamp};

/// Bytes that whoever hands out work gives to each miner, so that no two do the same.
pub const ASSIGNED_BYTES: usize = 4;
/// Bytes that each miner turns itself, once the nonces are used up.
pub const TURNED_BYTES: usize = 4;
/// Both of them.
pub const EXTRANONCE_BYTES: usize = ASSIGNED_BYTES + TURNED_BYTES;
/// Longest text that a miner may leave in its coinbase: all that an [`Extra`] holds but the extranonce, and a byte that
/// some need to be added.
pub const TAG_BYTES_MAX: usize = 91;
/// Version of the headers we make.
pub const VERSION: u32 = 0x2000_0000;
/// Bits of a version that miners may turn: 13 to 28, by BIP 310.
pub const VERSION_MASK: u32 = 0x1fff_e000;

const _: () = assert!(VERSION & VERSION_MASK == 0, "miners turn only bits that are zero in our version");

/// What makes the coinbases of one template differ: four bytes that were assigned, four that a miner turns.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Extranonce {
    /// Given to this miner alone.
    pub assigned: [u8; ASSIGNED_BYTES],
    /// Its own to turn.
    pub turned: [u8; TURNED_BYTES],
}

impl Extranonce {
    fn to_bytes(self) -> [u8; EXTRANONCE_BYTES] {
        let mut bytes = [0; EXTRANONCE_BYTES];
        bytes[..ASSIGNED_BYTES].copy_from_slice(&self.assigned);
        bytes[ASSIGNED_BYTES..].copy_from_slice(&self.turned);
        bytes
    }
}

/// A text of a miner that is empty, or longer than a coinbase can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tag has 1 to {TAG_BYTES_MAX} bytes, this one {length}")]
pub struct TagLength {
    /// How many it has.
    pub length: usize,
}

/// Who is paid for a block, and what is written into it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Payout {
    recipient: Address,
    tag: Vec<u8>,
}

impl Payout {
    /// To this address, under the usual tag.
    pub fn to(recipient: Address) -> Self {
        Self { recipient, tag: b"cairn".to_vec() }
    }

    /// With a text of one's own in the coinbase.
    ///
    /// # Errors
    /// When it is empty, which would leave a Stratum miner without a second half, or too long.
    pub fn with_tag(self, tag: &[u8]) -> Result<Self, TagLength> {
        if tag.is_empty() || tag.len() > TAG_BYTES_MAX {
            return Err(TagLength { length: tag.len() });
        }
        Ok(Self { tag: tag.to_vec(), ..self })
    }

    /// Who is paid.
    pub fn recipient(&self) -> &Address {
        &self.recipient
    }
}

/// A template with its coinbase laid out; the same for all who work for the same [`Payout`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    template: Arc<Template>,
    recipient: Address,
    tag: Vec<u8>,
    front: Vec<u8>,
}

/// What a miner found: how it turned everything that can be turned.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rolled {
    /// In the coinbase.
    pub extranonce: Extranonce,
    /// In the header.
    pub version: u32,
    /// In the header.
    pub time: Timestamp,
    /// In the header.
    pub nonce: u32,
}

impl Job {
    /// Lays out the coinbase.
    pub fn new(template: Arc<Template>, payout: &Payout) -> Self {
        let Payout { recipient, mut tag } = payout.clone();
        let nothing = [0; EXTRANONCE_BYTES];
        let mut coinbase = coinbase(&template, recipient, &nothing, &tag);
        // Such a coinbase could pass for two nodes of the tree, and is not valid.
        if encoded_len(&coinbase) == NODE_BYTES {
            tag.push(b' ');
            coinbase = self::coinbase(&template, recipient, &nothing, &tag);
        }
        let mut front = encode(&coinbase);
        front.truncate(front.len() - EXTRANONCE_BYTES - tag.len());
        Self { template, recipient, tag, front }
    }

    /// What it was made from.
    pub fn template(&self) -> &Arc<Template> {
        &self.template
    }

    /// The coinbase's encoding before the extranonce, and after it; neither is empty.
    pub fn halves(&self) -> (&[u8], &[u8]) {
        (&self.front, &self.tag)
    }

    /// The root that a header must carry with this extranonce.
    pub fn merkle_root(&self, extranonce: Extranonce) -> MerkleRoot {
        let coinbase = [&self.front[..], &extranonce.to_bytes(), &self.tag].concat();
        let pair = |left: Digest, right: &Digest| merkle::pair(&left, right);
        MerkleRoot::from_bytes(self.template.branch().iter().fold(sha256d(&coinbase), pair))
    }

    /// The header that a miner hashed, or is to hash.
    pub fn header(&self, rolled: &Rolled) -> Header {
        let groundwork = self.template.groundwork();
        Header {
            version: rolled.version,
            previous: groundwork.previous,
            merkle_root: self.merkle_root(rolled.extranonce),
            time: rolled.time,
            bits: groundwork.context.bits,
            nonce: rolled.nonce,
        }
    }

    /// The whole block, as it is submitted.
    pub fn block(&self, rolled: &Rolled) -> Block {
        let transactions = self.template.transactions().iter();
        let transactions = transactions.map(|checked| checked.transaction().clone()).collect();
        let extranonce = rolled.extranonce.to_bytes();
        Block {
            header: self.header(rolled),
            commitments: self.template.groundwork().commitments,
            coinbase: coinbase(&self.template, self.recipient, &extranonce, &self.tag),
            transactions: List::new(transactions).expect("a template holds no more than a block"),
        }
    }
}

fn coinbase(template: &Template, recipient: Address, extranonce: &[u8], tag: &[u8]) -> Coinbase {
    let extra: Extra = Blob::new([extranonce, tag].concat()).expect("tags are bounded");
    Coinbase { height: template.groundwork().context.height, recipient, amount: template.reward(), extra }
}
