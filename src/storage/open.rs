//! Opening: everything that is on disk brought together, and mended where it can be.

use std::path::Path;
use std::sync::Arc;

use super::StorageError;
use super::files::Disk;
use super::folder::Folder;
use super::journal::{Journal, JournalError, JournalOptions, Position};
use super::kv::{KeyValue, KvError, Sled};
use super::library::Library;
use super::records::{Base, Payload, Sequence};
use super::recovery::{Replay, Written};
use super::store::Store;
use super::tables::{Loaded, Tables};
use crate::chain::Chain;
use crate::consensus::Genesis;
use crate::ledger::{Ledger, MapSeed};
use crate::types::Height;

/// A store that is open, and what it says: chain and ledger as they were when the last step was written.
#[derive(Debug)]
pub struct Recovered {
    /// The folder, which is ours while this lives.
    pub folder: Folder,
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
        Self::open_with(path, genesis, genesis_text, seed, &mut |_, _| {})
    }

    /// The same, telling how many of how many bytes of the journal were gone through.
    pub(super) fn open_with(
        path: &Path,
        genesis: &Genesis,
        genesis_text: Option<&str>,
        seed: MapSeed,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, StorageError> {
        let folder = match genesis_text {
            Some(text) => Folder::open(path, genesis, text)?,
            None => Folder::open_existing(path, genesis)?,
        };
        folder.remove_leftovers()?;
        let mut notes = Vec::new();
        let (mut tables, loaded) = open_database(&folder, genesis, &mut notes)?;
        let from = loaded.as_ref().map_or(Position::START, |loaded| loaded.mark.position);
        let journal = open_journal(&folder, genesis, from, &mut notes)?;
        let library = Library::new(journal.reader(), Arc::new(genesis.params().clone()));
        let known = loaded.and_then(|loaded| match Replay::from_tables(genesis, &library, seed, loaded) {
            Ok(known) => Some(known),
            Err(error) => {
                notes.push(format!("the database does not fit the journal and is made again: {error}"));
                None
            }
        });
        let (mut replay, position) = match known {
            Some(known) => known,
            None => {
                tables.clear(genesis.params().chain, folder.journal_number())?;
                let (mut replay, position) = Replay::from_base(genesis, &library, seed)?;
                replay.begin(position, &mut tables)?;
                (replay, position)
            }
        };
        let total = journal.segments().iter().map(|segment| segment.bytes).sum();
        replay.go_on(position, &mut tables, &mut |done| progress(done, total))?;
        replay.remember()?;
        let Replay { chain, ledger, written, sequence, base, first_sequence, .. } = replay;
        let store = Store::new(journal, library, sequence);
        Ok(Self { folder, store, tables, chain, ledger, written, base, first_sequence, notes })
    }
}

/// The database and what it says. One that cannot be read is thrown away: nothing is in it alone.
fn open_database(
    folder: &Folder,
    genesis: &Genesis,
    notes: &mut Vec<String>,
) -> Result<(Tables, Option<Loaded>), StorageError> {
    let path = folder.database_path();
    match read_database(folder, genesis, notes) {
        Err(StorageError::Database(KvError::Damaged { reason })) => {
            notes.push(format!("the database is damaged and is made again from the journal: {reason}"));
            Sled::remove(&path)?;
            read_database(folder, genesis, notes)
        }
        outcome => outcome,
    }
}

fn read_database(
    folder: &Folder,
    genesis: &Genesis,
    notes: &mut Vec<String>,
) -> Result<(Tables, Option<Loaded>), StorageError> {
    let (kv, healed): (Arc<dyn KeyValue>, _) = Tables::open_sled(&folder.database_path())?;
    notes.extend(healed.iter().map(ToString::to_string));
    let tables = Tables::open(kv, genesis.params().chain, folder.journal_number())?;
    let loaded = tables.load()?;
    Ok((tables, loaded))
}

/// The journal, with its beginning written if it was never begun.
fn open_journal(
    folder: &Folder,
    genesis: &Genesis,
    from: Position,
    notes: &mut Vec<String>,
) -> Result<Journal, StorageError> {
    let path = folder.journal_path();
    let files = Disk::open(&path).map_err(StorageError::io(format!("cannot open {}", path.display())))?;
    let (files, chain) = (Arc::new(files), genesis.params().chain);
    let mut journal = match Journal::open(files.clone(), chain, JournalOptions::default(), from) {
        Ok(opened) => {
            notes.extend(opened.cut.map(|cut| {
                format!(
                    "cut {} bytes that a crash left unfinished at byte {} of segment {}",
                    cut.bytes, cut.offset, cut.segment
                )
            }));
            opened.journal
        }
        Err(JournalError::NoJournal) => Journal::create(files, chain, JournalOptions::default())?,
        Err(error) => return Err(error.into()),
    };
    if journal.reader().records(Position::START, journal.end()).next().is_none() {
        begin(&mut journal, genesis)?;
    }
    Ok(journal)
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
