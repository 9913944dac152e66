//! Messages cut into chunks, and put together again.
//!
//! A block of megabytes must not hold up a ping. So messages go in two lanes, and where both have something they take
//! turns: an urgent message waits for one chunk of a large one, never for all of it.
//!
//! ```text
//! chunk: lane and whether it begins a message (1) · length of the message (4, where it begins one) · some of its bytes
//! ```

use std::collections::VecDeque;
use std::sync::Arc;

use crate::types::BLOCK_BYTES_MAX;

/// Longest message: a block, or its transactions without it, and what stands before them. Whoever begins a longer one is
/// let go.
pub const MESSAGE_BYTES_MAX: usize = BLOCK_BYTES_MAX + 1024;
/// Longest urgent message; a longer one would hold up those behind it and is let go too.
pub const URGENT_BYTES_MAX: usize = 256 << 10;
/// Bytes of a message in one chunk.
pub const CHUNK_BYTES_MAX: usize = 16 << 10;
/// What comes before them, at most.
const HEAD_BYTES_MAX: usize = 5;

const LANE: u8 = 1;
const FIRST: u8 = 2;

/// Where a message waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lane {
    /// Short, and of use only soon: what is new, and what asks for it.
    Urgent,
    /// Long, or not missed for a moment.
    Bulk,
}

impl Lane {
    /// Longest message that goes there.
    pub const fn message_bytes_max(self) -> usize {
        match self {
            Self::Urgent => URGENT_BYTES_MAX,
            Self::Bulk => MESSAGE_BYTES_MAX,
        }
    }
}

/// Why a message cannot wait to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{waiting} bytes wait to be sent, and {bytes} more would be too many")]
pub struct QueueFull {
    /// How many wait.
    pub waiting: usize,
    /// How many more were to.
    pub bytes: usize,
}

/// Why chunks are no messages. Whoever sends such speaks another language.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChunkError {
    /// There is nothing in it, or not even a whole head.
    #[error("a chunk without content")]
    Empty,
    /// Its first byte says what no chunk may say.
    #[error("a chunk of an unknown kind: {0:#04x}")]
    Kind(u8),
    /// The message that it begins is too long, or has no length.
    #[error("a message of {0} bytes")]
    Length(usize),
    /// It begins a message where another has not ended.
    #[error("a message begins within another")]
    Within,
    /// It goes on where nothing has begun.
    #[error("a message goes on that never began")]
    NeverBegan,
    /// It goes on beyond the message's end.
    #[error("a message is longer than it said")]
    Overrun,
}

/// Messages that wait to be sent.
pub struct Outbox {
    urgent: VecDeque<Outgoing>,
    bulk: VecDeque<Outgoing>,
    bytes: usize,
    bytes_max: usize,
    /// Whose turn it is where both lanes have something.
    turn: Lane,
}

struct Outgoing {
    /// Shared with everybody else who is sent the same.
    message: Arc<[u8]>,
    sent: usize,
}

impl Outbox {
    /// One in which so many bytes may wait.
    pub fn new(bytes_max: usize) -> Self {
        Self { urgent: VecDeque::new(), bulk: VecDeque::new(), bytes: 0, bytes_max, turn: Lane::Urgent }
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes a message in. One alone may be as long as a message can be.
    ///
    /// # Errors
    /// When too much waits already: whoever is to get it does not read.
    ///
    /// # Panics
    /// When it is empty or longer than messages of its lane can be: none of ours is.
    pub fn push(&mut self, lane: Lane, message: Arc<[u8]>) -> Result<(), QueueFull> {
        let bytes = message.len();
        assert!((1..=lane.message_bytes_max()).contains(&bytes), "a message of {bytes} bytes");
        if self.bytes > 0 && self.bytes + bytes > self.bytes_max {
            return Err(QueueFull { waiting: self.bytes, bytes });
        }
        self.bytes += bytes;
        self.lane(lane).push_back(Outgoing { message, sent: 0 });
        Ok(())
    }

    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Outgoing> {
        match lane {
            Lane::Urgent => &mut self.urgent,
            Lane::Bulk => &mut self.bulk,
        }
    }

    /// The next chunk, in place of what is in `chunk`. There is none where nothing waits.
    pub fn next_chunk(&mut self, chunk: &mut Vec<u8>) -> bool {
        chunk.clear();
        let lane = match (self.urgent.is_empty(), self.bulk.is_empty()) {
            (true, true) => return false,
            (false, true) => Lane::Urgent,
            (true, false) => Lane::Bulk,
            (false, false) => self.turn,
        };
        self.turn = match lane {
            Lane::Urgent => Lane::Bulk,
            Lane::Bulk => Lane::Urgent,
        };
        let kind = if lane == Lane::Bulk { LANE } else { 0 };
        let queue = self.lane(lane);
        let outgoing = queue.front_mut().expect("this lane has something");
        let (length, from) = (outgoing.message.len(), outgoing.sent);
        if from == 0 {
            chunk.push(kind | FIRST);
            let length = u32::try_from(length).expect("a message's length has four bytes");
            chunk.extend(length.to_le_bytes());
        } else {
            chunk.push(kind);
        }
        let to = length.min(from + CHUNK_BYTES_MAX);
        chunk.extend_from_slice(&outgoing.message[from..to]);
        outgoing.sent = to;
        if to == length {
            queue.pop_front();
        }
        self.bytes -= to - from;
        true
    }
}

/// Messages that are on their way here.
pub struct Inbox {
    urgent: Option<Incoming>,
    bulk: Option<Incoming>,
    message_bytes_max: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new(MESSAGE_BYTES_MAX)
    }
}

