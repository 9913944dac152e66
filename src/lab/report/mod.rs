//! Reports: what came of a scenario, for a terminal, for programs, for build servers, and as a page to look at.
//!
//! Nothing here decides anything; it words what an [`Outcome`](super::scenario::Outcome) or a [`Finding`](super::studies::Finding) says. A page is one file that asks for
//! nothing else, light or dark as its reader likes. Read `html.rs` for what is on it.

mod curve;
mod findings;
mod html;
mod json;
mod junit;
mod plot;
mod style;
mod table;
mod text;
mod tree;

pub use findings::{findings_json, findings_page, findings_text};
pub use html::html;
pub use json::json;
pub use junit::junit;
pub use plot::{Plot, Series};
pub use table::{Cell, Column, Table};
pub use text::text;

/// A text as it may stand in HTML and SVG, between tags and in quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // What XML cannot hold is shown as something that it can.
            c if c.is_control() && !matches!(c, '\n' | '\t') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// So many bytes, for people.
fn bytes(count: f64) -> String {
    let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    match units.into_iter().find(|(size, _)| count >= *size) {
        Some((size, name)) => format!("{:.1} {name}", count / size),
        None => format!("{count:.0} B"),
    }
}

/// A share, for people.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Milliseconds, for people.
fn millis(millis: f64) -> String {
    if millis < 10_000.0 { format!("{millis:.0} ms") } else { format!("{:.1} s", millis / 1000.0) }
}

/// Seconds since the beginning, as a clock shows them.
fn moment(seconds: f64) -> String {
    let whole = seconds as u64;
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_would_be_a_tag_is_none() {
        assert_eq!(escaped("<a b='\"'>&\u{1}"), "&lt;a b=&#39;&quot;&#39;&gt;&amp;\u{fffd}");
    }

    #[test]
    fn moments_are_told_as_a_clock_shows_them() {
        assert_eq!(moment(3_725.9), "1:02:05");
    }
}
