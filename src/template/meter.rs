//! Hash rates, from hashes that were counted or from shares that speak for them.

/// Events of this many seconds ago count a third of those of now.
const MEMORY_SECONDS: f64 = 60.0;

/// An average over the last minute or so that forgets smoothly. Its clock is the caller's, in seconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Meter {
    started: f64,
    at: f64,
    /// Hashes, each worth less the longer ago it was.
    remembered: f64,
}

impl Meter {
    /// Nothing was counted yet.
    pub fn new(now: f64) -> Self {
        Self { started: now, at: now, remembered: 0.0 }
    }

    /// Counts hashes that were done up to now.
    pub fn count(&mut self, hashes: f64, now: f64) {
        self.remembered = self.remembered * faded(now - self.at) + hashes;
        self.at = self.at.max(now);
    }

    /// Hashes a second.
    pub fn rate(&self, now: f64) -> f64 {
        // While it is young there is less to remember.
        let lived = 1.0 - faded((now - self.started).max(1.0));
        self.remembered * faded(now - self.at) / (MEMORY_SECONDS * lived)
    }
}

fn faded(seconds: f64) -> f64 {
    (-seconds.max(0.0) / MEMORY_SECONDS).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 0.05, "{found}, not {expected}");
    }

    #[test]
    fn steady_work_is_its_rate_from_the_start_on() {
        let mut meter = Meter::new(100.0);
        for tenth in 1..=6000 {
            let now = 100.0 + f64::from(tenth) / 10.0;
            meter.count(50.0, now);
            if tenth >= 50 {
                assert_near(meter.rate(now), 500.0);
            }
        }
    }

    #[test]
    fn rate_fades_when_work_ends() {
        let mut meter = Meter::new(0.0);
        (1..=600).for_each(|second| meter.count(10.0, f64::from(second)));
        assert_near(meter.rate(660.0), 10.0 / 1_f64.exp());
        assert!(meter.rate(1800.0) < 1e-6);
    }

    #[test]
    fn clock_that_stands_still_or_runs_back_does_no_harm() {
        let mut meter = Meter::new(5.0);
        meter.count(10.0, 5.0);
        meter.count(10.0, 3.0);
        assert!(meter.rate(5.0).is_finite() && meter.rate(0.0).is_finite());
        assert_eq!(Meter::new(5.0).rate(5.0), 0.0);
    }
}
