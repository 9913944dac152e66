//! Keys in the page.

use axum::extract::State;
use maud::html;

use super::draft::{Draft, Live, Shown};
use super::shell::Place;
use crate::api::context::Context;

pub(super) async fn wallet(State(_context): State<Context>) -> Shown {
    Ok(Draft::new("Wallet", Place::Wallet, Live::NEVER, html! {}))
}
