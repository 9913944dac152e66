//! Everything that can be checked without knowing who owns what, on all cores, while the writer does other things.
//!
//! What waits is taken up in batches: small blocks together, and transactions as many as have come, because a signature
//! among hundreds costs half of one alone. A thread takes up one batch a turn, of blocks as long as there are any: a flood of
//! transactions delays a block by one batch.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use rayon::prelude::*;

use super::inbox::{CheckedAndIndexed, CheckedBody, CheckedTicket, Ticket};
use super::memo::Memo;
use super::seeds::batch_seed;
use super::shared::{Shared, State};
use super::verdict::{Closed, TransactionRefused, TransactionVerdict, TrialVerdict};
use crate::consensus::{
    BlockError, CheckedBlock, CheckedTransaction, HeaderContext, SoundBlock, SoundTransaction, Spend,
    TransactionError, check_signatures, check_transactions,
};
use crate::crypto::{BatchSeed, Claim, Culprits, verify_batch};
use crate::ledger::View;
use crate::mempool::{AdmitError, Rejection};
use crate::storage::BlockIndex;
use crate::types::{Block, Height, Transaction, TxHash};

/// Signatures verified together: beyond this a batch gains nothing more.
const BATCH: usize = 1024;
/// Transactions taken up together; enough to fill most of a batch, few enough that none waits long.
const TRANSACTIONS_TOGETHER_MAX: usize = 512;
/// Blocks taken up together while they hold fewer transactions than fill a batch.
const BLOCKS_TOGETHER_MAX: usize = 256;

/// A block to be checked, by the number under which the writer waits for it.
pub(super) struct BlockJob {
    pub number: u64,
    pub block: Arc<Block>,
    /// What its branch asks of it; nothing where that is unknown, and only whether the body is its header's can be told.
    pub context: Option<HeaderContext>,
}

/// A transaction to be checked, and who waits for the verdict.
pub(super) struct TransactionJob {
    pub transaction: Transaction,
    pub ticket: Ticket<TransactionVerdict>,
}

/// A transaction to be tried on the pool without being let in, and who waits for the answer.
pub(super) struct TrialJob {
    pub transaction: Transaction,
    pub ticket: Ticket<TrialVerdict>,
}

#[derive(Default)]
struct Queues {
    blocks: VecDeque<BlockJob>,
    transactions: VecDeque<TransactionJob>,
    trials: VecDeque<TrialJob>,
    /// Whether a trial came last: then it is the turn of what was submitted.
    tried: bool,
    /// How many turns threads are taking, or have been called to take.
    turns: usize,
    /// How many batches of transactions were taken up.
    batches: u64,
}

/// What a thread takes up at once.
enum Turn {
    /// The next block, or as many small ones as fill a batch.
    Blocks(Vec<BlockJob>),
    /// Some transactions, and the number of this batch.
    Transactions(u64, Vec<TransactionJob>),
    /// One that is only tried.
    Trial(TrialJob),
}

impl Queues {
    fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.transactions.is_empty() && self.trials.is_empty()
    }

    /// Blocks go before transactions, however many of those have come. Trials and batches of transactions take turns.
    fn next(&mut self) -> Option<Turn> {
        if !self.blocks.is_empty() {
            return Some(Turn::Blocks(self.next_blocks()));
        }
        self.tried = !self.trials.is_empty() && (!self.tried || self.transactions.is_empty());
        if self.tried {
            return self.trials.pop_front().map(Turn::Trial);
        }
        let count = self.transactions.len().min(TRANSACTIONS_TOGETHER_MAX);
        if count == 0 {
            return None;
        }
        let batch = self.batches;
        self.batches += 1;
        Some(Turn::Transactions(batch, self.transactions.drain(..count).collect()))
    }

    fn next_blocks(&mut self) -> Vec<BlockJob> {
        let (mut jobs, mut transactions) = (Vec::new(), 0);
        while transactions < BATCH
            && jobs.len() < BLOCKS_TOGETHER_MAX
            && let Some(job) = self.blocks.pop_front()
        {
            transactions += job.block.transactions.len();
            jobs.push(job);
        }
        jobs
    }
}

/// Batches of transactions that are checked, to be handed on in the order in which they came: a sender's later nonces
/// before the earlier ones would be refused.
#[derive(Default)]
struct InOrder {
    next: u64,
    checked: BTreeMap<u64, Vec<CheckedTicket>>,
}

