//! What a crash leaves of what was written and not synced.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::content::{Content, Shelf};

/// Units in which a disk writes; the rest of a write may be missing.
const UNIT_BYTES: [usize; 2] = [512, 4096];

/// A file's content.
#[derive(Clone, Default)]
pub(super) struct Inode {
    /// As a program sees it.
    pub seen: Content,
    /// As a crash keeps it, where that is not what is seen without what is pending: since a sync failed.
    kept: Option<Vec<u8>>,
    /// What happened since the last sync.
    pending: Vec<Done>,
}

/// A change, and what it overwrote.
#[derive(Clone)]
struct Done {
    change: Change,
    length_before: usize,
    overwritten: Vec<u8>,
}

#[derive(Clone)]
pub(super) enum Change {
    Written { offset: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

#[derive(Clone)]
pub(super) enum NameChange {
    Created { name: String, inode: usize },
    Renamed { from: String, to: String, inode: usize },
    Removed { name: String, inode: usize },
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Written { offset, bytes } => {
                let end = offset + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*offset..end].copy_from_slice(bytes);
            }
            Self::Cut { length } => content.resize(*length, 0),
        }
    }

    /// Where it begins to change what was there.
    fn begin(&self) -> usize {
        match self {
            Self::Written { offset, .. } => *offset,
            Self::Cut { length } => *length,
        }
    }
}

impl Done {
    fn undo(&self, content: &mut Vec<u8>) {
        let begin = self.change.begin().min(self.length_before);
        content.resize(self.length_before, 0);
        content[begin..begin + self.overwritten.len()].copy_from_slice(&self.overwritten);
    }
}

impl NameChange {
    /// A change without the one before it leaves alone what is not there.
    pub fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Created { name, inode } => {
                names.insert(name.clone(), *inode);
            }
            Self::Renamed { from, to, inode } => {
                names.retain(|name, other| name != from || other != inode);
                names.insert(to.clone(), *inode);
            }
            Self::Removed { name, inode } => names.retain(|other, number| other != name || number != inode),
        }
    }
}

impl Inode {
    /// All of it kept.
    pub fn durable(bytes: &[u8]) -> Self {
        Self { seen: bytes.to_vec().into(), ..Self::default() }
    }

    /// An empty one, which shares what is appended to it where there is a shelf.
    pub fn on(shelf: Option<Shelf>) -> Self {
        Self { seen: Content::on(shelf), ..Self::default() }
    }

    /// Changes what is seen; and remembers what it was, where that may be asked for.
    pub fn take(&mut self, change: Change, remembers: bool) {
        if !remembers {
            return match &change {
                Change::Written { offset, bytes } => self.seen.write(*offset, bytes),
                cut @ Change::Cut { .. } => cut.apply(self.seen.flat()),
            };
        }
        let length_before = self.seen.len();
        let begin = change.begin().min(length_before);
        let end = match &change {
            Change::Written { offset, bytes } => (offset + bytes.len()).min(length_before),
            Change::Cut { .. } => length_before,
        };
        let overwritten = self.seen.flat()[begin..end.max(begin)].to_vec();
        change.apply(self.seen.flat());
        self.pending.push(Done { change, length_before, overwritten });
    }

    /// Keeps what is seen; or forgets that it should, and what it would have had to keep.
    pub fn sync(&mut self, holds: bool) {
        if !holds {
            self.kept = Some(self.kept());
        } else if let Some(kept) = &mut self.kept {
            self.pending.iter().for_each(|done| done.change.apply(kept));
        }
        self.pending.clear();
    }

    fn kept(&self) -> Vec<u8> {
        self.kept.clone().unwrap_or_else(|| {
            let mut content = self.seen.to_vec();
            self.pending.iter().rev().for_each(|done| done.undo(&mut content));
            content
        })
    }

    pub fn after_crash(&self, draw: &mut Draw) -> Vec<u8> {
        let kept = self.kept();
        let mut content = kept.clone();
        let mut reach = 0;
        for done in &self.pending {
            match &done.change {
                Change::Written { offset, bytes } => {
                    reach = reach.max(offset + bytes.len());
                    let mut at = 0;
                    while at < bytes.len() {
                        let unit = draw.unit - (offset + at) % draw.unit;
                        let piece = &bytes[at..bytes.len().min(at + unit)];
                        let part = draw.part_of(piece.len());
                        if part > 0 {
                            let bytes = piece[..part].to_vec();
                            Change::Written { offset: offset + at, bytes }.apply(&mut content);
                        }
                        at += piece.len();
                    }
                }
                cut @ Change::Cut { .. } if draw.keeps() => cut.apply(&mut content),
                Change::Cut { .. } => {}
            }
        }
        // The length is kept apart from the data: it may have arrived alone, or not.
        match draw.below(3) {
            0 if !self.pending.is_empty() => content.resize(reach.max(content.len()), 0),
            1 if content.len() > kept.len() => {
                let length = kept.len() + draw.below(content.len() - kept.len() + 1);
                content.truncate(length);
            }
            _ => {}
        }
        content
    }
}

/// Decides what a crash keeps.
pub(super) struct Draw {
    random: ChaCha8Rng,
    unit: usize,
    /// Of a hundred changes, how many are kept: all, none, or some.
    kept_percent: usize,
}

impl Draw {
    pub fn new(seed: u64) -> Self {
        let mut draw = Self { random: ChaCha8Rng::seed_from_u64(seed), unit: UNIT_BYTES[0], kept_percent: 0 };
        draw.unit = UNIT_BYTES[draw.below(UNIT_BYTES.len())];
        draw.kept_percent = [0, 20, 50, 80, 95, 100][draw.below(6)];
        draw
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.random.next_u64() % bound as u64) as usize
    }

    pub fn keeps(&mut self) -> bool {
        self.below(100) < self.kept_percent
    }

    /// How much of a unit arrived: mostly all or nothing.
    fn part_of(&mut self, bytes: usize) -> usize {
        match self.keeps() {
            true => bytes,
            false if self.below(8) == 0 => self.below(bytes + 1),
            false => 0,
        }
    }
}
