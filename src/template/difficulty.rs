//! Difficulty as pools and their miners count it: how many times harder than the target of Bitcoin's first block.

use std::fmt;

use crate::types::{Target, U256};

type U512 = ruint::aliases::U512;

/// Below, the target would have more than 256 bits.
const EASIEST: f64 = 1.0 / 4_294_967_296.0;
/// Above, no target is left to be met.
const HARDEST: f64 = 1e60;
/// The target at difficulty one is this, 208 bits up.
const ONE: u16 = 0xffff;
const ONE_SHIFT: usize = 208;

/// A number between 2^-32 and 10^60, where one takes about 2^32 hashes.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Difficulty(f64);

impl Difficulty {
    /// The least there is: nearly any hash will do.
    pub const MIN: Self = Self(EASIEST);
    /// About 2^32 hashes.
    pub const ONE: Self = Self(1.0);

    /// The nearest there is to a number; nothing where it is none.
    pub fn clamped(number: f64) -> Option<Self> {
        (!number.is_nan()).then(|| Self(number.clamp(EASIEST, HARDEST)))
    }

    /// How hard it is to meet a target.
    pub fn of(target: Target) -> Self {
        let one = U256::from(ONE) << ONE_SHIFT;
        Self((f64::from(one) / f64::from(target.number())).clamp(EASIEST, HARDEST))
    }

    /// The number.
    pub fn number(self) -> f64 {
        self.0
    }

    /// Hashes that it takes on average.
    pub fn hashes(self) -> f64 {
        self.0 * 4_295_032_833.0
    }

    /// The target that a share of this difficulty meets: `0xffff × 2^208 / difficulty`, rounded down.
    pub fn target(self) -> Target {
        let (mantissa, exponent) = parts(self.0);
        let one = U512::from(ONE) << ONE_SHIFT;
        let number = match usize::try_from(exponent) {
            Ok(up) => (one / U512::from(mantissa)) >> up,
            Err(_) => (one << exponent.unsigned_abs() as usize) / U512::from(mantissa),
        };
        let number = number.saturating_to::<U256>();
        Target::from_number(number).unwrap_or(Target::MIN)
    }
}

/// A number above the smallest normal one as `mantissa × 2^exponent`, exactly.
fn parts(number: f64) -> (u64, i32) {
    let bits = number.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1075;
    ((bits & ((1 << 52) - 1)) | 1 << 52, exponent)
}

impl fmt::Display for Difficulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Bits;

    fn target(number: f64) -> U256 {
        Difficulty::clamped(number).unwrap().target().number()
    }

    #[test]
    fn one_is_the_target_of_the_first_bitcoin_block() {
        let first = Target::from_bits(Bits(0x1d00_ffff)).unwrap();
        assert_eq!(Difficulty::ONE.target(), first);
        assert_eq!(Difficulty::of(first), Difficulty::ONE);
    }

    #[test]
    fn targets_are_exact_quotients() {
        let one = U256::from(0xffff) << 208;
        for whole in [1_u64, 2, 3, 1000, 16_307, 1 << 52] {
            assert_eq!(target(whole as f64), one / U256::from(whole), "difficulty {whole}");
        }
        assert_eq!(target(0.5), one << 1);
        assert_eq!(target(0.25), one << 2);
        assert_eq!(target(1.5), (one << 1) / U256::from(3));
        assert_eq!(target(EASIEST), one << 32);
    }

    #[test]
    fn numbers_out_of_range_become_the_nearest() {
        assert_eq!(Difficulty::clamped(0.0), Some(Difficulty::MIN));
        assert_eq!(Difficulty::clamped(-7.0), Some(Difficulty::MIN));
        assert_eq!(Difficulty::clamped(f64::INFINITY).map(Difficulty::number), Some(HARDEST));
        assert_eq!(Difficulty::clamped(f64::NAN), None);
        assert!(Difficulty::clamped(f64::INFINITY).unwrap().target() >= Target::MIN);
    }

    #[test]
    fn difficulty_of_a_target_meets_about_that_target() {
        for bits in [0x207f_ffff, 0x1f00_ffff, 0x1d00_ffff, 0x1702_5abc] {
            let target = Target::from_bits(Bits(bits)).unwrap();
            let again = Difficulty::of(target).target().number();
            let apart =
                if again > target.number() { again - target.number() } else { target.number() - again };
            assert!(apart <= target.number() >> 50, "{bits:08x}");
        }
    }
}
