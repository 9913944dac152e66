//! Looking for what begins with some digits, or letters.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::found::What;
use super::reader::{ReadError, Reader};
use super::{Found, PLACES_MAX};
use crate::chain::HeaderEntry;
use crate::mempool::Entry;
use crate::storage::Place;
use crate::types::{Address, FirstDigits, FirstLetters};

/// Things found for one beginning, at most.
pub const ALIKE_MAX: usize = 50;

/// Places at which an address is looked for. All of them could have been left by a reorganization; then it is not found.
const PLACES_OF_ADDRESS_MAX: usize = 8;

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

    /// Addresses that begin so: those that began with money, and those that a block on this reader's branch pays, or has pay;
    /// in their order, and no more than [`ALIKE_MAX`]. Where some are found while the indexes have not come this far, there may
    /// be more.
    ///
    /// # Errors
    /// When none is found and the indexes have not come this far, or something cannot be read.
    pub fn addresses_like(&self, letters: &FirstLetters, max: usize) -> Result<Vec<Address>, ReadError> {
        let max = max.min(ALIKE_MAX);
        let sight = self.sight(|indexed| {
            let blocks = indexed.iter().rev();
            let places = blocks.flat_map(|(_, index)| index.addresses_like(letters, PLACES_OF_ADDRESS_MAX));
            places.filter(|place| place.height <= self.tip.height).take(PLACES_MAX).collect()
        })?;
        let bounds = (max, PLACES_OF_ADDRESS_MAX);
        let on_disk = sight.index.addresses_like(letters, sight.lowest, bounds);
        let on_disk = on_disk.inspect_err(|error| self.shared.end_over(error))?;
        let given = self.shared.genesis.allocation().iter().map(|(address, _)| *address);
        let mut found: BTreeSet<Address> = given.filter(|address| letters.begin(address)).take(max).collect();
        for place in sight.in_memory {
            found.extend(self.addresses_at(&place, letters)?);
        }
        for places in on_disk {
            // The first place at which it really stands will do.
            for place in places {
                let there = self.addresses_at(&place, letters)?;
                found.extend(&there);
                if !there.is_empty() {
                    break;
                }
            }
        }
        if found.is_empty() {
            sight.done?;
        }
        Ok(found.into_iter().take(max).collect())
    }

    /// Those of the addresses at a place that begin so.
    fn addresses_at(&self, place: &Place, letters: &FirstLetters) -> Result<Vec<Address>, ReadError> {
        let found = self.find(&[*place], |_| true)?;
        let all = found.iter().flat_map(|found| found.what.addresses());
        Ok(all.filter(|address| letters.begin(address)).collect())
    }

    /// Transactions that wait for a block whose names for people begin so, in no order; no more than [`ALIKE_MAX`]. All
    /// names in the pool are gone through.
    pub fn pooled_like(&self, digits: &FirstDigits, max: usize) -> Vec<Arc<Entry>> {
        let state = self.shared.state.read();
        let entries = state.pool.all().filter(|entry| digits.begin(entry.facts().txid.as_bytes()));
        entries.take(max.min(ALIKE_MAX)).cloned().collect()
    }
}
