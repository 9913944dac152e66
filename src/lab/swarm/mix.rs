//! What a seed draws: a network, and what befalls it.

use std::sync::Arc;

use super::crowd;
use crate::lab::clock::{MILLISECOND, MINUTE, SECOND};
use crate::lab::ground::{Ground, GroundOptions};
use crate::lab::links::{Access, Link};
use crate::lab::record::Listener;
use crate::lab::scenario::cheat_again;
use crate::lab::strangers::{Harm, TransactionFlaw};
use crate::lab::world::{CrashKind, NodeSetup, Processor, Skew, Strategy, World};
use crate::mempool::Limits;
use crate::protocol::Draws;

/// Whoever has less than this share of all hashes may cheat.
const CHEATS_BELOW: f64 = 0.4;
/// By how many seconds the times of blocks may be shifted.
const SHIFTED_MAX: u64 = 3_000;
/// Places in the world, where there are any.
const PLACES: usize = 3;
/// How long a payment may take to be mined: so long, and as long as so many blocks take as a rule.
const PATIENCE: u64 = 5 * MINUTE;
const PATIENCE_BLOCKS: u64 = 15;
/// Payments in a second where pools are meant to be full.
const PAYMENTS_MAX: f64 = 1.0;
/// A pool that is soon full.
const SMALL: Limits = Limits {
    bytes_max: Limits::BYTES_MAX_MIN,
    account_transactions_max: 8,
    waiting_max: 16,
    waiting_bytes_max: Limits::BYTES_MAX_MIN / 2,
    account_waiting_max: 4,
    age_seconds_max: 1_200,
    rejections_max: 16,
    ..Limits::DEFAULT
};

/// Something that befalls a network, and when.
#[derive(Clone, PartialEq, Debug)]
pub enum Blow {
    /// A node ends, and is started again after so long.
    Ends(usize, CrashKind, u64),
    /// A node's disk loses its power in the midst of one of the next operations, and is started again after so long.
    CrashesSoon(usize, u64, u64),
    /// A node's disk is full after so many bytes more; it gets room, and is started again, after so long.
    Fills(usize, u64, u64),
    /// The next sync of a node's disk fails; it is seen to, and started again, after so long.
    FailsSync(usize, u64),
    /// Nothing comes through from these to the others for so long; and not the other way, where that is said.
    Parts(Vec<usize>, bool, u64),
    /// A node's clock is wrong from now on.
    Shifts(usize, Skew),
    /// Every way is like this from now on.
    Lines(Link),
}

/// A network, and what befalls it.
#[derive(Clone, Debug)]
pub struct Mix {
    /// What it was drawn from.
    pub seed: u64,
    /// The chain.
    pub ground: GroundOptions,
    /// The nodes.
    pub nodes: Vec<NodeSetup>,
    /// How fast their lines are.
    pub access: Vec<Access>,
    /// Which of them join late, and when.
    pub late: Vec<(usize, u64)>,
    /// Every way.
    pub link: Link,
    /// Who mines, with what share of the usual hash rate, and what they do with what they find. One at most cheats, who
    /// has less than half.
    pub miners: Vec<(usize, f64, Strategy)>,
    /// Where nodes are, and how many microseconds it takes from each place to each; nowhere, where there are none.
    pub places: Vec<u8>,
    /// How long the ways are between the places.
    pub delays: Vec<Vec<u64>>,
    /// Payments in a second.
    pub payments: f64,
    /// Whether some pools are small, and people pay so much that these are full.
    pub small_pools: bool,
    /// Who means harm, and how many of each.
    pub harm: Vec<(Harm, usize)>,
    /// What befalls it.
    pub blows: Vec<(u64, Blow)>,
    /// For how long.
    pub duration: u64,
}

impl Mix {
    /// Whether nothing befalls it: from the beginning on all is as good as it gets.
    pub fn is_calm(&self) -> bool {
        let is_honest = |(.., strategy): &(usize, f64, Strategy)| *strategy == Strategy::Honest;
        let nothing_comes = self.blows.is_empty() && self.harm.is_empty() && self.late.is_empty();
        nothing_comes && self.miners.iter().all(is_honest)
    }

    /// Whether others than they themselves sign for people who pay.
    pub fn is_contested(&self) -> bool {
        self.harm.iter().any(|(harm, _)| harm.spends())
            || self.miners.iter().any(|(.., how)| matches!(how, Strategy::DoubleSpending(_)))
    }

    /// Whether what people pay is mined in the end. What small pools let fall nobody brings again; and where others sign for
    /// those who pay and leave out nonces, some nodes have what fills a gap, and others have no room for it.
    pub fn promises(&self) -> bool {
        let leaves_gaps = |(harm, _): &(Harm, usize)| *harm == Harm::Transactions(TransactionFlaw::NonceGap);
        !self.small_pools && !self.harm.iter().any(leaves_gaps)
    }

    /// How long a payment takes at most to be mined, while nothing befalls the network.
    pub fn mined_within(&self) -> u64 {
        PATIENCE + PATIENCE_BLOCKS * u64::from(self.ground.spacing) * SECOND
    }

