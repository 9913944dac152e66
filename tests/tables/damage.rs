//! Files that are not what they were: healed, refused, or an earlier state of the store, but never an end of the process
//! and never a table with a gap that nobody notices.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn::storage::{Batch, Healing, KeyValue, KvError, Runs, Sled, TableSpec};

use crate::{Dice, cases, child, child_folder, open};

const SPEC: TableSpec = TableSpec { prefix: 9, key_bytes: 8 };
const ROUNDS: u32 = 12;

fn key(number: u32) -> [u8; 8] {
    u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()
}

fn run(round: u32) -> Vec<([u8; 8], Option<[u8; 4]>)> {
    let mut entries: Vec<_> = (0..4000).map(|n| (key(n + round * 1000), Some(round.to_le_bytes()))).collect();
    entries.sort_unstable();
    entries
}

/// A store with some history: runs, merges, and several starts, so that there is a snapshot of the page table.
fn build(path: &Path) {
    for round in 0..ROUNDS {
        let store: Arc<dyn KeyValue> = Arc::new(open(path).unwrap().0);
        let mut table = Runs::open(Arc::clone(&store), SPEC).unwrap();
        let mut own = Batch::new();
        own.put("round", (round + 1).to_le_bytes());
        own.put("large", vec![round as u8; 1_500_000]);
        for small in 0..200_u32 {
            own.put(format!("small {small}"), [round.to_le_bytes(), small.to_le_bytes()].concat());
        }
        table.add(run(round), own).unwrap();
        while table.tidy().unwrap() {}
        store.sync().unwrap();
    }
}

/// The round at which a store stands, once everything in it has been compared; an error if it says it is damaged.
fn inspect(path: &Path) -> Result<u32, KvError> {
    let (store, healed) = open(path)?;
    for line in healed {
        println!("healed: {line}");
    }
    let store: Arc<dyn KeyValue> = Arc::new(store);
    let table = Runs::open(Arc::clone(&store), SPEC)?;
    table.view().check()?;
    let Some(bytes) = store.get(b"round")? else { return Ok(0) };
    let round = u32::from_le_bytes(bytes.try_into().unwrap());
    let last = round - 1;
    for number in 0..last * 1000 + 4000 {
        let expected = (number / 1000).min(last).to_le_bytes();
        let found = table.view().get(&key(number))?;
        assert_eq!(found.as_deref(), Some(&expected[..]), "entry {number} at round {round}");
    }
    // Nothing in the store itself tells whether these are all; that they are not another round's, sled does.
    for small in 0..200_u32 {
        let found = store.get(format!("small {small}").as_bytes())?;
        let expected = [last.to_le_bytes(), small.to_le_bytes()].concat();
        println!("small {}", if found == Some(expected) { "right" } else { "WRONG" });
    }
    if let Some(large) = store.get(b"large")? {
        println!("large {}", if large == vec![last as u8; 1_500_000] { "right" } else { "WRONG" });
    }
    // It can be written to as well.
    let mut batch = Batch::new();
    batch.put("after", vec![1; 100_000]);
    store.apply(batch)?;
    store.sync()?;
    Ok(round)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

impl Dice {
    fn file_in(&mut self, folder: &Path) -> Option<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        (!files.is_empty()).then(|| files.swap_remove(self.below(files.len())))
    }
}

fn snapshot(path: &Path) -> PathBuf {
    let mut files = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    files.find(|file| file.file_name().unwrap().to_string_lossy().starts_with("snap.")).unwrap()
}

/// What became of a child.
fn wait(mut command: Command) -> (Option<i32>, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Damages a file of a store in many ways; each is looked at by a process of its own.
#[test]
fn damaged_files_never_end_the_process_nor_pass_for_sound() {
    if let Some(folder) = child_folder() {
        match inspect(&folder) {
            Ok(round) => println!("outcome round {round}"),
            Err(KvError::Damaged { reason }) => println!("outcome damaged: {reason}"),
            Err(error) => panic!("neither sound nor damaged: {error}"),
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let sound = folder.path().join("sound");
    build(&sound);
    let mut dice = Dice(23);
    let mut seen = [0; 3];
    for case in 0..cases(60) {
        let path = folder.path().join("sled");
        let _ = fs::remove_dir_all(&path);
        copy(&sound, &path);
        let name = match case % 4 {
            2 => dice.file_in(&path.join("blobs")).unwrap_or_else(|| snapshot(&path)),
            3 => snapshot(&path),
            _ => path.join("db"),
        };
        let mut bytes = fs::read(&name).unwrap();
        let at = dice.below(bytes.len().max(1));
        let what = dice.below(4);
        match what {
            0 => bytes.truncate(at),
            1 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
            2 => bytes.iter_mut().skip(at).take(4096).for_each(|byte| *byte = 0),
            _ => bytes.iter_mut().skip(at).take(100).for_each(|byte| *byte = dice.draw() as u8),
        }
        fs::write(&name, bytes).unwrap();
        let (code, output) =
            wait(child("damage::damaged_files_never_end_the_process_nor_pass_for_sound", &path));
        let outcome = output.split("outcome ").nth(1).and_then(|rest| rest.lines().next()).unwrap_or("none");
        let wrong = output.lines().filter(|line| line.ends_with("WRONG")).count();
        println!("case {case}: {} kind {what} at {at}: {code:?} {outcome}, {wrong} wrong", name.display());
        assert_eq!(code, Some(0), "case {case}: {output}");
        assert!(outcome.starts_with("damaged") || outcome.starts_with("round"), "case {case}: {output}");
        assert_ne!(outcome, "round 0", "case {case}: an empty store is not an earlier one");
        assert_eq!(wrong, 0, "case {case}: {output}");
        seen[if outcome.starts_with("damaged") { 0 } else { 1 + usize::from(!outcome.ends_with("12")) }] += 1;
    }
    println!("{} damaged, {} as before, {} earlier", seen[0], seen[1], seen[2]);
}

#[test]
fn broken_snapshot_is_damage_and_an_unfinished_one_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sled");
    build(&path);
    let unfinished = path.join("snap.00000000FFFFFFFF.generating");
    fs::write(&unfinished, "half").unwrap();
    assert_eq!(open(&path).unwrap().1, [Healing::Unfinished(unfinished)]);
    assert_eq!(open(&path).unwrap().1, []);
    assert_eq!(inspect(&path).unwrap(), ROUNDS);

    let file = snapshot(&path);
    let sound = fs::read(&file).unwrap();
    for broken in [&sound[..sound.len() / 2], &[0xa5; 5000], &[]] {
        fs::write(&file, broken).unwrap();
        assert!(matches!(open(&path), Err(KvError::Damaged { .. })));
    }
    fs::write(&file, sound).unwrap();
    assert_eq!(inspect(&path).unwrap(), ROUNDS, "nothing was touched");
}

#[test]
fn missing_or_set_aside_folder_is_an_empty_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sled");
    build(&path);
    let aside = Sled::set_aside(&path).unwrap();
    assert_eq!(inspect(&path).unwrap(), 0);
    assert_eq!(inspect(&aside).unwrap(), ROUNDS);
    Sled::set_aside(&path).unwrap();
    Sled::set_aside(&path).unwrap();
    Sled::remove(&aside).unwrap();
    Sled::remove(&aside).unwrap();
    assert_eq!(inspect(&path).unwrap(), 0);
}
