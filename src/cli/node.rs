//! `cairn node`: runs a node until it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::config::{Place, Settled, Tuning};
use super::output::tell;
use crate::node::{Node, NodeHandle, Tip};
use crate::storage::{JournalError, StorageError};

/// A line for a new tip is written this often at most.
const TELL_EVERY: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(super) struct Run {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    tuning: Tuning,
    /// Say nothing about new tips.
    #[arg(long)]
    quiet: bool,
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
    watch_signals(sender.clone(), Arc::clone(&stop))?;
    let settled = run.place.settle()?;
    let mut options = settled.node(&run.tuning)?;
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
    watch_node(&node.handle(), sender);
    let outcome = wait(&woken, run.quiet);
    let handle = node.handle();
    node.stop();
    outcome?;
    let tip = handle.reader().tip();
    say(&format!("stopped at height {}, {}", tip.height, tip.hash));
    Ok(())
}

/// Writes a line for a log. A node goes on without one: the disk may be full that it is kept on.
fn say(line: &str) {
    let _ = tell(&format!("{line}\n"));
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

/// Passes signals on; the first of them calls off a start that is under way.
fn watch_signals(sender: Sender<Wake>, stop: Arc<AtomicBool>) -> Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT]).context("cannot watch for signals")?;
    thread::spawn(move || {
        for _ in signals.forever() {
            stop.store(true, Ordering::Relaxed);
            if sender.send(Wake::Signal).is_err() {
                break;
            }
        }
    });
    Ok(())
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

fn wait(woken: &Receiver<Wake>, quiet: bool) -> Result<()> {
    let mut told: Option<Instant> = None;
    for wake in woken {
        match wake {
            Wake::Signal => break,
            Wake::Closed(reason) => bail!("{reason}"),
            Wake::Tip(tip) => {
                if !quiet && told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                    told = Some(Instant::now());
                    say(&format!("height {}, {}", tip.height, tip.hash));
                }
            }
        }
    }
    Ok(())
}
