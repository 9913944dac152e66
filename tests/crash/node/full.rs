//! Disks that are full or cannot be written: the node says so, takes nothing in, and loses nothing.
//!
//! A process that may not make files longer than so and so meets the same as one whose disk is full.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cairn::node::BlockRefused;
use cairn::storage::{Disk, Files, Journal, JournalOptions, Position};
use tempfile::TempDir;

use super::folders::{EARLIER, copy, earlier, files};
use super::{Prepared, check_against_replay, genesis, recover, start, submit_all};

const FOLDER: &str = "CAIRN_FULL_FOLDER";
/// Nobody, on every system.
const NOBODY: u32 = 65_534;
/// The kind of a record that holds a block.
const BLOCK: u8 = 3;
/// Longer than the database's file, so that the journal meets the limit first.
const LENGTHENED_BYTES: u64 = 5 << 20;

/// The child: takes blocks in until it is refused, and says how that went. Where nobody started it, it does nothing.
#[test]
fn child_on_a_full_disk() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = PathBuf::from(folder);
    let blocks = Prepared::read_blocks(&folder.with_extension("blocks"));
    let node = match start(&folder) {
        Ok(node) => node,
        Err(error) => return println!("\ncairn error {error}"),
    };
    let handle = node.handle();
    for (at, block) in blocks.iter().enumerate() {
        match pollster::block_on(handle.submit_block(block.clone())).wait() {
            Ok(_) => println!("\ncairn block {at}"),
            Err(BlockRefused::Closed(closed)) => {
                println!("\ncairn closed {}", closed.reason);
                println!("\ncairn stopped {}", handle.condition().stopped.unwrap_or_default());
                // It has its place, and may not be there: whoever reads can go on.
                let reader = handle.reader();
                let hash = block.header.hash();
                assert!(reader.block(&hash).is_ok() && reader.receipts(&hash).is_ok());
                break;
            }
            Err(other) => panic!("{other}"),
        }
    }
    node.stop();
    println!("\ncairn ended");
}

/// What a child said, by kind.
struct Said(Vec<(String, String)>);

impl Said {
    fn of(command: &mut Command, folder: &Path) -> Self {
        let output = command.env(FOLDER, folder).output().unwrap();
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = lines.lines().filter_map(|line| line.strip_prefix("cairn "));
        let split = |said: &str| {
            let (kind, rest) = said.split_once(' ').unwrap_or((said, ""));
            (kind.to_owned(), rest.to_owned())
        };
        let said: Vec<_> = said.map(split).collect();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(said.iter().any(|(kind, _)| kind == "ended" || kind == "error"), "{lines}\n{errors}");
        Self(said)
    }

    fn all(&self, kind: &str) -> Vec<&str> {
        self.0.iter().filter(|(found, _)| found == kind).map(|(_, rest)| rest.as_str()).collect()
    }

    /// So many blocks were taken in.
    fn blocks(&self) -> usize {
        self.all("block").len()
    }
}

const ARGUMENTS: [&str; 4] =
    ["--exact", "node::full::child_on_a_full_disk", "--nocapture", "--test-threads=1"];

/// The child, that may not make files longer than this many half kibibytes.
fn limited(units: u64) -> Command {
    let mut command = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f \"$0\" || exit 1; exec \"$@\"";
    command.args(["-c", script, &units.to_string()]).arg(std::env::current_exe().unwrap()).args(ARGUMENTS);
    command
}

/// A folder and, beside it, the blocks for the child.
fn with_blocks() -> (TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("data");
    copy(earlier().path(), &data);
    Prepared::get().write(&data.with_extension("blocks"));
    (outer, data)
}

/// Lengthens a journal by what is in it already, beyond every other file; says how many KiB it has then.
fn lengthen(data: &Path) -> u64 {
    let files: Arc<dyn Files> = Arc::new(Disk::open(&data.join("journal-1")).unwrap());
    let chain = genesis().params().chain;
    let mut journal =
        Journal::open(files, chain, JournalOptions::default(), Position::START).unwrap().journal;
    let blocks = journal.reader().records(Position::START, journal.end()).map(|record| record.unwrap().1);
    let blocks: Vec<Vec<u8>> = blocks.filter(|payload| payload[0] == BLOCK).collect();
    for block in blocks.iter().cycle() {
        if journal.end().offset > LENGTHENED_BYTES {
            break;
        }
        journal.append(&[block]).unwrap();
    }
    journal.sync().unwrap();
    journal.end().offset.div_ceil(1024)
}

#[test]
fn full_disk_stops_acceptance_and_loses_nothing() {
    let prepared = Prepared::get();
    for kibibytes in [1, 30, 77, 140] {
        let (_outer, data) = with_blocks();
        let length = lengthen(&data);
        let said = Said::of(&mut limited(2 * (length + kibibytes)), &data);
        assert!(said.blocks() >= EARLIER && said.blocks() < prepared.blocks.len(), "{}", said.blocks());
        for why in ["closed", "stopped"] {
            let reason = said.all(why)[0];
            assert!(reason.contains("journal-0000000001: File too large"), "{reason}");
            assert!(reason.contains("free some space"), "{reason}");
        }
        // Full as it is, what is there can be read.
        let recovered = recover(&data).unwrap();
        check_against_replay(&recovered);
        for block in &prepared.blocks[..said.blocks()] {
            assert!(recovered.chain.has_body(&block.header.hash()));
        }
        drop(recovered);
        let node = start(&data).unwrap();
        submit_all(&node, &prepared.blocks);
        node.stop();
        let recovered = recover(&data).unwrap();
        check_against_replay(&recovered);
        assert_eq!(recovered.notes, [""; 0]);
        assert!(prepared.blocks.iter().all(|block| recovered.chain.has_body(&block.header.hash())));
    }
}

#[test]
fn disk_too_full_to_start_is_named_and_nothing_is_lost() {
    let (_outer, data) = with_blocks();
    let said = Said::of(&mut limited(40), &data);
    assert_eq!(said.all("error").len(), 1);
    assert!(said.all("error")[0].contains("File too large"), "{:?}", said.all("error"));
    let recovered = recover(&data).unwrap();
    check_against_replay(&recovered);
    assert_eq!(recovered.notes, [""; 0]);
}

#[test]
fn folder_that_cannot_be_written_is_named_and_left_alone() {
    let (outer, data) = with_blocks();
    let before: Vec<_> = files(&data).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
    let make = |mode: u32, file_mode: u32| {
        for path in files(&data) {
            fs::set_permissions(path.parent().unwrap(), Permissions::from_mode(mode)).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(file_mode)).unwrap();
        }
        fs::set_permissions(&data, Permissions::from_mode(mode)).unwrap();
    };
    fs::set_permissions(outer.path(), Permissions::from_mode(0o755)).unwrap();
    make(0o555, 0o444);
    // To whoever may do anything nothing is read-only.
    let is_root = fs::metadata(outer.path()).unwrap().uid() == 0;
    let binary = outer.path().join("crash");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let mut command = Command::new(&binary);
    if is_root {
        command.uid(NOBODY);
    }
    let said = Said::of(command.args(ARGUMENTS).current_dir(outer.path()), &data);
    let error = said.all("error")[0];
    assert!(error.contains("Permission denied") && error.contains(data.to_str().unwrap()), "{error}");
    assert!(before.iter().all(|(content, path)| fs::read(path).unwrap() == *content));
    assert_eq!(files(&data).len(), before.len());
    make(0o755, 0o644);
    check_against_replay(&recover(&data).unwrap());
}
