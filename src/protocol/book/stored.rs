//! The book's bytes, as a node keeps them while it does not run.
//!
//! A byte for the version, a hash of what follows, and that. Nothing else hangs on a book: whoever finds it damaged begins
//! a new one.

use core::net::SocketAddr;
use std::sync::LazyLock;

use super::entry::Entry;
use super::group::is_reachable;
use super::place::{BOOK_MAX, BookSecret, Place};
use super::{ANCHORS_MAX, AddressBook};
use crate::codec::{Canonical, CodecError, Decode, Encode, List, decode, encode};
use crate::crypto::Tag;
use crate::protocol::PeerAddress;
use crate::types::Timestamp;

/// Of what is written.
const VERSION: u8 = 1;
const SUM_BYTES: usize = 32;

static SUM: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/book"));

/// Why bytes are no book.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BookError {
    /// They end before the book begins.
    #[error("an address book of {0} bytes")]
    Length(usize),
    /// Of a later program, perhaps.
    #[error("an address book of the unknown version {0}")]
    Version(u8),
    /// Not what was written.
    #[error("a damaged address book")]
    Damaged,
    /// Whole, but nothing that is ever written.
    #[error("an address book that cannot be read: {0}")]
    Content(#[from] CodecError),
    /// An address that this node would not take in, or would not have put there.
    #[error("an address book in which {0} is out of place")]
    Misplaced(SocketAddr),
}

#[derive(Encode, Decode)]
struct Stored {
    secret: BookSecret,
    last_connected: Option<Timestamp>,
    /// In the order of their places, which follow from the rest.
    new: List<Entry, 0, BOOK_MAX>,
    tried: List<Entry, 0, BOOK_MAX>,
    anchors: List<PeerAddress, 0, ANCHORS_MAX>,
}

impl Canonical for Stored {
    const BYTES_MAX: usize = 128 + BOOK_MAX * 80;
}

impl AddressBook {
    /// All of it as bytes.
    ///
    /// # Panics
    /// Never: a book holds no more than its bytes can.
    pub fn to_bytes(&self) -> Vec<u8> {
        let half = |tried| {
            let entries = self.entries.iter().filter(|(place, _)| place.tried == tried);
            List::new(entries.map(|(_, entry)| *entry).collect()).expect("a book has so many places")
        };
        let content = encode(&Stored {
            secret: self.secret,
            last_connected: self.last_connected,
            new: half(false),
            tried: half(true),
            anchors: List::new(self.anchors.clone()).expect("no more are kept"),
        });
        [&[VERSION][..], &SUM.hash(&content), &content].concat()
    }

    /// The book of these bytes; `lab` must be what it was when they were made.
    ///
    /// # Errors
    /// When they are none.
    pub fn from_bytes(bytes: &[u8], lab: bool) -> Result<Self, BookError> {
        let (version, rest) = bytes.split_first().ok_or(BookError::Length(0))?;
        if *version != VERSION {
            return Err(BookError::Version(*version));
        }
        let (sum, content) = rest.split_at_checked(SUM_BYTES).ok_or(BookError::Length(bytes.len()))?;
        if SUM.hash(content)[..] != *sum {
            return Err(BookError::Damaged);
        }
        let stored: Stored = decode(content)?;
        let mut book = Self::new(stored.secret, lab);
        book.last_connected = stored.last_connected;
        book.take_in(&stored.new, false)?;
        book.take_in(&stored.tried, true)?;
        for anchor in &stored.anchors {
            let address = anchor.address();
            if !is_reachable(address, lab) {
                return Err(BookError::Misplaced(address));
            }
            book.anchors.push(*anchor);
        }
        Ok(book)
    }

    fn take_in(&mut self, entries: &[Entry], tried: bool) -> Result<(), BookError> {
        let mut last: Option<Place> = None;
        for entry in entries {
            let address = entry.peer.address();
            let place = if tried { self.tried_place(address) } else { self.new_place(entry) };
            let fits = is_reachable(address, self.lab)
                && last.is_none_or(|last| last < place)
                && !self.places.contains_key(&address)
                && (!tried || entry.connected.is_some());
            if !fits {
                return Err(BookError::Misplaced(address));
            }
            self.put(place, *entry);
            last = Some(place);
        }
        Ok(())
    }
}
