//! What can be ordered on the page.

use maud::{Markup, html};

use super::graph::Wire;
use super::{Chosen, said};
use crate::api::Problem;
use crate::api::explorer::parts;
use crate::api::view::{DELAY_MS_MAX, LOSS_PERCENT_MAX, LinkFaults};
use crate::devnet::desk::view::{NetworkView, NodeView};
use crate::devnet::desk::words::in_words;
use crate::devnet::snapshots::Snapshot;
use crate::types::Timestamp;

/// A form of one button.
fn button(path: &str, fields: &[(&str, &str)], name: &str) -> Markup {
    button_for(path, fields, name, None)
}

/// The same, with a longer name for whoever hears it and does not see in which row it stands.
///
/// Forms come and go while somebody is on a button: what each orders is its key, so that none turns into another.
fn button_for(path: &str, fields: &[(&str, &str)], name: &str, spoken: Option<&str>) -> Markup {
    let told: Vec<String> = fields.iter().map(|(field, value)| format!("{field}={value}")).collect();
    html! {
        form.inline method="post" action=(path) data-key={ (path) "?" (told.join("&")) } {
            @for (field, value) in fields { input type="hidden" name=(field) value=(value); }
            button aria-label=[spoken] { (name) }
        }
    }
}

/// A number that may be left out.
fn number(label: &str, name: &str, value: Option<String>, max: u64) -> Markup {
    html! { label { (label) " " input type="number" name=(name) min="0" max=(max) step="any" value=[value]; } }
}

/// What can be done to one link.
pub(super) fn link(network: &NetworkView, ends: (usize, usize)) -> Markup {
    let wire = Wire::of(network, ends);
    let faults = wire.faults;
    let (one, other) = (ends.0.to_string(), ends.1.to_string());
    let preset = |fields: &[(&str, &str)], name| {
        let mut all = vec![("a", one.as_str()), ("b", other.as_str())];
        all.extend_from_slice(fields);
        button("/orders/link", &all, name)
    };
    let shown = |value: fn(&LinkFaults) -> String| faults.map(value).filter(|text| text != "0");
    html! {
        section.card id="link" aria-label={ "Link between " (one) " and " (other) } {
            h2 { "Link " (one) " – " (other) ": " (wire.words()) }
            div.row {
                (preset(&[("cut", "on")], "Cut"))
                (preset(&[("delay_ms", "200")], "200 ms late"))
                (preset(&[("loss_percent", "20")], "Lose 20 %"))
                (preset(&[("bytes_per_second", "16000")], "16 kB/s"))
                (preset(&[], "Heal"))
            }
            details id="exactly" {
                summary { "Exactly" }
                form.fields method="post" action="/orders/link" {
                    input type="hidden" name="a" value=(one);
                    input type="hidden" name="b" value=(other);
                    (number("Delay, ms", "delay_ms", shown(|link| link.delay_ms.to_string()), DELAY_MS_MAX))
                    (number("Jitter, ms", "jitter_ms", shown(|link| link.jitter_ms.to_string()), DELAY_MS_MAX))
                    (number("Loss, %", "loss_percent", shown(|link| link.loss_percent.to_string()), LOSS_PERCENT_MAX as u64))
                    (number("Rate, bytes a second", "bytes_per_second", faults.and_then(|link| link.bytes_per_second).map(|rate| rate.to_string()), u64::from(u32::MAX)))
                    label { input type="checkbox" name="cut" checked[faults.is_some_and(|link| link.cut)]; " Nothing passes" }
                    button { "Make it so" }
                }
            }
        }
    }
}

/// Links that are not drawn are chosen by their ends.
pub(super) fn ends(network: &NetworkView) -> Markup {
    let last = network.nodes.len() - 1;
    html! {
        form.fields action="/" {
            label { "Link from " input type="number" name="a" min="0" max=(last) value="0" required; }
            label { "to " input type="number" name="b" min="0" max=(last) value=(last) required; }
            button { "Choose" }
        }
    }
}

/// What can be done to one node.
pub(super) fn node(network: &NetworkView, node: &NodeView) -> Markup {
    let number = node.node.to_string();
    let its = |path, fields: &[(&str, &str)], name, spoken: &str| {
        button_for(path, fields, name, Some(&format!("{spoken} {number}")))
    };
    html! {
        div.row {
            @if node.up {
                @if network.to_order { (its("/orders/mine", &[("blocks", "1"), ("node", &number)], "Mine", "Mine at node")) }
                (its("/orders/kill", &[("node", &number)], "Kill", "Kill node"))
            } @else if !node.going_back { (its("/orders/restart", &[("node", &number)], "Restart", "Restart node")) }
        }
    }
}

/// What can be done to all links at once, and to the chain.
pub(super) fn faults(network: &NetworkView) -> Markup {
    let half = network.nodes.len() / 2;
    let numbers =
        |range: std::ops::Range<usize>| range.map(|node| node.to_string()).collect::<Vec<_>>().join(",");
    let example = format!("{} | {}", numbers(0..half), numbers(half..network.nodes.len()));
    html! {
        div.row {
            @if network.nodes.len() > 1 {
                form.fields method="post" action="/orders/partition" data-key="partition" {
                    label { "Groups " input name="groups" required value=(example) size="14" autocomplete="off"; }
                    button { "Partition" }
                }
                (button("/orders/heal", &[], "Heal all links"))
            }
            @if network.to_order {
                form.fields method="post" action="/orders/reorganize" data-key="reorganize" {
                    label { "Depth " input type="number" name="depth" min="1" value="3" required; }
                    button { "Reorganize" }
                }
            }
        }
    }
}

