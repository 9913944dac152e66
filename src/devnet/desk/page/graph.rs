//! All nodes in a ring, and the links between them: each is a way to what can be done to it.

use maud::{Markup, html};

use super::front::Front;
use crate::api::explorer::parts;
use crate::api::explorer::ring::{Ring, round};
use crate::api::view::LinkFaults;
use crate::devnet::desk::view::{NetworkView, NodeView};
use crate::devnet::desk::words::what_is_wrong;

/// Nodes between which all links are drawn: of many nodes there are too many links to be seen.
pub(super) const ALL_DRAWN_MAX: usize = 8;

/// Links of which each is a way to what can be done to it; of more, the others are lines alone, and chosen by their ends. With
/// this many, the page keeps the size that it may have.
const LED_TO_MAX: usize = 40;

/// The graph; one of its links may be chosen.
pub(super) fn graph(network: &NetworkView, chosen: Option<(usize, usize)>) -> Markup {
    let count = network.nodes.len();
    let ring = Ring::of(count);
    let front = Front::of(network);
    let mut wires: Vec<Wire<'_>> = drawn(network).collect();
    if wires.len() > LED_TO_MAX {
        // What is chosen, and what has something wrong with it, is looked for first.
        wires.sort_by_key(|wire| (chosen != Some(wire.ends), wire.faults.is_none()));
    }
    let (led_to, others) = wires.split_at(wires.len().min(LED_TO_MAX));
    html! {
        svg.graph viewBox=(ring.view_box()) role="group" aria-label={ "All " (count) " nodes and the links between them" } {
            @for class in ["joined", "slow", "cut"] { (lines(others, class, ring)) }
            @for wire in led_to { (wire.draw(ring, chosen)) }
            @for node in &network.nodes {
                @let (x, y) = ring.place(node.node);
                g data-key={ "node-" (node.node) } {
                    ellipse class={ "node " (front.state(node).class()) } cx=(round(x)) cy=(round(y)) rx="30" ry="20" { title { (said(node)) } }
                    text x=(round(x)) y=(round(y - 1.0)) text-anchor="middle" { (node.node) }
                    text x=(round(x)) y=(round(y + 12.0)) text-anchor="middle" {
                        @match node.height { Some(height) => { (height) }, None => (why_down(node)) }
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

/// Those of some links that are alike, drawn in one.
fn lines(wires: &[Wire<'_>], class: &str, ring: Ring) -> Markup {
    let line = |wire: &Wire<'_>| {
        let ((x1, y1), (x2, y2)) = (ring.place(wire.ends.0), ring.place(wire.ends.1));
        format!("M{x1:.0} {y1:.0}L{x2:.0} {y2:.0}")
    };
    let alike = wires.iter().filter(|wire| wire.class() == class);
    let path: String = alike.map(line).collect();
    html! { @if !path.is_empty() { path class={ "wire " (class) } d=(path) {} } }
}

fn said(node: &NodeView) -> String {
    match node.tip {
        Some(tip) => format!("node {}, tip {tip}", node.node),
        None => format!("node {}, which is {}", node.node, why_down(node)),
    }
}

fn why_down(node: &NodeView) -> &'static str {
    if node.going_back { "going back" } else { "down" }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devnet::desk::view::{ClockView, LinkView, PlacesView};
    use crate::types::{BlockHash, Timestamp};

    /// So many nodes, half of them parted from the others.
    fn parted(count: usize) -> NetworkView {
        let text = String::new;
        let at = PlacesView { http: text(), admin: text(), peers: text(), stratum: text() };
        let node = |node| NodeView {
            node,
            id: text(),
            up: false,
            going_back: false,
            at: at.clone(),
            height: None,
            tip: None,
            waiting: 0,
            peers: Vec::new(),
            strangers: 0,
        };
        let faults = LinkFaults { cut: true, ..LinkFaults::default() };
        let cut = |a| (count / 2..count).map(move |b| LinkView { a, b, faults });
        NetworkView {
            name: text(),
            chain: BlockHash::ZERO,
            prefix: text(),
            folder: text(),
            mining: text(),
            to_order: true,
            clock: ClockView { time: Timestamp(0), frozen: false, ahead_seconds: 0 },
            nodes: (0..count).map(node).collect(),
            links: (0..count / 2).flat_map(cut).collect(),
            mnemonic: text(),
            accounts: Vec::new(),
        }
    }

    #[test]
    fn nodes_that_go_back_are_not_said_to_be_down() {
        let mut network = parted(2);
        network.nodes.iter_mut().for_each(|node| node.going_back = true);
        let drawn = graph(&network, None).into_string();
        assert!(drawn.matches("going back").count() == 4 && !drawn.contains("is down"), "{drawn}");
    }

    #[test]
    fn graph_of_many_links_stays_small_and_leads_to_the_one_that_is_chosen() {
        let drawn = graph(&parted(50), Some((24, 49))).into_string();
        assert!(drawn.len() < 40_000, "{} bytes", drawn.len());
        assert_eq!(drawn.matches("<a class=\"link\"").count(), LED_TO_MAX);
        assert!(drawn.contains("href=\"/?link=24-49\""), "{drawn}");
        assert_eq!(drawn.matches('M').count(), 625 - LED_TO_MAX, "all others are lines");
    }
}
