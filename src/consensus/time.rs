//! Two readings of time that no single miner controls.

use super::{Branch, Params};
use crate::types::{EffectiveTime, Height, Timestamp};

/// Blocks whose times a median is taken of.
pub const MEDIAN_WINDOW: usize = 11;

/// The median of the last blocks' times, in any order; of an even number, the upper one.
///
/// # Consensus
/// M(h): over the last min(11, h + 1) blocks, sorted, element n/2. A block's time must not be below its parent's
/// median. Since each new time is at or above the median, the median never falls.
///
/// # Panics
/// When there are no times, or more than [`MEDIAN_WINDOW`].
pub fn median_time(times: &[Timestamp]) -> Timestamp {
    assert!((1..=MEDIAN_WINDOW).contains(&times.len()), "a median of 1 to 11 times");
    let mut sorted = [Timestamp(0); MEDIAN_WINDOW];
    let sorted = &mut sorted[..times.len()];
    sorted.copy_from_slice(times);
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

/// How long the chain has been running at a block of this height and median, given the branch below it.
///
/// # Consensus
/// E(0) = 0, E(1) = spacing, E(h) = E(h−1) + min(M(h) − M(h−1), gap_max). The first gap is taken as if on schedule,
/// so an old genesis is no head start; a long sleep counts for one capped gap, so a chain that wakes does not storm.
///
/// # Security
/// Both hold for miners who tell the time. What is capped is a step of the median: miners who agree to stamp one step of
/// `gap_max` after the other can redeem a sleep bit by bit. They gain at most what they would have had without a cap.
pub(super) fn effective_time(
    below: &Branch,
    height: Height,
    median: Timestamp,
    params: &Params,
) -> EffectiveTime {
    match height.0 {
        0 => EffectiveTime(0),
        1 => EffectiveTime(u64::from(params.spacing)),
        _ => {
            let gap = median.0.saturating_sub(below.median_time.0).min(params.gap_max);
            EffectiveTime(below.effective_time.0.saturating_add(gap.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median(times: &[u32]) -> u32 {
        let times: Vec<Timestamp> = times.iter().copied().map(Timestamp).collect();
        median_time(&times).0
    }

    #[test]
    fn median_is_the_middle_and_the_upper_one_of_two() {
        assert_eq!(median(&[5]), 5);
        assert_eq!(median(&[5, 1]), 5);
        assert_eq!(median(&[9, 1, 5]), 5);
        assert_eq!(median(&[11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]), 6);
    }

    #[test]
    fn median_never_falls_under_the_time_rule() {
        let mut times = vec![1000];
        let mut last = 1000;
        for step in 0..2000_u32 {
            // Alternate wildly between the earliest allowed time and times far ahead.
            let ahead = step.wrapping_mul(2_654_435_761) % 5000;
            times.push(if step % 3 == 0 { last } else { last + ahead });
            let next = median(&times[times.len().saturating_sub(MEDIAN_WINDOW)..]);
            assert!(next >= last);
            last = next;
        }
    }
}
