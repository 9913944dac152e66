//! The first page: nodes, links that are not as they should be, the last blocks, and the end of the log.

use ratatui::text::{Line, Span};

use super::board::{BlockLine, Board, Sight};
use super::draw::{Drawn, Room, apart, best};
use super::paint::Paint;
use super::words;
use crate::cli::output::count;
use crate::devnet::Up;
use crate::devnet::desk::words::what_is_wrong;
use crate::types::BlockHash;

/// Rows for links, at most; whoever wants to see more asks `cairn devnet status`.
const LINK_ROWS_MAX: usize = 3;
/// Rows that blocks and the log have at least, each.
const OTHERS_ROWS_MIN: usize = 2;
/// Headings, and empty lines above two of them.
const FIXED_ROWS: usize = 5;
/// From this width on a block's name is shown whole.
const WIDE: usize = 118;
/// The digits of a name that are shown elsewhere. They are its last: the first are zeros where blocks take work.
const DIGITS: usize = 12;

/// How many rows there are for what.
#[derive(PartialEq, Eq, Debug)]
struct Shares {
    nodes: usize,
    links: usize,
    blocks: usize,
    log: usize,
}

/// Nodes first; of what they leave two thirds are the blocks'.
fn shares(rows: usize, nodes: usize, links: usize) -> Shares {
    let links = links.min(LINK_ROWS_MAX);
    let rows = rows.saturating_sub(FIXED_ROWS + links);
    let nodes = nodes.min(rows.saturating_sub(2 * OTHERS_ROWS_MIN));
    let others = rows - nodes;
    let log = (others / 3).max(OTHERS_ROWS_MIN);
    Shares { nodes, links, blocks: others.saturating_sub(log), log }
}

pub(super) fn page<'a>(board: &'a Board, room: Room, paint: Paint) -> Drawn<'a> {
    let sight = &board.sight;
    let links = links(sight, room, paint);
    let shares = shares(room.rows, sight.nodes.len(), links.len());
    let scroll_max = sight.nodes.len() - shares.nodes;
    let from = board.scroll().min(scroll_max);
    let columns = Columns::of(room.columns);
    let seen = (shares.nodes < sight.nodes.len())
        .then(|| format!("{} to {} of {}: up, down", from, from + shares.nodes - 1, sight.nodes.len()));
    let mut lines = vec![apart(
        vec![paint.title(columns.row("node", "height", "tip", "waiting  connected to"))],
        paint.dim(seen.unwrap_or_default()),
        room.columns,
    )];
    let best = best(sight).map(|best| best.1);
    let nodes = sight.nodes.iter().enumerate().skip(from).take(shares.nodes);
    lines.extend(nodes.map(|(number, up)| node(number, up.as_ref(), best, &columns, paint)));
    let hidden = links.len() - shares.links;
    lines.extend(links.into_iter().take(shares.links));
    if let (Some(last), true) = (lines.last_mut(), hidden > 0) {
        *last = Line::from(paint.odd(format!("and {} more: `cairn devnet status`", hidden + 1)));
    }
    lines.push(Line::default());
    lines.push(Line::from(paint.title(columns.row("", "height", "block", "transactions  made by"))));
    lines.extend(
        sight
            .blocks
            .iter()
            .take(shares.blocks)
            .map(|it| Line::from(words::fitted(&block(it, sight, &columns), room.columns))),
    );
    let used = sight.blocks.len().min(shares.blocks);
    lines.extend(std::iter::repeat_n(Line::default(), shares.blocks - used + 1));
    lines.push(Line::from(paint.title("log")));
    let said = board.log();
    let hidden = said.len().saturating_sub(shares.log);
    lines.extend(said.skip(hidden).map(|line| Line::from(words::fitted(line, room.columns))));
    Drawn { lines, scroll_max }
}

/// Where columns stand, so that those of nodes and blocks are below each other.
struct Columns {
    name: usize,
}

impl Columns {
    fn of(columns: usize) -> Self {
        Self { name: if columns < WIDE { DIGITS } else { 64 } }
    }

    fn row(&self, first: &str, height: &str, name: &str, rest: &str) -> String {
        format!("{first:>4}  {height:>10}  {name:width$}  {rest}", width = self.name)
    }

    fn name(&self, hash: BlockHash) -> String {
        let name = hash.to_string();
        name[name.len() - self.name..].to_owned()
    }
}

fn node<'a>(
    number: usize,
    up: Option<&Up>,
    best: Option<BlockHash>,
    columns: &Columns,
    paint: Paint,
) -> Line<'a> {
    let Some(up) = up else {
        return Line::from(vec![Span::raw(format!("{number:>4}  ")), paint.bad(format!("{:>10}", "down"))]);
    };
    let (height, hash) = up.tip;
    let mut peers = words::runs(&up.peers);
    if up.strangers > 0 {
        let and = if peers.is_empty() { "" } else { " and " };
        peers = format!("{peers}{and}{} from outside", up.strangers);
    }
    let row = columns.row(
        &number.to_string(),
        &height.to_string(),
        &columns.name(hash),
        &format!("{:>7}  {peers}", up.waiting),
    );
    Line::from(if best == Some(hash) { Span::raw(row) } else { paint.odd(row) })
}

/// Those that are cut and nothing else in one line; the others one in each.
fn links<'a>(sight: &Sight, room: Room, paint: Paint) -> Vec<Line<'a>> {
    let mut cut = Vec::new();
    let mut others = Vec::new();
    for link in &sight.links {
        let ends = format!("{}-{}", link.a, link.b);
        match what_is_wrong(&link.faults) {
            wrong if wrong == "cut" => cut.push(ends),
            wrong => others.push(Line::from(paint.odd(format!("link {ends}: {wrong}")))),
        }
    }
    let cut = (!cut.is_empty()).then(|| {
        let line = format!("{} cut: {}", count(cut.len(), "link"), cut.join(" "));
        Line::from(paint.odd(words::fitted(&line, room.columns)))
    });
    cut.into_iter().chain(others).collect()
}

fn block(block: &BlockLine, sight: &Sight, columns: &Columns) -> String {
    let transactions = block.transactions.map_or_else(|| "-".to_owned(), |count| count.to_string());
    let age = sight.clock.time.0.saturating_sub(block.time.0);
    let made = format!("{}, {} ago", block.by, words::age(age));
    let height = block.height.to_string();
    columns.row("", &height, &columns.name(block.hash), &format!("{transactions:>12}  {made}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_shared_to_the_last_and_nobody_goes_without() {
        for rows in 13..100 {
            for (nodes, links) in [(1, 0), (5, 2), (50, 9)] {
                let Shares { nodes: shown, links: told, blocks, log } = shares(rows, nodes, links);
                assert_eq!(shown + told + blocks + log + FIXED_ROWS, rows);
                assert!(shown >= 1 && blocks >= OTHERS_ROWS_MIN && log >= OTHERS_ROWS_MIN, "{rows} {nodes}");
            }
        }
    }
}
