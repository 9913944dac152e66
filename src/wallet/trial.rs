//! A transaction as it will be, before anybody has signed.

use super::way::Way;
use crate::codec::encoded_len;
use crate::consensus::{Params, SoundTransaction, TransactionError};
use crate::crypto::{Signature, sha256};
use crate::types::{Body, Policy, Preimage, Transaction};

/// What stands in for every preimage.
const BLANK: Preimage = [0; 32];

/// Lets the chain's own rules judge a body that will be signed in this way: everything but its name, its sender and its
/// signatures is as it will be, to the byte.
///
/// Preimages that somebody else holds are not here either, so each hash is exchanged for that of a preimage which is.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn examine(body: &Body, way: &Way, params: &Params) -> Result<SoundTransaction, TransactionError> {
    SoundTransaction::examine(trial(body, way), params)
}

/// The transaction to be judged.
fn trial(body: &Body, way: &Way) -> Transaction {
    let signatures = way.keys().iter().map(|key| (*key, Signature([0; 64]))).collect();
    let preimages = way.hashes().iter().map(|hash| (*hash, BLANK)).collect();
    let witness = way.witness(&signatures, &preimages).expect("everything that the way takes was just made");
    Transaction { body: Body { policy: blank(&body.policy), ..body.clone() }, witness }
}

fn blank(policy: &Policy) -> Policy {
    match policy {
        Policy::Key(_) | Policy::After(_) => policy.clone(),
        Policy::Preimage(_) => Policy::Preimage(sha256(&BLANK)),
        Policy::Threshold(threshold) => {
            let children = threshold.children().iter().map(blank).collect();
            Policy::threshold(threshold.required(), children).expect("a policy of the same shape and length")
        }
    }
}

/// Length of the transaction that this body will make, signed in this way.
pub(super) fn bytes(body: &Body, way: &Way) -> usize {
    encoded_len(body) + way.witness_bytes()
}
