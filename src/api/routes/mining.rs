//! Mining: what to work on, and who does.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::{Context, tip_view};
use crate::api::extract::{self, Query};
use crate::api::lately::BLOCKS_MAX;
use crate::api::problem::{Code, Problem};
use crate::api::reply::{Answer, Reply};
use crate::api::view::{AddressText, Hex, MinerShare, MiningView, TemplateView, WorkerView};
use crate::codec::encode;
use crate::miner::{MineError, template as assembled};
use crate::node::{Reader, WorkerReport};
use crate::template::{Difficulty, Extranonce, Job, Payout, Rolled, TURNED_BYTES, VERSION};
use crate::types::{Address, Height, Target};

/// Workers that are told of.
const WORKERS_TOLD_MAX: usize = 100;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(mining)).routes(routes!(template))
}

/// How mining goes
///
/// What the last 144 blocks tell: how much work went into them, how far apart they came, and who was paid.
#[utoipa::path(get, path = "/v1/mining", tag = "mining", operation_id = "mining",
    responses((status = OK, body = MiningView)))]
async fn mining(State(context): State<Context>) -> Answer<MiningView> {
    pace_and_miners(&context).await
}

/// The same, for pages.
pub(in crate::api) async fn pace_and_miners(context: &Context) -> Answer<MiningView> {
    // A node that has stopped still tells how it went.
    let groundwork = context.node().groundwork().await.ok().flatten();
    let next = groundwork.and_then(|groundwork| Target::from_bits(groundwork.context.bits).ok());
    let difficulty = next.map_or(0.0, |target| Difficulty::of(target).number());
    let at_hand = context.clone();
    let read = move |reader: &Reader| {
        let miners = at_hand.miners(reader)?;
        let (network_hash_rate, spacing) = pace(reader);
        let workers = reader.workers();
        Ok(Reply::now(MiningView {
            difficulty,
            network_hash_rate,
            spacing,
            spacing_aim: at_hand.params().spacing,
            blocks: miners.len(),
            miners: shares(&at_hand, &miners),
            workers: workers
                .iter()
                .take(WORKERS_TOLD_MAX)
                .map(|worker| worker_view(&at_hand, worker))
                .collect(),
            tip: tip_view(reader.tip()),
        }))
    };
    context.read(read).await
}

/// Hashes a second that the last blocks took, and seconds between two of them.
fn pace(reader: &Reader) -> (f64, f64) {
    let tip = reader.tip().height;
    // Genesis may be years old when the first block is mined.
    let first = Height(tip.0.saturating_sub(BLOCKS_MAX as u32).max(1));
    let (Some(low), Some(high)) = (reader.header_at(first), reader.header_at(tip)) else { return (0.0, 0.0) };
    let seconds = f64::from(high.header.time.0.saturating_sub(low.header.time.0));
    let blocks = f64::from(tip.0.saturating_sub(first.0));
    if blocks == 0.0 || seconds == 0.0 {
        return (0.0, 0.0);
    }
    let work = high.work.number().saturating_sub(low.work.number());
    (f64::from(work) / seconds, seconds / blocks)
}

fn shares(context: &Context, miners: &[(Height, Address)]) -> Vec<MinerShare> {
    let mut shares: BTreeMap<Address, MinerShare> = BTreeMap::new();
    for (height, miner) in miners {
        let share = shares.entry(*miner).or_insert_with(|| MinerShare {
            address: context.text(miner),
            blocks: 0,
            last: *height,
        });
        share.blocks += 1;
        share.last = *height;
    }
    let mut shares: Vec<_> = shares.into_values().collect();
    shares.sort_by_key(|share| std::cmp::Reverse((share.blocks, share.last)));
    shares
}

fn worker_view(context: &Context, report: &WorkerReport) -> WorkerView {
    WorkerView {
        address: context.text(&report.name.miner),
        worker: report.name.worker.clone(),
        hash_rate: report.hash_rate,
        accepted: report.accepted,
        rejected: report.rejected,
        blocks: report.blocks,
        idle_seconds: report.idle_seconds,
    }
}

/// Who is to be paid.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Paid {
    /// Who is paid for the block.
    #[param(value_type = AddressText)]
    address: String,
}

/// A block that lacks nothing but its work
///
/// Each answer differs in its coinbase, so that nobody does another's work. Turn the nonce, the last four bytes of the
/// header, until the header's SHA-256d is not above the target; put it in front of the block, and submit that.
#[utoipa::path(get, path = "/v1/mining/template", tag = "mining", operation_id = "mining_template", params(Paid),
    responses((status = OK, body = TemplateView)))]
async fn template(State(context): State<Context>, Query(paid): Query<Paid>) -> Answer<TemplateView> {
    let address = extract::address(&paid.address, &context.params().prefix)?;
    let template = assembled(context.node()).await.map_err(|error| match error {
        MineError::Closed(closed) => Problem::from(closed),
        MineError::EndOfChain => Problem::new(Code::NotServed, error.to_string()),
    })?;
    let groundwork = *template.groundwork();
    let time = template.time();
    let txids = template.transactions().iter().map(|transaction| transaction.facts().txid).collect();
    let reward = template.reward();
    let job = Job::new(Arc::new(template), &Payout::to(address));
    let extranonce = Extranonce { assigned: context.assign(), turned: [0; TURNED_BYTES] };
    let block = job.block(&Rolled { extranonce, version: VERSION, time, nonce: 0 });
    let target = Target::from_bits(groundwork.context.bits).map_err(Problem::internal)?;
    Ok(Reply::now(TemplateView {
        height: groundwork.context.height,
        previous: groundwork.previous,
        time,
        time_min: groundwork.context.median_time,
        bits: groundwork.context.bits,
        target: target.to_string(),
        reward,
        txids,
        header: Hex::of(encode(&block.header)),
        block: Hex::of(encode(&block)),
    }))
}
