//! Somebody at the other end of a connection, who does as they like.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::net::{
    Handshake, Identity, Inbox, Lane, Opener, Outbox, PREAMBLE_BYTES, Parcel, Sealer, preamble,
};
use crate::protocol::{Message, Side};
use crate::types::ChainId;

/// A peer without a node. It waits for nothing but what it is asked to receive, and panics where that does not come.
pub struct Raw {
    /// The socket.
    pub stream: TcpStream,
    sealer: Sealer,
    opener: Opener,
    inbox: Inbox,
    /// Who it is.
    pub identity: Identity,
}

/// A socket on which reading ends some time.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a peer that does its part");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a peer that does its part");
    stream.set_nodelay(true).expect("a peer that does its part");
    stream
}

/// What they say of their chain.
pub fn their_preamble(stream: &mut TcpStream) -> [u8; PREAMBLE_BYTES] {
    let mut theirs = [0; PREAMBLE_BYTES];
    stream.read_exact(&mut theirs).expect("a peer that does its part");
    theirs
}

/// What else comes before they hang up.
pub fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // It may be cut short.
    let _ = stream.read_to_end(&mut rest);
    rest
}

impl Raw {
    /// Somebody of the same chain, greeted.
    ///
    /// # Panics
    /// When it is not let in; so with all that follows.
    pub fn greet(address: SocketAddr, chain: ChainId) -> Self {
        Self::shake(connect(address), Side::Dialer, chain).expect("a peer that does its part")
    }

    /// The same on a connection that was made, whoever made it.
    ///
    /// # Errors
    /// When they hang up.
    pub fn shake(mut stream: TcpStream, side: Side, chain: ChainId) -> std::io::Result<Self> {
        let identity = Identity::generate();
        stream.write_all(&preamble(chain))?;
        let mut theirs = [0; PREAMBLE_BYTES];
        stream.read_exact(&mut theirs)?;
        assert_eq!(theirs, preamble(chain));
        let mut handshake = Handshake::new(side, &identity, chain);
        loop {
            if let Some(message) = handshake.next_message() {
                stream.write_all(&message)?;
            } else if let Some(bytes) = handshake.awaited_bytes() {
                let mut message = vec![0; bytes];
                stream.read_exact(&mut message)?;
                handshake.received(&message).expect("a peer that does its part");
            } else {
                break;
            }
        }
        let (_, sealer, opener) = handshake.finish();
        Ok(Self { stream, sealer, opener, inbox: Inbox::default(), identity })
    }

    /// A chunk, sealed, as it goes over the wire.
    pub fn seal(&mut self, chunk: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        self.sealer.seal(chunk, &mut frame);
        frame
    }

    /// Sends a chunk.
    pub fn send_chunk(&mut self, chunk: &[u8]) {
        let frame = self.seal(chunk);
        self.stream.write_all(&frame).expect("a peer that does its part");
    }

    /// Any bytes as a message.
    pub fn send_bytes(&mut self, lane: Lane, bytes: &[u8]) {
        self.try_send_bytes(lane, bytes).expect("a peer that does its part");
    }

    /// The same, if they still read.
    ///
    /// # Errors
    /// When they have hung up.
    pub fn try_send_bytes(&mut self, lane: Lane, bytes: &[u8]) -> std::io::Result<()> {
        let (mut outbox, mut chunk) = (Outbox::new(usize::MAX), Vec::new());
        outbox.push(lane, bytes.into()).expect("a peer that does its part");
        while outbox.next_chunk(&mut chunk) {
            let frame = self.seal(&chunk);
            self.stream.write_all(&frame)?;
        }
        Ok(())
    }

    /// Sends a message.
    pub fn send(&mut self, message: &Message) {
        self.try_send(message).expect("a peer that does its part");
    }

    /// The same, if they still read.
    ///
    /// # Errors
    /// When they have hung up.
    pub fn try_send(&mut self, message: &Message) -> std::io::Result<()> {
        let Parcel { lane, bytes } = Parcel::of(message);
        self.try_send_bytes(lane, &bytes)
    }

    /// The next message; nothing where they hung up.
    pub fn receive(&mut self) -> Option<Message> {
        let mut chunk = Vec::new();
        loop {
            let mut head = [0; 2];
            self.stream.read_exact(&mut head).ok()?;
            let mut sealed = vec![0; self.opener.length(head).expect("a peer that does its part")];
            self.stream.read_exact(&mut sealed).ok()?;
            self.opener.open(&sealed, &mut chunk).expect("a peer that does its part");
            if let Some(message) = self.inbox.take(&chunk).expect("a peer that does its part") {
                return Some(Message::from_bytes(&message).expect("a peer that does its part"));
            }
        }
    }
}
