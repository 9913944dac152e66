//! Whether what was expected holds in a world as it is now, and what is found there instead.

use super::text::Span;
use super::{Expectation, Scenario, Who, expect};
use crate::lab::clock::MILLISECOND;
use crate::lab::figures::{Figures, Followed, share};
use crate::lab::world::{Paid, World};
use crate::types::{Amount, BlockHash, Height};

/// Looks at a world for a scenario.
pub(super) struct Judge<'a> {
    world: &'a World,
    scenario: &'a Scenario,
}

/// Whether something holds, and what was found.
type Found = (bool, String);

impl<'a> Judge<'a> {
    pub fn new(world: &'a World, scenario: &'a Scenario) -> Self {
        Self { world, scenario }
    }

    fn numbers(&self, who: &[Who]) -> Vec<usize> {
        self.scenario.numbers(who).unwrap_or_default()
    }

    fn running(&self, who: &[Who]) -> Vec<usize> {
        let mut nodes = self.numbers(who);
        nodes.retain(|node| self.world.node(*node).is_running());
        nodes
    }

    fn figures(&self) -> Figures {
        Figures::of(self.world, |node| self.scenario.group_of(node).to_owned(), &[], Vec::new())
    }

    /// Whether it holds now, and what is found.
    pub fn judge(&self, expect: &Expectation) -> Found {
        match expect {
            Expectation::OneTip { who, .. } => {
                let tips = self.tips(who);
                (tips.len() == 1, self.different(&self.numbers(who)))
            }
            Expectation::TipsDiffer { one, other, .. } => self.tips_differ(one, other),
            Expectation::Height { who, at_least, at_most, .. } => self.height(who, *at_least, *at_most),
            Expectation::StaleRate { above, below } => {
                let blocks = self.figures().blocks;
                let rate = blocks.stale_rate;
                let holds = above.is_none_or(|above| rate > above) && below.is_none_or(|below| rate < below);
                (holds, format!("{:.2} %: {} of {} blocks", rate * 100.0, blocks.stale, blocks.found))
            }
            Expectation::Propagation { p50_below, p90_below, p99_below, p50_above } => {
                self.propagation([*p50_below, *p90_below, *p99_below], *p50_above)
            }
            Expectation::Reorganizations { at_least, at_most, depth_at_least, depth_at_most } => {
                let found = self.figures().reorganizations;
                let holds = within(&found.count, *at_least, *at_most)
                    && within(&found.deepest, *depth_at_least, *depth_at_most);
                (holds, format!("{}, the deepest of {} blocks", found.count, found.deepest))
            }
            Expectation::NobodyBanned(nobody) => {
                let (misbehaved, banned) = (self.figures().misbehaved, self.banned());
                let holds = (misbehaved == 0 && banned == 0) == *nobody;
                (holds, format!("{misbehaved} hung up on for breaking a rule, {banned} banned"))
            }
            Expectation::Payments(asked) => self.payments(asked),
            Expectation::BlocksOf { who, found_after, found_before, at_least, at_most } => {
                let count = self.blocks_of(who, *found_after, *found_before);
                (within(&count, *at_least, *at_most), format!("{count}"))
            }
            Expectation::Connections { who, at_least, at_most, .. } => {
                self.connections(who, *at_least, *at_most)
            }
            Expectation::Stopped { who, .. } => self.state(who, true),
            Expectation::Working { who, .. } => self.state(who, false),
            Expectation::SupplyExact(exact) => {
                let wrong = self.wrong_supplies();
                (wrong.is_empty() == *exact, wrong.first().cloned().unwrap_or_else(|| "it is".to_owned()))
            }
        }
    }

    fn tips_differ(&self, one: &[Who], other: &[Who]) -> Found {
        let (one, other) = (self.tips(one), self.tips(other));
        let differ = !one.is_empty() && !other.is_empty() && !one.iter().any(|tip| other.contains(tip));
        (differ, if differ { "they differ" } else { "some follow the same" }.to_owned())
    }

    fn propagation(&self, below: [Option<Span>; 3], p50_above: Option<Span>) -> Found {
        let spread = self.figures().propagation;
        let took = [spread.p50_ms, spread.p90_ms, spread.p99_ms];
        let is_less = |took: f64, than: Span| took * (MILLISECOND as f64) < than.0 as f64;
        let is_fast =
            took.iter().zip(below).all(|(took, below)| below.is_none_or(|below| is_less(*took, below)));
        let is_slow = p50_above.is_none_or(|above| !is_less(spread.p50_ms, above));
        let [p50, p90, p99] = took;
        let found = format!("{p50:.0} ms, {p90:.0} ms, {p99:.0} ms for 50, 90, 99 of 100");
        (is_fast && is_slow && spread.count > 0, found)
    }

    fn connections(&self, who: &[Who], at_least: Option<usize>, at_most: Option<usize>) -> Found {
        let counts = self.running(who).into_iter().map(|node| self.world.node(node).connections());
        let counts: Vec<usize> = counts.collect();
        match (counts.iter().min(), counts.iter().max()) {
            (Some(least), Some(most)) => {
                let holds = within(least, at_least, at_most) && within(most, at_least, at_most);
                (holds, format!("{least} to {most}"))
            }
            _ => (false, "nobody runs".to_owned()),
        }
    }

    fn tips(&self, who: &[Who]) -> Vec<BlockHash> {
        let mut tips: Vec<BlockHash> =
            self.numbers(who).into_iter().filter_map(|node| self.world.tip(node)).collect();
        tips.sort_unstable();
        tips.dedup();
        tips
    }

