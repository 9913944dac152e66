//! Running the command, and looking at what it left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use cairn::storage::{Disk, JournalReader, Location, Position};
use cairn::types::ChainId;
use serde_json::Value;
use tempfile::TempDir;

/// The command itself.
pub const CAIRN: &str = env!("CARGO_BIN_EXE_cairn");

/// How long a command may say nothing that has something to say.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of its own that the command runs in; `data` in it is where a chain is kept.
pub struct Folder(TempDir);

/// What came of a run.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder for temporary files"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("a file in a folder of ours");
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("a file that was written")
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).expect("UTF-8")
    }

    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The command with these arguments, none of our own settings about it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(CAIRN);
        let ours = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CAIRN_"));
        ours.for_each(|(name, _)| {
            command.env_remove(name);
        });
        command.args(arguments).current_dir(self.0.path()).env("HOME", self.path("home"));
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Answer {
        answer_of(&mut self.command(arguments))
    }

    /// `cairn chain …` on the data of this folder.
    pub fn chain(&self, arguments: &[&str]) -> Answer {
        self.run(&[&["chain"], arguments, &["--data-dir", "data"]].concat())
    }

    /// The same, answered in JSON, where it did what was asked.
    pub fn json(&self, arguments: &[&str]) -> Value {
        self.chain(&[arguments, &["--json"]].concat()).json()
    }

    /// Tip and height that `info` tells.
    pub fn tip(&self) -> (String, u64) {
        let info = self.json(&["info"]);
        (info["tip"].as_str().expect("a tip").to_owned(), info["height"].as_u64().expect("a height"))
    }

    /// A node that runs on the data of this folder, and is ready.
    pub fn start_node(&self) -> Running {
        Running::start(&mut self.command(&["node", "--data-dir", "data"]))
    }

    /// Every file below the data and what is in it.
    pub fn snapshot(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files_below(&self.data())
    }

    /// The one segment that the journal has.
    pub fn segment(&self) -> PathBuf {
        let journals = fs::read_dir(self.data()).expect("data").flatten();
        let mut journals =
            journals.filter(|entry| entry.file_name().to_string_lossy().starts_with("journal-"));
        journals.next().expect("a journal").path().join("journal-0000000001")
    }

    /// Every record of the journal, by where it lies.
    pub fn records(&self, chain: ChainId) -> Vec<(Location, Vec<u8>)> {
        let segment = self.segment();
        let disk = Disk::open(segment.parent().expect("a folder")).expect("a journal");
        let reader = JournalReader::inspect(std::sync::Arc::new(disk), chain).expect("a journal").reader;
        reader.records(Position::START, reader.end()).map(|record| record.expect("a sound one")).collect()
    }

    /// Flips a bit of the payload of a record.
    pub fn flip_in_record(&self, location: Location) {
        flip(&self.segment(), location.end().offset - u64::from(location.length / 2) - 1);
    }
}

/// Flips the lowest bit of a byte.
pub fn flip(path: &Path, offset: u64) {
    let mut bytes = fs::read(path).expect("a file to damage");
    bytes[usize::try_from(offset).expect("a small file")] ^= 1;
    fs::write(path, bytes).expect("a file to damage");
}

pub fn files_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            let bytes = fs::read(&path).expect("a file");
            files.insert(path, bytes);
        }
    }
    files
}

pub fn answer_of(command: &mut Command) -> Answer {
    let Output { status, stdout, stderr } = command.output().expect("a process that can be started");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Answer { code: status.code(), out: text(stdout), err: text(stderr) }
}

impl Answer {
    /// What was said, where the command did what was asked.
    #[track_caller]
    pub fn success(&self) -> &str {
        assert!(self.code == Some(0) && self.err.is_empty(), "{self:?}");
        &self.out
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(self.success()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What was complained about, where the command ended with this code and answered nothing.
    #[track_caller]
    pub fn failure(&self, code: i32) -> &str {
        assert!(self.code == Some(code) && self.out.is_empty(), "{self:?}");
        assert!(!self.err.contains("panicked"), "{self:?}");
        &self.err
    }
}

/// Sends a process a signal, by its name.
pub fn signal(process: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
    assert!(status.expect("kill").success());
}

/// A command that runs as a process. Killed where a test ends early.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    /// Everything that a node said until it was ready.
    pub greeting: String,
}

impl Running {
    /// Starts a node and waits until it is ready.
    pub fn start(command: &mut Command) -> Self {
        let mut running = Self::spawn(command);
        loop {
            let line = running.line();
            running.greeting += &line;
            if line.starts_with("ready") {
                return running;
            }
            assert!(!line.is_empty(), "it ended: {:?}", running.end());
        }
    }

    /// Starts anything that goes on.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process to start");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut next = || {
                let mut line = String::new();
                out.read_line(&mut line).expect("lines of text");
                (!line.is_empty()).then_some(line)
            };
            while next().is_some_and(|line| sender.send(line).is_ok()) {}
        });
        Self { child, lines, greeting: String::new() }
    }

    /// The next line it says; empty where it has ended.
    pub fn line(&mut self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => String::new(),
            Err(RecvTimeoutError::Timeout) => panic!("it said nothing for {PATIENCE:?}"),
        }
    }

    /// Sends a signal, by its name.
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// The names of its threads, where the system tells.
    pub fn threads(&self) -> Option<BTreeSet<String>> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).ok()?;
        let name = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("comm"));
        Some(threads.flatten().flat_map(name).map(|name| name.trim().to_owned()).collect())
    }

    /// Waits for its end, and says what came of it.
    pub fn end(mut self) -> Answer {
        let mut err = String::new();
        let out = self.lines.iter().collect();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("text");
        Answer { code: self.child.wait().expect("an end").code(), out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
