//! `cairn peers`: whom a running node knows, and whom it shall know.

use std::net::{IpAddr, SocketAddr};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config::Place;
use super::control::ask;
use super::host_port::HostPort;
use super::output::{count, tell, tell_json};
use crate::net::{PeerReport, PeersHandle, PeersReport};
use crate::protocol::{ADDED_MAX, Banned, NodeId, Order, Side, SyncState};

/// A ban that nobody gave a length lasts for a day.
const BAN_SECONDS: u32 = 24 * 60 * 60;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Say who is connected, who shall always be, who is banned, and how far the node is with catching up.
    List(List),
    /// Always be connected to this node, until it is removed or this one ends; `cairn node --connect` says it for good.
    Add(Named),
    /// No longer want to be connected to a node that was added, and hang up.
    Remove(Named),
    /// Hang up on a node, and have nothing to do with it for a while, restarts included.
    Ban(Ban),
    /// Forgive a node that was banned.
    Unban(Unban),
}

#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
    /// List all addresses that are known, too.
    #[arg(long)]
    known: bool,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Named {
    #[command(flatten)]
    place: Place,
    /// Where the node listens.
    #[arg(value_name = "HOST:PORT")]
    node: HostPort,
}

#[derive(Args)]
pub(super) struct Ban {
    #[command(flatten)]
    place: Place,
    /// An IP address, with all nodes there; or a node, by its 64 digits.
    #[arg(value_name = "WHO")]
    who: String,
    /// For how long.
    #[arg(long, value_name = "SECONDS", default_value_t = BAN_SECONDS, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
}

#[derive(Args)]
pub(super) struct Unban {
    #[command(flatten)]
    place: Place,
    /// Who was banned, as `cairn peers list` says it.
    #[arg(value_name = "WHO")]
    who: String,
}

/// What a node is asked about its peers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Question {
    /// How it stands with others.
    List,
    /// Always be connected to this one.
    Add(String),
    /// No longer.
    Remove(String),
    /// Have nothing to do with it for so many seconds.
    Ban(String, u32),
    /// Forgive it.
    Unban(String),
}

impl Question {
    /// Asks the peers of this node.
    pub fn ask(&self, peers: &PeersHandle) -> Result<Value> {
        let report = pollster::block_on(peers.report())?;
        let order = match self {
            Self::List => return Ok(as_json(&report, peers.local_address())),
            Self::Add(node) => {
                if report.added.len() >= ADDED_MAX && !report.added.contains(node) {
                    bail!("{node} cannot be added: there are {ADDED_MAX} already");
                }
                Order::Add(node.clone())
            }
            Self::Remove(node) => {
                if !report.added.contains(node) {
                    let added = report.added.join(", ");
                    let are = if added.is_empty() { "none are".to_owned() } else { added };
                    bail!("{node} was not added; of those that were: {are}");
                }
                Order::Remove(node.clone())
            }
            Self::Ban(who, seconds) => {
                let who = banned(who)?;
                if let Banned::Address(address) = who
                    && address.to_canonical().is_loopback()
                {
                    bail!("this machine itself cannot be banned; ban a node there by its 64 digits");
                }
                Order::Ban(who, *seconds)
            }
            Self::Unban(who) => {
                let who = banned(who)?.canonical();
                if report.bans.iter().all(|(other, _)| *other != who) {
                    bail!("{} is not banned: see `cairn peers list`", banned_text(&who));
                }
                Order::Unban(who)
            }
        };
        pollster::block_on(peers.order(order))?;
        Ok(Value::Null)
    }
}

pub(super) fn run(command: &Command) -> Result<()> {
    let (place, question) = match command {
        Command::List(list) => return list.run(),
        Command::Add(named) => (&named.place, Question::Add(named.node.to_string())),
        Command::Remove(named) => (&named.place, Question::Remove(named.node.to_string())),
        Command::Ban(ban) => {
            banned(&ban.who)?;
            (&ban.place, Question::Ban(ban.who.clone(), ban.seconds))
        }
        Command::Unban(unban) => {
            banned(&unban.who)?;
            (&unban.place, Question::Unban(unban.who.clone()))
        }
    };
    ask(&place.data_dir()?, question).map(|_| ())
}

impl List {
    fn run(&self) -> Result<()> {
        let mut answer = ask(&self.place.data_dir()?, Question::List)?;
        if !self.known {
            answer.as_object_mut().and_then(|answer| answer.remove("known"));
        }
        if self.json { tell_json(&answer) } else { tell(&for_people(&answer)) }
    }
}

