//! What is expected of a network: a line of a scenario file each, and what it says in words.

use core::fmt;

use serde::Deserialize;

use super::text::{Moment, Span, Who, listed};

/// Something that has to hold.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expectation {
    /// Those that run follow the same block: within a time, or at the end.
    OneTip {
        /// Of whom.
        #[serde(default = "Who::all")]
        who: Vec<Who>,
        /// From when on that is waited for; the end, where nothing is said.
        after: Option<Moment>,
        /// For how long; no time at all, where nothing is said.
        within: Option<Span>,
    },
    /// Nobody of these follows the same block as anybody of those.
    TipsDiffer {
        /// These.
        one: Vec<Who>,
        /// Those.
        other: Vec<Who>,
        /// When; at the end, where nothing is said.
        at: Option<Span>,
    },
    /// How high the tips are of all that run of these.
    Height {
        /// Whose.
        #[serde(default = "Who::all")]
        who: Vec<Who>,
        /// When; at the end, where nothing is said.
        at: Option<Span>,
        /// The lowest that is well.
        at_least: Option<u32>,
        /// The highest.
        at_most: Option<u32>,
    },
    /// Which share of the blocks that were found did not stay in the chain.
    StaleRate {
        /// More than this.
        above: Option<f64>,
        /// Less than this.
        below: Option<f64>,
    },
    /// How long it took until a node had a block, over all blocks and nodes.
    Propagation {
        /// Half of all took less.
        p50_below: Option<Span>,
        /// Nine of ten.
        p90_below: Option<Span>,
        /// Ninety-nine of a hundred.
        p99_below: Option<Span>,
        /// Half of all took more.
        p50_above: Option<Span>,
    },
    /// How often nodes went over to another branch, and how deep that went at the deepest.
    Reorganizations {
        /// As often at least.
        at_least: Option<usize>,
        /// As often at most.
        at_most: Option<usize>,
        /// As many blocks at least.
        depth_at_least: Option<u32>,
        /// As many at most.
        depth_at_most: Option<u32>,
    },
    /// Whether no node hung up on another for breaking a rule, or banned it. Those who mean harm do not count.
    NobodyBanned(bool),
    /// What became of payments that nodes took in.
    Payments(AskedPayments),
    /// How many blocks of these stand in the chain.
    BlocksOf {
        /// Whose.
        who: Vec<Who>,
        /// Of those found from then on.
        found_after: Option<Span>,
        /// Of those found before.
        found_before: Option<Span>,
        /// So many at least.
        at_least: Option<usize>,
        /// So many at most.
        at_most: Option<usize>,
    },
    /// How many connections each that runs has.
    Connections {
        /// Whose.
        #[serde(default = "Who::all")]
        who: Vec<Who>,
        /// When; at the end, where nothing is said.
        at: Option<Span>,
        /// So many at least.
        at_least: Option<usize>,
        /// So many at most.
        at_most: Option<usize>,
    },
    /// Nodes take nothing in any more: they stopped themselves.
    Stopped {
        /// Who.
        who: Vec<Who>,
        /// When; at the end, where nothing is said.
        at: Option<Span>,
    },
    /// Nodes run, and take in what comes.
    Working {
        /// Who.
        #[serde(default = "Who::all")]
        who: Vec<Who>,
        /// When; at the end, where nothing is said.
        at: Option<Span>,
    },
    /// Of the connections that each that runs made, so many lead to nodes, and not to those who mean harm.
    OutboundHonest {
        /// Whose.
        who: Vec<Who>,
        /// When; at the end, where nothing is said.
        at: Option<Span>,
        /// So many at least.
        at_least: Option<usize>,
        /// So many at most.
        at_most: Option<usize>,
    },
    /// On each of those who mean harm so many nodes hung up for breaking a rule.
    Punished {
        /// On whom.
        who: Vec<Who>,
        /// Which nodes.
        #[serde(default = "Who::all")]
        by: Vec<Who>,
        /// When; at the end, where nothing is said.
        at: Option<Span>,
        /// So many at least.
        at_least: Option<usize>,
        /// So many at most.
        at_most: Option<usize>,
    },
    /// How many nodes each of those who mean harm is connected to.
    Admitted {
        /// Who.
        who: Vec<Who>,
        /// When; at the end, where nothing is said.
        at: Option<Span>,
        /// So many at least.
        at_least: Option<usize>,
        /// So many at most.
        at_most: Option<usize>,
    },
    /// Which share of the chain's blocks these found.
    Revenue {
        /// Who.
        who: Vec<Who>,
        /// More than this.
        above: Option<f64>,
        /// Less than this.
        below: Option<f64>,
    },
    /// Which share of the payments that these took back, or tried to, is not in the chain, and what pays it back is.
    TakenBack {
        /// Who: miners that spend twice.
        who: Vec<Who>,
        /// More than this.
        above: Option<f64>,
        /// Less than this.
        below: Option<f64>,
    },
    /// Whether all that was issued is what the rules issue up to the tip, to the last pebble, at each that runs.
    SupplyExact(bool),
}

