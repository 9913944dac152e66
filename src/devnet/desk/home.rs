//! Coins for whoever asks, over HTTP and on a page.

use axum::Form;
use axum::extract::State;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::carry_out;
use super::view::{FaucetOrder, GivenView, NetworkView};
use crate::api::{Answer, Code, Json, Problem, Reply};
use crate::devnet::faucet::FAUCET_AMOUNT;
use crate::devnet::network::DevnetHandle;
use crate::types::{Address, Amount};

/// How it looks, in light and in dark.
const STYLE: &str = include_str!("home.css");
/// The page brings its own style, and sends its form to where it came from.
const NOTHING_FROM_ELSEWHERE: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'";

pub(super) fn routes() -> OpenApiRouter<DevnetHandle> {
    OpenApiRouter::new().routes(routes!(faucet)).route("/", axum::routing::get(home).post(ask))
}

/// Give coins to an address
///
/// An address is given something ten times a minute.
#[utoipa::path(post, path = "/v1/faucet", tag = "coins", operation_id = "faucet", request_body = FaucetOrder,
    responses((status = OK, body = GivenView)))]
async fn faucet(State(devnet): State<DevnetHandle>, Json(said): Json<FaucetOrder>) -> Answer<GivenView> {
    give(&devnet, said).await.map(Reply::now)
}

async fn give(devnet: &DevnetHandle, said: FaucetOrder) -> Result<GivenView, Problem> {
    let to = Address::parse(said.address.trim(), &devnet.genesis().params().prefix);
    let to = to.map_err(|error| Problem::new(Code::BadAddress, error.to_string()))?;
    let amount = said.amount.unwrap_or(FAUCET_AMOUNT);
    carry_out(devnet, move |devnet| devnet.give(to, amount, said.node)).await.map(GivenView::from)
}

/// What stands in the form.
#[derive(Deserialize)]
struct Asked {
    address: String,
    #[serde(default)]
    amount: String,
}

async fn home(State(devnet): State<DevnetHandle>) -> Response {
    page(&devnet, html! {}).await
}

async fn ask(State(devnet): State<DevnetHandle>, Form(asked): Form<Asked>) -> Response {
    let amount = match asked.amount.trim() {
        "" => Ok(None),
        text => text.parse::<Amount>().map(Some).map_err(|error| Problem::bad_value("amount", text, error)),
    };
    let given = match amount {
        Ok(amount) => give(&devnet, FaucetOrder { address: asked.address, amount, node: None }).await,
        Err(problem) => Err(problem),
    };
    let said = match given {
        Ok(GivenView { txid, amount }) => html! {
            p.good role="status" { (amount) " are on their way, in transaction " code { (txid) } "." }
        },
        Err(problem) => html! { p.bad role="alert" { (problem.detail) } },
    };
    page(&devnet, said).await
}

async fn page(devnet: &DevnetHandle, said: Markup) -> Response {
    let network = NetworkView::of(devnet).await;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (network.name) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (network.name) }
                    (said)
                    h2 { "Faucet" }
                    form method="post" action="/" {
                        label { "Address " input name="address" required placeholder={ (network.prefix) "1…" } autocomplete="off" spellcheck="false"; }
                        label { "Amount in CRN " input name="amount" inputmode="decimal" placeholder="100" autocomplete="off"; }
                        button { "Get coins" }
                    }
                    h2 { "Nodes" }
                    (nodes(&network))
                    p { "Blocks come: " (network.mining) ". What this network can be told: " a href="/docs" { "/docs" } "." }
                }
            }
        }
    };
    ([(CONTENT_SECURITY_POLICY, NOTHING_FROM_ELSEWHERE)], Html(page.into_string())).into_response()
}

fn nodes(network: &NetworkView) -> Markup {
    html! {
        table {
            thead { tr { th scope="col" { "Node" } th scope="col" { "Height" } th scope="col" { "Waiting" } th scope="col" { "Connected to" } th scope="col" { "Asked at" } } }
            tbody {
                @for node in &network.nodes {
                    tr {
                        th scope="row" { (node.node) }
                        td { @if let Some(height) = node.height { (height) } @else { "down" } }
                        td { (node.waiting) }
                        td { (node.peers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")) }
                        td { a href={ (node.at.http) "/docs" } { (node.at.http) } }
                    }
                }
            }
        }
    }
}
