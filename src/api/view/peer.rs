//! Other nodes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schemas::Hex;
use crate::types::{BlockHash, Height};

/// Which side connected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// We did.
    Out,
    /// They did.
    In,
}

/// Somebody who is connected.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PeerView {
    /// Who they are.
    pub node: Hex,
    /// Where they are.
    pub address: String,
    /// Which side connected.
    pub direction: Direction,
    /// What they call their program.
    pub agent: Option<String>,
    /// Where they listen.
    pub listening: Option<String>,
    /// Where their tip stands, as far as is known.
    pub height: Option<Height>,
    /// Their tip.
    pub tip: Option<BlockHash>,
    /// Milliseconds that the last answer took.
    pub ping_ms: Option<u64>,
    /// Milliseconds that the quickest took.
    pub ping_best_ms: Option<u64>,
    /// For how long they are connected.
    pub seconds: u64,
    /// Bytes that came from them.
    pub bytes_in: u64,
    /// Bytes that went to them.
    pub bytes_out: u64,
}

/// How this node stands with others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PeersView {
    /// What others know this node by.
    pub node: Hex,
    /// Where it listens.
    pub listening: Option<String>,
    /// Who is connected.
    pub peers: Vec<PeerView>,
    /// How many addresses are known.
    pub known: usize,
    /// How many are banned.
    pub banned: usize,
}
