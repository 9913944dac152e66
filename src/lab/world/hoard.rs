//! Miners that keep blocks to themselves, and let others have them when that serves them best.
//!
//! Such a miner mines on a node of its own that nobody knows of, and shows what it found there through its node in the
//! network. It hears of the blocks of others as soon as their headers come to that node, and answers before the node does.

use std::collections::VecDeque;

use super::node::Party;
use super::wire::Parcel;
use super::{Miner, Strategy, World};
use crate::lab::people::Actor;
use crate::lab::shadow::Shadow;
use crate::node::NodeHandle;
use crate::protocol::Message;
use crate::template::{Extranonce, Job as Work, Payout, Rolled, VERSION};
use crate::types::{Bits, Block, BlockHash, Header, Height, TxHash, Txid};

/// How many blocks the others are ahead when whoever cheats gives up.
const GIVES_UP_BEHIND: u32 = 8;
/// What is paid twice, in pebbles, and the fee of the payment that is shown; the other offers more.
const AMOUNT: u64 = 1_000_000;
const FEE: u64 = 20_000;

/// What a miner keeps to itself.
pub(super) struct Hoard {
    shadow: Shadow,
    /// Blocks that nobody was shown, lowest first. As many as it is ahead, while it does not cheat anybody.
    unshown: VecDeque<Block>,
    /// How high others are, as far as it heard, or was shown by it.
    public: Height,
    /// Whether its last block and another's of the same height are out, and neither has one above.
    is_racing: bool,
    /// Its blocks that it raced with.
    races: Vec<BlockHash>,
    fraud: Option<usize>,
    frauds: Vec<Fraud>,
}

/// A payment that somebody was shown, and that whoever paid means to take back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fraud {
    /// What was shown, as machines and as people call it.
    pub paid: (TxHash, Txid),
    /// What pays the same money back, as machines and as people call it.
    pub back: (TxHash, Txid),
    /// What became of it.
    pub outcome: FraudOutcome,
}

/// What became of a fraud.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FraudOutcome {
    /// It goes on.
    Underway,
    /// A longer branch was shown that pays the money back.
    Shown,
    /// The others were too far ahead.
    GivenUp,
}

impl Strategy {
    pub(super) fn hoards(self) -> bool {
        matches!(self, Self::Selfish | Self::DoubleSpending(_))
    }
}

impl World {
    pub(super) fn new_hoard(&mut self) -> Box<Hoard> {
        let shadow = Shadow::new(&self.ground, self.memo.clone(), &mut self.fate);
        Box::new(Hoard {
            shadow,
            unshown: VecDeque::new(),
            public: Height::GENESIS,
            is_racing: false,
            races: Vec::new(),
            fraud: None,
            frauds: Vec::new(),
        })
    }

    /// The blocks of a selfish miner with which it raced against others of the same height.
    pub fn races(&self, miner: usize) -> &[BlockHash] {
        self.miners[miner].hoard.as_ref().map_or(&[], |hoard| &hoard.races)
    }

    /// What a miner paid that spends money twice.
    pub fn frauds(&self, miner: usize) -> &[Fraud] {
        self.miners[miner].hoard.as_ref().map_or(&[], |hoard| &hoard.frauds)
    }

    /// The difficulty that a miner has who mines on what nobody else has.
    pub(super) fn hoarded_bits(&self, miner: usize) -> Option<Bits> {
        self.miners[miner].hoard.as_ref().and_then(|hoard| hoard.shadow.bits())
    }

    /// Something comes to a node: whoever keeps blocks to itself there looks whether there is a new one of others.
    pub(super) fn overhear(&mut self, number: usize, parcel: &Parcel) {
        if self.hoarders.iter().all(|miner| self.miners[*miner].node != number) {
            return;
        }
        let one;
        let headers: &[Header] = match &parcel.message {
            Ok(Message::News(headers)) => headers,
            Ok(Message::Compact(compact)) => {
                one = compact.header;
                core::slice::from_ref(&one)
            }
            Ok(Message::Block(body)) => {
                one = body.header();
                core::slice::from_ref(&one)
            }
            _ => return,
        };
        let Some(height) = self.height_of(number, headers) else { return };
        for miner in self.hoarders.clone() {
            if self.miners[miner].node == number {
                self.others_grew(miner, height);
            }
        }
    }

