//! What waits to be sent on one connection.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::frames::Outbox;
use super::lanes::Parcel;
use super::wire::End;
use crate::protocol::{HASHES_MAX, Served};
use crate::types::{BLOCK_BYTES_MAX, TxHash};

/// Bytes that wait to be sent, beyond what the system takes: a block, and much else. Whoever lets more add up does not
/// read, and is let go.
pub const OUTBOX_BYTES_MAX: usize = BLOCK_BYTES_MAX + (4 << 20);
/// What is served is read from the disk only while less than this waits, so that who does not read costs little.
const SERVED_BELOW: usize = 1 << 20;
/// Blocks that wait to be served; whoever asks for more is let go.
pub const BLOCKS_WANTED_MAX: usize = 128;
/// Transactions that wait to be served; whoever asks for more is let go.
pub const TRANSACTIONS_WANTED_MAX: usize = 8 * HASHES_MAX;

/// Sends to one who is connected; every copy is the same connection. Nothing here waits.
#[derive(Clone)]
pub struct Sending(Arc<Queue>);

struct Queue {
    waiting: Mutex<Waiting>,
    /// Something waits to be sent.
    ready: Notify,
    /// Something is wanted, and there is room to serve it.
    wanted: Notify,
    /// It is over.
    ended: Notify,
    is_over: AtomicBool,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    /// Or [`NEVER`].
    last_message: AtomicU64,
}

/// No message came.
const NEVER: u64 = u64::MAX;

struct Waiting {
    outbox: Outbox,
    blocks: VecDeque<Served>,
    transactions: VecDeque<TxHash>,
    end: Option<End>,
}

/// What went over a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// Bytes that came.
    pub bytes_in: u64,
    /// Bytes that went.
    pub bytes_out: u64,
    /// When the last message came, in milliseconds since the port began; nothing where none did.
    pub last_message: Option<u64>,
}

/// What is to be served next.
pub(super) enum Wanted {
    Block(Served),
    /// As many as can be asked for in one message.
    Transactions(Vec<TxHash>),
}

impl Sending {
    pub(super) fn new() -> Self {
        let outbox = Outbox::new(OUTBOX_BYTES_MAX);
        let waiting = Waiting { outbox, blocks: VecDeque::new(), transactions: VecDeque::new(), end: None };
        Self(Arc::new(Queue {
            waiting: Mutex::new(waiting),
            ready: Notify::new(),
            wanted: Notify::new(),
            ended: Notify::new(),
            is_over: AtomicBool::new(false),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            last_message: AtomicU64::new(NEVER),
        }))
    }

    /// Sends a message. Whoever reads too slowly for it is let go.
    pub fn send(&self, parcel: &Parcel) {
        let sent = self.0.waiting.lock().outbox.push(parcel.lane, Arc::clone(&parcel.bytes));
        match sent {
            Ok(()) => self.0.ready.notify_one(),
            Err(_) => self.end(End::Unread),
        }
    }

    /// Serves these blocks, as they can be read and are taken.
    pub fn send_blocks(&self, blocks: Vec<Served>) {
        let mut waiting = self.0.waiting.lock();
        waiting.blocks.extend(blocks);
        let is_greedy = waiting.blocks.len() > BLOCKS_WANTED_MAX;
        drop(waiting);
        self.want(is_greedy);
    }

    /// Serves those of these transactions that wait here.
    pub fn send_transactions(&self, hashes: &[TxHash]) {
        let mut waiting = self.0.waiting.lock();
        waiting.transactions.extend(hashes);
        let is_greedy = waiting.transactions.len() > TRANSACTIONS_WANTED_MAX;
        drop(waiting);
        self.want(is_greedy);
    }

    /// Serves these before all others that wait.
    pub(super) fn want_first(&self, hashes: &[TxHash]) {
        let mut waiting = self.0.waiting.lock();
        hashes.iter().rev().for_each(|hash| waiting.transactions.push_front(*hash));
    }

    fn want(&self, is_greedy: bool) {
        if is_greedy {
            self.end(End::Greedy);
        } else {
            self.0.wanted.notify_one();
        }
    }

    /// Hangs up, once what waits was sent if that can be done at once.
    pub fn hang_up(&self) {
        self.end(End::Ordered);
    }

    fn end(&self, why: End) {
        self.0.is_over.store(true, Ordering::Relaxed);
        self.0.waiting.lock().end.get_or_insert(why);
        self.0.ended.notify_one();
    }

    /// Whether it is over, and only its end has yet to be told of.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::Relaxed)
    }

    /// What went over it.
    pub fn traffic(&self) -> Traffic {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Queue { bytes_in, bytes_out, last_message, .. } = &*self.0;
        let last_message = Some(of(last_message)).filter(|millis| *millis != NEVER);
        Traffic { bytes_in: of(bytes_in), bytes_out: of(bytes_out), last_message }
    }

    /// Bytes that wait.
    pub fn waiting_bytes(&self) -> usize {
        self.0.waiting.lock().outbox.bytes()
    }

    /// Why it is over, once it is.
    pub(super) async fn ended(&self) -> End {
        loop {
            if let Some(end) = self.0.waiting.lock().end.take() {
                return end;
            }
            self.0.ended.notified().await;
        }
    }

    /// Waits until there is something to send, or was since this was last waited for.
    pub(super) async fn ready(&self) {
        self.0.ready.notified().await;
    }

    /// The next chunk, in place of what is in `chunk`.
    pub(super) fn next_chunk(&self, chunk: &mut Vec<u8>) -> bool {
        let mut waiting = self.0.waiting.lock();
        let found = waiting.outbox.next_chunk(chunk);
        if found && waiting.can_serve() {
            self.0.wanted.notify_one();
        }
        found
    }

    /// What is to be served next, once there is something and room for it.
    pub(super) async fn wanted(&self) -> Wanted {
        loop {
            if let Some(wanted) = self.0.waiting.lock().next_wanted() {
                return wanted;
            }
            self.0.wanted.notified().await;
        }
    }

    /// Whether more blocks are to be served.
    pub(super) fn wants_blocks(&self) -> bool {
        !self.0.waiting.lock().blocks.is_empty()
    }

    pub(super) fn count_in(&self, bytes: usize) {
        self.0.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn count_out(&self, bytes: usize) {
        self.0.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn count_message(&self, millis: u64) {
        self.0.last_message.store(millis, Ordering::Relaxed);
    }
}

impl Waiting {
    fn can_serve(&self) -> bool {
        self.outbox.bytes() < SERVED_BELOW && !(self.blocks.is_empty() && self.transactions.is_empty())
    }

    fn next_wanted(&mut self) -> Option<Wanted> {
        if !self.can_serve() {
            return None;
        }
        if let Some(block) = self.blocks.pop_front() {
            return Some(Wanted::Block(block));
        }
        let count = self.transactions.len().min(HASHES_MAX);
        Some(Wanted::Transactions(self.transactions.drain(..count).collect()))
    }
}
