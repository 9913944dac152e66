//! Orders to a devnet that runs.

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use super::moments::iso;
use super::place::{Which, explained};
use super::screen;
use super::span;
use crate::api::view::LinkFaults;
use crate::cli::output::{Report, tell, tell_json};
use crate::devnet::Partition;
use crate::devnet::desk::{self, ClockView, GivenView, MendedView, NetworkView};
use crate::types::Amount;

#[derive(Args)]
pub(super) struct Status {
    #[command(flatten)]
    which: Which,
}

impl Status {
    pub fn give(&self) -> Result<()> {
        let network: NetworkView = self.which.client()?.get("/v1/network").map_err(explained)?;
        told(&self.which, &network)
    }
}

/// Tells how the network is, after an order too.
pub(super) fn told(which: &Which, network: &NetworkView) -> Result<()> {
    if which.json { tell_json(network) } else { tell(&screen::status(network)) }
}

#[derive(Args)]
pub(super) struct Plain {
    #[command(flatten)]
    which: Which,
}

impl Plain {
    pub fn clock(&self, order: &str) -> Result<()> {
        let path = format!("/v1/clock/{order}");
        let clock: ClockView = self.which.client()?.post(&path, &json!({})).map_err(explained)?;
        tell_clock(&self.which, clock)
    }

    pub fn heal(&self) -> Result<()> {
        let now: MendedView = self.which.client()?.post("/v1/heal", &json!({})).map_err(explained)?;
        told_mended(&self.which, &now)
    }
}

/// The same after links were changed, and whether those stand that could.
fn told_mended(which: &Which, now: &MendedView) -> Result<()> {
    if which.json { tell_json(now) } else { told(which, &now.network) }?;
    screen::mended(now)
}

fn tell_clock(which: &Which, clock: ClockView) -> Result<()> {
    let held = if clock.frozen { ", and held there" } else { "" };
    Report::default()
        .fact("time", "the clock of the chain", format!("{}{held}", iso(clock.time)), clock.time.0)
        .only_json("frozen", clock.frozen)
        .only_json("ahead_seconds", clock.ahead_seconds)
        .tell(which.json)
}

#[derive(Args)]
pub(super) struct Warp {
    /// How far: +30s, +5m, +2h, +1d.
    #[arg(allow_hyphen_values = true)]
    by: String,
    #[command(flatten)]
    which: Which,
}

impl Warp {
    pub fn give(&self) -> Result<()> {
        let seconds = span::forward(&self.by).with_context(|| self.by.clone())?;
        let order = desk::WarpOrder { seconds };
        let clock: ClockView = self.which.client()?.post("/v1/clock/warp", &order).map_err(explained)?;
        tell_clock(&self.which, clock)
    }
}

#[derive(Args)]
pub(super) struct LinkOrder {
    /// One of the two nodes, by its number.
    a: usize,
    /// The other.
    b: usize,
    /// How long everything takes, such as 200ms.
    #[arg(long, value_name = "TIME")]
    delay: Option<String>,
    /// How much longer it takes at most, by chance.
    #[arg(long, value_name = "TIME")]
    jitter: Option<String>,
    /// The share that is lost on its way and sent again, such as 5%.
    #[arg(long, value_name = "PERCENT")]
    loss: Option<String>,
    /// How much goes over it, such as 1mbit.
    #[arg(long, value_name = "RATE")]
    rate: Option<String>,
    /// Nothing passes.
    #[arg(long)]
    cut: bool,
    #[command(flatten)]
    which: Which,
}

impl LinkOrder {
    pub fn give(&self) -> Result<()> {
        let millis = |name: &str, text: &Option<String>| -> Result<u64> {
            let Some(text) = text else { return Ok(0) };
            let time = span::time(text).with_context(|| format!("--{name} {text}"))?;
            Ok(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
        };
        let faults = LinkFaults {
            delay_ms: millis("delay", &self.delay)?,
            jitter_ms: millis("jitter", &self.jitter)?,
            loss_percent: self
                .loss
                .as_deref()
                .map_or(Ok(0.0), |text| span::percent(text).with_context(|| format!("--loss {text}")))?,
            bytes_per_second: self
                .rate
                .as_deref()
                .map(|text| span::rate(text).with_context(|| format!("--rate {text}")))
                .transpose()?,
            cut: self.cut,
        };
        let order = desk::LinkView { a: self.a, b: self.b, faults };
        let now: MendedView = self.which.client()?.post("/v1/links", &order).map_err(explained)?;
        told_mended(&self.which, &now)
    }
}

#[derive(Args)]
pub(super) struct PartitionOrder {
    /// Groups of numbers: '0,1 | 2,3,4'.
    groups: String,
    #[command(flatten)]
    which: Which,
}

impl PartitionOrder {
    pub fn give(&self) -> Result<()> {
        let partition: Partition = self.groups.parse().with_context(|| self.groups.clone())?;
        let order = desk::PartitionOrder { groups: partition.groups() };
        let now: MendedView = self.which.client()?.post("/v1/partition", &order).map_err(explained)?;
        told_mended(&self.which, &now)
    }
}

#[derive(Args)]
pub(super) struct OfNode {
    /// Which, by its number.
    node: usize,
    #[command(flatten)]
    which: Which,
}

impl OfNode {
    pub fn give(&self, order: &str) -> Result<()> {
        let path = format!("/v1/nodes/{}/{order}", self.node);
        let network: NetworkView = self.which.client()?.post(&path, &json!({})).map_err(explained)?;
        told(&self.which, &network)
    }
}

#[derive(Args)]
pub(super) struct Faucet {
    /// To where.
    address: String,
    /// How much, in CRN.
    #[arg(default_value = "100")]
    amount: Amount,
    /// Through this node [default: the first that runs].
    #[arg(long, value_name = "NUMBER")]
    node: Option<usize>,
    #[command(flatten)]
    which: Which,
}

impl Faucet {
    pub fn give(&self) -> Result<()> {
        let order =
            desk::FaucetOrder { address: self.address.clone(), amount: Some(self.amount), node: self.node };
        let given: GivenView = self.which.client()?.post("/v1/faucet", &order).map_err(explained)?;
        Report::default()
            .same("txid", "sent", given.txid)
            .fact("amount", "amount", given.amount, given.amount.pebbles().to_string())
            .tell(self.which.json)
    }
}
