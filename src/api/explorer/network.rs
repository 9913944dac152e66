//! Other nodes, as this one sees them.

use axum::extract::State;
use maud::{Markup, html};

use super::draft::{Draft, Live, Shown};
use super::parts;
use super::parts::Column::{Number, Text};
use super::ring::{Ring, round};
use super::room::fitting;
use super::shell::Place;
use crate::api::context::Context;
use crate::api::routes::peers as asked;
use crate::api::view::{Direction, Hex, PeerView, PeersView, TipView};

/// Peers that the graph has room for; the table has more.
const DRAWN_MAX: usize = 24;
/// Bytes of the table: what programs call themselves may be long.
const TABLE_BYTES: usize = 60_000;

pub(super) async fn network(State(context): State<Context>) -> Shown {
    let view = asked::connected(&context).await?.into_body();
    let tip = crate::api::context::tip_view(context.node().reader().tip());
    let body = html! {
        (graph(&view, &tip))
        (parts::facts(&[
            ("This node", html! { code { (view.node.0) } (parts::copy(&view.node.0)) }),
            ("Listens at", html! { @if let Some(at) = &view.listening { code { (at) } } @else { "nowhere" } }),
            ("Connected", html! { (parts::count(view.peers.len(), "peer")) }),
            ("Knows of", html! { (parts::number(view.known)) " addresses" }),
            ("Banned", html! { (parts::number(view.banned)) }),
        ]))
        @if context.desk().is_some() { p { "This node is part of a devnet: " a href="/devnet" { "all its nodes side by side" } ", and what can be done to their links." } }
        h2 { "Peers" }
        (table(&view.peers, &tip))
        (parts::raw(&[("peers", "/v1/peers".to_owned())]))
    };
    Ok(Draft::new("Network", Place::Network, Live { events: "block,reorganization,peers", every: 2 }, body))
}

/// This node in the middle, and its peers around it.
fn graph(view: &PeersView, tip: &TipView) -> Markup {
    let peers = &view.peers[..view.peers.len().min(DRAWN_MAX)];
    let ring = Ring::of(peers.len());
    let (middle, place) = (ring.middle(), |at| ring.place(at));
    let summary = format!("This node, and {} around it", parts::count(peers.len(), "peer"));
    html! {
        @if peers.is_empty() {
            (parts::empty("Nobody is connected. `cairn peers add HOST:PORT` names somebody; `cairn devnet` has a whole network of them."))
        } @else {
            svg.graph viewBox=(ring.view_box()) role="img" aria-label=(summary) {
                @for (at, peer) in peers.iter().enumerate() {
                    @let (x, y) = place(at);
                    line class={ "wire " (standing(peer, tip)) } x1=(round(middle.0)) y1=(round(middle.1)) x2=(round(x)) y2=(round(y)) {}
                    @if let Some(ping) = peer.ping_ms {
                        text x=(round((x + middle.0) / 2.0)) y=(round((y + middle.1) / 2.0 - 4.0)) text-anchor="middle" { (ping) " ms" }
                    }
                }
                @for (at, peer) in peers.iter().enumerate() {
                    @let (x, y) = place(at);
                    g data-key=(peer.node.0) {
                        ellipse class={ "node " (standing(peer, tip)) } cx=(round(x)) cy=(round(y)) rx="34" ry="18" { title { (said(peer)) } }
                        text x=(round(x)) y=(round(y + 4.0)) text-anchor="middle" { (arrow(peer)) " " (short(&peer.node)) }
                    }
                }
                ellipse.node.own cx=(round(middle.0)) cy=(round(middle.1)) rx="34" ry="22" {}
                text.own x=(round(middle.0)) y=(round(middle.1 + 4.0)) text-anchor="middle" { "this node" }
            }
        }
    }
}

fn short(Hex(node): &Hex) -> &str {
    &node[..node.len().min(6)]
}

/// Which way it was connected.
fn arrow(peer: &PeerView) -> &'static str {
    match peer.direction {
        Direction::Out => "→",
        Direction::In => "←",
    }
}

/// How its tip compares with ours.
fn standing(peer: &PeerView, tip: &TipView) -> &'static str {
    match (peer.height, peer.tip) {
        (_, Some(hash)) if hash == tip.hash => "same",
        (Some(height), _) if height > tip.height => "ahead",
        (Some(_), _) => "behind",
        (None, _) => "unknown",
    }
}

fn said(peer: &PeerView) -> String {
    let agent = peer.agent.as_deref().unwrap_or("who has not said what it is");
    format!("{}, {agent}", peer.address)
}

fn table(peers: &[PeerView], tip: &TipView) -> Markup {
    let columns = [
        Text("Node"),
        Text("Address"),
        Text("Program"),
        Text("Connected by"),
        Text("Tip"),
        Number("Latency"),
        Number("In"),
        Number("Out"),
        Number("For"),
    ];
    let rows = fitting(TABLE_BYTES, peers.iter().map(|peer| row(peer, tip)));
    html! {
        @if !peers.is_empty() { (parts::table("Peers", &columns, &rows.shown)) }
        @if peers.len() > rows.count { p { "And " (peers.len() - rows.count) " more, which programs are told of." } }
    }
}

fn row(peer: &PeerView, tip: &TipView) -> Markup {
    html! {
        tr data-key=(peer.node.0) {
            th scope="row" { (parts::short(&peer.node.0)) }
            td { code { (peer.address) } }
            td dir="auto" { (peer.agent.as_deref().unwrap_or("not said")) }
            td { (match peer.direction { Direction::Out => "us", Direction::In => "them" }) }
            td { @match peer.height { Some(height) => { (parts::number(height)) ", " (tip_words(peer, tip)) }, None => "not known" } }
            td.number { @match peer.ping_ms { Some(ping) => { (ping) " ms" }, None => "" } }
            td.number { (parts::bytes(peer.bytes_in as usize)) }
            td.number { (parts::bytes(peer.bytes_out as usize)) }
            td.number { (parts::span(peer.seconds)) }
        }
    }
}

fn tip_words(peer: &PeerView, tip: &TipView) -> &'static str {
    match standing(peer, tip) {
        "same" => "as here",
        "ahead" => "ahead",
        _ => "another, as far as is known",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_of_many_peers_is_small_whatever_they_call_their_programs() {
        let peer = |number: usize| PeerView {
            node: Hex(format!("{number:064}")),
            address: format!("[2001:db8::{number}]:9333"),
            direction: Direction::In,
            agent: Some("\"".repeat(64)),
            listening: None,
            height: None,
            tip: None,
            ping_ms: Some(12),
            ping_best_ms: Some(11),
            seconds: 100_000,
            bytes_in: 123_456_789,
            bytes_out: 123_456_789,
        };
        let peers: Vec<PeerView> = (0..200).map(peer).collect();
        let tip = TipView { height: crate::types::Height(1), hash: crate::types::BlockHash::ZERO };
        let view = PeersView { node: Hex(String::new()), listening: None, peers, known: 0, banned: 0 };
        let (drawn, listed) = (graph(&view, &tip).into_string(), table(&view.peers, &tip).into_string());
        assert!(drawn.len() + listed.len() < 95_000, "{} and {} bytes", drawn.len(), listed.len());
        assert!(listed.contains("more, which programs are told of"));
    }
}
