//! The other pages: accounts, the log, and what the keys do.

use ratatui::text::{Line, Span};

use super::board::Board;
use super::draw::{Drawn, Room};
use super::keys::EXPLAINED;
use super::paint::Paint;
use super::words;

/// What can be typed elsewhere meanwhile.
const ELSEWHERE: &str = "In another terminal: cairn devnet mine 10, mining automine, warp +1d, link 0 1 --delay 200ms, \
     partition '0,1 | 2,3,4', faucet ADDRESS, snapshot, revert, reorg; `cairn devnet --help` tells all.";

/// Addresses, what is in them, and keys: each on a line of its own, so that it can be copied.
pub(super) fn accounts<'a>(board: &'a Board, room: Room, paint: Paint) -> Drawn<'a> {
    let mut lines = vec![Line::from(paint.title("accounts, whose keys everybody has: never money of value"))];
    lines
        .extend(words::wrapped(&format!("words: {}", board.words), room.columns).into_iter().map(Line::from));
    let last = board.accounts.len().saturating_sub(1);
    for (at, account) in board.accounts.iter().enumerate() {
        let balance = board.sight.balances.get(at).map_or_else(String::new, ToString::to_string);
        let whose = if at == last { ", the faucet's; all blocks pay it" } else { "" };
        lines.push(Line::from(vec![paint.title(format!("({at}) ")), Span::raw(format!("{balance}{whose}"))]));
        lines.push(Line::from(account.address.as_str()));
        lines.push(Line::from(account.key.as_str()));
    }
    moved(lines, board.scroll(), room)
}

/// All that was said, broken where it is too long.
pub(super) fn log<'a>(board: &Board, room: Room) -> Drawn<'a> {
    let lines: Vec<Line<'a>> =
        board.log().flat_map(|line| words::wrapped(line, room.columns)).map(Line::from).collect();
    let scroll_max = lines.len().saturating_sub(room.rows);
    let from = scroll_max - board.scroll().min(scroll_max);
    Drawn { lines: lines.into_iter().skip(from).collect(), scroll_max }
}

/// What each key does.
pub(super) fn help<'a>(board: &Board, room: Room, paint: Paint) -> Drawn<'a> {
    let width = EXPLAINED.iter().map(|(key, _)| key.len()).max().unwrap_or(0) + 2;
    let mut lines = Vec::new();
    for (key, does) in EXPLAINED {
        for (at, part) in words::wrapped(does, room.columns - width).into_iter().enumerate() {
            let key = if at == 0 { key } else { "" };
            lines.push(Line::from(vec![paint.title(format!("{key:width$}")), Span::raw(part)]));
        }
    }
    lines.push(Line::default());
    lines.extend(words::wrapped(ELSEWHERE, room.columns).into_iter().map(Line::from));
    moved(lines, board.scroll(), room)
}

/// From as far down as was asked for.
fn moved(lines: Vec<Line<'_>>, scroll: usize, room: Room) -> Drawn<'_> {
    let scroll_max = lines.len().saturating_sub(room.rows);
    Drawn { lines: lines.into_iter().skip(scroll.min(scroll_max)).collect(), scroll_max }
}
