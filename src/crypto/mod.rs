//! Hashes and signatures: functions over bytes that know no domain word.
//!
//! This room decides what a hash of bytes is, when a signature holds and which public keys are keys at all. It never
//! learns what was hashed or signed, reads no clock and draws no randomness: the coefficients of a batch come from a
//! seed that the caller gives.
//!
//! Read `ed25519.rs` first: it holds the one decision here that could split a chain.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod ed25519;
mod lanes;
pub mod merkle;
pub mod search;
mod sha256;
mod words;

pub use ed25519::{BatchSeed, Claim, Culprits, KeyError, PublicKey, SecretKey, Signature, verify_batch};
pub use sha256::{BLOCK_BYTES, Digest, Midstate, Tag, ZERO_DIGEST, sha256, sha256d};
