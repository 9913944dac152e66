//! What it takes to say that a payment will never be mined, so that it may be made anew.
//!
//! # Security
//! Whoever is told so pays again. A node's word is not enough for that, nor is a block that may yet be taken back: what is given
//! here has to be proven against headers whose work was checked.

use crate::types::{Body, Height, Nonce};

/// Blocks, from the one that shuts a payment out, below which none is expected to be taken back by the time somebody pays again.
///
/// # Security
/// A smaller number has a payment made twice by a shorter reorganization; a larger one leaves people longer in doubt.
pub const LOST_DEPTH: u32 = 6;

/// Whether another stands in a block so that this one never will: one with its number, deep enough.
pub fn is_shut_out(body: &Body, other: &Body, confirmations: u32) -> bool {
    let is_rival = other.nonce == body.nonce && other.policy == body.policy && other.txid() != body.txid();
    is_rival && confirmations >= LOST_DEPTH
}

/// Whether the last block that a payment could stand in lies deep enough below this tip, while its account has come no further than
/// to this nonce.
pub fn is_void(body: &Body, nonce: Nonce, tip: Height) -> bool {
    nonce <= body.nonce && body.expiry.is_some_and(|expiry| tip.0 >= expiry.0.saturating_add(LOST_DEPTH))
}