/// Those who check. Copies are the same.
#[derive(Clone)]
pub(super) struct Checks {
    /// Nothing where nobody checks but whoever calls [`Checks::work`].
    threads: Option<Arc<rayon::ThreadPool>>,
    bench: Arc<Bench>,
}

/// What the threads share.
struct Bench {
    shared: Arc<Shared>,
    queues: Mutex<Queues>,
    in_order: Mutex<InOrder>,
    verify: Verify,
    memo: Option<Arc<Memo>>,
}

/// How signatures are verified.
enum Verify {
    /// On every core that is free, with coefficients that nobody foresees.
    OnAllCores,
    /// Here, with these coefficients.
    Here(BatchSeed),
}

impl Verify {
    fn batch(&self, claims: &[Claim]) -> Result<(), Culprits> {
        match self {
            Self::OnAllCores => verify_batch(claims, batch_seed()),
            Self::Here(seed) => verify_batch(claims, *seed),
        }
    }

    fn block(&self, claims: &[Claim]) -> Result<(), Culprits> {
        match self {
            Self::OnAllCores => verify_on_all_cores(claims),
            Self::Here(seed) => verify_batch(claims, *seed),
        }
    }
}

impl Checks {
    /// Starts as many threads as told.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn start(threads: usize, shared: Arc<Shared>) -> Result<Self, rayon::ThreadPoolBuildError> {
        let named = |number| format!("cairn-check-{number}");
        let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(named).build()?;
        let bench = Arc::new(Bench::new(shared, Verify::OnAllCores, None));
        Ok(Self { threads: Some(Arc::new(threads)), bench })
    }

    /// Starts no thread: somebody calls [`Checks::work`].
    pub fn by_hand(shared: Arc<Shared>, seed: BatchSeed, memo: Option<Arc<Memo>>) -> Self {
        Self { threads: None, bench: Arc::new(Bench::new(shared, Verify::Here(seed), memo)) }
    }

    /// Checks all that waits.
    pub fn work(&self) {
        while self.bench.take_one() {}
    }

    /// Whether nothing waits.
    pub fn is_idle(&self) -> bool {
        self.bench.queues.lock().is_empty()
    }

    /// Checks a block; the verdict comes to the inbox.
    pub fn block(&self, job: BlockJob) {
        self.call(|queues| queues.blocks.push_back(job));
    }

    /// Checks a transaction; the verdict comes to the inbox.
    pub fn transaction(&self, job: TransactionJob) {
        self.call(|queues| queues.transactions.push_back(job));
    }

    /// Checks a transaction and tries it on the pool; the answer goes to whoever waits.
    pub fn trial(&self, job: TrialJob) {
        self.call(|queues| queues.trials.push_back(job));
    }

    /// Puts something in a queue, and calls another thread to take a turn if there is one: otherwise whoever is at it comes
    /// to this too.
    fn call(&self, put: impl FnOnce(&mut Queues)) {
        let mut queues = self.bench.queues.lock();
        put(&mut queues);
        let Some(threads) = &self.threads else { return };
        if queues.turns < threads.current_num_threads() {
            queues.turns += 1;
            drop(queues);
            let bench = Arc::clone(&self.bench);
            threads.spawn_fifo(move || bench.take_turn());
        }
    }
}

impl Bench {
    fn new(shared: Arc<Shared>, verify: Verify, memo: Option<Arc<Memo>>) -> Self {
        Self { shared, queues: Mutex::default(), in_order: Mutex::default(), verify, memo }
    }

    /// Looks at all of a transaction but its signatures; at those too, where that was done before.
    fn examine(&self, transaction: Transaction) -> Result<Examined, TransactionError> {
        if let Some(before) = self.memo.as_ref().and_then(|memo| memo.transaction(&transaction.hash())) {
            return Ok(Examined::Before(before));
        }
        SoundTransaction::examine(transaction, &self.shared.params).map(Examined::Now)
    }

    /// Takes up a little, and comes again while there is more. A thread that waits for its part of a large block may be
    /// lent out for a turn: so turns are short, and none waits for a queue to be empty.
    fn take_turn(self: Arc<Self>) {
        self.take_one();
        // Others may need help with a large block, which is not in the queue any more.
        let _ = rayon::yield_now();
        let mut queues = self.queues.lock();
        if queues.is_empty() {
            queues.turns -= 1;
        } else {
            drop(queues);
            rayon::spawn_fifo(move || self.take_turn());
        }
    }

