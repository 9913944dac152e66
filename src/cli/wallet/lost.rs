//! Whether a node proves that a payment will never be mined: what that takes is decided in [`crate::wallet`].

use anyhow::Result;

use super::now;
use super::paying::Desk;
use super::proofs::{Whose, has_block, is_new, prove_accounts, prove_transaction};
use crate::consensus::check_transaction;
use crate::types::{Body, Nonce, Txid};
use crate::wallet::{Sent, is_shut_out, is_void};

impl Desk<'_> {
    /// Whether another, which a node names, provably shuts this payment out.
    ///
    /// # Security
    /// Whoever mines a block by themselves can put anything into it: what shuts a payment out has to be signed by its account.
    pub fn proves_shut_out(&self, body: &Body, by: &Txid) -> Result<bool> {
        if !self.builds_on_what_was_seen(&body.txid())? {
            return Ok(false);
        }
        let Some((other, found)) = prove_transaction(&self.vault, &self.chain, by)? else { return Ok(false) };
        Ok(is_shut_out(body, &other.body, found.confirmations)
            && check_transaction(other, self.chain.params()).is_ok())
    }

    /// Whether the last block that a payment could stand in has provably passed without it.
    pub fn proves_void(&self, body: &Body) -> Result<bool> {
        if !self.builds_on_what_was_seen(&body.txid())? {
            return Ok(false);
        }
        let address = body.policy.address();
        let whose = Whose::named(&self.chain.text(&address), address);
        let (headers, proven) = prove_accounts(&self.vault, &self.chain, &[whose])?;
        let mut nonces = proven.iter().map(|it| it.account.map_or(Nonce(0), |account| account.nonce));
        let is_void = nonces.all(|nonce| is_void(body, nonce, headers.height()));
        Ok(is_void && is_new(&self.chain, &headers, now()))
    }

    /// Whether the node's chain goes on from the block whose header was checked when it was signed, so that it took real work.
    ///
    /// # Security
    /// From genesis alone, at genesis's difficulty, a node could mine the few blocks itself that say that a payment is lost.
    fn builds_on_what_was_seen(&self, txid: &Txid) -> Result<bool> {
        let seen = self.vault.note(|file| Ok(file.outbox.find(txid).and_then(Sent::seen)))?;
        seen.map_or(Ok(false), |seen| has_block(&self.vault, &self.chain, seen))
    }
}
