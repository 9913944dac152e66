//! `cairn node`: runs a node until it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use clap::builder::FalseyValueParser;

use super::config::{Place, Settled, Tuning};
use super::files;
use super::mining::{Mining, Running};
use super::network::Network;
use super::output::{LogFormat, say, write_lines};
use super::serving::Serving;
use super::signals;
use crate::node::{Node, NodeHandle, Tip};
use crate::storage::{JournalError, StorageError};

/// A line on the tip is written this often at most.
const TIPS_EVERY: Duration = Duration::from_secs(1);
/// A line on how mining goes is written this often.
const REPORT_EVERY: Duration = Duration::from_secs(30);

#[derive(Args)]
pub(super) struct Run {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    tuning: Tuning,
    /// Say nothing about new tips, nor how mining goes.
    #[arg(long, env = "CAIRN_QUIET", value_parser = FalseyValueParser::new())]
    quiet: bool,
    /// How lines are written: `human`, or `json`, an object each with `time` and `line`.
    #[arg(long, env = "CAIRN_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    mining: Mining,
    #[command(flatten)]
    serving: Serving,
}

/// What ends a node, or is worth a line.
enum Wake {
    Signal,
    Closed(String),
    Tip(Tip),
}

pub(super) fn run(run: &Run) -> Result<()> {
    let (sender, woken) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    // Before anything else, so that an early signal ends it orderly too.
    let (signalled, called_off) = (sender.clone(), Arc::clone(&stop));
    signals::watch(move || {
        called_off.store(true, Ordering::Relaxed);
        let _ = signalled.send(Wake::Signal);
    })?;
    files::raise_limit();
    let settled = run.place.settle()?;
    if let Some(format) = run.log_format.or(settled.log_format()) {
        write_lines(format);
    }
    let mut options = settled.node(&run.tuning)?;
    let quiet = run.quiet || settled.quiet();
    let mining = run.mining.clone().over(settled.mining()).plan(&settled.genesis, quiet)?;
    let network = run.network.clone().over(settled.network()).plan(&settled.genesis)?;
    let serving = run.serving.clone().over(settled.serving()).plan()?;
    options.stop = stop;
    options.log = Box::new(say);
    let begun = Instant::now();
    let node = match Node::start(options) {
        Err(StorageError::Journal(JournalError::CalledOff)) => {
            say("stopped before it was ready");
            return Ok(());
        }
        started => started?,
    };
    greet(&settled, &node.handle(), begun);
    warn_of_time(&settled, &node.handle());
    watch_node(&node.handle(), sender);
    let outcome = network.start(&node.handle(), &settled.data_dir).and_then(|online| {
        let mining = mining.start(&node.handle())?;
        let _answering = serving.start(&node.handle(), online.peers(), mining.crew(), &settled.data_dir)?;
        wait(&woken, &mining, quiet)
    });
    let handle = node.handle();
    node.stop();
    outcome?;
    let tip = handle.reader().tip();
    say(&format!("stopped at height {}, {}", tip.height, tip.hash));
    Ok(())
}

fn greet(settled: &Settled, handle: &NodeHandle, begun: Instant) {
    let tip = handle.reader().tip();
    let (name, chain) = (settled.genesis.name(), settled.genesis.params().chain);
    say(&format!(
        "{name}, chain {chain}, in {}\nready after {} ms at height {}, {}",
        settled.data_dir.display(),
        begun.elapsed().as_millis(),
        tip.height,
        tip.hash
    ));
}

/// Says so where the chain is yet to begin: until then no block is good.
fn warn_of_time(settled: &Settled, handle: &NodeHandle) {
    let (begins, now) = (settled.genesis.block().header.time, handle.chain_time());
    let drift = settled.genesis.params().future_drift;
    if begins.0 > now.0.saturating_add(drift) {
        say(&format!(
            "this chain begins in {} seconds, and no block is good before: look at `time` in its genesis file, or at the clock",
            begins.0 - now.0
        ));
    }
}

/// Passes on what becomes of a node.
fn watch_node(handle: &NodeHandle, sender: Sender<Wake>) {
    let (mut conditions, mut tips, for_tips) = (handle.conditions(), handle.tips(), sender.clone());
    thread::spawn(move || {
        let stopped = pollster::block_on(conditions.wait_for(|condition| condition.stopped.is_some()));
        if let Ok(condition) = stopped {
            let _ = sender.send(Wake::Closed(condition.stopped.clone().unwrap_or_default()));
        }
    });
    thread::spawn(move || {
        while pollster::block_on(tips.changed()).is_ok() {
            let tip = *tips.borrow_and_update();
            if for_tips.send(Wake::Tip(tip)).is_err() {
                break;
            }
        }
    });
}

/// New tips, told of one a second at most; the last is told of always.
#[derive(Default)]
struct Tips {
    told: Option<(Instant, u32)>,
    untold: Option<Tip>,
}

impl Tips {
    fn came(&mut self, tip: Tip) {
        self.untold = Some(tip);
        self.tell();
    }

    /// When there is something to tell.
    fn due(&self) -> Option<Instant> {
        self.untold.and(self.told.map_or_else(|| Some(Instant::now()), |(at, _)| Some(at + TIPS_EVERY)))
    }

    fn tell(&mut self) {
        if self.due().is_none_or(|due| Instant::now() < due) {
            return;
        }
        let Some(tip) = self.untold.take() else { return };
        let before = self.told.map_or(tip.height.0, |(_, height)| height);
        let more = match tip.height.0.saturating_sub(before) {
            0 | 1 => String::new(),
            more => format!(", {more} more"),
        };
        say(&format!("height {}, {}{more}", tip.height, tip.hash));
        self.told = Some((Instant::now(), tip.height.0));
    }
}

fn wait(woken: &Receiver<Wake>, mining: &Running, quiet: bool) -> Result<()> {
    let mut tips = Tips::default();
    let mut report_at = Instant::now() + REPORT_EVERY;
    loop {
        let next = tips.due().map_or(report_at, |due| due.min(report_at));
        let wake = woken.recv_timeout(next.saturating_duration_since(Instant::now()));
        tips.tell();
        if Instant::now() >= report_at {
            report_at = Instant::now() + REPORT_EVERY;
            let lines = if quiet { Vec::new() } else { mining.lines() };
            lines.iter().for_each(|line| say(line));
        }
        match wake {
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) | Ok(Wake::Signal) => break,
            Ok(Wake::Closed(reason)) => bail!("{reason}"),
            Ok(Wake::Tip(tip)) => {
                if !quiet {
                    tips.came(tip);
                }
            }
        }
    }
    Ok(())
}
