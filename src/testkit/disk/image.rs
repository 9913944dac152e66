//! What a crash leaves of what was written and not synced.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Units in which a disk writes; the rest of a write may be missing.
const UNIT_BYTES: [usize; 2] = [512, 4096];

/// A file's content.
#[derive(Clone, Default)]
pub(super) struct Inode {
    /// As a program sees it.
    pub seen: Vec<u8>,
    /// As a crash keeps it.
    pub kept: Vec<u8>,
    /// What happened since the last sync.
    pub pending: Vec<Change>,
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
    pub fn apply(&self, content: &mut Vec<u8>) {
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
    pub fn after_crash(&self, draw: &mut Draw) -> Vec<u8> {
        let mut content = self.kept.clone();
        let mut reach = 0;
        for change in &self.pending {
            match change {
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
            1 if content.len() > self.kept.len() => {
                let length = self.kept.len() + draw.below(content.len() - self.kept.len() + 1);
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
