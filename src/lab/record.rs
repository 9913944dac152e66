//! What happened in a world: a digest of all of it, a story for those who want to read one, and what blocks did.

use core::net::SocketAddr;
use std::collections::HashMap;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::clock::SECOND;
use super::watch::{Happening, Watcher};
use super::world::{CrashKind, Parcel};
use crate::consensus::Blame;
use crate::node::BlockVerdict;
use crate::protocol::{Farewell, Met};
use crate::types::{Block, BlockHash, Height};

/// What became of a block.
#[derive(Clone, Debug)]
pub struct BlockStory {
    /// Where it stands.
    pub height: Height,
    /// The block below.
    pub below: BlockHash,
    /// By which miner it was found. Blocks of strangers have no story.
    pub miner: usize,
    /// When.
    pub found: u64,
    /// How many transactions are in it.
    pub transactions: usize,
    /// When which node first had it whole and checked.
    pub seen: Vec<(u32, u64)>,
}

/// A node went over to another branch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reorganization {
    /// When.
    pub at: u64,
    /// Which node.
    pub node: usize,
    /// How many blocks it took back.
    pub depth: u32,
}

/// What a party sent that arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// Messages.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Whoever listens to a story, a line at a time.
pub type Listener = Box<dyn FnMut(&str)>;

