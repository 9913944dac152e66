//! Whether what was expected holds in a world as it is now, and what is found there instead.

use core::net::IpAddr;
use std::collections::{BTreeSet, HashMap};

use super::text::Span;
use super::{AskedPayments, Expectation, Scenario, Who};
use crate::consensus::Issuance;
use crate::lab::checkers::banned;
use crate::lab::clock::MILLISECOND;
use crate::lab::figures::{Figures, Followed, share, taken_back};
use crate::lab::world::{Paid, World};
use crate::protocol::Side;
use crate::types::{Amount, BlockHash, Height};

/// Looks at a world for a scenario.
pub(super) struct Judge<'a> {
    world: &'a World,
    scenario: &'a Scenario,
    /// Those who mean harm, by their tables.
    bands: &'a [Vec<usize>],
}

/// Whether something holds, and what was found.
type Found = (bool, String);

impl<'a> Judge<'a> {
    pub fn new(world: &'a World, scenario: &'a Scenario, bands: &'a [Vec<usize>]) -> Self {
        Self { world, scenario, bands }
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
                let (misbehaved, banned) = (self.figures().on_nodes.misbehaved, banned(self.world).len());
                let holds = (misbehaved == 0 && banned == 0) == *nobody;
                (holds, format!("{misbehaved} hung up on for breaking a rule, {banned} banned"))
            }
            Expectation::Payments(asked) => self.payments(asked),
            Expectation::BlocksOf { who, found_after, found_before, at_least, at_most } => {
                let count = self.blocks_of(who, *found_after, *found_before);
                (within(&count, *at_least, *at_most), format!("{count}"))
            }
            Expectation::Connections { who, at_least, at_most, .. } => {
                let counts = self.running(who).into_iter().map(|node| self.world.node(node).connections());
                all_within(counts, *at_least, *at_most)
            }
            Expectation::Stopped { who, .. } => self.state(who, true),
            Expectation::Working { who, .. } => self.state(who, false),
            Expectation::OutboundHonest { who, at_least, at_most, .. } => {
                let honest = self.running(who).into_iter().map(|node| self.outbound_honest(node));
                all_within(honest, *at_least, *at_most)
            }
            Expectation::Punished { who, by, at_least, at_most, .. } => {
                let by = self.numbers(by);
                let punished = self.adversaries(who).into_iter().map(|who| self.punished(who, &by));
                all_within(punished, *at_least, *at_most)
            }
            Expectation::Admitted { who, at_least, at_most, .. } => {
                all_within(self.admitted(who).into_iter(), *at_least, *at_most)
            }
            Expectation::Revenue { who, above, below } => {
                let (found, all) = (self.blocks_of(who, None, None), Followed::of(self.world).height());
                between(found, all as usize, *above, *below)
            }
            Expectation::TakenBack { who, above, below } => {
                let (taken, tried) = self.taken_back(who);
                between(taken, tried, *above, *below)
            }
            Expectation::SupplyExact(exact) => {
                let wrong = self.wrong_supplies(&self.world.ground().params().issuance);
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
        all_within(handles.map(|handle| handle.reader().tip().height.0), at_least, at_most)
    }

    /// Those of these who have come.
    fn adversaries(&self, who: &[Who]) -> Vec<usize> {
        let places = self.scenario.bands(who).unwrap_or_default();
        places.into_iter().flat_map(|place| self.bands[place].iter().copied()).collect()
    }

    /// How many connections that a node made lead to nodes.
    fn outbound_honest(&self, node: usize) -> usize {
        let report = self.world.node(node).report();
        let made = report.iter().flat_map(|report| &report.peers);
        let made = made.filter(|peer| peer.met.side == Side::Dialer && peer.agent.is_some());
        let parties = made.filter_map(|peer| self.world.party_at(peer.met.address));
        parties.filter(|party| self.world.is_honest(*party)).count()
    }

    /// How many of these nodes hung up on somebody for breaking a rule.
    fn punished(&self, adversary: usize, by: &[usize]) -> usize {
        let ip = self.world.address(adversary).ip();
        let did = |node: &&usize| self.world.node(**node).punished.iter().any(|(who, _)| who.ip() == ip);
        by.iter().filter(did).count()
    }

