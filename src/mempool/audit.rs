//! Everything that the pool believes of itself, added up again from nothing.

use std::collections::BTreeMap;

use super::entry::{Price, Slot, payments};
use super::{Mempool, Queue};
use crate::ledger::View;
use crate::types::{Address, Amount};

impl Mempool {
    /// Adds everything up again and compares; slow, for tests and for a node that doubts itself.
    ///
    /// # Panics
    /// Where an invariant of this room is broken.
    pub fn audit(&self, ledger: &impl View) {
        self.queues.iter().for_each(|(sender, queue)| audit_queue(sender, queue, ledger));
        self.audit_sums();
        self.audit_ends();
        self.audit_names();
        self.audit_arrivals();
        assert_eq!(self.ordered().count(), self.ready_count, "everything ready is offered");
        let limits = &self.limits;
        assert!(self.bytes() <= limits.bytes_max, "within the bytes");
        assert!(self.waiting.len() <= limits.waiting_max && self.waiting_bytes <= limits.waiting_bytes_max);
    }

    /// The lengths of everything that is kept, by name: what a test watches to see that none of it grows for ever.
    pub fn sizes(&self) -> Vec<(&'static str, usize)> {
        let [by_hash, by_txid, by_age, by_expiry] = self.names.sizes();
        vec![
            ("by_hash", by_hash),
            ("by_txid", by_txid),
            ("by_age", by_age),
            ("by_expiry", by_expiry),
            ("bytes", self.bytes()),
            ("queues", self.queues.len()),
            ("income", self.income.values().map(super::queue::Income::len).sum()),
            ("heads", self.heads.len()),
            ("tails", self.tails.len()),
            ("borrowers", self.borrowers.len()),
            ("waiting", self.waiting.len()),
            ("waiting_bytes", self.waiting_bytes),
            ("ready", self.ready_count),
            ("rejections", self.rejections.len()),
            ("recent_blocks", self.recent.len()),
            ("map_room", self.capacity()),
        ]
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.queues.values().flat_map(|queue| queue.ready.iter().chain(queue.waiting.values()))
    }

    fn ready_in_order(&self) -> Vec<&Slot> {
        let mut ready: Vec<&Slot> = self.queues.values().flat_map(|queue| &queue.ready).collect();
        ready.sort_unstable_by_key(|slot| slot.entry.arrival());
        ready
    }

    fn audit_sums(&self) {
        let bytes: usize = self.slots().map(|slot| slot.entry.facts().bytes).sum();
        assert_eq!(self.bytes(), bytes, "bytes of all");
        let waiting: Vec<&Slot> = self.queues.values().flat_map(|queue| queue.waiting.values()).collect();
        let waiting_bytes: usize = waiting.iter().map(|slot| slot.entry.facts().bytes).sum();
        assert_eq!((self.waiting.len(), self.waiting_bytes), (waiting.len(), waiting_bytes), "what waits");
        for slot in waiting {
            let place = (slot.entry.facts().sender, slot.entry.nonce());
            assert_eq!(self.waiting.get(&slot.entry.arrival()), Some(&place), "found by its arrival");
        }
        let mut income: BTreeMap<Address, (u128, usize)> = BTreeMap::new();
        for slot in self.ready_in_order() {
            let mut paid: BTreeMap<Address, u128> = BTreeMap::new();
            for (payee, amount) in payments(&slot.entry.spend()) {
                *paid.entry(*payee).or_default() += u128::from(amount.pebbles());
            }
            for (payee, amount) in paid {
                let (total, count) = income.entry(payee).or_default();
                (*total, *count) = (*total + amount, *count + 1);
            }
        }
        let kept = self.income.iter().map(|(payee, income)| (*payee, (income.total(), income.len())));
        assert_eq!(kept.collect::<BTreeMap<_, _>>(), income, "what everybody is paid");
    }

