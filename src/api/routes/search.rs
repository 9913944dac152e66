//! Search: whatever somebody may have copied.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::Context;
use crate::api::extract::Query;
use crate::api::problem::{Code, Problem};
use crate::api::reply::{Answer, Reply};
use crate::api::routes::transactions::mined;
use crate::api::view::{Hit, SearchView};
use crate::chain::HeaderEntry;
use crate::node::{ALIKE_MAX, Reader, What};
use crate::types::{Address, BlockHash, FirstDigits, FirstLetters, Height, Txid};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(search))
}

/// What is looked for.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// A height, a block's hash, a transaction's name, either of them by its first six digits or more, or an address, also by
    /// its first three letters or more behind the `1`.
    q: String,
}

/// Looks for a height, a block, a transaction or an address
///
/// What is found is named with its kind, best first; nothing is found where the list is empty.
#[utoipa::path(get, path = "/v1/search", tag = "chain", operation_id = "search", params(Wanted),
    responses((status = OK, body = SearchView)))]
async fn search(State(context): State<Context>, Query(wanted): Query<Wanted>) -> Answer<SearchView> {
    Ok(Reply::now(SearchView { hits: hits(&context, wanted.q.trim().to_owned()).await? }))
}

/// The same, for pages.
pub(in crate::api) async fn hits(context: &Context, text: String) -> Result<Vec<Hit>, Problem> {
    let at_hand = context.clone();
    context.read(move |reader| find(&at_hand, reader, &text)).await
}

fn find(context: &Context, reader: &Reader, text: &str) -> Result<Vec<Hit>, Problem> {
    let mut hits = Vec::new();
    let mut unseen = Unseen::default();
    if let Ok(height) = text.replace([',', '_', ' '], "").parse().map(Height)
        && let Some(entry) = reader.header_at(height)
    {
        hits.push(Hit::Block { hash: entry.hash, height, followed: true });
    }
    if let Some(entry) = text.parse::<BlockHash>().ok().and_then(|hash| reader.header(&hash)) {
        hits.push(block(reader, &entry));
    }
    if let Ok(txid) = text.parse::<Txid>() {
        let waits_or_left = reader.pooled_by_txid(&txid).is_some() || reader.departed(&txid).is_some();
        let is_here = waits_or_left || unseen.or_found(mined(reader, &txid))?.flatten().is_some();
        hits.extend(is_here.then_some(Hit::Transaction { txid }));
    }
    if let Some(digits) = text.parse::<FirstDigits>().ok().filter(|_| text.len() < 64) {
        hits.extend(alike(reader, &digits, &mut unseen)?);
    }
    for address in unseen.or_found(addresses(context, reader, text))?.unwrap_or_default() {
        let known = reader.account(&address)?.is_some();
        hits.push(Hit::Account { address: context.text(&address), known });
    }
    // What was found is found, whatever else there may be.
    if hits.is_empty() { unseen.verdict().map(|()| hits) } else { Ok(hits) }
}

/// What could not be looked through, as long as the indexes are made.
#[derive(Default)]
struct Unseen(Option<Problem>);

impl Unseen {
    /// What was found; nothing where that is not known yet.
    fn or_found<T>(&mut self, looked: Result<T, Problem>) -> Result<Option<T>, Problem> {
        match looked {
            Err(problem) if problem.code == Code::Indexing => {
                self.0 = Some(problem);
                Ok(None)
            }
            looked => looked.map(Some),
        }
    }

    /// That nothing was found means nothing, where it was not looked for everywhere.
    fn verdict(self) -> Result<(), Problem> {
        self.0.map_or(Ok(()), |problem| {
            let what =
                "no block is called so, and transactions and addresses cannot all be looked through yet";
            let detail = format!("{what}: {}", problem.detail);
            Err(Problem { detail, ..problem })
        })
    }
}

/// The address that this is, whether or not it was ever paid; or those of the chain that begin so.
fn addresses(context: &Context, reader: &Reader, text: &str) -> Result<Vec<Address>, Problem> {
    let prefix = &context.params().prefix;
    if let Ok(address) = Address::parse(text, prefix) {
        return Ok(vec![address]);
    }
    let Some(letters) = FirstLetters::parse(text, prefix) else { return Ok(Vec::new()) };
    let mut found = reader.addresses_like(&letters, ALIKE_MAX)?;
    // The last letters of an address are no bits of it alone.
    found.retain(|address| address.to_text(prefix).starts_with(&text.to_lowercase()));
    Ok(found)
}

fn block(reader: &Reader, entry: &HeaderEntry) -> Hit {
    Hit::Block { hash: entry.hash, height: entry.height, followed: reader.is_followed(&entry.hash) }
}

/// Whatever is called by names that begin so.
fn alike(reader: &Reader, digits: &FirstDigits, unseen: &mut Unseen) -> Result<Vec<Hit>, Problem> {
    let mut hits: Vec<Hit> =
        reader.headers_like(digits, ALIKE_MAX).iter().map(|entry| block(reader, entry)).collect();
    let mut txids: Vec<Txid> = Vec::new();
    txids.extend(reader.pooled_like(digits, ALIKE_MAX).iter().map(|entry| entry.facts().txid));
    let mined = reader.transactions_like(digits, ALIKE_MAX).map_err(Problem::from);
    txids.extend(unseen.or_found(mined)?.iter().flatten().filter_map(|found| match &found.what {
        What::Transaction(transaction) => Some(transaction.body.txid()),
        What::Reward(_) => None,
    }));
    hits.extend(txids.into_iter().map(|txid| Hit::Transaction { txid }));
    hits.truncate(ALIKE_MAX);
    Ok(hits)
}
