//! How a devnet is told of in words: in a terminal, and on its page.

use crate::api::view::LinkFaults;
use crate::devnet::mending::{Ends, MEND_TIME_MAX, Unmended};
use crate::devnet::spreading::SPREAD_TIME_MAX;

/// When blocks come, as one says it.
pub fn in_words(mining: &str) -> String {
    match mining.split_once('=') {
        Some(("interval", "1")) => "every second".to_owned(),
        Some(("interval", seconds)) => format!("every {seconds} seconds"),
        _ if mining == "manual" => "when they are ordered".to_owned(),
        _ if mining == "automine" => "when there is a transaction".to_owned(),
        _ if mining == "work" => "by work".to_owned(),
        _ => format!("at {mining}"),
    }
}

/// Numbers of nodes.
pub fn numbers(nodes: impl IntoIterator<Item = usize>) -> String {
    nodes.into_iter().map(|node| node.to_string()).collect::<Vec<_>>().join(", ")
}

/// To whom a block has not come in time; nothing where it has come to all.
pub fn late(behind: &[usize]) -> Option<String> {
    let nodes = if behind.len() == 1 { "node" } else { "nodes" };
    let seconds = SPREAD_TIME_MAX.as_secs();
    (!behind.is_empty()).then(|| {
        format!("it has not come to {nodes} {} in {seconds} seconds", numbers(behind.iter().copied()))
    })
}

/// Who may undo that the network went back; nothing where nobody from elsewhere was connected.
pub fn may_undo(strangers: &[usize]) -> Option<String> {
    let nodes = if strangers.len() == 1 { "node" } else { "nodes" };
    (!strangers.is_empty()).then(|| {
        format!(
            "others from elsewhere were connected to {nodes} {}: they have not gone back, and bring a longer branch again where they have one",
            numbers(strangers.iter().copied())
        )
    })
}

/// Which links do not stand in time that should, and who has not caught up; nothing where all is well.
pub fn apart(unmended: &Unmended) -> Option<String> {
    let what = [links_apart(&unmended.missing), not_caught_up(unmended)];
    let what: Vec<String> = what.into_iter().flatten().collect();
    (!what.is_empty()).then(|| what.join(", and "))
}

fn not_caught_up(Unmended { missing, behind }: &Unmended) -> Option<String> {
    let (name, have) = if behind.len() == 1 { ("node", "has") } else { ("nodes", "have") };
    // Where links do not stand nobody was waited for.
    let seconds = MEND_TIME_MAX.as_secs();
    let after = if missing.is_empty() { format!(" after {seconds} seconds") } else { String::new() };
    let nodes = numbers(behind.iter().copied());
    (!behind.is_empty()).then(|| format!("{name} {nodes} {have} not caught up{after}"))
}

fn links_apart(missing: &[Ends]) -> Option<String> {
    let links: Vec<String> = missing.iter().map(|(one, other)| format!("{one} to {other}")).collect();
    let (name, stand) = if links.len() == 1 { ("link", "does") } else { ("links", "do") };
    let seconds = MEND_TIME_MAX.as_secs();
    (!links.is_empty())
        .then(|| format!("{name} {} {stand} not stand again after {seconds} seconds", links.join(", ")))
}

/// What a link does that it should not.
pub fn what_is_wrong(link: &LinkFaults) -> String {
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
