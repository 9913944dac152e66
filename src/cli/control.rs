//! Speaking with a node that runs: a door for whoever may read its folder, and for nobody else.
//!
//! A node listens on a port of this machine and writes into its folder which, and a word that has to be said there. A
//! question is a line of JSON, and so is the answer.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::peers::Question;
use super::secrets::{word, write_secret};
use crate::net::PeersHandle;

/// The file that says where the door is.
const FILE: &str = "control";
/// Longest question.
const QUESTION_BYTES_MAX: usize = 64 << 10;
/// How long a question may take to come.
const QUESTION_TIME_MAX: Duration = Duration::from_secs(2);
/// Questions at a time; who comes then waits.
const GUESTS_MAX: usize = 8;
const PAUSE: Duration = Duration::from_millis(50);
/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is said at the door.
#[derive(Serialize, Deserialize)]
struct Knock {
    word: String,
    question: Question,
}

/// What is said back.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Answer(Value),
    Error(String),
}

/// A door that is open as long as this is kept.
pub(super) struct Control {
    file: PathBuf,
}

impl Drop for Control {
    fn drop(&mut self) {
        // Whoever finds it left behind by a kill finds nobody there, and says so.
        let _ = fs::remove_file(&self.file);
    }
}

impl Control {
    /// Opens the door of this folder.
    pub fn start(data_dir: &Path, peers: PeersHandle) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen for orders")?;
        let word = word()?;
        let file = data_dir.join(FILE);
        write_secret(&file, &format!("{}\n{word}\n", listener.local_addr()?))
            .with_context(|| format!("cannot write {}", file.display()))?;
        thread::Builder::new()
            .name("cairn-control".to_owned())
            .spawn(move || keep(&listener, &Arc::new((word, peers))))
            .context("cannot start threads")?;
        Ok(Self { file })
    }
}

/// Lets whoever knocks in, a few at a time: each has a moment, so that nobody who does not know the word is in the way for
/// long.
fn keep(listener: &TcpListener, door: &Arc<(String, PeersHandle)>) {
    let guests = Arc::new(());
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            // Out of files.
            thread::sleep(PAUSE);
            continue;
        };
        while Arc::strong_count(&guests) > GUESTS_MAX {
            thread::sleep(PAUSE);
        }
        let (door, guest) = (Arc::clone(door), Arc::clone(&guests));
        let spawned = thread::Builder::new().name("cairn-control".to_owned()).spawn(move || {
            // Whoever asked may have gone away.
            let _ = serve(&stream, &door.0, &door.1);
            drop(guest);
        });
        if spawned.is_err() {
            thread::sleep(PAUSE);
        }
    }
}

/// The question, if it comes in time, however it is cut up.
fn question(mut stream: &TcpStream) -> Result<String> {
    let (mut line, end) = (Vec::new(), Instant::now() + QUESTION_TIME_MAX);
    let mut bytes = [0; 4096];
    while !line.ends_with(b"\n") && line.len() < QUESTION_BYTES_MAX {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            bail!("the question took too long");
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut bytes)? {
            0 => break,
            count => line.extend_from_slice(&bytes[..count]),
        }
    }
    Ok(String::from_utf8(line)?)
}

fn serve(stream: &TcpStream, word: &str, peers: &PeersHandle) -> Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let line = question(stream)?;
    let reply = match serde_json::from_str::<Knock>(&line) {
        Err(error) => Reply::Error(format!("not a question: {error}")),
        Ok(knock) if knock.word != word => Reply::Error("that is not the word".to_owned()),
        Ok(knock) => match knock.question.ask(peers) {
            Ok(answer) => Reply::Answer(answer),
            Err(error) => Reply::Error(format!("{error:#}")),
        },
    };
    let mut stream = stream;
    stream.write_all(format!("{}\n", serde_json::to_string(&reply)?).as_bytes())?;
    Ok(())
}

/// Asks the node that runs on this folder.
pub(super) fn ask(data_dir: &Path, question: Question) -> Result<Value> {
    let file = data_dir.join(FILE);
    let not_running = || {
        anyhow!(
            "no node runs on {}, or it is still starting: start it with `cairn node`, or name another with --data-dir",
            data_dir.display()
        )
    };
    let text = fs::read_to_string(&file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => not_running(),
        _ => anyhow!("cannot read {}: {error}", file.display()),
    })?;
    let mut lines = text.lines();
    let (Some(address), Some(word)) = (lines.next(), lines.next()) else { return Err(not_running()) };
    let address: SocketAddr = address.parse().map_err(|_| not_running())?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(|_| not_running())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let knock = Knock { word: word.to_owned(), question };
    stream.write_all(format!("{}\n", serde_json::to_string(&knock)?).as_bytes())?;
    let mut line = String::new();
    let answered = BufReader::new(stream).read_line(&mut line);
    answered.map_err(|_| anyhow!("the node did not answer within {} seconds", PATIENCE.as_secs()))?;
    match serde_json::from_str(&line).context("what answered is no node")? {
        Reply::Answer(answer) => Ok(answer),
        Reply::Error(error) => bail!("{error}"),
    }
}
