//! How a node deals with other nodes: what a person settles about it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use serde::Deserialize;
use tokio::runtime::Runtime;

use super::control::Control;
use super::files;
use super::mining::threads;
use super::output::say;
use crate::consensus::Genesis;
use crate::net::{Faults, HostPort, Peers, PeersHandle, PeersOptions};
use crate::node::NodeHandle;
use crate::protocol::{NodeId, Settings};
use crate::types::{BlockHash, Height};

/// Where other nodes are listened for.
const PORT: u16 = 9333;
/// What says that they are not.
const OFF: &str = "off";
/// How long threads may take to end.
const END_TIME_MAX: Duration = Duration::from_secs(1);
/// Connections that a node may be told to make, or to let in.
const CONNECTIONS_MAX: i64 = 10_000;

/// How a node deals with other nodes.
#[derive(Args, Deserialize, Clone, Default)]
#[command(next_help_heading = "Peers")]
#[serde(deny_unknown_fields, default)]
pub(super) struct Network {
    /// Where other nodes are let in; `off` lets nobody in [default: port 9333 of this machine alone where the chain is a
    /// laboratory's, else of all its addresses; another port where that one is taken].
    #[arg(long, env = "CAIRN_LISTEN", value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Always be connected to this node. May be said several times; with one, a node finds the others.
    #[arg(long, env = "CAIRN_CONNECT", value_name = "HOST:PORT", value_delimiter = ',')]
    connect: Vec<String>,
    /// Connect to those named with `--connect`, and look for no others.
    #[arg(long, env = "CAIRN_CONNECT_ONLY", value_parser = clap::builder::FalseyValueParser::new())]
    connect_only: bool,
    /// Connections that this node makes by itself, besides [default: 8].
    #[arg(long, env = "CAIRN_OUTBOUND_MAX", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=CONNECTIONS_MAX))]
    outbound_max: Option<u32>,
    /// Connections that others may make [default: 117].
    #[arg(long, env = "CAIRN_INBOUND_MAX", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=CONNECTIONS_MAX))]
    inbound_max: Option<u32>,
    /// Whether transactions first sent here go a way from node to node before everybody hears of them, so that nobody can
    /// tell where they come from [default: true, in a laboratory false].
    #[arg(long, env = "CAIRN_STEM", value_name = "BOOL")]
    stem: Option<bool>,
    /// A block that the chain must have, if it comes so far: branches without it are not followed. May be said several
    /// times.
    #[arg(long, env = "CAIRN_CHECKPOINT", value_name = "HEIGHT:HASH", value_delimiter = ',')]
    checkpoint: Vec<String>,
}

/// How a node deals with others, settled before there is a node.
pub(super) struct Plan {
    listener: Option<TcpListener>,
    /// Said about where it listens.
    note: Option<String>,
    network: Network,
    /// Places to be connected to always.
    added: Vec<String>,
    checkpoints: Vec<(Height, BlockHash)>,
}

impl Network {
    /// These settings, and those of a file where these say nothing. A variable that is set to nothing says nothing.
    pub fn over(self, file: Self) -> Self {
        let filled = |own: Vec<String>, file| {
            let own: Vec<String> = own.into_iter().filter(|name| !name.is_empty()).collect();
            if own.is_empty() { file } else { own }
        };
        Self {
            listen: self.listen.filter(|place| !place.is_empty()).or(file.listen),
            connect: filled(self.connect, file.connect),
            connect_only: self.connect_only || file.connect_only,
            outbound_max: self.outbound_max.or(file.outbound_max),
            inbound_max: self.inbound_max.or(file.inbound_max),
            stem: self.stem.or(file.stem),
            checkpoint: filled(self.checkpoint, file.checkpoint),
        }
    }

    /// What is to be done. It listens from now on, so that whoever comes early waits.
    pub fn plan(self, genesis: &Genesis) -> Result<Plan> {
        let place = |text: &String| -> Result<String> {
            let place = HostPort::from_str(text).and_then(HostPort::of_somebody);
            let place = place.with_context(|| format!("--connect {text}"))?;
            Ok(place.to_string())
        };
        let added = self.connect.iter().map(place).collect::<Result<Vec<_>>>()?;
        for (name, count) in [("outbound_max", self.outbound_max), ("inbound_max", self.inbound_max)] {
            anyhow::ensure!(
                count.is_none_or(|count| i64::from(count) <= CONNECTIONS_MAX),
                "{name} is above {CONNECTIONS_MAX}"
            );
        }
        if self.connect_only && self.connect.is_empty() {
            bail!("--connect-only is for a node that is told whom to connect to: say --connect HOST:PORT");
        }
        let checkpoints = self.checkpoint.iter().map(|text| checkpoint(text)).collect::<Result<Vec<_>>>()?;
        for (at, (height, _)) in checkpoints.iter().enumerate() {
            if checkpoints[..at].iter().any(|(other, _)| other == height) {
                bail!("--checkpoint: there are two at height {height}");
            }
        }
        let (listener, note) = match self.listen.as_deref() {
            Some(OFF) => (None, None),
            Some(place) => {
                let named = HostPort::from_str(place).with_context(|| format!("--listen {place}"))?;
                let listener = TcpListener::bind(&*named);
                (Some(listener.with_context(|| format!("--listen {place}: cannot listen there"))?), None)
            }
            None => listen_by_default(genesis.params().lab),
        };
        Ok(Plan { listener, note, network: self, added, checkpoints })
    }
}

