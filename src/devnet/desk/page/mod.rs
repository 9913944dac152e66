//! The page on which a devnet is looked at and ordered about: all nodes side by side, their links, and everything that can be
//! done to them, by forms that need no script.

mod forms;
mod front;
mod graph;
mod orders;

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::response::Response;
use axum::{Router, routing};
use maud::{Markup, html};
use parking_lot::Mutex;
use serde::Deserialize;

use front::Front;

use super::aside;
use super::view::{ClockView, NetworkView, NodeView};
use crate::api::explorer::parts::Column::{Number, Text};
use crate::api::explorer::{Draft, Live, Place, Shell, assets, parts, without_port};
use crate::api::{Problem, Query};
use crate::devnet::network::DevnetHandle;
use crate::devnet::snapshots::Snapshot;

/// How long it is shown what became of an order.
const SAID_TIME: Duration = Duration::from_secs(60);

/// What the page is made from.
#[derive(Clone)]
struct Desk {
    devnet: DevnetHandle,
    /// What became of the last order that was given on the page.
    said: Arc<Mutex<Option<Said>>>,
}

/// What became of an order.
#[derive(Clone)]
struct Said {
    at: Instant,
    place: Spot,
    text: Result<String, String>,
}

/// Where on the page somebody looks for what became of an order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spot {
    /// At the top, where the way back from an order leads.
    Top,
    /// Beside the form for coins, to which the way back leads from there.
    Faucet,
}

impl Desk {
    /// What became of the last order, for as long as somebody may be looking for it here.
    fn said_at(&self, place: Spot) -> Option<Result<String, String>> {
        let said = self.said.lock().clone()?;
        (said.place == place && said.at.elapsed() < SAID_TIME).then_some(said.text)
    }
}

/// The page and its forms.
pub(super) fn routes(devnet: DevnetHandle) -> Router {
    let desk = Desk { devnet, said: Arc::default() };
    Router::new().route("/", routing::get(page)).merge(orders::routes()).with_state(desk).merge(assets())
}

/// What is looked at more closely.
#[derive(Deserialize)]
struct Chosen {
    /// A link, by the numbers of its ends: `0-1`.
    link: Option<String>,
    /// The same, by one of its ends.
    a: Option<usize>,
    /// And the other.
    b: Option<usize>,
    /// Who would like coins.
    address: Option<String>,
    /// And how many.
    amount: Option<String>,
}

impl Chosen {
    fn link(&self, nodes: usize) -> Option<(usize, usize)> {
        let named = self.link.as_deref().and_then(|link| link.split_once('-'));
        let named = named.and_then(|(one, other)| Some((one.parse().ok()?, other.parse().ok()?)));
        let (one, other): (usize, usize) = named.or(self.a.zip(self.b))?;
        (one != other && one.max(other) < nodes).then_some((one.min(other), one.max(other)))
    }
}

async fn page(State(desk): State<Desk>, Query(chosen): Query<Chosen>, headers: HeaderMap) -> Response {
    let devnet = &desk.devnet;
    let network = NetworkView::of(devnet).await;
    // They are read from files.
    let snapshots = aside(devnet, |devnet| Ok(devnet.snapshots()?)).await;
    let called = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let shell = shell(devnet, called);
    let sight = Sight { network: &network, snapshots: &snapshots, called, node: &shell.node };
    let body = body(&desk, &sight, &chosen);
    // All of it changes with the nodes, which have no one stream of events.
    shell.page(&Draft::new("Devnet", Place::Devnet, Live { events: "", every: 1 }, body))
}

/// What the pages here share, for whoever calls this machine by this name.
pub(super) fn shell(devnet: &DevnetHandle, called: &str) -> Shell {
    let clock = ClockView::of(devnet.clock());
    let roster = devnet.roster();
    let roster = roster.borrow();
    // Whose pages are led to.
    let seat = roster.iter().find(|seat| seat.live.is_some()).or(roster.first());
    Shell {
        network: devnet.genesis().name().to_owned(),
        now: clock.time,
        frozen: clock.frozen,
        node: seat.map(|seat| at(called, seat.places.http.port())).unwrap_or_default(),
        desk: Some("/".to_owned()),
        // It tells of each node how it is.
        warnings: Vec::new(),
    }
}