struct Incoming {
    message: Vec<u8>,
    length: usize,
}

impl Inbox {
    /// One that takes no longer messages than this, whatever their lane.
    pub fn new(message_bytes_max: usize) -> Self {
        Self { urgent: None, bulk: None, message_bytes_max }
    }

    /// Takes messages as long as this from now on.
    pub fn allow(&mut self, message_bytes_max: usize) {
        self.message_bytes_max = message_bytes_max;
    }

    /// Takes a chunk in; gives the message that it completes.
    ///
    /// # Security
    /// What a message says of its length is believed only as far as bytes have come: memory is taken for what is here.
    ///
    /// # Errors
    /// When it is no chunk. Nothing that comes after it makes sense.
    pub fn take(&mut self, chunk: &[u8]) -> Result<Option<Vec<u8>>, ChunkError> {
        let (&kind, rest) = chunk.split_first().ok_or(ChunkError::Empty)?;
        if kind & !(LANE | FIRST) != 0 {
            return Err(ChunkError::Kind(kind));
        }
        let (lane, bytes_max) = match kind & LANE {
            0 => (&mut self.urgent, Lane::Urgent.message_bytes_max()),
            _ => (&mut self.bulk, Lane::Bulk.message_bytes_max()),
        };
        let bytes = if kind & FIRST == 0 {
            rest
        } else {
            let (length, rest) = rest.split_first_chunk::<4>().ok_or(ChunkError::Empty)?;
            let length = u32::from_le_bytes(*length) as usize;
            if !(1..=bytes_max.min(self.message_bytes_max)).contains(&length) {
                return Err(ChunkError::Length(length));
            }
            if lane.replace(Incoming { message: Vec::new(), length }).is_some() {
                return Err(ChunkError::Within);
            }
            rest
        };
        let incoming = lane.as_mut().ok_or(ChunkError::NeverBegan)?;
        if bytes.is_empty() {
            return Err(ChunkError::Empty);
        }
        if incoming.message.len() + bytes.len() > incoming.length {
            return Err(ChunkError::Overrun);
        }
        incoming.message.extend_from_slice(bytes);
        let is_complete = incoming.message.len() == incoming.length;
        Ok(if is_complete { lane.take().map(|incoming| incoming.message) } else { None })
    }

    /// Bytes that are here of messages that are not complete.
    pub fn bytes(&self) -> usize {
        [&self.urgent, &self.bulk].into_iter().flatten().map(|incoming| incoming.message.len()).sum()
    }
}

/// Longest chunk, head and all.
pub(super) const WHOLE_CHUNK_BYTES_MAX: usize = HEAD_BYTES_MAX + CHUNK_BYTES_MAX;

