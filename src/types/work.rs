//! Difficulty in its three forms: compact bits, the target they stand for, and the work a target costs.

use std::fmt;
use std::str::FromStr;

use super::BlockHash;
use super::text::{HexError, json_as_text, parse_hex};
use crate::codec::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, impl_borrow_decode};

/// 256-bit unsigned integer.
pub type U256 = ruint::aliases::U256;

/// A target as headers carry it: one byte of exponent, three of mantissa.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Bits(pub u32);

/// Why compact bits stand for no target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BitsError {
    /// The sign bit is set on a mantissa other than zero.
    #[error("bits stand for a negative target")]
    Negative,
    /// The target has more than 256 bits.
    #[error("bits stand for a target above 256 bits")]
    Overflow,
    /// No hash is below zero.
    #[error("bits stand for a target of zero")]
    Zero,
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bits({self})")
    }
}

impl FromStr for Bits {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        Ok(Self(u32::from_be_bytes(parse_hex(text)?)))
    }
}

json_as_text!(Bits);

/// The largest number that a block's hash may be. Never zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(U256);

impl Target {
    /// The target that is hardest to meet.
    pub const MIN: Self = Self(U256::ONE);

    /// The target that this number is, or nothing for zero.
    pub fn from_number(number: U256) -> Option<Self> {
        (!number.is_zero()).then_some(Self(number))
    }

    /// The target as a number.
    pub fn number(self) -> U256 {
        self.0
    }

    /// The target that compact bits stand for.
    ///
    /// # Consensus
    /// Bitcoin's reading: mantissa × 256^(exponent − 3). A mantissa's top bit is a sign and no target is negative.
    ///
    /// # Errors
    /// When the bits stand for no target.
    pub fn from_bits(bits: Bits) -> Result<Self, BitsError> {
        let exponent = bits.0 >> 24;
        let mantissa = bits.0 & 0x007f_ffff;
        let negative = bits.0 & 0x0080_0000 != 0;
        let number = if exponent <= 3 {
            U256::from(mantissa >> (8 * (3 - exponent)))
        } else {
            let bytes = exponent - 3;
            let width = (32 - mantissa.leading_zeros()).div_ceil(8);
            if mantissa != 0 && width + bytes > 32 {
                return Err(if negative { BitsError::Negative } else { BitsError::Overflow });
            }
            if mantissa == 0 { U256::ZERO } else { U256::from(mantissa) << (8 * bytes as usize) }
        };
        if number.is_zero() {
            return Err(BitsError::Zero);
        }
        if negative { Err(BitsError::Negative) } else { Ok(Self(number)) }
    }

    /// The compact form, which keeps the three highest bytes and rounds the rest down.
    pub fn to_bits(self) -> Bits {
        let mut exponent = self.0.byte_len();
        let mut mantissa = if exponent <= 3 {
            self.0.wrapping_to::<u32>() << (8 * (3 - exponent))
        } else {
            (self.0 >> (8 * (exponent - 3))).wrapping_to::<u32>()
        };
        // The top bit would read as a sign: give up a byte of precision instead.
        if mantissa & 0x0080_0000 != 0 {
            mantissa >>= 8;
            exponent += 1;
        }
        Bits((exponent as u32) << 24 | mantissa)
    }

    /// Whether a block of this hash did the work.
    pub fn is_met_by(&self, hash: &BlockHash) -> bool {
        U256::from_le_bytes(*hash.as_bytes()) <= self.0
    }

    /// How many hashes it takes on average to meet this target: 2^256 / (target + 1).
    pub fn work(self) -> Work {
        // 2^256 does not fit into 256 bits; (2^256 − 1 − target) / (target + 1) + 1 is the same and does.
        match self.0.checked_add(U256::ONE) {
            Some(divisor) => Work(!self.0 / divisor + U256::ONE),
            None => Work(U256::ONE),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.to_be_bytes::<32>()))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

/// Hashes done on average, for one block or for a whole branch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Work(U256);

impl Work {
    /// No work.
    pub const ZERO: Self = Self(U256::ZERO);

    /// So many hashes.
    pub fn from_number(hashes: U256) -> Self {
        Self(hashes)
    }

    /// The number of hashes.
    pub fn number(self) -> U256 {
        self.0
    }

    /// The sum. It stops at the highest number instead of wrapping; no chain gets there, since each block adds less
    /// than 2^256 / 2^32.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Work({self})")
    }
}

impl Encode for Work {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.to_le_bytes::<32>().encode(encoder)
    }
}

impl<C> Decode<C> for Work {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self(U256::from_le_bytes(<[u8; 32]>::decode(decoder)?)))
    }
}

impl_borrow_decode!(Work);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easiest_target_costs_one_hash() {
        assert_eq!(Target(U256::MAX).work(), Work(U256::ONE));
        assert_eq!(Target(U256::MAX >> 1).work(), Work(U256::from(2)));
        assert_eq!(Target::MIN.work(), Work(U256::ONE << 255));
    }

    #[test]
    fn work_of_the_first_bitcoin_target_is_known() {
        let target = Target::from_bits(Bits(0x1d00_ffff)).unwrap();
        assert_eq!(target.work(), Work(U256::from(0x1_0001_0001_u64)));
    }

    #[test]
    fn hash_equal_to_the_target_meets_it() {
        let target = Target(U256::from(0x0100));
        let hash = |number: u64| BlockHash::from_bytes(U256::from(number).to_le_bytes());
        assert!(target.is_met_by(&hash(0x0100)));
        assert!(!target.is_met_by(&hash(0x0101)));
    }
}
