//! A process that writes and is killed at any instant.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cairn::storage::{Batch, KeyValue, Runs, TableSpec};

use crate::{Dice, cases, child, child_folder, open};

const SPEC: TableSpec = TableSpec { prefix: 9, key_bytes: 32 };

/// Entries of the run that goes with a number.
fn entries(number: u32) -> impl Iterator<Item = (Vec<u8>, Option<[u8; 4]>)> {
    let mut dice = Dice(u64::from(number) + 1);
    let mut keys: Vec<Vec<u8>> =
        (0..300).map(|_| (0..4).flat_map(|_| dice.draw().to_le_bytes()).collect()).collect();
    keys.sort();
    keys.into_iter().map(move |key| (key, Some(number.to_le_bytes())))
}

/// Checks that each batch is there whole or not at all and none is missing before the last; says how many there are.
fn whole_batches(path: &Path) -> u32 {
    let (store, healed) = open(path).unwrap();
    println!("{healed:?}");
    let store: Arc<dyn KeyValue> = Arc::new(store);
    let count = store.get(b"count").unwrap().map_or(0, |bytes| u32::from_le_bytes(bytes.try_into().unwrap()));
    for number in 0..count + 3 {
        let there = (0..8).filter(|part| store.get(format!("{number} {part}").as_bytes()).unwrap().is_some());
        assert_eq!(there.count(), if number < count { 8 } else { 0 }, "batch {number} of {count}");
    }
    let table = Runs::open(Arc::clone(&store), SPEC).unwrap();
    table.view().check().unwrap();
    for number in (0..count).rev().step_by(7).take(10) {
        for (key, value) in entries(number) {
            assert_eq!(table.view().get(&key).unwrap().as_deref(), value.as_ref().map(|value| &value[..]));
        }
    }
    count
}

fn write_for_ever(path: &Path) -> ! {
    let (store, _) = open(path).unwrap();
    let store: Arc<dyn KeyValue> = Arc::new(store);
    let mut table = Runs::open(Arc::clone(&store), SPEC).unwrap();
    let first = store.get(b"count").unwrap().map_or(0, |bytes| u32::from_le_bytes(bytes.try_into().unwrap()));
    for number in first.. {
        let mut own = Batch::new();
        own.put("count", (number + 1).to_le_bytes());
        for part in 0..8 {
            own.put(format!("{number} {part}"), vec![part; 200]);
        }
        table.add(entries(number), own).unwrap();
        table.tidy().unwrap();
        if number % 4 == 3 {
            store.sync().unwrap();
            println!("synced {}", number + 1);
        }
    }
    unreachable!("numbers do not end")
}

#[test]
fn killed_writer_leaves_whole_batches_and_all_that_was_synced() {
    if let Some(folder) = child_folder() {
        write_for_ever(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sled");
    let mut dice = Dice(17);
    for kill in 0..cases(6) {
        let mut writer = child("kills::killed_writer_leaves_whole_batches_and_all_that_was_synced", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(writer.stdout.take().unwrap());
        let reader = thread::spawn(move || {
            let synced = |line: String| line.strip_prefix("synced ")?.parse::<u32>().ok();
            output.lines().map_while(Result::ok).filter_map(synced).last().unwrap_or(0)
        });
        thread::sleep(Duration::from_micros(20_000 + dice.below(600_000) as u64));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let synced = reader.join().unwrap();
        let count = whole_batches(&path);
        println!("kill {kill}: {synced} synced, {count} there");
        assert!(count >= synced, "kill {kill}: {synced} synced, {count} there");
    }
}