/// Where a port is, by the name that the browser calls this machine by: it may be another.
fn at(called: &str, port: impl Display) -> String {
    format!("http://{}:{port}", without_port(called))
}

/// What there is to be shown.
struct Sight<'a> {
    network: &'a NetworkView,
    snapshots: &'a Result<Vec<Snapshot>, Problem>,
    /// What the browser calls this machine by.
    called: &'a str,
    /// Where a node that runs has its pages.
    node: &'a str,
}

fn body(desk: &Desk, sight: &Sight<'_>, chosen: &Chosen) -> Markup {
    let network = sight.network;
    let link = chosen.link(network.nodes.len());
    html! {
        div #said role="status" { (said(desk.said_at(Spot::Top).as_ref())) }
        div.desk {
            section aria-label="Network" {
                (graph::graph(network, link))
                @if let Some(link) = link { (forms::link(network, link)) }
                @else if network.nodes.len() > 1 { p.note { "Choose a line between two nodes to make it slow, lossy, or cut." } }
                @if network.nodes.len() > graph::ALL_DRAWN_MAX { (forms::ends(network)) }
            }
            section aria-label="Nodes" {
                (nodes(sight))
                (forms::faults(network))
            }
        }
        div.cards {
            (forms::blocks(network)) (forms::clock(network)) (forms::coins(network, chosen, desk.said_at(Spot::Faucet).as_ref()))
            (forms::snapshots(sight.snapshots))
        }
        (accounts(sight))
        p.raw { "For programs: " a href="/docs" { "everything that can be ordered here" } " · " a href="/v1/network" { "the network" } }
    }
}

/// What became of an order, if there was one.
fn said(text: Option<&Result<String, String>>) -> Markup {
    html! {
        @match text {
            Some(Ok(text)) => p.said.good { (text) },
            Some(Err(text)) => p.said.bad { (text) },
            None => {},
        }
    }
}

fn nodes(sight: &Sight<'_>) -> Markup {
    let network = sight.network;
    let at = |node: &NodeView| at(sight.called, node.at.http.rsplit(':').next().unwrap_or_default());
    let front = Front::of(network);
    let columns = [
        Text("Node"),
        Text("State"),
        Text("Height"),
        Text("Tip"),
        Number("Waiting"),
        Text("Peers"),
        Text("Order"),
    ];
    let rows = html! {
        @for node in &network.nodes {
            tr data-key=(node.node) {
                th scope="row" { @if node.up { a href={ (at(node)) "/" } { "Node " (node.node) } } @else { "Node " (node.node) } }
                @let (look, words) = front.state(node).words();
                td { span class={ "state " (look) } { (words) } }
                td { @if let Some(height) = node.height { (parts::number(height)) } }
                td { @if let Some(tip) = node.tip { a href={ (at(node)) "/block/" (tip) } { (parts::short(&tip.to_string())) } } }
                td.number { (parts::number(node.waiting)) }
                td { (node.peers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")) }
                td { (forms::node(network, node)) }
            }
        }
    };
    parts::table("Nodes side by side", &columns, &rows)
}

/// Who began with money: whoever tries something out wants to know.
fn accounts(sight: &Sight<'_>) -> Markup {
    let Sight { network, node, .. } = sight;
    let rows = html! {
        @for (number, account) in network.accounts.iter().enumerate() {
            tr data-key=(account.address) {
                th scope="row" { (number) }
                td { a href={ (node) "/account/" (account.address) } { (parts::short(&account.address)) } " " (parts::copy(&account.address)) }
                td { (parts::short(&account.key)) " " (parts::copy(&account.key)) }
            }
        }
    };
    html! {
        h2 { "Accounts that began with money" }
        p { "All of them follow from these words, which everybody has: never use them for money of value. " code { (network.mnemonic) } (parts::copy(&network.mnemonic)) }
        (parts::table("Accounts", &[Text("Number"), Text("Address"), Text("Secret key")], &rows))
    }
}
