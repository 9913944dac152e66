//! Branches, and how the one that is followed has changed.

use axum::extract::State;
use maud::{Markup, html};

use super::draft::{Draft, Live, Shown};
use super::parts;
use super::parts::Column::{Number, Text};
use super::shell::Place;
use super::tree::tree;
use crate::api::context::Context;
use crate::api::extract::{self, Path};
use crate::api::routes::{chain as asked, story};
use crate::api::view::{BranchStatus, BranchView, ReorganizationView};
use crate::node::Reader;
use crate::types::{BlockHash, Height, Txid};

/// Reorganizations, and branches, that are shown.
const ROWS: usize = 20;
/// Blocks and transactions of a kind that a story names.
const NAMED_MAX: usize = 50;

pub(super) async fn forks(State(context): State<Context>) -> Shown {
    let branches = asked::branches(&context.node().reader());
    let tip = branches.first().map_or(Height::GENESIS, |followed| followed.height);
    let changes = asked::changes(&context, ROWS).await?.into_body();
    let drawn = context.look(|reader| Ok(tree(reader)))?;
    let body = html! {
        p { "The last blocks as they stand upon each other. The branch with the most work is followed; others are kept, and may be followed yet." }
        (drawn)
        h2 { "Branches" }
        (table(&branches, tip))
        h2 { "Reorganizations" }
        @if changes.is_empty() {
            (parts::empty("None is remembered: every block has stayed where it was put. On a devnet, `cairn devnet reorg --depth 3` makes one."))
        } @else { ul.stories { @for change in &changes { (line(change)) } } }
        (parts::raw(&[("branches", "/v1/tips".to_owned()), ("reorganizations", "/v1/reorganizations".to_owned())]))
    };
    Ok(Draft::new("Forks", Place::Forks, Live::ALL, body))
}

fn table(branches: &[BranchView], tip: Height) -> Markup {
    let columns = [
        Text("Tip"),
        Text("Height"),
        Text("State"),
        Number("Blocks of its own"),
        Text("Forks above"),
        Text("Made"),
    ];
    let rows = html! {
        @for branch in branches.iter().take(ROWS) {
            tr data-key=(branch.hash) {
                th scope="row" { (parts::block(&branch.hash)) }
                td { (parts::number(branch.height)) }
                td { (state(branch, tip)) }
                td.number { (parts::number(branch.length)) }
                td { @if branch.length > 0 { (parts::height(branch.fork)) } }
                td { (parts::ago(branch.time)) }
            }
        }
    };
    html! {
        (parts::table("Branches", &columns, &rows))
        @if branches.len() > ROWS { p { "And " (branches.len() - ROWS) " more, which programs are told of." } }
    }
}

fn state(branch: &BranchView, tip: Height) -> Markup {
    let (class, word) = match branch.status {
        BranchStatus::Followed => ("state good", "followed"),
        BranchStatus::Side => ("state waiting", "complete, with less work"),
        BranchStatus::Headers if branch.fork == tip => ("state waiting", "to come: headers are here"),
        BranchStatus::Headers => ("state waiting", "only headers are here"),
        BranchStatus::Invalid => ("state bad", "breaks a rule"),
        BranchStatus::RuledOut => ("state bad", "ruled out by the operator"),
    };
    html! { span class=(class) { (word) } }
}

fn line(change: &ReorganizationView) -> Markup {
    html! {
        li data-key=(change.step) {
            a href={ "/forks/" (change.step) } { (parts::count(change.depth, "block")) " left; " (instead(change)) }
            @if let (Some(from), Some(to)) = (change.disconnected.first(), change.connected.last()) {
                ": from " (parts::block(from)) " to " (parts::block(to))
            }
        }
    }
}

/// What took the place of blocks that were left. An operator can rule blocks out before there are any others.
fn instead(change: &ReorganizationView) -> String {
    match change.connected.len() {
        0 => "the operator had ruled out what was followed".to_owned(),
        1 => "1 block was put in its place".to_owned(),
        length => format!("{} blocks were put in its place", parts::number(length)),
    }
}

/// A reorganization as a story.
pub(super) async fn story(State(context): State<Context>, Path(step): Path<String>) -> Shown {
    let step = extract::step("step", &step)?;
    let view = story::story(&context, step).await?.into_body();
    let (change, fates, reader) = (&view.change, &view.transactions, context.node().reader());
    let body = html! {
        p.lead {
            (parts::count(change.depth, "block")) " had been followed, and " (if change.depth == 1 { "was" } else { "were" })
            " left; " (instead(change)) "."
        }
        div.sides {
            section { h2 { "Left, from the old tip down" } (blocks(&reader, &change.disconnected)) }
            @if !change.connected.is_empty() { section { h2 { "Put on instead, upwards" } (blocks(&reader, &change.connected)) } }
        }
        h2 { "What became of the transactions" }
        @if [&fates.mined_again, &fates.pending, &fates.conflicted, &fates.dropped].iter().all(|list| list.is_empty()) {
            (parts::empty("The blocks that were left had none."))
        }
        (fate("Mined again", "They are in blocks of the branch that is followed now.", &fates.mined_again))
        (fate("Waiting again", "They wait in the pool for another block.", &fates.pending))
        (fate("Conflicted", "On this branch another of the same sender and number was mined instead.", &fates.conflicted))
        (fate("Dropped", "They are neither mined nor here. Whoever sent them can send them again.", &fates.dropped))
        @if !fates.complete { p.note { "Not all are told: the list is long, or blocks were pruned." } }
        (parts::raw(&[("the story", format!("/v1/reorganizations/{step}"))]))
    };
    // What was taken back may leave the pool without a block.
    let live = Live { every: 5, ..Live::CHAIN };
    Ok(Draft::new(format!("Reorganization {}", parts::number(step)), Place::Forks, live, body))
}

fn blocks(reader: &Reader, blocks: &[BlockHash]) -> Markup {
    let header = |hash: &BlockHash| reader.header(hash);
    html! {
        ul.plain { @for hash in blocks.iter().take(NAMED_MAX) {
            li { @if let Some(entry) = header(hash) { (parts::number(entry.height)) " " (parts::block(hash)) " made " (parts::ago(entry.header.time)) } }
        } }
        @if blocks.len() > NAMED_MAX { p { "And " (blocks.len() - NAMED_MAX) " more." } }
    }
}

fn fate(title: &str, meaning: &str, txids: &[Txid]) -> Markup {
    html! {
        @if !txids.is_empty() {
            section {
                h3 { (title) ": " (parts::number(txids.len())) }
                p { (meaning) }
                ul { @for txid in txids.iter().take(NAMED_MAX) { li { (parts::transaction(txid)) } } }
                @if txids.len() > NAMED_MAX { p { "And " (txids.len() - NAMED_MAX) " more." } }
            }
        }
    }
}
