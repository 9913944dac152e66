//! A transaction among many: as much of it as a line has room for.

use maud::{Markup, html};

use super::parts;
use super::transaction::happens;
use crate::api::view::{ActionView, AddressText};
use crate::ledger::Receipt;
use crate::types::{Amount, Prefix, Transaction, Txid};

/// Actions that are shown of each of many.
const FIRST_MAX: usize = 3;

/// What is seen of a transaction in a list.
pub struct Glimpse {
    /// Its name.
    pub txid: Txid,
    /// Whose.
    pub from: AddressText,
    /// What its miner gets.
    pub fee: Amount,
    first: Vec<ActionView>,
    /// How many more things it does.
    more: usize,
}

impl Glimpse {
    /// What is seen of one; `receipt` is there where it was mined.
    pub fn of(transaction: &Transaction, receipt: Option<&Receipt>, prefix: &Prefix) -> Self {
        let body = &transaction.body;
        let first = body.actions.iter().take(FIRST_MAX);
        Self {
            txid: body.txid(),
            from: AddressText::new(&body.policy.address(), prefix),
            fee: body.fee,
            first: first.map(|action| ActionView::new(action, receipt, prefix)).collect(),
            more: body.actions.len().saturating_sub(FIRST_MAX),
        }
    }

    /// The first things that it does.
    pub fn actions(&self) -> Markup {
        html! {
            ul.actions {
                @for action in &self.first { li { (happens(action)) } }
                @if self.more > 0 {
                    li { a href={ "/tx/" (self.txid) } { "and " (parts::number(self.more)) " more" } }
                }
            }
        }
    }
}
