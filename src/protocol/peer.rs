//! Who is on the other side, and what time it is here.

use core::net::SocketAddr;

use crate::types::Timestamp;

/// A connection, by the number that the port gave it. No number is given twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PeerId(pub u64);

/// What others know a node by: the public half of its key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub [u8; 32]);

impl NodeId {
    /// Nobody: no key has this public half.
    pub const UNKNOWN: Self = Self([0; 32]);
}

/// Who began the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// We did.
    Dialer,
    /// They did.
    Listener,
}

/// What clocks show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Milliseconds that never run back, and that nobody can warp.
    pub millis: u64,
    /// The time of the world, by which addresses age and bans end.
    pub wall: Timestamp,
    /// The time of the chain, by which headers are early.
    pub chain: Timestamp,
}

/// A connection that was made, once both have shown who they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Met {
    /// Its number.
    pub peer: PeerId,
    /// The other end of it. Where they began it, they do not listen there.
    pub address: SocketAddr,
    /// Who began it: we are the dialer or the listener.
    pub side: Side,
    /// Who they are.
    pub node: NodeId,
}
