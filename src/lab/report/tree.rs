//! The tree of blocks as a drawing: the chain on one line, what came to nothing below it, and where nothing forked left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use super::curve::COLOURS;
use super::{escaped, moment};
use crate::lab::scenario::TreeBlock;

/// Between two heights, and between two lines.
const STEP_X: usize = 26;
const STEP_Y: usize = 30;
/// A block.
const BLOCK: usize = 16;
/// Room at the edges.
const EDGE: usize = 16;
/// Heights around a fork that are shown, too.
const AROUND: u32 = 2;
/// Heights that are shown at most: beyond, only the last of them.
const COLUMNS_MAX: usize = 600;

/// A column of the drawing: a height, or so many without a fork.
enum Column {
    Height(u32),
    Gap(u32),
}

/// The tree, and who is meant by which colour.
pub(super) fn tree(blocks: &[TreeBlock]) -> String {
    if blocks.is_empty() {
        return "<p class=\"muted\">No block was found.</p>".to_owned();
    }
    let lanes = lanes(blocks);
    let columns = columns(blocks);
    let place: HashMap<u32, usize> = columns
        .iter()
        .enumerate()
        .filter_map(|(at, column)| match column {
            Column::Height(height) => Some((*height, EDGE + at * STEP_X)),
            Column::Gap(_) => None,
        })
        .collect();
    let miners: BTreeSet<&str> = blocks.iter().map(|block| block.miner.as_str()).collect();
    let miners: Vec<&str> = miners.into_iter().collect();
    let colour = |name: &str| miners.iter().position(|miner| *miner == name).unwrap_or(0) % COLOURS;
    let deepest = lanes.values().max().copied().unwrap_or(0);
    let (width, height) = (2 * EDGE + columns.len() * STEP_X, 2 * EDGE + (deepest + 1) * STEP_Y + 14);
    let mut svg = format!(
        "<svg role=\"img\" aria-label=\"tree of blocks\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">"
    );
    let at: HashMap<&str, (usize, usize)> = blocks
        .iter()
        .filter_map(|block| {
            Some((
                block.hash.as_str(),
                (*place.get(&block.height)?, EDGE + lanes[block.hash.as_str()] * STEP_Y),
            ))
        })
        .collect();
    for block in blocks {
        let (Some((x, y)), Some((below_x, below_y))) =
            (at.get(block.hash.as_str()), at.get(block.below.as_str()))
        else {
            continue;
        };
        let middle = BLOCK / 2;
        let _ = write!(
            svg,
            "<path class=\"tie\" d=\"M{} {} L{} {}\"/>",
            below_x + BLOCK,
            below_y + middle,
            x,
            y + middle
        );
    }
    for block in blocks {
        if let Some((x, y)) = at.get(block.hash.as_str()) {
            let kind = if block.in_chain { "kept" } else { "stale" };
            let _ = write!(
                svg,
                "<rect class=\"{kind} f{}\" x=\"{x}\" y=\"{y}\" width=\"{BLOCK}\" height=\"{BLOCK}\" rx=\"3\"><title>{}</title></rect>",
                colour(&block.miner),
                escaped(&told(block))
            );
        }
    }
    label(&mut svg, &columns, height);
    svg.push_str("</svg>");
    let mut legend = String::new();
    for miner in &miners {
        let _ =
            write!(legend, "<li><span class=\"swatch c{}\"></span>{}</li>", colour(miner), escaped(miner));
    }
    format!(
        "<div class=\"wide\">{svg}</div><ul class=\"legend\">{legend}<li><span class=\"swatch hollow\"></span>not in the chain</li></ul>"
    )
}

fn told(block: &TreeBlock) -> String {
    let TreeBlock { height, miner, transactions, seen, hash, .. } = block;
    let fate = if block.in_chain { "in the chain" } else { "stale" };
    format!(
        "height {height}, found by {miner} at {}, {transactions} transactions, {seen} nodes had it, {fate}\n{hash}",
        moment(block.found)
    )
}

fn label(svg: &mut String, columns: &[Column], height: usize) {
    let y = height - 6;
    let mut last_labelled = None;
    for (at, column) in columns.iter().enumerate() {
        let x = EDGE + at * STEP_X + BLOCK / 2;
        match column {
            Column::Gap(count) => {
                let _ = write!(
                    svg,
                    "<text class=\"gap\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">+{count}</text>",
                    EDGE + 12
                );
            }
            Column::Height(height) if last_labelled.is_none_or(|last| at >= last + 3) => {
                last_labelled = Some(at);
                let _ = write!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{height}</text>");
            }
            Column::Height(_) => {}
        }
    }
}

