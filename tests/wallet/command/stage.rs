//! A person's home, the command in it, and a terminal to sit at.

use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use serde_json::Value;

use crate::process::{Answer, CAIRN, Folder, PATIENCE, Running, answer_of};

/// A port at which no node answers.
const NOBODY: &str = "http://127.0.0.1:1";

/// What a terminal needs to show what is typed, as those of people do.
const SHOWING: &str = "stty echo; exec \"$0\" \"$@\"";

/// No file may grow, and whoever tries is told so.
const FULL: &str = "trap '' XFSZ; ulimit -f 0; exec setsid \"$0\" \"$@\"";

/// How long it takes a program that has asked to turn off what shows answers.
const MOMENT: Duration = Duration::from_millis(150);

/// Somebody's home, with all that they have.
pub struct Home(Folder);

impl Deref for Home {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Home {
    pub fn new() -> Self {
        let home = Self(Folder::new());
        home.write("genesis.json", include_str!("../../../genesis.json"));
        home
    }

    /// With an open wallet in it, of the words that everybody knows.
    pub fn with_wallet() -> Self {
        let home = Self::new();
        home.write("words", cairn::wallet::DEVNET_MNEMONIC);
        let words = ["--mnemonic-file", "words"];
        home.wallet(&[&["restore", "--open"], &words[..]].concat()).success();
        home
    }

    /// With a wallet that has this password.
    pub fn with_password(password: &str) -> Self {
        let home = Self::with_wallet();
        home.write("chosen", password);
        home.wallet(&["change-password", "--new-password-file", "chosen"]).success();
        fs::remove_file(home.path("chosen")).unwrap();
        home
    }

    /// `cairn wallet …`, where no node is and nobody sits at a terminal, whoever runs the test.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut alone = Command::new("setsid");
        alone.args([CAIRN, "wallet"]).args(arguments).stdin(Stdio::null());
        dress(&self.0.command(&[]), &mut alone);
        alone.env_remove("XDG_DATA_HOME").env("CAIRN_NODE", NOBODY).env("CAIRN_GENESIS", "genesis.json");
        alone
    }

    pub fn wallet(&self, arguments: &[&str]) -> Answer {
        answer_of(&mut self.command(arguments))
    }

    /// The same where no file can be written.
    pub fn on_a_full_disk(&self, arguments: &[&str]) -> Answer {
        let mut shell = Command::new("sh");
        shell.args(["-c", FULL, CAIRN, "wallet"]).args(arguments).stdin(Stdio::null());
        dress(&self.command(arguments), &mut shell);
        answer_of(&mut shell)
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        self.wallet(&[arguments, &["--json"]].concat()).json()
    }

    /// The same at a terminal.
    pub fn at_terminal(&self, arguments: &[&str]) -> Terminal {
        let mut shell = Command::new("sh");
        shell.args(["-c", SHOWING, CAIRN, "wallet"]).args(arguments);
        dress(&self.command(arguments), &mut shell);
        Terminal(spawn_command(shell, Some(PATIENCE.as_millis() as u64)).unwrap())
    }

    /// The file of the wallet that has no other name.
    pub fn file(&self) -> PathBuf {
        self.named("default.json")
    }

    pub fn named(&self, name: &str) -> PathBuf {
        self.path("home/.local/share/cairn/wallets").join(name)
    }

    /// Names and addresses of all accounts.
    pub fn accounts(&self) -> Vec<(String, String)> {
        let list = self.json(&["list"]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let accounts = list["accounts"].as_array().unwrap().iter();
        accounts.map(|account| (text(&account["name"]), text(&account["address"]))).collect()
    }

    pub fn contacts(&self) -> Vec<String> {
        let list = self.json(&["contacts", "list"]);
        list.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    }

    /// A node on the chain of the genesis that is built in, and where it answers.
    pub fn node(&self) -> (Running, String) {
        let arguments = ["node", "--data-dir", "data", "--listen", "off", "--http", "127.0.0.1:0"];
        let mut node = Running::start(&mut self.0.command(&arguments));
        loop {
            let line = node.line();
            assert!(!line.is_empty(), "it ended before it answered");
            if let Some((_, place)) = line.trim().split_once("answering at ") {
                return (node, place.to_owned());
            }
        }
    }
}

/// Has a command run where another would, and with the same settings.
fn dress(like: &Command, command: &mut Command) {
    command.current_dir(like.get_current_dir().unwrap());
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// A command that runs at a terminal.
pub struct Terminal(PtySession);

impl Terminal {
    /// Waits until this is shown; what came before it.
    pub fn until(&mut self, text: &str) -> String {
        self.0.exp_string(text).unwrap_or_else(|error| panic!("waiting for {text:?}: {error}"))
    }

    /// Waits for a question and answers it.
    pub fn answer(&mut self, question: &str, answer: &str) -> String {
        let before = self.until(question);
        thread::sleep(MOMENT);
        self.0.send_line(answer).unwrap();
        before
    }

    /// Answers what was asked before.
    pub fn say(&mut self, answer: &str) {
        thread::sleep(MOMENT);
        self.0.send_line(answer).unwrap();
    }

    pub fn interrupt(&mut self) {
        thread::sleep(MOMENT);
        self.0.send_control('c').unwrap();
    }

    /// All that is shown until the end, and the exit code where there is one.
    pub fn end(mut self) -> (String, Option<i32>) {
        let rest = self.0.exp_eof().unwrap();
        match self.0.process().wait().unwrap() {
            WaitStatus::Exited(_, code) => (rest, Some(code)),
            _ => (rest, None),
        }
    }
}
