//! Who is on the other side, and that nobody else hears or changes what is said.
//!
//! Each side first sends a preamble in the clear: which protocol, which chain. Only where they agree a handshake of the
//! [Noise protocol](https://noiseprotocol.org/noise.html) follows, `XX`: both show the key that they keep, and keys for
//! this connection alone come of it. The preamble is part of what is agreed on, so it cannot be changed on its way.
//!
//! Nothing here knows of a socket: bytes go in and out.

use std::sync::Arc;

use snow::{Builder, HandshakeState, StatelessTransportState};
use zeroize::Zeroizing;

use super::frames::WHOLE_CHUNK_BYTES_MAX;
use crate::protocol::{NodeId, Side};
use crate::types::{BlockHash, ChainId};

const PATTERN: &str = "Noise_XX_25519_ChaChaPoly_SHA256";
/// What a preamble begins with; the digit is the version of everything before the first message.
const MAGIC: &[u8; 8] = b"cairn/1\n";
/// Bytes of a preamble.
pub const PREAMBLE_BYTES: usize = MAGIC.len() + 32;
/// Bytes of the handshake's messages, in their order: the first and the last are the dialer's.
pub const HANDSHAKE_BYTES: [usize; 3] = [32, 96, 64];
/// What sealing adds to a chunk.
const SEAL_BYTES: usize = 16;
/// Longest sealed chunk.
pub const SEALED_BYTES_MAX: usize = WHOLE_CHUNK_BYTES_MAX + SEAL_BYTES;

/// The key that a node keeps, by which others know it again.
#[derive(Clone)]
pub struct Identity(Zeroizing<[u8; 32]>);

/// Why there can be no connection, or none any more.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoiseError {
    /// Whoever is there speaks something else, or another version of it.
    #[error("it does not speak our protocol")]
    Foreign,
    /// It follows another chain.
    #[error("it is of another chain, {chain}")]
    OtherChain {
        /// Which.
        chain: ChainId,
    },
    /// It knows no key that it should, or something was changed on its way.
    #[error("what came was not sealed with the key that was agreed on")]
    Unsealed,
    /// It is longer or shorter than it can be.
    #[error("a sealed chunk of {0} bytes")]
    Length(usize),
}

/// What is sent before anything else.
pub fn preamble(chain: ChainId) -> [u8; PREAMBLE_BYTES] {
    let mut bytes = [0; PREAMBLE_BYTES];
    bytes[..MAGIC.len()].copy_from_slice(MAGIC);
    bytes[MAGIC.len()..].copy_from_slice(chain.0.as_bytes());
    bytes
}

/// Whether somebody who sent this can be spoken with.
///
/// # Errors
/// When it is of another chain, or no node.
pub fn check_preamble(theirs: &[u8; PREAMBLE_BYTES], chain: ChainId) -> Result<(), NoiseError> {
    let (magic, bytes) = theirs.split_first_chunk().expect("a preamble has more bytes");
    if magic != MAGIC {
        return Err(NoiseError::Foreign);
    }
    let theirs = ChainId(BlockHash::from_bytes(bytes.try_into().expect("the rest is a chain")));
    if theirs == chain { Ok(()) } else { Err(NoiseError::OtherChain { chain: theirs }) }
}

impl Identity {
    /// A new one.
    pub fn generate() -> Self {
        let pair = builder().generate_keypair().expect("the operating system gives randomness");
        let key = Zeroizing::new(pair.private);
        Self::from_bytes(key.as_slice().try_into().expect("a key has 32 bytes"))
    }

    /// The one that was kept.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// What is to be kept.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.clone()
    }

    /// What others know it by.
    pub fn node_id(&self) -> NodeId {
        NodeId(x25519(&self.0))
    }
}

/// The public half of a key.
fn x25519(key: &[u8; 32]) -> [u8; 32] {
    let mut dh = snow::resolvers::CryptoResolver::resolve_dh(
        &snow::resolvers::DefaultResolver,
        &snow::params::DHChoice::Curve25519,
    )
    .expect("it was compiled in");
    dh.set(key);
    dh.pubkey().try_into().expect("a key has 32 bytes")
}

fn builder<'a>() -> Builder<'a> {
    Builder::new(PATTERN.parse().expect("a pattern that is known"))
}

/// A handshake going on.
pub struct Handshake {
    state: HandshakeState,
    /// Messages that went or came.
    done: usize,
}

impl Handshake {
    /// One between nodes of the same chain.
    pub fn new(side: Side, identity: &Identity, chain: ChainId) -> Self {
        let prologue = preamble(chain);
        let builder = builder()
            .local_private_key(&*identity.0)
            .and_then(|builder| builder.prologue(&prologue))
            .expect("each is set once");
        let state = match side {
            Side::Dialer => builder.build_initiator(),
            Side::Listener => builder.build_responder(),
        };
        Self { state: state.expect("there is a key"), done: 0 }
    }

