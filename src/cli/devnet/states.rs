//! States of the whole network: saved, gone back to, carried in files; and branches to order.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{ArgGroup, Args};
use serde_json::json;

use super::moments::iso;
use super::place::{Which, explained};
use super::screen::{in_a_line, in_time};
use super::span;
use super::traffic::{self, Wanted};
use crate::cli::output::{Report, aligned, count, tell, tell_json};
use crate::devnet::desk::words::{may_undo, numbers};
use crate::devnet::desk::{
    FileOrder, NetworkView, ReorganizationOrder, ReorganizationView, SnapshotOrder, SnapshotView,
};
use crate::types::BlockHash;

const LOAD_USAGE: &str = "cairn devnet load FILE [OPTIONS]
       cairn devnet load --tps COUNT [--for TIME] [--wait TIME] [OPTIONS]";
const LOAD_EXAMPLES: &str = "Examples:
  cairn devnet load before.state             all nodes as they were when `cairn devnet dump before.state` wrote it
  cairn devnet load --tps 20 --for 10s       200 payments, and how long they take";

#[derive(Args)]
pub(super) struct Snapshot {
    /// What it is called [default: the next number].
    name: Option<String>,
    /// Remove the one of this name instead.
    #[arg(long, requires = "name")]
    remove: bool,
    #[command(flatten)]
    which: Which,
}

impl Snapshot {
    pub fn give(&self) -> Result<()> {
        let client = self.which.client()?;
        if let (true, Some(name)) = (self.remove, &self.name) {
            let left: Vec<SnapshotView> =
                client.post(&format!("/v1/snapshots/{name}/remove"), &json!({})).map_err(explained)?;
            return tell_all(&self.which, &left);
        }
        let order = SnapshotOrder { name: self.name.clone() };
        let made: SnapshotView = client.post("/v1/snapshots", &order).map_err(explained)?;
        told(&self.which, "saved as", &made)
    }
}

fn told(which: &Which, what: &str, state: &SnapshotView) -> Result<()> {
    if which.json {
        return tell_json(state);
    }
    let heights: Vec<String> = state.nodes.iter().map(|node| node.height.to_string()).collect();
    let mut report = Report::default()
        .line(what, &state.name)
        .line("nodes", count(state.nodes.len(), "node"))
        .line("heights", heights.join(", "));
    let down = numbers((0..).zip(&state.nodes).filter(|(_, node)| !node.up).map(|(index, _)| index));
    if !down.is_empty() {
        report = report.line("down", down);
    }
    for link in &state.links {
        report = report.line("link", in_a_line(link));
    }
    if let Some(others) = may_undo(&state.strangers) {
        report = report.line("but", others);
    }
    report.tell(false)
}

fn tell_all(which: &Which, all: &[SnapshotView]) -> Result<()> {
    if which.json {
        return tell_json(&all);
    }
    if all.is_empty() {
        return tell("no snapshots: `cairn devnet snapshot` makes one\n");
    }
    let mut table = vec![["name", "nodes", "height", "waiting", "clock"].map(str::to_owned).to_vec()];
    table.extend(all.iter().map(|state| {
        let height = state.nodes.iter().map(|node| node.height.0).max().unwrap_or_default();
        let waiting = state.nodes.iter().map(|node| node.waiting).max().unwrap_or_default();
        let numbers =
            [state.nodes.len().to_string(), height.to_string(), waiting.to_string(), iso(state.time)];
        [vec![state.name.clone()], numbers.to_vec()].concat()
    }));
    tell(&aligned(&table).iter().map(|line| format!("{line}\n")).collect::<String>())
}

#[derive(Args)]
pub(super) struct Snapshots {
    #[command(flatten)]
    which: Which,
}

impl Snapshots {
    pub fn give(&self) -> Result<()> {
        let all: Vec<SnapshotView> = self.which.client()?.get("/v1/snapshots").map_err(explained)?;
        tell_all(&self.which, &all)
    }
}

