//! States of the whole network that can be gone back to.
//!
//! All nodes are held at once, and each is saved as it stands: what lies in a snapshot is one moment of all of them, of the
//! clock and of the links. Going back makes a new folder for each node beside those that count, and then one renamed file says
//! that those count; whoever dies before goes on as if nothing had been asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::clock::ClockState;
use super::error::DevnetError;
use super::links::Links;
use super::manifest::{Layout, Manifest, write_synced};
use super::member::{Member, all_at_once};
use super::network::DevnetHandle;
use super::roster::Live;
use super::rulings::Rulings;
use super::standing::Standing;
use crate::net::PeersError;
use crate::node::Held;
use crate::storage::{Saved, StorageError, restore};
use crate::types::{BlockHash, ChainId, Height};

/// The file that says what a snapshot is; it is the last that is written.
const NAME: &str = "snapshot.json";
/// The layout that this version writes.
const VERSION: u32 = 1;
/// How long a node may take to write down what it knows of others, before the order is given up.
const KEEP_TIME_MAX: Duration = Duration::from_secs(10);
/// Letters of a snapshot's name.
pub const SNAPSHOT_NAME_MAX: usize = 64;

/// A state of the whole network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    version: u32,
    /// The chain.
    pub chain: BlockHash,
    /// What it is called.
    pub name: String,
    /// When it was made, by the machine's clock, in seconds since 1970.
    pub made_at: u64,
    /// How the clock of the chain stood.
    pub clock: ClockState,
    /// What was wrong with links.
    pub links: Links,
    /// How each node stood.
    pub nodes: Vec<SavedNode>,
    /// What some of them were yet to be told of blocks.
    #[serde(default, skip_serializing_if = "Rulings::is_empty")]
    rulings: Rulings,
}

/// How a node stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedNode {
    /// Whether it ran.
    pub up: bool,
    /// Its last block.
    pub tip: BlockHash,
    /// Where that stood.
    pub height: Height,
    /// How many transactions waited there.
    pub waiting: u64,
}

/// A state that was gone back to.
#[derive(Clone, Debug, PartialEq)]
pub struct Reverted {
    /// It.
    pub state: Snapshot,
    /// Nodes to which others from elsewhere were connected: these have not gone back, and whoever has a longer branch brings it.
    pub strangers: Vec<usize>,
}

impl Snapshot {
    /// Which nodes were down.
    fn down(&self) -> BTreeSet<usize> {
        self.nodes.iter().enumerate().filter(|(_, node)| !node.up).map(|(index, _)| index).collect()
    }
}

impl SavedNode {
    fn of(saved: &Saved, up: bool) -> Self {
        Self { up, tip: saved.tip, height: saved.height, waiting: saved.transactions }
    }
}

/// A name that a folder can have.
fn check_name(name: &str) -> Result<(), DevnetError> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let good =
        (1..=SNAPSHOT_NAME_MAX).contains(&name.len()) && name.chars().all(is_plain) && !name.starts_with('.');
    if good { Ok(()) } else { Err(DevnetError::SnapshotName(name.to_owned())) }
}

fn read(folder: &Path, name: &str) -> Result<Snapshot, DevnetError> {
    let path = folder.join(NAME);
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => DevnetError::NoSnapshot(name.to_owned()),
        _ => DevnetError::Io { what: format!("cannot read {}", path.display()), error },
    })?;
    let damaged = |reason: String| DevnetError::SnapshotDamaged { path: path.clone(), reason };
    let snapshot: Snapshot = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    if snapshot.version != VERSION {
        return Err(damaged(format!(
            "it is of version {}, and this program reads {VERSION}",
            snapshot.version
        )));
    }
    Ok(snapshot)
}

/// Has what a node knows of others be on its disk, from where it is saved.
async fn keep_peers((node, live): &(usize, Live)) -> Result<(), DevnetError> {
    let kept = timeout(KEEP_TIME_MAX, live.peers.keep()).await;
    let kept =
        kept.unwrap_or_else(|late| Err(PeersError::NotKept(io::Error::new(ErrorKind::TimedOut, late))));
    let failed = |error| StorageError::Io { what: "its peers".to_owned(), error: io::Error::other(error) };
    kept.map_err(|error| DevnetError::Save { node: *node, error: failed(error) })
}

