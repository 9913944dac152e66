//! The chain as a whole: how much money there is.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::{Context, tip_view};
use crate::api::problem::Problem;
use crate::api::reply::{Answer, Reply};
use crate::api::view::SupplyView;
use crate::types::{Amount, Height};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(supply))
}

/// How much money there is
#[utoipa::path(get, path = "/v1/supply", tag = "chain", operation_id = "supply",
    responses((status = OK, body = SupplyView), (status = "default", body = Problem)))]
async fn supply(State(context): State<Context>) -> Answer<SupplyView> {
    let genesis = context.node().genesis();
    let (tip, supply) = context.look(|reader| Ok((reader.tip(), reader.supply()?)))?;
    // Genesis proved that no sum of money overflows.
    let allocation =
        Amount::checked_sum(genesis.allocation().iter().map(|(_, amount)| *amount)).unwrap_or_default();
    let total = allocation.checked_add(supply.issued).and_then(|all| all.checked_sub(supply.burned));
    let next = tip.height.next().unwrap_or(Height(u32::MAX));
    let view = SupplyView {
        allocation,
        issued: supply.issued,
        burned: supply.burned,
        total: total.unwrap_or_default(),
        next_subsidy: context.params().issuance.subsidy(next),
        tip: tip_view(tip),
    };
    Ok(Reply::at(tip, view))
}
