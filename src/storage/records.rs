//! What the journal's records mean.
//!
//! | kind | | payload |
//! |---|---|---|
//! | 0 | base | everything up to one block: where a journal begins |
//! | 1 | headers | of the base before it |
//! | 2 | entries | of the state, of the base before it |
//! | 3 | block | one that was checked and whose parent is here |
//! | 4 | connected | step, then undo and receipts |
//! | 5 | disconnected | step |
//! | 6 | voucher | nothing: being there, it testifies that all before it was durable |
//! | 7 | ruled out | the name of a block that an operator would not have followed |
//! | 8 | reconsidered | the name of one that counts again |
//!
//! A step is written at fixed places, so that one can be told without reading the rest: its number (8 bytes,
//! little-endian), whether it is the last of its change (1), the block (32).

use std::collections::BTreeSet;

use super::StorageError;
use super::journal::Location;
use crate::codec::{Canonical, Decode, ENCODING_BYTES_MAX, Encode, List, decode, encode};
use crate::consensus::{CheckedBlock, Params};
use crate::ledger::{Applied, Entry, PackedUndo, Receipt, StateKey};
use crate::types::{BLOCK_TRANSACTIONS_MAX, Block, BlockHash, Header, Height, StateRoot};

/// Number of a step. They are counted for as long as a chain's data lives, and the journal's order is theirs.
pub type Sequence = u64;

/// Headers in one record of a base.
pub(super) const HEADERS_MAX: usize = 8192;
/// Entries of the state in one record of a base.
pub(super) const ENTRIES_MAX: usize = 16_384;

/// Blocks that can be ruled out at once; whoever would rule out more is refused.
pub const RULED_OUT_MAX: usize = 1024;

/// Bytes of a step, after the kind.
const STEP_BYTES: usize = 41;
/// Bytes of a payload that tell its kind and, where it is one, its step.
pub(super) const STEP_HEAD_BYTES: u32 = 1 + STEP_BYTES as u32;

/// Where a journal begins: everything up to one block, without which nothing above it could be understood. Its headers
/// and its state follow, in as many records as it says; at genesis in none, because the genesis file has it all.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(super) struct Base {
    /// The block.
    pub block: BlockHash,
    /// Where it stands.
    pub height: Height,
    /// The state after it.
    pub state: StateRoot,
    /// Number of the last step that is part of this.
    pub sequence: Sequence,
    /// How many records of headers follow: of all above genesis.
    pub headers: u32,
    /// How many records of entries follow after those.
    pub entries: u32,
}

impl Canonical for Base {
    const BYTES_MAX: usize = 128;
}

/// Some headers, upwards.
pub(super) type Headers = List<Header, 1, HEADERS_MAX>;
/// Some of the state, by key.
pub(super) type Entries = List<(StateKey, Entry), 1, ENTRIES_MAX>;

impl Canonical for Headers {
    const BYTES_MAX: usize = ENCODING_BYTES_MAX;
}

impl Canonical for Entries {
    const BYTES_MAX: usize = ENCODING_BYTES_MAX;
}

/// What a step did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Move {
    /// A block was put on top of the branch that is followed.
    Connected,
    /// The block at its top was taken off.
    Disconnected,
}

/// One block put on the branch that is followed, or taken off it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Its number.
    pub sequence: Sequence,
    /// What it did.
    pub moved: Move,
    /// The block.
    pub block: BlockHash,
    /// Whether the change ends here; if not, the next step belongs to it too.
    pub last: bool,
}

impl Step {
    pub(super) fn kind(&self) -> u8 {
        match self.moved {
            Move::Connected => CONNECTED,
            Move::Disconnected => DISCONNECTED,
        }
    }

    pub(super) fn to_bytes(self) -> [u8; STEP_BYTES] {
        let mut bytes = [0; STEP_BYTES];
        bytes[..8].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[8] = u8::from(self.last);
        bytes[9..].copy_from_slice(self.block.as_bytes());
        bytes
    }

    /// The step that a payload begins with, if it is one.
    pub(super) fn of(payload: &[u8]) -> Option<Self> {
        let (kind, rest) = payload.split_first()?;
        let moved = match *kind {
            CONNECTED => Move::Connected,
            DISCONNECTED => Move::Disconnected,
            _ => return None,
        };
        let (sequence, rest) = rest.split_first_chunk::<8>()?;
        let (last, rest) = rest.split_first()?;
        let block = BlockHash::from_bytes(*rest.first_chunk::<32>()?);
        Some(Self { sequence: u64::from_le_bytes(*sequence), moved, block, last: *last == 1 })
    }
}

/// What a step that put a block on left behind, as it is written.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Trace {
    undo: PackedUndo,
    receipts: Receipts,
}

impl Canonical for Trace {
    const BYTES_MAX: usize = ENCODING_BYTES_MAX;
}

impl Trace {
    /// What applying a block left behind.
    pub fn new(applied: &Applied, block: &CheckedBlock, params: &Params) -> Self {
        let undo = PackedUndo::new(&applied.undo, block, params);
        Self { undo, receipts: Receipts::new(&applied.receipts) }
    }

    /// How to take the block off that this was left by.
    pub fn undo(&self) -> &PackedUndo {
        &self.undo
    }

    /// What became of its transactions.
    pub fn into_receipts(self) -> Receipts {
        self.receipts
    }
}

/// What became of a block's transactions beyond what they say: mostly nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Receipts {
    /// Those that say anything, by the position of their transaction.
    telling: List<(u32, Receipt), 0, BLOCK_TRANSACTIONS_MAX>,
}

