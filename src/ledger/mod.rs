//! What the chain means: who has what, and a root that names all of it.
//!
//! This room decides whether a block can be applied to the state below it, what the state is afterwards, and proves
//! any part of it to people who have nothing but a header. It never chooses a branch, which is the `chain`'s, and
//! writes nothing down: what a block overwrote is handed out as an [`Undo`] for others to keep.
//!
//! Read [`Ledger::apply`] first, then `apply.rs` and `settle.rs`; the tree is a house of its own, begun in
//! `tree/node.rs`.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod apply;
mod audit;
mod entry;
mod history;
mod moments;
mod overlay;
mod proof;
mod settle;
mod tree;
mod undo;

pub use apply::Receipt;
pub use audit::{Audit, AuditError, Auditing};
pub use entry::{Account, Entry, Reward, StateKey, Supply, View};
pub use history::{History, HistoryError, HistoryLeaf, HistoryNode, HistoryProof, HistorySummary};
pub use moments::{LedgerAt, Moment, PROVABLE_BLOCKS_MAX};
pub use overlay::MapSeed;
pub use proof::{BalanceProof, Opening, ProvenBalance, TransactionProof};
pub use settle::{Settlement, SpendError, account_keys, settle};
pub use tree::{Change, Changes, Overwritten, ProofError, StateProof, StateTree};
pub use undo::{PackedUndo, Undo};

use std::sync::Arc;

use crate::consensus::{Blame, CheckedBlock, Genesis, Params};
use crate::types::{
    Amount, Bits, Block, BlockHash, Commitments, EffectiveTime, Height, HistoryRoot, StateRoot,
};
use moments::Steps;

/// Why a block cannot be applied to the state below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// It commits to another state.
    #[error("commits to state {found}, but the state below it is {expected}")]
    State {
        /// The state below.
        expected: StateRoot,
        /// What the block says.
        found: StateRoot,
    },
    /// It commits to other headers.
    #[error("commits to history {found}, but the headers below it are {expected}")]
    History {
        /// The headers below.
        expected: HistoryRoot,
        /// What the block says.
        found: HistoryRoot,
    },
    /// The balances do not allow one of its transactions.
    #[error("transaction {index}: {error}")]
    Spend {
        /// Which.
        index: usize,
        /// Why not.
        error: SpendError,
    },
}

impl LedgerError {
    /// Whom it speaks against: the body belongs to the header, so nothing can mend the block.
    pub fn blame(&self) -> Blame {
        match self {
            Self::State { .. } | Self::History { .. } | Self::Spend { .. } => Blame::Block,
        }
    }
}

/// What applying a block came to.
#[derive(Clone, Debug)]
pub struct Applied {
    /// How to take it back.
    pub undo: Undo,
    /// What stands now under each key that it changed.
    pub changes: Arc<Changes>,
    /// What became of its transactions, in their order.
    pub receipts: Vec<Receipt>,
}

/// The state at one block, and enough of its past to prove what it was.
#[derive(Clone, Debug)]
pub struct Ledger {
    params: Arc<Params>,
    seed: MapSeed,
    tip: BlockHash,
    allocated: Amount,
    tree: StateTree,
    history: History,
    /// What was done last.
    steps: Steps,
}

/// What a block would do to the state at the tip; nothing has changed yet.
#[derive(Clone, Debug)]
pub struct Effects {
    block: BlockHash,
    changes: Vec<Change>,
    receipts: Vec<Receipt>,
}

impl View for Ledger {
    fn entry(&self, key: &StateKey) -> Option<Entry> {
        self.tree.entry(key)
    }
}

fn leaf(block: BlockHash, height: Height, effective_time: EffectiveTime, bits: Bits) -> HistoryLeaf {
    HistoryLeaf::new(block, height, effective_time, bits).expect("the header was checked")
}

impl Ledger {
    /// The state that genesis allocates.
    pub fn new(genesis: &Genesis, seed: MapSeed) -> Self {
        let account = |balance| Entry::Account(Account { balance, ..Account::default() });
        let allocation = genesis.allocation().iter();
        let entries =
            allocation.map(|(address, amount)| (StateKey::account(address), account(*amount))).collect();
        let header = &genesis.block().header;
        let mut history = History::default();
        history.push(&leaf(header.hash(), Height::GENESIS, EffectiveTime(0), header.bits));
        Self::restore(genesis, seed, entries, history)
    }

