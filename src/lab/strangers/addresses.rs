//! Addresses without end.

use core::net::SocketAddr;

use serde::Deserialize;

use super::villain::{Mischief, tell, time};
use crate::lab::clock::SECOND;
use crate::lab::world::Stage;
use crate::protocol::{Addresses, Message, PeerAddress, PeerId};

/// Whose addresses are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Nobody's: of any group.
    Nobody,
    /// Its own, at any port.
    Itself,
}

/// Tells of addresses, as many as are looked at; and of as many as fit, where it is asked.
pub struct AddressPoisoner {
    /// Whose.
    pub told: Told,
    /// How many it tells of each time, unasked.
    pub addresses: usize,
}

impl AddressPoisoner {
    fn addresses(&self, stage: &mut Stage<'_>, count: usize) -> Message {
        let seen = time(stage);
        let (itself, draws) = (stage.address, &mut *stage.draws);
        let address = |_| match self.told {
            Told::Nobody => {
                let [a, b, c, d, ..] = draws.any().to_le_bytes();
                SocketAddr::from(([90 + a % 60, b, c, d | 1], 9333))
            }
            Told::Itself => SocketAddr::new(itself.ip(), 1024 + (draws.any() % 60_000) as u16),
        };
        let addresses = (0..count).map(address).map(|address| PeerAddress::new(address, seen));
        Message::Addresses(Addresses::new(addresses.collect()).expect("no more than an answer holds"))
    }
}

impl Mischief for AddressPoisoner {
    fn period(&self) -> u64 {
        10 * SECOND
    }

    fn listens(&self) -> bool {
        self.told == Told::Itself
    }

    fn act(&mut self, stage: &mut Stage<'_>, peers: &[PeerId]) {
        let message = self.addresses(stage, self.addresses);
        tell(stage, peers, &message);
    }

    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {
        if let Message::GetAddresses(()) = message {
            let message = self.addresses(stage, crate::protocol::ADDRESSES_MAX);
            stage.send(peer, &message);
        }
    }
}
