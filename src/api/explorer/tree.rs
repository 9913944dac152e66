//! The last blocks as a tree: the branch that is followed below, others above it where they leave it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use maud::{Markup, html};

use super::parts::number;
use crate::node::{Branch, BranchStatus, Reader};
use crate::types::{BlockHash, Height};

/// Heights that are shown.
const HEIGHTS: u32 = 24;
/// Branches that are shown above the one that is followed.
const ROWS_MAX: usize = 8;
/// Blocks that are shown, with those of the branch that is followed; of a branch that has no room, nothing is.
const KNOTS_MAX: usize = 100;
/// How far blocks stand apart.
const STEP: u32 = 46;
const ROW: u32 = 44;
/// Room for heights below.
const FOOT: u32 = 26;

/// A block in the drawing.
struct Knot {
    hash: BlockHash,
    height: u32,
    row: u32,
    look: Look,
    /// Where the block below it is drawn.
    from: Option<(u32, u32)>,
}

/// How a block is drawn, and what is said of where it stands.
#[derive(Clone, Copy)]
struct Look {
    class: &'static str,
    words: &'static str,
}

impl Look {
    const TO_COME: Self = Self { class: "coming", words: "to come: only its header is here" };

    fn of(branch: &Branch, tip: Height) -> Self {
        let (class, words) = match branch.status {
            BranchStatus::Followed => ("followed", "followed"),
            BranchStatus::Complete => ("side", "on another branch"),
            BranchStatus::HeadersOnly if is_to_come(branch, tip) => return Self::TO_COME,
            BranchStatus::HeadersOnly => ("side", "on another branch, only its header is here"),
            BranchStatus::Invalid => ("out", "on a branch that breaks a rule"),
            BranchStatus::RuledOut => ("out", "on a branch that was ruled out"),
        };
        Self { class, words }
    }
}

/// Whether it is the branch that is followed, gone on: headers come before everything else.
fn is_to_come(branch: &Branch, tip: Height) -> bool {
    branch.status == BranchStatus::HeadersOnly && branch.fork == tip
}

/// The last blocks of all branches.
pub fn tree(reader: &Reader) -> Markup {
    let branches = reader.branches();
    // What is followed stays in sight, however far others have come.
    let highest = branches.iter().map(|branch| branch.height.0).max().unwrap_or(0);
    let top = highest.min(reader.tip().height.0 + HEIGHTS / 3);
    let first = top.saturating_sub(HEIGHTS - 1);
    let knots = knots(reader, &branches, first..=top);
    let rows = knots.iter().map(|knot| knot.row).max().unwrap_or(0) + 1;
    let (width, height) = ((top - first + 1) * STEP, rows * ROW + FOOT);
    let across = |height: u32| (height - first) * STEP + STEP / 2;
    let up = |row: u32| (rows - row) * ROW - ROW / 2;
    let tip = reader.tip().height;
    let is_other = |branch: &&Branch| branch.status != BranchStatus::Followed && !is_to_come(branch, tip);
    let others = branches.iter().filter(is_other).count();
    let summary = format!(
        "Blocks {} to {}, with {} beside the branch that is followed",
        number(first),
        number(top),
        if others == 1 { "1 branch".to_owned() } else { format!("{others} branches") }
    );
    html! {
        div.wide.tree tabindex="0" role="region" aria-label="Tree of branches" {
            svg width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } role="group" aria-label=(summary) {
                @for knot in &knots {
                    @if let Some((height, row)) = knot.from {
                        path class={ "twig " (knot.look.class) } d={
                            "M" (across(height)) " " (up(row)) "C" (across(height) + STEP / 2) " " (up(row)) " "
                            (across(knot.height) - STEP / 2) " " (up(knot.row)) " " (across(knot.height)) " " (up(knot.row))
                        } {}
                    }
                }
                @for knot in &knots {
                    a data-key=(knot.hash) href={ "/block/" (knot.hash) } aria-label={ "Block " (knot.height) ", " (knot.look.words) } {
                        ellipse class={ "knot " (knot.look.class) } cx=(across(knot.height)) cy=(up(knot.row)) rx="16" ry="11" {
                            title { "Block " (number(knot.height)) ", " (knot.hash) }
                        }
                    }
                }
                @for height in (first..=top).filter(|height| height % 4 == 0) {
                    text x=(across(height)) y=(rows * ROW + FOOT - 8) text-anchor="middle" { (number(height)) }
                }
            }
        }
    }
}

fn knots(reader: &Reader, branches: &[Branch], heights: RangeInclusive<u32>) -> Vec<Knot> {
    let (first, top, tip) = (*heights.start(), *heights.end(), reader.tip().height);
    let mut knots: Vec<Knot> = Vec::new();
    for height in first..=tip.0 {
        let Some(entry) = reader.header_at(Height(height)) else { break };
        let from = (height > first).then(|| (height - 1, 0));
        let look = Look { class: "followed", words: "followed" };
        knots.push(Knot { hash: entry.hash, height, row: 0, look, from });
    }
    // Where each block is drawn: a branch may leave another that is not followed either.
    let mut drawn: BTreeMap<BlockHash, (u32, u32)> =
        knots.iter().map(|knot| (knot.hash, (knot.height, 0))).collect();
    let others = branches.iter().filter(|branch| {
        branch.status != BranchStatus::Followed && branch.height.0 >= first && branch.fork.0 < top
    });
    // What is to come lies where it will be followed: of several the one with the most work.
    let next = branches.iter().filter(|branch| is_to_come(branch, tip)).max_by_key(|branch| branch.work);
    let mut rows: u32 = 0;
    for branch in others.take(ROWS_MAX) {
        let own = own(reader, branch, first..=top, &drawn);
        if knots.len() + own.len() > KNOTS_MAX {
            continue;
        }
        let is_next = next.is_some_and(|next| next.hash == branch.hash);
        let row = if is_next { 0 } else { rows + 1 };
        rows = rows.max(row);
        for (hash, height) in own.into_iter().rev() {
            let below = reader.header(&hash).map(|entry| entry.header.previous);
            let from = below.and_then(|below| drawn.get(&below).copied());
            drawn.insert(hash, (height, row));
            knots.push(Knot { hash, height, row, look: Look::of(branch, tip), from });
        }
    }
    knots
}

/// Blocks of a branch that are in sight and not drawn yet, from the last one down.
fn own(
    reader: &Reader,
    branch: &Branch,
    heights: RangeInclusive<u32>,
    drawn: &BTreeMap<BlockHash, (u32, u32)>,
) -> Vec<(BlockHash, u32)> {
    let mut own = Vec::new();
    let last = branch.height.min(Height(*heights.end()));
    let mut at = reader.ancestor(&branch.hash, last);
    while let Some(entry) = at
        && entry.height.0 >= *heights.start()
        && !drawn.contains_key(&entry.hash)
    {
        own.push((entry.hash, entry.height.0));
        at = reader.header(&entry.header.previous);
    }
    own
}
