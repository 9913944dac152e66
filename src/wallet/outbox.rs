//! What was signed here, written down before anybody hears of it.
//!
//! A send can be cut off anywhere: before the node has heard, after it has and before we know, while a block is waited for.
//! Whoever types it again means the same payment. The outbox knows: it gives back the very transaction that was signed, and
//! the chain takes that once. It also knows which nonces are taken, whatever a node says, and what to tell a node again that
//! has forgotten.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::codec::{decode, encode};
use crate::types::{Action, Address, Height, Nonce, Transaction, Txid};

/// Transactions that are kept. Beyond, those that were mined first leave; where none was, nothing more is signed.
pub const OUTBOX_MAX: usize = 4096;
/// Blocks above a transaction after which no reorganization is expected to bring it back, and it is kept no longer.
pub const SETTLED_DEPTH: u32 = 144;
/// The same for one of which whoever sent it was never told: they may come back after days and type it again.
pub const UNHEARD_DEPTH: u32 = 10 * SETTLED_DEPTH;

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
    /// It stood in the block at this height, when that was last looked at.
    Mined {
        /// The block's height.
        height: Height,
    },
}

/// A transaction that was signed here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    transaction: Transaction,
    txid: Txid,
    account: Address,
    /// What is known of it.
    pub progress: Progress,
    /// Whether whoever sent it was told what became of it: where not, that command was cut off.
    is_reported: bool,
}

impl Sent {
    fn new(transaction: Transaction, progress: Progress, is_reported: bool) -> Self {
        let (txid, account) = (transaction.body.txid(), transaction.body.policy.address());
        Self { transaction, txid, account, progress, is_reported }
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

    fn is_mined(&self) -> bool {
        matches!(self.progress, Progress::Mined { .. })
    }
}

/// Why a file is no outbox, or why nothing more goes into one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboxError {
    /// Not what is written here.
    #[error("not the record of what a wallet sent: {0}")]
    Malformed(String),
    /// Of a later version.
    #[error("written by a later version of cairn ({0}); use that one")]
    Later(u32),
    /// Full of what was not mined.
    #[error("{OUTBOX_MAX} transactions of this wallet wait for a block; wait until some are mined")]
    Full,
    /// All nonces of an account are used.
    #[error("this account has sent as many transactions as one can")]
    NoncesUsedUp,
}

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    cairn_outbox: u32,
    sent: Vec<SentForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SentForm {
    raw: String,
    progress: Progress,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reported: bool,
}

/// What a wallet signed, oldest first.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Outbox {
    sent: Vec<Sent>,
}

