//! What travels between the machine that knows the chain and the one that knows the keys.

use cairn::types::Height;
use cairn::wallet::{Draft, Known, OFFLINE_BYTES_MAX, OfflineError, OfflineFile, PartError, SigningError};
use proptest::prelude::*;
use serde_json::Value;

use crate::people::{draft, genesis, key, lock, of, pebbles, preimage, public, reference, secret};
use crate::signing::signing_of;

/// A payment by two of three, signed by the second of them.
fn file() -> OfflineFile {
    let mut wish = draft(of(2, vec![key(0), key(1), lock(2)]));
    wish.payments[0].reference = reference("INVOICE-42");
    let mut signing = signing_of(&wish);
    signing.sign(&secret(1)).unwrap();
    OfflineFile { signing, known: Known { balance: Some(pebbles(1_000_000)), height: Some(Height(9)) } }
}

fn json() -> Value {
    serde_json::from_str(&file().to_json(&genesis())).unwrap()
}

/// What becomes of the file after a change.
fn read_with(change: impl FnOnce(&mut Value)) -> Result<OfflineFile, OfflineError> {
    let mut json = json();
    change(&mut json);
    OfflineFile::read(&json.to_string(), &genesis())
}

fn refused(change: impl FnOnce(&mut Value)) -> OfflineError {
    read_with(change).expect_err("the file was changed")
}

fn is_at(error: &OfflineError, place: &str) -> bool {
    matches!(error, OfflineError::Form { path, .. } if path == place)
}

#[test]
fn file_goes_from_one_signer_to_the_next_until_it_is_complete() {
    let received = OfflineFile::read(&file().to_json(&genesis()), &genesis()).unwrap();
    assert_eq!(received, file());
    let mut signing = received.signing;
    signing.sign(&secret(0)).unwrap();
    let back = OfflineFile { signing, ..file() };
    let back = OfflineFile::read(&back.to_json(&genesis()), &genesis()).unwrap();
    assert!(back.signing.complete(Height(10), genesis().params()).is_ok());
}

