//! The rules: which headers, transactions and blocks are valid, as functions of nothing but what they are given.
//!
//! This room decides everything about a block that can be decided without knowing who owns what: work, difficulty,
//! time, sizes, form, witnesses, signatures, what a miner may claim. It never touches balances or nonces, which are
//! the `ledger`'s, and never chooses between branches, which is the `chain`'s.
//!
//! What has been checked is in the type: a [`Transaction`](crate::types::Transaction) becomes a
//! [`SoundTransaction`] when all but its signatures has been checked, and a [`CheckedTransaction`] when those hold; a
//! [`Block`](crate::types::Block) goes the same way. There is no other way to make one; whoever verifies the signatures in between is trusted to.
//!
//! Read `block.rs` first: it is the order of all checks on one page.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod blame;
mod block;
mod branch;
mod difficulty;
mod genesis;
mod genesis_file;
mod header;
mod issuance;
mod owners;
mod params;
mod presets;
mod time;
mod transaction;
mod witness;

pub use blame::Blame;
pub use block::{BlockError, CheckedBlock, SoundBlock, check_block, check_signatures};
pub use branch::Branch;
pub use difficulty::{Asert, asert, next_bits};
pub use genesis::{BLOCK_OVERHEAD_BYTES, Genesis, GenesisError};
pub use genesis_file::{AllocationEntry, GenesisFile, PowFile};
pub use header::{HeaderContext, HeaderError, TooEarly, check_arrival, check_header, check_work};
pub use issuance::Issuance;
pub use params::{Activations, Params, PowMode, Rule, WorkRule};
pub use time::{MEDIAN_WINDOW, median_time};
pub use transaction::{
    CheckedTransaction, Facts, NODE_BYTES, SoundTransaction, Spend, TransactionError, Untimely,
    check_transaction, check_transactions,
};
pub use witness::{Met, WitnessError, meet};
