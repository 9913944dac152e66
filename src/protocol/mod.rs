//! What nodes say to each other.
//!
//! This room decides what is said, when, and to whom, and what is made of the answers. It knows no socket and no clock:
//! what happened goes in, what is to be done comes out. So far it has the words; `net` carries them.
//!
//! Read `message.rs` first.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod compact;
mod message;

pub use compact::{Compact, CompactError, GetParts, Namer, Partial, Parts, ShortId};
pub use message::{
    ADDRESSES_MAX, Addresses, Agent, BLOCKS_ASKED_MAX, BlockBytes, GetHeaders, HASHES_MAX, HEADERS_MAX,
    Hello, Message, MessageError, NEWS_MAX, PeerAddress, TRANSACTIONS_BYTES_MAX, Versions,
};
