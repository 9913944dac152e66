//! Signing and verifying as RFC 8032 shows them: section 7.1, and the first 128 rows of its authors' `sign.input`.

use cairn::crypto::SecretKey;
use serde::Deserialize;

use crate::support::{Hex, json};
use crate::verdict::{Case, Verdict, judge};

#[derive(Deserialize)]
struct Section {
    cases: Vec<Signing>,
}

#[derive(Deserialize)]
struct Signing {
    #[serde(rename = "sk")]
    secret: Hex,
    #[serde(rename = "pk")]
    key: Hex,
    #[serde(rename = "sig")]
    signature: Hex,
    #[serde(rename = "msg")]
    message: Hex,
}

fn section_7_1() -> Vec<Signing> {
    json::<Section>(include_str!("data/ed25519/rfc8032_7_1.json")).cases
}

/// Rows of `secret ‖ key : key : message : signature ‖ message :`.
fn sign_input() -> Vec<Signing> {
    let row = |line: &str| {
        let fields: Vec<Hex> =
            line.split(':').map(|field| Hex::try_from(field.to_owned()).expect("hexadecimal")).collect();
        let [pair, key, message, signed, _] = &fields[..] else { panic!("five fields: {line}") };
        assert_eq!(pair.0[32..], key.0);
        assert_eq!(signed.0[64..], message.0);
        Signing {
            secret: Hex(pair.0[..32].to_vec()),
            key: key.clone(),
            signature: Hex(signed.0[..64].to_vec()),
            message: message.clone(),
        }
    };
    include_str!("data/ed25519/rfc8032_signinput_128.txt").lines().map(row).collect()
}

fn all() -> Vec<Signing> {
    section_7_1().into_iter().chain(sign_input()).collect()
}

impl Signing {
    fn case(&self) -> Case {
        Case { key: self.key.array(), signature: self.signature.0.clone(), message: self.message.0.clone() }
    }
}

fn flip(bytes: &mut [u8], number: usize) {
    let bit = number % (8 * bytes.len());
    bytes[bit / 8] ^= 1 << (bit % 8);
}

#[test]
fn files_hold_3_and_128_cases() {
    assert_eq!(section_7_1().len(), 3);
    assert_eq!(sign_input().len(), 128);
}

#[test]
fn secret_key_makes_the_published_key_and_signature() {
    for signing in all() {
        let secret = SecretKey::from_bytes(&signing.secret.array());
        assert_eq!(secret.public_key().to_bytes(), signing.key.array());
        assert_eq!(secret.sign(&signing.message.0).0, signing.signature.array());
    }
}

#[test]
fn published_signatures_hold() {
    let cases: Vec<Case> = all().iter().map(Signing::case).collect();
    assert_eq!(judge(&cases), vec![Verdict::Accepted; 131]);
}

#[test]
fn one_flipped_bit_of_the_message_is_noticed() {
    let mut cases: Vec<Case> = all().iter().map(Signing::case).collect();
    for (number, case) in cases.iter_mut().enumerate() {
        if case.message.is_empty() {
            case.message.push(0);
        } else {
            flip(&mut case.message, 37 * number);
        }
    }
    assert_eq!(judge(&cases), vec![Verdict::Refused; 131]);
}

#[test]
fn one_flipped_bit_of_the_signature_is_noticed() {
    let mut cases: Vec<Case> = all().iter().map(Signing::case).collect();
    for (number, case) in cases.iter_mut().enumerate() {
        flip(&mut case.signature, 101 * number);
    }
    assert_eq!(judge(&cases), vec![Verdict::Refused; 131]);
}

#[test]
fn one_flipped_bit_of_the_key_is_noticed() {
    let mut cases: Vec<Case> = all().iter().map(Signing::case).collect();
    for (number, case) in cases.iter_mut().enumerate() {
        flip(&mut case.key, 59 * number);
    }
    assert_eq!(judge(&cases), vec![Verdict::Refused; 131]);
}
