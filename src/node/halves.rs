//! A map that forgets the oldest.

use std::collections::HashMap;
use std::hash::Hash;

use ahash::RandomState;

/// What was put in lately: at least the last `max`, and less than twice as many. When one half is full the other is
/// forgotten, so what came lately is always known and memory is bounded.
pub(super) struct Halves<K, V> {
    young: HashMap<K, V, RandomState>,
    old: HashMap<K, V, RandomState>,
    max: usize,
}

impl<K: Hash + Eq, V> Halves<K, V> {
    pub fn new(max: usize, hasher: &RandomState) -> Self {
        let empty = || HashMap::with_hasher(hasher.clone());
        Self { young: empty(), old: empty(), max }
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    pub fn put(&mut self, key: K, value: V) {
        if self.young.len() >= self.max {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_lately_is_known_and_memory_is_bounded() {
        const MAX: u32 = 1000;
        let mut halves = Halves::new(MAX as usize, &RandomState::with_seeds(1, 2, 3, 4));
        let count = 3 * MAX + 5;
        (0..count).for_each(|key| halves.put(key, key + 1));
        assert!((count - MAX..count).all(|key| halves.get(&key) == Some(&(key + 1))));
        assert!(halves.get(&0).is_none() && halves.get(&count).is_none());
        assert!(halves.young.len() <= MAX as usize && halves.old.len() <= MAX as usize);
    }
}
