//! Whether a node proves that a payment will never be mined: what that takes is decided in [`crate::wallet`].

use anyhow::Result;

use super::now;
use super::paying::Desk;
use super::proofs::{Whose, is_new, prove_accounts, prove_transaction, were_kept_before};
use crate::consensus::check_transaction;
use crate::types::{Body, Nonce, Txid};
use crate::wallet::{Sent, is_shut_out, is_void};

impl Desk<'_> {
    /// Whether another, which a node names, provably shuts this payment out.
    ///
    /// # Security
    /// Whoever mines a block by themselves can put anything into it: what shuts a payment out has to be signed by its account.
    pub fn proves_shut_out(&self, body: &Body, by: &Txid) -> Result<bool> {
        if !self.knew_headers(&body.txid())? {
            return Ok(false);
        }
        let Some((other, found)) = prove_transaction(&self.vault, &self.chain, by)? else { return Ok(false) };
        Ok(is_shut_out(body, &other.body, found.confirmations)
            && check_transaction(other, self.chain.params()).is_ok())
    }

    /// Whether the last block that a payment could stand in has provably passed without it.
    pub fn proves_void(&self, body: &Body) -> Result<bool> {
        if !self.knew_headers(&body.txid())? {
            return Ok(false);
        }
        let address = body.policy.address();
        let whose = Whose::named(&self.chain.text(&address), address);
        let (headers, proven) = prove_accounts(&self.vault, &self.chain, &[whose])?;
        let mut nonces = proven.iter().map(|it| it.account.map_or(Nonce(0), |account| account.nonce));
        let is_void = nonces.all(|nonce| is_void(body, nonce, headers.height()));
        Ok(is_void && is_new(&self.chain, &headers, now()))
    }

    /// Whether headers were checked and kept shortly before it was signed, so that a branch that leaves them takes real work.
    ///
    /// # Security
    /// From genesis alone, at genesis's difficulty, a node could mine the few blocks itself that say that a payment is lost.
    fn knew_headers(&self, txid: &Txid) -> Result<bool> {
        let made = self.vault.note(|file| Ok(file.outbox.find(txid).map(Sent::made)))?;
        Ok(made.is_some_and(|made| were_kept_before(&self.vault, &self.chain, made)))
    }
}
