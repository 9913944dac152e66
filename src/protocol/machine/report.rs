//! What is told of the machine to people.

use core::net::SocketAddr;

use super::Protocol;
use crate::protocol::peers::Peer;
use crate::protocol::{AddressBook, Banned, Bans, Known, KnownAddress, Met, Now, Standing, SyncState};
use crate::types::{BlockHash, Height, Timestamp};

/// How a node stands with others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProtocolReport {
    /// Who is connected.
    pub peers: Vec<PeerReport>,
    /// Places that an operator wants to be connected to.
    pub added: Vec<String>,
    /// The addresses that are known.
    pub known: Vec<KnownAddress>,
    /// Who is banned, until when.
    pub bans: Vec<(Banned, Timestamp)>,
    /// How far it is with catching up.
    pub sync: SyncState,
    /// What the node follows.
    pub tip: Standing,
}

/// Somebody who is connected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerReport {
    /// The connection.
    pub met: Met,
    /// For how many seconds.
    pub seconds: u64,
    /// What they call their program; nothing before they said who they are.
    pub agent: Option<String>,
    /// Where they listen, if they do.
    pub listening: Option<SocketAddr>,
    /// Their tip, as far as they told of it or have it from us.
    pub tip: Option<(Height, BlockHash)>,
    /// Milliseconds that the quickest answer took, and the last.
    pub ping: (Option<u64>, Option<u64>),
}

impl Protocol {
    /// How we stand with others.
    pub fn report(&self, now: Now, known: &dyn Known) -> ProtocolReport {
        let tip = |id, peer: &Peer| {
            let hello = peer.hello.as_ref()?;
            let last = self.relay.last_of(id).and_then(|hash| known.block(&hash)).map(|block| block.standing);
            let said = (hello.height, hello.tip);
            Some(last.map(|last| (last.height, last.hash)).filter(|last| *last > said).unwrap_or(said))
        };
        let peers = self.peers.iter().map(|(id, peer)| PeerReport {
            met: peer.met,
            seconds: now.millis.saturating_sub(peer.since) / 1000,
            agent: peer.hello.as_ref().map(|hello| shown(&hello.agent)),
            listening: peer.listening(),
            tip: tip(id, peer),
            ping: self.pings.took(id),
        });
        ProtocolReport {
            peers: peers.collect(),
            added: self.dialing.added().map(str::to_owned).collect(),
            known: self.dialing.known(),
            bans: self.bans.iter().collect(),
            sync: self.sync.state(),
            tip: known.tip(),
        }
    }

    /// Who is banned.
    pub fn bans(&self) -> &Bans {
        &self.bans
    }

    /// The addresses that are known, to be kept.
    pub fn book(&self) -> &AddressBook {
        self.dialing.book()
    }

    /// The same at the end, with whom to connect to first at the next start.
    pub fn end(mut self, now: Now) -> AddressBook {
        self.dialing.set_anchors(now);
        self.dialing.book().clone()
    }

    /// How far it is with catching up.
    pub fn sync_state(&self) -> SyncState {
        self.sync.state()
    }
}

/// What a stranger calls its program, without what would not be seen, or would be seen as something else.
fn shown(agent: &[u8]) -> String {
    String::from_utf8_lossy(agent).chars().filter(|sign| !sign.is_control()).collect()
}
