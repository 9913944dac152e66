//! A transaction on its way to being signed by everybody whose signature it takes.

use super::lack::Lack;
use super::parts::{PartError, Parts};
use super::trial;
use super::warning::{NamedBy, Warning, fee_warning, of_body, paid_by};
use super::way::{Means, ways};
use crate::consensus::{CheckedTransaction, Params, TransactionError, Untimely, check_transaction};
use crate::crypto::{PublicKey, SecretKey, Signature};
use crate::types::{Body, Height, Preimage, Transaction, Txid};

/// A body that the chain would take, and what has been signed of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signing {
    body: Body,
    txid: Txid,
    parts: Parts,
}

/// Why something cannot be signed, or is not ready.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The chain would refuse it however it were signed.
    #[error("the chain would refuse this: {0}")]
    Refused(TransactionError),
    /// The block it is meant for is outside its window.
    #[error(transparent)]
    Untimely(#[from] Untimely),
    /// Its policy cannot be met by anybody.
    #[error("nobody can ever sign this: no way of meeting its policy has a key that can sign")]
    Nobody,
    /// A signature or a preimage does not belong.
    #[error(transparent)]
    Part(#[from] PartError),
    /// Another transaction's.
    #[error("the signatures are for transaction {found}, this is {expected}")]
    OtherTransaction {
        /// This one.
        expected: Txid,
        /// The other one.
        found: Txid,
    },
    /// Not everybody has signed who must.
    #[error("not complete yet")]
    Lacking(Lack),
}

impl From<TransactionError> for SigningError {
    fn from(error: TransactionError) -> Self {
        Self::Refused(error)
    }
}

impl Signing {
    /// A body that nobody has signed. Nothing that the chain would refuse is ever put before a signer.
    ///
    /// # Errors
    /// Why the chain would refuse it.
    pub fn new(body: Body, params: &Params) -> Result<Self, SigningError> {
        let open = ways(&body.policy, &Means::all(&body.policy));
        let cheapest = open.first().ok_or(SigningError::Nobody)?;
        trial::examine(&body, cheapest, params)?;
        let txid = body.txid();
        let parts = Parts::new(body.policy.clone(), txid.signing_message(&params.chain));
        Ok(Self { body, txid, parts })
    }

    /// What it does.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Its name, whoever signs.
    pub fn txid(&self) -> Txid {
        self.txid
    }

    /// What has been signed, and what has been shown.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// What a person must be asked about before signing where nothing is known but the body: on a machine that sees no chain,
    /// whoever prepared it may have meant harm.
    pub fn warnings(&self) -> Vec<Warning> {
        let open = ways(&self.body.policy, &Means::all(&self.body.policy));
        let bytes = open.first().map_or(0, |way| trial::bytes(&self.body, way));
        let fee = fee_warning(self.body.fee, bytes, paid_by(&self.body), 0, NamedBy::Payer);
        of_body(&self.body, fee)
    }

    /// Signs with a key of the policy.
    ///
    /// # Errors
    /// When the policy does not name it.
    pub fn sign(&mut self, secret: &SecretKey) -> Result<(), PartError> {
        self.parts.sign(secret)
    }

    /// Takes in somebody's signature.
    ///
    /// # Errors
    /// When it does not hold or does not matter.
    pub fn add_signature(&mut self, key: PublicKey, signature: Signature) -> Result<(), PartError> {
        self.parts.add_signature(key, signature)
    }

    /// Takes in a preimage.
    ///
    /// # Errors
    /// When the policy does not ask for it.
    pub fn add_preimage(&mut self, preimage: Preimage) -> Result<(), PartError> {
        self.parts.add_preimage(preimage)
    }

    /// Takes in what others signed of the same body.
    ///
    /// # Errors
    /// When it is another body's.
    pub fn combine(&mut self, other: &Self) -> Result<(), SigningError> {
        if self.txid != other.txid {
            return Err(SigningError::OtherTransaction { expected: self.txid, found: other.txid });
        }
        Ok(self.parts.combine(&other.parts)?)
    }

    /// What is still missing for a block of this height; nothing where it is complete.
    pub fn lack(&self, height: Height) -> Option<Lack> {
        self.parts.lack(height)
    }

    /// The transaction, ready for a block of this height, as every node will judge it.
    ///
    /// # Errors
    /// What is still missing, or why it would be refused.
    pub fn complete(&self, height: Height, params: &Params) -> Result<CheckedTransaction, SigningError> {
        let (_, witness) = self.parts.witness(height).map_err(SigningError::Lacking)?;
        let checked = check_transaction(Transaction { body: self.body.clone(), witness }, params)?;
        checked.spend().check_height(height)?;
        Ok(checked)
    }
}
