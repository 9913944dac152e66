//! Orders with a key of their own, for programs: however often one is said, it is one order.
//!
//! What is known of an order without a key is a guess: whoever says the same again may mean the same, or mean it once more. A key
//! leaves nothing to guess, and outlives the payment.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::sent::{Progress, Sent};
use super::{Outbox, OutboxError};
use crate::codec::encode;
use crate::crypto::{Digest, sha256};
use crate::types::{Action, Address, Height, Nonce, Timestamp, Txid};

/// Letters of a key.
pub const ORDER_KEY_LETTERS_MAX: usize = 64;
/// Keys that are remembered of orders that are over with. Beyond, the oldest leave.
pub const KEYS_MAX: usize = 16_384;
/// Seconds for which each is remembered at least, once its order is over with. Where there is no room for one more, nothing is
/// signed with a key.
pub const KEY_SECONDS: u32 = 30 * 24 * 60 * 60;

/// What whoever orders a payment calls that order, so that saying it again does not mean another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderKey(String);

/// Why text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key has 1 to {ORDER_KEY_LETTERS_MAX} letters, digits and signs of ASCII, and no spaces")]
pub struct OrderKeyError;

impl FromStr for OrderKey {
    type Err = OrderKeyError;

    fn from_str(text: &str) -> Result<Self, OrderKeyError> {
        let fits = (1..=ORDER_KEY_LETTERS_MAX).contains(&text.len());
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        (fits && is_plain).then(|| Self(text.to_owned())).ok_or(OrderKeyError)
    }
}

impl TryFrom<String> for OrderKey {
    type Error = OrderKeyError;

    fn try_from(text: String) -> Result<Self, OrderKeyError> {
        text.parse()
    }
}

impl From<OrderKey> for String {
    fn from(key: OrderKey) -> Self {
        key.0
    }
}

impl fmt::Display for OrderKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What is left of an order with a key when its transaction is kept no longer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept {
    /// What it became.
    pub txid: Txid,
    /// Whether that was mined; else another was in its place, or nobody ever knew.
    pub is_mined: bool,
    /// What was ordered, and of which account.
    pub(super) what: Digest,
    /// Since when no more than this is kept.
    pub(super) since: Timestamp,
}

/// How far an order with a key has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ordered<'a> {
    /// Nobody has said it before.
    New,
    /// This was signed for it, and stands for it.
    Signed(&'a Sent),
    /// A node refused what was signed for it. It can be signed anew with this very nonce, so that no more than one is ever mined.
    Refused(Nonce),
    /// It is over with, and this is all that is left.
    Over(&'a Kept),
}

/// What an order is about, in short.
fn what(account: &Address, actions: &[Action]) -> Digest {
    let mut bytes = account.as_bytes().to_vec();
    actions.iter().for_each(|action| bytes.extend(encode(action)));
    sha256(&bytes)
}

impl Outbox {
    /// How far the order with this key has come, where the next block has this height.
    ///
    /// # Security
    /// Whatever nodes say, what is signed for it has one nonce, for as long as it is remembered.
    ///
    /// # Errors
    /// When something else was ordered by this key.
    pub fn ordered(
        &self,
        key: &OrderKey,
        account: &Address,
        actions: &[Action],
        height: Height,
    ) -> Result<Ordered<'_>, OutboxError> {
        let other = |txid: &Txid| OutboxError::OtherOrder { key: key.clone(), txid: *txid };
        if let Some(kept) = self.kept.get(key) {
            return if kept.what == what(account, actions) {
                Ok(Ordered::Over(kept))
            } else {
                Err(other(&kept.txid))
            };
        }
        let of_it = || self.sent.iter().filter(|sent| sent.once.as_ref() == Some(key));
        if let Some(different) = of_it().find(|sent| !sent.does(account, actions)) {
            return Err(other(different.txid()));
        }
        let Some(last) = of_it().next_back() else { return Ok(Ordered::New) };
        let stands =
            of_it().find(|sent| sent.is_mined()).or_else(|| of_it().rfind(|sent| sent.is_on_its_way()));
        if let Some(stands) = stands {
            return Ok(Ordered::Signed(stands));
        }
        // Somebody was told that it is lost, or paid the same anew.
        let is_given_up = of_it().any(|sent| sent.is_lost || sent.is_weighed);
        let is_free =
            !self.sent.iter().any(|sent| sent.excludes(last) && (sent.is_on_its_way() || sent.is_mined()));
        match last.progress {
            // Once its last block has passed it is lost, and whoever waits for it may be told so.
            Progress::Refused if is_free && !is_given_up && of_it().any(|sent| sent.is_timely(height)) => {
                Ok(Ordered::Refused(last.nonce()))
            }
            _ => Ok(Ordered::Signed(last)),
        }
    }

    /// Makes room for one more key, beside those of orders that are not over yet: all of them will be kept.
    pub(super) fn make_room_for_key(&mut self, now: Timestamp) -> Result<(), OutboxError> {
        let live: BTreeSet<&OrderKey> = self.sent.iter().filter_map(|sent| sent.once.as_ref()).collect();
        let live = live.into_iter().filter(|key| !self.kept.contains_key(key)).count();
        while self.kept.len() + live >= KEYS_MAX {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.since);
            let oldest = oldest.filter(|(_, kept)| now.0.saturating_sub(kept.since.0) >= KEY_SECONDS);
            let oldest = oldest.map(|(key, _)| key.clone()).ok_or(OutboxError::KeysFull)?;
            self.kept.remove(&oldest);
        }
        Ok(())
    }

    /// Keeps the key of what is forgotten.
    pub(super) fn keep_key(&mut self, sent: &Sent, now: Timestamp) {
        let Some(key) = &sent.once else { return };
        let is_told_by_another = self.sent.iter().any(|other| other.once == sent.once)
            || self.kept.get(key).is_some_and(|kept| kept.is_mined);
        if sent.is_mined() || !is_told_by_another {
            let what = what(sent.account(), &sent.transaction.body.actions);
            let kept = Kept { txid: *sent.txid(), is_mined: sent.is_mined(), what, since: now };
            self.kept.insert(key.clone(), kept);
        }
    }
}
