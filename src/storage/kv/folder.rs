//! The care of a sled folder that sled itself does not take: what a crash leaves behind, what is beyond repair, what
//! must be synced.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::KvError;

/// How often, and how long each time, we wait for the lock that sled's threads let go of a moment after it was closed.
const LOCK_TRIES_MAX: u32 = 200;
const LOCK_WAIT: Duration = Duration::from_millis(5);

/// What had to be done to open a folder; a line for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Healing {
    /// A snapshot of sled's page table had been half written when the process died; it was removed, nothing is lost.
    #[error("removed {0}, which was never finished")]
    Unfinished(PathBuf),
}

/// Makes the folder, and clears what a crash left half written.
pub(super) fn prepare(path: &Path) -> Result<Vec<Healing>, KvError> {
    fs::create_dir_all(path).map_err(KvError::io("making the store's folder"))?;
    let mut healed = Vec::new();
    for entry in fs::read_dir(path).map_err(KvError::io("listing the store's folder"))? {
        let entry = entry.map_err(KvError::io("listing the store's folder"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path()).map_err(KvError::io("removing an unfinished snapshot"))?;
            healed.push(Healing::Unfinished(entry.path()));
        }
    }
    Ok(healed)
}

/// Waits until nobody holds sled's lock; false when somebody does not let go.
pub(super) fn wait_for_lock(path: &Path) -> Result<bool, KvError> {
    let file = match File::open(path.join("db")) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(KvError::io("opening the store's log")(error)),
    };
    for _ in 0..LOCK_TRIES_MAX {
        match file.try_lock() {
            // Closing the handle alone may leave it held: a process that is being begun elsewhere has a copy until it runs.
            Ok(()) => {
                return file.unlock().map(|()| true).map_err(KvError::io("letting go of the store's log"));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_WAIT),
            Err(TryLockError::Error(error)) => return Err(KvError::io("locking the store's log")(error)),
        }
    }
    Ok(false)
}

/// Moves a folder that is beyond repair out of the way, over one moved earlier, and says where it is now.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, KvError> {
    let mut name = path.file_name().map_or_else(|| OsString::from("sled"), OsString::from);
    name.push(".damaged");
    let aside = path.with_file_name(name);
    remove(&aside)?;
    match fs::rename(path, &aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(KvError::io("setting the store aside")(error))
        }
        _ => Ok(aside),
    }
}

/// Deletes a folder and all in it; none is as good.
pub(super) fn remove(path: &Path) -> Result<(), KvError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(KvError::io("removing the store")(error))
        }
        _ => Ok(()),
    }
}

/// Bytes of all files below a folder. Sled removes files while we look; those are none.
pub(super) fn bytes(path: &Path) -> Result<u64, KvError> {
    let mut sum = 0;
    for entry in fs::read_dir(path).map_err(KvError::io("listing the store's folder"))? {
        let entry = entry.map_err(KvError::io("listing the store's folder"))?;
        let Ok(metadata) = entry.metadata() else { continue };
        sum += if metadata.is_dir() { bytes(&entry.path())? } else { metadata.len() };
    }
    Ok(sum)
}

/// What sled does not sync, synced by handles of our own.
///
/// Its flush asks the system to write the log's pages out (`sync_file_range`), which says nothing of the disk's cache
/// and nothing of the file's length; values too large for the log lie in files of their own, which it never syncs.
#[derive(Debug)]
pub(super) struct Syncer {
    path: PathBuf,
    log: File,
    /// Large values synced before; they are never rewritten.
    synced: HashSet<OsString>,
    folder_synced: bool,
}

impl Syncer {
    /// For a folder that sled has opened.
    pub(super) fn open(path: &Path) -> Result<Self, KvError> {
        let log = File::open(path.join("db")).map_err(KvError::io("opening the store's log"))?;
        Ok(Self { path: path.to_owned(), log, synced: HashSet::new(), folder_synced: false })
    }

    /// Syncs what has been flushed. Large values go first: the log points at them.
    pub(super) fn sync(&mut self) -> Result<(), KvError> {
        self.sync_large_values().map_err(KvError::io("syncing large values"))?;
        self.log.sync_data().map_err(KvError::io("syncing the store's log"))?;
        if !self.folder_synced {
            sync_folder(&self.path).map_err(KvError::io("syncing the store's folder"))?;
            self.folder_synced = true;
        }
        Ok(())
    }

    fn sync_large_values(&mut self) -> io::Result<()> {
        let folder = self.path.join("blobs");
        let mut present = HashSet::new();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if !self.synced.contains(&name) {
                match File::open(entry.path()) {
                    Ok(file) => file.sync_data()?,
                    // Replaced meanwhile, and so not needed.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
            }
            present.insert(name);
        }
        if present.iter().any(|name| !self.synced.contains(name)) {
            sync_folder(&folder)?;
        }
        self.synced = present;
        Ok(())
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