    /// Takes up what is next, if there is anything. Whether there was.
    fn take_one(&self) -> bool {
        let turn = self.queues.lock().next();
        match turn {
            Some(Turn::Blocks(jobs)) => self.shared.inbox.checked(self.check_blocks(jobs)),
            Some(Turn::Transactions(batch, jobs)) => {
                let checked = self.check_transactions(jobs);
                self.hand_on(batch, checked);
            }
            Some(Turn::Trial(job)) => job.ticket.answer(self.try_out(job.transaction)),
            None => return false,
        }
        true
    }

    /// What was found out about a block before, or is now.
    fn check_remembered(&self, memo: &Memo, block: Arc<Block>, context: &HeaderContext) -> CheckedBody {
        CheckedBody::Placed(memo.block(block, context, |block| {
            let sound = SoundBlock::examine(block, context, &self.shared.params)?;
            let is_verified = |hash: &TxHash| memo.transaction(hash).is_some();
            let checked = check_signatures(vec![sound], is_verified, |claims| self.verify.block(claims));
            checked.into_iter().next().expect("one verdict on one block").map(indexed)
        }))
    }

    fn check_blocks(&self, jobs: Vec<BlockJob>) -> Vec<(u64, CheckedBody)> {
        let (mut answers, mut sound, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for BlockJob { number, block, context } in jobs {
            match context {
                None => answers.push((number, CheckedBody::Orphan(check_orphan(block)))),
                Some(context) if let Some(memo) = &self.memo => {
                    answers.push((number, self.check_remembered(memo, block, &context)));
                }
                Some(context) => match SoundBlock::examine(block, &context, &self.shared.params) {
                    Err(error) => answers.push((number, CheckedBody::Placed(Err(error)))),
                    Ok(block) => {
                        numbers.push(number);
                        sound.push(block);
                    }
                },
            }
        }
        let verdicts = check_signatures(
            sound,
            |hash| self.shared.verified.contains(hash),
            |claims| self.verify.block(claims),
        );
        let verdicts = verdicts.into_iter().map(|verdict| CheckedBody::Placed(verdict.map(indexed)));
        answers.extend(numbers.into_iter().zip(verdicts));
        answers
    }

    /// What would become of a transaction if it were submitted now. Nothing of it is remembered: neither that its signatures
    /// hold nor that it was refused.
    fn try_out(&self, transaction: Transaction) -> TrialVerdict {
        if let Some(reason) = self.shared.health.condition().stopped {
            return Err(Closed { reason }.into());
        }
        if self.shared.inbox.is_to_stop() {
            return Err(Closed::ended().into());
        }
        let examined = self.examine(transaction)?;
        look_up(&self.shared.state.read(), examined.spend())?;
        let checked = match examined {
            Examined::Before(transaction) => transaction,
            Examined::Now(sound) if self.shared.verified.contains(&sound.facts().hash) => {
                Arc::new(sound.trust_signatures())
            }
            Examined::Now(sound) => {
                let verified = check_transactions(vec![sound], |claims| self.verify.batch(claims));
                Arc::new(verified.into_iter().next().expect("one verdict on one transaction")?)
            }
        };
        let state = self.shared.state.read();
        let next_height = state.tip.height.next().unwrap_or(Height(u32::MAX));
        // At the tip that the pool follows: the writer may be ahead of it.
        let ledger = state.ledger.at(state.tip.moment).expect("the tip of readers is pinned");
        Ok(state.pool.would_admit(&checked, &ledger, next_height, self.shared.seconds())?)
    }

    fn hand_on(&self, batch: u64, checked: Vec<CheckedTicket>) {
        let mut in_order = self.in_order.lock();
        let InOrder { next, checked: batches } = &mut *in_order;
        batches.insert(batch, checked);
        while let Some(checked) = batches.remove(next) {
            *next += 1;
            self.shared.inbox.transactions(checked);
        }
    }

    fn check_transactions(&self, jobs: Vec<TransactionJob>) -> Vec<CheckedTicket> {
        let (tickets, sound): (Vec<_>, Vec<_>) =
            jobs.into_iter().map(|job| (job.ticket, self.examine(job.transaction))).unzip();
        // Each verdict has its transaction's place, whenever it is found.
        let mut verdicts = Vec::with_capacity(tickets.len());
        let (mut places, mut unverified) = (Vec::new(), Vec::new());
        let state = self.shared.state.read();
        for (at, transaction) in sound.into_iter().enumerate() {
            let looked_up = transaction
                .map_err(TransactionRefused::from)
                .and_then(|transaction| look_up(&state, transaction.spend()).map(|()| transaction));
            verdicts.push(match looked_up {
                Err(refused) => Some((None, Err(refused))),
                Ok(Examined::Before(transaction)) => Some((None, Ok(transaction))),
                Ok(Examined::Now(transaction))
                    if self.shared.verified.contains(&transaction.facts().hash) =>
                {
                    Some((None, Ok(Arc::new(transaction.trust_signatures()))))
                }
                Ok(Examined::Now(transaction)) => {
                    places.push((at, transaction.facts().hash));
                    unverified.push(transaction);
                    None
                }
            });
        }
        drop(state);
        let verified = check_transactions(unverified, |claims| self.verify.batch(claims));
        let hold = places.iter().zip(&verified).filter(|(_, verdict)| verdict.is_ok());
        self.shared.verified.remember(hold.map(|((_, hash), _)| *hash));
        for ((at, hash), verdict) in places.into_iter().zip(verified) {
            let verdict = verdict.map(Arc::new).map_err(TransactionRefused::from);
            if let (Some(memo), Ok(transaction)) = (&self.memo, &verdict) {
                memo.remember(transaction);
            }
            verdicts[at] = Some((Some(hash), verdict));
        }
        let answers = tickets.into_iter().zip(verdicts.into_iter().flatten());
        answers.map(|(ticket, (hash, verdict))| CheckedTicket { ticket, hash, verdict }).collect()
    }
}

/// A transaction in which all holds but perhaps its signatures.
#[expect(clippy::large_enum_variant, reason = "outside a laboratory all are of the large kind")]
enum Examined {
    /// All of it was found to hold before.
    Before(Arc<CheckedTransaction>),
    Now(SoundTransaction),
}

impl Examined {
    fn spend(&self) -> Spend<'_> {
        match self {
            Self::Before(transaction) => transaction.spend(),
            Self::Now(transaction) => transaction.spend(),
        }
    }
}

