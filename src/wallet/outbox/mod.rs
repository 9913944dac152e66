//! What was signed here, written down before anybody hears of it.
//!
//! A send can be cut off anywhere: before the node has heard, after it has and before we know, while a block is waited for.
//! Whoever types it again means the same payment. The outbox knows: it gives back the very transaction that was signed, and
//! the chain takes that once. It also knows which nonces are taken, whatever a node says, and what to tell a node again that
//! has forgotten. Read `sent.rs` first: what a node's word makes of a transaction; then `earlier.rs`: what an order would repeat.

mod earlier;
mod form;
mod lost;
mod sent;

pub use earlier::Earlier;
pub use lost::{LOST_DEPTH, is_shut_out, is_void};
pub use sent::{Look, Progress, Sent, Word};

use std::collections::{BTreeMap, BTreeSet};

use crate::types::{Address, ChainId, Height, Nonce, Timestamp, Transaction, Txid};

/// Transactions that are kept. Beyond, those that were mined first leave; where none was, nothing more is signed.
pub const OUTBOX_MAX: usize = 4096;
/// Blocks above a transaction after which no reorganization is expected to bring it back, and it is kept no longer.
pub const SETTLED_DEPTH: u32 = 144;
/// The same for one of which whoever sent it was never told, or of which it is not known what became of it: they may come back
/// after days and type it again.
pub const UNHEARD_DEPTH: u32 = 10 * SETTLED_DEPTH;
/// Seconds for which such a one is kept, whatever the height: a node can name any, and does not move the clock of this machine.
pub const UNHEARD_SECONDS: u32 = 7 * 24 * 60 * 60;

/// Why a file is no outbox, or why nothing more goes into one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboxError {
    /// Not what is written here.
    #[error("not the record of what a wallet sent: {0}")]
    Malformed(String),
    /// Of a later version.
    #[error("written by a later version of cairn ({0}); use that one")]
    Later(u32),
    /// Of another chain: what was signed there has no place here.
    #[error("what was sent on another chain, {found}")]
    OtherChain {
        /// That one.
        found: ChainId,
    },
    /// Full of what was not mined.
    #[error(
        "{OUTBOX_MAX} transactions of this wallet wait for a block, or are in doubt; wait until some are mined"
    )]
    Full,
    /// A node that has not seen what others have: what it calls free was used.
    #[error(
        "by this node's word number {free} is the next of this account, and that number was seen in a block: the node is behind. Wait \
         until it has caught up, or ask another with --node"
    )]
    Behind {
        /// The nonce that it calls free.
        free: Nonce,
    },
    /// All nonces of an account are used.
    #[error("this account has sent as many transactions as one can")]
    NoncesUsedUp,
}

/// What a wallet signed, oldest first.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Outbox {
    sent: Vec<Sent>,
    /// For each account the nonce above all that were mined and are kept no longer.
    settled: BTreeMap<Address, Nonce>,
}

