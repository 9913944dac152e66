//! Work on a store whose node is stopped: verifying, making the database again, pruning, carrying a chain elsewhere.

use std::path::Path;
use std::sync::Arc;

use super::StorageError;
use super::files::Disk;
use super::folder::Folder;
use super::index::BlockIndex;
use super::indexing::{Indexed, index_from};
use super::journal::{Journal, JournalError, JournalOptions, JournalReader, Position};
use super::kv::{KvError, Memory, Sled};
use super::library::Library;
use super::open::{Opening, Recovered, write_ruled_out};
use super::records::{Base, ENTRIES_MAX, Entries, HEADERS_MAX, Headers, Payload, Record, Sequence, Step};
use super::recovery::{Progress, Replay, Verifier, arrival};
use super::store::vouch;
use super::tables::Tables;
use crate::codec::List;
use crate::consensus::Genesis;
use crate::ledger::{Entry, MapSeed, StateKey, Undo};
use crate::types::{BlockHash, Header, Height, StateRoot};

/// What a journal was found to hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Records, each with its checksum.
    pub records: u64,
    /// Records that are damaged, by segment and offset, in words.
    pub damaged: Vec<String>,
    /// What a crash left unfinished, which the next start cuts off.
    pub unfinished_bytes: u64,
    /// Where replaying it all led; nothing where it could not be replayed, and then why not.
    pub replayed: Result<Replayed, String>,
}

impl Verified {
    /// Whether nothing is wrong with it.
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.replayed.is_ok()
    }
}

/// Where a journal leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replayed {
    /// The last block.
    pub tip: BlockHash,
    /// Where it stands.
    pub height: Height,
    /// The state after it.
    pub state: StateRoot,
    /// Blocks on all branches.
    pub blocks: usize,
    /// Steps taken.
    pub steps: u64,
}

