//! Opening: everything that is on disk brought together, and mended where it can be.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::StorageError;
use super::files::{Disk, Files};
use super::folder::Folder;
use super::journal::{Journal, JournalError, JournalOptions, Position};
use super::kv::{KeyValue, KvError};
use super::library::Library;
use super::records::{Base, Payload, Ruling, Sequence};
use super::recovery::{Progress, Replay, Written};
use super::store::Store;
use super::tables::Tables;
use crate::chain::Chain;
use crate::consensus::Genesis;
use crate::ledger::{Ledger, MapSeed};
use crate::types::{BlockHash, Height};

/// A store that is open, and what it says: chain and ledger as they were when the last step was written.
#[derive(Debug)]
pub struct Recovered<Home = Folder> {
    /// The writer's half.
    pub store: Store,
    /// The follower's half.
    pub tables: Tables,
    /// All blocks that came.
    pub chain: Chain,
    /// The state at the tip.
    pub ledger: Ledger,
    /// Where each block lies, by the order in which they came.
    pub written: Vec<Written>,
    /// Where block data begins.
    pub base: Height,
    /// The last step that is not in the journal: none, unless it was pruned.
    pub first_sequence: Sequence,
    /// What was found and mended, in lines for a log.
    pub notes: Vec<String>,
    /// The folder, which is ours while this lives; the last to go, when journal and database are closed. Nothing where the
    /// store lies in no folder.
    pub folder: Home,
}

/// What a store lies in.
#[derive(Clone)]
pub struct Medium {
    /// The journal's files.
    pub journal: Arc<dyn Files>,
    /// The database.
    pub database: Arc<dyn KeyValue>,
}

/// The journal's number where there never is another one.
const ONLY_JOURNAL: u32 = 1;

/// A journal of so few bytes is gone through before anybody could read a line about it.
const NOTHING_YET_BYTES_MAX: u64 = 4 << 10;

/// How somebody waits for a store, which may take long where the database is made again.
pub struct Opening<'a> {
    /// Told each line for a log as soon as it holds.
    pub say: Box<dyn FnMut(&str) + 'a>,
    /// Told how many of how many bytes of the journal were gone through.
    pub progress: Box<dyn FnMut(u64, u64) + 'a>,
    /// Set, it calls the opening off. Nothing is lost by that.
    pub stop: Arc<AtomicBool>,
}

impl Default for Opening<'_> {
    fn default() -> Self {
        Self { say: Box::new(|_| {}), progress: Box::new(|_, _| {}), stop: Arc::default() }
    }
}

impl Opening<'_> {
    /// Says a line that is also to be remembered.
    fn note(&mut self, notes: &mut Vec<String>, line: String) {
        (self.say)(&line);
        notes.push(line);
    }

    fn at(&mut self, done: u64, total: u64) -> Result<(), StorageError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(JournalError::CalledOff.into());
        }
        (self.progress)(done, total);
        Ok(())
    }
}

impl Recovered {
    /// Opens the store in a folder; makes it, where the text of a genesis file is given to be kept beside it.
    ///
    /// The database is made again where it is damaged or does not fit the journal. The journal is never mended beyond what
    /// a crash explains.
    ///
    /// # Errors
    /// When the folder is in use, holds something else, or the journal is damaged.
    pub fn open(
        path: &Path,
        genesis: &Genesis,
        genesis_text: Option<&str>,
        seed: MapSeed,
    ) -> Result<Self, StorageError> {
        Self::open_watched(path, genesis, genesis_text, seed, Opening::default())
    }

    /// The same, for somebody who watches how it goes.
    ///
    /// # Errors
    /// See [`Recovered::open`]; and [`JournalError::CalledOff`].
    pub fn open_watched(
        path: &Path,
        genesis: &Genesis,
        genesis_text: Option<&str>,
        seed: MapSeed,
        mut opening: Opening<'_>,
    ) -> Result<Self, StorageError> {
        let folder = match genesis_text {
            Some(text) => Folder::open(path, genesis, text)?,
            None => Folder::open_existing(path, genesis)?,
        };
        folder.remove_leftovers()?;
        let mut notes = Vec::new();
        let read = match read_folder(&folder, genesis, seed, &mut notes, &mut opening) {
            Err(StorageError::Database(KvError::Damaged { reason })) => {
                let line = format!("the database is damaged and is made again from the journal: {reason}");
                opening.note(&mut notes, line);
                folder.set_database_aside()?;
                read_folder(&folder, genesis, seed, &mut notes, &mut opening)?
            }
            outcome => {
                let read = outcome?;
                folder.remove_damaged_database()?;
                read
            }
        };
        Ok(Self::of(read, notes, folder))
    }
}

impl Recovered<()> {
    /// Opens the store that lies in these, in no folder: for whoever simulates a disk. Where nothing is there yet, it is
    /// begun; nothing is set aside or replaced.
    ///
    /// # Errors
    /// When journal or database is damaged, or the disk refuses.
    pub fn open_in(medium: &Medium, genesis: &Genesis, seed: MapSeed) -> Result<Self, StorageError> {
        let mut notes = Vec::new();
        let read = read(medium, ONLY_JOURNAL, genesis, seed, &mut notes, &mut Opening::default())?;
        Ok(Self::of(read, notes, ()))
    }
}

impl<Home> Recovered<Home> {
    fn of(read: Read<'_>, notes: Vec<String>, folder: Home) -> Self {
        let Read { store, tables, replay } = read;
        let Replay { chain, ledger, written, base, first_sequence, .. } = replay;
        Self { folder, store, tables, chain, ledger, written, base, first_sequence, notes }
    }
}

