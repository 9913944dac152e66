//! Where an address stands in the book.

use core::net::SocketAddr;
use core::ops::RangeInclusive;
use std::fmt;
use std::sync::LazyLock;

use super::group::Group;
use crate::codec::{Decode, Encode, encode};
use crate::crypto::Tag;
use crate::protocol::PeerAddress;
use crate::types::Timestamp;

/// Buckets of addresses that somebody told of.
pub const NEW_BUCKETS: u64 = 256;
/// Buckets of addresses that were connected to.
pub const TRIED_BUCKETS: u64 = 64;
/// Places in a bucket.
pub const BUCKET_PLACES: u64 = 64;
/// Buckets of new addresses that one group can fill by telling of addresses: a sixteenth of them. Those of one group that
/// one group tells of are all in one bucket.
pub const BUCKETS_BY_SOURCE_MAX: u64 = 16;
/// Buckets of tried addresses that one group can fill with its own: a sixteenth of them.
pub const BUCKETS_BY_GROUP_MAX: u64 = 4;
/// Addresses in a book. With all that is known of them they take some 5 MiB at most.
pub const BOOK_MAX: usize = ((NEW_BUCKETS + TRIED_BUCKETS) * BUCKET_PLACES) as usize;

static PLACE: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/book-place"));

/// What decides where addresses stand.
///
/// # Security
/// Whoever knows it can find addresses that push out chosen others. A node takes it from the operating system, and keeps it
/// for as long as the book.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct BookSecret(pub [u8; 32]);

impl fmt::Debug for BookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BookSecret(…)")
    }
}

/// A place in a bucket. There is no more than one address in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Place {
    pub tried: bool,
    pub bucket: u8,
    at: u8,
}

impl Place {
    /// All buckets of one kind.
    pub(super) fn buckets(tried: bool) -> impl Iterator<Item = u8> {
        let count = if tried { TRIED_BUCKETS } else { NEW_BUCKETS };
        (0..count).map(|bucket| bucket as u8)
    }

    /// All places in one of them.
    pub(super) fn of_bucket(tried: bool, bucket: u8) -> RangeInclusive<Self> {
        let place = |at| Self { tried, bucket, at };
        place(u8::MIN)..=place(u8::MAX)
    }
}

impl BookSecret {
    /// Where an address stands of which a group told.
    pub(super) fn new_place(&self, address: SocketAddr, group: Group, told_by: Group) -> Place {
        let which = self.hash(&(0_u8, group, told_by)) % BUCKETS_BY_SOURCE_MAX;
        let bucket = self.hash(&(1_u8, told_by, which)) % NEW_BUCKETS;
        self.place(false, bucket, address)
    }

    /// Where it stands once it was connected to.
    pub(super) fn tried_place(&self, address: SocketAddr, group: Group) -> Place {
        let which = self.hash(&(2_u8, bare(address))) % BUCKETS_BY_GROUP_MAX;
        let bucket = self.hash(&(3_u8, group, which)) % TRIED_BUCKETS;
        self.place(true, bucket, address)
    }

    fn place(&self, tried: bool, bucket: u64, address: SocketAddr) -> Place {
        let at = self.hash(&(4_u8, tried, bucket, bare(address))) % BUCKET_PLACES;
        Place { tried, bucket: bucket as u8, at: at as u8 }
    }

    fn hash(&self, what: &impl Encode) -> u64 {
        let digest = PLACE.hash(&[&self.0[..], &encode(what)].concat());
        u64::from_le_bytes(*digest.first_chunk().expect("a digest is longer"))
    }
}

/// An address as bytes.
fn bare(address: SocketAddr) -> PeerAddress {
    PeerAddress::new(address, Timestamp(0))
}

const _: () =
    assert!(NEW_BUCKETS <= 256 && TRIED_BUCKETS <= 256 && BUCKET_PLACES <= 256, "numbers of one byte");
