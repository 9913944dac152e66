//! Transactions: what they do, and what became of them.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::{Context, tip_view};
use crate::api::cursor::PlaceCursor;
use crate::api::extract::{self, Path, Query};
use crate::api::problem::{Code, Problem};
use crate::api::reply::{Answer, Bare, Reply};
use crate::api::view::{
    ContentView, Hex, ProofOfTransaction, ReferencePage, ReferencedPayment, Standing, TransactionView,
};
use crate::codec::encode;
use crate::mempool::Entry;
use crate::node::{Found, Left, Reader, What};
use crate::types::{Transaction, Txid};

/// Payments in one answer.
const PAYMENTS_MAX: u32 = 500;
const PAYMENTS_USUAL: u32 = 50;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(transaction))
        .routes(routes!(raw))
        .routes(routes!(proof))
        .routes(routes!(reference))
}

/// A transaction, and what became of it
///
/// `pending` while it waits for a block; `confirmed` with its depth; `replaced`, `expired` or `dropped` where it left the
/// pool unmined since this node began. One that is not known is answered with 404 and the code `transaction_unknown`.
#[utoipa::path(get, path = "/v1/transactions/{txid}", tag = "transactions", operation_id = "transaction",
    params(("txid" = Txid, Path, description = "What people call it")),
    responses((status = OK, body = TransactionView)))]
async fn transaction(State(context): State<Context>, Path(txid): Path<String>) -> Answer<TransactionView> {
    whole(&context, extract::value("txid", &txid)?).await
}

/// The same, for pages.
pub(in crate::api) async fn whole(context: &Context, txid: Txid) -> Answer<TransactionView> {
    if let Some(view) = pending(context, &txid) {
        return Ok(Reply::now(view));
    }
    let at_hand = context.clone();
    let read = move |reader: &Reader| {
        let Some((found, transaction)) = mined(reader, &txid)? else { return Ok(None) };
        let standing = confirmed(reader, &found);
        let content = ContentView::new(&transaction, Some(&found.receipt), &at_hand.params().prefix);
        let view = TransactionView { txid, standing, transaction: Some(content) };
        Ok(Some(Reply::at(reader.tip(), view)))
    };
    if let Some(reply) = context.read(read).await? {
        return Ok(reply);
    }
    // It may have come, or come back, while the blocks were looked through.
    let view = pending(context, &txid).or_else(|| departed(context, &txid));
    view.map(Reply::now).ok_or_else(|| unknown(context, &txid))
}

/// One that was here and left unmined.
fn departed(context: &Context, txid: &Txid) -> Option<TransactionView> {
    let standing = match context.node().reader().departed(txid)? {
        Left::Replaced { by } => Standing::Replaced { by: Some(by) },
        // What took its place never waited here: it came in a block.
        Left::Conflicted => Standing::Replaced { by: None },
        Left::Expired => Standing::Expired,
        left @ (Left::Aged | Left::Evicted | Left::Unfunded | Left::Orphaned | Left::Refused(_)) => {
            Standing::Dropped { why: left.into() }
        }
        Left::Mined => return None,
    };
    Some(TransactionView { txid: *txid, standing, transaction: None })
}

fn unknown(context: &Context, txid: &Txid) -> Problem {
    let told = |detail| Problem::new(Code::TransactionUnknown, detail);
    match context.kept_from() {
        None => told(format!("{txid} is in no block that is followed here, and not in the pool")),
        // Whoever was told to send it again would take it for lost.
        Some(first) => Problem {
            advice: "It may have been mined long ago: ask a node that keeps all blocks.".to_owned(),
            ..told(format!(
                "{txid} is not in the pool, and in no block from {first} on; before that this node keeps nothing, and it may be \
                 there"
            ))
        },
    }
}

/// One that waits for a block.
fn pending(context: &Context, txid: &Txid) -> Option<TransactionView> {
    let entry = context.node().reader().pooled_by_txid(txid)?;
    let content = ContentView::new(entry.transaction().transaction(), None, &context.params().prefix);
    Some(TransactionView { txid: *txid, standing: waiting(context, &entry), transaction: Some(content) })
}

/// How one in the pool stands.
pub(super) fn waiting(context: &Context, entry: &Entry) -> Standing {
    let hash = entry.facts().hash;
    let ready = context.node().look(|_, pool| !pool.is_waiting(&hash));
    Standing::Pending { seconds: context.node().seconds().saturating_sub(entry.admitted_seconds()), ready }
}

