//! What every store does, on disk or not.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use cairn::storage::{Batch, KeyRange, KeyValue, KvError};

use crate::{Dice, open, stores};

fn pairs(store: &dyn KeyValue, range: KeyRange<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    store.scan(range).collect::<Result<_, _>>().unwrap()
}

fn keys(store: &dyn KeyValue, range: KeyRange<'_>) -> Vec<Vec<u8>> {
    pairs(store, range).into_iter().map(|(key, _)| key).collect()
}

fn batch_of(keys: &[&[u8]]) -> Batch {
    let mut batch = Batch::new();
    for key in keys {
        batch.put(*key, *key);
    }
    batch
}

#[test]
fn later_change_of_a_batch_holds() {
    for (store, _folder) in stores() {
        let mut batch = Batch::new();
        batch.put("a", "1");
        batch.remove("a");
        batch.put("b", "1");
        batch.put("b", "2");
        batch.remove("c");
        batch.put("c", "3");
        assert_eq!(batch.bytes(), 10);
        store.apply(batch).unwrap();
        store.apply(Batch::new()).unwrap();
        assert_eq!(store.get(b"a").unwrap(), None);
        assert_eq!(store.get(b"b").unwrap(), Some(b"2".to_vec()));
        assert_eq!(store.get(b"c").unwrap(), Some(b"3".to_vec()));
        assert_eq!(store.get(b"d").unwrap(), None);
    }
}

#[test]
fn scans_keep_to_their_bounds() {
    for (store, _folder) in stores() {
        store.apply(batch_of(&[b"", b"\0", b"a", b"a\0", b"b", b"\xff", b"\xff\xff"])).unwrap();
        let scan = |range: KeyRange<'_>| keys(&*store, range);
        let [first, a, b, last]: [&[u8]; 4] = [b"", b"a", b"b", b"\xff\xff"];
        assert_eq!(scan((Unbounded, Unbounded)).len(), 7);
        assert_eq!(scan((Included(a), Excluded(b))), [b"a".to_vec(), b"a\0".to_vec()]);
        assert_eq!(scan((Excluded(a), Included(b))), [b"a\0".to_vec(), b"b".to_vec()]);
        assert_eq!(scan((Unbounded, Included(first))), [b"".to_vec()]);
        assert_eq!(scan((Unbounded, Excluded(first))), [b""; 0]);
        assert_eq!(scan((Excluded(last), Unbounded)), [b""; 0]);
        assert_eq!(scan((Included(last), Unbounded)), [last.to_vec()]);
        assert_eq!(scan((Included(a), Included(a))), [b"a".to_vec()]);
        assert_eq!(scan((Included(b), Excluded(a))), [b""; 0], "an inverted range is empty");
        assert_eq!(scan((Included(a), Excluded(a))), [b""; 0]);
        assert_eq!(scan((Excluded(a), Excluded(a))), [b""; 0]);
    }
}

#[test]
fn empty_and_large_values_come_back() {
    for (store, _folder) in stores() {
        let large: Vec<u8> = (0..3 << 20).map(|at: u32| (at / 7) as u8).collect();
        let mut batch = Batch::new();
        batch.put("empty", "");
        batch.put("", "empty key");
        batch.put("large", large.clone());
        store.apply(batch).unwrap();
        store.sync().unwrap();
        assert_eq!(store.get(b"empty").unwrap(), Some(Vec::new()));
        assert_eq!(store.get(b"").unwrap(), Some(b"empty key".to_vec()));
        assert_eq!(store.get(b"large").unwrap(), Some(large));
    }
}

#[test]
fn store_agrees_with_a_map() {
    for (store, _folder) in stores() {
        let mut dice = Dice(7);
        let mut model = BTreeMap::new();
        for _ in 0..400 {
            let mut batch = Batch::new();
            for _ in 0..dice.below(20) {
                let key = (dice.below(500) as u16).to_be_bytes();
                if dice.below(3) == 0 {
                    batch.remove(key);
                    model.remove(&key[..]);
                } else {
                    let value = vec![dice.draw() as u8; dice.below(300)];
                    batch.put(key, value.clone());
                    model.insert(key.to_vec(), value);
                }
            }
            store.apply(batch).unwrap();
        }
        let expected: Vec<_> = model.into_iter().collect();
        assert_eq!(pairs(&*store, (Unbounded, Unbounded)), expected);
    }
}

#[test]
fn readers_see_every_batch_of_a_writer_grow_in_order() {
    for (store, _folder) in stores() {
        let done = AtomicBool::new(false);
        let number = |key: &[u8]| {
            store.get(key).unwrap().map_or(0, |value| u32::from_le_bytes(value.try_into().unwrap()))
        };
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut before = 0;
                    while !done.load(Ordering::Acquire) {
                        // Read second what was written first or with it.
                        let (late, early) = (number(b"late"), number(b"early"));
                        assert!(early >= late && late >= before);
                        before = late;
                        assert!(pairs(&*store, (Unbounded, Unbounded)).is_sorted());
                    }
                });
            }
            for count in 1..=1000_u32 {
                let mut batch = Batch::new();
                batch.put("early", count.to_le_bytes());
                batch.put(format!("filler {}", count % 100), vec![0; 100]);
                store.apply(batch).unwrap();
                let mut batch = Batch::new();
                batch.put("late", count.to_le_bytes());
                store.apply(batch).unwrap();
            }
            done.store(true, Ordering::Release);
        });
    }
}

#[test]
fn store_on_disk_is_opened_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sled");
    for round in 0..20_u8 {
        let (store, healed) = open(&path).unwrap();
        assert_eq!(healed, []);
        assert_eq!(keys(&store, (Unbounded, Unbounded)).len(), usize::from(round));
        let mut batch = Batch::new();
        batch.put([round], vec![round; 50_000]);
        store.apply(batch).unwrap();
        assert!(store.disk_bytes().unwrap() > 0);
        if round == 3 {
            assert!(matches!(open(&path), Err(KvError::InUse { .. })), "one at a time");
        }
    }
}
