//! Looking things up by the indexes: transactions, histories, references.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::reader::{ReadError, Reader};
use super::shared::State;
use crate::ledger::Receipt;
use crate::storage::{BlockIndex, IndexView, Location, Order, Place, Receipts, StorageError, Subject};
use crate::types::{Address, Block, BlockHash, Coinbase, Height, Reference, Transaction, Txid};

/// Places looked at for one answer; a longer history is read in several.
pub const PLACES_MAX: usize = 1000;

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

    /// Whom it pays, and who pays.
    pub(super) fn addresses(&self) -> Vec<Address> {
        match self {
            Self::Reward(coinbase) => vec![coinbase.recipient],
            Self::Transaction(transaction) => {
                let body = &transaction.body;
                body.payments().map(|(to, _)| *to).chain([body.policy.address()]).collect()
            }
        }
    }
}

/// Some of a history, in the order that was asked for. It may hold less than was asked for, or nothing, and yet not be the end: what a
/// reorganization left in the indexes is passed over. Go on until there is no `next`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// What was found.
    pub found: Vec<Found>,
    /// Where to go on; nothing where this is the end.
    pub next: Option<Place>,
}

/// What is indexed at one moment.
pub(super) struct Sight<T> {
    /// What was found in memory.
    pub in_memory: T,
    /// What is on disk, which counts below a height.
    pub index: Arc<IndexView>,
    pub lowest: Height,
    /// Whether everything up to the reader's tip is in one or the other.
    pub done: Result<(), ReadError>,
}

impl Reader {
    /// A transaction on this reader's branch.
    ///
    /// # Errors
    /// When the indexes have not come this far, or it cannot be read.
    pub fn transaction(&self, txid: &Txid) -> Result<Option<Found>, ReadError> {
        let (places, done) = self.places(Subject::Transaction(txid), None.into(), PLACES_MAX)?;
        let found =
            self.find(&places, |what| what.transaction().is_some_and(|found| found.body.txid() == *txid))?;
        match found.into_iter().next() {
            Some(found) => Ok(Some(found)),
            // Not to be found where not everything was looked at means nothing.
            None => done.map(|()| None),
        }
    }

    /// Which of these transactions stand on this reader's branch. Each block is opened once, however many of them it has.
    ///
    /// # Errors
    /// When one is not found and the indexes have not come this far, or something cannot be read.
    pub fn mined(&self, txids: &[Txid]) -> Result<BTreeSet<Txid>, ReadError> {
        let wanted: BTreeSet<Txid> = txids.iter().copied().collect();
        let (mut places, mut all_done) = (Vec::new(), Ok(()));
        for txid in &wanted {
            let (of_one, done) = self.places(Subject::Transaction(txid), None.into(), PLACES_MAX)?;
            places.extend(of_one);
            all_done = all_done.and(done);
        }
        places.sort_unstable_by_key(|place| (place.height, place.position));
        let name = |what: &What| what.transaction().map(|found| found.body.txid());
        let mut mined = BTreeSet::new();
        for in_block in places.chunk_by(|one, other| one.height == other.height) {
            let found = self.find(in_block, |what| name(what).is_some_and(|txid| wanted.contains(&txid)))?;
            mined.extend(found.iter().filter_map(|found| name(&found.what)));
        }
        if mined.len() < wanted.len() {
            all_done?;
        }
        Ok(mined)
    }

    /// What paid an address, what it paid, and rewards: at most `limit`, in the order that is asked for. A place alone asks
    /// for the newest below it.
    ///
    /// # Errors
    /// When the indexes have not come this far, or something cannot be read.
    pub fn history(
        &self,
        address: &Address,
        order: impl Into<Order>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.page(Subject::Address(address), order.into(), limit, |what| what.concerns(address))
    }

    /// Payments with a reference, to whomever; as [`Reader::history`].
    ///
    /// # Errors
    /// When the indexes have not come this far, or something cannot be read.
    pub fn payments_for(
        &self,
        reference: &Reference,
        order: impl Into<Order>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.page(Subject::Reference(reference), order.into(), limit, |what| {
            let mut payments = what.transaction().into_iter().flat_map(|found| found.body.payments());
            payments.any(|(_, with)| with == reference)
        })
    }

    fn page(
        &self,
        subject: Subject<'_>,
        order: Order,
        limit: usize,
        fits: impl Fn(&What) -> bool,
    ) -> Result<Page, ReadError> {
        let limit = limit.clamp(1, PLACES_MAX);
        let (places, done) = self.places(subject, order, limit)?;
        done?;
        let next = places.last().filter(|_| places.len() == limit).copied();
        Ok(Page { found: self.find(&places, fits)?, next })
    }

