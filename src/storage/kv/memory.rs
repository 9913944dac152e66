use std::collections::BTreeMap;
use std::ops::Bound;

use parking_lot::RwLock;

use super::{Batch, KeyRange, KeyValue, KvError, Pairs, is_empty};

/// A store that forgets everything when it is dropped: for tests, and for nodes that keep nothing.
#[derive(Debug, Default)]
pub struct Memory {
    map: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl KeyValue for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.map.read().get(key).cloned())
    }

    fn scan(&self, (from, to): KeyRange<'_>) -> Pairs<'_> {
        Box::new(Walk { map: &self.map, from: from.map(<[u8]>::to_vec), to: to.map(<[u8]>::to_vec) })
    }

    fn apply(&self, batch: Batch) -> Result<(), KvError> {
        let mut map = self.map.write();
        for (key, value) in batch.changes {
            match value {
                Some(value) => map.insert(key, value),
                None => map.remove(&key),
            };
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), KvError> {
        Ok(())
    }

    fn disk_bytes(&self) -> Result<u64, KvError> {
        Ok(0)
    }
}

/// Looks each key up anew, so that a scan left open holds nobody up.
struct Walk<'a> {
    map: &'a RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
}

impl Iterator for Walk<'_> {
    type Item = Result<(Vec<u8>, Vec<u8>), KvError>;

    fn next(&mut self) -> Option<Self::Item> {
        let range = (self.from.as_ref().map(Vec::as_slice), self.to.as_ref().map(Vec::as_slice));
        if is_empty(range) {
            return None;
        }
        let (key, value) = self
            .map
            .read()
            .range::<[u8], _>(range)
            .next()
            .map(|(key, value)| (key.clone(), value.clone()))?;
        self.from = Bound::Excluded(key.clone());
        Some(Ok((key, value)))
    }
}
