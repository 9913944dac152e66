//! Swarm runs: each seed draws its own network, and what befalls it; the checkers say whether it came through.
//!
//! Read [`Mix`] for what can be drawn.

mod crowd;
mod mix;
mod soak;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use mix::{Blow, Mix};
pub use soak::soak;

use super::checkers::{Checkers, Promise, Violation, words};
use super::clock::{MINUTE, SECOND};
use super::record::Listener;
use super::world::{CrashKind, Skew, Strategy, World};

/// How often what must always hold is checked.
const WATCH_EVERY: u64 = 5 * MINUTE;
/// How long people still pay after everything works again.
const PAYS_ON: u64 = 15 * MINUTE;
/// How long nobody mines after that.
const QUIET: u64 = 10 * MINUTE;

/// What became of a seed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// What should never have been.
    pub violations: Vec<Violation>,
    /// Of all that happened; nothing where the code stopped itself.
    pub digest: Option<u128>,
    /// How many events there were, and how many blocks.
    pub events: u64,
    /// Blocks that were found.
    pub blocks: usize,
}

impl Outcome {
    /// Whether all was as it should be.
    pub fn is_sound(&self) -> bool {
        self.violations.is_empty()
    }
}

/// Runs what a seed draws. A story is told as it happens, where somebody wants to hear it.
pub fn replay(seed: u64, story: Option<Listener>) -> Outcome {
    let run = catch_unwind(AssertUnwindSafe(|| run(&Mix::draw(seed), story)));
    run.unwrap_or_else(|panic| {
        let fault = Violation::Fault { what: words(&*panic) };
        Outcome { seed, violations: vec![fault], digest: None, events: 0, blocks: 0 }
    })
}

fn run(mix: &Mix, story: Option<Listener>) -> Outcome {
    let mut checkers = Checkers::new();
    let mut world = mix.world(story);
    world.record.say(0, || format!("{mix:?}"));
    let end = mix.duration;
    while world.micros() < end {
        world.run_until(end.min(world.micros() + WATCH_EVERY));
        restart_broken(&mut world, &mut checkers);
        checkers.watch(&world);
    }
    let promise = Promise {
        calm_since: if mix.is_calm() { 0 } else { end },
        within: mix.mined_within(),
        mined_until: end + PAYS_ON + mix.mined_within(),
        is_contested: mix.is_contested(),
    };
    come_to_rest(&mut world, &mut checkers, mix);
    checkers.at_rest(&world, mix.promises().then_some(promise));
    Outcome {
        seed: mix.seed,
        violations: checkers.violations,
        digest: Some(world.digest()),
        events: world.events(),
        blocks: world.record.found.len(),
    }
}

/// A node whose disk failed or filled up is seen to, as an operator would: it gets room, and is started again.
fn restart_broken(world: &mut World, checkers: &mut Checkers) {
    for number in world.nodes() {
        let node = world.node(number);
        if !node.is_running() || node.stopped.is_none() || !node.is_excused {
            continue;
        }
        world.end(number, if world.is_off(number) { CrashKind::PowerLost } else { CrashKind::Killed });
        start(world, number, checkers);
    }
}

fn start(world: &mut World, number: usize, checkers: &mut Checkers) {
    world.mend_disk(number);
    if let Err(error) = world.start(number) {
        checkers.note(Violation::NoStart { node: number, why: error.to_string() });
    }
}

/// Everything works again, and all run. People pay for a while, and until all of that is to be mined miners go on; then
/// nobody mines either, and in the end there is one block more where two were as good.
fn come_to_rest(world: &mut World, checkers: &mut Checkers, mix: &Mix) {
    world.open_all_ways();
    for number in world.nodes() {
        world.mend_disk(number);
    }
    restart_broken(world, checkers);
    for number in world.nodes() {
        world.set_clock(number, Skew::default());
        if !world.node(number).is_running() {
            start(world, number, checkers);
        }
    }
    world.run_for(PAYS_ON);
    world.set_users(0.0, Vec::new());
    world.run_for(mix.mined_within());
    let shares: Vec<usize> = (0..world.miners().len()).collect();
    shares.iter().for_each(|miner| world.set_share(*miner, 0.0));
    world.run_for(QUIET);
    let is_honest = |miner: &&usize| world.miners()[**miner].strategy == Strategy::Honest;
    if !world.is_of_one_mind()
        && let Some(miner) = shares.iter().find(is_honest)
    {
        world.set_share(*miner, 1.0);
        let found = world.record.found.len();
        world.run_while(600 * MINUTE, |world| world.record.found.len() == found);
        world.set_share(*miner, 0.0);
        world.run_for(MINUTE + 30 * SECOND);
    }
}
