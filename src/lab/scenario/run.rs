//! Running a scenario: what is to happen and what is to be looked at, in the order of time.

use super::adversaries::cheat_again;
use super::conclusion::{Conclusion, Occurrence, Sample, TreeBlock, Verdict};
use super::judge::Judge;
use super::text::{Moment, Span};
use super::{Expectation, Scenario, Who};
use crate::lab::checkers::Checkers;
use crate::lab::clock::{MILLISECOND, SECOND};
use crate::lab::figures::{Figures, Followed, Recovery};
use crate::lab::report::{Plot, Series};
use crate::lab::world::World;

/// How often it is looked whether all are of one mind, while that is waited for.
const LOOK_EVERY: u64 = 100 * MILLISECOND;
/// How often it is noted how the network stands, in all.
const SAMPLES: u64 = 240;

/// Something that has its time.
#[derive(Clone, Copy)]
enum Due {
    /// An expectation is looked at.
    Check(usize),
    /// A group starts.
    Begin(usize),
    /// Some come who mean harm.
    Enter(usize),
    /// Something befalls the network.
    Happening(usize),
    /// All are waited for to be of one mind, because an expectation says so.
    Watch(usize),
    /// Nobody mines any more.
    Settle,
}

/// Somebody waits for nodes to be of one mind.
pub(super) struct Watch {
    /// For which expectation; nothing where it is a healing that is measured.
    pub(super) expectation: Option<usize>,
    pub(super) who: Vec<usize>,
    pub(super) since: u64,
    pub(super) until: u64,
}

/// A scenario that runs.
pub(super) struct Run<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) world: World,
    events: Vec<Occurrence>,
    verdicts: Vec<Option<Verdict>>,
    pub(super) watches: Vec<Watch>,
    recoveries: Vec<Recovery>,
    samples: Vec<Sample>,
    /// The numbers of those who mean harm, as their tables stand; nobody's before they come.
    pub(super) bands: Vec<Vec<usize>>,
    /// What each miner did, in hashes.
    hashes: Vec<f64>,
}

impl Scenario {
    /// Lets it happen, from its own seed or another, and tells the story to whoever wants to hear it.
    pub fn run(&self, seed: Option<u64>, story: Option<crate::lab::Listener>) -> Conclusion {
        let seed = seed.unwrap_or(self.seed);
        let mut world = self.build(seed);
        if let Some(story) = story {
            world.record.tell_to(story);
        }
        let mut run = Run {
            scenario: self,
            world,
            events: Vec::new(),
            verdicts: vec![None; self.expect.len()],
            watches: Vec::new(),
            recoveries: Vec::new(),
            samples: Vec::new(),
            bands: vec![Vec::new(); self.adversaries.len()],
            hashes: Vec::new(),
        };
        for mining in &self.mining {
            run.add_miners(&mining.who, mining.share, mining.strategy);
        }
        for (at, due) in self.agenda() {
            run.advance(at);
            run.meet(due);
        }
        run.advance(self.duration.0);
        run.finish(seed)
    }

    /// Everything that has its time, in order. Of the same time, what is looked at comes before what happens.
    fn agenda(&self) -> Vec<(u64, Due)> {
        let mut agenda = Vec::new();
        for (number, expect) in self.expect.iter().enumerate() {
            if let Some(at) = expect.at() {
                agenda.push((at.0, Due::Check(number)));
            }
        }
        let starts = self.nodes.iter().map(|group| group.starts.unwrap_or_default().0);
        agenda.extend(starts.enumerate().map(|(group, at)| (at, Due::Begin(group))));
        let enters = self.adversaries.iter().map(|adversary| adversary.from.0);
        agenda.extend(enters.enumerate().map(|(band, at)| (at, Due::Enter(band))));
        let happens = self.events.iter().map(|event| event.at.0);
        agenda.extend(happens.enumerate().map(|(number, at)| (at, Due::Happening(number))));
        for (number, expect) in self.expect.iter().enumerate() {
            let after = match expect {
                Expectation::OneTip { after: Some(Moment::At(at)), .. } => Some(*at),
                Expectation::OneTip { after: Some(Moment::Heal), .. } => self.healed_at(),
                _ => None,
            };
            agenda.extend(after.map(|at| (at.0, Due::Watch(number))));
        }
        agenda.push((self.duration.0 - self.settle.0, Due::Settle));
        agenda.sort_by_key(|(at, _)| *at);
        agenda
    }
}

