//! An account: what it has, what happened to it, what is about to.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;

use axum::response::Response;

use super::draft::{Draft, Live, Shown};
use super::glimpse::Glimpse;
use super::parts;
use super::parts::Column::{Number, Text};
use super::past::Past;
use super::room::{Fitting, fitting};
use super::shell::Place;
use super::transaction::{policy as policy_words, what_for};
use crate::api::context::Context;
use crate::api::cursor::PlaceCursor;
use crate::api::extract::{self, Path, Query};
use crate::api::problem::{Code, Problem};
use crate::api::reply::{Fresh, finished};
use crate::api::routes::accounts as asked;
use crate::api::view::{AccountView, HistoryEntry, Moved, PolicyView};
use crate::mempool::Entry;
use crate::node::Reader;
use crate::types::{Address, Amount, Height, Nonce};

/// Transactions that wait and are shown, of the account and for it each, and bytes that they take.
const WAITING_MAX: usize = 20;
const WAITING_BYTES: usize = 12_000;
/// Bytes of the entries of a history on one page.
const ROWS_BYTES: usize = 45_000;

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
    let cursor = part.cursor.map(|text| text.parse::<PlaceCursor>()).transpose()?;
    let is_first = cursor.is_none();
    let account = asked::balance(&context, &address)?.into_body();
    let waiting =
        if is_first { context.read(Waits::reader(&context, address)).await? } else { Waits::default() };
    let past = match Past::find(&context, address, cursor).await {
        // What it has is known without indexes.
        Err(problem) if problem.code == Code::Indexing => Err(problem),
        past => Ok(past?),
    };
    let body = html! {
        (name(&text))
        (facts(&account))
        @if context.desk().is_some() { p { a href={ "/devnet?address=" (text) "#faucet" } { "Give it coins" } ": this is a devnet." } }
        (waiting.draw())
        @match &past {
            Ok(past) => (happened(&text, past, is_first, &Before::of(&context, &address))),
            Err(problem) => { h2 { "What happened" } (parts::empty(&format!("That is not known yet: {}. It will be here in a moment.", problem.detail))) }
        }
        h2 { "Who may spend" }
        @match waiting.policy.as_ref().or(past.as_ref().ok().and_then(|past| past.policy())) {
            Some(view) => (policy_words(view)),
            None if account.nonce == Nonce::default() => (parts::empty("Nobody has spent from it yet: an address tells nothing of who may until somebody does.")),
            None => (parts::empty("Each transaction that it sent tells who may. None of them is on this page.")),
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

/// Its curve at first, and some of its history.
fn happened(text: &str, past: &Past, is_first: bool, before: &Before) -> Markup {
    let rows = fitting(ROWS_BYTES, past.entries.iter().map(row));
    let last = rows.count.checked_sub(1).and_then(|at| past.entries.get(at));
    let next = match last.filter(|_| rows.count < past.entries.len()) {
        Some(last) => Some(PlaceCursor::of(last.height, last.position).to_string()),
        None => past.next.clone(),
    };
    html! {
        @if let Some(curve) = &past.curve { (curve.draw()) }
        h2 { "What happened" }
        (table(&rows, next.is_some(), is_first, before))
        nav.pages aria-label="Further" {
            @if !is_first { a href={ "/account/" (text) } { "Newest" } }
            @if let Some(next) = &next { a href={ "/account/" (text) "?cursor=" (next) } { "Older" } }
        }
    }
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
    if account.next_nonce != account.nonce {
        facts.push(("Next has", html! { "number " (account.next_nonce) ": those before wait for a block" }));
    }
    parts::facts(&facts)
}

/// What waits for a block.
#[derive(Default)]
struct Waits {
    own: Vec<Glimpse>,
    incoming: Vec<Glimpse>,
    /// Who may spend, as one of its own tells.
    policy: Option<PolicyView>,
}

impl Waits {
    /// Of an account, and for it: no more than there is room for, and one.
    fn reader(context: &Context, address: Address) -> impl Fn(&Reader) -> Result<Self, Problem> + use<> {
        let context = context.clone();
        move |reader| {
            let waiting = asked::waiting(&context, reader, &address, WAITING_MAX + 1, WAITING_MAX + 1)?;
            let glimpse = |entry: &Arc<Entry>| {
                Glimpse::of(entry.transaction().transaction(), None, &context.params().prefix)
            };
            let policy =
                waiting.own.first().map(|own| PolicyView::from(&own.transaction().transaction().body.policy));
            Ok(Self {
                own: waiting.own.iter().map(glimpse).collect(),
                incoming: waiting.incoming.iter().map(glimpse).collect(),
                policy,
            })
        }
    }

    fn draw(&self) -> Markup {
        if self.own.is_empty() && self.incoming.is_empty() {
            return Markup::default();
        }
        let lines = |some: &[Glimpse], word: &'static str| {
            fitting(WAITING_BYTES, some.iter().take(WAITING_MAX).map(|transaction| waits(transaction, word)))
        };
        let (own, incoming) = (lines(&self.own, "out:"), lines(&self.incoming, "in:"));
        let is_all = own.count == self.own.len() && incoming.count == self.incoming.len();
        html! {
            section #waiting {
                h2 { "Waiting for a block" }
                ul.transactions { (own.shown) (incoming.shown) }
                @if !is_all { p { "And more, which programs are told of." } }
            }
        }
    }
}

