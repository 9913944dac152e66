//! The figures that people ask for: how fast blocks spread, how many came to nothing, what it cost, who earned what.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::clock::{MILLISECOND, SECOND};
use super::world::{Fraud, FraudOutcome, World};
use crate::node::Reader;
use crate::protocol::Farewell;
use crate::types::{BlockHash, Height, TxHash};

/// Points of a propagation curve, at most.
const CURVE_POINTS_MAX: usize = 100;

/// The figures of a world.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Figures {
    /// Events that were worked off.
    pub events: u64,
    /// Blocks.
    pub blocks: Blocks,
    /// How fast blocks spread.
    pub propagation: Propagation,
    /// How nodes changed their minds.
    pub reorganizations: Reorganized,
    /// What it cost.
    pub traffic: Cost,
    /// Who found what.
    pub miners: Vec<MinerFigure>,
    /// What became of payments.
    pub payments: Payments,
    /// How long it took until all were of one mind again.
    pub recoveries: Vec<Recovery>,
    /// How often nodes hung up on other nodes as a punishment.
    pub on_nodes: Farewells,
    /// And on those who mean harm.
    pub on_adversaries: Farewells,
}

/// How often nodes hung up on others for what these did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Farewells {
    /// They broke a rule.
    pub misbehaved: u64,
    /// They did not send what they have.
    pub stalled: u64,
}

/// How many blocks there were, and what became of them.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Blocks {
    /// The height that was reached.
    pub height: u32,
    /// Found.
    pub found: usize,
    /// Of those, in the chain in the end.
    pub in_chain: usize,
    /// Of those, not in it.
    pub stale: usize,
    /// The share that is not.
    pub stale_rate: f64,
}

/// How long it took from a block's finding until a node had it, whole and checked: over all blocks, and all nodes that ran
/// from then until they had it, but the one that it was found on.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Propagation {
    /// Over how many that is.
    pub count: usize,
    /// Milliseconds on average.
    pub mean_ms: f64,
    /// Milliseconds within which half of them had it.
    pub p50_ms: f64,
    /// Nine of ten.
    pub p90_ms: f64,
    /// Ninety-nine of a hundred.
    pub p99_ms: f64,
    /// All of them.
    pub longest_ms: f64,
    /// Milliseconds, and the share that had it by then.
    pub curve: Vec<(f64, f64)>,
}

/// How nodes changed their minds.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Reorganized {
    /// How often, all nodes together.
    pub count: usize,
    /// Blocks taken back at the deepest.
    pub deepest: u32,
    /// How often, by how many blocks were taken back.
    pub by_depth: BTreeMap<u32, usize>,
}

/// Messages that arrived, and their bytes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Cost {
    /// Messages in all.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Messages of each node, on average.
    pub messages_each: f64,
    /// Their bytes.
    pub bytes_each: f64,
    /// Bytes of the node that sent the most.
    pub bytes_most: u64,
}

/// What some miners found.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct MinerFigure {
    /// Who they are.
    pub name: String,
    /// Their share of all hashes that were done.
    pub hashes: f64,
    /// Blocks that they found.
    pub found: usize,
    /// Of those, in the chain in the end.
    pub in_chain: usize,
    /// Their share of what is in it.
    pub of_chain: f64,
    /// Payments that they meant to take back and are done with.
    pub frauds: usize,
    /// Of those, that the chain took back in the end.
    pub taken_back: usize,
}

/// What became of payments.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Payments {
    /// Brought before a node.
    pub paid: usize,
    /// That it took in.
    pub taken: usize,
    /// That it refused.
    pub refused: u64,
    /// That are in the chain in the end.
    pub mined: usize,
    /// Seconds from paying until the block was found that half of them waited at most.
    pub wait_p50: f64,
    /// And nine of ten.
    pub wait_p90: f64,
}

/// How long it took until all were of one mind again.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Recovery {
    /// When ways were opened, in seconds since the beginning.
    pub healed: f64,
    /// Seconds from then on; nothing where they never were.
    pub seconds: Option<f64>,
    /// Blocks that some node took back at once meanwhile, at the deepest.
    pub deepest: u32,
}

impl Figures {
    /// The figures of a world as it is now. A node's name says whose its blocks are; `hashes` is what each miner did.
    pub fn of(
        world: &World,
        name: impl Fn(usize) -> String,
        hashes: &[f64],
        recoveries: Vec<Recovery>,
    ) -> Self {
        let chain = Followed::of(world);
        let [on_nodes, on_adversaries] = farewells(world);
        Self {
            events: world.events(),
            blocks: blocks(world, &chain),
            propagation: propagation(world),
            reorganizations: reorganized(world),
            traffic: cost(world),
            miners: miners(world, &chain, name, hashes),
            payments: payments(world, &chain),
            recoveries,
            on_nodes,
            on_adversaries,
        }
    }
}

