//! Proofs that need nothing but one header.
//!
//! Every proof begins with the same opening: a header and what it commits to. Whoever has checked that header's work,
//! or knows its hash from somebody who has, need not trust whoever hands over the rest.

use super::tree::{ProofError, StateProof};
use super::{Account, Entry, History, HistorySummary, StateKey};
use crate::codec::{Canonical, Decode, Encode, List, encode};
use crate::crypto::{Digest, merkle, sha256d};
use crate::types::{
    Address, BLOCK_TRANSACTIONS_MAX, Block, BlockHash, Commitments, Header, Height, StateRoot, Transaction,
    TxHash, TxRoot,
};

/// A header, and the roots that its merkle root stands for.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Opening {
    /// The 80 bytes.
    pub header: Header,
    /// Root over the block's transactions.
    pub transactions: TxRoot,
    /// Root of the state before the block.
    pub state: StateRoot,
    /// All headers before the block; their number is its height.
    pub history: HistorySummary,
}

impl Opening {
    /// Checks that the header commits to all of this.
    ///
    /// # Errors
    /// When it does not, or is a genesis header, which commits to nothing.
    pub fn check(&self) -> Result<(), ProofError> {
        let commitments = Commitments { state: self.state, history: self.history.root() };
        if self.history.count == 0 {
            return Err(ProofError::Genesis);
        }
        if commitments.merkle_root(&self.transactions) == self.header.merkle_root {
            Ok(())
        } else {
            Err(ProofError::Header)
        }
    }

    /// What the header of a block commits to, the headers before it being those of `history`.
    pub(super) fn new(block: &Block, transactions: TxRoot, history: &History) -> Self {
        Self {
            header: block.header,
            transactions,
            state: block.commitments.state,
            history: history.summary(block.coinbase.height.0),
        }
    }

    /// The height of the header's block.
    pub fn height(&self) -> Height {
        Height(self.history.count)
    }
}

/// What an account had after one block, proven by the header of the next.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct BalanceProof {
    /// The header that commits to the state, and to the height.
    pub opening: Opening,
    /// The way to the account in that state, or to where it would be.
    pub path: StateProof,
}

impl Canonical for BalanceProof {
    const BYTES_MAX: usize = 16 << 10;
}

/// What a [`BalanceProof`] proves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProvenBalance {
    /// The account; nothing of it where it provably does not exist.
    pub account: Account,
    /// The height after whose block it was so.
    pub as_of: Height,
    /// That block.
    pub as_of_block: BlockHash,
    /// The block whose header proves it: the one above. Its work is for the caller to judge.
    pub proven_by: BlockHash,
}

impl BalanceProof {
    /// What this proves about the account of `address`, from nothing but the proof itself.
    ///
    /// # Security
    /// It holds as far as the header is to be trusted: compare [`ProvenBalance::proven_by`] with a chain of headers
    /// whose work you checked.
    ///
    /// # Errors
    /// When it proves nothing.
    pub fn verify(&self, address: &Address) -> Result<ProvenBalance, ProofError> {
        self.opening.check()?;
        let account = match self.path.verify(&self.opening.state, &StateKey::account(address))? {
            Some(Entry::Account(account)) => *account,
            None => Account::default(),
            // Keys of rewards and of the supply are hashed under another kind.
            Some(Entry::Reward(_) | Entry::Supply(_)) => return Err(ProofError::Form),
        };
        let as_of = self.opening.height().previous().ok_or(ProofError::Genesis)?;
        Ok(ProvenBalance {
            account,
            as_of,
            as_of_block: self.opening.header.previous,
            proven_by: self.opening.header.hash(),
        })
    }
}

/// That a transaction stands in a block.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct TransactionProof {
    /// The block's header.
    pub opening: Opening,
    /// Where it stands: 0 is the coinbase, the first transaction 1.
    pub index: u32,
    /// How many entries the block has, its coinbase included.
    pub count: u32,
    /// Nodes beside the way, from the transaction upwards.
    pub siblings: List<Digest, 0, 32>,
    /// The transaction.
    pub transaction: Transaction,
}

impl Canonical for TransactionProof {
    const BYTES_MAX: usize = 64 << 10;
}

impl TransactionProof {
    /// Proves the transaction at `index` of a block, counted without the coinbase; nothing where there is none.
    pub(super) fn new(block: &Block, index: usize, history: &History) -> Option<Self> {
        let transaction = block.transactions.get(index)?.clone();
        let coinbase = std::iter::once(block.coinbase.hash());
        let leaves: Vec<TxHash> = coinbase.chain(block.transactions.iter().map(Transaction::hash)).collect();
        let digests: Vec<Digest> = leaves.iter().map(|leaf| *leaf.as_bytes()).collect();
        let path = merkle::Path::new(&digests, index + 1)?;
        Some(Self {
            opening: Opening::new(block, TxRoot::over(leaves), history),
            index: u32::try_from(path.index).ok()?,
            count: u32::try_from(path.count).ok()?,
            siblings: List::new(path.siblings).ok()?,
            transaction,
        })
    }

    /// Checks that the transaction stands in the block, and answers with where that block stands and what it is called.
    ///
    /// # Security
    /// At which place it stands in the block is not proven: where an odd node is carried up, paths of several shapes lead
    /// to the same root. As with every proof, how far to trust the header is for whoever checked its work. A transaction of exactly 64 bytes is refused: it could be two nodes of the tree, passed off as an entry.
    ///
    /// # Errors
    /// When it does not.
    pub fn verify(&self) -> Result<(Height, BlockHash), ProofError> {
        self.opening.check()?;
        let bytes = encode(&self.transaction);
        if bytes.len() == 64 || self.index == 0 || self.count as usize > BLOCK_TRANSACTIONS_MAX + 1 {
            return Err(ProofError::Form);
        }
        let path = merkle::Path {
            index: self.index as usize,
            count: self.count as usize,
            siblings: self.siblings.to_vec(),
        };
        let root = path.root(&sha256d(&bytes)).ok_or(ProofError::Form)?;
        if root == *self.opening.transactions.as_bytes() {
            Ok((self.opening.height(), self.opening.header.hash()))
        } else {
            Err(ProofError::Root)
        }
    }
}
