//! Whoever asks: a second process with so many connections, each of which asks again as soon as it is answered.

use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

/// Names the errand of the second process.
const ERRAND_VARIABLE: &str = "CAIRN_BENCH_ERRAND";
/// Bytes read at a time.
const READ_BYTES: usize = 64 << 10;

/// What is asked.
#[derive(Clone, Serialize, Deserialize)]
pub struct Asked {
    pub path: String,
    /// A body makes it a POST.
    pub body: Option<String>,
    /// Whether it may be compressed.
    takes_gzip: bool,
}

impl Asked {
    pub fn path(path: impl Into<String>) -> Self {
        Self { path: path.into(), body: None, takes_gzip: false }
    }

    pub fn posted(path: impl Into<String>, body: String) -> Self {
        Self { path: path.into(), body: Some(body), takes_gzip: false }
    }

    pub fn compressed(path: impl Into<String>) -> Self {
        Self { takes_gzip: true, ..Self::path(path) }
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { path, body, takes_gzip } = self;
        let encoding = if *takes_gzip { "accept-encoding: gzip\r\n" } else { "" };
        let head = match body {
            None => format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{encoding}\r\n"),
            Some(body) => format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            ),
        };
        head.into_bytes()
    }
}

/// How it is asked.
#[derive(Clone, Serialize, Deserialize)]
struct Errand {
    address: String,
    connections: usize,
    /// How long; without, everything is asked once.
    seconds: Option<f64>,
    /// A file with what is asked, in JSON.
    asked: String,
}

/// What came of it.
#[derive(Serialize, Deserialize)]
pub struct Answered {
    /// How many.
    pub requests: usize,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Half of all came within so many microseconds.
    pub p50: f64,
    /// All but one in a hundred.
    pub p99: f64,
}

impl Answered {
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.seconds
    }
}

/// Asks some things at an address, again and again for so long, or each once.
pub struct Load {
    child: Child,
}

impl Load {
    /// Begins.
    pub fn start(address: &str, connections: usize, time: Option<Duration>, asked: &[Asked]) -> Self {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("asked.json");
        fs::write(&file, serde_json::to_vec(asked).expect("plain text")).expect("room on the disk");
        let errand = Errand {
            address: address.to_owned(),
            connections,
            seconds: time.map(|time| time.as_secs_f64()),
            asked: file.to_string_lossy().into_owned(),
        };
        let errand = serde_json::to_string(&errand).expect("plain text");
        let program = env::current_exe().expect("this program");
        let child = Command::new(program).env(ERRAND_VARIABLE, errand).stdout(Stdio::piped()).spawn();
        Self { child: child.expect("a second process") }
    }

    /// Waits for its end.
    pub fn answered(self) -> Answered {
        let output = self.child.wait_with_output().expect("it was ours");
        assert!(output.status.success(), "the second process failed");
        serde_json::from_slice(&output.stdout).expect("what came of it")
    }
}

/// Runs an errand, where this is the second process.
pub fn run_errand() -> bool {
    let Ok(errand) = env::var(ERRAND_VARIABLE) else { return false };
    let errand: Errand = serde_json::from_str(&errand).expect("an errand");
    let asked: Vec<Asked> =
        serde_json::from_slice(&fs::read(&errand.asked).expect("the file")).expect("what is asked");
    let asked: &'static [Vec<u8>] = asked.iter().map(Asked::bytes).collect::<Vec<_>>().leak();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a thread");
    let answered = runtime.block_on(ask_all(&errand, asked));
    println!("{}", serde_json::to_string(&answered).expect("numbers"));
    true
}

async fn ask_all(errand: &Errand, asked: &'static [Vec<u8>]) -> Answered {
    let mut lines = Vec::new();
    for _ in 0..errand.connections {
        let stream = TcpStream::connect(&errand.address).await.expect("somebody who answers");
        stream.set_nodelay(true).expect("a socket");
        lines.push(stream);
    }
    let begun = Instant::now();
    let end = errand.seconds.map(|seconds| begun + Duration::from_secs_f64(seconds));
    let mut asking = JoinSet::new();
    for (number, stream) in lines.into_iter().enumerate() {
        let mine = asked.iter().cycle().skip(number).step_by(errand.connections);
        let count = end.is_none().then(|| asked.len().saturating_sub(number).div_ceil(errand.connections));
        let mine = mine.take(count.unwrap_or(usize::MAX));
        asking.spawn(async move { ask(stream, mine, end).await.expect("answers to the end") });
    }
    let mut times: Vec<u32> = asking.join_all().await.concat();
    let seconds = begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let part = |part: usize| f64::from(times[(times.len() - 1) * part / 100]) / 1e3;
    Answered { requests: times.len(), seconds, p50: part(50), p99: part(99) }
}

/// Asks over one connection, one thing after the other; gives the time of each in nanoseconds.
async fn ask(
    mut stream: TcpStream,
    asked: impl Iterator<Item = &'static Vec<u8>>,
    end: Option<Instant>,
) -> io::Result<Vec<u32>> {
    let (mut times, mut buffer) = (Vec::new(), Vec::with_capacity(READ_BYTES));
    let mut begun = Instant::now();
    for request in asked {
        stream.write_all(request).await?;
        buffer.clear();
        while !is_whole(&buffer) {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let now = Instant::now();
        times.push(u32::try_from((now - begun).as_nanos()).unwrap_or(u32::MAX));
        begun = now;
        if end.is_some_and(|end| now >= end) {
            break;
        }
    }
    Ok(times)
}

/// Whether all of an answer is there.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let text = std::str::from_utf8(&bytes[..head]).expect("a head is text");
    assert!(text.starts_with("HTTP/1.1 20"), "{}", String::from_utf8_lossy(bytes));
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.and_then(|length| length.parse().ok()).expect("an answer says how long it is");
    bytes.len() >= head + 4 + length
}
