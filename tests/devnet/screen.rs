//! `cairn devnet --tui` at a real terminal.

use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

use super::process::{CAIRN, Folder, PATIENCE};

/// Writes down how the terminal is before and after, which process it is, and how it ended.
const SITTING: &str = r#"stty rows 30 cols 100; stty -a > before
sh -c 'echo $$ > pid; exec "$0" "$@"' "$0" "$@"
echo "ended with $?"; stty -a > after"#;

/// What a terminal is told to show another screen, and the one from before again.
const TAKEN: &str = "\x1b[?1049h";
const GIVEN_BACK: &str = "\x1b[?1049l";

struct Sitting {
    folder: Folder,
    terminal: PtySession,
}

impl Sitting {
    fn begin() -> Self {
        let folder = Folder::new();
        let mut shell = Command::new("sh");
        shell.args(["-c", SITTING, CAIRN, "devnet", "--tui", "--port", "0", "--data-dir", "net"]);
        shell.args(["--mining", "manual", "--nodes", "3"]);
        shell.current_dir(folder.path("")).env("HOME", folder.path("home")).env("TERM", "xterm-256color");
        let terminal = spawn_command(shell, Some(PATIENCE.as_millis() as u64)).unwrap();
        let mut sitting = Self { folder, terminal };
        sitting.until(TAKEN);
        sitting.until("3 nodes, all at height 0");
        sitting
    }

    /// Waits until these words are drawn. Between them a terminal may be told to skip what is empty.
    fn until(&mut self, text: &str) {
        for word in text.split(' ') {
            self.terminal
                .exp_string(word)
                .unwrap_or_else(|error| panic!("waiting for {word:?} of {text:?}: {error}"));
        }
    }

    fn press(&mut self, keys: &str) {
        self.terminal.send(keys).unwrap();
        self.terminal.flush().unwrap();
    }

    fn order(&self, arguments: &[&str]) -> super::process::Answer {
        self.folder.run(&[&["devnet"], arguments, &["--data-dir", "net"]].concat())
    }

    /// Its end with 0, after which the terminal is as it was.
    fn end(mut self) {
        self.until(GIVEN_BACK);
        self.until("stopped; everything is kept");
        self.until("ended with 0");
        self.terminal.exp_eof().unwrap();
        assert_eq!(self.folder.text("before"), self.folder.text("after"));
    }
}

#[test]
fn keys_are_followed_and_q_gives_the_terminal_back() {
    let mut sitting = Sitting::begin();
    sitting.press("m");
    sitting.until("made block");
    sitting.press("2");
    sitting.until("node 2 is down");
    let status = sitting.order(&["status", "--json"]).json();
    assert_eq!((&status["nodes"][0]["height"], &status["nodes"][2]["up"]), (&1.into(), &false.into()));
    sitting.press("2");
    sitting.until("node 2 runs");
    sitting.order(&["mining", "interval=3600"]).success();
    sitting.until("every 3600 seconds");
    sitting.press("a");
    sitting.until(status["accounts"][4]["key"].as_str().unwrap());
    sitting.press("q");
    sitting.end();
}

#[test]
fn signal_gives_the_terminal_back_too() {
    let sitting = Sitting::begin();
    let process = sitting.folder.text("pid");
    let killed = Command::new("kill").args(["-TERM", process.trim()]).status();
    assert!(killed.unwrap().success());
    sitting.end();
}

#[test]
fn told_once_more_after_a_key_it_ends_where_it_stands() {
    let mut sitting = Sitting::begin();
    // Nobody reads it: whoever writes there stands still.
    let stuck = Command::new("mkfifo").arg(sitting.folder.path("net/devnet.json.new")).status();
    assert!(stuck.unwrap().success());
    sitting.press("q");
    sitting.until(GIVEN_BACK);
    // What comes sooner may be the same once more.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let process = sitting.folder.text("pid");
    let told = Command::new("kill").args(["-INT", process.trim()]).status();
    assert!(told.unwrap().success());
    sitting.until("ended with 130");
}

#[test]
fn control_c_is_a_key_like_q() {
    let mut sitting = Sitting::begin();
    sitting.terminal.send_control('c').unwrap();
    sitting.end();
}
