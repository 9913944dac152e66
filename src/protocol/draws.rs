//! What chance brings, from a seed.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// How often as long as usual a wait may be.
const WAITS_MAX: u64 = 5;

/// What chance brings. The same seed brings the same.
pub struct Draws(ChaCha12Rng);

impl Draws {
    /// From a seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    /// From a seed that is a number.
    pub fn of(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// Any number: a seed for others.
    pub fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Any bytes: the same.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// One of so many numbers from 0 on.
    pub fn below(&mut self, count: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(count)) >> 64) as u64
    }

    /// Anything from 0 up to, but not including, 1.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The place of one of so many things.
    pub fn place(&mut self, count: usize) -> usize {
        self.below(count as u64) as usize
    }

    /// How long to wait for something that is as likely now as later, and comes after `mean` as a rule; no longer than
    /// [`WAITS_MAX`] times that. Who sees it come cannot tell since when it was waited for.
    ///
    /// Whole half-lives are drawn bit by bit and the rest of one evenly: close enough, and the same on every machine,
    /// which logarithms are not.
    pub fn wait(&mut self, mean: u64) -> u64 {
        let drawn = self.0.next_u64();
        let half_lives = u64::from((drawn | 1 << 32).trailing_zeros()) << 10 | drawn >> 54;
        // A half-life is ln 2 of the mean.
        (mean * half_lives * 693 / (1000 << 10)).min(mean * WAITS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_take_about_as_long_as_they_should() {
        let mut draws = Draws::new([1; 32]);
        let mut waits: Vec<u64> = (0..10_000).map(|_| draws.wait(1000)).collect();
        waits.sort_unstable();
        let mean = waits.iter().sum::<u64>() / 10_000;
        assert!((950..1100).contains(&mean), "{mean}");
        assert!((600..800).contains(&waits[5000]), "half of them come in {}", waits[5000]);
        assert!(*waits.last().unwrap() <= 5000);
        assert!(waits[0] < 20, "some come at once");
    }
}
