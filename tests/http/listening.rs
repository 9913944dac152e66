//! A server with a real socket, and those who listen to its events: over plain HTTP and over WebSocket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use cairn::api::{Context, Front, Manners, Server, StreamLimits};
use cairn::net::PeersHandle;
use cairn::node::NodeHandle;
use cairn::testkit::PATIENCE;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// A server, and the threads that it lives on. They end in this order.
pub struct Serving {
    pub context: Context,
    server: Option<Server>,
    address: SocketAddr,
    _runtime: Runtime,
}

impl Serving {
    pub fn start(node: NodeHandle) -> Self {
        Self::with_limits(node, None, StreamLimits::default())
    }

    pub fn with_limits(node: NodeHandle, peers: Option<PeersHandle>, limits: StreamLimits) -> Self {
        Self::with_manners(node, peers, limits, &Manners::default())
    }

    pub fn with_manners(
        node: NodeHandle,
        peers: Option<PeersHandle>,
        limits: StreamLimits,
        manners: &Manners,
    ) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let context = Context::with_limits(node, peers, limits);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server =
            Server::start(Front::with_manners(context.clone(), manners), listener, runtime.handle()).unwrap();
        Self { context, address: server.local_address(), server: Some(server), _runtime: runtime }
    }

    /// Ends, while those who listen go on reading.
    pub fn end(&mut self) {
        self.server = None;
    }

    /// Listens over HTTP, with `query` behind the path.
    pub fn listen(&self, query: &str) -> Listener {
        Listener::ask(self.address, query, &[]).unwrap_or_else(|refused| panic!("refused: {refused:?}"))
    }

    pub fn listen_with(&self, query: &str, headers: &[(&str, &str)]) -> Result<Listener, (u16, Value)> {
        Listener::ask(self.address, query, headers)
    }

    /// Listens over WebSocket.
    pub fn socket(&self, query: &str) -> Socket {
        Socket::open(self.address, query)
    }
}

fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The status of an answer, and its headers, in small letters.
fn head(reader: &mut BufReader<TcpStream>) -> (u16, Vec<String>) {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_lowercase();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let status = lines.remove(0).split(' ').nth(1).unwrap().parse().unwrap();
    (status, lines)
}

/// An event as it came, or the place alone where `event` is empty.
#[derive(Clone, PartialEq, Debug)]
pub struct Heard {
    pub id: String,
    pub event: String,
    pub data: Value,
}

impl Heard {
    /// Only a place, because nothing happened that was asked for.
    pub fn is_mark(&self) -> bool {
        self.event.is_empty()
    }
}

/// Somebody who listens over HTTP.
pub struct Listener {
    reader: BufReader<TcpStream>,
    pub headers: Vec<String>,
    /// What came in chunks, and was not looked at.
    text: String,
}

impl Listener {
    fn ask(address: SocketAddr, query: &str, headers: &[(&str, &str)]) -> Result<Self, (u16, Value)> {
        let mut stream = connected(address);
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(stream, "GET /v1/events{query} HTTP/1.1\r\nhost: localhost\r\n{more}\r\n").unwrap();
        let mut reader = BufReader::new(stream);
        let (status, headers) = head(&mut reader);
        if status != 200 {
            let length = headers.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            return Err((status, serde_json::from_slice(&body).unwrap()));
        }
        Ok(Self { reader, headers, text: String::new() })
    }

