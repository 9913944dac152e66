//! Where an address was mistyped: pointed at, never mended.

use cairn::types::{Address, Prefix};
use cairn::wallet::{Slip, explain_mistyped, likely, read_address};
use proptest::prelude::*;

use crate::people::address;

const LETTERS: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// Letters before those that carry something: `ctest1`.
const BEGINS: usize = 6;

fn prefix() -> Prefix {
    "ctest".parse().unwrap()
}

fn text(number: u8) -> Vec<char> {
    address(number).to_text(&prefix()).chars().collect()
}

fn slips(typed: &[char]) -> Vec<Slip> {
    likely(&typed.iter().collect::<String>(), &prefix())
}

#[test]
fn whole_address_has_no_slip() {
    assert_eq!(slips(&text(1)), []);
    let upper: Vec<char> = text(1).iter().map(char::to_ascii_uppercase).collect();
    assert_eq!(slips(&upper), []);
}

#[test]
fn letters_that_no_address_has_are_pointed_at_with_what_they_look_like() {
    let mut typed = text(1);
    typed[9] = 'O';
    assert_eq!(slips(&typed), [Slip::MixedCase]);
    typed[9] = 'o';
    typed[20] = 'b';
    typed[30] = '!';
    let strange = |place, letter, like| Slip::NoSuchLetter { place, letter, like };
    let expected = [strange(10, 'o', Some("0")), strange(21, 'b', Some("6 or 8")), strange(31, '!', None)];
    assert_eq!(slips(&typed), expected);
    typed = text(1);
    typed[12] = '1';
    assert_eq!(slips(&typed), [strange(13, '1', Some("l"))]);
    assert_eq!(slips(&typed)[0].to_string(), "no address has '1' at place 13, was it l?");
}

#[test]
fn beginning_and_length_are_named() {
    assert_eq!(likely("cairn1qqqq", &prefix()), [Slip::Beginning]);
    assert_eq!(likely("", &prefix()), [Slip::Beginning]);
    assert_eq!(slips(&text(1)[..60]), [Slip::Length { found: 60, expected: 64 }]);
    let long = "q".repeat(100_000);
    assert_eq!(likely(&format!("ctest1{long}"), &prefix()), [Slip::Length { found: 100_006, expected: 64 }]);
}

#[test]
fn more_than_one_wrong_letter_is_not_guessed_at() {
    let mut typed = text(1);
    for at in [10, 20, 30] {
        typed[at] = if typed[at] == 'q' { 'p' } else { 'q' };
    }
    assert_eq!(slips(&typed), []);
    let typed: String = typed.iter().collect();
    let error = Address::parse(&typed, &prefix()).unwrap_err();
    assert_eq!(explain_mistyped(&typed, &error, &prefix()), error.to_string());
}

#[test]
fn what_is_nothing_like_an_address_is_told_what_one_looks_like() {
    let look = "on this chain one is `ctest1` and 58 small letters and digits";
    let told = |text: &str| read_address(text, &prefix()).unwrap_err().to_string();
    for text in ["bogus", "", "ctest", "me@example.com"] {
        assert_eq!(told(text), format!("not an address: {look}"));
    }
    assert_eq!(
        told("ctest1qqq"),
        format!("not an address, or mistyped: it has 9 letters instead of 64; {look}")
    );
    assert_eq!(
        told("cdev1qqq"),
        "an address of another network: it begins with `cdev`, here they begin with `ctest`"
    );
    assert!(read_address(&text(1).iter().collect::<String>(), &prefix()).is_ok());
}

fn letter() -> impl Strategy<Value = char> {
    (0..32_usize).prop_map(|at| LETTERS.chars().nth(at).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn single_wrong_letter_is_found(number in 0..99_u8, at in BEGINS..64_usize, letter in letter()) {
        let mut typed = text(number);
        prop_assume!(typed[at] != letter);
        typed[at] = letter;
        // The checksum tells single slips apart: one place it is.
        let letters = slips(&typed).into_iter().filter(|slip| matches!(slip, Slip::Letter { .. }));
        prop_assert_eq!(letters.collect::<Vec<_>>(), [Slip::Letter { place: at + 1 }]);
        let typed: String = typed.iter().collect();
        let error = Address::parse(&typed, &prefix()).unwrap_err();
        let words = explain_mistyped(&typed, &error, &prefix());
        let pointed = format!("the letter at place {} is likely wrong", at + 1);
        prop_assert!(words.contains(&pointed), "{}", words);
        // It never says the address.
        prop_assert!(!words.contains(&text(number).iter().collect::<String>()));
    }

    #[test]
    fn exchanged_neighbours_are_found(number in 0..99_u8, at in BEGINS..63_usize) {
        let mut typed = text(number);
        prop_assume!(typed[at] != typed[at + 1]);
        typed.swap(at, at + 1);
        prop_assert_eq!(slips(&typed), [Slip::Swapped { place: at + 1 }]);
    }

    #[test]
    fn letter_too_many_or_too_few_is_found(number in 0..99_u8, at in BEGINS..64_usize, letter in letter()) {
        let mut typed = text(number);
        let dropped = typed.remove(at);
        let first = (BEGINS..=at).rev().take_while(|before| *before == at || typed[*before] == dropped).last();
        let missing = Slip::Missing { place: first.unwrap() + 1 };
        prop_assert!(slips(&typed).contains(&missing), "{:?}", slips(&typed));
        let mut typed = text(number);
        typed.insert(at, letter);
        let first = (BEGINS..=at).rev().take_while(|before| typed[*before] == letter).last();
        let extra = Slip::Extra { place: first.unwrap() + 1 };
        prop_assert!(slips(&typed).contains(&extra), "{:?}", slips(&typed));
    }

    #[test]
    fn any_text_is_looked_at_without_panic(text in "(ctest1)?\\PC{0,70}") {
        let _ = likely(&text, &prefix());
    }
}
