//! A shell in a folder of its own, where `cargo run` runs what was built for this test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::likeness::is_like;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// `cargo`, as far as the README needs it.
const CARGO: &str = "#!/bin/sh
[ \"$1\" = run ] || { echo \"the README runs cargo $1, which this test does not\" >&2; exit 1; }
while [ \"$1\" != -- ]; do shift; done
shift
exec \"$CAIRN_BUILT\" \"$@\"
";

/// Where everything is typed.
pub struct Shell {
    folder: TempDir,
    /// Functions that were defined.
    defined: String,
    running: Option<(Child, Receiver<String>)>,
}

impl Shell {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("bin")).unwrap();
        fs::create_dir(path("home")).unwrap();
        fs::write(path("bin/cargo"), CARGO).unwrap();
        fs::set_permissions(path("bin/cargo"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/genesis.json"), path("genesis.json")).unwrap();
        Self { folder, defined: String::new(), running: None }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("bash");
        let ours = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CAIRN_"));
        ours.for_each(|(name, _)| {
            command.env_remove(name);
        });
        let bin = self.folder.path().join("bin");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        command.args(["-c", &format!("{}{line}", self.defined)]).current_dir(self.folder.path());
        command.env("PATH", path).env("HOME", self.folder.path().join("home"));
        command.env("CAIRN_BUILT", env!("CARGO_BIN_EXE_cairn")).stdin(Stdio::null());
        command
    }

    /// Runs a command that ends, and compares what it says on both its outputs.
    pub fn run(&mut self, line: &str, says: &[String]) {
        if line.contains("() {") {
            self.defined += &format!("{line}\n");
            return;
        }
        eprintln!("$ {line}");
        // In a group of its own, so that all of it can be ended.
        let mut command = self.command(&format!("{{ {line}; }} 2>&1"));
        let mut child = command.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
        let (mut said, lines, deadline) = (Vec::new(), lines_of(&mut child), Instant::now() + PATIENCE);
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => said.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let group = format!("-{}", child.id());
                    let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
                    panic!("`{line}` takes longer than {PATIENCE:?}: {said:#?}");
                }
            }
        }
        let ended = child.wait().unwrap();
        assert!(ended.success(), "`{line}` ended with {:?}: {said:#?}", ended.code());
        assert!(
            is_like(&said, says),
            "`{line}` says\n{}\nand the README\n{}",
            said.join("\n"),
            says.join("\n")
        );
    }

    /// Begins a command that goes on, and waits until it has said what the page says.
    pub fn begin(&mut self, line: &str, says: &[String]) {
        eprintln!("$ {line}");
        assert!(
            self.running.is_none(),
            "the README says to begin `{line}` while something else runs, and not to end that"
        );
        // In the place of the shell, so that it gets the signals.
        let mut child = self.command(&format!("exec {line} 2>&1")).stdout(Stdio::piped()).spawn().unwrap();
        let lines = lines_of(&mut child);
        let (mut said, deadline) = (Vec::new(), Instant::now() + PATIENCE);
        self.running = Some((child, lines));
        while !is_like(&said, says) {
            let (_, lines) = self.running.as_ref().unwrap();
            let next = lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            match next {
                Ok(line) => said.push(line),
                Err(_) => panic!("`{line}` says\n{}\nand the README\n{}", said.join("\n"), says.join("\n")),
            }
        }
    }

    /// Ends what goes on, as Ctrl-C does.
    pub fn end(&mut self) {
        let Some((mut child, _)) = self.running.take() else { return };
        let signalled = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(signalled.success());
        let ended = child.wait().unwrap();
        assert!(ended.success(), "it ended with {ended}");
    }
}

/// What a process says, line by line, until nothing holds its output any more.
fn lines_of(child: &mut Child) -> Receiver<String> {
    let (sender, lines) = channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    thread::spawn(move || out.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))));
    lines
}

impl Drop for Shell {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
