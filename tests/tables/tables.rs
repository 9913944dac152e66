//! Tables of runs, against a map.

use std::collections::BTreeMap;
use std::ops::Bound::Unbounded;
use std::sync::Arc;
use std::thread;

use cairn::storage::{Batch, Entries, EntriesBack, KeyValue, KvError, Memory, Runs, RunsView, TableSpec};

use crate::{Dice, cases, open, stores};

const SPEC: TableSpec = TableSpec { prefix: 7, key_bytes: 5 };

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn collect(mut entries: Entries) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    while let Some((key, value)) = entries.next_entry().unwrap() {
        found.push((key.to_vec(), value.to_vec()));
    }
    found
}

fn collect_back(mut entries: EntriesBack) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    while let Some((key, value)) = entries.next_entry().unwrap() {
        found.push((key.to_vec(), value.to_vec()));
    }
    found.reverse();
    found
}

fn key(dice: &mut Dice) -> Vec<u8> {
    let number = dice.below(20_000) as u32;
    [&[1][..], &number.to_be_bytes()].concat()
}

/// Entries of one run, which it applies to the model.
fn changes(dice: &mut Dice, model: &mut Model, count: usize) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
    let mut changes = BTreeMap::new();
    for _ in 0..count {
        let (key, value) = (key(dice), vec![dice.draw() as u8; dice.below(12)]);
        changes.insert(key, (dice.below(4) > 0).then_some(value));
    }
    for (key, value) in &changes {
        match value {
            Some(value) => model.insert(key.clone(), value.clone()),
            None => model.remove(key),
        };
    }
    changes
}

fn assert_same(view: &RunsView, model: &Model, dice: &mut Dice) {
    view.check().unwrap();
    let all: Vec<_> = model.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    assert!(collect(view.iter().unwrap()) == all);
    assert!(collect_back(view.range_back(&[0; 5], None).unwrap()) == all);
    for _ in 0..20 {
        let (from, to) = (key(dice), key(dice));
        assert_eq!(view.get(&from).unwrap().as_ref(), model.get(&from));
        let (from, to) = if from <= to { (from, to) } else { (to, from) };
        let expected: Vec<_> =
            model.range(from.clone()..to.clone()).map(|(key, value)| (key.clone(), value.clone())).collect();
        assert!(collect(view.range(&from, Some(&to)).unwrap()) == expected);
        assert!(collect_back(view.range_back(&from, Some(&to)).unwrap()) == expected);
        assert_eq!(collect_back(view.range_back(&to, Some(&from)).unwrap()), []);
        let last = model.range(..to.clone()).next_back().map(|(key, value)| (&key[..], &value[..]));
        assert_eq!(view.range_back(&[0; 5], Some(&to)).unwrap().next_entry().unwrap(), last);
    }
}

#[test]
fn table_agrees_with_a_map() {
    for (case, (store, _folder)) in (0..cases(3)).flat_map(|case| stores().map(|store| (case, store))) {
        println!("case {case}");
        let mut dice = Dice(case as u64 + 1);
        let mut model = Model::new();
        let mut table = Runs::open(Arc::clone(&store), SPEC).unwrap();
        for round in 0..120_u32 {
            let count = if dice.below(10) == 0 { 5000 } else { dice.below(300) };
            let mut own = Batch::new();
            own.put("height", round.to_le_bytes());
            table.add(changes(&mut dice, &mut model, count), own).unwrap();
            for _ in 0..dice.below(8) {
                table.tidy().unwrap();
            }
            if dice.below(10) == 0 {
                // As if the process had died, in the middle of a merge or not.
                table = Runs::open(Arc::clone(&store), SPEC).unwrap();
            }
            assert_eq!(store.get(b"height").unwrap(), Some(round.to_le_bytes().to_vec()));
            if dice.below(6) == 0 {
                assert_same(&table.view(), &model, &mut dice);
            }
        }
        while table.tidy().unwrap() {}
        assert!(table.view().run_count() < 12, "{}", table.view().run_count());
        assert_same(&table.view(), &model, &mut dice);
    }
}

#[test]
fn view_stays_as_it_was_while_runs_are_merged() {
    for (store, _folder) in stores() {
        let mut dice = Dice(3);
        let mut model = Model::new();
        let mut table = Runs::open(Arc::clone(&store), SPEC).unwrap();
        for _ in 0..8 {
            table.add(changes(&mut dice, &mut model, 2000), Batch::new()).unwrap();
        }
        let (view, then) = (table.view(), model.clone());
        for _ in 0..8 {
            table.add(changes(&mut dice, &mut model, 2000), Batch::new()).unwrap();
            while table.tidy().unwrap() {}
        }
        assert_same(&view, &then, &mut dice);
        assert_same(&table.view(), &model, &mut dice);

        let in_store = |store: &dyn KeyValue| store.scan((Unbounded, Unbounded)).count();
        let before = in_store(&*store);
        drop(view);
        while table.tidy().unwrap() {}
        assert!(in_store(&*store) < before, "what only the view read is removed after it");
        assert_same(&table.view(), &model, &mut dice);
    }
}

#[test]
fn interrupted_merge_leaves_nothing_behind() {
    for (store, _folder) in stores() {
        let mut dice = Dice(5);
        let mut model = Model::new();
        let mut table = Runs::open(Arc::clone(&store), TableSpec { key_bytes: 5, ..SPEC }).unwrap();
        for part in 0..4_u8 {
            // Large enough that a merge takes several steps.
            let entries = (0..15_000_u32).map(|number| {
                let key = [&[part % 2][..], &(number * 7).to_be_bytes()].concat();
                (key, Some([part; 60]))
            });
            model.extend(entries.clone().map(|(key, value)| (key, value.unwrap().to_vec())));
            table.add(entries, Batch::new()).unwrap();
        }
        assert!(table.tidy().unwrap());
        let with_unfinished = store.scan((Unbounded, Unbounded)).count();
        drop(table);
        let mut table = Runs::open(Arc::clone(&store), SPEC).unwrap();
        assert!(store.scan((Unbounded, Unbounded)).count() < with_unfinished);
        assert_eq!(table.view().run_count(), 4);
        assert_same(&table.view(), &model, &mut dice);
        while table.tidy().unwrap() {}
        assert_eq!(table.view().run_count(), 1);
        assert_same(&table.view(), &model, &mut dice);
    }
}

