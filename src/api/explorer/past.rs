//! What happened to an account up to a tip: put together once for each that comes, however many look.

use std::cmp::Reverse;
use std::ops::RangeInclusive;
use std::sync::Arc;

use maud::{Markup, html};

use super::charts::{Chart, Mark};
use super::parts;
use crate::api::context::Context;
use crate::api::cursor::PlaceCursor;
use crate::api::problem::Problem;
use crate::api::routes::accounts::happened;
use crate::api::view::{FlowView, HistoryEntry, PolicyView};
use crate::node::{Found, ReadError, Reader, What};
use crate::types::{Address, Amount, Height, Policy};

/// Entries of a history on one page.
const ROWS: usize = 50;
/// What payments are for, of those that one entry names.
const REFERENCES_MAX: usize = 3;
/// Heights between which a chart is drawn.
const MARKS_MAX: u32 = 90;
/// Entries from which a chart is drawn, at most.
const DRAWN_MAX: usize = 500;

/// Some of what happened to an account.
pub struct Past {
    /// Newest first.
    pub entries: Vec<HistoryEntry>,
    /// Where it goes on.
    pub next: Option<String>,
    /// What it had, where this is the newest.
    pub curve: Option<Curve>,
    policy: Option<PolicyView>,
}

impl Past {
    /// From a place on, or the newest.
    pub async fn find(
        context: &Context,
        address: Address,
        cursor: Option<PlaceCursor>,
    ) -> Result<Arc<Self>, Problem> {
        let at_hand = context.clone();
        let read = move |reader: &Reader| Self::read(&at_hand, reader, &address, cursor);
        match cursor {
            None => Ok(context.read_once(context.pasts(), address, read).await?.1),
            Some(_) => context.read(read).await.map(Arc::new),
        }
    }

    fn read(
        context: &Context,
        reader: &Reader,
        address: &Address,
        cursor: Option<PlaceCursor>,
    ) -> Result<Self, Problem> {
        let is_first = cursor.is_none();
        // One more than is shown: else it could be the last, and what is older be empty.
        let count = if is_first { DRAWN_MAX } else { ROWS + 1 };
        let page = reader.history(address, PlaceCursor::newest_first(cursor), count)?;
        let shown = &page.found[..page.found.len().min(ROWS)];
        let goes_on = page.found.len() > ROWS;
        let last = shown.last().map(|found| found.place).filter(|_| goes_on).or(page.next);
        let known = Known { reader, address, found: &page.found, is_all: page.next.is_none() };
        let entry = |found: &Found| {
            let mut entry = happened(reader, found, address, context.params());
            // It is kept: what is not shown takes no room.
            entry.flow.references.truncate(REFERENCES_MAX);
            entry
        };
        Ok(Self {
            entries: shown.iter().map(entry).collect(),
            next: last.map(|place| PlaceCursor::from(place).to_string()),
            curve: is_first.then(|| known.curve(context)).transpose()?,
            policy: page.found.iter().find_map(|found| policy(found, address)).map(PolicyView::from),
        })
    }

    /// Who may spend, as the last of its own transactions tells that was looked at.
    pub fn policy(&self) -> Option<&PolicyView> {
        self.policy.as_ref()
    }
}

/// The policy that a transaction of this account shows.
fn policy<'a>(found: &'a Found, address: &Address) -> Option<&'a Policy> {
    match &found.what {
        What::Transaction(own) if own.body.policy.address() == *address => Some(&own.body.policy),
        What::Transaction(_) | What::Reward(_) => None,
    }
}

/// What a curve is drawn from.
struct Known<'a> {
    reader: &'a Reader,
    address: &'a Address,
    /// Newest first.
    found: &'a [Found],
    /// Whether nothing happened before.
    is_all: bool,
}

