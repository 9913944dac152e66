//! One transaction that was signed here, and what is made of a node's word about it.
//!
//! # Security
//! A node may be wrong, may have thrown the block away, or may lie so that a payment is signed a second time. Its word moves a
//! transaction from one [`Progress`] to another, and never out of the outbox.

use serde::{Deserialize, Serialize};

use super::once::OrderKey;
use crate::types::{Action, Address, BlockHash, Height, Nonce, Timestamp, Transaction, Txid};

/// What is known of a transaction that was signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Progress {
    /// Signed. Nobody may have heard of it.
    Signed,
    /// A node took it.
    Taken,
    /// A node refused it. Perhaps it told the truth, and perhaps it kept it: the next one signed has the same nonce, so that
    /// no more than one of them can ever be mined.
    Refused,
    /// A node said that its account is beyond it, or that another took its place, and not that it was mined. What became of it is
    /// not known: it holds its nonce no longer, and is no reason to pay the same again either.
    Passed {
        /// The tip when that was said first.
        height: Height,
    },
    /// It stood in the block at this height, when that was last looked at.
    Mined {
        /// The block's height.
        height: Height,
    },
}

impl Progress {
    /// Whether a node has it by that.
    const fn is_had(self) -> bool {
        matches!(self, Self::Taken | Self::Mined { .. })
    }
}

/// What a node says of one transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// It waits for a block.
    Pending,
    /// It stands in the block at this height.
    Confirmed(Height),
    /// Another took its place.
    Replaced,
    /// The last height at which it could have been mined has passed.
    Expired,
    /// It is not there: it never came, was dropped, or its block was thrown away.
    Unknown,
}

/// What a node says of the chain and of an account while it is asked about transactions, and when that was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// The nonce of the account's next transaction in a block.
    pub nonce: Nonce,
    /// The height of the tip.
    pub tip: Height,
    /// By the clock of this machine, which no node moves.
    pub now: Timestamp,
}

/// A transaction that was signed here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    pub(super) transaction: Transaction,
    txid: Txid,
    account: Address,
    pub(super) progress: Progress,
    /// When that became known.
    pub(super) since: Timestamp,
    /// Whether whoever sent it was told what became of it: where not, that command was cut off, or nobody knows.
    pub(super) is_reported: bool,
    /// Whether they were told so at any time, whatever came into doubt since.
    pub(super) is_over: bool,
    /// Whether a node had it at any time.
    pub(super) was_taken: bool,
    /// Whether somebody was told that it is lost, by proof, and pays by other ways.
    pub(super) is_lost: bool,
    /// Whether it took the place of another of an order that was over by then: whoever raised that fee ordered nothing anew.
    pub(super) is_raised: bool,
    /// Whether they were told that it waits. Of its being mined they know nothing by that.
    pub(super) is_told: bool,
    /// Whether somebody knew of the doubts about it and paid the same once more. That stays so, whatever nodes say later.
    pub(super) is_weighed: bool,
    /// The payment of the same that it was ordered beside, by whoever knew of that.
    pub(super) beside: Option<Txid>,
    /// What its order was called by whoever gave it.
    pub(super) once: Option<OrderKey>,
    /// A block whose header was checked when it was signed.
    pub(super) seen: Option<BlockHash>,
}

impl Sent {
    /// One of which nobody was told anything.
    pub(super) fn new(transaction: Transaction, progress: Progress, since: Timestamp) -> Self {
        let (txid, account) = (transaction.body.txid(), transaction.body.policy.address());
        Self {
            transaction,
            txid,
            account,
            progress,
            since,
            was_taken: progress.is_had(),
            is_reported: false,
            is_over: false,
            is_lost: false,
            is_raised: false,
            is_told: false,
            is_weighed: false,
            beside: None,
            once: None,
            seen: None,
        }
    }

    /// The transaction, signed.
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// Its name.
    pub fn txid(&self) -> &Txid {
        &self.txid
    }

    /// Whose.
    pub fn account(&self) -> &Address {
        &self.account
    }

    /// Its nonce.
    pub fn nonce(&self) -> Nonce {
        self.transaction.body.nonce
    }

    /// What is known of it.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Whether a node had it at any time.
    pub fn was_taken(&self) -> bool {
        self.was_taken
    }

    /// Whether somebody was told that it is lost, by proof.
    pub fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// What its order was called by whoever gave it.
    pub fn once(&self) -> Option<&OrderKey> {
        self.once.as_ref()
    }