impl Receipts {
    fn new(receipts: &[Receipt]) -> Self {
        let telling = (0..).zip(receipts).filter(|(_, receipt)| **receipt != Receipt::default());
        let telling = List::new(telling.map(|(at, receipt)| (at, *receipt)).collect());
        Self { telling: telling.expect("no more receipts than transactions") }
    }

    /// What became of the transaction at this position.
    pub fn receipt(&self, position: u32) -> Receipt {
        let found = self.telling.binary_search_by_key(&position, |(at, _)| *at);
        found.map_or(Receipt::default(), |at| self.telling[at].1)
    }
}

const BASE: u8 = 0;
const HEADERS: u8 = 1;
const ENTRIES: u8 = 2;
const BLOCK: u8 = 3;
const CONNECTED: u8 = 4;
const DISCONNECTED: u8 = 5;
const VOUCHER: u8 = 6;
const RULED_OUT: u8 = 7;
const RECONSIDERED: u8 = 8;

/// A record, read.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Record {
    Base(Base),
    Headers(Headers),
    Entries(Entries),
    Block(Box<Block>),
    Connected(Step, Trace),
    Disconnected(Step),
    Voucher,
    Ruling(Ruling),
}

/// What an operator said of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ruling {
    RuledOut(BlockHash),
    Reconsidered(BlockHash),
}

impl Ruling {
    /// Brings what is ruled out in line.
    pub fn apply(self, ruled_out: &mut BTreeSet<BlockHash>) {
        match self {
            Self::RuledOut(block) => ruled_out.insert(block),
            Self::Reconsidered(block) => ruled_out.remove(&block),
        };
    }
}

/// What a payload is made of: its kind, a step if it is one, and the rest.
pub(super) struct Payload {
    kind: u8,
    step: Option<[u8; STEP_BYTES]>,
    rest: Vec<u8>,
}

impl Payload {
    pub fn base(base: &Base) -> Self {
        Self { kind: BASE, step: None, rest: encode(base) }
    }

    pub fn headers(headers: &Headers) -> Self {
        Self { kind: HEADERS, step: None, rest: encode(headers) }
    }

    pub fn entries(entries: &Entries) -> Self {
        Self { kind: ENTRIES, step: None, rest: encode(entries) }
    }

    pub fn block(block: &Block) -> Self {
        Self { kind: BLOCK, step: None, rest: encode(block) }
    }

    pub fn connected(step: Step, trace: &Trace) -> Self {
        Self { kind: step.kind(), step: Some(step.to_bytes()), rest: encode(trace) }
    }

    pub fn disconnected(step: Step) -> Self {
        Self { kind: step.kind(), step: Some(step.to_bytes()), rest: Vec::new() }
    }

    pub fn voucher() -> Self {
        Self { kind: VOUCHER, step: None, rest: Vec::new() }
    }

    pub fn ruling(ruling: Ruling) -> Self {
        let (kind, block) = match ruling {
            Ruling::RuledOut(block) => (RULED_OUT, block),
            Ruling::Reconsidered(block) => (RECONSIDERED, block),
        };
        Self { kind, step: None, rest: block.as_bytes().to_vec() }
    }

    /// Hands its parts on, in their order.
    pub fn with_parts<T>(&self, take: impl FnOnce(&[&[u8]]) -> T) -> T {
        take(&[&[self.kind], self.step.as_ref().map_or(&[], |step| &step[..]), &self.rest])
    }
}

/// Where in a block's record its encoding begins.
pub(super) const BLOCK_OFFSET: u32 = 1;

/// The encoding of the block whose record's payload this is; nothing where it is another kind of record.
pub(super) fn block_bytes(mut payload: Vec<u8>) -> Option<Vec<u8>> {
    if payload.first() != Some(&BLOCK) {
        return None;
    }
    payload.drain(..BLOCK_OFFSET as usize);
    Some(payload)
}

impl Record {
    /// Reads a payload that lies at `location`.
    ///
    /// # Errors
    /// When these bytes, which were written whole, mean nothing here.
    pub fn read(payload: &[u8], location: Location) -> Result<Self, StorageError> {
        let unreadable = |reason: String| StorageError::Unreadable { location, reason };
        let (kind, rest) = payload.split_first().ok_or_else(|| unreadable("empty".to_owned()))?;
        let step = || Step::of(payload).ok_or_else(|| unreadable("half a step".to_owned()));
        let name = || {
            let name = rest.try_into().map(BlockHash::from_bytes);
            name.map_err(|_| unreadable("not the name of a block".to_owned()))
        };
        let wrong = |error: crate::codec::CodecError| unreadable(error.to_string());
        Ok(match *kind {
            BASE => Self::Base(decode(rest).map_err(wrong)?),
            HEADERS => Self::Headers(decode(rest).map_err(wrong)?),
            ENTRIES => Self::Entries(decode(rest).map_err(wrong)?),
            BLOCK => Self::Block(Box::new(decode(rest).map_err(wrong)?)),
            CONNECTED => Self::Connected(step()?, decode(&rest[STEP_BYTES..]).map_err(wrong)?),
            DISCONNECTED => Self::Disconnected(step()?),
            VOUCHER => Self::Voucher,
            RULED_OUT => Self::Ruling(Ruling::RuledOut(name()?)),
            RECONSIDERED => Self::Ruling(Ruling::Reconsidered(name()?)),
            other => return Err(unreadable(format!("of unknown kind {other}"))),
        })
    }
}
