//! What all streams share: how many there may be, their turns at the disk, and when all of them end.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::lookout::Lookout;
use super::opened::Recently;
use super::pool::PoolRelay;
use crate::api::problem::{Code, Problem};
use crate::protocol::house;

/// Streams at a time; beyond, whoever asks is told to come again.
pub const STREAMS_MAX: usize = 512;
/// The same from one address, or from one network of it where it is IPv6. From this machine itself there may be as many as
/// in all: a proxy in front of the node is all its clients.
pub const STREAMS_OF_ADDRESS_MAX: usize = 32;
/// Streams that may be at the disk at a time; others wait for their turn.
pub(super) const READERS_MAX: usize = 8;

/// How many streams there may be, and how patient they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamLimits {
    /// Streams in all.
    pub streams: usize,
    /// Streams from one address.
    pub of_address: usize,
    /// How long what is told may wait for somebody who does not read; then the stream ends.
    pub slow: Duration,
    /// How long nothing is said before it is said that there is nothing.
    pub heartbeat: Duration,
    /// How often peers and miners are looked after.
    pub look_every: Duration,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            streams: STREAMS_MAX,
            of_address: STREAMS_OF_ADDRESS_MAX,
            slow: Duration::from_secs(20),
            heartbeat: Duration::from_secs(15),
            look_every: Duration::from_secs(2),
        }
    }
}

/// What all streams share.
pub struct Hub {
    limits: StreamLimits,
    streams: Mutex<Streams>,
    /// How many there are, for whoever waits for the last to end.
    count: watch::Sender<usize>,
    /// Streams that ended because nobody read them.
    given_up: AtomicU64,
    turns: Arc<Semaphore>,
    ended: watch::Sender<bool>,
    recently: Recently,
    lookout: Lookout,
    pool: PoolRelay,
}

/// Who has how many.
#[derive(Default)]
struct Streams {
    count: usize,
    /// Of those that are not on this machine, by network.
    by_address: HashMap<IpAddr, usize>,
}

impl Hub {
    /// With these limits.
    pub fn new(limits: StreamLimits) -> Self {
        Self {
            limits,
            streams: Mutex::default(),
            count: watch::Sender::new(0),
            given_up: AtomicU64::new(0),
            turns: Arc::new(Semaphore::new(READERS_MAX)),
            ended: watch::Sender::new(false),
            recently: Recently::default(),
            lookout: Lookout::default(),
            pool: PoolRelay::default(),
        }
    }

    /// How many there may be, and how patient they are.
    pub fn limits(&self) -> &StreamLimits {
        &self.limits
    }

    /// How many streams there are.
    pub fn count(&self) -> usize {
        self.streams.lock().count
    }

    /// How many ended because nobody read them.
    pub fn given_up(&self) -> u64 {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Counts one that nobody reads.
    pub(super) fn give_up(&self) {
        self.given_up.fetch_add(1, Ordering::Relaxed);
    }

    /// A place for a stream to somebody.
    pub(super) fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Place, Problem> {
        let network = address.filter(|address| !address.is_loopback()).map(house);
        let mut streams = self.streams.lock();
        let of_address = network.and_then(|network| streams.by_address.get(&network)).copied();
        if streams.count >= self.limits.streams || of_address.unwrap_or(0) >= self.limits.of_address {
            return Err(Problem::new(Code::Busy, "as many streams of events are open as there may be"));
        }
        streams.count += 1;
        if let Some(network) = network {
            *streams.by_address.entry(network).or_default() += 1;
        }
        self.count.send_replace(streams.count);
        Ok(Place { hub: Arc::clone(self), network })
    }

    /// A turn at the disk.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        Arc::clone(&self.turns).acquire_owned().await.ok()
    }

    /// Blocks that were told of lately.
    pub(super) fn recently(&self) -> &Recently {
        &self.recently
    }

    /// Whoever looks after peers and miners.
    pub(super) fn lookout(&self) -> &Lookout {
        &self.lookout
    }

    /// What happens to the pool.
    pub(super) fn pool(&self) -> &PoolRelay {
        &self.pool
    }

    /// Ends all streams, and any that would begin.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Waits until the last stream has ended.
    pub async fn all_gone(&self) {
        // The sender is here, so this ends with the last of them alone.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Becomes true when all streams end.
    pub(super) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }
}

/// A stream's place among all; it is free again when this is dropped.
pub(super) struct Place {
    hub: Arc<Hub>,
    network: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut streams = self.hub.streams.lock();
        streams.count -= 1;
        self.hub.count.send_replace(streams.count);
        let Some(network) = self.network else { return };
        if let Some(count) = streams.by_address.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                streams.by_address.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(streams: usize, of_address: usize) -> Arc<Hub> {
        Arc::new(Hub::new(StreamLimits { streams, of_address, ..StreamLimits::default() }))
    }

    #[test]
    fn nobody_has_more_than_their_share_and_places_come_back() {
        let hub = hub(10, 2);
        let enter = |text: &str| hub.enter(Some(text.parse().unwrap()));
        let first = enter("192.0.2.1").unwrap();
        let _second = enter("::ffff:192.0.2.1").unwrap();
        assert_eq!(enter("192.0.2.1").err().unwrap().code, Code::Busy);
        let _other = enter("192.0.2.2").unwrap();
        drop(first);
        let _again = enter("192.0.2.1").unwrap();
        assert!(enter("192.0.2.1").is_err());
        assert_eq!(hub.count(), 3);
    }

    #[test]
    fn addresses_of_one_network_count_as_one() {
        let hub = hub(10, 2);
        let enter = |text: &str| hub.enter(Some(text.parse().unwrap()));
        let _places = [enter("2001:db8::1").unwrap(), enter("2001:db8::ffff:1").unwrap()];
        assert!(enter("2001:db8::2").is_err());
        assert!(enter("2001:db8:0:1::1").is_ok());
    }

    #[test]
    fn this_machine_has_as_many_as_there_are() {
        let hub = hub(3, 1);
        let enter = |text: &str| hub.enter(Some(text.parse().unwrap()));
        let places = [enter("127.0.0.1").unwrap(), enter("::1").unwrap(), hub.enter(None).unwrap()];
        assert!(enter("127.0.0.1").is_err() && enter("192.0.2.1").is_err());
        drop(places);
        assert!(hub.count() == 0 && hub.streams.lock().by_address.is_empty());
    }
}
