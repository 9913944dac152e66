//! Signatures and preimages of several holders, until a policy is met.

use std::collections::BTreeMap;

use super::lack::{Lack, lack};
use super::leaves;
use super::way::{Means, Way, ways};
use crate::crypto::{Claim, Digest, PublicKey, SecretKey, Signature, sha256};
use crate::types::{Height, Policy, Preimage, Witness};

/// What has come together to meet one policy for one message. Whatever is in it has been verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parts {
    policy: Policy,
    message: Digest,
    signatures: BTreeMap<PublicKey, Signature>,
    preimages: BTreeMap<Digest, Preimage>,
}

/// Why something is no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// The policy names no such key.
    #[error("key {0:?} has no say here: the policy does not name it")]
    NoSay(PublicKey),
    /// It was not made by this key over this message.
    #[error("the signature by key {0:?} does not hold: it was made for something else, or damaged")]
    Signature(PublicKey),
    /// The policy asks for no such preimage.
    #[error("nothing here asks for this preimage")]
    Preimage,
    /// Parts for another message, or another policy.
    #[error("these signatures are for something else")]
    OtherMessage,
}

impl Parts {
    /// Nothing yet.
    pub fn new(policy: Policy, message: Digest) -> Self {
        Self { policy, message, signatures: BTreeMap::new(), preimages: BTreeMap::new() }
    }

    /// What is to be met.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What everybody signs.
    pub fn message(&self) -> &Digest {
        &self.message
    }

    /// Who has signed, and how.
    pub fn signatures(&self) -> impl ExactSizeIterator<Item = (&PublicKey, &Signature)> {
        self.signatures.iter()
    }

    /// The preimages that are here.
    pub fn preimages(&self) -> impl ExactSizeIterator<Item = &Preimage> {
        self.preimages.values()
    }

    /// Signs with a key that the policy names.
    ///
    /// # Errors
    /// When it names it not.
    pub fn sign(&mut self, secret: &SecretKey) -> Result<(), PartError> {
        self.add_signature(secret.public_key(), secret.sign(&self.message))
    }

    /// Takes in somebody's signature.
    ///
    /// # Errors
    /// When the key has no say, or the signature does not hold.
    pub fn add_signature(&mut self, key: PublicKey, signature: Signature) -> Result<(), PartError> {
        if !leaves::keys(&self.policy).contains(&key) {
            return Err(PartError::NoSay(key));
        }
        if !Claim::new(&key, &signature, &self.message).holds() {
            return Err(PartError::Signature(key));
        }
        self.keep(key, signature);
        Ok(())
    }

    /// Takes in a preimage.
    ///
    /// # Errors
    /// When the policy does not ask for it.
    pub fn add_preimage(&mut self, preimage: Preimage) -> Result<(), PartError> {
        let hash = sha256(&preimage);
        if !leaves::hashes(&self.policy).contains(&hash) {
            return Err(PartError::Preimage);
        }
        self.preimages.insert(hash, preimage);
        Ok(())
    }

    /// Takes in what others brought together.
    ///
    /// # Errors
    /// When it is for something else.
    pub fn combine(&mut self, other: &Self) -> Result<(), PartError> {
        if self.message != other.message || self.policy != other.policy {
            return Err(PartError::OtherMessage);
        }
        other.signatures.iter().for_each(|(key, signature)| self.keep(*key, *signature));
        self.preimages.extend(&other.preimages);
        Ok(())
    }

    /// What is here, at this height.
    pub fn means(&self, height: Height) -> Means {
        Means {
            keys: self.signatures.keys().copied().collect(),
            hashes: self.preimages.keys().copied().collect(),
            height,
        }
    }

    /// What is still missing at this height; nothing where the policy is met.
    pub fn lack(&self, height: Height) -> Option<Lack> {
        lack(&self.policy, &self.means(height))
    }

    /// The cheapest way that is open at this height, and the witness that goes it.
    ///
    /// # Errors
    /// What is still missing.
    ///
    /// # Panics
    /// Never: a way is looked for with exactly what is here.
    pub fn witness(&self, height: Height) -> Result<(Way, Witness), Lack> {
        let means = self.means(height);
        let Some(way) = ways(&self.policy, &means).into_iter().next() else {
            return Err(lack(&self.policy, &means).expect("where no way leads something is lacking"));
        };
        let witness = way.witness(&self.signatures, &self.preimages).expect("the way was found with these");
        Ok((way, witness))
    }

    /// Of two signatures that hold the lower stays, so that parts are the same in whatever order they came.
    fn keep(&mut self, key: PublicKey, signature: Signature) {
        let kept = self.signatures.entry(key).or_insert(signature);
        if signature.0 < kept.0 {
            *kept = signature;
        }
    }
}
