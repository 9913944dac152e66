//! A node's state, saved: a folder that never changes, and from which any number of data folders can be made.
//!
//! ```text
//! saved.json       what is in here: chain, tip, state, and each file with its length and checksum
//! genesis.json     the file the chain began with
//! journal-1/       blocks and steps, sealed: mostly the very files of the node, under a second name
//! pool/            the transactions that waited for a block, in their order
//! net/, api-token  what others keep beside the store
//! ```
//!
//! The database is not saved: it follows from the journal. A saved folder has no `manifest.json`, so that no node starts in
//! it: what it would write there would go into files that others have too.
//!
//! Both ways lead over a folder beside, `….part`, which is renamed once all in it is durable: whatever dies on the way
//! leaves nothing that looks like a whole one.
//!
//! Read `save.rs` first.

mod manifest;
mod restore;
mod save;

pub use restore::restore;
pub use save::{Origin, save};

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::StorageError;
use super::folder::{make_folder, sync_folder};
use super::records::Sequence;
use crate::types::{BlockHash, ChainId, Height, StateRoot};

/// What was saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Saved {
    /// The chain.
    pub chain: ChainId,
    /// How often that node's chain had been turned back until then.
    pub epoch: u32,
    /// The last block.
    pub tip: BlockHash,
    /// Where it stands.
    pub height: Height,
    /// The state after it.
    pub state: StateRoot,
    /// The last step.
    pub sequence: Sequence,
    /// How many transactions wait for a block.
    pub transactions: u64,
}

impl Saved {
    /// What a saved folder says it holds. Its files are not looked at.
    ///
    /// # Errors
    /// When nothing was saved there, by a later version, or what says so is damaged.
    pub fn read(folder: &Path) -> Result<Self, StorageError> {
        Ok(manifest::Manifest::read(folder)?.saved())
    }
}

/// Bytes of a file looked at at once.
const PIECE_BYTES: usize = 1 << 20;

/// A folder that is being filled, beside the place where it will count.
struct Part {
    path: PathBuf,
    to: PathBuf,
}

impl Part {
    /// Begins one, in the place of what was left of another; nothing may be where it is to go.
    fn begin(to: &Path) -> Result<Self, StorageError> {
        if fs::read_dir(to).is_ok_and(|mut all| all.next().is_some()) || to.is_file() {
            return Err(StorageError::AlreadyThere(to.to_owned()));
        }
        let mut name = to.file_name().map_or_else(OsString::new, OsString::from);
        name.push(".part");
        let path = to.with_file_name(name);
        let begin = || match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => make_folder(&path),
        };
        begin().map_err(cannot("make", &path))?;
        Ok(Self { path, to: to.to_owned() })
    }

    /// Lets it count: everything in it is durable when it does.
    fn finish(&self) -> Result<(), StorageError> {
        let above = self.to.parent().filter(|above| !above.as_os_str().is_empty());
        let finish = || {
            sync_all(&self.path)?;
            fs::rename(&self.path, &self.to)?;
            sync_folder(above.unwrap_or(Path::new(".")))
        };
        finish().map_err(cannot("finish", &self.to))
    }

    /// Fills it, and lets it count where that went well. Else it is taken away; where that fails too, the next one that is
    /// begun takes its place.
    fn fill<T>(self, fill: impl FnOnce(&Path) -> Result<T, StorageError>) -> Result<T, StorageError> {
        let filled = fill(&self.path).and_then(|filled| self.finish().map(|()| filled));
        if filled.is_err() {
            let _ = fs::remove_dir_all(&self.path);
        }
        filled
    }
}

/// Syncs the names in a folder and in all below it.
fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all(&entry.path())?;
        }
    }
    sync_folder(folder)
}

/// Gives a file that never changes another name; copies it where the disk has no such thing, or both names would lie on two.
fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists) => Err(error),
        Err(_) => copy(from, to),
        Ok(()) => Ok(()),
    }
}

/// Copies a file; the copy is durable but for its name.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    File::open(to)?.sync_all()
}

/// Length and CRC-32C of a file.
fn check_of(path: &Path) -> io::Result<(u64, u32)> {
    let (mut file, mut bytes, mut check) = (File::open(path)?, 0, 0);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok((bytes, check)),
            Ok(read) => {
                bytes += read as u64;
                check = crc32c::crc32c_append(check, &piece[..read]);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn cannot(what: &str, path: &Path) -> impl FnOnce(io::Error) -> StorageError {
    StorageError::io(format!("cannot {what} {}", path.display()))
}