const _: () = assert!(size_of::<u32>() + 1 == HEAD_BYTES_MAX && MESSAGE_BYTES_MAX <= u32::MAX as usize);

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn lanes() -> impl Strategy<Value = Lane> {
        prop_oneof![Just(Lane::Urgent), Just(Lane::Bulk)]
    }

    /// Everything that waits, sent and received.
    fn pass(outbox: &mut Outbox, inbox: &mut Inbox) -> Vec<Vec<u8>> {
        let (mut chunk, mut messages) = (Vec::new(), Vec::new());
        while outbox.next_chunk(&mut chunk) {
            assert!(chunk.len() <= WHOLE_CHUNK_BYTES_MAX);
            messages.extend(inbox.take(&chunk).unwrap());
        }
        messages
    }

    proptest! {
        #[test]
        fn messages_arrive_whole_and_in_the_order_of_their_lane(
            sizes in vec((lanes(), 1..3 * CHUNK_BYTES_MAX), 0..12),
        ) {
            let (mut outbox, mut inbox) = (Outbox::new(usize::MAX), Inbox::default());
            let message = |(number, (lane, size)): (usize, &(Lane, usize))| (*lane, vec![number as u8; *size]);
            let messages: Vec<(Lane, Vec<u8>)> = sizes.iter().enumerate().map(message).collect();
            for (lane, message) in &messages {
                outbox.push(*lane, message.clone().into()).unwrap();
            }
            let arrived = pass(&mut outbox, &mut inbox);
            prop_assert_eq!(arrived.len(), messages.len());
            for wanted in [Lane::Urgent, Lane::Bulk] {
                let sent: Vec<&Vec<u8>> =
                    messages.iter().filter(|(lane, _)| *lane == wanted).map(|(_, message)| message).collect();
                let arrived: Vec<&Vec<u8>> = arrived.iter().filter(|message| sent.contains(message)).collect();
                prop_assert_eq!(arrived, sent);
            }
            prop_assert_eq!((outbox.bytes(), inbox.bytes()), (0, 0));
        }

        #[test]
        fn any_chunks_are_messages_or_an_error(chunks in vec(vec(any::<u8>(), 0..40), 0..20)) {
            let mut inbox = Inbox::default();
            let mut came = 0;
            for chunk in &chunks {
                came += chunk.len();
                match inbox.take(chunk) {
                    Ok(message) => prop_assert!(message.is_none_or(|message| message.len() <= came)),
                    Err(_) => break,
                }
                prop_assert!(inbox.bytes() <= came);
            }
        }
    }

    #[test]
    fn urgent_message_waits_for_one_chunk_of_a_large_one() {
        let (mut outbox, mut inbox) = (Outbox::new(usize::MAX), Inbox::default());
        outbox.push(Lane::Bulk, vec![1; MESSAGE_BYTES_MAX].into()).unwrap();
        let mut chunk = Vec::new();
        for _ in 0..3 {
            assert!(outbox.next_chunk(&mut chunk));
            assert_eq!(inbox.take(&chunk), Ok(None));
        }
        outbox.push(Lane::Urgent, vec![2; 10].into()).unwrap();
        let arrived = (0..2).find_map(|_| {
            outbox.next_chunk(&mut chunk);
            inbox.take(&chunk).unwrap()
        });
        assert_eq!(arrived, Some(vec![2; 10]));
        assert_eq!(pass(&mut outbox, &mut inbox), [vec![1; MESSAGE_BYTES_MAX]]);
    }

    #[test]
    fn large_message_goes_on_while_urgent_ones_keep_coming() {
        let (mut outbox, mut inbox) = (Outbox::new(usize::MAX), Inbox::default());
        outbox.push(Lane::Bulk, vec![1; 3 * CHUNK_BYTES_MAX].into()).unwrap();
        let mut chunk = Vec::new();
        let arrived = (0..8).filter_map(|_| {
            outbox.push(Lane::Urgent, vec![2].into()).unwrap();
            outbox.next_chunk(&mut chunk);
            inbox.take(&chunk).unwrap()
        });
        assert!(arrived.map(|message| message[0]).any(|byte| byte == 1));
    }

    #[test]
    fn queue_is_bounded_by_bytes_but_takes_any_message_alone() {
        let mut outbox = Outbox::new(100);
        outbox.push(Lane::Bulk, vec![1; 1000].into()).unwrap();
        assert_eq!(outbox.push(Lane::Urgent, vec![1].into()), Err(QueueFull { waiting: 1000, bytes: 1 }));
        assert!(outbox.next_chunk(&mut Vec::new()));
        outbox.push(Lane::Urgent, vec![1; 60].into()).unwrap();
        outbox.push(Lane::Bulk, vec![1; 40].into()).unwrap();
        assert_eq!(outbox.push(Lane::Bulk, vec![1].into()), Err(QueueFull { waiting: 100, bytes: 1 }));
    }

    #[test]
    fn what_is_no_chunk_is_named() {
        let head = |kind: u8, length: usize| [&[kind][..], &(length as u32).to_le_bytes()].concat();
        let begin = |length| [head(FIRST, length), vec![7]].concat();
        let begin_bulk = |length| [head(FIRST | LANE, length), vec![7]].concat();
        for (chunks, error) in [
            (vec![vec![]], ChunkError::Empty),
            (vec![vec![FIRST, 1, 0]], ChunkError::Empty),
            (vec![head(FIRST, 3)], ChunkError::Empty),
            (vec![begin(3), vec![0]], ChunkError::Empty),
            (vec![vec![4, 1]], ChunkError::Kind(4)),
            (vec![begin(0)], ChunkError::Length(0)),
            (vec![begin(URGENT_BYTES_MAX + 1)], ChunkError::Length(URGENT_BYTES_MAX + 1)),
            (vec![begin_bulk(MESSAGE_BYTES_MAX + 1)], ChunkError::Length(MESSAGE_BYTES_MAX + 1)),
            (vec![begin(3), begin(3)], ChunkError::Within),
            (vec![vec![0, 1]], ChunkError::NeverBegan),
            (vec![begin(3), vec![LANE, 1]], ChunkError::NeverBegan),
            (vec![begin(3), vec![0, 1, 2, 3]], ChunkError::Overrun),
        ] {
            let mut inbox = Inbox::default();
            let (last, before) = chunks.split_last().unwrap();
            before.iter().for_each(|chunk| assert_eq!(inbox.take(chunk), Ok(None)));
            assert_eq!(inbox.take(last), Err(error), "{chunks:?}");
        }
    }

    #[test]
    fn strangers_may_begin_short_messages_only_until_more_is_allowed() {
        let begin = |length: u32| [&[FIRST | LANE][..], &length.to_le_bytes(), &[7; 20]].concat();
        let mut inbox = Inbox::new(20);
        assert_eq!(inbox.take(&begin(20)), Ok(Some(vec![7; 20])));
        assert_eq!(inbox.take(&begin(21)), Err(ChunkError::Length(21)));
        inbox.allow(21);
        assert_eq!(inbox.take(&begin(21)), Ok(None));
    }
}