    /// Which tips there are among these.
    pub fn different(&self, nodes: &[usize]) -> String {
        let mut tips: Vec<(BlockHash, Height, Vec<usize>)> = Vec::new();
        for node in nodes {
            let Some(handle) = self.world.node(*node).handle() else { continue };
            let tip = handle.reader().tip();
            match tips.iter_mut().find(|(hash, ..)| *hash == tip.hash) {
                Some((.., nodes)) => nodes.push(*node),
                None => tips.push((tip.hash, tip.height, vec![*node])),
            }
        }
        tips.sort_by_key(|(.., nodes)| std::cmp::Reverse(nodes.len()));
        let told = tips.iter().take(4).map(|(hash, height, nodes)| {
            let short: String =
                hash.to_string().chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect();
            let first = nodes.first().map_or("", |node| self.scenario.group_of(*node));
            format!("…{short} at {} by {} ({first})", height.0, nodes.len())
        });
        let told: Vec<String> = told.collect();
        match tips.len() {
            0 => "nobody runs".to_owned(),
            1 => format!("one tip: {}", told.join("")),
            count => format!("{count} tips: {}", told.join("; ")),
        }
    }

    fn height(&self, who: &[Who], at_least: Option<u32>, at_most: Option<u32>) -> Found {
        let handles = self.running(who).into_iter().filter_map(|node| self.world.node(node).handle());
        let heights: Vec<u32> = handles.map(|handle| handle.reader().tip().height.0).collect();
        match (heights.iter().min(), heights.iter().max()) {
            (Some(least), Some(most)) => {
                let holds = within(least, at_least, at_most) && within(most, at_least, at_most);
                (holds, if least == most { format!("{least}") } else { format!("{least} to {most}") })
            }
            _ => (false, "nobody runs".to_owned()),
        }
    }

    fn banned(&self) -> usize {
        let bans =
            |node: usize| self.world.node(node).machine().map_or(0, |machine| machine.bans().iter().count());
        self.world.nodes().into_iter().map(bans).sum()
    }

    fn payments(&self, asked: &expect::Paid) -> Found {
        let Some(users) = self.world.users() else { return (false, "nobody pays".to_owned()) };
        let chain = Followed::of(self.world);
        let is_asked = |paid: &&Paid| {
            paid.admitted.is_some()
                && asked.paid_before.is_none_or(|before| paid.at < before.0)
                && asked.paid_after.is_none_or(|after| paid.at >= after.0)
        };
        let taken: Vec<&Paid> = users.paid.iter().filter(is_asked).collect();
        let in_time = |paid: &&&Paid| match (chain.mined(&paid.hash), asked.within) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(found), Some(within)) => found.is_some_and(|found| found <= paid.at + within.0),
        };
        let mined = taken.iter().filter(in_time).count();
        let rate = share(mined, taken.len());
        let holds = asked.mined_at_least.is_none_or(|least| rate >= least)
            && asked.mined_at_most.is_none_or(|most| rate <= most)
            && taken.len() >= asked.taken_at_least.unwrap_or(1)
            && asked.refused_at_most.is_none_or(|most| users.refused <= most);
        (
            holds,
            format!("{:.1} %: {mined} of {} taken in; {} refused", rate * 100.0, taken.len(), users.refused),
        )
    }

    fn blocks_of(&self, who: &[Who], after: Option<Span>, before: Option<Span>) -> usize {
        let (chain, nodes) = (Followed::of(self.world), self.numbers(who));
        let is_theirs = |hash: &&BlockHash| {
            self.world.record.block(hash).is_some_and(|story| {
                let miner = self.world.miners().get(story.miner);
                miner.is_some_and(|miner| nodes.contains(&miner.node))
                    && after.is_none_or(|after| story.found >= after.0)
                    && before.is_none_or(|before| story.found < before.0)
            })
        };
        self.world.record.found.iter().filter(is_theirs).filter(|hash| chain.has(hash)).count()
    }

    /// Whether all of them stopped themselves; or none did, and all run.
    fn state(&self, who: &[Who], is_stopped: bool) -> Found {
        let (mut stopped, mut working, mut absent, mut why) = (0, 0, 0, None);
        for node in self.numbers(who) {
            let node = self.world.node(node);
            match (&node.stopped, node.is_running()) {
                (Some(reason), _) => {
                    stopped += 1;
                    why = why.or_else(|| Some(reason.clone()));
                }
                (None, true) => working += 1,
                (None, false) => absent += 1,
            }
        }
        let holds = if is_stopped { working + absent == 0 } else { stopped + absent == 0 };
        let why = why.map_or(String::new(), |why| format!(": {why}"));
        (holds, format!("{working} at work, {absent} do not run, {stopped} stopped{why}"))
    }

    /// What is wrong with the supply, at each that runs.
    fn wrong_supplies(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let issuance = &self.world.ground().params().issuance;
        for node in self.world.running() {
            let Some(handle) = self.world.node(node).handle() else { continue };
            let reader = handle.reader();
            let height = reader.tip().height.0;
            let due = (1..=height).map(|height| issuance.subsidy(Height(height)).pebbles()).sum();
            match reader.supply() {
                Ok(supply) if supply.issued == Amount::from_pebbles(due) => {}
                Ok(supply) => wrong.push(format!(
                    "node {node} has issued {} at {height}, and should have {due}",
                    supply.issued.pebbles()
                )),
                Err(error) => wrong.push(format!("node {node}: {error}")),
            }
        }
        wrong
    }
}

fn within<T: PartialOrd>(value: &T, at_least: Option<T>, at_most: Option<T>) -> bool {
    at_least.is_none_or(|least| *value >= least) && at_most.is_none_or(|most| *value <= most)
}
