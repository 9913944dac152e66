//! Looking for what begins with some digits.

use std::sync::Arc;

use super::found::What;
use super::reader::{ReadError, Reader};
use super::{Found, PLACES_MAX};
use crate::chain::HeaderEntry;
use crate::mempool::Entry;
use crate::types::FirstDigits;

/// Things found for one beginning, at most.
pub const ALIKE_MAX: usize = 50;

impl Reader {
    /// Blocks of all branches whose names, as they are printed, begin so; in the order of their names, and no more than
    /// [`ALIKE_MAX`]. Where work is asked for all names begin with zeros, and those alone lead to the first few of all.
    pub fn headers_like(&self, digits: &FirstDigits, max: usize) -> Vec<HeaderEntry> {
        let state = self.shared.state.read();
        state.chain.entries_like(digits).take(max.min(ALIKE_MAX)).cloned().collect()
    }

    /// Transactions on this reader's branch whose names for people begin so, newest first; no more than [`ALIKE_MAX`], and
    /// of [`PLACES_MAX`] where one could be. Where something is found while the indexes have not come this far, there
    /// may be more.
    ///
    /// # Errors
    /// When nothing is found and the indexes have not come this far, or something cannot be read.
    pub fn transactions_like(&self, digits: &FirstDigits, max: usize) -> Result<Vec<Found>, ReadError> {
        let sight = self.sight(|indexed| {
            let blocks = indexed.iter().rev();
            blocks.flat_map(|(_, index)| index.transactions_like(digits)).take(PLACES_MAX).collect()
        })?;
        let mut places = sight.in_memory;
        places.retain(|place| place.height <= self.tip.height);
        let on_disk = sight.index.transactions_like(digits, sight.lowest, PLACES_MAX - places.len());
        places.extend(on_disk.inspect_err(|error| self.shared.end_over(error))?);
        places.sort_unstable();
        places.reverse();
        let begins = |what: &What| matches!(what, What::Transaction(found) if digits.begin(found.body.txid().as_bytes()));
        let mut found = Vec::new();
        for place in places {
            if found.len() >= max.min(ALIKE_MAX) {
                break;
            }
            found.extend(self.find(&[place], begins)?);
        }
        if found.is_empty() {
            sight.done?;
        }
        Ok(found)
    }

    /// Transactions that wait for a block whose names for people begin so, in no order; no more than [`ALIKE_MAX`]. All
    /// names in the pool are gone through.
    pub fn pooled_like(&self, digits: &FirstDigits, max: usize) -> Vec<Arc<Entry>> {
        let state = self.shared.state.read();
        let entries = state.pool.all().filter(|entry| digits.begin(entry.facts().txid.as_bytes()));
        entries.take(max.min(ALIKE_MAX)).cloned().collect()
    }
}
