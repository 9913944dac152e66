//! Whether what a scenario file says can be: each name is somebody's, each number within its bounds.

use super::build::BOOTSTRAP;
use super::form::{Act, Group, Line, Topology, Ways};
use super::text::{Span, Who, listed};
use super::{NODES_MAX, Scenario, ScenarioError};
use crate::consensus::GenesisError;
use crate::lab::GroundOptions;
use crate::lab::clock::{HOUR, SECOND};
use crate::mempool::Limits;

/// How long a scenario lasts, at most: fifty years. Times of headers end in 2106.
const DURATION_MAX: Span = Span::of_micros(50 * 365 * 24 * HOUR);
/// Connections that a topology makes, at most: each takes memory at both ends.
const CONNECTIONS_MAX: usize = 1_000_000;
/// Connections that a node makes by itself, at most.
const OUTBOUND_MAX: usize = 1_000;
/// Payments of one event, at most.
const PAYMENTS_MAX: usize = 10_000;
/// Millionths by which a clock is too fast or too slow, at most: one that runs twice as fast as it should, or stands still.
const DRIFT_MAX: i64 = 1_000_000;

pub(super) type Checked = Result<(), ScenarioError>;

pub(super) fn senseless<T>(field: impl Into<String>, reason: impl Into<String>) -> Result<T, ScenarioError> {
    Err(ScenarioError::Senseless { field: field.into(), reason: reason.into() })
}

pub(super) fn check_share(field: &str, share: f64) -> Checked {
    match (0.0..=1.0).contains(&share) {
        true => Ok(()),
        false => senseless(field, format!("{share} is no share: write a number from 0 to 1")),
    }
}

fn check_rate(field: &str, rate: f64, what: &str) -> Checked {
    match (0.0..=1e6).contains(&rate) {
        true => Ok(()),
        false => senseless(field, format!("{rate} cannot be: write {what}, 0 or more")),
    }
}

fn check_ways(field: &str, ways: &Ways) -> Checked {
    check_share(&format!("{field}.loss"), ways.loss.unwrap_or_default())?;
    check_share(&format!("{field}.reorder"), ways.reorder.unwrap_or_default())
}

impl Scenario {
    /// Whether what it says can be.
    pub(super) fn check(&self) -> Checked {
        self.check_times()?;
        self.check_nodes()?;
        self.check_topology()?;
        self.check_chain()?;
        check_ways("link", &self.link)?;
        if self.geography.is_some() && self.link.delay.is_some() {
            return senseless(
                "link.delay",
                "with a geography delays follow from where nodes are: leave one of the two out",
            );
        }
        for (at, mining) in self.mining.iter().enumerate() {
            self.check_who(&format!("mining[{at}].who"), &mining.who)?;
            check_rate(
                &format!("mining[{at}].share"),
                mining.share,
                "how much of one block a spacing it finds",
            )?;
            self.check_strategy(&format!("mining[{at}].strategy"), mining.strategy)?;
        }
        self.check_adversaries()?;
        if let Some(users) = &self.users {
            check_rate("users.rate", users.rate, "payments a second")?;
            self.check_who("users.through", &users.through)?;
        }
        for (at, event) in self.events.iter().enumerate() {
            self.check_at(&format!("events[{at}].at"), Some(event.at))?;
            self.check_act(&format!("events[{at}].do"), &event.what)?;
        }
        self.expect
            .iter()
            .enumerate()
            .try_for_each(|(at, expect)| self.check_expected(&format!("expect[{at}]"), expect))
    }

    fn check_times(&self) -> Checked {
        if self.name.trim().is_empty() {
            return senseless("name", "it is empty: say what the scenario is called");
        }
        if self.duration <= self.settle {
            let (duration, settle) = (self.duration, self.settle);
            return senseless(
                "duration",
                format!("{duration} leaves nothing before the {settle} of `settle`: make it longer"),
            );
        }
        if self.duration > DURATION_MAX {
            return senseless(
                "duration",
                format!("{} is too long: write {DURATION_MAX} or less", self.duration),
            );
        }
        Ok(())
    }

