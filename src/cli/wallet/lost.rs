//! What it takes to say that a payment will never be mined, so that it may be made anew.
//!
//! # Security
//! Whoever is told so pays again. A node's word is not enough for that, nor is a block that may yet be taken back.

use anyhow::Result;

use super::paying::Desk;
use super::proofs::{Whose, prove_accounts, prove_transaction};
use crate::types::{Body, Height, Nonce, Txid};

/// Blocks, from the one that shuts a payment out, below which none is expected to be taken back by the time somebody pays again.
///
/// # Security
/// A smaller number has a payment made twice by a shorter reorganization; a larger one leaves people longer in doubt.
pub(super) const LOST_DEPTH: u32 = 6;

impl Desk<'_> {
    /// Whether another with the number of this payment provably stands in a block, deep enough.
    pub fn is_shut_out(&self, body: &Body, by: &Txid) -> Result<bool> {
        let proven = prove_transaction(&self.vault, &self.chain, by)?;
        Ok(proven.is_some_and(|(other, found)| {
            let is_rival = other.body.nonce == body.nonce
                && other.body.policy.address() == body.policy.address()
                && other.body.txid() != body.txid();
            is_rival && found.confirmations >= LOST_DEPTH
        }))
    }

    /// Whether the last block that a payment could stand in provably lies deep enough, and its number was not used.
    pub fn is_void(&self, body: &Body, expiry: Height) -> Result<bool> {
        let address = body.policy.address();
        let whose = Whose::named(&self.chain.text(&address), address);
        let (headers, proven) = prove_accounts(&self.vault, &self.chain, &[whose])?;
        let nonces = proven.iter().map(|it| it.account.map_or(Nonce(0), |account| account.nonce));
        Ok(headers.height() >= deep_above(expiry) && nonces.into_iter().all(|nonce| nonce <= body.nonce))
    }
}

/// The height of a tip below which this one lies deep enough.
pub(super) fn deep_above(height: Height) -> Height {
    Height(height.0.saturating_add(LOST_DEPTH))
}
