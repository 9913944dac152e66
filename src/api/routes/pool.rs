//! What waits for a block, and what it takes to be in the next one.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::{Context, tip_view};
use crate::api::extract::{self, Query};
use crate::api::reply::{Answer, Reply};
use crate::api::view::{FeesView, HistogramBar, PoolPage, PoolTransaction, PoolView};
use crate::mempool::Entry;
use crate::node::Reader;
use crate::types::{Action, Amount, Body};

/// Transactions in one answer.
const TRANSACTIONS_MAX: u32 = 1000;
const TRANSACTIONS_USUAL: u32 = 100;
/// Bytes of a payment of one action from a single key, about.
const PLAIN_PAYMENT_BYTES: usize = 200;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(mempool))
        .routes(routes!(transactions))
        .routes(routes!(histogram))
        .routes(routes!(fees))
}

/// What waits for a block, in sums
///
/// Of a pool of more than 5,000 transactions, this and all that is told of the whole pool may be a second old.
#[utoipa::path(get, path = "/v1/mempool", tag = "mempool", operation_id = "mempool",
    responses((status = OK, body = PoolView)))]
async fn mempool(State(context): State<Context>) -> Answer<PoolView> {
    sums(&context).await
}

/// The same, for pages.
pub(in crate::api) async fn sums(context: &Context) -> Answer<PoolView> {
    let at_hand = context.clone();
    let read = move |reader: &Reader| {
        let pooled = at_hand.pool(reader)?;
        let pool = pooled.view();
        Ok(Reply::now(PoolView {
            ready: pool.entries().len(),
            waiting: pool.waiting(),
            bytes: pool.bytes(),
            bytes_max: at_hand.node().look(|_, pool| pool.limits().bytes_max),
            fees: pooled.sums().fees,
            floor_rate: pool.floor().pebbles_per_kilobyte(),
            tip: tip_view(reader.tip()),
        }))
    };
    context.read(read).await
}

/// How many.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Part {
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// What could be mined now, best first
///
/// It changes from one moment to the next, so there are no further pages: whoever wants to follow all of it listens to
/// the events.
#[utoipa::path(get, path = "/v1/mempool/transactions", tag = "mempool", operation_id = "mempool_transactions",
    params(Part), responses((status = OK, body = PoolPage)))]
async fn transactions(State(context): State<Context>, Query(part): Query<Part>) -> Answer<PoolPage> {
    best(&context, extract::limit(part.limit, TRANSACTIONS_USUAL, TRANSACTIONS_MAX)?).await
}

/// The same, for pages.
pub(in crate::api) async fn best(context: &Context, limit: usize) -> Answer<PoolPage> {
    let at_hand = context.clone();
    let read = move |reader: &Reader| {
        let now = at_hand.node().seconds();
        let pooled = at_hand.pool(reader)?;
        let entries = pooled.view().entries();
        let shown = |entry: &Entry| PoolTransaction {
            txid: entry.facts().txid,
            from: at_hand.text(&entry.facts().sender),
            nonce: entry.nonce(),
            fee: entry.fee(),
            rate: entry.rate().pebbles_per_kilobyte(),
            bytes: entry.facts().bytes,
            seconds: now.saturating_sub(entry.admitted_seconds()),
            amount: paid_by(&entry.transaction().transaction().body),
        };
        Ok(Reply::now(PoolPage {
            transactions: entries.iter().take(limit).map(|entry| shown(entry)).collect(),
            ready: entries.len(),
            tip: tip_view(reader.tip()),
        }))
    };
    context.read(read).await
}

/// What a transaction pays to whomever, as far as its own bytes tell.
pub(in crate::api) fn paid_by(body: &Body) -> Amount {
    // A sender has what it offers, so it does not overflow.
    Amount::checked_sum(body.actions.iter().map(paid)).unwrap_or_default()
}

fn paid(action: &Action) -> Amount {
    match action {
        Action::Pay { amount, .. } => *amount,
        Action::PayAll { .. } | Action::Note(_) => Amount::ZERO,
    }
}

/// What could be mined now, by what it pays: each bar begins at twice the rate of the one below
#[utoipa::path(get, path = "/v1/mempool/histogram", tag = "mempool", operation_id = "mempool_histogram",
    responses((status = OK, body = Vec<HistogramBar>)))]
async fn histogram(State(context): State<Context>) -> Answer<Vec<HistogramBar>> {
    bars(&context).await
}

/// The same, for pages.
pub(in crate::api) async fn bars(context: &Context) -> Answer<Vec<HistogramBar>> {
    let at_hand = context.clone();
    let read = move |reader: &Reader| Ok(Reply::now(at_hand.pool(reader)?.sums().bars.clone()));
    context.read(read).await
}

/// What it takes to be mined soon
#[utoipa::path(get, path = "/v1/fees", tag = "mempool", operation_id = "fees",
    responses((status = OK, body = FeesView)))]
async fn fees(State(context): State<Context>) -> Answer<FeesView> {
    rates(&context).await
}

/// The same, for pages.
pub(in crate::api) async fn rates(context: &Context) -> Answer<FeesView> {
    let at_hand = context.clone();
    let read = move |reader: &Reader| {
        let pooled = at_hand.pool(reader)?;
        let rates = pooled.rates();
        Ok(Reply::now(FeesView {
            next_block: rates.next.pebbles_per_kilobyte(),
            three_blocks: rates.three.pebbles_per_kilobyte(),
            ten_blocks: rates.ten.pebbles_per_kilobyte(),
            floor: pooled.view().floor().pebbles_per_kilobyte(),
            plain_payment: rates.next.fee_for(PLAIN_PAYMENT_BYTES),
            tip: tip_view(reader.tip()),
        }))
    };
    context.read(read).await
}