impl Known<'_> {
    fn curve(&self, context: &Context) -> Result<Curve, Problem> {
        let (tip, maturity) = (self.reader.tip().height, context.params().maturity);
        let steps = self.steps(maturity)?;
        let mut first = 0;
        // Rewards of blocks that were pruned are not told of, and mature later.
        if context.node().base() > Height::GENESIS {
            first = context.node().base().0.saturating_add(maturity);
        }
        let mut curve = Curve { steps, heights: first..=tip.0, is_pruned: first > 0 && first >= tip.0 };
        let untold = self.found.last().filter(|_| !self.is_all).map(|last| last.place.height);
        if let Some(untold) = untold {
            // So may those of what was not looked at; whether any did is seen by what it had then.
            let later = if self.had(untold, first)? == Some(curve.had(untold.0)) { 0 } else { maturity };
            curve.heights = first.max(untold.0.saturating_add(later))..=tip.0;
        }
        Ok(curve)
    }

    /// What it had after a block, as far as that can be told.
    fn had(&self, height: Height, lowest: u32) -> Result<Option<Amount>, Problem> {
        if height.0 < lowest {
            return Ok(None);
        }
        match self.reader.account_after(self.address, height) {
            Ok(past) => Ok(past.map(|past| past.account.unwrap_or_default().balance)),
            Err(ReadError::Pruned { .. } | ReadError::TooFar { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What it had, from the tip down as far as is known.
    fn steps(&self, maturity: u32) -> Result<Vec<(Height, Amount)>, Problem> {
        let tip = self.reader.tip().height;
        let changes = self.found.iter().map(|Found { place, what, receipt, .. }| match what {
            // A reward changes the balance when it matures.
            What::Reward(coinbase) => {
                (Height(place.height.0.saturating_add(maturity)), coinbase.amount, Amount::ZERO)
            }
            What::Transaction(transaction) => {
                let flow = FlowView::of(transaction, receipt, self.address);
                (place.height, flow.received, flow.sent)
            }
        });
        let mut changes: Vec<_> = changes.filter(|(height, _, _)| *height <= tip).collect();
        changes.sort_by_key(|(height, _, _)| Reverse(*height));
        let mut steps = Vec::new();
        let mut balance = self.reader.account(self.address)?.unwrap_or_default().balance;
        for (height, received, sent) in changes {
            if steps.last().is_none_or(|(at, _)| *at != height) {
                steps.push((height, balance));
            }
            let before = balance.checked_add(sent).and_then(|with| with.checked_sub(received));
            balance = before.unwrap_or_default();
        }
        steps.push((Height::GENESIS, balance));
        Ok(steps)
    }
}

/// What an account had, at heights that stand evenly apart.
pub struct Curve {
    /// After the block at this height it had so much, the newest first.
    steps: Vec<(Height, Amount)>,
    /// Between these heights that is all there is to tell.
    heights: RangeInclusive<u32>,
    /// Whether nothing can be told because of what was pruned, however little happened.
    is_pruned: bool,
}

impl Curve {
    fn had(&self, height: u32) -> Amount {
        self.steps.iter().find(|(since, _)| since.0 <= height).map_or(Amount::ZERO, |(_, had)| *had)
    }

    /// The curve; or why there is none, where blocks were pruned, or more happened lately than it is drawn from.
    pub fn draw(&self) -> Markup {
        let (first, last) = (*self.heights.start(), *self.heights.end());
        if first >= last && last > 0 {
            let why = if self.is_pruned {
                "This node pruned its older blocks, and has too few for a curve yet."
            } else {
                "So much happened in the last blocks that no curve shows it. The list does."
            };
            return html! { figure.chart { figcaption { "Balance" } (parts::empty(why)) } };
        }
        let each = last.saturating_sub(first).div_ceil(MARKS_MAX).max(1);
        let down =
            (0..=MARKS_MAX).map_while(|at| last.checked_sub(at * each).filter(|height| *height >= first));
        let mut marks: Vec<Mark> = down
            .map(|height| {
                let had = self.had(height);
                let said = format!("{} at block {}", parts::coins(had), parts::number(height));
                Mark { value: had.pebbles() as f64, said }
            })
            .collect();
        marks.reverse();
        let low = last.saturating_sub(each * marks.len().saturating_sub(1) as u32);
        let ends = (format!("block {}", parts::number(low)), format!("block {}", parts::number(last)));
        let written = |pebbles: f64| parts::coins(Amount::from_pebbles(pebbles as u64));
        Chart { title: "Balance", bars: false, marks, expected: Vec::new(), written, ends }.draw()
    }
}
