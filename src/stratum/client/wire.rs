//! The socket: lines out, and lines in by a thread of their own.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use super::Message;
use crate::stratum::Lines;

/// Longest line of a pool. Coinbases and branches of chains we have never seen have room in it.
const LINE_BYTES_MAX: usize = 64 << 10;
/// How long to wait for a connection, and for the pool to take a line.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to a pool; it ends when this is dropped.
pub(super) struct Wire(TcpStream);

impl Wire {
    /// Connects, to whichever of the host's addresses answers first.
    pub fn open(
        pool: &str,
        messages: SyncSender<Message>,
        to_line: impl Fn(String) -> Message + Send + 'static,
        to_end: impl FnOnce(String) -> Message + Send + 'static,
    ) -> io::Result<Self> {
        let mut last = io::Error::new(ErrorKind::NotFound, format!("{pool} has no address"));
        for address in pool.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, TIMEOUT) {
                Ok(socket) => {
                    socket.set_nodelay(true)?;
                    socket.set_write_timeout(Some(TIMEOUT))?;
                    let mut reading = socket.try_clone()?;
                    let wire = Self(socket);
                    thread::Builder::new().name("cairn-lines".to_owned()).spawn(move || {
                        let reason = read(&mut reading, |line| messages.send(to_line(line)).is_ok());
                        // Nobody listens any more where the client has ended.
                        let _ = messages.send(to_end(reason));
                    })?;
                    return Ok(wire);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Sends a line.
    pub fn send(&mut self, line: &str) -> io::Result<()> {
        self.0.write_all(format!("{line}\n").as_bytes())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // The thread that reads ends by this; where it has, there is nothing to shut.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// Reads until the connection ends, and says why.
fn read(socket: &mut impl Read, heard: impl Fn(String) -> bool) -> String {
    let mut lines = Lines::new(LINE_BYTES_MAX);
    let mut bytes = vec![0; 16 << 10];
    loop {
        let count = match socket.read(&mut bytes) {
            Ok(0) => return "the pool has hung up".to_owned(),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return error.to_string(),
        };
        let (complete, rest) = lines.take(&bytes[..count]);
        if !complete.into_iter().all(&heard) {
            return "the miner ends".to_owned();
        }
        if let Err(error) = rest {
            return format!("the pool does not speak Stratum: {error}");
        }
    }
}
