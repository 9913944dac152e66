//! How the node is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chain::{ParametersView, TipView};
use crate::protocol::{ProtocolReport, SyncState};
use crate::types::{Height, Timestamp};

/// How far a node is with catching up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum SyncView {
    /// Nobody is connected.
    Alone,
    /// Nobody who is connected has more.
    Synced,
    /// It asks what there is.
    Asking,
    /// Blocks are missing.
    Fetching {
        /// Up to where.
        to: Height,
        /// How many.
        missing: usize,
    },
}

impl SyncView {
    /// Of a machine that is connected.
    pub fn of(machine: &ProtocolReport) -> Self {
        match machine.sync {
            // Nobody has more where there is nobody.
            SyncState::Synced if machine.peers.is_empty() => Self::Alone,
            SyncState::Synced => Self::Synced,
            SyncState::Asking => Self::Asking,
            SyncState::Fetching { to, missing } => Self::Fetching { to, missing },
        }
    }
}

/// How the node is, and what chain it follows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    /// The program's version.
    pub version: String,
    /// All that distinguishes this chain from others.
    pub network: ParametersView,
    /// The block that is followed as the last.
    pub tip: TipView,
    /// Its time.
    pub tip_time: Timestamp,
    /// The present, by the clock that says which headers are early.
    pub time: Timestamp,
    /// How far it is with catching up.
    pub sync: SyncView,
    /// How many are connected.
    pub peers: usize,
    /// How many transactions wait for a block.
    pub mempool: usize,
    /// Block data begins above this height.
    pub base: Height,
    /// Where the events stand: the cursor behind everything that has happened.
    pub cursor: String,
    /// Seconds since the node began.
    pub uptime_seconds: u64,
    /// Why nothing is taken in any more.
    pub stopped: Option<String>,
    /// What should never be.
    pub alarm: Option<String>,
}
