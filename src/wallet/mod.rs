//! Keys: from words that a person can write down to the addresses that money is paid to, and the file that keeps them.
//!
//! This room decides how keys are derived, what a wallet holds and how its file is sealed; it will hold everything else
//! a wallet does without a disk or a network. It knows no chain state and draws no randomness: entropy, salts and nonces
//! come in as arguments.
//!
//! Read `derivation.rs` first, then [`keyring`] and [`keystore`].
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod derivation;
pub mod keyring;
pub mod keystore;
mod outbox;

pub use derivation::{ACCOUNTS_MAX, AccountError, DEVNET_MNEMONIC, Mnemonic, MnemonicError, Seed};
pub use outbox::{OUTBOX_MAX, Outbox, OutboxError, Progress, SETTLED_DEPTH, Sent};
