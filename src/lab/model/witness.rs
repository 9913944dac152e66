//! Whether somebody may spend: a policy and its witness, from the top down.

use std::slice::Iter;

use ed25519_dalek::{Signature, Verifier, VerifyingKey};

use crate::crypto::{Digest, sha256};
use crate::types::{Policy, Preimage, Witness};

/// Whether a witness meets a policy at this height, and nothing of it is left over.
///
/// The chain follows ZIP-215; this one library follows something narrower. On the signatures that people make with keys
/// they agree, and whoever crafts others is looked at elsewhere.
pub(super) fn meets(policy: &Policy, witness: &Witness, message: &Digest, height: u32) -> bool {
    let mut rest = Rest {
        choices: witness.choices.iter(),
        signatures: witness.signatures.iter(),
        preimages: witness.preimages.iter(),
    };
    let holds = rest.meets(policy, message, height);
    let nothing_left = rest.choices.len() + rest.signatures.len() + rest.preimages.len() == 0;
    // Where no key signed, anybody could have sent it.
    holds && nothing_left && !witness.signatures.is_empty()
}

/// What of a witness was not used up.
struct Rest<'a> {
    choices: Iter<'a, u16>,
    signatures: Iter<'a, crate::crypto::Signature>,
    preimages: Iter<'a, Preimage>,
}

impl Rest<'_> {
    fn meets(&mut self, policy: &Policy, message: &Digest, height: u32) -> bool {
        match policy {
            Policy::Key(key) => {
                let Ok(key) = VerifyingKey::from_bytes(&key.to_bytes()) else { return false };
                let Some(signature) = self.signatures.next() else { return false };
                key.verify(message, &Signature::from_bytes(&signature.0)).is_ok()
            }
            Policy::After(after) => after.0 <= height,
            Policy::Preimage(hash) => self.preimages.next().is_some_and(|preimage| sha256(preimage) == *hash),
            Policy::Threshold(threshold) => {
                let Some(choice) = self.choices.next() else { return false };
                let children = threshold.children();
                let chosen: Vec<&Policy> =
                    (0..16).filter(|at| choice & (1 << at) != 0).filter_map(|at| children.get(at)).collect();
                let is_exact = choice.count_ones() as usize == chosen.len()
                    && chosen.len() == usize::from(threshold.required());
                is_exact && chosen.into_iter().all(|child| self.meets(child, message, height))
            }
        }
    }
}
