//! People with keys, who sign what they are told.

use crate::codec::List;
use crate::consensus::Params;
use crate::crypto::{SecretKey, sha256};
use crate::types::{Action, Address, Amount, Body, Nonce, Policy, Reference, Transaction, Witness};

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
