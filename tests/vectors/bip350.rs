//! BIP 350's strings in bech32m, read as addresses.
//!
//! An address here is bech32m with a network's prefix and exactly 32 bytes. None of the published strings is one, so
//! all of them are refused; what is tested is why. Segwit addresses carry a version besides their program, and those of
//! version 0 are in bech32, whose checksum is another.

use cairn::types::{Address, AddressError, Prefix};
use serde::Deserialize;

use crate::support::json;

#[derive(Deserialize)]
struct File {
    valid_bech32m: Vec<String>,
    invalid_bech32m: Vec<Invalid>,
    valid_segwit: Vec<Segwit>,
    invalid_segwit: Vec<InvalidSegwit>,
}

#[derive(Deserialize)]
struct Invalid {
    string: String,
}

#[derive(Deserialize)]
struct Segwit {
    address: String,
}

#[derive(Deserialize)]
struct InvalidSegwit {
    address: String,
    why: String,
}

fn file() -> File {
    json(include_str!("data/wallet/bip350_bech32m.json"))
}

fn prefix(text: &str) -> Prefix {
    text.parse().expect("small letters")
}

/// What the text begins with, where that can be a network's prefix.
fn own_prefix(text: &str) -> Option<Prefix> {
    text.rsplit_once('1')?.0.to_lowercase().parse().ok()
}

fn refusal(text: &str, prefix: &Prefix) -> AddressError {
    Address::parse(text, prefix).expect_err("not an address")
}

/// Why the text is no address of the network whose prefix it has; of `cairn` where it has none.
fn own_refusal(text: &str) -> AddressError {
    refusal(text, &own_prefix(text).unwrap_or_else(|| prefix("cairn")))
}

#[test]
fn invalid_string_is_mistyped_on_its_own_network_and_no_address_on_any() {
    let invalid = file().invalid_bech32m;
    for Invalid { string } in &invalid {
        if let Some(own) = own_prefix(string) {
            assert!(matches!(refusal(string, &own), AddressError::Mistyped(_)), "{string:?}");
        }
        for network in [prefix("cairn"), prefix("a")] {
            let refused = refusal(string, &network);
            let is_other =
                matches!(&refused, AddressError::OtherNetwork { found, .. } if *found != network.to_string());
            assert!(is_other || matches!(refused, AddressError::Mistyped(_)), "{string:?} on {network}");
        }
    }
    assert_eq!(invalid.len(), 14);
}

#[test]
fn valid_string_of_another_length_is_no_address_of_its_own_network() {
    let valid = file().valid_bech32m;
    let (own, without_prefix): (Vec<&String>, Vec<&String>) =
        valid.iter().partition(|text| own_prefix(text).is_some());
    for text in &own {
        assert_eq!(own_refusal(text), AddressError::Length, "{text}");
    }
    assert_eq!(own, ["A1LQFN3A", "a1lqfn3a", valid[3].as_str(), valid[5].as_str()]);
    // A digit, a question mark, 83 letters: no network of ours begins so.
    assert_eq!(without_prefix.len(), 3);
}

#[test]
fn valid_string_is_of_another_network_everywhere_else() {
    let valid = file().valid_bech32m;
    for text in &valid {
        let found = text.rsplit_once('1').expect("a separator").0.to_lowercase();
        let expected = prefix("cairn");
        assert_eq!(refusal(text, &expected), AddressError::OtherNetwork { found, expected }, "{text}");
    }
    assert_eq!(valid.len(), 7);
}

#[test]
fn valid_segwit_address_is_none_of_ours() {
    let refusals: Vec<AddressError> = file().valid_segwit.iter().map(|it| own_refusal(&it.address)).collect();
    let mistyped = refusals.iter().filter(|error| matches!(error, AddressError::Mistyped(_))).count();
    let length = refusals.iter().filter(|error| **error == AddressError::Length).count();
    // Version 0 is bech32; the others are bech32m and carry their version, too.
    assert_eq!((mistyped, length, refusals.len()), (3, 5, 8));
}

#[test]
fn invalid_segwit_address_is_refused() {
    let invalid = file().invalid_segwit;
    for InvalidSegwit { address, why } in &invalid {
        // The last two are proper bech32, with its own checksum.
        let mistyped = ["Bech32 instead of Bech32m", "character", "Mixed case", "per BIP141", "Empty data"];
        let of_the_text = mistyped.iter().any(|reason| why.contains(reason));
        let found = own_refusal(address);
        assert_eq!(matches!(found, AddressError::Mistyped(_)), of_the_text, "{address} ({why}): {found}");
    }
    assert_eq!(invalid.len(), 15);
}