impl Run<'_> {
    pub(super) fn numbers(&self, who: &[Who]) -> Vec<usize> {
        self.scenario.numbers(who).unwrap_or_default()
    }

    fn judge(&self) -> Judge<'_> {
        Judge::new(&self.world, self.scenario, &self.bands)
    }

    fn seconds(&self) -> f64 {
        self.world.micros() as f64 / SECOND as f64
    }

    pub(super) fn note(&mut self, what: String, is_trouble: bool) {
        let micros = self.world.micros();
        self.world.record.say(micros, || format!("*** {what}"));
        self.events.push(Occurrence { at: self.seconds(), what, is_trouble });
    }

    /// Each of them mines with as much as the others.
    pub(super) fn add_miners(&mut self, who: &[Who], share: f64, strategy: crate::lab::Strategy) {
        let nodes = self.numbers(who);
        for node in &nodes {
            let miner = self.world.add_miner(*node, share / nodes.len() as f64, strategy);
            cheat_again(&mut self.world, miner);
            self.hashes.push(0.0);
        }
    }

    /// Lets time go by until then, and looks what has to be looked at on the way.
    fn advance(&mut self, until: u64) {
        let every = (self.scenario.duration.0 / SAMPLES).max(1);
        while self.world.micros() < until {
            let now = self.world.micros();
            let sample = every * (now / every + 1);
            // Whoever is waited for is looked at when that ends, and not a moment later.
            let ends = self.watches.iter().map(|watch| watch.until);
            let look = ends.min().map_or(u64::MAX, |end| end.min(now + LOOK_EVERY));
            let next = until.min(sample).min(look);
            self.count_hashes(next - now);
            self.world.run_until(next);
            if next == sample {
                self.sample();
            }
            self.look();
        }
    }

    /// Whoever runs now is taken to have mined until then.
    fn count_hashes(&mut self, micros: u64) {
        for (hashes, miner) in self.hashes.iter_mut().zip(self.world.miners()) {
            if self.world.node(miner.node).is_running() {
                *hashes += miner.rate * micros as f64;
            }
        }
    }

    fn sample(&mut self) {
        let running = self.world.running();
        let mut tips = Vec::new();
        let mut height = 0;
        for handle in running.iter().filter_map(|node| self.world.node(*node).handle()) {
            let tip = handle.reader().tip();
            tips.push(tip.hash);
            height = height.max(tip.height.0);
        }
        tips.sort_unstable();
        tips.dedup();
        self.samples.push(Sample { at: self.seconds(), running: running.len(), tips: tips.len(), height });
    }

    /// Whoever is waited for may be of one mind by now.
    fn look(&mut self) {
        let now = self.world.micros();
        let watches = std::mem::take(&mut self.watches);
        for watch in watches {
            let tips: Vec<_> = watch.who.iter().filter_map(|node| self.world.tip(*node)).collect();
            let agree = !tips.is_empty() && tips.windows(2).all(|pair| pair[0] == pair[1]);
            let took = Span::of_micros(now - watch.since);
            if !agree && now < watch.until {
                self.watches.push(watch);
                continue;
            }
            match watch.expectation {
                None => self.recoveries.push(Recovery {
                    healed: watch.since as f64 / SECOND as f64,
                    seconds: agree.then(|| took.seconds()),
                    deepest: deepest(&self.world, watch.since),
                }),
                Some(number) => {
                    let found =
                        if agree { format!("after {took}") } else { self.judge().different(&watch.who) };
                    self.settle_verdict(number, agree, found);
                }
            }
        }
    }

    fn settle_verdict(&mut self, number: usize, holds: bool, found: String) {
        let expected = self.scenario.expect[number].to_string();
        self.verdicts[number] = Some(Verdict { expected, found, holds });
    }

    fn meet(&mut self, due: Due) {
        match due {
            Due::Check(number) => {
                let (holds, found) = self.judge().judge(&self.scenario.expect[number]);
                self.settle_verdict(number, holds, found);
            }
            Due::Begin(group) => self.begin(group),
            Due::Enter(band) => self.enter(band),
            Due::Happening(number) => self.befall(&self.scenario.events[number].what),
            Due::Watch(number) => {
                if let Expectation::OneTip { who, within, .. } = &self.scenario.expect[number] {
                    let (since, end) = (self.world.micros(), self.scenario.duration.0);
                    let until = (since + within.unwrap_or_default().0).min(end);
                    let who = self.numbers(who);
                    self.watches.push(Watch { expectation: Some(number), who, since, until });
                    self.look();
                }
            }
            Due::Settle => {
                (0..self.world.miners().len()).for_each(|miner| self.world.set_share(miner, 0.0));
                if !self.scenario.mining.is_empty() {
                    self.note("nobody mines any more".to_owned(), false);
                }
            }
        }
    }

    fn finish(mut self, seed: u64) -> Conclusion {
        let end = self.world.micros();
        self.watches.iter_mut().for_each(|watch| watch.until = end);
        self.look();
        self.sample();
        let mut checkers = Checkers::new();
        checkers.watch(&self.world);
        checkers.violations.iter().for_each(|violation| self.note(violation.to_string(), true));
        let judge = self.judge();
        let judged = self.scenario.expect.iter().zip(&self.verdicts).map(|(expect, verdict)| {
            verdict.clone().unwrap_or_else(|| {
                let (holds, found) = judge.judge(expect);
                Verdict { expected: expect.to_string(), found, holds }
            })
        });
        let verdicts = judged.collect();
        let name = |node: usize| self.scenario.group_of(node).to_owned();
        let figures = Figures::of(&self.world, name, &self.hashes, std::mem::take(&mut self.recoveries));
        Conclusion {
            name: self.scenario.name.clone(),
            about: self.scenario.about.clone(),
            seed,
            seconds: self.seconds(),
            nodes: self.scenario.nodes(),
            digest: format!("{:032x}", self.world.digest()),
            blocks: self.blocks(),
            plots: vec![tips_plot(&self.samples)],
            events: self.events,
            verdicts,
            figures,
            samples: self.samples,
        }
    }

    fn blocks(&self) -> Vec<TreeBlock> {
        let chain = Followed::of(&self.world);
        let stories =
            self.world.record.found.iter().filter_map(|hash| Some((hash, self.world.record.block(hash)?)));
        let block = |(hash, story): (&crate::types::BlockHash, &crate::lab::BlockStory)| {
            let node = self.world.miners()[story.miner].node;
            let mut seen: Vec<u32> = story.seen.iter().map(|(node, _)| *node).collect();
            seen.sort_unstable();
            seen.dedup();
            TreeBlock {
                hash: hash.to_string(),
                below: story.below.to_string(),
                height: story.height.0,
                found: story.found as f64 / SECOND as f64,
                miner: self.scenario.group_of(node).to_owned(),
                transactions: story.transactions,
                seen: seen.len(),
                in_chain: chain.has(hash),
            }
        };
        stories.map(block).collect()
    }
}

/// How many blocks were taken back at once, at most, from then on.
fn deepest(world: &World, since: u64) -> u32 {
    let later = world.record.reorganized.iter().rev().take_while(|one| one.at >= since);
    later.map(|one| one.depth).max().unwrap_or(0)
}

fn tips_plot(samples: &[Sample]) -> Plot {
    let points = |value: fn(&Sample) -> usize| {
        samples.iter().map(|sample| (sample.at / 60.0, value(sample) as f64)).collect()
    };
    let series = vec![
        Series::curve("tips", points(|sample| sample.tips)),
        Series::reference("nodes that run", points(|sample| sample.running)),
    ];
    Plot::new("Tips that are followed, and nodes that run", "minutes", "how many", series)
}
