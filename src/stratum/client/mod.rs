//! A miner that speaks Stratum to any pool: it knows no chain, and of the pool what the pool says.
//!
//! Read this file first. `dialogue.rs` is the protocol from this side, without a socket; `task.rs` makes headers of what
//! the pool offers, `desk.rs` is where threads find what to hash.

mod desk;
mod dialogue;
mod task;
mod wire;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{io, iter};

use desk::Desk;
use dialogue::{Dialogue, Heard};
use task::Share;
use wire::Wire;

use crate::crypto::search::Kernel;
use crate::template::Difficulty;

/// Lines and shares that wait to be looked at; whoever brings more waits.
const MESSAGES_MAX: usize = 16;
/// Time between two shares that are sent, at least. More come where a share takes less than a thread hashes in that time,
/// on chains made for tests.
const SHARE_GAP: Duration = Duration::from_millis(5);
/// Shares that wait for their turn, while what the pool says is heard; more are let go.
const SHARES_MAX: usize = 64;
/// A pool that says nothing for so long is no more: they repeat themselves every two minutes at least.
const SILENCE_MAX: Duration = Duration::from_secs(180);
/// How long a pool may take for an answer before there is work.
const GREETING_MAX: Duration = Duration::from_secs(20);
/// How long to wait before connecting again: twice as long each time, up to this.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How long threads look for a moment at whether to stop while there is nothing else to do.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// For whom to mine, and how.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Host and port.
    pub pool: String,
    /// User name: on a node of this kind, the address to be paid, perhaps a dot and a worker's name.
    pub user: String,
    /// Password; most pools take any.
    pub password: String,
    /// Threads that hash.
    pub threads: usize,
    /// How they do it.
    pub kernel: Kernel,
}

/// What happens, for whoever watches.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// The pool lets us mine.
    Joined,
    /// Shares are this hard now.
    Difficulty(Difficulty),
    /// A share was accepted.
    Accepted,
    /// A share was rejected, in the pool's words.
    Rejected(String),
    /// The connection was lost, or none was made.
    Lost {
        /// Why.
        reason: String,
        /// When it is tried again.
        retry: Duration,
    },
    /// The pool does not let this user mine, in its words. That is the end.
    Refused(String),
    /// The pool says something to people.
    Said(String),
}

/// What reaches the thread that speaks.
enum Message {
    Line { connection: u64, line: String },
    Closed { connection: u64, reason: String },
    Found(Share),
    Stop,
}

/// A miner that mines until it is stopped or refused, or dropped, which stops it too.
pub struct Client {
    desk: Arc<Desk>,
    messages: SyncSender<Message>,
    threads: Vec<JoinHandle<()>>,
}

impl Client {
    /// Begins to mine; `tell` hears what happens.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(options: ClientOptions, tell: impl Fn(Event) + Send + 'static) -> io::Result<Self> {
        let desk = Arc::new(Desk::default());
        let (messages, received) = sync_channel(MESSAGES_MAX);
        let mut client = Self { desk: Arc::clone(&desk), messages: messages.clone(), threads: Vec::new() };
        for _ in 0..options.threads {
            let (desk, messages, kernel) = (Arc::clone(&desk), messages.clone(), options.kernel);
            let found = move |share| messages.send(Message::Found(share)).is_ok();
            client.spawn("cairn-miner", move || desk.work(kernel, found))?;
        }
        let speaker = Speaker { options, desk, messages, received, connection: 0, tell: Box::new(tell) };
        // Nobody waits for this one to end: it may be looking for a host, and says nothing to anybody any more.
        thread::Builder::new().name("cairn-stratum".to_owned()).spawn(move || speaker.run())?;
        Ok(client)
    }

    fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.threads.push(thread::Builder::new().name(name.to_owned()).spawn(run)?);
        Ok(())
    }

    /// Hashes done so far.
    pub fn hashes(&self) -> u64 {
        self.desk.hashes()
    }

    /// Whether it has come to its end by itself.
    pub fn has_ended(&self) -> bool {
        self.desk.is_closed()
    }

    /// Stops.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.desk.close();
        // Where this finds no room, the desk's closing is seen within a second.
        let _ = self.messages.try_send(Message::Stop);
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.end();
    }
}

/// Why a connection is over.
enum Over {
    Lost(String),
    Refused(String),
    Stopped,
}

