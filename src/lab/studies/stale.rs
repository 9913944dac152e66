//! How many blocks come to nothing, by how often there is one.

use super::network::worldwide;
use super::{Effort, Study, error_of};
use crate::lab::report::{Cell, Column, Plot, Series, Table};

pub(super) const STUDY: Study = Study {
    name: "stale",
    title: "Blocks that come to nothing, by the time between two",
    about: "The share of all blocks found that is not in the chain in the end, in one and the same network, where there is a block every \
        two seconds up to every ten minutes. Nodes are where Bitcoin's were in 2019, each connected to eight others, all mine as much as \
        the others, and blocks are empty. Beside it stands what one expects who knows nothing but the delay: while a block travels others \
        go on with what is below it, so 1 - exp(-delay / interval) of all blocks are found too late. The delay is measured in the same \
        run: from finding a block until a node has it, on average over all nodes, the finder among them.",
    find,
};

fn find(effort: &Effort<'_>) -> (Table, Vec<Plot>) {
    let (nodes, blocks) = effort.pick((24, 8_000), (12, 400));
    let intervals: &[u64] = effort.pick(&[2, 5, 10, 30, 60, 120, 300, 600], &[2, 60]);
    let found = effort.each(intervals, |_, interval| {
        // One seed for all: the same nodes in the same places.
        worldwide(nodes, *interval, blocks * interval + 60, "").run(Some(effort.seed), None).figures
    });
    let mut table = Table::new(vec![
        Column::number("interval_seconds", "seconds between two blocks", 0),
        Column::number("blocks", "blocks found", 0),
        Column::percent("stale_rate", "came to nothing", 2),
        Column::percent("error", "standard error", 2),
        Column::percent("expected", "expected", 2),
        Column::millis("delay_ms", "delay"),
    ]);
    let (mut measured, mut errors, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for (interval, figures) in intervals.iter().zip(&found) {
        let (rate, count) = (figures.blocks.stale_rate, figures.blocks.found);
        // Whoever found it had it at once.
        let delay = figures.propagation.mean_ms * (nodes - 1) as f64 / nodes as f64;
        let expectation = 1.0 - (-delay / 1000.0 / *interval as f64).exp();
        // What was expected says better how much it can be off than a rate that may be none.
        let error = error_of(expectation, count);
        table.push(vec![
            Cell::from(*interval as f64),
            Cell::from(count),
            Cell::from(rate),
            Cell::from(error),
            Cell::from(expectation),
            Cell::from(delay),
        ]);
        measured.push((*interval as f64, rate * 100.0));
        errors.push(error * 100.0);
        expected.push((*interval as f64, expectation * 100.0));
    }
    let series = vec![
        Series::curve("measured", measured).with_errors(errors),
        Series::reference("1 - exp(-delay / interval)", expected),
    ];
    let plot =
        Plot::new("Blocks that come to nothing", "seconds between two blocks", "% of all blocks", series);
    (table, vec![plot.logarithmic()])
}
