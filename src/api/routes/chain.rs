//! The chain as a whole: how much money there is, which branches, how the one that is followed has changed.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::{Context, tip_view};
use crate::api::extract::{self, Path, Query};
use crate::api::problem::{Code, Problem};
use crate::api::reply::{Answer, Reply};
use crate::api::routes::status::cursor_text;
use crate::api::routes::transactions::mined;
use crate::api::view::{
    BranchStatus, BranchView, Fates, ReorganizationStory, ReorganizationView, SupplyView,
};
use crate::node::{Branch, REORGANIZATIONS_MAX, Reader, Reorganization};
use crate::types::{Amount, Height, Transaction};

/// Transactions of a reorganization that are gone after.
const FATES_MAX: usize = 2000;

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

fn change_view(change: &Reorganization) -> ReorganizationView {
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
    story(&context, extract::value("step", &step)?).await
}

/// The same, for pages.
pub(in crate::api) async fn story(context: &Context, step: u64) -> Answer<ReorganizationStory> {
    let read = move |reader: &Reader| {
        let changes = reader.reorganizations(REORGANIZATIONS_MAX)?;
        let change = changes.iter().find(|change| change.cursor.sequence == step);
        let change = change.ok_or_else(|| {
            Problem::new(Code::NotFound, format!("step {step} ended no reorganization that is remembered"))
        })?;
        let story = ReorganizationStory {
            change: change_view(change),
            transactions: fates(reader, change)?,
            tip: tip_view(reader.tip()),
        };
        // What waits in the pool changes under it.
        Ok(Reply::now(story))
    };
    context.read(read).await
}

/// What became of the transactions of blocks that were taken off.
fn fates(reader: &Reader, change: &Reorganization) -> Result<Fates, Problem> {
    let mut fates = Fates { complete: true, ..Fates::default() };
    let mut count = 0;
    for hash in &change.disconnected {
        // What was pruned since is not told of.
        let Some(block) = reader.block(hash)? else {
            fates.complete = false;
            continue;
        };
        for transaction in block.transactions.iter() {
            if count == FATES_MAX {
                fates.complete = false;
                return Ok(fates);
            }
            count += 1;
            add_fate(&mut fates, reader, transaction)?;
        }
    }
    Ok(fates)
}

fn add_fate(fates: &mut Fates, reader: &Reader, transaction: &Transaction) -> Result<(), Problem> {
    let body = &transaction.body;
    let txid = body.txid();
    let spent = || Ok::<_, Problem>(reader.account(&body.policy.address())?.unwrap_or_default().nonce);
    let list = if mined(reader, &txid)?.is_some() {
        &mut fates.mined_again
    } else if reader.pooled_by_txid(&txid).is_some() {
        &mut fates.pending
    } else if spent()? > body.nonce {
        &mut fates.conflicted
    } else {
        &mut fates.dropped
    };
    list.push(txid);
    Ok(())
}