fn waits(transaction: &Glimpse, word: &str) -> Markup {
    html! {
        li data-key=(transaction.txid) {
            span.state.waiting { "pending" } " " (word) " " (parts::transaction(&transaction.txid)) " from "
            (parts::address(&transaction.from)) (transaction.actions())
        }
    }
}

fn table(rows: &Fitting, goes_on: bool, is_first: bool, before: &Before) -> Markup {
    let columns = [Text("When"), Text("Block"), Text("What"), Text("With"), Number("Change")];
    match rows.count {
        0 if goes_on => parts::empty("Nothing on this page."),
        0 if !is_first => parts::empty(&before.below().unwrap_or_else(|| "Nothing older.".to_owned())),
        0 => parts::empty(&before.alone()),
        _ => html! {
            (parts::table("What happened", &columns, &rows.shown))
            @if let Some(words) = before.below().filter(|_| !goes_on) { p.note { (words) } }
        },
    }
}

/// What was before all that a history has.
struct Before {
    /// The first block that is kept, where not all are.
    kept_from: Option<Height>,
    /// What it began with, at genesis, of which no block tells.
    given: Option<Amount>,
}

impl Before {
    fn of(context: &Context, address: &Address) -> Self {
        let mut given = context.node().genesis().allocation().iter();
        Self {
            kept_from: context.kept_from(),
            given: given.find(|(owner, _)| owner == address).map(|(_, amount)| *amount),
        }
    }

    /// Where the history has nothing.
    fn alone(&self) -> String {
        match (self.kept_from, self.given) {
            (Some(first), _) => format!(
                "Nothing that this node knows of: before block {} it keeps nothing, and it may have happened there.",
                parts::number(first)
            ),
            (None, Some(given)) => {
                format!("It began with {}, and nothing has happened since.", parts::coins(given))
            }
            (None, None) => "Nothing yet. An address exists before anybody has paid it.".to_owned(),
        }
    }

    /// Below its last line.
    fn below(&self) -> Option<String> {
        let pruned = self.kept_from.map(|first| {
            format!(
                "Before block {} this node keeps nothing: there may have been more.",
                parts::number(first)
            )
        });
        pruned.or_else(|| self.given.map(|given| format!("It began with {}.", parts::coins(given))))
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
                @if let Some(height) = entry.matures_at.filter(|height| height.0 >= entry.height.0 + entry.depth) {
                    ", to be spent from block " (parts::number(height)) " on"
                }
            }
            td {
                @for other in &entry.others { (parts::address(other)) " " }
                @if entry.others_count > entry.others.len() { "and " (entry.others_count - entry.others.len()) " more" }
            }
            td class={ "number " (class) } { (sign) (parts::amount(change)) }
        }
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
