//! What waits for a block, and what it takes to be in the next one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chain::TipView;
use super::schemas::AddressText;
use crate::node::Left;
use crate::types::{Amount, Nonce, Txid};

/// What waits for a block, in sums.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PoolView {
    /// How many could be mined now.
    pub ready: usize,
    /// How many wait for one with an earlier nonce.
    pub waiting: usize,
    /// The length of all encodings.
    pub bytes: usize,
    /// How long that may become.
    pub bytes_max: usize,
    /// What the ready ones pay together.
    pub fees: Amount,
    /// The rate below which nothing is taken in now, in pebbles for a thousand bytes.
    pub floor_rate: u64,
    /// At which tip all this is so.
    pub tip: TipView,
}

/// A transaction that waits for a block.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PoolTransaction {
    /// Its name.
    pub txid: Txid,
    /// Whose.
    pub from: AddressText,
    /// Its place among the sender's.
    pub nonce: Nonce,
    /// What it pays to whoever mines it.
    pub fee: Amount,
    /// The same for a thousand bytes.
    pub rate: u64,
    /// The length of its encoding.
    pub bytes: usize,
    /// Seconds for which it has waited.
    pub seconds: u64,
    /// What it pays, `PayAll` left out.
    pub amount: Amount,
}

/// Some of what waits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PoolPage {
    /// Best first: in the order in which a miner wants them.
    pub transactions: Vec<PoolTransaction>,
    /// How many there are in all.
    pub ready: usize,
    /// At which tip all this is so.
    pub tip: TipView,
}

/// Transactions that pay alike.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HistogramBar {
    /// They pay at least so many pebbles for a thousand bytes.
    pub rate_min: u64,
    /// How many.
    pub count: usize,
    /// The length of their encodings.
    pub bytes: usize,
    /// What they pay together.
    pub fees: Amount,
}

/// What it takes to be mined soon, in pebbles for a thousand bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FeesView {
    /// In the next block.
    pub next_block: u64,
    /// Within three.
    pub three_blocks: u64,
    /// Within ten.
    pub ten_blocks: u64,
    /// Less than this is not taken in.
    pub floor: u64,
    /// What a payment of one action from a single key takes at the rate for the next block.
    pub plain_payment: Amount,
    /// At which tip all this is so.
    pub tip: TipView,
}

/// Why a transaction left the pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftWhy {
    /// It was mined.
    Mined,
    /// Another with its sender and nonce pays more.
    Replaced,
    /// Another with its sender and nonce was mined.
    Conflicted,
    /// Its last height passed.
    Expired,
    /// It was here for as long as anything may be.
    Aged,
    /// The pool was full, and others pay more.
    Evicted,
    /// The money for it is gone.
    Unfunded,
    /// An earlier one of its sender left.
    Orphaned,
    /// The pool would not take it on the branch that is followed now.
    Refused,
}

impl From<Left> for LeftWhy {
    fn from(left: Left) -> Self {
        match left {
            Left::Mined => Self::Mined,
            Left::Replaced { .. } => Self::Replaced,
            Left::Conflicted => Self::Conflicted,
            Left::Expired => Self::Expired,
            Left::Aged => Self::Aged,
            Left::Evicted => Self::Evicted,
            Left::Unfunded => Self::Unfunded,
            Left::Orphaned => Self::Orphaned,
            Left::Refused(_) => Self::Refused,
        }
    }
}
