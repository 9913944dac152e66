//! Choosing what the next block holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::consensus::{BLOCK_OVERHEAD_BYTES, CheckedTransaction, HeaderContext, Params};
use crate::crypto::{Digest, ZERO_DIGEST, merkle};
use crate::types::{Amount, BLOCK_TRANSACTIONS_MAX, BlockHash, Commitments, Timestamp};

/// What the next block must stand on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Groundwork {
    /// The block below.
    pub previous: BlockHash,
    /// What the branch asks for.
    pub context: HeaderContext,
    /// What the block commits to.
    pub commitments: Commitments,
}

/// Transactions that may turn out not to fit before a block is called full: enough that the last gap is small, few
/// enough that a full pool is not gone through for it.
const MISSES_MAX: usize = 256;

/// Everything of a block but who is paid for it, and the work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    groundwork: Groundwork,
    time: Timestamp,
    reward: Amount,
    transactions: Vec<Arc<CheckedTransaction>>,
    complete: bool,
    branch: Vec<Digest>,
}

impl Template {
    /// The best-paying block on this groundwork, made now.
    ///
    /// `ordered` are transactions as they may follow each other from the state below on, those that should come first
    /// first. What no longer fits is left out, and with it whatever may count on it: all else of its sender, and of
    /// whoever it pays.
    ///
    /// # Consensus
    /// The block holds to every rule: its time lies not before the median, its size, actions and transactions not above
    /// what is allowed, its reward is the subsidy and all fees.
    pub fn assemble<'a>(
        params: &Params,
        groundwork: Groundwork,
        now: Timestamp,
        ordered: impl IntoIterator<Item = &'a Arc<CheckedTransaction>>,
    ) -> Self {
        let mut room = Room::of_empty(params);
        let mut reward = params.issuance.subsidy(groundwork.context.height);
        let mut transactions = Vec::new();
        let (mut short, mut misses) = (BTreeSet::new(), 0);
        for transaction in ordered {
            let spend = transaction.spend();
            let with_fee = reward.checked_add(spend.body().fee);
            let follows = !short.contains(&spend.facts().sender);
            if let (true, Some(with_fee)) = (follows && room.take(transaction), with_fee) {
                reward = with_fee;
                transactions.push(Arc::clone(transaction));
                continue;
            }
            short.extend(spend.accounts().copied());
            misses += 1;
            if misses == MISSES_MAX {
                break;
            }
        }
        Self {
            time: now.max(groundwork.context.median_time),
            branch: branch(&transactions, &groundwork.commitments),
            complete: misses == 0,
            groundwork,
            reward,
            transactions,
        }
    }

    /// What it stands on.
    pub fn groundwork(&self) -> &Groundwork {
        &self.groundwork
    }

    /// When it was made.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// What its miner is due: the subsidy and all fees.
    pub fn reward(&self) -> Amount {
        self.reward
    }

    /// What happens in it, in order.
    pub fn transactions(&self) -> &[Arc<CheckedTransaction>] {
        &self.transactions
    }

    /// Whether it holds all transactions that there were.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// What leads from the coinbase's hash to the header's merkle root: paired from the right with each of these in turn.
    /// The last is the commitments' hash.
    pub fn branch(&self) -> &[Digest] {
        &self.branch
    }
}

/// The path of the coinbase, whatever it will be: what stands beside it depends on the transactions alone.
fn branch(transactions: &[Arc<CheckedTransaction>], commitments: &Commitments) -> Vec<Digest> {
    let hashes = transactions.iter().map(|transaction| *transaction.facts().hash.as_bytes());
    let leaves: Vec<Digest> = std::iter::once(ZERO_DIGEST).chain(hashes).collect();
    let mut branch = merkle::Path::new(&leaves, 0).expect("there is a coinbase").siblings;
    branch.push(commitments.hash());
    branch
}

/// What is still free in a block.
struct Room {
    bytes: usize,
    actions: usize,
    transactions: usize,
}

impl Room {
    fn of_empty(params: &Params) -> Self {
        Self {
            bytes: (params.block_bytes_max - BLOCK_OVERHEAD_BYTES) as usize,
            actions: params.block_actions_max as usize,
            transactions: BLOCK_TRANSACTIONS_MAX,
        }
    }

    /// Takes a place, if there is one.
    fn take(&mut self, transaction: &CheckedTransaction) -> bool {
        let (bytes, actions) = (transaction.facts().bytes, transaction.transaction().body.actions.len());
        let fits = bytes <= self.bytes && actions <= self.actions && self.transactions > 0;
        if fits {
            self.bytes -= bytes;
            self.actions -= actions;
            self.transactions -= 1;
        }
        fits
    }
}
