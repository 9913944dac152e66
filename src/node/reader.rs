//! Reading, at one tip: whatever a reader is asked, its answers belong together.

use std::sync::Arc;

use super::shared::{Shared, State, Tip};
use super::workers::WorkerReport;
use crate::chain::HeaderEntry;
use crate::codec::encode;
use crate::ledger::{Account, BalanceProof, LedgerAt, Receipt, Reward, Supply, TransactionProof, View};
use crate::mempool::{Entry, Mempool, Ordered, Pending, PoolView};
use crate::storage::{Location, Place, Receipts, StorageError, Subject};
use crate::types::{
    Address, Block, BlockHash, Coinbase, Height, Nonce, Reference, Transaction, TxHash, Txid,
};

/// Places looked at for one answer; a longer history is read in several.
pub const PLACES_MAX: usize = 1000;

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

/// A transaction that was mined, or a reward.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The block it stands in.
    pub block: BlockHash,
    /// Where that stands, and where in it this does.
    pub place: Place,
    /// What it is.
    pub what: What,
    /// What became of it beyond what it says.
    pub receipt: Receipt,
}

/// What stands at a place in a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// What its miner was owed.
    Reward(Coinbase),
    /// A transaction.
    Transaction(Box<Transaction>),
}

impl What {
    fn transaction(&self) -> Option<&Transaction> {
        match self {
            Self::Transaction(transaction) => Some(transaction),
            Self::Reward(_) => None,
        }
    }

    fn concerns(&self, address: &Address) -> bool {
        match self {
            Self::Reward(coinbase) => coinbase.recipient == *address,
            Self::Transaction(transaction) => {
                let body = &transaction.body;
                body.payments().any(|(to, _)| to == address) || body.policy.address() == *address
            }
        }
    }
}

