//! What tests ask of a table, and nobody else.

use super::RunsView;
use crate::storage::KvError;

impl RunsView {
    /// The value of a key.
    ///
    /// # Errors
    /// When the store fails or part of a run is missing.
    ///
    /// # Panics
    /// When the key is not of the table's length.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        assert_eq!(key.len(), self.spec.key_bytes, "all keys of a table are of one length");
        for run in self.runs.iter() {
            let mut entries = self.walk(std::slice::from_ref(run), key, None, true)?;
            if let Some((found, value)) = entries.next_change()?
                && found == key
            {
                return Ok(value.map(<[u8]>::to_vec));
            }
        }
        Ok(None)
    }

    /// Reads every entry of every run, to tell whether anything got lost.
    ///
    /// # Errors
    /// When something did.
    pub fn check(&self) -> Result<(), KvError> {
        for run in self.runs.iter() {
            let mut entries =
                self.walk(std::slice::from_ref(run), &vec![0; self.spec.key_bytes], None, true)?;
            let mut found = 0;
            while entries.next_change()?.is_some() {
                found += 1;
            }
            if found != run.entries {
                return Err(KvError::damaged(format!(
                    "run {} has {found} entries instead of {}",
                    run.id, run.entries
                )));
            }
        }
        Ok(())
    }

    /// How many runs there are; a look-up goes through all of them.
    pub fn run_count(&self) -> usize {
        self.runs.len()
    }

    /// Bytes of all chunks, before what the store adds.
    pub fn bytes(&self) -> u64 {
        self.runs.iter().map(|run| run.bytes).sum()
    }
}
