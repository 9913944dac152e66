//! From what is on disk to a chain and a ledger: where the database left off, and the journal from there.

use std::collections::BTreeSet;

use super::StorageError;
use super::index::BlockIndex;
use super::journal::{JournalError, Location, Position};
use super::library::Library;
use super::records::{Base, Record, Ruling, Sequence, Step, Trace};
use super::tables::{IndexMark, Loaded, Row, StateMark, Tables};
use crate::chain::{Chain, Recalled};
use crate::codec::{Decode, Encode};
use crate::consensus::{CheckedBlock, Genesis, SoundBlock, check_signatures};
use crate::crypto::{Claim, Culprits};
use crate::ledger::{
    Applied, Entry, History, HistoryLeaf, Ledger, MapSeed, PROVABLE_BLOCKS_MAX, StateKey, Undo,
};
use crate::types::{Block, BlockHash, Height};

/// Changes of the state that are held back before they are written, while a journal is read from its beginning.
const CHANGES_HELD_MAX: usize = 1 << 18;

/// Changes of the last blocks that are gone through again at a start, at most, unless the tip alone made more: they take a
/// fraction of a second.
const CHANGES_REMEMBERED_MAX: usize = 1 << 15;

/// Where the journal has what belongs to one block. Kept by the order in which blocks came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Written {
    /// The block; nothing for genesis and for what was pruned.
    pub block: Option<Location>,
    /// The step that put it on the branch which is followed.
    pub connected: Option<Location>,
}

/// Verifies signatures, on as many cores as it likes.
pub type Verifier<'a> = &'a dyn Fn(&[Claim]) -> Result<(), Culprits>;

/// Told how many bytes were read; an error calls the reading off.
pub(super) type Progress<'a> = &'a mut dyn FnMut(u64) -> Result<(), StorageError>;

/// Chain and ledger as they are written down, up to some step.
pub(super) struct Replay<'a> {
    genesis: &'a Genesis,
    library: Library,
    pub chain: Chain,
    pub ledger: Ledger,
    pub written: Vec<Written>,
    pub sequence: Sequence,
    /// Where the journal begins.
    pub base: Height,
    /// The last step before it.
    pub first_sequence: Sequence,
    /// Numbers of the blocks whose place is new to the database.
    placed: Vec<usize>,
    /// How to verify signatures, where they are to be verified again.
    verify: Option<Verifier<'a>>,
    /// What is ruled out: the chain is told in the end, since what stands on it may have to be gone through until then.
    ruled_out: BTreeSet<BlockHash>,
    /// The block read last: mostly the next step is about it.
    last: Option<(BlockHash, Block)>,
}

impl<'a> Replay<'a> {
    /// Begins where the journal does.
    pub fn from_base(
        genesis: &'a Genesis,
        library: &Library,
        seed: MapSeed,
    ) -> Result<(Self, Position), StorageError> {
        let (base, mut after) = read_base(library)?;
        let mut replay = Self {
            genesis,
            library: library.clone(),
            chain: Chain::new(genesis),
            ledger: Ledger::new(genesis, seed),
            written: vec![Written::default()],
            sequence: base.sequence,
            base: base.height,
            first_sequence: base.sequence,
            placed: Vec::new(),
            verify: None,
            ruled_out: BTreeSet::new(),
            last: None,
        };
        if base.height != Height::GENESIS {
            let entries;
            (entries, after) = replay.read_pruned(&base, after)?;
            let history = history_of(&replay.chain);
            replay.ledger = Ledger::restore(genesis, seed, entries, history);
        }
        let (found, expected) = (replay.ledger.commitments().state, base.state);
        if replay.ledger.tip() != base.block || found != expected {
            return Err(contradiction(format!(
                "it begins with block {}, which is not what follows",
                base.block
            )));
        }
        Ok((replay, after))
    }

    /// Tells the database what no step will: where the journal begins, and the state there.
    pub fn begin(&mut self, position: Position, tables: &mut Tables) -> Result<(), StorageError> {
        let base = self.ledger.at(self.ledger.moment()).expect("the present is never forgotten");
        (0..=u8::MAX).for_each(|slice| tables.hold_all(base.slice(slice)));
        self.put_blocks(position, tables)?;
        let mark @ StateMark { sequence, block, .. } = self.mark(position);
        tables.write_state(mark)?;
        // No step below leads to an entry, and none above may ever come.
        tables.write_index(BlockIndex::default(), IndexMark { sequence, position, block })
    }

