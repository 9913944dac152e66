//! A database in memory that loses, in a crash, the last batches that nobody synced.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::storage::{Batch, KeyRange, KeyValue, KvError, Memory, Pairs};

/// Batches that a crash may undo; older ones count as kept. Whoever syncs more seldom loses no more than these.
const UNSYNCED_MAX: usize = 256;

/// Keys and values in memory. A clone is the same database.
#[derive(Clone)]
pub struct SimulatedDatabase {
    kept: Arc<Memory>,
    /// For each batch since the last sync, what takes it back, oldest first; nothing where it never crashes.
    undo: Option<Arc<Mutex<VecDeque<Batch>>>>,
}

impl SimulatedDatabase {
    /// An empty one.
    pub fn new() -> Self {
        Self { kept: Arc::default(), undo: Some(Arc::default()) }
    }

    /// One that never loses anything.
    pub fn steady() -> Self {
        Self { kept: Arc::default(), undo: None }
    }

    /// What is found when the power is back: a later batch never without the earlier ones, and all that was synced. `draw`
    /// says how many of so many are lost.
    pub fn crash(&self, draw: impl FnOnce(usize) -> usize) {
        let Some(undo) = &self.undo else { return };
        let mut undo = undo.lock();
        let lost = draw(undo.len() + 1).min(undo.len());
        for _ in 0..lost {
            if let Some(batch) = undo.pop_back() {
                self.kept.apply(batch).expect("memory takes everything");
            }
        }
        undo.clear();
    }
}

impl Default for SimulatedDatabase {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyValue for SimulatedDatabase {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.kept.get(key)
    }

    fn scan(&self, range: KeyRange<'_>) -> Pairs<'_> {
        self.kept.scan(range)
    }

    fn apply(&self, batch: Batch) -> Result<(), KvError> {
        if let Some(undo) = &self.undo {
            let mut undo = undo.lock();
            undo.push_back(inverse(&*self.kept, &batch)?);
            if undo.len() > UNSYNCED_MAX {
                undo.pop_front();
            }
        }
        self.kept.apply(batch)
    }

    fn sync(&self) -> Result<(), KvError> {
        self.undo.iter().for_each(|undo| undo.lock().clear());
        Ok(())
    }

    fn disk_bytes(&self) -> Result<u64, KvError> {
        self.kept.disk_bytes()
    }
}

/// What takes a batch back.
fn inverse(kept: &dyn KeyValue, batch: &Batch) -> Result<Batch, KvError> {
    let mut inverse = Batch::new();
    for key in batch.keys() {
        match kept.get(key)? {
            Some(value) => inverse.put(key, value),
            None => inverse.remove(key),
        }
    }
    Ok(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(database: &SimulatedDatabase, key: u8, value: u8) {
        let mut batch = Batch::new();
        batch.put([key], [value]);
        database.apply(batch).unwrap();
    }

    #[test]
    fn crash_takes_back_the_last_batches_and_never_what_was_synced() {
        let database = SimulatedDatabase::new();
        put(&database, 1, 1);
        database.sync().unwrap();
        put(&database, 1, 2);
        put(&database, 2, 2);
        put(&database, 3, 3);
        database.crash(|choices| {
            assert_eq!(choices, 4, "none to all three");
            2
        });
        assert_eq!(database.get(&[1]).unwrap(), Some(vec![2]));
        assert_eq!((database.get(&[2]).unwrap(), database.get(&[3]).unwrap()), (None, None));
        database.crash(|choices| choices);
        assert_eq!(database.get(&[1]).unwrap(), Some(vec![2]), "what the first crash left is durable");
    }
}
