//! Looking at a network, a few times a second and whenever something happened.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::board::{BlockLine, Sight};
use super::draw::best;
use crate::chain::HeaderEntry;
use crate::consensus::PowMode;
use crate::devnet::desk::words::in_words;
use crate::devnet::desk::{ClockView, LinkView};
use crate::devnet::{DevnetHandle, Live};
use crate::node::Reader;
use crate::template::EXTRANONCE_BYTES;
use crate::types::{Address, Amount, BlockHash, Coinbase, Height};

/// How often it is looked where nothing is known to have happened.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long something may go on before it is looked at, so that all of it is seen at once.
const HAPPENS_IN: Duration = Duration::from_millis(50);
/// Blocks that are looked at: more than fit on most screens.
const BLOCKS_MAX: u32 = 60;

/// Looks at a network, and knows what it saw before.
pub(super) struct Watcher {
    devnet: DevnetHandle,
    accounts: Vec<Address>,
    /// The blocks that were on the list last, which never change.
    known: BTreeMap<BlockHash, BlockLine>,
}

impl Watcher {
    /// Of a network that runs.
    pub fn new(devnet: DevnetHandle) -> Self {
        let accounts = devnet.ground().accounts().map(|funded| funded.address).collect();
        Self { devnet, accounts, known: BTreeMap::new() }
    }

    /// How it is now.
    pub fn look(&mut self) -> Sight {
        let standings = pollster::block_on(self.devnet.standings());
        // Those begin again by themselves: nobody has to be told that they are down.
        let going_back = standings.iter().any(|standing| standing.going_back);
        let state = self.devnet.clock().state();
        let mut sight = Sight {
            mining: in_words(&self.devnet.mining().to_string()),
            clock: ClockView { time: state.last, frozen: state.frozen.is_some(), ahead_seconds: state.ahead },
            hash_rate: None,
            going_back,
            nodes: if going_back {
                Vec::new()
            } else {
                standings.into_iter().map(|standing| standing.up).collect()
            },
            links: LinkView::all_of(&self.devnet.links()),
            blocks: Vec::new(),
            balances: Vec::new(),
        };
        if let Some(reader) = self.reader(&sight) {
            let last = last_blocks(&reader);
            sight.hash_rate = self.hash_rate(&last);
            sight.blocks = self.blocks(&reader, &last);
            sight.balances = self.accounts.iter().map(|account| balance(&reader, account)).collect();
        }
        sight
    }

    /// That of a node with the highest tip.
    fn reader(&self, sight: &Sight) -> Option<Reader> {
        let (_, tip) = best(sight)?;
        let at = sight.nodes.iter().position(|up| up.as_ref().is_some_and(|up| up.tip.1 == tip))?;
        let live: Option<Live> = self.devnet.roster().borrow().get(at)?.live.clone();
        Some(live?.node.reader())
    }

    /// What the last blocks tell of it, where they take work.
    fn hash_rate(&self, last: &[HeaderEntry]) -> Option<f64> {
        let (high, low) = (last.first()?, last.last()?);
        let seconds = high.header.time.0.saturating_sub(low.header.time.0);
        if self.devnet.genesis().params().pow_mode != PowMode::Asert || seconds == 0 {
            return None;
        }
        Some(f64::from(high.work.number().saturating_sub(low.work.number())) / f64::from(seconds))
    }

    fn blocks(&mut self, reader: &Reader, last: &[HeaderEntry]) -> Vec<BlockLine> {
        let known = std::mem::take(&mut self.known);
        let line = |entry: &HeaderEntry| match known.get(&entry.hash) {
            Some(line) => line.clone(),
            None => self.block(reader, entry),
        };
        let lines: Vec<BlockLine> = last.iter().map(line).collect();
        let read = lines.iter().filter(|line| line.transactions.is_some());
        self.known = read.map(|line| (line.hash, line.clone())).collect();
        lines
    }

    fn block(&self, reader: &Reader, entry: &HeaderEntry) -> BlockLine {
        // What cannot be read now is tried again at the next look; that a disk fails is the log's to tell.
        let block = reader.block(&entry.hash).ok().flatten();
        let by = match &block {
            _ if entry.height == Height(0) => "genesis".to_owned(),
            Some(block) => self.maker(&block.coinbase),
            None => String::new(),
        };
        BlockLine {
            height: entry.height,
            hash: entry.hash,
            time: entry.header.time,
            transactions: block.map(|block| block.transactions.len()),
            by,
        }
    }

    /// What the maker of a block says who it is, or else whom it pays.
    fn maker(&self, coinbase: &Coinbase) -> String {
        let tag = coinbase.extra.get(EXTRANONCE_BYTES..).and_then(|tag| std::str::from_utf8(tag).ok());
        match tag.map(str::trim).filter(|tag| !tag.is_empty() && !tag.contains(char::is_control)) {
            Some(tag) => tag.strip_prefix("cairn devnet, ").unwrap_or(tag).to_owned(),
            None => coinbase.recipient.to_text(&self.devnet.genesis().params().prefix),
        }
    }
}

fn last_blocks(reader: &Reader) -> Vec<HeaderEntry> {
    let tip = reader.tip().height.0;
    let heights = (tip.saturating_sub(BLOCKS_MAX - 1)..=tip).rev();
    heights.map_while(|height| reader.header_at(Height(height))).collect()
}

fn balance(reader: &Reader, account: &Address) -> Amount {
    reader.account(account).ok().flatten().map_or(Amount::ZERO, |account| account.balance)
}

/// Tells how a network is until nobody listens any more.
pub(super) fn keep_looking(
    mut watcher: Watcher,
    happened: &Receiver<()>,
    mut told: impl FnMut(Sight) -> bool,
) {
    loop {
        match happened.recv_timeout(LOOK_EVERY) {
            Ok(()) => thread::sleep(HAPPENS_IN),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        while happened.try_recv().is_ok() {}
        if !told(watcher.look()) {
            return;
        }
    }
}