    /// The next block of lines; nothing at the end of the stream.
    fn lines(&mut self) -> Option<String> {
        while !self.text.contains("\n\n") {
            let mut size = String::new();
            self.reader.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim_end(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            self.reader.read_exact(&mut chunk).unwrap();
            if size == 0 {
                return None;
            }
            self.text.push_str(std::str::from_utf8(&chunk[..size]).unwrap());
        }
        let (lines, rest) = self.text.split_once("\n\n").unwrap();
        let (lines, rest) = (lines.to_owned(), rest.to_owned());
        self.text = rest;
        Some(lines)
    }

    /// What comes next, places alone too; nothing at the end.
    pub fn next_or_mark(&mut self) -> Option<Heard> {
        loop {
            let mut heard = Heard { id: String::new(), event: String::new(), data: Value::Null };
            for line in self.lines()?.lines() {
                match line.split_once(": ").unwrap() {
                    ("id", id) => id.clone_into(&mut heard.id),
                    ("event", event) => event.clone_into(&mut heard.event),
                    ("data", data) => heard.data = serde_json::from_str(data).unwrap(),
                    ("", _) | ("retry", _) => {}
                    other => panic!("{other:?}"),
                }
            }
            // How long to wait before coming again has no place.
            if !heard.id.is_empty() {
                assert_eq!(heard.is_mark(), heard.data.is_null());
                return Some(heard);
            }
        }
    }

    /// The next event; nothing at the end.
    pub fn end_or_next(&mut self) -> Option<Heard> {
        // The heart may beat for ever.
        let begun = Instant::now();
        let mut heard = std::iter::from_fn(|| self.next_or_mark())
            .inspect(|_| assert!(begun.elapsed() < PATIENCE, "waited too long for an event"));
        heard.find(|heard| !heard.is_mark())
    }

    pub fn next(&mut self) -> Heard {
        let heard = self.end_or_next().expect("it goes on");
        assert_eq!(heard.data["type"], heard.event.as_str());
        heard
    }

    /// The next event, which is of this kind.
    pub fn hear(&mut self, event: &str) -> Value {
        let heard = self.next();
        assert_eq!(heard.event, event, "{heard:?}");
        heard.data
    }

    /// All events up to a cursor.
    pub fn all_up_to(&mut self, cursor: &str) -> Vec<Heard> {
        let heard = std::iter::from_fn(|| Some(self.next_or_mark().expect("it goes on")));
        let mut all: Vec<Heard> = Vec::new();
        for heard in heard {
            let is_there = heard.id == cursor;
            if !heard.is_mark() {
                all.push(heard);
            }
            if is_there {
                break;
            }
        }
        all
    }
}

/// Somebody who listens over WebSocket.
pub struct Socket(BufReader<TcpStream>);

impl Socket {
    fn open(address: SocketAddr, query: &str) -> Self {
        let mut stream = connected(address);
        write!(
            stream,
            "GET /v1/events/socket{query} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        let (status, headers) = head(&mut reader);
        assert_eq!(status, 101, "{headers:?}");
        assert!(
            headers.iter().any(|line| line.starts_with("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="))
        );
        Self(reader)
    }

    /// Sends a frame of this kind.
    pub fn send_frame(&mut self, opcode: u8, bytes: &[u8]) {
        let mut frame = vec![0x80 | opcode];
        match u16::try_from(bytes.len()).unwrap() {
            length @ 0..126 => frame.push(0x80 | length as u8),
            length => {
                frame.push(0x80 | 126);
                frame.extend(length.to_be_bytes());
            }
        }
        // A mask of zeros leaves the bytes as they are.
        frame.extend([0; 4]);
        frame.extend(bytes);
        self.0.get_mut().write_all(&frame).unwrap();
    }

    pub fn send(&mut self, value: &Value) {
        self.send_frame(1, value.to_string().as_bytes());
    }

    fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).ok().map(|()| bytes)
    }

    /// The next frame and its kind; nothing at the end.
    pub fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let head = self.bytes(2)?;
        let length = match head[1] {
            126 => u16::from_be_bytes(self.bytes(2)?.try_into().unwrap()).into(),
            127 => u64::from_be_bytes(self.bytes(8)?.try_into().unwrap()) as usize,
            length => length.into(),
        };
        Some((head[0] & 15, self.bytes(length)?))
    }

    /// The next event.
    pub fn next_or_heartbeat(&mut self) -> Value {
        let (opcode, bytes) = self.frame().expect("it goes on");
        assert_eq!(opcode, 1);
        serde_json::from_slice(&bytes).unwrap()
    }

    pub fn next(&mut self) -> Value {
        loop {
            let event = self.next_or_heartbeat();
            if event["type"] != "heartbeat" {
                return event;
            }
        }
    }

    /// The next event, which is of this kind.
    pub fn hear(&mut self, event: &str) -> Value {
        let heard = self.next();
        assert_eq!(heard["type"], event, "{heard}");
        heard
    }
}

/// What somebody was told, without the place.
pub fn told(heard: &Heard) -> Value {
    let mut data = heard.data.clone();
    data.as_object_mut().map(|fields| fields.remove("cursor"));
    json!([heard.event, data])
}
