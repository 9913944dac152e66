//! When runs are merged, and how: bit by bit, beside what goes on.

use std::ops::Range;
use std::sync::Arc;

use crate::storage::{Batch, KeyValue, KvError};

use super::manifest::Run;
use super::writer::RunWriter;
use super::{Entries, RunsView};

/// So many runs of a size become one. More would write an entry fewer times and look through more runs for a key.
const FAN_IN: usize = 4;

/// Runs of up to so many bytes are of the smallest size; each size above is [`FAN_IN`] times larger.
const SMALLEST_BYTES: u64 = 64 << 10;

/// Which neighbours to merge next: all, when what is newer than the oldest run is half as large as that, else those of
/// the smallest size of which there are enough.
///
/// The first keeps what is overwritten or taken away from piling up: a table holds one and a half times what counts, and
/// for a moment as much again. It writes each entry of a growing table three times more.
///
/// A run counts as being at least as large as each newer one, so that an odd small one goes along with the next merge. An
/// entry is written again once for each size: log4(bytes / 64 KiB) times, ten at 64 GiB. Of each size there are three runs
/// at most when nothing is due.
pub(super) fn due(runs: &[Arc<Run>]) -> Option<Range<usize>> {
    if let [newer @ .., oldest] = runs {
        let newer: u64 = newer.iter().map(|run| run.bytes).sum();
        if newer > SMALLEST_BYTES && newer >= oldest.bytes / 2 {
            return Some(0..runs.len());
        }
    }
    let mut begin = 0;
    let mut size = 0;
    for (at, run) in runs.iter().enumerate() {
        let larger = size_of_run(run.bytes).max(size);
        if larger > size {
            if at - begin >= FAN_IN {
                return Some(begin..at);
            }
            (begin, size) = (at, larger);
        }
    }
    (runs.len() - begin >= FAN_IN).then_some(begin..runs.len())
}

fn size_of_run(bytes: u64) -> u32 {
    let mut size = 0;
    let mut bytes_max = SMALLEST_BYTES;
    while bytes > bytes_max {
        size += 1;
        bytes_max = bytes_max.saturating_mul(FAN_IN as u64);
    }
    size
}

/// A merge under way.
pub(super) struct Merge {
    /// The oldest and the newest of the runs that become one; new ones may come before them meanwhile, none between.
    newest: u32,
    oldest: u32,
    entries: Entries,
    writer: RunWriter,
}

impl Merge {
    pub fn begin(view: &RunsView, due: Range<usize>, writer: RunWriter) -> Result<Self, KvError> {
        // What a tombstone hides lies in older runs; below the oldest there is nothing to hide.
        let keep_tombstones = due.end < view.runs.len();
        let inputs = &view.runs[due];
        let (newest, oldest) = (inputs[0].id, inputs[inputs.len() - 1].id);
        let entries = view.walk(inputs, &vec![0; view.spec.key_bytes], None, keep_tombstones)?;
        Ok(Self { newest, oldest, entries, writer })
    }

    /// Writes one batch; false when nothing is left but to finish.
    pub fn step(&mut self, kv: &dyn KeyValue) -> Result<bool, KvError> {
        while let Some((key, value)) = self.entries.next_change()? {
            if self.writer.push(key, value) {
                self.writer.spill(kv)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts the rest into a batch; returns the runs that then count.
    pub fn finish(
        self,
        kv: &dyn KeyValue,
        runs: &[Arc<Run>],
        batch: &mut Batch,
    ) -> Result<Vec<Arc<Run>>, KvError> {
        let place = |id| runs.iter().position(|run| run.id == id).expect("only a merge takes runs away");
        let (newest, oldest) = (place(self.newest), place(self.oldest));
        let merged = self.writer.finish(kv, batch)?;
        let kept = [&runs[..newest], merged.as_slice(), &runs[oldest + 1..]];
        Ok(kept.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Blob;

    fn due_of(sizes: &[u64]) -> Option<Range<usize>> {
        let run = |bytes: &u64| Arc::new(Run { id: 0, entries: 1, bytes: *bytes, last_key: Blob::default() });
        due(&sizes.iter().map(run).collect::<Vec<_>>())
    }

    #[test]
    fn runs_of_a_size_are_merged_from_four_on() {
        let (small, large) = (1, 1 << 20);
        let oldest = 100 << 20;
        assert_eq!(due_of(&[]), None);
        assert_eq!(due_of(&[small; 3]), None);
        assert_eq!(due_of(&[small; 4]), Some(0..4));
        assert_eq!(due_of(&[small, small, small, small, large]), Some(0..4));
        assert_eq!(due_of(&[small, large, large, large, oldest]), None);
        assert_eq!(due_of(&[small, large, large, large, large, oldest]), Some(1..5));
        assert_eq!(due_of(&[small, large, large]), Some(0..3), "half of the oldest is newer");
        assert_eq!(due_of(&[large, small, small, small]), Some(0..4), "small old ones go along");
    }
}
