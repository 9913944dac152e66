//! Waiting for an earlier nonce.

use std::sync::Arc;

use super::depart::{Ripple, Why};
use super::entry::{Price, Slot, payments};
use super::queue::{Income, Queue};
use super::{AdmitError, Entry, Mempool};
use crate::consensus::CheckedTransaction;
use crate::types::{Address, TxHash};

impl Mempool {
    /// Whether a transaction may wait for an earlier nonce of this sender's.
    ///
    /// # Security
    /// Whoever waits pays for nothing, so only accounts that could pay for it are let in, and only a little ahead.
    pub(super) fn check_wait(
        &self,
        queue: &Queue,
        transaction: &CheckedTransaction,
        price: &Price,
    ) -> Result<(), AdmitError> {
        let (found, expected) = (transaction.transaction().body.nonce, queue.next());
        let ahead_max = self.limits.account_transactions_max;
        if found.0 - expected.0 > ahead_max as u64 {
            return Err(AdmitError::NonceTooFar { expected, found, ahead_max });
        }
        if queue.confirmed.is_none() {
            return Err(AdmitError::UnknownSender);
        }
        let income = self.income.get(&transaction.facts().sender);
        let held = queue.balance() + income.map_or(0, Income::total);
        if held < price.demand() {
            return Err(super::admit::short_of(price, held));
        }
        let crowded = queue.waiting.len() >= self.limits.account_waiting_max;
        let furthest = queue.waiting.last_key_value().is_none_or(|(last, _)| *last < found);
        let bytes = transaction.facts().bytes;
        let no_room = bytes > self.limits.waiting_bytes_max || self.bytes() + bytes > self.limits.bytes_max;
        if no_room || (crowded && furthest) {
            return Err(AdmitError::NoRoomToWait { expected, found });
        }
        Ok(())
    }

    /// Puts a transaction among those that wait; of its sender's the furthest gives way, of all the one that has
    /// waited longest: a fee that may never be paid says nothing, but whoever waited in vain so far will go on to.
    pub(super) fn wait(&mut self, slot: Slot, ripple: &mut Ripple) {
        let sender = slot.entry.facts().sender;
        self.push_waiting(slot);
        let queue = self.queues.get(&sender).expect("it was just put there");
        if queue.waiting.len() > self.limits.account_waiting_max
            && let Some((_, last)) = queue.waiting.last_key_value()
        {
            let last = Arc::clone(&last.entry);
            self.remove(&last, Why::Evicted, ripple);
        }
        while self.waiting.len() > self.limits.waiting_max
            || self.waiting_bytes > self.limits.waiting_bytes_max
        {
            self.evict_waiting(ripple);
        }
    }

    /// Lets go of the one that has waited longest. Whether there was one.
    pub(super) fn evict_waiting(&mut self, ripple: &mut Ripple) -> bool {
        let Some((_, (sender, nonce))) = self.waiting.first_key_value() else { return false };
        let (sender, nonce) = (*sender, *nonce);
        let slot = self.take_waiting(&sender, nonce).expect("what waits is in its sender's queue");
        ripple.depart(&slot.entry, Why::Evicted);
        true
    }

    /// Whether one whose earlier one left may wait, without another giving way for it.
    pub(super) fn has_room_to_wait(&self, sender: &Address, bytes: usize) -> bool {
        let of_account = self.queues.get(sender).map_or(0, |queue| queue.waiting.len());
        self.waiting.len() < self.limits.waiting_max
            && self.waiting_bytes + bytes <= self.limits.waiting_bytes_max
            && of_account < self.limits.account_waiting_max
    }

    /// Moves up what need not wait any longer.
    pub(super) fn promote(&mut self, sender: &Address, ripple: &mut Ripple) {
        while let Some(queue) = self.queues.get(sender)
            && let Some(slot) = queue.waiting.get(&queue.next())
            && self.check_append(queue, sender, &slot.price, true).is_ok()
        {
            let (nonce, key, confirmed) = (slot.entry.nonce(), queue.key, queue.confirmed);
            let Some(Slot { entry, price }) = self.take_waiting(sender, nonce) else { return };
            let arrival = self.arrive();
            let entry = Entry::new(Arc::clone(entry.transaction()), arrival, entry.admitted_seconds());
            ripple.promoted.push(entry.facts().hash);
            self.open(sender, key, confirmed);
            self.wake(&entry, ripple);
            self.push_ready(Slot { entry: Arc::new(entry), price });
        }
    }

    /// Of those that moved up, the ones that did not leave again at once.
    pub(super) fn still_ready(&self, mut promoted: Vec<TxHash>) -> Vec<TxHash> {
        promoted.retain(|hash| self.get(hash).is_some() && !self.is_waiting(hash));
        promoted
    }

    /// Has a second look taken at those whom a transaction pays and who may have waited for money.
    pub(super) fn wake(&self, entry: &Entry, ripple: &mut Ripple) {
        if self.waiting.is_empty() {
            return;
        }
        for (payee, _) in payments(&entry.spend()) {
            if self.queues.get(payee).is_some_and(|queue| !queue.waiting.is_empty()) {
                ripple.touched.insert(*payee);
            }
        }
    }
}
