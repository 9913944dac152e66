//! Coins for whoever asks.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::carry_out;
use super::view::{FaucetOrder, GivenView};
use crate::api::{Answer, Code, Json, Problem, Reply};
use crate::devnet::faucet::FAUCET_AMOUNT;
use crate::devnet::network::DevnetHandle;
use crate::types::Address;

pub(super) fn routes() -> OpenApiRouter<DevnetHandle> {
    OpenApiRouter::new().routes(routes!(faucet))
}

/// Give coins to an address
///
/// An address is given something ten times a minute.
#[utoipa::path(post, path = "/v1/faucet", tag = "coins", operation_id = "faucet", request_body = FaucetOrder,
    responses((status = OK, body = GivenView)))]
async fn faucet(State(devnet): State<DevnetHandle>, Json(said): Json<FaucetOrder>) -> Answer<GivenView> {
    give(&devnet, said).await.map(Reply::now)
}

/// The same, for the page.
pub(super) async fn give(devnet: &DevnetHandle, said: FaucetOrder) -> Result<GivenView, Problem> {
    let to = Address::parse(said.address.trim(), &devnet.genesis().params().prefix);
    let to = to.map_err(|error| Problem::new(Code::BadAddress, error.to_string()))?;
    let amount = said.amount.unwrap_or(FAUCET_AMOUNT);
    carry_out(devnet, move |devnet| devnet.give(to, amount, said.node)).await.map(GivenView::from)
}
