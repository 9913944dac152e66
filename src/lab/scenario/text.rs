//! What stands in a scenario file as text: lengths of time, moments, and whoever is meant.

use core::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::lab::clock::{HOUR, MILLISECOND, MINUTE, SECOND};

/// A length of time, or how long after the beginning something is: `250ms`, `90s`, `10m`, `1h`, `1h 30m`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Span(
    /// Microseconds.
    pub u64,
);

/// The units in which a length of time is said, the largest first.
const UNITS: [(&str, u64); 6] =
    [("d", 24 * HOUR), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", MILLISECOND), ("us", 1)];

/// In microseconds.
const CENTURY: f64 = 3.2e15;

impl Span {
    /// So many microseconds.
    pub const fn of_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Seconds, and parts of them.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// Reads one.
    ///
    /// # Errors
    /// Says what one looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no length of time: write one like `250ms`, `90s`, `10m` or `1h 30m`");
        let mut micros: u64 = 0;
        for word in text.split_whitespace() {
            let split = word.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
            let (number, unit) = word.split_at(split);
            let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
            let number: f64 = number.parse().map_err(|_| wrong())?;
            let part = (number * *unit as f64).round();
            // A century is more than anybody waits for, and every sum of two of them is still a number.
            if !(0.0..CENTURY).contains(&part) || micros as f64 + part >= CENTURY {
                return Err(wrong());
            }
            micros += part as u64;
        }
        if text.trim().is_empty() { Err(wrong()) } else { Ok(Self(micros)) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0;
        let mut words = Vec::new();
        for (name, unit) in UNITS {
            if left >= unit {
                words.push(format!("{}{name}", left / unit));
                left %= unit;
            }
        }
        // Below a thousandth of what it is about nobody reads on.
        words.truncate(2);
        if words.is_empty() { f.write_str("0s") } else { f.write_str(&words.join(" ")) }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&deserializer.deserialize_str(Text)?).map_err(D::Error::custom)
    }
}

/// Text that says how long something is.
struct Text;

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time in quotes, as \"90s\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

/// What is wrong with a field, for those who do not know how this program reads it.
pub(super) fn in_words(reason: &str) -> String {
    const WORDS: [(&str, &str); 6] = [
        ("invalid type: unit variant, expected ", "it needs more than its name: write `{ name = … }`"),
        ("wanted exactly 1 element, ", "one thing at a time: begin another table for the next"),
        ("expected a sequence", "expected a list, as [\"all\"]"),
        (
            "expected struct variant ",
            "expected a table, as { at_least = 1 }, or {} where nothing has to be said",
        ),
        ("expected table, found ", "it takes nothing: write its name alone, in quotes"),
        ("expected a string", "expected text in quotes"),
    ];
    let known = WORDS.iter().find_map(|(said, meant)| Some((reason.split_once(said)?.0, meant)));
    known.map_or_else(|| reason.to_owned(), |(before, meant)| format!("{before}{meant}"))
}

/// A time that something is counted from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// So long after the beginning.
    At(Span),
    /// When ways were last opened by the event `heal`.
    Heal,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(span) => write!(f, "{span}"),
            Self::Heal => f.write_str("the healing"),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_str(Text)?;
        if text == "heal" {
            return Ok(Self::Heal);
        }
        let span = Span::parse(&text);
        span.map(Self::At)
            .map_err(|error| D::Error::custom(format!("{error}; or `heal`, for the last of these events")))
    }
}

/// Whoever is meant: `all`, a group by its name, or one of a group by its number, from 1 on: `north.3`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(transparent)]
pub struct Who(
    /// As it stands in the file.
    pub String,
);

impl Who {
    /// Everybody.
    pub fn all() -> Vec<Self> {
        vec![Self("all".to_owned())]
    }
}

/// Some of them, for people.
pub(super) fn listed(who: &[Who]) -> String {
    let all: Vec<&str> = who.iter().map(|who| who.0.as_str()).collect();
    match all.split_last() {
        None => "nobody".to_owned(),
        Some((one, [])) => (*one).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_and_said_again() {
        for (text, micros) in
            [("250ms", 250_000), ("90s", 90_000_000), ("1h 30m", 5_400_000_000), ("1.5s", 1_500_000)]
        {
            assert_eq!(Span::parse(text).unwrap(), Span(micros), "{text}");
        }
        assert_eq!(Span(90_000_000).to_string(), "1m 30s");
        assert_eq!(Span(0).to_string(), "0s");
    }

    #[test]
    fn what_is_no_length_of_time_is_told_what_one_looks_like() {
        for text in ["", "10", "10x", "m", "-1s", "99999999h", "1..2s", &"30000d ".repeat(2)] {
            assert!(Span::parse(text).unwrap_err().contains("write one like `250ms`"), "{text}");
        }
    }
}
