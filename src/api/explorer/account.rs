//! An account: what it has, what happened to it, what is about to.

use std::cmp::Reverse;
use std::ops::RangeInclusive;

use axum::extract::State;
use maud::{Markup, html};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;

use axum::response::Response;

use super::charts::{Chart, Mark};
use super::draft::{Draft, Live, Shown};
use super::parts;
use super::parts::Column::{Number, Text};
use super::shell::Place;
use super::transaction::{first_actions, policy as policy_words, what_for};
use crate::api::context::Context;
use crate::api::cursor::PlaceCursor;
use crate::api::extract::{self, Path, Query};
use crate::api::problem::Problem;
use crate::api::reply::{Fresh, finished};
use crate::api::routes::{accounts as asked, transactions};
use crate::api::view::{AccountView, ContentView, HistoryEntry, HistoryPage, Moved, PendingPage, PolicyView};
use crate::types::{Amount, Height};

/// Transactions that wait and are shown, of the account and for it each.
const WAITING_MAX: usize = 20;
/// What payments are for, of those that one entry names.
const REFERENCES_MAX: usize = 3;
/// Entries of a history on one page.
const ROWS: usize = 50;
/// Heights between which a chart is drawn.
const MARKS_MAX: u32 = 90;
/// Entries from which a chart is drawn, at most.
const DRAWN_MAX: usize = 500;

/// Which of the history.
#[derive(Deserialize)]
pub(super) struct Part {
    cursor: Option<String>,
}

pub(super) async fn account(
    State(context): State<Context>,
    Path(text): Path<String>,
    Query(part): Query<Part>,
) -> Shown {
    let address = extract::address(&text, &context.params().prefix)?;
    let account = asked::balance(&context, &address)?.into_body();
    let waiting = asked::waiting(&context, address).await?.into_body();
    let cursor = part.cursor.map(|text| text.parse::<PlaceCursor>()).transpose()?;
    let is_first = cursor.is_none();
    let count = if is_first { DRAWN_MAX } else { ROWS };
    let page =
        asked::happenings(&context, address, PlaceCursor::newest_first(cursor), count).await?.into_body();
    let next = page.entries.get(ROWS - 1).filter(|_| page.entries.len() > ROWS);
    let next = next.map(|last| PlaceCursor::of(last.height, last.position).to_string()).or(page.next.clone());
    let policy = revealed(&context, &page, &waiting).await?;
    let body = html! {
        (name(&text))
        (facts(&account))
        @if context.desk().is_some() { p { a href={ "/devnet?address=" (text) "#faucet" } { "Give it coins" } ": this is a devnet." } }
        @if is_first {
            (waits(&waiting))
            (Curve::of(&account, &page, context.params().maturity, context.node().base()).draw())
        }
        h2 { "What happened" }
        (table(&page.entries[..page.entries.len().min(ROWS)], next.is_some()))
        nav.pages aria-label="Further" {
            @if !is_first { a href={ "/account/" (text) } { "Newest" } }
            @if let Some(next) = &next { a href={ "/account/" (text) "?cursor=" (next) } { "Older" } }
        }
        h2 { "Who may spend" }
        @match &policy {
            Some(view) => (policy_words(view)),
            None => (parts::empty("Nobody has spent from it yet: an address tells nothing of who may until somebody does.")),
        }
        (parts::raw(&[
            ("account", format!("/v1/accounts/{text}")),
            ("history", format!("/v1/accounts/{text}/history")),
        ]))
        p.raw {
            a href={ "/v1/accounts/" (text) "/proof" } download={ (text) ".proof.json" } { "Download the proof" }
            " of this balance, below the tip: whoever has the tip's header needs to trust nobody else."
        }
    };
    // What is about to come changes without a block, though seldom.
    let live = if is_first { Live { every: 5, ..Live::CHAIN } } else { Live::SELDOM };
    Ok(Draft::new("Account", Place::Elsewhere, live, body))
}

/// Who may spend, as its last transaction on the page tells.
async fn revealed(
    context: &Context,
    page: &HistoryPage,
    waiting: &PendingPage,
) -> Result<Option<PolicyView>, Problem> {
    if let Some(own) = waiting.transactions.first() {
        return Ok(Some(own.policy.clone()));
    }
    let is_own = |entry: &&HistoryEntry| matches!(entry.flow.moved, Moved::Out | Moved::Itself);
    let Some(txid) = page.entries.iter().find(is_own).and_then(|entry| entry.txid) else { return Ok(None) };
    let view = transactions::whole(context, txid).await?.into_body();
    Ok(view.transaction.map(|content| content.policy))
}

fn name(text: &str) -> Markup {
    html! {
        div.named {
            (parts::whole(text))
            details id="qr" {
                summary { "QR code" }
                img.qr src={ "/qr/" (text) ".svg" } width="220" height="220" loading="lazy" alt="The address as a QR code";
            }
        }
    }
}

fn facts(account: &AccountView) -> Markup {
    let mut facts = vec![
        ("Balance", html! { strong { (parts::amount(account.balance)) } }),
        ("Can be spent", parts::amount(account.spendable)),
    ];
    for (name, amount) in [
        ("Yet to mature", account.immature),
        ("On its way in", account.incoming),
        ("On its way out", account.outgoing),
    ] {
        if !amount.is_zero() {
            facts.push((name, parts::amount(amount)));
        }
    }
    facts.push(("Sent", html! { (parts::count(account.nonce.0 as usize, "transaction")) }));
    parts::facts(&facts)
}

