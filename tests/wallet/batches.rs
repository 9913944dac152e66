//! Files of payments, as people and spreadsheets write them.

use cairn::types::AmountError;
use cairn::wallet::{BatchError, Warning, read_batch, warning_lines};
use proptest::prelude::*;

use crate::people::{address, pebbles, reference};

/// The one line of a batch: whom it pays, how many pebbles, and what for.
fn line(text: &str) -> Result<(String, u64, Vec<u8>), BatchError> {
    let (_, read) = read_batch(text).next().expect("a line");
    read.map(|line| (line.to.into_owned(), line.amount.pebbles(), line.reference.to_vec()))
}

fn paid(to: &str, pebbles: u64, what_for: &str) -> Result<(String, u64, Vec<u8>), BatchError> {
    Ok((to.to_owned(), pebbles, what_for.as_bytes().to_vec()))
}

#[test]
fn line_says_who_is_paid_how_much_and_what_for() {
    assert_eq!(line("bob,1.5"), paid("bob", 150_000_000, ""));
    assert_eq!(line(" bob , 1.5CRN , rent, June "), paid("bob", 150_000_000, "rent, June"));
    assert_eq!(line("\u{feff}bob,2,INVOICE-42\r\n"), paid("bob", 200_000_000, "INVOICE-42"));
    assert_eq!(line("\"bob\",\"2\",\"say \"\"hi\"\", Bob\""), paid("bob", 200_000_000, "say \"hi\", Bob"));
    let lines: Vec<usize> = read_batch("# wages\n\nbob,1\n  # more\ncarol,2\n").map(|(at, _)| at).collect();
    assert_eq!(lines, [3, 5]);
}

#[test]
fn what_may_be_a_decimal_comma_is_refused() {
    for (text, whole, part) in [
        ("bob,1,5", "1", "5"),
        ("bob, 1,50 ", "1", "50"),
        ("bob,1,5CRN", "1", "5CRN"),
        ("bob,1,5,June", "1", "5"),
        ("bob,1,000", "1", "000"),
        ("bob,1,234.5", "1", "234.5"),
        ("bob,0,00000001", "0", "00000001"),
        ("bob,1.000,50", "1.000", "50"),
        ("bob,12.345.678,5", "12.345.678", "5"),
    ] {
        let (whole, part) = (whole.to_owned(), part.to_owned());
        assert_eq!(line(text), Err(BatchError::Comma { whole, part }), "{text}");
    }
    let quoted = BatchError::Amount { text: "1,5".to_owned(), error: AmountError::NotANumber };
    assert_eq!(line("bob,\"1,5\""), Err(quoted));
}

#[test]
fn numbers_that_nobody_takes_for_decimals_are_references() {
    assert_eq!(line("bob,1.0,5"), paid("bob", 100_000_000, "5"));
    assert_eq!(line("bob,1.0000,5"), paid("bob", 100_000_000, "5"));
    assert_eq!(line("bob,1.000,\"5\""), paid("bob", 100_000_000, "5"));
    assert_eq!(line("bob,1CRN,5"), paid("bob", 100_000_000, "5"));
    assert_eq!(line("bob, 1, 5"), paid("bob", 100_000_000, "5"));
    assert_eq!(line("bob,1,\"5\""), paid("bob", 100_000_000, "5"));
    assert_eq!(line("bob,1,202606011"), paid("bob", 100_000_000, "202606011"));
    assert_eq!(line("bob,1,2026-06"), paid("bob", 100_000_000, "2026-06"));
    assert_eq!(line("bob,1,hex:05"), Ok(("bob".to_owned(), 100_000_000, reference("\u{5}").to_vec())));
}

#[test]
fn what_is_no_line_of_a_batch_is_said_to_be_that() {
    assert_eq!(line("bob"), Err(BatchError::NoAmount));
    assert_eq!(line("bob;1,5;June"), Err(BatchError::Semicolons));
    assert_eq!(line("bob,\"1"), Err(BatchError::Quotes));
    assert_eq!(line("\"bob\" or carol,1"), Err(BatchError::Quotes));
    assert_eq!(line("bob,1,\"June\" 5"), Err(BatchError::Quotes));
    assert!(matches!(line("bob,,June"), Err(BatchError::Amount { .. })));
    assert!(matches!(line(&format!("bob,1,{}", "r".repeat(33))), Err(BatchError::Reference(_))));
}

#[test]
fn warning_that_repeats_is_told_once_with_a_number() {
    let prefix = "ctest".parse().unwrap();
    let new = |number| Warning::NewRecipient { to: address(number), charge: pebbles(7) };
    let whom =
        |to: &cairn::types::Address| format!("payee {}", if *to == address(1) { "one" } else { "other" });
    let told = warning_lines(&[new(1), new(2), Warning::PublicNote, new(3), new(4), new(5)], &prefix, &whom);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[1].contains("paid 5 of these payees: payee one, payee other, payee other and 2 more."),
        "{told:?}"
    );
    // One alone is named in full.
    let told = warning_lines(&[new(1)], &prefix, &whom);
    assert!(told[0].contains(&address(1).to_text(&prefix)), "{told:?}");
}

proptest! {
    #[test]
    fn hostile_batch_never_panics(text in "[-a1,.\";# \\PC\n]{0,80}") {
        read_batch(&text).for_each(drop);
    }
}