    /// How high the last of these stands; nothing where a node knows nothing of what is below the first.
    fn height_of(&self, number: usize, headers: &[Header]) -> Option<Height> {
        let below = headers.first()?.previous;
        let handle = self.node(number).handle()?;
        let below = handle.look(|chain, _| chain.entry(&below).map(|entry| entry.height))?;
        Some(Height(below.0 + headers.len() as u32))
    }

    /// Others are so high now: Eyal and Sirer's rules say what is shown.
    fn others_grew(&mut self, miner: usize, height: Height) {
        let Miner { node, strategy, hoard: Some(hoard), .. } = &mut self.miners[miner] else { return };
        let node = *node;
        let mut shown = Vec::new();
        while hoard.public < height {
            hoard.public.0 += 1;
            hoard.is_racing = false;
            if *strategy != Strategy::Selfish {
                continue;
            }
            match hoard.unshown.len() {
                // All that is known is known to all.
                0 => {}
                1 => {
                    hoard.is_racing = true;
                    shown.extend(hoard.unshown.drain(..));
                    hoard.races.extend(shown.last().map(|block: &Block| block.header.hash()));
                }
                // One more of theirs, and they would be level.
                2 => {
                    hoard.public.0 += 1;
                    shown.extend(hoard.unshown.drain(..));
                }
                _ => shown.extend(hoard.unshown.pop_front()),
            }
        }
        shown.into_iter().for_each(|block| self.show(node, block));
    }

    /// Shows a block to a node's own people and, through it, to all, before it does anything else.
    fn show(&mut self, number: usize, block: Block) {
        let Party::Node(node) = &mut self.parties[number] else { return };
        let Some(running) = &mut node.running else { return };
        let hash = block.header.hash();
        running.blocks.push_back((hash, None, running.clockwork.submit_block(block)));
        self.turn(number);
        self.attend(number);
    }

    /// A node's tip moved: whoever keeps blocks to itself there looks at it.
    pub(super) fn hoarders_look(&mut self, number: usize) {
        for miner in self.hoarders.clone() {
            if self.miners[miner].node != number {
                continue;
            }
            let Some(height) = self.node(number).handle().map(|handle| handle.reader().tip().height) else {
                return;
            };
            self.others_grew(miner, height);
            self.catch_up(miner);
            self.look_after_fraud(miner);
        }
    }

    /// Lets a miner go over to what its node follows, if that is longer than what it has; but not while it cheats.
    fn catch_up(&mut self, miner: usize) {
        let micros = self.micros();
        let Miner { node, hoard: Some(hoard), .. } = &mut self.miners[miner] else { return };
        let Party::Node(node) = &self.parties[*node] else { return };
        if let (Some(handle), None) = (node.handle(), hoard.fraud) {
            hoard.shadow.set_time(micros);
            hoard.shadow.follow(handle);
            hoard.unshown.retain(|block| hoard.shadow.is_followed(&block.header.hash()));
        }
    }

    /// The block that a miner finds now on what it keeps to itself.
    pub(super) fn make_hoarded(&mut self, miner: usize, extranonce: Extranonce) -> Option<Block> {
        let (nonce, micros) = (self.fate.any() as u32, self.micros());
        let Miner { node, recipient, hoard: Some(hoard), .. } = &mut self.miners[miner] else { return None };
        let Party::Node(node) = &self.parties[*node] else { return None };
        let handle = node.handle()?;
        hoard.shadow.set_time(micros);
        if hoard.fraud.is_none() {
            hoard.shadow.follow(handle);
        }
        hoard.shadow.take_pool(handle);
        let template = hoard.shadow.template()?;
        let time = template.time();
        let work = Work::new(std::sync::Arc::new(template), &Payout::to(*recipient));
        Some(work.block(&Rolled { extranonce, version: VERSION, time, nonce }))
    }