/// The thread that speaks with the pool.
struct Speaker {
    options: ClientOptions,
    desk: Arc<Desk>,
    messages: SyncSender<Message>,
    received: Receiver<Message>,
    /// Numbers connections, so that what comes late from one is not taken for the next one's.
    connection: u64,
    tell: Box<dyn Fn(Event) + Send>,
}

impl Speaker {
    fn run(mut self) {
        let mut retry = Duration::from_secs(1);
        let mut ask_rolling = true;
        loop {
            self.connection += 1;
            let (user, password) = (&self.options.user, &self.options.password);
            let mut dialogue = Dialogue::new(self.connection, user, password, ask_rolling);
            let over = self.connect(&mut dialogue);
            self.desk.clear();
            match over {
                Over::Stopped => break,
                Over::Refused(reason) => {
                    (self.tell)(Event::Refused(reason));
                    break;
                }
                Over::Lost(reason) => {
                    if dialogue.has_worked() {
                        retry = Duration::from_secs(1);
                    }
                    // Some pools hang up on what they do not know.
                    ask_rolling = !dialogue.fell_at_configure();
                    (self.tell)(Event::Lost { reason, retry });
                    if self.pause(retry).is_err() {
                        break;
                    }
                    retry = (retry * 2).min(RETRY_MAX);
                }
            }
        }
        self.desk.close();
    }

    /// Waits, while everything else that comes is too late.
    fn pause(&self, time: Duration) -> Result<(), Over> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.next(left)?;
        }
    }

    /// The next message; nothing where none comes in time.
    fn next(&self, patience: Duration) -> Result<Option<Message>, Over> {
        let message = self.received.recv_timeout(patience.min(LOOK_EVERY));
        match message {
            _ if self.desk.is_closed() => Err(Over::Stopped),
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => Err(Over::Stopped),
            Ok(message) => Ok(Some(message)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
        }
    }

    /// One connection, to its end.
    fn connect(&self, dialogue: &mut Dialogue) -> Over {
        let connection = self.connection;
        let to_line = move |line| Message::Line { connection, line };
        let to_end = move |reason| Message::Closed { connection, reason };
        let mut wire = match Wire::open(&self.options.pool, self.messages.clone(), to_line, to_end) {
            Ok(wire) => wire,
            Err(error) => return Over::Lost(error.to_string()),
        };
        match self.speak(dialogue, &mut wire) {
            Ok(never) => match never {},
            Err(over) => over,
        }
    }

    fn speak(&self, dialogue: &mut Dialogue, wire: &mut Wire) -> Result<std::convert::Infallible, Over> {
        let lost = |error: io::Error| Over::Lost(error.to_string());
        wire.send(&dialogue.greet()).map_err(lost)?;
        let mut heard_at = Instant::now();
        let (mut shares, mut gap_ends) = (VecDeque::new(), Instant::now());
        loop {
            let patience = if dialogue.has_worked() { SILENCE_MAX } else { GREETING_MAX };
            if heard_at.elapsed() > patience {
                return Err(Over::Lost("the pool says nothing".to_owned()));
            }
            let left_of_gap = gap_ends.saturating_duration_since(Instant::now());
            match self.next(if shares.is_empty() { LOOK_EVERY } else { left_of_gap })? {
                Some(Message::Line { connection, line }) if connection == self.connection => {
                    heard_at = Instant::now();
                    for heard in dialogue.received(&line) {
                        self.heard(heard, wire)?;
                    }
                }
                Some(Message::Closed { connection, reason }) if connection == self.connection => {
                    return Err(Over::Lost(reason));
                }
                Some(Message::Found(share)) if shares.len() < SHARES_MAX => shares.push_back(share),
                _ => {}
            }
            if Instant::now() >= gap_ends {
                // Those whose job is over are not worth a line.
                let line = iter::from_fn(|| shares.pop_front()).find_map(|share| dialogue.submit(&share));
                if let Some(line) = line {
                    wire.send(&line).map_err(lost)?;
                    gap_ends = Instant::now() + SHARE_GAP;
                }
            }
        }
    }

    fn heard(&self, heard: Heard, wire: &mut Wire) -> Result<(), Over> {
        match heard {
            Heard::Reply(line) => {
                wire.send(&line).map_err(|error| Over::Lost(error.to_string()))?;
            }
            Heard::Work(task) => self.desk.put(task),
            Heard::Event(event) => (self.tell)(event),
            Heard::Refused(reason) => return Err(Over::Refused(reason)),
            Heard::Nonsense(reason) => return Err(Over::Lost(reason)),
        }
        Ok(())
    }
}
