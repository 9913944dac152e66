//! Blocks: the list of them, and one.

use axum::extract::State;
use maud::{Markup, html};
use serde::Deserialize;

use super::curves::difficulty;
use super::draft::{Draft, Live, Shown};
use super::glimpse::Glimpse;
use super::parts;
use super::parts::Column::{Number, Text};
use super::room::fitting;
use super::shell::Place;
use crate::api::context::Context;
use crate::api::extract::{self, BlockName, Path, Query};
use crate::api::problem::{Code, Problem};
use crate::api::routes::blocks as asked;
use crate::api::view::{BlockView, HeaderView};
use crate::chain::Validity;
use crate::node::Reader;
use crate::types::{Action, BlockHash, Height, Transaction};

/// Blocks of a list, and transactions of a block, on one page.
const ROWS: u32 = 50;
/// Bytes of a list of transactions: what has no room comes on the next page.
const LIST_BYTES: usize = 80_000;

/// Which of the list.
#[derive(Deserialize)]
pub(super) struct Part {
    before: Option<String>,
    from: Option<u32>,
}

/// The blocks that are followed, newest first.
pub(super) async fn list(State(context): State<Context>, Query(part): Query<Part>) -> Shown {
    let before = part.before.map(|text| extract::height("before", &text)).transpose()?;
    let page = asked::list(&context, before, ROWS as usize).into_body();
    let body = html! {
        (table(&page.blocks))
        nav.pages aria-label="Further" {
            @if before.is_some() { a href="/blocks" { "Newest" } }
            @if let Some(next) = page.next { a href={ "/blocks?before=" (next) } { "Older" } }
        }
        (parts::raw(&[("the list", "/v1/blocks".to_owned())]))
    };
    // Whoever looks at old ones does not want them to move.
    let live = if before.is_some() { Live::SELDOM } else { Live::CHAIN };
    Ok(Draft::new("Blocks", Place::Blocks, live, body))
}

fn table(blocks: &[HeaderView]) -> Markup {
    let columns = [Text("Height"), Text("Hash"), Text("Made"), Number("Difficulty")];
    let rows = html! {
        @for block in blocks {
            tr data-key=(block.hash) {
                th scope="row" { (parts::height(block.height)) }
                td { (parts::block(&block.hash)) }
                td { (parts::time(block.time)) }
                td.number { (difficulty(block.difficulty)) }
            }
        }
    };
    parts::table("Blocks", &columns, &rows)
}

/// One block.
pub(super) async fn block(
    State(context): State<Context>,
    Path(name): Path<String>,
    Query(part): Query<Part>,
) -> Shown {
    let name = BlockName::parse(&name)?;
    let from = asked::first(part.from)?;
    let at_hand = context.clone();
    let Opened { view, some } = match context.read(move |reader| opened(&at_hand, reader, name, from)).await {
        Ok(opened) => opened,
        Err(problem) if problem.code == Code::NotKept => return header_alone(&context, name),
        Err(problem) => return Err(problem.into()),
    };
    // By its hash: another may have come to stand at its height.
    let hash = view.header.hash;
    let above = Some(Height(view.header.height.0 + 1)).filter(|_| view.followed && view.depth > 1);
    let list = fitting(LIST_BYTES, some.iter().map(line));
    let next = from.saturating_add(list.count as u32);
    let body = html! {
        p.lead { (standing(&context.node().reader(), &view)) }
        (parts::whole(&hash.to_string()))
        nav.pages aria-label="Neighbours" {
            @if view.header.height.0 > 0 { a rel="prev" href={ "/block/" (view.header.previous) } { "The block below" } }
            @if let Some(above) = above { a rel="next" href={ "/block/" (above) } { "The block above" } }
        }
        (facts(&view))
        h2 { (parts::count(view.transaction_count, "transaction")) }
        @if view.transaction_count == 0 { (parts::empty("Nobody wanted anything in this block but its miner, who is paid all the same.")) }
        @else { ol.transactions start=(from) { (list.shown) } }
        nav.pages aria-label="Further transactions" {
            @if from > 1 { a href={ "/block/" (hash) } { "First" } }
            @if list.count > 0 && next as usize <= view.transaction_count { a href={ "/block/" (hash) "?from=" (next) } { "More" } }
        }
        (details(&view))
        (parts::raw(&[
            ("block", format!("/v1/blocks/{hash}")),
            ("transactions", format!("/v1/blocks/{hash}/transactions")),
            ("bytes", format!("/v1/blocks/{hash}/raw")),
        ]))
    };
    let title = format!("Block {}", parts::number(view.header.height));
    Ok(Draft::new(title, Place::Blocks, Live::CHAIN, body))
}

/// A block, and those of its transactions that are on the page.
struct Opened {
    view: BlockView,
    some: Vec<Glimpse>,
}

