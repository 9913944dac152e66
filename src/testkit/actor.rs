//! What people sign, for policies that ask for more than one key.

use super::Actor;
use crate::codec::{Blob, List};
use crate::crypto::{Digest, SecretKey, Signature, sha256};
use crate::types::{Height, Policy, Preimage, Reference, Threshold, Witness};

/// Meets a policy with these keys and preimages at this height, taking the first children that can be met.
pub fn satisfy(
    policy: &Policy,
    message: &Digest,
    keys: &[&SecretKey],
    preimages: &[Preimage],
    height: Height,
) -> Option<Witness> {
    let mut parts = Parts::default();
    meet(policy, &Means { message, keys, preimages, height }, &mut parts).then(|| Witness {
        choices: List::new(parts.choices).expect("as many as the policy has"),
        signatures: List::new(parts.signatures).expect("as many as the policy has"),
        preimages: List::new(parts.preimages).expect("as many as the policy has"),
    })
}

struct Means<'a> {
    message: &'a Digest,
    keys: &'a [&'a SecretKey],
    preimages: &'a [Preimage],
    height: Height,
}

#[derive(Clone, Default)]
struct Parts {
    choices: Vec<u16>,
    signatures: Vec<Signature>,
    preimages: Vec<Preimage>,
}

fn meet(policy: &Policy, means: &Means<'_>, parts: &mut Parts) -> bool {
    match policy {
        Policy::Key(key) => {
            let secret = means.keys.iter().find(|secret| secret.public_key() == *key);
            parts.signatures.extend(secret.map(|secret| secret.sign(means.message)));
            secret.is_some()
        }
        Policy::After(height) => means.height >= *height,
        Policy::Preimage(hash) => {
            let preimage = means.preimages.iter().find(|preimage| sha256(&preimage[..]) == *hash);
            parts.preimages.extend(preimage);
            preimage.is_some()
        }
        Policy::Threshold(threshold) => meet_threshold(threshold, means, parts),
    }
}

fn meet_threshold(threshold: &Threshold, means: &Means<'_>, parts: &mut Parts) -> bool {
    let at = parts.choices.len();
    parts.choices.push(0);
    let mut choice = 0_u16;
    for (child, policy) in threshold.children().iter().enumerate() {
        let mut attempt = parts.clone();
        if choice.count_ones() < u32::from(threshold.required()) && meet(policy, means, &mut attempt) {
            *parts = attempt;
            choice |= 1 << child;
        }
    }
    parts.choices[at] = choice;
    choice.count_ones() == u32::from(threshold.required())
}

impl Actor {
    /// A reference of these bytes.
    ///
    /// # Panics
    /// When there are more than 32.
    pub fn reference(text: &str) -> Reference {
        Blob::new(text).expect("at most 32 bytes")
    }
}
