//! Cairn.
pub mod chain;
pub mod codec;
pub mod consensus;
pub mod crypto;
pub mod ledger;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod types;