fn read_folder<'a>(
    folder: &Folder,
    genesis: &'a Genesis,
    seed: MapSeed,
    notes: &mut Vec<String>,
    opening: &mut Opening<'_>,
) -> Result<Read<'a>, StorageError> {
    let medium = medium_of(folder, notes, opening)?;
    read(&medium, folder.journal_number(), genesis, seed, notes, opening)
}

/// What lies in a folder. The journal's own name, which nothing in it makes durable, is so when this returns; also where
/// whoever made it died before that.
fn medium_of(
    folder: &Folder,
    notes: &mut Vec<String>,
    opening: &mut Opening<'_>,
) -> Result<Medium, StorageError> {
    let (database, healed) = Tables::open_sled(&folder.database_path())?;
    healed.iter().for_each(|healed| opening.note(notes, healed.to_string()));
    let path = folder.journal_path();
    let journal = Disk::open(&path).map_err(StorageError::io(format!("cannot open {}", path.display())))?;
    folder.sync()?;
    Ok(Medium { journal: Arc::new(journal), database })
}

/// What database and journal say together.
struct Read<'a> {
    store: Store,
    tables: Tables,
    replay: Replay<'a>,
}

/// Reads both. Nothing is in the database alone, so where it does not fit the journal, that counts.
fn read<'a>(
    medium: &Medium,
    number: u32,
    genesis: &'a Genesis,
    seed: MapSeed,
    notes: &mut Vec<String>,
    opening: &mut Opening<'_>,
) -> Result<Read<'a>, StorageError> {
    let mut tables = Tables::open(Arc::clone(&medium.database), genesis.params().chain, number)?;
    let loaded = tables.load()?;
    let journal = open_journal(&medium.journal, genesis, tables.durable_end()?, notes, opening)?;
    let library = Library::new(journal.reader(), Arc::new(genesis.params().clone()));
    let total = journal.segments().iter().map(|segment| segment.bytes).sum();
    let known = loaded.map(|loaded| {
        let (mut replay, position) = Replay::from_tables(genesis, &library, seed, loaded)?;
        replay.go_on(position, &mut tables, &mut |done| opening.at(done, total))?;
        Ok(replay)
    });
    let mut replay = match known {
        Some(Ok(replay)) => replay,
        Some(Err(
            error @ (StorageError::Contradiction(_)
            | StorageError::Unreadable { .. }
            | StorageError::Journal(JournalError::NoRecord(_))),
        )) => {
            let line = format!("the database does not fit the journal and is made again: {error}");
            opening.note(notes, line);
            make_again(number, genesis, &library, seed, &mut tables, &mut |done| opening.at(done, total))?
        }
        // Anything else is the disk's, and says nothing about how the two fit.
        Some(Err(error)) => return Err(error),
        None => {
            if total > NOTHING_YET_BYTES_MAX {
                (opening.say)(&format!("the database is made from the journal, {total} bytes"));
            }
            make_again(number, genesis, &library, seed, &mut tables, &mut |done| opening.at(done, total))?
        }
    };
    replay.remember()?;
    replay.rule_out();
    Ok(Read { store: Store::new(journal, library, replay.sequence), tables, replay })
}

/// Goes through the whole journal, and fills the database.
fn make_again<'a>(
    number: u32,
    genesis: &'a Genesis,
    library: &Library,
    seed: MapSeed,
    tables: &mut Tables,
    progress: Progress<'_>,
) -> Result<Replay<'a>, StorageError> {
    tables.clear(genesis.params().chain, number)?;
    let (mut replay, position) = Replay::from_base(genesis, library, seed)?;
    replay.begin(position, tables)?;
    replay.go_on(position, tables, progress)?;
    Ok(replay)
}

/// The journal, with its beginning written if it was never begun.
fn open_journal(
    files: &Arc<dyn Files>,
    genesis: &Genesis,
    from: Position,
    notes: &mut Vec<String>,
    opening: &mut Opening<'_>,
) -> Result<Journal, StorageError> {
    let chain = genesis.params().chain;
    let options = JournalOptions { stop: Arc::clone(&opening.stop), ..JournalOptions::default() };
    let mut journal = match Journal::open(Arc::clone(files), chain, options, from) {
        Ok(opened) => {
            if let Some(cut) = opened.cut {
                let line = format!(
                    "cut {} bytes that a crash left unfinished at byte {} of segment {}",
                    cut.bytes, cut.offset, cut.segment
                );
                opening.note(notes, line);
            }
            opened.journal
        }
        Err(JournalError::NoJournal) => Journal::create(Arc::clone(files), chain, JournalOptions::default())?,
        Err(error) => return Err(error.into()),
    };
    if journal.reader().records(Position::START, journal.end()).next().is_none() {
        begin(&mut journal, genesis)?;
    }
    Ok(journal)
}

/// Writes what is ruled out to a journal that takes another one's place.
pub(super) fn write_ruled_out<'a>(
    journal: &mut Journal,
    blocks: impl IntoIterator<Item = &'a BlockHash>,
) -> Result<(), StorageError> {
    for block in blocks {
        Payload::ruling(Ruling::RuledOut(*block)).with_parts(|parts| journal.append(parts))?;
    }
    Ok(journal.sync()?)
}

/// Writes the beginning of a journal that goes back to genesis.
pub(super) fn begin(journal: &mut Journal, genesis: &Genesis) -> Result<(), StorageError> {
    let state = Ledger::new(genesis, MapSeed([0; 4])).commitments().state;
    let base = Base {
        block: genesis.params().chain.0,
        height: Height::GENESIS,
        state,
        sequence: 0,
        headers: 0,
        entries: 0,
    };
    Payload::base(&base).with_parts(|parts| journal.append(parts))?;
    Ok(journal.sync()?)
}