    /// Begins where the database left off.
    pub fn from_tables(
        genesis: &'a Genesis,
        library: &Library,
        seed: MapSeed,
        loaded: Loaded,
    ) -> Result<(Self, Position), StorageError> {
        let StateMark { sequence, position, block, state } = loaded.mark;
        if sequence > loaded.tip_sequence {
            return Err(contradiction("the database's state is ahead of its tip".to_owned()));
        }
        let (base, _) = read_base(library)?;
        let mut chain = Chain::new(genesis);
        let mut written = vec![Written::default()];
        for (header, place) in loaded.rows {
            let places = [place.block, place.connected].into_iter().flatten();
            if places.into_iter().any(|place| place.end() > library.end()) {
                return Err(contradiction(
                    "the database has blocks that the journal does not have".to_owned(),
                ));
            }
            let placed = chain.recall(&header).map_err(|error| contradiction(error.to_string()))?;
            if placed != Recalled::New {
                return Err(contradiction("the database has headers out of order".to_owned()));
            }
            written.push(place);
        }
        if !chain.has_body(&block) {
            return Err(contradiction(
                "the database has a state of a block that it does not have".to_owned(),
            ));
        }
        chain.activate(&block);
        let without_place = (base.height.0 + 1..=chain.tip().height.0).find(|height| {
            let arrival = chain.at(Height(*height)).and_then(|entry| entry.arrival);
            let place = arrival.and_then(|arrival| written.get(arrival as usize));
            place.is_none_or(|place| place.block.is_none() || place.connected.is_none())
        });
        if let Some(height) = without_place {
            return Err(contradiction(format!("the database does not know where block {height} lies")));
        }
        let ledger = Ledger::restore(genesis, seed, loaded.entries, history_of(&chain));
        if ledger.commitments().state != state {
            return Err(contradiction("the database's state is not the one it was".to_owned()));
        }
        let library = library.clone();
        let (base, first_sequence) = (base.height, base.sequence);
        let placed = Vec::new();
        Ok((
            Self {
                genesis,
                library,
                chain,
                ledger,
                written,
                sequence,
                base,
                first_sequence,
                placed,
                verify: None,
                ruled_out: loaded.ruled_out,
                last: None,
            },
            position,
        ))
    }

    /// The same, verifying all signatures again.
    pub fn verifying(self, verify: Verifier<'a>) -> Self {
        Self { verify: Some(verify), ..self }
    }

    /// Headers and state below the first block that was kept.
    fn read_pruned(
        &mut self,
        base: &Base,
        from: Position,
    ) -> Result<(Vec<(StateKey, Entry)>, Position), StorageError> {
        let mut records = self.library.journal().records(from, self.library.end());
        let mut next = || {
            records.next().unwrap_or_else(|| {
                let found = JournalError::EndsEarly { segment: from.segment, offset: from.offset };
                Err(found)
            })
        };
        let mut entries = Vec::new();
        let mut end = from;
        for _ in 0..base.headers {
            let (location, payload) = next()?;
            let Record::Headers(headers) = Record::read(&payload, location)? else {
                return Err(contradiction("headers are missing from where it begins".to_owned()));
            };
            for header in &headers {
                self.chain.recall(header).map_err(|error| contradiction(error.to_string()))?;
                self.chain.activate(&header.hash());
                self.placed.push(self.written.len());
                self.written.push(Written::default());
            }
            end = location.end();
        }
        for _ in 0..base.entries {
            let (location, payload) = next()?;
            let Record::Entries(some) = Record::read(&payload, location)? else {
                return Err(contradiction("entries are missing from where it begins".to_owned()));
            };
            entries.extend(some.iter().cloned());
            end = location.end();
        }
        Ok((entries, end))
    }

    /// Goes through the journal from a position to its end, and tells `tables` what changed, and `progress` how many bytes
    /// it has read, which may call it off.
    pub fn go_on(
        &mut self,
        from: Position,
        tables: &mut Tables,
        progress: Progress<'_>,
    ) -> Result<(), StorageError> {
        let library = self.library.clone();
        let mut bytes = 0;
        for record in library.journal().records(from, library.end()) {
            let (location, payload) = record?;
            bytes += u64::from(location.length);
            progress(bytes)?;
            match Record::read(&payload, location)? {
                Record::Block(block) => self.block(location, *block)?,
                Record::Connected(step, trace) => self.connected(step, &trace, location, tables)?,
                Record::Disconnected(step) => self.disconnected(step, tables)?,
                Record::Voucher => {}
                Record::Ruling(ruling) => self.ruling(ruling, tables)?,
                Record::Base(_) | Record::Headers(_) | Record::Entries(_) => {
                    return Err(contradiction("it begins a second time".to_owned()));
                }
            }
            if tables.changes_held() > CHANGES_HELD_MAX {
                self.put_blocks(location.end(), tables)?;
                tables.write_state(self.mark(location.end()))?;
                while tables.tidy()? {}
            }
        }
        self.put_blocks(library.end(), tables)
    }

