//! Which kernel is the fastest, by trying: what a processor has says little of how fast it is there, and how it was built.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::crypto::ZERO_DIGEST;
use crate::crypto::search::{Kernel, PREFIXES_BEST, Search};

/// How long each kernel is tried in one round, and how many rounds there are: others may have the processor meanwhile, and the best
/// try of each counts.
const TRY_TIME: Duration = Duration::from_millis(3);
const ROUNDS: usize = 5;
/// By how much a kernel has to be faster than one that usually is: a moment tells no more than that.
const FAR: f64 = 1.25;
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

/// The fastest that this processor has. They are tried once, in a moment.
pub fn fastest() -> Kernel {
    static FASTEST: OnceLock<Kernel> = OnceLock::new();
    *FASTEST.get_or_init(|| {
        let mut best: Vec<(Kernel, f64)> =
            Kernel::available().into_iter().map(|kernel| (kernel, 0.0)).collect();
        for _ in 0..ROUNDS {
            best.iter_mut().for_each(|(kernel, rate)| *rate = rate.max(hash_rate_of(*kernel, TRY_TIME)));
        }
        far_fastest_of(&best).unwrap_or_else(Kernel::best)
    })
}

/// The first of them, unless another is far faster.
fn far_fastest_of(rates: &[(Kernel, f64)]) -> Option<Kernel> {
    let fastest = fastest_of(rates)?;
    let rate = rates.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
    rates.first().map(|(first, usual)| if *usual * FAR < rate { fastest } else { *first })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_decides_and_not_what_a_processor_has() {
        let all = Kernel::available();
        let (first, last) = (all[0], all[all.len() - 1]);
        let of = |one, other| [(first, one), (last, other)];
        assert_eq!(fastest_of(&of(1.0, 2.0)), Some(last));
        assert_eq!(fastest_of(&of(2.0, 2.0)), Some(first));
        assert_eq!(far_fastest_of(&of(1.0, 2.0)), Some(last));
        assert_eq!(far_fastest_of(&of(1.0, 1.2)), Some(first), "a moment tells no more");
        assert_eq!((fastest_of(&[]), far_fastest_of(&[])), (None, None));
    }

    #[test]
    fn a_kernel_is_chosen_once() {
        assert!(hash_rate_of(fastest(), TRY_TIME) > 1000.0);
        assert_eq!(fastest(), fastest());
    }
}
