//! Coins for whoever asks.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::told::By;
use super::view::{FaucetOrder, GivenView};
use crate::api::{Answer, Json, Problem, Reply, address, shortened};
use crate::devnet::faucet::FAUCET_AMOUNT;
use crate::devnet::network::DevnetHandle;

pub(super) fn routes() -> OpenApiRouter<DevnetHandle> {
    OpenApiRouter::new().routes(routes!(faucet))
}

/// Give coins to an address
///
/// An address is given something ten times a minute.
#[utoipa::path(post, path = "/v1/faucet", tag = "coins", operation_id = "faucet", request_body = FaucetOrder,
    responses((status = OK, body = GivenView)))]
async fn faucet(
    by: By,
    State(devnet): State<DevnetHandle>,
    Json(said): Json<FaucetOrder>,
) -> Answer<GivenView> {
    give(by, &devnet, said).await.map(Reply::now)
}

/// The same, for the page.
pub(super) async fn give(by: By, devnet: &DevnetHandle, said: FaucetOrder) -> Result<GivenView, Problem> {
    let amount = said.amount.unwrap_or(FAUCET_AMOUNT);
    let what = format!("give {amount} to {}", shortened(&said.address));
    let given = by.order(devnet, what, move |devnet| {
        let to = address(said.address.trim(), &devnet.genesis().params().prefix)?;
        Ok(devnet.give(to, amount, said.node)?)
    });
    given.await.map(GivenView::from)
}