    /// Checks the blocks that no step ever put on, as far as it can be told without knowing who owns what.
    pub fn check_unconnected(&mut self) -> Result<(), StorageError> {
        for arrival in 0..self.written.len() {
            let Written { block: Some(_), connected: None } = self.written[arrival] else { continue };
            let hash = self.chain.arrived(arrival as u64).map(|entry| entry.hash);
            self.checked(&hash.ok_or_else(|| contradiction(format!("there is no block number {arrival}")))?)?;
        }
        Ok(())
    }

    /// Takes the last blocks back and applies them again, so that the ledger remembers what they overwrote and proofs exist
    /// for them as they did before.
    pub fn remember(&mut self) -> Result<(), StorageError> {
        let mut taken = Vec::new();
        let mut changes = 0;
        while taken.len() < PROVABLE_BLOCKS_MAX && self.ledger.height() > self.base {
            let hash = self.ledger.tip();
            let undo = self.undo(&hash)?;
            changes += undo.entries.len();
            // The tip itself always: what a reader is asked for at a start is proven by it.
            if changes > CHANGES_REMEMBERED_MAX && !taken.is_empty() {
                break;
            }
            self.ledger.revert(&undo);
            taken.push(hash);
        }
        for hash in taken.iter().rev() {
            self.apply(hash)?;
        }
        Ok(())
    }

    /// Applies a block that was applied before.
    fn apply(&mut self, hash: &BlockHash) -> Result<(CheckedBlock, Applied), StorageError> {
        let missing = || contradiction(format!("block {hash} is missing"));
        let block = self.checked(hash)?;
        let effective_time = self.chain.entry(hash).ok_or_else(missing)?.effective_time;
        let applied = self.ledger.apply(&block, effective_time);
        let applied = applied.map_err(|error| contradiction(format!("block {hash}: {error}")))?;
        Ok((block, applied))
    }

    fn undo(&mut self, hash: &BlockHash) -> Result<Undo, StorageError> {
        let location = arrival(&self.chain, hash).and_then(|arrival| self.written[arrival].connected);
        let location = location.ok_or_else(|| contradiction(format!("no step put block {hash} on")))?;
        let block = self.read(hash)?;
        self.library.undo(location, &block)
    }

    /// Tells the database where the blocks lie that it does not know yet.
    fn put_blocks(&mut self, position: Position, tables: &mut Tables) -> Result<(), StorageError> {
        let placed = std::mem::take(&mut self.placed);
        tables.put_blocks(rows(&self.chain, &self.written, placed), &self.mark(position))
    }

    /// What the database would have to say at this point of the journal.
    pub fn mark(&self, position: Position) -> StateMark {
        StateMark {
            sequence: self.sequence,
            position,
            block: self.ledger.tip(),
            state: self.ledger.commitments().state,
        }
    }

    fn block(&mut self, location: Location, block: Block) -> Result<(), StorageError> {
        let hash = block.header.hash();
        match self.chain.recall(&block.header) {
            Ok(Recalled::Known) => {}
            Ok(Recalled::Orphan { missing }) => {
                return Err(contradiction(format!("block {hash} stands on {missing}, which is not there")));
            }
            Ok(Recalled::New) => {
                self.placed.push(self.written.len());
                self.written.push(Written { block: Some(location), connected: None });
            }
            Err(error) => return Err(contradiction(format!("block {hash}: {error}"))),
        }
        self.last = Some((hash, block));
        Ok(())
    }

    fn check_next(&mut self, step: Step) -> Result<(), StorageError> {
        if step.sequence != self.sequence + 1 {
            return Err(contradiction(format!("step {} follows step {}", step.sequence, self.sequence)));
        }
        self.sequence = step.sequence;
        Ok(())
    }

