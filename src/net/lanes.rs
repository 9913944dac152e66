//! Which messages are urgent.

use std::sync::Arc;

use super::frames::{Lane, URGENT_BYTES_MAX};
use crate::protocol::Message;

/// A message as it is sent, to one or to many.
#[derive(Clone)]
pub struct Parcel {
    /// Where it waits.
    pub lane: Lane,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

impl Parcel {
    /// The message, encoded.
    pub fn of(message: &Message) -> Self {
        let bytes = message.to_bytes();
        Self { lane: lane(message, bytes.len()), bytes: bytes.into() }
    }
}

/// Where a message waits that has so many bytes.
pub fn lane(message: &Message, bytes: usize) -> Lane {
    if bytes > URGENT_BYTES_MAX { Lane::Bulk } else { lane_of_short(message) }
}

/// The byte that a block's message begins with.
const BLOCK: u8 = 9;

/// Whether a message stays the bytes that it is when it is read; others are taken apart, and grow.
pub(super) fn stays_bytes(message: &[u8]) -> bool {
    message.first() == Some(&BLOCK)
}

/// What is short and of use only soon passes what is long. Order is kept within a lane, so whatever means something only
/// in order goes in the same one: `Hello` before all else, since nothing is in the other lane by then; blocks, and what
/// is said to be missing among them; new tips, named or whole. What passes a message of the other lane stands for itself.
fn lane_of_short(message: &Message) -> Lane {
    match message {
        Message::Hello(_)
        | Message::Ping(_)
        | Message::Pong(_)
        | Message::GetAddresses(())
        | Message::GetHeaders(_)
        | Message::News(_)
        | Message::GetBlocks(_)
        | Message::Offer(_)
        | Message::GetTransactions(_)
        | Message::GetPool(())
        | Message::Compact(_)
        | Message::GetParts(_)
        | Message::Parts(_)
        | Message::Pushes(_)
        | Message::GetCompact(_) => Lane::Urgent,
        Message::Addresses(_)
        | Message::Headers(_)
        | Message::Block(_)
        | Message::Missing(_)
        | Message::Transactions(_)
        | Message::Stem(_) => Lane::Bulk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::List;
    use crate::protocol::{BlockBytes, GetParts, Message};
    use crate::types::BlockHash;

    #[test]
    fn urgent_message_that_is_too_long_goes_with_the_bulk() {
        let parts = |count: u32| {
            let places = List::new((1 << 15..(1 << 15) + count).collect()).unwrap();
            Parcel::of(&Message::GetParts(GetParts { block: BlockHash::from_bytes([1; 32]), places }))
        };
        assert_eq!(parts(10).lane, Lane::Urgent);
        let long = parts(100_000);
        assert!(long.bytes.len() > URGENT_BYTES_MAX);
        assert_eq!(long.lane, Lane::Bulk);
        assert_eq!(Parcel::of(&Message::Ping(1)).lane, Lane::Urgent);
    }

    #[test]
    fn block_is_known_by_its_first_byte() {
        let block = Message::Block(BlockBytes::new(vec![0; 100]).unwrap());
        assert!(stays_bytes(&block.to_bytes()));
        assert!(!stays_bytes(&Message::Ping(1).to_bytes()));
    }
}