    fn check_nodes(&self) -> Checked {
        for (at, group) in self.nodes.iter().enumerate() {
            let field = |name: &str| format!("nodes[{at}].{name}");
            let is_taken = self.nodes[..at].iter().any(|other| other.name == group.name);
            if group.name.is_empty() || group.name == "all" || group.name.contains('.') || is_taken {
                let name = &group.name;
                return senseless(
                    field("name"),
                    format!(
                        "`{name}` cannot be a name: choose another, without a dot, that no other group has, and not `all`"
                    ),
                );
            }
            if !(1..=NODES_MAX).contains(&group.count) {
                let count = group.count;
                return senseless(field("count"), format!("{count} cannot be: write 1 to {NODES_MAX}"));
            }
            self.check_group(&field, group)?;
        }
        match self.nodes() {
            0 => senseless("nodes", "there are none: add a table [[nodes]] with a name and a count"),
            1..=NODES_MAX => Ok(()),
            count => senseless("nodes", format!("{count} are too many: {NODES_MAX} at most")),
        }
    }

    fn check_topology(&self) -> Checked {
        let count = self.nodes();
        let connections = match self.topology {
            Topology::Discovered => return self.check_first(),
            Topology::Line | Topology::Ring => count,
            Topology::Complete => count * (count - 1) / 2,
            Topology::Random { degree } if degree < 2 || degree >= count => {
                return senseless(
                    "topology.random.degree",
                    format!(
                        "{degree} cannot be with {count} nodes: write 2 or more, and less than there are nodes"
                    ),
                );
            }
            Topology::Random { degree } => count * degree / 2,
        };
        if connections > CONNECTIONS_MAX {
            return senseless(
                "topology",
                format!(
                    "{connections} connections are too many, {CONNECTIONS_MAX} at most: write fewer nodes, or `random`"
                ),
            );
        }
        Ok(())
    }

    /// Where nodes find each other all of them ask the first of all; where these are not there nobody finds anybody.
    fn check_first(&self) -> Checked {
        let groups =
            || self.nodes.iter().flat_map(|group| std::iter::repeat_n(group, group.count.min(BOOTSTRAP)));
        let starts = |group: &Group| group.starts.unwrap_or_default();
        let begin = self.nodes.iter().map(starts).min().unwrap_or_default();
        if self.nodes() == 1 || groups().take(BOOTSTRAP).any(|group| !group.hidden && starts(group) == begin)
        {
            return Ok(());
        }
        senseless(
            "nodes[0]",
            format!(
                "all ask the first {BOOTSTRAP} nodes for others, and these are hidden or start later than some: write a group \
                 first that is there from the beginning and not hidden"
            ),
        )
    }

    fn check_group(&self, field: &dyn Fn(&str) -> String, group: &Group) -> Checked {
        if group.hidden && self.topology != Topology::Discovered {
            return senseless(
                field("hidden"),
                "a topology that is given connects to everybody: leave one of the two out",
            );
        }
        if group.outbound_max.is_some() && self.topology != Topology::Discovered {
            return senseless(
                field("outbound_max"),
                "a topology that is given says who is connected: leave one of the two out",
            );
        }
        if self.geography.is_none() && group.region.is_some() {
            return senseless(
                field("region"),
                "no region is anywhere: add `geography = \"bitcoin-2019\"` above the tables",
            );
        }
        if self.geography.is_none() && group.line == Line::Measured {
            return senseless(
                field("line"),
                "lines are measured by region: add `geography = \"bitcoin-2019\"` above the tables",
            );
        }
        if let Some(outbound) = group.outbound_max.filter(|outbound| *outbound > OUTBOUND_MAX) {
            return senseless(
                field("outbound_max"),
                format!("{outbound} are too many: write {OUTBOUND_MAX} or less"),
            );
        }
        if group.pool_bytes_max.is_some_and(|bytes| bytes < Limits::BYTES_MAX_MIN) {
            return senseless(
                field("pool_bytes_max"),
                format!("too small for a pool: write {} or more", Limits::BYTES_MAX_MIN),
            );
        }
        self.check_at(&field("starts"), group.starts)
    }

    fn check_chain(&self) -> Checked {
        for (field, span) in
            [("chain.spacing", self.chain.spacing), ("chain.future_drift", self.chain.future_drift)]
        {
            if span.is_some_and(|span| span.0 < SECOND || span.0 % SECOND != 0 || span.seconds() > 1e6) {
                return senseless(
                    field,
                    "headers count whole seconds: write 1s or more, and no parts of one",
                );
            }
        }
        let people = self.chain.people.unwrap_or(1);
        if !(1..=10_000).contains(&people) {
            return senseless("chain.people", format!("{people} cannot be: write 1 to 10000"));
        }
        // How many own something was seen to; one of them says as much of the rest as all.
        let refused = GroundOptions { people: 1, ..self.ground() }.genesis().err();
        match refused {
            None => Ok(()),
            Some(GenesisError::Field { field, reason } | GenesisError::Json { field, reason }) => {
                let field = match field.as_str() {
                    // The rest of it follows from the time between two blocks.
                    "pow.spacing" | "pow.halflife" | "pow.gap_max" => "spacing",
                    other => other,
                };
                senseless(format!("chain.{field}"), self.explained(field, reason))
            }
        }
    }

