//! What became of the transactions that a reorganization took off.

use crate::api::context::{Context, tip_view};
use crate::api::problem::{Code, Problem};
use crate::api::reply::{Answer, Reply};
use crate::api::routes::chain::change_view;
use crate::api::view::{Fates, ReorganizationStory, ReorganizationView};
use crate::node::{Reader, Reorganization};
use crate::types::{Address, Nonce, Transaction, Txid};

/// Transactions of a reorganization that are gone after.
const FATES_MAX: usize = 2000;

/// A reorganization, and what became of its transactions, for whoever asks.
pub(in crate::api) async fn story(context: &Context, step: u64) -> Answer<ReorganizationStory> {
    let read = move |reader: &Reader| Story::read(reader, step);
    let (reader, told) = context.read_once(context.stories(), step, read).await?;
    // What waits in the pool changes under it.
    Ok(Reply::now(told.now(&reader)))
}

/// What is so for as long as a tip is followed.
pub(in crate::api) struct Story {
    change: ReorganizationView,
    mined_again: Vec<Txid>,
    conflicted: Vec<Txid>,
    /// They wait, or are gone.
    others: Vec<Txid>,
    complete: bool,
}

impl Story {
    fn read(reader: &Reader, step: u64) -> Result<Self, Problem> {
        let change = reader.reorganization(step)?.ok_or_else(|| {
            Problem::new(Code::NotFound, format!("step {step} ended no reorganization that is remembered"))
        })?;
        let (left, complete) = left(reader, &change)?;
        let txids: Vec<Txid> = left.iter().map(|left| left.txid).collect();
        let mined = reader.mined(&txids)?;
        let change = change_view(&change);
        let mut told =
            Self { change, mined_again: Vec::new(), conflicted: Vec::new(), others: Vec::new(), complete };
        for Left { txid, sender, nonce } in left {
            let spent = reader.account(&sender)?.unwrap_or_default().nonce;
            let list = match (mined.contains(&txid), spent > nonce) {
                (true, _) => &mut told.mined_again,
                (false, true) => &mut told.conflicted,
                (false, false) => &mut told.others,
            };
            list.push(txid);
        }
        Ok(told)
    }

    fn now(&self, reader: &Reader) -> ReorganizationStory {
        let waits = |txid: &Txid| reader.pooled_by_txid(txid).is_some();
        let (pending, dropped) = self.others.iter().copied().partition(waits);
        ReorganizationStory {
            change: self.change.clone(),
            transactions: Fates {
                mined_again: self.mined_again.clone(),
                pending,
                conflicted: self.conflicted.clone(),
                dropped,
                complete: self.complete,
            },
            tip: tip_view(reader.tip()),
        }
    }
}

/// A transaction of a block that was taken off.
struct Left {
    txid: Txid,
    sender: Address,
    nonce: Nonce,
}

impl Left {
    fn of(transaction: &Transaction) -> Self {
        let body = &transaction.body;
        Self { txid: body.txid(), sender: body.policy.address(), nonce: body.nonce }
    }
}

/// The transactions of blocks that were taken off, and whether these are all.
fn left(reader: &Reader, change: &Reorganization) -> Result<(Vec<Left>, bool), Problem> {
    let (mut left, mut complete) = (Vec::new(), true);
    for hash in &change.disconnected {
        // What was pruned since is not told of.
        let Some(block) = reader.block(hash)? else {
            complete = false;
            continue;
        };
        let room = FATES_MAX - left.len();
        left.extend(block.transactions.iter().take(room).map(Left::of));
        if block.transactions.len() > room {
            return Ok((left, false));
        }
    }
    Ok((left, complete))
}
