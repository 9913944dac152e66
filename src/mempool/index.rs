//! Adding and removing, with every index kept in agreement: nothing else touches them.

use std::collections::hash_map::Entry as Place;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use ahash::RandomState;

use super::entry::{Slot, payments};
use super::{Entry, Mempool, Queue};
use crate::ledger::MapSeed;
use crate::types::{Address, Height, Nonce, TxHash, Txid};

/// What all transactions are found by, whether they are ready or wait.
#[derive(Clone, Debug)]
pub(super) struct Names {
    by_hash: HashMap<TxHash, Arc<Entry>, RandomState>,
    by_txid: HashMap<Txid, TxHash, RandomState>,
    /// By the second of admission, then by arrival number.
    by_age: BTreeMap<(u64, u64), TxHash>,
    by_expiry: BTreeSet<(Height, TxHash)>,
    bytes: usize,
}

impl Names {
    pub fn new(seed: MapSeed) -> Self {
        Self {
            by_hash: HashMap::with_hasher(seed.hasher()),
            by_txid: HashMap::with_hasher(seed.hasher()),
            by_age: BTreeMap::new(),
            by_expiry: BTreeSet::new(),
            bytes: 0,
        }
    }

    pub fn get(&self, hash: &TxHash) -> Option<&Arc<Entry>> {
        self.by_hash.get(hash)
    }

    pub fn by_txid(&self, txid: &Txid) -> Option<&Arc<Entry>> {
        self.by_hash.get(self.by_txid.get(txid)?)
    }

    pub fn len(&self) -> usize {
        self.by_hash.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Sizes of all that is kept, so that a test can say that none of them grows.
    pub fn sizes(&self) -> [usize; 4] {
        [self.by_hash.len(), self.by_txid.len(), self.by_age.len(), self.by_expiry.len()]
    }

    pub fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.by_hash.values()
    }

    fn add(&mut self, entry: &Arc<Entry>) {
        let facts = entry.facts();
        self.by_txid.insert(facts.txid, facts.hash);
        self.by_age.insert((entry.admitted_seconds(), entry.arrival()), facts.hash);
        if let Some(expiry) = entry.spend().body().expiry {
            self.by_expiry.insert((expiry, facts.hash));
        }
        self.bytes += facts.bytes;
        self.by_hash.insert(facts.hash, Arc::clone(entry));
    }

    fn remove(&mut self, entry: &Entry) {
        let facts = entry.facts();
        self.by_hash.remove(&facts.hash);
        self.by_txid.remove(&facts.txid);
        self.by_age.remove(&(entry.admitted_seconds(), entry.arrival()));
        if let Some(expiry) = entry.spend().body().expiry {
            self.by_expiry.remove(&(expiry, facts.hash));
        }
        self.bytes -= facts.bytes;
    }

    /// Gives back memory that is far more than what is kept needs.
    fn give_back(&mut self) {
        give_back(&mut self.by_hash);
        give_back(&mut self.by_txid);
    }

    pub fn capacity(&self) -> usize {
        self.by_hash.capacity() + self.by_txid.capacity()
    }

    /// One whose last height is below the next block's.
    pub fn outlived(&self, next_height: Height) -> Option<&Arc<Entry>> {
        let (expiry, hash) = self.by_expiry.first()?;
        if *expiry < next_height { self.by_hash.get(hash) } else { None }
    }

    /// One that was admitted before then.
    pub fn admitted_before(&self, seconds: u64) -> Option<&Arc<Entry>> {
        let ((admitted, _), hash) = self.by_age.first_key_value()?;
        if *admitted < seconds { self.by_hash.get(hash) } else { None }
    }
}

/// A map keeps this many times the room that it needs, at most, beyond a little.
const ROOM_FACTOR_MAX: usize = 8;

/// Maps grow by themselves and never shrink: one flood, and the memory would be gone for as long as the node runs.
fn give_back<K: Eq + Hash, V>(map: &mut HashMap<K, V, RandomState>) {
    if map.capacity() > ROOM_FACTOR_MAX * map.len() + 4096 {
        map.shrink_to(2 * map.len());
    }
}

/// Which queues must be looked at again: they lost or gained money, or their account changed.
pub(super) type Touched = BTreeSet<Address>;

impl Mempool {
    /// Gives back memory that a flood took and nothing needs any longer.
    pub(super) fn give_back(&mut self) {
        self.names.give_back();
        give_back(&mut self.queues);
        give_back(&mut self.income);
    }

    /// Room in all maps that grow with what is kept.
    pub(super) fn capacity(&self) -> usize {
        self.names.capacity() + self.queues.capacity() + self.income.capacity()
    }

    /// The next arrival number.
    pub(super) fn arrive(&mut self) -> u64 {
        let arrival = self.next_arrival;
        self.next_arrival += 1;
        arrival
    }

