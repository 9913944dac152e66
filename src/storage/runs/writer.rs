//! Writes one run, in as many batches as it takes. Until a manifest names it, it counts for nothing.

use std::sync::Arc;

use crate::codec::Blob;
use crate::storage::{BATCH_BYTES_MAX, Batch, KeyValue, KvError};

use super::TableSpec;
use super::chunk::Packer;
use super::manifest::Run;

/// Bytes of chunks that one batch takes; the rest is left to the caller's own keys and the manifest.
const SPILL_BYTES: usize = BATCH_BYTES_MAX / 2;

/// Keys of one leaf in sled, at most.
const LEAF_KEYS_MAX: usize = 16;

pub(super) struct RunWriter {
    spec: TableSpec,
    packer: Packer,
    id: u32,
    entries: u64,
    bytes: u64,
    last_key: Vec<u8>,
    /// Full chunks with their keys in the store.
    chunks: Vec<(Vec<u8>, Vec<u8>)>,
    chunk_bytes: usize,
    /// How many of them have room made for them.
    reserved: usize,
}

impl RunWriter {
    pub fn new(spec: TableSpec, id: u32) -> Self {
        let (packer, last_key, chunks) = Default::default();
        Self { spec, packer, id, entries: 0, bytes: 0, last_key, chunks, chunk_bytes: 0, reserved: 0 }
    }

    /// Adds an entry; true when enough has come together for [`RunWriter::spill`].
    pub fn push(&mut self, key: &[u8], value: Option<&[u8]>) -> bool {
        assert_eq!(key.len(), self.spec.key_bytes, "all keys of a table are of one length");
        self.entries += 1;
        if let Some(chunk) = self.packer.push(key, value) {
            self.take(chunk);
        }
        self.chunk_bytes >= SPILL_BYTES
    }

    fn take(&mut self, (last_key, chunk): (Vec<u8>, Vec<u8>)) {
        self.chunk_bytes += chunk.len();
        self.bytes += chunk.len() as u64;
        self.chunks.push((self.spec.chunk_key(self.id, &last_key), chunk));
        self.last_key = last_key;
    }

    /// Writes the full chunks, but for the last few: their leaf is yet to be split.
    pub fn spill(&mut self, kv: &dyn KeyValue) -> Result<(), KvError> {
        self.reserve(kv)?;
        let mut batch = Batch::new();
        self.drain_into(&mut batch, LEAF_KEYS_MAX);
        kv.apply(batch)
    }

    /// Puts what is left of the run into a batch; none where it has no entries.
    pub fn finish(mut self, kv: &dyn KeyValue, batch: &mut Batch) -> Result<Option<Arc<Run>>, KvError> {
        if let Some(chunk) = self.packer.seal() {
            self.take(chunk);
        }
        if self.entries == 0 {
            return Ok(None);
        }
        self.reserve(kv)?;
        self.drain_into(batch, 0);
        let last_key = Blob::new(self.last_key).expect("a table's keys are within the bound");
        Ok(Some(Arc::new(Run { id: self.id, entries: self.entries, bytes: self.bytes, last_key })))
    }

    fn drain_into(&mut self, batch: &mut Batch, left: usize) {
        let count = self.chunks.len().saturating_sub(left);
        for (key, chunk) in self.chunks.drain(..count) {
            self.chunk_bytes -= chunk.len();
            batch.put(key, chunk);
        }
        self.reserved = self.chunks.len();
    }

    /// Makes room for the chunks with empty ones, one by one in order.
    ///
    /// Sled's leaves split at 16 values, and every split and every tenth change of a leaf writes all of it anew.
    /// Splitting leaves of empty values costs next to nothing, and the chunks then fill leaves of eight without another
    /// rewrite. Measured: 44 bytes on disk for an entry of 42 instead of 93 to 112, and half the CPU.
    fn reserve(&mut self, kv: &dyn KeyValue) -> Result<(), KvError> {
        for (key, _) in &self.chunks[self.reserved..] {
            let mut batch = Batch::new();
            batch.put(key.clone(), Vec::new());
            kv.apply(batch)?;
        }
        self.reserved = self.chunks.len();
        Ok(())
    }
}