/// The usual port, or any other where that is taken: several nodes on one machine need not be told.
fn listen_by_default(lab: bool) -> (Option<TcpListener>, Option<String>) {
    let local: [IpAddr; 1] = [Ipv4Addr::LOCALHOST.into()];
    // Both versions at once, where the machine has both.
    let all: [IpAddr; 2] = [Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()];
    let hosts: &[IpAddr] = if lab { &local } else { &all };
    let mut reason = None;
    for port in [PORT, 0] {
        for host in hosts {
            match TcpListener::bind(SocketAddr::new(*host, port)) {
                Ok(listener) => {
                    return (
                        Some(listener),
                        reason.filter(|_| port == 0).map(|why| format!(" (port {PORT}: {why})")),
                    );
                }
                Err(error) => reason = Some(error.to_string()),
            }
        }
    }
    (None, Some(format!("no other node can connect: {}", reason.unwrap_or_default())))
}

fn checkpoint(text: &str) -> Result<(Height, BlockHash)> {
    let parsed = text
        .split_once(':')
        .and_then(|(height, hash)| Some((Height(height.parse().ok()?), hash.parse::<BlockHash>().ok()?)));
    parsed.ok_or_else(|| anyhow!("--checkpoint {text}: say HEIGHT:HASH, the hash in 64 digits"))
}

impl Plan {
    /// Begins; it ends when what this gives is dropped.
    pub fn start(self, node: &NodeHandle, data_dir: &Path) -> Result<Online> {
        let reader = node.reader();
        for (height, must) in &self.checkpoints {
            if let Some(entry) = reader.header_at(*height).filter(|entry| entry.hash != *must) {
                bail!(
                    "--checkpoint {height}:{must}: this chain has {} there; begin in another data directory",
                    entry.hash
                );
            }
        }
        // While one waits for the writer, the other goes on with what comes and goes.
        let runtime = threads(2, "cairn-peers")?;
        let lab = node.genesis().params().lab;
        let mut settings = Settings::new(NodeId::UNKNOWN, lab);
        settings.added = self.added;
        settings.bootstrap = node.genesis().bootstrap().to_vec();
        settings.discovers = !self.network.connect_only;
        settings.checkpoints = self.checkpoints;
        settings.stem = self.network.stem.unwrap_or(settings.stem);
        let count = |wanted: Option<u32>, usual| wanted.map_or(usual, |wanted| wanted as usize);
        settings.outbound_max = count(self.network.outbound_max, settings.outbound_max);
        settings.inbound_max = files::connections_max(count(self.network.inbound_max, settings.inbound_max));
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| anyhow!("no randomness: {error}"))?;
        let faults = Faults::new(node.genesis().params(), seed);
        let data_dir = data_dir.to_owned();
        let options = PeersOptions {
            settings,
            listener: self.listener,
            data_dir: data_dir.clone(),
            log: Arc::new(say),
            faults,
        };
        let peers = Peers::start(node.clone(), options, runtime.handle())?;
        // Before anything is said: whoever reads that it runs may ask it.
        let control = Control::start(&data_dir, peers.handle())?;
        match (peers.local_address(), self.note) {
            (Some(address), note) => {
                say(&format!("listening for peers at {address}{}", note.unwrap_or_default()));
            }
            (None, note) => note.iter().for_each(|note| say(note)),
        }
        Ok(Online { _control: control, peers, _runtime: Background(Some(runtime)) })
    }
}

/// A node that is connected to others. Its parts end in this order.
pub(super) struct Online {
    _control: Control,
    peers: Peers,
    _runtime: Background,
}

impl Online {
    /// To ask about the others, and to give orders about them.
    pub fn peers(&self) -> PeersHandle {
        self.peers.handle()
    }
}

/// Threads that are left behind where they do not end: looking a name up can take as long as it likes.
struct Background(Option<Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(|runtime| runtime.shutdown_timeout(END_TIME_MAX));
    }
}
