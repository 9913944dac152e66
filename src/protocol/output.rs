//! What the machine orders.

use core::net::SocketAddr;
use std::sync::Arc;

use super::{BlockBytes, Compact, Message, PeerId};
use crate::types::{Block, BlockHash, Header, Transaction, TxHash};

/// Something that is to be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Send this message to each of these.
    Send(Vec<PeerId>, Message),
    /// Send these blocks, in this order, as they can be read and the other side takes them; those that are not here are
    /// `Missing`.
    SendBlocks(PeerId, Vec<Served>),
    /// Send those of these transactions that wait here.
    SendTransactions(PeerId, Vec<TxHash>),
    /// Send this transaction along its stem, if it waits here.
    SendStem(PeerId, TxHash),
    /// Connect to this place.
    Dial(SocketAddr),
    /// Find out what a name stands for: a host and a port.
    Resolve(String),
    /// Hang up. Nothing more is told of this one.
    Drop(PeerId, Farewell),
    /// Look for the transactions of this block among those that wait here.
    Reconstruct(PeerId, Arc<Compact>),
    /// Submit this block. They are to be submitted in the order in which they come.
    SubmitBlock(BlockHash, Body, Errand),
    /// Submit these headers.
    SubmitHeaders(PeerId, Vec<Header>),
    /// Submit these transactions.
    SubmitTransactions(PeerId, Vec<(TxHash, Transaction)>),
    /// Keep the bans: they have changed.
    KeepBans,
    /// Keep the book: whom to connect to first has changed. It is kept now and then anyway.
    KeepBook,
    /// Somebody may want to read this.
    Log(String),
}

/// A block that somebody asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Served {
    /// It may not be written yet: this is it.
    Kept(Arc<Block>),
    /// It is written, if it is here.
    Stored(BlockHash),
}

/// How a block came to be submitted. The verdict comes back with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Errand {
    /// This one sent it when it was asked for a branch.
    CatchUp(PeerId),
    /// This one sent all of it because it had told of it.
    Whole(PeerId),
    /// It was put together, by what this one said of it: the body is known to be the header's.
    PutTogether(PeerId),
}

/// A block, as far as it was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// Its header is one that was asked for.
    Bytes(BlockBytes),
    /// All of it.
    Whole(Arc<Block>),
}

/// Why we hang up.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
pub enum Farewell {
    /// It is we ourselves.
    #[error("it is this node itself")]
    Ourselves,
    /// There is another connection to the same node.
    #[error("there is another connection to it")]
    Twice,
    /// We understand no common language.
    #[error("it speaks versions {oldest} to {newest} of the protocol")]
    Versions {
        /// The oldest that it speaks.
        oldest: u16,
        /// The newest.
        newest: u16,
    },
    /// It is banned.
    #[error("it is banned")]
    Banned,
    /// There are too many: in all, or of its kind.
    #[error("there is no room for it")]
    NoRoom,
    /// It only was to be seen that somebody is there.
    #[error("it was only to be seen that it is there")]
    Seen,
    /// It did not say who it is in time, or does not answer.
    #[error("it does not answer")]
    Silent,
    /// It keeps us from a branch that it claims to have.
    #[error("it does not send what it has")]
    Stalls,
    /// It broke a rule.
    #[error("it misbehaved: {0}")]
    Misbehaved(String),
    /// An operator wants it.
    #[error("it was told to go")]
    Ordered,
}
