//! What can be watched as it happens.

use core::net::SocketAddr;

use crate::node::BlockVerdict;
use crate::protocol::{Farewell, Message, MessageError};
use crate::types::BlockHash;

/// Something that happened, for whoever watches.
#[derive(Clone, Copy, Debug)]
pub enum Happening<'a> {
    /// A message arrived.
    Arrived {
        /// From whom.
        from: usize,
        /// Where.
        to: usize,
        /// What it says, or why that cannot be read.
        message: Result<&'a Message, &'a MessageError>,
        /// How long it is.
        bytes: usize,
    },
    /// A node hung up on somebody.
    HungUp {
        /// The node.
        node: usize,
        /// Where the other can be reached.
        on: SocketAddr,
        /// Why.
        why: &'a Farewell,
    },
    /// A node judged a block.
    Judged {
        /// The node.
        node: usize,
        /// The block.
        block: BlockHash,
        /// What it came to.
        verdict: &'a BlockVerdict,
    },
}

/// Whoever watches: it is shown what happened, and how many microseconds after the world began.
pub type Watcher = Box<dyn FnMut(u64, Happening<'_>)>;
