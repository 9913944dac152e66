//! What a saved folder says of itself.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::super::StorageError;
use super::super::folder::{LAYOUT, write_synced};
use super::super::records::Sequence;
use super::{Saved, cannot, check_of};
use crate::types::{BlockHash, ChainId, Height, StateRoot};

const NAME: &str = "saved.json";

/// What was saved, and in which files.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The layout of a data folder that is made from this.
    pub layout: u32,
    /// The chain's name.
    pub chain: BlockHash,
    /// That of the node when it was saved.
    pub epoch: u32,
    /// Number of the journal.
    pub journal: u32,
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
    /// All files but this one.
    pub files: Vec<SavedFile>,
}

/// A file of a saved folder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedFile {
    /// Where it is, from the folder on.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// CRC-32C of all of it.
    pub crc32c: u32,
}

/// The manifest, and what tells that it is whole.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checked {
    saved: Manifest,
    /// CRC-32C of `saved`, written without a space.
    crc32c: u32,
}

#[derive(Deserialize)]
struct AnyLayout {
    saved: LayoutAlone,
}

#[derive(Deserialize)]
struct LayoutAlone {
    layout: u32,
}

impl Manifest {
    pub fn saved(&self) -> Saved {
        let Self { epoch, tip, height, state, sequence, transactions, .. } = *self;
        Saved { chain: ChainId(self.chain), epoch, tip, height, state, sequence, transactions }
    }

    fn check(&self) -> u32 {
        crc32c::crc32c(&serde_json::to_vec(self).expect("plain fields can be written as JSON"))
    }

    /// Writes it, durable when this returns but for its name.
    pub fn write(self, folder: &Path) -> Result<(), StorageError> {
        let checked = Checked { crc32c: self.check(), saved: self };
        let text = serde_json::to_string_pretty(&checked).expect("plain fields can be written as JSON");
        write_synced(folder, NAME, &format!("{text}\n"))
    }

    /// The manifest of a saved folder.
    pub fn read(folder: &Path) -> Result<Self, StorageError> {
        let path = folder.join(NAME);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(StorageError::NothingSaved(folder.to_owned()));
            }
            read => read.map_err(cannot("read", &path))?,
        };
        let damaged = |reason: String| StorageError::SavedDamaged { path: path.clone(), reason };
        let any: AnyLayout = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        let found = any.saved.layout;
        if found > LAYOUT {
            return Err(StorageError::NewerLayout { path: folder.to_owned(), found, known: LAYOUT });
        }
        let checked: Checked = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if checked.crc32c != checked.saved.check() {
            return Err(damaged("it is not what was written".to_owned()));
        }
        Ok(checked.saved)
    }

    /// Looks at every file, whether it is the one that was saved.
    pub fn check_files(&self, folder: &Path) -> Result<(), StorageError> {
        self.files.iter().try_for_each(|file| file.check(folder))
    }
}

impl SavedFile {
    /// A file as it is in a folder that is being filled.
    pub fn of(folder: &Path, name: String) -> Result<Self, StorageError> {
        let path = folder.join(&name);
        let (bytes, crc32c) = check_of(&path).map_err(cannot("read", &path))?;
        Ok(Self { name, bytes, crc32c })
    }

    fn check(&self, folder: &Path) -> Result<(), StorageError> {
        let path = folder.join(&self.name);
        let damaged = |reason: String| StorageError::SavedDamaged { path: path.clone(), reason };
        // Somebody else's names lead nowhere but into the folder.
        if !Path::new(&self.name).components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(damaged("it lies elsewhere".to_owned()));
        }
        match check_of(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(damaged("it is missing".to_owned())),
            Err(error) => Err(StorageError::Io { what: format!("cannot read {}", path.display()), error }),
            Ok((bytes, _)) if bytes != self.bytes => {
                Err(damaged(format!("it has {bytes} bytes, not {}", self.bytes)))
            }
            Ok((_, check)) if check != self.crc32c => Err(damaged("it is not what was written".to_owned())),
            Ok(_) => Ok(()),
        }
    }
}
