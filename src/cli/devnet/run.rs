//! Running a devnet until it is told to stop.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use clap::Args;

use super::place::{Notice, default_folder, usual};
use super::screen;
use super::tui;
use crate::api::{Manners, Origin};
use crate::cli::files;
use crate::cli::output::{say, say_seldom, tell};
use crate::cli::secrets::token_of;
use crate::cli::serving::host_names;
use crate::cli::signals;
use crate::devnet::desk::NetworkView;
use crate::devnet::{Devnet, DevnetError, DevnetHandle, DevnetOptions, Mining, NODES_MAX, Work};
use crate::wallet::Mnemonic;

/// A line on new blocks is written this often at most.
const TIPS_EVERY: Duration = Duration::from_secs(1);
/// How long a block usually takes at most to come to all nodes.
const SPREAD_TIME: Duration = Duration::from_millis(50);

#[derive(Args)]
pub(super) struct Run {
    /// How many nodes, up to 50 [default: as many as before, at first 5].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=NODES_MAX as i64))]
    nodes: Option<u16>,
    /// The first port of the first node; those of the next are 10 higher. 0 takes any that are free.
    #[arg(long, default_value_t = 9330)]
    port: u16,
    /// Where the nodes are reached: 0.0.0.0 lets others in, who may then order all of it about; files are not served then.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_name = "IP")]
    host: IpAddr,
    /// Where everything is kept, so that it goes on where it was left [default: .cairn/devnet in the home directory].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Keep nothing: another network each time.
    #[arg(long, conflicts_with = "data_dir")]
    ephemeral: bool,
    /// Words that the funded accounts follow from [default: the well-known ones]. They are shown and written down, so never
    /// words that guard anything of value.
    #[arg(long, value_name = "WORDS")]
    mnemonic: Option<String>,
    /// When blocks come: interval=SECONDS, automine, poisson=1, manual; with --asert work or manual [default: as before, at first
    /// interval=5 or work].
    #[arg(long, value_name = "MODE")]
    mining: Option<String>,
    /// Blocks take real work, and difficulty follows how fast they come.
    #[arg(long)]
    asert: bool,
    /// Let pages of this site ask the nodes, as its browser names it: http://localhost:3000; `*` lets those of all.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    http_origin: Vec<String>,
    /// A name by which it may be called, besides addresses in numbers and localhost: other names are a trick of some page's.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    http_host: Vec<String>,
    /// Show all of it on one screen, with keys for orders, where there is a terminal; elsewhere lines as without it.
    #[arg(long)]
    tui: bool,
    /// Say nothing about new blocks.
    #[arg(long)]
    quiet: bool,
}

/// What ends it, or is worth a line.
pub(super) enum Wake {
    Signal,
    Tip,
}

pub(super) fn run(run: &Run) -> Result<()> {
    let (sender, woken) = channel();
    let ending = Arc::new(AtomicBool::new(false));
    let (signalled, called_off) = (sender.clone(), Arc::clone(&ending));
    signals::watch(move || {
        called_off.store(true, Ordering::Relaxed);
        let _ = signalled.send(Wake::Signal);
    })?;
    files::raise_limit();
    let kept = if run.ephemeral { Some(tempdir()?) } else { None };
    let folder = match (&kept, &run.data_dir) {
        (Some(kept), _) => kept.0.clone(),
        (None, Some(folder)) => folder.clone(),
        (None, None) => default_folder()?,
    };
    std::fs::create_dir_all(&folder)
        .map_err(|error| elsewhere(&anyhow!("cannot make {}: {error}", folder.display())))?;
    let begun = Instant::now();
    let devnet = match Devnet::start(DevnetOptions { ending, ..options(run, folder.clone())? }) {
        Err(DevnetError::Ending) => {
            say("stopped before it was ready");
            return Ok(());
        }
        started => started?,
    };
    let url = devnet.desk().map(|at| format!("http://{at}")).unwrap_or_default();
    let _notice = Notice::put(&folder, &url)?;
    let network = pollster::block_on(NetworkView::of(&devnet.handle()));
    tell(&screen::greeting(&network, &url, usual().is_ok_and(|usual| usual == url)))?;
    say(&format!("ready after {} ms; Ctrl-C ends it", begun.elapsed().as_millis()));
    let handle = devnet.handle();
    let tips = sender;
    thread::spawn(move || watch(&handle, || tips.send(Wake::Tip).is_ok()));
    if run.tui && tui::is_there() {
        tui::show(&devnet.handle(), network, &url, woken)?;
    } else {
        wait(&woken, &devnet.handle(), run.quiet);
    }
    say("stopping");
    drop(devnet);
    if kept.is_none() {
        say(&format!("stopped; everything is kept in {}", folder.display()));
    }
    Ok(())
}

