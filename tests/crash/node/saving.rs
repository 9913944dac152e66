//! A real process, killed at any moment while it saves a node and restores what it saved: either is there whole, or not at all.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use cairn::storage::restore;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::folders::{LATER, later, replace};
use super::{Prepared, check_against_replay, recover, seeds, start, submit_all};

const FOLDER: &str = "CAIRN_SAVING_FOLDER";
const FIRST: &str = "CAIRN_SAVING_FIRST";
/// Transactions that wait for a block.
const WAITING: usize = 6;
/// Longest time after something was said that a kill comes, in microseconds: about what a save takes.
const WAIT_MAX: u64 = 20_000;

/// The child: saves after each block, and restores what it saved. Where nobody started it as one it does nothing.
#[test]
fn child_that_is_killed_while_it_saves() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let first: usize = std::env::var(FIRST).unwrap().parse().unwrap();
    let folder = PathBuf::from(folder);
    let blocks = Prepared::read_blocks(&folder.join("blocks"));
    let node = start(&folder.join("data")).unwrap();
    for transaction in super::prepared::waiting().into_iter().take(WAITING) {
        // It may be here from a life before.
        let _ = pollster::block_on(node.handle().submit_transaction(transaction)).wait();
    }
    say("ready");
    for (number, block) in (0..).zip(&blocks).skip(first) {
        submit_all(&node, std::slice::from_ref(block));
        let (saved, restored) =
            (folder.join(format!("saved-{number}")), folder.join(format!("node-{number}")));
        let held = pollster::block_on(node.handle().hold()).unwrap();
        held.save_to(&saved).unwrap();
        drop(held);
        say(&format!("saved {number}"));
        restore(&saved, &restored, 1).unwrap();
        say(&format!("restored {number}"));
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // The harness begins a line of its own and does not end it.
    writeln!(out, "\ncairn {line}").unwrap();
    out.flush().unwrap();
}

/// What a child said that it had done: the last save, and the last that it restored.
#[derive(Default, Debug)]
struct Said {
    saved: Option<usize>,
    restored: Option<usize>,
}

/// Lets a child live until some moment.
fn kill(folder: &Path, first: usize, random: &mut ChaCha8Rng) -> Said {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "node::saving::child_that_is_killed_while_it_saves",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut left, mut said) = (1 + random.next_u32() % 5, Said::default());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(Ok(line)) = lines.next() {
        let Some(news) = line.strip_prefix("cairn ") else { continue };
        match news.split_once(' ') {
            Some(("saved", number)) => said.saved = number.parse().ok(),
            Some(("restored", number)) => said.restored = number.parse().ok(),
            _ => {}
        }
        left = left.saturating_sub(1);
        if left == 0 {
            thread::sleep(Duration::from_micros(random.next_u64() % WAIT_MAX));
            child.kill().unwrap();
        }
    }
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("panicked"), "{errors}");
    said
}

/// Numbers of the folders that are called so, half-made ones left out.
fn numbers(folder: &Path, prefix: &str) -> Vec<usize> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_prefix(prefix)?.parse().ok()).collect()
}

#[test]
fn save_or_restore_that_is_cut_off_leaves_nothing_or_all() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("data")).unwrap();
    replace(&at("data"), later().path());
    let blocks = &Prepared::get().blocks[LATER..];
    Prepared::write_some(&at("blocks"), blocks);
    let mut first = 0;
    for seed in seeds(16) {
        if first + 5 > blocks.len() {
            break;
        }
        let said = kill(folder.path(), first, &mut ChaCha8Rng::seed_from_u64(seed));
        let (saved, restored) = (numbers(folder.path(), "saved-"), numbers(folder.path(), "node-"));
        assert!(said.saved.is_none_or(|number| saved.contains(&number)), "seed {seed}: {said:?}");
        assert!(said.restored.is_none_or(|number| restored.contains(&number)), "seed {seed}: {said:?}");
        for number in saved {
            first = first.max(number + 1);
            let facts = restore(&at(&format!("saved-{number}")), &at("looked-at"), 2).unwrap();
            let recovered = recover(&at("looked-at")).unwrap();
            check_against_replay(&recovered);
            assert_eq!((recovered.ledger.tip(), recovered.store.sequence()), (facts.tip, facts.sequence));
            assert!(recovered.chain.has_body(&blocks[number].header.hash()), "seed {seed}: {number}");
            assert_eq!(facts.transactions, WAITING as u64);
            drop(recovered);
            fs::remove_dir_all(at("looked-at")).unwrap();
            fs::remove_dir_all(at(&format!("saved-{number}"))).unwrap();
        }
        for number in restored {
            check_against_replay(&recover(&at(&format!("node-{number}"))).unwrap());
            fs::remove_dir_all(at(&format!("node-{number}"))).unwrap();
        }
        check_against_replay(&recover(&at("data")).unwrap());
    }
    assert!(first > 0, "nothing was ever saved");
}
