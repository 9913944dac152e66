//! Whether an answer is what a page says it is, but for what differs each time.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What differs each time, and what stands for it.
static VARYING: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"\b\d+ ms\b", "N ms"),
        (r"\bheight \d+", "height N"),
        (r"\bblock \d+", "block N"),
        (r#""height": ?\d+"#, "\"height\": N"),
        (r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
        (r"(/tmp|/root|/home)[\w./-]*", "PATH"),
        (r"~/[\w./-]*", "PATH"),
    ]
    .map(|(varying, stands)| (Regex::new(varying).unwrap(), stands))
    .into()
});

/// Hashes, keys, names of transactions, whole or the end of one.
static HASH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[0-9a-f]{12,64}\b").unwrap());

fn plain(line: &str) -> String {
    // What has no letter is an amount.
    let is_hash = |word: &str| word.bytes().any(|digit| digit.is_ascii_alphabetic());
    let hashed = |found: &Captures<'_>| if is_hash(&found[0]) { "HASH" } else { &found[0] }.to_owned();
    let mut line = HASH.replace_all(line.trim_end(), hashed).into_owned();
    for (varying, stands) in VARYING.iter() {
        line = varying.replace_all(&line, *stands).into_owned();
    }
    line
}

/// Whether the lines that were said are those that stand in the page. A line `...` there stands for any number of them, and at the
/// end of a line for any rest of it.
pub fn is_like(said: &[String], page: &[String]) -> bool {
    match page.split_first() {
        None => said.is_empty(),
        Some((first, rest)) if first.trim() == "..." => {
            (0..=said.len()).any(|skipped| is_like(&said[skipped..], rest))
        }
        Some((first, rest)) => said.split_first().is_some_and(|(line, others)| {
            let (line, first) = (plain(line), plain(first));
            let is_same = first.strip_suffix("...").map_or(line == first, |begins| line.starts_with(begins));
            is_same && is_like(others, rest)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_may_differ_where_they_always_do_and_nowhere_else() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let like = |said: &str, page: &str| is_like(&lines(said), &lines(page));
        assert!(like("ready after 96 ms at height 7", "ready after 4 ms at height 0"));
        assert!(like("one\ntwo\nthree", "one\n...\nthree") && like("one\nthree", "one\n...\nthree"));
        assert!(like("balance  12.5 CRN at block 5", "balance  12.5 CRN at block 9"));
        assert!(!like("balance  12.5 CRN", "balance  12.4 CRN"));
        assert!(like("sent b891036f3af78d69", "sent 0123456789abcdef"));
        assert!(!like("\"balance\":\"1000000000000\"", "\"balance\":\"1001250000000\""));
        assert!(!like("one\ntwo", "one") && !like("one", "one\ntwo") && !like("", "one"));
        assert!(like("nodes: 5, all well", "nodes: 5..."));
    }
}