/// How often nodes hung up as a punishment: on nodes, and on those who mean harm.
fn farewells(world: &World) -> [Farewells; 2] {
    let mut counts = [Farewells::default(); 2];
    for node in world.nodes() {
        for ((who, why), often) in &world.node(node).farewells {
            let Some(who) = world.party_at(*who) else { continue };
            let count = &mut counts[usize::from(!world.is_honest(who))];
            match why {
                Farewell::Misbehaved(_) => count.misbehaved += often,
                Farewell::Stalls => count.stalled += often,
                Farewell::Ourselves
                | Farewell::Twice
                | Farewell::Versions { .. }
                | Farewell::Banned
                | Farewell::NoRoom
                | Farewell::Seen
                | Farewell::Silent
                | Farewell::Ordered => {}
            }
        }
    }
    counts
}

/// The chain that is followed by most work, of all nodes that run.
pub(super) struct Followed {
    reader: Option<Reader>,
    mined: HashMap<TxHash, Option<u64>>,
}

impl Followed {
    /// That of a world as it is now.
    pub fn of(world: &World) -> Self {
        let readers =
            world.running().into_iter().filter_map(|node| Some(world.node(node).handle()?.reader()));
        let best = readers.reduce(|best, other| {
            let work = |reader: &Reader| reader.header(&reader.tip().hash).map(|entry| entry.work);
            if work(&other) > work(&best) { other } else { best }
        });
        let mut mined = HashMap::new();
        if let Some(reader) = &best {
            for height in 1..=reader.tip().height.0 {
                let Some(entry) = reader.header_at(Height(height)) else { continue };
                let Ok(Some(block)) = reader.block(&entry.hash) else { continue };
                let found = world.record.block(&entry.hash).map(|story| story.found);
                mined.extend(block.transactions.iter().map(|transaction| (transaction.hash(), found)));
            }
        }
        Self { reader: best, mined }
    }

    /// Whether a block is in it.
    pub fn has(&self, block: &BlockHash) -> bool {
        self.reader.as_ref().is_some_and(|reader| reader.is_followed(block))
    }

    /// How high it is.
    pub fn height(&self) -> u32 {
        self.reader.as_ref().map_or(0, |reader| reader.tip().height.0)
    }

    /// When the block was found that a transaction stands in; the inner nothing where nobody knows.
    pub fn mined(&self, transaction: &TxHash) -> Option<Option<u64>> {
        self.mined.get(transaction).copied()
    }
}

fn blocks(world: &World, chain: &Followed) -> Blocks {
    let found = world.record.found.len();
    let in_chain = world.record.found.iter().filter(|block| chain.has(block)).count();
    let stale = found - in_chain;
    Blocks { height: chain.height(), found, in_chain, stale, stale_rate: share(stale, found) }
}

/// Which part of all this is.
pub(super) fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// The value that so large a share of all is not above; they stand in order.
pub(super) fn quantile(sorted: &[u64], share: f64) -> u64 {
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(place.max(1) - 1).copied().unwrap_or(0)
}

fn propagation(world: &World) -> Propagation {
    let mut took = Vec::new();
    for story in world.record.found.iter().filter_map(|hash| world.record.block(hash)) {
        let own = world.miners().get(story.miner).map(|miner| miner.node as u32);
        let mut had: HashSet<u32> = own.into_iter().collect();
        let first = story.seen.iter().filter(|(node, _)| had.insert(*node));
        // Whoever was not there cannot have been told; it catches up, which is something else.
        let first = first.filter(|(node, at)| {
            let starts = world.record.starts.get(*node as usize);
            let last = starts.and_then(|starts| starts.iter().rfind(|start| *start <= at));
            last.is_some_and(|start| *start <= story.found)
        });
        took.extend(first.map(|(_, at)| at - story.found));
    }
    took.sort_unstable();
    let millis = |micros: u64| micros as f64 / MILLISECOND as f64;
    let points = CURVE_POINTS_MAX.min(took.len());
    let curve = (1..=points).map(|point| {
        let share = point as f64 / points as f64;
        (millis(quantile(&took, share)), share)
    });
    Propagation {
        count: took.len(),
        mean_ms: millis(took.iter().sum()) / took.len().max(1) as f64,
        p50_ms: millis(quantile(&took, 0.5)),
        p90_ms: millis(quantile(&took, 0.9)),
        p99_ms: millis(quantile(&took, 0.99)),
        longest_ms: millis(took.last().copied().unwrap_or(0)),
        curve: curve.collect(),
    }
}

