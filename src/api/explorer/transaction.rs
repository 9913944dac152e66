//! A transaction: what it does, and what became of it.

use axum::extract::State;
use maud::{Markup, html};

use super::draft::{Draft, Live, Shown};
use super::parts;
use super::room::{Fitting, fitting};
use super::shell::Place;
use crate::api::context::Context;
use crate::api::extract::{self, Path};
use crate::api::routes::transactions as asked;
use crate::api::view::{ActionView, ContentView, Hex, LeftWhy, PolicyView, Standing};
use crate::node::Reader;
use crate::types::{Policy, Txid};
use crate::wallet::explain;

/// Actions that are shown of one transaction, and bytes that they take.
const ACTIONS_MAX: usize = 200;
const ACTIONS_BYTES: usize = 80_000;
/// Bytes that a policy's words take.
const POLICY_BYTES: usize = 8_000;

pub(super) async fn transaction(State(context): State<Context>, Path(txid): Path<String>) -> Shown {
    let txid: Txid = extract::value("txid", &txid)?;
    let view = asked::whole(&context, txid).await?.into_body();
    let is_mined = matches!(view.standing, Standing::Confirmed { .. });
    let at_hand = context.clone();
    let stood = move |reader: &Reader| at_hand.left_behind().find(reader, &txid);
    let left = if is_mined { None } else { context.read(stood).await? };
    let body = html! {
        p.lead id="standing" { (standing(&view.standing)) }
        @if let Some((step, block)) = &left {
            p { "It stood in block " (parts::block(block)) ", which was left: " a href={ "/forks/" (step) } { "how that came" } "." }
        }
        (parts::whole(&txid.to_string()))
        @if let Some(content) = &view.transaction {
            h2 { "What it does" }
            (actions(&content.actions))
            (facts(content, &view.standing))
            h2 { "Who may spend from the sender's account" }
            (policy(&content.policy))
            (parts::raw(&[
                ("transaction", format!("/v1/transactions/{txid}")),
                ("bytes", format!("/v1/transactions/{txid}/raw")),
            ]))
        } @else {
            (parts::empty("It is not here any more, only what became of it is remembered."))
        }
        @if is_mined {
            p.raw {
                a href={ "/v1/transactions/" (txid) "/proof" } download={ (txid) ".proof.json" } { "Download the proof" }
                " that it stands in its block: whoever has the block's header needs to trust nobody else."
            }
        }
    };
    let live = if is_mined { Live::CHAIN } else { Live::ALL };
    Ok(Draft::new("Transaction", Place::Elsewhere, live, body))
}

/// Where it stands, in a sentence.
fn standing(standing: &Standing) -> Markup {
    let word = word(standing);
    match standing {
        Standing::Pending { seconds, ready: true } => {
            html! { (word) " It has waited for " (parts::span(*seconds)) ", and may be in the next block." }
        }
        Standing::Pending { seconds, ready: false } => {
            html! { (word) " It has waited for " (parts::span(*seconds)) ", and waits for an earlier one of its sender." }
        }
        Standing::Confirmed { height, depth, time, .. } => html! {
            (word) " In block " (parts::height(*height)) ", " strong { (parts::count(*depth as usize, "block")) } " deep, since "
            (parts::ago(*time)) "."
        },
        Standing::Replaced { by } => html! {
            (word) " Another of the same sender and number took its place"
            @if let Some(by) = by { ": " (parts::transaction(by)) } "."
        },
        Standing::Expired => html! { (word) " The last block in which it could have stood has passed." },
        Standing::Dropped { why } => {
            html! { (word) " It left unmined: " (left(*why)) ". It may come again." }
        }
    }
}

/// The same in a word.
fn word(standing: &Standing) -> Markup {
    let (class, word) = match standing {
        Standing::Pending { .. } => ("state waiting", "pending"),
        Standing::Confirmed { .. } => ("state good", "confirmed"),
        Standing::Replaced { .. } => ("state bad", "replaced"),
        Standing::Expired => ("state bad", "expired"),
        Standing::Dropped { .. } => ("state bad", "dropped"),
    };
    html! { span class=(class) role="status" { (word) } }
}

