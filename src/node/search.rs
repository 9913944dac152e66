//! Looking for what begins with some digits, or letters.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::found::What;
use super::reader::{ReadError, Reader};
use super::{Found, PLACES_MAX};
use crate::chain::HeaderEntry;
use crate::mempool::Entry;
use crate::storage::{Place, Subject, SubjectKey};
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
        let sight = self.sight(|indexed| -> Vec<Place> {
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
        let sight = self.sight(|indexed| -> Vec<(SubjectKey, Place)> {
            let blocks = indexed.iter().rev();
            let places = blocks.flat_map(|(_, index)| index.addresses_like(letters));
            places.filter(|(_, place)| place.height <= self.tip.height).take(PLACES_MAX).collect()
        })?;
        let bounds = (max, PLACES_OF_ADDRESS_MAX);
        let on_disk = sight.index.addresses_like(letters, sight.lowest, bounds);
        let mut places = on_disk.inspect_err(|error| self.shared.end_over(error))?;
        places.extend(first_of(sight.in_memory, max));
        let given = self.shared.genesis.allocation().iter().map(|(address, _)| *address);
        let mut found: BTreeSet<Address> = given.filter(|address| letters.begin(address)).take(max).collect();
        found.extend(standing(places, |in_block| self.addresses_at(in_block, letters))?);
        if found.is_empty() {
            sight.done?;
        }
        Ok(found.into_iter().take(max).collect())
    }

    /// Those of the addresses at places of a block that begin so.
    fn addresses_at(&self, in_block: &[Place], letters: &FirstLetters) -> Result<Vec<Address>, ReadError> {
        let found = self.find(in_block, |_| true)?;
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

/// Places of the first few addresses, in the addresses' order, of places of more.
fn first_of(places: Vec<(SubjectKey, Place)>, max: usize) -> impl Iterator<Item = (SubjectKey, Place)> {
    let all: BTreeSet<SubjectKey> = places.iter().map(|(key, _)| *key).collect();
    let first: BTreeSet<SubjectKey> = all.into_iter().take(max).collect();
    places.into_iter().filter(move |(key, _)| first.contains(key))
}

/// The addresses that really stand at places of theirs. The newest are looked at first, those of one block together, and none
/// of an address that was seen already.
fn standing<E>(
    mut places: Vec<(SubjectKey, Place)>,
    look: impl Fn(&[Place]) -> Result<Vec<Address>, E>,
) -> Result<BTreeSet<Address>, E> {
    places.sort_unstable_by_key(|(_, place)| Reverse(*place));
    let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for in_block in places.chunk_by(|(_, one), (_, other)| one.height == other.height) {
        let unseen = in_block.iter().filter(|(key, _)| !seen.contains(key));
        let mut unseen: Vec<Place> = unseen.map(|(_, place)| *place).collect();
        unseen.dedup();
        if unseen.is_empty() {
            continue;
        }
        for address in look(&unseen)? {
            seen.insert(Subject::Address(&address).key());
            found.insert(address);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::types::Height;

    fn address(who: u8) -> Address {
        Address::from_bytes([who; 32])
    }

    fn at(who: u8, height: u32, position: u32) -> (SubjectKey, Place) {
        (
            Subject::Address(&address(who)).key(),
            Place { height: Height(height), position, offset: 9, length: 9 },
        )
    }

    #[test]
    fn busy_addresses_are_looked_for_once_and_each_block_is_opened_once() {
        // Two are in all blocks, and one in the lowest; what an entry says of the highest is not so.
        let busy = (1..=64).flat_map(|height| [at(1, height, 1), at(2, height, 1), at(2, height, 2)]);
        let places: Vec<_> = busy.chain([at(3, 1, 5)]).collect();
        let opened = RefCell::new(Vec::new());
        let look = |in_block: &[Place]| {
            let height = in_block[0].height.0;
            assert!(in_block.iter().all(|place| place.height.0 == height));
            opened.borrow_mut().push((height, in_block.len()));
            Ok::<_, ()>(match height {
                64 => Vec::new(),
                1 => vec![address(3)],
                _ => vec![address(1), address(2)],
            })
        };
        assert_eq!(standing(places.clone(), look), Ok([1, 2, 3].map(address).into()));
        assert_eq!(*opened.borrow(), [(64, 2), (63, 2), (1, 1)]);
        assert!(first_of(places.clone(), 2).all(|(key, _)| key < at(3, 1, 5).0));
        assert_eq!(first_of(places.clone(), 3).count(), places.len());
    }
}
