//! Leaving without being mined, and what else leaves because of it.

use std::sync::Arc;

use super::entry::Slot;
use super::index::Touched;
use super::queue::Queue;
use super::{AdmitError, Entry, Mempool};
use crate::consensus::CheckedTransaction;
use crate::ledger::{Account, StateKey, View};
use crate::types::{Address, Height, Nonce, TxHash};

/// Why a transaction left without being mined, or came back from an abandoned branch in vain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Another with its sender and nonce pays more.
    Replaced {
        /// The other.
        by: TxHash,
    },
    /// The pool was full.
    Evicted,
    /// Its last height passed.
    Expired,
    /// It was here for as long as anything may be.
    Aged,
    /// Another with its sender and nonce was mined.
    Outdated,
    /// The money for it is gone.
    Unfunded,
    /// One before it left, and there was no room to wait for another.
    Orphaned,
    /// The pool would not take it on the new branch.
    Refused(AdmitError),
}

/// A transaction that left without being mined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Departure {
    /// The transaction.
    pub transaction: Arc<CheckedTransaction>,
    /// Why.
    pub why: Why,
}

/// What one change of the pool leads to.
#[derive(Default)]
pub(super) struct Ripple {
    /// Queues to be looked at again.
    pub touched: Touched,
    /// What left.
    pub departed: Vec<Departure>,
    /// What waited and is ready now.
    pub promoted: Vec<TxHash>,
}

impl Ripple {
    pub fn depart(&mut self, entry: &Entry, why: Why) {
        self.departed.push(Departure { transaction: Arc::clone(entry.transaction()), why });
    }
}

impl Mempool {
    /// Lets go of what was here too long or is past its last height; for whoever has a timer. Blocks do it too.
    pub fn expire(&mut self, ledger: &impl View, next_height: Height, now_seconds: u64) -> Vec<Departure> {
        let mut ripple = Ripple::default();
        self.expire_into(next_height, now_seconds, &mut ripple);
        self.settle(ledger, &mut ripple);
        ripple.departed
    }

    pub(super) fn expire_into(&mut self, next_height: Height, now_seconds: u64, ripple: &mut Ripple) {
        if self.floor.settle(now_seconds) {
            self.rejections.room_made();
        }
        while let Some(entry) = self.names.outlived(next_height).cloned() {
            self.remove(&entry, Why::Expired, ripple);
        }
        let oldest_seconds = now_seconds.saturating_sub(self.limits.age_seconds_max);
        while let Some(entry) = self.names.admitted_before(oldest_seconds).cloned() {
            self.remove(&entry, Why::Aged, ripple);
        }
    }

    /// Takes out one transaction, wherever it is.
    pub(super) fn remove(&mut self, entry: &Entry, why: Why, ripple: &mut Ripple) {
        let (sender, nonce) = (entry.facts().sender, entry.nonce());
        if self.take_waiting(&sender, nonce).is_some() {
            ripple.depart(entry, why);
        } else if let Some(position) = self.queues.get(&sender).and_then(|queue| queue.position(nonce)) {
            self.cut(&sender, position, Some(why), ripple);
        }
    }

    /// Ends a queue before this position. Where a reason is given the first that is cut off leaves for it; the others
    /// wait for another to fill its place, as far as there is room.
    pub(super) fn cut(&mut self, sender: &Address, position: usize, why: Option<Why>, ripple: &mut Ripple) {
        let Some(&Queue { key, confirmed, .. }) = self.queues.get(sender) else { return };
        let mut slots = self.take_ready(sender, position, &mut ripple.touched).into_iter();
        if let Some(why) = why
            && let Some(first) = slots.next()
        {
            ripple.depart(&first.entry, why);
        }
        for slot in slots {
            if self.has_room_to_wait(sender, slot.entry.facts().bytes) {
                self.open(sender, key, confirmed);
                self.push_waiting(slot);
            } else {
                ripple.depart(&slot.entry, Why::Orphaned);
            }
        }
        ripple.touched.insert(*sender);
    }

    /// A queue for this sender, where there is none.
    pub(super) fn open(&mut self, sender: &Address, key: StateKey, confirmed: Option<Account>) {
        self.queues.entry(*sender).or_insert_with(|| Queue::new(key, confirmed));
    }

    /// Looks at every queue that was touched, and at all that are touched by that, until each is covered again.
    ///
    /// It ends: every queue that is not covered loses a transaction for good.
    pub(super) fn settle(&mut self, ledger: &impl View, ripple: &mut Ripple) {
        while let Some(sender) = ripple.touched.pop_first() {
            let Some(queue) = self.queues.get(&sender) else { continue };
            let account = ledger.account_at(&queue.key);
            self.follow(&sender, account, ripple);
            let Some(queue) = self.queues.get(&sender) else { continue };
            let income = if queue.borrows() { self.income.get(&sender) } else { None };
            let covered = queue.covered(income);
            if covered < queue.ready.len() {
                self.cut(&sender, covered, Some(Why::Unfunded), ripple);
            }
            self.promote(&sender, ripple);
        }
    }

    /// Takes a sender's account as it is now: what its nonce has passed leaves, what is beyond it waits.
    fn follow(&mut self, sender: &Address, account: Option<Account>, ripple: &mut Ripple) {
        let next = account.unwrap_or_default().nonce;
        while let Some(slot) = self.first_below(sender, next, &mut ripple.touched) {
            ripple.depart(&slot.entry, Why::Outdated);
        }
        let Some(queue) = self.queues.get(sender) else { return };
        let ahead = queue.ready.front().is_some_and(|slot| slot.entry.nonce() != next);
        self.edit(sender, |queue| {
            queue.confirmed = account;
            queue.recount();
        });
        if ahead {
            self.cut(sender, 0, None, ripple);
        }
    }

    /// Takes one of a sender's transactions whose nonce was passed.
    fn first_below(&mut self, sender: &Address, next: Nonce, touched: &mut Touched) -> Option<Slot> {
        let queue = self.queues.get(sender)?;
        if queue.ready.front().is_some_and(|slot| slot.entry.nonce() < next) {
            return self.take_first(sender, touched);
        }
        let (nonce, _) = queue.waiting.first_key_value().filter(|(nonce, _)| **nonce < next)?;
        let nonce = *nonce;
        self.take_waiting(sender, nonce)
    }
}
