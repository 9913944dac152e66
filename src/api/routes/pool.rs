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
#[utoipa::path(get, path = "/v1/mempool", tag = "mempool", operation_id = "mempool",
    responses((status = OK, body = PoolView)))]
async fn mempool(State(context): State<Context>) -> Answer<PoolView> {
    sums(&context)
}

/// The same, for pages.
pub(in crate::api) fn sums(context: &Context) -> Answer<PoolView> {
    let bytes_max = context.node().look(|_, pool| pool.limits().bytes_max);
    let view = context.look(|reader| {
        let pool = context.pool(reader)?;
        Ok(PoolView {
            ready: pool.entries().len(),
            waiting: pool.waiting(),
            bytes: pool.bytes(),
            bytes_max,
            fees: sum(pool.entries().iter().map(|entry| entry.fee())),
            floor_rate: pool.floor().pebbles_per_kilobyte(),
            tip: tip_view(reader.tip()),
        })
    })?;
    Ok(Reply::now(view))
}

/// The sum of fees. A pool's senders have what they offer, so it does not overflow.
fn sum(fees: impl Iterator<Item = Amount>) -> Amount {
    Amount::checked_sum(fees).unwrap_or_default()
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
    best(&context, extract::limit(part.limit, TRANSACTIONS_USUAL, TRANSACTIONS_MAX)?)
}

/// The same, for pages.
pub(in crate::api) fn best(context: &Context, limit: usize) -> Answer<PoolPage> {
    let now = context.node().seconds();
    let view = context.look(|reader| {
        let pool = context.pool(reader)?;
        let shown = |entry: &Entry| PoolTransaction {
            txid: entry.facts().txid,
            from: context.text(&entry.facts().sender),
            nonce: entry.nonce(),
            fee: entry.fee(),
            rate: entry.rate().pebbles_per_kilobyte(),
            bytes: entry.facts().bytes,
            seconds: now.saturating_sub(entry.admitted_seconds()),
            amount: paid_by(&entry.transaction().transaction().body),
        };
        Ok(PoolPage {
            transactions: pool.entries().iter().take(limit).map(|entry| shown(entry)).collect(),
            ready: pool.entries().len(),
            tip: tip_view(reader.tip()),
        })
    })?;
    Ok(Reply::now(view))
}

/// What a transaction pays to whomever, as far as its own bytes tell.
pub(in crate::api) fn paid_by(body: &Body) -> Amount {
    sum(body.actions.iter().map(paid))
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
    bars(&context)
}

/// The same, for pages.
pub(in crate::api) fn bars(context: &Context) -> Answer<Vec<HistogramBar>> {
    let bars = context.look(|reader| {
        let pool = context.pool(reader)?;
        let mut bars: Vec<HistogramBar> = Vec::new();
        // Best first, as far as those that pay for others allow; so the bar is looked for from the end.
        for entry in pool.entries() {
            let rate_min = entry.rate().pebbles_per_kilobyte().checked_ilog2().map_or(0, |log| 1 << log);
            let at = bars.iter().rposition(|bar| bar.rate_min == rate_min).unwrap_or_else(|| {
                bars.push(HistogramBar { rate_min, count: 0, bytes: 0, fees: Amount::ZERO });
                bars.len() - 1
            });
            let bar = &mut bars[at];
            bar.count += 1;
            bar.bytes += entry.facts().bytes;
            bar.fees = bar.fees.checked_add(entry.fee()).unwrap_or(bar.fees);
        }
        bars.sort_unstable_by_key(|bar| std::cmp::Reverse(bar.rate_min));
        Ok(bars)
    })?;
    Ok(Reply::now(bars))
}

/// What it takes to be mined soon
#[utoipa::path(get, path = "/v1/fees", tag = "mempool", operation_id = "fees",
    responses((status = OK, body = FeesView)))]
async fn fees(State(context): State<Context>) -> Answer<FeesView> {
    rates(&context)
}

/// The same, for pages.
pub(in crate::api) fn rates(context: &Context) -> Answer<FeesView> {
    let view = context.look(|reader| {
        let pool = context.pool(reader)?;
        let within = |blocks| pool.estimate_fee_rate(blocks);
        Ok(FeesView {
            next_block: within(1).pebbles_per_kilobyte(),
            three_blocks: within(3).pebbles_per_kilobyte(),
            ten_blocks: within(10).pebbles_per_kilobyte(),
            floor: pool.floor().pebbles_per_kilobyte(),
            plain_payment: within(1).fee_for(PLAIN_PAYMENT_BYTES),
            tip: tip_view(reader.tip()),
        })
    })?;
    Ok(Reply::now(view))
}