    /// How many nodes each of these adversaries is connected to.
    fn admitted(&self, who: &[Who]) -> Vec<usize> {
        let mut nodes: HashMap<IpAddr, BTreeSet<usize>> = HashMap::new();
        for node in self.world.running() {
            let report = self.world.node(node).report();
            for peer in report.iter().flat_map(|report| &report.peers).filter(|peer| peer.agent.is_some()) {
                nodes.entry(peer.met.address.ip()).or_default().insert(node);
            }
        }
        let count = |who| nodes.get(&self.world.address(who).ip()).map_or(0, BTreeSet::len);
        self.adversaries(who).into_iter().map(count).collect()
    }

    /// How many payments of how many these miners took back.
    fn taken_back(&self, who: &[Who]) -> (usize, usize) {
        let (chain, nodes) = (Followed::of(self.world), self.numbers(who));
        let miners = 0..self.world.miners().len();
        let theirs = miners.filter(|miner| nodes.contains(&self.world.miners()[*miner].node));
        let counts = theirs.map(|miner| taken_back(self.world, &chain, miner));
        counts.fold((0, 0), |(taken, tried), (more, all)| (taken + more, tried + all))
    }

    fn payments(&self, asked: &AskedPayments) -> Found {
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

    /// What is wrong with the supply by these rules, at each that runs.
    fn wrong_supplies(&self, issuance: &Issuance) -> Vec<String> {
        let mut wrong = Vec::new();
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

/// Whether a count is within its bounds for all of them; it is not where there is nobody.
fn all_within<T: Ord + Copy + core::fmt::Display>(
    counts: impl Iterator<Item = T>,
    at_least: Option<T>,
    at_most: Option<T>,
) -> Found {
    let counts: Vec<T> = counts.collect();
    let (Some(least), Some(most)) = (counts.iter().min(), counts.iter().max()) else {
        return (false, "nobody is there".to_owned());
    };
    let holds = within(least, at_least, at_most) && within(most, at_least, at_most);
    (holds, if least == most { format!("{least}") } else { format!("{least} to {most}") })
}

/// Whether a part of all is between these.
fn between(part: usize, all: usize, above: Option<f64>, below: Option<f64>) -> Found {
    let rate = share(part, all);
    let holds = above.is_none_or(|above| rate > above) && below.is_none_or(|below| rate < below);
    (holds && all > 0, format!("{:.1} %: {part} of {all}", rate * 100.0))
}

fn within<T: PartialOrd>(value: &T, at_least: Option<T>, at_most: Option<T>) -> bool {
    at_least.is_none_or(|least| *value >= least) && at_most.is_none_or(|most| *value <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::clock::MINUTE;
    use crate::protocol::Farewell;

    const TWO: &str = r#"
name = "two"
about = "Two nodes, one of which mines."
duration = "10m"
nodes = [{ name = "nodes", count = 2 }]
"#;

    /// Nobody breaks a rule as long as nodes are sound: what a judge would say is seen where it is made up.
    #[test]
    fn honest_node_that_is_punished_or_banned_and_money_too_much_are_seen() {
        let scenario = Scenario::from_toml(TWO).unwrap();
        let mut world = scenario.build(1);
        world.nodes().into_iter().for_each(|node| world.start(node).unwrap());
        world.add_miner(0, 1.0, crate::lab::Strategy::Honest);
        world.run_for(10 * MINUTE);
        let judge = |world: &World, expect| Judge::new(world, &scenario, &[]).judge(&expect);
        let (nobody, exact) = (Expectation::NobodyBanned(true), Expectation::SupplyExact(true));
        assert!(judge(&world, nobody.clone()).0 && judge(&world, exact).0);

        let params = world.ground().params().clone();
        let other = Issuance {
            initial: Amount::from_pebbles(params.issuance.initial.pebbles() + 1),
            ..params.issuance
        };
        let wrong = Judge::new(&world, &scenario, &[]).wrong_supplies(&other);
        assert!(wrong.len() == 2 && wrong[0].contains("and should have"), "{wrong:?}");

        let address = world.address(1);
        world.node_mut(0).farewells.insert((address, Farewell::Misbehaved("nothing".to_owned())), 1);
        let (holds, found) = judge(&world, nobody);
        assert!(!holds && found.starts_with("1 hung up on for breaking a rule"), "{found}");
    }
}
