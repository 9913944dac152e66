//! Drawing a board: two lines on the whole, the page, and a bar of keys.

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::board::{Board, Page, Sight};
use super::keys;
use super::network;
use super::pages;
use super::paint::Paint;
use super::words;
use crate::cli::output::{count, hash_rate};
use crate::types::{BlockHash, Height};

/// The smallest screen that all of it can be seen on.
const COLUMNS_MIN: u16 = 60;
const ROWS_MIN: u16 = 18;

/// Lines above the page, with the empty one.
const HEAD_ROWS: u16 = 3;

/// The lines of a page, and by how many it can be moved.
pub struct Drawn<'a> {
    pub lines: Vec<Line<'a>>,
    pub scroll_max: usize,
}

/// Draws a board, and says by how many rows its page can be moved.
pub fn draw(frame: &mut Frame<'_>, board: &Board) -> usize {
    let area = frame.area();
    let (columns, rows) = (area.width, area.height);
    if columns < COLUMNS_MIN || rows < ROWS_MIN {
        let why = format!("The screen is {columns}x{rows}; this takes {COLUMNS_MIN}x{ROWS_MIN}. q ends it.");
        let lines = words::wrapped(&why, columns.into());
        frame.render_widget(Paragraph::new(lines.into_iter().map(Line::from).collect::<Vec<_>>()), area);
        return board.scroll();
    }
    let paint = Paint { colours: board.colours };
    let room = Room { columns: columns.into(), rows: (rows - HEAD_ROWS - 2).into() };
    let page = match board.page() {
        Page::Network => network::page(board, room, paint),
        Page::Accounts => pages::accounts(board, room, paint),
        Page::Log => pages::log(board, room),
        Page::Help => pages::help(board, room, paint),
    };
    let line = |row, height| Rect::new(0, row, columns, height);
    let head = [first_line(board, paint, room.columns), second_line(board, paint, room.columns)];
    frame.render_widget(Paragraph::new(head.to_vec()), line(0, 2));
    frame.render_widget(Paragraph::new(page.lines), line(HEAD_ROWS, rows - HEAD_ROWS - 2));
    frame.render_widget(bar(board, paint, room.columns), line(rows - 1, 1));
    page.scroll_max
}

/// What a page may fill.
#[derive(Clone, Copy)]
pub struct Room {
    pub columns: usize,
    pub rows: usize,
}

/// Puts the second at the right end of the line; what does not fit of it is left away.
pub fn apart<'a>(left: Vec<Span<'a>>, right: Span<'a>, columns: usize) -> Line<'a> {
    let used: usize = left.iter().chain([&right]).map(Span::width).sum();
    let mut spans = left;
    if used < columns {
        spans.push(Span::raw(" ".repeat(columns - used)));
        spans.push(right);
    }
    Line::from(spans)
}

fn first_line<'a>(board: &Board, paint: Paint, columns: usize) -> Line<'a> {
    let (state, agreed) = agreement(&board.sight);
    let state = if agreed { paint.good(state) } else { paint.odd(state) };
    let name = paint.title(board.name.clone());
    apart(vec![name, Span::raw(": "), state], paint.dim(board.desk.clone()), columns)
}

fn second_line<'a>(board: &Board, paint: Paint, columns: usize) -> Line<'a> {
    let Sight { mining, clock, hash_rate: rate, .. } = &board.sight;
    let rate = rate.map_or_else(String::new, |rate| format!(", {}", hash_rate(rate)));
    let time = words::moment(clock.time);
    let clock = match clock.ahead_seconds {
        _ if clock.frozen => paint.odd(format!("held at {time}")),
        0 => Span::raw(format!("{time} UTC")),
        ahead if ahead > 0 => paint.odd(format!("{time}, {} ahead", words::span(ahead.unsigned_abs()))),
        behind => paint.odd(format!("{time}, {} behind", words::span(behind.unsigned_abs()))),
    };
    apart(vec![Span::raw(format!("blocks come {mining}{rate}"))], clock, columns)
}

/// Who runs and what they follow, and whether that is as it should be.
fn agreement(sight: &Sight) -> (String, bool) {
    let all = sight.nodes.len();
    let up = sight.nodes.iter().flatten().count();
    let mut tips: BTreeMap<(Height, BlockHash), usize> = BTreeMap::new();
    for node in sight.nodes.iter().flatten() {
        *tips.entry(node.tip).or_default() += 1;
    }
    let who = match up {
        0 if sight.going_back => return ("going back to a state".to_owned(), false),
        0 => return ("no node runs".to_owned(), false),
        up if up == all => count(all, "node"),
        up => format!("{up} of {} run", count(all, "node")),
    };
    let tip = |((height, _), nodes): (&(Height, BlockHash), &usize)| format!("{nodes} at {height}");
    match (up, tips.len()) {
        (1, _) => (format!("{who}, at height {}", best(sight).map_or(0, |tip| tip.0.0)), up == all),
        (_, 1) => (format!("{who}, all at height {}", best(sight).map_or(0, |tip| tip.0.0)), up == all),
        (_, many) => {
            let first: Vec<String> = tips.iter().rev().take(TIPS_SAID_MAX).map(tip).collect();
            (format!("{who}, {many} tips: {}", first.join(", ")), false)
        }
    }
}

/// So many tips are told apart in one line; the nodes' own lines tell the others.
const TIPS_SAID_MAX: usize = 3;

/// The highest tip, and the first of those as high that a node has.
pub fn best(sight: &Sight) -> Option<(Height, BlockHash)> {
    let mut tips = sight.nodes.iter().flatten().map(|up| up.tip);
    let first = tips.next()?;
    Some(tips.fold(first, |best, tip| if tip.0 > best.0 { tip } else { best }))
}

/// As many keys as fit.
fn bar<'a>(board: &Board, paint: Paint, columns: usize) -> Line<'a> {
    let mut spans = Vec::new();
    let mut used = 0;
    for (key, does) in keys::named(board) {
        let gap = if used == 0 { 0 } else { 2 };
        used += gap + key.len() + 1 + does.len();
        if used > columns {
            break;
        }
        spans.extend([Span::raw(" ".repeat(gap)), paint.title(key), paint.dim(format!(" {does}"))]);
    }
    Line::from(spans)
}
