//! What nodes say to each other.
//!
//! This room decides what is said, when, and to whom, and what is made of the answers. It knows no socket and no clock:
//! what happened goes in as an [`Input`], what is to be done comes out as [`Output`]s, and what the node knows is asked by
//! [`Known`]. It never judges a block or a transaction: it brings them before the node, and hears the verdict.
//!
//! | file | job |
//! |---|---|
//! | `machine.rs` | hands each small machine what concerns it; who may speak, and who has to go |
//! | `peers.rs`, `ping.rs` | who is connected, and whether they still answer |
//! | `book/`, `dialing/`, `gossip/` | the addresses that are known, whom to connect to, whom to tell |
//! | `sync/` | headers first, then bodies from everybody |
//! | `relay/` | new blocks, named |
//! | `yardstick.rs` | what every header is held against |
//! | `transactions/`, `stem/` | transactions, in the open and before |
//! | `conduct.rs`, `bans.rs`, `eviction.rs`, `budget.rs` | what is held against whom |
//!
//! Read `message.rs` first, then `machine.rs`.
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
mod sizes;
mod stem;
mod sync;
mod transactions;
mod yardstick;

pub use bans::{BANS_MAX, Bans, BansError};
pub use book::{
    ANCHORS_MAX, AddressBook, BOOK_MAX, BUCKET_PLACES, BUCKETS_BY_GROUP_MAX, BUCKETS_BY_SOURCE_MAX,
    BookError, BookSecret, FAILURES_OF_UNKNOWN_MAX, Group, KnownAddress, NEW_BUCKETS, SAMPLE_PERCENT_MAX,
    Source, TRIED_BUCKETS, UNSEEN_SECONDS_MAX, Which, house,
};
pub use budget::{Allowance, Budget, Rate, cost_of};
pub use compact::{Compact, CompactError, GetParts, Namer, Partial, Parts, ShortId};
pub use dialing::ADDED_MAX;
pub use draws::Draws;
pub use input::{Banned, BannedError, Input, JudgedBlock, JudgedTransaction, Order};
pub use known::{Known, KnownBlock, Standing};
pub use machine::{BAN_SECONDS, PeerReport, Protocol, ProtocolReport};
pub use message::{
    ADDRESSES_MAX, Addresses, Agent, BLOCKS_ASKED_MAX, BlockBytes, GetHeaders, HASHES_MAX, HEADERS_MAX,
    Hello, Message, MessageError, NEWS_MAX, PeerAddress, TRANSACTIONS_BYTES_MAX, Versions,
};
pub use output::{Body, Errand, Farewell, Output, Served};
pub use peer::{Met, NodeId, Now, PeerId, Side};
pub use settings::Settings;
pub use sizes::Size;
pub use sync::{HEADERS_HELD_MAX, SyncState};
