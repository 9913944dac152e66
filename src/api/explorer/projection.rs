//! The blocks that what waits would make, were they found now.

use std::collections::HashMap;

use maud::{Markup, html};

use super::parts;
use super::parts::Column::{Number, Text};
use crate::consensus::{BLOCK_OVERHEAD_BYTES, Params};
use crate::mempool::Entry;
use crate::types::{Address, Amount};

/// Blocks that are projected; the last has all the rest.
const BLOCKS_MAX: usize = 4;

/// A block that is not there yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Projected {
    /// Transactions in it.
    pub count: usize,
    /// Their bytes.
    pub bytes: usize,
    /// What they do.
    actions: usize,
    /// What they pay.
    pub fees: Amount,
    /// The lowest and the highest rate among them, in pebbles for a thousand bytes.
    pub rates: Option<(u64, u64)>,
}

impl Projected {
    fn add(&mut self, entry: &Entry) {
        let rate = entry.rate().pebbles_per_kilobyte();
        self.count += 1;
        self.bytes += entry.facts().bytes;
        self.actions += entry.transaction().transaction().body.actions.len();
        self.fees = self.fees.checked_add(entry.fee()).unwrap_or(self.fees);
        self.rates = Some(self.rates.map_or((rate, rate), |(low, high)| (low.min(rate), high.max(rate))));
    }
}

/// What the next blocks would hold, the next one first: each takes what pays best of what still fits, and nothing comes
/// before an earlier one of its sender. The last has all that is left.
pub fn projection<'a>(params: &Params, best_first: impl Iterator<Item = &'a Entry>) -> Vec<Projected> {
    let room = params.block_bytes_max.saturating_sub(BLOCK_OVERHEAD_BYTES) as usize;
    let mut blocks = vec![Projected::default(); BLOCKS_MAX];
    let mut earliest: HashMap<Address, usize> = HashMap::new();
    for entry in best_first {
        let (bytes, actions) = (entry.facts().bytes, entry.transaction().transaction().body.actions.len());
        let fits = |block: &Projected| {
            block.bytes + bytes <= room && block.actions + actions <= params.block_actions_max as usize
        };
        let last = BLOCKS_MAX - 1;
        // Of a large pool most fit into none but the last, whoever sent them.
        let first = (0..last).find(|at| fits(&blocks[*at])).unwrap_or(last);
        let from = if first == last { last } else { earliest.get(&entry.facts().sender).map_or(0, |at| *at) };
        let at = (first.max(from)..last).find(|at| fits(&blocks[*at])).unwrap_or(last);
        blocks[at].add(entry);
        if at > 0 {
            earliest.insert(entry.facts().sender, at);
        }
    }
    blocks.retain(|block| block.count > 0);
    blocks
}

/// What would be mined next, block by block.
pub fn table(blocks: &[Projected]) -> Markup {
    if blocks.is_empty() {
        return parts::empty("Nothing waits: the next block pays its miner, and nobody else.");
    }
    let columns = [
        Text("Block"),
        Number("Transactions"),
        Number("Size"),
        Number("Fees"),
        Number("Pebbles for a thousand bytes"),
    ];
    let rows = html! {
        @for (at, block) in blocks.iter().enumerate() {
            tr data-key=(at) {
                th scope="row" { (when(at)) }
                td.number { (parts::number(block.count)) }
                td.number { (parts::bytes(block.bytes)) }
                td.number { (parts::amount(block.fees)) }
                td.number { (rates(block)) }
            }
        }
    };
    parts::table("What would be mined next", &columns, &rows)
}

/// When a projected block comes.
pub fn when(at: usize) -> String {
    match at {
        0 => "next".to_owned(),
        at if at + 1 == BLOCKS_MAX => "later".to_owned(),
        at => format!("in {} blocks", at + 1),
    }
}

/// What its transactions pay.
pub fn rates(block: &Projected) -> String {
    match block.rates {
        Some((low, high)) if low == high => parts::number(low),
        Some((low, high)) => format!("{} to {}", parts::number(low), parts::number(high)),
        None => String::new(),
    }
}
