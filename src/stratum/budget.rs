//! How many lines a connection may send.

/// Lines a second that are read from one connection for any length of time. A miner at its difficulty needs one in five
/// seconds; one whose work is easier than any difficulty can be made harder, on a chain made for tests, sends thousands.
const LINES_A_SECOND: f64 = 1000.0;
/// Lines that may come at once: what a fast machine sends before it has heard of a difficulty that suits it. Those beyond
/// are skipped, unread and unanswered.
const BURST: f64 = 10_000.0;

/// Lines that are left.
pub(super) struct Budget {
    left: f64,
    at: f64,
}

impl Budget {
    /// A full one. Its clock is the caller's, in seconds.
    pub fn new(now: f64) -> Self {
        Self { left: BURST, at: now }
    }

    /// Takes a line off, if there is one left.
    pub fn take(&mut self, now: f64) -> bool {
        self.left = (self.left + (now - self.at).max(0.0) * LINES_A_SECOND).min(BURST);
        self.at = self.at.max(now);
        let enough = self.left >= 1.0;
        if enough {
            self.left -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_is_read_and_then_so_many_a_second() {
        let mut budget = Budget::new(0.0);
        assert_eq!((0..20_000).filter(|_| budget.take(0.0)).count(), 10_000);
        assert_eq!((0..20_000).filter(|_| budget.take(0.5)).count(), 500);
        assert_eq!((0..20_000).filter(|_| budget.take(0.5)).count(), 0);
        assert_eq!((0..20_000).filter(|_| budget.take(100.0)).count(), 10_000);
    }
}