    /// What a genesis file would be told, for whoever writes a scenario.
    fn explained(&self, field: &str, reason: String) -> String {
        match field {
            "spacing" => format!("{reason}: so many seconds"),
            "future_drift" if self.chain.future_drift.is_none() => {
                format!("{reason}: so many seconds; write one, as `future_drift = \"10s\"`")
            }
            "future_drift" => format!("{reason}: so many seconds"),
            _ => reason,
        }
    }

    pub(super) fn check_at(&self, field: &str, at: Option<Span>) -> Checked {
        match at.filter(|at| *at > self.duration) {
            None => Ok(()),
            Some(at) => {
                senseless(field, format!("{at} is after the end: the scenario lasts {}", self.duration))
            }
        }
    }

    pub(super) fn check_who(&self, field: &str, who: &[Who]) -> Checked {
        if who.is_empty() {
            return senseless(field, "nobody is named: write groups, or `all`");
        }
        match who.iter().find(|one| self.numbers(std::slice::from_ref(one)).is_none()) {
            None => Ok(()),
            Some(unknown) => {
                let known: Vec<Who> = self.nodes.iter().map(|group| Who(group.name.clone())).collect();
                let reason = format!(
                    "nobody is called `{}`: write `all`, a group ({}), or one of a group by its number, as `{}.1`",
                    unknown.0,
                    listed(&known),
                    known.first().map_or("nodes", |first| &first.0)
                );
                senseless(field, reason)
            }
        }
    }

    fn check_act(&self, field: &str, act: &Act) -> Checked {
        match act {
            Act::Partition(sides) => {
                if sides.len() < 2 {
                    return senseless(
                        field,
                        "a partition has two sides or more: write [[\"one\"], [\"other\"]]",
                    );
                }
                sides
                    .iter()
                    .enumerate()
                    .try_for_each(|(at, side)| self.check_who(&format!("{field}.partition[{at}]"), side))
            }
            Act::Cut { from, to } => {
                self.check_who(&format!("{field}.cut.from"), from)?;
                self.check_who(&format!("{field}.cut.to"), to)
            }
            Act::Link { from, to, becomes, .. } => {
                self.check_who(&format!("{field}.link.from"), from)?;
                self.check_who(&format!("{field}.link.to"), to)?;
                if *becomes == Ways::default() {
                    return senseless(
                        format!("{field}.link.becomes"),
                        "nothing is said: write `delay`, `jitter`, `loss` or `reorder`",
                    );
                }
                check_ways(&format!("{field}.link.becomes"), becomes)
            }
            Act::Clock { who, ahead, behind, drift } => {
                if !(-DRIFT_MAX..=DRIFT_MAX).contains(drift) {
                    return senseless(
                        format!("{field}.clock.drift"),
                        format!("{drift} cannot be: write millionths, -{DRIFT_MAX} to {DRIFT_MAX}"),
                    );
                }
                if ahead.is_some() && behind.is_some() {
                    return senseless(
                        format!("{field}.clock"),
                        "a clock is ahead or behind: leave one of the two out",
                    );
                }
                self.check_who(&format!("{field}.clock.who"), who)
            }
            Act::Stop(who)
            | Act::Kill(who)
            | Act::LosePower(who)
            | Act::Start(who)
            | Act::DiskFull(who)
            | Act::DiskFree(who) => self.check_who(field, who),
            Act::Shares(shares) => shares.iter().try_for_each(|(who, share)| {
                self.check_who(&format!("{field}.shares"), std::slice::from_ref(who))?;
                check_rate(
                    &format!("{field}.shares.{}", who.0),
                    *share,
                    "how much of one block a spacing they find",
                )
            }),
            Act::Users { rate } => check_rate(&format!("{field}.users.rate"), *rate, "payments a second"),
            Act::Pay { through, count } => {
                if !(1..=PAYMENTS_MAX).contains(count) {
                    return senseless(
                        format!("{field}.pay.count"),
                        format!("{count} cannot be: write 1 to {PAYMENTS_MAX}"),
                    );
                }
                self.check_who(&format!("{field}.pay.through"), through)
            }
            Act::Heal => Ok(()),
        }
    }
}
