//! The tip, and what is around it.

use axum::extract::State;
use maud::{Markup, html};

use super::curves::difficulty;
use super::draft::{Draft, Live, Shown};
use super::parts;
use super::shell::Place;
use super::stones::{cairn, latest};
use crate::api::context::Context;
use crate::api::routes::status::{self, Present};
use crate::api::routes::{chain, mining, pool};
use crate::api::view::{FeesView, MiningView, PoolView, SupplyView, SyncView};
use crate::node::Reader;

pub(super) async fn home(State(context): State<Context>) -> Shown {
    let status = status::present(&context).await;
    let supply = chain::money(&context)?.into_body();
    let (waiting, fees) = (pool::sums(&context).await?.into_body(), pool::rates(&context).await?.into_body());
    let mining = mining::pace_and_miners(&context).await?.into_body();
    let at_hand = context.clone();
    let read = move |reader: &Reader| {
        let projected = at_hand.pool(reader)?.projected(at_hand.params()).to_vec();
        Ok((at_hand.stones().at(reader)?, projected))
    };
    let (stones, projected) = context.read(read).await?;
    let body = html! {
        div.home {
            section aria-label="Latest blocks" { (cairn(&stones, &projected)) }
            section aria-label="How the chain is" {
                (tiles(&status, &mining))
                (parts::facts(&[
                    ("Difficulty", html! { (difficulty(mining.difficulty)) }),
                    ("Blocks come", html! { (pace(&mining)) ", over the last " (parts::count(mining.blocks, "block")) }),
                    ("Fees", fee_words(&fees)),
                    ("Mempool", mempool_words(&waiting)),
                    ("Supply", supply_words(&supply)),
                    ("Peers", html! { a href="/network" { (parts::count(status.peers, "peer")) } ", " (sync_words(&status.sync)) }),
                ]))
                (latest(&stones))
            }
        }
        (parts::raw(&[("status", "/v1/status".to_owned()), ("supply", "/v1/supply".to_owned())]))
    };
    Ok(Draft::new(format!("Block {}", parts::number(status.tip.height)), Place::Home, Live::ALL, body))
}

/// What is seen from across the room.
fn tiles(status: &Present, mining: &MiningView) -> Markup {
    html! {
        div.tiles {
            div { span { "Height" } strong { (parts::number(status.tip.height)) } }
            div { span { "Last block" } strong { (parts::ago(status.tip_time)) } }
            div { span { "Hash rate" } strong { (rate(mining)) } }
            div { span { "Waiting" } strong { (parts::number(status.mempool)) } }
        }
    }
}

/// How far blocks are apart, and should be.
pub(super) fn pace(mining: &MiningView) -> String {
    match mining.spacing {
        0.0 => format!("not known yet; the chain aims at one in {} s", mining.spacing_aim),
        spacing => format!("every {spacing:.1} s; the chain aims at {} s", mining.spacing_aim),
    }
}

/// What the last blocks took, where there are any.
pub(super) fn rate(mining: &MiningView) -> String {
    match mining.network_hash_rate {
        0.0 => "not known".to_owned(),
        rate => parts::scaled(rate, "H/s"),
    }
}

fn fee_words(fees: &FeesView) -> Markup {
    html! {
        (parts::number(fees.next_block)) " pebbles a thousand bytes for the next block: "
        (parts::amount(fees.plain_payment)) " for a plain payment"
    }
}

fn mempool_words(pool: &PoolView) -> Markup {
    html! {
        a href="/mempool" { (parts::count(pool.ready + pool.waiting, "transaction")) } ", " (parts::bytes(pool.bytes))
        "; those that could be mined pay " (parts::amount(pool.fees))
    }
}

fn supply_words(supply: &SupplyView) -> Markup {
    html! { (parts::amount(supply.total)) ", and " (parts::amount(supply.next_subsidy)) " with the next block" }
}

/// How far it is with catching up.
pub(super) fn sync_words(sync: &SyncView) -> String {
    match sync {
        SyncView::Alone => "nobody is connected".to_owned(),
        SyncView::Synced => "nobody has more".to_owned(),
        SyncView::Asking => "asking what there is".to_owned(),
        SyncView::Fetching { to, missing } => {
            format!("catching up to {}, {} missing", parts::number(to), parts::count(*missing, "block"))
        }
    }
}
