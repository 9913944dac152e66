//! The folder that a node keeps everything in: who works in it, and which files count.
//!
//! ```text
//! lock             held by the process that works here
//! manifest.json    layout, chain, epoch, and which journal counts
//! genesis.json     the file the chain began with
//! journal-1/       blocks and steps: the truth
//! sled/            what follows from it, rebuilt where it is lost
//! sled.damaged/    one that was found damaged, until the next start
//! sled.copy/       one that somebody looks at while it must not change
//! pool/            transactions that wait for a block
//! damaged-journal/ one that salvage set aside
//! ```
//!
//! What is saved of it lies in a folder of another kind: see `saved/`.
//!
//! Whatever replaces a journal is written beside it and synced; then one renamed manifest makes it count.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StorageError;
use super::kv::Sled;
use super::migrations::migrate;
use crate::consensus::Genesis;
use crate::types::{BlockHash, ChainId};

/// The layout that this version writes; see `migrations/`.
pub const LAYOUT: u32 = 1;

/// Where a damaged journal goes.
const DAMAGED: &str = "damaged-journal";
/// Where the database is copied to.
const COPY: &str = "sled.copy";
const MANIFEST: &str = "manifest.json";
/// The file the chain began with.
pub(super) const GENESIS: &str = "genesis.json";

/// What the manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Version of everything in the folder.
    pub layout: u32,
    /// The chain's name.
    pub chain: BlockHash,
    /// How often this chain was turned back to an earlier state: cursors of another epoch lead nowhere.
    pub epoch: u32,
    /// Which journal counts.
    pub journal: u32,
}

/// A folder that nobody else works in.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    manifest: Manifest,
    /// Released by the system when the process ends, however it does.
    lock: File,
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Closing is not enough while another process that is just being started still has a copy of the handle.
        let _ = self.lock.unlock();
    }
}

impl Folder {
    /// Takes a folder for one chain; makes it, where nothing is there yet. `genesis_text` is kept beside the data, so that
    /// later starts need no other file.
    ///
    /// # Errors
    /// When another process works there, or it holds another chain or another layout.
    pub fn open(path: &Path, genesis: &Genesis, genesis_text: &str) -> Result<Self, StorageError> {
        let lock = begin(path, genesis, genesis_text, 0)?;
        Self::take(path, genesis, lock)
    }

