//! What tables take on disk, held to what was measured.

use std::sync::Arc;

use cairn::storage::{Batch, KeyValue, Runs, TableSpec};

use crate::{Dice, open};

fn random_keys(dice: &mut Dice, count: usize, key_bytes: usize) -> Vec<Vec<u8>> {
    let key = |dice: &mut Dice| -> Vec<u8> {
        (0..key_bytes.div_ceil(8)).flat_map(|_| dice.draw().to_le_bytes()).take(key_bytes).collect()
    };
    let mut keys: Vec<_> = (0..count).map(|_| key(dice)).collect();
    keys.sort();
    keys
}

#[test]
fn state_entry_takes_few_bytes_and_stays_so_over_many_rewrites() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn KeyValue> = Arc::new(open(&folder.path().join("sled")).unwrap().0);
    let mut table = Runs::open(Arc::clone(&store), TableSpec { prefix: 1, key_bytes: 32 }).unwrap();
    let mut dice = Dice(1);
    let keys = random_keys(&mut dice, 200_000, 32);
    let entries = |round: u8| keys.iter().map(move |key| (key, Some([round; 10])));
    table.add(entries(0), Batch::new()).unwrap();
    store.sync().unwrap();
    let bytes_an_entry = store.disk_bytes().unwrap() as f64 / keys.len() as f64;
    println!("{bytes_an_entry} bytes an entry");
    assert!(bytes_an_entry < 50.0, "{bytes_an_entry}");

    // A tenth of the entries overwritten in each round: five times all of them.
    let mut largest = 0;
    for round in 1..=50_u8 {
        let some = keys.iter().skip(usize::from(round) % 10).step_by(10);
        table.add(some.map(|key| (key, Some([round; 10]))), Batch::new()).unwrap();
        while table.tidy().unwrap() {}
        store.sync().unwrap();
        largest = largest.max(store.disk_bytes().unwrap());
    }
    // A merge holds its input, one and a half times what counts, and its output; sled's log up to twice of that.
    let counting = keys.len() as u64 * 42;
    println!("{largest} bytes on disk at most, {counting} that count");
    assert!(largest < 5 * counting, "{largest} bytes on disk for {counting}");
}

#[test]
fn index_entry_takes_few_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn KeyValue> = Arc::new(open(&folder.path().join("sled")).unwrap().0);
    let mut table = Runs::open(Arc::clone(&store), TableSpec { prefix: 2, key_bytes: 17 }).unwrap();
    let mut dice = Dice(2);
    // Kind, prefix of an address, height, position; each address ten times.
    let mut keys = Vec::new();
    for prefix in random_keys(&mut dice, 20_000, 8) {
        for turn in 0..10_u32 {
            let height = (turn * 10_000 + dice.below(10_000) as u32).to_be_bytes();
            keys.push([&[1], &prefix[..], &height, &(dice.below(10_000) as u32).to_be_bytes()].concat());
        }
    }
    table.add(keys.iter().map(|key| (key, Some([5; 4]))), Batch::new()).unwrap();
    store.sync().unwrap();
    let bytes_an_entry = store.disk_bytes().unwrap() as f64 / keys.len() as f64;
    println!("{bytes_an_entry} bytes an entry");
    assert!(bytes_an_entry < 20.0, "{bytes_an_entry}");
}
