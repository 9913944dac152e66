//! Accounts: what an address has, proofs of it, and what happened to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::{Context, tip_view};
use crate::api::cursor::PlaceCursor;
use crate::api::extract::{self, Path, Query};
use crate::api::problem::{Code, Problem};
use crate::api::reply::{Answer, Reply};
use crate::api::view::{
    AccountView, AddressText, ContentView, FlowView, Hex, HistoryEntry, HistoryPage, PastAccount,
    PendingPage, ProofOfBalance,
};
use crate::codec::encode;
use crate::consensus::Params;
use crate::mempool::Entry;
use crate::node::{Found, Reader, What};
use crate::types::{Address, Height};

/// Entries of a history in one answer.
const HISTORY_MAX: u32 = 1000;
const HISTORY_USUAL: u32 = 50;
/// Transactions of one account that are told at once; the pool does not take more of one.
const PENDING_MAX: usize = 1000;
/// Transactions by which others pay an account that are told at once: anybody can send more, and each may be long.
const INCOMING_MAX: usize = 100;
/// Addresses on the other side of a transaction that a history names.
const OTHERS_MAX: usize = 4;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(account))
        .routes(routes!(pending))
        .routes(routes!(history))
        .routes(routes!(past))
        .routes(routes!(proof))
}

/// What an address has
///
/// An address that was never paid has nothing, and that is no mistake.
#[utoipa::path(get, path = "/v1/accounts/{address}", tag = "accounts", operation_id = "account",
    params(("address" = AddressText, Path, description = "Whose")),
    responses((status = OK, body = AccountView)))]
async fn account(State(context): State<Context>, Path(text): Path<String>) -> Answer<AccountView> {
    balance(&context, &extract::address(&text, &context.params().prefix)?)
}

/// The same, for pages.
pub(in crate::api) fn balance(context: &Context, address: &Address) -> Answer<AccountView> {
    let view = context.look(|reader| {
        let account = reader.account(address)?.unwrap_or_default();
        let (next_nonce, pending) = reader.pending(address)?;
        Ok(AccountView {
            address: context.text(address),
            balance: account.balance,
            immature: context.immature(reader)?.of(address),
            spendable: account.balance.checked_sub(pending.outgoing).unwrap_or_default(),
            incoming: pending.incoming,
            outgoing: pending.outgoing,
            pending: pending.ready + pending.waiting,
            nonce: account.nonce,
            next_nonce,
            tip: tip_view(reader.tip()),
        })
    })?;
    Ok(Reply::now(view))
}

/// What waits for a block: an account's own transactions by nonce, and those that pay it
#[utoipa::path(get, path = "/v1/accounts/{address}/pending", tag = "accounts", operation_id = "account_pending",
    params(("address" = AddressText, Path, description = "Whose")),
    responses((status = OK, body = PendingPage)))]
async fn pending(State(context): State<Context>, Path(text): Path<String>) -> Answer<PendingPage> {
    let address = extract::address(&text, &context.params().prefix)?;
    let at_hand = context.clone();
    let read = move |reader: &Reader| {
        let Waiting { own, incoming } = waiting(&at_hand, reader, &address, PENDING_MAX, INCOMING_MAX)?;
        let prefix = &at_hand.params().prefix;
        let content = |entry: &Arc<Entry>| ContentView::new(entry.transaction().transaction(), None, prefix);
        Ok(PendingPage {
            transactions: own.iter().map(content).collect(),
            incoming: incoming.iter().map(content).collect(),
        })
    };
    Ok(Reply::now(context.read(read).await?))
}

/// What waits of an account, and what pays it.
pub(in crate::api) struct Waiting {
    pub own: Vec<Arc<Entry>>,
    pub incoming: Vec<Arc<Entry>>,
}

/// As many of its own as are asked for, and as many of others'.
pub(in crate::api) fn waiting(
    context: &Context,
    reader: &Reader,
    address: &Address,
    own_max: usize,
    incoming_max: usize,
) -> Result<Waiting, Problem> {
    let own = context.node().look(|_, pool| pool.of_sender(address).take(own_max).cloned().collect());
    let pooled = context.pool(reader)?;
    // Most are paid by nobody who waits, and that is known without looking through all of it.
    let is_paid = !reader.pending(address)?.1.incoming.is_zero() || pooled.sums().sweeps_to(address);
    let entries = if is_paid { pooled.view().entries() } else { &[] };
    let incoming = entries.iter().filter(|entry| pays(entry, address)).take(incoming_max).cloned().collect();
    Ok(Waiting { own, incoming })
}

/// Whether somebody else pays this address by it.
fn pays(entry: &Entry, address: &Address) -> bool {
    let mut payments = entry.transaction().transaction().body.payments();
    entry.facts().sender != *address && payments.any(|(to, _)| to == address)
}

/// In which order a list goes.
#[derive(Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Direction {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}

/// Which of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Part {
    /// Which come first.
    #[serde(default)]
    #[param(inline, default = "newest")]
    order: Direction,
    /// The `next` of the page before, which was read in the same order.
    cursor: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u32>,
}

/// What happened to an account: payments to it and from it, and rewards
#[utoipa::path(get, path = "/v1/accounts/{address}/history", tag = "accounts", operation_id = "account_history",
    params(("address" = AddressText, Path, description = "Whose"), Part),
    responses((status = OK, body = HistoryPage)))]
