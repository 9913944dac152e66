//! The page on which a devnet is looked at and ordered about: all nodes side by side, their links, and everything that can be
//! done to them, by forms that need no script.

mod forms;
mod graph;
mod orders;

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

use super::carry_out;
use super::view::NetworkView;
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
    text: Result<String, String>,
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
    let snapshots = carry_out(devnet, DevnetHandle::snapshots).await;
    let called = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let at = |index: usize| {
        // By the name that the browser calls this machine by: it may be another.
        let port =
            network.nodes.get(index).and_then(|node| node.at.http.rsplit(':').next()).unwrap_or_default();
        format!("http://{}:{port}", without_port(called))
    };
    let shell = Shell {
        network: network.name.clone(),
        now: network.clock.time,
        frozen: network.clock.frozen,
        node: at(first_up(&network)),
        desk: Some("/".to_owned()),
    };
    let body = body(&desk, &network, &snapshots, &chosen, &at);
    // All of it changes with the nodes, which have no one stream of events.
    shell.page(&Draft::new("Devnet", Place::Devnet, Live { events: "", every: 1 }, body))
}

/// Whose pages are led to.
fn first_up(network: &NetworkView) -> usize {
    network.nodes.iter().find(|node| node.up).map_or(0, |node| node.node)
}

fn body(
    desk: &Desk,
    network: &NetworkView,
    snapshots: &Result<Vec<Snapshot>, Problem>,
    chosen: &Chosen,
    at: &impl Fn(usize) -> String,
) -> Markup {
    let link = chosen.link(network.nodes.len());
    html! {
        (said(desk))
        div.desk {
            section aria-label="Network" {
                (graph::graph(network, link))
                @if let Some(link) = link { (forms::link(network, link)) }
                @else if network.nodes.len() > 1 { p.note { "Choose a line between two nodes to make it slow, lossy, or cut." } }
                @if network.nodes.len() > graph::ALL_DRAWN_MAX { (forms::ends(network)) }
            }
            section aria-label="Nodes" {
                (nodes(network, at))
                (forms::faults(network))
            }
        }
        div.cards {
            (forms::blocks(network)) (forms::clock(network)) (forms::coins(network, chosen.address.as_deref().unwrap_or_default()))
            (forms::snapshots(snapshots))
        }
        (accounts(network, &at(first_up(network))))
        p.raw { "For programs: " a href="/docs" { "everything that can be ordered here" } " · " a href="/v1/network" { "the network" } }
    }
}

/// What became of the last order, for as long as somebody may be looking for it.
fn said(desk: &Desk) -> Markup {
    let said = desk.said.lock().clone().filter(|said| said.at.elapsed() < SAID_TIME);
    html! {
        div #said role="status" {
            @match said.map(|said| said.text) {
                Some(Ok(text)) => p.said.good { (text) },
                Some(Err(text)) => p.said.bad { (text) },
                None => {},
            }
        }
    }
}

fn nodes(network: &NetworkView, at: &impl Fn(usize) -> String) -> Markup {
    let top = network.nodes.iter().filter_map(|node| node.height).max();
    html! {
        div.wide tabindex="0" role="region" aria-label="Nodes side by side" {
            table {
                thead { tr {
                    th scope="col" { "Node" } th scope="col" { "State" } th scope="col" { "Height" } th scope="col" { "Tip" }
                    th.number scope="col" { "Waiting" } th scope="col" { "Peers" } th scope="col" { "Order" }
                } }
                tbody { @for node in &network.nodes {
                    tr data-key=(node.node) {
                        th scope="row" { @if node.up { a href={ (at(node.node)) "/" } { "Node " (node.node) } } @else { "Node " (node.node) } }
                        td {
                            @if node.going_back { span.state.waiting { "going back" } }
                            @else if !node.up { span.state.bad { "down" } }
                            @else if node.height < top { span.state.waiting { "behind" } }
                            @else { span.state.good { "up" } }
                        }
                        td { @if let Some(height) = node.height { (parts::number(height)) } }
                        td { @if let Some(tip) = node.tip { a href={ (at(node.node)) "/block/" (tip) } { (parts::short(&tip.to_string())) } } }
                        td.number { (parts::number(node.waiting)) }
                        td { (node.peers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")) }
                        td { (forms::node(network, node)) }
                    }
                } }
            }
        }
    }
}

/// Who began with money: whoever tries something out wants to know.
fn accounts(network: &NetworkView, node: &str) -> Markup {
    html! {
        h2 { "Accounts that began with money" }
        p { "All of them follow from these words, which everybody has: never use them for money of value. " code { (network.mnemonic) } (parts::copy(&network.mnemonic)) }
        div.wide tabindex="0" role="region" aria-label="Accounts" {
            table {
                thead { tr { th scope="col" { "Number" } th scope="col" { "Address" } th scope="col" { "Secret key" } } }
                tbody { @for (number, account) in network.accounts.iter().enumerate() {
                    tr data-key=(account.address) {
                        th scope="row" { (number) }
                        td { a href={ (node) "/account/" (account.address) } { (parts::short(&account.address)) } " " (parts::copy(&account.address)) }
                        td { (parts::short(&account.key)) " " (parts::copy(&account.key)) }
                    }
                } }
            }
        }
    }
}