fn banned(text: &str) -> Result<Banned> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Banned::Address(address));
    }
    let bytes = hex::decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let node = bytes.map(|bytes| Banned::Node(NodeId(bytes)));
    node.ok_or_else(|| anyhow!("{text}: say an IP address, or the 64 digits of a node"))
}

fn banned_text(banned: &Banned) -> String {
    match banned {
        Banned::Address(address) => address.to_string(),
        Banned::Node(node) => hex::encode(node.0),
    }
}

fn as_json(report: &PeersReport, listening: Option<SocketAddr>) -> Value {
    let sync = match report.sync {
        SyncState::Synced => json!({"state": "synced"}),
        SyncState::Asking => json!({"state": "asking"}),
        SyncState::Fetching { to, missing } => {
            json!({"state": "fetching", "to_height": to.0, "missing_blocks": missing})
        }
    };
    let bans = report.bans.iter();
    let known = report.known.iter().map(|known| {
        json!({
            "address": known.address, "seen": known.seen.0, "connected": known.connected.map(|time| time.0),
            "failures": known.failures, "tried": known.tried,
        })
    });
    json!({
        "node": hex::encode(report.node.0),
        "listening": listening,
        "sync": sync,
        "peers": report.peers.iter().map(peer_json).collect::<Vec<_>>(),
        "added": report.added,
        "banned": bans.map(|(who, until)| json!({"who": banned_text(who), "until": until.0})).collect::<Vec<_>>(),
        "known_addresses": report.known.len(),
        "known": known.collect::<Vec<_>>(),
    })
}

fn peer_json(peer: &PeerReport) -> Value {
    let PeerReport { said, traffic, .. } = peer;
    let side = match said.met.side {
        Side::Dialer => "out",
        Side::Listener => "in",
    };
    json!({
        "address": said.met.address,
        "direction": side,
        "node": hex::encode(said.met.node.0),
        "agent": said.agent,
        "listening": said.listening,
        "height": said.tip.map(|(height, _)| height.0),
        "tip": said.tip.map(|(_, hash)| hash.to_string()),
        "ping_ms": said.ping.1,
        "ping_best_ms": said.ping.0,
        "connected_seconds": said.seconds,
        "bytes_in": traffic.bytes_in,
        "bytes_out": traffic.bytes_out,
    })
}

/// The same in lines.
fn for_people(answer: &Value) -> String {
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let mut lines = vec![
        format!("node       {}", text(&answer["node"])),
        format!("listening  {}", text(&answer["listening"])),
    ];
    lines.push(match answer["sync"]["state"].as_str() {
        Some("fetching") => format!(
            "sync       {} blocks to go to height {}",
            answer["sync"]["missing_blocks"], answer["sync"]["to_height"]
        ),
        state => format!("sync       {}", state.unwrap_or("-")),
    });
    lines.push(format!("known      {} addresses", answer["known_addresses"]));
    lines.extend(list("added").iter().map(|place| format!("added      {}", text(place))));
    lines.extend(
        list("banned")
            .iter()
            .map(|ban| format!("banned     {} for another {}", text(&ban["who"]), left(&ban["until"]))),
    );
    lines.push(format!("peers      {}", list("peers").len()));
    let rows = list("peers");
    let columns = [
        ("", "direction"),
        ("address", "address"),
        ("height", "height"),
        ("ping ms", "ping_ms"),
        ("seconds", "connected_seconds"),
        ("bytes in", "bytes_in"),
        ("bytes out", "bytes_out"),
        ("agent", "agent"),
        ("node", "node"),
    ];
    if !rows.is_empty() {
        let mut table = vec![columns.map(|(title, _)| title.to_owned()).to_vec()];
        table.extend(rows.iter().map(|row| columns.map(|(_, key)| text(&row[key])).to_vec()));
        lines.extend(aligned(&table));
    }
    for known in list("known") {
        let tried = if known["tried"] == true { "tried" } else { "told of" };
        lines.push(format!("{tried:8} {} ({} failures)", text(&known["address"]), known["failures"]));
    }
    lines.join("\n") + "\n"
}

/// How long it is until a time, as people say it.
fn left(until: &Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seconds = until.as_u64().unwrap_or(0).saturating_sub(now);
    match seconds {
        0..120 => count(seconds as usize, "second"),
        120..7200 => count((seconds / 60) as usize, "minute"),
        7200.. => count((seconds / 3600) as usize, "hour"),
    }
}

/// Rows whose columns stand below each other.
fn aligned(table: &[Vec<String>]) -> Vec<String> {
    let columns = table.first().map_or(0, Vec::len);
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    table.iter().map(line).collect()
}
