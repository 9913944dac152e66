//! Mining on a node: by work, at a pace, and by miners of others over Stratum.

use std::env;
use std::net::TcpListener;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use tokio::runtime::{Builder, Runtime};

use super::config::THREADS;
use super::crew::{Crew, Own, usual_pace};
use super::files;
use super::output::{count, hash_rate, say, say_seldom};
use crate::consensus::{Genesis, PowMode};
use crate::crypto::search::Kernel;
use crate::miner::{Feed, MinerOptions, MinerReport, OrderError, STACK_BYTES, fastest};
use crate::net::HostPort;
use crate::node::{NodeHandle, WorkerReport};
use crate::stratum::{Server, ServerOptions};
use crate::template::Payout;
use crate::wallet::read_address;

/// Where Stratum is served unless it is said otherwise: for this machine alone.
const STRATUM: &str = "127.0.0.1:9334";
/// Workers of whom nothing came for so long are not there any more: a share comes every few seconds.
const GONE_SECONDS: u64 = 60;

/// Who mines on a node, and how.
#[derive(Args, Deserialize, Clone, Default)]
#[command(next_help_heading = "Mining")]
#[serde(deny_unknown_fields, default)]
pub(super) struct Mining {
    /// Mine, and pay this address.
    #[arg(long, env = "CAIRN_MINE", value_name = "ADDRESS")]
    mine: Option<String>,
    /// Threads that look for blocks, up to 1024 [default: one for each core].
    #[arg(long, env = "CAIRN_THREADS", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(THREADS))]
    pub threads: Option<u16>,
    /// How the threads look: `cairn mine --benchmark` lists what this processor has [default: the fastest].
    #[arg(long, env = "CAIRN_KERNEL", value_name = "NAME")]
    kernel: Option<String>,
    /// When a block is made: by `work` alone; or, where the chain's difficulty is fixed, `automine` (as soon as a
    /// transaction arrives), `interval=SECONDS` (from 0.001 to 86400), or by chance, `poisson=SHARE[,SEED]`, as a miner with
    /// that share of the network's hash rate (from 0.000001 to 1) [default: `work`; where the difficulty is fixed, an interval of the chain's spacing].
    #[arg(long, env = "CAIRN_PACE", value_name = "PACE")]
    pace: Option<String>,
    /// What is written into the blocks, beside what makes them differ: up to 91 bytes [default: cairn].
    #[arg(long, env = "CAIRN_TAG", value_name = "TEXT")]
    tag: Option<String>,
    /// Let miners of any make work on this chain, over Stratum v1: `0.0.0.0:9334` lets all the network in, no value this
    /// machine alone, at port 9334. Each is paid at the address that it gives as its user name.
    #[arg(long, env = "CAIRN_STRATUM", value_name = "HOST:PORT", num_args = 0..=1, default_missing_value = STRATUM)]
    stratum: Option<String>,
}

/// Who is to mine, settled before there is a node.
pub(super) struct Plan {
    own: Option<Own>,
    stratum: Option<TcpListener>,
    quiet: bool,
}

impl Mining {
    /// These settings, and those of a file where these say nothing. A variable that is set to nothing says nothing.
    pub fn over(self, file: Self) -> Self {
        let over = |own: Option<String>, file| own.filter(|text| !text.is_empty()).or(file);
        Self {
            mine: over(self.mine, file.mine),
            threads: self.threads.or(file.threads),
            kernel: over(self.kernel, file.kernel),
            pace: over(self.pace, file.pace),
            tag: over(self.tag, file.tag),
            stratum: over(self.stratum, file.stratum),
        }
    }

    /// What is to be done.
    pub fn plan(&self, genesis: &Genesis, quiet: bool) -> Result<Plan> {
        let listen = |address: &String| -> Result<TcpListener> {
            let place = HostPort::from_str(address).with_context(|| format!("--stratum {address}"))?;
            TcpListener::bind(&*place).with_context(|| format!("--stratum {address}: cannot listen there"))
        };
        let stratum = self.stratum.as_ref().map(listen).transpose()?;
        Ok(Plan { own: self.own(genesis, quiet)?, stratum, quiet })
    }