    fn connected(
        &mut self,
        step: Step,
        trace: &Trace,
        location: Location,
        tables: &mut Tables,
    ) -> Result<(), StorageError> {
        self.check_next(step)?;
        let hash = step.block;
        let below = self.chain.entry(&hash).map(|entry| entry.header.previous);
        let arrival = arrival(&self.chain, &hash).filter(|_| below == Some(self.ledger.tip()));
        let arrival =
            arrival.ok_or_else(|| contradiction(format!("block {hash} is connected to nothing")))?;
        let (block, applied) = self.apply(&hash)?;
        if Trace::new(&applied, &block, self.genesis.params()) != *trace {
            return Err(contradiction(format!("block {hash} does not change what it changed")));
        }
        self.chain.activate(&hash);
        self.written[arrival].connected = Some(location);
        self.placed.push(arrival);
        tables.hold(&applied.changes);
        Ok(())
    }

    fn disconnected(&mut self, step: Step, tables: &mut Tables) -> Result<(), StorageError> {
        self.check_next(step)?;
        let hash = step.block;
        if hash != self.ledger.tip() {
            return Err(contradiction(format!("block {hash} is taken off, which is not on top")));
        }
        let undo = self.undo(&hash)?;
        self.ledger.revert(&undo);
        self.chain.activate(&undo.below);
        tables.hold(&undo.entries);
        Ok(())
    }

    fn ruling(&mut self, ruling: Ruling, tables: &mut Tables) -> Result<(), StorageError> {
        ruling.apply(&mut self.ruled_out);
        tables.put_ruled_out(&self.ruled_out)
    }

    /// Tells the chain what is ruled out, when nothing more has to be gone through.
    pub fn rule_out(&mut self) {
        self.ruled_out.iter().for_each(|hash| self.chain.rule_out(hash));
    }

    /// A block; it is read back where it is not the last one read.
    fn read(&mut self, hash: &BlockHash) -> Result<Block, StorageError> {
        match self.last.take() {
            Some((last, block)) if last == *hash => Ok(block),
            _ => {
                let location = arrival(&self.chain, hash).and_then(|arrival| self.written[arrival].block);
                self.library.block(location.ok_or_else(|| contradiction(format!("block {hash} is missing")))?)
            }
        }
    }

    /// A block as it was checked when it came.
    fn checked(&mut self, hash: &BlockHash) -> Result<CheckedBlock, StorageError> {
        let block = self.read(hash)?;
        let wrong = |reason: String| contradiction(format!("block {hash}: {reason}"));
        let context = self.chain.context_above(&block.header.previous);
        let context = context.ok_or_else(|| wrong("stands on nothing".to_owned()))?;
        let sound = SoundBlock::examine(block, &context, self.genesis.params());
        let sound = sound.map_err(|error| wrong(error.to_string()))?;
        let Some(verify) = self.verify else { return Ok(sound.trust_signatures()) };
        let verdict = check_signatures(vec![sound], |_| false, verify).pop();
        verdict.expect("a verdict for each block").map_err(|error| wrong(error.to_string()))
    }
}

fn contradiction(what: String) -> StorageError {
    StorageError::Contradiction(what)
}

/// What the database is to know of the blocks of these numbers.
pub fn rows(chain: &Chain, written: &[Written], mut arrivals: Vec<usize>) -> Vec<Row> {
    arrivals.sort_unstable();
    arrivals.dedup();
    let rows = arrivals.into_iter().filter_map(|arrival| {
        let header = chain.arrived(arrival as u64)?.header;
        Some(Row { arrival: arrival as u64, header, written: *written.get(arrival)? })
    });
    rows.collect()
}

/// By which number a block that is here is known.
pub fn arrival(chain: &Chain, hash: &BlockHash) -> Option<usize> {
    chain.entry(hash)?.arrival.map(|arrival| arrival as usize)
}

/// The headers of the branch that is followed.
fn history_of(chain: &Chain) -> History {
    let mut history = History::default();
    let branch = (0..=chain.tip().height.0).filter_map(|height| chain.at(Height(height)));
    for entry in branch {
        let leaf = HistoryLeaf::new(entry.hash, entry.height, entry.effective_time, entry.header.bits);
        history.push(&leaf.expect("the header was checked"));
    }
    history
}

/// What the journal begins with, and where the next record lies.
fn read_base(library: &Library) -> Result<(Base, Position), StorageError> {
    let mut records = library.journal().records(Position::START, library.end());
    match records.next().transpose()? {
        Some((location, payload)) => match Record::read(&payload, location)? {
            Record::Base(base) => Ok((base, location.end())),
            _ => Err(contradiction("it has no beginning".to_owned())),
        },
        None => Err(contradiction("it is empty".to_owned())),
    }
}
