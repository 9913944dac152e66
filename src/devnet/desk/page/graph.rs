//! All nodes in a ring, and the links between them: each is a way to what can be done to it.

use maud::{Markup, html};

use crate::api::view::LinkFaults;
use crate::devnet::desk::view::{NetworkView, NodeView};
use crate::devnet::desk::words::what_is_wrong;

/// The ring's middle, and how far from it nodes stand.
const MIDDLE: (f64, f64) = (220.0, 170.0);
const REACH: (f64, f64) = (165.0, 125.0);

/// The graph; one of its links may be chosen.
pub(super) fn graph(network: &NetworkView, chosen: Option<(usize, usize)>) -> Markup {
    let count = network.nodes.len();
    let top = network.nodes.iter().filter_map(|node| node.height).max();
    html! {
        svg.graph viewBox="0 0 440 340" role="group" aria-label={ "All " (count) " nodes and the links between them" } {
            @for one in 0..count { @for other in one + 1..count { (wire(network, (one, other), chosen)) } }
            @for node in &network.nodes {
                @let (x, y) = place(node.node, count);
                g data-key={ "node-" (node.node) } {
                    ellipse class={ "node " (class(node, top)) } cx=(round(x)) cy=(round(y)) rx="30" ry="20" { title { (said(node)) } }
                    text x=(round(x)) y=(round(y - 1.0)) text-anchor="middle" { (node.node) }
                    text x=(round(x)) y=(round(y + 12.0)) text-anchor="middle" {
                        @match node.height { Some(height) => { (height) }, None => "down" }
                    }
                }
            }
        }
    }
}

fn place(node: usize, count: usize) -> (f64, f64) {
    let turn = node as f64 / count as f64 * std::f64::consts::TAU - std::f64::consts::FRAC_PI_2;
    (MIDDLE.0 + REACH.0 * turn.cos(), MIDDLE.1 + REACH.1 * turn.sin())
}

fn round(number: f64) -> String {
    format!("{number:.0}")
}

fn class(node: &NodeView, top: Option<crate::types::Height>) -> &'static str {
    match node.height {
        None => "down",
        height if height < top => "behind",
        Some(_) => "same",
    }
}

fn said(node: &NodeView) -> String {
    match node.tip {
        Some(tip) => format!("node {}, tip {tip}", node.node),
        None => format!("node {}, which is down", node.node),
    }
}

/// A link, with room around it to be hit.
fn wire(network: &NetworkView, ends: (usize, usize), chosen: Option<(usize, usize)>) -> Markup {
    let (one, other) = ends;
    let faults = network.links.iter().find(|link| (link.a, link.b) == ends).map(|link| &link.faults);
    let nodes = &network.nodes;
    let joined = nodes[one].peers.contains(&other) || nodes[other].peers.contains(&one);
    let ((x1, y1), (x2, y2)) = (place(one, nodes.len()), place(other, nodes.len()));
    let state = match faults {
        Some(link) if link.cut => "cut",
        Some(_) => "slow",
        None if joined => "joined",
        None => "apart",
    };
    let name = format!("Link between {one} and {other}: {}", words(faults, joined));
    html! {
        a.link data-key={ "link-" (one) "-" (other) } href={ "/?link=" (one) "-" (other) } aria-label=(name)
            aria-current=[(chosen == Some(ends)).then_some("true")] {
            title { (name) }
            line class={ "wire " (state) } x1=(round(x1)) y1=(round(y1)) x2=(round(x2)) y2=(round(y2)) {}
            line.around x1=(round(x1)) y1=(round(y1)) x2=(round(x2)) y2=(round(y2)) {}
            @if let Some(link) = faults {
                text x=(round((x1 + x2) / 2.0)) y=(round((y1 + y2) / 2.0 - 4.0)) text-anchor="middle" { (label(link)) }
            }
        }
    }
}

/// What is wrong with a link, in few letters.
fn label(link: &LinkFaults) -> String {
    let mut parts = Vec::new();
    if link.cut {
        return "cut".to_owned();
    }
    if link.delay_ms > 0 || link.jitter_ms > 0 {
        parts.push(format!("{} ms", link.delay_ms));
    }
    if link.loss_percent > 0.0 {
        parts.push(format!("{} %", link.loss_percent));
    }
    if let Some(rate) = link.bytes_per_second {
        parts.push(crate::api::explorer::parts::scaled(rate as f64, "B/s"));
    }
    parts.join(", ")
}

/// The same for whoever has it read out.
pub(super) fn words(faults: Option<&LinkFaults>, joined: bool) -> String {
    match faults {
        Some(link) => what_is_wrong(link),
        None if joined => "as it should be".to_owned(),
        None => "not connected".to_owned(),
    }
}