    fn own(&self, genesis: &Genesis, quiet: bool) -> Result<Option<Own>> {
        let Some(address) = &self.mine else {
            let of_pay = [("pace", self.pace.is_some()), ("tag", self.tag.is_some())];
            if let Some((name, _)) = self.of_work().chain(of_pay).find(|(_, given)| *given) {
                bail!("--{name} is for a node that mines: say --mine ADDRESS, to whom the blocks pay");
            }
            return Ok(None);
        };
        let params = genesis.params();
        let recipient = read_address(address, &params.prefix).with_context(|| format!("--mine {address}"))?;
        let payout = match &self.tag {
            None => Payout::to(recipient),
            Some(tag) if tag.contains(char::is_control) => bail!("--tag: it has signs that cannot be shown"),
            Some(tag) => Payout::to(recipient).with_tag(tag.as_bytes()).context("--tag")?,
        };
        let pace = match self.pace.as_deref() {
            Some("work") => None,
            Some(pace) => Some(pace.parse().context("--pace takes `work` or a pace")?),
            None => usual_pace(params),
        };
        if pace.is_some() && params.pow_mode == PowMode::Asert {
            return Err(OrderError::NotFixed.into());
        }
        if let (Some(pace), Some((name, _))) = (pace, self.of_work().find(|(_, given)| *given)) {
            bail!(
                "--{name} says how work is done, and here blocks are made at a pace, {pace}: say --pace work"
            );
        }
        Ok(Some(match pace {
            Some(pace) => Own::AtPace(payout, pace),
            None => Own::Work(MinerOptions {
                payout,
                threads: threads_or_all(self.threads),
                kernel: self.kernel()?,
                log: if quiet { Arc::new(|_| {}) } else { Arc::new(say_seldom()) },
            }),
        }))
    }

    /// What says how work is done, and whether anybody asked for it here: the variables serve `cairn mine` too.
    fn of_work(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let asked = |given: bool, variable| given && env::var_os(variable).is_none();
        let threads = asked(self.threads.is_some(), "CAIRN_THREADS");
        let kernel = asked(self.kernel.is_some(), "CAIRN_KERNEL");
        [("threads", threads), ("kernel", kernel)].into_iter()
    }

    fn kernel(&self) -> Result<Kernel> {
        self.kernel.as_deref().map_or_else(|| Ok(fastest()), |name| name.parse().context("--kernel"))
    }
}

/// As many threads as are asked for, or one for each core.
pub(super) fn threads_or_all(threads: Option<u16>) -> usize {
    let all = || thread::available_parallelism().map_or(1, usize::from);
    threads.map_or_else(all, usize::from)
}

impl Plan {
    /// Begins; it ends when what this gives is dropped.
    pub fn start(self, node: &NodeHandle) -> Result<Running> {
        let runtime = threads(1, "cairn-ports")?;
        let feed = Feed::start(node.clone(), runtime.handle());
        let stratum = self.stratum.map(|listener| serve(node, &feed, listener, self.quiet));
        let crew = Arc::new(Crew::new(node.clone(), feed, runtime.handle().clone(), self.quiet));
        if let Some(own) = self.own {
            crew.begin(own)?;
        }
        Ok(Running { crew, _stratum: stratum.transpose()?, node: node.clone(), _runtime: runtime })
    }
}

/// So many threads on which many things wait, each for its turn.
pub(super) fn threads(count: usize, name: &str) -> Result<Runtime> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(count)
        .thread_name(name)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build();
    runtime.context("cannot start threads")
}

/// Lets miners in, on a thread of its own: whatever strangers do there, templates are made and our own threads get them.
fn serve(node: &NodeHandle, feed: &Feed, listener: TcpListener, quiet: bool) -> Result<(Server, Runtime)> {
    let runtime = threads(1, "cairn-stratum")?;
    let mut options = ServerOptions::default();
    if !quiet {
        options.log = Arc::new(say_seldom());
    }
    options.connections_max = files::connections_max(options.connections_max);
    let server = Server::start(node.clone(), feed.clone(), listener, options, runtime.handle())?;
    say(&format!("serving Stratum at {}", server.local_address()));
    Ok((server, runtime))
}

/// Mining that goes on. Its parts end in this order.
pub(super) struct Running {
    crew: Arc<Crew>,
    _stratum: Option<(Server, Runtime)>,
    node: NodeHandle,
    _runtime: Runtime,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Before the threads that it lives on, whoever else may still hold it.
        self.crew.end();
    }
}

impl Running {
    /// Those who mine for the node itself.
    pub fn crew(&self) -> Arc<Crew> {
        Arc::clone(&self.crew)
    }

    /// Lines on how it goes, where there is anything to say.
    pub fn lines(&self) -> Vec<String> {
        let own = self.crew.report().map(|report| {
            let MinerReport { hash_rate: rate, found, stale, .. } = report;
            format!("mining {}, {found} found, {stale} stale", hash_rate(rate))
        });
        own.into_iter().chain(guests(&self.node.reader().workers())).collect()
    }
}

/// A line on those who mine over Stratum, where there are any.
fn guests(workers: &[WorkerReport]) -> Option<String> {
    let present: Vec<_> = workers.iter().filter(|worker| worker.idle_seconds < GONE_SECONDS).collect();
    let rate = present.iter().map(|worker| worker.hash_rate).sum();
    let sum = |part: fn(&WorkerReport) -> u64| workers.iter().map(part).sum::<u64>();
    (!present.is_empty()).then(|| {
        format!(
            "over Stratum {}, {}; so far {} shares accepted, {} rejected, {} found",
            count(present.len(), "worker"),
            hash_rate(rate),
            sum(|worker| worker.accepted),
            sum(|worker| worker.rejected),
            count(sum(|worker| worker.blocks) as usize, "block"),
        )
    })
}
