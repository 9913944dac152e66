//! `cairn mine`: mines for a pool, makes blocks to order, or measures how fast this machine would mine.

mod benchmark;
mod order;
mod pool;

use std::time::Duration;

use anyhow::Result;
use clap::{ArgGroup, Args};

use super::config::{Place, THREADS};
use super::mining::threads_or_all;
use crate::crypto::search::Kernel;
use crate::miner::fastest;
use crate::net::{HostPort, HostPortError};
use crate::stratum::client::ClientOptions;

#[derive(Args)]
#[command(group(ArgGroup::new("what").required(true).args(["stratum", "blocks", "benchmark"])))]
pub(super) struct Run {
    /// Measure every kernel that this processor has, on one thread, and mine nothing.
    #[arg(long)]
    benchmark: bool,
    /// Mine for a pool for so long, and end; or measure each kernel for so long [default: until it is told to stop; 1].
    #[arg(long, value_name = "COUNT", conflicts_with = "blocks", value_parser = clap::value_parser!(u32).range(1..))]
    seconds: Option<u32>,
    /// Threads that hash for a pool, up to 1024 [default: one for each core].
    #[arg(long, env = "CAIRN_THREADS", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(THREADS))]
    threads: Option<u16>,
    /// How they hash: `--benchmark` names the ways [default: the fastest, by a short trial].
    #[arg(long, env = "CAIRN_KERNEL", value_name = "NAME")]
    kernel: Option<Kernel>,
    /// Answer in JSON, `--blocks` and `--benchmark` only.
    #[arg(long, conflicts_with = "stratum")]
    json: bool,
    #[command(flatten)]
    pool: Pool,
    #[command(flatten)]
    order: Order,
}

/// For whom to mine.
#[derive(Args)]
#[command(next_help_heading = "For a pool")]
struct Pool {
    /// Mine for this pool, or for a node that serves Stratum.
    #[arg(long, value_name = "HOST:PORT", value_parser = pool_place, requires = "user")]
    stratum: Option<HostPort>,
    /// The user name. For a node, the address to be paid, then perhaps a dot and a name for this machine.
    #[arg(long, value_name = "ADDRESS[.WORKER]", conflicts_with_all = ["blocks", "benchmark"])]
    user: Option<String>,
    /// The password; nodes take any.
    #[arg(long, default_value = "x")]
    password: String,
}

/// What to make.
#[derive(Args)]
#[command(next_help_heading = "To order")]
struct Order {
    /// Make so many blocks on a chain whose node is not running and whose difficulty is fixed, and list their hashes.
    #[arg(long, value_name = "COUNT", requires = "to")]
    blocks: Option<u32>,
    /// Whom they pay.
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["stratum", "benchmark"])]
    to: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// Where a pool is; many write it as an address of the web.
fn pool_place(text: &str) -> Result<HostPort, HostPortError> {
    text.strip_prefix("stratum+tcp://").unwrap_or(text).parse()
}

pub(super) fn run(run: &Run) -> Result<()> {
    let Run { pool, order, json, .. } = run;
    let time = run.seconds.map(|seconds| Duration::from_secs(seconds.into()));
    if let (Some(address), Some(user)) = (&pool.stratum, &pool.user) {
        let options = ClientOptions {
            pool: address.to_string(),
            user: user.clone(),
            password: pool.password.clone(),
            threads: threads_or_all(run.threads),
            kernel: run.kernel.unwrap_or_else(fastest),
        };
        return pool::mine(options, time);
    }
    if let (Some(count), Some(to)) = (order.blocks, &order.to) {
        return order::make(count, to, &order.place, *json);
    }
    benchmark::measure(run.kernel, time, *json)
}
