//! How much the machine keeps of everything.

use super::{GONE_MAX, Protocol};
use crate::protocol::BANS_MAX;
use crate::protocol::dialing::ATTEMPTS_MAX;
use crate::protocol::sizes::Size;

impl Protocol {
    /// How much is kept of everything, by name, and how much may be: what somebody watches to see that nothing of it grows
    /// for ever, and that who is gone is forgotten by every small machine.
    pub fn sizes(&self) -> Vec<Size> {
        let peers = self.peers.len();
        // What is made for a look, or because an operator wishes it, comes on top.
        let peers_max = self.settings.inbound_max
            + self.settings.outbound_max
            + self.dialing.added().count()
            + ATTEMPTS_MAX;
        let own = [
            Size::new("peers", peers, peers_max),
            Size::new("peers that are gone", self.gone.len(), GONE_MAX),
            Size::new("bans", self.bans.iter().count(), BANS_MAX),
        ];
        let parts = [
            self.conduct.sizes(peers),
            self.pings.sizes(peers),
            self.dialing.sizes(peers),
            self.gossip.sizes(peers),
            self.sync.sizes(peers),
            self.relay.sizes(peers),
            self.transactions.sizes(peers),
            self.stem.sizes(peers),
        ];
        own.into_iter().chain(parts.into_iter().flatten()).collect()
    }
}
