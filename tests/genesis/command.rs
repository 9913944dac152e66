//! Running the command.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The command itself.
pub const CAIRN: &str = env!("CARGO_BIN_EXE_cairn");

/// What the repository carries at its top.
pub const COMMITTED: &str = include_str!("../../genesis.json");

/// A folder of its own that the command runs in.
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

    /// A folder that holds this as `genesis.json`.
    pub fn with(text: &str) -> Self {
        let folder = Self::new();
        folder.write("genesis.json", text);
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file in a fresh folder");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file that was written")
    }

    /// The command with these arguments, ready to be changed.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(CAIRN);
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Answer {
        answer_of(&mut self.command(arguments))
    }

    /// What `check --json` calls the chain of the folder's `genesis.json`.
    pub fn chain(&self) -> String {
        let answer = self.run(&["genesis", "check", "--json"]);
        answer.json()["chain"].as_str().expect("a chain's name is text").to_owned()
    }
}

pub fn answer_of(command: &mut Command) -> Answer {
    let Output { status, stdout, stderr } = command.output().expect("a process that can be started");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Answer { code: status.code(), out: text(stdout), err: text(stderr) }
}

impl Answer {
    /// What was said, where the command did what was asked.
    pub fn success(&self) -> &str {
        assert!(self.code == Some(0) && self.err.is_empty(), "{self:?}");
        &self.out
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(self.success()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What was complained about, where the command ended with this code and answered nothing.
    pub fn failure(&self, code: i32) -> &str {
        assert!(self.code == Some(code) && self.out.is_empty(), "{self:?}");
        assert!(!self.err.contains("panicked"), "{self:?}");
        &self.err
    }
}
