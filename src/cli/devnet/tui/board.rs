//! What the dashboard shows, and nothing of how.

use std::collections::VecDeque;

use crate::devnet::Up;
use crate::devnet::desk::{AccountKeys, ClockView, LinkView};
use crate::types::{Amount, BlockHash, Height, Timestamp};

use super::words;

/// Lines of the log that are kept; the oldest goes first.
pub const LOG_LINES_MAX: usize = 500;

/// All that there is to be shown.
pub struct Board {
    /// What the chain is called.
    pub name: String,
    /// Where orders are taken over HTTP.
    pub desk: String,
    /// The words that all keys follow from.
    pub words: String,
    /// Accounts that began with money.
    pub accounts: Vec<AccountKeys>,
    /// How the network was when it was last looked at.
    pub sight: Sight,
    /// What was said, the latest last.
    log: VecDeque<String>,
    /// What of all this is on the screen.
    page: Page,
    /// Rows that it is moved by: down from its first row; on the log up from its last.
    scroll: usize,
    /// Whether anything but bold and dim may be used.
    pub colours: bool,
}

/// How a network is, at one moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Sight {
    /// When blocks come, in words.
    pub mining: String,
    /// The clock of the chain.
    pub clock: ClockView,
    /// Hashes a second that the last blocks took, where they take any.
    pub hash_rate: Option<f64>,
    /// All nodes, by their numbers; none while they go back.
    pub nodes: Vec<Option<Up>>,
    /// Whether they go back to a state now.
    pub going_back: bool,
    /// Links with which something is wrong.
    pub links: Vec<LinkView>,
    /// The last blocks of the highest tip, that first.
    pub blocks: Vec<BlockLine>,
    /// What the accounts have there, in their order.
    pub balances: Vec<Amount>,
}

/// What is to be said of a block.
#[derive(Clone, PartialEq, Debug)]
pub struct BlockLine {
    /// Where it stands.
    pub height: Height,
    /// Its name.
    pub hash: BlockHash,
    /// What time it says that it is.
    pub time: Timestamp,
    /// How many transactions are in it, once its body can be read.
    pub transactions: Option<usize>,
    /// Who made it.
    pub by: String,
}

/// What can be on the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Page {
    /// Nodes, links, blocks, and the end of the log.
    #[default]
    Network,
    /// Addresses and keys.
    Accounts,
    /// All of the log.
    Log,
    /// What the keys do.
    Help,
}

impl Board {
    /// Of a network that was looked at.
    pub fn new(name: String, desk: String, words: String, accounts: Vec<AccountKeys>, sight: Sight) -> Self {
        let (log, page) = (VecDeque::new(), Page::default());
        Self { name, desk, words, accounts, sight, log, page, scroll: 0, colours: true }
    }

    /// Shows how the network is now, says what became of nodes since, and whether anything is otherwise.
    pub fn saw(&mut self, sight: Sight, time: Timestamp) -> bool {
        for (node, (before, now)) in self.sight.nodes.iter().zip(&sight.nodes).enumerate() {
            match (before, now) {
                (Some(_), None) => push(&mut self.log, time, &format!("node {node} is down")),
                (None, Some(_)) => push(&mut self.log, time, &format!("node {node} runs")),
                _ => {}
            }
        }
        if self.sight.mining != sight.mining {
            push(&mut self.log, time, &format!("blocks come {}", sight.mining));
        }
        std::mem::replace(&mut self.sight, sight) != self.sight
    }

    /// Writes lines into the log.
    pub fn say(&mut self, text: &str, time: Timestamp) {
        text.lines().for_each(|line| push(&mut self.log, time, line));
    }

    /// What was said, the latest last.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.log.iter().map(String::as_str)
    }

    /// What is on the screen.
    pub fn page(&self) -> Page {
        self.page
    }

    /// Rows that it is moved by.
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// Turns to a page, or back from it to the first.
    pub fn turn_to(&mut self, page: Page) {
        self.page = if self.page == page { Page::default() } else { page };
        self.scroll = 0;
    }

    /// Moves what is on the screen down by so many rows, or up.
    pub fn move_by(&mut self, rows: isize) {
        let rows = if self.page == Page::Log { -rows } else { rows };
        self.scroll = self.scroll.saturating_add_signed(rows);
    }

    /// It cannot be moved further than this, as was seen when it was drawn.
    pub fn stop_at(&mut self, rows: usize) {
        self.scroll = self.scroll.min(rows);
    }
}

fn push(log: &mut VecDeque<String>, time: Timestamp, line: &str) {
    if log.len() == LOG_LINES_MAX {
        log.pop_front();
    }
    log.push_back(format!("{} {line}", words::time_of_day(time)));
}