    /// Changes a queue that is there, and whatever is kept in its order.
    pub(super) fn edit<T>(&mut self, sender: &Address, change: impl FnOnce(&mut Queue) -> T) -> T {
        let Place::Occupied(mut place) = self.queues.entry(*sender) else { panic!("a queue that is there") };
        let queue = place.get_mut();
        let ends = |queue: &Queue| {
            let rank = |slot: &Slot| slot.entry.rank();
            (queue.ready.front().map(rank), queue.ready.back().map(rank))
        };
        let (before, count) = (ends(queue), queue.ready.len());
        let result = change(queue);
        let (after, borrows, empty) = (ends(queue), queue.borrows(), queue.is_empty());
        self.ready_count = self.ready_count - count + queue.ready.len();
        for (index, before, after) in
            [(&mut self.heads, before.0, after.0), (&mut self.tails, before.1, after.1)]
        {
            if before != after {
                if let Some(rank) = before {
                    index.remove(&rank);
                }
                if let Some(rank) = after {
                    index.insert(rank, *sender);
                }
            }
        }
        if borrows {
            self.borrowers.insert(*sender);
        } else if !self.borrowers.is_empty() {
            self.borrowers.remove(sender);
        }
        if empty {
            place.remove();
        }
        result
    }

    /// Puts a transaction behind the ready ones of its sender.
    pub(super) fn push_ready(&mut self, slot: Slot) {
        let entry = Arc::clone(&slot.entry);
        self.names.add(&entry);
        self.earn(&entry);
        self.edit(&entry.facts().sender, |queue| queue.push(slot));
    }

    /// Takes the ready ones of a sender from this position on.
    pub(super) fn take_ready(&mut self, sender: &Address, from: usize, touched: &mut Touched) -> Vec<Slot> {
        let slots: Vec<Slot> = self.edit(sender, |queue| {
            let slots = queue.ready.drain(from..).collect();
            queue.recount();
            slots
        });
        slots.iter().for_each(|slot| self.forget_ready(slot, touched));
        slots
    }

    /// Takes the first ready one of a sender; the queue is not counted anew, since whoever takes one takes many.
    pub(super) fn take_first(&mut self, sender: &Address, touched: &mut Touched) -> Option<Slot> {
        let slot = self.edit(sender, |queue| queue.ready.pop_front())?;
        self.forget_ready(&slot, touched);
        Some(slot)
    }

    /// Puts a transaction in the place of a ready one, under its number.
    pub(super) fn swap_ready(&mut self, position: usize, slot: Slot, touched: &mut Touched) -> Slot {
        let sender = slot.entry.facts().sender;
        let entry = Arc::clone(&slot.entry);
        let old = self.edit(&sender, |queue| {
            let old = std::mem::replace(&mut queue.ready[position], slot);
            queue.recount();
            old
        });
        self.forget_ready(&old, touched);
        self.names.add(&entry);
        self.earn(&entry);
        touched.insert(sender);
        old
    }

    fn forget_ready(&mut self, slot: &Slot, touched: &mut Touched) {
        self.names.remove(&slot.entry);
        for (payee, _) in payments(&slot.entry.spend()) {
            if let Place::Occupied(mut place) = self.income.entry(*payee) {
                place.get_mut().remove(slot.entry.arrival());
                if place.get().is_empty() {
                    place.remove();
                }
            }
            if self.queues.contains_key(payee) {
                touched.insert(*payee);
            }
        }
    }

    fn earn(&mut self, entry: &Entry) {
        for (payee, amount) in payments(&entry.spend()) {
            self.income.entry(*payee).or_default().add(entry.arrival(), amount);
        }
    }

    /// Puts a transaction among those that wait.
    pub(super) fn push_waiting(&mut self, slot: Slot) {
        let entry = Arc::clone(&slot.entry);
        let (sender, nonce) = (entry.facts().sender, entry.nonce());
        self.names.add(&entry);
        self.waiting.insert(entry.arrival(), (sender, nonce));
        self.waiting_bytes += entry.facts().bytes;
        self.edit(&sender, |queue| queue.waiting.insert(nonce, slot));
    }

    /// Takes one that waits.
    pub(super) fn take_waiting(&mut self, sender: &Address, nonce: Nonce) -> Option<Slot> {
        if !self.queues.get(sender)?.waiting.contains_key(&nonce) {
            return None;
        }
        let slot = self.edit(sender, |queue| queue.waiting.remove(&nonce))?;
        self.names.remove(&slot.entry);
        self.waiting.remove(&slot.entry.arrival());
        self.waiting_bytes -= slot.entry.facts().bytes;
        Some(slot)
    }

    /// Everything, in the order of arrival: the ready ones, then those that wait. Nothing is left.
    pub(super) fn take_all(&mut self) -> (Vec<Arc<Entry>>, Vec<Arc<Entry>>) {
        let none = HashMap::with_hasher(self.seed.hasher());
        let queues = std::mem::replace(&mut self.queues, none);
        let (mut ready, mut waiting) = (Vec::new(), Vec::new());
        for queue in queues.into_values() {
            ready.extend(queue.ready.into_iter().map(|slot| slot.entry));
            waiting.extend(queue.waiting.into_values().map(|slot| slot.entry));
        }
        ready.sort_unstable_by_key(|entry| entry.arrival());
        waiting.sort_unstable_by_key(|entry| entry.arrival());
        self.income.clear();
        self.names = Names::new(self.seed);
        self.heads.clear();
        self.tails.clear();
        self.borrowers.clear();
        self.waiting.clear();
        (self.waiting_bytes, self.ready_count) = (0, 0);
        (ready, waiting)
    }
}
