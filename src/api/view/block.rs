//! Blocks and their headers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schemas::{AddressText, Hex};
use super::transaction::ContentView;
use crate::chain::HeaderEntry;
use crate::codec::encode;
use crate::template::{Difficulty, EXTRANONCE_BYTES};
use crate::types::{
    Amount, Bits, BlockHash, Coinbase, Height, HistoryRoot, MerkleRoot, Prefix, StateRoot, Target, Timestamp,
    Txid,
};

/// A block's header, and where the block stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeaderView {
    /// Its name.
    pub hash: BlockHash,
    /// How many blocks lie below it.
    pub height: Height,
    /// Any value: miners turn its bits.
    pub version: u32,
    /// The block below.
    pub previous: BlockHash,
    /// What the block holds, hashed.
    pub merkle_root: MerkleRoot,
    /// When it was made, as its miner says.
    pub time: Timestamp,
    /// Its target, in the compact form.
    pub bits: Bits,
    /// What the miner found.
    pub nonce: u32,
    /// How many times harder than the easiest target of Bitcoin it was to find.
    pub difficulty: f64,
    /// Hashes that the branch up to here took on average, as a string of digits.
    #[schema(pattern = "^[0-9]+$")]
    pub work: String,
    /// The median of the last eleven times: no block above may be older.
    pub median_time: Timestamp,
    /// The 80 bytes.
    pub header: Hex,
}

impl HeaderView {
    /// What is known of a block without its body.
    pub fn new(entry: &HeaderEntry) -> Self {
        let header = &entry.header;
        // Bits of a header that was taken in stand for a target.
        let difficulty = Target::from_bits(header.bits).map_or(0.0, |target| Difficulty::of(target).number());
        Self {
            hash: entry.hash,
            height: entry.height,
            version: header.version,
            previous: header.previous,
            merkle_root: header.merkle_root,
            time: header.time,
            bits: header.bits,
            nonce: header.nonce,
            difficulty,
            work: entry.work.to_string(),
            median_time: entry.median_time,
            header: Hex::of(encode(header)),
        }
    }
}

/// What a block's miner is owed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CoinbaseView {
    /// Who.
    pub recipient: AddressText,
    /// How much: the subsidy and all fees.
    pub amount: Amount,
    /// What the miner wrote into it.
    pub extra: Hex,
    /// The part of that which miners do not turn, where it is text.
    pub tag: Option<String>,
    /// From which height on it can be spent.
    pub matures_at: Height,
}

impl CoinbaseView {
    /// What a block's miner is owed.
    pub fn new(coinbase: &Coinbase, maturity: u32, prefix: &Prefix) -> Self {
        let tag = coinbase.extra.get(EXTRANONCE_BYTES..).and_then(|tag| std::str::from_utf8(tag).ok());
        let is_plain = |tag: &&str| !tag.is_empty() && !tag.contains(char::is_control);
        Self {
            recipient: AddressText::new(&coinbase.recipient, prefix),
            amount: coinbase.amount,
            extra: Hex::of(&*coinbase.extra),
            tag: tag.filter(is_plain).map(str::to_owned),
            matures_at: Height(coinbase.height.0.saturating_add(maturity)),
        }
    }
}

/// A block.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BlockView {
    /// Its header.
    #[serde(flatten)]
    pub header: HeaderView,
    /// Whether it is on the branch that is followed.
    pub followed: bool,
    /// How many blocks confirm it, itself being the first; 0 on a branch that is not followed.
    pub depth: u32,
    /// The length of its encoding.
    pub bytes: usize,
    /// Root of the state before it.
    pub state: StateRoot,
    /// Root over all headers before it.
    pub history: HistoryRoot,
    /// What its miner is owed.
    pub coinbase: CoinbaseView,
    /// How many transactions it has.
    pub transaction_count: usize,
    /// What they pay to the miner together.
    pub fees: Amount,
    /// Their names, in order, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub txids: Option<Vec<Txid>>,
}

/// Some of a list, and where it goes on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BlockPage {
    /// The blocks, newest first.
    pub blocks: Vec<HeaderView>,
    /// Hand this back as `before` to go on; nothing where this is the end.
    pub next: Option<Height>,
}

/// Some of a block's transactions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransactionsPage {
    /// In their order.
    pub transactions: Vec<ContentView>,
    /// Hand this back as `from` to go on; nothing where this is the end.
    pub next: Option<u32>,
}
