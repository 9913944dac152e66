//! A database in memory that loses, in a crash, the last batches that nobody synced.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::drive::{Drive, Fate};
use crate::storage::{Batch, KeyRange, KeyValue, KvError, Memory, Pairs};

/// Batches that a crash may undo; older ones count as kept. Whoever syncs more seldom loses no more than these.
const UNSYNCED_MAX: usize = 256;

/// Keys and values in memory. A clone is the same database.
#[derive(Clone)]
pub struct SimulatedDatabase {
    kept: Arc<Memory>,
    /// For each batch since the last sync, what takes it back, oldest first; nothing where it never crashes.
    undo: Option<Arc<Mutex<VecDeque<Batch>>>>,
    drive: Drive,
}

impl SimulatedDatabase {
    /// An empty one.
    pub fn new() -> Self {
        Self { kept: Arc::default(), undo: Some(Arc::default()), drive: Drive::default() }
    }

    /// One that never loses anything.
    pub fn steady() -> Self {
        Self { kept: Arc::default(), undo: None, drive: Drive::default() }
    }

    /// The same keys and values on this drive.
    pub(in crate::lab) fn on(self, drive: &Drive) -> Self {
        Self { drive: drive.clone(), ..self }
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
        self.drive.check_running().map_err(refused("cannot read"))?;
        self.kept.get(key)
    }

    fn scan(&self, range: KeyRange<'_>) -> Pairs<'_> {
        match self.drive.check_running() {
            Ok(()) => self.kept.scan(range),
            Err(error) => Box::new(std::iter::once(Err(refused("cannot read")(error)))),
        }
    }

    /// What a batch holds takes room, whatever it stands in the place of: a log grows. Where there is too little, nothing is
    /// changed, and the rest of the room is gone.
    fn apply(&self, batch: Batch) -> Result<(), KvError> {
        let fate = self.drive.change().map_err(refused("cannot write"))?;
        self.drive.take_room(batch.bytes() as u64).1.map_err(refused("cannot write"))?;
        if let Some(undo) = &self.undo {
            let mut undo = undo.lock();
            undo.push_back(inverse(&*self.kept, &batch)?);
            if undo.len() > UNSYNCED_MAX {
                undo.pop_front();
            }
        }
        self.kept.apply(batch)?;
        fate.end().map_err(refused("cannot write"))
    }

    fn sync(&self) -> Result<(), KvError> {
        let synced = self.drive.change().and_then(Fate::end).and_then(|()| self.drive.sync());
        // What was to be kept is as unsure as before.
        synced.map_err(refused("cannot sync"))?;
        self.undo.iter().for_each(|undo| undo.lock().clear());
        Ok(())
    }

    fn disk_bytes(&self) -> Result<u64, KvError> {
        self.kept.disk_bytes()
    }
}

fn refused(action: &'static str) -> impl FnOnce(io::Error) -> KvError {
    move |source| KvError::Io { action, source }
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

    #[test]
    fn batch_that_does_not_fit_changes_nothing() {
        let drive = Drive::default();
        let database = SimulatedDatabase::new().on(&drive);
        drive.limit_free_bytes(Some(3));
        put(&database, 1, 1);
        let mut batch = Batch::new();
        batch.put([2], [2]);
        assert!(database.apply(batch).is_err() && drive.has_refused());
        assert_eq!((database.get(&[1]).unwrap(), database.get(&[2]).unwrap()), (Some(vec![1]), None));
    }

    #[test]
    fn crash_in_the_midst_of_a_batch_leaves_all_of_it_or_nothing_and_a_failed_sync_promises_nothing() {
        let drive = Drive::default();
        let database = SimulatedDatabase::new().on(&drive);
        put(&database, 1, 1);
        drive.fail_next_sync();
        assert!(database.sync().is_err());
        drive.crash_at(drive.operations() + 1);
        let mut batch = Batch::new();
        batch.put([2], [2]);
        batch.put([3], [3]);
        assert!(database.apply(batch).is_err() && database.get(&[1]).is_err());
        let database = database.on(&drive.after_end());
        assert_eq!(database.get(&[3]).unwrap(), Some(vec![3]));
        database.crash(|choices| {
            assert_eq!(choices, 3, "neither was synced");
            1
        });
        assert_eq!([1, 2, 3].map(|key| database.get(&[key]).unwrap().is_some()), [true, false, false]);
    }
}
