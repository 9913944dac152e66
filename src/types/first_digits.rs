//! The beginning of a hash, as somebody types it who looks for it.

use std::fmt;
use std::str::FromStr;

use crate::crypto::{Digest, ZERO_DIGEST};

/// The first digits of a hash in the order in which it is printed: enough that few others begin with them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FirstDigits {
    /// The lowest that begins so.
    low: Digest,
    count: usize,
}

/// Why text is not the beginning of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {min} to {max} hexadecimal digits")]
pub struct FirstDigitsError {
    /// How many there must be.
    pub min: usize,
    /// How many there may be.
    pub max: usize,
}

impl FirstDigits {
    /// Fewer would be the beginning of too many.
    pub const DIGITS_MIN: usize = 6;
    /// All of a hash.
    pub const DIGITS_MAX: usize = 64;

    /// The lowest and the highest bytes, as they are printed, that begin so.
    pub fn range(&self) -> (Digest, Digest) {
        let mut high = self.low;
        for digit in self.count..Self::DIGITS_MAX {
            high[digit / 2] |= if digit % 2 == 0 { 0xf0 } else { 0x0f };
        }
        (self.low, high)
    }

    /// Whether these bytes, as they are printed, begin so.
    pub fn begin(&self, printed: &Digest) -> bool {
        let (low, high) = self.range();
        (low..=high).contains(printed)
    }
}

impl FromStr for FirstDigits {
    type Err = FirstDigitsError;

    fn from_str(text: &str) -> Result<Self, FirstDigitsError> {
        let (min, max) = (Self::DIGITS_MIN, Self::DIGITS_MAX);
        if !(min..=max).contains(&text.len()) {
            return Err(FirstDigitsError { min, max });
        }
        let mut low = ZERO_DIGEST;
        for (at, digit) in text.chars().enumerate() {
            let digit = digit.to_digit(16).ok_or(FirstDigitsError { min, max })? as u8;
            low[at / 2] |= if at % 2 == 0 { digit << 4 } else { digit };
        }
        Ok(Self { low, count: text.len() })
    }
}

impl fmt::Display for FirstDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.low)[..self.count])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_that_begin_so_are_told_from_others() {
        let digits: FirstDigits = "AbCdef0".parse().unwrap();
        assert_eq!(digits.to_string(), "abcdef0");
        let hash = |text: &str| {
            let mut bytes = ZERO_DIGEST;
            hex::decode_to_slice(text, &mut bytes[..4]).unwrap();
            bytes
        };
        assert!(digits.begin(&hash("abcdef00")) && digits.begin(&hash("abcdef0f")));
        assert!(!digits.begin(&hash("abcdef10")) && !digits.begin(&hash("abcdeeff")));
        let (low, high) = digits.range();
        assert_eq!((low[3], low[31], high[3], high[31]), (0x00, 0, 0x0f, 0xff));
        let all: FirstDigits = "7".repeat(64).parse().unwrap();
        assert_eq!(all.range(), ([0x77; 32], [0x77; 32]));
    }

    #[test]
    fn too_few_too_many_and_other_signs_are_refused() {
        for text in ["", "abcde", "abcdeg", "abcdé1", &"7".repeat(65)] {
            assert_eq!(text.parse::<FirstDigits>(), Err(FirstDigitsError { min: 6, max: 64 }), "{text}");
        }
    }
}
