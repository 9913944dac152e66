//! What the machine is told.

use core::fmt;
use core::net::SocketAddr;
use core::str::FromStr;
use std::sync::Arc;

use super::{Compact, Errand, Message, MessageError, Met, NodeId, Partial, PeerId, house};
use crate::consensus::{Blame, CheckedBlock};
use crate::types::{BlockHash, Header, TxHash};

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    /// The time has come that was asked for, or any other.
    Woken,
    /// There is a connection, and it is known who is there. It is kept until it is dropped, which may be at once.
    Connected(Met),
    /// Nobody could be reached there, or nobody of this chain.
    DialFailed {
        /// Where.
        address: SocketAddr,
        /// Why, for people.
        reason: String,
    },
    /// What a name stands for; nothing where it is unknown.
    Resolved {
        /// The name, and a port.
        name: String,
        /// The addresses.
        addresses: Vec<SocketAddr>,
    },
    /// A connection ended by itself.
    Disconnected {
        /// Which.
        peer: PeerId,
        /// Why, for people.
        reason: String,
    },
    /// A message came.
    Received(PeerId, Message),
    /// What came is no message.
    Unreadable(PeerId, MessageError),
    /// What a compact block came to with the transactions that wait here.
    Reconstructed {
        /// Whose it was.
        peer: PeerId,
        /// What is there of it, and what is not.
        partial: Partial,
        /// What it was made of, to be passed on.
        compact: Arc<Compact>,
    },
    /// What became of a block that was submitted. The answers come in the order of the blocks.
    BlockJudged {
        /// The block.
        hash: BlockHash,
        /// How it came to be submitted.
        errand: Errand,
        /// What became of it.
        judged: JudgedBlock,
    },
    /// What became of headers that were submitted.
    HeadersJudged {
        /// Whose they were.
        peer: PeerId,
        /// Whom it speaks against that one was refused, if one was.
        refused: Option<Blame>,
    },
    /// What became of transactions that were submitted.
    TransactionsJudged {
        /// Whose they were.
        peer: PeerId,
        /// Each, and what became of it.
        judged: Vec<(TxHash, JudgedTransaction)>,
    },
    /// The node follows other blocks than before. They may not be durable yet.
    Grew {
        /// The last headers that it follows now and did not before, lowest first.
        headers: Vec<Header>,
        /// The last of them whole, with what its transactions are called.
        block: Arc<CheckedBlock>,
    },
    /// Transactions that were let into the pool, whoever brought them.
    Admitted(Vec<TxHash>),
    /// Transactions that came back to the pool from blocks that were taken off.
    Returned(Vec<TxHash>),
    /// What an operator wants.
    Ordered(Order),
}

/// What an operator wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    /// Always be connected to this place, a host and a port.
    Add(String),
    /// No longer; and hang up.
    Remove(String),
    /// Hang up on this one, and have nothing to do with it for so many seconds.
    Ban(Banned, u32),
    /// Forgive it.
    Unban(Banned),
}

/// Who is banned: a place, or somebody wherever it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Banned {
    /// All at this address.
    Address(core::net::IpAddr),
    /// This node.
    Node(NodeId),
}

/// Why a text names nobody who could be banned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("say an IP address, or the 64 digits of a node")]
pub struct BannedError;

impl FromStr for Banned {
    type Err = BannedError;

    fn from_str(text: &str) -> Result<Self, BannedError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| Self::Node(NodeId(bytes))).ok_or(BannedError)
    }
}

impl fmt::Display for Banned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Node(node) => f.write_str(&hex::encode(node.0)),
        }
    }
}

impl Banned {
    /// The one way of naming them: of an address of IPv6 the half that counts.
    #[must_use]
    pub fn canonical(self) -> Self {
        match self {
            Self::Address(address) => Self::Address(house(address)),
            Self::Node(_) => self,
        }
    }
}

/// What became of a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JudgedBlock {
    /// It is followed, or stands on a branch that is not, or was here before.
    Taken,
    /// One below it is missing.
    Orphan,
    /// It lies ahead of our clock, and waits.
    Early,
    /// It was refused.
    Refused {
        /// Whom that speaks against.
        blame: Blame,
        /// Why, for people.
        reason: String,
    },
    /// Nothing is taken in any more.
    Closed,
}

/// What became of a transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JudgedTransaction {
    /// It waits for a block.
    Admitted,
    /// It was refused.
    Refused {
        /// Whom that speaks against.
        blame: Blame,
        /// Why, for people.
        reason: String,
    },
    /// Nothing is taken in any more.
    Closed,
}
