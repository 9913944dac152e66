//! All nodes in a ring, and the links between them: each is a way to what can be done to it.

use maud::{Markup, html};

use crate::api::explorer::parts;
use crate::api::explorer::ring::{Ring, round};
use crate::api::view::LinkFaults;
use crate::devnet::desk::view::{NetworkView, NodeView};
use crate::devnet::desk::words::what_is_wrong;

/// Nodes between which all links are drawn: of many nodes there are too many links to be seen.
pub(super) const ALL_DRAWN_MAX: usize = 8;

/// The graph; one of its links may be chosen.
pub(super) fn graph(network: &NetworkView, chosen: Option<(usize, usize)>) -> Markup {
    let count = network.nodes.len();
    let ring = Ring::of(count);
    let top = network.nodes.iter().filter_map(|node| node.height).max();
    html! {
        svg.graph viewBox=(ring.view_box()) role="group" aria-label={ "All " (count) " nodes and the links between them" } {
            @for wire in drawn(network) { (wire.draw(ring, chosen)) }
            @for node in &network.nodes {
                @let (x, y) = ring.place(node.node);
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

/// All links of a small network; of a large one those that there are, and those with which something is wrong.
fn drawn(network: &NetworkView) -> impl Iterator<Item = Wire<'_>> {
    let count = network.nodes.len();
    let pairs = (0..count).flat_map(move |one| (one + 1..count).map(move |other| (one, other)));
    let wires = pairs.map(|ends| Wire::of(network, ends));
    wires.filter(move |wire| count <= ALL_DRAWN_MAX || wire.joined || wire.faults.is_some())
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

/// A link, as the page tells of it.
pub(super) struct Wire<'a> {
    ends: (usize, usize),
    /// What is wrong with it.
    pub faults: Option<&'a LinkFaults>,
    /// Whether the two are connected.
    joined: bool,
}

impl<'a> Wire<'a> {
    /// Between two nodes.
    pub fn of(network: &'a NetworkView, ends: (usize, usize)) -> Self {
        let (one, other) = ends;
        let found = network.links.iter().find(|link| (link.a, link.b) == ends);
        let nodes = &network.nodes;
        let joined = nodes[one].peers.contains(&other) || nodes[other].peers.contains(&one);
        Self { ends, faults: found.map(|link| &link.faults), joined }
    }

    /// How it is, in words.
    pub fn words(&self) -> String {
        match self.faults {
            Some(faults) => what_is_wrong(faults),
            None if self.joined => "as it should be".to_owned(),
            None => "not connected".to_owned(),
        }
    }

    fn class(&self) -> &'static str {
        match self.faults {
            Some(faults) if faults.cut => "cut",
            Some(_) => "slow",
            None if self.joined => "joined",
            None => "apart",
        }
    }

    /// The line, with room around it to be hit.
    fn draw(&self, ring: Ring, chosen: Option<(usize, usize)>) -> Markup {
        let (one, other) = self.ends;
        let ((x1, y1), (x2, y2)) = (ring.place(one), ring.place(other));
        let name = format!("Link between {one} and {other}: {}", self.words());
        html! {
            a.link data-key={ "link-" (one) "-" (other) } href={ "/?link=" (one) "-" (other) } aria-label=(name)
                aria-current=[(chosen == Some(self.ends)).then_some("true")] {
                title { (name) }
                line class={ "wire " (self.class()) } x1=(round(x1)) y1=(round(y1)) x2=(round(x2)) y2=(round(y2)) {}
                line.around x1=(round(x1)) y1=(round(y1)) x2=(round(x2)) y2=(round(y2)) {}
                @if let Some(faults) = self.faults {
                    text x=(round((x1 + x2) / 2.0)) y=(round((y1 + y2) / 2.0 - 4.0)) text-anchor="middle" { (label(faults)) }
                }
            }
        }
    }
}

/// What is wrong with a link, in few letters.
fn label(link: &LinkFaults) -> String {
    if link.cut {
        return "cut".to_owned();
    }
    let mut words = Vec::new();
    match (link.delay_ms, link.jitter_ms) {
        (0, 0) => {}
        (delay, 0) => words.push(format!("{delay} ms")),
        (delay, jitter) => words.push(format!("{delay} to {} ms", delay + jitter)),
    }
    if link.loss_percent > 0.0 {
        words.push(format!("{} %", link.loss_percent));
    }
    if let Some(rate) = link.bytes_per_second {
        words.push(parts::scaled(rate as f64, "B/s"));
    }
    words.join(", ")
}
