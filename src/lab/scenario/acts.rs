//! What befalls a network while a scenario runs.

use super::Who;
use super::form::{Act, Ways};
use super::run::{Run, Watch};
use super::text::{Span, listed};
use crate::lab::checkers::lost;
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
        let name = self.scenario.name_of(node);
        if let Err(error) = self.world.start(node) {
            return self.note(format!("{name} cannot start: {error}"), true);
        }
        if let Some(block) = lost(&self.world, node) {
            self.note(format!("{name} has lost block {block}, which it had acknowledged"), true);
        }
    }

    /// Nodes end; those that do not run cannot.
    fn end(&mut self, who: &[Who], kind: CrashKind) {
        let (run, down): (Vec<usize>, Vec<usize>) =
            self.numbers(who).into_iter().partition(|node| self.world.node(*node).is_running());
        run.into_iter().for_each(|node| self.world.end(node, kind));
        if !down.is_empty() {
            let what = match kind {
                CrashKind::Stopped => "be stopped",
                CrashKind::Killed => "be killed",
                CrashKind::PowerLost => "lose their power",
            };
            self.note(format!("{} cannot {what}: they do not run", self.names(&down)), true);
        }
    }

    fn names(&self, nodes: &[usize]) -> String {
        listed(&nodes.iter().map(|node| Who(self.scenario.name_of(*node))).collect::<Vec<_>>())
    }

    /// People pay so often through these nodes in turn, as far as they can.
    fn pay(&mut self, through: &[usize], count: usize) {
        let in_vain: Vec<usize> = (0..count)
            .map(|at| through[at % through.len()])
            .filter(|node| !self.world.pay_through(*node))
            .collect();
        let Some(first) = in_vain.first() else { return };
        let why = match self.world.node(*first).is_running() {
            true => "whoever pays through it waits for an answer to their last payment",
            false => "it does not run",
        };
        let (name, failed) = (self.scenario.name_of(*first), in_vain.len());
        self.note(
            format!("{failed} of {count} payments cannot be made, the first through {name}: {why}"),
            true,
        );
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
                let (from, to) = (self.numbers(from), self.numbers(to));
                for (one, other) in from.iter().flat_map(|one| to.iter().map(move |other| (*one, *other))) {
                    self.world.set_link(one, other, becomes.over(self.world.link(one, other)));
                    if !one_way {
                        self.world.set_link(other, one, becomes.over(self.world.link(other, one)));
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
                self.pay(&through, *count);
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
                let (from, to) = (listed(from), listed(to));
                let back = if *one_way { "" } else { ", and back" };
                write!(f, "the way from {from} to {to}{back}: {becomes}")
            }
            Self::Clock { who, ahead: Some(ahead), .. } => {
                write!(f, "clocks of {} are {ahead} ahead", listed(who))
            }
            Self::Clock { who, behind: Some(behind), .. } => {
                write!(f, "clocks of {} are {behind} behind", listed(who))
            }
            Self::Clock { who, drift: 0, .. } => write!(f, "clocks of {} are right", listed(who)),
            Self::Clock { who, drift, .. } => {
                let (off, way) = (drift.unsigned_abs(), if *drift > 0 { "fast" } else { "slow" });
                write!(f, "clocks of {} run {off} millionths too {way}", listed(who))
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

impl core::fmt::Display for Ways {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { delay, jitter, loss, reorder } = self;
        let said = [
            delay.map(|delay| format!("takes {delay}")),
            jitter.map(|jitter| format!("up to {jitter} more for each message")),
            loss.map(|loss| format!("loses {loss} of all packets")),
            reorder.map(|reorder| format!("{reorder} of all messages have a piece that comes late")),
        ];
        f.write_str(&said.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}
