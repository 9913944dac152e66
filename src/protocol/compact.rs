//! Blocks of which only what is new is sent.
//!
//! Whoever hears of a block has seen most of its transactions before. So a compact block names them by six bytes each, and
//! whoever gets it looks for them in its pool and asks for the rest. What a name stands for depends on the header, so
//! nobody can make transactions beforehand whose names are the same.

use core::hash::Hasher;
use std::sync::Arc;

use siphasher::sip::SipHasher24;

use crate::codec::{Canonical, Decode, Encode, List, encoded_len};
use crate::consensus::{CheckedBlock, CheckedTransaction, NODE_BYTES};
use crate::crypto::sha256;
use crate::types::{
    BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, Block, BlockHash, Coinbase, Commitments, HEADER_BYTES, Header,
    Transaction, TxHash, TxRoot,
};

const SHORT_ID_BYTES: usize = 6;
/// Two roots.
const COMMITMENTS_BYTES: usize = 64;
/// The least that says how many transactions there are.
const COUNT_BYTES_MIN: usize = 1;

/// What a transaction is called in one compact block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
pub struct ShortId([u8; SHORT_ID_BYTES]);

/// Gives the short names of one block.
#[derive(Clone, Copy)]
pub struct Namer(SipHasher24);

impl Namer {
    /// For the block with this header.
    pub fn new(header: &Header) -> Self {
        let key = sha256(&header.to_bytes());
        Self(SipHasher24::new_with_key(key.first_chunk().expect("a hash has more bytes")))
    }

    /// What the transaction is called there.
    pub fn name(&self, hash: &TxHash) -> ShortId {
        let mut hasher = self.0;
        hasher.write(hash.as_bytes());
        let [bytes @ .., _, _] = hasher.finish().to_le_bytes();
        ShortId(bytes)
    }
}

/// A block whose transactions are named.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Compact {
    /// What was mined.
    pub header: Header,
    /// What was true before.
    pub commitments: Commitments,
    /// What the miner is owed. Nobody can have it yet.
    pub coinbase: Coinbase,
    /// The transactions, in order.
    pub names: List<ShortId, 0, BLOCK_TRANSACTIONS_MAX>,
}

impl Canonical for Compact {
    const BYTES_MAX: usize =
        HEADER_BYTES + COMMITMENTS_BYTES + Coinbase::BYTES_MAX + 5 + BLOCK_TRANSACTIONS_MAX * SHORT_ID_BYTES;
}

/// Asks for transactions of a compact block, by their places.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct GetParts {
    /// The block.
    pub block: BlockHash,
    /// The places, rising.
    pub places: List<u32, 1, BLOCK_TRANSACTIONS_MAX>,
}

impl Canonical for GetParts {
    const BYTES_MAX: usize = 32 + 5 + 5 * BLOCK_TRANSACTIONS_MAX;
}

/// The transactions that were asked for, in the same order.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Parts {
    /// The block.
    pub block: BlockHash,
    /// The transactions.
    pub transactions: List<Transaction, 1, BLOCK_TRANSACTIONS_MAX>,
}

impl Canonical for Parts {
    const BYTES_MAX: usize = 32 + BLOCK_BYTES_MAX;
}

/// Why a compact block comes to nothing. The whole block can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CompactError {
    /// Not as many transactions came as were asked for.
    #[error("{came} transactions came, {asked} were asked for")]
    Count {
        /// How many came.
        came: usize,
        /// How many were asked for.
        asked: usize,
    },
    /// It is longer than a block may be.
    #[error("a block of {bytes} bytes or more")]
    TooLong {
        /// How many it has at least.
        bytes: usize,
    },
    /// What was put together is not what was mined: a name stood for two, or what came is wrong.
    #[error("the transactions that were found are not those of the block")]
    Mixed,
}

impl Compact {
    /// A block, made short.
    pub fn of(block: &Block) -> Self {
        Self::named(block, block.transactions.iter().map(Transaction::hash))
    }

    /// The same of a block that was checked: its transactions were hashed then.
    pub fn of_checked(block: &CheckedBlock) -> Self {
        Self::named(block.block(), block.tx_hashes())
    }

