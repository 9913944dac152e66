//! Reading, at one tip: whatever a reader is asked, its answers belong together.

use std::sync::Arc;

use super::found::Found;
use super::shared::{Shared, State, Tip};
use super::workers::WorkerReport;
use crate::chain::HeaderEntry;
use crate::codec::encode;
use crate::ledger::{Account, BalanceProof, LedgerAt, Reward, Supply, TransactionProof, View};
use crate::mempool::{Entry, Mempool, Ordered, Pending, PoolView};
use crate::storage::{Location, Receipts, StorageError};
use crate::types::{Address, Block, BlockHash, Height, Nonce, TxHash, Txid};

/// Why a reader has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// So much has happened since that its tip is forgotten: take a new reader.
    #[error("the tip moved too far since this reader was taken")]
    TipMoved,
    /// The indexes have not come this far yet.
    #[error("indexing: {done} of {tip} blocks")]
    Indexing {
        /// Up to which height everything is found.
        done: Height,
        /// Where the reader's tip stands.
        tip: Height,
    },
    /// What happened above this height is not kept from there on.
    #[error("what came after {height} was pruned, up to {base}")]
    Pruned {
        /// Which height was asked for.
        height: Height,
        /// Where block data begins.
        base: Height,
    },
    /// It takes more work than one answer is worth.
    #[error("more than {blocks_max} blocks would have to be read")]
    TooFar {
        /// How many may be.
        blocks_max: usize,
    },
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Sees the chain as it was at one tip.
#[derive(Clone)]
pub struct Reader {
    pub(super) shared: Arc<Shared>,
    pub(super) tip: Tip,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let tip = shared.state.read().tip;
        Self { shared, tip }
    }

    /// The tip that this reader sees.
    pub fn tip(&self) -> Tip {
        self.tip
    }

    fn at_tip<T>(&self, read: impl FnOnce(&State, &LedgerAt<'_>) -> T) -> Result<T, ReadError> {
        let state = self.shared.state.read();
        let ledger = state.ledger.at(self.tip.moment).ok_or(ReadError::TipMoved)?;
        Ok(read(&state, &ledger))
    }

    /// What an account has; nothing where it was never paid.
    ///
    /// # Errors
    /// When the tip is forgotten; so with all that follows.
    pub fn account(&self, address: &Address) -> Result<Option<Account>, ReadError> {
        self.at_tip(|_, ledger| ledger.account(address))
    }

    /// The supply.
    ///
    /// # Errors
    /// See [`Reader::account`].
    pub fn supply(&self) -> Result<Supply, ReadError> {
        self.at_tip(|_, ledger| ledger.supply())
    }

    /// What the block at this height earned, while that has not matured.
    ///
    /// # Errors
    /// See [`Reader::account`].
    pub fn reward(&self, height: Height) -> Result<Option<Reward>, ReadError> {
        self.at_tip(|_, ledger| ledger.reward(height))
    }

    /// What an account had below the tip, proven by the tip's header; nothing at genesis.
    ///
    /// # Errors
    /// See [`Reader::account`].
    pub fn prove_balance(&self, address: &Address) -> Result<Option<BalanceProof>, ReadError> {
        let proof = self.at_tip(|_, ledger| ledger.prove_balance(address, &self.tip.hash))?;
        // What the tip overwrote is forgotten one block before the tip is.
        if proof.is_none() && self.tip.height > self.shared.base {
            return Err(ReadError::TipMoved);
        }
        Ok(proof)
    }

    /// The block at a height of this reader's branch.
    pub fn header_at(&self, height: Height) -> Option<HeaderEntry> {
        self.shared.state.read().chain.ancestor(&self.tip.hash, height).cloned()
    }

    /// What is known about a block, on whatever branch.
    pub fn header(&self, hash: &BlockHash) -> Option<HeaderEntry> {
        self.shared.state.read().chain.entry(hash).cloned()
    }

    /// The block at a height of the branch that ends in this one, whichever it is.
    pub fn ancestor(&self, hash: &BlockHash, height: Height) -> Option<HeaderEntry> {
        self.shared.state.read().chain.ancestor(hash, height).cloned()
    }

    /// Whether a block stands on this reader's tip, so that its branch is the one that is followed, gone on.
    pub fn is_above_tip(&self, hash: &BlockHash) -> bool {
        let state = self.shared.state.read();
        let at_tip = state.chain.ancestor(hash, self.tip.height);
        *hash != self.tip.hash && at_tip.is_some_and(|entry| entry.hash == self.tip.hash)
    }

    /// Whether a block is on this reader's branch.
    pub fn is_followed(&self, hash: &BlockHash) -> bool {
        let state = self.shared.state.read();
        let at = state.chain.entry(hash).map(|entry| entry.height);
        at.and_then(|height| state.chain.ancestor(&self.tip.hash, height)).is_some_and(|at| at.hash == *hash)
    }

    /// A block, of whatever branch; nothing where it is not here, or only its header, or its place is found and it is not
    /// written yet. It may not be durable yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn block(&self, hash: &BlockHash) -> Result<Option<Block>, ReadError> {
        if self.is_genesis(hash) {
            return Ok(Some(self.shared.genesis.block().clone()));
        }
        let location = self.written_at(hash);
        Ok(location.map(|location| self.shared.library.block(location)).transpose()?)
    }

    /// The encoding of the same block, from the journal as it is.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn block_bytes(&self, hash: &BlockHash) -> Result<Option<Vec<u8>>, ReadError> {
        if self.is_genesis(hash) {
            return Ok(Some(encode(self.shared.genesis.block())));
        }
        let location = self.written_at(hash);
        Ok(location.map(|location| self.shared.library.block_bytes(location)).transpose()?)
    }

    /// The only block that no journal has.
    fn is_genesis(&self, hash: &BlockHash) -> bool {
        *hash == self.shared.params.chain.0
    }

    fn written_at(&self, hash: &BlockHash) -> Option<Location> {
        self.shared.state.read().written(hash).block
    }

    /// What became of a block's transactions; nothing where it was never put on here.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn receipts(&self, hash: &BlockHash) -> Result<Option<Receipts>, ReadError> {
        let location = self.shared.state.read().written(hash).connected;
        Ok(location.map(|location| self.shared.library.receipts(location, hash)).transpose()?)
    }

    /// Proves that a transaction stands in a block of this reader's branch; nothing where it does not.
    ///
    /// # Errors
    /// When the block cannot be read, or another branch without it is followed now, or about to be.
    pub fn prove_transaction(&self, found: &Found) -> Result<Option<TransactionProof>, ReadError> {
        let Some(index) = found.place.position.checked_sub(1) else { return Ok(None) };
        let Some(block) = self.block(&found.block)? else { return Ok(None) };
        self.at_tip(|state, _| {
            let height = block.coinbase.height;
            let has_it = |tip: &BlockHash| {
                state.chain.ancestor(tip, height).is_some_and(|entry| entry.hash == found.block)
            };
            match (has_it(&self.tip.hash), has_it(&state.ledger.tip())) {
                (true, true) => Ok(state.ledger.prove_transaction(&block, index as usize)),
                (true, false) => Err(ReadError::TipMoved),
                (false, _) => Ok(None),
            }
        })?
    }

    /// Transactions that wait for a block, as they are at this reader's tip.
    ///
    /// # Errors
    /// When the pool has gone on to another tip.
    pub fn pool(&self) -> Result<Arc<PoolView>, ReadError> {
        self.with_pool(|pool, _| Arc::new(pool.view(self.shared.seconds())))
    }

    /// Looks through the transactions that could be mined, best first, where they are: for whoever needs the first of
    /// them, often. The node waits meanwhile, so this looks and does nothing else.
    ///
    /// # Errors
    /// When the pool has gone on to another tip.
    pub fn ready<T>(&self, look: impl FnOnce(Ordered<'_>) -> T) -> Result<T, ReadError> {
        self.with_pool(|pool, _| look(pool.ordered()))
    }

    fn with_pool<T>(&self, look: impl FnOnce(&Mempool, &LedgerAt<'_>) -> T) -> Result<T, ReadError> {
        self.at_tip(|state, ledger| {
            let is_present = (state.tip.hash, state.tip.sequence) == (self.tip.hash, self.tip.sequence);
            is_present.then(|| look(&state.pool, ledger)).ok_or(ReadError::TipMoved)
        })?
    }

    /// A transaction that waits for a block, by the name for machines.
    pub fn pooled(&self, hash: &TxHash) -> Option<Arc<Entry>> {
        self.shared.state.read().pool.get(hash).cloned()
    }

    /// A transaction that waits for a block, by the name for people.
    pub fn pooled_by_txid(&self, txid: &Txid) -> Option<Arc<Entry>> {
        self.shared.state.read().pool.by_txid(txid).cloned()
    }

    /// Everyone who mines on this node from outside, as of now.
    pub fn workers(&self) -> Vec<WorkerReport> {
        self.shared.workers.reports()
    }

    /// The nonce that an account's next transaction should have, and what the pool would do to it.
    ///
    /// # Errors
    /// When the pool has gone on to another tip.
    pub fn pending(&self, address: &Address) -> Result<(Nonce, Pending), ReadError> {
        self.with_pool(|pool, ledger| (pool.next_nonce(address, ledger), pool.pending(address)))
    }
}