/// Some of a history, newest first. It may hold less than was asked for, or nothing, and yet not be the end: what a
/// reorganization left in the indexes is passed over. Go on until there is no `next`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// What was found.
    pub found: Vec<Found>,
    /// Where to go on; nothing where this is the end.
    pub next: Option<Place>,
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

    /// A transaction on this reader's branch.
    ///
    /// # Errors
    /// When the indexes have not come this far, or it cannot be read.
    pub fn transaction(&self, txid: &Txid) -> Result<Option<Found>, ReadError> {
        let (places, done) = self.places(Subject::Transaction(txid), None, PLACES_MAX)?;
        let found =
            self.find(&places, |what| what.transaction().is_some_and(|found| found.body.txid() == *txid))?;
        match found.into_iter().next() {
            Some(found) => Ok(Some(found)),
            // Not to be found where not everything was looked at means nothing.
            None => done.map(|()| None),
        }
    }

    /// What paid an address, what it paid, and rewards: at most `limit`, below `before` where that is given.
    ///
    /// # Errors
    /// When the indexes have not come this far, or something cannot be read.
    pub fn history(&self, address: &Address, before: Option<Place>, limit: usize) -> Result<Page, ReadError> {
        self.page(Subject::Address(address), before, limit, |what| what.concerns(address))
    }

    /// Payments with a reference, to whomever.
    ///
    /// # Errors
    /// When the indexes have not come this far, or something cannot be read.
    pub fn payments_for(
        &self,
        reference: &Reference,
        before: Option<Place>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.page(Subject::Reference(reference), before, limit, |what| {
            let mut payments = what.transaction().into_iter().flat_map(|found| found.body.payments());
            payments.any(|(_, with)| with == reference)
        })
    }

    fn page(
        &self,
        subject: Subject<'_>,
        before: Option<Place>,
        limit: usize,
        fits: impl Fn(&What) -> bool,
    ) -> Result<Page, ReadError> {
        let limit = limit.clamp(1, PLACES_MAX);
        let (places, done) = self.places(subject, before, limit)?;
        done?;
        let next = places.last().filter(|_| places.len() == limit).copied();
        Ok(Page { found: self.find(&places, fits)?, next })
    }

    /// Where to look, newest first; and whether everything up to the tip was looked through.
    fn places(
        &self,
        subject: Subject<'_>,
        before: Option<Place>,
        limit: usize,
    ) -> Result<(Vec<Place>, Result<(), ReadError>), ReadError> {
        let limit = limit.min(PLACES_MAX);
        let below = |place: &Place| before.is_none_or(|before| *place < before);
        let state = self.shared.state.read();
        // After the state: what is on disk never goes beyond the tip that was published before.
        let index = self.shared.database.index()?;
        // What lies in memory belongs to the branch of the present tip.
        if state.chain.ancestor(&state.tip.hash, self.tip.height).map(|at| at.hash) != Some(self.tip.hash) {
            return Err(ReadError::TipMoved);
        }
        let in_memory = state.indexed.iter().rev().flat_map(|(_, index)| index.places(subject));
        let mut places: Vec<Place> =
            in_memory.filter(|place| place.height <= self.tip.height && below(place)).take(limit).collect();
        // On disk there may be more above this reader's tip, which it does not see.
        let lowest = self.lowest_in_memory(&state).min(Height(self.tip.height.0.saturating_add(1)));
        let done = self.indexed_on_disk(&state, &index.mark().block);
        drop(state);
        let on_disk = index.places(subject, before, lowest, limit - places.len());
        places.extend(on_disk.inspect_err(|error| self.shared.end_over(error))?);
        let complete = lowest.0 <= done.0.saturating_add(1);
        Ok((places, if complete { Ok(()) } else { Err(ReadError::Indexing { done, tip: self.tip.height }) }))
    }

    /// The first height that is indexed in memory.
    fn lowest_in_memory(&self, state: &State) -> Height {
        let count = state.indexed.len() as u32;
        Height((state.tip.height.0 + 1).saturating_sub(count))
    }

    /// Up to which height of this reader's branch everything is indexed on disk.
    fn indexed_on_disk(&self, state: &State, last: &BlockHash) -> Height {
        let mut at = state.chain.entry(last);
        while let Some(entry) = at {
            let ours = state.chain.ancestor(&self.tip.hash, entry.height);
            if ours.is_some_and(|ours| ours.hash == entry.hash)
                || entry.height > self.tip.height && state.chain.is_active(&entry.hash)
            {
                return entry.height.min(self.tip.height);
            }
            at = state.chain.entry(&entry.header.previous);
        }
        Height::GENESIS
    }

    /// What really stands at these places.
    fn find(&self, places: &[Place], fits: impl Fn(&What) -> bool) -> Result<Vec<Found>, ReadError> {
        let mut found = Vec::with_capacity(places.len());
        let mut traced: Option<(BlockHash, Option<Receipts>)> = None;
        for place in places {
            let Some((block, location)) = self.located(place.height) else { continue };
            let Some(what) = self.what(location, place)?.filter(|what| fits(what)) else { continue };
            if traced.as_ref().is_none_or(|(of, _)| *of != block) {
                traced = Some((block, self.receipts(&block)?));
            }
            let receipts = traced.as_ref().and_then(|(_, receipts)| receipts.as_ref());
            let receipt =
                place.position.checked_sub(1).zip(receipts).map(|(at, receipts)| receipts.receipt(at));
            found.push(Found { block, place: *place, what, receipt: receipt.unwrap_or_default() });
        }
        Ok(found)
    }

    fn what(&self, block: Location, place: &Place) -> Result<Option<What>, StorageError> {
        let library = &self.shared.library;
        Ok(match place.position {
            0 => library.part(block, place)?.map(What::Reward),
            _ => library.part(block, place)?.map(|found| What::Transaction(Box::new(found))),
        })
    }

    fn located(&self, height: Height) -> Option<(BlockHash, Location)> {
        let state = self.shared.state.read();
        let hash = state.chain.ancestor(&self.tip.hash, height)?.hash;
        Some((hash, state.written(&hash).block?))
    }
}
