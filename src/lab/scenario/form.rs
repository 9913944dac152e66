//! What a network is like before anything befalls it: its chain, its nodes, who is connected to whom, and by what lines.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::text::{Span, Who};
use crate::lab::world::Strategy;

/// What the chain is like; what is not said is as in [`GroundOptions`](crate::lab::GroundOptions).
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chain {
    /// Time between two blocks, in whole seconds: a minute.
    pub spacing: Option<Span>,
    /// Whether difficulty follows the hash rate.
    pub adjusts: bool,
    /// Whether the chain is a laboratory's, where nobody is banned and nodes try everything sooner.
    pub lab: bool,
    /// Blocks after which a reward can be spent: 10.
    pub maturity: Option<u32>,
    /// How many people own something from the start: 20.
    pub people: Option<u32>,
    /// How far a header may lie ahead: ten minutes.
    pub future_drift: Option<Span>,
}

/// Who is connected to whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Topology {
    /// Nodes find each other, as they do in the world.
    #[default]
    Discovered,
    /// Each is connected to the one before it.
    Line,
    /// And the first to the last.
    Ring,
    /// Each to each.
    Complete,
    /// Each to so many others, drawn by chance, and all in one piece.
    Random {
        /// How many, on average.
        degree: usize,
    },
}

/// Where in the world nodes are, and so how long it takes from one to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Geography {
    /// Bitcoin's nodes, and the ways between six regions, as they were measured in 2015.
    #[serde(rename = "bitcoin-2015")]
    Bitcoin2015,
    /// The same of 2019.
    #[serde(rename = "bitcoin-2019")]
    Bitcoin2019,
}

/// A region of the world.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// The United States, Canada.
    NorthAmerica,
    /// Europe.
    Europe,
    /// From Mexico to Chile.
    SouthAmerica,
    /// Asia without Japan.
    AsiaPacific,
    /// Japan.
    Japan,
    /// Australia and New Zealand.
    Australia,
}

/// How fast a node's own line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// Faster than anything that is sent.
    #[default]
    Ideal,
    /// A data centre's: a gigabit a second, both ways.
    Server,
    /// Fibre: 100 megabits a second up and down.
    Fibre,
    /// A home's: 40 megabits down, 10 up.
    Home,
    /// A telephone's: 10 megabits down, 2 up.
    Mobile,
    /// What was measured in the region that the node is in.
    Measured,
    /// Bits a second.
    Bits {
        /// That it sends.
        up: u64,
        /// That come to it.
        down: u64,
    },
}

/// What a node's processor and disk take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Speed {
    /// No time at all.
    #[default]
    Ideal,
    /// About as long as one core of today.
    Usual,
    /// So many times as long as that.
    Slower(u64),
}

/// Nodes of a kind, under a name by which events and expectations know them.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The name.
    pub name: String,
    /// How many.
    pub count: usize,
    /// How fast they are.
    #[serde(default)]
    pub processor: Speed,
    /// How fast their lines are.
    #[serde(default)]
    pub line: Line,
    /// Where they are; drawn, where nothing is said.
    pub region: Option<Region>,
    /// Whether nobody can connect to them.
    #[serde(default)]
    pub hidden: bool,
    /// Whether their own payments take a stem first.
    #[serde(default)]
    pub stem: bool,
    /// When they first start: at the beginning.
    pub starts: Option<Span>,
    /// How many connections they make by themselves, where that is not the usual number.
    pub outbound_max: Option<usize>,
    /// Bytes of transactions that wait in their pools, where that is not the usual number.
    pub pool_bytes_max: Option<usize>,
}

/// What ways are like, or become. What is not said is as it was: at the beginning 50 milliseconds, or what a geography says, and
/// nothing else about it.
#[derive(Clone, Copy, PartialEq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ways {
    /// How long a message takes.
    pub delay: Option<Span>,
    /// Up to so much more is drawn for each.
    pub jitter: Option<Span>,
    /// The share of packets that is lost, from 0 to 1.
    pub loss: Option<f64>,
    /// The share of messages of which a piece comes late: all behind them on their connection waits for it.
    pub reorder: Option<f64>,
}

/// Some who mine.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mining {
    /// On which nodes: each has as much as the others.
    pub who: Vec<Who>,
    /// Of all together, in what makes one block in the chain's spacing.
    pub share: f64,
    /// What they do with what they find.
    #[serde(default)]
    pub strategy: Strategy,
}

/// People who pay each other.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paying {
    /// Payments in a second, of all together.
    pub rate: f64,
    /// Through which nodes: each of the people has one of them.
    #[serde(default = "Who::all")]
    pub through: Vec<Who>,
}

/// What befalls a network, and when.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// When, since the beginning.
    pub at: Span,
    /// What.
    #[serde(rename = "do")]
    pub what: Act,
}

/// What can befall it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Nothing comes through between these sides any more. Whoever is on none of them is cut off from nobody.
    Partition(Vec<Vec<Who>>),
    /// Nothing comes through from these to those; the other way it does.
    Cut {
        /// From these.
        from: Vec<Who>,
        /// To those.
        to: Vec<Who>,
    },
    /// All ways are open again.
    Heal,
    /// Nodes are told to stop, and leave everything in order.
    Stop(Vec<Who>),
    /// Nodes are killed: what they had written is there.
    Kill(Vec<Who>),
    /// Machines lose their power: what was not synced is there, or not, or in part.
    LosePower(Vec<Who>),
    /// Nodes start on what is on their disks. Those that run go on.
    Start(Vec<Who>),
    /// Ways become what is said from now on, there and back.
    Link {
        /// Between these.
        from: Vec<Who>,
        /// And those.
        to: Vec<Who>,
        /// What they become.
        becomes: Ways,
        /// Whether only those from these to those do.
        #[serde(default)]
        one_way: bool,
    },
    /// Clocks become wrong, or right again where neither is said.
    Clock {
        /// Whose.
        who: Vec<Who>,
        /// How far they are ahead.
        ahead: Option<Span>,
        /// Or behind.
        behind: Option<Span>,
        /// Millionths by which they run too fast since the beginning, or too slow.
        #[serde(default)]
        drift: i64,
    },
    /// Disks have no room left.
    DiskFull(Vec<Who>),
    /// Disks have room again. A node that stopped for it has to be started anew.
    DiskFree(Vec<Who>),
    /// Miners have another share of hashes from now on, of each entry together.
    Shares(BTreeMap<Who, f64>),
    /// People pay so often in a second from now on.
    Users {
        /// Payments in a second.
        rate: f64,
    },
    /// People pay at once.
    Pay {
        /// Through this node, or these in turn.
        through: Vec<Who>,
        /// How often.
        #[serde(default = "one")]
        count: usize,
    },
}

fn one() -> usize {
    1
}