/// Reads a block once for all that is shown of it.
fn opened(context: &Context, reader: &Reader, name: BlockName, from: u32) -> Result<Opened, Problem> {
    let (entry, block) = asked::find(reader, name)?;
    let view = asked::view(reader, context.params(), &entry, &block);
    let skipped = from as usize - 1;
    let shown = || block.transactions.iter().skip(skipped).take(ROWS as usize);
    // What became of them says only what it was that somebody paid all of.
    let is_swept = shown().any(|it| matches!(it.body.actions.last(), Some(Action::PayAll { .. })));
    let receipts = if is_swept { reader.receipts(&entry.hash)? } else { None };
    let glimpse = |(position, transaction): (usize, &Transaction)| {
        let receipt = receipts.as_ref().map(|receipts| receipts.receipt(position as u32));
        Glimpse::of(transaction, receipt.as_ref(), &context.params().prefix)
    };
    let some = (skipped..).zip(shown()).map(glimpse).collect();
    Ok(Opened { view, some })
}

fn standing(reader: &Reader, view: &BlockView) -> Markup {
    html! {
        @if view.followed {
            span.state.good { "followed" } " " (parts::count(view.depth as usize, "block")) " deep, made " (parts::ago(view.header.time)) "."
        } @else {
            (state(reader, &view.header.hash)) " See " a href="/forks" { "forks" } "."
        }
    }
}

/// How a block stands that is not followed, and what keeps it from that.
fn state(reader: &Reader, hash: &BlockHash) -> Markup {
    let known = reader.header(hash).map(|entry| (entry.validity, entry.arrival.is_some()));
    let (class, word, why) = match known {
        Some((Validity::Invalid, _)) => ("bad", "not followed", "It breaks a rule."),
        Some((Validity::AboveInvalid, _)) => ("bad", "not followed", "It stands on one that breaks a rule."),
        Some((Validity::RuledOut | Validity::AboveRuledOut, _)) => {
            ("bad", "not followed", "The operator ruled it out, or one below it.")
        }
        // Headers come before everything else.
        Some((Validity::Valid, false)) if reader.is_above_tip(hash) => {
            ("waiting", "to come", "It stands above the tip, and not all of its branch has come yet.")
        }
        Some((Validity::Valid, false)) => ("bad", "not followed", "Not all of its branch has come."),
        Some((Validity::Valid, true)) | None => {
            ("bad", "not followed", "Another branch has more work, or came first.")
        }
    };
    html! { span class={ "state " (class) } { (word) } " " (why) }
}

/// A block of which only the header is here: what it held was pruned, or never came.
fn header_alone(context: &Context, name: BlockName) -> Shown {
    let reader = context.node().reader();
    let entry = asked::entry(&reader, name)?;
    let header = HeaderView::new(&entry);
    let body = html! {
        p.lead {
            @if reader.is_followed(&header.hash) { span.state.good { "followed" } " Only its header is here: what it held was pruned." }
            @else { (state(&reader, &header.hash)) " Only its header is here." }
        }
        (parts::whole(&header.hash.to_string()))
        (parts::facts(&[
            ("Made", parts::time(header.time)),
            ("Difficulty", html! { (difficulty(header.difficulty)) }),
            ("Stands on", parts::block(&header.previous)),
        ]))
        (parts::raw(&[("header", format!("/v1/blocks/{}/header", header.hash))]))
    };
    Ok(Draft::new(format!("Block {}", parts::number(header.height)), Place::Blocks, Live::CHAIN, body))
}

fn facts(view: &BlockView) -> Markup {
    let coinbase = &view.coinbase;
    parts::facts(&[
        ("Made", parts::time(view.header.time)),
        (
            "Miner",
            html! { (parts::address(&coinbase.recipient)) @if let Some(tag) = &coinbase.tag { " " q dir="auto" { (tag) } } },
        ),
        (
            "Reward",
            html! {
                (parts::amount(coinbase.amount))
                // Of a block that was left nothing can be spent.
                @if view.followed { ", to be spent from block " (parts::number(coinbase.matures_at)) " on" }
            },
        ),
        ("Fees in it", parts::amount(view.fees)),
        ("Size", html! { (parts::bytes(view.bytes)) }),
        ("Difficulty", html! { (difficulty(view.header.difficulty)) }),
    ])
}

fn line(transaction: &Glimpse) -> Markup {
    html! {
        li {
            (parts::transaction(&transaction.txid)) " from " (parts::address(&transaction.from))
            ", fee " (parts::amount(transaction.fee))
            (transaction.actions())
        }
    }
}

/// What only those want who know what it is.
fn details(view: &BlockView) -> Markup {
    let header = &view.header;
    let code = |text: &dyn std::fmt::Display| html! { code { (text) } };
    html! {
        details id="header" {
            summary { "Header and commitments" }
            (parts::facts(&[
                ("Version", html! { code { (format!("{:08x}", header.version)) } }),
                ("Bits", code(&header.bits)),
                ("Nonce", code(&header.nonce)),
                ("Median time", parts::time(header.median_time)),
                ("Work of the branch", html! { (parts::number(&header.work)) " hashes" }),
                ("Merkle root", code(&header.merkle_root)),
                ("State below", code(&view.state)),
                ("Headers below", code(&view.history)),
                ("Header", code(&header.header.0)),
                ("Coinbase extra", code(&view.coinbase.extra.0)),
            ]))
        }
    }
}
