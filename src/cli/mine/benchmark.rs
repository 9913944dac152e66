//! How fast this machine hashes.

use std::time::Duration;

use anyhow::Result;

use crate::cli::output::{Report, hash_rate};
use crate::crypto::search::Kernel;
use crate::miner::{fastest_of, hash_rate_of};

/// How long each kernel is measured, unless it is said otherwise.
const MEASURE_TIME: Duration = Duration::from_secs(1);

/// Tells how fast each kernel is on one thread, and which would be chosen: the one that was named, else the fastest.
pub(super) fn measure(named: Option<Kernel>, time: Option<Duration>, as_json: bool) -> Result<()> {
    let time = time.unwrap_or(MEASURE_TIME);
    let rates: Vec<(Kernel, f64)> =
        Kernel::available().into_iter().map(|kernel| (kernel, hash_rate_of(kernel, time))).collect();
    let chosen = named.or(fastest_of(&rates)).unwrap_or_else(Kernel::best);
    let mut report = Report::default();
    for (kernel, rate) in rates {
        let note = if kernel == chosen { ", chosen" } else { "" };
        report = report.fact(kernel.name(), kernel.name(), format!("{}{note}", hash_rate(rate)), rate);
    }
    report.only_json("chosen", chosen.name()).tell(as_json)
}
