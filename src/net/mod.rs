//! Connections to other nodes.
//!
//! This room decides how bytes travel: who is on the other side, that nobody else listens, that nothing urgent is held up
//! by anything large, and how much a stranger may make it hold. What is said it does not decide: it tells the machine of
//! `protocol` what happens and does what that orders, with the node that it knows.
//!
//! Read `frames.rs` first, then `noise.rs` and `connection.rs`; `driver.rs` is where the machine is.

mod bridge;
mod calls;
mod connection;
mod door;
mod driver;
mod faults;
mod frames;
mod greet;
mod guests;
mod host_port;
mod keep;
mod known;
mod lanes;
mod line;
mod noise;
mod notices;
mod reading;
mod report;
mod saving;
mod sending;
mod server;
mod serving;
mod submitting;
mod wire;
mod writing;

pub use bridge::{gather, judged_block, judged_transaction, present, reconstruct, told};
pub use connection::carry;
pub use faults::{Far, FarError, Faults, FaultsRefused, Link};
pub use frames::{
    CHUNK_BYTES_MAX, ChunkError, Inbox, Lane, MESSAGE_BYTES_MAX, Outbox, QueueFull, URGENT_BYTES_MAX,
};
pub use greet::Greeted;
pub use guests::{Guest, Guests};
pub use host_port::{HostPort, HostPortError};
pub use keep::Keep;
pub use known::{NodeKnown, NodeStock};
pub use lanes::{Parcel, lane};
pub use noise::{
    HANDSHAKE_BYTES, Handshake, Identity, NoiseError, Opener, PREAMBLE_BYTES, SEALED_BYTES_MAX, Sealer,
    check_preamble, preamble,
};
pub use notices::Log;
pub use report::PeersReport;
pub use sending::{BLOCKS_WANTED_MAX, OUTBOX_BYTES_MAX, Sending, TRANSACTIONS_WANTED_MAX, Traffic};
pub use server::{Peers, PeersEnded, PeersError, PeersHandle, PeersOptions};
pub use wire::{End, Event, Patience, Room, Stock, Wire};
