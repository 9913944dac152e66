//! What a devnet keeps of itself beside its nodes.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::clock::ClockState;
use super::error::DevnetError;

/// The file's name.
const NAME: &str = "devnet.json";
/// The layout that this version writes.
const VERSION: u32 = 1;

/// What a devnet keeps of itself. Which folders count of its nodes is said here: so one renamed file takes the whole
/// network back, or none of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    version: u32,
    /// Words that all keys follow from.
    pub mnemonic: String,
    /// Which folders of its nodes count: how often it was taken back, and one.
    pub generation: u32,
    /// How many nodes it had when it ran last.
    pub nodes: usize,
    /// How its clock stood.
    pub clock: ClockState,
    /// When blocks came.
    pub mining: String,
}

impl Manifest {
    /// Of one that begins.
    pub fn new(mnemonic: String, nodes: usize, mining: String) -> Self {
        let clock = ClockState::default();
        Self { version: VERSION, mnemonic, generation: 1, nodes, clock, mining }
    }

    /// Of a folder; nothing where there is no devnet yet.
    pub fn read(folder: &Path) -> Result<Option<Self>, DevnetError> {
        let path = folder.join(NAME);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.map_err(DevnetError::io(format!("cannot read {}", path.display())))?,
        };
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|error| DevnetError::Manifest { path: path.clone(), reason: error.to_string() })?;
        if manifest.version != VERSION {
            let reason = format!("it is of version {}, and this program writes {VERSION}", manifest.version);
            return Err(DevnetError::Manifest { path, reason });
        }
        Ok(Some(manifest))
    }

    /// Takes the place of the one before, as one step that is durable when this returns.
    pub fn write(&self, folder: &Path) -> Result<(), DevnetError> {
        let text = serde_json::to_string_pretty(self).expect("text and numbers");
        write_synced(folder, NAME, &format!("{text}\n"))
    }
}

/// Writes a file whole or not at all.
pub(super) fn write_synced(folder: &Path, name: &str, text: &str) -> Result<(), DevnetError> {
    let (path, new) = (folder.join(name), folder.join(format!("{name}.new")));
    let write = || -> io::Result<()> {
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(DevnetError::io(format!("cannot write {}", path.display())))
}

/// Where things lie in a devnet's folder.
#[derive(Clone, Debug)]
pub(super) struct Layout(pub PathBuf);

impl Layout {
    /// Takes the folder for this process alone, until what this gives is dropped.
    pub fn lock(&self) -> Result<File, DevnetError> {
        let path = self.0.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(DevnetError::io(format!("cannot open {}", path.display())))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(DevnetError::InUse(self.0.clone())),
            Err(TryLockError::Error(error)) => {
                Err(DevnetError::Io { what: format!("cannot lock {}", path.display()), error })
            }
        }
    }

    /// What the chain began with.
    pub fn genesis(&self) -> PathBuf {
        self.0.join("genesis.json")
    }

    /// The folders of all nodes, of one generation.
    pub fn generation(&self, generation: u32) -> PathBuf {
        self.0.join("generations").join(generation.to_string())
    }

    /// One node's chain.
    pub fn chain(&self, generation: u32, node: usize) -> PathBuf {
        self.generation(generation).join(format!("node-{node}"))
    }

    /// States that can be gone back to.
    pub fn snapshots(&self) -> PathBuf {
        self.0.join("snapshots")
    }

    /// One of them.
    pub fn snapshot(&self, name: &str) -> PathBuf {
        self.snapshots().join(name)
    }

    /// Removes the folders of nodes that do not count: what was interrupted left them behind.
    pub fn remove_leftovers(&self, generation: u32) -> Result<(), DevnetError> {
        let folder = self.0.join("generations");
        let counts = self.generation(generation);
        let Ok(entries) = fs::read_dir(&folder) else { return Ok(()) };
        for entry in entries.flatten().filter(|entry| entry.path() != counts) {
            let path = entry.path();
            fs::remove_dir_all(&path)
                .map_err(DevnetError::io(format!("cannot remove {}", path.display())))?;
        }
        Ok(())
    }
}