    /// Makes a folder for one chain at a later epoch than the first: cursors of a chain that was there before lead nowhere in
    /// it. One in which there is a chain stays as it is.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn begin(path: &Path, genesis: &Genesis, genesis_text: &str, epoch: u32) -> Result<(), StorageError> {
        // Closing is not enough while a process that is just being started has a copy of the handle.
        let _ = begin(path, genesis, genesis_text, epoch)?.unlock();
        Ok(())
    }

    /// Takes a folder in which there is a chain.
    ///
    /// # Errors
    /// When there is none, and as [`Folder::open`].
    pub fn open_existing(path: &Path, genesis: &Genesis) -> Result<Self, StorageError> {
        if read_layout(path, LAYOUT)?.is_none() {
            return Err(StorageError::Empty(path.to_owned()));
        }
        Self::take(path, genesis, lock(path)?)
    }

    fn take(path: &Path, genesis: &Genesis, lock: File) -> Result<Self, StorageError> {
        let expected = genesis.params().chain;
        migrate(path)?;
        let manifest = read_manifest(path)?.ok_or_else(|| StorageError::Empty(path.to_owned()))?;
        let found = ChainId(manifest.chain);
        if found != expected {
            return Err(StorageError::AnotherChain { path: path.to_owned(), found, expected });
        }
        refuse_old_manifest(path, &manifest)?;
        Ok(Self { path: path.to_owned(), manifest, lock })
    }

    /// The text of the genesis file that the chain in a folder began with; nothing where no chain is.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn genesis_text(path: &Path) -> Result<Option<String>, StorageError> {
        if read_layout(path, LAYOUT)?.is_none() {
            return Ok(None);
        }
        let file = path.join(GENESIS);
        let text = fs::read_to_string(&file);
        text.map(Some).map_err(StorageError::io(format!("cannot read {}", file.display())))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The chain.
    pub fn chain(&self) -> ChainId {
        ChainId(self.manifest.chain)
    }

    /// Of the chain's data; see [`Manifest::epoch`].
    pub fn epoch(&self) -> u32 {
        self.manifest.epoch
    }

    /// Number of the journal that counts.
    pub(super) fn journal_number(&self) -> u32 {
        self.manifest.journal
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        journal_path(&self.path, self.manifest.journal)
    }

    /// Where a journal that is to replace ours is written.
    pub(super) fn next_journal_path(&self) -> PathBuf {
        journal_path(&self.path, self.manifest.journal + 1)
    }

    pub(super) fn database_path(&self) -> PathBuf {
        self.path.join("sled")
    }

    /// Takes a damaged database out of the way, so that the next start makes it again. Not deleted yet: threads of the
    /// broken one may still be at work there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn set_database_aside(&self) -> Result<(), StorageError> {
        Sled::set_aside(&self.database_path())?;
        Ok(())
    }

    /// Copies the database for whoever would look at it without changing it, and says where to.
    pub(super) fn copy_database(&self) -> Result<PathBuf, StorageError> {
        let (from, to) = (self.database_path(), self.path.join(COPY));
        Sled::remove(&to)?;
        copy_folder(&from, &to).map_err(StorageError::io(format!(
            "cannot copy {} to {}",
            from.display(),
            to.display()
        )))?;
        Ok(to)
    }

    /// Removes a database that was found damaged at an earlier start and replaced.
    pub(super) fn remove_damaged_database(&self) -> Result<(), StorageError> {
        Ok(Sled::remove(&self.path.join("sled.damaged"))?)
    }

    /// Where transactions are kept that wait for a block.
    pub fn pool_path(&self) -> PathBuf {
        self.path.join("pool")
    }

    /// Makes the names in it durable.
    pub(super) fn sync(&self) -> Result<(), StorageError> {
        sync_folder(&self.path).map_err(StorageError::io(format!("cannot sync {}", self.path.display())))
    }

    /// Lets the journal count that was written to [`Folder::next_journal_path`], which is complete and synced; the one
    /// before is removed.
    pub(super) fn take_next_journal(&mut self) -> Result<(), StorageError> {
        self.count_next_journal(self.manifest.epoch)
    }

    /// The same, but the one before is kept under another name; over one that was kept earlier. What follows is another
    /// history, so that cursors of this one lead nowhere.
    ///
    /// The one before has both names until the new one counts: whoever dies here leaves no journal that is only a leftover.
    pub(super) fn set_journal_aside(&mut self) -> Result<(), StorageError> {
        let (old, aside) = (self.journal_path(), self.path.join(DAMAGED));
        let link = || {
            let _ = fs::remove_dir_all(&aside);
            fs::create_dir(&aside)?;
            for entry in fs::read_dir(&old)? {
                let entry = entry?;
                fs::hard_link(entry.path(), aside.join(entry.file_name()))?;
            }
            sync_folder(&aside)
        };
        link().map_err(StorageError::io(format!("cannot set {} aside", old.display())))?;
        self.count_next_journal(self.manifest.epoch + 1)
    }

    /// Whether a folder has a damaged journal that was set aside, and another one that counts. Where both are the same, it
    /// never came to that.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn has_journal_aside(path: &Path) -> Result<bool, StorageError> {
        let Some(manifest) = read_manifest(path)? else { return Ok(false) };
        let journal = journal_path(path, manifest.journal);
        match fs::read_dir(path.join(DAMAGED)) {
            Ok(entries) => Ok(entries
                .flatten()
                .any(|entry| !is_same_file(&entry.path(), &journal.join(entry.file_name())))),
            Err(error) => Ok(error.kind() != ErrorKind::NotFound),
        }
    }

    fn count_next_journal(&mut self, epoch: u32) -> Result<(), StorageError> {
        let old = self.journal_path();
        // The new journal's own name has to be durable before anything says that it counts.
        self.sync()?;
        let manifest = Manifest { journal: self.manifest.journal + 1, epoch, ..self.manifest.clone() };
        write_manifest(&self.path, &manifest)?;
        self.manifest = manifest;
        fs::remove_dir_all(&old).map_err(StorageError::io(format!("cannot remove {}", old.display())))
    }

    /// Removes what was interrupted and left behind: a copy of the database, and every journal that does not count.
    pub(super) fn remove_leftovers(&self) -> Result<(), StorageError> {
        Sled::remove(&self.path.join(COPY))?;
        for (number, path) in journals(&self.path)? {
            if number != self.manifest.journal {
                fs::remove_dir_all(&path)
                    .map_err(StorageError::io(format!("cannot remove {}", path.display())))?;
            }
        }
        Ok(())
    }
}

/// Locks a folder, and begins a chain in it where there is none yet.
fn begin(path: &Path, genesis: &Genesis, genesis_text: &str, epoch: u32) -> Result<File, StorageError> {
    make_folder(path).map_err(StorageError::io(format!("cannot make {}", path.display())))?;
    let lock = lock(path)?;
    if read_layout(path, LAYOUT)?.is_none() {
        refuse_journal_without_manifest(path)?;
        write_synced(path, GENESIS, genesis_text)?;
        new_manifest(path, genesis.params().chain, epoch, 1)?;
    }
    Ok(lock)
}

fn journal_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("journal-{number}"))
}

