//! The blocks that what waits would make, were they found now.

use maud::{Markup, html};

use super::parts;
use crate::api::context::Context;
use crate::api::problem::Problem;
use crate::mempool::Entry;
use crate::node::Reader;
use crate::types::Amount;

/// Blocks that are projected; the last has all the rest.
const BLOCKS_MAX: usize = 4;
/// Bytes of a block that are not its transactions': header, commitments, coinbase.
const BLOCK_BYTES_OTHER: usize = 512;

/// A block that is not there yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Projected {
    /// Transactions in it.
    pub count: usize,
    /// Their bytes.
    pub bytes: usize,
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
        self.fees = self.fees.checked_add(entry.fee()).unwrap_or(self.fees);
        self.rates = Some(self.rates.map_or((rate, rate), |(low, high)| (low.min(rate), high.max(rate))));
    }
}

/// What the next blocks would hold, the next one first. Miners take what pays best, in the order in which the pool offers it.
pub fn projection(context: &Context, reader: &Reader) -> Result<Vec<Projected>, Problem> {
    let room = (context.params().block_bytes_max as usize).saturating_sub(BLOCK_BYTES_OTHER);
    let actions_max = context.params().block_actions_max as usize;
    let pool = context.pool(reader)?;
    let (mut blocks, mut actions) = (vec![Projected::default()], 0);
    for entry in pool.entries() {
        let own = entry.transaction().transaction().body.actions.len();
        let last = blocks.last().expect("it begins with one");
        let is_full = last.bytes + entry.facts().bytes > room || actions + own > actions_max;
        if is_full && blocks.len() < BLOCKS_MAX {
            blocks.push(Projected::default());
            actions = 0;
        }
        actions += own;
        blocks.last_mut().expect("it begins with one").add(entry);
    }
    blocks.retain(|block| block.count > 0);
    Ok(blocks)
}

/// What would be mined next, block by block.
pub fn table(blocks: &[Projected]) -> Markup {
    html! {
        @if blocks.is_empty() {
            (parts::empty("Nothing waits: the next block pays its miner, and nobody else."))
        } @else {
            div.wide tabindex="0" role="region" aria-label="What would be mined next" {
                table {
                    thead { tr {
                        th scope="col" { "Block" } th.number scope="col" { "Transactions" } th.number scope="col" { "Size" }
                        th.number scope="col" { "Fees" } th.number scope="col" { "Pebbles for a thousand bytes" }
                    } }
                    tbody { @for (at, block) in blocks.iter().enumerate() {
                        tr data-key=(at) {
                            th scope="row" { (when(at)) }
                            td.number { (parts::number(block.count)) }
                            td.number { (parts::bytes(block.bytes)) }
                            td.number { (parts::amount(block.fees)) }
                            td.number { (rates(block)) }
                        }
                    } }
                }
            }
        }
    }
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
