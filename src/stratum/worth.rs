//! Whether what a connection sends is worth looking at.

use super::Refusal;

/// Shares after which it is judged.
const SHARES: u32 = 256;
/// Of that many, so many must count for whoever is to stay: one in twenty.
const GOOD_MIN: u32 = SHARES / 20;

/// Shares since it was judged last.
#[derive(Default)]
pub(super) struct Worth {
    shares: u32,
    good: u32,
}

impl Worth {
    /// A share counted.
    pub fn accepted(&mut self) {
        self.good += 1;
        self.shares += 1;
    }

    /// A share did not count.
    ///
    /// What came too late or twice says nothing about its sender: where everything is a block, most of what is sent is
    /// like that.
    pub fn refused(&mut self, refusal: &Refusal) {
        self.shares += u32::from(!matches!(refusal.code(), 21 | 22));
    }

    /// Whether nearly nothing of it is of any use. After that, counting begins anew.
    pub fn is_nothing(&mut self) -> bool {
        if self.shares < SHARES {
            return false;
        }
        std::mem::take(self).good < GOOD_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOW: Refusal = Refusal::LowDifficulty { found: 1.0, asked: 2.0 };

    #[test]
    fn one_good_share_in_twenty_is_enough() {
        for (good, ends) in [(0, true), (GOOD_MIN - 1, true), (GOOD_MIN, false), (SHARES, false)] {
            let mut worth = Worth::default();
            (0..good).for_each(|_| worth.accepted());
            for _ in good..SHARES {
                assert!(!worth.is_nothing());
                worth.refused(&LOW);
            }
            assert_eq!(worth.is_nothing(), ends, "{good} of {SHARES}");
            assert!(!worth.is_nothing(), "it begins anew");
        }
    }

    #[test]
    fn what_is_late_or_came_twice_is_held_against_nobody() {
        let mut worth = Worth::default();
        for refusal in [Refusal::Stale, Refusal::Solved, Refusal::Duplicate] {
            (0..2 * SHARES).for_each(|_| worth.refused(&refusal));
        }
        assert!(!worth.is_nothing());
    }
}