fn waits(waiting: &PendingPage) -> Markup {
    let rows = |transactions: &[ContentView], word: &str| {
        html! {
            @for transaction in transactions.iter().take(WAITING_MAX) {
                li data-key=(transaction.txid) {
                    span.state.waiting { "pending" } " " (word) " " (parts::transaction(&transaction.txid)) " from "
                    (parts::address(&transaction.from)) (first_actions(transaction))
                }
            }
        }
    };
    html! {
        @if !waiting.transactions.is_empty() || !waiting.incoming.is_empty() {
            section #waiting {
                h2 { "Waiting for a block" }
                ul.transactions { (rows(&waiting.transactions, "out:")) (rows(&waiting.incoming, "in:")) }
                @if waiting.transactions.len().max(waiting.incoming.len()) > WAITING_MAX { p { "And more, which programs are told of." } }
            }
        }
    }
}

fn table(entries: &[HistoryEntry], goes_on: bool) -> Markup {
    let columns = [Text("When"), Text("Block"), Text("What"), Text("With"), Number("Change")];
    let rows = html! { @for entry in entries { (row(entry)) } };
    match entries {
        [] if goes_on => parts::empty("Nothing on this page."),
        [] => parts::empty("Nothing yet. An address exists before anybody has paid it."),
        _ => parts::table("What happened", &columns, &rows),
    }
}

fn row(entry: &HistoryEntry) -> Markup {
    let (word, class) = match entry.flow.moved {
        Moved::In => ("received", "in"),
        Moved::Out => ("sent", "out"),
        Moved::Itself => ("to itself", "out"),
        Moved::Reward => ("mined", "in"),
    };
    let (gain, loss) = (entry.flow.received, entry.flow.sent);
    let (sign, change) = match gain.checked_sub(loss) {
        Some(gained) => ("+", gained),
        None => ("−", loss.checked_sub(gain).unwrap_or_default()),
    };
    html! {
        tr data-key={ (entry.height) "-" (entry.position) } {
            td { (parts::ago(entry.time)) }
            td { (parts::height(entry.height)) }
            td {
                @if let Some(txid) = &entry.txid { a href={ "/tx/" (txid) } { (word) } } @else { (word) }
                @for reference in entry.flow.references.iter().take(REFERENCES_MAX) { (what_for(reference)) }
            }
            td {
                @for other in &entry.others { (parts::address(other)) " " }
                @if entry.others_count > entry.others.len() { "and " (entry.others_count - entry.others.len()) " more" }
            }
            td class={ "number " (class) } { (sign) (parts::amount(change)) }
        }
    }
}

/// What an account had, at heights that stand evenly apart.
struct Curve {
    /// After the block at this height it had so much, the newest first.
    steps: Vec<(Height, Amount)>,
    /// Between these heights that is all there is to tell.
    heights: RangeInclusive<u32>,
}

impl Curve {
    /// As far back as a history tells.
    fn of(account: &AccountView, history: &HistoryPage, maturity: u32, base: Height) -> Self {
        let tip = account.tip.height;
        let changes = history.entries.iter().map(|entry| {
            // A reward changes the balance when it matures.
            (entry.matures_at.unwrap_or(entry.height), entry.flow.received, entry.flow.sent)
        });
        let mut changes: Vec<_> = changes.filter(|(height, _, _)| *height <= tip).collect();
        changes.sort_by_key(|(height, _, _)| Reverse(*height));
        // Of what is not told of, rewards may mature later.
        let untold = history.entries.last().filter(|_| history.next.is_some()).map(|last| last.height);
        let untold = untold.into_iter().chain((base > Height::GENESIS).then_some(base)).max();
        let first = untold.map_or(0, |height| height.0.saturating_add(maturity));
        let mut steps = Vec::new();
        let mut balance = account.balance;
        for (height, received, sent) in changes {
            if steps.last().is_none_or(|(at, _)| *at != height) {
                steps.push((height, balance));
            }
            let before = balance.checked_add(sent).and_then(|with| with.checked_sub(received));
            balance = before.unwrap_or_default();
        }
        steps.push((Height::GENESIS, balance));
        Self { steps, heights: first..=tip.0 }
    }

    fn had(&self, height: u32) -> Amount {
        self.steps.iter().find(|(since, _)| since.0 <= height).map_or(Amount::ZERO, |(_, had)| *had)
    }

    fn draw(&self) -> Markup {
        let (first, last) = (*self.heights.start(), *self.heights.end());
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

/// An address as a picture that cameras read.
pub(super) async fn picture(
    State(context): State<Context>,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    let text = file.trim_end_matches(".svg");
    let address = extract::address(text, &context.params().prefix)?.to_text(&context.params().prefix);
    // Capitals take less room, and mean the same.
    let code =
        QrCode::with_error_correction_level(address.to_uppercase(), EcLevel::M).map_err(Problem::internal)?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(220, 220).build();
    Ok(finished(picture.into(), "image/svg+xml", Fresh::Forever))
}
