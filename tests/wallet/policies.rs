//! Policies as people type them, and in plain words.

use cairn::crypto::PublicKey;
use cairn::types::{Height, Policy, PolicyError};
use cairn::wallet::{
    Caution, EXPRESSION_BYTES_MAX, ExpressionError, ExpressionProblem, cautions, explain, parse_policy,
    policy_text,
};
use proptest::prelude::*;

use crate::people::{after, dead_key, key, lock, name, of, policies, public};

fn known(name: &str) -> Option<PublicKey> {
    let people = ["me", "alice", "bob-2"];
    let at = people.iter().position(|other| *other == name)?;
    Some(public(u8::try_from(at).unwrap()))
}

fn read(text: &str) -> Result<Policy, ExpressionError> {
    parse_policy(text, &known)
}

fn hex_of(number: u8) -> String {
    hex::encode(public(number).to_bytes())
}

#[test]
fn policy_is_read_as_people_write_it() {
    let digits = hex_of(3);
    let expected = of(2, vec![key(1), key(3), after(1200)]);
    for text in [
        format!("2 of (alice, key {digits}, after 1200)"),
        format!(" 2  of(alice,{},after\n1200,)\n", digits.to_uppercase()),
    ] {
        assert_eq!(read(&text), Ok(expected.clone()), "{text}");
    }
    assert_eq!(read("all of (me, bob-2)"), Ok(of(2, vec![key(0), key(2)])));
    assert_eq!(read("any of (me, bob-2)"), Ok(of(1, vec![key(0), key(2)])));
    assert_eq!(read(&format!("sha256 {}", "00".repeat(32))), Ok(Policy::Preimage([0; 32])));
    assert_eq!(read("after 4294967295"), Ok(after(u32::MAX)));
}

#[test]
fn policy_has_one_text() {
    let policy = of(2, vec![of(1, vec![key(0), after(9)]), of(2, vec![key(1), lock(0)]), key(2)]);
    let Policy::Preimage(hash) = lock(0) else { panic!("a hash lock") };
    let expected = format!(
        "2 of (any of (key {}, after 9), all of (key {}, sha256 {}), key {})",
        hex_of(0),
        hex_of(1),
        hex::encode(hash),
        hex_of(2)
    );
    assert_eq!(policy_text(&policy), expected);
}

#[test]
fn mistake_is_pointed_at() {
    let place = |text: &str| {
        let error = read(text).unwrap_err();
        (error.place, error.problem)
    };
    let expected = ExpressionProblem::Expected;
    assert_eq!(place("2 of (alice, carol)"), (14, ExpressionProblem::UnknownName("carol".to_owned())));
    assert_eq!(place("2 off (alice, me)"), (3, expected("`of`")));
    assert_eq!(place("2 of alice, me"), (6, expected("`(`")));
    assert_eq!(place("2 of (alice me)"), (13, expected("`,` or `)`")));
    assert_eq!(place("2 of (alice, me"), (16, expected("`,` or `)`")));
    assert_eq!(place("key 12"), (5, ExpressionProblem::Digits));
    assert_eq!(place("after soon"), (7, expected("a height from 0 to 4294967295")));
    assert_eq!(place("after 4294967296").0, 7);
    assert_eq!(place("me me"), (4, ExpressionProblem::LeftOver));
    assert_eq!(place("3 of (me, alice)"), (1, PolicyError::Required.into()));
    assert_eq!(place("0 of (me)"), (1, PolicyError::Required.into()));
    assert_eq!(place("all of ()").0, 9);
    assert_eq!(place(&format!("any of (me, {})", "00".repeat(32))).0, 13);
    assert_eq!(place("").0, 1);
    // Letters are counted, not bytes.
    assert_eq!(place("any of (ä, carol)"), (9, ExpressionProblem::UnknownName("ä".to_owned())));
    assert_eq!(read("2 of (alice, carol)").unwrap_err().pointer(), "             ^");
}

