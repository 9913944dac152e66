//! What tests and benchmarks build with: people, payments, blocks, whole chains, a model to compare with.
//!
//! Outside the laws: it may name any room, and nothing names it. It is only built under the feature `testkit`, which
//! no release has.
//!
//! Read `follower.rs` first: most tests begin with a [`Follower`] and mine on it.

mod actor;
mod follower;
mod mining;
mod network;
mod node;
pub mod raw;
pub mod strategies;
pub mod theatre;
mod workload;

pub use crate::lab::{Actor, SimulatedDisk, model};
pub use actor::satisfy;
pub use follower::{Follower, Outcome, Rejection};
pub use mining::{Draft, mine, remine};
pub use network::{Network, actors, asert_file, devnet_file};
pub use node::{Clock, PATIENCE, TestNode, until, within};
pub use raw::Raw;
pub use theatre::Theatre;
pub use workload::Workload;

use crate::crypto::BatchSeed;
use crate::ledger::MapSeed;

/// Coefficients of batches in tests: any will do, the same each time.
pub const BATCH_SEED: BatchSeed = BatchSeed([42; 32]);

/// Keys of hash maps in tests.
pub const MAP_SEED: MapSeed = MapSeed([1, 2, 3, 4]);
