//! Lets others in, as many as there is room for.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::select;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::connection::{carry, survive};
use super::greet::Greeted;
use super::guests::Guests;
use super::noise::NoiseError;
use super::notices::Notices;
use super::wire::{End, Wire};
use crate::protocol::{Settings, Side};

/// Who may be saying who they are while all other places are taken; whoever comes then waits in the system's queue. The
/// machine hears of them, and may let somebody else go instead.
const SHAKING_MAX: usize = 16;
/// How many more of one address may be in than the machine keeps; others are hung up on.
const SHAKING_EACH_MAX: usize = 4;
/// How long nobody is let in after the system could not.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Where others come in.
pub(super) struct Door {
    listener: TcpListener,
    wire: Arc<Wire>,
    notices: Arc<Notices>,
    places: Arc<Semaphore>,
    guests: Arc<Guests>,
    each_max: usize,
}

impl Door {
    pub fn new(listener: TcpListener, wire: Arc<Wire>, notices: Arc<Notices>, settings: &Settings) -> Self {
        let places = Arc::new(Semaphore::new(settings.inbound_max + SHAKING_MAX));
        let each_max = settings.inbound_each_max.saturating_add(SHAKING_EACH_MAX);
        Self { listener, wire, notices, places, guests: Arc::default(), each_max }
    }

    /// Lets others in until this node stops.
    ///
    /// # Security
    /// There is a place before somebody is let in, so that strangers wait in the system's queue and cost nothing. No
    /// address can have all places while it does not even say who it is.
    pub async fn keep(self) {
        let mut stopping = self.wire.stopping.clone();
        loop {
            let arrival = async {
                let place = Arc::clone(&self.places).acquire_owned().await;
                (place, self.listener.accept().await)
            };
            let (place, arrived) = select! {
                arrived = arrival => arrived,
                _ = stopping.changed() => return,
            };
            let (stream, address) = match arrived {
                Ok(arrived) => arrived,
                Err(error) => {
                    // Out of files, or the other side has gone again.
                    self.notices.say_seldom("a peer could not be let in", &error.to_string());
                    sleep(ACCEPT_AGAIN).await;
                    continue;
                }
            };
            let Some(guest) = self.guests.admit(address.ip(), self.each_max) else { continue };
            let (wire, notices) = (Arc::clone(&self.wire), Arc::clone(&self.notices));
            tokio::spawn(async move {
                let mut stopping = wire.stopping.clone();
                let greeted = select! {
                    greeted = survive(Greeted::shake(&wire, stream, address, Side::Listener)) => greeted,
                    _ = stopping.changed() => return,
                };
                match greeted {
                    Ok(Ok(greeted)) => {
                        let peer = wire.number();
                        drop(carry(wire, greeted, peer).await);
                    }
                    Ok(Err(End::Noise(error @ NoiseError::OtherChain { .. }))) => {
                        notices.say_seldom(
                            "somebody came who is not of this chain",
                            &format!("{address}: {error}"),
                        );
                    }
                    // Strangers come and go.
                    Ok(Err(_)) => {}
                    Err(fault) => notices.say_seldom("a fault of this node in a handshake", &fault),
                }
                drop((place, guest));
            });
        }
    }
}
