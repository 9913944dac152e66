//! Somebody at the other end, who does as they like.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use cairn::net::{
    Handshake, Identity, Inbox, Lane, Opener, Outbox, PREAMBLE_BYTES, Parcel, Sealer, preamble,
};
use cairn::protocol::{Message, Side};
use cairn::types::ChainId;

pub struct Raw {
    pub stream: TcpStream,
    sealer: Sealer,
    opener: Opener,
    inbox: Inbox,
    pub identity: Identity,
}

/// A socket on which reading ends some time.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// What they say of their chain.
pub fn their_preamble(stream: &mut TcpStream) -> [u8; PREAMBLE_BYTES] {
    let mut theirs = [0; PREAMBLE_BYTES];
    stream.read_exact(&mut theirs).unwrap();
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
    pub fn greet(address: SocketAddr, chain: ChainId) -> Self {
        let identity = Identity::generate();
        let mut stream = connect(address);
        stream.write_all(&preamble(chain)).unwrap();
        assert_eq!(their_preamble(&mut stream), preamble(chain));
        let mut handshake = Handshake::new(Side::Dialer, &identity, chain);
        loop {
            if let Some(message) = handshake.next_message() {
                stream.write_all(&message).unwrap();
            } else if let Some(bytes) = handshake.awaited_bytes() {
                let mut message = vec![0; bytes];
                stream.read_exact(&mut message).unwrap();
                handshake.received(&message).unwrap();
            } else {
                break;
            }
        }
        let (_, sealer, opener) = handshake.finish();
        Self { stream, sealer, opener, inbox: Inbox::default(), identity }
    }

    /// A chunk, sealed, as it goes over the wire.
    pub fn seal(&mut self, chunk: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        self.sealer.seal(chunk, &mut frame);
        frame
    }

    pub fn send_chunk(&mut self, chunk: &[u8]) {
        let frame = self.seal(chunk);
        self.stream.write_all(&frame).unwrap();
    }

    /// Any bytes as a message.
    pub fn send_bytes(&mut self, lane: Lane, bytes: &[u8]) {
        self.try_send_bytes(lane, bytes).unwrap();
    }

    pub fn try_send_bytes(&mut self, lane: Lane, bytes: &[u8]) -> std::io::Result<()> {
        let (mut outbox, mut chunk) = (Outbox::new(usize::MAX), Vec::new());
        outbox.push(lane, bytes.into()).unwrap();
        while outbox.next_chunk(&mut chunk) {
            let frame = self.seal(&chunk);
            self.stream.write_all(&frame)?;
        }
        Ok(())
    }

    pub fn send(&mut self, message: &Message) {
        let Parcel { lane, bytes } = Parcel::of(message);
        self.send_bytes(lane, &bytes);
    }

    /// The next message; nothing where they hung up.
    pub fn receive(&mut self) -> Option<Message> {
        let mut chunk = Vec::new();
        loop {
            let mut head = [0; 2];
            self.stream.read_exact(&mut head).ok()?;
            let mut sealed = vec![0; self.opener.length(head).unwrap()];
            self.stream.read_exact(&mut sealed).ok()?;
            self.opener.open(&sealed, &mut chunk).unwrap();
            if let Some(message) = self.inbox.take(&chunk).unwrap() {
                return Some(Message::from_bytes(&message).unwrap());
            }
        }
    }
}