    /// What this seed draws.
    pub fn draw(seed: u64) -> Self {
        let mut draws = Draws::of(seed);
        let count = 3 + draws.place(6);
        let ground = GroundOptions {
            people: 12,
            spacing: [10, 30, 60, 120][draws.place(4)],
            adjusts: draws.below(3) == 0,
            lab: draws.below(4) == 0,
            maturity: 1 + draws.below(8) as u32,
            future_drift: 600,
        };
        let duration = (20 + draws.below(40)) * MINUTE;
        let small_pools = draws.below(8) == 0;
        let nodes: Vec<NodeSetup> = (0..count).map(|at| setup(&mut draws, at, small_pools)).collect();
        let mut harm: Vec<(Harm, usize)> =
            (0..[0, 0, 1, 2][draws.place(4)]).map(|_| crowd::draw(&mut draws)).collect();
        // Of those who come in crowds one crowd is enough.
        harm.dedup_by_key(|(harm, _)| matches!(harm, Harm::Eclipse { .. }).then_some(()).ok_or(*harm));
        let carries_much = small_pools || harm.iter().any(|(harm, _)| crowd::floods(*harm));
        let access = (0..count).map(|_| access(&mut draws, carries_much)).collect();
        let late = (1..count).filter_map(|node| late(&mut draws, node, duration)).collect();
        let link = link(&mut draws);
        let miners = miners(&mut draws, count);
        let (places, delays) = geography(&mut draws, count);
        let payments = if small_pools { PAYMENTS_MAX } else { [0.0, 0.02, 0.1, 0.4][draws.place(4)] };
        let mut blows = Vec::new();
        let harshness = [0, 4, 8, 20][draws.place(4)];
        for _ in 0..harshness {
            blows.push((draws.below(duration), blow(&mut draws, count)));
        }
        Self {
            seed,
            ground,
            nodes,
            access,
            late,
            link,
            miners,
            places,
            delays,
            payments,
            small_pools,
            harm,
            blows,
            duration,
        }
    }

    /// The world as it begins, with all that is to befall it planned.
    pub(super) fn world(&self, story: Option<Listener>) -> World {
        let mut world = World::new(Arc::new(Ground::new(&self.ground)), self.seed);
        if let Some(story) = story {
            world.record.tell_to(story);
        }
        world.set_usual_link(self.link);
        for setup in &self.nodes {
            let number = world.add(setup.clone());
            world.set_access(number, self.access[number]);
        }
        let first = vec![world.address(0).to_string()];
        for number in world.nodes() {
            if number > 0 {
                world.node_mut(number).settings.bootstrap.clone_from(&first);
            }
            let at = self.late.iter().find(|(late, _)| *late == number).map_or(0, |(_, at)| *at);
            world.plan(at, move |world| start_if_down(world, number));
        }
        for (node, share, strategy) in &self.miners {
            let miner = world.add_miner(*node, *share, *strategy);
            cheat_again(&mut world, miner);
        }
        world.set_delays(self.delays.clone());
        self.places.iter().enumerate().for_each(|(node, place)| world.set_region(node, *place));
        world.set_users(self.payments, world.nodes());
        world.vary_payments(self.small_pools);
        self.harm.iter().for_each(|(harm, count)| crowd::enter(&mut world, *harm, *count));
        for (at, blow) in &self.blows {
            let blow = blow.clone();
            world.plan(*at, move |world| strike(world, blow));
        }
        world
    }
}

fn setup(draws: &mut Draws, number: usize, small_pools: bool) -> NodeSetup {
    let processor = Processor::USUAL.slower([0, 1, 1, 10, 50][draws.place(5)]);
    NodeSetup {
        stem: draws.below(2) == 0,
        processor: Some(processor),
        // The first is the one that all others are told of.
        is_hidden: draws.below(6) == 0 && number > 0,
        limits: (small_pools && draws.below(2) == 0).then_some(SMALL),
        ..NodeSetup::default()
    }
}

/// A line. Where much is sent to fill pools, or to do harm, a slow one would carry nothing else: there is none then.
fn access(draws: &mut Draws, carries_much: bool) -> Access {
    let slow = if carries_much { Some(1_000_000) } else { Some(50_000) };
    let rate = [None, None, Some(1_000_000), slow][draws.place(4)];
    Access { up: rate, down: rate.map(|rate| 2 * rate) }
}

fn late(draws: &mut Draws, node: usize, duration: u64) -> Option<(usize, u64)> {
    (draws.below(6) == 0).then(|| (node, draws.below(duration)))
}

fn link(draws: &mut Draws) -> Link {
    let delay = [1, 20, 80, 300][draws.place(4)] * MILLISECOND;
    Link {
        delay,
        jitter: draws.below(delay),
        loss: [0, 0, 5_000, 50_000][draws.place(4)],
        reorder: [0, 0, 20_000][draws.place(3)],
    }
}

