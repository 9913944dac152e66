//! The pool as it was looked at last, and what it comes to, for all who ask before it is looked at again.
//!
//! A pool may hold hundreds of thousands of transactions, and change a thousand times a second. To look through all of it
//! takes a while then, and the writer waits meanwhile: whoever asks gets what was seen a moment ago.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::explorer::{Projected, projection};
use super::view::HistogramBar;
use crate::consensus::Params;
use crate::mempool::{Entry, FeeRate, PoolView};
use crate::node::{ReadError, Reader, Tip};
use crate::types::{Action, Address, Amount};

/// Transactions up to which a pool is looked at whenever it has changed.
const SMALL_MAX: usize = 5_000;
/// How long a look at a larger one serves, while no block comes.
const SERVES: Duration = Duration::from_secs(1);

/// The last look.
#[derive(Default)]
pub struct LastLook {
    kept: Mutex<Option<Arc<Pooled>>>,
    /// Held by whoever looks: one is enough.
    looking: Mutex<()>,
}

impl LastLook {
    /// The pool at a reader's tip, after so many changes. It may take a while.
    ///
    /// # Errors
    /// When the pool has gone on to another tip.
    pub fn at(&self, reader: &Reader, changes: u64) -> Result<Arc<Pooled>, ReadError> {
        let fresh = || self.kept.lock().clone().filter(|kept| kept.serves(&reader.tip(), changes));
        if let Some(kept) = fresh() {
            return Ok(kept);
        }
        let _looking = self.looking.lock();
        // Somebody may just have done so.
        if let Some(kept) = fresh() {
            return Ok(kept);
        }
        let pooled = Arc::new(Pooled::look(reader, changes)?);
        *self.kept.lock() = Some(Arc::clone(&pooled));
        Ok(pooled)
    }
}

/// The pool at one moment.
pub struct Pooled {
    changes: u64,
    tip: Tip,
    looked: Instant,
    view: Arc<PoolView>,
    sums: OnceLock<Sums>,
    rates: OnceLock<Rates>,
    projected: OnceLock<Vec<Projected>>,
}

/// What it takes to be mined soon: of a full pool, many blocks are gone through for that.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// In the next block.
    pub next: FeeRate,
    /// In one of the next three.
    pub three: FeeRate,
    /// In one of the next ten.
    pub ten: FeeRate,
}

impl Pooled {
    fn look(reader: &Reader, changes: u64) -> Result<Self, ReadError> {
        let (tip, view) = (reader.tip(), reader.pool()?);
        let (sums, rates, projected) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        // A look serves from its end on: what takes long is not done all the time.
        Ok(Self { changes, tip, looked: Instant::now(), view, sums, rates, projected })
    }

    fn serves(&self, tip: &Tip, changes: u64) -> bool {
        let is_unchanged = self.changes == changes;
        self.tip == *tip && (is_unchanged || serves(self.view.entries().len(), self.looked.elapsed()))
    }

    /// What could be mined, best first.
    pub fn view(&self) -> &PoolView {
        &self.view
    }

    /// What all of it comes to.
    pub fn sums(&self) -> &Sums {
        self.sums.get_or_init(|| Sums::of(self.view.entries()))
    }

    /// What it takes to be mined soon.
    pub fn rates(&self) -> Rates {
        let within = |blocks| self.view.estimate_fee_rate(blocks);
        *self.rates.get_or_init(|| Rates { next: within(1), three: within(3), ten: within(10) })
    }

    /// The blocks that it would make.
    pub fn projected(&self, params: &Params) -> &[Projected] {
        self.projected.get_or_init(|| projection(params, self.view.entries().iter().map(AsRef::as_ref)))
    }
}

/// Whether a look at so many still serves after so long, though something has changed.
fn serves(count: usize, age: Duration) -> bool {
    count > SMALL_MAX && age < SERVES
}

/// What a pool comes to.
#[derive(Debug, Default)]
pub struct Sums {
    /// What all that could be mined pays. Its senders have what they offer, so it does not overflow.
    pub fees: Amount,
    /// How much pays how much, the highest rate first.
    pub bars: Vec<HistogramBar>,
    /// Who would get all that somebody else has left: of that, nobody keeps count.
    swept_to: HashSet<Address>,
}

impl Sums {
    fn of(entries: &[Arc<Entry>]) -> Self {
        let mut sums = Self::default();
        entries.iter().for_each(|entry| sums.add(entry));
        sums.bars.sort_unstable_by_key(|bar| std::cmp::Reverse(bar.rate_min));
        sums
    }

    fn add(&mut self, entry: &Entry) {
        self.fees = self.fees.checked_add(entry.fee()).unwrap_or(self.fees);
        let rate_min = entry.rate().pebbles_per_kilobyte().checked_ilog2().map_or(0, |log| 1 << log);
        // Best first, as far as those that pay for others allow; so the bar is looked for from the end.
        let at = self.bars.iter().rposition(|bar| bar.rate_min == rate_min).unwrap_or_else(|| {
            self.bars.push(HistogramBar { rate_min, count: 0, bytes: 0, fees: Amount::ZERO });
            self.bars.len() - 1
        });
        let bar = &mut self.bars[at];
        bar.count += 1;
        bar.bytes += entry.facts().bytes;
        bar.fees = bar.fees.checked_add(entry.fee()).unwrap_or(bar.fees);
        // It is the last of what a transaction does.
        if let Some(Action::PayAll { to, .. }) = entry.transaction().transaction().body.actions.last() {
            self.swept_to.insert(*to);
        }
    }

    /// Whether anybody would pay an address all that is left.
    pub fn sweeps_to(&self, address: &Address) -> bool {
        self.swept_to.contains(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::{Actor, Draft, Network, TestNode};

    #[test]
    fn large_pool_is_looked_at_once_a_second_and_a_small_one_whenever_it_changed() {
        let (young, old) = (SERVES / 2, SERVES * 2);
        let served = [(SMALL_MAX, young), (SMALL_MAX + 1, young), (SMALL_MAX + 1, old)];
        assert_eq!(served.map(|(count, age)| serves(count, age)), [false, true, false]);
    }

    #[test]
    fn pool_is_looked_at_once_between_two_changes_and_anew_at_another_tip() {
        let folder = tempfile::tempdir().unwrap();
        let network = Network::new(2);
        let node = TestNode::start(folder.path(), &network.genesis);
        let last = LastLook::default();
        let look = |changes| last.at(&node.reader(), changes).unwrap();
        let empty = look(0);
        assert!(Arc::ptr_eq(&empty, &look(0)));
        let payment = Actor::new(0).pay(network.params(), 0, &Actor::new(1), 1, 500);
        node.send(&payment).unwrap();
        let full = look(1);
        assert_eq!((full.view().entries().len(), full.sums().fees), (1, payment.body.fee));
        assert_eq!(full.rates().ten, full.view().estimate_fee_rate(10));
        let block = Draft::on(node.groundwork(), Actor::new(1).address(), vec![payment]);
        node.submit(&block.mine(network.params())).unwrap();
        assert_eq!(look(1).view().entries().len(), 0);
    }
}
