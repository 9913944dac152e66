//! What is known of one address.

use core::net::SocketAddr;

use super::group::Group;
use crate::codec::{Decode, Encode};
use crate::protocol::PeerAddress;
use crate::types::Timestamp;

const MINUTE: u32 = 60;
const DAY: u32 = 24 * 60 * MINUTE;

/// Seconds after which an address is given up that nobody has seen.
pub const UNSEEN_SECONDS_MAX: u32 = 30 * DAY;
/// Failures after which one is given up that was never connected to.
pub const FAILURES_OF_UNKNOWN_MAX: u16 = 3;
/// Failures after which one is given up that was connected to, but not for a week.
const FAILURES_MAX: u16 = 10;
const FORGIVING_SECONDS: u32 = 7 * DAY;
/// How far ahead of our clock somebody may have seen an address.
pub(super) const AHEAD_SECONDS_MAX: u32 = 10 * MINUTE;
/// What was attempted a moment ago may still succeed.
const UNDECIDED_SECONDS: u32 = MINUTE;
/// For so long after an attempt the next is unlikely.
const RESTING_SECONDS: u32 = 10 * MINUTE;
/// Failures beyond these make an attempt no less likely.
const FAILURES_WEIGHED_MAX: u16 = 8;

/// What stands in the book for an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub(super) struct Entry {
    pub peer: PeerAddress,
    pub told_by: Group,
    pub attempted: Option<Timestamp>,
    pub connected: Option<Timestamp>,
    /// Since it was last connected to.
    pub failures: u16,
    pub counted: Option<Timestamp>,
}

/// What a book knows of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownAddress {
    /// Where it is.
    pub address: SocketAddr,
    /// When somebody last knew it to be there.
    pub seen: Timestamp,
    /// When we last connected to it.
    pub connected: Option<Timestamp>,
    /// Attempts that failed since.
    pub failures: u16,
    /// Whether it stands among those that were connected to.
    pub tried: bool,
}

impl Entry {
    pub fn new(peer: PeerAddress, told_by: Group) -> Self {
        Self { peer, told_by, attempted: None, connected: None, failures: 0, counted: None }
    }

    pub fn known(&self, tried: bool) -> KnownAddress {
        let (connected, failures) = (self.connected, self.failures);
        KnownAddress { address: self.peer.address(), seen: self.peer.seen, connected, failures, tried }
    }

    /// Whether any other is better.
    pub fn is_terrible(&self, now: Timestamp) -> bool {
        if self.attempted.is_some_and(|at| at <= now && since(at, now) < UNDECIDED_SECONDS) {
            return false;
        }
        let alive = self.connected.map_or(self.peer.seen, |at| at.max(self.peer.seen));
        let failures_max = match self.connected {
            None => FAILURES_OF_UNKNOWN_MAX,
            Some(at) if since(at, now) > FORGIVING_SECONDS => FAILURES_MAX,
            Some(_) => u16::MAX,
        };
        self.peer.seen.0 > now.0.saturating_add(AHEAD_SECONDS_MAX)
            || since(alive, now) > UNSEEN_SECONDS_MAX
            || self.failures >= failures_max
    }

    /// How likely an attempt is where it is this one's turn, in millionths.
    pub fn chance(&self, now: Timestamp) -> u64 {
        let rested = self.attempted.is_none_or(|at| since(at, now) >= RESTING_SECONDS);
        let first = if rested { 1_000_000 } else { 10_000 };
        (0..self.failures.min(FAILURES_WEIGHED_MAX)).fold(first, |chance, _| chance * 66 / 100)
    }
}

/// Seconds between the two; none where the clock was set back.
fn since(then: Timestamp, now: Timestamp) -> u32 {
    now.0.saturating_sub(then.0)
}
