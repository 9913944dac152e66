//! What several studies share: how a scenario of theirs is read, and a network of nodes all over the world, as Bitcoin's were in
//! 2019.

use crate::lab::scenario::Scenario;

/// To how many others each node is connected, as many as it connects to by itself.
const DEGREE: usize = 8;

/// Nodes where Bitcoin's were in 2019, on lines as fast as they were there, with ordinary processors. All of them mine, each as much as
/// the others, until a minute before the end.
///
/// # Panics
/// When there are too few nodes, or the rest is no part of a scenario.
pub(super) fn worldwide(nodes: usize, spacing: u64, seconds: u64, rest: &str) -> Scenario {
    let text = format!(
        r#"
name = "worldwide"
about = "A network all over the world."
duration = "{seconds}s"
geography = "bitcoin-2019"
topology = {{ random = {{ degree = {DEGREE} }} }}

[[nodes]]
name = "nodes"
count = {nodes}
line = "measured"
processor = "usual"

[link]
jitter = "20ms"

[[mining]]
who = ["nodes"]
share = 1.0

[chain]
spacing = "{spacing}s"
{rest}"#
    );
    scenario(&text)
}

/// A scenario of a study's own.
///
/// # Panics
/// When it is none.
pub(super) fn scenario(text: &str) -> Scenario {
    Scenario::from_toml(text).unwrap_or_else(|error| panic!("{error} in{text}"))
}
