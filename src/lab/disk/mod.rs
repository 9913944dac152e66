//! A disk that forgets: in memory, told when to crash, and then honest about what a real one could have kept.
//!
//! `image.rs` decides what that is, `database.rs` the same of a database. `content.rs` holds what is in files, and `drive.rs` is
//! what the stores of one machine share: its power and its room.

mod content;
mod database;
mod drive;
mod image;

pub(super) use content::Shelf;
pub use database::SimulatedDatabase;
pub(super) use drive::Drive;

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::storage::{File, Files};
use drive::{EIO, Fate};
use image::{Change, Draw, Inode, NameChange};

/// Files in memory, with the difference between what is written and what is kept.
///
/// A clone is the same disk.
#[derive(Clone, Default)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
    drive: Drive,
}

#[derive(Clone, Default)]
struct State {
    inodes: Vec<Inode>,
    /// The names as a program sees them.
    names: BTreeMap<String, usize>,
    /// The names that a crash keeps.
    kept_names: BTreeMap<String, usize>,
    /// What was done to names since the folder was synced.
    pending: Vec<NameChange>,
    /// Never crashes, and so need not remember what a crash would undo.
    is_steady: bool,
    /// Where what is appended is shared with other disks.
    shelf: Option<Shelf>,
    unreadable: Vec<(usize, Range<u64>)>,
}

impl SimulatedDisk {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that never loses anything, takes no memory for what it might, and holds what others write, too, together with
    /// them. It must not crash.
    pub(super) fn steady(shelf: &Shelf) -> Self {
        let state = State { is_steady: true, shelf: Some(shelf.clone()), ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), drive: Drive::default() }
    }

    /// The same files on this drive.
    pub(super) fn on(self, drive: &Drive) -> Self {
        Self { drive: drive.clone(), ..self }
    }

    /// How many operations there were that change something; only they are worth a crash.
    pub fn operations(&self) -> u64 {
        self.drive.operations()
    }

    /// Crashes at this operation, counted from the first one ever: it may still have happened, but it fails, and so does
    /// everything after it.
    pub fn crash_at(&self, operation: u64) {
        self.drive.crash_at(operation);
    }

    /// Whether it has come to that.
    pub fn has_crashed(&self) -> bool {
        self.drive.has_crashed()
    }

    /// Has room for this many bytes more; nothing for as many as one likes.
    ///
    /// The write that does not fit gets part of its bytes in.
    pub fn limit_free_bytes(&self, bytes: Option<u64>) {
        self.drive.limit_free_bytes(bytes);
    }

    /// Refuses every change, or no more.
    pub fn make_read_only(&self, is_read_only: bool) {
        self.drive.make_read_only(is_read_only);
    }

    /// Fails the next sync of a file and forgets what it should have kept, though programs go on seeing it: what Linux
    /// does.
    pub fn fail_next_sync(&self) {
        self.drive.fail_next_sync();
    }

    /// Fails every read of some of these bytes, as a disk does whose surface is worn.
    ///
    /// # Panics
    /// Where there is no such file.
    pub fn wear(&self, name: &str, bytes: Range<u64>) {
        let mut state = self.state.lock();
        let inode = state.names[name];
        state.unreadable.push((inode, bytes));
    }

    /// Everything a program sees in a file.
    ///
    /// # Panics
    /// Where there is no such file.
    pub fn content(&self, name: &str) -> Vec<u8> {
        let state = self.state.lock();
        state.inodes[state.names[name]].seen.to_vec()
    }

    /// Puts a file in place of whatever was there, all of it durable.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let mut state = self.state.lock();
        let inode = state.inodes.len();
        state.inodes.push(Inode::durable(bytes));
        state.names.insert(name.to_owned(), inode);
        state.kept_names.insert(name.to_owned(), inode);
    }

    /// Turns one bit over, on the medium.
    ///
    /// # Panics
    /// Where the file is not there or ends before.
    pub fn flip_bit(&self, name: &str, bit: u64) {
        let mut bytes = self.content(name);
        bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
        self.put(name, &bytes);
    }

    /// Cuts a file, on the medium.
    ///
    /// # Panics
    /// Where the file is not there.
    pub fn cut(&self, name: &str, length: u64) {
        let mut bytes = self.content(name);
        bytes.truncate(length as usize);
        self.put(name, &bytes);
    }

    /// The same disk for the next process: the last one died, the machine did not, and nothing is lost.
    pub fn after_kill(&self) -> Self {
        let state = self.state.lock().clone();
        Self { state: Arc::new(Mutex::new(state)), drive: self.drive.after_end() }
    }

    /// A disk as it may be found when the power is back: with everything that was synced, and any part of the rest. It has
    /// as much room as it had.
    pub fn after_crash(&self, seed: u64) -> Self {
        let state = self.state.lock();
        let mut draw = Draw::new(seed);
        let mut names = state.kept_names.clone();
        for change in &state.pending {
            if draw.keeps() {
                change.apply(&mut names);
            }
        }
        let after = Self::new().on(&self.drive.after_end());
        for (name, inode) in names {
            after.put(&name, &state.inodes[inode].after_crash(&mut draw));
        }
        after
    }
}

