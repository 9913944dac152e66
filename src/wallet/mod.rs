//! Keys: from words that a person can write down to the addresses that money is paid to.
//!
//! This room decides how keys are derived; it will hold everything else a wallet does without a disk or a network. It
//! knows no chain state and draws no randomness: entropy comes in as an argument.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod derivation;
mod outbox;

pub use derivation::{ACCOUNTS_MAX, AccountError, DEVNET_MNEMONIC, Mnemonic, MnemonicError, Seed};
pub use outbox::{OUTBOX_MAX, Outbox, OutboxError, Progress, SETTLED_DEPTH, Sent};