    fn named(block: &Block, hashes: impl Iterator<Item = TxHash>) -> Self {
        let namer = Namer::new(&block.header);
        let names = hashes.map(|hash| namer.name(&hash)).collect();
        Self {
            header: block.header,
            commitments: block.commitments,
            coinbase: block.coinbase.clone(),
            names: List::new(names).expect("a block has no more transactions"),
        }
    }

    /// Looks for its transactions among these, best first: most that are in a block were wanted before others.
    pub fn reconstruct<'a>(self, pool: impl IntoIterator<Item = &'a Arc<CheckedTransaction>>) -> Partial {
        let namer = Namer::new(&self.header);
        let mut wanted: Vec<(ShortId, usize)> =
            self.names.iter().enumerate().map(|(place, name)| (*name, place)).collect();
        wanted.sort_unstable();
        let mut found: Vec<Option<Found>> = vec![None; wanted.len()];
        let mut left = found.len();
        for transaction in pool {
            if left == 0 {
                break;
            }
            let name = namer.name(&transaction.facts().hash);
            let first = wanted.partition_point(|(other, _)| *other < name);
            // A name that stands twice in the block stands for two transactions: it finds neither.
            let mut places = wanted[first..].iter().take_while(|(other, _)| *other == name);
            if let (Some((_, place)), None) = (places.next(), places.next())
                && found[*place].is_none()
            {
                found[*place] = Some(Found::Pooled(Arc::clone(transaction)));
                left -= 1;
            }
        }
        Partial { compact: self, found }
    }
}

#[derive(Clone, Debug)]
enum Found {
    Pooled(Arc<CheckedTransaction>),
    Sent(Transaction),
}

/// A compact block of which some transactions were found.
#[derive(Clone, Debug)]
pub struct Partial {
    compact: Compact,
    found: Vec<Option<Found>>,
}

impl Partial {
    /// The block's header.
    pub fn header(&self) -> &Header {
        &self.compact.header
    }

    /// Places of the transactions that were not found, rising.
    pub fn missing(&self) -> impl Iterator<Item = u32> + '_ {
        self.found.iter().zip(0..).filter(|(found, _)| found.is_none()).map(|(_, place)| place)
    }

    /// The block, with the transactions that were missing, in their order; no longer than a block may be.
    ///
    /// # Security
    /// What comes of it is the block that was mined, or an error. The error speaks against nobody: two transactions may
    /// have one name by chance. Where an entry could be a part of the tree in disguise nothing comes of it, or whoever
    /// passes it on would be blamed.
    ///
    /// # Errors
    /// When it is not the block that was mined.
    pub fn complete(self, missing: Vec<Transaction>, bytes_max: usize) -> Result<Block, CompactError> {
        let (came, asked) = (missing.len(), self.missing().count());
        if came != asked {
            return Err(CompactError::Count { came, asked });
        }
        let mut missing = missing.into_iter().map(Found::Sent);
        let found: Vec<Found> =
            self.found.into_iter().filter_map(|found| found.or_else(|| missing.next())).collect();
        let Compact { header, commitments, coinbase, .. } = self.compact;
        let lengths = found.iter().map(|found| match found {
            Found::Pooled(transaction) => transaction.facts().bytes,
            Found::Sent(transaction) => encoded_len(transaction),
        });
        let lengths: Vec<usize> = lengths.chain([encoded_len(&coinbase)]).collect();
        if lengths.contains(&NODE_BYTES) {
            return Err(CompactError::Mixed);
        }
        let bytes = lengths.iter().sum::<usize>() + HEADER_BYTES + COMMITMENTS_BYTES + COUNT_BYTES_MIN;
        if bytes > bytes_max {
            return Err(CompactError::TooLong { bytes });
        }
        let hashes = found.iter().map(|found| match found {
            Found::Pooled(transaction) => transaction.facts().hash,
            Found::Sent(transaction) => transaction.hash(),
        });
        let root = TxRoot::over(std::iter::once(coinbase.hash()).chain(hashes));
        if commitments.merkle_root(&root) != header.merkle_root {
            return Err(CompactError::Mixed);
        }
        let transactions = found.into_iter().map(|found| match found {
            Found::Pooled(transaction) => transaction.transaction().clone(),
            Found::Sent(transaction) => transaction,
        });
        let transactions = List::new(transactions.collect()).expect("as many as there were names");
        Ok(Block { header, commitments, coinbase, transactions })
    }
}
