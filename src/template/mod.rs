//! What a miner works on: a candidate block, the jobs made from it, and the block that a nonce completes.
//!
//! This room decides which transactions the next block takes, and lays out its coinbase so that everyone who mines can
//! roll a part of it. It never looks into the pool, which hands its transactions in as they are to be tried, never
//! hashes for a nonce, and reads no clock.
//!
//! ```text
//! Groundwork + transactions ── assemble ──▶ Template   one for everybody
//! Template + Payout ──────────────────────▶ Job        one for each who is paid
//! Job + Extranonce + time, version, nonce ▶ Header, Block
//! ```
//!
//! Read `assemble.rs` first, then `job.rs`; `difficulty.rs` and `meter.rs` are how pools count.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod assemble;
mod difficulty;
mod job;
mod meter;

pub use assemble::{Groundwork, Template};
pub use difficulty::Difficulty;
pub use job::{
    ASSIGNED_BYTES, EXTRANONCE_BYTES, Extranonce, Job, Payout, Rolled, TAG_BYTES_MAX, TURNED_BYTES,
    TagLength, VERSION, VERSION_MASK,
};
pub use meter::Meter;
