//! What was signed here, written down before anybody hears of it.
//!
//! A send can be cut off anywhere: before the node has heard, after it has and before we know, while a block is waited for.
//! Whoever types it again means the same payment. The outbox knows: it gives back the very transaction that was signed, and
//! the chain takes that once. It also knows which nonces are taken, whatever a node says, and what to tell a node again that
//! has forgotten. Read `sent.rs` first: what a node's word makes of a transaction; then `earlier.rs`: what an order would repeat;
//! and `once.rs`: orders of which nothing has to be guessed.

mod earlier;
mod form;
mod lost;
mod once;
mod sent;

pub use earlier::Earlier;
pub use lost::{LOST_DEPTH, is_shut_out, is_void};
pub use once::{KEY_SECONDS, KEYS_MAX, Kept, ORDER_KEY_LETTERS_MAX, OrderKey, OrderKeyError, Ordered};
pub use sent::{Look, Progress, Sent, Word};

use std::collections::{BTreeMap, BTreeSet};

use crate::types::{Address, BlockHash, ChainId, Height, Nonce, Timestamp, Transaction, Txid};

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
         until it has caught up, or ask another with --node. Where the one that showed that block lied, `prepare --nonce {free}` and \
         `submit` pay with it all the same"
    )]
    Behind {
        /// The nonce that it calls free.
        free: Nonce,
    },
    /// Something else was ordered by the same key.
    #[error("another payment was ordered by the key `{key}`, as {txid}: take another key for this one")]
    OtherOrder {
        /// That key.
        key: OrderKey,
        /// What was signed for it.
        txid: Txid,
    },
    /// Just this very transaction was signed for an order with another key, or without one.
    #[error(
        "just this transaction was signed for another order: say that one again where it was refused, or give another fee with --fee"
    )]
    OtherOrders {
        /// That one.
        txid: Txid,
    },
    /// Too many keys of late.
    #[error(
        "{KEYS_MAX} orders with keys ended in the last {} days, and no more are remembered: wait until some are \
         older, or pay from another wallet",
        KEY_SECONDS / (24 * 60 * 60)
    )]
    KeysFull,
    /// All nonces of an account are used.
    #[error("this account has sent as many transactions as one can")]
    NoncesUsedUp,
}

/// What a wallet signed, oldest first.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Outbox {
    sent: Vec<Sent>,
    /// For each account the nonce above all that were mined and are kept no longer.
    settled: BTreeMap<Address, Settled>,
    /// What is left of orders with keys that are over with.
    kept: BTreeMap<OrderKey, Kept>,
}

/// What is left of transactions that were mined and are kept no longer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Settled {
    above: Nonce,
    since: Timestamp,
}