    fn audit_ends(&self) {
        let with_ready = || self.queues.iter().filter(|(_, queue)| !queue.ready.is_empty());
        let heads = with_ready().map(|(sender, queue)| (queue.ready[0].entry.rank(), *sender)).collect();
        assert_eq!(self.heads, heads, "the first of each sender");
        let tails = with_ready()
            .filter_map(|(sender, queue)| Some((queue.ready.back()?.entry.rank(), *sender)))
            .collect();
        assert_eq!(self.tails, tails, "the last of each sender");
        let ready: usize = self.queues.values().map(|queue| queue.ready.len()).sum();
        assert_eq!(self.ready_count, ready, "how many are ready");
        for (sender, queue) in &self.queues {
            assert_eq!(self.borrowers.contains(sender), queue.borrows(), "who borrows");
        }
        assert!(self.borrowers.iter().all(|sender| self.queues.contains_key(sender)));
    }

    fn audit_names(&self) {
        let count = self.slots().count();
        let expiring = self.slots().filter(|slot| slot.entry.spend().body().expiry.is_some()).count();
        assert_eq!(self.names.sizes(), [count, count, count, expiring], "all names of all transactions");
        assert_eq!(self.names.entries().count(), count);
        for slot in self.slots() {
            let facts = slot.entry.facts();
            assert_eq!(self.get(&facts.hash).map(|entry| entry.arrival()), Some(slot.entry.arrival()));
            assert_eq!(self.by_txid(&facts.txid).map(|entry| entry.facts().hash), Some(facts.hash));
        }
    }

    /// The room's promise: one by one in the order of arrival, all that are ready can be paid.
    fn audit_arrivals(&self) {
        let mut held: BTreeMap<Address, u128> = BTreeMap::new();
        for Slot { entry, price } in self.ready_in_order() {
            let sender = entry.facts().sender;
            let queue = &self.queues[&sender];
            let known = queue.confirmed.is_some() || held.contains_key(&sender);
            let purse = held.entry(sender).or_insert_with(|| queue.balance());
            assert!(known && *purse >= price.demand(), "{entry:?} can be paid when its turn comes");
            *purse -= price.net();
            for (payee, amount) in payments(&entry.spend()) {
                let confirmed = self.queues.get(payee).map_or(0, Queue::balance);
                *held.entry(*payee).or_insert(confirmed) += u128::from(amount.pebbles());
            }
        }
    }
}

fn audit_queue(sender: &Address, queue: &Queue, ledger: &impl View) {
    assert!(!queue.is_empty(), "no empty queue is kept");
    let account = ledger.account(sender);
    assert_eq!(account.unwrap_or_default().nonce, queue.first(), "the nonce of the ledger");
    assert!(account.unwrap_or_default().balance >= queue.confirmed.unwrap_or_default().balance);
    for (ahead, slot) in queue.ready.iter().enumerate() {
        assert_eq!(slot.entry.nonce().0, queue.first().0 + ahead as u64, "no nonce is left out");
        assert!(!slot.price.all || ahead + 1 == queue.ready.len(), "nothing follows what pays all");
    }
    assert!(
        queue
            .ready
            .iter()
            .zip(queue.ready.iter().skip(1))
            .all(|(one, next)| { one.entry.arrival() < next.entry.arrival() })
    );
    assert!(queue.waiting.keys().all(|nonce| *nonce >= queue.next()), "what waits is ahead");
    let mut recounted = queue.clone();
    recounted.recount();
    assert_eq!(queue.owed(), recounted.owed(), "what the queue takes");
    assert_eq!(queue.peak_with(&NOTHING), recounted.peak_with(&NOTHING), "the most that it needs");
    for slot in queue.ready.iter().chain(queue.waiting.values()) {
        let now = Price::of(slot.entry.spend(), Amount::ZERO, ledger).expect("it was priced before");
        assert!(slot.price.cost >= now.cost && slot.price.back == now.back && slot.price.all == now.all);
    }
}

const NOTHING: Price = Price { cost: Amount::ZERO, back: Amount::ZERO, all: false };
