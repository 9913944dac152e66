//! Search: whatever somebody may have copied.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::Context;
use crate::api::extract::Query;
use crate::api::problem::Problem;
use crate::api::reply::{Answer, Reply};
use crate::api::routes::transactions::mined;
use crate::api::view::{Hit, SearchView};
use crate::node::Reader;
use crate::types::{Address, BlockHash, Height, Txid};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(search))
}

/// What is looked for.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// A height, a block's hash, a transaction's name, or an address.
    q: String,
}

/// Looks for a height, a block, a transaction or an address
///
/// What is found is named with its kind, best first; nothing is found where the list is empty.
#[utoipa::path(get, path = "/v1/search", tag = "chain", operation_id = "search", params(Wanted),
    responses((status = OK, body = SearchView), (status = "default", body = Problem)))]
async fn search(State(context): State<Context>, Query(wanted): Query<Wanted>) -> Answer<SearchView> {
    let text = wanted.q.trim().to_owned();
    let at_hand = context.clone();
    let hits = context.read(move |reader| find(&at_hand, reader, &text)).await?;
    Ok(Reply::now(SearchView { hits }))
}

fn find(context: &Context, reader: &Reader, text: &str) -> Result<Vec<Hit>, Problem> {
    let mut hits = Vec::new();
    if let Ok(height) = text.replace([',', '_', ' '], "").parse().map(Height)
        && let Some(entry) = reader.header_at(height)
    {
        hits.push(Hit::Block { hash: entry.hash, height, followed: true });
    }
    if let Some(entry) = text.parse::<BlockHash>().ok().and_then(|hash| reader.header(&hash)) {
        hits.push(Hit::Block {
            hash: entry.hash,
            height: entry.height,
            followed: reader.is_followed(&entry.hash),
        });
    }
    if let Ok(txid) = text.parse::<Txid>() {
        let is_here = reader.pooled_by_txid(&txid).is_some() || mined(reader, &txid)?.is_some();
        hits.extend(is_here.then_some(Hit::Transaction { txid }));
    }
    if let Ok(address) = Address::parse(text, &context.params().prefix) {
        hits.push(Hit::Account {
            address: context.text(&address),
            known: reader.account(&address)?.is_some(),
        });
    }
    Ok(hits)
}
