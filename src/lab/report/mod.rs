//! Reports: what came of a scenario, for a terminal, for programs, for build servers, and as a page to look at.
//!
//! Nothing here decides anything; it words what an [`Conclusion`](super::scenario::Conclusion) or a [`Finding`](super::studies::Finding) says. A page is one file that asks for
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

/// How wide a line of text is.
const WIDTH: usize = 100;

/// A paragraph in lines that a terminal holds, each so far from its edge.
pub fn paragraph(text: &str, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{:indent$}{word}", "")),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

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
    fn paragraph_has_every_word_and_no_line_too_long() {
        let text = format!("{}\n {}", "a lot to say ".repeat(40), "w".repeat(2 * WIDTH));
        let told = paragraph(&text, 4);
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&told), words(&text));
        assert!(told.lines().all(|line| line.starts_with("    ") && line.len() <= 2 * WIDTH + 4), "{told}");
        assert!(told.lines().filter(|line| line.len() > WIDTH).count() == 1, "{told}");
    }

    #[test]
    fn moments_are_told_as_a_clock_shows_them() {
        assert_eq!(moment(3_725.9), "1:02:05");
    }
}
