//! When blocks are made where no work decides it.

use std::fmt;
use std::iter::repeat;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// When blocks are made on a chain of fixed difficulty.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pace {
    /// One as soon as a transaction waits for it.
    Automine,
    /// One each so many seconds.
    Interval(Duration),
    /// As if by chance: this miner has a share of a network that finds a block each `mean` seconds on average. The same
    /// seed waits for the same times.
    Poisson {
        /// Of the network's hash rate, from a millionth to all of it.
        share: f64,
        /// Decides what chance brings; where there is none, the operating system does.
        seed: Option<u64>,
    },
}

/// Why a text is no pace.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{found:?} is no pace: say `automine`, `interval=SECONDS` with 0.001 to 86400 of them, or `poisson=SHARE` with a share \
     of the network's hash rate from 0.000001 to 1, and a seed if you like: `poisson=0.3,7`"
)]
pub struct PaceError {
    found: String,
}

/// Shortest and longest interval: a millisecond, a day.
const INTERVAL_SECONDS: RangeInclusive<f64> = 0.001..=86_400.0;
/// Smallest and greatest part of a network's hash rate.
const SHARE: RangeInclusive<f64> = 0.000_001..=1.0;

impl Pace {
    /// Times between blocks where the chain is to have one each so many seconds; nothing where transactions say when.
    ///
    /// # Panics
    /// When the operating system gives no randomness.
    pub fn times(self, spacing: u32) -> Option<Box<dyn Iterator<Item = Duration> + Send>> {
        match self {
            Self::Automine => None,
            Self::Interval(time) => Some(Box::new(repeat(time))),
            Self::Poisson { share, seed } => {
                let seed =
                    seed.unwrap_or_else(|| getrandom::u64().expect("the operating system gives randomness"));
                Some(Box::new(Chance::new(f64::from(spacing) / share, seed)))
            }
        }
    }
}

impl FromStr for Pace {
    type Err = PaceError;

    fn from_str(text: &str) -> Result<Self, PaceError> {
        let parsed = match text.split_once('=') {
            None => (text == "automine").then_some(Self::Automine),
            Some(("interval", seconds)) => {
                let seconds = seconds.parse().ok().filter(|seconds| INTERVAL_SECONDS.contains(seconds));
                seconds.map(|seconds| Self::Interval(Duration::from_secs_f64(seconds)))
            }
            Some(("poisson", how)) => {
                let (share, seed) = match how.split_once(',') {
                    Some((share, seed)) => (share, seed.parse().ok().map(Some)),
                    None => (how, Some(None)),
                };
                let share = share.parse().ok().filter(|share| SHARE.contains(share));
                share.zip(seed).map(|(share, seed)| Self::Poisson { share, seed })
            }
            Some(_) => None,
        };
        parsed.ok_or_else(|| PaceError { found: text.to_owned() })
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Automine => f.write_str("automine"),
            Self::Interval(time) => write!(f, "interval={}", time.as_secs_f64()),
            Self::Poisson { share, seed: Some(seed) } => write!(f, "poisson={share},{seed}"),
            Self::Poisson { share, seed: None } => write!(f, "poisson={share}"),
        }
    }
}

/// Times between blocks as a miner with a part of all hash rate finds them.
struct Chance {
    mean_seconds: f64,
    draws: ChaCha12Rng,
}

impl Chance {
    /// Of a miner whose blocks lie so far apart on average.
    fn new(mean_seconds: f64, seed: u64) -> Self {
        Self { mean_seconds, draws: ChaCha12Rng::seed_from_u64(seed) }
    }
}

impl Iterator for Chance {
    type Item = Duration;

    /// How long until the next, exponentially distributed.
    fn next(&mut self) -> Option<Duration> {
        // 53 bits, above 0 and up to 1.
        let draw = ((self.draws.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        Some(Duration::from_secs_f64(-draw.ln() * self.mean_seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paces_are_what_they_are_written_as() {
        for text in ["automine", "interval=5", "interval=0.25", "poisson=0.3,7", "poisson=1,0", "poisson=0.5"]
        {
            assert_eq!(text.parse::<Pace>().unwrap().to_string(), text);
        }
        assert_eq!("poisson=0.5".parse(), Ok(Pace::Poisson { share: 0.5, seed: None }));
        let wrong = [
            "",
            "often",
            "interval",
            "interval=",
            "interval=0",
            "interval=-1",
            "interval=nan",
            "interval=1e9",
            "interval=0.0005",
        ];
        for text in wrong.into_iter().chain([
            "poisson=0",
            "poisson=1e-19",
            "poisson=0.5,",
            "poisson=1.1",
            "poisson=0.5,x",
            "poisson=nan",
            "automine=1",
        ]) {
            assert!(text.parse::<Pace>().is_err(), "{text}");
        }
    }

    #[test]
    fn chance_has_its_mean_and_a_third_waits_longer() {
        let times: Vec<f64> = Chance::new(20.0, 7).take(10_000).map(|time| time.as_secs_f64()).collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        assert!((19.0..21.0).contains(&mean), "{mean}");
        let longer = times.iter().filter(|time| **time > 20.0).count();
        assert!((3500..3860).contains(&longer), "{longer}");
    }

    #[test]
    fn longest_wait_is_a_time() {
        let (share, spacing) = (*SHARE.start(), f64::from(u32::MAX));
        let draws = Chance::new(spacing / share, 7).take(10_000);
        assert!(draws.max().and_then(|time| std::time::Instant::now().checked_add(time)).is_some());
        let least = -(1.0 / (1_u64 << 53) as f64).ln() * spacing / share;
        assert!(std::time::Instant::now().checked_add(Duration::from_secs_f64(least)).is_some());
    }

    #[test]
    fn same_seed_waits_for_the_same_times() {
        let times = |seed| Chance::new(1.0, seed).take(5).collect::<Vec<_>>();
        assert_eq!(times(3), times(3));
        assert_ne!(times(3), times(4));
    }
}
