//! What a devnet shows of itself.

use std::fmt::Write as _;

use crate::cli::output::aligned;
use crate::devnet::desk::{LinkView, NetworkView, NodeView};

/// What is shown once it runs: where everything is, the money and the keys to it, and what to do next.
pub(super) fn greeting(network: &NetworkView, desk: &str) -> String {
    let mut text = format!(
        "{}: {} nodes, blocks come {}, in {}\n\n",
        network.name,
        network.nodes.len(),
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
    let _ =
        writeln!(text, "\naccounts, each with 10,000 CRN; the last is the faucet's, and all blocks pay it");
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
    let first = network.nodes.first();
    let asked = first.map(|node| node.at.http.as_str()).unwrap_or_default();
    let payee = network.accounts.get(1).map(|account| account.address.as_str()).unwrap_or_default();
    let miner = first.map(|node| node.at.stratum.trim_start_matches("stratum+tcp://")).unwrap_or_default();
    let _ = write!(
        text,
        "\nlook       {desk}, {asked}/docs\n\
         coins      cairn devnet faucet ADDRESS\n\
         send       echo {words} | cairn wallet restore --open --mnemonic-file - --node {asked}\n           \
         cairn wallet send {payee} 12.5 --yes --node {asked}\n\
         mine       cairn mine --stratum {miner} --user {payee}\n\
         order      cairn devnet mine 10, warp +1d, partition '0,1 | 2,3,4', heal: `cairn devnet --help`\n\n",
        words = network.mnemonic,
    );
    text
}

/// When blocks come, as one says it.
pub(super) fn in_words(mining: &str) -> String {
    match mining.split_once('=') {
        Some(("interval", "1")) => "every second".to_owned(),
        Some(("interval", seconds)) => format!("every {seconds} seconds"),
        _ if mining == "manual" => "when they are ordered".to_owned(),
        _ if mining == "automine" => "when there is a transaction".to_owned(),
        _ if mining == "work" => "by work".to_owned(),
        _ => format!("at {mining}"),
    }
}

/// How a network is.
pub(super) fn status(network: &NetworkView) -> String {
    let clock = &network.clock;
    let mut text = format!("blocks come {}", in_words(&network.mining));
    if clock.frozen {
        let _ = write!(text, "; the clock is held at {}", clock.time);
    } else if clock.ahead_seconds != 0 {
        let _ = write!(text, "; the clock is {} seconds ahead", clock.ahead_seconds);
    }
    text.push('\n');
    let mut table =
        vec![["node", "height", "tip", "waiting", "connected to", "asked at"].map(str::to_owned).to_vec()];
    table.extend(network.nodes.iter().map(row));
    aligned(&table).iter().for_each(|line| {
        let _ = writeln!(text, "{line}");
    });
    for link in &network.links {
        let _ = writeln!(text, "link {} to {}: {}", link.a, link.b, what_is_wrong(link));
    }
    text
}

fn row(node: &NodeView) -> Vec<String> {
    let tip = node.tip.map(|tip| tip.to_string());
    let peers: Vec<String> = node.peers.iter().map(ToString::to_string).collect();
    vec![
        node.node.to_string(),
        node.height.map_or_else(|| "down".to_owned(), |height| height.to_string()),
        tip.map(|tip| tip[tip.len() - 12..].to_owned()).unwrap_or_default(),
        node.waiting.to_string(),
        peers.join(","),
        node.at.http.clone(),
    ]
}

/// What a link does that it should not.
pub(super) fn what_is_wrong(link: &LinkView) -> String {
    let mut wrong = Vec::new();
    if link.cut {
        wrong.push("cut".to_owned());
    }
    if link.delay_ms > 0 {
        wrong.push(format!("{} ms late", link.delay_ms));
    }
    if link.jitter_ms > 0 {
        wrong.push(format!("up to {} ms more", link.jitter_ms));
    }
    if link.loss_percent > 0.0 {
        wrong.push(format!("loses {} %", link.loss_percent));
    }
    if let Some(rate) = link.bytes_per_second {
        wrong.push(format!("{rate} bytes a second"));
    }
    wrong.join(", ")
}
