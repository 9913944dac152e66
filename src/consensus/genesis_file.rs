//! `genesis.json`: a chain's parameters as people write and read them.

use serde::{Deserialize, Serialize};

use super::{Activations, GenesisError, Issuance, PowMode};
use crate::types::{Amount, Bits, Timestamp};

/// The file, field by field. Amounts are strings of pebbles, targets hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisFile {
    /// For readers; no rule looks at it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comment: Vec<String>,
    /// What the network is called; no rule looks at it.
    pub name: String,
    /// What addresses begin with.
    pub prefix: String,
    /// When the chain begins, in seconds since 1970.
    pub time: Timestamp,
    /// The first difficulty, in compact form.
    pub bits: Bits,
    /// How difficulty goes on.
    pub pow: PowFile,
    /// Seconds a header may lie ahead of a node's clock when it arrives.
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
    /// What a sender burns for each account that it brings into being.
    pub account_charge: Amount,
    /// Blocks between two snapshots of the state.
    pub snapshot_interval: u32,
    /// Whether this is a laboratory, where faults, warps and invalidation are allowed.
    pub lab: bool,
    /// From which height each rule holds that does not hold from the start.
    #[serde(default)]
    pub activations: Activations,
    /// Who owns what before the first block.
    pub allocation: Vec<AllocationEntry>,
    /// Nodes to ask first; no rule looks at it.
    #[serde(default)]
    pub bootstrap: Vec<String>,
}

/// The part of the file about difficulty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowFile {
    /// `fixed` or `asert`.
    pub mode: PowMode,
    /// The easiest target, 64 hexadecimal digits.
    pub pow_limit: String,
    /// Seconds between blocks that difficulty aims at.
    pub spacing: u32,
    /// Seconds behind schedule that halve the difficulty.
    pub halflife: u32,
    /// Seconds that one gap counts for at most; twice the halflife where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_max: Option<u32>,
}

/// One account of the allocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationEntry {
    /// Whose it is.
    pub address: String,
    /// How much.
    pub amount: Amount,
}

impl GenesisFile {
    /// Reads the JSON; whether it makes a chain is for [`Genesis::new`](super::Genesis::new).
    ///
    /// # Errors
    /// Names the field that is missing, unknown, or of the wrong form.
    pub fn from_json(text: &str) -> Result<Self, GenesisError> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let file: Self = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            // The whole file is no field.
            let field = Some(error.path().to_string()).filter(|field| field != ".");
            let field = field.unwrap_or_else(|| "the file".to_owned());
            GenesisError::Json { field, reason: error.inner().to_string() }
        })?;
        deserializer.end().map_err(|error| GenesisError::Json {
            field: "the file".to_owned(),
            reason: error.to_string(),
        })?;
        Ok(file)
    }

    /// The JSON, for people.
    ///
    /// # Panics
    /// Never: every field has a JSON form.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("every field has a JSON form");
        text.push('\n');
        text
    }
}
