//! What nodes say to each other.
//!
//! This room decides what is said, when, and to whom, and what is made of the answers. It knows no socket and no clock:
//! what happened goes in, what is to be done comes out. So far it has the words, which `net` carries, and the book of
//! addresses.
//!
//! Read `message.rs` first.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod bans;
mod book;
mod budget;
mod compact;
mod conduct;
mod dialing;
mod draws;
mod eviction;
mod gossip;
mod input;
mod known;
mod machine;
mod message;
mod output;
mod peer;
mod peers;
mod ping;
mod relay;
mod rolling;
#[cfg(test)]
mod scene;
mod settings;
mod stem;
mod sync;
mod transactions;

pub use bans::{BANS_MAX, Bans, BansError};
pub use book::{
    ANCHORS_MAX, AddressBook, BOOK_MAX, BUCKET_PLACES, BUCKETS_BY_GROUP_MAX, BUCKETS_BY_SOURCE_MAX,
    BookError, BookSecret, FAILURES_OF_UNKNOWN_MAX, Group, KnownAddress, NEW_BUCKETS, SAMPLE_PERCENT_MAX,
    Source, TRIED_BUCKETS, UNSEEN_SECONDS_MAX, Which, house,
};
pub use budget::{Allowance, Budget, Rate, cost_of};
pub use compact::{Compact, CompactError, GetParts, Namer, Partial, Parts, ShortId};
pub use input::{Banned, Input, JudgedBlock, JudgedTransaction, Order};
pub use known::{Known, KnownBlock, Standing};
pub use machine::{BAN_SECONDS, PeerReport, Protocol, ProtocolReport};
pub use message::{
    ADDRESSES_MAX, Addresses, Agent, BLOCKS_ASKED_MAX, BlockBytes, GetHeaders, HASHES_MAX, HEADERS_MAX,
    Hello, Message, MessageError, NEWS_MAX, PeerAddress, TRANSACTIONS_BYTES_MAX, Versions,
};
pub use output::{Body, Farewell, Output};
pub use peer::{Met, NodeId, Now, PeerId, Side};
pub use settings::Settings;
pub use sync::{HEADERS_HELD_MAX, SyncState};
