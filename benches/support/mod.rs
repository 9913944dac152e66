//! What the benchmarks share: measuring two things turn by turn, and saying what came out.
//!
//! Machines are noisy, and noise that lasts for seconds makes one thing look faster than another that was measured
//! later. So whatever is compared is measured in alternating turns, and what is reported is the median of the turns'
//! ratios. Neither criterion nor divan measures this way, which is why this is here.

#![allow(dead_code, reason = "each benchmark uses what it needs")]

use std::fs;
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use cairn::crypto::SecretKey;
use ed25519_zebra::{Signature, VerificationKeyBytes, batch};
use mimalloc::MiMalloc;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;

/// As in the command, so that what is measured is what runs.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Signatures in each batch of the yardstick.
pub const YARDSTICK_BATCH: usize = 1024;

/// The time that `work` takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

/// The median of some turns, each of which times itself.
pub fn median(turns: usize, mut turn: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..turns).map(|_| turn()).collect();
    times.sort_unstable();
    times[turns / 2]
}

/// What alternating turns of two things came to.
pub struct Compared {
    /// Median of the first.
    pub first: Duration,
    /// Median of the second.
    pub second: Duration,
    /// Median over the turns of first / second.
    pub ratio: f64,
}

/// Measures two things turn by turn.
pub fn compare(
    turns: usize,
    mut first: impl FnMut() -> Duration,
    mut second: impl FnMut() -> Duration,
) -> Compared {
    first();
    second();
    let mut pairs: Vec<(Duration, Duration)> = (0..turns).map(|_| (first(), second())).collect();
    let mut ratios: Vec<f64> =
        pairs.iter().map(|(one, other)| one.as_secs_f64() / other.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    pairs.sort_unstable_by_key(|pair| pair.0);
    let first = pairs[turns / 2].0;
    pairs.sort_unstable_by_key(|pair| pair.1);
    Compared { first, second: pairs[turns / 2].1, ratio: ratios[turns / 2] }
}

/// Says a figure, in the form that others read.
pub fn figure(name: &str, value: f64, unit: &str) {
    println!("figure {name} {value:.3} {unit}");
}

/// Says a ratio, in the form that others read.
pub fn ratio(name: &str, value: f64, baseline: &str) {
    println!("ratio {name} {value:.3} (to {baseline})");
}

/// Milliseconds as a number.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Signatures by distinct keys over distinct messages, as the raw library takes them.
pub fn raw_signatures(count: usize) -> Vec<(VerificationKeyBytes, Signature, [u8; 32])> {
    let sign = |number: usize| {
        let mut bytes = [3; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        let secret = SecretKey::from_bytes(&bytes);
        let signature = Signature::from_bytes(&secret.sign(&bytes).0);
        (VerificationKeyBytes::from(secret.public_key().to_bytes()), signature, bytes)
    };
    (0..count).map(sign).collect()
}

/// Verifies with the raw library, in batches of [`YARDSTICK_BATCH`].
pub fn verify_raw(signatures: &[(VerificationKeyBytes, Signature, [u8; 32])]) {
    for chunk in signatures.chunks(YARDSTICK_BATCH) {
        let mut verifier = batch::Verifier::new();
        for (key, signature, message) in chunk {
            verifier.queue((*key, *signature, message));
        }
        verifier.verify(ChaCha12Rng::from_seed([9; 32])).expect("good signatures");
    }
}

/// Prints the yardstick: what two threads of the raw library verify in a second.
pub fn yardstick() -> f64 {
    let signatures = raw_signatures(4 * YARDSTICK_BATCH);
    let time = median(7, || {
        timed(|| {
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| verify_raw(&signatures));
                }
            });
        })
    });
    let rate = (2 * signatures.len()) as f64 / time.as_secs_f64();
    figure("yardstick", rate, "signatures/s");
    rate
}

/// Processor time of this process.
pub fn processor_time() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

/// Memory of this process: what is in use (`VmRSS`), or the most that ever was (`VmHWM`).
pub fn memory_mb(which: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(which)?.strip_prefix(':'));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}
