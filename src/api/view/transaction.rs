//! Transactions: what they do, and what became of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chain::TipView;
use super::policy::PolicyView;
use super::pool::LeftWhy;
use super::schemas::{AddressText, Hex};
use crate::ledger::Receipt;
use crate::types::{Action, Amount, BlockHash, Height, Nonce, Prefix, Timestamp, Transaction, TxHash, Txid};

/// One thing that a transaction does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum ActionView {
    /// It pays an amount.
    Pay {
        /// Whom.
        to: AddressText,
        /// How much.
        amount: Amount,
        /// What for, up to 32 bytes; empty where nothing is said.
        #[serde(default)]
        reference: Hex,
    },
    /// It pays all that is left.
    PayAll {
        /// Whom.
        to: AddressText,
        /// What that came to; nothing before it is mined.
        #[serde(default)]
        amount: Option<Amount>,
        /// What for, up to 32 bytes; empty where nothing is said.
        #[serde(default)]
        reference: Hex,
    },
    /// It says something in public.
    Note {
        /// The bytes.
        #[serde(default)]
        bytes: Hex,
        /// The same as text, where it is text.
        #[serde(default)]
        text: Option<String>,
    },
}

impl ActionView {
    /// What is done; `receipt` is there where it was mined.
    pub fn new(action: &Action, receipt: Option<&Receipt>, prefix: &Prefix) -> Self {
        match action {
            Action::Pay { to, amount, reference } => Self::Pay {
                to: AddressText::new(to, prefix),
                amount: *amount,
                reference: Hex::of(&**reference),
            },
            Action::PayAll { to, reference } => Self::PayAll {
                to: AddressText::new(to, prefix),
                amount: receipt.and_then(|receipt| receipt.paid_all),
                reference: Hex::of(&**reference),
            },
            Action::Note(note) => Self::Note {
                bytes: Hex::of(&**note),
                text: std::str::from_utf8(note).ok().map(str::to_owned),
            },
        }
    }
}

/// A transaction: what it does, and for whom.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ContentView {
    /// What people call it.
    pub txid: Txid,
    /// What machines call it.
    pub hash: TxHash,
    /// The length of its encoding.
    pub bytes: usize,
    /// Whose account pays: the address of the policy.
    pub from: AddressText,
    /// Who may spend from it.
    pub policy: PolicyView,
    /// Its place among the sender's.
    pub nonce: Nonce,
    /// What the miner gets.
    pub fee: Amount,
    /// The last block it may stand in.
    pub expiry: Option<Height>,
    /// What happens, in order.
    pub actions: Vec<ActionView>,
}

impl ContentView {
    /// What a transaction does; `receipt` is there where it was mined.
    pub fn new(transaction: &Transaction, receipt: Option<&Receipt>, prefix: &Prefix) -> Self {
        let (names, body) = (transaction.names(), &transaction.body);
        Self {
            txid: names.txid,
            hash: names.hash,
            bytes: names.bytes,
            from: AddressText::new(&body.policy.address(), prefix),
            policy: PolicyView::from(&body.policy),
            nonce: body.nonce,
            fee: body.fee,
            expiry: body.expiry,
            actions: body.actions.iter().map(|action| ActionView::new(action, receipt, prefix)).collect(),
        }
    }
}

/// How the policy was met: one of these for each part of it that is used, in the order in which the policy names them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WitnessView {
    /// For each threshold a number whose bits say which of its children are used, the lowest bit being the first.
    pub choices: Vec<u16>,
    /// For each key its signature, 64 bytes.
    pub signatures: Vec<Hex>,
    /// For each hash what it is of, 32 bytes.
    pub preimages: Vec<Hex>,
}

/// Where a transaction stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Standing {
    /// It waits for a block.
    Pending {
        /// Seconds for which it has waited here.
        seconds: u64,
        /// Whether it could be mined now; else it waits for one with an earlier nonce.
        ready: bool,
    },
    /// It stands in a block of the branch that is followed.
    Confirmed {
        /// The block.
        block: BlockHash,
        /// Where that stands.
        height: Height,
        /// Where in it the transaction stands: the coinbase is 0.
        position: u32,
        /// How many blocks confirm it, its own being the first.
        depth: u32,
        /// The block's time.
        time: Timestamp,
        /// What was burned for accounts that it brought into being.
        charge: Amount,
    },
    /// Another of the same sender and nonce took its place.
    Replaced {
        /// That one, where it is known.
        by: Option<Txid>,
    },
    /// The last height at which it could have been mined has passed.
    Expired,
    /// It left the pool unmined, and may come again.
    Dropped {
        /// Why it left.
        why: LeftWhy,
    },
}

/// A transaction by its name, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransactionView {
    /// What people call it.
    pub txid: Txid,
    /// Where it stands.
    #[serde(flatten)]
    pub standing: Standing,
    /// What it does; nothing where it is not here any more.
    pub transaction: Option<ContentView>,
}

/// Proves that a transaction stands in a block.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProofOfTransaction {
    /// The transaction.
    pub txid: Txid,
    /// The name that the proof is about.
    pub hash: TxHash,
    /// The block.
    pub block: BlockHash,
    /// Where that stands.
    pub height: Height,
    /// Its place in the block: the coinbase is 0.
    pub position: u32,
    /// The proof: compare the block's hash with headers whose work was checked.
    pub proof: Hex,
}

/// A transaction with a payment of some reference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReferencedPayment {
    /// Where it stands.
    #[serde(flatten)]
    pub standing: Standing,
    /// What it does.
    pub transaction: ContentView,
}

/// Some of the payments with a reference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReferencePage {
    /// The transactions that have them, newest first.
    pub payments: Vec<ReferencedPayment>,
    /// Hand this back as `cursor` to go on; nothing where this is the end.
    pub next: Option<String>,
    /// At which tip all this is so.
    pub tip: TipView,
}
