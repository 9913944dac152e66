//! Saving what a node consists of while its writer stands still.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::StorageError;
use super::super::files::{Disk, Files};
use super::super::folder::{Folder, GENESIS, LAYOUT};
use super::super::journal::segment_name;
use super::super::store::Store;
use super::super::tables::StateMark;
use super::manifest::{Manifest, SavedFile};
use super::{Part, Saved, cannot, check_of, copy, link_or_copy};
use crate::types::{ChainId, Height};

/// What others keep beside the store and cannot make again: files, and folders of files.
const BESIDE: [&str; 2] = ["net", "api-token"];

/// The folder in which a node works, for whoever saves what is in it.
#[derive(Clone, Debug)]
pub struct Origin {
    path: PathBuf,
    chain: ChainId,
    epoch: u32,
    journal: u32,
}

impl Origin {
    /// The chain.
    pub fn chain(&self) -> ChainId {
        self.chain
    }
}

impl Folder {
    /// What saving needs to know of this folder.
    pub fn origin(&self) -> Origin {
        Origin {
            path: self.path().to_owned(),
            chain: self.chain(),
            epoch: self.epoch(),
            journal: self.journal_number(),
        }
    }
}

/// Saves a node into a folder that is not there yet, or empty: the journal up to where `tip` stands, which is durable and its
/// end, and the transactions that `pool` writes and counts.
///
/// The journal is sealed by that: what was written to it never changes again, and is given a second name here, or copied
/// where that cannot be.
///
/// # Errors
/// When something is there already, or the disk refuses. Nothing is left then that looks like a saved folder.
pub fn save(
    store: &mut Store,
    origin: &Origin,
    (tip, height): (&StateMark, Height),
    pool: impl FnOnce(&Arc<dyn Files>) -> Result<u64, StorageError>,
    to: &Path,
) -> Result<Saved, StorageError> {
    Part::begin(to)?.fill(|part| {
        let mut files = link_journal(store, origin, part)?;
        let pool_path = part.join("pool");
        let pool_files: Arc<dyn Files> =
            Arc::new(Disk::open(&pool_path).map_err(cannot("make", &pool_path))?);
        let transactions = pool(&pool_files)?;
        for name in pool_files.list().map_err(cannot("list", &pool_path))? {
            files.push(SavedFile::of(part, format!("pool/{name}"))?);
        }
        for name in copy_beside(&origin.path, part)? {
            files.push(SavedFile::of(part, name)?);
        }
        let manifest = Manifest {
            layout: LAYOUT,
            chain: origin.chain.0,
            epoch: origin.epoch,
            journal: origin.journal,
            tip: tip.block,
            height,
            state: tip.state,
            sequence: tip.sequence,
            transactions,
            files,
        };
        let saved = manifest.saved();
        manifest.write(part)?;
        Ok(saved)
    })
}

/// Gives the segments of a journal, which is sealed for it, their second names.
fn link_journal(store: &mut Store, origin: &Origin, part: &Path) -> Result<Vec<SavedFile>, StorageError> {
    let folder = format!("journal-{}", origin.journal);
    let (from, to) = (origin.path.join(&folder), part.join(&folder));
    fs::create_dir(&to).map_err(cannot("make", &to))?;
    let mut files = Vec::new();
    for sealed in store.seal()? {
        let name = segment_name(sealed.segment);
        let from = from.join(&name);
        let crc32c = store.check_of_sealed(sealed.segment, || {
            let (bytes, check) = check_of(&from)?;
            if bytes == sealed.bytes { Ok(check) } else { Err(ErrorKind::UnexpectedEof.into()) }
        });
        let crc32c = crc32c.map_err(cannot("read", &from))?;
        link_or_copy(&from, &to.join(&name)).map_err(cannot("save", &from))?;
        files.push(SavedFile { name: format!("{folder}/{name}"), bytes: sealed.bytes, crc32c });
    }
    Ok(files)
}

/// Copies the genesis file and what others keep beside the store; says which files these are.
fn copy_beside(from: &Path, to: &Path) -> Result<Vec<String>, StorageError> {
    let genesis = from.join(GENESIS);
    copy(&genesis, &to.join(GENESIS)).map_err(cannot("save", &genesis))?;
    let mut copied = vec![GENESIS.to_owned()];
    for name in BESIDE {
        let path = from.join(name);
        match path.is_dir() {
            true => copied.extend(copy_files(from, to, name).map_err(cannot("save", &path))?),
            false => match copy(&path, &to.join(name)) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                done => {
                    done.map_err(cannot("save", &path))?;
                    copied.push(name.to_owned());
                }
            },
        }
    }
    Ok(copied)
}

/// Copies the files of a folder. Whoever keeps something there replaces it by renaming: what goes away meanwhile was only
/// on its way to another name.
fn copy_files(from: &Path, to: &Path, folder: &str) -> io::Result<Vec<String>> {
    let mut copied = Vec::new();
    fs::create_dir(to.join(folder))?;
    for entry in fs::read_dir(from.join(folder))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !entry.file_type()?.is_file() || name.ends_with(".new") {
            continue;
        }
        let name = format!("{folder}/{name}");
        match copy(&entry.path(), &to.join(&name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            done => {
                done?;
                copied.push(name);
            }
        }
    }
    copied.sort();
    Ok(copied)
}