/// When blocks come.
pub(super) fn blocks(network: &NetworkView) -> Markup {
    html! {
        section.card {
            h2 { "Blocks" }
            @if network.to_order { (to_order(network)) } @else { (by_work(network)) }
        }
    }
}

/// Where difficulty follows the times of blocks: one that came to order would drive it up.
fn by_work(network: &NetworkView) -> Markup {
    let is_on = network.mining == "work";
    html! {
        p #mode { "They " strong { @if is_on { "come by work" } @else { "do not come" } } "; on this chain none can be ordered." }
        div.row {
            @if is_on { (button("/orders/mode", &[("mode", "manual")], "Have none come")) }
            @else { (button("/orders/mode", &[("mode", "work")], "Have them come by work")) }
        }
    }
}

fn to_order(network: &NetworkView) -> Markup {
    html! {
        p #mode { "They come " strong { (in_words(&network.mining)) } "." }
        form.fields method="post" action="/orders/mine" data-key="mine" {
            label { "How many " input type="number" name="blocks" min="1" max="100000" value="10" required; }
            button { "Mine" }
        }
        form.fields method="post" action="/orders/interval" data-key="interval" {
            label { "Seconds between blocks " input type="number" name="seconds" min="0.1" step="0.1" value="5" required; }
            button { "Every so often" }
        }
        div.row {
            (button("/orders/mode", &[("mode", "automine")], "With every payment"))
            (button("/orders/mode", &[("mode", "poisson=1")], "By chance, as work would find them"))
            (button("/orders/mode", &[("mode", "manual")], "Only by order"))
        }
    }
}

/// The clock of the chain.
pub(super) fn clock(network: &NetworkView) -> Markup {
    let clock = &network.clock;
    html! {
        section.card {
            h2 { "Time" }
            p #clock { (parts::time(clock.time)) @if clock.frozen { ", " strong { "frozen" } } }
            div.row {
                @for (seconds, name) in [("60", "+1 min"), ("3600", "+1 h"), ("86400", "+1 d")] {
                    (button("/orders/warp", &[("seconds", seconds)], name))
                }
                @if clock.frozen { (button("/orders/clock", &[("hold", "off")], "Resume")) }
                @else { (button("/orders/clock", &[("hold", "on")], "Freeze")) }
            }
            p.note { "All nodes share it. It goes back only with a snapshot." }
        }
    }
}

/// Coins for whoever asks. What was typed stays, and what is wrong with it stands below.
pub(super) fn coins(
    network: &NetworkView,
    chosen: &Chosen,
    became: Option<&Result<String, String>>,
) -> Markup {
    let address = chosen.address.as_deref().unwrap_or_default();
    let is_wrong = became.is_some_and(Result::is_err).then_some("true");
    html! {
        section.card id="faucet" aria-labelledby="faucet-title" {
            h2 id="faucet-title" { "Faucet" }
            form.fields method="post" action="/orders/faucet" {
                label.long {
                    "Address, " (network.prefix) "1… "
                    input name="address" required value=(address) autocomplete="off" spellcheck="false"
                        aria-invalid=[is_wrong] aria-describedby="faucet-said";
                }
                label {
                    "Amount, CRN "
                    input name="amount" inputmode="decimal" value=(chosen.amount.as_deref().unwrap_or("100")) autocomplete="off"
                        size="8" aria-describedby="faucet-said";
                }
                button.main { "Get coins" }
            }
            div #faucet-said role="status" { (said(became)) }
        }
    }
}

/// States that can be gone back to.
pub(super) fn snapshots(snapshots: &Result<Vec<Snapshot>, Problem>) -> Markup {
    let (snapshots, trouble) = match snapshots {
        Ok(snapshots) => (snapshots.as_slice(), None),
        Err(problem) => (&[][..], Some(&problem.detail)),
    };
    html! {
        section.card {
            h2 { "Snapshots" }
            form.fields method="post" action="/orders/snapshot" {
                label { "Name " input name="name" autocomplete="off" size="12"; }
                button { "Take one" }
            }
            @if let Some(trouble) = trouble { p.said.bad { (trouble) } }
            @else if snapshots.is_empty() { (parts::empty("None yet. One keeps the whole network as it is: chains, pools, clock.")) }
            ul.plain { @for snapshot in snapshots {
                li data-key=(snapshot.name) {
                    div.row {
                        strong { (snapshot.name) } span { "height " (height(snapshot)) } (made(snapshot))
                    }
                    details id={ "snapshot-" (snapshot.name) } {
                        summary { "Go back to it, or remove it" }
                        p.note { "What came after it is lost to whoever goes back, unless there is another snapshot of it." }
                        div.row {
                            (button("/orders/revert", &[("name", &snapshot.name)], "Revert"))
                            (button("/orders/remove", &[("name", &snapshot.name)], "Remove"))
                        }
                    }
                }
            } }
        }
    }
}

fn height(snapshot: &Snapshot) -> String {
    snapshot.nodes.iter().map(|node| node.height).max().map(parts::number).unwrap_or_default()
}

fn made(snapshot: &Snapshot) -> Markup {
    let Timestamp(time) = snapshot.clock.last;
    html! { span { "at " (parts::ago(Timestamp(time))) } }
}
