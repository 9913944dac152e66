//! Other nodes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schemas::Hex;
use crate::net::{PeersReport, Traffic};
use crate::protocol::{PeerReport, Side};
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

impl From<Side> for Direction {
    fn from(side: Side) -> Self {
        match side {
            Side::Dialer => Self::Out,
            Side::Listener => Self::In,
        }
    }
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

impl PeerView {
    /// All who are connected.
    pub fn all_of(report: &PeersReport) -> Vec<Self> {
        let traffic = |peer: &PeerReport| report.traffic.get(&peer.met.peer).copied().unwrap_or_default();
        report.machine.peers.iter().map(|peer| Self::of(peer, traffic(peer))).collect()
    }

    fn of(peer: &PeerReport, traffic: Traffic) -> Self {
        Self {
            node: Hex::of(peer.met.node.0),
            address: peer.met.address.to_string(),
            direction: peer.met.side.into(),
            agent: peer.agent.clone(),
            listening: peer.listening.map(|address| address.to_string()),
            height: peer.tip.map(|(height, _)| height),
            tip: peer.tip.map(|(_, hash)| hash),
            ping_ms: peer.ping.1,
            ping_best_ms: peer.ping.0,
            seconds: peer.seconds,
            bytes_in: traffic.bytes_in,
            bytes_out: traffic.bytes_out,
        }
    }
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