/// Reads the whole journal of a stopped node: every record's checksum, then every block by every rule, signatures by
/// `verify`, and the state they lead to; and that it ends no sooner than the database knows. Nothing is changed.
///
/// # Errors
/// When the folder is in use, or there is nothing in it that could be read.
pub fn verify_journal(
    path: &Path,
    genesis: &Genesis,
    seed: MapSeed,
    verify: Verifier<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verified, StorageError> {
    let folder = Folder::open_existing(path, genesis)?;
    let (library, mut unfinished_bytes) = inspect(&folder, genesis)?;
    let total: u64 = library.journal().segments().iter().map(|segment| segment.bytes).sum();
    let (mut records, mut damaged, mut done) = (0, Vec::new(), 0);
    for record in library.journal().verify() {
        match record {
            Ok(location) => {
                records += 1;
                done += u64::from(location.length);
                progress(done / 8, total);
            }
            Err(error) => damaged.push(error.to_string()),
        }
    }
    if let Some(error) = check_known_end(&folder, genesis, &library)? {
        // Not what a crash left, and the next start will not cut it off.
        unfinished_bytes = 0;
        damaged.push(error.to_string());
    }
    let replayed = if damaged.is_empty() {
        replay(genesis, &library, seed, verify, &mut |at| {
            progress(total / 8 + at * 7 / 8, total);
            Ok(())
        })
        .map_err(|error| error.to_string())
    } else {
        Err("the journal is damaged".to_owned())
    };
    Ok(Verified { records, damaged, unfinished_bytes, replayed })
}

pub(super) fn inspect(folder: &Folder, genesis: &Genesis) -> Result<(Library, u64), StorageError> {
    let path = folder.journal_path();
    let files = Disk::open(&path).map_err(StorageError::io(format!("cannot open {}", path.display())))?;
    let inspected = JournalReader::inspect(Arc::new(files), genesis.params().chain)?;
    Ok((
        Library::new(inspected.reader, Arc::new(genesis.params().clone())),
        inspected.unfinished.map_or(0, |cut| cut.bytes),
    ))
}

/// What is wrong with where a journal ends, by what the database knows: that is asked in a copy, because sled writes where
/// it opens.
fn check_known_end(
    folder: &Folder,
    genesis: &Genesis,
    library: &Library,
) -> Result<Option<JournalError>, StorageError> {
    let copy = folder.copy_database()?;
    let known = known_end(folder, genesis, &copy);
    Sled::remove(&copy)?;
    let known = match known {
        // A node would make it again, and know nothing.
        Err(StorageError::Database(KvError::Damaged { .. })) => Position::START,
        known => known?,
    };
    let Position { segment, offset } = library.end();
    Ok((library.end() < known).then_some(JournalError::EndsEarly { segment, offset }))
}

/// Up to where a database knows the journal to be durable.
fn known_end(folder: &Folder, genesis: &Genesis, database: &Path) -> Result<Position, StorageError> {
    let (kv, _) = Tables::open_sled(database)?;
    Tables::open(kv, genesis.params().chain, folder.journal_number())?.durable_end()
}

fn replay(
    genesis: &Genesis,
    library: &Library,
    seed: MapSeed,
    verify: Verifier<'_>,
    progress: Progress<'_>,
) -> Result<Replayed, StorageError> {
    let mut tables = Tables::open(Arc::new(Memory::new()), genesis.params().chain, 0)?;
    let (replay, from) = Replay::from_base(genesis, library, seed)?;
    let mut replay = replay.verifying(verify);
    replay.go_on(from, &mut tables, progress)?;
    replay.check_unconnected()?;
    Ok(Replayed {
        tip: replay.ledger.tip(),
        height: replay.ledger.height(),
        state: replay.ledger.commitments().state,
        blocks: replay.written.len(),
        steps: replay.sequence,
    })
}

/// Throws the database of a stopped node away and makes it again, indexes included.
///
/// # Errors
/// When the folder is in use, or the journal cannot be read.
pub fn rebuild_database(
    path: &Path,
    genesis: &Genesis,
    seed: MapSeed,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Recovered, StorageError> {
    let folder = Folder::open_existing(path, genesis)?;
    check_end(&folder, genesis)?;
    Sled::remove(&folder.database_path())?;
    drop(folder);
    let half = Box::new(|done, total| progress(done / 2, total));
    let opening = Opening { progress: half, ..Opening::default() };
    let mut recovered = Recovered::open_watched(path, genesis, None, seed, opening)?;
    let last = recovered.store.sequence();
    let Recovered { tables, chain, written, store, .. } = &mut recovered;
    let library = store.library();
    let blocks = |hash: &BlockHash| {
        let location = arrival(chain, hash).and_then(|arrival| written[arrival].block);
        location.map_or(Ok(BlockIndex::default()), |location| Ok(BlockIndex::of(&library.block(location)?)))
    };
    let below = |hash: &BlockHash| chain.entry(hash).map(|entry| entry.header.previous);
    while tables.index_mark().sequence < last {
        let (entries, mark) = index_from(library, tables.index_mark(), last, &Answers { blocks, below })?;
        tables.write_index(entries, mark)?;
        while tables.tidy()? {}
        progress(last + mark.sequence, 2 * last);
    }
    tables.sync()?;
    Ok(recovered)
}

/// Reads the journal as far as the database knows it to be durable. Of its last records nothing else testifies: without
/// the database, damage to them would be taken for what a crash left unfinished, and cut off.
fn check_end(folder: &Folder, genesis: &Genesis) -> Result<(), StorageError> {
    let chain = genesis.params().chain;
    // One that cannot say is what is to be made again.
    let end = known_end(folder, genesis, &folder.database_path()).unwrap_or(Position::START);
    if end > Position::START {
        let path = folder.journal_path();
        let files = Disk::open(&path).map_err(StorageError::io(format!("cannot open {}", path.display())))?;
        let opened = Journal::open(Arc::new(files), chain, JournalOptions::default(), end)?;
        for record in opened.journal.reader().records(Position::START, end) {
            record?;
        }
    }
    Ok(())
}

struct Answers<B, L> {
    blocks: B,
    below: L,
}

impl<B, L> Indexed for Answers<B, L>
where
    B: Fn(&BlockHash) -> Result<BlockIndex, StorageError>,
    L: Fn(&BlockHash) -> Option<BlockHash>,
{
    fn index_of(&self, block: &BlockHash) -> Result<Arc<BlockIndex>, StorageError> {
        (self.blocks)(block).map(Arc::new)
    }

    fn below(&self, block: &BlockHash) -> Option<BlockHash> {
        (self.below)(block)
    }
}

/// What pruning came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pruned {
    /// Where block data begins now.
    pub base: Height,
    /// Bytes of the journal before.
    pub bytes_before: u64,
    /// Bytes of the journal now.
    pub bytes_after: u64,
}

/// Forgets the blocks of a stopped node below its last `keep`; their headers stay, and the state at the first.
///
/// A new journal is written beside the old one and synced. Then it takes the old one's place, as one step.
///
/// # Errors
/// When the folder is in use, the journal cannot be read, or the disk refuses.
pub fn prune(path: &Path, genesis: &Genesis, seed: MapSeed, keep: u32) -> Result<Pruned, StorageError> {
    let mut recovered = Recovered::open(path, genesis, None, seed)?;
    let height = Height(recovered.chain.tip().height.0.saturating_sub(keep));
    let bytes_before = recovered.store.bytes();
    if height <= recovered.base {
        return Ok(Pruned { base: recovered.base, bytes_before, bytes_after: bytes_before });
    }
    let entry =
        recovered.chain.at(height).ok_or_else(|| StorageError::Contradiction("no such height".to_owned()))?;
    let base_block = entry.hash;
    let sequence = last_time_at(&recovered, &base_block)?;
    take_back(&mut recovered, height)?;
    check_base(&recovered)?;

    let next = recovered.folder.next_journal_path();
    let _ = std::fs::remove_dir_all(&next);
    let files = Disk::open(&next).map_err(StorageError::io(format!("cannot make {}", next.display())))?;
    let chain = genesis.params().chain;
    let mut journal = Journal::create(Arc::new(files), chain, JournalOptions::default())?;
    write_base(&mut journal, &recovered, sequence)?;
    copy_above(&mut journal, &recovered, &base_block, sequence)?;
    let bytes_after = journal.segments().iter().map(|segment| segment.bytes).sum();
    recovered.folder.take_next_journal()?;
    Ok(Pruned { base: height, bytes_before, bytes_after })
}

/// The last step after which this block was at the top.
fn last_time_at(recovered: &Recovered, block: &BlockHash) -> Result<Sequence, StorageError> {
    let library = recovered.store.library();
    let mut found = None;
    for written in library.steps(Position::START, library.end()) {
        let written = written?;
        let top = match written.is_connected() {
            true => Some(written.step.block),
            false => recovered.chain.entry(&written.step.block).map(|entry| entry.header.previous),
        };
        if top == Some(*block) {
            found = Some(written.step.sequence);
        }
    }
    found.ok_or_else(|| StorageError::Contradiction(format!("no step leads to block {block}")))
}

/// Takes blocks back until the ledger stands at this height.
fn take_back(recovered: &mut Recovered, height: Height) -> Result<(), StorageError> {
    while recovered.ledger.height() > height {
        let hash = recovered.ledger.tip();
        let undo = undo_of(recovered, &hash)?;
        recovered.ledger.revert(&undo);
    }
    Ok(())
}

/// What is to be all that is left of the blocks below must be what the block above says of it.
fn check_base(recovered: &Recovered) -> Result<(), StorageError> {
    let above = Height(recovered.ledger.height().0 + 1);
    let Some(entry) = recovered.chain.at(above) else { return Ok(()) };
    let written = arrival(&recovered.chain, &entry.hash).and_then(|arrival| recovered.written[arrival].block);
    let written =
        written.ok_or_else(|| StorageError::Contradiction(format!("block {} is missing", entry.hash)))?;
    let block = recovered.store.library().block(written)?;
    if block.commitments != recovered.ledger.commitments() {
        let reason = format!("the state below height {above} is not the one that its block commits to");
        return Err(StorageError::Contradiction(reason));
    }
    Ok(())
}

fn undo_of(recovered: &Recovered, hash: &BlockHash) -> Result<Undo, StorageError> {
    let written =
        arrival(&recovered.chain, hash).map(|arrival| recovered.written[arrival]).unwrap_or_default();
    let (Some(block), Some(connected)) = (written.block, written.connected) else {
        return Err(StorageError::Contradiction(format!("no step put {hash} on")));
    };
    let library = recovered.store.library();
    library.undo(connected, &library.block(block)?)
}

fn write_base(journal: &mut Journal, recovered: &Recovered, sequence: Sequence) -> Result<(), StorageError> {
    let ledger = &recovered.ledger;
    let headers: Vec<Header> = (1..=ledger.height().0)
        .filter_map(|height| recovered.chain.at(Height(height)))
        .map(|entry| entry.header)
        .collect();
    let entries: Vec<(StateKey, Entry)> =
        ledger.state().iter().map(|(key, entry)| (*key, entry.clone())).collect();
    let (headers, entries) = (headers.chunks(HEADERS_MAX), entries.chunks(ENTRIES_MAX));
    let base = Base {
        block: ledger.tip(),
        height: ledger.height(),
        state: ledger.commitments().state,
        sequence,
        headers: headers.len() as u32,
        entries: entries.len() as u32,
    };
    let mut append = |payload: Payload| payload.with_parts(|parts| journal.append(parts)).map(|_| ());
    let bounded = "chunks are no longer than a record holds";
    append(Payload::base(&base))?;
    for some in headers {
        let some: Headers = List::new(some.to_vec()).expect(bounded);
        append(Payload::headers(&some))?;
    }
    for some in entries {
        let some: Entries = List::new(some.to_vec()).expect(bounded);
        append(Payload::entries(&some))?;
    }
    Ok(())
}

/// Copies what stands above the new base: its blocks, and the steps that were taken since.
fn copy_above(
    journal: &mut Journal,
    recovered: &Recovered,
    base: &BlockHash,
    sequence: Sequence,
) -> Result<(), StorageError> {
    let chain = &recovered.chain;
    let height = recovered.ledger.height();
    let stands_above = |hash: &BlockHash| {
        let above = chain.entry(hash).is_some_and(|entry| entry.height > height);
        above && chain.ancestor(hash, height).is_some_and(|ancestor| ancestor.hash == *base)
    };
    let library = recovered.store.library();
    for record in library.journal().records(Position::START, library.end()) {
        let (location, payload) = record?;
        let is_kept = match Step::of(&payload) {
            Some(step) => step.sequence > sequence,
            None => match Record::read(&payload, location)? {
                Record::Block(block) => stands_above(&block.header.hash()),
                _ => false,
            },
        };
        if is_kept {
            journal.append(&[&payload])?;
        }
    }
    let is_pruned = |hash: &&BlockHash| chain.entry(hash).is_some() && !stands_above(hash);
    write_ruled_out(journal, chain.ruled_out().filter(|hash| !is_pruned(hash)))?;
    Ok(vouch(journal)?)
}
