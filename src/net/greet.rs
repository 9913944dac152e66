//! Who is there: what is said before the first message.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::noise::{
    HANDSHAKE_BYTES, Handshake, NoiseError, Opener, PREAMBLE_BYTES, Sealer, check_preamble, preamble,
};
use super::wire::{End, Wire};
use crate::protocol::{NodeId, Side};

/// What a preamble of any chain begins with.
const MAGIC_BYTES: usize = PREAMBLE_BYTES - 32;

/// A connection on which both know who the other is.
pub struct Greeted {
    pub(super) stream: TcpStream,
    pub(super) address: SocketAddr,
    pub(super) side: Side,
    pub(super) node: NodeId,
    pub(super) sealer: Sealer,
    pub(super) opener: Opener,
}

impl Greeted {
    /// Finds out who is at the other end.
    ///
    /// # Security
    /// Whoever says nothing is let go in time. Nothing is kept of a stranger but a few bytes.
    ///
    /// # Errors
    /// When they do not say it in time, or are not of this chain.
    pub async fn shake(
        wire: &Wire,
        mut stream: TcpStream,
        address: SocketAddr,
        side: Side,
    ) -> Result<Self, End> {
        prefer_urgent(&stream);
        let agreed = async {
            wire.faults.watch(address, None).passable().await;
            introduce(wire, &mut stream).await?;
            agree(wire, &mut stream, side).await
        };
        let (node, sealer, opener) =
            timeout(wire.patience.handshake, agreed).await.map_err(|_| End::Silent)??;
        Ok(Self { stream, address, side, node, sealer, opener })
    }

    /// Who they are.
    pub fn node(&self) -> NodeId {
        self.node
    }
}

/// Says which chain we are of, and hears of theirs. Ours is said whoever they are, so that the other side can tell its
/// user too.
async fn introduce(wire: &Wire, stream: &mut TcpStream) -> Result<(), End> {
    let ours = preamble(wire.chain);
    stream.write_all(&ours).await?;
    let (mut theirs, mut came) = ([0; PREAMBLE_BYTES], 0);
    while came < PREAMBLE_BYTES {
        let count = stream.read(&mut theirs[came..]).await?;
        if count == 0 {
            return Err(End::HungUp);
        }
        came += count;
        let looked_at = came.min(MAGIC_BYTES);
        // Somebody who speaks something else may wait for us to answer that.
        if theirs[..looked_at] != ours[..looked_at] {
            return Err(NoiseError::Foreign.into());
        }
    }
    Ok(check_preamble(&theirs, wire.chain)?)
}

async fn agree(wire: &Wire, stream: &mut TcpStream, side: Side) -> Result<(NodeId, Sealer, Opener), End> {
    let mut handshake = Handshake::new(side, &wire.identity, wire.chain);
    let mut message = [0; HANDSHAKE_BYTES[1]];
    loop {
        if let Some(ours) = handshake.next_message() {
            stream.write_all(&ours).await?;
        } else if let Some(bytes) = handshake.awaited_bytes() {
            stream.read_exact(&mut message[..bytes]).await?;
            handshake.received(&message[..bytes])?;
        } else {
            return Ok(handshake.finish());
        }
    }
}

/// Bytes that the system takes from us before they can be sent. What it took cannot be overtaken any more.
#[cfg(target_os = "linux")]
const UNSENT_IN_SYSTEM_MAX: u32 = 64 << 10;

/// Most messages are short and urgent; where this is not to be had, they are only slower.
fn prefer_urgent(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_IN_SYSTEM_MAX);
}