impl State {
    fn inode(&self, name: &str) -> io::Result<usize> {
        self.names
            .get(name)
            .copied()
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("{name}: no such file")))
    }

    fn change_names(&mut self, drive: &Drive, change: NameChange) -> io::Result<()> {
        let fate = drive.change()?;
        change.apply(&mut self.names);
        if !self.is_steady {
            self.pending.push(change);
        }
        fate.end()
    }
}

impl Files for SimulatedDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        self.drive.check_running()?;
        let state = self.state.lock();
        Ok(state.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut state = self.state.lock();
        if state.names.contains_key(name) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{name}: is there already")));
        }
        let inode = state.inodes.len();
        let shelf = state.shelf.clone();
        state.inodes.push(Inode::on(shelf));
        state.change_names(&self.drive, NameChange::Created { name: name.to_owned(), inode })?;
        drop(state);
        Ok(Arc::new(SimulatedFile { disk: self.clone(), name: name.to_owned(), inode, is_read_only: false }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.drive.check_writable()?;
        let inode = self.state.lock().inode(name)?;
        Ok(Arc::new(SimulatedFile { disk: self.clone(), name: name.to_owned(), inode, is_read_only: false }))
    }

    fn open_read_only(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.drive.check_running()?;
        let inode = self.state.lock().inode(name)?;
        Ok(Arc::new(SimulatedFile { disk: self.clone(), name: name.to_owned(), inode, is_read_only: true }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        let inode = state.inode(from)?;
        state.change_names(
            &self.drive,
            NameChange::Renamed { from: from.to_owned(), to: to.to_owned(), inode },
        )
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        let inode = state.inode(name)?;
        state.change_names(&self.drive, NameChange::Removed { name: name.to_owned(), inode })
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        self.drive.change()?.end()?;
        if !state.is_steady {
            state.kept_names = state.names.clone();
        }
        state.pending.clear();
        Ok(())
    }
}

struct SimulatedFile {
    disk: SimulatedDisk,
    name: String,
    inode: usize,
    is_read_only: bool,
}

impl SimulatedFile {
    /// Begins a change of the file.
    fn begin(&self) -> io::Result<Fate> {
        if self.is_read_only {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{}: read-only", self.name)));
        }
        self.disk.drive.change()
    }

    fn take(&self, change: Change) {
        let mut state = self.disk.state.lock();
        let remembers = !state.is_steady;
        state.inodes[self.inode].take(change, remembers);
    }
}

impl File for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        self.disk.drive.check_running()?;
        Ok(self.disk.state.lock().inodes[self.inode].seen.len() as u64)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.disk.drive.check_running()?;
        let state = self.disk.state.lock();
        let end = offset + buffer.len() as u64;
        if state
            .unreadable
            .iter()
            .any(|(inode, bytes)| *inode == self.inode && bytes.start < end && offset < bytes.end)
        {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        if !state.inodes[self.inode].seen.read(offset as usize, buffer) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{}: ends early", self.name)));
        }
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let fate = self.begin()?;
        let offset = offset as usize;
        let length = self.disk.state.lock().inodes[self.inode].seen.len();
        let grown = (offset + bytes.len()).saturating_sub(length) as u64;
        let (fitting, took) = self.disk.drive.take_room(grown);
        let bytes = bytes[..bytes.len() - (grown - fitting) as usize].to_vec();
        self.take(Change::Written { offset, bytes });
        fate.end()?;
        took
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let fate = self.begin()?;
        self.take(Change::Cut { length: length as usize });
        fate.end()
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.drive.change()?.end()?;
        let synced = self.disk.drive.sync();
        self.disk.state.lock().inodes[self.inode].sync(synced.is_ok());
        synced
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
mod tests {
    use std::ops::Bound;

    use super::*;
    use crate::storage::KeyValue;

    fn written(disk: &SimulatedDisk, name: &str, bytes: &[u8]) -> Arc<dyn File> {
        let file = disk.create(name).unwrap();
        file.write_all_at(bytes, 0).unwrap();
        file
    }

    /// What a file may hold after a crash, over many seeds.
    fn outcomes(disk: &SimulatedDisk, name: &str) -> Vec<Option<Vec<u8>>> {
        let outcome = |seed| {
            let after = disk.after_crash(seed);
            after.list().unwrap().contains(&name.to_owned()).then(|| after.content(name))
        };
        let mut outcomes: Vec<_> = (0..300).map(outcome).collect();
        outcomes.sort();
        outcomes.dedup();
        outcomes
    }

    #[test]
    fn what_was_synced_is_kept_and_the_rest_is_not_promised() {
        let disk = SimulatedDisk::new();
        let file = written(&disk, "a", &[1; 600]);
        let unsynced = outcomes(&disk, "a");
        assert!(unsynced.contains(&None), "the name may be lost");
        assert!(unsynced.contains(&Some(vec![])), "or its bytes");
        assert!(unsynced.contains(&Some(vec![0; 600])), "or only its length be there");
        let reordered = [vec![0; 512], vec![1; 88]].concat();
        assert!(unsynced.contains(&Some(reordered)), "or the second sector without the first");
        file.sync().unwrap();
        disk.sync_folder().unwrap();
        assert_eq!(outcomes(&disk, "a"), [Some(vec![1; 600])]);
        file.truncate(5).unwrap();
        assert_eq!(outcomes(&disk, "a"), [Some(vec![1; 5]), Some(vec![1; 600])]);
    }

    #[test]
    fn rename_happens_or_does_not() {
        let disk = SimulatedDisk::new();
        for (name, byte) in [("a", 1), ("b", 2)] {
            written(&disk, name, &[byte]).sync().unwrap();
        }
        disk.sync_folder().unwrap();
        disk.rename("a", "b").unwrap();
        assert_eq!(outcomes(&disk, "b"), [Some(vec![1]), Some(vec![2])]);
        assert_eq!(outcomes(&disk, "a"), [None, Some(vec![1])]);
    }

    #[test]
    fn failed_sync_forgets_and_the_next_one_does_not_say_so() {
        let disk = SimulatedDisk::new();
        let file = written(&disk, "a", &[1; 3]);
        disk.sync_folder().unwrap();
        disk.fail_next_sync();
        assert!(file.sync().is_err());
        file.sync().unwrap();
        assert_eq!(disk.content("a"), [1; 3]);
        assert_eq!(outcomes(&disk, "a"), [Some(vec![])]);
    }

    #[test]
    fn full_disk_takes_part_of_a_write() {
        let disk = SimulatedDisk::new();
        disk.limit_free_bytes(Some(2));
        let file = disk.create("a").unwrap();
        assert_eq!(file.write_all_at(&[1; 3], 0).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(disk.content("a"), [1; 2]);
        file.write_all_at(&[2; 2], 0).unwrap();
        disk.limit_free_bytes(None);
        file.write_all_at(&[1; 3], 0).unwrap();
    }

    #[test]
    fn room_and_power_are_the_machine_s_and_what_room_there_is_outlives_it() {
        let drive = Drive::default();
        let (one, other) = (SimulatedDisk::new().on(&drive), SimulatedDisk::new().on(&drive));
        let database = SimulatedDatabase::new().on(&drive);
        drive.limit_free_bytes(Some(10));
        written(&one, "a", &[1; 9]);
        assert!(other.create("b").unwrap().write_all_at(&[2; 2], 0).is_err());
        assert!(drive.has_refused());
        for after in [one.after_kill(), one.after_crash(1)] {
            assert!(after.create("c").unwrap().write_all_at(&[3], 0).is_err(), "nobody has made room");
        }
        drive.mend();
        drive.crash_at(drive.operations() + 1);
        assert!(other.sync_folder().is_err());
        assert!(one.list().is_err() && database.get(&[1]).is_err());
        assert!(database.scan((Bound::Unbounded, Bound::Unbounded)).next().unwrap().is_err());
    }

    #[test]
    fn everything_fails_from_the_crash_on() {
        let disk = SimulatedDisk::new();
        disk.crash_at(2);
        let file = disk.create("a").unwrap();
        assert!(file.write_all_at(&[1], 0).is_err());
        assert!(disk.has_crashed() && disk.list().is_err() && file.length().is_err());
        assert!(outcomes(&disk, "a").contains(&Some(vec![1])), "the last write may have happened");
    }
}
