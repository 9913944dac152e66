//! Calls others: dials them, and asks what their names stand for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::select;
use tokio::time::timeout;

use super::connection::{carry, survive};
use super::greet::Greeted;
use super::wire::{End, Event, Room, Wire};
use crate::protocol::{Input, Side};

/// How long a name may take.
const RESOLVE: Duration = Duration::from_secs(10);
/// Addresses of one name; the rest of them are left out.
const ADDRESSES_MAX: usize = 256;

/// Connects to a place, and stays connected until that ends.
pub(super) async fn dial(wire: Arc<Wire>, address: SocketAddr) {
    let mut stopping = wire.stopping.clone();
    let greeted = select! {
        greeted = survive(reach(&wire, address)) => greeted,
        _ = stopping.changed() => return,
    };
    let reason = match greeted {
        Ok(Ok(greeted)) => {
            let peer = wire.number();
            carry(wire, greeted, peer).await;
            return;
        }
        Ok(Err(end)) => end.to_string(),
        Err(fault) => End::Fault(fault).to_string(),
    };
    let told = Event::Told(Input::DialFailed { address, reason }, Room::default());
    // Where the machine has ended there is nobody to tell.
    let _ = wire.tell(told).await;
}

async fn reach(wire: &Wire, address: SocketAddr) -> Result<Greeted, End> {
    let connecting = async {
        // Over a cut link nothing answers.
        wire.faults.watch(address, None).passable().await;
        TcpStream::connect(address).await
    };
    let unreachable = || std::io::Error::from(std::io::ErrorKind::TimedOut);
    let stream = timeout(wire.patience.dial, connecting).await.map_err(|_| End::Socket(unreachable()))?;
    Greeted::shake(wire, stream.map_err(End::Socket)?, address, Side::Dialer).await
}

/// Finds out what a name stands for.
pub(super) async fn resolve(wire: Arc<Wire>, name: String) {
    let mut stopping = wire.stopping.clone();
    let found = select! {
        found = timeout(RESOLVE, lookup_host(&name)) => found,
        _ = stopping.changed() => return,
    };
    let addresses = found.ok().and_then(Result::ok).map(|found| found.take(ADDRESSES_MAX).collect());
    let told = Input::Resolved { name, addresses: addresses.unwrap_or_default() };
    let _ = wire.tell(Event::Told(told, Room::default())).await;
}
