//! `cairn peers`: whom a running node knows, and whom it shall know.

mod links;
mod listing;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use self::listing::sync_text;
use super::config::Place;
use super::control::ask;
use super::output::{tell, tell_json};
use crate::api::view::PeersReportView;
use crate::net::{HostPort, PeersHandle};
use crate::protocol::{ADDED_MAX, BAN_SECONDS, Banned, Order};

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
    /// Make what this node sends slow, late, lossy or not arrive at all, in a laboratory; with nothing said, as it should be
    /// again.
    ///
    /// Each node has its own: for a link that is bad both ways say it to both.
    Link(links::Link),
    /// Make all links as they should be again.
    Heal(links::Heal),
}

#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
    /// List all addresses that are known, too; in JSON they always are.
    #[arg(long)]
    known: bool,
    /// Answer in JSON, as `/admin/v1/peers` does.
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
    /// Make the link to this one, or to all, bad.
    Link(String, links::Fault),
    /// Make all links good.
    Heal,
}

impl Question {
    /// Asks the peers of this node.
    pub fn ask(&self, peers: &PeersHandle) -> Result<Value> {
        let report = pollster::block_on(peers.report())?;
        let order = match self {
            Self::List => return Ok(serde_json::to_value(PeersReportView::of(&report, peers))?),
            Self::Link(who, link) => {
                link.put(peers.faults(), who)?;
                return Ok(Value::Null);
            }
            Self::Heal => {
                peers.faults().heal();
                return Ok(Value::Null);
            }
            Self::Add(node) => {
                if report.machine.added.len() >= ADDED_MAX && !report.machine.added.contains(node) {
                    bail!("{node} cannot be added: there are {ADDED_MAX} already");
                }
                Order::Add(node.clone())
            }
            Self::Remove(node) => {
                if !report.machine.added.contains(node) {
                    let added = report.machine.added.join(", ");
                    let are = if added.is_empty() { "none are".to_owned() } else { added };
                    bail!("{node} was not added; of those that were: {are}");
                }
                Order::Remove(node.clone())
            }
            Self::Ban(who, seconds) => {
                let who = banned(who)?;
                if who == Banned::Node(report.node) {
                    bail!("that is this node itself");
                }
                if let Banned::Address(address) = who
                    && address.to_canonical().is_loopback()
                {
                    bail!("this machine itself cannot be banned; ban a node there by its 64 digits");
                }
                Order::Ban(who, *seconds)
            }
            Self::Unban(who) => {
                let who = banned(who)?.canonical();
                if report.machine.bans.iter().all(|(other, _)| *other != who) {
                    bail!("{who} is not banned: see `cairn peers list`");
                }
                Order::Unban(who)
            }
        };
        let done = match &order {
            Order::Add(node) if report.machine.added.contains(node) => format!("{node} was added before"),
            Order::Add(node) => format!("{node} is added: `cairn peers list` says when it is connected"),
            Order::Remove(node) => format!("{node} is removed"),
            Order::Ban(who, seconds) => format!("{who} is banned for {seconds} seconds"),
            Order::Unban(who) => format!("{who} is forgiven"),
        };
        pollster::block_on(peers.order(order))?;
        Ok(done.into())
    }
}

pub(super) fn run(command: &Command) -> Result<()> {
    let (place, question) = match command {
        Command::List(list) => return list.run(),
        Command::Add(named) => {
            let node = named.node.clone().of_somebody().with_context(|| named.node.to_string())?;
            (&named.place, Question::Add(node.to_string()))
        }
        Command::Remove(named) => (&named.place, Question::Remove(named.node.to_string())),
        Command::Ban(ban) => {
            banned(&ban.who)?;
            (&ban.place, Question::Ban(ban.who.clone(), ban.seconds))
        }
        Command::Unban(unban) => {
            banned(&unban.who)?;
            (&unban.place, Question::Unban(unban.who.clone()))
        }
        Command::Link(link) => (&link.place, link.question()?),
        Command::Heal(heal) => (&heal.place, Question::Heal),
    };
    let answer = ask(&place.data_dir()?, question)?;
    tell(&format!("{}\n", answer.as_str().unwrap_or("done")))
}

impl List {
    fn run(&self) -> Result<()> {
        let answer = ask(&self.place.data_dir()?, Question::List)?;
        if self.json {
            return tell_json(&answer);
        }
        tell(&listing::for_people(&serde_json::from_value(answer)?, self.known))
    }
}

fn banned(text: &str) -> Result<Banned> {
    text.parse().map_err(|error| anyhow!("{text}: {error}"))
}
