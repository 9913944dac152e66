//! The explorer: pages for people who would rather look than read.
//!
//! Every page is made here, from the same answers that programs get, and reads well without scripts. A small script keeps it
//! up to date: whenever the stream of events says that something happened, it asks for the same page again and puts in what is
//! different. So nothing is drawn twice, and what a page shows live is what it shows at first.
//!
//! A page function asks one of the `routes` as a program would, and answers with a [`Draft`] or a [`Problem`]; [`frame`] puts
//! either between the heading and the foot that all pages share. Whoever has pages of their own beside a node's uses the same
//! [`Shell`].
//!
//! # Security
//! What strangers wrote (notes, references, names of programs and workers) stays text: maud escapes it, and nothing that
//! is not ours runs, by the policy that [`Shell`] sends along.
//!
//! Read `blocks.rs` first: every other is like it.
//!
//! [`Problem`]: super::problem::Problem
//! [`frame`]: draft::frame

mod account;
mod assets;
mod blocks;
mod charts;
mod curves;
mod desk;
mod draft;
mod forks;
mod glimpse;
mod home;
mod left;
mod mempool;
mod mining;
mod network;
pub mod parts;
mod past;
mod projection;
pub mod ring;
pub mod room;
mod search;
mod shell;
mod stones;
mod transaction;
mod tree;
mod wallet;
pub mod written;

pub use assets::assets;
pub use charts::{Chart, Mark};
pub use desk::without_port;
pub(super) use draft::on_a_page;
pub use draft::{Draft, Live};
pub(super) use left::LeftBehind;
pub(super) use past::Past;
pub(super) use projection::{Projected, projection};
pub use shell::{Gravity, Place, Shell, Warning};
pub(super) use stones::Stones;

use axum::{Router, middleware, routing};

use super::context::Context;

/// All pages of a node.
pub(super) fn routes(context: &Context) -> Router<Context> {
    Router::new()
        .route("/", routing::get(home::home))
        .route("/blocks", routing::get(blocks::list))
        .route("/block/{block}", routing::get(blocks::block))
        .route("/tx/{txid}", routing::get(transaction::transaction))
        .route("/account/{address}", routing::get(account::account))
        .route("/mempool", routing::get(mempool::mempool))
        .route("/mining", routing::get(mining::mining))
        .route("/network", routing::get(network::network))
        .route("/forks", routing::get(forks::forks))
        .route("/forks/{step}", routing::get(forks::story))
        .route("/search", routing::get(search::search))
        .route("/wallet", routing::get(wallet::wallet))
        .route("/qr/{file}", routing::get(account::picture))
        .route("/devnet", routing::get(desk::desk))
        .layer(middleware::from_fn_with_state(context.clone(), draft::frame))
        .merge(assets())
}