fn options(run: &Run, folder: PathBuf) -> Result<DevnetOptions> {
    let mnemonic = run.mnemonic.as_deref().map(|words| words.parse::<Mnemonic>().context("--mnemonic"));
    let mining = run.mining.as_deref().map(|mode| mode.parse::<Mining>().context("--mining"));
    let origin = |text: &String| text.parse::<Origin>().with_context(|| format!("--http-origin {text}"));
    let token = token_of(&folder).map_err(|error| elsewhere(&error))?;
    Ok(DevnetOptions {
        folder,
        nodes: run.nodes.map(usize::from),
        host: run.host,
        port: run.port,
        mnemonic: mnemonic.transpose()?,
        work: if run.asert { Work::Asert } else { Work::None },
        mining: mining.transpose()?,
        token,
        manners: Manners {
            origins: run.http_origin.iter().map(origin).collect::<Result<_>>()?,
            hosts: host_names(&run.http_host)?,
            log: Arc::new(say_seldom()),
            ..Manners::default()
        },
        log: Arc::new(say_seldom()),
        orders: Arc::new(say),
        ending: Arc::default(),
    })
}

/// That nothing can be kept there, and what to do.
fn elsewhere(error: &anyhow::Error) -> anyhow::Error {
    anyhow!("{error:#}; say another place with --data-dir, or --ephemeral to keep nothing")
}

/// Tells whenever the first node that runs has another tip.
fn watch(handle: &DevnetHandle, mut told: impl FnMut() -> bool) {
    let mut roster = handle.roster();
    loop {
        let first = roster.borrow_and_update().iter().find_map(|seat| seat.live.clone());
        let Some(live) = first else {
            if pollster::block_on(roster.changed()).is_err() {
                return;
            }
            continue;
        };
        let mut tips = live.node.tips();
        drop(live);
        while pollster::block_on(tips.changed()).is_ok() {
            if !told() {
                return;
            }
            if roster.has_changed().unwrap_or(true) {
                break;
            }
        }
        // Where that node ended, until it is said that another runs.
        if !roster.has_changed().unwrap_or(true) && pollster::block_on(roster.changed()).is_err() {
            return;
        }
        if roster.has_changed().is_err() {
            return;
        }
    }
}

fn wait(woken: &Receiver<Wake>, handle: &DevnetHandle, quiet: bool) {
    let (mut told_at, mut untold) = (None::<Instant>, false);
    loop {
        let due = told_at.map(|at| at + TIPS_EVERY);
        let wake = match due.filter(|_| untold) {
            Some(due) => woken.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => woken.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match wake {
            Err(RecvTimeoutError::Disconnected) | Ok(Wake::Signal) => return,
            Ok(Wake::Tip) => untold = !quiet,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if untold && due.is_none_or(|due| Instant::now() >= due) {
            // It has yet to come to the others.
            thread::sleep(SPREAD_TIME);
            (told_at, untold) = (Some(Instant::now()), false);
            say(&tips(handle));
        }
    }
}

/// A line on all tips: one where they agree, else each with who has it.
fn tips(handle: &DevnetHandle) -> String {
    let standings = pollster::block_on(handle.standings());
    let mut all: Vec<(u32, String, Vec<usize>)> = Vec::new();
    for standing in &standings {
        let Some(up) = &standing.up else { continue };
        let (height, hash) = (up.tip.0.0, up.tip.1.to_string());
        match all.iter_mut().find(|(_, other, _)| *other == hash) {
            Some((_, _, nodes)) => nodes.push(standing.index),
            None => all.push((height, hash, vec![standing.index])),
        }
    }
    all.sort_by_key(|(height, ..)| std::cmp::Reverse(*height));
    let agreed = all.len() == 1;
    let line = |(height, hash, nodes): &(u32, String, Vec<usize>)| {
        let who: Vec<String> = nodes.iter().map(ToString::to_string).collect();
        let who = if agreed { String::new() } else { format!(" at {}", who.join(",")) };
        format!("height {height}, {hash}{who}")
    };
    all.iter().map(line).collect::<Vec<_>>().join("; ")
}

/// A folder that goes when this does.
struct Passing(PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn tempdir() -> Result<Passing> {
    let name = format!("cairn-devnet-{}", &crate::cli::secrets::word()?[..16]);
    let path = std::env::temp_dir().join(name);
    std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
    Ok(Passing(path))
}
