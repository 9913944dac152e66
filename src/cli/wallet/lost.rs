//! Whether a node proves that a payment will never be mined: what that takes is decided in [`crate::wallet`].

use anyhow::Result;

use super::paying::Desk;
use super::proofs::{Whose, prove_accounts, prove_transaction};
use crate::types::{Body, Nonce, Txid};
use crate::wallet::{is_shut_out, is_void};

impl Desk<'_> {
    /// Whether another, which a node names, provably shuts this payment out.
    pub fn proves_shut_out(&self, body: &Body, by: &Txid) -> Result<bool> {
        let proven = prove_transaction(&self.vault, &self.chain, by)?;
        Ok(proven.is_some_and(|(other, found)| is_shut_out(body, &other.body, found.confirmations)))
    }

    /// Whether the last block that a payment could stand in has provably passed without it.
    pub fn proves_void(&self, body: &Body) -> Result<bool> {
        let address = body.policy.address();
        let whose = Whose::named(&self.chain.text(&address), address);
        let (headers, proven) = prove_accounts(&self.vault, &self.chain, &[whose])?;
        let mut nonces = proven.iter().map(|it| it.account.map_or(Nonce(0), |account| account.nonce));
        Ok(nonces.all(|nonce| is_void(body, nonce, headers.height())))
    }
}
