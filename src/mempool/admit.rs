//! Admission: the order of all checks, and what follows from being let in.

use std::sync::Arc;

use super::depart::{Ripple, Why};
use super::entry::{Price, Slot, fee_asked, rate_of};
use super::queue::{Income, Queue};
use super::room::pebbles;
use super::{AdmitError, Departure, Entry, Mempool, Rejection};
use crate::consensus::CheckedTransaction;
use crate::ledger::{StateKey, View};
use crate::types::{Address, Amount, Height, Nonce, TxHash};

/// Where a transaction that was let in stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It could be mined now.
    Ready,
    /// It waits for an earlier nonce.
    Waiting {
        /// The sender's next.
        expected: Nonce,
    },
}

/// What letting a transaction in led to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Admitted {
    /// Where it stands.
    pub standing: Standing,
    /// What waited for it, or for its money, and is ready now.
    pub promoted: Vec<TxHash>,
    /// What left: the one it replaced first, then those that counted on that one, and what gave way.
    pub departed: Vec<Departure>,
}

/// What a transaction is held against.
pub(super) struct Terms<'a, V> {
    pub ledger: &'a V,
    pub next_height: Height,
    pub now_seconds: u64,
    /// Whether the pool's own bounds count. What comes back after a reorganization was let in once; the pool is
    /// brought within its bounds when all of it is back.
    pub bounded: bool,
}

/// Where it would stand.
enum Place {
    /// Behind the ready ones.
    Last,
    /// In the place of the ready one at this position.
    Instead(usize),
    /// Among those that wait.
    Ahead,
}

/// What was found out about a transaction that can be let in.
pub(super) struct Verdict {
    place: Place,
    /// Those whose last transactions give way to it, cheapest first.
    victims: Vec<Address>,
}

impl Verdict {
    /// Whether it waits for an earlier nonce.
    pub fn waits(&self) -> bool {
        matches!(self.place, Place::Ahead)
    }

    /// Whether it takes the place of one that is ready.
    pub fn replaces_ready(&self) -> bool {
        matches!(self.place, Place::Instead(_))
    }

    /// Where it stands in this queue.
    pub fn standing(&self, queue: &Queue) -> Standing {
        if self.waits() { Standing::Waiting { expected: queue.next() } } else { Standing::Ready }
    }
}

/// A replacement pays this part of the old fee more, at least.
///
/// # Security
/// Every replacement costs the whole network another round of passing on. If a pebble more would do, a single payment
/// could be sent around millions of times.
const REPLACEMENT_RISE_PART: u64 = 10;

impl Mempool {
    /// Lets a transaction in, or says which rule it does not meet. `ledger` stands at the tip that the pool was last
    /// [reconciled](Mempool::reconcile) with, and `next_height` is one above it.
    ///
    /// # Errors
    /// The first rule that it does not meet. Then the pool is what it was, but that it remembers the rejection.
    pub fn admit(
        &mut self,
        transaction: Arc<CheckedTransaction>,
        ledger: &impl View,
        next_height: Height,
        now_seconds: u64,
    ) -> Result<Admitted, AdmitError> {
        if self.floor.settle(now_seconds) {
            self.rejections.room_made();
        }
        let hash = transaction.facts().hash;
        let mut ripple = Ripple::default();
        let terms = Terms { ledger, next_height, now_seconds, bounded: true };
        match self.place(transaction, now_seconds, &terms, &mut ripple) {
            Ok(standing) => {
                self.settle(ledger, &mut ripple);
                let promoted = self.still_ready(ripple.promoted);
                Ok(Admitted { standing, promoted, departed: ripple.departed })
            }
            Err(error) => {
                self.rejections.remember(hash, Rejection::Refused(error));
                Err(error)
            }
        }
    }

    /// Holds a transaction against these terms and puts it where it belongs; what that touches is not yet settled.
    pub(super) fn place<V: View>(
        &mut self,
        transaction: Arc<CheckedTransaction>,
        admitted_seconds: u64,
        terms: &Terms<'_, V>,
        ripple: &mut Ripple,
    ) -> Result<Standing, AdmitError> {
        let facts = *transaction.facts();
        let price = self.check_alone(&transaction, terms)?;
        let fresh = self.look_at_sender(&facts.sender, terms.ledger, ripple);
        let queue = fresh.as_ref().or_else(|| self.queues.get(&facts.sender)).expect("one or the other");
        let (key, confirmed) = (queue.key, queue.confirmed);
        let verdict = self.judge(queue, &transaction, &price, terms.bounded)?;
        let (standing, replaces) = (verdict.standing(queue), verdict.replaces_ready());
        if !replaces {
            self.make_room(&verdict.victims, facts.bytes, terms, ripple);
        }
        self.open(&facts.sender, key, confirmed);
        let arrival = match verdict.place {
            Place::Instead(position) => self.ready_at(&facts.sender, position).arrival(),
            Place::Last | Place::Ahead => self.arrive(),
        };
        let entry = Arc::new(Entry::new(transaction, arrival, admitted_seconds));
        self.wake(&entry, ripple);
        self.put(&verdict.place, Slot { entry, price }, ripple);
        // Only now: what was replaced may have counted on those who give way, and would have left with them.
        if replaces {
            self.make_room(&verdict.victims, 0, terms, ripple);
        }
        Ok(standing)
    }

