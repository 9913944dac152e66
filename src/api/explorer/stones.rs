//! The latest blocks as stones on a cairn, and those that may come, not yet set.

use std::sync::Arc;

use maud::{Markup, html};
use parking_lot::Mutex;

use super::parts;
use super::projection::{Projected, rates, when};
use crate::api::problem::Problem;
use crate::api::routes::pool::paid_by;
use crate::chain::HeaderEntry;
use crate::codec::encoded_len;
use crate::node::{ReadError, Reader};
use crate::types::{Action, Amount, Block, BlockHash, Height, Timestamp, Transaction, Txid};

/// Stones that lie there.
const STONES_MAX: u32 = 9;
/// Widths that a stone may have; the style knows as many.
const WIDTHS: usize = 10;
/// Shapes that a stone may have; the style knows as many.
const SHAPES: u8 = 6;

/// Transactions that are told of beside the cairn.
const LATEST_MAX: usize = 8;

/// A block as a stone.
pub struct Stone {
    hash: BlockHash,
    height: Height,
    time: Timestamp,
    /// What is in it; nothing where the body was pruned.
    held: Option<Held>,
}

/// What a block holds, as far as it is shown.
struct Held {
    transactions: usize,
    bytes: usize,
    /// The last of its transactions, the last first.
    latest: Vec<Latest>,
}

/// A transaction that was mined lately.
struct Latest {
    txid: Txid,
    paid: Amount,
    /// Whether it paid all that was left beside that.
    all: bool,
}

/// The last blocks, newest first. They are read once for each that comes, however many look.
#[derive(Default)]
pub struct Stones(Mutex<Vec<Arc<Stone>>>);

impl Stones {
    /// Those up to a reader's tip.
    pub fn at(&self, reader: &Reader) -> Result<Vec<Arc<Stone>>, Problem> {
        let tip = reader.tip().height.0;
        let heights = (tip.saturating_sub(STONES_MAX - 1)..=tip).rev();
        let mut known = self.0.lock();
        let stone = |entry: HeaderEntry| match known.iter().find(|stone| stone.hash == entry.hash) {
            Some(stone) => Ok(Arc::clone(stone)),
            None => Stone::read(reader, &entry).map(Arc::new),
        };
        let entries = heights.map_while(|height| reader.header_at(Height(height)));
        let stones: Vec<_> = entries.map(stone).collect::<Result<_, ReadError>>()?;
        known.clone_from(&stones);
        Ok(stones)
    }
}

impl Stone {
    fn read(reader: &Reader, entry: &HeaderEntry) -> Result<Self, ReadError> {
        let held = reader.block(&entry.hash)?.as_ref().map(Held::of);
        Ok(Self { hash: entry.hash, height: entry.height, time: entry.header.time, held })
    }
}

impl Held {
    fn of(block: &Block) -> Self {
        let latest = |transaction: &Transaction| Latest {
            txid: transaction.body.txid(),
            paid: paid_by(&transaction.body),
            all: transaction.body.actions.iter().any(|action| matches!(action, Action::PayAll { .. })),
        };
        Self {
            transactions: block.transactions.len(),
            bytes: encoded_len(block),
            latest: block.transactions.iter().rev().take(LATEST_MAX).map(latest).collect(),
        }
    }
}

/// The last transactions that were mined in these, newest first.
pub fn latest(stones: &[Arc<Stone>]) -> Markup {
    let mined = stones.iter().flat_map(|stone| {
        let latest = stone.held.iter().flat_map(|held| &held.latest);
        latest.map(|transaction| (stone.height, transaction))
    });
    let mined: Vec<_> = mined.take(LATEST_MAX).collect();
    html! {
        h2 { "Latest transactions" }
        @if mined.is_empty() { (parts::empty("The last blocks had none.")) } @else {
            ul.latest { @for (height, transaction) in mined { (told(height, transaction)) } }
        }
    }
}

fn told(height: Height, transaction: &Latest) -> Markup {
    html! {
        li data-key=(transaction.txid) {
            (parts::transaction(&transaction.txid))
            span {
                @match (transaction.all, transaction.paid) {
                    (true, Amount::ZERO) => "paid all that was left",
                    (all, paid) => { "paid " (parts::amount(paid)) @if all { " and all that was left" } }
                }
            }
            span { "in block " (parts::height(height)) }
        }
    }
}

/// All of them, one upon the other.
pub fn cairn(stones: &[Arc<Stone>], projected: &[Projected]) -> Markup {
    html! {
        ol.cairn reversed {
            @for (at, block) in projected.iter().take(2).enumerate().rev() { (coming(at, block)) }
            @if projected.is_empty() {
                li #empty .stone.coming.w2 { span { "next block: empty so far" } }
            }
            @for (at, stone) in stones.iter().enumerate() { (lying(at, stone)) }
        }
    }
}

fn coming(at: usize, block: &Projected) -> Markup {
    html! {
        li data-key={ "coming-" (at) } class={ "stone coming w" (3 - at) } {
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
                @if let Some(held) = &stone.held {
                    small { (parts::count(held.transactions, "transaction")) ", " (parts::bytes(held.bytes)) }
                } @else { small { "only its header is here" } }
            }
        }
    }
}
