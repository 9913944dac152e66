//! What `cairn peers list` tells.

use std::fmt::Display;
use std::time::{SystemTime, UNIX_EPOCH};

use super::links;
use crate::api::view::{Direction, PeerView, PeersReportView, SyncView};
use crate::cli::output::{aligned, count};
use crate::types::Timestamp;

/// What stands above the peers.
const COLUMNS: [&str; 9] =
    ["", "address", "height", "ping ms", "seconds", "bytes in", "bytes out", "agent", "node"];

/// How a node stands with others, in lines; with all addresses that it knows where they are wanted.
pub fn for_people(report: &PeersReportView, with_known: bool) -> String {
    let PeersReportView { node, listening, tip, sync, peers, added, bans, links, known } = report;
    let mut lines = vec![
        format!("node       {}", node.0),
        format!("listening  {}", or_dash(listening.as_ref())),
        format!("height     {}, {}", tip.height, tip.hash),
        format!("sync       {}", sync_text(sync)),
        format!("known      {} addresses", known.len()),
    ];
    lines.extend(added.iter().map(|place| format!("added      {place}")));
    lines.extend(bans.iter().map(|ban| format!("banned     {} for another {}", ban.who, left(ban.until))));
    lines.extend(links.iter().map(|link| format!("bad link   {}", links::for_people(link))));
    lines.push(format!("peers      {}", peers.len()));
    if !peers.is_empty() {
        let mut table = vec![COLUMNS.map(str::to_owned).to_vec()];
        table.extend(peers.iter().map(|peer| row(peer).to_vec()));
        lines.extend(aligned(&table));
    }
    for known in known.iter().filter(|_| with_known) {
        let tried = if known.tried { "tried" } else { "told of" };
        lines.push(format!("{tried:8} {} ({} failures)", known.address, known.failures));
    }
    lines.join("\n") + "\n"
}

/// How far a node is with catching up.
pub fn sync_text(sync: &SyncView) -> String {
    match sync {
        SyncView::Alone => "alone: nobody is connected".to_owned(),
        SyncView::Synced => "synced".to_owned(),
        SyncView::Asking => "asking".to_owned(),
        SyncView::Fetching { to, missing } => format!("{missing} blocks to go to height {to}"),
    }
}

fn row(peer: &PeerView) -> [String; COLUMNS.len()] {
    let direction = match peer.direction {
        Direction::Out => "out",
        Direction::In => "in",
    };
    [
        direction.to_owned(),
        peer.address.clone(),
        or_dash(peer.height),
        or_dash(peer.ping_ms),
        peer.seconds.to_string(),
        peer.bytes_in.to_string(),
        peer.bytes_out.to_string(),
        or_dash(peer.agent.as_ref()),
        peer.node.0.clone(),
    ]
}

fn or_dash(value: Option<impl Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// How long it is until a time, as people say it.
fn left(until: Timestamp) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seconds = u64::from(until.0).saturating_sub(now);
    match seconds {
        0..120 => count(seconds as usize, "second"),
        120..7200 => count((seconds / 60) as usize, "minute"),
        7200.. => count((seconds / 3600) as usize, "hour"),
    }
}
