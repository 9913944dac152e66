//! What `cairn peers list` tells.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::links;
use crate::cli::output::{aligned, count};
use crate::net::{PeersHandle, PeersReport, Traffic};
use crate::protocol::{PeerReport, Side, SyncState};

/// How a node stands with others, for programs.
pub fn as_json(report: &PeersReport, peers: &PeersHandle) -> Value {
    let links = peers.faults().all();
    let sync = match report.machine.sync {
        // Nobody has more where there is nobody.
        SyncState::Synced if report.machine.peers.is_empty() => json!({"state": "alone"}),
        SyncState::Synced => json!({"state": "synced"}),
        SyncState::Asking => json!({"state": "asking"}),
        SyncState::Fetching { to, missing } => {
            json!({"state": "fetching", "to_height": to.0, "missing_blocks": missing})
        }
    };
    let bans = report.machine.bans.iter();
    let known = report.machine.known.iter().map(|known| {
        json!({
            "address": known.address, "seen": known.seen.0, "connected": known.connected.map(|time| time.0),
            "failures": known.failures, "tried": known.tried,
        })
    });
    json!({
        "node": hex::encode(report.node.0),
        "listening": peers.local_address(),
        "height": report.machine.tip.height.0,
        "tip": report.machine.tip.hash.to_string(),
        "sync": sync,
        "peers": report.machine.peers.iter().map(|peer| peer_json(peer, report.traffic.get(&peer.met.peer))).collect::<Vec<_>>(),
        "added": report.machine.added,
        "banned": bans.map(|(who, until)| json!({"who": who.to_string(), "until": until.0})).collect::<Vec<_>>(),
        "links": links.iter().map(links::as_json).collect::<Vec<_>>(),
        "known_addresses": report.machine.known.len(),
        "known": known.collect::<Vec<_>>(),
    })
}

fn peer_json(said: &PeerReport, traffic: Option<&Traffic>) -> Value {
    let side = match said.met.side {
        Side::Dialer => "out",
        Side::Listener => "in",
    };
    json!({
        "address": said.met.address,
        "direction": side,
        "node": hex::encode(said.met.node.0),
        "agent": said.agent,
        "listening": said.listening,
        "height": said.tip.map(|(height, _)| height.0),
        "tip": said.tip.map(|(_, hash)| hash.to_string()),
        "ping_ms": said.ping.1,
        "ping_best_ms": said.ping.0,
        "connected_seconds": said.seconds,
        "bytes_in": traffic.map(|traffic| traffic.bytes_in),
        "bytes_out": traffic.map(|traffic| traffic.bytes_out),
    })
}

/// The same in lines.
pub fn for_people(answer: &Value) -> String {
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let mut lines = vec![
        format!("node       {}", text(&answer["node"])),
        format!("listening  {}", text(&answer["listening"])),
    ];
    lines.push(format!("height     {}, {}", answer["height"], text(&answer["tip"])));
    lines.push(match answer["sync"]["state"].as_str() {
        Some("alone") => "sync       alone: nobody is connected".to_owned(),
        Some("fetching") => format!(
            "sync       {} blocks to go to height {}",
            answer["sync"]["missing_blocks"], answer["sync"]["to_height"]
        ),
        state => format!("sync       {}", state.unwrap_or("-")),
    });
    lines.push(format!("known      {} addresses", answer["known_addresses"]));
    lines.extend(list("added").iter().map(|place| format!("added      {}", text(place))));
    lines.extend(
        list("banned")
            .iter()
            .map(|ban| format!("banned     {} for another {}", text(&ban["who"]), left(&ban["until"]))),
    );
    lines.extend(list("links").iter().map(|link| format!("bad link   {}", links::for_people(link))));
    lines.push(format!("peers      {}", list("peers").len()));
    let rows = list("peers");
    let columns = [
        ("", "direction"),
        ("address", "address"),
        ("height", "height"),
        ("ping ms", "ping_ms"),
        ("seconds", "connected_seconds"),
        ("bytes in", "bytes_in"),
        ("bytes out", "bytes_out"),
        ("agent", "agent"),
        ("node", "node"),
    ];
    if !rows.is_empty() {
        let mut table = vec![columns.map(|(title, _)| title.to_owned()).to_vec()];
        table.extend(rows.iter().map(|row| columns.map(|(_, key)| text(&row[key])).to_vec()));
        lines.extend(aligned(&table));
    }
    for known in list("known") {
        let tried = if known["tried"] == true { "tried" } else { "told of" };
        lines.push(format!("{tried:8} {} ({} failures)", text(&known["address"]), known["failures"]));
    }
    lines.join("\n") + "\n"
}

/// How long it is until a time, as people say it.
fn left(until: &Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seconds = until.as_u64().unwrap_or(0).saturating_sub(now);
    match seconds {
        0..120 => count(seconds as usize, "second"),
        120..7200 => count((seconds / 60) as usize, "minute"),
        7200.. => count((seconds / 3600) as usize, "hour"),
    }
}
