//! An outcome for a terminal.

use std::fmt::Write as _;

use super::{bytes, millis, moment, percent};
use crate::lab::figures::{Farewells, Figures};
use crate::lab::scenario::{Conclusion, Span};

/// Lines of events that are told; a page has all of them.
const EVENTS_MAX: usize = 40;

/// An outcome in lines for people.
pub fn text(outcome: &Conclusion) -> String {
    let verdict = if outcome.holds() { "holds" } else { "does NOT hold" };
    let lasted = Span::of_micros((outcome.seconds * 1e6) as u64);
    let mut told =
        format!("{} {verdict}: {} nodes, {lasted}, seed {}\n\n", outcome.name, outcome.nodes, outcome.seed);
    for verdict in &outcome.verdicts {
        let mark = if verdict.holds { "  ok    " } else { "  FAILED" };
        let _ = writeln!(told, "{mark}  {}\n            found: {}", verdict.expected, verdict.found);
    }
    if outcome.verdicts.is_empty() {
        told.push_str("  nothing is expected of it\n");
    }
    if !outcome.events.is_empty() {
        told.push_str("\nwhat happened\n");
    }
    for event in outcome.events.iter().take(EVENTS_MAX) {
        let mark = if event.is_trouble { "  FAILED: " } else { "  " };
        let _ = writeln!(told, "  {:>8}{mark}{}", moment(event.at), event.what);
    }
    if let Some(more) = outcome.events.len().checked_sub(EVENTS_MAX).filter(|more| *more > 0) {
        let _ = writeln!(told, "            and {more} more");
    }
    told.push_str("\nfigures\n");
    let rows = rows(&outcome.figures);
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in rows {
        let room = " ".repeat(width - name.chars().count());
        let _ = writeln!(told, "  {name}{room}  {value}");
    }
    let _ = writeln!(told, "\ndigest {}", outcome.digest);
    told
}

/// The figures, each with its name, for text and page alike.
pub(super) fn rows(figures: &Figures) -> Vec<(String, String)> {
    let Figures { blocks, propagation, reorganizations, traffic, payments, .. } = figures;
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
    row("height", blocks.height.to_string());
    row("blocks found", format!("{}, of which {} are not in the chain", blocks.found, blocks.stale));
    row("stale rate", percent(blocks.stale_rate));
    if propagation.count > 0 {
        let [p50, p90, p99, longest] =
            [propagation.p50_ms, propagation.p90_ms, propagation.p99_ms, propagation.longest_ms].map(millis);
        row("a node has a block after", format!("{p50} (half), {p90} (90 %), {p99} (99 %), {longest} (all)"));
    }
    let depths: Vec<String> =
        reorganizations.by_depth.iter().map(|(depth, count)| format!("{count} of depth {depth}")).collect();
    row("reorganizations", if depths.is_empty() { "none".to_owned() } else { depths.join(", ") });
    for recovery in &figures.recoveries {
        let took =
            recovery.seconds.map_or_else(|| "never".to_owned(), |seconds| format!("after {seconds:.1} s"));
        let (healed, deepest) = (moment(recovery.healed), recovery.deepest);
        row(
            "of one mind again",
            format!("{took}, healed at {healed}, {deepest} blocks taken back at the deepest"),
        );
    }
    if payments.paid > 0 {
        let told = format!(
            "{} paid, {} taken in, {} refused, {} mined",
            payments.paid, payments.taken, payments.refused, payments.mined
        );
        row("payments", told);
        row(
            "a payment is mined after",
            format!("{:.0} s (half), {:.0} s (90 %)", payments.wait_p50, payments.wait_p90),
        );
    }
    row(
        "a node sends",
        format!(
            "{:.0} messages, {}; {} at most",
            traffic.messages_each,
            bytes(traffic.bytes_each),
            bytes(traffic.bytes_most as f64)
        ),
    );
    row("all send", format!("{} messages, {}", traffic.messages, bytes(traffic.bytes as f64)));
    for miner in &figures.miners {
        let told = format!(
            "{} of hashes, {} of the chain: {} of {} blocks stayed",
            percent(miner.hashes),
            percent(miner.of_chain),
            miner.in_chain,
            miner.found
        );
        row(&format!("mined by {}", miner.name), told);
        if miner.frauds > 0 {
            let told = format!("{} of {} payments that they meant to", miner.taken_back, miner.frauds);
            row(&format!("taken back by {}", miner.name), told);
        }
    }
    let told = |Farewells { misbehaved, stalled }: Farewells| {
        format!("{misbehaved} for breaking a rule, {stalled} for not sending what they have")
    };
    row("nodes hung up on", told(figures.on_nodes));
    if figures.on_adversaries != Farewells::default() {
        row("adversaries hung up on", told(figures.on_adversaries));
    }
    row("events worked off", figures.events.to_string());
    rows
}