/// What happened.
pub struct Record {
    digest: SipHasher13,
    /// Blocks that miners found, in their order.
    pub found: Vec<BlockHash>,
    blocks: HashMap<BlockHash, BlockStory>,
    /// Messages that arrived, and their bytes.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blocks of honest miners that a node refused, and why.
    pub refused: Vec<(usize, BlockHash, String)>,
    /// When which node went over to another branch, and how deep.
    pub reorganized: Vec<Reorganization>,
    /// What each party sent, by its number; nothing of those behind the last that sent anything.
    pub sent: Vec<Traffic>,
    /// When each party started, by its number; nothing of those behind the last that did.
    pub starts: Vec<Vec<u64>>,
    story: Option<Listener>,
    watcher: Option<Watcher>,
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            digest: SipHasher13::new(),
            found: Vec::new(),
            blocks: HashMap::new(),
            messages: 0,
            bytes: 0,
            refused: Vec::new(),
            reorganized: Vec::new(),
            sent: Vec::new(),
            starts: Vec::new(),
            story: None,
            watcher: None,
        }
    }

    /// Tells the story as it happens, a line at a time.
    pub fn tell_to(&mut self, story: impl FnMut(&str) + 'static) {
        self.story = Some(Box::new(story));
    }

    /// Shows what happens, as it happens. Watching changes nothing.
    pub fn show_to(&mut self, watcher: impl FnMut(u64, Happening<'_>) + 'static) {
        self.watcher = Some(Box::new(watcher));
    }

    fn show(&mut self, at: u64, happening: Happening<'_>) {
        if let Some(watcher) = &mut self.watcher {
            watcher(at, happening);
        }
    }

    /// A hash of all that happened.
    pub fn digest(&self) -> u128 {
        self.digest.finish128().as_u128()
    }

    /// What became of a block.
    pub fn block(&self, hash: &BlockHash) -> Option<&BlockStory> {
        self.blocks.get(hash)
    }

    /// Says something, where somebody listens.
    pub fn say(&mut self, at: u64, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story(&format!("{:>12.6} {}", at as f64 / SECOND as f64, line()));
        }
    }

    fn note(&mut self, kind: u8, at: u64, who: usize, what: &[u8]) {
        self.digest.write_u8(kind);
        self.digest.write_u64(at);
        self.digest.write_u32(who as u32);
        self.digest.write(what);
    }

    pub(super) fn arrived(&mut self, at: u64, from: usize, to: usize, parcel: &Parcel) {
        self.messages += 1;
        self.bytes += parcel.bytes as u64;
        if self.sent.len() <= from {
            self.sent.resize(from + 1, Traffic::default());
        }
        self.sent[from].messages += 1;
        self.sent[from].bytes += parcel.bytes as u64;
        self.digest.write_u64(at);
        self.digest.write_u64((from as u64) << 32 | to as u64);
        self.digest.write_u128(parcel.sum);
        let (message, bytes) = (parcel.message.as_ref(), parcel.bytes);
        self.show(at, Happening::Arrived { from, to, message, bytes });
        if self.story.is_some() {
            let what = match &parcel.message {
                Ok(message) => brief(&format!("{message:?}")),
                Err(error) => format!("{error}"),
            };
            self.say(at, || format!("{from} to {to}: {what}"));
        }
    }

    pub(super) fn met(&mut self, at: u64, who: usize, met: &Met) {
        self.note(1, at, who, &met.peer.0.to_le_bytes());
        self.say(at, || format!("{who} met {} ({:?})", met.address, met.side));
    }

    pub(super) fn hung_up(&mut self, at: u64, who: usize, on: SocketAddr, why: &Farewell) {
        self.note(2, at, who, why.to_string().as_bytes());
        self.show(at, Happening::HungUp { node: who, on, why });
        self.say(at, || format!("{who} hangs up on {on}: {why}"));
    }

    pub(super) fn started(&mut self, at: u64, who: usize) {
        self.note(3, at, who, &[]);
        if self.starts.len() <= who {
            self.starts.resize_with(who + 1, Vec::new);
        }
        self.starts[who].push(at);
        self.say(at, || format!("{who} starts"));
    }

    pub(super) fn ended(&mut self, at: u64, who: usize, kind: CrashKind) {
        self.note(4, at, who, &[kind as u8]);
        self.say(at, || format!("{who} ends: {kind:?}"));
    }

    pub(super) fn found(&mut self, at: u64, miner: usize, node: usize, block: &Block, below: BlockHash) {
        let hash = block.header.hash();
        self.note(5, at, miner, hash.as_bytes());
        let (height, transactions) = (block.coinbase.height, block.transactions.len());
        self.say(at, || format!("{node} finds {hash} at {height} with {transactions} transactions"));
        self.found.push(hash);
        let story = BlockStory { height, below, miner, found: at, transactions, seen: Vec::new() };
        self.blocks.insert(hash, story);
    }

    pub(super) fn judged(&mut self, at: u64, who: usize, hash: BlockHash, verdict: &BlockVerdict) {
        use crate::node::Verdict::{Followed, Side};
        self.note(6, at, who, hash.as_bytes());
        self.show(at, Happening::Judged { node: who, block: hash, verdict });
        match verdict {
            Ok(verdict @ (Followed { .. } | Side)) => {
                if let Followed { reverted: depth @ 1.., .. } = *verdict {
                    self.reorganized.push(Reorganization { at, node: who, depth });
                }
                if let Some(story) = self.blocks.get_mut(&hash) {
                    story.seen.push((who as u32, at));
                }
                self.say(at, || format!("{who} has {hash}: {verdict:?}"));
            }
            Ok(verdict) => self.say(at, || format!("{who} puts {hash} aside: {verdict:?}")),
            Err(refused) => {
                if self.blocks.contains_key(&hash) && refused.blame() == Blame::Block {
                    self.refused.push((who, hash, refused.to_string()));
                }
                self.say(at, || format!("{who} refuses {hash}: {refused}"));
            }
        }
    }

    pub(super) fn followed(&mut self, at: u64, who: usize, hash: BlockHash, height: Height, blocks: usize) {
        self.note(7, at, who, hash.as_bytes());
        self.say(at, || format!("{who} follows {hash} at {height}, {blocks} more"));
    }
}

/// The beginning of something long.
fn brief(text: &str) -> String {
    const SHOWN: usize = 160;
    if text.len() <= SHOWN {
        text.to_owned()
    } else {
        text.chars().take(SHOWN).chain("…".chars()).collect()
    }
}
