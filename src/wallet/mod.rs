//! Keys and spending: from words that a person can write down to a transaction that the chain takes.
//!
//! This room decides how keys are derived, what is put before somebody who signs, and what a signature is asked for. It
//! knows no chain state and draws no randomness: entropy, balances and heights come in as arguments. Whatever the chain
//! would refuse is judged by `consensus` and `ledger` themselves, before anything is signed.
//!
//! Read `way.rs` first.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod caution;
mod derivation;
mod expression;
mod lack;
mod leaves;
mod way;
mod words;

pub use caution::{Caution, FAR_SECONDS, cautions};
pub use derivation::{ACCOUNTS_MAX, AccountError, DEVNET_MNEMONIC, Mnemonic, MnemonicError, Seed};
pub use expression::{
    EXPRESSION_BYTES_MAX, ExpressionError, ExpressionProblem, NamedKeys, parse_policy, policy_text,
};
pub use lack::{Lack, lack};
pub use way::{Means, WAYS_MAX, Way, ways};
pub use words::{KeyNames, explain};
