//! ZIP-215's own 196 signatures: every point of small order, in every encoding that decodes, as `A` and as `R`.
//!
//! All are valid under ZIP-215, and all are forgeries that need no secret: `S` is 0 and the message was never looked
//! at. So none of their fourteen keys is a key here, which is decided on bytes before any curve work.

use std::collections::BTreeMap;

use cairn::crypto::{KeyError, PublicKey};
use ed25519_zebra::{Signature, VerificationKey, VerificationKeyBytes, batch};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Deserialize;

use crate::support::{Hex, json};
use crate::verdict::{Case, Verdict, judge};

const MESSAGE: &[u8] = b"Zcash";

#[derive(Deserialize)]
struct File {
    cases: Vec<Forgery>,
}

#[derive(Deserialize)]
struct Forgery {
    vk: Hex,
    sig: Hex,
}

fn forgeries() -> Vec<Forgery> {
    json::<File>(include_str!("data/ed25519/zip215_196.json")).cases
}

#[test]
fn library_below_accepts_every_one_alone_and_in_a_batch() {
    let mut verifier = batch::Verifier::new();
    let forgeries = forgeries();
    assert!(forgeries.iter().all(|forgery| forgery.sig.0[32..] == [0; 32]));
    for Forgery { vk, sig } in &forgeries {
        let (key, signature) = (VerificationKeyBytes::from(vk.array()), Signature::from_bytes(&sig.array()));
        let decoded = VerificationKey::try_from(key).expect("a point of the curve");
        assert_eq!(decoded.verify(&signature, MESSAGE), Ok(()));
        verifier.queue((key, signature, MESSAGE));
    }
    assert_eq!(forgeries.len(), 196);
    assert_eq!(verifier.verify(ChaCha12Rng::from_seed([1; 32])), Ok(()));
}

#[test]
fn none_of_their_keys_is_a_key() {
    let refusal = |forgery: &Forgery| PublicKey::from_bytes(forgery.vk.array()).expect_err("of small order");
    let refusals: Vec<KeyError> = forgeries().iter().map(refusal).collect();
    let count = |error| refusals.iter().filter(|found| **found == error).count();
    // Ten keys with a reduced y, four (p and p + 1, either sign) with an unreduced one; fourteen signatures each.
    assert_eq!(count(KeyError::SmallOrder), 140);
    assert_eq!(count(KeyError::NotCanonical), 56);
}

#[test]
fn each_key_is_refused_for_the_reason_listed() {
    let keys: BTreeMap<String, KeyError> = forgeries()
        .iter()
        .filter_map(|forgery| {
            Some((hex::encode(&forgery.vk.0), PublicKey::from_bytes(forgery.vk.array()).err()?))
        })
        .collect();
    let not_canonical: Vec<&str> = keys
        .iter()
        .filter(|(_, error)| **error == KeyError::NotCanonical)
        .map(|(key, _)| key.as_str())
        .collect();
    let middle = "ff".repeat(30);
    let unreduced = [("ed", "7f"), ("ed", "ff"), ("ee", "7f"), ("ee", "ff")];
    assert_eq!(not_canonical, unreduced.map(|(low, high)| format!("{low}{middle}{high}")));
    assert_eq!(keys.len(), 14);
}

#[test]
fn no_claim_can_be_made_of_them() {
    let case =
        |Forgery { vk, sig }: Forgery| Case { key: vk.array(), signature: sig.0, message: MESSAGE.to_vec() };
    let verdicts = judge(&forgeries().into_iter().map(case).collect::<Vec<_>>());
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::NotAKey(_))));
}
