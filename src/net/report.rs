//! What an operator is told of the peers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::sending::{Sending, Traffic};
use crate::protocol::{NodeId, PeerId, ProtocolReport};

/// All that is known of the peers, at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeersReport {
    /// What others know this node by.
    pub node: NodeId,
    /// What the machine says of them, and of itself.
    pub machine: ProtocolReport,
    /// What went over each connection.
    pub traffic: BTreeMap<PeerId, Traffic>,
}

/// One who is connected, as the port knows them.
pub(super) struct Peer {
    pub address: SocketAddr,
    pub sending: Sending,
}