/// On which line each block stands: those of the chain on the first.
fn lanes(blocks: &[TreeBlock]) -> HashMap<&str, usize> {
    let mut by_height: BTreeMap<u32, Vec<&TreeBlock>> = BTreeMap::new();
    blocks.iter().for_each(|block| by_height.entry(block.height).or_default().push(block));
    let mut lanes: HashMap<&str, usize> = HashMap::new();
    // The last height that something stands at, by line.
    let mut taken: Vec<u32> = vec![u32::MAX];
    let mut tops: HashMap<&str, usize> = HashMap::new();
    for (height, blocks) in by_height {
        let (first, rest): (Vec<&TreeBlock>, Vec<&TreeBlock>) =
            blocks.into_iter().partition(|block| block.in_chain || tops.contains_key(block.below.as_str()));
        for block in first.into_iter().chain(rest) {
            let lane = match tops.remove(block.below.as_str()).filter(|_| !block.in_chain) {
                _ if block.in_chain => 0,
                Some(lane) => lane,
                None => taken.iter().skip(1).position(|last| *last < height).map_or(taken.len(), |at| at + 1),
            };
            if lane == taken.len() {
                taken.push(height);
            }
            if lane > 0 {
                taken[lane] = height;
                tops.insert(&block.hash, lane);
            }
            lanes.insert(&block.hash, lane);
        }
    }
    lanes
}

/// Which heights are shown: the ends, and what is near a block that came to nothing.
fn columns(blocks: &[TreeBlock]) -> Vec<Column> {
    let (Some(first), Some(last)) =
        (blocks.iter().map(|block| block.height).min(), blocks.iter().map(|block| block.height).max())
    else {
        return Vec::new();
    };
    let mut shown: BTreeSet<u32> =
        (first..=last.min(first + AROUND)).chain(last.saturating_sub(AROUND).max(first)..=last).collect();
    for block in blocks.iter().filter(|block| !block.in_chain) {
        shown.extend(block.height.saturating_sub(AROUND).max(first)..=(block.height + AROUND).min(last));
    }
    while shown.len() > COLUMNS_MAX {
        shown.pop_first();
    }
    let mut columns = Vec::new();
    let mut expected = first;
    for height in shown {
        match height - expected {
            0 => {}
            // One that is left out takes as much room as one that is not.
            1 => columns.push(Column::Height(expected)),
            gap => columns.push(Column::Gap(gap)),
        }
        columns.push(Column::Height(height));
        expected = height + 1;
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(hash: &str, below: &str, height: u32, in_chain: bool) -> TreeBlock {
        TreeBlock {
            hash: hash.to_owned(),
            below: below.to_owned(),
            height,
            found: 1.0,
            miner: "<m>".to_owned(),
            transactions: 0,
            seen: 1,
            in_chain,
        }
    }

    #[test]
    fn two_branches_beside_the_chain_stand_on_two_lines() {
        let blocks = [
            block("a", "g", 1, true),
            block("b", "a", 2, true),
            block("x", "a", 2, false),
            block("y", "a", 2, false),
            block("xx", "x", 3, false),
            block("z", "b", 3, false),
        ];
        let lanes = lanes(&blocks);
        assert_eq!((lanes["a"], lanes["b"], lanes["x"], lanes["xx"], lanes["y"]), (0, 0, 1, 1, 2));
        assert_eq!(lanes["z"], 2, "the line of one that ended is free again");
        let drawn = tree(&blocks);
        assert_eq!(drawn.matches("class=\"stale").count(), 4);
        assert!(drawn.contains("&lt;m&gt;") && !drawn.contains("<m>"));
    }

    #[test]
    fn heights_at_which_nothing_forked_are_left_out() {
        let name = |height: u32| format!("{height}");
        let mut blocks: Vec<TreeBlock> =
            (1..=100).map(|height| block(&name(height), &name(height - 1), height, true)).collect();
        blocks.push(block("s", "49", 50, false));
        let drawn = tree(&blocks);
        assert!(drawn.contains(">+44<") && drawn.contains(">+45<"), "{drawn}");
    }
}
