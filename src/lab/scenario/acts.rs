//! What befalls a network while a scenario runs.

use super::Who;
use super::form::Act;
use super::run::{Run, Watch};
use super::text::{Span, listed};
use crate::lab::checkers::{Violation, lost};
use crate::lab::clock::SECOND;
use crate::lab::world::{CrashKind, Skew, Strategy};

impl Run<'_> {
    /// A group starts for the first time.
    pub(super) fn begin(&mut self, place: usize) {
        let group = &self.scenario.nodes[place];
        let first: usize = self.scenario.nodes[..place].iter().map(|group| group.count).sum();
        if self.world.micros() > 0 {
            self.note(format!("{} start for the first time", group.name), false);
        }
        (first..first + group.count).for_each(|node| self.start(node));
        if let Some(users) = &self.scenario.users
            && self.world.users().is_none()
        {
            let through = self.numbers(&users.through);
            self.world.set_users(users.rate, through);
        }
    }

    fn start(&mut self, node: usize) {
        if self.world.node(node).is_running() {
            return;
        }
        if let Err(error) = self.world.start(node) {
            return self.note(format!("node {node} cannot start: {error}"), true);
        }
        if let Some(block) = lost(&self.world, node) {
            self.note(Violation::Lost { node, block }.to_string(), true);
        }
    }

    fn end(&mut self, who: &[Who], kind: CrashKind) {
        for node in self.numbers(who) {
            if self.world.node(node).is_running() {
                self.world.end(node, kind);
            }
        }
    }

    /// Something befalls the network.
    pub(super) fn befall(&mut self, act: &Act) {
        self.note(act.to_string(), false);
        match act {
            Act::Partition(sides) => {
                let sides: Vec<Vec<usize>> = sides.iter().map(|side| self.numbers(side)).collect();
                for (at, one) in sides.iter().enumerate() {
                    for other in
                        sides.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, side)| side)
                    {
                        self.world.close_ways(one, other);
                    }
                }
            }
            Act::Cut { from, to } => {
                let (from, to) = (self.numbers(from), self.numbers(to));
                self.world.close_ways(&from, &to);
            }
            Act::Heal => {
                self.world.open_all_ways();
                let (since, until) = (self.world.micros(), self.scenario.duration.0);
                self.watches.push(Watch { expectation: None, who: self.world.nodes(), since, until });
            }
            Act::Stop(who) => self.end(who, CrashKind::Stopped),
            Act::Kill(who) => self.end(who, CrashKind::Killed),
            Act::LosePower(who) => self.end(who, CrashKind::PowerLost),
            Act::Start(who) => self.numbers(who).into_iter().for_each(|node| self.start(node)),
            Act::Link { from, to, becomes, one_way } => {
                let (from, to, link) = (self.numbers(from), self.numbers(to), becomes.link());
                for (one, other) in from.iter().flat_map(|one| to.iter().map(move |other| (*one, *other))) {
                    self.world.set_link(one, other, link);
                    if !one_way {
                        self.world.set_link(other, one, link);
                    }
                }
            }
            Act::Clock { who, ahead, behind, drift } => {
                let seconds = |span: &Option<Span>| span.map_or(0, |span| (span.0 / SECOND).cast_signed());
                let skew = Skew { seconds: seconds(ahead) - seconds(behind), drift: *drift };
                self.numbers(who).into_iter().for_each(|node| self.world.set_clock(node, skew));
            }
            Act::DiskFull(who) => {
                self.numbers(who).into_iter().for_each(|node| self.world.limit_disk(node, Some(0)));
            }
            Act::DiskFree(who) => {
                self.numbers(who).into_iter().for_each(|node| self.world.limit_disk(node, None));
            }
            Act::Shares(shares) => shares.iter().for_each(|(who, share)| self.share_out(who, *share)),
            Act::Users { rate } => {
                let through =
                    self.scenario.users.as_ref().map_or_else(Who::all, |users| users.through.clone());
                let through = self.numbers(&through);
                self.world.set_users(*rate, through);
            }
            Act::Pay { through, count } => {
                let through = self.numbers(through);
                (0..*count).for_each(|at| self.world.pay_through(through[at % through.len()]));
            }
        }
    }

    /// The miners of these have this share together; whoever did not mine begins to, where nobody of these did.
    fn share_out(&mut self, who: &Who, share: f64) {
        let nodes = self.numbers(std::slice::from_ref(who));
        let is_of = |node: &usize| nodes.contains(node);
        let miners: Vec<usize> =
            (0..self.world.miners().len()).filter(|miner| is_of(&self.world.miners()[*miner].node)).collect();
        if miners.is_empty() {
            return self.add_miners(std::slice::from_ref(who), share, Strategy::Honest);
        }
        miners.iter().for_each(|miner| self.world.set_share(*miner, share / miners.len() as f64));
    }
}

impl core::fmt::Display for Act {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Partition(sides) => {
                let sides: Vec<String> = sides.iter().map(|side| listed(side)).collect();
                write!(f, "a partition: {}", sides.join(" | "))
            }
            Self::Cut { from, to } => {
                write!(f, "nothing comes through from {} to {}", listed(from), listed(to))
            }
            Self::Heal => f.write_str("all ways are open again"),
            Self::Stop(who) => write!(f, "{} stop", listed(who)),
            Self::Kill(who) => write!(f, "{} are killed", listed(who)),
            Self::LosePower(who) => write!(f, "{} lose their power", listed(who)),
            Self::Start(who) => write!(f, "{} start", listed(who)),
            Self::Link { from, to, becomes, one_way } => {
                let way = if *one_way { "to" } else { "and" };
                let super::Ways { delay, loss, .. } = becomes;
                write!(
                    f,
                    "the way between {} {way} {} becomes {delay} long and loses {loss} of all packets",
                    listed(from),
                    listed(to)
                )
            }
            Self::Clock { who, ahead: Some(ahead), .. } => {
                write!(f, "clocks of {} are {ahead} ahead", listed(who))
            }
            Self::Clock { who, behind: Some(behind), .. } => {
                write!(f, "clocks of {} are {behind} behind", listed(who))
            }
            Self::Clock { who, drift: 0, .. } => write!(f, "clocks of {} are right", listed(who)),
            Self::Clock { who, drift, .. } => {
                write!(f, "clocks of {} run {drift} millionths too fast", listed(who))
            }
            Self::DiskFull(who) => write!(f, "disks of {} are full", listed(who)),
            Self::DiskFree(who) => write!(f, "disks of {} have room again", listed(who)),
            Self::Shares(shares) => {
                let shares: Vec<String> =
                    shares.iter().map(|(who, share)| format!("{} {share}", who.0)).collect();
                write!(f, "shares of hashes become: {}", shares.join(", "))
            }
            Self::Users { rate } => write!(f, "people pay {rate} times a second"),
            Self::Pay { through, count } => write!(f, "people pay {count} times through {}", listed(through)),
        }
    }
}
