//! People with keys, who sign what they are told.

use crate::codec::{Blob, List};
use crate::consensus::Params;
use crate::crypto::{Digest, SecretKey, Signature, sha256};
use crate::types::{
    Action, Address, Amount, Body, Height, Nonce, Policy, Preimage, Reference, Threshold, Transaction,
    Witness,
};

/// Somebody who holds a key, known by a number.
#[derive(Clone, Debug)]
pub struct Actor {
    secret: SecretKey,
}

impl Actor {
    /// The person of this number, always the same.
    pub fn new(number: u32) -> Self {
        let seed = [b"cairn testkit actor ", &number.to_le_bytes()[..]].concat();
        Self { secret: SecretKey::from_bytes(&sha256(&seed)) }
    }

    /// Whom the key belongs to.
    pub fn secret(&self) -> &SecretKey {
        &self.secret
    }

    /// The policy that asks for this key alone.
    pub fn policy(&self) -> Policy {
        Policy::Key(self.secret.public_key())
    }

    /// Where this person is paid.
    pub fn address(&self) -> Address {
        self.policy().address()
    }

    /// A body that pays one amount, to be changed at will and then signed.
    pub fn payment(&self, params: &Params, nonce: u64, to: Address, amount: u64, fee: u64) -> Body {
        let pay = Action::Pay { to, amount: Amount::from_pebbles(amount), reference: Reference::default() };
        self.body(params, nonce, fee, vec![pay])
    }

    /// A body of these actions.
    ///
    /// # Panics
    /// When there are none, or too many.
    pub fn body(&self, params: &Params, nonce: u64, fee: u64, actions: Vec<Action>) -> Body {
        Body {
            chain: params.chain.tag(),
            policy: self.policy(),
            nonce: Nonce(nonce),
            fee: Amount::from_pebbles(fee),
            expiry: None,
            actions: List::new(actions).expect("1 to 256 actions"),
        }
    }

    /// Signs a body, whoever's it is.
    pub fn sign(&self, params: &Params, body: Body) -> Transaction {
        let message = body.txid().signing_message(&params.chain);
        let signatures = List::new(vec![self.secret.sign(&message)]).expect("one signature");
        Transaction { body, witness: Witness { signatures, ..Witness::default() } }
    }

    /// Pays and signs at once.
    pub fn pay(&self, params: &Params, nonce: u64, to: &Self, amount: u64, fee: u64) -> Transaction {
        self.sign(params, self.payment(params, nonce, to.address(), amount, fee))
    }
}

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
