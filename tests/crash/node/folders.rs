//! Data folders made once, copies of them, and what can be done to a copy.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cairn::node::{Node, Page, ReadError};
use cairn::testkit::Actor;
use tempfile::TempDir;

use super::{Prepared, start, submit_all};

/// Blocks in the earlier of the two folders, and in the later one; a side branch is cut by neither.
pub const EARLIER: usize = 60;
pub const LATER: usize = 130;

static FOLDERS: LazyLock<(TempDir, TempDir)> = LazyLock::new(|| {
    let (earlier, later) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let prepared = Prepared::get();
    let node = start(earlier.path()).unwrap();
    submit_all(&node, &prepared.blocks[..EARLIER]);
    node.stop();
    copy(earlier.path(), later.path());
    let node = start(later.path()).unwrap();
    submit_all(&node, &prepared.blocks[EARLIER..LATER]);
    node.stop();
    (earlier, later)
});

/// A copy of the folder as it was earlier.
pub fn earlier() -> TempDir {
    copy_of(FOLDERS.0.path())
}

/// A copy of the folder that most tests begin with.
pub fn later() -> TempDir {
    copy_of(FOLDERS.1.path())
}

fn copy_of(folder: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    copy(folder, to.path());
    to
}

/// Copies a folder into another.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Puts one folder in place of another.
pub fn replace(folder: &Path, by: &Path) {
    fs::remove_dir_all(folder).unwrap();
    copy(by, folder);
}

/// All files below a folder, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// The only segment of a small journal.
pub fn segment(folder: &Path) -> PathBuf {
    folder.join("journal-1/journal-0000000001")
}

pub fn cut(file: &Path, length: u64) {
    fs::File::options().write(true).open(file).unwrap().set_len(length).unwrap();
}

pub fn flip_bit(file: &Path, bit: u64) {
    let mut bytes = fs::read(file).unwrap();
    bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
    fs::write(file, bytes).unwrap();
}

/// What a node says of the chain, state and indexes.
pub fn answers(node: &Node) -> Vec<String> {
    let reader = node.handle().reader();
    let mut answers = vec![format!("{:?} {:?}", reader.tip().hash, reader.tip().state)];
    for number in (0..12).chain(101..105) {
        let address = Actor::new(number).address();
        answers.push(format!("{:?}", reader.account(&address).unwrap()));
        let history = once_indexed(|| reader.history(&address, None, 1000));
        answers.push(format!("{:?}", history.found));
        for found in history.found.iter().step_by(7) {
            answers.push(format!("{:?}", reader.receipts(&found.block).unwrap()));
        }
    }
    answers
}

fn once_indexed(read: impl Fn() -> Result<Page, ReadError>) -> Page {
    loop {
        match read() {
            Err(ReadError::Indexing { .. }) => std::thread::yield_now(),
            page => return page.unwrap(),
        }
    }
}

/// What a node says to which nothing happened.
pub fn expected() -> &'static [String] {
    static EXPECTED: LazyLock<Vec<String>> = LazyLock::new(|| answers(&start(later().path()).unwrap()));
    &EXPECTED
}
