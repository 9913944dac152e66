//! What a devnet shows of itself.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::moments::iso;
use crate::cli::output::{aligned, count};
use crate::devnet::desk::words::{apart, in_words, late, numbers, what_is_wrong};
use crate::devnet::desk::{LinkView, MendedView, NetworkView, NodeView};

/// What is shown once it runs: where everything is, the money and the keys to it, and what to do next; also how orders come
/// here, where those that name no devnet go to another.
pub(super) fn greeting(network: &NetworkView, desk: &str, is_usual: bool) -> String {
    let mut text = format!(
        "{}: {}, blocks come {}, in {}\n\n",
        network.name,
        count(network.nodes.len(), "node"),
        in_words(&network.mining),
        network.folder
    );
    let mut table = vec![
        ["node", "wallets and explorers", "other nodes", "miners", "operator"].map(str::to_owned).to_vec(),
    ];
    table.extend(network.nodes.iter().map(|node| {
        let at = &node.at;
        vec![node.node.to_string(), at.http.clone(), at.peers.clone(), at.stratum.clone(), at.admin.clone()]
    }));
    aligned(&table).iter().for_each(|line| {
        let _ = writeln!(text, "{line}");
    });
    let _ = writeln!(
        text,
        "\naccounts, which began with 10,000 CRN each; the last is the faucet's, and all blocks pay it"
    );
    for (at, account) in network.accounts.iter().enumerate() {
        let _ = writeln!(text, "({at}) {}", account.address);
    }
    let _ = writeln!(
        text,
        "\ntheir keys, which everybody has: never money of value\nwords: {}",
        network.mnemonic
    );
    for (at, account) in network.accounts.iter().enumerate() {
        let _ = writeln!(text, "({at}) {}", account.key);
    }
    text.push_str(&left(network));
    let first = network.nodes.iter().find(|node| node.up).or(network.nodes.first());
    let asked = first.map(|node| node.at.http.as_str()).unwrap_or_default();
    let payee = network.accounts.get(1).map(|account| account.address.as_str()).unwrap_or_default();
    let miner = first.map(|node| node.at.stratum.trim_start_matches("stratum+tcp://")).unwrap_or_default();
    text.push('\n');
    if !is_usual {
        let _ = writeln!(text, "first      export CAIRN_DEVNET={desk} in the terminal that gives orders");
    }
    let _ = write!(
        text,
        "look       {asked} the chain, {desk} all nodes\n\
         coins      cairn devnet faucet ADDRESS\n\
         send       echo {words} | cairn wallet restore --open --mnemonic-file - --node {asked}\n           \
         cairn wallet send {payee} 12.5 --yes --node {asked}\n\
         mine       cairn mine --stratum {miner} --user {payee}\n\
         order      cairn devnet mine 10, warp +1d, partition '0,1 | 2,3,4', heal: `cairn devnet --help`\n\n",
        words = network.mnemonic,
    );
    text
}

/// What is not as it is at first, because it was left so.
fn left(network: &NetworkView) -> String {
    let down = numbers(network.nodes.iter().filter(|node| !node.up).map(|node| node.node));
    let links: Vec<String> = network.links.iter().map(in_a_line).collect();
    let mut text = String::new();
    if !down.is_empty() {
        let _ = write!(text, "\ndown: {down}; `cairn devnet restart NODE` brings one back\n");
    }
    if !links.is_empty() {
        let _ =
            write!(text, "\nlinks, as they were left: {}; `cairn devnet heal` mends all\n", links.join("; "));
    }
    text
}

/// How a network is.
pub(super) fn status(network: &NetworkView) -> String {
    let clock = &network.clock;
    let mut text = format!("blocks come {}", in_words(&network.mining));
    if clock.frozen {
        let _ = write!(text, "; the clock is held at {}", iso(clock.time));
    } else if clock.ahead_seconds != 0 {
        let which = if clock.ahead_seconds > 0 { "ahead" } else { "behind, as after going back to a state" };
        let seconds = usize::try_from(clock.ahead_seconds.unsigned_abs()).unwrap_or(usize::MAX);
        let _ = write!(text, "; the clock is {} {which}", count(seconds, "second"));
    }
    text.push('\n');
    let mut table =
        vec![["node", "height", "tip", "waiting", "connected to", "asked at"].map(str::to_owned).to_vec()];
    table.extend(network.nodes.iter().map(row));
    aligned(&table).iter().for_each(|line| {
        let _ = writeln!(text, "{line}");
    });
    for link in &network.links {
        let _ = writeln!(text, "link {}", in_a_line(link));
    }
    text
}

fn row(node: &NodeView) -> Vec<String> {
    let tip = node.tip.map(|tip| tip.to_string());
    vec![
        node.node.to_string(),
        node.height.map_or_else(|| why_down(node).to_owned(), |height| height.to_string()),
        tip.map(|tip| tip[tip.len() - 12..].to_owned()).unwrap_or_default(),
        node.waiting.to_string(),
        numbers(node.peers.iter().copied()).replace(' ', ""),
        node.at.http.clone(),
    ]
}

fn why_down(node: &NodeView) -> &'static str {
    if node.going_back { "going back" } else { "down" }
}

/// A bad link, by its ends.
pub(super) fn in_a_line(link: &LinkView) -> String {
    format!("{} to {}: {}", link.a, link.b, what_is_wrong(&link.faults))
}

/// That a block has come to all in time.
pub(super) fn in_time(behind: &[usize]) -> Result<()> {
    late(behind).map_or(Ok(()), |late| {
        bail!(
            "{late}, and may come yet: `cairn devnet status` says who is where, and what is wrong with links"
        )
    })
}

/// That links stand again which could, and all have caught up.
pub(super) fn mended(now: &MendedView) -> Result<()> {
    apart(&now.unmended()).map_or(Ok(()), |apart| {
        bail!("{apart}, and may yet: `cairn devnet status` says who is where, and connected to whom")
    })
}