async fn history(
    State(context): State<Context>,
    Path(text): Path<String>,
    Query(part): Query<Part>,
) -> Answer<HistoryPage> {
    let address = extract::address(&text, &context.params().prefix)?;
    let cursor = part.cursor.map(|text| text.parse::<PlaceCursor>()).transpose()?;
    let order = match part.order {
        Direction::Newest => PlaceCursor::newest_first(cursor),
        Direction::Oldest => PlaceCursor::oldest_first(cursor),
    };
    let limit = extract::limit(part.limit, HISTORY_USUAL, HISTORY_MAX)?;
    let at_hand = context.clone();
    let read = move |reader: &Reader| {
        let page = reader.history(&address, order, limit)?;
        let happened = |found: &Found| happened(reader, found, &address, at_hand.params());
        let view = HistoryPage {
            entries: page.found.iter().map(happened).collect(),
            next: page.next.map(|place| PlaceCursor::from(place).to_string()),
            tip: tip_view(reader.tip()),
        };
        Ok(Reply::at(reader.tip(), view))
    };
    context.read(read).await
}

/// What an account had after the block at an earlier height
///
/// As far as this node keeps what blocks overwrote: above the `base` of its status.
#[utoipa::path(get, path = "/v1/accounts/{address}/at/{height}", tag = "accounts", operation_id = "account_at",
    params(("address" = AddressText, Path, description = "Whose"),
        ("height" = Height, Path, description = "After the block at this height")),
    responses((status = OK, body = PastAccount)))]
async fn past(
    State(context): State<Context>,
    Path((text, height)): Path<(String, String)>,
) -> Answer<PastAccount> {
    let address = extract::address(&text, &context.params().prefix)?;
    let height = extract::height("height", &height)?;
    let at_hand = context.clone();
    let read = move |reader: &Reader| {
        let past = reader.account_after(&address, height)?.ok_or_else(|| {
            let tip = reader.tip().height;
            Problem::new(
                Code::BlockUnknown,
                format!("there is no block at height {height}, the tip is at {tip}"),
            )
        })?;
        let account = past.account.unwrap_or_default();
        let view = PastAccount {
            address: at_hand.text(&address),
            balance: account.balance,
            nonce: account.nonce,
            as_of: past.height,
            as_of_block: past.block,
            tip: tip_view(reader.tip()),
        };
        Ok(Reply::at(reader.tip(), view))
    };
    context.read(read).await
}

/// What a transaction or a reward meant to one account.
pub(in crate::api) fn happened(
    reader: &Reader,
    found: &Found,
    address: &Address,
    params: &Params,
) -> HistoryEntry {
    let height = found.place.height;
    let others = others(&found.what, address);
    let (txid, flow, matures_at) = match &found.what {
        What::Reward(coinbase) => {
            let matures_at = Height(height.0.saturating_add(params.maturity));
            (None, FlowView::reward(coinbase.amount), Some(matures_at))
        }
        What::Transaction(transaction) => {
            let flow = FlowView::of(transaction, &found.receipt, address);
            (Some(transaction.body.txid()), flow, None)
        }
    };
    HistoryEntry {
        txid,
        block: found.block,
        height,
        position: found.place.position,
        time: reader.header(&found.block).map(|entry| entry.header.time).unwrap_or_default(),
        depth: reader.tip().height.0 + 1 - height.0,
        flow,
        matures_at,
        others: others.iter().take(OTHERS_MAX).map(|it| AddressText::new(it, &params.prefix)).collect(),
        others_count: others.len(),
    }
}

/// Who was on the other side, each once: the payer, or those whom the account paid.
fn others(what: &What, address: &Address) -> Vec<Address> {
    let What::Transaction(transaction) = what else { return Vec::new() };
    let sender = transaction.body.policy.address();
    if sender != *address {
        return vec![sender];
    }
    let mut seen = BTreeSet::from([sender]);
    transaction.body.payments().map(|(to, _)| *to).filter(|to| seen.insert(*to)).collect()
}

/// Proves what an account had, by the header of the tip
///
/// It is about the block below the tip, whose state the tip's header commits to: `as_of`. Whoever knows that header needs
/// to trust nobody else.
#[utoipa::path(get, path = "/v1/accounts/{address}/proof", tag = "accounts", operation_id = "account_proof",
    params(("address" = AddressText, Path, description = "Whose")),
    responses((status = OK, body = ProofOfBalance)))]
async fn proof(State(context): State<Context>, Path(text): Path<String>) -> Answer<ProofOfBalance> {
    let address = extract::address(&text, &context.params().prefix)?;
    context.look(|reader| {
        let proof = reader.prove_balance(&address)?.ok_or_else(|| {
            Problem::new(
                Code::NotKept,
                "nothing can be proven before the first block: no header commits to it yet",
            )
        })?;
        let proven = proof.verify(&address).map_err(Problem::internal)?;
        let view = ProofOfBalance {
            address: context.text(&address),
            balance: proven.account.balance,
            nonce: proven.account.nonce,
            as_of: proven.as_of,
            as_of_block: proven.as_of_block,
            proven_by: proven.proven_by,
            proof: Hex::of(encode(&proof)),
        };
        Ok(Reply::at(reader.tip(), view))
    })
}