/// What a transaction is signed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose<'a> {
    /// An order by itself, with the key that it was given.
    Order(Option<&'a OrderKey>),
    /// An order of the same once more, beside this one, by whoever knows of that.
    Beside(&'a Txid),
    /// The place of this one.
    InPlaceOf(&'a Txid),
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
    /// for [`Outbox::weigh`]. Nor of what no node may have heard of.
    pub fn report(&mut self, txid: &Txid) {
        self.tellable(txid).for_each(|sent| (sent.is_reported, sent.is_over) = (true, true));
    }

    /// Notes that one is lost, with all that was signed for its order, before somebody is told so; not where another of it was sent
    /// meanwhile.
    pub fn lose(&mut self, txid: &Txid) -> bool {
        let Some(lost) = self.find(txid).cloned() else { return true };
        let of_it = |sent: &Sent| sent.is_of_one_order_with(&lost);
        let is_alive = |sent: &Sent| sent.txid() != txid && of_it(sent) && sent.is_on_its_way();
        if self.sent.iter().any(is_alive) {
            return false;
        }
        self.sent.iter_mut().filter(|sent| of_it(sent)).for_each(|sent| sent.is_lost = true);
        true
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
            || self.settled.get(account).is_some_and(|settled| settled.above > nonce)
    }

    /// Keeps what outlives a transaction that is forgotten: its order's key, and its nonce where it was mined.
    fn remember(&mut self, sent: &Sent, now: Timestamp) {
        self.keep_key(sent, now);
        if sent.is_mined() {
            let settled =
                self.settled.entry(*sent.account()).or_insert(Settled { above: Nonce(0), since: now });
            settled.above = settled.above.max(sent.nonce().next().unwrap_or(sent.nonce()));
            settled.since = now;
        }
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

    /// What gives its nonce to what is signed now, though a node had it once: whoever ordered it may think that it is on its way.
    /// Not what no block can take in any more, nor what somebody was told is lost, or paid anew. `height` is the next block's.
    pub fn gives_way(&self, account: &Address, nonce: Nonce, height: Height) -> impl Iterator<Item = &Sent> {
        let of_it = self.sent.iter().filter(move |sent| sent.account() == account && sent.nonce() == nonce);
        of_it
            .filter(|sent| sent.progress == Progress::Refused && sent.was_taken)
            .filter(move |sent| sent.is_timely(height) && !sent.is_lost && !sent.is_weighed)
    }

    /// What of another order gives its nonce to this one.
    pub fn gives_way_to(&self, sent: &Sent, height: Height) -> Option<&Sent> {
        let giving = self.gives_way(sent.account(), sent.nonce(), height);
        giving.filter(|other| !other.is_of_one_order_with(sent)).last()
    }

    /// Writes a transaction down, before anybody hears of it, and a block whose header was checked by then. What belongs to
    /// an order stays with it under a higher fee, and when it is signed anew with the same nonce.
    ///
    /// # Errors
    /// When there is no room, or the very same was signed for another order.
    pub fn add(
        &mut self,
        transaction: Transaction,
        purpose: Purpose<'_>,
        seen: Option<BlockHash>,
        now: Timestamp,
    ) -> Result<(), OutboxError> {
        let mut sent = Sent::new(transaction, Progress::Signed, now);
        match purpose {
            Purpose::Order(key) => sent.once = key.cloned(),
            Purpose::Beside(named) => sent.beside = Some(*named),
            Purpose::InPlaceOf(txid) => {
                let first = self
                    .find(txid)
                    .filter(|first| first.does(sent.account(), &sent.transaction.body.actions));
                sent.once = first.and_then(|first| first.once.clone());
                sent.is_raised = first.is_some_and(|first| first.is_over || first.is_raised);
            }
        }
        let was_kept = self.kept.values().any(|kept| kept.txid == *sent.txid());
        if was_kept || self.find(sent.txid()).is_some_and(|same| same.once != sent.once) {
            return Err(OutboxError::OtherOrders { txid: *sent.txid() });
        }
        let before = self.sent.iter().rev().find(|earlier| earlier.is_of_one_order_with(&sent));
        sent.beside = sent.beside.or(before.and_then(|before| before.beside));
        sent.seen = before.map_or(seen, |before| before.seen);
        // Signed again for the same fee it is the same, and a node had it.
        sent.was_taken = self.find(sent.txid()).is_some_and(|same| same.was_taken);
        if sent.once.is_some() && before.is_none() {
            self.make_room_for_key(now)?;
        }
        self.sent.retain(|earlier| earlier.txid() != sent.txid());
        self.make_room(now)?;
        self.sent.push(sent);
        Ok(())
    }

    /// Forgets what was mined first, where nothing more goes in; last what others still lean on.
    fn make_room(&mut self, now: Timestamp) -> Result<(), OutboxError> {
        if self.sent.len() < OUTBOX_MAX {
            return Ok(());
        }
        let first = |is_meant: &dyn Fn(&Sent) -> bool| {
            self.sent.iter().position(|sent| sent.is_mined() && is_meant(sent))
        };
        let goes = first(&|sent| sent.is_closed() && !self.stands_beside(sent));
        let goes = goes.or_else(|| first(&Sent::is_closed)).or_else(|| first(&|_| true));
        let goes = goes.or_else(|| self.sent.iter().position(|sent| self.is_between(sent)));
        let goes = self.sent.remove(goes.ok_or(OutboxError::Full)?);
        self.remember(&goes, now);
        Ok(())
    }

    /// Whether a node refused it, as it refused what was signed before and after it for the same order: those hold its number and its
    /// key, and the last can be mined for as long.
    fn is_between(&self, sent: &Sent) -> bool {
        let mut of_it = self.sent.iter().filter(|other| other.is_of_one_order_with(sent));
        let Some((first, last)) = of_it.next().zip(of_it.next_back()) else { return false };
        let expiry = |sent: &Sent| sent.transaction.body.expiry.map_or(u32::MAX, |expiry| expiry.0);
        let is_inside = first.txid() != sent.txid() && last.txid() != sent.txid();
        sent.progress == Progress::Refused && is_inside && expiry(sent) <= expiry(last)
    }

    /// Whether it was ordered beside one that is remembered: whoever says that order again means this one.
    fn stands_beside(&self, sent: &Sent) -> bool {
        sent.beside.is_some_and(|named| self.find(&named).is_some())
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

    /// Forgets what of an account is settled by this look: what was mined, with whatever else was signed for its nonce, and what was
    /// in doubt for so long that nobody means it any more. What was mined and has a nonce that is free is told to that node again.
    pub fn settle(&mut self, account: &Address, look: &Look) {
        let Look { nonce, tip, now } = *look;
        let is_deep = |height: Height, depth: u32| tip.0 >= height.0.saturating_add(depth);
        let is_old = |sent: &Sent| now.0.saturating_sub(sent.since.0) >= UNHEARD_SECONDS;
        let is_settled = |sent: &Sent| match sent.progress {
            Progress::Mined { .. } if sent.nonce() >= nonce => false,
            // Whatever else was signed for its nonce is forgotten with it, and a node could have named both heights.
            Progress::Mined { height } if sent.is_closed() => {
                let is_alone = !self.has_rivals(sent);
                is_deep(height, SETTLED_DEPTH) && (is_old(sent) || is_alone) && !self.stands_beside(sent)
            }
            Progress::Mined { height } => is_deep(height, UNHEARD_DEPTH) && is_old(sent),
            // What was to take its place may still lose.
            Progress::Passed { height } => {
                is_deep(height, UNHEARD_DEPTH) && is_old(sent) && self.instead_of(sent).is_none()
            }
            // Its last block has passed long ago.
            Progress::Refused => {
                let expiry = sent.transaction.body.expiry;
                expiry.is_some_and(|expiry| is_deep(expiry, UNHEARD_DEPTH)) && is_old(sent)
            }
            Progress::Signed | Progress::Taken => false,
        };
        let of_it = self.sent.iter().filter(|sent| sent.account() == account);
        let settled: Vec<Sent> = of_it.filter(|sent| is_settled(sent)).cloned().collect();
        let goes =
            |sent: &Sent, with: &Sent| sent.txid() == with.txid() || (with.is_mined() && sent.excludes(with));
        let (gone, left) = self.sent.drain(..).partition(|sent| settled.iter().any(|with| goes(sent, with)));
        self.sent = left;
        let gone: Vec<Sent> = gone;
        gone.iter().for_each(|sent| self.remember(sent, now));
        // A node that showed a block with it may have lied, and the number be free.
        self.settled.values_mut().for_each(|settled| settled.since = settled.since.min(now));
        self.settled.retain(|_, settled| now.0.saturating_sub(settled.since.0) < UNHEARD_SECONDS);
    }
}
