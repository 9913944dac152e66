//! Which nodes there are, and which of them run, for whoever has to do with all of them.

use std::sync::Arc;

use tokio::sync::watch;

use super::places::Places;
use crate::net::PeersHandle;
use crate::node::NodeHandle;
use crate::protocol::NodeId;

/// A node that runs.
#[derive(Clone)]
pub struct Live {
    /// Its chain.
    pub node: NodeHandle,
    /// Its connections.
    pub peers: PeersHandle,
    /// Its how-manieth start this is: after another, what is known of it is of no use.
    pub start: u64,
}

/// A node, whether it runs or not.
#[derive(Clone)]
pub struct Seat {
    /// Its number, from 0.
    pub index: usize,
    /// Where it is reached while it runs.
    pub places: Places,
    /// What others know it by.
    pub id: NodeId,
    /// It, while it runs.
    pub live: Option<Live>,
    /// Whether it is down only until the network has gone back to a state.
    pub going_back: bool,
}

/// All nodes, at one moment.
pub type Roster = Arc<Vec<Seat>>;

/// Those that run.
pub(super) fn living(roster: &watch::Receiver<Roster>) -> Vec<(usize, Live)> {
    let roster = roster.borrow();
    roster.iter().filter_map(|seat| Some((seat.index, seat.live.clone()?))).collect()
}
