//! Mining: what to work on, and who does.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chain::TipView;
use super::schemas::{AddressText, Hex};
use crate::types::{Amount, Bits, BlockHash, Height, Timestamp, Txid};

/// How mining goes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MiningView {
    /// How many times harder than the easiest target of Bitcoin the next block is to find.
    pub difficulty: f64,
    /// Hashes a second that the last blocks took, by their work and their times.
    pub network_hash_rate: f64,
    /// Seconds between two of the last blocks, on average.
    pub spacing: f64,
    /// Seconds that the chain aims at.
    pub spacing_aim: u32,
    /// Who mined the last blocks, most first.
    pub miners: Vec<MinerShare>,
    /// How many blocks these are.
    pub blocks: usize,
    /// Miners that work on this node over Stratum.
    pub workers: Vec<WorkerView>,
    /// At which tip all this is so.
    pub tip: TipView,
}

/// What somebody mined of the last blocks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MinerShare {
    /// Who was paid.
    pub address: AddressText,
    /// How many.
    pub blocks: usize,
    /// The last of them.
    pub last: Height,
}

/// A miner on this node.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct WorkerView {
    /// Who is paid.
    pub address: AddressText,
    /// What they call the machine.
    pub worker: String,
    /// Hashes a second, as its shares tell.
    pub hash_rate: f64,
    /// Shares that counted.
    pub accepted: u64,
    /// Shares that did not.
    pub rejected: u64,
    /// Blocks found.
    pub blocks: u64,
    /// Seconds since anything was heard of it.
    pub idle_seconds: u64,
}

/// A block that lacks nothing but its work.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TemplateView {
    /// Where it would stand.
    pub height: Height,
    /// The block below.
    pub previous: BlockHash,
    /// Its time: it may be later, and not before `time_min`.
    pub time: Timestamp,
    /// The earliest time it may have.
    pub time_min: Timestamp,
    /// Its target, in the compact form.
    pub bits: Bits,
    /// The same, whole: the hash must not be above it.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub target: String,
    /// What its miner is owed.
    pub reward: Amount,
    /// What it holds.
    pub txids: Vec<Txid>,
    /// The 80 bytes of the header; turn the last four, the nonce, and the time in the four before the bits.
    pub header: Hex,
    /// The whole block, which begins with the header: put the one that was found in its place, and submit it.
    pub block: Hex,
}