#[test]
fn nesting_ends_where_a_policy_must() {
    let nested = |levels: usize| format!("{}me{}", "any of (".repeat(levels), ")".repeat(levels));
    assert!(read(&nested(3)).is_ok());
    assert_eq!(read(&nested(4)).unwrap_err().problem, PolicyError::Depth.into());
    assert_eq!(read(&nested(1000)).unwrap_err().problem, PolicyError::Depth.into());
    let long = " ".repeat(EXPRESSION_BYTES_MAX);
    assert_eq!(read(&format!("{long}me")).unwrap_err().problem, ExpressionProblem::TooLong);
}

#[test]
fn policy_is_explained_line_by_line() {
    assert_eq!(explain(&key(1), &name), ["Money at this address moves when alice signs."]);
    assert_eq!(explain(&key(0), &name), ["Money at this address moves when you sign."]);
    let three = of(2, vec![key(0), key(1), key(2)]);
    let expected =
        ["Money at this address moves when two of these three agree:", "  - you", "  - alice", "  - bob"];
    assert_eq!(explain(&three, &name), expected);
    let mixed = of(1, vec![key(0), of(2, vec![key(1), after(1200)])]);
    let expected = [
        "Money at this address moves when one of these two holds:",
        "  - you sign",
        "  - both of these hold:",
        "    - alice signs",
        "    - the chain has reached height 1200",
    ];
    assert_eq!(explain(&mixed, &name), expected);
}

fn found(policy: &Policy) -> Vec<Caution> {
    cautions(policy, Height(100), 60)
}

#[test]
fn ordinary_policies_raise_no_caution() {
    let heir = of(1, vec![key(0), of(2, vec![key(1), after(1200)])]);
    let swap = of(1, vec![of(2, vec![key(0), lock(1)]), of(2, vec![key(1), after(900)])]);
    for policy in [key(0), of(2, vec![key(0), key(1), key(2)]), heir, swap] {
        assert_eq!(found(&policy), [], "{}", policy_text(&policy));
    }
}

#[test]
fn policy_that_nobody_can_meet_is_called_that() {
    let dead = dead_key();
    assert_eq!(found(&after(5)), [Caution::NobodyEver]);
    assert_eq!(found(&of(2, vec![after(5), lock(1)])), [Caution::NobodyEver]);
    assert_eq!(found(&Policy::Key(dead)), [Caution::NobodyEver, Caution::DeadKey(dead)]);
    assert_eq!(found(&of(1, vec![Policy::Key(dead), key(1)])), [Caution::DeadKey(dead)]);
}

#[test]
fn parts_that_strangers_can_exchange_are_found() {
    // The preimage could be left out: the same signature meets the other part too.
    assert_eq!(found(&of(2, vec![key(0), lock(1), after(5)])), [Caution::Exchangeable]);
    let same_key = of(1, vec![key(0), of(2, vec![key(0), lock(1)])]);
    assert_eq!(found(&same_key), [Caution::CountsTwice(public(0)), Caution::Exchangeable]);
}

#[test]
fn height_more_than_a_year_away_is_far() {
    let year = 365 * 24 * 60;
    let policy = |height| of(2, vec![key(0), after(height)]);
    assert_eq!(found(&policy(100 + year)), []);
    let far = Height(101 + year);
    assert_eq!(found(&policy(far.0)), [Caution::Far { height: far, blocks: year + 1 }]);
}

proptest! {
    #[test]
    fn text_of_a_policy_is_read_as_the_same(policy in policies()) {
        prop_assert_eq!(read(&policy_text(&policy)), Ok(policy));
    }

    #[test]
    fn any_policy_can_be_explained(policy in policies()) {
        prop_assert!(!explain(&policy, &name).is_empty());
        for caution in found(&policy) {
            prop_assert!(caution.words(&name).ends_with('.'));
        }
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_within_it(text in "(2 of |any of |\\(|\\)|,|me|after 1|key|ä| |[a-z0-9]{1,4}){0,12}") {
        if let Err(error) = read(&text) {
            prop_assert!((1..=text.chars().count() + 1).contains(&error.place), "{}: {}", text, error);
        }
    }
}
