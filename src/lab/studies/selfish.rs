//! What selfish mining earns.

use std::sync::Arc;

use super::{Effort, Study};
use crate::lab::clock::SECOND;
use crate::lab::report::{Cell, Column, Plot, Series, Table};
use crate::lab::{Ground, GroundOptions, Link, NodeSetup, Revenue, Strategy, World, selfish_curve};

pub(super) const STUDY: Study = Study {
    name: "selfish",
    title: "What selfish mining earns",
    about: "One miner keeps its blocks to itself and shows them when that costs the others most, as Eyal and Sirer say; five others are \
        honest. Measured is its share of the chain in the end, by its share of all hashes; where that is more than its hashes are, it pays. \
        It depends on whom the others hear first when two blocks are out: once its line is the slowest of all and nobody mines on its block \
        then, once the fastest and most do. How many did is counted (gamma), and for that gamma the curve of Eyal and Sirer stands beside \
        it. The standard error is that of the difference to the curve.",
    find,
};

const SPACING: u32 = 600;
const HONEST: usize = 5;
/// Milliseconds between two honest nodes.
const USUAL: u64 = 100;
/// Milliseconds to the selfish one, and what it is called then.
const PLACES: [(u64, &str); 2] = [(1_000, "heard last"), (1, "heard first")];
/// In so many parts a chain is cut, to see how they differ.
const PARTS: usize = 20;

/// What a selfish miner has in the end.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Earned {
    /// The share of the others that was seen to mine on its block when two were out.
    pub gamma: f64,
    /// Its share of the chain.
    pub revenue: f64,
    /// What it should be by Eyal and Sirer's curve for that gamma.
    pub curve: f64,
    /// The standard error of the difference.
    pub error: f64,
    /// Blocks that were found.
    pub blocks: usize,
}

/// Everybody connected to everybody, the first so many milliseconds away from the others.
///
/// # Panics
/// Never: disks in memory can be opened.
pub fn selfish_mesh(millis: u64, seed: u64) -> World {
    let options = GroundOptions { spacing: SPACING, ..GroundOptions::default() };
    let mut world = World::new(Arc::new(Ground::new(&options)), seed);
    world.set_usual_link(Link::of_millis(USUAL));
    for number in 0..=HONEST {
        let below = (0..number).map(|other| world.address(other).to_string()).collect();
        let node =
            world.add(NodeSetup { connects_only: Some(below), is_steady: true, ..NodeSetup::default() });
        world.start(node).expect("a disk in memory");
    }
    for node in 1..=HONEST {
        world.set_link(0, node, Link::of_millis(millis));
        world.set_link(node, 0, Link::of_millis(millis));
    }
    world.run_for(10 * SECOND);
    world
}

/// Lets a miner with this share do as it likes on the first node of such a mesh until so many blocks were found, and says its
/// number. The others are honest, and as strong as each other.
pub fn mine_beside(world: &mut World, share: f64, strategy: Strategy, blocks: usize) -> usize {
    let miner = world.add_miner(0, share, strategy);
    for node in 1..=HONEST {
        world.add_miner(node, (1.0 - share) / HONEST as f64, Strategy::Honest);
    }
    while world.record.found.len() < blocks {
        world.run_for(100 * u64::from(SPACING) * SECOND);
    }
    miner
}

/// What a miner with this share of all hashes has of the chain.
pub fn earned(world: &World, miner: usize, share: f64) -> Earned {
    let (gamma, races) = world.race_gamma(miner);
    let revenue = Revenue::of(world, 1);
    // The part that was seen is as uncertain as any part of so many, and the curve moves with it.
    let slope = selfish_curve(share, 1.0) - selfish_curve(share, 0.0);
    let uncertain = slope * super::error_of(gamma, races);
    let error = revenue.error(miner, PARTS);
    Earned {
        gamma,
        revenue: revenue.share(miner),
        curve: selfish_curve(share, gamma),
        error: (error * error + uncertain * uncertain).sqrt(),
        blocks: world.record.found.len(),
    }
}

fn find(effort: &Effort<'_>) -> (Table, Vec<Plot>) {
    let shares: &[f64] = effort.pick(&[0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45], &[0.2, 0.4]);
    let blocks = effort.pick(4_000, 500);
    let cases: Vec<(u64, f64)> =
        PLACES.iter().flat_map(|(millis, _)| shares.iter().map(|share| (*millis, *share))).collect();
    let found = effort.each(&cases, |case, (millis, share)| {
        // Long private branches come seldom and weigh much.
        let blocks = if *share < 0.4 { blocks } else { 2 * blocks };
        let mut world = selfish_mesh(*millis, effort.seed_of(case));
        let miner = mine_beside(&mut world, *share, Strategy::Selfish, blocks);
        earned(&world, miner, *share)
    });
    let mut table = Table::new(vec![
        Column::text("place", "its blocks are"),
        Column::percent("share", "of all hashes", 0),
        Column::percent("revenue", "of the chain", 1),
        Column::percent("error", "standard error", 1),
        Column::percent("curve", "Eyal and Sirer", 1),
        Column::number("gamma", "gamma", 2),
        Column::number("blocks", "blocks found", 0),
    ]);
    let mut series = Vec::new();
    for ((_, place), found) in PLACES.iter().zip(found.chunks(shares.len())) {
        let (mut measured, mut errors, mut curve) = (Vec::new(), Vec::new(), Vec::new());
        for (share, found) in shares.iter().zip(found) {
            let Earned { gamma, revenue, curve: expected, error, blocks } = *found;
            table.push(vec![
                Cell::from(*place),
                Cell::from(*share),
                Cell::from(revenue),
                Cell::from(error),
                Cell::from(expected),
                Cell::from(gamma),
                Cell::from(blocks),
            ]);
            measured.push((*share, revenue));
            errors.push(error);
            curve.push((*share, expected));
        }
        series.push(Series::curve(place, measured).with_errors(errors));
        series.push(Series::reference(&format!("Eyal and Sirer, {place}"), curve));
    }
    series.push(Series::reference("honest", shares.iter().map(|share| (*share, *share)).collect()));
    (
        table,
        vec![Plot::new(
            "What a selfish miner has of the chain",
            "its share of all hashes",
            "its share of the chain",
            series,
        )],
    )
}
