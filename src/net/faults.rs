//! Faults of a laboratory's network: how links lose, delay and cut what goes over them, while everything runs.
//!
//! A connection over TCP loses nothing: what was lost on its way is sent again, late, and holds up what follows. So that
//! is what loss means here. Each side applies its own table to what it sends.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tokio::sync::watch;

use crate::consensus::Params;
use crate::protocol::{NodeId, PeerId};

/// What a link does to what is sent over it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Link {
    /// How long everything takes.
    pub delay: Duration,
    /// How much longer it takes at most; drawn for each frame. Order is kept.
    pub jitter: Duration,
    /// The share of frames that are lost and sent again, from 0 to 1.
    pub loss: f64,
    /// How much goes over it; as much as there is where nothing is said.
    pub bytes_per_second: Option<u64>,
    /// Whether nothing passes, either way, until it is healed.
    pub cut: bool,
}

/// Which links are meant. The narrowest that fits counts: a node, then an address, then all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Far {
    /// The one to this node, wherever it is.
    Node(NodeId),
    /// The one to this address and port.
    Address(SocketAddr),
    /// Every link for which nothing else is said.
    All,
}

/// Why a text names no link.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("say the IP:PORT of a peer, or the 64 digits of a node, or {ALL}")]
pub struct FarError;

/// What says that all links are meant.
const ALL: &str = "all";

impl FromStr for Far {
    type Err = FarError;

    fn from_str(text: &str) -> Result<Self, FarError> {
        if text == ALL {
            return Ok(Self::All);
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| Self::Node(NodeId(bytes))).ok_or(FarError)
    }
}

impl fmt::Display for Far {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str(ALL),
            Self::Address(address) => write!(f, "{address}"),
            Self::Node(node) => f.write_str(&hex::encode(node.0)),
        }
    }
}

/// Faults are for laboratories.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("faults can be made only on a chain whose genesis says that it is a laboratory")]
pub struct FaultsRefused;

/// What is wrong with which links. Every copy is the same table, and it can be changed at any time.
#[derive(Clone)]
pub struct Faults {
    allowed: bool,
    seed: [u8; 32],
    table: watch::Sender<Table>,
}

/// No more than a lab has nodes; looked through only where it holds anything.
type Table = Arc<Vec<(Far, Link)>>;

impl Faults {
    /// None yet, on the chain with these rules. The same seed draws the same.
    pub fn new(params: &Params, seed: [u8; 32]) -> Self {
        Self { allowed: params.lab, seed, table: watch::Sender::new(Arc::default()) }
    }

    /// Makes a link what is said, or healthy again.
    ///
    /// # Errors
    /// Where the chain is no laboratory.
    pub fn set(&self, far: Far, link: Option<Link>) -> Result<(), FaultsRefused> {
        if !self.allowed {
            return Err(FaultsRefused);
        }
        self.table.send_modify(|table| {
            let others = table.iter().filter(|(other, _)| *other != far).copied();
            *table = Arc::new(others.chain(link.map(|link| (far, link))).collect());
        });
        Ok(())
    }

    /// Makes every link healthy again.
    pub fn heal(&self) {
        self.table.send_modify(|table| *table = Arc::default());
    }

    /// All that is wrong.
    pub fn all(&self) -> Vec<(Far, Link)> {
        self.table.borrow().to_vec()
    }

    /// How the link to somebody is, now and when it changes.
    pub(super) fn watch(&self, address: SocketAddr, node: Option<NodeId>) -> LinkWatch {
        LinkWatch { address, node, table: self.table.subscribe() }
    }

    /// What is drawn for one connection.
    pub(super) fn draws(&self, peer: PeerId) -> ChaCha8Rng {
        let mut draws = ChaCha8Rng::from_seed(self.seed);
        draws.set_stream(peer.0);
        draws
    }
}

/// How one link is.
#[derive(Clone)]
pub(super) struct LinkWatch {
    address: SocketAddr,
    node: Option<NodeId>,
    table: watch::Receiver<Table>,
}

impl LinkWatch {
    /// What is wrong with it now.
    pub fn link(&mut self) -> Option<Link> {
        let table = self.table.borrow_and_update();
        let fits = table.iter().filter(|(far, _)| match far {
            Far::Node(node) => self.node == Some(*node),
            Far::Address(address) => self.address == *address,
            Far::All => true,
        });
        fits.min_by_key(|(far, _)| *far).map(|(_, link)| *link)
    }

    /// Whether the table has changed since it was last looked at; costs next to nothing.
    pub fn has_changed(&self) -> bool {
        self.table.has_changed().unwrap_or(false)
    }

    /// Waits until the table changes.
    pub async fn changed(&mut self) {
        if self.table.changed().await.is_err() {
            // Nobody can change it any more.
            std::future::pending::<()>().await;
        }
    }

    /// Waits while it is cut.
    pub async fn passable(&mut self) {
        while self.link().is_some_and(|link| link.cut) {
            self.changed().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults() -> Faults {
        Faults { allowed: true, seed: [0; 32], table: watch::Sender::new(Arc::default()) }
    }

    #[test]
    fn narrowest_word_on_a_link_counts_until_it_is_taken_back() {
        let faults = faults();
        let (here, there) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        let node = NodeId([7; 32]);
        let mut to_node = faults.watch(here, Some(node));
        let mut to_address = faults.watch(here, None);
        let mut elsewhere = faults.watch(there, None);
        let slow = |millis| Link { delay: Duration::from_millis(millis), ..Link::default() };
        for (far, millis) in [(Far::All, 1), (Far::Address(here), 2), (Far::Node(node), 3)] {
            faults.set(far, Some(slow(millis))).unwrap();
        }
        assert!(to_node.has_changed());
        let found = [to_node.link(), to_address.link(), elsewhere.link()];
        assert_eq!(found, [3, 2, 1].map(|millis| Some(slow(millis))));
        assert!(!to_node.has_changed());
        faults.set(Far::Node(node), None).unwrap();
        faults.set(Far::All, Some(slow(9))).unwrap();
        assert_eq!([to_node.link(), elsewhere.link()], [Some(slow(2)), Some(slow(9))]);
        assert_eq!(faults.all().len(), 2);
        faults.heal();
        assert_eq!([to_node.link(), to_address.link(), elsewhere.link()], [None; 3]);
    }
}
