//! What is wrong with a link of a laboratory, as an operator says it of one node and whoever runs a devnet of two.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Problem;
use crate::net::Link;

/// Longest that anything may be held up by a link.
pub const DELAY_MS_MAX: u64 = 60_000;
/// Percent that a link may lose, at most: one that loses all is cut.
pub const LOSS_PERCENT_MAX: f64 = 99.0;

/// What is wrong with a link; nothing, where nothing is said.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct LinkFaults {
    /// Milliseconds that everything takes, up to 60,000.
    #[serde(default)]
    #[schema(maximum = 60_000)]
    pub delay_ms: u64,
    /// How many more it takes at most, by chance, up to 60,000.
    #[serde(default)]
    #[schema(maximum = 60_000)]
    pub jitter_ms: u64,
    /// Percent that are lost on their way and sent again, up to 99.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 99)]
    pub loss_percent: f64,
    /// How much goes over it; as much as there is where nothing is said.
    #[serde(default)]
    pub bytes_per_second: Option<u64>,
    /// Whether nothing passes, either way.
    #[serde(default)]
    pub cut: bool,
}

impl LinkFaults {
    /// Those of a link.
    pub fn of(link: &Link) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            delay_ms: millis(link.delay),
            jitter_ms: millis(link.jitter),
            // As it was said: 7 percent are not 7.000000000000001.
            loss_percent: (link.loss * 1e8).round() / 1e6,
            bytes_per_second: link.bytes_per_second,
            cut: link.cut,
        }
    }

    /// The link that has them.
    ///
    /// # Errors
    /// When no link can be like this: the field is named, and what it may be.
    pub fn link(&self) -> Result<Link, Problem> {
        for (name, value) in [("delay_ms", self.delay_ms), ("jitter_ms", self.jitter_ms)] {
            if value > DELAY_MS_MAX {
                let why = format!("expected up to {DELAY_MS_MAX}");
                return Err(Problem::bad_value(name, &value.to_string(), why));
            }
        }
        if !(0.0..=LOSS_PERCENT_MAX).contains(&self.loss_percent) {
            let why = format!("expected a percentage up to {LOSS_PERCENT_MAX}");
            return Err(Problem::bad_value("loss_percent", &self.loss_percent.to_string(), why));
        }
        if self.bytes_per_second == Some(0) {
            let why = "expected 1 or more; `cut` lets nothing pass";
            return Err(Problem::bad_value("bytes_per_second", "0", why));
        }
        Ok(Link {
            delay: Duration::from_millis(self.delay_ms),
            jitter: Duration::from_millis(self.jitter_ms),
            loss: self.loss_percent / 100.0,
            bytes_per_second: self.bytes_per_second,
            cut: self.cut,
        })
    }
}
