//! How much one address may have: connections at a time, requests a second.
//!
//! An address of the sixth version counts with all of its /64, which whoever has one has whole. This machine itself is free
//! of limits: a proxy in front of the node is there, and speaks for many.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::protocol::house;

/// Connections of one address at a time; more are told to come later.
pub const CONNECTIONS_EACH_MAX: usize = 256;
/// Addresses that are remembered. Beyond, those that have asked for nothing lately are forgotten, and where there are none,
/// newcomers share one allowance.
pub const ADDRESSES_MAX: usize = 65_536;
/// Seconds of requests that may come all at once.
const BURST_SECONDS: u64 = 2;

/// What the addresses have.
pub(super) struct Rates {
    per_second: Option<NonZeroU32>,
    begun: Instant,
    guests: Mutex<HashMap<IpAddr, Arc<Guest>>>,
    /// Those for whom there was no room.
    others: Arc<Guest>,
}

/// What one address has.
#[derive(Default)]
struct Guest {
    connections: AtomicUsize,
    /// When it may have as much at once again as anybody, in nanoseconds.
    rested_at: AtomicU64,
}

/// One connection, until it ends however it may.
pub struct Visit {
    /// Nobody, where there are no limits.
    guest: Option<Arc<Guest>>,
}

impl Visit {
    /// Of somebody who may ask as much as they like.
    pub const fn unlimited() -> Self {
        Self { guest: None }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(guest) = &self.guest {
            guest.connections.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Rates {
    /// Nobody has asked yet.
    pub fn new(per_second: Option<NonZeroU32>) -> Self {
        Self { per_second, begun: Instant::now(), guests: Mutex::default(), others: Arc::default() }
    }

    /// Lets another connection of this address in, unless it has so many.
    pub fn enter(&self, from: IpAddr) -> Option<Visit> {
        if from.to_canonical().is_loopback() {
            return Some(Visit::unlimited());
        }
        let guest = self.guest(house(from), self.now());
        let before = guest.connections.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::ptr_eq(&guest, &self.others);
        // Whoever shares an allowance is not kept out by others' connections.
        let visit = Visit { guest: Some(guest) };
        (shared || before < CONNECTIONS_EACH_MAX).then_some(visit)
    }

    fn guest(&self, home: IpAddr, now: u64) -> Arc<Guest> {
        let mut guests = self.guests.lock();
        if guests.len() >= ADDRESSES_MAX && !guests.contains_key(&home) {
            guests.retain(|_, guest| !guest.is_forgettable(now));
            if guests.len() >= ADDRESSES_MAX {
                return Arc::clone(&self.others);
            }
        }
        Arc::clone(guests.entry(home).or_default())
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait, where there were too many.
    pub fn ask(&self, visit: &Visit) -> Result<(), Duration> {
        match (self.per_second, &visit.guest) {
            (Some(per_second), Some(guest)) => guest.ask(self.now(), per_second),
            _ => Ok(()),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Guest {
    /// Every request puts the time at which its sender is rested off by its share of a second; it may lie so far ahead, and
    /// no further.
    fn ask(&self, now: u64, per_second: NonZeroU32) -> Result<(), Duration> {
        const SECOND: u64 = 1_000_000_000;
        let each = SECOND / u64::from(per_second.get());
        let ahead_max = BURST_SECONDS * SECOND;
        let next = |rested_at: u64| {
            let next = rested_at.max(now) + each;
            (next <= now + ahead_max).then_some(next)
        };
        let asked = self.rested_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        asked.map(drop).map_err(|rested_at| Duration::from_nanos((rested_at + each) - (now + ahead_max)))
    }

    fn is_forgettable(&self, now: u64) -> bool {
        self.connections.load(Ordering::Relaxed) == 0 && self.rested_at.load(Ordering::Relaxed) <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn rate(per_second: u32) -> NonZeroU32 {
        NonZeroU32::new(per_second).unwrap()
    }

    #[test]
    fn two_seconds_of_requests_may_come_at_once_and_then_so_many_each_second() {
        let guest = Guest::default();
        let asked = |now| (0..).take_while(|_| guest.ask(now, rate(10)).is_ok()).count();
        assert_eq!(asked(0), 20);
        assert_eq!(guest.ask(0, rate(10)), Err(Duration::from_millis(100)));
        assert_eq!(asked(SECOND), 10);
        assert_eq!(asked(100 * SECOND), 20);
    }

    #[test]
    fn addresses_of_one_house_share_its_places_and_this_machine_has_as_many_as_it_likes() {
        let rates = Rates::new(None);
        let enter = |from: &str| rates.enter(from.parse().unwrap());
        let mut inside: Vec<_> = (0..CONNECTIONS_EACH_MAX).filter_map(|_| enter("2001:db8:1:2::1")).collect();
        assert_eq!(inside.len(), CONNECTIONS_EACH_MAX);
        assert!(enter("2001:db8:1:2:ffff::1").is_none());
        assert!(enter("2001:db8:1:3::1").is_some());
        inside.pop();
        assert!(enter("2001:db8:1:2:ffff::1").is_some());
        let own: Vec<_> = (0..=CONNECTIONS_EACH_MAX).filter_map(|_| enter("::ffff:127.0.0.1")).collect();
        assert_eq!(own.len(), CONNECTIONS_EACH_MAX + 1);
    }

    #[test]
    fn an_address_that_comes_again_has_not_rested_meanwhile() {
        let rates = Rates::new(Some(rate(1)));
        let ask = || rates.ask(&rates.enter("192.0.2.1".parse().unwrap()).unwrap());
        assert_eq!((ask(), ask()), (Ok(()), Ok(())));
        assert!(ask().is_err());
        assert!(rates.ask(&rates.enter("192.0.2.2".parse().unwrap()).unwrap()).is_ok());
    }

    #[test]
    fn so_many_addresses_are_remembered_and_those_at_rest_are_forgotten_first() {
        let rates = Rates::new(Some(rate(1)));
        let home = |number: u32| IpAddr::from(std::net::Ipv4Addr::from(number));
        let busy = rates.guest(home(0), 0);
        busy.ask(0, rate(1)).unwrap();
        let _inside: Vec<_> = (1..ADDRESSES_MAX as u32)
            .map(|number| {
                let guest = rates.guest(home(number), 0);
                guest.connections.fetch_add(1, Ordering::Relaxed);
                guest
            })
            .collect();
        let newcomer = home(u32::MAX);
        assert!(Arc::ptr_eq(&rates.guest(newcomer, 0), &rates.others));
        assert!(!Arc::ptr_eq(&rates.guest(newcomer, SECOND), &rates.others), "the first has rested");
        assert_eq!(rates.guests.lock().len(), ADDRESSES_MAX);
    }
}