pub(super) fn node_folder(snapshot: &Path, node: usize) -> PathBuf {
    snapshot.join(format!("node-{node}"))
}

impl DevnetHandle {
    /// Saves the state of the whole network under a name; under the next number, where none is given.
    ///
    /// # Errors
    /// When there is one of this name, or the disk refuses. Then there is none.
    pub fn snapshot(&self, name: Option<String>) -> Result<Snapshot, DevnetError> {
        let mut members = self.0.members.lock();
        self.check_not_ending()?;
        let name = name.unwrap_or_else(|| self.next_name());
        check_name(&name)?;
        if !self.is_free(&name) {
            return Err(DevnetError::SnapshotThere(name));
        }
        let to = self.0.layout.snapshot(&name);
        self.save_all(&mut members, &to, name)
    }

    /// The first number that no snapshot has.
    fn next_name(&self) -> String {
        let free = (1..).map(|number: u32| number.to_string()).find(|name| self.is_free(name));
        free.expect("there are more numbers than snapshots")
    }

    /// Whether nothing lies where a snapshot of this name would: what is none of ours is in the way of one, too.
    fn is_free(&self, name: &str) -> bool {
        self.0.layout.snapshot(name).symlink_metadata().is_err()
    }

    /// Saves all nodes into a folder that is not there yet.
    pub(super) fn save_all(
        &self,
        members: &mut [Member],
        to: &Path,
        name: String,
    ) -> Result<Snapshot, DevnetError> {
        let part = Layout::part_of(to);
        let _ = fs::remove_dir_all(&part);
        fs::create_dir_all(&part).map_err(DevnetError::io(format!("cannot make {}", part.display())))?;
        let saved = self.save_into(members, &part, name);
        let finished = saved.and_then(|snapshot| {
            let finish = || {
                fs::rename(&part, to)?;
                File::open(self.0.layout.snapshots())?.sync_all()?;
                File::open(&self.0.layout.0)?.sync_all()
            };
            finish().map_err(DevnetError::io(format!("cannot finish {}", to.display())))?;
            Ok(snapshot)
        });
        if finished.is_err() {
            let _ = fs::remove_dir_all(&part);
        }
        finished
    }

    fn save_into(&self, members: &mut [Member], part: &Path, name: String) -> Result<Snapshot, DevnetError> {
        // Nodes that are down stand still by themselves, and nobody else is held while they begin for it.
        let mut down = BTreeMap::new();
        for index in members.iter().filter(|member| !member.is_up()).map(Member::index) {
            down.insert(index, self.save_down(index, &node_folder(part, index))?);
        }
        // No block is being made while all stand still: it would be at one node and not at another.
        let _turn = self.0.turn.lock();
        let live: Vec<_> =
            members.iter().filter_map(|member| Some((member.index(), member.seat().live?))).collect();
        let hold = |(node, live): &(usize, Live)| {
            let (node, handle) = (*node, live.node.clone());
            async move { handle.hold().await.map_err(|closed| DevnetError::Closed { node, closed }) }
        };
        let held = self.0.common.wait_for(join_all(live.iter().map(hold)))?;
        let held: Vec<Held> = held.into_iter().collect::<Result<_, _>>()?;
        let kept = self.0.common.wait_for(join_all(live.iter().map(keep_peers)))?;
        kept.into_iter().collect::<Result<(), _>>()?;
        let (clock, links) = (self.clock().state(), self.links());
        let mut held = held.iter();
        let mut nodes = Vec::with_capacity(members.len());
        for index in 0..members.len() {
            let failed = |error| DevnetError::Save { node: index, error };
            nodes.push(match down.remove(&index) {
                Some(saved) => SavedNode::of(&saved, false),
                None => {
                    let held = held.next().expect("each that runs is held");
                    SavedNode::of(&held.save_to(&node_folder(part, index)).map_err(failed)?, true)
                }
            });
        }
        let chain = self.genesis().params().chain.0;
        let made_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let rulings = self.0.manifest.lock().rulings.clone();
        let snapshot = Snapshot { version: VERSION, chain, name, made_at, clock, links, nodes, rulings };
        let text = serde_json::to_string_pretty(&snapshot).expect("text and numbers");
        write_synced(part, NAME, &text)?;
        Ok(snapshot)
    }