fn left(why: LeftWhy) -> &'static str {
    match why {
        LeftWhy::Mined => "it was mined",
        LeftWhy::Replaced => "another took its place",
        LeftWhy::Conflicted => "another of the same number was mined",
        LeftWhy::Expired => "its last block has passed",
        LeftWhy::Aged => "it waited too long",
        LeftWhy::Evicted => "others paid more for the room",
        LeftWhy::Unfunded => "its sender no longer has the money",
        LeftWhy::Orphaned => "an earlier one of its sender left",
        LeftWhy::Refused => "the pool would not take it on the branch that is followed now",
    }
}

/// What happens, each in a line, as far as there is room.
fn actions(actions: &[ActionView]) -> Markup {
    let lines = actions.iter().take(ACTIONS_MAX).map(|action| html! { li { (happens(action)) } });
    let fitting = fitting(ACTIONS_BYTES, lines);
    html! {
        ul.actions { (fitting.shown) }
        @if actions.len() > fitting.count { p { "And " (parts::number(actions.len() - fitting.count)) " more, which programs are told of." } }
    }
}

/// What an action does, in words.
pub(super) fn happens(action: &ActionView) -> Markup {
    match action {
        ActionView::Pay { to, amount, reference } => {
            html! { "pays " (parts::amount(*amount)) " to " (parts::address(to)) (what_for(reference)) }
        }
        ActionView::PayAll { to, amount, reference } => html! {
            "pays all that is left" @if let Some(amount) = amount { ", " (parts::amount(*amount)) "," }
            " to " (parts::address(to)) (what_for(reference))
        },
        ActionView::Note { text: Some(text), .. } => html! { "says in public: " q dir="auto" { (text) } },
        ActionView::Note { bytes, text: None } => html! { "says in public, in bytes: " code { (bytes.0) } },
    }
}

/// What a payment is for: as text, where it is text.
pub(super) fn what_for(reference: &Hex) -> Markup {
    let bytes = hex::decode(&reference.0).unwrap_or_default();
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains(char::is_control));
    html! {
        @if !reference.0.is_empty() {
            ", for " @if let Some(text) = text { q dir="auto" { (text) } } @else { code { (reference.0) } }
        }
    }
}

fn facts(content: &ContentView, standing: &Standing) -> Markup {
    let rate = content.fee.pebbles().saturating_mul(1000) / content.bytes.max(1) as u64;
    let mut facts = vec![
        ("From", html! { (parts::address(&content.from)) ", its number " (content.nonce) }),
        (
            "Fee",
            html! { (parts::amount(content.fee)) ", " (parts::number(rate)) " pebbles for a thousand bytes" },
        ),
        ("Size", html! { (parts::bytes(content.bytes)) }),
    ];
    if let Standing::Confirmed { block, time, charge, position, .. } = standing {
        facts.push(("Block", html! { (parts::block(block)) ", place " (position) }));
        facts.push(("Mined", parts::time(*time)));
        if !charge.is_zero() {
            facts.push((
                "Burned",
                html! { (parts::amount(*charge)) " for accounts that it brought into being" },
            ));
        }
    }
    if let Some(expiry) = content.expiry {
        facts.push(("Void after", html! { "block " (parts::number(expiry)) }));
    }
    facts.push(("Full name", html! { code { (content.hash) } }));
    parts::facts(&facts)
}

/// A policy in plain words.
pub(super) fn policy(view: &PolicyView) -> Markup {
    let lines = Policy::try_from(view).map(|policy| explain(&policy, &|_| None)).unwrap_or_default();
    let Fitting { shown, count } = fitting(POLICY_BYTES, lines.iter().map(|line| html! { (line) "\n" }));
    html! {
        pre.words { (shown) }
        @if count < lines.len() { p { "And " (parts::count(lines.len() - count, "line")) " more, which programs are told of." } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Height;

    #[test]
    fn policy_of_many_lines_is_told_as_far_as_there_is_room() {
        let any = |policies| Policy::threshold(1, policies).unwrap();
        let heights = |count| any((0..count).map(|height| Policy::After(Height(height))).collect());
        let words = |branches| policy(&PolicyView::from(&any(vec![heights(16); branches]))).into_string();
        assert!(!words(2).contains("more, which programs are told of"));
        let most = words(16);
        assert!(most.contains("more, which programs are told of"), "{most}");
        assert!(most.len() < POLICY_BYTES + 100, "{} bytes", most.len());
    }
}
