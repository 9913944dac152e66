//! What comes on a connection: bytes, frames, chunks, messages.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::tcp::OwnedReadHalf;
use tokio::time::{Instant, sleep, timeout};

use super::faults::LinkWatch;
use super::frames::{Inbox, MESSAGE_BYTES_MAX};
use super::noise::{Opener, SEALED_BYTES_MAX};
use super::sending::Sending;
use super::wire::{End, Event, Wire};
use crate::protocol::{Allowance, Budget, Input, Message, PeerId, cost_of};

/// Longest first message: it only says who is there.
const FIRST_MESSAGE_BYTES_MAX: usize = 1 << 10;
/// Bytes that are read at once where little comes, and where much does.
const READ_BYTES: usize = 4 << 10;
const READ_BYTES_MAX: usize = 128 << 10;
/// A connection on which nothing came for so long keeps no buffers.
const IDLE: Duration = Duration::from_secs(1);

/// How long a message may be on its way, and how many of its bytes are to come in a second beyond that. What is here of it
/// takes memory that nothing else bounds.
const UNFINISHED: Duration = Duration::from_secs(60);
const SLOWEST_BYTES_PER_SECOND: usize = 64 << 10;

const FRAME_HEAD_BYTES: usize = 2;

/// What comes from one who is connected.
pub(super) struct Reading<'a> {
    wire: &'a Arc<Wire>,
    peer: PeerId,
    reader: OwnedReadHalf,
    opener: Opener,
    link: LinkWatch,
    sending: Sending,
    budget: Budget,
    inbox: Inbox,
    /// What was read, up to a frame that is not whole.
    buffer: Vec<u8>,
    chunk: Vec<u8>,
    /// Since when something is here of a message that is not whole.
    begun: Option<Instant>,
    /// Whether the last read took all that there was room for.
    was_filled: bool,
}

impl<'a> Reading<'a> {
    pub fn new(
        wire: &'a Arc<Wire>,
        peer: PeerId,
        reader: OwnedReadHalf,
        opener: Opener,
        link: LinkWatch,
        sending: Sending,
    ) -> Self {
        Self {
            wire,
            peer,
            reader,
            opener,
            link,
            sending,
            budget: Budget::new(wire.millis(), Allowance::USUAL),
            inbox: Inbox::new(FIRST_MESSAGE_BYTES_MAX),
            buffer: Vec::new(),
            chunk: Vec::new(),
            begun: None,
            was_filled: false,
        }
    }

    /// Reads until there is an end.
    pub async fn read(&mut self) -> Result<Infallible, End> {
        loop {
            self.fill().await?;
            // What came over a link that was cut meanwhile waits on this side of it.
            self.link.passable().await;
            let mut at = 0;
            while let Some(length) = self.whole_frame(at)? {
                let begin = at + FRAME_HEAD_BYTES;
                at = begin + length;
                self.opener.open(&self.buffer[begin..at], &mut self.chunk)?;
                if let Some(message) = self.inbox.take(&self.chunk)? {
                    let before = Instant::now();
                    self.received(message).await?;
                    // While the node had no time nothing was read, and that is not theirs to answer for.
                    if let Some(begun) = &mut self.begun {
                        *begun += before.elapsed();
                    }
                }
                self.check_progress()?;
            }
            self.buffer.drain(..at);
        }
    }

    /// Ends a connection that leaves a message unfinished for too long.
    fn check_progress(&mut self) -> Result<(), End> {
        let here = self.inbox.bytes();
        if here == 0 {
            self.begun = None;
            return Ok(());
        }
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let enough = UNFINISHED + Duration::from_secs((here / SLOWEST_BYTES_PER_SECOND) as u64);
        if begun.elapsed() > enough { Err(End::Stuck) } else { Ok(()) }
    }

    /// How long the sealed chunk is whose frame begins there, if all of it has come.
    fn whole_frame(&self, at: usize) -> Result<Option<usize>, End> {
        let Some((head, rest)) = self.buffer[at..].split_first_chunk::<FRAME_HEAD_BYTES>() else {
            return Ok(None);
        };
        let length = self.opener.length(*head)?;
        Ok((rest.len() >= length).then_some(length))
    }

    /// Reads what has come, and waits where nothing has. The buffer grows where it is filled.
    async fn fill(&mut self) -> Result<(), End> {
        if self.was_filled && self.buffer.capacity() < READ_BYTES_MAX
            || self.buffer.len() == self.buffer.capacity()
        {
            let more = self.buffer.capacity().clamp(READ_BYTES, READ_BYTES_MAX);
            self.buffer.reserve_exact(more);
        }
        loop {
            if self.buffer.is_empty() && self.buffer.capacity() > 0 {
                if let Ok(readable) = timeout(IDLE, self.reader.readable()).await {
                    readable?;
                } else {
                    (self.buffer, self.chunk) = (Vec::new(), Vec::new());
                }
            } else {
                self.reader.readable().await?;
            }
            if self.buffer.capacity() == 0 {
                self.reader.readable().await?;
                self.buffer.reserve_exact(READ_BYTES);
            }
            match self.reader.try_read_buf(&mut self.buffer) {
                Ok(0) => return Err(End::HungUp),
                Ok(count) => {
                    self.was_filled = self.buffer.len() == self.buffer.capacity();
                    self.sending.count_in(count);
                    return Ok(());
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Hands a message on. While the machine lags, or this one has sent more than its share, nothing more is read.
    async fn received(&mut self, bytes: Vec<u8>) -> Result<(), End> {
        self.inbox.allow(MESSAGE_BYTES_MAX);
        self.sending.count_message(self.wire.millis());
        let room = self.wire.room_for(&bytes).await;
        let (length, mut cost) = (bytes.len() as u64, 0);
        let input = match Message::from_bytes(&bytes) {
            Ok(message) => {
                cost = cost_of(&message);
                Input::Received(self.peer, message)
            }
            Err(error) => Input::Unreadable(self.peer, error),
        };
        drop(bytes);
        self.wire.tell(Event::Told(input, room)).await?;
        let wait = self.budget.take(self.wire.millis(), length, cost);
        if wait > 0 {
            sleep(Duration::from_millis(wait)).await;
        }
        Ok(())
    }
}

const _: () = assert!(FRAME_HEAD_BYTES + SEALED_BYTES_MAX < READ_BYTES_MAX, "a frame is whole at some time");
