//! Whether a witness meets a policy, and what is left to verify.

use crate::crypto::{Claim, Digest, PublicKey, Signature, sha256};
use crate::types::{Height, Policy, Preimage, Threshold, Witness};

/// How a witness fails its policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// A threshold without a choice of its children.
    #[error("a threshold was left without a choice")]
    ChoiceMissing,
    /// Not exactly as many children as the threshold asks for, or children it does not have.
    #[error("a threshold asks for {required} of its {children} children, the choice is {choice:#b}")]
    Choice {
        /// How many it asks for.
        required: u8,
        /// How many it has.
        children: usize,
        /// Which were chosen.
        choice: u16,
    },
    /// A chosen key without a signature.
    #[error("a chosen key was left without a signature")]
    SignatureMissing,
    /// A chosen preimage that is not there.
    #[error("a chosen hash was left without its preimage")]
    PreimageMissing,
    /// A preimage of something else.
    #[error("a preimage does not hash to what the policy asks for")]
    Preimage,
    /// More than the policy asks for.
    #[error("the witness holds more than the policy asks for")]
    LeftOver,
    /// Nobody signed at all.
    #[error("no key is among what was chosen")]
    NoKey,
}

/// What a witness that fits its policy leaves to be checked.
#[derive(Debug)]
pub struct Met {
    /// The signatures that must hold.
    pub claims: Vec<Claim>,
    /// The highest `After` that was chosen.
    pub min_height: Height,
}

/// Walks the policy along the witness, whatever the message is: a transaction's, or a text's that a wallet judges.
///
/// # Consensus
/// Each threshold's choice has exactly as many bits as it requires, all of them its children; only chosen children
/// take anything from the witness; a preimage is 32 bytes whose SHA-256 the policy names; at least one key is chosen;
/// nothing is left over.
///
/// # Security
/// Without a key anybody who sees the preimages could send the money elsewhere. Without "nothing left over" strangers
/// could grow a transaction and change its hash.
///
/// # Errors
/// How the witness fails.
pub fn meet(policy: &Policy, witness: &Witness, message: &Digest) -> Result<Met, WitnessError> {
    let mut walk = Walk {
        choices: witness.choices.iter(),
        signatures: witness.signatures.iter(),
        preimages: witness.preimages.iter(),
        message,
        met: Met { claims: Vec::with_capacity(witness.signatures.len()), min_height: Height::GENESIS },
    };
    walk.policy(policy)?;
    let left_over =
        walk.choices.next().is_some() || walk.signatures.next().is_some() || walk.preimages.next().is_some();
    if left_over {
        return Err(WitnessError::LeftOver);
    }
    if walk.met.claims.is_empty() {
        return Err(WitnessError::NoKey);
    }
    Ok(walk.met)
}

struct Walk<'a> {
    choices: std::slice::Iter<'a, u16>,
    signatures: std::slice::Iter<'a, Signature>,
    preimages: std::slice::Iter<'a, Preimage>,
    message: &'a Digest,
    met: Met,
}

impl Walk<'_> {
    /// Calls itself at most four levels deep: a policy cannot be built deeper.
    fn policy(&mut self, policy: &Policy) -> Result<(), WitnessError> {
        match policy {
            Policy::Key(key) => self.key(key),
            Policy::Threshold(threshold) => self.threshold(threshold),
            Policy::After(height) => {
                self.met.min_height = self.met.min_height.max(*height);
                Ok(())
            }
            Policy::Preimage(hash) => self.preimage(hash),
        }
    }

    fn key(&mut self, key: &PublicKey) -> Result<(), WitnessError> {
        let signature = self.signatures.next().ok_or(WitnessError::SignatureMissing)?;
        self.met.claims.push(Claim::new(key, signature, self.message));
        Ok(())
    }

    fn threshold(&mut self, threshold: &Threshold) -> Result<(), WitnessError> {
        let choice = *self.choices.next().ok_or(WitnessError::ChoiceMissing)?;
        let children = threshold.children();
        let outside = u32::from(choice) >> children.len() != 0;
        if outside || choice.count_ones() != u32::from(threshold.required()) {
            let required = threshold.required();
            return Err(WitnessError::Choice { required, children: children.len(), choice });
        }
        let chosen = children.iter().enumerate().filter(|(at, _)| choice >> at & 1 == 1);
        for (_, child) in chosen {
            self.policy(child)?;
        }
        Ok(())
    }

    fn preimage(&mut self, hash: &Digest) -> Result<(), WitnessError> {
        let preimage = self.preimages.next().ok_or(WitnessError::PreimageMissing)?;
        if sha256(preimage) == *hash { Ok(()) } else { Err(WitnessError::Preimage) }
    }
}