    /// Has these give way until there is room for so many bytes more.
    fn make_room<V: View>(
        &mut self,
        victims: &[Address],
        bytes: usize,
        terms: &Terms<'_, V>,
        ripple: &mut Ripple,
    ) {
        if terms.bounded {
            self.evict(victims, bytes, terms.now_seconds, ripple);
            self.settle(terms.ledger, ripple);
        }
    }

    /// What can be said without looking at the sender's others; its price, where nothing speaks against it.
    pub(super) fn check_alone<V: View>(
        &self,
        transaction: &CheckedTransaction,
        terms: &Terms<'_, V>,
    ) -> Result<Price, AdmitError> {
        self.check_unknown(transaction)?;
        transaction.spend().check_height(terms.next_height)?;
        if terms.bounded {
            self.check_floor(transaction, terms.now_seconds)?;
        }
        let price = Price::of(transaction.spend(), self.params.account_charge, terms.ledger);
        price.ok_or(AdmitError::Overflow)
    }

    /// Where a transaction belongs in its sender's queue, and who gives way to it.
    pub(super) fn judge(
        &self,
        queue: &Queue,
        transaction: &CheckedTransaction,
        price: &Price,
        bounded: bool,
    ) -> Result<Verdict, AdmitError> {
        let place = self.check_place(queue, transaction, price, bounded)?;
        let victims = if bounded { self.check_bytes(queue, &place, transaction, price)? } else { Vec::new() };
        Ok(Verdict { place, victims })
    }

    /// Whether the sender's account has changed since its queue was looked at: rewards mature without a transaction that
    /// would say so.
    pub(super) fn is_behind(&self, queue: &Queue, ledger: &impl View) -> bool {
        ledger.account_at(&queue.key) != queue.confirmed
    }

    /// The sender's account as it is now: in its queue, or in a new one that is not yet part of the pool.
    fn look_at_sender(&mut self, sender: &Address, ledger: &impl View, ripple: &mut Ripple) -> Option<Queue> {
        if self.queues.get(sender).is_some_and(|queue| self.is_behind(queue, ledger)) {
            ripple.touched.insert(*sender);
            self.settle(ledger, ripple);
        }
        if self.queues.contains_key(sender) {
            return None;
        }
        let key = StateKey::account(sender);
        Some(Queue::new(key, ledger.account_at(&key)))
    }

    fn check_unknown(&self, transaction: &CheckedTransaction) -> Result<(), AdmitError> {
        let facts = transaction.facts();
        match self.by_txid(&facts.txid).map(|entry| entry.facts().hash) {
            Some(hash) if hash == facts.hash => Err(AdmitError::Known),
            Some(other) => Err(AdmitError::OtherWitness { other }),
            None => Ok(()),
        }
    }

    fn check_floor(&self, transaction: &CheckedTransaction, now_seconds: u64) -> Result<(), AdmitError> {
        let (fee, floor) = (transaction.transaction().body.fee, self.floor(now_seconds));
        if fee >= floor.fee_for(transaction.facts().bytes) {
            return Ok(());
        }
        Err(AdmitError::Floor { fee, needed: fee_asked(transaction, |bytes| floor.fee_for(bytes)) })
    }

    fn check_place(
        &self,
        queue: &Queue,
        transaction: &CheckedTransaction,
        price: &Price,
        bounded: bool,
    ) -> Result<Place, AdmitError> {
        let (found, expected) = (transaction.transaction().body.nonce, queue.next());
        if found < queue.first() {
            return Err(AdmitError::OldNonce { expected: queue.first(), found });
        }
        if let Some(position) = queue.position(found) {
            self.check_instead(queue, position, transaction, price)?;
            return Ok(Place::Instead(position));
        }
        if let Some(old) = queue.waiting.get(&found) {
            check_outbids(&old.entry, transaction)?;
        }
        if found == expected {
            match self.check_append(queue, &transaction.facts().sender, price, bounded) {
                // On the abandoned branch it followed a payment of all: it may wait until that is mined again.
                Err(AdmitError::AfterPayAll { .. }) if !bounded => {}
                appended => return appended.map(|()| Place::Last),
            }
        }
        self.check_wait(queue, transaction, price)?;
        Ok(Place::Ahead)
    }

