//! The forms of the page, carried out. Each leads back to the page, which then says what became of it.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Instant;

use axum::extract::{FromRequest, Request, State};
use axum::response::Redirect;
use axum::{Form, Router, routing};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Desk, Said, Spot};
use crate::api::explorer::parts;
use crate::api::view::LinkFaults;
use crate::api::{Code, Problem, shortened};
use crate::devnet::desk::faucet;
use crate::devnet::desk::told::{
    By, HEALED, gone_back, held, linked, mined, put_forward, removed, reorganized, snapshot_taken,
};
use crate::devnet::desk::view::{FaucetOrder, GivenView};
use crate::devnet::desk::words::{apart, in_words, late, may_undo};
use crate::devnet::error::DevnetError;
use crate::devnet::links::Partition;
use crate::devnet::mending::Unmended;
use crate::devnet::mining::Mining;
use crate::devnet::network::DevnetHandle;
use crate::types::Amount;

pub(super) fn routes() -> Router<Desk> {
    Router::new()
        .route("/orders/link", routing::post(link))
        .route("/orders/partition", routing::post(partition))
        .route("/orders/heal", routing::post(heal))
        .route("/orders/kill", routing::post(kill))
        .route("/orders/restart", routing::post(restart))
        .route("/orders/mine", routing::post(mine))
        .route("/orders/interval", routing::post(interval))
        .route("/orders/mode", routing::post(mode))
        .route("/orders/warp", routing::post(warp))
        .route("/orders/clock", routing::post(clock))
        .route("/orders/reorganize", routing::post(reorganize))
        .route("/orders/faucet", routing::post(coins))
        .route("/orders/snapshot", routing::post(snapshot))
        .route("/orders/revert", routing::post(revert))
        .route("/orders/remove", routing::post(remove))
}

impl Desk {
    /// Notes what became of an order.
    fn note(&self, done: Result<String, Problem>) {
        self.note_at(Spot::Top, done);
    }

    /// The same, to be told there.
    fn note_at(&self, place: Spot, done: Result<String, Problem>) {
        let text = done.map_err(|problem| problem.detail);
        *self.said.lock() = Some(Said { at: Instant::now(), place, text });
    }

    /// Carries an order out.
    async fn carry_out(
        &self,
        what: impl Display + Send + 'static,
        order: impl FnOnce(&DevnetHandle) -> Result<String, Problem> + Send + 'static,
    ) {
        let done = By::Page.order(&self.devnet, what, order).await;
        self.note(done);
    }

    /// The same, and leads back.
    async fn order(
        &self,
        what: impl Display + Send + 'static,
        order: impl FnOnce(&DevnetHandle) -> Result<String, Problem> + Send + 'static,
    ) -> Redirect {
        self.carry_out(what, order).await;
        Redirect::to("/")
    }
}

/// That a block has not come to all.
fn not_everywhere(behind: &[usize]) -> String {
    late(behind).map_or_else(String::new, |late| format!(" But {late}."))
}

/// That links do not stand, or who has not caught up.
fn not_mended(unmended: &Unmended) -> String {
    apart(unmended).map_or_else(String::new, |apart| format!(" But {apart}."))
}

/// A form, filled in so that it can be read.
struct Filled<T>(T);

impl<T: DeserializeOwned> FromRequest<Desk> for Filled<T> {
    type Rejection = Redirect;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Redirect> {
        match Form::<T>::from_request(request, desk).await {
            Ok(Form(form)) => Ok(Self(form)),
            Err(error) => {
                desk.note(Err(Problem::new(Code::BadRequest, error.body_text())));
                Err(Redirect::to("/"))
            }
        }
    }
}

/// A number as it was typed; 0, where nothing was.
fn typed<N: FromStr<Err: Display> + Default>(name: &str, text: &str) -> Result<N, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(N::default());
    }
    text.parse().map_err(|error| Problem::bad_value(name, text, error))
}