    /// Where to look; and whether everything up to the tip was looked through.
    pub(super) fn places(
        &self,
        subject: Subject<'_>,
        order: Order,
        limit: usize,
    ) -> Result<(Vec<Place>, Result<(), ReadError>), ReadError> {
        let limit = limit.min(PLACES_MAX);
        let is_ours = |place: &Place| place.height <= self.tip.height && order.is_to_come(place);
        let sight = self.sight(|indexed| -> Vec<Place> {
            let blocks = indexed.iter().map(|(_, index)| index.places(subject));
            match order {
                Order::Newest { .. } => blocks.rev().flatten().filter(is_ours).take(limit).collect(),
                Order::Oldest { .. } => blocks.flat_map(Iterator::rev).filter(is_ours).take(limit).collect(),
            }
        })?;
        let on_disk = |limit| {
            let places = sight.index.places(subject, order, sight.lowest, limit);
            places.inspect_err(|error| self.shared.end_over(error))
        };
        // What lies in memory is newer than all that is on disk.
        let places = match order {
            Order::Newest { .. } => {
                let older = on_disk(limit - sight.in_memory.len())?;
                sight.in_memory.into_iter().chain(older).collect()
            }
            Order::Oldest { .. } => on_disk(limit)?.into_iter().chain(sight.in_memory).take(limit).collect(),
        };
        Ok((places, sight.done))
    }

    /// What is indexed, in memory and on disk, at one moment. `look` is given the blocks in memory, the lowest first.
    pub(super) fn sight<T>(
        &self,
        look: impl FnOnce(&VecDeque<(BlockHash, Arc<BlockIndex>)>) -> T,
    ) -> Result<Sight<T>, ReadError> {
        let state = self.shared.state.read();
        // After the state: what is on disk never goes beyond the tip that was published before.
        let index = self.shared.database.index()?;
        // What lies in memory belongs to the branch of the present tip.
        if state.chain.ancestor(&state.tip.hash, self.tip.height).map(|at| at.hash) != Some(self.tip.hash) {
            return Err(ReadError::TipMoved);
        }
        let in_memory = look(&state.indexed);
        // On disk there may be more above this reader's tip, which it does not see.
        let lowest = self.lowest_in_memory(&state).min(Height(self.tip.height.0.saturating_add(1)));
        let done = self.indexed_on_disk(&state, &index.mark().block);
        let complete = lowest.0 <= done.0.saturating_add(1);
        let done = if complete { Ok(()) } else { Err(ReadError::Indexing { done, tip: self.tip.height }) };
        Ok(Sight { in_memory, index, lowest, done })
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
    pub(super) fn find(
        &self,
        places: &[Place],
        fits: impl Fn(&What) -> bool,
    ) -> Result<Vec<Found>, ReadError> {
        let mut found = Vec::with_capacity(places.len());
        let mut opened: Option<Opened> = None;
        for place in places {
            let Some(at) = self.located(place.height) else { continue };
            let Some(what) = self.what(at.location, place)?.filter(|what| fits(what)) else { continue };
            let opened = match &mut opened {
                Some(opened) if opened.hash == at.hash => opened,
                other => other.insert(self.open(&at)?),
            };
            if opened.has(&what, place) {
                let receipt = opened.receipt(place);
                found.push(Found { block: at.hash, place: *place, what, receipt });
            }
        }
        Ok(found)
    }

    fn open(&self, at: &Located) -> Result<Opened, ReadError> {
        let whole = at.is_contested.then(|| self.shared.library.block(at.location)).transpose()?;
        Ok(Opened { hash: at.hash, receipts: self.receipts(&at.hash)?, whole })
    }

    fn what(&self, block: Location, place: &Place) -> Result<Option<What>, StorageError> {
        let library = &self.shared.library;
        Ok(match place.position {
            0 => library.part(block, place)?.map(What::Reward),
            _ => library.part(block, place)?.map(|found| What::Transaction(Box::new(found))),
        })
    }

    fn located(&self, height: Height) -> Option<Located> {
        let state = self.shared.state.read();
        let hash = state.chain.ancestor(&self.tip.hash, height)?.hash;
        let is_contested = state.contested.contains(&height);
        Some(Located { hash, location: state.written(&hash).block?, is_contested })
    }
}

/// A block of a reader's branch, and where it lies.
struct Located {
    hash: BlockHash,
    location: Location,
    /// Whether another was once followed at its height, whose entries are still in the indexes.
    is_contested: bool,
}

/// A block in which something was found.
struct Opened {
    hash: BlockHash,
    receipts: Option<Receipts>,
    /// All of it, where an entry may mean another block.
    whole: Option<Block>,
}

impl Opened {
    /// Whether this really stands at its place.
    ///
    /// # Security
    /// What an entry of another block leads to may be any bytes of this one. Whoever mines could write somebody's payment
    /// into a note, where it would be found again after the block that it stood in was left.
    fn has(&self, what: &What, place: &Place) -> bool {
        let Some(block) = &self.whole else { return true };
        match what {
            // It begins at the same byte of every block.
            What::Reward(_) => true,
            What::Transaction(found) => {
                let at = place.position.checked_sub(1).and_then(|at| block.transactions.get(at as usize));
                at == Some(&**found)
            }
        }
    }

    fn receipt(&self, place: &Place) -> Receipt {
        let at = place.position.checked_sub(1).zip(self.receipts.as_ref());
        at.map(|(at, receipts)| receipts.receipt(at)).unwrap_or_default()
    }
}
