//! The latest blocks as stones on a cairn, and those that may come, not yet set.

use maud::{Markup, html};

use super::parts;
use super::projection::{Projected, rates, when};
use crate::api::problem::Problem;
use crate::api::routes::pool::paid_by;
use crate::chain::HeaderEntry;
use crate::codec::encoded_len;
use crate::node::Reader;
use crate::types::{Block, BlockHash, Height, Timestamp, Transaction};

/// Stones that lie there.
const STONES_MAX: u32 = 9;
/// Widths that a stone may have; the style knows as many.
const WIDTHS: usize = 10;
/// Shapes that a stone may have; the style knows as many.
const SHAPES: u8 = 6;

/// A block as a stone.
pub struct Stone {
    hash: BlockHash,
    height: Height,
    time: Timestamp,
    /// What is in it; nothing where the body was pruned.
    block: Option<Block>,
}

/// The last blocks, newest first.
pub fn stones(reader: &Reader) -> Result<Vec<Stone>, Problem> {
    let tip = reader.tip().height.0;
    let entries =
        (tip.saturating_sub(STONES_MAX - 1)..=tip).rev().map_while(|height| reader.header_at(Height(height)));
    let stone = |entry: HeaderEntry| {
        let block = reader.block(&entry.hash)?;
        Ok(Stone { hash: entry.hash, height: entry.height, time: entry.header.time, block })
    };
    entries.map(stone).collect()
}

/// Transactions that are told of beside the cairn.
const LATEST_MAX: usize = 8;

/// The last transactions that were mined in these, newest first.
pub fn latest(stones: &[Stone]) -> Markup {
    let mined = stones.iter().flat_map(|stone| {
        let transactions = stone.block.iter().flat_map(|block| block.transactions.iter().rev());
        transactions.map(move |transaction| (stone, transaction))
    });
    let mined: Vec<_> = mined.take(LATEST_MAX).collect();
    html! {
        h2 { "Latest transactions" }
        @if mined.is_empty() { (parts::empty("The last blocks had none.")) } @else {
            ul.latest { @for (stone, transaction) in mined { (told(stone, transaction)) } }
        }
    }
}

fn told(stone: &Stone, transaction: &Transaction) -> Markup {
    let txid = transaction.body.txid();
    html! {
        li data-key=(txid) {
            (parts::transaction(&txid)) span { "paid " (parts::amount(paid_by(&transaction.body))) } span { "in block " (parts::height(stone.height)) }
        }
    }
}

/// All of them, one upon the other.
pub fn cairn(stones: &[Stone], projected: &[Projected]) -> Markup {
    html! {
        ol.cairn reversed {
            @for (at, block) in projected.iter().take(2).enumerate().rev() { (coming(at, block)) }
            @if projected.is_empty() {
                li.stone.coming.w2 { span { "next block: empty so far" } }
            }
            @for (at, stone) in stones.iter().enumerate() { (lying(at, stone)) }
        }
    }
}

fn coming(at: usize, block: &Projected) -> Markup {
    html! {
        li class={ "stone coming w" (3 - at) } {
            a href="/mempool" {
                span { (when(at)) ": " (parts::count(block.count, "transaction")) }
                small { "at " (rates(block)) " pebbles a thousand bytes" }
            }
        }
    }
}

fn lying(at: usize, stone: &Stone) -> Markup {
    let width = WIDTHS.min(at + 3);
    let shape = stone.hash.as_bytes()[0] % SHAPES;
    html! {
        li data-key=(stone.hash) class={ "stone w" (width) " s" (shape) } {
            a href={ "/block/" (stone.hash) } {
                span { strong { (parts::number(stone.height)) } " " (parts::ago(stone.time)) }
                @if let Some(block) = &stone.block {
                    small { (parts::count(block.transactions.len(), "transaction")) ", " (parts::bytes(encoded_len(block))) }
                } @else { small { "only its header is here" } }
            }
        }
    }
}
