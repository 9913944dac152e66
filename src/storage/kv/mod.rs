//! A store of keys and values with atomic batches: what everything above sees of the database.
//!
//! Read [`KeyValue`] first. `on_disk.rs` is the real one, `memory.rs` the one that tests compare it with.

mod folder;
mod memory;
mod on_disk;

pub use folder::Healing;
pub use memory::Memory;
pub use on_disk::{Sled, SledOptions};

use std::io;
use std::ops::Bound;
use std::path::PathBuf;

/// Bytes that one batch should hold, at most. A larger one is applied all the same; that the library below does not
/// seize up is only sure up to here (see [`Sled`]).
pub const BATCH_BYTES_MAX: usize = 1 << 20;

/// The keys between two bounds, in byte order.
pub type KeyRange<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

/// Keys with their values, ascending.
pub type Pairs<'a> = Box<dyn Iterator<Item = Result<(Vec<u8>, Vec<u8>), KvError>> + 'a>;

/// A map from bytes to bytes that many threads read and write.
pub trait KeyValue: Send + Sync {
    /// The value of a key.
    ///
    /// # Errors
    /// When the disk fails or what lies on it is damaged; so with all that follows.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError>;

    /// What lies in a range, in the order of keys. Batches applied meanwhile may be seen in part.
    fn scan(&self, range: KeyRange<'_>) -> Pairs<'_>;

    /// Applies all of a batch or, should the process die, none of it. Whether it is still there after a death is only
    /// sure once [`KeyValue::sync`] has returned; a later batch never is without the earlier ones.
    ///
    /// # Errors
    /// See [`KeyValue::get`].
    fn apply(&self, batch: Batch) -> Result<(), KvError>;

    /// Returns when everything applied so far outlives a kill and a loss of power.
    ///
    /// # Errors
    /// See [`KeyValue::get`].
    fn sync(&self) -> Result<(), KvError>;

    /// What all of it takes on disk now.
    ///
    /// # Errors
    /// See [`KeyValue::get`].
    fn disk_bytes(&self) -> Result<u64, KvError>;
}

/// Changes that happen together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    bytes: usize,
}

impl Batch {
    /// No changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a key a value; of two changes to one key the later holds.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.push(key.into(), Some(value.into()));
    }

    /// Takes a key away, whether it is there or not.
    pub fn remove(&mut self, key: impl Into<Vec<u8>>) {
        self.push(key.into(), None);
    }

    fn push(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        self.changes.push((key, value));
    }

    /// The keys that it changes.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.changes.iter().map(|(key, _)| &key[..])
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Bytes of all keys and values, to be held against [`BATCH_BYTES_MAX`].
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Why the store did not answer.
#[derive(Debug, thiserror::Error)]
pub enum KvError {
    /// What lies on disk cannot be what was written. Whatever is above rebuilds it.
    #[error("damaged: {reason}")]
    Damaged {
        /// What does not fit.
        reason: String,
    },
    /// Another process, or another handle of this one, has the folder open.
    #[error("{} is in use", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused; the data may be sound.
    #[error("{action}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl KvError {
    /// What does not fit, as an error.
    pub(in crate::storage) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged { reason: reason.into() }
    }

    /// Wraps what the system said.
    fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, source }
    }
}

/// Whether no key can lie in a range; the map of the standard library panics at such ranges.
fn is_empty(range: KeyRange<'_>) -> bool {
    match range {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => {
            from >= to
        }
        _ => false,
    }
}
