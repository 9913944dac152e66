//! The parameters of one chain, as its genesis fixed them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Issuance;
use crate::codec::Encode;
use crate::types::{Amount, Bits, ChainId, Height, Prefix, Target};

/// Everything that distinguishes the rules of one chain from those of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    /// The hash of the genesis block.
    pub chain: ChainId,
    /// What addresses begin with.
    pub prefix: Prefix,
    /// Difficulty of the first blocks, and of all of them in [`PowMode::Fixed`].
    pub genesis_bits: Bits,
    /// How difficulty goes on from there.
    pub pow_mode: PowMode,
    /// What it means to have done the work.
    pub work_rule: WorkRule,
    /// The easiest target there may be.
    pub pow_limit: Target,
    /// Seconds between blocks that difficulty aims at.
    pub spacing: u32,
    /// Seconds behind schedule that halve the difficulty.
    pub halflife: u32,
    /// Seconds that one gap between blocks counts for at most.
    pub gap_max: u32,
    /// Seconds a header may lie ahead of our clock when it arrives.
    pub future_drift: u32,
    /// Blocks after which a reward can be spent.
    pub maturity: u32,
    /// What miners are given.
    pub issuance: Issuance,
    /// Bytes of a block.
    pub block_bytes_max: u32,
    /// Actions in all transactions of a block.
    pub block_actions_max: u32,
    /// Bytes of a transaction.
    pub transaction_bytes_max: u32,
    /// What a sender burns for each account that it brings into being, so that state has a price.
    pub account_charge: Amount,
    /// Blocks between two snapshots of the state.
    pub snapshot_interval: u32,
    /// Whether this is a laboratory: faults, time warps and invalidation are allowed.
    pub lab: bool,
    /// From which height each rule holds that does not hold from the start.
    pub activations: Activations,
}

/// How difficulty goes on from genesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowMode {
    /// It stays what it was. For devnets, where blocks are made on demand.
    Fixed,
    /// It follows the blocks' times by `aserti3-2d`.
    Asert,
}

/// What it means to have done the work for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WorkRule {
    /// SHA-256d of the header does not exceed the target.
    #[default]
    Sha256d,
    /// Any hash will do: a laboratory draws who finds a block instead of hashing. Nothing but a laboratory can ask for it.
    #[cfg(feature = "lab")]
    Virtual,
}

/// What a chain may switch on at a height of its own instead of from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The action `PayAll`.
    PayAll,
    /// The action `Note`.
    Note,
    /// An expiry height on a transaction.
    Expiry,
    /// Thresholds in a spender's policy.
    Threshold,
    /// Heights in a spender's policy.
    After,
    /// Hash locks in a spender's policy.
    Preimage,
}

/// From which height each [`Rule`] holds; from the start where it is not named.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Activations(pub BTreeMap<Rule, Height>);

impl Activations {
    /// The first height at which this may be used.
    pub fn height(&self, rule: Rule) -> Height {
        self.0.get(&rule).copied().unwrap_or(Height::GENESIS)
    }
}
