//! Accounts: what they have, and what happened to them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chain::TipView;
use super::schemas::{AddressText, Hex};
use super::transaction::ContentView;
use crate::types::{Amount, BlockHash, Height, Nonce, Timestamp, Txid};

/// What an account has.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    /// Whose.
    pub address: AddressText,
    /// What it has in mined blocks, matured rewards included.
    pub balance: Amount,
    /// Rewards of blocks that have yet to mature.
    pub immature: Amount,
    /// The balance, less what its own transactions in the pool cost. What others are about to pay is not in it.
    pub spendable: Amount,
    /// What others are about to pay to it.
    pub incoming: Amount,
    /// What its own transactions in the pool cost.
    pub outgoing: Amount,
    /// How many of its own wait in the pool.
    pub pending: usize,
    /// How many transactions of it were mined.
    pub nonce: Nonce,
    /// The nonce that its next transaction should have.
    pub next_nonce: Nonce,
    /// At which tip all this is so.
    pub tip: TipView,
}

/// What an account had at an earlier height.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PastAccount {
    /// Whose.
    pub address: AddressText,
    /// What it had after the block at this height.
    pub balance: Amount,
    /// How many transactions of it had been mined.
    pub nonce: Nonce,
    /// The height.
    pub as_of: Height,
    /// The block there.
    pub as_of_block: BlockHash,
    /// At which tip that block is followed.
    pub tip: TipView,
}

/// Which way money went, seen from an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// The account was paid.
    In,
    /// The account paid.
    Out,
    /// It paid itself.
    Itself,
    /// It mined a block.
    Reward,
}

/// What something meant to one account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FlowView {
    /// Which way money went.
    pub moved: Moved,
    /// What the account was paid, or is owed as a reward.
    pub received: Amount,
    /// What it paid, to itself too, fee and charges included.
    pub sent: Amount,
    /// The fee in that, where it was its own transaction.
    pub fee: Amount,
    /// What the payments of this transaction to or from the account are for, each once.
    pub references: Vec<Hex>,
}

/// Something that happened to an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntry {
    /// The transaction; nothing for a reward.
    pub txid: Option<Txid>,
    /// The block.
    pub block: BlockHash,
    /// Where that stands.
    pub height: Height,
    /// Where in it this stands: the coinbase is 0.
    pub position: u32,
    /// The block's time.
    pub time: Timestamp,
    /// How many blocks confirm it, its own being the first.
    pub depth: u32,
    /// What it meant.
    #[serde(flatten)]
    pub flow: FlowView,
    /// From which height on a reward can be spent.
    pub matures_at: Option<Height>,
    /// Who was on the other side: who paid the account, or whom it paid, each once. The first few of many.
    #[serde(default)]
    pub others: Vec<AddressText>,
    /// How many those are in all.
    #[serde(default)]
    pub others_count: usize,
}

/// Some of a history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HistoryPage {
    /// What happened, in the order that was asked for.
    pub entries: Vec<HistoryEntry>,
    /// Hand this back as `cursor` to go on; nothing where this is the end. A page may hold fewer than were asked for, or
    /// none, and yet not be the last.
    pub next: Option<String>,
    /// At which tip all this is so.
    pub tip: TipView,
}

/// What waits for a block, of an account and for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PendingPage {
    /// Its own, by nonce: those that could be mined now, then those that wait for an earlier one.
    pub transactions: Vec<ContentView>,
    /// Those by which others pay it, best first, as far as they could be mined now. The first hundred of more.
    #[serde(default)]
    pub incoming: Vec<ContentView>,
}

/// Proves what an account had, by one header.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProofOfBalance {
    /// Whose.
    pub address: AddressText,
    /// What it had.
    pub balance: Amount,
    /// How many transactions of it had been mined.
    pub nonce: Nonce,
    /// After the block at this height.
    pub as_of: Height,
    /// That block.
    pub as_of_block: BlockHash,
    /// The block whose header proves it: the one above. Compare it with headers whose work was checked.
    pub proven_by: BlockHash,
    /// The proof.
    pub proof: Hex,
}
