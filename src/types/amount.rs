//! Money, counted in pebbles and never in fractions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{Decode, Encode};

/// Pebbles in one coin.
pub const PEBBLES_PER_COIN: u64 = 100_000_000;

const DECIMALS: usize = 8;

/// A sum of money in pebbles, the smallest unit; 1 CRN is 100,000,000 of them.
///
/// Adding and subtracting answer with nothing where the result would not fit, so no sum ever wraps. In JSON an amount
/// is a string of pebbles, because numbers there lose digits; for people it is shown and read in coins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode)]
pub struct Amount(u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many pebbles.
    pub const fn from_pebbles(pebbles: u64) -> Self {
        Self(pebbles)
    }

    /// The number of pebbles.
    pub const fn pebbles(self) -> u64 {
        self.0
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or nothing where it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or nothing where `other` is more.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// This amount `times` over, or nothing where that does not fit.
    pub fn checked_mul(self, times: u64) -> Option<Self> {
        self.0.checked_mul(times).map(Self)
    }

    /// The sum of all, or nothing where it does not fit.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (coins, pebbles) = (self.0 / PEBBLES_PER_COIN, self.0 % PEBBLES_PER_COIN);
        let text = if pebbles == 0 {
            format!("{coins} CRN")
        } else {
            let fraction = format!("{pebbles:0DECIMALS$}");
            format!("{coins}.{} CRN", fraction.trim_end_matches('0'))
        };
        f.pad(&text)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most one point.
    #[error("expected an amount in coins such as 12.5 or 12.5CRN, with a point and no comma")]
    NotANumber,
    /// Finer than a pebble.
    #[error("a coin has no more than 8 decimals")]
    TooFine,
    /// More pebbles than can be counted.
    #[error("more than there can be")]
    TooLarge,
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads coins: `12`, `12.5`, `.5`, each with or without `CRN` behind it.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let text = text.trim();
        let number = text.strip_suffix("CRN").map_or(text, str::trim_end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
            return Err(AmountError::NotANumber);
        }
        if fraction.len() > DECIMALS {
            return Err(AmountError::TooFine);
        }
        let pebbles = format!("{whole}{fraction:0<DECIMALS$}");
        pebbles.parse().map(Self).map_err(|_| AmountError::TooLarge)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let pebbles = all_digits.then(|| text.parse().ok()).flatten();
        pebbles.map(Self).ok_or_else(|| {
            serde::de::Error::custom(
                "expected a number of pebbles as a string of digits, such as \"100000000\"",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_in_coins() {
        let shown = |pebbles| Amount::from_pebbles(pebbles).to_string();
        assert_eq!(shown(0), "0 CRN");
        assert_eq!(shown(1), "0.00000001 CRN");
        assert_eq!(shown(1_250_000_000), "12.5 CRN");
        assert_eq!(shown(u64::MAX), "184467440737.09551615 CRN");
    }

    #[test]
    fn amounts_are_read_in_coins() {
        let read = |text: &str| text.parse::<Amount>().map(Amount::pebbles);
        for text in ["12.5", "12.5CRN", "12.5 CRN", " 12.50 ", "012.5"] {
            assert_eq!(read(text), Ok(1_250_000_000), "{text}");
        }
        assert_eq!(read(".5"), Ok(50_000_000));
        assert_eq!(read("184467440737.09551615"), Ok(u64::MAX));
        assert_eq!(read("184467440737.09551616"), Err(AmountError::TooLarge));
        assert_eq!(read("0.000000001"), Err(AmountError::TooFine));
        for text in ["", ".", "1.2.3", "-1", "+1", "1e3", "CRN", "1 BTC", "１"] {
            assert_eq!(read(text), Err(AmountError::NotANumber), "{text}");
        }
    }

    #[test]
    fn json_is_a_string_of_pebbles() {
        assert_eq!(serde_json::to_string(&Amount::from_pebbles(5)).unwrap(), "\"5\"");
        assert_eq!(serde_json::from_str::<Amount>("\"5\"").unwrap(), Amount::from_pebbles(5));
        for wrong in ["5", "\"5.0\"", "\"-5\"", "\"\"", "\"+5\""] {
            assert!(serde_json::from_str::<Amount>(wrong).is_err(), "{wrong}");
        }
    }
}