#[test]
fn file_says_in_words_what_it_does() {
    let json = json();
    let words: Vec<&str> =
        json["words"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert!(words[1].starts_with("Pays 0.00005 CRN to ctest1") && words[1].ends_with(", for \"INVOICE-42\""));
    assert_eq!(json["network"], "Cairn devnet");
    assert_eq!(json["known"]["balance"], "1000000");
    assert_eq!(json["version"], 1);
}

#[test]
fn file_whose_words_say_something_else_is_refused() {
    let misleading = |error: &OfflineError, place: &str| matches!(error, OfflineError::Misleading { field, .. } if field == place);
    let less = refused(|json| json["words"][1] = "Pays 0.00001 CRN to me".into());
    assert!(misleading(&less, "words[1]"), "{less}");
    let fewer = refused(|json| {
        json["words"].as_array_mut().unwrap().pop();
    });
    assert!(misleading(&fewer, "words[3]"), "{fewer}");
    let more = refused(|json| json["words"].as_array_mut().unwrap().push("And all is well".into()));
    assert!(misleading(&more, "words[4]"), "{more}");
    assert!(misleading(&refused(|json| json["network"] = "Cairn".into()), "network"));
    assert!(misleading(&refused(|json| json["prefix"] = "cairn".into()), "prefix"));
    // The bytes are what counts: another amount in them makes the words a lie.
    let mut wish = draft(of(2, vec![key(0), key(1), lock(2)]));
    wish.payments[0].amount = pebbles(6000);
    wish.payments[0].reference = reference("INVOICE-42");
    let other = hex::encode(cairn::codec::encode(signing_of(&wish).body()));
    assert!(misleading(&refused(|json| json["body"] = other.into()), "words[1]"));
}

#[test]
fn words_that_mislead_are_shown_without_obeying_them() {
    let error = refused(|json| json["words"][1] = "\u{1b}[2J\u{202e}".into());
    assert!(!error.to_string().contains('\u{1b}'), "{error}");
    let error = refused(|json| json["\u{1b}[2J"] = 1.into());
    assert!(!error.to_string().contains('\u{1b}'), "{error}");
}

#[test]
fn later_form_is_refused_before_anything_else_is_read() {
    let later = refused(|json| {
        json["version"] = 2.into();
        json["something"] = "new".into();
    });
    assert_eq!(later, OfflineError::Newer { found: 2 });
    assert!(is_at(&refused(|json| json["something"] = "new".into()), "something"));
}

#[test]
fn place_of_a_mistake_is_named() {
    assert!(is_at(&refused(|json| json["signatures"][0]["key"] = 7.into()), "signatures[0].key"));
    assert!(is_at(
        &refused(|json| json["signatures"][0]["signature"] = "00".into()),
        "signatures[0].signature"
    ));
    assert!(is_at(
        &refused(|json| json["signatures"][0]["key"] = "00".repeat(32).into()),
        "signatures[0].key"
    ));
    assert!(is_at(&refused(|json| json["preimages"] = vec!["xy"].into()), "preimages[0]"));
    assert!(is_at(&refused(|json| json["known"]["balance"] = "much".into()), "known.balance"));
    assert!(is_at(&refused(|json| json["body"] = "0g".into()), "body"));
    assert!(matches!(refused(|json| json["body"] = "00".into()), OfflineError::Body(_)));
    assert!(matches!(
        refused(|json| json["chain"] = "00".repeat(32).into()),
        OfflineError::OtherChain { .. }
    ));
    let text = file().to_json(&genesis());
    assert!(is_at(&OfflineFile::read(&format!("{text}{{}}"), &genesis()).unwrap_err(), "."));
}

#[test]
fn signature_that_does_not_hold_is_refused_on_reading() {
    let broken = refused(|json| json["signatures"][0]["signature"] = "11".repeat(64).into());
    assert_eq!(broken, OfflineError::Signing(SigningError::Part(PartError::Signature(public(1)))));
    let stranger = hex::encode(public(7).to_bytes());
    let broken = refused(|json| json["signatures"][0]["key"] = stranger.into());
    assert_eq!(broken, OfflineError::Signing(SigningError::Part(PartError::NoSay(public(7)))));
    let shown = hex::encode(preimage(2));
    assert!(read_with(|json| json["preimages"] = vec![shown].into()).is_ok());
    let useless = refused(|json| json["preimages"] = vec![hex::encode(preimage(1))].into());
    assert_eq!(useless, OfflineError::Signing(SigningError::Part(PartError::Preimage)));
}

#[test]
fn more_than_any_honest_file_holds_is_refused() {
    let one = json()["signatures"][0].clone();
    assert!(is_at(&refused(|json| json["signatures"] = vec![one; 17].into()), "signatures"));
    let many = vec![hex::encode(preimage(2)); 33];
    assert!(is_at(&refused(|json| json["preimages"] = many.into()), "preimages"));
    let long = " ".repeat(OFFLINE_BYTES_MAX) + &file().to_json(&genesis());
    assert!(matches!(OfflineFile::read(&long, &genesis()), Err(OfflineError::TooLong(_))));
}

#[test]
fn longest_transaction_fits_into_a_file() {
    let mut wish = draft(of(16, (0..16).map(key).collect()));
    wish.payments = vec![wish.payments.swap_remove(0); 256];
    wish.payments
        .iter_mut()
        .for_each(|payment| payment.reference = reference("\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}"));
    wish.fee = cairn::wallet::Fee::Exactly(pebbles(1));
    wish.payments.iter_mut().for_each(|payment| payment.amount = pebbles(1));
    let mut signing = signing_of(&Draft { ..wish });
    (0..16).for_each(|number| signing.sign(&secret(number)).unwrap());
    let text = OfflineFile { signing, known: Known::default() }.to_json(&genesis());
    assert!(text.len() < OFFLINE_BYTES_MAX / 2, "{} bytes", text.len());
    assert!(OfflineFile::read(&text, &genesis()).is_ok());
}

proptest! {
    #[test]
    fn hostile_file_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = file().to_json(&genesis()).into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(read) = OfflineFile::read(&text, &genesis()) {
            prop_assert_eq!(read.signing.txid(), file().signing.txid());
        }
    }

    #[test]
    fn hostile_body_is_refused_or_described_truly(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_with(|json| json["body"] = hex::encode(bytes).into());
    }
}