/// What a look at chain and pool can tell, before anything is spent on signatures. Whether the sender can pay is not asked
/// here: what pays it may be right before it in the queue.
fn look_up(state: &State, spend: Spend<'_>) -> Result<(), TransactionRefused> {
    let (facts, nonce) = (spend.facts(), spend.body().nonce);
    if state.pool.get(&facts.hash).is_some() {
        return Err(AdmitError::Known.into());
    }
    match state.pool.rejection(&facts.hash) {
        Some(Rejection::Broken(error)) => return Err(error.into()),
        Some(Rejection::Refused(error)) => return Err(error.into()),
        None => {}
    }
    let next_height = state.tip.height.next().unwrap_or(Height(u32::MAX));
    spend.check_height(next_height).map_err(AdmitError::from)?;
    // At the tip that all see, as the height is: the writer may be ahead of it, or halfway to another branch.
    let ledger = state.ledger.at(state.tip.moment);
    match ledger.and_then(|ledger| ledger.account(&facts.sender)) {
        Some(account) if nonce < account.nonce => {
            Err(AdmitError::OldNonce { expected: account.nonce, found: nonce }.into())
        }
        Some(_) | None => Ok(()),
    }
}

pub(super) fn indexed(block: CheckedBlock) -> CheckedAndIndexed {
    let names = block.spends().map(|spend| spend.facts());
    let names = names.map(|facts| (&facts.txid, &facts.sender, facts.bytes));
    let index = Arc::new(BlockIndex::new(block.block(), names));
    CheckedAndIndexed { block: Arc::new(block), index }
}

/// A body whose place is unknown is at least its header's.
fn check_orphan(block: Arc<Block>) -> Result<Arc<Block>, BlockError> {
    check_body(&block).map(|()| block)
}

/// Whether a body is its header's.
pub(super) fn check_body(block: &Block) -> Result<(), BlockError> {
    let (expected, found) = (block.header.merkle_root, block.merkle_root());
    if expected == found { Ok(()) } else { Err(BlockError::MerkleRoot { expected, found }) }
}

/// Verifies the claims of one large block on every core that is free.
///
/// # Errors
/// Names every claim that does not hold.
pub fn verify_on_all_cores(claims: &[Claim]) -> Result<(), Culprits> {
    let culprits = claims.par_chunks(BATCH).enumerate().flat_map_iter(|(at, chunk)| {
        let found = verify_batch(chunk, batch_seed()).err().map(|Culprits(found)| found).unwrap_or_default();
        found.into_iter().map(move |culprit| at * BATCH + culprit)
    });
    let culprits: Vec<usize> = culprits.collect();
    if culprits.is_empty() { Ok(()) } else { Err(Culprits(culprits)) }
}
