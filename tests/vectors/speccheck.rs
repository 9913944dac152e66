//! The twelve signatures of "Taming the many EdDSAs" (ed25519-speccheck), on which libraries disagree.
//!
//! What is special about each stands beside its verdict, with A the key, R and S the signature, k the hash, L the order
//! of the group. Points of mixed order are those whose order is a multiple of L; "the sign of 0" is the bit that says
//! which of two x is meant, set where x is 0 and there is only one.

use cairn::crypto::KeyError::SmallOrder;
use ed25519_zebra::{Signature, VerificationKey, VerificationKeyBytes};
use serde::Deserialize;

use crate::support::{Hex, json};
use crate::verdict::{Case, Verdict, judge};

#[derive(Deserialize)]
struct Listed {
    message: Hex,
    pub_key: Hex,
    signature: Hex,
}

fn cases() -> Vec<Case> {
    let case = |listed: Listed| Case {
        key: listed.pub_key.array(),
        signature: listed.signature.0,
        message: listed.message.0,
    };
    json::<Vec<Listed>>(include_str!("data/ed25519/speccheck_cases.json")).into_iter().map(case).collect()
}

#[test]
fn verdicts_are_as_listed() {
    let expected = [
        Verdict::NotAKey(SmallOrder), // 0: A and R of small order, S = 0
        Verdict::NotAKey(SmallOrder), // 1: A of small order, R of mixed order
        Verdict::Accepted,            // 2: A of mixed order, R of small order
        Verdict::Accepted,            // 3: A and R of mixed order
        Verdict::Accepted,            // 4: the same, and equal only once both sides are multiplied by 8
        Verdict::Accepted, // 5: A of mixed order, and 8·k must not be reduced by L before it meets A
        Verdict::Refused,  // 6: S of L or more
        Verdict::Refused,  // 7: S far above L
        Verdict::Refused,  // 8: R is -1 with the sign of 0 set, hashed as if it were not set
        Verdict::Accepted, // 9: the same R, hashed as it stands
        Verdict::NotAKey(SmallOrder), // 10: A is -1 with the sign of 0 set, hashed as if it were not set
        Verdict::NotAKey(SmallOrder), // 11: the same A, hashed as it stands
    ];
    assert_eq!(judge(&cases()), expected);
}

/// The row `Zebra` of the paper's table: what the library says that knows nothing of our rule on keys.
#[test]
fn library_below_says_what_the_paper_found() {
    let accepts = |case: &Case| {
        let key =
            VerificationKey::try_from(VerificationKeyBytes::from(case.key)).expect("a point of the curve");
        let signature = Signature::try_from(&case.signature[..]).expect("64 bytes");
        key.verify(&signature, &case.message).is_ok()
    };
    let row: String = cases().iter().map(|case| if accepts(case) { 'V' } else { 'X' }).collect();
    assert_eq!(row, "VVVVVVXXXVVV");
}
