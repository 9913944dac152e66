//! An outcome as a page: what was expected, what happened, how blocks spread, where the chain forked, and the figures.

use std::fmt::Write as _;

use super::curve::figure;
use super::plot::{Plot, Series};
use super::style::STYLE;
use super::text::rows;
use super::tree::tree;
use super::{escaped, moment};
use crate::lab::scenario::{Conclusion, Span};

/// How wide the line of time is, before it is fitted to its page.
const TIMELINE: f64 = 720.0;
/// Room at its ends.
const EDGE: f64 = 12.0;

/// An outcome as one file that asks for nothing else.
pub fn html(outcome: &Conclusion) -> String {
    let (class, verdict) = if outcome.holds() { ("good", "holds") } else { ("bad", "does not hold") };
    let lasted = Span::of_micros((outcome.seconds * 1e6) as u64);
    let mut body = format!(
        "<h1>{} <span class=\"verdict {class}\">{verdict}</span></h1><p>{}</p>\
         <p class=\"muted\">{} nodes, {lasted}, seed {}, digest {}</p>",
        escaped(&outcome.name),
        escaped(outcome.about.trim()),
        outcome.nodes,
        outcome.seed,
        escaped(&outcome.digest)
    );
    expectations(&mut body, outcome);
    timeline(&mut body, outcome);
    body.push_str("<h2>How blocks spread</h2>");
    body.push_str(&figure(&propagation(outcome)));
    body.push_str("<h2>Where the chain forked</h2>");
    body.push_str(&tree(&outcome.blocks));
    if !outcome.plots.is_empty() {
        body.push_str("<h2>More curves</h2>");
        outcome.plots.iter().for_each(|plot| body.push_str(&figure(plot)));
    }
    body.push_str("<h2>Figures</h2><table id=\"figures\"><tbody>");
    for (name, value) in rows(&outcome.figures) {
        let _ =
            write!(body, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>", escaped(&name), escaped(&value));
    }
    body.push_str("</tbody></table>");
    document(&outcome.name, &body)
}

/// A file that asks for nothing else.
pub(super) fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\
         <title>{} - Cairn laboratory</title><style>{STYLE}</style></head><body>{body}</body></html>\n",
        escaped(title)
    )
}

fn expectations(body: &mut String, outcome: &Conclusion) {
    body.push_str("<h2>What was expected</h2>");
    if outcome.verdicts.is_empty() {
        body.push_str("<p class=\"muted\">Nothing.</p>");
        return;
    }
    body.push_str(
        "<table id=\"expectations\"><thead><tr><th></th><th>expected</th><th>found</th></tr></thead><tbody>",
    );
    for verdict in &outcome.verdicts {
        let (class, word) = if verdict.holds { ("good", "holds") } else { ("bad", "fails") };
        let (expected, found) = (escaped(&verdict.expected), escaped(&verdict.found));
        let _ = write!(body, "<tr><td class=\"{class}\">{word}</td><td>{expected}</td><td>{found}</td></tr>");
    }
    body.push_str("</tbody></table>");
}

/// When what happened, on a line and in words.
fn timeline(body: &mut String, outcome: &Conclusion) {
    body.push_str("<h2>What happened</h2>");
    if outcome.events.is_empty() {
        body.push_str("<p class=\"muted\">Nothing but what always happens.</p>");
        return;
    }
    let end = TIMELINE - EDGE;
    let _ = write!(
        body,
        "<figure><svg role=\"img\" aria-label=\"time line\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {TIMELINE} 40\">\
         <path class=\"axis\" d=\"M{EDGE} 14 L{end} 14\"/>"
    );
    for (number, event) in outcome.events.iter().enumerate() {
        let x = EDGE + event.at / outcome.seconds.max(1e-9) * (end - EDGE);
        let class = if event.is_trouble { "mark bad" } else { "mark" };
        let _ = write!(
            body,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"14\" r=\"6\"><title>{}</title></circle>\
             <text x=\"{x:.1}\" y=\"36\" text-anchor=\"middle\">{}</text>",
            escaped(&event.what),
            number + 1
        );
    }
    body.push_str("</svg></figure><table id=\"timeline\"><tbody>");
    for (number, event) in outcome.events.iter().enumerate() {
        let class = if event.is_trouble { "bad" } else { "what" };
        let (at, what) = (moment(event.at), escaped(&event.what));
        let _ = write!(
            body,
            "<tr><td>{}</td><td class=\"time\">{at}</td><td class=\"{class}\">{what}</td></tr>",
            number + 1
        );
    }
    body.push_str("</tbody></table>");
}

/// The share of nodes that have a block, over time. Those that were cut off have it hours later, and the others in a blink.
fn propagation(outcome: &Conclusion) -> Plot {
    let spread = &outcome.figures.propagation;
    let points = spread.curve.iter().map(|(millis, share)| (*millis, share * 100.0)).collect();
    let mark = |name: &str, millis: f64, share: f64| {
        Series::reference(
            &format!("{share:.0} % after {} ({name})", super::millis(millis)),
            vec![(millis, 0.0), (millis, share)],
        )
    };
    let mut series = Vec::new();
    if spread.count > 0 {
        series.push(Series::curve("nodes that have a block", points));
        series.push(mark("p50", spread.p50_ms, 50.0));
        series.push(mark("p90", spread.p90_ms, 90.0));
        series.push(mark("p99", spread.p99_ms, 99.0));
    }
    Plot::new("Share of nodes that have a block", "milliseconds after it was found", "% of nodes", series)
        .logarithmic()
}
