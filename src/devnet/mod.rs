//! A network on one machine: real nodes over real sockets in one process, and everything that one wants to do to them.
//!
//! This room decides what all nodes of such a network share: one clock for their chain, who mines when, how the links
//! between them are, and states of the whole that can be gone back to. Each node is the same as `cairn node` runs; nothing
//! in them knows that it is one of several, and others may join from outside.
//!
//! Read `network.rs` first, where a [`Devnet`] is begun and ended, then `orders.rs`, what it can be told. `member.rs` is one node
//! with its ports, `desk` takes orders over HTTP.

mod archive;
mod branches;
mod clock;
pub mod desk;
mod error;
mod faucet;
mod ground;
mod links;
mod manifest;
mod member;
mod mending;
mod mining;
mod network;
mod orders;
mod places;
mod roster;
mod rulings;
mod schedule;
mod snapshots;
mod spreading;
mod standing;

pub use branches::Reorganized;
pub use clock::{ChainTime, ClockState};
pub use error::DevnetError;
pub use faucet::{FAUCET_AMOUNT, FAUCET_AMOUNT_MAX, Given};
pub use ground::{DEVNET_ACCOUNTS, DEVNET_BALANCE, Funded, Ground, GroundError, Work, prefund};
pub use links::{Links, Partition, PartitionError};
pub use mending::{Ends, MEND_TIME_MAX, Unmended};
pub use mining::{Mining, MiningError};
pub use network::{Devnet, DevnetHandle, DevnetOptions, NODES_MAX, NODES_USUAL};
pub use orders::{Mined, ORDERED_BLOCKS_MAX};
pub use places::{Places, PortError};
pub use roster::{Live, Roster, Seat};
pub use snapshots::{Reverted, SNAPSHOT_NAME_MAX, SavedNode, Snapshot};
pub use spreading::SPREAD_TIME_MAX;
pub use standing::{Standing, Up};
