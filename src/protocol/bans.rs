//! Who is banned, and until when.
//!
//! What is banned is an address or a node. A node has its key for nothing, so its ban stops one that stays itself: one
//! with a fault, or one of an operator's own. An address costs something, so its ban stops an attacker.

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{Banned, NodeId};
use crate::codec::{Canonical, CodecError, Decode, Encode, List, decode, encode};
use crate::crypto::Tag;
use crate::types::Timestamp;

/// Bans at a time. Beyond these the one that ends soonest goes, which may be the one that comes.
pub const BANS_MAX: usize = 4096;

/// Of what is written.
const VERSION: u8 = 1;
const SUM_BYTES: usize = 32;

static SUM: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/bans"));

/// Who is banned until when; [`BANS_MAX`] at most.
///
/// # Security
/// Of IPv6 a /64 is one address: whoever has one has all of it. IPv4 inside IPv6 is IPv4. Loopback is never banned by its
/// address: all nodes and tools of one machine share it, and an operator would lock themselves out. A node there can
/// still be banned by its key.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Bans {
    until: BTreeMap<Banned, Timestamp>,
}

impl Bans {
    /// Nobody is banned.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bans somebody until then, or until later if that was so before; whether they are banned now. A loopback address is
    /// not, nor one whose ban ends before all of [`BANS_MAX`] others.
    pub fn ban(&mut self, who: Banned, until: Timestamp) -> bool {
        let who = who.canonical();
        if matches!(who, Banned::Address(ip) if ip.is_loopback()) {
            return false;
        }
        let ends = self.until.entry(who).or_insert(until);
        *ends = until.max(*ends);
        if self.until.len() > BANS_MAX {
            let soonest = self.until.iter().min_by_key(|(_, until)| **until).map(|(who, _)| *who);
            self.until.remove(&soonest.expect("there are many"));
        }
        self.until.contains_key(&who)
    }

    /// Forgives somebody; whether they were banned.
    pub fn lift(&mut self, who: Banned) -> bool {
        self.until.remove(&who.canonical()).is_some()
    }

    /// Whether an address is banned, or who is there, if that is known.
    pub fn is_banned(&self, address: IpAddr, node: Option<NodeId>, now: Timestamp) -> bool {
        let holds = |who: Banned| self.until.get(&who.canonical()).is_some_and(|until| now < *until);
        (!address.to_canonical().is_loopback() && holds(Banned::Address(address)))
            || node.is_some_and(|node| holds(Banned::Node(node)))
    }

    /// Forgets the bans that are over; whether there were any.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let before = self.until.len();
        self.until.retain(|_, until| now < *until);
        self.until.len() < before
    }

    /// All bans, addresses first. Of an address of IPv6 the half is shown that counts.
    pub fn iter(&self) -> impl Iterator<Item = (Banned, Timestamp)> {
        self.until.iter().map(|(who, until)| (*who, *until))
    }

    /// All of them as bytes.
    ///
    /// # Panics
    /// Never: there are no more than their bytes can hold.
    pub fn to_bytes(&self) -> Vec<u8> {
        let bans = self.until.iter().map(|(who, until)| Ban { who: Who::of(*who), until: *until });
        let content = encode(&Stored::new(bans.collect()).expect("no more are kept"));
        [&[VERSION][..], &SUM.hash(&content), &content].concat()
    }

    /// The bans of these bytes.
    ///
    /// # Errors
    /// When they are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BansError> {
        let (version, rest) = bytes.split_first().ok_or(BansError::Length(0))?;
        if *version != VERSION {
            return Err(BansError::Version(*version));
        }
        let (sum, content) = rest.split_at_checked(SUM_BYTES).ok_or(BansError::Length(bytes.len()))?;
        if SUM.hash(content)[..] != *sum {
            return Err(BansError::Damaged);
        }
        let mut bans = Self::new();
        for ban in &decode::<Stored>(content)? {
            let who = ban.who.banned();
            let last = bans.until.last_key_value().map(|(last, _)| *last);
            if who.canonical() != who || last.is_some_and(|last| last >= who) || !bans.ban(who, ban.until) {
                return Err(BansError::Misplaced);
            }
        }
        Ok(bans)
    }
}

/// Why bytes are no bans.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BansError {
    /// They end before the bans begin.
    #[error("a list of bans of {0} bytes")]
    Length(usize),
    /// Of a later program, perhaps.
    #[error("a list of bans of the unknown version {0}")]
    Version(u8),
    /// Not what was written.
    #[error("a damaged list of bans")]
    Damaged,
    /// Whole, but nothing that is ever written.
    #[error("a list of bans that cannot be read: {0}")]
    Content(#[from] CodecError),
    /// Somebody who cannot be banned, or not there.
    #[error("a list of bans with one out of place")]
    Misplaced,
}

type Stored = List<Ban, 0, BANS_MAX>;

#[derive(Encode, Decode)]
struct Ban {
    who: Who,
    until: Timestamp,
}

#[derive(Encode, Decode)]
enum Who {
    V4([u8; 4]),
    V6([u8; 16]),
    Node([u8; 32]),
}

impl Who {
    fn of(banned: Banned) -> Self {
        match banned {
            Banned::Address(IpAddr::V4(ip)) => Self::V4(ip.octets()),
            Banned::Address(IpAddr::V6(ip)) => Self::V6(ip.octets()),
            Banned::Node(NodeId(node)) => Self::Node(node),
        }
    }

    fn banned(&self) -> Banned {
        match self {
            Self::V4(ip) => Banned::Address((*ip).into()),
            Self::V6(ip) => Banned::Address((*ip).into()),
            Self::Node(node) => Banned::Node(NodeId(*node)),
        }
    }
}

impl Canonical for Stored {
    const BYTES_MAX: usize = 3 + BANS_MAX * 40;
}