    /// A block whose header was checked when it was signed.
    pub fn seen(&self) -> Option<BlockHash> {
        self.seen
    }

    /// When that became known, by the clock of this machine.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// Whether whoever sent it knows of it: what became of it, that it waits, or that nobody can say.
    pub fn is_known(&self) -> bool {
        self.is_closed() || self.is_told
    }

    /// Whether somebody knew of the doubts about it and paid the same once more.
    pub fn is_weighed(&self) -> bool {
        self.is_weighed
    }

    /// Whether whoever ordered it was told what became of it: whoever says the same again means another payment, once this one is mined.
    ///
    /// # Security
    /// That somebody knew of the doubts about it and paid once more is no word to whoever ordered this one, and may say so still.
    pub fn is_closed(&self) -> bool {
        self.is_reported || self.is_raised || (self.is_weighed && self.is_over)
    }

    /// Whether anybody was told what became of this very one.
    pub fn is_reported(&self) -> bool {
        self.is_reported
    }

    /// Whether it was seen in a block.
    pub fn is_mined(&self) -> bool {
        self.mined_at().is_some()
    }

    /// The height of the block in which it was seen.
    pub fn mined_at(&self) -> Option<Height> {
        match self.progress {
            Progress::Mined { height } => Some(height),
            Progress::Signed | Progress::Taken | Progress::Refused | Progress::Passed { .. } => None,
        }
    }

    /// Whether it may be mined yet, as far as nodes say.
    pub fn is_on_its_way(&self) -> bool {
        matches!(self.progress, Progress::Signed | Progress::Taken)
    }

    /// Whether it may have been mined, or may yet be, although nodes say otherwise.
    pub fn is_doubtful(&self) -> bool {
        matches!(self.progress, Progress::Refused | Progress::Passed { .. })
    }

    /// Whether both were signed for one nonce, so that no more than one of them can ever be mined.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        self.account == other.account && self.nonce() == other.nonce() && self.txid != other.txid
    }

    /// Whether it does just this, by this account.
    pub fn does(&self, account: &Address, actions: &[Action]) -> bool {
        self.account == *account && self.transaction.body.actions[..] == *actions
    }

    /// Whether a block at this height could take it in.
    pub fn is_timely(&self, height: Height) -> bool {
        self.transaction.body.expiry.is_none_or(|expiry| expiry >= height)
    }

    /// Whether both do the same with one nonce for one order, so that one is mined at most.
    pub fn is_of_one_order_with(&self, other: &Self) -> bool {
        self.nonce() == other.nonce()
            && self.once == other.once
            && self.does(&other.account, &other.transaction.body.actions)
    }

    /// What is known now. Whatever was told before, nobody was told of a doubt that is new.
    pub(super) fn become_known(&mut self, progress: Progress, now: Timestamp) {
        if self.progress == progress {
            return;
        }
        (self.progress, self.since) = (progress, now);
        self.was_taken |= progress.is_had();
        if self.is_doubtful() {
            (self.is_reported, self.is_told) = (false, false);
        }
    }

    /// What is made of a node's word.
    pub(super) fn after(&self, word: Word, look: &Look) -> Progress {
        let is_beyond = self.nonce() < look.nonce;
        // What has no last block, or has it before itself, cannot have missed it.
        let has_passed = self.transaction.body.expiry.is_some_and(|expiry| expiry <= look.tip);
        let word = if word == Word::Expired && !has_passed { Word::Unknown } else { word };
        let passed = match self.progress {
            Progress::Passed { .. } => self.progress,
            _ => Progress::Passed { height: look.tip },
        };
        match (word, self.progress) {
            (Word::Confirmed(height), _) => Progress::Mined { height },
            (Word::Pending, _) => Progress::Taken,
            // It was seen in a block and its nonce is used: a node that threw the block away knows no more than that.
            (Word::Unknown, Progress::Mined { .. }) if is_beyond => self.progress,
            // It may have been kept by whoever said that it is refused; the next has its nonce.
            (_, Progress::Refused) if !is_beyond => self.progress,
            (Word::Replaced, _) => passed,
            _ if is_beyond => passed,
            // By that node's word: what comes next has its nonce, in case it is not so.
            (Word::Expired, _) => Progress::Refused,
            (Word::Unknown, _) => self.progress,
        }
    }
}
