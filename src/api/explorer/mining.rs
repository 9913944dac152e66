//! Who mines, how hard it is, how far apart blocks are.

use axum::extract::State;
use maud::{Markup, html};

use super::curves::{Curves, difficulty};
use super::draft::{Draft, Live, Shown};
use super::home::{pace, rate};
use super::parts;
use super::parts::Column::{Number, Text};
use super::room::fitting;
use super::shell::Place;
use crate::api::context::Context;
use crate::api::routes::mining as asked;
use crate::api::view::{MinerShare, WorkerView};

/// Miners that are shown.
const ROWS: usize = 20;
/// Bytes that those on this node take.
const WORKERS_BYTES: usize = 25_000;

pub(super) async fn mining(State(context): State<Context>) -> Shown {
    let view = asked::pace_and_miners(&context).await?.into_body();
    let curves = context.look(|reader| Ok(Curves::of(reader)))?;
    let body = html! {
        (parts::facts(&[
            ("Hash rate", html! { strong { (rate(&view)) } }),
            ("Difficulty", html! { (difficulty(view.difficulty)) }),
            ("Blocks come", html! { (pace(&view)) }),
        ]))
        div.charts { (curves.hash_rate().draw()) (curves.difficulty().draw()) (curves.intervals().draw()) }
        p.note { "The line over the intervals is what chance alone would have. Times in which the chain stood still are not part of it. The hash rate is worked out from the difficulty of blocks and the time between them: where that is fixed and easy, it says how often blocks come, and not how fast anybody hashes." }
        h2 { "Who mined the last " (parts::count(view.blocks, "block")) }
        (shares(&view.miners, view.blocks))
        h2 { "Miners on this node" }
        (workers(&view.workers))
        (parts::raw(&[("mining", "/v1/mining".to_owned())]))
    };
    Ok(Draft::new("Mining", Place::Mining, Live::ALL, body))
}

fn shares(miners: &[MinerShare], blocks: usize) -> Markup {
    if miners.is_empty() {
        return parts::empty("No block but genesis yet.");
    }
    let percent = |share: &MinerShare| share.blocks as f64 * 100.0 / blocks.max(1) as f64;
    let rows = html! {
        @for share in miners.iter().take(ROWS) {
            tr data-key=(share.address.0) {
                th scope="row" { (parts::address(&share.address)) }
                td.number { (parts::number(share.blocks)) }
                td {
                    meter min="0" max=(blocks) value=(share.blocks) aria-label="Share of blocks" {}
                    " " (format!("{:.0} %", percent(share)))
                }
                td { (parts::height(share.last)) }
            }
        }
    };
    html! {
        (parts::table("Who mined", &[Text("Paid"), Number("Blocks"), Text("Share"), Text("Last")], &rows))
        @if miners.len() > ROWS { p { "And " (miners.len() - ROWS) " more." } }
    }
}

fn workers(workers: &[WorkerView]) -> Markup {
    if workers.is_empty() {
        return parts::empty(
            "None. Any Stratum miner can be pointed at this node: see `cairn node --help`, and the address behind `stratum` in \
             its first lines.",
        );
    }
    let columns = [
        Text("Worker"),
        Text("Paid"),
        Number("Hash rate"),
        Number("Shares"),
        Number("Refused"),
        Number("Blocks"),
        Number("Silent for"),
    ];
    let rows = fitting(WORKERS_BYTES, workers.iter().map(worker_row));
    html! {
        (parts::table("Miners on this node", &columns, &rows.shown))
        @if workers.len() > rows.count { p { "And " (workers.len() - rows.count) " more, which programs are told of." } }
    }
}

fn worker_row(worker: &WorkerView) -> Markup {
    html! {
        tr {
            th scope="row" dir="auto" { (worker.worker) }
            td { (parts::address(&worker.address)) }
            td.number { (parts::scaled(worker.hash_rate, "H/s")) }
            td.number { (parts::number(worker.accepted)) }
            td.number { (parts::number(worker.rejected)) }
            td.number { (parts::number(worker.blocks)) }
            td.number { (parts::span(worker.idle_seconds)) }
        }
    }
}
