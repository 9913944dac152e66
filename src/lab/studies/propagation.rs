//! How long a block takes to reach everybody.

use super::network::worldwide;
use super::{Effort, Study};
use crate::lab::report::{Cell, Column, Plot, Series, Table};

pub(super) const STUDY: Study = Study {
    name: "propagation",
    title: "How fast blocks spread",
    about: "From a block's finding until another node has it whole and checked, over all blocks and all nodes: half, nine of ten \
        and ninety-nine of a hundred took no longer. Nodes are where Bitcoin's were in 2019, each connected to eight others, on lines as \
        fast as they were there, with the time that one core takes to check. There is a block a minute, and blocks travel compact: who \
        has the transactions already is sent their short names only. The same network runs with no payments, some, and many.",
    find,
};

const SPACING: u64 = 60;

fn find(effort: &Effort<'_>) -> (Table, Vec<Plot>) {
    let (nodes, minutes) = effort.pick((50, 31), (12, 11));
    // Payments in a block.
    let sizes: &[u64] = effort.pick(&[0, 200, 2_000], &[0, 20]);
    let found = effort.each(sizes, |_, size| {
        let users = match size {
            0 => String::new(),
            size => format!("people = {}\n[users]\nrate = {}", 20 + size, *size as f64 / SPACING as f64),
        };
        // One seed for all: the same nodes in the same places, and the same miners' luck.
        worldwide(nodes, SPACING, minutes * SPACING, &users).run(Some(effort.seed), None)
    });
    let mut table = Table::new(vec![
        Column::number("payments", "payments in a block", 0),
        Column::number("blocks", "blocks", 0),
        Column::millis("p50_ms", "half of all"),
        Column::millis("p90_ms", "90 %"),
        Column::millis("p99_ms", "99 %"),
        Column::millis("longest_ms", "all"),
    ]);
    let mut series = Vec::new();
    for outcome in &found {
        let spread = &outcome.figures.propagation;
        let transactions: usize = outcome.blocks.iter().map(|block| block.transactions).sum();
        let payments = transactions as f64 / outcome.blocks.len().max(1) as f64;
        table.push(vec![
            Cell::from(payments),
            Cell::from(outcome.blocks.len()),
            Cell::from(spread.p50_ms),
            Cell::from(spread.p90_ms),
            Cell::from(spread.p99_ms),
            Cell::from(spread.longest_ms),
        ]);
        let points = spread.curve.iter().map(|(millis, share)| (*millis, share * 100.0)).collect();
        series.push(Series::curve(&format!("{payments:.0} payments in a block"), points));
    }
    let plot = Plot::new(
        "Share of nodes that have a block",
        "milliseconds after it was found",
        "% of nodes",
        series,
    );
    (table, vec![plot.logarithmic()])
}
