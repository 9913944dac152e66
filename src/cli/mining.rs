//! Mining on a node: by work, or blocks made at a pace.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use tokio::runtime::{Builder, Runtime};

use super::output::say;
use crate::consensus::{Genesis, PowMode};
use crate::crypto::search::Kernel;
use crate::miner::{Feed, Maker, Miner, MinerOptions, MinerReport, OrderError, Pace, Pacer};
use crate::node::NodeHandle;
use crate::template::Payout;
use crate::types::Address;

/// Threads that may mine: beyond, none brings anything.
const THREADS_MAX: u16 = 1024;

/// Who mines on a node, and how.
#[derive(Args, Deserialize, Clone, Default)]
#[command(next_help_heading = "Mining")]
#[serde(deny_unknown_fields, default)]
pub(super) struct Mining {
    /// Mine, and pay this address.
    #[arg(long, env = "CAIRN_MINE", value_name = "ADDRESS")]
    mine: Option<String>,
    /// Threads that look for blocks [default: one for each core].
    #[arg(long, env = "CAIRN_THREADS", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=i64::from(THREADS_MAX)))]
    threads: Option<u16>,
    /// How the threads look: `cairn mine --benchmark` lists what this processor has [default: the fastest].
    #[arg(long, env = "CAIRN_KERNEL", value_name = "NAME")]
    kernel: Option<String>,
    /// When a block is made: by `work` alone; or, where the chain's difficulty is fixed, `automine` (as soon as a
    /// transaction arrives), `interval=SECONDS`, or by chance, `poisson=SHARE[,SEED]`, as a miner with that share of the
    /// network's hash rate [default: `work`; where the difficulty is fixed, an interval of the chain's spacing].
    #[arg(long, env = "CAIRN_PACE", value_name = "PACE")]
    pace: Option<String>,
    /// What is written into the blocks, beside what makes them differ [default: cairn].
    #[arg(long, env = "CAIRN_TAG", value_name = "TEXT")]
    tag: Option<String>,
}

/// How a block comes to be made.
pub(super) enum Plan {
    Work(MinerOptions),
    AtPace(Payout, Pace),
}

impl Mining {
    /// These settings, and those of a file where these say nothing.
    pub fn over(self, file: Self) -> Self {
        Self {
            mine: self.mine.or(file.mine),
            threads: self.threads.or(file.threads),
            kernel: self.kernel.or(file.kernel),
            pace: self.pace.or(file.pace),
            tag: self.tag.or(file.tag),
        }
    }

    /// What is to be done, if anything.
    pub fn plan(&self, genesis: &Genesis) -> Result<Option<Plan>> {
        let Some(address) = &self.mine else {
            let without = [
                ("threads", self.threads.is_some()),
                ("kernel", self.kernel.is_some()),
                ("pace", self.pace.is_some()),
                ("tag", self.tag.is_some()),
            ];
            if let Some((name, _)) = without.iter().find(|(_, given)| *given) {
                bail!("--{name} is for a node that mines: say --mine ADDRESS, to whom the blocks pay");
            }
            return Ok(None);
        };
        let params = genesis.params();
        let recipient =
            Address::parse(address, &params.prefix).with_context(|| format!("--mine {address}"))?;
        let payout = match &self.tag {
            None => Payout::to(recipient),
            Some(tag) => Payout::to(recipient).with_tag(tag.as_bytes()).context("--tag")?,
        };
        let usual = || match params.pow_mode {
            PowMode::Asert => None,
            PowMode::Fixed => Some(Pace::Interval(Duration::from_secs(params.spacing.into()))),
        };
        let pace = match self.pace.as_deref() {
            Some("work") => None,
            Some(pace) => Some(pace.parse().context("--pace (or `work`)")?),
            None => usual(),
        };
        if pace.is_some() && params.pow_mode == PowMode::Asert {
            return Err(OrderError::NotFixed.into());
        }
        Ok(Some(match pace {
            Some(pace) => Plan::AtPace(payout, pace),
            None => Plan::Work(MinerOptions {
                payout,
                threads: self.threads(),
                kernel: self.kernel()?,
                log: Arc::new(say),
            }),
        }))
    }

    fn threads(&self) -> usize {
        let all = || thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(all, usize::from)
    }

    fn kernel(&self) -> Result<Kernel> {
        self.kernel.as_deref().map_or_else(|| Ok(Kernel::best()), |name| name.parse().context("--kernel"))
    }
}

impl Plan {
    /// Begins; it ends when what this gives is dropped.
    pub fn start(self, node: &NodeHandle) -> Result<Running> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("cairn-ports").enable_all().build();
        let runtime = runtime.context("cannot start threads")?;
        let (mut miner, mut pacer) = (None, None);
        match self {
            Self::Work(options) => {
                let feed = Feed::start(node.clone(), runtime.handle().clone())?;
                say(&format!("mining with {} threads, {}", options.threads, options.kernel));
                miner = Some(Miner::start(node, &feed, runtime.handle(), &options)?);
            }
            Self::AtPace(payout, pace) => {
                let maker = Maker::new(node.clone(), payout)?;
                say(&format!("making blocks: {pace}"));
                pacer = Some(Pacer::start(maker, pace, runtime.handle().clone(), Arc::new(say))?);
            }
        }
        Ok(Running { miner, _pacer: pacer, _runtime: runtime })
    }
}

/// Mining that goes on. Its parts end in this order.
pub(super) struct Running {
    miner: Option<Miner>,
    _pacer: Option<Pacer>,
    _runtime: Runtime,
}

impl Running {
    /// A line on how it goes, where there is anything to say.
    pub fn line(&self) -> Option<String> {
        self.miner.as_ref().map(|miner| {
            let MinerReport { hash_rate, found, stale, .. } = miner.report();
            format!("mining {}, {found} found, {stale} stale", rate(hash_rate))
        })
    }
}

/// Hashes a second, for people.
pub(super) fn rate(hashes: f64) -> String {
    let units = [(1e15, "PH/s"), (1e12, "TH/s"), (1e9, "GH/s"), (1e6, "MH/s"), (1e3, "kH/s")];
    let unit = units.into_iter().find(|(size, _)| hashes >= *size);
    let (size, name) = unit.unwrap_or((1.0, "H/s"));
    format!("{:.1} {name}", hashes / size)
}
