//! Which kernel is the fastest, by trying: what a processor has says little of how fast it is there, and how it was built.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::crypto::ZERO_DIGEST;
use crate::crypto::search::{Kernel, PREFIXES_BEST, Search};

/// How long each kernel is tried, and how often: others may have the processor meanwhile, and the best try counts.
const TRY_TIME: Duration = Duration::from_millis(4);
const TRIES: usize = 3;
/// After so many nonces the clock is looked at.
const NONCES: u32 = 256;

/// Hashes a second of one thread with a kernel, tried for so long.
pub fn hash_rate_of(kernel: Kernel, time: Duration) -> f64 {
    let prefixes = [0; PREFIXES_BEST].map(|_: u8| [0; 64]);
    let search = Search::new(&prefixes, [0; 12], ZERO_DIGEST);
    let (begun, mut hashes, mut first) = (Instant::now(), 0, 0_u32);
    while begun.elapsed() < time {
        let mut scan = search.scan(kernel, first..=first.saturating_add(NONCES - 1));
        // No hash is zero.
        let _ = scan.next();
        hashes += scan.hashes();
        first = first.wrapping_add(NONCES);
    }
    hashes as f64 / begun.elapsed().as_secs_f64()
}

/// The fastest of the kernels that were measured; of equal ones the first.
pub fn fastest_of(rates: &[(Kernel, f64)]) -> Option<Kernel> {
    let faster = |best: (Kernel, f64), next: (Kernel, f64)| if next.1 > best.1 { next } else { best };
    rates.iter().copied().reduce(faster).map(|(kernel, _)| kernel)
}

/// The fastest that this processor has. It is tried once, in a moment.
pub fn fastest() -> Kernel {
    static FASTEST: OnceLock<Kernel> = OnceLock::new();
    *FASTEST.get_or_init(|| {
        let tried = |kernel| (0..TRIES).map(|_| hash_rate_of(kernel, TRY_TIME)).fold(0.0, f64::max);
        let rates: Vec<(Kernel, f64)> =
            Kernel::available().into_iter().map(|kernel| (kernel, tried(kernel))).collect();
        fastest_of(&rates).unwrap_or_else(Kernel::best)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_decides_and_not_what_a_processor_has() {
        let all = Kernel::available();
        let (first, last) = (all[0], all[all.len() - 1]);
        assert_eq!(fastest_of(&[(first, 1.0), (last, 2.0)]), Some(last));
        assert_eq!(fastest_of(&[(first, 2.0), (last, 2.0)]), Some(first));
        assert_eq!(fastest_of(&[]), None);
    }

    #[test]
    fn no_kernel_is_far_faster_than_the_one_that_was_chosen() {
        let best = |kernel| (0..5).map(|_| hash_rate_of(kernel, TRY_TIME)).fold(0.0, f64::max);
        let chosen = best(fastest());
        for kernel in Kernel::available() {
            assert!(best(kernel) < 2.0 * chosen, "{kernel} and not {}", fastest());
        }
    }
}
