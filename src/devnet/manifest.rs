//! What a devnet keeps of itself beside its nodes.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::clock::ClockState;
use super::error::DevnetError;
use super::links::Links;
use super::network::NODES_MAX;
use super::rulings::Rulings;
use crate::net::Log;

/// The file's name.
const NAME: &str = "devnet.json";
/// The layout that this version writes.
const VERSION: u32 = 1;
/// What a state is called while it is on its way to a file or from one. Nobody can give a snapshot such a name.
const PASSING: &str = ".passing";
/// What stands behind the name of one that is being made.
const PART: &str = ".part";

/// What a devnet keeps of itself. Which folders count of its nodes is said here: so one renamed file takes the whole
/// network back, or none of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// That of the layout.
    pub version: u32,
    /// Words that all keys follow from.
    pub mnemonic: String,
    /// Which folders of its nodes count: how often it was taken back, and one.
    pub generation: u32,
    /// How many nodes it had when it ran last, and has again where nothing is said.
    pub nodes: usize,
    /// How its clock stood.
    pub clock: ClockState,
    /// When blocks came.
    pub mining: String,
    /// What was wrong with links.
    #[serde(default)]
    pub links: Links,
    /// Which nodes were down.
    #[serde(default)]
    pub down: BTreeSet<usize>,
    /// What some of them are yet to be told of blocks.
    #[serde(default)]
    pub rulings: Rulings,
}

impl Manifest {
    /// Of one that begins.
    pub fn new(mnemonic: String, nodes: usize, mining: String) -> Self {
        let (clock, links, down) = (ClockState::default(), Links::default(), BTreeSet::new());
        let rulings = Rulings::default();
        Self { version: VERSION, mnemonic, generation: 1, nodes, clock, mining, links, down, rulings }
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

    /// For so many nodes. Where all of them were down none is: one that begins is to be of use. What is kept of others waits
    /// until there are so many again.
    pub fn fit(&mut self, nodes: usize) {
        if self.down.range(..nodes).count() == nodes {
            self.down.retain(|node| *node >= nodes);
        }
    }

    /// Which nodes were down of those that have no part in this: there are fewer now than there were.
    pub fn absent_down(&self, nodes: usize) -> impl Iterator<Item = usize> {
        self.down.range(nodes..).copied()
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

    /// Nodes from this number on that there were once: they have no part in this, and come back where there are so many again.
    pub fn absent(&self, generation: u32, nodes: usize) -> Vec<usize> {
        // What was not carried over yet lies in one before.
        let is_there = |node: &usize| (1..=generation).any(|before| self.chain(before, *node).is_dir());
        (nodes..NODES_MAX).filter(is_there).collect()
    }

    /// Takes the folders of nodes that had no part in it over into a generation from those before: there were fewer nodes when
    /// the network went back than there had been.
    pub fn carry_over(&self, generation: u32) -> Result<(), DevnetError> {
        let to = self.generation(generation);
        let carry = || -> io::Result<()> {
            fs::create_dir_all(&to)?;
            for before in (1..generation).rev() {
                for folder in entries(self.generation(before)).filter(|path| path.is_dir()) {
                    let to = folder.file_name().map(|name| to.join(name)).filter(|to| !to.exists());
                    to.map_or(Ok(()), |to| fs::rename(&folder, to))?;
                }
            }
            File::open(&to)?.sync_all()
        };
        carry().map_err(DevnetError::io(format!("cannot take all nodes over into {}", to.display())))
    }

    /// States that can be gone back to.
    pub fn snapshots(&self) -> PathBuf {
        self.0.join("snapshots")
    }

    /// One of them.
    pub fn snapshot(&self, name: &str) -> PathBuf {
        self.snapshots().join(name)
    }

    /// Where a snapshot is made before it counts.
    pub fn part_of(snapshot: &Path) -> PathBuf {
        let name = snapshot.file_name().unwrap_or_default().to_string_lossy();
        snapshot.with_file_name(format!(".{name}{PART}"))
    }

    /// Where a state lies while it is on its way to a file or from one.
    pub fn passing(&self, direction: &str) -> PathBuf {
        self.snapshot(&format!("{PASSING}{direction}"))
    }

    /// Removes what was interrupted and left behind: the folders of nodes that do not count, and states that were being made or
    /// on their way. Whatever else lies there is somebody's; what cannot be removed is told, and in nobody's way.
    pub fn remove_leftovers(&self, generation: u32, log: &Log) {
        let counts = self.generation(generation);
        let is_generation = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.parse().is_ok_and(|number| self.generation(number) == *path)
        };
        let nodes = entries(self.0.join("generations")).filter(|path| *path != counts && is_generation(path));
        let is_left = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(PASSING) || name.starts_with('.') && name.ends_with(PART)
        };
        for path in nodes.chain(entries(self.snapshots()).filter(is_left)) {
            if let Err(error) = fs::remove_dir_all(&path) {
                log(&format!("cannot remove {}, which is of no use any more: {error}", path.display()));
            }
        }
    }
}

/// What lies in a folder, if that can be read.
fn entries(folder: PathBuf) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[test]
    fn what_was_interrupted_is_removed_and_what_counts_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout(folder.path().to_owned());
        let (kept, hidden) = (layout.snapshot("kept.part"), layout.snapshot(".somebodys"));
        let left = [layout.generation(1), Layout::part_of(&kept), layout.passing("-in"), layout.passing("")];
        let (somebodys, padded) = (layout.0.join("generations/mine"), layout.0.join("generations/01"));
        let counts = [layout.generation(2), kept, hidden, somebodys, padded];
        left.iter().chain(&counts).for_each(|path| fs::create_dir_all(path).unwrap());
        fs::write(layout.generation(3), "no folder").unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&told);
        layout.remove_leftovers(2, &(Arc::new(move |line: &str| lines.lock().push(line.to_owned())) as Log));
        assert!(told.lock()[0].contains("cannot remove"), "{told:?}");
        assert!(left.iter().all(|path| !path.exists()));
        assert!(counts.iter().all(|path| path.is_dir()));
    }

    #[test]
    fn nodes_that_had_no_part_in_a_generation_are_taken_over_and_the_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout(folder.path().to_owned());
        for (generation, node) in [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (3, 0), (4, 3)] {
            fs::create_dir_all(layout.chain(generation, node).join(generation.to_string())).unwrap();
        }
        layout.carry_over(3).unwrap();
        let is_from = |node, generation: u32| layout.chain(3, node).join(generation.to_string()).is_dir();
        assert!(is_from(0, 3) && is_from(1, 2) && is_from(2, 1));
        assert!(!layout.chain(3, 3).exists(), "that one never counted");
    }

    #[test]
    fn a_devnet_of_before_links_were_kept_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"{"version": 1, "mnemonic": "a", "generation": 3, "nodes": 2,
            "clock": {"ahead": 0, "frozen": null, "last": 0}, "mining": "manual"}"#;
        fs::write(folder.path().join(NAME), text).unwrap();
        let manifest = Manifest::read(folder.path()).unwrap().unwrap();
        assert_eq!((manifest.links, manifest.down), (Links::default(), BTreeSet::new()));
    }
}
