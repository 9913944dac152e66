//! The database: written by one at a time, and looked in by anybody without waiting for that.

use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use crate::storage::{IndexView, StorageError, Tables};

/// The database of a node, while it runs.
pub(super) struct Database {
    /// Nothing once the node has ended. It is taken for as long as something is written, so readers go by `index`.
    tables: Mutex<Option<Tables>>,
    /// The indexes as they were when the tables were last let go of. Nothing once the node has ended: whoever still reads
    /// must not keep the database open for longer than one look takes. Nobody who holds this takes another lock.
    index: RwLock<Option<Arc<IndexView>>>,
}

impl Database {
    pub fn new(tables: Tables) -> Self {
        let index = RwLock::new(Some(Arc::new(tables.index_view())));
        Self { tables: Mutex::new(Some(tables)), index }
    }

    /// Works with the tables, one at a time. What it did to the indexes, readers see from then on.
    pub fn with<T>(
        &self,
        work: impl FnOnce(&mut Tables) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut guard = self.tables.lock();
        let tables = guard.as_mut().ok_or(StorageError::Ended)?;
        let outcome = work(tables);
        // Also where it failed halfway. Runs that are named here are never swept, so none may be for longer than it counts.
        let now = tables.index_view();
        if !self.index.read().as_ref().is_some_and(|before| before.is_same(&now)) {
            *self.index.write() = Some(Arc::new(now));
        }
        outcome
    }

    /// The indexes, to look in without waiting for whoever writes.
    ///
    /// # Errors
    /// When the node has ended.
    pub fn index(&self) -> Result<Arc<IndexView>, StorageError> {
        self.index.read().clone().ok_or(StorageError::Ended)
    }

    /// Lets go of everything, so that it can be opened again.
    pub fn close(&self) {
        let mut tables = self.tables.lock();
        *self.index.write() = None;
        *tables = None;
    }

    /// Does something while the tables are taken, as if they were being written.
    #[cfg(feature = "testkit")]
    pub fn while_taken<T>(&self, work: impl FnOnce() -> T) -> T {
        let _taken = self.tables.lock();
        work()
    }
}
