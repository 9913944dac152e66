//! Blocks: by height or hash, whole or in part.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::Context;
use crate::api::extract::{self, BlockName, Path, Query};
use crate::api::problem::{Code, Problem};
use crate::api::reply::{Answer, Bare, Reply};
use crate::api::view::{BlockPage, BlockView, CoinbaseView, ContentView, HeaderView, TransactionsPage};
use crate::chain::HeaderEntry;
use crate::codec::encoded_len;
use crate::consensus::Params;
use crate::node::Reader;
use crate::types::{Amount, Block, Height};

/// Headers in one answer.
const HEADERS_MAX: u32 = 1000;
const HEADERS_USUAL: u32 = 50;
/// Transactions in one answer.
const TRANSACTIONS_MAX: u32 = 1000;
const TRANSACTIONS_USUAL: u32 = 100;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(blocks))
        .routes(routes!(block))
        .routes(routes!(header))
        .routes(routes!(raw))
        .routes(routes!(transactions))
}

/// Which of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Range {
    /// Only blocks below this height: the `next` of the page before.
    before: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u32>,
}

/// Headers of the branch that is followed, newest first
#[utoipa::path(get, path = "/v1/blocks", tag = "chain", operation_id = "blocks", params(Range),
    responses((status = OK, body = BlockPage)))]
async fn blocks(State(context): State<Context>, Query(range): Query<Range>) -> Answer<BlockPage> {
    let before = range.before.map(|text| extract::height("before", &text)).transpose()?;
    let limit = extract::limit(range.limit, HEADERS_USUAL, HEADERS_MAX)?;
    Ok(list(&context, before, limit))
}

/// The same, for pages.
pub(in crate::api) fn list(context: &Context, before: Option<Height>, limit: usize) -> Reply<BlockPage> {
    let reader = context.node().reader();
    let tip = reader.tip();
    let top = before.map_or(Some(tip.height), Height::previous).map(|top| top.min(tip.height));
    let mut blocks = Vec::new();
    let mut at = top;
    while let Some(height) = at.filter(|_| blocks.len() < limit)
        && let Some(entry) = reader.header_at(height)
    {
        blocks.push(HeaderView::new(&entry));
        at = height.previous();
    }
    let next = at.and_then(Height::next);
    Reply::at(tip, BlockPage { blocks, next })
}

/// What else of a block.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct With {
    /// Whether to name all its transactions.
    #[serde(default)]
    txids: bool,
}

/// A block
///
/// Named by its height on the branch that is followed, by its hash on whatever branch, or `tip`. Its transactions are at
/// `/v1/blocks/{block}/transactions`.
#[utoipa::path(get, path = "/v1/blocks/{block}", tag = "chain", operation_id = "block",
    params(("block" = String, Path, description = "A height, a hash, or `tip`"), With),
    responses((status = OK, body = BlockView)))]
async fn block(
    State(context): State<Context>,
    Path(name): Path<String>,
    Query(with): Query<With>,
) -> Answer<BlockView> {
    whole(&context, BlockName::parse(&name)?, with.txids).await
}

async fn whole(context: &Context, name: BlockName, with_txids: bool) -> Answer<BlockView> {
    let at_hand = context.clone();
    let read = move |reader: &Reader| {
        let (entry, block) = find(reader, name)?;
        let mut view = view(reader, at_hand.params(), &entry, &block);
        view.txids = with_txids
            .then(|| block.transactions.iter().map(|transaction| transaction.body.txid()).collect());
        Ok(Reply::at(reader.tip(), view))
    };
    context.read(read).await
}

/// What is told of a block, the names of its transactions left out.
pub(in crate::api) fn view(
    reader: &Reader,
    params: &Params,
    entry: &HeaderEntry,
    block: &Block,
) -> BlockView {
    let followed = reader.is_followed(&entry.hash);
    let fees = Amount::checked_sum(block.transactions.iter().map(|transaction| transaction.body.fee));
    BlockView {
        header: HeaderView::new(entry),
        followed,
        depth: if followed { reader.tip().height.0 + 1 - entry.height.0 } else { 0 },
        bytes: encoded_len(block),
        state: block.commitments.state,
        history: block.commitments.history,
        coinbase: CoinbaseView::new(&block.coinbase, params.maturity, &params.prefix),
        transaction_count: block.transactions.len(),
        fees: fees.unwrap_or_default(),
        txids: None,
    }
}