    /// The message that is to be sent now, if it is our turn.
    pub fn next_message(&mut self) -> Option<Vec<u8>> {
        let bytes = *HANDSHAKE_BYTES.get(self.done).filter(|_| self.state.is_my_turn())?;
        // The library wants room for a seal even where there is nothing to seal yet.
        let mut message = vec![0; bytes + SEAL_BYTES];
        let written = self.state.write_message(&[], &mut message).expect("it is our turn");
        assert_eq!(written, bytes, "a handshake's messages have fixed lengths");
        message.truncate(written);
        self.done += 1;
        Some(message)
    }

    /// Bytes of the message that is to come now, if it is their turn.
    pub fn awaited_bytes(&self) -> Option<usize> {
        HANDSHAKE_BYTES.get(self.done).copied().filter(|_| !self.state.is_my_turn())
    }

    /// Takes their message in.
    ///
    /// # Errors
    /// When it is none, or was changed on its way.
    pub fn received(&mut self, message: &[u8]) -> Result<(), NoiseError> {
        self.state.read_message(message, &mut []).map_err(|_| NoiseError::Unsealed)?;
        self.done += 1;
        Ok(())
    }

    /// What comes of it, once all messages went and came: who is there, and a way to speak each way.
    ///
    /// # Panics
    /// When it is not over.
    pub fn finish(self) -> (NodeId, Sealer, Opener) {
        assert_eq!(self.done, HANDSHAKE_BYTES.len(), "the handshake is not over");
        let theirs = self.state.get_remote_static().expect("they have shown their key");
        let theirs = NodeId(theirs.try_into().expect("a key has 32 bytes"));
        let state = self.state.into_stateless_transport_mode().expect("the handshake is over");
        let state = Arc::new(state);
        (theirs, Sealer { state: Arc::clone(&state), sealed: 0 }, Opener { state, opened: 0 })
    }
}

/// Seals chunks, one after the other.
pub struct Sealer {
    state: Arc<StatelessTransportState>,
    sealed: u64,
}

/// Opens chunks in the order in which they were sealed.
pub struct Opener {
    state: Arc<StatelessTransportState>,
    opened: u64,
}

impl Sealer {
    /// Appends a frame to `out`: how long the sealed chunk is, in two bytes, and the sealed chunk.
    ///
    /// # Panics
    /// When the chunk is longer than chunks are.
    pub fn seal(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        assert!(chunk.len() <= WHOLE_CHUNK_BYTES_MAX, "a chunk of {} bytes", chunk.len());
        let bytes = chunk.len() + SEAL_BYTES;
        out.extend(u16::try_from(bytes).expect("a frame's length has two bytes").to_le_bytes());
        let begin = out.len();
        out.resize(begin + bytes, 0);
        self.state.write_message(self.sealed, chunk, &mut out[begin..]).expect("there is room");
        self.sealed += 1;
    }
}

impl Opener {
    /// How long the sealed chunk is whose frame begins with these bytes.
    ///
    /// # Errors
    /// When no sealed chunk is that long.
    pub fn length(&self, bytes: [u8; 2]) -> Result<usize, NoiseError> {
        let length = usize::from(u16::from_le_bytes(bytes));
        if (SEAL_BYTES + 1..=SEALED_BYTES_MAX).contains(&length) {
            Ok(length)
        } else {
            Err(NoiseError::Length(length))
        }
    }

    /// Opens a sealed chunk, into the place of what is in `chunk`.
    ///
    /// # Errors
    /// When it was changed on its way, came before or twice, or was sealed by nobody we know.
    pub fn open(&mut self, sealed: &[u8], chunk: &mut Vec<u8>) -> Result<(), NoiseError> {
        let length = sealed.len().checked_sub(SEAL_BYTES).ok_or(NoiseError::Length(sealed.len()))?;
        chunk.resize(length, 0);
        self.state.read_message(self.opened, sealed, chunk).map_err(|_| NoiseError::Unsealed)?;
        self.opened += 1;
        Ok(())
    }
}