    /// Saves a node that does not run: it is begun for it, and nobody hears of that.
    fn save_down(&self, index: usize, to: &Path) -> Result<Saved, DevnetError> {
        let chain = self.0.layout.chain(self.generation(), index);
        let node = self.0.common.begin_node(&chain, index).map_err(|error| match error {
            DevnetError::Start { node, error } => DevnetError::SaveDown { node, folder: chain, error },
            error => error,
        })?;
        let held = pollster::block_on(node.handle().hold());
        let held = held.map_err(|closed| DevnetError::Closed { node: index, closed })?;
        let saved = held.save_to(to).map_err(|error| DevnetError::Save { node: index, error });
        drop(held);
        node.stop();
        saved
    }

    /// All snapshots, oldest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn snapshots(&self) -> Result<Vec<Snapshot>, DevnetError> {
        let folder = self.0.layout.snapshots();
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(DevnetError::io(format!("cannot list {}", folder.display())))?,
        };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let names = names.filter(|name| check_name(name).is_ok());
        // Whatever else lies there is none of ours.
        let mut all: Vec<Snapshot> =
            names.filter_map(|name| read(&self.0.layout.snapshot(&name), &name).ok()).collect();
        all.sort_by_key(|snapshot| snapshot.made_at);
        Ok(all)
    }

    /// Removes a snapshot.
    ///
    /// # Errors
    /// When there is none of this name, or the disk refuses.
    pub fn remove_snapshot(&self, name: &str) -> Result<(), DevnetError> {
        check_name(name)?;
        let _members = self.0.members.lock();
        let folder = self.0.layout.snapshot(name);
        read(&folder, name)?;
        // At once: an end amid it leaves what the next start removes, and its name is free.
        let part = Layout::part_of(&folder);
        let _ = fs::remove_dir_all(&part);
        let gone = fs::rename(&folder, &part).and_then(|()| fs::remove_dir_all(&part));
        gone.map_err(DevnetError::io(format!("cannot remove {}", folder.display())))
    }

    /// Takes the whole network back to a snapshot: chain, pool and peers of every node, who runs, links and clock. Cursors of
    /// what was meanwhile lead nowhere. The snapshot stays, and serves any number of times.
    ///
    /// # Errors
    /// When there is none of this name, it is damaged, or the disk refuses; then nothing has changed. Where a node does not
    /// start again the network is where the snapshot was, and that node is down; where none does, all go on where they were.
    pub fn revert(&self, name: &str) -> Result<Reverted, DevnetError> {
        check_name(name)?;
        self.revert_to(&self.0.layout.snapshot(name), name, false)
    }

    /// The same, to a snapshot in this folder. Where it may be one of another devnet nobody goes on to know the addresses in it: who
    /// is there belongs to that one, and both would become one network.
    pub(super) fn revert_to(
        &self,
        from: &Path,
        name: &str,
        of_another: bool,
    ) -> Result<Reverted, DevnetError> {
        let mut members = self.0.members.lock();
        self.check_not_ending()?;
        let snapshot = read(from, name)?;
        if snapshot.nodes.len() > members.len() {
            let (snapshot, running) = (snapshot.nodes.len(), members.len());
            return Err(DevnetError::SnapshotOfMore { snapshot, running });
        }
        self.check_chain(&snapshot, from)?;
        // Everything that can fail, while all of it runs.
        let now = self.generation();
        self.prepare_generation(&snapshot, from, &members, (now, now + 1), of_another)?;
        let _turn = self.0.turn.lock();
        self.check_not_ending()?;
        let before = self.note().clone();
        let absent = self.0.layout.absent(now, members.len());
        let after = Manifest {
            generation: now + 1,
            clock: snapshot.clock,
            links: snapshot.links.with_absent(&before.links, members.len()),
            down: snapshot.down().into_iter().chain(before.absent_down(members.len())).collect(),
            rulings: snapshot.rulings.clone().with_absent(&before.rulings, members.len(), &absent),
            ..before.clone()
        };
        let strangers = self.visited()?;
        self.show_down(true);
        all_at_once(&mut members, Member::pause);
        match self.be(after).and_then(|()| self.begin_noted(&mut members)) {
            Ok(()) => {
                self.leave_generation(now);
                Ok(Reverted { state: snapshot, strangers })
            }
            Err(error) if members.iter().any(Member::is_up) => Err(DevnetError::BackBut(Box::new(error))),
            Err(error) => {
                if let Err(unwritten) = self.be(before) {
                    (self.0.common.log)(&format!("the next start may find it gone back: {unwritten}"));
                }
                self.begin_noted(&mut members).inspect_err(|_| self.show(&members))?;
                Err(DevnetError::NotBack(Box::new(error)))
            }
        }
    }

    /// Nodes to which others are connected that are none of this network's own.
    fn visited(&self) -> Result<Vec<usize>, DevnetError> {
        let standings = self.0.common.wait_for(self.standings())?;
        let is_visited = |node: &Standing| node.up.as_ref().is_some_and(|up| up.strangers > 0);
        Ok(standings.iter().filter(|node| is_visited(node)).map(|node| node.index).collect())
    }

    /// Removes the folders of a generation that counts no more, but of nodes that had no part in the one behind it.
    fn leave_generation(&self, before: u32) {
        // Before what was goes: those that have no part in this are still there.
        if let Err(error) = self.0.layout.carry_over(before + 1) {
            (self.0.common.log)(&format!("{error}: the next start tries again"));
            return;
        }
        let gone = self.0.layout.generation(before);
        // Nobody waits for that; what is left of it is removed at the next start.
        std::thread::spawn(move || fs::remove_dir_all(gone));
    }

    /// Has a manifest count: from then on the network is what it says, here whether or not that could be written.
    fn be(&self, manifest: Manifest) -> Result<(), DevnetError> {
        // Until both agree nobody else writes: it would be what was before, and the folders of that go.
        let mut noted = self.0.manifest.lock();
        let written = manifest.write(&self.0.layout.0);
        self.clock().set(manifest.clock);
        *self.0.links.lock() = manifest.links.clone();
        *noted = manifest;
        written
    }

    /// Begins those that are not noted as down.
    fn begin_noted(&self, members: &mut [Member]) -> Result<(), DevnetError> {
        let down = self.0.manifest.lock().down.clone();
        // Before any node runs: halves that were cut off must not meet for a moment.
        self.relink_all(members)?;
        self.start_those(members, |index| !down.contains(&index))
    }

    /// That a state and all that is in it is of this chain.
    fn check_chain(&self, snapshot: &Snapshot, from: &Path) -> Result<(), DevnetError> {
        let expected = self.genesis().params().chain;
        let mut chains = vec![ChainId(snapshot.chain)];
        for index in 0..snapshot.nodes.len() {
            let saved = Saved::read(&node_folder(from, index));
            chains.push(saved.map_err(|error| DevnetError::Restore { node: index, error })?.chain);
        }
        match chains.into_iter().find(|chain| *chain != expected) {
            Some(found) => Err(DevnetError::OtherChain { found, expected }),
            None => Ok(()),
        }
    }

    /// Makes the folders of a generation that does not count yet. Each node stays who it is; one that came later than the state
    /// follows the others from the beginning.
    fn prepare_generation(
        &self,
        snapshot: &Snapshot,
        from: &Path,
        members: &[Member],
        (before, generation): (u32, u32),
        of_another: bool,
    ) -> Result<(), DevnetError> {
        let layout = &self.0.layout;
        let _ = fs::remove_dir_all(layout.generation(generation));
        for (index, member) in members.iter().enumerate() {
            let to = layout.chain(generation, index);
            let made = match index < snapshot.nodes.len() {
                true => restore(&node_folder(from, index), &to, generation).map(drop),
                false => self.0.common.begin_folder(&to, generation),
            };
            made.map_err(|error| DevnetError::Restore { node: index, error })?;
            member.take_identity(&layout.chain(before, index), &to, of_another)?;
        }
        Ok(())
    }
}
