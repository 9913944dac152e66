//! Project Wycheproof's `ed25519_test.json`: 151 signatures, each made to find one kind of mistake.
//!
//! Our verdict is Wycheproof's on all but one. Twelve have another length than 64 bytes, so that no
//! [`Signature`](cairn::crypto::Signature) can be made of them and they never reach the curve.
//!
//! The one is test 151, whose R is the neutral point with the sign of its x set, although its x is 0. RFC 8032 refuses
//! to decode that; ZIP-215 reads the point, hashes the bytes as they stand, and the equation holds. It takes the secret
//! key to make such a signature, and nobody else can turn another signature into one: R is part of what is hashed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::support::{Hex, json};
use crate::verdict::{Case, Verdict, judge};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    number_of_tests: usize,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    public_key: Key,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Key {
    pk: Hex,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    tc_id: u32,
    flags: Vec<String>,
    msg: Hex,
    sig: Hex,
    result: String,
}

/// Every test with our verdict on it.
static JUDGED: LazyLock<Vec<(Test, Verdict)>> = LazyLock::new(|| {
    let file: File = json(include_str!("data/ed25519/wycheproof_ed25519_test.json"));
    let (tests, cases): (Vec<Test>, Vec<Case>) = file
        .test_groups
        .into_iter()
        .flat_map(|Group { public_key, tests }| {
            tests.into_iter().map(move |test| (public_key.pk.array(), test))
        })
        .map(|(key, test)| {
            let case = Case { key, signature: test.sig.0.clone(), message: test.msg.0.clone() };
            (test, case)
        })
        .unzip();
    assert_eq!(tests.len(), file.number_of_tests);
    let verdicts = judge(&cases);
    tests.into_iter().zip(verdicts).collect()
});

#[test]
fn verdict_is_the_published_one_but_for_test_151() {
    let otherwise: Vec<(&str, u32, Verdict)> = JUDGED
        .iter()
        .filter(|(test, verdict)| (test.result == "valid") != (*verdict == Verdict::Accepted))
        .map(|(test, verdict)| (test.result.as_str(), test.tc_id, *verdict))
        .collect();
    assert_eq!(otherwise, [("invalid", 151, Verdict::Accepted)]);
}

#[test]
fn classes_are_judged_as_listed() {
    let mut found: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for (test, verdict) in JUDGED.iter() {
        let column = match verdict {
            Verdict::Accepted => 0,
            Verdict::Refused => 1,
            Verdict::NotASignature => 2,
            Verdict::NotAKey(error) => panic!("test {}: {error}", test.tc_id),
        };
        assert_eq!(test.flags.len(), 1);
        found.entry(test.flags[0].clone()).or_default()[column] += 1;
    }
    let found: Vec<(&str, [usize; 3])> =
        found.iter().map(|(flag, counts)| (flag.as_str(), *counts)).collect();
    // Accepted, refused on the curve, refused by length.
    let expected = [
        ("CompressedSignature", [0, 0, 4]),
        ("InvalidEncoding", [1, 21, 0]),
        ("InvalidKtv", [0, 1, 0]),
        ("InvalidSignature", [0, 20, 0]),
        ("Ktv", [38, 0, 0]),
        ("SignatureMalleability", [0, 8, 0]),
        ("SignatureWithGarbage", [0, 0, 5]),
        ("TinkOverflow", [32, 0, 0]),
        ("TruncatedSignature", [0, 0, 3]),
        ("Valid", [18, 0, 0]),
    ];
    assert_eq!(found, expected);
}