/// Which payments are asked about, and how many of them have to be in the chain.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AskedPayments {
    /// This share at least, from 0 to 1.
    pub mined_at_least: Option<f64>,
    /// Or this at most.
    pub mined_at_most: Option<f64>,
    /// In a block that was found no later than so long after; in any, where nothing is said.
    pub within: Option<Span>,
    /// Of those that were paid until then; until the end, where nothing is said.
    pub paid_before: Option<Span>,
    /// Of those that were paid from then on.
    pub paid_after: Option<Span>,
    /// How many must have been taken in for it to count: 1.
    pub taken_at_least: Option<usize>,
    /// How many nodes may have refused.
    pub refused_at_most: Option<u64>,
}

impl Expectation {
    /// When it is looked at; at the end, where there is nothing.
    pub(super) fn at(&self) -> Option<Span> {
        match self {
            Self::TipsDiffer { at, .. }
            | Self::Height { at, .. }
            | Self::Connections { at, .. }
            | Self::OutboundHonest { at, .. }
            | Self::Punished { at, .. }
            | Self::Admitted { at, .. }
            | Self::Stopped { at, .. }
            | Self::Working { at, .. } => *at,
            Self::OneTip { .. }
            | Self::StaleRate { .. }
            | Self::Propagation { .. }
            | Self::Reorganizations { .. }
            | Self::NobodyBanned(_)
            | Self::Payments(_)
            | Self::BlocksOf { .. }
            | Self::Revenue { .. }
            | Self::TakenBack { .. }
            | Self::SupplyExact(_) => None,
        }
    }

