//! Studies, run quickly: what must hold of their figures however few networks there are.

use std::thread;

use cairn::lab::report::Table;
use cairn::lab::studies::{Effort, Finding, studies};

fn effort(seed: u64) -> Effort<'static> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    Effort { seed, is_quick: true, threads, progress: &|_, _| {} }
}

fn find(name: &str) -> Finding {
    let study = studies().iter().find(|study| study.name == name).unwrap();
    let finding = study.find(&effort(1));
    assert!(study.about.len() > 200 && finding.plots.iter().all(|plot| !plot.series.is_empty()), "{name}");
    println!("{}", cairn::lab::report::findings_text(std::slice::from_ref(&finding)));
    finding
}

/// A column that has a number in every row.
fn column(table: &Table, key: &str) -> Vec<f64> {
    let numbers = table.numbers(key);
    assert_eq!(numbers.len(), table.rows.len(), "{key}");
    numbers
}

#[test]
fn blocks_spread_in_the_order_of_percentiles_and_slower_with_payments() {
    let Finding { table, .. } = find("propagation");
    let [half, nine, most, all] = ["p50_ms", "p90_ms", "p99_ms", "longest_ms"].map(|key| column(&table, key));
    for row in 0..table.rows.len() {
        assert!(
            10.0 < half[row] && half[row] <= nine[row] && nine[row] <= most[row] && most[row] <= all[row]
        );
    }
    let payments = column(&table, "payments");
    assert!(payments[0] == 0.0 && payments[1] > 10.0, "{payments:?}");
    // Checking takes its time; but what everybody has already does not travel again.
    assert!(half[0] < half[1] && half[1] < 2.0 * half[0], "{half:?}");
}

#[test]
fn more_blocks_come_to_nothing_the_less_time_is_between_two() {
    let Finding { table, .. } = find("stale");
    let [rate, error, expected] = ["stale_rate", "error", "expected"].map(|key| column(&table, key));
    assert!(rate[0] > 3.0 * rate[1], "{rate:?}");
    for ((rate, error), expected) in rate.iter().zip(error).zip(expected) {
        assert!((rate - expected).abs() < 3.5 * error + 0.01, "{rate} and not {expected}, by {error}");
    }
}

#[test]
fn selfish_mining_earns_what_the_curve_says() {
    let Finding { table, .. } = find("selfish");
    let [share, revenue, error, curve] =
        ["share", "revenue", "error", "curve"].map(|key| column(&table, key));
    for row in 0..table.rows.len() {
        let (revenue, curve, error) = (revenue[row], curve[row], error[row]);
        assert!(
            (revenue - curve).abs() < 3.5 * error && error < 0.1,
            "{revenue} and not {curve}, by {error}"
        );
        if share[row] == 0.4 {
            assert!(revenue > 0.4, "{revenue}");
        }
    }
}

#[test]
fn payments_are_taken_back_as_often_as_they_should_be() {
    let Finding { table, .. } = find("double-spend");
    let [taken, error, expected, tries] =
        ["taken_back", "error", "rosenfeld", "tries"].map(|key| column(&table, key));
    assert!(taken[0] > taken[1], "{taken:?}");
    for row in 0..table.rows.len() {
        let off = (taken[row] - expected[row]).abs();
        assert!(tries[row] >= 20.0 && off < 3.5 * error[row], "{off} of {}", expected[row]);
    }
}

#[test]
fn network_in_two_becomes_one_again_and_takes_back_more_the_longer_it_was_in_two() {
    let Finding { table, .. } = find("partition");
    let [runs, recovered, seconds, depth] =
        ["runs", "recovered", "median_seconds", "depth"].map(|key| column(&table, key));
    assert_eq!(runs, recovered);
    assert!(depth[0] < depth[1], "{depth:?}");
    assert!(seconds.iter().all(|seconds| (0.1..600.0).contains(seconds)), "{seconds:?}");
}

#[test]
fn crowd_holds_no_more_connections_than_it_has_groups_of_addresses() {
    let Finding { table, .. } = find("eclipse");
    let [groups, most, outbound] = ["groups", "most", "outbound"].map(|key| column(&table, key));
    for row in 0..table.rows.len() {
        assert!(most[row] <= groups[row] && most[row] <= outbound[row], "{:?}", table.rows[row]);
        assert!(outbound[row] >= 7.0, "{outbound:?}");
    }
}

#[test]
fn same_seed_has_the_same_figures_on_any_number_of_threads() {
    for study in studies().iter().filter(|study| ["stale", "eclipse"].contains(&study.name)) {
        let (one, more) = (Effort { threads: 1, ..effort(3) }, Effort { threads: 3, ..effort(3) });
        let found = study.find(&one);
        assert_eq!(found, study.find(&more), "{}", study.name);
        assert_ne!(found.table, study.find(&effort(4)).table, "{}", study.name);
    }
}