/// A block's header, and what is known of it
#[utoipa::path(get, path = "/v1/blocks/{block}/header", tag = "chain", operation_id = "block_header",
    params(("block" = String, Path, description = "A height, a hash, or `tip`")),
    responses((status = OK, body = HeaderView)))]
async fn header(State(context): State<Context>, Path(name): Path<String>) -> Answer<HeaderView> {
    let name = BlockName::parse(&name)?;
    let reader = context.node().reader();
    let view = HeaderView::new(&entry(&reader, name)?);
    Ok(if matches!(name, BlockName::Hash(_)) { Reply::forever(view) } else { Reply::at(reader.tip(), view) })
}

/// A block's encoding
#[utoipa::path(get, path = "/v1/blocks/{block}/raw", tag = "chain", operation_id = "block_raw",
    params(("block" = String, Path, description = "A height, a hash, or `tip`")),
    responses((status = OK, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn raw(State(context): State<Context>, Path(name): Path<String>) -> Result<Bare, Problem> {
    let name = BlockName::parse(&name)?;
    let read = move |reader: &Reader| {
        let entry = entry(reader, name)?;
        let bytes = reader.block_bytes(&entry.hash)?.ok_or_else(|| not_kept(&entry))?;
        Ok(if matches!(name, BlockName::Hash(_)) { Bare::forever(bytes) } else { Bare::now(bytes) })
    };
    context.read(read).await
}

/// Which of a block's transactions.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Part {
    /// The position of the first, from 1 on: the `next` of the page before.
    #[param(minimum = 1, default = 1)]
    from: Option<u32>,
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// A block's transactions, in their order
#[utoipa::path(get, path = "/v1/blocks/{block}/transactions", tag = "chain", operation_id = "block_transactions",
    params(("block" = String, Path, description = "A height, a hash, or `tip`"), Part),
    responses((status = OK, body = TransactionsPage)))]
async fn transactions(
    State(context): State<Context>,
    Path(name): Path<String>,
    Query(part): Query<Part>,
) -> Answer<TransactionsPage> {
    let name = BlockName::parse(&name)?;
    let limit = extract::limit(part.limit, TRANSACTIONS_USUAL, TRANSACTIONS_MAX)?;
    let first = first(part.from)?;
    let params = context.clone();
    let read = move |reader: &Reader| {
        let (entry, block) = find(reader, name)?;
        let receipts = reader.receipts(&entry.hash)?;
        let prefix = &params.params().prefix;
        let all = (1..).zip(block.transactions.iter());
        let wanted = all.skip(first as usize - 1).take(limit).map(|(position, transaction)| {
            let receipt = receipts.as_ref().map(|receipts| receipts.receipt(position - 1));
            ContentView::new(transaction, receipt.as_ref(), prefix)
        });
        let transactions: Vec<_> = wanted.collect();
        let end = first.saturating_add(transactions.len() as u32);
        let next =
            Some(end).filter(|end| !transactions.is_empty() && *end as usize <= block.transactions.len());
        Ok(Reply::at(reader.tip(), TransactionsPage { transactions, next }))
    };
    context.read(read).await
}

/// The position from which on transactions were asked for.
pub(in crate::api) fn first(from: Option<u32>) -> Result<u32, Problem> {
    from.or(Some(1)).filter(|first| *first > 0).ok_or_else(|| {
        Problem::bad_value("from", "0", "the first transaction stands at 1, after the coinbase")
    })
}

/// What is known of a block.
pub(in crate::api) fn entry(reader: &Reader, name: BlockName) -> Result<HeaderEntry, Problem> {
    let (found, called) = match name {
        BlockName::Tip => (reader.header(&reader.tip().hash), "the tip".to_owned()),
        BlockName::Height(height) => {
            (reader.header_at(height), format!("height {height}, and the tip is at {}", reader.tip().height))
        }
        BlockName::Hash(hash) => (reader.header(&hash), hash.to_string()),
    };
    found.ok_or_else(|| Problem::new(Code::BlockUnknown, format!("there is no block at {called}")))
}

/// A block, whole.
pub(in crate::api) fn find(reader: &Reader, name: BlockName) -> Result<(HeaderEntry, Block), Problem> {
    let entry = entry(reader, name)?;
    let block = reader.block(&entry.hash)?.ok_or_else(|| not_kept(&entry))?;
    Ok((entry, block))
}

fn not_kept(entry: &HeaderEntry) -> Problem {
    let Height(height) = entry.height;
    Problem::new(Code::NotKept, format!("of block {} at height {height} only the header is here", entry.hash))
}
