//! The nouns of the chain: amounts, times, hashes, addresses, transactions, blocks.
//!
//! This room decides what each value is, how it is written as bytes, as text and in JSON, and what cannot even be
//! expressed (a policy beyond its bounds, a key that is no key, a sum that overflows). It does not decide whether a
//! transaction or a block is valid: that is `consensus`.
//!
//! Read `transaction.rs` and `block.rs` first; they name everything else.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod address;
mod amount;
mod block;
mod first_digits;
mod first_letters;
mod hash;
mod header;
mod numbers;
mod policy;
mod text;
mod transaction;
mod work;

pub use address::{Address, AddressError, Prefix, PrefixError};
pub use amount::{Amount, AmountError, PEBBLES_PER_COIN};
pub use block::{
    BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, Block, Coinbase, Commitments, EXTRA_BYTES_MIN, Extra,
};
pub use first_digits::{FirstDigits, FirstDigitsError};
pub use first_letters::FirstLetters;
pub use hash::{BlockHash, ChainId, ChainTag, HistoryRoot, MerkleRoot, StateRoot, TxHash, TxRoot, Txid};
pub use header::{HEADER_BYTES, Header};
pub use numbers::{EffectiveTime, Height, Nonce, Timestamp};
pub use policy::{
    POLICY_BYTES_MAX, POLICY_CHILDREN_MAX, POLICY_DEPTH_MAX, POLICY_KEYS_MAX, Policy, PolicyError, Threshold,
};
pub use text::HexError;
pub use transaction::{
    ACTIONS_MAX, Action, Body, Names, Note, Preimage, Reference, TRANSACTION_BYTES_MAX, Transaction, Witness,
};
pub use work::{Bits, BitsError, Target, U256, Work};
