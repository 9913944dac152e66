//! How long it takes until a network that was in two is one again.

use super::network::scenario;
use super::{Effort, Study};
use crate::lab::report::{Cell, Column, Plot, Series, Table};

pub(super) const STUDY: Study = Study {
    name: "partition",
    title: "How long a network takes to become one again",
    about: "Twenty nodes are cut into twelve and eight for a while, with six and four tenths of all hashes, and a block a minute. \
        Measured is the time from the moment when the ways are open again until all follow the same block. Nobody tells the nodes: they find \
        each other by dialing again, fetch the headers of the longer branch, see that it has more work, fetch its blocks, and take their own \
        back. Each length is run several times by other seeds.",
    find,
};

/// When it is cut, in minutes, and how long it is waited afterwards.
const CUT: u64 = 10;
const AFTER: u64 = 30;

struct Found {
    seconds: Option<f64>,
    depth: u32,
}

fn run(minutes: u64, seed: u64) -> Found {
    let heal = CUT + minutes;
    let text = format!(
        r#"
name = "partition"
about = "A network falls in two and becomes one again."
duration = "{}m"
geography = "bitcoin-2019"
events = [
    {{ at = "{CUT}m", do = {{ partition = [["east"], ["west"]] }} }},
    {{ at = "{heal}m", do = "heal" }},
]

[[nodes]]
name = "east"
count = 12
line = "home"
processor = "usual"

[[nodes]]
name = "west"
count = 8
line = "home"
processor = "usual"

[[mining]]
who = ["east"]
share = 0.6

[[mining]]
who = ["west"]
share = 0.4

[users]
rate = 0.2
"#,
        heal + AFTER
    );
    let figures = scenario(&text).run(Some(seed), None).figures;
    // What befell the halves before they met is nothing that was healed.
    let recovery = figures.recoveries.first();
    Found {
        seconds: recovery.and_then(|recovery| recovery.seconds),
        depth: recovery.map_or(0, |recovery| recovery.deepest),
    }
}

fn find(effort: &Effort<'_>) -> (Table, Vec<Plot>) {
    let lengths: &[u64] = effort.pick(&[1, 5, 15, 30, 60, 120, 240, 480], &[5, 60]);
    let runs = effort.pick(9, 2);
    let cases: Vec<u64> = lengths.iter().flat_map(|length| std::iter::repeat_n(*length, runs)).collect();
    let found = effort.each(&cases, |case, minutes| run(*minutes, effort.seed_of(case)));
    let mut table = Table::new(vec![
        Column::number("minutes", "minutes in two", 0),
        Column::number("runs", "runs", 0),
        Column::number("recovered", "that became one", 0),
        Column::number("median_seconds", "seconds, median", 1),
        Column::number("longest_seconds", "longest", 1),
        Column::number("depth", "blocks taken back, median", 0),
    ]);
    let (mut median, mut longest) = (Vec::new(), Vec::new());
    for (minutes, found) in lengths.iter().zip(found.chunks(runs)) {
        let mut seconds: Vec<f64> = found.iter().filter_map(|found| found.seconds).collect();
        seconds.sort_unstable_by(f64::total_cmp);
        let mut depths: Vec<u32> = found.iter().map(|found| found.depth).collect();
        depths.sort_unstable();
        let (middle, last) = (seconds.get(seconds.len() / 2).copied(), seconds.last().copied());
        table.push(vec![
            Cell::from(*minutes as f64),
            Cell::from(runs),
            Cell::from(seconds.len()),
            Cell::from(middle),
            Cell::from(last),
            Cell::from(f64::from(depths[runs / 2])),
        ]);
        median.extend(middle.map(|seconds| (*minutes as f64, seconds)));
        longest.extend(last.map(|seconds| (*minutes as f64, seconds)));
    }
    let series = vec![Series::curve("median", median), Series::curve("longest", longest)];
    let plot = Plot::new("From the healing until all follow one block", "minutes in two", "seconds", series);
    (table, vec![plot.logarithmic()])
}