#[derive(Deserialize)]
struct LinkForm {
    a: usize,
    b: usize,
    #[serde(default)]
    delay_ms: String,
    #[serde(default)]
    jitter_ms: String,
    #[serde(default)]
    loss_percent: String,
    #[serde(default)]
    bytes_per_second: String,
    cut: Option<String>,
}

impl LinkForm {
    fn faults(&self) -> Result<LinkFaults, Problem> {
        Ok(LinkFaults {
            delay_ms: typed("delay_ms", &self.delay_ms)?,
            jitter_ms: typed("jitter_ms", &self.jitter_ms)?,
            loss_percent: typed("loss_percent", &self.loss_percent)?,
            bytes_per_second: Some(typed("bytes_per_second", &self.bytes_per_second)?)
                .filter(|rate| *rate > 0),
            cut: self.cut.is_some(),
        })
    }
}

async fn link(State(desk): State<Desk>, Filled(form): Filled<LinkForm>) -> Redirect {
    let (a, b) = (form.a, form.b);
    let what = form.faults().map_or_else(|_| format!("link {a} to {b}"), |faults| linked(a, b, &faults));
    desk.carry_out(what, move |devnet| {
        let missing = devnet.set_link(a, b, form.faults()?.link()?)?;
        Ok(format!("Link {a} – {b} is as you said.{}", not_mended(&missing.into())))
    })
    .await;
    // It stays chosen.
    Redirect::to(&format!("/?link={}-{}", a.min(b), a.max(b)))
}

#[derive(Deserialize)]
struct GroupsForm {
    groups: String,
}

async fn partition(State(desk): State<Desk>, Filled(form): Filled<GroupsForm>) -> Redirect {
    desk.order(format!("partition {}", shortened(form.groups.trim())), move |devnet| {
        let partition: Partition = form.groups.parse().map_err(DevnetError::from)?;
        let missing = devnet.part(&partition)?;
        Ok(format!("The network is parted: {}.{}", form.groups.trim(), not_mended(&missing.into())))
    })
    .await
}

async fn heal(State(desk): State<Desk>) -> Redirect {
    desk.order(HEALED, |devnet| {
        let unmended = devnet.heal()?;
        Ok(format!("All links are as they should be.{}", not_mended(&unmended)))
    })
    .await
}

#[derive(Deserialize)]
struct NodeForm {
    node: usize,
}

async fn kill(State(desk): State<Desk>, Filled(NodeForm { node }): Filled<NodeForm>) -> Redirect {
    desk.order(format!("kill node {node}"), move |devnet| {
        devnet.kill(node)?;
        Ok(format!("Node {node} is down, without a farewell."))
    })
    .await
}

async fn restart(State(desk): State<Desk>, Filled(NodeForm { node }): Filled<NodeForm>) -> Redirect {
    desk.order(format!("restart node {node}"), move |devnet| {
        devnet.restart(node)?;
        Ok(format!("Node {node} is up again."))
    })
    .await
}

#[derive(Deserialize)]
struct BlocksForm {
    blocks: usize,
    node: Option<usize>,
}

async fn mine(State(desk): State<Desk>, Filled(form): Filled<BlocksForm>) -> Redirect {
    desk.order(mined(form.blocks, form.node), move |devnet| {
        let made = devnet.mine(form.blocks, form.node)?;
        Ok(format!("Mined {}.{}", parts::count(made.blocks.len(), "block"), not_everywhere(&made.behind)))
    })
    .await
}

#[derive(Deserialize)]
struct IntervalForm {
    seconds: String,
}

async fn interval(State(desk): State<Desk>, Filled(form): Filled<IntervalForm>) -> Redirect {
    set_mining(&desk, format!("interval={}", form.seconds.trim())).await
}

#[derive(Deserialize)]
struct ModeForm {
    mode: String,
}

async fn mode(State(desk): State<Desk>, Filled(form): Filled<ModeForm>) -> Redirect {
    set_mining(&desk, form.mode).await
}