const _: () = assert!(SEALED_BYTES_MAX <= u16::MAX as usize);

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: ChainId = ChainId(BlockHash::from_bytes([7; 32]));

    /// Two who have met.
    struct Met {
        dialer: (NodeId, Sealer, Opener),
        listener: (NodeId, Sealer, Opener),
    }

    fn meet(dialer: &Identity, listener: &Identity) -> Met {
        let mut one = Handshake::new(Side::Dialer, dialer, CHAIN);
        let mut other = Handshake::new(Side::Listener, listener, CHAIN);
        while let Some(message) = one.next_message() {
            assert_eq!(other.awaited_bytes(), Some(message.len()));
            other.received(&message).unwrap();
            if let Some(answer) = other.next_message() {
                assert_eq!(one.awaited_bytes(), Some(answer.len()));
                one.received(&answer).unwrap();
            }
        }
        assert_eq!((one.awaited_bytes(), other.awaited_bytes()), (None, None));
        Met { dialer: one.finish(), listener: other.finish() }
    }

    fn sealed(sealer: &mut Sealer, opener: &Opener, chunk: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        sealer.seal(chunk, &mut frame);
        let (length, rest) = frame.split_first_chunk().unwrap();
        assert_eq!(opener.length(*length), Ok(rest.len()));
        rest.to_vec()
    }

    #[test]
    fn both_know_each_other_and_understand_what_is_said() {
        let (one, other) = (Identity::generate(), Identity::generate());
        assert_ne!(one.node_id(), other.node_id());
        assert_eq!(Identity::from_bytes(*one.to_bytes()).node_id(), one.node_id());
        let Met { mut dialer, mut listener } = meet(&one, &other);
        assert_eq!((dialer.0, listener.0), (other.node_id(), one.node_id()));
        let mut heard = Vec::new();
        for said in [&b"a"[..], &[9; WHOLE_CHUNK_BYTES_MAX], b"again"] {
            let there = sealed(&mut dialer.1, &listener.2, said);
            listener.2.open(&there, &mut heard).unwrap();
            assert_eq!(heard, said);
            // A single byte may be there by chance.
            assert!(said.len() == 1 || !there.windows(said.len()).any(|part| part == said));
            let back = sealed(&mut listener.1, &dialer.2, said);
            assert_ne!(there, back);
            dialer.2.open(&back, &mut heard).unwrap();
            assert_eq!(heard, said);
        }
    }

    #[test]
    fn what_was_changed_left_out_or_came_twice_is_noticed() {
        let Met { mut dialer, mut listener } = meet(&Identity::generate(), &Identity::generate());
        let frames: Vec<Vec<u8>> =
            (0..3_u8).map(|number| sealed(&mut dialer.1, &listener.2, &[number; 40])).collect();
        let mut heard = Vec::new();
        let mut open = |sealed: &[u8]| listener.2.open(sealed, &mut heard);
        for at in 0..frames[0].len() {
            let mut changed = frames[0].clone();
            changed[at] ^= 1;
            assert_eq!(open(&changed), Err(NoiseError::Unsealed), "byte {at}");
        }
        assert_eq!(open(&frames[1]), Err(NoiseError::Unsealed), "the first was left out");
        assert_eq!(open(&frames[0]), Ok(()));
        assert_eq!(open(&frames[0]), Err(NoiseError::Unsealed), "it came twice");
        assert_eq!(open(&frames[1]), Ok(()));
        assert_eq!(open(&frames[2][..10]), Err(NoiseError::Length(10)));
        assert_eq!(open(&frames[2]), Ok(()));
    }

    #[test]
    fn handshake_that_was_changed_on_its_way_comes_to_nothing() {
        for (message, bytes) in HANDSHAKE_BYTES.into_iter().enumerate() {
            for at in [0, bytes / 2, bytes - 1] {
                let mut one = Handshake::new(Side::Dialer, &Identity::generate(), CHAIN);
                let mut other = Handshake::new(Side::Listener, &Identity::generate(), CHAIN);
                let mut outcome = Ok(());
                for number in 0..HANDSHAKE_BYTES.len() {
                    let (from, to) =
                        if number % 2 == 0 { (&mut one, &mut other) } else { (&mut other, &mut one) };
                    let Some(mut sent) = from.next_message() else { break };
                    if number == message {
                        sent[at] ^= 1;
                    }
                    outcome = outcome.and_then(|()| to.received(&sent));
                    if outcome.is_err() {
                        break;
                    }
                }
                assert_eq!(outcome, Err(NoiseError::Unsealed), "byte {at} of message {message}");
            }
        }
    }

    #[test]
    fn nodes_of_different_chains_cannot_shake_hands() {
        let other_chain = ChainId(BlockHash::from_bytes([8; 32]));
        let mut one = Handshake::new(Side::Dialer, &Identity::generate(), CHAIN);
        let mut other = Handshake::new(Side::Listener, &Identity::generate(), other_chain);
        other.received(&one.next_message().unwrap()).unwrap();
        assert_eq!(one.received(&other.next_message().unwrap()), Err(NoiseError::Unsealed));
        assert_eq!(check_preamble(&preamble(CHAIN), CHAIN), Ok(()));
        let error = check_preamble(&preamble(other_chain), CHAIN).unwrap_err();
        assert_eq!(error, NoiseError::OtherChain { chain: other_chain });
        assert!(error.to_string().contains("0808080808"), "{error}");
        assert_eq!(
            check_preamble(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:9333\r\n\r\n", CHAIN),
            Err(NoiseError::Foreign)
        );
    }

    #[test]
    fn frame_of_an_impossible_length_is_refused_before_it_is_read() {
        let Met { dialer, .. } = meet(&Identity::generate(), &Identity::generate());
        for length in [0, SEAL_BYTES, SEALED_BYTES_MAX + 1, usize::from(u16::MAX)] {
            let bytes = (length as u16).to_le_bytes();
            assert_eq!(dialer.2.length(bytes), Err(NoiseError::Length(length)));
        }
    }
}
