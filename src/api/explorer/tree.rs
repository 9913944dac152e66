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
/// Blocks that are gone down from the end of a branch that is longer than what is shown.
const DOWN_MAX: u32 = 2_000;
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
    status: BranchStatus,
    /// Where the block below it is drawn.
    from: Option<(u32, u32)>,
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
    let others = branches.len().saturating_sub(1);
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
                        path class={ "twig " (class(knot.status)) } d={
                            "M" (across(height)) " " (up(row)) "C" (across(height) + STEP / 2) " " (up(row)) " "
                            (across(knot.height) - STEP / 2) " " (up(knot.row)) " " (across(knot.height)) " " (up(knot.row))
                        } {}
                    }
                }
                @for knot in &knots {
                    a data-key=(knot.hash) href={ "/block/" (knot.hash) } aria-label={ "Block " (knot.height) ", " (word(knot.status)) } {
                        ellipse class={ "knot " (class(knot.status)) } cx=(across(knot.height)) cy=(up(knot.row)) rx="16" ry="11" {
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
    let (first, top, tip) = (*heights.start(), *heights.end(), reader.tip().height.0);
    let mut knots: Vec<Knot> = Vec::new();
    for height in first..=tip {
        let Some(entry) = reader.header_at(Height(height)) else { break };
        let from = (height > first).then(|| (height - 1, 0));
        knots.push(Knot { hash: entry.hash, height, row: 0, status: BranchStatus::Followed, from });
    }
    // Where each block is drawn: a branch may leave another that is not followed either.
    let mut drawn: BTreeMap<BlockHash, (u32, u32)> =
        knots.iter().map(|knot| (knot.hash, (knot.height, 0))).collect();
    let others = branches.iter().filter(|branch| {
        branch.status != BranchStatus::Followed && branch.height.0 >= first && branch.fork.0 < top
    });
    let mut row: u32 = 0;
    for branch in others.take(ROWS_MAX) {
        let mut own = Vec::new();
        let Some(mut at) = below(reader, branch.hash, top) else { continue };
        while let Some(entry) = reader.header(&at)
            && entry.height.0 >= first
            && !drawn.contains_key(&at)
        {
            own.push((at, entry.height.0));
            at = entry.header.previous;
        }
        if knots.len() + own.len() > KNOTS_MAX {
            continue;
        }
        row += 1;
        for (hash, height) in own.into_iter().rev() {
            let below = reader.header(&hash).map(|entry| entry.header.previous);
            let from = below.and_then(|below| drawn.get(&below).copied());
            drawn.insert(hash, (height, row));
            knots.push(Knot { hash, height, row, status: branch.status, from });
        }
    }
    knots
}

/// The block of a branch that is not above this height.
fn below(reader: &Reader, last: BlockHash, top: u32) -> Option<BlockHash> {
    let mut entry = reader.header(&last)?;
    for _ in 0..DOWN_MAX {
        if entry.height.0 <= top {
            return Some(entry.hash);
        }
        entry = reader.header(&entry.header.previous)?;
    }
    None
}

fn class(status: BranchStatus) -> &'static str {
    match status {
        BranchStatus::Followed => "followed",
        BranchStatus::Complete | BranchStatus::HeadersOnly => "side",
        BranchStatus::Invalid | BranchStatus::RuledOut => "out",
    }
}

fn word(status: BranchStatus) -> &'static str {
    match status {
        BranchStatus::Followed => "followed",
        BranchStatus::Complete => "on another branch",
        BranchStatus::HeadersOnly => "on another branch, only its header is here",
        BranchStatus::Invalid => "on a branch that breaks a rule",
        BranchStatus::RuledOut => "on a branch that was ruled out",
    }
}
