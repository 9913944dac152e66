//! A transaction in the pool, and what it costs its sender.

use std::cmp::Reverse;
use std::sync::Arc;

use super::FeeRate;
use super::rate::Rank;
use crate::codec::encoded_len;
use crate::consensus::{CheckedTransaction, Facts, Spend};
use crate::ledger::View;
use crate::types::{Action, Address, Amount, Nonce};

/// A transaction in the pool, with what the pool knows of it.
#[derive(Clone, Debug)]
pub struct Entry {
    transaction: Arc<CheckedTransaction>,
    arrival: u64,
    admitted_seconds: u64,
}

impl Entry {
    pub(super) fn new(transaction: Arc<CheckedTransaction>, arrival: u64, admitted_seconds: u64) -> Self {
        Self { transaction, arrival, admitted_seconds }
    }

    /// The transaction.
    pub fn transaction(&self) -> &Arc<CheckedTransaction> {
        &self.transaction
    }

    /// What is known about it.
    pub fn facts(&self) -> &Facts {
        self.transaction.facts()
    }

    /// Its place among its sender's.
    pub fn nonce(&self) -> Nonce {
        self.transaction.transaction().body.nonce
    }

    /// What the miner gets.
    pub fn fee(&self) -> Amount {
        self.transaction.transaction().body.fee
    }

    /// What it offers for its place in a block.
    pub fn rate(&self) -> FeeRate {
        rate_of(&self.transaction)
    }

    /// Its number in the order in which transactions could be mined: a replacement takes the number of what it
    /// replaced, one that waited for an earlier nonce gets its number when it waits no longer, and a reorganization
    /// counts anew.
    pub fn arrival(&self) -> u64 {
        self.arrival
    }

    /// The caller's clock when it was admitted.
    pub fn admitted_seconds(&self) -> u64 {
        self.admitted_seconds
    }

    pub(super) fn spend(&self) -> Spend<'_> {
        self.transaction.spend()
    }

    pub(super) fn rank(&self) -> Rank {
        Rank { rate: self.rate(), arrival: Reverse(self.arrival) }
    }
}

pub(super) fn rate_of(transaction: &CheckedTransaction) -> FeeRate {
    let bytes = u32::try_from(transaction.facts().bytes).expect("a transaction is bounded");
    FeeRate::new(transaction.transaction().body.fee, bytes)
}

/// The fee that a transaction should have, where `for_bytes` says what it takes at a length: a larger fee can take a few
/// more bytes to write down.
pub(super) fn fee_asked(transaction: &CheckedTransaction, for_bytes: impl Fn(usize) -> Amount) -> Amount {
    let fee = transaction.transaction().body.fee;
    let bytes = transaction.facts().bytes;
    let longer = |asked: &Amount| (bytes + encoded_len(asked)).saturating_sub(encoded_len(&fee));
    let asked = for_bytes(bytes).max(fee);
    for_bytes(longer(&for_bytes(longer(&asked))))
}

/// Each payment of an amount to somebody else. What `PayAll` will come to is not known before it is mined, and what
/// somebody pays himself is no income.
pub(super) fn payments<'a>(spend: &Spend<'a>) -> impl Iterator<Item = (&'a Address, Amount)> + use<'a> {
    let sender = &spend.facts().sender;
    spend.body().actions.iter().filter_map(move |action| match action {
        Action::Pay { to, amount, .. } if to != sender => Some((to, *amount)),
        Action::Pay { .. } | Action::PayAll { .. } | Action::Note(_) => None,
    })
}

/// What a transaction takes from its sender's account, as the ledger stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Price {
    /// Payments, fee and charges.
    pub cost: Amount,
    /// Of that, what comes back at once because the sender pays himself.
    pub back: Amount,
    /// Whether it takes all that is left besides, so that nothing of this sender can follow.
    pub all: bool,
}

impl Price {
    /// Prices a transaction. A charge is counted for every address without an account in the ledger, even where
    /// another transaction of the pool may bring that account into being first: which of the two is mined first is
    /// the miner's choice. `None` where the sum is more than there can be.
    pub fn of(spend: Spend<'_>, account_charge: Amount, ledger: &impl View) -> Option<Self> {
        let facts = spend.facts();
        let created = if account_charge.is_zero() { 0 } else { strangers(spend, ledger) };
        let charge = account_charge.checked_mul(created)?;
        let cost = facts.spent.checked_add(charge)?;
        let actions = &spend.body().actions;
        let to_itself = actions.iter().filter_map(|action| match action {
            Action::Pay { to, amount, .. } if *to == facts.sender => Some(*amount),
            Action::Pay { .. } | Action::PayAll { .. } | Action::Note(_) => None,
        });
        let back = Amount::checked_sum(to_itself)?;
        let all = matches!(actions.last(), Some(Action::PayAll { .. }));
        Some(Self { cost, back, all })
    }

    /// What the account must hold when it is mined: a `PayAll` leaves at least a pebble to pay.
    pub fn demand(&self) -> u128 {
        u128::from(self.cost.pebbles()) + u128::from(self.all)
    }

    /// What it leaves less in the account.
    pub fn net(&self) -> u128 {
        u128::from(self.cost.pebbles()) - u128::from(self.back.pebbles())
    }
}

/// How many of those that are paid have no account yet. The sender has one by the time it can pay.
fn strangers(spend: Spend<'_>, ledger: &impl View) -> u64 {
    let sender = &spend.facts().sender;
    let mut accounts = spend.accounts().filter(|address| *address != sender);
    let (Some(first), second) = (accounts.next(), accounts.next()) else { return 0 };
    let Some(second) = second else { return u64::from(ledger.account(first).is_none()) };
    let mut all: Vec<&Address> = [first, second].into_iter().chain(accounts).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().filter(|address| ledger.account(address).is_none()).count() as u64
}

/// A transaction in its sender's queue.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub entry: Arc<Entry>,
    pub price: Price,
}
