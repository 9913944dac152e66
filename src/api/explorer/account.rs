//! An account: what it has, what happened to it, what is about to.

use axum::extract::State;
use maud::{Markup, html};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

use super::charts::{Chart, Mark};
use super::draft::{Draft, Live, Shown};
use super::parts;
use super::shell::Place;
use super::transaction::{actions, policy as policy_words, what_for};
use crate::api::context::Context;
use crate::api::cursor::PlaceCursor;
use crate::api::extract::{self, Path, Query};
use crate::api::problem::Problem;
use crate::api::routes::{accounts as asked, transactions};
use crate::api::view::{AccountView, ContentView, HistoryEntry, HistoryPage, Moved, PendingPage, PolicyView};
use crate::types::{Amount, Height};

/// Entries of a history on one page.
const ROWS: usize = 50;
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
    let page =
        asked::happenings(&context, address, PlaceCursor::newest_first(cursor), ROWS).await?.into_body();
    let policy = revealed(&context, &page, &waiting).await?;
    let body = html! {
        (name(&text))
        (facts(&account))
        @if is_first {
            (waits(&waiting))
            @let all = asked::happenings(&context, address, PlaceCursor::newest_first(None), DRAWN_MAX).await?.into_body();
            (curve(&account, &all, context.params().maturity).draw())
        }
        h2 { "What happened" }
        (table(&page.entries))
        nav.pages aria-label="Further" {
            @if !is_first { a href={ "/account/" (text) } { "Newest" } }
            @if let Some(next) = &page.next { a href={ "/account/" (text) "?cursor=" (next) } { "Older" } }
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
    let live = if is_first { Live::ALL } else { Live::NEVER };
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
            @for transaction in transactions {
                li data-key=(transaction.txid) {
                    span.state.waiting { "pending" } " " (word) " " (parts::transaction(&transaction.txid)) " from "
                    (parts::address(&transaction.from)) (actions(&transaction.actions))
                }
            }
        }
    };
    html! {
        @if !waiting.transactions.is_empty() || !waiting.incoming.is_empty() {
            h2 { "Waiting for a block" }
            ul.transactions { (rows(&waiting.transactions, "out:")) (rows(&waiting.incoming, "in:")) }
        }
    }
}

fn table(entries: &[HistoryEntry]) -> Markup {
    html! {
        @if entries.is_empty() {
            (parts::empty("Nothing yet. An address exists before anybody has paid it."))
        } @else {
            div.wide tabindex="0" role="region" aria-label="What happened" {
                table {
                    thead { tr {
                        th scope="col" { "When" } th scope="col" { "Block" } th scope="col" { "What" } th scope="col" { "With" }
                        th.number scope="col" { "Change" }
                    } }
                    tbody { @for entry in entries { (row(entry)) } }
                }
            }
        }
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
                @for reference in &entry.flow.references { (what_for(reference)) }
            }
            td {
                @for other in &entry.others { (parts::address(other)) " " }
                @if entry.others_count > entry.others.len() { "and " (entry.others_count - entry.others.len()) " more" }
            }
            td class={ "number " (class) } { (sign) (parts::amount(change)) }
        }
    }
}

/// The balance after each block that changed it, as far back as the history at hand tells.
fn curve<'a>(account: &AccountView, history: &HistoryPage, maturity: u32) -> Chart<'a> {
    let tip = account.tip.height;
    let mut changes: Vec<(Height, Amount, Amount)> = history
        .entries
        .iter()
        .map(|entry| (entry.matures_at.unwrap_or(entry.height), entry.flow.received, entry.flow.sent))
        .filter(|(height, _, _)| *height <= tip)
        .collect();
    // A reward changes the balance when it matures: by their blocks' order alone they would stand too low.
    changes.sort_by_key(|(height, _, _)| std::cmp::Reverse(*height));
    // Of what is further back rewards may mature among these.
    let sure = history.entries.last().filter(|_| history.next.is_some()).map(|last| last.height.0 + maturity);
    let mut balance = Some(account.balance);
    let mut marks: Vec<Mark> = Vec::new();
    let mut at = tip;
    let mark = |at: Height, balance: Amount| Mark {
        value: balance.pebbles() as f64,
        said: format!("{balance} at block {}", parts::number(at)),
    };
    for (height, received, sent) in changes {
        let Some(after) = balance else { break };
        if sure.is_some_and(|sure| height.0 < sure) {
            break;
        }
        if marks.is_empty() || height != at {
            marks.push(mark(height, after));
            at = height;
        }
        balance = after.checked_add(sent).and_then(|with| with.checked_sub(received));
    }
    marks.reverse();
    let ends = marks.first().map(|_| "earlier".to_owned()).unwrap_or_default();
    let written = |pebbles: f64| Amount::from_pebbles(pebbles as u64).to_string();
    Chart {
        title: "Balance",
        bars: false,
        marks,
        expected: Vec::new(),
        written,
        ends: (ends, "now".to_owned()),
    }
}

/// An address as a picture that cameras read.
pub(super) async fn picture(
    State(context): State<Context>,
    Path(file): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let text = file.trim_end_matches(".svg");
    let address = extract::address(text, &context.params().prefix)?.to_text(&context.params().prefix);
    // Capitals take less room, and mean the same.
    let code =
        QrCode::with_error_correction_level(address.to_uppercase(), EcLevel::M).map_err(Problem::internal)?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(220, 220).build();
    Ok(([(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "public, max-age=31536000, immutable")], picture))
}
