//! One account's transactions in the pool, and one address's income from it.

use std::collections::{BTreeMap, VecDeque};

use super::entry::{Price, Slot};
use crate::ledger::{Account, StateKey};
use crate::types::{Amount, Nonce};

/// What one address is paid by transactions that could be mined now, by their arrival numbers.
///
/// Most addresses are paid once, so the first payment needs no map.
#[derive(Clone, Debug, Default)]
pub(super) struct Income {
    /// Arrived before all others, where there is one.
    first: Option<(u64, u128)>,
    others: BTreeMap<u64, u128>,
    total: u128,
}

impl Income {
    pub fn add(&mut self, arrival: u64, amount: Amount) {
        let amount = u128::from(amount.pebbles());
        self.total += amount;
        match &mut self.first {
            Some((first, sum)) if *first == arrival => *sum += amount,
            None if self.others.is_empty() => self.first = Some((arrival, amount)),
            Some((first, sum)) if *first > arrival => {
                self.others.insert(*first, *sum);
                self.first = Some((arrival, amount));
            }
            Some(_) | None => *self.others.entry(arrival).or_default() += amount,
        }
    }

    /// Takes back all that one transaction pays.
    pub fn remove(&mut self, arrival: u64) {
        let first = self.first.take_if(|(first, _)| *first == arrival).map(|(_, sum)| sum);
        self.total -= first.or_else(|| self.others.remove(&arrival)).unwrap_or_default();
    }

    pub fn total(&self) -> u128 {
        self.total
    }

    pub fn len(&self) -> usize {
        self.others.len() + usize::from(self.first.is_some())
    }

    pub fn is_empty(&self) -> bool {
        self.first.is_none() && self.others.is_empty()
    }

    /// What arrived before this number.
    fn before(&self, arrival: u64) -> u128 {
        let first = self.first.filter(|(first, _)| *first < arrival).map_or(0, |(_, sum)| sum);
        first + self.others.range(..arrival).map(|(_, sum)| sum).sum::<u128>()
    }

    /// All payments in the order of arrival.
    fn in_order(&self) -> impl Iterator<Item = (u64, u128)> {
        self.first.into_iter().chain(self.others.iter().map(|(arrival, sum)| (*arrival, *sum)))
    }
}

/// One account's transactions.
///
/// # Invariants
/// `ready` have consecutive nonces from the account's own and rising arrival numbers; nothing stands behind one that
/// pays all. `waiting` are beyond the next nonce, or at it where the money is missing.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    /// Where the account stands in the state.
    pub key: StateKey,
    /// The account as it was last read.
    pub confirmed: Option<Account>,
    /// What could be mined now.
    pub ready: VecDeque<Slot>,
    /// What waits for an earlier nonce.
    pub waiting: BTreeMap<Nonce, Slot>,
    /// What the ready ones leave less in the account.
    owed: u128,
    /// The most that the account must hold at some point for the ready ones.
    peak: u128,
}

impl Queue {
    pub fn new(key: StateKey, confirmed: Option<Account>) -> Self {
        let (ready, waiting) = (VecDeque::new(), BTreeMap::new());
        Self { key, confirmed, ready, waiting, owed: 0, peak: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.waiting.is_empty()
    }

    /// The account's next nonce, as it was last read.
    pub fn first(&self) -> Nonce {
        self.confirmed.unwrap_or_default().nonce
    }

    /// The next nonce behind all that are ready.
    pub fn next(&self) -> Nonce {
        Nonce(self.first().0.saturating_add(self.ready.len() as u64))
    }

    /// Where a ready one stands.
    pub fn position(&self, nonce: Nonce) -> Option<usize> {
        let ahead = usize::try_from(nonce.0.checked_sub(self.first().0)?).ok()?;
        (ahead < self.ready.len()).then_some(ahead)
    }

    /// The last ready one, where it pays all.
    pub fn pays_all_at_the_end(&self) -> Option<Nonce> {
        self.ready.back().filter(|slot| slot.price.all).map(|slot| slot.entry.nonce())
    }

    pub fn balance(&self) -> u128 {
        u128::from(self.confirmed.unwrap_or_default().balance.pebbles())
    }

    pub fn owed(&self) -> u128 {
        self.owed
    }

    /// What the account must hold if this comes next.
    pub fn peak_with(&self, price: &Price) -> u128 {
        self.peak.max(self.owed + price.demand())
    }

    /// Whether money that has not been mined is needed.
    pub fn borrows(&self) -> bool {
        !self.ready.is_empty() && (self.confirmed.is_none() || self.peak > self.balance())
    }

    pub fn push(&mut self, slot: Slot) {
        self.peak = self.peak_with(&slot.price);
        self.owed += slot.price.net();
        self.ready.push_back(slot);
    }

    /// Adds up anew, after something other than [`Queue::push`].
    pub fn recount(&mut self) {
        (self.owed, self.peak) = self.ready.iter().fold((0, 0), |(owed, peak): (u128, u128), slot| {
            (owed + slot.price.net(), peak.max(owed + slot.price.demand()))
        });
    }

    /// The most that the account must hold up to this position, where this stands there.
    pub fn peak_at(&self, position: usize, price: &Price) -> u128 {
        let before = self.ready.iter().take(position).map(|slot| slot.price);
        let (_, peak) = before.chain([*price]).fold((0, 0), |(owed, peak): (u128, u128), price| {
            (owed + price.net(), peak.max(owed + price.demand()))
        });
        peak
    }

    /// What the account holds when the ready one at this position is mined, as far as that is sure: the balance and
    /// what arrived before it, less what goes out before it. `None` where there is no account then.
    pub fn held_at(&self, position: usize, income: Option<&Income>) -> Option<u128> {
        let arrival = self.ready[position].entry.arrival();
        let paid_in = income.map_or(0, |income| income.before(arrival));
        let owed: u128 = self.ready.iter().take(position).map(|slot| slot.price.net()).sum();
        let known = self.confirmed.is_some() || paid_in > 0;
        known.then(|| (self.balance() + paid_in).saturating_sub(owed))
    }

    /// How many of the ready ones, from the first, are covered by the balance and by what arrived before each of them.
    pub fn covered(&self, income: Option<&Income>) -> usize {
        let mut payments = income.into_iter().flat_map(Income::in_order).peekable();
        let (mut held, mut known) = (self.balance(), self.confirmed.is_some());
        for (at, slot) in self.ready.iter().enumerate() {
            while let Some((_, amount)) = payments.next_if(|(arrival, _)| *arrival < slot.entry.arrival()) {
                held += amount;
                known = true;
            }
            if !known || held < slot.price.demand() {
                return at;
            }
            if slot.price.all {
                return at + 1;
            }
            held -= slot.price.net();
        }
        self.ready.len()
    }
}