    /// A miner found a block on what it keeps to itself: it keeps that too, or shows it.
    pub(super) fn hoard(&mut self, miner: usize, block: Block) {
        let Miner { node, strategy, hoard: Some(hoard), .. } = &mut self.miners[miner] else { return };
        let (node, height) = (*node, block.coinbase.height);
        if !hoard.shadow.submit(block.clone()) {
            return;
        }
        let is_late = hoard.fraud.is_none() && height <= hoard.public;
        // Whoever spends twice has nothing to hide in between.
        let is_honest = *strategy != Strategy::Selfish && hoard.fraud.is_none();
        if hoard.is_racing || is_late || is_honest {
            hoard.is_racing = is_late && height == hoard.public;
            if hoard.is_racing {
                hoard.races.push(block.header.hash());
            }
            hoard.public = height.max(hoard.public);
            self.show(node, block);
        } else {
            hoard.unshown.push_back(block);
            self.look_after_fraud(miner);
        }
    }

    /// Lets a miner that spends money twice pay one of the people with another's money, and begin a branch on which that money
    /// is paid back; whether it did. The branch is shown when the payment has as many blocks as the miner waits for and the
    /// branch is the longer one.
    pub fn defraud(&mut self, miner: usize, payer: usize, payee: usize) -> bool {
        let node = self.miners[miner].node;
        self.catch_up(miner);
        let Some(handle) = self.node(node).handle() else { return false };
        let (from, params) = (&self.ground.people[payer], self.ground.params());
        let Ok((nonce, _)) = handle.reader().pending(&from.address()) else { return false };
        let accomplice = Actor::new(super::mining::FIRST_MINER + miner as u32);
        let paid = from.pay(params, nonce.0, &self.ground.people[payee], AMOUNT, FEE);
        let back = from.pay(params, nonce.0, &accomplice, AMOUNT, 2 * FEE);
        let Some(hoard) = self.miners[miner].hoard.as_mut().filter(|hoard| hoard.fraud.is_none()) else {
            return false;
        };
        let names = |transaction: &crate::types::Transaction| (transaction.hash(), transaction.body.txid());
        let fraud = Fraud { paid: names(&paid), back: names(&back), outcome: FraudOutcome::Underway };
        if !hoard.shadow.bring(back) {
            return false;
        }
        hoard.public = hoard.shadow.tip().1;
        hoard.fraud = Some(hoard.frauds.len());
        hoard.frauds.push(fraud);
        self.bring_payment(node, paid);
        true
    }

    /// Whoever cheats shows its branch where that is worth it, and gives up where it is hopeless.
    fn look_after_fraud(&mut self, miner: usize) {
        let Miner { node, strategy: Strategy::DoubleSpending(confirmations), hoard: Some(hoard), .. } =
            &mut self.miners[miner]
        else {
            return;
        };
        let (node, Some(at)) = (*node, hoard.fraud) else { return };
        let Party::Node(party) = &self.parties[node] else { return };
        let Some(reader) = party.handle().map(NodeHandle::reader) else { return };
        let (public, private) = (reader.tip().height, hoard.shadow.tip().1);
        let mined = reader.transaction(&hoard.frauds[at].paid.1).ok().flatten();
        let depth = mined.map_or(0, |found| public.0 + 1 - found.place.height.0);
        if depth >= *confirmations && private > public.max(hoard.public) {
            hoard.frauds[at].outcome = FraudOutcome::Shown;
            (hoard.fraud, hoard.public) = (None, private);
            let shown = std::mem::take(&mut hoard.unshown);
            shown.into_iter().for_each(|block| self.show(node, block));
        } else if public.0 >= private.0 + GIVES_UP_BEHIND {
            hoard.frauds[at].outcome = FraudOutcome::GivenUp;
            (hoard.fraud, hoard.unshown) = (None, VecDeque::new());
            self.catch_up(miner);
        }
    }
}
