//! Small things that pages are put together from: amounts, times, names, lists of facts.

use jiff::Timestamp as Moment;
use maud::{Markup, html};

pub use super::written::{bytes, coins, count, number, scaled, span};
use crate::api::view::AddressText;
use crate::types::{Amount, BlockHash, Height, Timestamp, Txid};

/// Money.
pub fn amount(amount: Amount) -> Markup {
    let text = amount.to_string();
    let coins = text.trim_end_matches(" CRN");
    let (whole, part) = coins.split_once('.').unwrap_or((coins, ""));
    html! {
        span.amount {
            (number(whole)) @if !part.is_empty() { span.part { "." (part) } } " " small { "CRN" }
        }
    }
}

/// When something was, by the clock of the chain: exactly, and how long ago.
pub fn time(at: Timestamp) -> Markup {
    html! { time datetime=(exact(at, "%FT%TZ")) { (exact(at, "%F %T")) " UTC" } " " (ago(at)) }
}

/// How long ago something was. The script fills it in and counts on; without one the exact time is there.
pub fn ago(at: Timestamp) -> Markup {
    html! { time.ago datetime=(exact(at, "%FT%TZ")) title={ (exact(at, "%F %T")) " UTC" } { (exact(at, "%F %T")) } }
}

fn exact(at: Timestamp, form: &str) -> String {
    Moment::from_second(i64::from(at.0)).unwrap_or_default().strftime(form).to_string()
}

/// A long name by its beginning and its end; whole, it is read out and copied.
pub fn short(name: &str) -> Markup {
    let (head, tail) = (name.get(..8), name.len().checked_sub(6).and_then(|from| name.get(from..)));
    html! {
        @if let (Some(head), Some(tail)) = (head.filter(|_| name.len() > 20), tail) {
            code title=(name) { (head) "…" (tail) }
        } @else { code { (name) } }
    }
}

/// A long name, whole, with a button that copies it.
pub fn whole(name: &str) -> Markup {
    html! { span.whole { code { (name) } (copy(name)) } }
}

/// A button that copies; the script shows it.
pub fn copy(text: &str) -> Markup {
    html! { button.copy type="button" data-copy=(text) aria-label={ "Copy " (text) } hidden { "Copy" } }
}

/// The way to a block.
pub fn block(hash: &BlockHash) -> Markup {
    let name = hash.to_string();
    html! { a href={ "/block/" (name) } { (short(&name)) } }
}

/// The way to the block that is followed at a height.
pub fn height(height: Height) -> Markup {
    html! { a href={ "/block/" (height) } { (number(height)) } }
}

/// The way to a transaction.
pub fn transaction(txid: &Txid) -> Markup {
    let name = txid.to_string();
    html! { a href={ "/tx/" (name) } { (short(&name)) } }
}

/// The way to an account.
pub fn address(AddressText(text): &AddressText) -> Markup {
    html! { a href={ "/account/" (text) } { (short(text)) } }
}

/// Things that are so: what is said of each.
pub fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! { dl.facts { @for (name, fact) in facts { div { dt { (name) } dd { (fact) } } } } }
}

/// The heading of a column.
pub enum Column {
    /// Of words.
    Text(&'static str),
    /// Of numbers, which stand below each other.
    Number(&'static str),
}

/// A table, which is moved by itself where it is wider than the window. Each row brings its own cells.
pub fn table(name: &str, columns: &[Column], rows: &Markup) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(name) {
            table {
                thead { tr { @for column in columns {
                    @match column {
                        Column::Text(name) => th scope="col" { (name) },
                        Column::Number(name) => th.number scope="col" { (name) },
                    }
                } } }
                tbody { (rows) }
            }
        }
    }
}

/// Text in which names stand between backticks.
pub fn marked(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// Where nothing is, and why that is no fault.
pub fn empty(why: &str) -> Markup {
    html! { p.empty { (marked(why)) } }
}

/// What programs are answered to the same question.
pub fn raw(links: &[(&str, String)]) -> Markup {
    html! {
        p.raw { "For programs: " @for (at, (name, path)) in links.iter().enumerate() {
            @if at > 0 { " · " } a href=(path) { (name) }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amount_keeps_every_pebble() {
        let shown = amount(Amount::from_pebbles(123_456_700_000_001)).into_string();
        assert!(shown.contains("1,234,567<span class=\"part\">.00000001</span>"), "{shown}");
    }

    #[test]
    fn name_of_a_stranger_is_cut_between_letters() {
        let shown = short(&"ä".repeat(30)).into_string();
        assert!(shown.contains("ä"), "{shown}");
    }
}