    /// What it is called in a file.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::OneTip { .. } => "one_tip",
            Self::TipsDiffer { .. } => "tips_differ",
            Self::Height { .. } => "height",
            Self::StaleRate { .. } => "stale_rate",
            Self::Propagation { .. } => "propagation",
            Self::Reorganizations { .. } => "reorganizations",
            Self::NobodyBanned(_) => "nobody_banned",
            Self::Payments(_) => "payments",
            Self::BlocksOf { .. } => "blocks_of",
            Self::Connections { .. } => "connections",
            Self::Stopped { .. } => "stopped",
            Self::Working { .. } => "working",
            Self::OutboundHonest { .. } => "outbound_honest",
            Self::Punished { .. } => "punished",
            Self::Admitted { .. } => "admitted",
            Self::Revenue { .. } => "revenue",
            Self::TakenBack { .. } => "taken_back",
            Self::SupplyExact(_) => "supply_exact",
        }
    }

    /// Whether it says how much is expected, where something is counted.
    pub(super) fn asks(&self) -> bool {
        match self {
            Self::Height { at_least, at_most, .. } => at_least.or(*at_most).is_some(),
            Self::Connections { at_least, at_most, .. }
            | Self::BlocksOf { at_least, at_most, .. }
            | Self::OutboundHonest { at_least, at_most, .. }
            | Self::Punished { at_least, at_most, .. }
            | Self::Admitted { at_least, at_most, .. } => at_least.or(*at_most).is_some(),
            Self::StaleRate { above, below }
            | Self::Revenue { above, below, .. }
            | Self::TakenBack { above, below, .. } => above.or(*below).is_some(),
            Self::Propagation { p50_below, p90_below, p99_below, p50_above } => {
                [p50_below, p90_below, p99_below, p50_above].into_iter().any(Option::is_some)
            }
            Self::Reorganizations { at_least, at_most, depth_at_least, depth_at_most } => {
                at_least.or(*at_most).is_some() || depth_at_least.or(*depth_at_most).is_some()
            }
            Self::Payments(AskedPayments {
                mined_at_least,
                mined_at_most,
                taken_at_least,
                refused_at_most,
                ..
            }) => {
                mined_at_least.or(*mined_at_most).is_some()
                    || taken_at_least.is_some()
                    || refused_at_most.is_some()
            }
            Self::OneTip { .. }
            | Self::TipsDiffer { .. }
            | Self::NobodyBanned(_)
            | Self::Stopped { .. }
            | Self::Working { .. }
            | Self::SupplyExact(_) => true,
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneTip { who, after: Some(after), within: Some(within) } => {
                write!(f, "{} of one tip within {within} after {after}", listed(who))
            }
            Self::OneTip { who, after: Some(after), within: None } => {
                write!(f, "{} of one tip at {after}", listed(who))
            }
            Self::OneTip { who, after: None, .. } => write!(f, "{} of one tip at the end", listed(who)),
            Self::TipsDiffer { one, other, at } => {
                write!(f, "tips of {} and {} differ{}", listed(one), listed(other), When(*at))
            }
            Self::Height { who, at, at_least, at_most } => {
                write!(f, "height of {}{}{}", listed(who), When(*at), Bounds(at_least, at_most))
            }
            Self::StaleRate { above, below } => write!(f, "stale rate{}", Between(above, below)),
            Self::Propagation { p50_below, p90_below, p99_below, p50_above } => {
                f.write_str("blocks spread")?;
                for (name, below) in
                    [("half", p50_below), ("nine of ten", p90_below), ("99 of 100", p99_below)]
                {
                    below.iter().try_for_each(|below| write!(f, ", {name} within {below}"))?;
                }
                p50_above.iter().try_for_each(|above| write!(f, ", half after more than {above}"))
            }
            Self::Reorganizations { at_least, at_most, depth_at_least, depth_at_most } => {
                write!(f, "reorganizations{}", Bounds(at_least, at_most))?;
                match (depth_at_least, depth_at_most) {
                    (None, None) => Ok(()),
                    (least, most) => write!(f, ", the deepest{}", Bounds(least, most)),
                }
            }
            Self::NobodyBanned(true) => f.write_str("nobody honest is banned"),
            Self::NobodyBanned(false) => f.write_str("somebody honest is banned"),
            Self::Payments(asked) => write!(f, "{asked}"),
            Self::BlocksOf { who, found_after, found_before, at_least, at_most } => {
                write!(f, "blocks of {} in the chain", listed(who))?;
                found_after.iter().try_for_each(|after| write!(f, ", found from {after} on"))?;
                found_before.iter().try_for_each(|before| write!(f, ", found before {before}"))?;
                write!(f, "{}", Bounds(at_least, at_most))
            }
            Self::Connections { who, at, at_least, at_most } => {
                write!(f, "connections of {}{}{}", listed(who), When(*at), Bounds(at_least, at_most))
            }
            Self::Stopped { who, at } => write!(f, "{} stopped{}", listed(who), When(*at)),
            Self::Working { who, at } => write!(f, "{} at work{}", listed(who), When(*at)),
            Self::OutboundHonest { who, at, at_least, at_most } => {
                let bounds = Bounds(at_least, at_most);
                write!(f, "connections that {} made to honest nodes{}{bounds}", listed(who), When(*at))
            }
            Self::Punished { who, by, at, at_least, at_most } => {
                let (who, by, bounds) = (listed(who), listed(by), Bounds(at_least, at_most));
                write!(f, "nodes of {by} that hung up on {who} for breaking a rule{}{bounds}", When(*at))
            }
            Self::Admitted { who, at, at_least, at_most } => {
                let bounds = Bounds(at_least, at_most);
                write!(f, "nodes that {} are connected to{}{bounds}", listed(who), When(*at))
            }
            Self::Revenue { who, above, below } => {
                write!(f, "share of the chain that {} found{}", listed(who), Between(above, below))
            }
            Self::TakenBack { who, above, below } => {
                write!(f, "share of payments that {} took back{}", listed(who), Between(above, below))
            }
            Self::SupplyExact(true) => f.write_str("the supply is exact"),
            Self::SupplyExact(false) => f.write_str("the supply is not exact"),
        }
    }
}

impl fmt::Display for AskedPayments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mined_at_least, mined_at_most, within, paid_before, paid_after, .. } = self;
        f.write_str("share of payments")?;
        match (paid_after, paid_before) {
            (None, None) => {}
            (Some(after), None) => write!(f, " from {after} on")?,
            (None, Some(before)) => write!(f, " before {before}")?,
            (Some(after), Some(before)) => write!(f, " from {after} to {before}")?,
        }
        f.write_str(" that is mined")?;
        within.iter().try_for_each(|within| write!(f, " within {within}"))?;
        write!(f, "{}", Bounds(mined_at_least, mined_at_most))?;
        self.taken_at_least.iter().try_for_each(|least| write!(f, ", of at least {least} taken in"))?;
        self.refused_at_most.iter().try_for_each(|most| write!(f, ", at most {most} refused"))
    }
}

struct When(Option<Span>);

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(at) => write!(f, " at {at}"),
            None => f.write_str(" at the end"),
        }
    }
}

struct Bounds<'a, T>(&'a Option<T>, &'a Option<T>);

impl<T: fmt::Display> fmt::Display for Bounds<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(None, None) => Ok(()),
            Self(Some(least), None) => write!(f, ": at least {least}"),
            Self(None, Some(most)) => write!(f, ": at most {most}"),
            Self(Some(least), Some(most)) => write!(f, ": {least} to {most}"),
        }
    }
}

struct Between<'a>(&'a Option<f64>, &'a Option<f64>);

impl fmt::Display for Between<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|above| write!(f, " above {above}"))?;
        self.1.iter().try_for_each(|below| write!(f, " below {below}"))
    }
}
