//! Peers that claim to have everything, and keep others from it.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use cairn::codec::{List, encode};
use cairn::consensus::{Params, check_work};
use cairn::protocol::{Agent, BlockBytes, HEADERS_MAX, Hello, Message, Side, Versions};
use cairn::types::{Block, BlockHash, HEADER_BYTES, Header, Height, Timestamp, U256, Work};

use cairn::testkit::raw::Raw;

/// What a liar does when it is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lie {
    /// Shows the true headers, and never sends a body.
    Stalls,
    /// Shows the true headers, and sends bodies of other blocks under them.
    OtherBodies,
    /// Shows headers for which nobody did the work.
    NoWork,
    /// Says that there is more, and does not answer.
    Silent,
}

/// Somebody who listens, and lies to whoever comes.
pub struct Liar {
    pub address: SocketAddr,
    heard: Arc<Heard>,
}

/// What it was asked for.
#[derive(Default)]
struct Heard {
    headers: AtomicUsize,
    bodies: AtomicUsize,
    hung_up: AtomicUsize,
}

impl Liar {
    pub fn new(lie: Lie, params: &Params, branch: &Arc<Vec<Block>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, heard) = (listener.local_addr().unwrap(), Arc::new(Heard::default()));
        let (params, branch, told) = (params.clone(), Arc::clone(branch), Arc::clone(&heard));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stories = Stories { lie, params: params.clone(), branch: Arc::clone(&branch) };
                let told = Arc::clone(&told);
                thread::spawn(move || {
                    if let Ok(raw) = Raw::shake(stream.unwrap(), Side::Listener, stories.params.chain) {
                        let _ = stories.tell(raw, &told);
                        told.hung_up.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        Self { address, heard }
    }

    /// How often it was asked for headers, and for how many bodies.
    pub fn was_asked(&self) -> (usize, usize) {
        (self.heard.headers.load(Ordering::SeqCst), self.heard.bodies.load(Ordering::SeqCst))
    }

    /// How many connections to it have ended.
    pub fn ends(&self) -> usize {
        self.heard.hung_up.load(Ordering::SeqCst)
    }
}

/// A hello of somebody who has more than anybody.
pub fn boast() -> Hello {
    Hello {
        versions: Versions::OURS,
        agent: Agent::new(b"liar".to_vec()).unwrap(),
        tip: BlockHash::from_bytes([0x11; 32]),
        height: Height(1_000_000),
        work: Work::from_number(U256::MAX >> 1),
        base: Height(0),
        port: None,
        time: Timestamp(1_700_000_000),
    }
}

/// What it has to say.
struct Stories {
    lie: Lie,
    params: Params,
    branch: Arc<Vec<Block>>,
}

impl Stories {
    fn tell(&self, mut raw: Raw, heard: &Heard) -> std::io::Result<()> {
        raw.try_send(&Message::from(boast()))?;
        while let Some(message) = raw.receive() {
            match message {
                Message::Ping(number) => raw.try_send(&Message::Pong(number))?,
                Message::GetHeaders(question) => {
                    heard.headers.fetch_add(1, Ordering::SeqCst);
                    if self.lie != Lie::Silent {
                        raw.try_send(&self.headers_above(&question.locator))?;
                    }
                }
                Message::GetBlocks(hashes) => {
                    heard.bodies.fetch_add(hashes.len(), Ordering::SeqCst);
                    if self.lie == Lie::OtherBodies {
                        hashes.iter().try_for_each(|hash| raw.try_send(&self.other_body(hash)))?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn at(&self, hash: &BlockHash) -> Option<usize> {
        self.branch.iter().position(|block| block.header.hash() == *hash)
    }

    fn headers_above(&self, locator: &[BlockHash]) -> Message {
        let from = locator.iter().find_map(|hash| self.at(hash)).map_or(0, |at| at + 1);
        let headers = self.branch[from..].iter().take(HEADERS_MAX).map(|block| block.header);
        let headers = match self.lie {
            Lie::NoWork => headers.take(1).map(|header| self.without_work(header)).collect(),
            _ => headers.collect(),
        };
        Message::Headers(List::new(headers).unwrap())
    }

    fn without_work(&self, mut header: Header) -> Header {
        while check_work(&self.params, &header).is_ok() {
            header.nonce += 1;
        }
        header
    }

    fn other_body(&self, hash: &BlockHash) -> Message {
        let at = self.at(hash).unwrap();
        let bytes = |at: usize| encode(&self.branch[at % self.branch.len()]);
        let mixed = [&bytes(at)[..HEADER_BYTES], &bytes(at + 1)[HEADER_BYTES..]].concat();
        Message::Block(BlockBytes::new(mixed).unwrap())
    }
}