fn reorganized(world: &World) -> Reorganized {
    let all = &world.record.reorganized;
    let mut by_depth = BTreeMap::new();
    all.iter().for_each(|one| *by_depth.entry(one.depth).or_default() += 1);
    Reorganized { count: all.len(), deepest: all.iter().map(|one| one.depth).max().unwrap_or(0), by_depth }
}

fn cost(world: &World) -> Cost {
    let nodes = world.nodes();
    let sent = nodes.iter().filter_map(|node| world.record.sent.get(*node));
    let (messages, bytes, most) = sent.fold((0, 0, 0), |(messages, bytes, most): (u64, u64, u64), sent| {
        (messages + sent.messages, bytes + sent.bytes, most.max(sent.bytes))
    });
    let each = |all: u64| if nodes.is_empty() { 0.0 } else { all as f64 / nodes.len() as f64 };
    Cost {
        messages: world.record.messages,
        bytes: world.record.bytes,
        messages_each: each(messages),
        bytes_each: each(bytes),
        bytes_most: most,
    }
}

fn miners(
    world: &World,
    chain: &Followed,
    name: impl Fn(usize) -> String,
    hashes: &[f64],
) -> Vec<MinerFigure> {
    let mut figures: Vec<MinerFigure> = Vec::new();
    let all: f64 = hashes.iter().sum();
    let mut place_of = Vec::new();
    for (number, miner) in world.miners().iter().enumerate() {
        let name = name(miner.node);
        let place = figures.iter().position(|figure| figure.name == name).unwrap_or(figures.len());
        if place == figures.len() {
            figures.push(MinerFigure {
                name,
                hashes: 0.0,
                found: 0,
                in_chain: 0,
                of_chain: 0.0,
                frauds: 0,
                taken_back: 0,
            });
        }
        place_of.push(place);
        let (taken, tried) = taken_back(world, chain, number);
        figures[place].frauds += tried;
        figures[place].taken_back += taken;
        if all > 0.0 {
            figures[place].hashes += hashes.get(number).unwrap_or(&0.0) / all;
        }
    }
    for hash in &world.record.found {
        let place = world.record.block(hash).and_then(|story| place_of.get(story.miner));
        if let Some(figure) = place.and_then(|place| figures.get_mut(*place)) {
            figure.found += 1;
            figure.in_chain += usize::from(chain.has(hash));
        }
    }
    let in_chain = figures.iter().map(|figure| figure.in_chain).sum();
    figures.iter_mut().for_each(|figure| figure.of_chain = share(figure.in_chain, in_chain));
    figures
}

/// How many payments a miner took back, of those that it meant to and is done with.
pub(super) fn taken_back(world: &World, chain: &Followed, miner: usize) -> (usize, usize) {
    let done = world.frauds(miner).iter().filter(|fraud| fraud.outcome != FraudOutcome::Underway);
    let is_back = |fraud: &&Fraud| {
        let [paid, back] = [fraud.paid, fraud.back].map(|(hash, _)| chain.mined(&hash).is_some());
        back && !paid
    };
    (done.clone().filter(is_back).count(), done.count())
}

fn payments(world: &World, chain: &Followed) -> Payments {
    let Some(users) = world.users() else { return Payments::default() };
    let mined = users.paid.iter().filter_map(|paid| Some((paid.at, chain.mined(&paid.hash)?)));
    let mined: Vec<(u64, Option<u64>)> = mined.collect();
    // A block can be found before the node that was asked for payment had anything to say.
    let mut waits: Vec<u64> =
        mined.iter().filter_map(|(at, found)| Some(found.as_ref()?.saturating_sub(*at))).collect();
    waits.sort_unstable();
    let seconds = |micros: u64| micros as f64 / SECOND as f64;
    Payments {
        paid: users.paid.len(),
        taken: users.paid.iter().filter(|paid| paid.admitted.is_some()).count(),
        refused: users.refused,
        mined: mined.len(),
        wait_p50: seconds(quantile(&waits, 0.5)),
        wait_p90: seconds(quantile(&waits, 0.9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantile_is_the_smallest_that_so_many_are_not_above() {
        let all: Vec<u64> = (1..=100).collect();
        assert_eq!([0.5, 0.9, 0.99, 1.0].map(|share| quantile(&all, share)), [50, 90, 99, 100]);
        assert_eq!(quantile(&[7], 0.0), 7);
        assert_eq!(quantile(&[], 0.5), 0);
    }
}