impl Outbox {
    /// Reads what [`Outbox::to_json`] wrote.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_json(text: &str) -> Result<Self, OutboxError> {
        let malformed = |error: &dyn std::fmt::Display| OutboxError::Malformed(error.to_string());
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let form: Form =
            serde_path_to_error::deserialize(&mut deserializer).map_err(|error| malformed(&error))?;
        deserializer.end().map_err(|error| malformed(&error))?;
        match form.cairn_outbox {
            VERSION => {}
            later if later > VERSION => return Err(OutboxError::Later(later)),
            other => return Err(malformed(&format!("there is no version {other}"))),
        }
        if form.sent.len() > OUTBOX_MAX {
            return Err(malformed(&"more transactions than one holds"));
        }
        let read = |form: SentForm| -> Result<Sent, OutboxError> {
            let bytes = hex::decode(&form.raw).map_err(|error| malformed(&error))?;
            let transaction = decode(&bytes).map_err(|error| malformed(&error))?;
            Ok(Sent::new(transaction, form.progress, form.reported))
        };
        let sent: Result<Vec<Sent>, OutboxError> = form.sent.into_iter().map(read).collect();
        Ok(Self { sent: sent? })
    }

    /// As it is written down.
    ///
    /// # Panics
    /// Never: text and numbers become JSON.
    pub fn to_json(&self) -> String {
        let form = |sent: &Sent| SentForm {
            raw: hex::encode(encode(&sent.transaction)),
            progress: sent.progress,
            reported: sent.is_reported,
        };
        let form = Form { cairn_outbox: VERSION, sent: self.sent.iter().map(form).collect() };
        serde_json::to_string_pretty(&form).expect("text and numbers")
    }

    /// All that was signed, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sent> {
        self.sent.iter()
    }

    /// One of them.
    pub fn find(&self, txid: &Txid) -> Option<&Sent> {
        self.sent.iter().find(|sent| sent.txid == *txid)
    }

    /// What an account signed that does just this, and that was not mined: whoever types it again may mean that one. The
    /// last, where there are several.
    pub fn same(&self, account: &Address, actions: &[Action]) -> Option<&Sent> {
        let is_same = |sent: &&Sent| sent.transaction.body.actions[..] == *actions;
        self.on_their_way(account).rev().find(is_same)
    }

    /// What an account signed that may be mined yet, but for what was refused.
    fn on_their_way(&self, account: &Address) -> impl DoubleEndedIterator<Item = &Sent> {
        let waits = |sent: &&Sent| matches!(sent.progress, Progress::Signed | Progress::Taken);
        self.sent.iter().filter(move |sent| sent.account == *account).filter(waits)
    }

    /// What an account signed that does just this and stands in a block, where whoever sent it was never told: they were cut
    /// off, and when they type it again they do not mean another.
    pub fn mined_unheard(&self, account: &Address, actions: &[Action]) -> Option<&Sent> {
        let is_same =
            |sent: &&Sent| sent.account == *account && sent.transaction.body.actions[..] == *actions;
        self.sent.iter().rev().filter(|sent| sent.is_mined() && !sent.is_reported).find(is_same)
    }

    /// Notes that whoever sent it was told what became of it.
    pub fn report(&mut self, txid: &Txid) {
        self.sent.iter_mut().filter(|sent| sent.txid == *txid).for_each(|sent| sent.is_reported = true);
    }

    /// The nonce of an account's next transaction, where a node says `expected`.
    ///
    /// # Security
    /// A node that names a nonce that is taken cannot have a payment replaced: what was signed here counts as well. Nor can one
    /// that refuses a payment, keeps it and has it signed again under the nonce behind: that of what was refused comes first.
    ///
    /// # Errors
    /// When there is no further one.
    pub fn next_nonce(&self, account: &Address, expected: Nonce) -> Result<Nonce, OutboxError> {
        let taken: BTreeSet<Nonce> = self.on_their_way(account).map(Sent::nonce).collect();
        let refused = self
            .sent
            .iter()
            .filter(|sent| sent.account == *account && sent.progress == Progress::Refused)
            .map(Sent::nonce)
            .filter(|nonce| !taken.contains(nonce));
        if let Some(refused) = refused.min() {
            return Ok(refused);
        }
        let after_ours = taken.last().map(|last| last.next().ok_or(OutboxError::NoncesUsedUp)).transpose()?;
        Ok(after_ours.map_or(expected, |ours| ours.max(expected)))
    }

    /// What a node has to be told again that expects this nonce from an account: for each nonce from there on what was
    /// signed last, in their order.
    pub fn untold(&self, account: &Address, expected: Nonce) -> Vec<&Sent> {
        let ours = self.sent.iter().filter(|sent| sent.account == *account && sent.nonce() >= expected);
        let told = ours.filter(|sent| sent.progress != Progress::Refused);
        let last: BTreeMap<Nonce, &Sent> = told.map(|sent| (sent.nonce(), sent)).collect();
        last.into_values().collect()
    }

    /// Writes a transaction down, before anybody hears of it.
    ///
    /// # Errors
    /// When there is no room.
    pub fn add(&mut self, transaction: Transaction) -> Result<(), OutboxError> {
        let sent = Sent::new(transaction, Progress::Signed, false);
        self.sent.retain(|earlier| earlier.txid != sent.txid);
        if self.sent.len() >= OUTBOX_MAX {
            let mined = self.sent.iter().position(Sent::is_mined).ok_or(OutboxError::Full)?;
            self.sent.remove(mined);
        }
        self.sent.push(sent);
        Ok(())
    }

    /// Notes what became of one.
    pub fn note(&mut self, txid: &Txid, progress: Progress) {
        self.sent.iter_mut().filter(|sent| sent.txid == *txid).for_each(|sent| sent.progress = progress);
    }

    /// Forgets one that can never be mined: its nonce went to another, or it expired.
    pub fn forget(&mut self, txid: &Txid) {
        self.sent.retain(|sent| sent.txid != *txid);
    }

    /// Forgets what is settled at this tip, and whatever else was signed for the same nonce.
    pub fn settle(&mut self, tip: Height) {
        let is_settled = |sent: &Sent| match sent.progress {
            Progress::Mined { height } => {
                let depth = if sent.is_reported { SETTLED_DEPTH } else { UNHEARD_DEPTH };
                tip.0 >= height.0.saturating_add(depth)
            }
            Progress::Signed | Progress::Taken | Progress::Refused => false,
        };
        let settled: Vec<(Address, Nonce)> = self
            .sent
            .iter()
            .filter(|sent| is_settled(sent))
            .map(|sent| (sent.account, sent.nonce()))
            .collect();
        self.sent.retain(|sent| !settled.contains(&(sent.account, sent.nonce())));
    }
}
