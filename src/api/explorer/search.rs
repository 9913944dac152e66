//! What somebody was looking for.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::draft::{Draft, Live, Trouble};
use super::parts;
use super::shell::Place;
use crate::api::context::Context;
use crate::api::extract::Query;
use crate::api::routes::search as asked;
use crate::api::view::Hit;

/// What is looked for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    q: String,
}

/// Leads to what was found, where that is one thing.
pub(super) async fn search(
    State(context): State<Context>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let text = wanted.q.trim().to_owned();
    let hits = asked::hits(&context, text.clone()).await?;
    if let [hit] = hits.as_slice() {
        return Ok(Redirect::to(&path(hit)).into_response());
    }
    let prefix = context.params().prefix.as_str();
    let body = html! {
        @if hits.is_empty() {
            p.lead { "Nothing here is called " q dir="auto" { (text) } "." }
            p {
                "A block is found by its height or its hash, a transaction by its name, both also by the first six digits or more; an "
                "account that is on the chain by its address, also by the first three letters or more behind " code { (prefix) "1" }
                ". What was sent a moment ago may not have come here yet."
            }
            @if let Some(first) = context.kept_from() {
                p { "Before block " (parts::number(first)) " this node keeps nothing, and it may be there: ask one that keeps all blocks." }
            }
        } @else {
            p.lead { (parts::count(hits.len(), "thing")) " whose names begin so:" }
            ul.hits { @for hit in &hits { li { (shown(hit)) } } }
        }
    };
    Ok(Draft::new("Search", Place::Elsewhere, Live::NEVER, body).into_response())
}

fn path(hit: &Hit) -> String {
    match hit {
        Hit::Block { hash, .. } => format!("/block/{hash}"),
        Hit::Transaction { txid } => format!("/tx/{txid}"),
        Hit::Account { address, .. } => format!("/account/{}", address.0),
    }
}

fn shown(hit: &Hit) -> Markup {
    match hit {
        Hit::Block { hash, height, followed } => html! {
            a href=(path(hit)) { "Block " (parts::number(height)) } " " code { (hash) } @if !followed { ", on a branch that is not followed" }
        },
        Hit::Transaction { txid } => html! { a href=(path(hit)) { "Transaction" } " " code { (txid) } },
        Hit::Account { address, .. } => html! { a href=(path(hit)) { "Account" } " " code { (address.0) } },
    }
}
