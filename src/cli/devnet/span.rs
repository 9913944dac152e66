//! Times, shares and rates as people type them.

use std::time::Duration;

use anyhow::{Result, anyhow};

const TIMES: [(&str, f64); 5] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];
const RATES: [(&str, f64); 5] =
    [("gbit", 125_000_000.0), ("mbit", 125_000.0), ("kbit", 125.0), ("kB/s", 1_000.0), ("MB/s", 1_000_000.0)];

/// What stands before one of these units.
fn measured(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    // The longest that fits: `ms` is not so many minutes and an s.
    let (unit, size) =
        units.iter().filter(|(unit, _)| text.ends_with(unit)).max_by_key(|(unit, _)| unit.len())?;
    let number: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number * size)
}

/// A time, such as `200ms`, `30s`, `5m`, `2h`, `1d`.
pub(super) fn time(text: &str) -> Result<Duration> {
    let seconds = measured(text, &TIMES).filter(|seconds| *seconds <= f64::from(u32::MAX));
    seconds
        .map(Duration::from_secs_f64)
        .ok_or_else(|| anyhow!("expected a time, such as 200ms, 30s, 5m, 2h or 1d"))
}

/// How far a clock is put forward, such as `+1d`: whole seconds.
pub(super) fn forward(text: &str) -> Result<u32> {
    anyhow::ensure!(
        !text.starts_with('-'),
        "a clock is put forward, such as +1d; `cairn devnet revert` alone takes it back"
    );
    let time = time(text.strip_prefix('+').unwrap_or(text))?;
    let seconds = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
    anyhow::ensure!(seconds > 0, "expected a second at least: a clock is put forward, and never back");
    Ok(seconds)
}

/// A share, such as `5%`.
pub(super) fn percent(text: &str) -> Result<f64> {
    let number: Option<f64> = text.strip_suffix('%').unwrap_or(text).trim().parse().ok();
    number
        .filter(|percent| (0.0..=99.0).contains(percent))
        .ok_or_else(|| anyhow!("expected a percentage up to 99, such as 5%"))
}

/// Bytes a second, such as `1mbit`.
pub(super) fn rate(text: &str) -> Result<u64> {
    let bytes = measured(text, &RATES).filter(|bytes| *bytes >= 1.0 && *bytes <= 1e15);
    bytes
        .map(|bytes| bytes as u64)
        .ok_or_else(|| anyhow!("expected a rate, such as 64kbit, 1mbit, 1gbit or 500kB/s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_shares_and_rates_are_read_as_people_type_them() {
        let millis = |text| time(text).ok().map(|time| time.as_millis());
        assert_eq!(["200ms", "1.5s", "5m", "1d"].map(millis), [200, 1500, 300_000, 86_400_000].map(Some));
        assert_eq!(["", "5", "-1s", "5 weeks", "NaNs"].map(millis), [None; 5]);
        assert_eq!(
            (forward("+1d").ok(), forward("90s").ok(), forward("0s").ok()),
            (Some(86_400), Some(90), None)
        );
        assert_eq!(
            (percent("5%").ok(), percent("0.5").ok(), percent("100%").ok()),
            (Some(5.0), Some(0.5), None)
        );
        assert_eq!(
            (rate("1mbit").ok(), rate("500kB/s").ok(), rate("1").ok()),
            (Some(125_000), Some(500_000), None)
        );
    }
}
