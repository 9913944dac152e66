//! What the keys do.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::board::{Board, Page};

/// Rows that a page is moved by at once.
const PAGE_ROWS: isize = 10;

/// What somebody wants who pressed a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Press {
    /// The end of it all.
    End,
    /// Something done to the network.
    Give(Order),
    /// Another page, or the first again.
    Turn(Page),
    /// More of the page.
    Move(isize),
}

/// What is done to the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// A block, at once.
    Mine,
    /// A node is to end.
    Kill(usize),
    /// A node is to begin again.
    Restart(usize),
    /// All links are to be as they should be.
    Heal,
    /// The clock is to be held, or to run on.
    Hold(bool),
    /// The clock is to be put forward by so many seconds.
    Warp(u32),
}

/// The keys that the bar names, in the order in which they leave it where it is too narrow, from the end on.
pub fn named(board: &Board) -> [(&'static str, &'static str); 9] {
    let clock = if board.sight.clock.frozen { "resume" } else { "freeze" };
    [
        ("q", "end"),
        ("?", "help"),
        ("m", "mine"),
        ("0-9", "kill/start"),
        ("h", "heal"),
        ("l", "log"),
        ("a", "keys"),
        ("f", clock),
        ("+", "1 min"),
    ]
}

/// What all keys do, for the page on them.
pub const EXPLAINED: [(&str, &str); 10] = [
    ("q, Ctrl-C", "end all nodes; everything is kept for the next time, unless --ephemeral was said"),
    ("m", "have a node that chance picks make a block"),
    ("0 to 9", "kill the node of this number; where it is down, start it again"),
    ("h", "heal: all links as they should be, one network again"),
    ("f", "freeze the clock of the chain; once more, and it runs on"),
    ("+", "put the clock of the chain a minute forward"),
    ("a", "addresses and keys of the accounts, and what is in them"),
    ("l", "all of the log"),
    ("up, down", "more of a page, or of the nodes; Page Up and Page Down go further"),
    ("Esc", "back to the first page"),
];

/// What a key asks for as things stand; nothing, where it means nothing.
pub fn meant(key: &KeyEvent, board: &Board) -> Option<Press> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Press::End);
    }
    Some(match key.code {
        KeyCode::Char('q') => Press::End,
        KeyCode::Char('m') => Press::Give(Order::Mine),
        KeyCode::Char('h') => Press::Give(Order::Heal),
        KeyCode::Char('f') => Press::Give(Order::Hold(!board.sight.clock.frozen)),
        KeyCode::Char('+') => Press::Give(Order::Warp(60)),
        KeyCode::Char(digit @ '0'..='9') => {
            let node = usize::from(digit as u8 - b'0');
            let is_up = board.sight.nodes.get(node)?.is_some();
            Press::Give(if is_up { Order::Kill(node) } else { Order::Restart(node) })
        }
        KeyCode::Char('a') => Press::Turn(Page::Accounts),
        KeyCode::Char('l') => Press::Turn(Page::Log),
        KeyCode::Char('?') => Press::Turn(Page::Help),
        KeyCode::Esc => Press::Turn(Page::Network),
        KeyCode::Up => Press::Move(-1),
        KeyCode::Down => Press::Move(1),
        KeyCode::PageUp => Press::Move(-PAGE_ROWS),
        KeyCode::PageDown => Press::Move(PAGE_ROWS),
        _ => return None,
    })
}
