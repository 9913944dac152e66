//! Changes on top of a view, before anybody else sees them.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::fmt;

use ahash::RandomState;

use super::{Account, Change, Entry, StateKey, View};

/// Where the keys of hash maps come from.
///
/// # Security
/// Whoever can foresee it can make keys that collide. A node takes it from the operating system; a simulation from its
/// own seed. No output depends on it.
#[derive(Clone, Copy)]
pub struct MapSeed(pub [u64; 4]);

impl fmt::Debug for MapSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MapSeed(…)")
    }
}

impl MapSeed {
    /// The keys for one map.
    pub fn hasher(self) -> RandomState {
        let [a, b, c, d] = self.0;
        RandomState::with_seeds(a, b, c, d)
    }
}

/// A view with changes on top. It reads each entry below it once.
pub(super) struct Overlay<'a, V> {
    below: &'a V,
    touched: HashMap<StateKey, Touched, RandomState>,
}

struct Touched {
    before: Option<Entry>,
    now: Option<Entry>,
}

impl<'a, V: View> Overlay<'a, V> {
    /// No changes yet; room for about so many.
    pub fn new(below: &'a V, seed: MapSeed, expected: usize) -> Self {
        Self { below, touched: HashMap::with_capacity_and_hasher(expected, seed.hasher()) }
    }

    /// What stands under this key, to be looked at or changed.
    pub fn entry(&mut self, key: StateKey) -> &mut Option<Entry> {
        match self.touched.entry(key) {
            Place::Occupied(place) => &mut place.into_mut().now,
            Place::Vacant(place) => {
                let before = self.below.entry(&key);
                &mut place.insert(Touched { now: before.clone(), before }).now
            }
        }
    }

    /// The account under this key.
    pub fn account(&mut self, key: StateKey) -> Option<Account> {
        match self.entry(key) {
            Some(Entry::Account(account)) => Some(*account),
            Some(Entry::Reward(_) | Entry::Supply(_)) | None => None,
        }
    }

    /// Changes the account under this key, or one that comes into being with the change.
    pub fn change_account(&mut self, key: StateKey, change: impl FnOnce(&mut Account)) {
        let entry = self.entry(key);
        let mut account = match entry {
            Some(Entry::Account(account)) => *account,
            Some(Entry::Reward(_) | Entry::Supply(_)) | None => Account::default(),
        };
        change(&mut account);
        *entry = Some(Entry::Account(account));
    }

    /// Everything that is different now, sorted by key.
    pub fn into_changes(self) -> Vec<Change> {
        let changed = self.touched.into_iter().filter(|(_, touched)| touched.now != touched.before);
        let mut changes: Vec<Change> = changed.map(|(key, touched)| (key, touched.now)).collect();
        changes.sort_unstable_by(|(one, _), (other, _)| one.compare(other));
        changes
    }
}
