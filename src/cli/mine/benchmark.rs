//! How fast this machine hashes.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::cli::output::{Report, hash_rate};
use crate::crypto::ZERO_DIGEST;
use crate::crypto::search::{Kernel, PREFIXES_BEST, Search};

/// How long each kernel is measured, and after how many nonces the clock is looked at.
const MEASURE_TIME: Duration = Duration::from_secs(1);
const MEASURE_NONCES: u32 = 1 << 15;

/// Tells how fast each kernel is on one thread.
pub(super) fn measure(chosen: Kernel, as_json: bool) -> Result<()> {
    let mut report = Report::default();
    for kernel in Kernel::available() {
        let rate = measured(kernel);
        let note = if kernel == chosen { ", chosen" } else { "" };
        report = report.fact(kernel.name(), kernel.name(), format!("{}{note}", hash_rate(rate)), rate);
    }
    report.only_json("chosen", chosen.name()).tell(as_json)
}

fn measured(kernel: Kernel) -> f64 {
    let prefixes = [0; PREFIXES_BEST].map(|_: u8| [0; 64]);
    let search = Search::new(&prefixes, [0; 12], ZERO_DIGEST);
    let (begun, mut hashes, mut first) = (Instant::now(), 0, 0_u32);
    while begun.elapsed() < MEASURE_TIME {
        let mut scan = search.scan(kernel, first..=first.saturating_add(MEASURE_NONCES - 1));
        // No hash is zero.
        let _ = scan.next();
        hashes += scan.hashes();
        first = first.wrapping_add(MEASURE_NONCES);
    }
    hashes as f64 / begun.elapsed().as_secs_f64()
}
