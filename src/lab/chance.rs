//! How long things take that chance decides: worked out alike on every machine.
//!
//! Whoever asks the system for a logarithm gets another last digit on another machine, and with it another run. What stands here
//! adds, multiplies and divides, which gives the same to the last bit everywhere.

use core::f64::consts::{LN_2, SQRT_2};

use crate::protocol::Draws;

/// How many terms of the series are added up: what is left out is below what a number can hold.
const TERMS: u32 = 12;
/// Bits of a number behind its exponent, and what the exponent is counted from.
const MANTISSA_BITS: u32 = 52;
const EXPONENT_OF_ONE: i32 = 1023;

/// How long to wait for something that is as likely in the next moment as in any other, and comes after `mean` on average.
pub(super) fn wait(draws: &mut Draws, mean: f64) -> f64 {
    // From 0 up to, but not including, 1: the logarithm is of more than 0.
    -ln(1.0 - draws.unit()) * mean
}

/// The natural logarithm of what is no less than the smallest normal number.
fn ln(number: f64) -> f64 {
    let bits = number.to_bits();
    let mut exponent = (bits >> MANTISSA_BITS) as i32 - EXPONENT_OF_ONE;
    let mut mantissa = number / f64::from_bits(bits >> MANTISSA_BITS << MANTISSA_BITS);
    // From 1 / √2 to √2, where the series needs few terms.
    if mantissa > SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    // ln m = 2 (r + r³/3 + r⁵/5 + …), where r = (m - 1) / (m + 1).
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let series = (0..TERMS).rev().fold(0.0, |sum, term| sum * ratio * ratio + 1.0 / f64::from(2 * term + 1));
    f64::from(exponent) * LN_2 + 2.0 * ratio * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_is_the_one_that_everybody_knows() {
        let mut draws = Draws::of(1);
        let smallest = 1.0 / (1_u64 << 53) as f64;
        let drawn = (0..100_000).map(|_| 1.0 - draws.unit());
        for number in drawn.chain([1.0, smallest, 0.5, SQRT_2, 1.0 / SQRT_2, 1e300]) {
            let (ours, theirs) = (ln(number), number.ln());
            assert!((ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0), "{number}: {ours}, {theirs}");
        }
    }

    #[test]
    fn logarithm_is_the_same_to_the_last_bit_wherever_this_runs() {
        let mut draws = Draws::of(2);
        let mut sum = 0_u64;
        for _ in 0..10_000 {
            sum = sum.rotate_left(5) ^ ln(1.0 - draws.unit()).to_bits();
        }
        assert_eq!(sum, 6_620_695_243_719_023_782);
    }

    #[test]
    fn waits_are_as_long_on_average_as_they_should_be() {
        let mut draws = Draws::of(3);
        let sum: f64 = (0..100_000).map(|_| wait(&mut draws, 60.0)).sum();
        assert!((sum / 100_000.0 - 60.0).abs() < 0.6, "{}", sum / 100_000.0);
    }
}
