//! What it costs to be all that a node sees.

use std::sync::Arc;

use super::{Effort, Study};
use crate::lab::clock::{HOUR, MINUTE, SECOND};
use crate::lab::report::{Cell, Column, Plot, Series, Table};
use crate::lab::strangers::EclipsePlan;
use crate::lab::{CrashKind, Ground, GroundOptions, NodeSetup, Strategy, World};

pub(super) const STUDY: Study = Study {
    name: "eclipse",
    title: "What an eclipse costs",
    about: "A crowd means to be all that one node sees. For an hour it fills the node's places and its book with its own addresses, each \
        of which really answers; then the node is started again and chooses its outbound connections anew. Measured is how many of these \
        lead to the crowd, by the number of groups of addresses (/16 networks) that it has, which is what one has to pay for. Once the \
        node is stopped in order, once the same one is killed: either way it comes back first to those it was connected to for longest. \
        Beside it there are as many honest nodes as the table says, each in a group of its own.",
    find,
};

const VICTIM: usize = 3;

/// How many of a victim's connections lead to the crowd, and how many there are.
fn run(honest: usize, groups: usize, addresses: usize, end: CrashKind, seed: u64) -> (usize, usize) {
    let mut world = World::new(Arc::new(Ground::new(&GroundOptions::default())), seed);
    for number in 0..honest {
        let bootstrap = if number == 0 { Vec::new() } else { vec![world.address(0).to_string()] };
        let node = world.add(NodeSetup { bootstrap, is_steady: true, ..NodeSetup::default() });
        world.start(node).expect("a disk in memory");
    }
    world.add_miner(0, 1.0, Strategy::Honest);
    world.run_for(10 * MINUTE);
    let plan = EclipsePlan { victim: VICTIM, attackers: addresses, groups };
    let crowd = plan.begin(&mut world);
    world.run_for(HOUR);
    world.end(VICTIM, end);
    world.run_for(30 * SECOND);
    world.start(VICTIM).expect("a disk in memory");
    world.run_for(10 * MINUTE);
    let (all, theirs) = plan.outbound(&world, &crowd);
    (theirs, all)
}

fn find(effort: &Effort<'_>) -> (Table, Vec<Plot>) {
    let (honest, runs) = effort.pick((40, 4), (16, 1));
    // Groups, and addresses in all of them.
    let crowds: &[(usize, usize)] = effort.pick(
        &[(1, 4), (1, 200), (2, 8), (4, 16), (8, 32), (8, 400), (16, 64), (32, 128), (64, 256), (128, 512)],
        &[(1, 30), (20, 40)],
    );
    let ends = [CrashKind::Stopped, CrashKind::Killed];
    let cases: Vec<(usize, usize, CrashKind)> = crowds
        .iter()
        .flat_map(|(groups, addresses)| ends.map(|end| (*groups, *addresses, end)))
        .flat_map(|case| std::iter::repeat_n(case, runs))
        .collect();
    let found = effort.each(&cases, |case, (groups, addresses, end)| {
        // The same hour goes before either end.
        let pair = case / (2 * runs) * runs + case % runs;
        run(honest, *groups, *addresses, *end, effort.seed_of(pair))
    });
    let mut table = Table::new(vec![
        Column::number("groups", "groups", 0),
        Column::number("addresses", "addresses", 0),
        Column::number("honest", "honest nodes", 0),
        Column::number("outbound", "outbound connections", 1),
        Column::number("held_stopped", "theirs, after a stop", 1),
        Column::number("held_killed", "theirs, after a kill", 1),
        Column::number("most", "at most", 0),
    ]);
    let mut curves = [Vec::new(), Vec::new()];
    for ((groups, addresses), found) in crowds.iter().zip(found.chunks(2 * runs)) {
        let mean =
            |all: &mut dyn Iterator<Item = usize>, count: usize| all.sum::<usize>() as f64 / count as f64;
        let held =
            [&found[..runs], &found[runs..]].map(|found| mean(&mut found.iter().map(|found| found.0), runs));
        let outbound = mean(&mut found.iter().map(|found| found.1), 2 * runs);
        let most = found.iter().map(|found| found.0).max();
        table.push(vec![
            Cell::from(*groups),
            Cell::from(*addresses),
            Cell::from(honest),
            Cell::from(outbound),
            Cell::from(held[0]),
            Cell::from(held[1]),
            Cell::from(most.map(|most| most as f64)),
        ]);
        // Crowds with many addresses in few groups stand in the table alone.
        if *addresses <= 4 * groups {
            curves.iter_mut().zip(held).for_each(|(curve, held)| curve.push((*groups as f64, held)));
        }
    }
    let [stopped, killed] = curves;
    let series = vec![
        Series::curve("after it was stopped", stopped),
        Series::curve("after it was killed", killed),
        Series::reference(
            "all that a node makes",
            crowds.iter().map(|(groups, _)| (*groups as f64, 8.0)).collect(),
        ),
    ];
    let plot = Plot::new(
        "Outbound connections that lead to the crowd",
        "groups of addresses that it has, four addresses each",
        "connections",
        series,
    );
    (table, vec![plot.logarithmic()])
}