    /// Whether a transaction of this price may follow the ready ones.
    pub(super) fn check_append(
        &self,
        queue: &Queue,
        sender: &Address,
        price: &Price,
        bounded: bool,
    ) -> Result<(), AdmitError> {
        if let Some(nonce) = queue.pays_all_at_the_end() {
            return Err(AdmitError::AfterPayAll { nonce });
        }
        let transactions_max = self.limits.account_transactions_max;
        if bounded && queue.ready.len() >= transactions_max {
            return Err(AdmitError::AccountFull { transactions_max });
        }
        if queue.confirmed.is_some() && queue.peak_with(price) <= queue.balance() {
            return Ok(());
        }
        let income = self.income.get(sender).map_or(0, Income::total);
        if queue.confirmed.is_none() && income == 0 {
            return Err(AdmitError::UnknownSender);
        }
        let held = (queue.balance() + income).saturating_sub(queue.owed());
        if held < price.demand() { Err(short_of(price, held)) } else { Ok(()) }
    }

    /// Whether a transaction may take the place of a ready one.
    fn check_instead(
        &self,
        queue: &Queue,
        position: usize,
        transaction: &CheckedTransaction,
        price: &Price,
    ) -> Result<(), AdmitError> {
        check_outbids(&queue.ready[position].entry, transaction)?;
        if queue.held_at(position, None).is_some_and(|held| held >= price.demand()) {
            return Ok(());
        }
        // Whoever is paid often makes this long, so it is asked only where it matters.
        let income = self.income.get(&transaction.facts().sender);
        let held = queue.held_at(position, income).ok_or(AdmitError::UnknownSender)?;
        if held < price.demand() { Err(short_of(price, held)) } else { Ok(()) }
    }

    fn check_bytes(
        &self,
        queue: &Queue,
        place: &Place,
        transaction: &CheckedTransaction,
        price: &Price,
    ) -> Result<Vec<Address>, AdmitError> {
        match place {
            Place::Last => self.check_room(queue, queue.ready.len(), transaction, price, 0),
            Place::Instead(position) => {
                let freed = queue.ready[*position].entry.facts().bytes;
                self.check_room(queue, *position, transaction, price, freed)
            }
            Place::Ahead => Ok(Vec::new()),
        }
    }

    fn ready_at(&self, sender: &Address, position: usize) -> &Entry {
        &self.queues[sender].ready[position].entry
    }

    fn put(&mut self, place: &Place, slot: Slot, ripple: &mut Ripple) {
        let (sender, by) = (slot.entry.facts().sender, slot.entry.facts().hash);
        if let Place::Instead(position) = place {
            let old = self.swap_ready(*position, slot, &mut ripple.touched);
            return ripple.depart(&old.entry, Why::Replaced { by });
        }
        let (key, confirmed) = (self.queues[&sender].key, self.queues[&sender].confirmed);
        if let Some(old) = self.take_waiting(&sender, slot.entry.nonce()) {
            ripple.depart(&old.entry, Why::Replaced { by });
            self.open(&sender, key, confirmed);
        }
        match place {
            Place::Ahead => self.wait(slot, ripple),
            Place::Last | Place::Instead(_) => {
                self.push_ready(slot);
                self.promote(&sender, ripple);
            }
        }
    }
}

/// Whether a fee is enough above that of the transaction in its place, and its rate no lower.
fn check_outbids(old: &Entry, transaction: &CheckedTransaction) -> Result<(), AdmitError> {
    let fee = transaction.transaction().body.fee;
    let rise = old.fee().pebbles().div_ceil(REPLACEMENT_RISE_PART).max(1);
    let above = Amount::from_pebbles(old.fee().pebbles().saturating_add(rise));
    if fee < above || rate_of(transaction) < old.rate() {
        let needed = fee_asked(transaction, |bytes| above.max(old.rate().fee_for(bytes)));
        return Err(AdmitError::Replacement { fee, needed, replaced: old.facts().hash });
    }
    Ok(())
}

/// What is missing to a sender that holds so much.
pub(super) fn short_of(price: &Price, held: u128) -> AdmitError {
    if price.all && held == u128::from(price.cost.pebbles()) {
        return AdmitError::NothingLeft;
    }
    AdmitError::Balance { cost: price.cost, available: pebbles(held) }
}
