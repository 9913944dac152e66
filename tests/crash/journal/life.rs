//! Somebody who writes a journal and remembers what was promised.

use cairn::storage::{Journal, JournalError, Location, Opened, Position};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{all, payload};

#[derive(Clone, Copy, Debug)]
pub enum Step {
    Append { length: usize },
    Sync,
    Prune,
}

/// Steps with records of every size: nothing at all, a few bytes, several sectors, more than a segment.
pub fn steps(seed: u64, count: usize) -> Vec<Step> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut below = move |bound: u64| (random.next_u64() % bound) as usize;
    let step = |_| match below(20) {
        0 => Step::Append { length: 0 },
        1..8 => Step::Append { length: below(100) },
        8..12 => Step::Append { length: 400 + below(1200) },
        12 => Step::Append { length: 5000 + below(5000) },
        13 => Step::Prune,
        _ => Step::Sync,
    };
    (0..count).map(step).collect()
}

/// What was appended, and what of it was promised.
#[derive(Clone, Default)]
pub struct Life {
    /// In order; one that failed has no location, and may be there or not.
    records: Vec<(Option<Location>, Vec<u8>)>,
    /// All that ends here or before was promised to stay.
    promised: Option<Position>,
    /// A place from which recovery may start, as a store would remember it.
    checkpoint: Option<Position>,
    /// Segments below may be gone.
    pruned_below: u32,
    appended: u64,
}

impl Life {
    pub fn work(&mut self, journal: &mut Journal, steps: &[Step]) -> Result<(), JournalError> {
        self.promised = Some(journal.synced_end());
        for step in steps {
            match *step {
                Step::Append { length } => self.append(journal, length)?,
                Step::Sync => {
                    journal.sync()?;
                    assert_eq!(journal.end(), journal.synced_end());
                    self.checkpoint = Some(journal.end());
                }
                Step::Prune => {
                    let below = journal.synced_end().segment.saturating_sub(1);
                    if self.checkpoint.is_some_and(|checkpoint| checkpoint.segment >= below) {
                        self.pruned_below = self.pruned_below.max(below);
                        journal.remove_segments_below(below)?;
                    }
                }
            }
            self.promised = Some(journal.synced_end());
        }
        Ok(())
    }

    fn append(&mut self, journal: &mut Journal, length: usize) -> Result<(), JournalError> {
        self.appended += 1;
        let payload = payload(self.appended, length);
        self.records.push((None, payload.clone()));
        let (first, second) = payload.split_at(length / 3);
        let location = journal.append(&[first, second])?;
        self.records.last_mut().unwrap().0 = Some(location);
        assert_eq!(journal.reader().read(location).unwrap(), payload, "readers see it at once");
        Ok(())
    }

    /// Where a store would open from: the last place it remembers, or the beginning.
    pub fn checkpoint(&self, remembered: bool) -> Position {
        self.checkpoint.filter(|_| remembered).unwrap_or(Position::START)
    }

    pub fn was_promised_anything(&self) -> bool {
        self.promised.is_some()
    }

    /// Nothing promised is missing, and what is beyond is the next that was appended; from now on that is the past.
    pub fn check(&mut self, opened: &Opened) {
        let journal = &opened.journal;
        let first = journal.segments()[0].segment;
        assert!(first <= self.pruned_below.max(1), "segment {first} is the first one left");
        let found = all(journal);
        self.records.retain(|(location, _)| location.is_none_or(|location| location.segment >= first));
        assert!(found.len() <= self.records.len(), "nothing was made up");
        for (at, (location, payload)) in self.records.iter().enumerate() {
            let promised = location.is_some_and(|location| Some(location.end()) <= self.promised);
            match found.get(at) {
                Some((place, bytes)) => {
                    assert!(bytes == payload, "record {at} has changed");
                    assert!(location.is_none_or(|location| location == *place), "record {at} has moved");
                }
                None => assert!(!promised, "record {at} of {} was lost: {location:?}", self.records.len()),
            }
        }
        let checked: Vec<Location> = journal.reader().verify().collect::<Result<_, _>>().unwrap();
        assert!(checked.iter().eq(found.iter().map(|(location, _)| location)));
        self.records = found.into_iter().map(|(location, payload)| (Some(location), payload)).collect();
        assert_eq!(journal.end(), journal.synced_end());
        self.promised = Some(journal.end());
        self.checkpoint = Some(journal.end());
    }
}