/// The journals in a folder, by their numbers. Whatever else bears a name like theirs is somebody's own.
fn journals(folder: &Path) -> Result<BTreeMap<u32, PathBuf>, StorageError> {
    let cannot = || format!("cannot list {}", folder.display());
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(StorageError::io(cannot()))? {
        let entry = entry.map_err(StorageError::io(cannot()))?;
        let name = entry.file_name();
        let digits = name.to_str().and_then(|name| name.strip_prefix("journal-"));
        let number = digits.and_then(|digits| digits.parse().ok());
        // Written in another way, as `+1` or `01`, it is none of ours.
        if let Some(number) = number.filter(|number| entry.path() == journal_path(folder, *number))
            && entry.file_type().map_err(StorageError::io(cannot()))?.is_dir()
        {
            found.insert(number, entry.path());
        }
    }
    Ok(found)
}

/// A manifest is written before the first journal: where there is one without the other, it got lost, and nobody can tell
/// which journal counts.
fn refuse_journal_without_manifest(folder: &Path) -> Result<(), StorageError> {
    journals(folder)?.keys().next().map_or(Ok(()), |number| {
        Err(no_manifest(folder, format!("it is missing, and there is journal-{number}")))
    })
}

/// A manifest that names a journal which is gone, beside another one, is a copy from before that other one counted. Going
/// by it would begin at genesis, and take what counts for a leftover.
fn refuse_old_manifest(folder: &Path, manifest: &Manifest) -> Result<(), StorageError> {
    let (named, found) = (manifest.journal, journals(folder)?);
    let is_there =
        found.get(&named).is_some_and(|path| fs::read_dir(path).is_ok_and(|mut all| all.next().is_some()));
    match found.keys().rfind(|other| **other != named) {
        Some(other) if !is_there => Err(no_manifest(
            folder,
            format!("it names journal-{named}, which is gone, and there is journal-{other}: an old copy"),
        )),
        _ => Ok(()),
    }
}

/// Makes a folder whose name is durable, and those above it.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(above)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(above),
    }
}

/// Copies a folder and all below it; one that is not there as an empty one.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    let entries = match fs::read_dir(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &to)?,
            false => drop(fs::copy(entry.path(), to)?),
        }
    }
    Ok(())
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let identity = |path| fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino())).ok();
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn lock(path: &Path) -> Result<File, StorageError> {
    let name = path.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&name);
    let file = file.map_err(StorageError::io(format!("cannot open {}", name.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => {
            Err(StorageError::Io { what: format!("cannot lock {}", name.display()), error })
        }
    }
}

fn manifest_text(folder: &Path) -> Result<Option<String>, StorageError> {
    let path = folder.join(MANIFEST);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Err(no_manifest(folder, "it is no text".to_owned()))
        }
        Err(error) => Err(StorageError::Io { what: format!("cannot read {}", path.display()), error }),
    }
}

/// Why a manifest does not count.
pub(super) fn no_manifest(folder: &Path, reason: String) -> StorageError {
    StorageError::Manifest { path: folder.join(MANIFEST), reason }
}

fn unreadable(folder: &Path) -> impl Fn(serde_json::Error) -> StorageError {
    move |error| no_manifest(folder, error.to_string())
}

/// The layout of a folder, which is all that manifests of every version have; nothing where there is none.
pub(super) fn read_layout(folder: &Path, known: u32) -> Result<Option<u32>, StorageError> {
    let Some(text) = manifest_text(folder)? else { return Ok(None) };
    let found = serde_json::from_str::<AnyLayout>(&text).map_err(unreadable(folder))?.layout;
    if found > known {
        return Err(StorageError::NewerLayout { path: folder.to_owned(), found, known });
    }
    Ok(Some(found))
}

/// The manifest of a folder that has our layout.
fn read_manifest(folder: &Path) -> Result<Option<Manifest>, StorageError> {
    let Some(text) = manifest_text(folder)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(unreadable(folder))
}

#[derive(Deserialize)]
struct AnyLayout {
    layout: u32,
}

fn write_manifest(path: &Path, manifest: &Manifest) -> Result<(), StorageError> {
    let text = serde_json::to_string_pretty(manifest).expect("plain fields can be written as JSON");
    replace_manifest(path, &format!("{text}\n"))
}

/// Lets a journal count in a folder that has just been made.
pub(super) fn new_manifest(
    folder: &Path,
    chain: ChainId,
    epoch: u32,
    journal: u32,
) -> Result<(), StorageError> {
    write_manifest(folder, &Manifest { layout: LAYOUT, chain: chain.0, epoch, journal })
}

/// Lets other files count, as one step that is durable when this returns.
pub(super) fn replace_manifest(folder: &Path, text: &str) -> Result<(), StorageError> {
    write_synced(folder, MANIFEST, text)
}

/// Replaces a small file as one step that is durable when this returns.
pub(super) fn write_synced(folder: &Path, name: &str, text: &str) -> Result<(), StorageError> {
    let (new, path) = (folder.join(format!("{name}.new")), folder.join(name));
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        sync_folder(folder)
    };
    write().map_err(StorageError::io(format!("cannot write {}", path.display())))
}