impl Outbox {
    /// All that was signed, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sent> {
        self.sent.iter()
    }

    /// One of them.
    pub fn find(&self, txid: &Txid) -> Option<&Sent> {
        self.sent.iter().find(|sent| sent.txid() == txid)
    }

    /// What an account signed that may be mined yet, but for what was refused.
    fn on_their_way(&self, account: &Address) -> impl DoubleEndedIterator<Item = &Sent> {
        self.sent.iter().filter(move |sent| sent.account() == account).filter(|sent| sent.is_on_its_way())
    }

    /// Notes that whoever sent it was told what became of it, or waits for nothing more. Of a doubt nobody can be told; that is
    /// for [`Outbox::answer`]. Nor of what no node may have heard of.
    pub fn report(&mut self, txid: &Txid) {
        self.tellable(txid).for_each(|sent| sent.is_reported = true);
    }

    /// Notes that whoever sent it was told that it waits. When it is mined they do not know it by that: whoever says the same again
    /// then may mean this one.
    pub fn tell(&mut self, txid: &Txid) {
        self.tellable(txid).filter(|sent| sent.is_on_its_way()).for_each(|sent| sent.is_told = true);
    }

    fn tellable(&mut self, txid: &Txid) -> impl Iterator<Item = &mut Sent> {
        let can_be = |sent: &&mut Sent| !sent.is_doubtful() && sent.progress != Progress::Signed;
        self.sent.iter_mut().filter(move |sent| sent.txid() == txid).filter(can_be)
    }

    /// The nonce of an account's next transaction, where a node says `expected`.
    ///
    /// It is the first from there on that nothing of ours holds: a hole is filled before anything behind it, which waits for that.
    ///
    /// # Security
    /// A node that names a nonce that is taken cannot have a payment replaced: what was signed here counts as well. Nor can one
    /// that refuses a payment, keeps it and has it signed again under the nonce behind: that of what was refused comes first.
    ///
    /// Nor can one that is behind have a number used again that was seen in a block: where just the same is signed with it, that is
    /// the very transaction that was mined, and would be taken for another.
    ///
    /// # Errors
    /// When there is no further one, or it was seen to be used.
    pub fn next_nonce(&self, account: &Address, expected: Nonce) -> Result<Nonce, OutboxError> {
        let taken: BTreeSet<Nonce> = self.on_their_way(account).map(Sent::nonce).collect();
        let refused = self
            .sent
            .iter()
            .filter(|sent| sent.account() == account && sent.progress == Progress::Refused)
            .map(Sent::nonce)
            .filter(|nonce| !taken.contains(nonce));
        let refused = refused.min();
        let mut free = expected;
        while taken.contains(&free) {
            free = free.next().or(refused).ok_or(OutboxError::NoncesUsedUp)?;
        }
        let free = refused.map_or(free, |refused| refused.min(free));
        if self.was_used(account, free) { Err(OutboxError::Behind { free }) } else { Ok(free) }
    }

    /// Whether this nonce, or one above it, was seen in a block.
    fn was_used(&self, account: &Address, nonce: Nonce) -> bool {
        let mined = self.sent.iter().filter(|sent| sent.account() == account && sent.is_mined());
        mined.map(Sent::nonce).any(|used| used >= nonce)
            || self.settled.get(account).is_some_and(|above| *above > nonce)
    }

    /// Keeps the nonce of what was mined, when that is forgotten.
    fn remember_nonce(&mut self, sent: &Sent) {
        let above = self.settled.entry(*sent.account()).or_default();
        *above = (*above).max(sent.nonce().next().unwrap_or(sent.nonce()));
    }

    /// What a node has to be told again that expects this nonce from an account: for each nonce from there on what was
    /// signed last, in their order. What is in doubt comes after what waits, and not at all once somebody has paid the same again
    /// knowing of it.
    pub fn untold(&self, account: &Address, expected: Nonce) -> Vec<&Sent> {
        let ours = self.sent.iter().filter(|sent| sent.account() == account && sent.nonce() >= expected);
        let told = ours
            .filter(|sent| sent.progress != Progress::Refused)
            .filter(|sent| !(sent.is_doubtful() && sent.is_weighed));
        let mut last: BTreeMap<Nonce, &Sent> = BTreeMap::new();
        for sent in told {
            let is_better =
                last.get(&sent.nonce()).is_none_or(|other| other.is_doubtful() || !sent.is_doubtful());
            if is_better {
                last.insert(sent.nonce(), sent);
            }
        }
        last.into_values().collect()
    }

    /// Writes a transaction down, before anybody hears of it. What was ordered beside another stays so under a higher fee.
    ///
    /// # Errors
    /// When there is no room.
    pub fn add(&mut self, transaction: Transaction, now: Timestamp) -> Result<(), OutboxError> {
        let mut sent = Sent::new(transaction, Progress::Signed, now);
        let of_one_order = self.sent.iter().rev().find(|earlier| earlier.is_of_one_order_with(&sent));
        sent.beside = of_one_order.and_then(|earlier| earlier.beside);
        sent.made = of_one_order.map_or(now, |earlier| earlier.made);
        self.sent.retain(|earlier| earlier.txid() != sent.txid());
        if self.sent.len() >= OUTBOX_MAX {
            let closed = self.sent.iter().position(|sent| sent.is_mined() && sent.is_closed());
            let mined = closed.or_else(|| self.sent.iter().position(Sent::is_mined));
            let mined = self.sent.remove(mined.ok_or(OutboxError::Full)?);
            self.remember_nonce(&mined);
        }
        self.sent.push(sent);
        Ok(())
    }

    /// Notes what became of one.
    pub fn note(&mut self, txid: &Txid, progress: Progress, now: Timestamp) {
        let meant = self.sent.iter_mut().filter(|sent| sent.txid() == txid);
        meant.for_each(|sent| sent.become_known(progress, now));
        if let Progress::Mined { height } = progress {
            self.displace(txid, height, now);
        }
    }

    /// Notes what is to be made of a node's word about one.
    pub fn hear(&mut self, txid: &Txid, word: Word, look: &Look) {
        let meant = self.sent.iter_mut().filter(|sent| sent.txid() == txid);
        meant.for_each(|sent| sent.become_known(sent.after(word, look), look.now));
        if let Word::Confirmed(_) = word {
            self.displace(txid, look.tip, look.now);
        }
    }

    /// One stands in a block: whatever else was seen in one with its nonce does not any more.
    fn displace(&mut self, txid: &Txid, tip: Height, now: Timestamp) {
        let Some(mined) = self.find(txid).cloned() else { return };
        let displaced = self.sent.iter_mut().filter(|sent| sent.is_mined() && sent.excludes(&mined));
        displaced.for_each(|sent| sent.become_known(Progress::Passed { height: tip }, now));
    }

    fn has_rivals(&self, sent: &Sent) -> bool {
        self.sent.iter().any(|other| other.excludes(sent))
    }

    /// Forgets what is settled at this tip: what was mined, with whatever else was signed for its nonce, and what was in doubt for
    /// so long that nobody means it any more.
    pub fn settle(&mut self, tip: Height, now: Timestamp) {
        let is_deep = |height: Height, depth: u32| tip.0 >= height.0.saturating_add(depth);
        let is_old = |sent: &Sent| now.0.saturating_sub(sent.since.0) >= UNHEARD_SECONDS;
        let is_settled = |sent: &Sent| match sent.progress {
            // Whatever else was signed for its nonce is forgotten with it, and a node could have named both heights.
            Progress::Mined { height } if sent.is_closed() => {
                is_deep(height, SETTLED_DEPTH) && (is_old(sent) || !self.has_rivals(sent))
            }
            Progress::Mined { height } => is_deep(height, UNHEARD_DEPTH) && is_old(sent),
            // What was to take its place may still lose.
            Progress::Passed { height } => {
                is_deep(height, UNHEARD_DEPTH) && is_old(sent) && self.instead_of(sent).is_none()
            }
            Progress::Signed | Progress::Taken | Progress::Refused => false,
        };
        let settled: Vec<Sent> = self.sent.iter().filter(|sent| is_settled(sent)).cloned().collect();
        let goes =
            |sent: &Sent, with: &Sent| sent.txid() == with.txid() || (with.is_mined() && sent.excludes(with));
        self.sent.retain(|sent| !settled.iter().any(|with| goes(sent, with)));
        settled.iter().filter(|sent| sent.is_mined()).for_each(|sent| self.remember_nonce(sent));
    }
}
