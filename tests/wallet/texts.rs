//! Texts that are signed for an address.

use cairn::codec::encode;
use cairn::crypto::Claim;
use cairn::types::{Policy, Prefix};
use cairn::wallet::{Lack, PartError, TextError, TextSignature, TextSigning};
use proptest::prelude::*;

use crate::people::{address, after, key, lock, of, public, secret};
use crate::signing::signing_of;

const TEXT: &str = "I hold the key to this address. 2026-11-22";

fn prefix() -> Prefix {
    "ctest".parse().unwrap()
}

fn signed(policy: &Policy, people: &[u8]) -> TextSignature {
    let mut signing = TextSigning::new(policy.clone(), &prefix(), TEXT);
    people.iter().for_each(|number| signing.sign(&secret(*number)).unwrap());
    signing.signature()
}

#[test]
fn text_is_verified_with_nothing_but_address_text_and_signature() {
    let signature = signed(&key(0), &[0]).to_string();
    assert_eq!(signature.len(), 134, "one line: {signature}");
    assert!(signature.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
    let signature: TextSignature = format!(" {signature}\n").parse().unwrap();
    assert_eq!(signature.verify(&address(0), &prefix(), TEXT), Ok(()));
    assert_eq!(signature.policy(), &key(0));
}

#[test]
fn signature_of_another_text_address_or_network_is_refused() {
    let signature = signed(&key(0), &[0]);
    let broken = Err(TextError::Part(PartError::Signature(public(0))));
    assert_eq!(signature.verify(&address(0), &prefix(), &format!("{TEXT} ")), broken);
    assert_eq!(signature.verify(&address(0), &"cairn".parse().unwrap(), TEXT), broken);
    assert_eq!(signature.verify(&address(1), &prefix(), TEXT), Err(TextError::OtherAddress));
    // The same key under another policy has another address, and signs something else.
    let other = of(1, vec![key(0), key(1)]);
    assert_eq!(signature.verify(&other.address(), &prefix(), TEXT), Err(TextError::OtherAddress));
    let mut bytes = encode(&signed(&other, &[0]));
    let own = encode(&signature);
    let (at, from) = (bytes.len() - 64, own.len() - 64);
    bytes[at..].copy_from_slice(&own[from..]);
    let moved: TextSignature = cairn::codec::decode(&bytes).unwrap();
    assert_eq!(moved.verify(&other.address(), &prefix(), TEXT), broken);
}

#[test]
fn two_of_three_sign_a_text_one_after_the_other() {
    let policy = of(2, vec![key(0), key(1), key(2)]);
    let first = signed(&policy, &[2]);
    let two_missing = first.verify(&policy.address(), &prefix(), TEXT);
    let of_two = vec![Lack::Signature(public(0)), Lack::Signature(public(1))];
    assert_eq!(two_missing, Err(TextError::Lacking(Lack::More { needed: 1, of: of_two })));
    let mut second = TextSigning::new(policy.clone(), &prefix(), TEXT);
    second.combine(&first.to_string().parse().unwrap()).unwrap();
    assert!(second.lack().is_some());
    second.sign(&secret(0)).unwrap();
    assert_eq!(second.lack(), None);
    assert_eq!(second.signature().verify(&policy.address(), &prefix(), TEXT), Ok(()));
    assert_eq!(second.combine(&signed(&key(0), &[0])), Err(TextError::OtherAddress));
    assert_eq!(second.sign(&secret(9)), Err(PartError::NoSay(public(9))));
}

#[test]
fn neither_height_nor_preimage_signs_a_text() {
    let heir = of(1, vec![of(2, vec![key(1), after(5)]), key(0)]);
    assert!(matches!(
        signed(&heir, &[1]).verify(&heir.address(), &prefix(), TEXT),
        Err(TextError::Lacking(_))
    ));
    assert_eq!(signed(&heir, &[0]).verify(&heir.address(), &prefix(), TEXT), Ok(()));
    let locked = of(2, vec![key(0), lock(1)]);
    assert!(signed(&locked, &[0]).verify(&locked.address(), &prefix(), TEXT).is_err());
}

#[test]
fn signature_of_a_text_never_signs_a_transaction_nor_the_other_way_round() {
    let transaction = signing_of(&crate::people::draft(key(0)));
    let message = transaction.parts().message();
    // Even where the text is what a transaction is signed by.
    for text in [transaction.txid().to_string(), hex::encode(message), String::new()] {
        let mut signing = TextSigning::new(key(0), &prefix(), &text);
        signing.sign(&secret(0)).unwrap();
        let bytes = encode(&signing.signature());
        let mut signature = [0; 64];
        signature.copy_from_slice(&bytes[bytes.len() - 64..]);
        assert!(!Claim::new(&public(0), &cairn::crypto::Signature(signature), message).holds());
    }
}

#[test]
fn what_is_no_signature_is_refused() {
    for wrong in ["", "AAAA", "not a signature", "====", &"A".repeat(5000)] {
        assert!(wrong.parse::<TextSignature>().is_err(), "{wrong}");
    }
    let mut bytes = encode(&signed(&key(0), &[0]));
    bytes[0] = 2;
    let later = base64_url(&bytes);
    assert_eq!(later.parse::<TextSignature>(), Err(TextError::Version(2)));
    // A place that the policy has no key at.
    let mut bytes = encode(&signed(&key(0), &[0]));
    let place = bytes.len() - 65;
    bytes[place] = 1;
    let stray: TextSignature = base64_url(&bytes).parse().unwrap();
    assert!(matches!(stray.verify(&address(0), &prefix(), TEXT), Err(TextError::Form(_))));
}

/// Base64 in the alphabet for URLs, by hand.
fn base64_url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let letter = |six: &[u8]| {
        let six = format!("{:0<6}", std::str::from_utf8(six).unwrap());
        char::from(LETTERS[usize::from_str_radix(&six, 2).unwrap()])
    };
    bits.as_bytes().chunks(6).map(letter).collect()
}

proptest! {
    #[test]
    fn damaged_signature_never_verifies_and_never_panics(at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut bytes = encode(&signed(&key(0), &[0]));
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(signature) = base64_url(&bytes).parse::<TextSignature>() {
            prop_assert!(signature.verify(&address(0), &prefix(), TEXT).is_err());
        }
    }

    #[test]
    fn any_text_can_be_signed(text in "\\PC{0,80}") {
        let mut signing = TextSigning::new(key(0), &prefix(), &text);
        signing.sign(&secret(0)).unwrap();
        prop_assert_eq!(signing.signature().verify(&address(0), &prefix(), &text), Ok(()));
    }
}
