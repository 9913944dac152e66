//! Which runs of a table count, and what their owner notes of them. All else that lies under its prefix is left over from something unfinished.

use std::sync::Arc;

use crate::codec::{self, Blob, Canonical, Decode, Encode, List};
use crate::storage::KvError;

use super::TableSpec;
use super::chunk::KEY_BYTES_MAX;

/// Layout of manifest and chunks; another is refused, and the table rebuilt.
const LAYOUT: u8 = 2;

/// Runs in a table. Merging keeps them to a few dozen; whoever adds without ever merging is stopped here.
pub(super) const RUNS_MAX: usize = 4096;

/// Bytes of a note, at most.
const NOTE_BYTES_MAX: usize = 256;

/// What whoever owns a table notes of it.
pub(super) type Note = Blob<0, NOTE_BYTES_MAX>;

/// One run: sorted entries, each key once, that never change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Run {
    /// Never used for another run as long as anything of this one lies in the store.
    pub id: u32,
    pub entries: u64,
    /// Of all its chunks.
    pub bytes: u64,
    pub last_key: Blob<0, KEY_BYTES_MAX>,
}

#[derive(Encode, Decode)]
struct Manifest {
    layout: u8,
    key_bytes: u8,
    /// Newest first.
    runs: List<Run, 0, RUNS_MAX>,
    note: Note,
}

impl Canonical for Manifest {
    const BYTES_MAX: usize = 16 + RUNS_MAX * (32 + KEY_BYTES_MAX) + 8 + NOTE_BYTES_MAX;
}

/// What is stored under [`TableSpec::manifest_key`].
pub(super) fn encode(spec: TableSpec, runs: &[Arc<Run>], note: &Note) -> Vec<u8> {
    let runs =
        List::new(runs.iter().map(|run| (**run).clone()).collect()).expect("adding stops at the bound");
    codec::encode(&Manifest { layout: LAYOUT, key_bytes: spec.key_bytes as u8, runs, note: note.clone() })
}

/// The runs, newest first, and the note.
pub(super) fn decode(spec: TableSpec, bytes: &[u8]) -> Result<(Vec<Arc<Run>>, Note), KvError> {
    let manifest: Manifest =
        codec::decode(bytes).map_err(|error| KvError::damaged(format!("list of runs: {error}")))?;
    if manifest.layout != LAYOUT || usize::from(manifest.key_bytes) != spec.key_bytes {
        return Err(KvError::damaged(format!(
            "list of runs has layout {} and keys of {} bytes",
            manifest.layout, manifest.key_bytes
        )));
    }
    Ok((manifest.runs.iter().cloned().map(Arc::new).collect(), manifest.note))
}
