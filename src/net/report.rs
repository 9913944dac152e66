//! What an operator is told of the peers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::sending::{Sending, Traffic};
use crate::protocol::{
    Banned, KnownAddress, NodeId, PeerId, PeerReport as Said, ProtocolReport, Standing, SyncState,
};
use crate::types::Timestamp;

/// All that is known of the peers, at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeersReport {
    /// What others know this node by.
    pub node: NodeId,
    /// Everybody who is connected, in the order in which they came.
    pub peers: Vec<PeerReport>,
    /// Places that an operator wants to be connected to.
    pub added: Vec<String>,
    /// The addresses that are known.
    pub known: Vec<KnownAddress>,
    /// Who is banned, and until when.
    pub bans: Vec<(Banned, Timestamp)>,
    /// How far it is with catching up.
    pub sync: SyncState,
    /// What the node follows; it may not be durable yet.
    pub tip: Standing,
}

/// One who is connected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerReport {
    /// Who they are, and what they said.
    pub said: Said,
    /// Since when.
    pub since: Timestamp,
    /// What went over the connection.
    pub traffic: Traffic,
    /// How long ago the last message came; nothing where none did.
    pub quiet_for: Option<Duration>,
}

/// One who is connected, as the port knows them.
pub(super) struct Peer {
    pub address: SocketAddr,
    pub since: Timestamp,
    pub sending: Sending,
}

impl PeersReport {
    /// What the machine says of them, and what the port knows.
    pub(super) fn of(
        node: NodeId,
        machine: ProtocolReport,
        peers: &BTreeMap<PeerId, Peer>,
        now_millis: u64,
    ) -> Self {
        let ProtocolReport { peers: said, added, known, bans, sync, tip } = machine;
        let report = |said: Said| {
            let peer = peers.get(&said.met.peer)?;
            let traffic = peer.sending.traffic();
            let quiet_for =
                traffic.last_message.map(|at| Duration::from_millis(now_millis.saturating_sub(at)));
            Some(PeerReport { said, since: peer.since, traffic, quiet_for })
        };
        Self { node, peers: said.into_iter().filter_map(report).collect(), added, known, bans, sync, tip }
    }
}
