//! What can be wrong with a store, and what to do about it.

use std::io;
use std::path::PathBuf;

use super::journal::{JournalError, Location};
use super::kv::KvError;
use crate::types::ChainId;

/// Why a store could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Somebody else works here.
    #[error("{} is in use by another process: stop that one, or choose another --data-dir", .0.display())]
    InUse(PathBuf),
    /// Nothing was ever made here.
    #[error("there is no chain in {}: start a node there first, or import one", .0.display())]
    Empty(PathBuf),
    /// The folder holds another chain.
    #[error(
        "{} holds chain {found}, the genesis file makes {expected}: choose another --data-dir or --genesis",
        path.display()
    )]
    AnotherChain {
        /// Where.
        path: PathBuf,
        /// What is there.
        found: ChainId,
        /// What was asked for.
        expected: ChainId,
    },
    /// Written by a later version of this program.
    #[error("{} has layout {found}, and this version knows {known} at most: use a later one", path.display())]
    NewerLayout {
        /// Where.
        path: PathBuf,
        /// Its layout.
        found: u32,
        /// The latest that is known here.
        known: u32,
    },
    /// The file that says what is in the folder says nothing that can be understood.
    #[error("{}: {reason}; restore the latest one from a copy, or name the journal that counts in it", path.display())]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A record that was written whole means nothing here.
    #[error("the record at byte {} of segment {}: {reason}", location.offset, location.segment)]
    Unreadable {
        /// Where.
        location: Location,
        /// What is wrong with it.
        reason: String,
    },
    /// The journal's records contradict each other or the genesis.
    #[error(
        "the journal contradicts itself: {0}; `cairn chain verify` says more, `cairn chain reindex --salvage` keeps what is whole"
    )]
    Contradiction(String),
    /// What was asked for was pruned.
    #[error("blocks up to height {base} were pruned here")]
    Pruned {
        /// The last height that is gone.
        base: u32,
    },
    /// A journal that was pruned has lost what it begins with.
    #[error(
        "blocks were pruned here, and what the journal begins with is damaged: restore it from a copy, or import or sync \
         into an empty folder"
    )]
    BaseLost,
    /// Something is where a folder was to be made.
    #[error("{} is there already: choose another place, or take it away first", .0.display())]
    AlreadyThere(PathBuf),
    /// No node was ever saved here.
    #[error("no node was saved in {}: name the folder that was saved into", .0.display())]
    NothingSaved(PathBuf),
    /// What was saved is not what is there.
    #[error(
        "{} is damaged: {reason}; restore it from a copy, or restore from another save", path.display()
    )]
    SavedDamaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no folder that could be saved.
    #[error("this node works in no folder that could be saved")]
    NoFolder,
    /// The node ended, and its database was closed.
    #[error("the node has ended")]
    Ended,
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database.
    #[error(transparent)]
    Database(#[from] KvError),
    /// The disk.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What the disk said.
        error: io::Error,
    },
}

impl StorageError {
    /// An error of the disk, and what was tried.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}
