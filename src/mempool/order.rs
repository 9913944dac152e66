//! The order in which transactions are offered to a miner.

use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::iter::{Peekable, Rev};
use std::sync::Arc;

use ahash::RandomState;

use super::entry::payments;
use super::queue::Queue;
use super::rate::Rank;
use super::{Entry, Mempool};
use crate::types::Address;

/// A sender's transaction that could come next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    rank: Rank,
    sender: Address,
    position: usize,
}

/// What a sender that needs money which has not been mined holds so far, in this order.
struct Purse {
    held: u128,
    known: bool,
    /// What it cannot pay yet.
    parked: Option<Candidate>,
}

/// All ready transactions, best first: of all senders' next ones that can be paid for by what came before, the one with
/// the highest fee rate, the earlier one where rates are equal.
///
/// Nothing is sorted ahead: whoever takes the first few hundred pays for a few hundred. A miner that leaves some of them
/// out, because its block is full, must look whether the others still hold.
pub struct Ordered<'a> {
    pool: &'a Mempool,
    heads: Peekable<Rev<std::collections::btree_map::Iter<'a, Rank, Address>>>,
    /// Those behind the heads that came.
    next: BinaryHeap<Candidate>,
    purses: HashMap<Address, Purse, RandomState>,
}

impl Mempool {
    /// All ready transactions in the order in which a miner wants them.
    pub fn ordered(&self) -> Ordered<'_> {
        let heads: &BTreeMap<Rank, Address> = &self.heads;
        Ordered {
            pool: self,
            heads: heads.iter().rev().peekable(),
            next: BinaryHeap::new(),
            purses: HashMap::with_hasher(self.seed.hasher()),
        }
    }
}

impl<'a> Iterator for Ordered<'a> {
    type Item = &'a Arc<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let candidate = self.best()?;
            let queue = &self.pool.queues[&candidate.sender];
            if !self.pool.borrowers.is_empty() && !self.pays(queue, candidate) {
                continue;
            }
            if let Some(slot) = queue.ready.get(candidate.position + 1) {
                let Candidate { sender, position, .. } = candidate;
                self.next.push(Candidate { rank: slot.entry.rank(), sender, position: position + 1 });
            }
            let entry = &queue.ready[candidate.position].entry;
            if !self.pool.borrowers.is_empty() {
                self.credit(entry);
            }
            return Some(entry);
        }
    }
}

impl Ordered<'_> {
    fn best(&mut self) -> Option<Candidate> {
        match (self.heads.peek(), self.next.peek()) {
            (Some((rank, _)), Some(next)) if next.rank > **rank => self.next.pop(),
            (Some(_), _) => {
                let (rank, sender) = self.heads.next()?;
                Some(Candidate { rank: *rank, sender: *sender, position: 0 })
            }
            (None, _) => self.next.pop(),
        }
    }

    fn purse(&mut self, sender: &Address, queue: &Queue) -> &mut Purse {
        let (held, known) = (queue.balance(), queue.confirmed.is_some());
        self.purses.entry(*sender).or_insert(Purse { held, known, parked: None })
    }

    /// Whether what came before pays for this one, which is taken from the purse then; otherwise it is put aside.
    fn pays(&mut self, queue: &Queue, candidate: Candidate) -> bool {
        if !self.pool.borrowers.contains(&candidate.sender) {
            return true;
        }
        let price = queue.ready[candidate.position].price;
        let purse = self.purse(&candidate.sender, queue);
        let pays = purse.known && purse.held >= price.demand();
        if pays {
            purse.held -= price.net();
        } else {
            purse.parked = Some(candidate);
        }
        pays
    }

    /// What one transaction pays to senders that wait for money.
    fn credit(&mut self, entry: &Entry) {
        for (payee, amount) in payments(&entry.spend()) {
            if self.pool.borrowers.contains(payee) {
                let purse = self.purse(payee, &self.pool.queues[payee]);
                purse.held += u128::from(amount.pebbles());
                purse.known = true;
                let parked = purse.parked.take();
                self.next.extend(parked);
            }
        }
    }
}