#[derive(Args)]
pub(super) struct Revert {
    /// What the snapshot is called.
    name: String,
    #[command(flatten)]
    which: Which,
}

impl Revert {
    pub fn give(&self) -> Result<()> {
        let path = format!("/v1/snapshots/{}/revert", self.name);
        let state: SnapshotView = self.which.client()?.post(&path, &json!({})).map_err(explained)?;
        told(&self.which, "back at", &state)
    }
}

#[derive(Args)]
pub(super) struct OfFile {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    which: Which,
}

impl OfFile {
    pub fn dump(&self) -> Result<()> {
        of_file(&self.which, &self.file, "/v1/dump", "written to")
    }
}

#[derive(Args)]
#[command(group(ArgGroup::new("what").required(true).args(["file", "tps"])))]
#[command(override_usage = LOAD_USAGE, after_help = LOAD_EXAMPLES, after_long_help = LOAD_EXAMPLES)]
pub(super) struct Load {
    /// A file that `cairn devnet dump` wrote.
    file: Option<PathBuf>,
    /// Send so many payments a second from the funded accounts, over all nodes.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    tps: Option<u32>,
    /// For so long, such as 60s.
    #[arg(long = "for", value_name = "TIME", default_value = "60s", requires = "tps")]
    time: String,
    /// Wait so long at most until all of them stand in blocks.
    #[arg(long, value_name = "TIME", default_value = "30s", requires = "tps")]
    wait: String,
    #[command(flatten)]
    which: Which,
}

impl Load {
    pub fn give(&self) -> Result<()> {
        match (&self.file, self.tps) {
            (Some(file), _) => of_file(&self.which, file, "/v1/load", "loaded from"),
            (None, tps) => {
                let time =
                    |name: &str, text: &str| span::time(text).with_context(|| format!("--{name} {text}"));
                let wanted = Wanted {
                    tps: tps.unwrap_or(1),
                    time: time("for", &self.time)?,
                    wait: time("wait", &self.wait)?,
                };
                traffic::run(&self.which, &wanted)
            }
        }
    }
}

fn of_file(which: &Which, file: &Path, path: &str, what: &str) -> Result<()> {
    let order = FileOrder { file: absolute(file)? };
    let state: SnapshotView = which.client()?.post(path, &order).map_err(explained)?;
    told(which, what, &SnapshotView { name: file.display().to_string(), ..state })
}

fn absolute(file: &Path) -> Result<String> {
    let path = std::path::absolute(file).with_context(|| file.display().to_string())?;
    path.into_os_string().into_string().ok().context("the name of the file is no text")
}

#[derive(Args)]
pub(super) struct Reorganize {
    /// How many blocks are left.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    depth: u32,
    /// Which node mines the heavier branch [default: one that chance picks].
    #[arg(long, value_name = "NUMBER")]
    node: Option<usize>,
    #[command(flatten)]
    which: Which,
}

impl Reorganize {
    pub fn give(&self) -> Result<()> {
        let order = ReorganizationOrder { depth: self.depth, node: self.node };
        let made: ReorganizationView =
            self.which.client()?.post("/v1/reorganize", &order).map_err(explained)?;
        Report::default()
            .fact("depth", "left", count(made.depth as usize, "block"), made.depth)
            .same("from", "from", made.from)
            .same("to", "to", made.to)
            .fact("node", "mined by node", made.node, made.node)
            .only_json("behind", made.behind.clone())
            .tell(self.which.json)?;
        in_time(&made.behind)
    }
}

#[derive(Args)]
pub(super) struct OfBlock {
    /// Its hash.
    block: BlockHash,
    #[command(flatten)]
    which: Which,
}

impl OfBlock {
    pub fn give(&self, order: &str) -> Result<()> {
        let path = format!("/v1/blocks/{}/{order}", self.block);
        let network: NetworkView = self.which.client()?.post(&path, &json!({})).map_err(explained)?;
        super::orders::told(&self.which, &network)
    }
}
