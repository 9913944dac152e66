//! Transactions that wait for a block: which are let in, in what order they are offered, and which give way.
//!
//! This room decides what a node keeps and passes on beyond what the rules demand: a price for its memory, one place for
//! each nonce, a limit for each account. None of it is consensus. It never checks signatures, which came in as a
//! [`CheckedTransaction`](crate::consensus::CheckedTransaction), never assembles a block, and reads no clock: `now` is the caller's,
//! in seconds that never run back.
//!
//! Read `admit.rs` first, then `reconcile.rs`; `queue.rs` says what an account's queue is, `index.rs` is the one place
//! that adds and removes.
//!
//! # Money that has not been mined
//!
//! What the pool pays to an address can be spent onward before it is mined. Every transaction that could be mined has an
//! arrival number, and the room holds to this:
//!
//! *Applied one by one in the order of their arrival numbers, all ready transactions settle over the ledger.*
//!
//! Whoever comes last may count on all that is here, so admission is one sum. When a transaction leaves without being
//! mined the money it brought is gone: each queue that it paid is walked again, every transaction counting on nothing
//! but confirmed money and what arrived before it, and what is not covered leaves as well. Accounts that fund each other
//! in a circle therefore cannot stay without real money behind them: some one of them would have to come first.
//! [`Mempool::ordered`] goes by fees, but never offers a transaction before those that pay for it.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod admit;
mod audit;
mod depart;
mod entry;
mod error;
mod estimate;
mod floor;
mod index;
mod limits;
mod order;
mod queue;
mod rate;
mod reconcile;
mod rejections;
mod room;
mod trial;
mod view;
mod wait;

pub use admit::{Admitted, Standing};
pub use depart::{Departure, Why};
pub use entry::Entry;
pub use error::{AdmitError, Rejection, Stale};
pub use estimate::BLOCKS_REMEMBERED_MAX;
pub use limits::Limits;
pub use order::Ordered;
pub use rate::FeeRate;
pub use reconcile::{Change, Reconciled};
pub use trial::Trial;
pub use view::PoolView;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use ahash::RandomState;

use self::estimate::RecentBlocks;
use self::floor::Floor;
use self::index::Names;
use self::queue::{Income, Queue};
use self::rate::Rank;
use self::rejections::Rejections;
use crate::consensus::{Params, TransactionError};
use crate::ledger::{MapSeed, View};
use crate::types::{Address, Amount, Nonce, TxHash, Txid};

/// The transactions that wait for a block.
#[derive(Clone, Debug)]
pub struct Mempool {
    params: Arc<Params>,
    limits: Limits,
    seed: MapSeed,
    next_arrival: u64,
    names: Names,
    queues: HashMap<Address, Queue, RandomState>,
    income: HashMap<Address, Income, RandomState>,
    /// Senders by the first of their ready transactions, which is what could be mined next.
    heads: BTreeMap<Rank, Address>,
    /// Senders by the last of them, which is what could be evicted next.
    tails: BTreeMap<Rank, Address>,
    /// Senders whose ready transactions need money that has not been mined.
    borrowers: HashSet<Address, RandomState>,
    /// What waits for an earlier nonce, the longest first.
    waiting: BTreeMap<u64, (Address, Nonce)>,
    waiting_bytes: usize,
    ready_count: usize,
    floor: Floor,
    rejections: Rejections,
    recent: RecentBlocks,
}

/// What the pool would do to an account if all of it were mined.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pending {
    /// What others pay to it, `PayAll` left out; no more than can be counted.
    pub incoming: Amount,
    /// What its own ready transactions cost, charges included; no more than can be counted.
    pub outgoing: Amount,
    /// How many of its own are ready.
    pub ready: usize,
    /// How many of its own wait for an earlier nonce.
    pub waiting: usize,
}

