//! Whom to connect to next, and whom to tell others of.

use core::net::SocketAddr;

use super::AddressBook;
use super::entry::Entry;
use super::place::Place;
use crate::protocol::draws::Draws;
use crate::protocol::{ADDRESSES_MAX, PeerAddress};
use crate::types::Timestamp;

/// Part of a book that one answer shows, in percent.
pub const SAMPLE_PERCENT_MAX: usize = 23;

/// Among which addresses one is picked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// Half of the time those that were connected to, half of the time others.
    Any,
    /// Those that somebody told of.
    New,
    /// Those that were connected to.
    Tried,
}

impl AddressBook {
    /// Somebody to connect to who is wanted, if the book knows one. What was attempted a moment ago, or failed, is less
    /// likely. The same draw picks the same one from the same book.
    ///
    /// # Security
    /// Each bucket is as likely as any other, however full: who fills a few gains no more than these.
    pub fn pick(
        &self,
        draw: u64,
        now: Timestamp,
        which: Which,
        wanted: impl Fn(SocketAddr) -> bool,
    ) -> Option<SocketAddr> {
        let mut draws = Draws::of(draw);
        let tried = match which {
            Which::New => false,
            Which::Tried => true,
            Which::Any => draws.below(2) == 1,
        };
        let found = self.one_of(&mut draws, tried, now, &wanted);
        let is_over = found.is_some() || which != Which::Any;
        if is_over { found } else { self.one_of(&mut draws, !tried, now, &wanted) }
    }

    /// Somebody to connect to only to see who is there: one of whom we were told.
    pub fn feeler(
        &self,
        draw: u64,
        now: Timestamp,
        wanted: impl Fn(SocketAddr) -> bool,
    ) -> Option<SocketAddr> {
        self.pick(draw, now, Which::New, wanted)
    }

    /// Addresses to tell others of: up to `max`, and no more than an answer holds or a part of the book, rounded up so that
    /// the first nodes of a network find each other.
    ///
    /// # Security
    /// Each draw shows another part. Who answers each question with a new one shows the whole book in the end, and with it
    /// what it learned from whom.
    pub fn sample(&self, draw: u64, now: Timestamp, max: usize) -> Vec<PeerAddress> {
        let count = (self.len() * SAMPLE_PERCENT_MAX).div_ceil(100).min(ADDRESSES_MAX).min(max);
        let good = self.entries.values().filter(|entry| !entry.is_terrible(now));
        let mut left: Vec<PeerAddress> = good.map(|entry| entry.peer).collect();
        let mut draws = Draws::of(draw);
        let count = count.min(left.len());
        (0..count).map(|_| left.swap_remove(draws.place(left.len()))).collect()
    }

    /// A bucket, and one in it, again and again until one is taken; each round takes more readily than the one before. Buckets
    /// in which nobody is wanted are drawn once: only where that is all of them the whole book is looked through.
    fn one_of(
        &self,
        draws: &mut Draws,
        tried: bool,
        now: Timestamp,
        wanted: impl Fn(SocketAddr) -> bool,
    ) -> Option<SocketAddr> {
        let mut buckets: Vec<u8> = Place::buckets(tried).collect();
        let mut readiness = 1000;
        while !buckets.is_empty() {
            let drawn = draws.place(buckets.len());
            let bucket = self.entries.range(Place::of_bucket(tried, buckets[drawn]));
            let bucket = bucket.map(|(_, entry)| entry).collect();
            let Some(entry) = somebody(draws, bucket, &wanted) else {
                buckets.swap_remove(drawn);
                continue;
            };
            if draws.below(1_000_000) < entry.chance(now) * readiness / 1000 {
                return Some(entry.peer.address());
            }
            readiness = readiness * 6 / 5;
        }
        None
    }
}

/// One of these who is wanted, each as likely as any other of those. Nobody is looked at before it is drawn.
fn somebody<'a>(
    draws: &mut Draws,
    mut from: Vec<&'a Entry>,
    wanted: impl Fn(SocketAddr) -> bool,
) -> Option<&'a Entry> {
    while !from.is_empty() {
        let entry = from.swap_remove(draws.place(from.len()));
        if wanted(entry.peer.address()) {
            return Some(entry);
        }
    }
    None
}