#[test]
fn note_is_kept_with_the_runs_that_it_speaks_of() {
    for (store, _folder) in stores() {
        let mut table = Runs::open(Arc::clone(&store), SPEC).unwrap();
        assert_eq!(table.note(), b"");
        for round in 0..9_u8 {
            table.add_noted([([round; 5], Some([round]))], vec![round]).unwrap();
        }
        let none: [([u8; 5], Option<[u8; 1]>); 0] = [];
        table.add_noted(none, b"nine".to_vec()).unwrap();
        while table.tidy().unwrap() {}
        table.add([(*b"12345", Some([1]))], Batch::new()).unwrap();
        assert_eq!(table.note(), b"nine");
        drop(table);
        let table = Runs::open(Arc::clone(&store), SPEC).unwrap();
        assert_eq!(table.note(), b"nine");
        // Both are one value: where that is lost, the table is as it was in the beginning.
        let mut batch = Batch::new();
        batch.remove([SPEC.prefix, 0]);
        store.apply(batch).unwrap();
        let table = Runs::open(store, SPEC).unwrap();
        assert_eq!((table.note(), table.view().run_count()), (&b""[..], 0));
    }
}

#[test]
fn tombstones_vanish_with_the_last_run_they_speak_to() {
    let mut table = Runs::open(Arc::new(Memory::new()), SPEC).unwrap();
    for value in [Some([1]), Some([2]), Some([3]), None] {
        table.add([(*b"12345", value)], Batch::new()).unwrap();
    }
    assert_eq!(table.view().get(b"12345").unwrap(), None);
    while table.tidy().unwrap() {}
    assert_eq!((table.view().run_count(), table.view().bytes()), (0, 0));
}

#[test]
fn lost_chunk_is_noticed_wherever_it_was() {
    let store = Arc::new(Memory::new());
    let mut table = Runs::open(Arc::clone(&store) as Arc<dyn KeyValue>, SPEC).unwrap();
    let entries = (0..20_000_u32).map(|number| ([&[1][..], &number.to_be_bytes()].concat(), Some([9; 9])));
    table.add(entries, Batch::new()).unwrap();
    let chunks: Vec<_> =
        store.scan((Unbounded, Unbounded)).map(Result::unwrap).filter(|(key, _)| key[1] == 1).collect();
    assert!(chunks.len() > 10);
    for (at, (lost, bytes)) in chunks.iter().enumerate() {
        let mut batch = Batch::new();
        batch.remove(lost.clone());
        store.apply(batch).unwrap();
        let damaged = |outcome: Result<(), KvError>| matches!(outcome, Err(KvError::Damaged { .. }));
        assert!(damaged(table.view().check()));
        assert!(damaged(table.view().get(&lost[6..]).map(|_| ())));
        assert!(damaged(table.view().range(&lost[6..], None).and_then(|mut entries| {
            while entries.next_entry()?.is_some() {}
            Ok(())
        })));
        assert!(damaged(table.view().range_back(&lost[6..], None).and_then(|mut entries| {
            while entries.next_entry()?.is_some() {}
            Ok(())
        })));
        assert!(damaged(table.view().range_back(&[0; 5], Some(&lost[6..])).map(|_| ())));
        let reopened = Runs::open(Arc::clone(&store) as Arc<dyn KeyValue>, SPEC);
        assert_eq!(damaged(reopened.map(|_| ())), at == chunks.len() - 1);
        let mut batch = Batch::new();
        batch.put(lost.clone(), bytes.clone());
        store.apply(batch).unwrap();
    }
    table.view().check().unwrap();
}

#[test]
#[should_panic(expected = "sorted")]
fn unsorted_run_is_refused() {
    let mut table = Runs::open(Arc::new(Memory::new()), SPEC).unwrap();
    let _ = table.add([(*b"22222", Some([1])), (*b"11111", Some([1]))], Batch::new());
}

#[test]
fn six_stores_of_one_process_write_at_once_without_seizing_up() {
    let folder = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        for node in 0..6_u64 {
            let path = folder.path().join(format!("node {node}"));
            scope.spawn(move || {
                let store: Arc<dyn KeyValue> = Arc::new(open(&path).unwrap().0);
                let mut table = Runs::open(Arc::clone(&store), SPEC).unwrap();
                for round in 0..cases(10) as u32 {
                    let entries = (0..40_000_u32).map(|number| {
                        ([&[1][..], &(number * 3 + round).to_be_bytes()].concat(), Some([9; 30]))
                    });
                    table.add(entries, Batch::new()).unwrap();
                    while table.tidy().unwrap() {}
                    store.sync().unwrap();
                }
                table.view().check().unwrap();
            });
        }
    });
}

#[test]
fn table_on_disk_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sled");
    let mut dice = Dice(11);
    let mut model = Model::new();
    for _ in 0..12 {
        let store: Arc<dyn KeyValue> = Arc::new(open(&path).unwrap().0);
        let mut table = Runs::open(store, SPEC).unwrap();
        assert_same(&table.view(), &model, &mut dice);
        table.add(changes(&mut dice, &mut model, 3000), Batch::new()).unwrap();
        table.tidy().unwrap();
    }
}