impl Mempool {
    /// An empty pool.
    ///
    /// # Panics
    /// When the limits do not [agree](Limits::agree).
    pub fn new(params: Arc<Params>, limits: Limits, seed: MapSeed) -> Self {
        assert!(limits.agree(), "limits that contradict each other: {limits:?}");
        Self {
            params,
            limits,
            seed,
            next_arrival: 0,
            names: Names::new(seed),
            queues: HashMap::with_hasher(seed.hasher()),
            income: HashMap::with_hasher(seed.hasher()),
            heads: BTreeMap::new(),
            tails: BTreeMap::new(),
            borrowers: HashSet::with_hasher(seed.hasher()),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            ready_count: 0,
            floor: Floor::new(&limits),
            rejections: Rejections::new(seed, limits.rejections_max),
            recent: RecentBlocks::default(),
        }
    }

    /// What it keeps at most.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A transaction by the name for machines, ready or waiting.
    pub fn get(&self, hash: &TxHash) -> Option<&Arc<Entry>> {
        self.names.get(hash)
    }

    /// A transaction by the name for people.
    pub fn by_txid(&self, txid: &Txid) -> Option<&Arc<Entry>> {
        self.names.by_txid(txid)
    }

    /// Whether a transaction is here and waits for an earlier nonce.
    pub fn is_waiting(&self, hash: &TxHash) -> bool {
        self.get(hash).is_some_and(|entry| {
            let queue = self.queues.get(&entry.facts().sender);
            queue.is_some_and(|queue| queue.waiting.contains_key(&entry.nonce()))
        })
    }

    /// A sender's transactions by nonce: the ready ones, then those that wait.
    pub fn of_sender(&self, sender: &Address) -> impl Iterator<Item = &Arc<Entry>> {
        let queue = self.queues.get(sender).into_iter();
        queue.flat_map(|queue| queue.ready.iter().chain(queue.waiting.values())).map(|slot| &slot.entry)
    }

    /// All of them, ready and waiting, in no order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.queues
            .values()
            .flat_map(|queue| queue.ready.iter().chain(queue.waiting.values()))
            .map(|slot| &slot.entry)
    }

    /// How many there are, ready and waiting.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many could be mined now.
    pub fn ready_len(&self) -> usize {
        self.ready_count
    }

    /// The length of all encodings.
    pub fn bytes(&self) -> usize {
        self.names.bytes()
    }

    /// The nonce that this account's next transaction should have, so that it follows all that are ready.
    pub fn next_nonce(&self, address: &Address, ledger: &impl View) -> Nonce {
        let confirmed = ledger.account(address).unwrap_or_default().nonce;
        let queued = self.queues.get(address).filter(|queue| !queue.ready.is_empty()).map(Queue::next);
        queued.map_or(confirmed, |queued| queued.max(confirmed))
    }

    /// What the pool would do to an account.
    pub fn pending(&self, address: &Address) -> Pending {
        let saturated = |sum: u128| Amount::from_pebbles(u64::try_from(sum).unwrap_or(u64::MAX));
        let queue = self.queues.get(address);
        let costs = queue.into_iter().flat_map(|queue| &queue.ready).map(|slot| slot.price.cost);
        Pending {
            incoming: saturated(self.income.get(address).map_or(0, Income::total)),
            outgoing: saturated(costs.map(|cost| u128::from(cost.pebbles())).sum()),
            ready: queue.map_or(0, |queue| queue.ready.len()),
            waiting: queue.map_or(0, |queue| queue.waiting.len()),
        }
    }

    /// The rate below which nothing is admitted now.
    pub fn floor(&self, now_seconds: u64) -> FeeRate {
        self.floor.at(now_seconds)
    }

    /// Why this was rejected before, while that holds. Whoever fetches transactions from strangers asks first, so that
    /// none is fetched and checked again in vain.
    pub fn rejection(&self, hash: &TxHash) -> Option<Rejection> {
        self.rejections.reason(hash)
    }

    /// Remembers a transaction that breaks a rule of the chain for ever; the caller found it.
    pub fn remember_rejection(&mut self, hash: TxHash, reason: TransactionError) {
        self.rejections.remember(hash, Rejection::Broken(reason));
    }
}