async fn set_mining(desk: &Desk, mode: String) -> Redirect {
    desk.order(format!("blocks come {}", in_words(&shortened(&mode))), move |devnet| {
        let mining: Mining = mode.parse().map_err(DevnetError::from)?;
        devnet.set_mining(mining)?;
        Ok(format!("Blocks come {}.", in_words(&devnet.mining().to_string())))
    })
    .await
}

#[derive(Deserialize)]
struct WarpForm {
    seconds: u32,
}

async fn warp(State(desk): State<Desk>, Filled(form): Filled<WarpForm>) -> Redirect {
    desk.order(put_forward(form.seconds), move |devnet| {
        devnet.warp(form.seconds)?;
        Ok(format!("It is {} seconds later.", form.seconds))
    })
    .await
}

#[derive(Deserialize)]
struct ClockForm {
    hold: String,
}

async fn clock(State(desk): State<Desk>, Filled(form): Filled<ClockForm>) -> Redirect {
    let hold = form.hold == "on";
    let said = if hold { "The clock stands still." } else { "The clock goes on." };
    desk.order(held(hold), move |devnet| {
        devnet.hold_clock(hold)?;
        Ok(said.to_owned())
    })
    .await
}

#[derive(Deserialize)]
struct DepthForm {
    depth: u32,
}

async fn reorganize(State(desk): State<Desk>, Filled(form): Filled<DepthForm>) -> Redirect {
    desk.order(reorganized(form.depth, None), move |devnet| {
        let made = devnet.reorganize(form.depth, None)?;
        let late = not_everywhere(&made.behind);
        Ok(format!("Node {} mined a heavier branch: {} blocks are left.{late}", made.node, made.depth))
    })
    .await
}

#[derive(Deserialize)]
struct CoinsForm {
    address: String,
    #[serde(default)]
    amount: String,
}

async fn coins(State(desk): State<Desk>, Filled(form): Filled<CoinsForm>) -> Redirect {
    // It stays typed.
    let encoded = |text: &str| utf8_percent_encode(&shortened(text.trim()), NON_ALPHANUMERIC).to_string();
    let back = format!("/?address={}&amount={}#faucet", encoded(&form.address), encoded(&form.amount));
    let amount = match form.amount.trim() {
        "" => Ok(None),
        text => text.parse::<Amount>().map(Some).map_err(|error| Problem::bad_value("amount", text, error)),
    };
    let given = match amount {
        Ok(amount) => {
            let order = FaucetOrder { address: form.address, amount, node: None };
            faucet::give(By::Page, &desk.devnet, order).await
        }
        Err(problem) => Err(problem),
    };
    let said = |GivenView { txid, amount }| format!("{amount} are on their way, in transaction {txid}.");
    desk.note_at(Spot::Faucet, given.map(said));
    Redirect::to(&back)
}

#[derive(Deserialize)]
struct NameForm {
    #[serde(default)]
    name: String,
}

async fn snapshot(State(desk): State<Desk>, Filled(form): Filled<NameForm>) -> Redirect {
    let name = Some(form.name.trim().to_owned()).filter(|name| !name.is_empty());
    desk.order(snapshot_taken(name.as_deref()), move |devnet| {
        Ok(format!("Snapshot {} is taken.", devnet.snapshot(name)?.name))
    })
    .await
}

async fn revert(State(desk): State<Desk>, Filled(form): Filled<NameForm>) -> Redirect {
    desk.order(gone_back(&form.name), move |devnet| {
        let back = devnet.revert(&form.name)?;
        let but = may_undo(&back.strangers).map_or_else(String::new, |others| format!(" But {others}."));
        Ok(format!("All is as it was at snapshot {}.{but}", back.state.name))
    })
    .await
}

async fn remove(State(desk): State<Desk>, Filled(form): Filled<NameForm>) -> Redirect {
    desk.order(removed(&form.name), move |devnet| {
        devnet.remove_snapshot(&form.name)?;
        Ok(format!("Snapshot {} is gone.", form.name))
    })
    .await
}
