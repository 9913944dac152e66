//! How numbers are written for people, on pages and in a terminal.

use std::fmt::Display;

use crate::types::Amount;

/// Digits in threes.
pub fn number(number: impl Display) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something.
pub fn count(count: usize, name: &str) -> String {
    format!("{} {name}{}", number(count), if count == 1 { "" } else { "s" })
}

/// Money, where it is but text.
pub fn coins(amount: Amount) -> String {
    let text = amount.to_string();
    let (whole, rest) = text.split_at(text.find(['.', ' ']).unwrap_or(text.len()));
    format!("{}{rest}", number(whole))
}

/// How long something takes, in its largest two units.
pub fn span(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let first = UNITS.iter().position(|(size, _)| seconds >= *size).unwrap_or(UNITS.len() - 1);
    let (size, name) = UNITS[first];
    let rest = UNITS.get(first + 1).map(|(small, name)| (seconds % size / small, name));
    match rest {
        Some((rest, small)) if rest > 0 => format!("{} {name} {rest} {small}", seconds / size),
        _ => format!("{} {name}", seconds / size),
    }
}

/// A size that may be large, with the name of its unit.
pub fn scaled(size: f64, unit: &str) -> String {
    const STEPS: [(f64, &str); 6] =
        [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    // What would be rounded up to a thousand has the next unit.
    match STEPS.iter().find(|(step, _)| size >= step * 0.999_95) {
        Some((step, name)) => format!("{:.1} {name}{unit}", size / step),
        None if size == size.trunc() => format!("{size:.0} {unit}"),
        None if size >= 0.1 => format!("{size:.2} {unit}"),
        // What is small is something all the same.
        None if size >= 1e-4 => {
            let digits = 2 + (-size.log10()).floor() as usize;
            format!("{size:.digits$} {unit}")
        }
        None => format!("{size:.1e} {unit}"),
    }
}

/// So many bytes.
pub fn bytes(bytes: usize) -> String {
    scaled(bytes as f64, "B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_stand_in_threes() {
        let written: Vec<String> = [0_u64, 999, 1_000, 1_234_567].into_iter().map(number).collect();
        assert_eq!(written, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn span_has_its_two_largest_units() {
        let spans: Vec<String> = [0, 59, 60, 61, 3_600, 90_061].into_iter().map(span).collect();
        assert_eq!(spans, ["0 s", "59 s", "1 min", "1 min 1 s", "1 h", "1 d 1 h"]);
    }

    #[test]
    fn sizes_have_the_unit_that_leaves_few_digits() {
        let rates = [0.25, 7.0, 999.0, 1_000.0, 2_449_000.0, 3.2e19].map(|rate| scaled(rate, "H/s"));
        assert_eq!(rates, ["0.25 H/s", "7 H/s", "999 H/s", "1.0 kH/s", "2.4 MH/s", "32.0 EH/s"]);
        let small = [0.034, 0.0012, 0.000_034, 0.0].map(|rate| scaled(rate, "H/s"));
        assert_eq!(small, ["0.034 H/s", "0.0012 H/s", "3.4e-5 H/s", "0 H/s"]);
    }

    #[test]
    fn sizes_are_neither_rounded_to_nothing_nor_to_a_thousand() {
        let rates = [0.0, 0.000_3, 999.96, 999_951.0, 999_940.0].map(|rate| scaled(rate, "H/s"));
        assert_eq!(rates, ["0 H/s", "0.00030 H/s", "1.0 kH/s", "1.0 MH/s", "999.9 kH/s"]);
    }

    #[test]
    fn coins_stand_in_threes_and_parts_of_one_do_not() {
        let written = [0, 250_000, 123_456_700_000_001].map(|pebbles| coins(Amount::from_pebbles(pebbles)));
        assert_eq!(written, ["0 CRN", "0.0025 CRN", "1,234,567.00000001 CRN"]);
    }

    #[test]
    fn one_of_something_is_not_many() {
        let written = [0, 1, 2, 1_440].map(|number| count(number, "block"));
        assert_eq!(written, ["0 blocks", "1 block", "2 blocks", "1,440 blocks"]);
    }
}
