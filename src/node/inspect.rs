//! What tests ask of a node, and nobody else.

use super::NodeHandle;
use crate::storage::StorageError;

impl NodeHandle {
    /// Does something while the database is taken by whoever writes it.
    pub fn while_database_is_taken<T>(&self, work: impl FnOnce() -> T) -> T {
        self.shared().database.while_taken(work)
    }

    /// Has the node end over what the database is said to have answered.
    pub fn end_over(&self, error: &StorageError) {
        self.shared().end_over(error);
    }
}
