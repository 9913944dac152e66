//! What miners are given, and the proof that it is finite.

use serde::{Deserialize, Serialize};

use crate::codec::Encode;
use crate::types::{Amount, Height};

/// A subsidy that halves at intervals down to a floor, which goes on for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuance {
    /// What the first blocks give.
    pub initial: Amount,
    /// Blocks between two halvings.
    pub halving_interval: u32,
    /// What every block gives at least.
    pub floor: Amount,
}

impl Issuance {
    /// What the block at this height creates; genesis creates its allocation and no subsidy.
    ///
    /// # Consensus
    /// `max(initial >> (height / halving_interval), floor)`.
    pub fn subsidy(&self, height: Height) -> Amount {
        if height == Height::GENESIS {
            return Amount::ZERO;
        }
        self.in_era(height.0 / self.halving_interval)
    }

    fn in_era(&self, era: u32) -> Amount {
        let halved = self.initial.pebbles().checked_shr(era).unwrap_or(0);
        Amount::from_pebbles(halved).max(self.floor)
    }

    /// All subsidies from the first block to the last that a height can count; wide enough never to overflow.
    pub fn total(&self) -> u128 {
        let interval = u128::from(self.halving_interval);
        let end = u128::from(u32::MAX) + 1;
        // Era 0 begins with genesis, which gives nothing. From era 64 on every bit is shifted out.
        let halving: u128 = (0..64_u32)
            .map(|era| {
                let first = (u128::from(era) * interval).max(1);
                let above = ((u128::from(era) + 1) * interval).min(end);
                above.saturating_sub(first) * u128::from(self.in_era(era).pebbles())
            })
            .sum();
        halving + end.saturating_sub(64 * interval) * u128::from(self.floor.pebbles())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuance(initial: u64, halving_interval: u32, floor: u64) -> Issuance {
        Issuance {
            initial: Amount::from_pebbles(initial),
            halving_interval,
            floor: Amount::from_pebbles(floor),
        }
    }

    #[test]
    fn subsidy_halves_at_each_interval_down_to_the_floor() {
        let issuance = issuance(100, 10, 7);
        let at = |height| issuance.subsidy(Height(height)).pebbles();
        assert_eq!(
            [at(0), at(1), at(9), at(10), at(19), at(20), at(40), at(4_000_000)],
            [0, 100, 100, 50, 50, 25, 7, 7]
        );
    }

    #[test]
    fn total_is_the_sum_of_all_subsidies() {
        // 64 eras of 2^26 blocks are all heights there are: sum them era by era, the first without genesis.
        let issuance = issuance(1 << 40, 1 << 26, 3);
        let per_block = |era: u32| u128::from(((1_u64 << 40) >> era).max(3));
        let expected: u128 = (0..64).map(|era| per_block(era) << 26).sum::<u128>() - per_block(0);
        assert_eq!(issuance.total(), expected);
    }

    #[test]
    fn total_without_halving_is_every_height() {
        assert_eq!(issuance(5, u32::MAX, 0).total(), 5 * u128::from(u32::MAX - 1) + 2);
    }

    #[test]
    fn total_counts_the_floor_after_all_halvings() {
        assert_eq!(issuance(0, 1, 1).total(), u128::from(u32::MAX));
    }
}