/// One that stands in a block.
pub(super) fn mined(reader: &Reader, txid: &Txid) -> Result<Option<(Found, Transaction)>, Problem> {
    Ok(reader.transaction(txid)?.and_then(|mut found| match &mut found.what {
        What::Transaction(transaction) => {
            let transaction = (**transaction).clone();
            Some((found, transaction))
        }
        What::Reward(_) => None,
    }))
}

/// How one in a block stands.
pub(super) fn confirmed(reader: &Reader, found: &Found) -> Standing {
    let height = found.place.height;
    Standing::Confirmed {
        block: found.block,
        height,
        position: found.place.position,
        depth: reader.tip().height.0 + 1 - height.0,
        time: reader.header(&found.block).map(|entry| entry.header.time).unwrap_or_default(),
        charge: found.receipt.charge,
    }
}

/// A transaction's encoding
#[utoipa::path(get, path = "/v1/transactions/{txid}/raw", tag = "transactions", operation_id = "transaction_raw",
    params(("txid" = Txid, Path, description = "What people call it")),
    responses((status = OK, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn raw(State(context): State<Context>, Path(txid): Path<String>) -> Result<Bare, Problem> {
    let txid: Txid = extract::value("txid", &txid)?;
    if let Some(entry) = context.node().reader().pooled_by_txid(&txid) {
        return Ok(Bare::now(encode(entry.transaction().transaction())));
    }
    let found = context.read(move |reader| mined(reader, &txid)).await?;
    // Another witness may be mined after a reorganization: the name does not bind all bytes.
    found.map(|(_, transaction)| Bare::now(encode(&transaction))).ok_or_else(|| unknown(&context, &txid))
}

/// Proves that a transaction stands in a block
///
/// Whoever has the block's header, and knows that it is followed, needs to trust nobody else.
#[utoipa::path(get, path = "/v1/transactions/{txid}/proof", tag = "transactions", operation_id = "transaction_proof",
    params(("txid" = Txid, Path, description = "What people call it")),
    responses((status = OK, body = ProofOfTransaction)))]
async fn proof(State(context): State<Context>, Path(txid): Path<String>) -> Answer<ProofOfTransaction> {
    let txid: Txid = extract::value("txid", &txid)?;
    let at_hand = context.clone();
    let read = move |reader: &Reader| {
        let unknown = || unknown(&at_hand, &txid);
        let (found, transaction) = mined(reader, &txid)?.ok_or_else(unknown)?;
        let proof = reader.prove_transaction(&found)?.ok_or_else(unknown)?;
        let view = ProofOfTransaction {
            txid,
            hash: transaction.hash(),
            block: found.block,
            height: found.place.height,
            position: found.place.position,
            proof: Hex::of(encode(&proof)),
        };
        Ok(Reply::at(reader.tip(), view))
    };
    context.read(read).await
}

/// Which of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Part {
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// Payments with a reference, to whomever, newest first
///
/// One address can serve many invoices: whoever asks for money says a reference, up to 32 bytes, and finds the payment by
/// it.
#[utoipa::path(get, path = "/v1/references/{reference}", tag = "transactions", operation_id = "reference",
    params(("reference" = Hex, Path, description = "What the payment is for, in hexadecimal digits"), Part),
    responses((status = OK, body = ReferencePage)))]
async fn reference(
    State(context): State<Context>,
    Path(text): Path<String>,
    Query(part): Query<Part>,
) -> Answer<ReferencePage> {
    let reference = extract::reference(&text)?;
    let cursor = part.cursor.map(|text| text.parse::<PlaceCursor>()).transpose()?;
    let limit = extract::limit(part.limit, PAYMENTS_USUAL, PAYMENTS_MAX)?;
    let at_hand = context.clone();
    let read = move |reader: &Reader| {
        let page = reader.payments_for(&reference, PlaceCursor::newest_first(cursor), limit)?;
        let payment = |found: &Found| match &found.what {
            What::Transaction(transaction) => Some(ReferencedPayment {
                standing: confirmed(reader, found),
                transaction: ContentView::new(transaction, Some(&found.receipt), &at_hand.params().prefix),
            }),
            What::Reward(_) => None,
        };
        let view = ReferencePage {
            payments: page.found.iter().filter_map(payment).collect(),
            next: page.next.map(|place| PlaceCursor::from(place).to_string()),
            tip: tip_view(reader.tip()),
        };
        Ok(Reply::at(reader.tip(), view))
    };
    context.read(read).await
}
