//! The chain as a whole: how much money there is, which branches, how the one that is followed has changed.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::{Context, tip_view};
use crate::api::extract::{self, Path, Query};
use crate::api::reply::{Answer, Reply};
use crate::api::routes::status::cursor_text;
use crate::api::routes::story::story;
use crate::api::view::{BranchStatus, BranchView, ReorganizationStory, ReorganizationView, SupplyView};
use crate::node::{Branch, REORGANIZATIONS_MAX, Reader, Reorganization};
use crate::types::{Amount, Height};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(supply))
        .routes(routes!(tips))
        .routes(routes!(reorganizations))
        .routes(routes!(reorganization))
}

/// How much money there is
#[utoipa::path(get, path = "/v1/supply", tag = "chain", operation_id = "supply",
    responses((status = OK, body = SupplyView)))]
async fn supply(State(context): State<Context>) -> Answer<SupplyView> {
    money(&context)
}

/// The same, for pages.
pub(in crate::api) fn money(context: &Context) -> Answer<SupplyView> {
    let genesis = context.node().genesis();
    let (tip, supply) = context.look(|reader| Ok((reader.tip(), reader.supply()?)))?;
    let given = genesis.allocation().iter().map(|(_, amount)| *amount);
    // Genesis proved that no sum of money overflows.
    let allocation = Amount::checked_sum(given).unwrap_or_default();
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

/// The tips of all branches: the one that is followed, then the others, of which the last to come stands first
///
/// Of the others, no more than 64.
#[utoipa::path(get, path = "/v1/tips", tag = "chain", operation_id = "tips",
    responses((status = OK, body = Vec<BranchView>)))]
async fn tips(State(context): State<Context>) -> Answer<Vec<BranchView>> {
    Ok(Reply::now(branches(&context.node().reader())))
}

/// The same, for pages.
pub(in crate::api) fn branches(reader: &Reader) -> Vec<BranchView> {
    reader.branches().iter().map(|branch| branch_view(reader, branch)).collect()
}

fn branch_view(reader: &Reader, branch: &Branch) -> BranchView {
    use crate::node::BranchStatus as Known;
    BranchView {
        hash: branch.hash,
        height: branch.height,
        work: branch.work.to_string(),
        time: reader.header(&branch.hash).map(|entry| entry.header.time).unwrap_or_default(),
        fork: branch.fork,
        length: branch.height.0 - branch.fork.0,
        status: match branch.status {
            Known::Followed => BranchStatus::Followed,
            Known::Complete => BranchStatus::Side,
            Known::HeadersOnly => BranchStatus::Headers,
            Known::Invalid => BranchStatus::Invalid,
            Known::RuledOut => BranchStatus::RuledOut,
        },
    }
}

/// How many.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Part {
    /// How many at most.
    #[param(minimum = 1, maximum = 64, default = 20)]
    limit: Option<u32>,
}

const REORGANIZATIONS_USUAL: u32 = 20;

/// The last changes from one branch to another, newest first
///
/// Some dozens are remembered since the node began, and those of shortly before. Whoever wants all of them follows the
/// events.
#[utoipa::path(get, path = "/v1/reorganizations", tag = "chain", operation_id = "reorganizations", params(Part),
    responses((status = OK, body = Vec<ReorganizationView>)))]
async fn reorganizations(
    State(context): State<Context>,
    Query(part): Query<Part>,
) -> Answer<Vec<ReorganizationView>> {
    let limit = extract::limit(part.limit, REORGANIZATIONS_USUAL, REORGANIZATIONS_MAX as u32)?;
    changes(&context, limit).await
}

/// The same, for pages.
pub(in crate::api) async fn changes(context: &Context, limit: usize) -> Answer<Vec<ReorganizationView>> {
    let read = move |reader: &Reader| {
        let changes = reader.reorganizations(limit)?;
        Ok(Reply::at(reader.tip(), changes.iter().map(change_view).collect()))
    };
    context.read(read).await
}

pub(super) fn change_view(change: &Reorganization) -> ReorganizationView {
    ReorganizationView {
        step: change.cursor.sequence,
        cursor: cursor_text(change.cursor),
        depth: change.disconnected.len(),
        disconnected: change.disconnected.clone(),
        connected: change.connected.clone(),
    }
}

/// A change from one branch to another, and what became of the transactions that were taken off
#[utoipa::path(get, path = "/v1/reorganizations/{step}", tag = "chain", operation_id = "reorganization",
    params(("step" = u64, Path, description = "The step that ended it")),
    responses((status = OK, body = ReorganizationStory)))]
async fn reorganization(
    State(context): State<Context>,
    Path(step): Path<String>,
) -> Answer<ReorganizationStory> {
    story(&context, extract::step("step", &step)?).await
}
