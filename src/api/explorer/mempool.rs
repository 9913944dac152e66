//! What waits for a block.

use axum::extract::State;
use maud::{Markup, html};

use super::charts::{Chart, Mark};
use super::draft::{Draft, Live, Shown};
use super::parts;
use super::parts::Column::{Number, Text};
use super::projection;
use super::shell::Place;
use crate::api::context::Context;
use crate::api::routes::pool as asked;
use crate::api::samples::{SAMPLE_SECONDS, Sample};
use crate::api::view::{HistogramBar, PoolTransaction};
use crate::node::Reader;

/// Transactions that are shown.
const ROWS: usize = 50;

pub(super) async fn mempool(State(context): State<Context>) -> Shown {
    let sums = asked::sums(&context).await?.into_body();
    let histogram = asked::bars(&context).await?.into_body();
    let page = asked::best(&context, ROWS).await?.into_body();
    let at_hand = context.clone();
    let project = move |reader: &Reader| Ok(at_hand.pool(reader)?.projected(at_hand.params()).to_vec());
    let projected = context.read(project).await?;
    let body = html! {
        (parts::facts(&[
            ("Could be mined now", html! { strong { (parts::count(sums.ready, "transaction")) } }),
            ("Wait for an earlier one", html! { (parts::number(sums.waiting)) }),
            ("Size", html! { (parts::bytes(sums.bytes)) " of " (parts::bytes(sums.bytes_max)) }),
            ("Fees", parts::amount(sums.fees)),
            ("Least that is taken", html! { (parts::number(sums.floor_rate)) " pebbles for a thousand bytes" }),
        ]))
        h2 { "What would be mined next" }
        (projection::table(&projected))
        div.charts { (fees(&histogram).draw()) (sizes(&context.samples().all()).draw()) }
        h2 { "Best first" }
        (table(&page.transactions, sums.waiting))
        @if page.ready > ROWS { p { "And " (parts::number(page.ready - ROWS)) " more." } }
        (parts::raw(&[
            ("sums", "/v1/mempool".to_owned()),
            ("transactions", "/v1/mempool/transactions".to_owned()),
            ("histogram", "/v1/mempool/histogram".to_owned()),
            ("fees", "/v1/fees".to_owned()),
        ]))
    };
    Ok(Draft::new("Mempool", Place::Mempool, Live::ALL, body))
}

/// How much waits at which rate, the lowest first; rates at which nothing waits are shown as such.
fn fees(bars: &[HistogramBar]) -> Chart<'static> {
    let high = bars.first().map_or(0, |bar| bar.rate_min);
    // One bar alone would be no chart: what would pay nothing stands beside it.
    let free = bars.last().map(|_| 0);
    let least = bars.iter().map(|bar| bar.rate_min).filter(|rate| *rate > 0).min();
    let paid = least.map(|low| low.ilog2()..=high.ilog2()).into_iter().flatten().map(|log| 1_u64 << log);
    let mark = |rate: u64| {
        let bar = bars.iter().find(|bar| bar.rate_min == rate);
        let (count, bytes) = bar.map_or((0, 0), |bar| (bar.count, bar.bytes));
        let (count, size) = (parts::count(count, "transaction"), parts::bytes(bytes));
        let said = match rate {
            0 => format!("for nothing: {count}, {size}"),
            rate => format!("{} pebbles and up: {count}, {size}", parts::number(rate)),
        };
        Mark { value: bytes as f64, said }
    };
    Chart {
        title: "Bytes by what they pay",
        bars: true,
        marks: free.into_iter().chain(paid).map(mark).collect(),
        expected: Vec::new(),
        written: |size| parts::bytes(size as usize),
        ends: ("for nothing".to_owned(), format!("{} pebbles for a thousand bytes", parts::number(high))),
    }
}

/// How much waited lately.
fn sizes(samples: &[Sample]) -> Chart<'static> {
    let mark = |(at, sample): (usize, &Sample)| {
        let before = parts::span((samples.len() - 1 - at) as u64 * SAMPLE_SECONDS);
        let said = format!(
            "{}, {}, {before} ago",
            parts::count(sample.count, "transaction"),
            parts::bytes(sample.bytes)
        );
        Mark { value: sample.bytes as f64, said }
    };
    let marks = samples.iter().enumerate().map(mark).collect();
    let first = format!("{} ago", parts::span(samples.len().saturating_sub(1) as u64 * SAMPLE_SECONDS));
    let ends = (first, "now".to_owned());
    Chart {
        title: "Size over time",
        bars: false,
        marks,
        expected: Vec::new(),
        written: |size| parts::bytes(size as usize),
        ends,
    }
}

fn table(transactions: &[PoolTransaction], waiting: usize) -> Markup {
    if transactions.is_empty() {
        return parts::empty(match waiting {
            0 => "Nothing waits. What is sent now will be in the next block.",
            _ => "Nothing could be mined now: all that waits waits for an earlier one of its sender.",
        });
    }
    let columns = [
        Text("Transaction"),
        Text("From"),
        Number("Pays"),
        Number("Fee"),
        Number("For a thousand bytes"),
        Number("Waits"),
    ];
    let rows = html! {
        @for transaction in transactions {
            tr data-key=(transaction.txid) {
                th scope="row" { (parts::transaction(&transaction.txid)) }
                td { (parts::address(&transaction.from)) }
                td.number { (parts::amount(transaction.amount)) }
                td.number { (parts::amount(transaction.fee)) }
                td.number { (parts::number(transaction.rate)) }
                td.number { (parts::span(transaction.seconds)) }
            }
        }
    };
    parts::table("Transactions that wait", &columns, &rows)
}