/// Some mine, a few of them a lot; and of those who have less than half one may cheat.
fn miners(draws: &mut Draws, count: usize) -> Vec<(usize, f64, Strategy)> {
    let weights: Vec<f64> = (0..count).map(|_| [0.0, 1.0, 1.0, 4.0][draws.place(4)]).collect();
    let cheat = strategy(draws);
    let sum: f64 = weights.iter().sum();
    if sum == 0.0 {
        return vec![(0, 1.0, Strategy::Honest)];
    }
    let mining = weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
    let mut miners: Vec<(usize, f64, Strategy)> =
        mining.map(|(node, weight)| (node, weight / sum, Strategy::Honest)).collect();
    if let Some((_, _, strategy)) = miners.iter_mut().rev().find(|(_, share, _)| *share < CHEATS_BELOW) {
        *strategy = cheat;
    }
    miners
}

fn strategy(draws: &mut Draws) -> Strategy {
    let seconds = draws.below(2 * SHIFTED_MAX).cast_signed() - SHIFTED_MAX.cast_signed();
    match draws.below(16) {
        0 => Strategy::Selfish,
        1 => Strategy::Withholding,
        2 => Strategy::Shifting(seconds as i32),
        3 => Strategy::DoubleSpending(1 + draws.below(3) as u32),
        _ => Strategy::Honest,
    }
}

/// Some networks are in three places, which are further from each other than what is in one of them.
fn geography(draws: &mut Draws, count: usize) -> (Vec<u8>, Vec<Vec<u64>>) {
    if draws.below(4) > 0 {
        return (Vec::new(), Vec::new());
    }
    // How far each is from the middle of the world.
    let far: Vec<u64> = (0..PLACES).map(|_| (10 + draws.below(140)) * MILLISECOND).collect();
    let delay = |from: usize, to: usize| if from == to { 5 * MILLISECOND } else { far[from] + far[to] };
    let delays = (0..PLACES).map(|from| (0..PLACES).map(|to| delay(from, to)).collect()).collect();
    ((0..count).map(|_| draws.place(PLACES) as u8).collect(), delays)
}

/// From a moment to a while.
fn span(draws: &mut Draws) -> u64 {
    [SECOND, 20 * SECOND, 2 * MINUTE, 15 * MINUTE][draws.place(4)] + draws.below(MINUTE)
}

fn blow(draws: &mut Draws, count: usize) -> Blow {
    let node = draws.place(count);
    match draws.below(9) {
        0 | 1 => {
            let kind = [CrashKind::Stopped, CrashKind::Killed, CrashKind::PowerLost][draws.place(3)];
            Blow::Ends(node, kind, span(draws))
        }
        2 => Blow::CrashesSoon(node, 1 + draws.below(60), span(draws)),
        3 => Blow::Fills(node, draws.below(20_000), span(draws)),
        4 | 5 => {
            let cut: Vec<usize> = (0..count).filter(|_| draws.below(2) == 0).collect();
            Blow::Parts(cut, draws.below(3) == 0, span(draws))
        }
        6 => {
            let seconds = draws.below(400).cast_signed() - 200;
            Blow::Shifts(node, Skew { seconds, drift: draws.below(400).cast_signed() - 200 })
        }
        7 => Blow::FailsSync(node, span(draws)),
        _ => Blow::Lines(link(draws)),
    }
}

fn strike(world: &mut World, blow: Blow) {
    let now = world.micros();
    match blow {
        Blow::Ends(node, kind, again) => {
            world.end(node, kind);
            world.plan(now + again, move |world| start_if_down(world, node));
        }
        Blow::CrashesSoon(node, operations, again) => {
            world.crash_soon(node, operations);
            world.plan(now + again, move |world| see_to(world, node));
        }
        Blow::Fills(node, bytes, again) => {
            world.limit_disk(node, Some(bytes));
            world.plan(now + again, move |world| see_to(world, node));
        }
        Blow::FailsSync(node, again) => {
            world.fail_sync(node);
            world.plan(now + again, move |world| see_to(world, node));
        }
        Blow::Parts(cut, one_way, lasts) => {
            let others: Vec<usize> = world.nodes().into_iter().filter(|node| !cut.contains(node)).collect();
            let mut closed = vec![world.close_ways(&cut, &others)];
            if !one_way {
                closed.push(world.close_ways(&others, &cut));
            }
            world.plan(now + lasts, move |world| closed.iter().for_each(|number| world.open_ways(*number)));
        }
        Blow::Shifts(node, skew) => world.set_clock(node, skew),
        Blow::Lines(link) => world.set_usual_link(link),
    }
}

/// A node whose disk may have failed is seen to: it gets room, and is started again where it does not work.
fn see_to(world: &mut World, node: usize) {
    world.mend_disk(node);
    if world.node(node).stopped.is_some() {
        let kind = if world.is_off(node) { CrashKind::PowerLost } else { CrashKind::Killed };
        world.end(node, kind);
    }
    start_if_down(world, node);
}

fn start_if_down(world: &mut World, node: usize) {
    if !world.node(node).is_running() {
        // One that cannot be opened is found down in the end, and said to be.
        let _ = world.start(node);
    }
}
