//! What a transaction offers for its place in a block.

use std::cmp::{Ordering, Reverse};

use crate::types::Amount;

/// A fee for so many bytes, compared without a rounding step: two rates are equal where neither buys more.
#[derive(Clone, Copy, Debug)]
pub struct FeeRate {
    fee: Amount,
    bytes: u32,
}

impl FeeRate {
    /// What asks for nothing.
    pub const ZERO: Self = Self::new(Amount::ZERO, 1);

    /// So much for so many bytes.
    ///
    /// # Panics
    /// For no bytes at all: that is no rate.
    pub const fn new(fee: Amount, bytes: u32) -> Self {
        assert!(bytes > 0, "a rate is over some bytes");
        Self { fee, bytes }
    }

    /// So many pebbles for a thousand bytes, the unit in which people name rates.
    pub const fn per_kilobyte(pebbles: u64) -> Self {
        Self::new(Amount::from_pebbles(pebbles), 1000)
    }

    /// The same in pebbles for a thousand bytes, rounded up, so that whoever pays what is shown pays enough.
    pub fn pebbles_per_kilobyte(self) -> u64 {
        self.fee_for(1000).pebbles()
    }

    /// The least fee that is no lower a rate for so many bytes.
    pub fn fee_for(self, bytes: usize) -> Amount {
        saturated(self.product(bytes).div_ceil(u128::from(self.bytes)))
    }

    /// The least fee that is a higher rate for so many bytes.
    pub fn fee_above(self, bytes: usize) -> Amount {
        saturated(self.product(bytes) / u128::from(self.bytes) + 1)
    }

    /// The rate after so many halvings, in pebbles for a thousand bytes, rounded down.
    pub(super) fn halved(self, times: u64) -> Self {
        let shift = u32::try_from(times).unwrap_or(u32::MAX);
        Self::per_kilobyte(self.pebbles_per_kilobyte().checked_shr(shift).unwrap_or(0))
    }

    /// This and another rate together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self::per_kilobyte(self.pebbles_per_kilobyte().saturating_add(other.pebbles_per_kilobyte()))
    }

    fn product(self, bytes: usize) -> u128 {
        u128::from(self.fee.pebbles()) * bytes as u128
    }
}

fn saturated(pebbles: u128) -> Amount {
    Amount::from_pebbles(u64::try_from(pebbles).unwrap_or(u64::MAX))
}

impl Ord for FeeRate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.product(other.bytes as usize).cmp(&other.product(self.bytes as usize))
    }
}

impl PartialOrd for FeeRate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for FeeRate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for FeeRate {}

/// Where a transaction stands among all others: the higher rate is the greater, then the earlier arrival. No two are equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Rank {
    pub rate: FeeRate,
    pub arrival: Reverse<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(fee: u64, bytes: u32) -> FeeRate {
        FeeRate::new(Amount::from_pebbles(fee), bytes)
    }

    #[test]
    fn rates_are_compared_without_rounding() {
        assert_eq!(rate(1, 3), rate(2, 6));
        assert!(rate(u64::MAX, u32::MAX) < rate(u64::MAX, u32::MAX - 1));
        assert!(rate(100, 300) < rate(100, 299));
        assert_eq!(FeeRate::ZERO, rate(0, 7));
    }

    #[test]
    fn fee_for_a_rate_reaches_it_and_one_pebble_less_does_not() {
        for (fee, bytes, size) in [(7, 3, 200_u32), (1000, 1000, 233), (1, 1000, 1), (5, 1, 9)] {
            let asked = rate(fee, bytes);
            let enough = asked.fee_for(size as usize).pebbles();
            assert!(rate(enough, size) >= asked);
            assert!(rate(enough - 1, size) < asked);
            let above = asked.fee_above(size as usize).pebbles();
            assert!(rate(above, size) > asked);
            assert!(rate(above - 1, size) <= asked);
        }
    }

    #[test]
    fn halving_often_enough_leaves_nothing() {
        assert_eq!(rate(1000, 1000).halved(1).pebbles_per_kilobyte(), 500);
        assert_eq!(rate(1000, 1000).halved(10), FeeRate::ZERO);
        assert_eq!(rate(1000, 1000).halved(u64::MAX), FeeRate::ZERO);
    }
}
