//! What tests ask of a node, and nobody else.

use super::NodeHandle;

impl NodeHandle {
    /// Does something while the database is taken by whoever writes it.
    pub fn while_database_is_taken<T>(&self, work: impl FnOnce() -> T) -> T {
        self.shared().database.while_taken(work)
    }
}
