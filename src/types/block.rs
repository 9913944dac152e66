//! Blocks: a header, what it commits to, and what happened.

use super::{
    Address, Amount, Header, Height, HistoryRoot, MerkleRoot, StateRoot, Transaction, TxHash, TxRoot,
};
use crate::codec::{Blob, Canonical, Decode, Encode, List, encode};
use crate::crypto::{Digest, merkle, sha256d};

/// Encoding of a block; a genesis may ask for less.
pub const BLOCK_BYTES_MAX: usize = 8 << 20;
/// Transactions in a block; its bytes are used up before.
pub const BLOCK_TRANSACTIONS_MAX: usize = 1 << 17;
/// Shortest [`Extra`]: both extranonces of a Stratum miner.
pub const EXTRA_BYTES_MIN: usize = 8;

/// Free bytes of a coinbase: first what miners roll, then whatever they like to say.
pub type Extra = Blob<EXTRA_BYTES_MIN, 100>;

/// The first entry of a block: what its miner is owed.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub struct Coinbase {
    /// The block's height, which makes every coinbase different.
    pub height: Height,
    /// Who is owed.
    pub recipient: Address,
    /// The subsidy and all fees, exactly.
    pub amount: Amount,
    /// Last, so that all before it is one half of a Stratum job.
    pub extra: Extra,
}

impl Coinbase {
    /// Its leaf in the merkle tree.
    pub fn hash(&self) -> TxHash {
        TxHash::from_bytes(sha256d(&encode(self)))
    }
}

impl Canonical for Coinbase {
    const BYTES_MAX: usize = 256;
}

/// What was true before the block, so that proofs need nothing but its header.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub struct Commitments {
    /// Root of the state after the block before.
    pub state: StateRoot,
    /// Root over all headers before this one.
    pub history: HistoryRoot,
}

impl Commitments {
    /// Of genesis, before which there was nothing.
    pub const NONE: Self = Self { state: StateRoot::ZERO, history: HistoryRoot::ZERO };

    /// The last element of a Stratum miner's merkle branch: `sha256d(0x01 ‖ state ‖ history)`.
    pub fn hash(&self) -> Digest {
        let mut bytes = [1; 65];
        bytes[1..33].copy_from_slice(self.state.as_bytes());
        bytes[33..].copy_from_slice(self.history.as_bytes());
        sha256d(&bytes)
    }

    /// What a header over these commitments and these transactions must say.
    pub fn merkle_root(&self, transactions: &TxRoot) -> MerkleRoot {
        MerkleRoot::from_bytes(merkle::pair(transactions.as_bytes(), &self.hash()))
    }
}

impl TxRoot {
    /// Root over the coinbase and the transactions, in that order.
    pub fn over(leaves: impl IntoIterator<Item = TxHash>) -> Self {
        let leaves: Vec<Digest> = leaves.into_iter().map(|leaf| *leaf.as_bytes()).collect();
        Self::from_bytes(merkle::root(&leaves))
    }
}

/// A block, of which nothing has been checked but that it is one.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub struct Block {
    /// What was mined.
    pub header: Header,
    /// What was true before.
    pub commitments: Commitments,
    /// What the miner is owed.
    pub coinbase: Coinbase,
    /// What happened, in order.
    pub transactions: List<Transaction, 0, BLOCK_TRANSACTIONS_MAX>,
}

impl Canonical for Block {
    const BYTES_MAX: usize = BLOCK_BYTES_MAX;
}

impl Block {
    /// What the header must say for this body to be its own.
    pub fn merkle_root(&self) -> MerkleRoot {
        let leaves = self.transactions.iter().map(Transaction::hash);
        self.commitments.merkle_root(&TxRoot::over(std::iter::once(self.coinbase.hash()).chain(leaves)))
    }
}