    /// The state as somebody wrote it down at the last of these headers. Whether it was, only the next block's commitment
    /// can tell: compare [`Ledger::commitments`] with what was noted along with it.
    ///
    /// # Panics
    /// When the history holds no header.
    pub fn restore(
        genesis: &Genesis,
        seed: MapSeed,
        entries: Vec<(StateKey, Entry)>,
        history: History,
    ) -> Self {
        let allocated = Amount::checked_sum(genesis.allocation().iter().map(|(_, amount)| *amount));
        let last = history.len().checked_sub(1).and_then(|height| history.block(Height(height)));
        Self {
            params: Arc::new(genesis.params().clone()),
            seed,
            tip: last.expect("a history begins with genesis"),
            allocated: allocated.expect("genesis proved that no sum of money overflows"),
            tree: StateTree::new(entries),
            history,
            steps: Steps::default(),
        }
    }

    /// The block at which the state stands.
    pub fn tip(&self) -> BlockHash {
        self.tip
    }

    /// Its height.
    pub fn height(&self) -> Height {
        Height(self.history.len() - 1)
    }

    /// What the next block must commit to.
    pub fn commitments(&self) -> Commitments {
        Commitments { state: self.tree.root(), history: self.history.root() }
    }

    /// The state itself.
    pub fn state(&self) -> &StateTree {
        &self.tree
    }

    /// All headers up to the tip.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Applies the next block, whose effective time the chain knows; where that cannot be, nothing has changed.
    ///
    /// # Errors
    /// The condition that does not hold.
    ///
    /// # Panics
    /// When the block does not stand on the tip: the chain placed it elsewhere.
    pub fn apply(
        &mut self,
        block: &CheckedBlock,
        effective_time: EffectiveTime,
    ) -> Result<Applied, LedgerError> {
        let effects = self.effects(block)?;
        Ok(self.enact(block, effects, effective_time))
    }

    /// What applying the next block would do: the half of [`Ledger::apply`] that only reads, during which others may.
    ///
    /// # Consensus
    /// The block commits to the state and to the headers below it; then see `apply.rs`.
    ///
    /// # Errors
    /// The condition that does not hold.
    ///
    /// # Panics
    /// When the block does not stand on the tip.
    pub fn effects(&self, block: &CheckedBlock) -> Result<Effects, LedgerError> {
        assert_eq!(block.header().previous, self.tip, "a block is applied to the one below it");
        assert_eq!(block.height().0, self.history.len(), "the chain compared the heights");
        let (expected, found) = (self.commitments(), *block.commitments());
        if found.state != expected.state {
            return Err(LedgerError::State { expected: expected.state, found: found.state });
        }
        if found.history != expected.history {
            return Err(LedgerError::History { expected: expected.history, found: found.history });
        }
        let (changes, receipts) = apply::changes_of(block, &self.tree, &self.params, self.seed)?;
        Ok(Effects { block: block.hash(), changes, receipts })
    }

    /// Does what [`Ledger::effects`] said.
    ///
    /// # Panics
    /// When the effects are another block's, or something was done since.
    pub fn enact(
        &mut self,
        block: &CheckedBlock,
        effects: Effects,
        effective_time: EffectiveTime,
    ) -> Applied {
        let Effects { block: hash, changes, receipts } = effects;
        assert!(
            hash == block.hash() && block.header().previous == self.tip,
            "the effects of this block, here"
        );
        let state = self.tree.root();
        let overwritten = self.tree.apply(&changes);
        let entries = Arc::clone(overwritten.entries());
        self.steps.applied(Opening::new(block.block(), block.tx_root(), &self.history), overwritten);
        let undo = Undo { block: hash, below: self.tip, state, entries };
        self.history.push(&leaf(hash, block.height(), effective_time, block.header().bits));
        self.tip = hash;
        let changes = Changes::new(changes).expect("a block changes fewer keys than it has bytes");
        Applied { undo, changes: Arc::new(changes), receipts }
    }

    /// Takes the tip's block back.
    ///
    /// # Panics
    /// When the undo is another block's, or does not lead to the state below it.
    pub fn revert(&mut self, undo: &Undo) {
        assert_eq!(undo.block, self.tip, "only the tip can be taken back");
        let overwritten = self.tree.apply(&undo.entries);
        assert_eq!(self.tree.root(), undo.state, "an undo leads to the state that the block was applied to");
        self.steps.reverted(overwritten);
        self.history.pop();
        self.tip = undo.below;
    }

    /// Proves that a transaction stands in a block of the branch that is applied; nothing where the block does not.
    pub fn prove_transaction(&self, block: &Block, index: usize) -> Option<TransactionProof> {
        if self.history.block(block.coinbase.height) != Some(block.header.hash()) {
            return None;
        }
        TransactionProof::new(block, index, &self.history)
    }
}
