//! What one transaction does to balances, and whether they allow it.

use super::{Account, StateKey};
use crate::consensus::{Blame, Spend};
use crate::types::{Action, Amount, Nonce};

/// Why the balances do not allow a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpendError {
    /// Nobody ever paid the sender.
    #[error("the sender has no account: nothing was ever paid to its address")]
    UnknownSender,
    /// Not the next of the sender's transactions.
    #[error("nonce {found}, but the sender's next is {expected}")]
    Nonce {
        /// The account's next.
        expected: Nonce,
        /// The transaction's.
        found: Nonce,
    },
    /// The sender has less than it gives away.
    #[error("costs {cost}, but the sender has {balance}")]
    Balance {
        /// Payments, fee and charges.
        cost: Amount,
        /// What the sender has.
        balance: Amount,
    },
    /// Payments, fee and charges are more than there can be.
    #[error("costs more than there can be")]
    Overflow,
    /// `PayAll` with nothing left to pay.
    #[error("nothing is left for the payment of all")]
    NothingLeft,
}

impl SpendError {
    /// Whom it speaks against, for a transaction that came alone: our tips may differ.
    pub fn blame(&self) -> Blame {
        match self {
            Self::UnknownSender
            | Self::Nonce { .. }
            | Self::Balance { .. }
            | Self::Overflow
            | Self::NothingLeft => Blame::Nobody,
        }
    }
}

/// What a transaction does to balances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Whose account pays.
    pub sender: StateKey,
    /// All that leaves the account: payments, fee and charges.
    pub cost: Amount,
    /// Of that, what is burned for accounts that come into being.
    pub charge: Amount,
    /// What `PayAll` came to.
    pub paid_all: Option<Amount>,
    /// Who gets how much, in order.
    pub credits: Vec<(StateKey, Amount)>,
}

/// Where in the state a transaction's accounts stand: the sender's first, then whoever is paid, in order.
pub fn account_keys<'a>(spend: &Spend<'a>) -> impl Iterator<Item = StateKey> + use<'a> {
    spend.accounts().map(StateKey::account)
}

/// Settles a transaction against the accounts that `account` answers for. `keys` are its [`account_keys`].
///
/// # Consensus
/// The sender has an account and the nonce is its next. Each address that is paid and has no account yet costs the
/// sender `account_charge`, once. Payments, fee and charges together do not exceed the balance; what they leave is what
/// `PayAll` pays, at least a pebble. Money that the sender pays itself does not help to cover the cost.
///
/// # Errors
/// The condition that does not hold.
///
/// # Panics
/// When there are not as many keys as the transaction has.
pub fn settle(
    spend: Spend<'_>,
    keys: &[StateKey],
    account_charge: Amount,
    mut account: impl FnMut(StateKey) -> Option<Account>,
) -> Result<Settlement, SpendError> {
    let (body, facts) = (spend.body(), spend.facts());
    assert_eq!(keys.len(), spend.accounts().count(), "the keys of this transaction and of no other");
    let (sender, mut payees) = (keys[0], keys[1..].iter().copied());
    let Account { balance, nonce } = account(sender).ok_or(SpendError::UnknownSender)?;
    if body.nonce != nonce {
        return Err(SpendError::Nonce { expected: nonce, found: body.nonce });
    }
    let mut credits = Vec::with_capacity(body.actions.len());
    let mut created: Vec<StateKey> = Vec::new();
    let mut pays_all = false;
    for action in &body.actions {
        let amount = match action {
            Action::Pay { amount, .. } => *amount,
            Action::PayAll { .. } => Amount::ZERO,
            Action::Note(_) => continue,
        };
        pays_all = matches!(action, Action::PayAll { .. });
        let key = payees.next().expect("a key for each payment");
        if account(key).is_none() && !created.contains(&key) {
            created.push(key);
        }
        credits.push((key, amount));
    }
    let charge = account_charge.checked_mul(created.len() as u64).ok_or(SpendError::Overflow)?;
    let cost = facts.spent.checked_add(charge).ok_or(SpendError::Overflow)?;
    let left = balance.checked_sub(cost).ok_or(SpendError::Balance { cost, balance })?;
    if !pays_all {
        return Ok(Settlement { sender, cost, charge, paid_all: None, credits });
    }
    if left.is_zero() {
        return Err(SpendError::NothingLeft);
    }
    if let Some((_, amount)) = credits.last_mut() {
        *amount = left;
    }
    Ok(Settlement { sender, cost: balance, charge, paid_all: Some(left), credits })
}
