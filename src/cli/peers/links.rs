//! Bad links, in a laboratory.

use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::Question;
use crate::api::view::{LinkFaults, LinkView};
use crate::cli::config::Place;
use crate::net::{self, Far, Faults};

/// What says that all links are meant.
const ALL: &str = "all";

#[derive(Args)]
pub struct Link {
    #[command(flatten)]
    pub place: Place,
    /// A node by its 64 digits, or the IP:PORT that `cairn peers list` tells of it.
    #[arg(value_name = "WHO", default_value = ALL)]
    who: String,
    #[command(flatten)]
    fault: Fault,
}

#[derive(Args)]
pub struct Heal {
    #[command(flatten)]
    pub place: Place,
}

/// What is wrong with a link.
#[derive(Args, Serialize, Deserialize, Clone, Copy, PartialEq, Default)]
pub struct Fault {
    /// How long everything takes.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=60_000))]
    delay: u64,
    /// How much longer it takes at most, by chance.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=60_000))]
    jitter: u64,
    /// How much of it is lost on its way, and has to be sent again.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    loss: f64,
    /// How much goes over it.
    #[arg(long, value_name = "BYTES_PER_SECOND", value_parser = clap::value_parser!(u64).range(1..))]
    rate: Option<u64>,
    /// Nothing passes, either way.
    #[arg(long)]
    cut: bool,
}

impl Link {
    /// What the node is to be asked.
    pub fn question(&self) -> Result<Question> {
        far(&self.who)?;
        ensure!(
            (0.0..=99.0).contains(&self.fault.loss),
            "--loss {}: say a percentage up to 99",
            self.fault.loss
        );
        Ok(Question::Link(self.who.clone(), self.fault))
    }
}

impl Fault {
    /// Puts it on the link to this one; where nothing is wrong, takes what is there off.
    pub fn put(&self, faults: &Faults, who: &str) -> Result<()> {
        let link = net::Link {
            delay: Duration::from_millis(self.delay),
            jitter: Duration::from_millis(self.jitter),
            loss: self.loss / 100.0,
            bytes_per_second: self.rate,
            cut: self.cut,
        };
        Ok(faults.set(far(who)?, (*self != Self::default()).then_some(link))?)
    }
}

fn far(who: &str) -> Result<Far> {
    who.parse().map_err(|error| anyhow!("{who}: {error}"))
}

/// A bad link in a line.
pub fn for_people(link: &LinkView) -> String {
    let LinkView { who, faults } = link;
    let LinkFaults { delay_ms, jitter_ms, loss_percent, bytes_per_second, cut } = faults;
    if *cut {
        return format!("{who}: cut");
    }
    let rate = bytes_per_second.map_or_else(String::new, |rate| format!(", {rate} bytes/s"));
    format!("{who}: {delay_ms} ms and up to {jitter_ms} more, {loss_percent:.1} % lost{rate}")
}
