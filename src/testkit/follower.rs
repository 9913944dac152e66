//! Chain and ledger driven together, in memory: the smallest thing that follows the best branch.

use std::collections::BTreeMap;

use super::{BATCH_SEED, Draft, MAP_SEED, Network};
use crate::chain::{Chain, ChainError, Placement, Plan};
use crate::consensus::{Blame, BlockError, CheckedBlock, Genesis, Params, check_block};
use crate::ledger::{Ledger, LedgerError, Receipt, Undo};
use crate::template::Groundwork;
use crate::types::{Address, Block, BlockHash, Height, Transaction};

/// Follows the best branch of the blocks that it is given.
#[derive(Clone, Debug)]
pub struct Follower {
    params: Params,
    /// The tree of headers.
    pub chain: Chain,
    /// The state at the tip.
    pub ledger: Ledger,
    blocks: BTreeMap<BlockHash, CheckedBlock>,
    undos: BTreeMap<BlockHash, Undo>,
    receipts: BTreeMap<BlockHash, Vec<Receipt>>,
}

/// What became of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was here before.
    Known,
    /// One below it is missing.
    Orphan(BlockHash),
    /// It stands on a branch that is not followed.
    Side,
    /// The tip moved, after taking back so many blocks.
    Followed {
        /// How many.
        reverted: usize,
    },
}

/// Why a block was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// By itself.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// For its place.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// For what it does.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Follower {
    /// Stands at this network's genesis.
    pub fn new(network: &Network) -> Self {
        Self::at(&network.genesis)
    }

    /// Stands at this genesis.
    pub fn at(genesis: &Genesis) -> Self {
        Self {
            params: genesis.params().clone(),
            chain: Chain::new(genesis),
            ledger: Ledger::new(genesis, MAP_SEED),
            blocks: BTreeMap::new(),
            undos: BTreeMap::new(),
            receipts: BTreeMap::new(),
        }
    }

    /// The rules.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The height of the tip.
    pub fn height(&self) -> Height {
        self.chain.tip().height
    }

    /// A block that was placed.
    ///
    /// # Panics
    /// When it never came.
    pub fn block(&self, hash: &BlockHash) -> &CheckedBlock {
        &self.blocks[hash]
    }

    /// The blocks followed, from the first above genesis up.
    pub fn branch(&self) -> Vec<Block> {
        let above_genesis = (1..).map_while(|height| self.chain.at(Height(height)));
        above_genesis.map(|entry| self.block(&entry.hash).block().clone()).collect()
    }

    /// What became of a block's transactions, if it is followed.
    pub fn receipts(&self, hash: &BlockHash) -> Option<&[Receipt]> {
        self.receipts.get(hash).map(Vec::as_slice)
    }

    /// What a block on the tip must stand on.
    ///
    /// # Panics
    /// Never: the tip is known.
    pub fn groundwork(&self) -> Groundwork {
        let previous = self.chain.tip().hash;
        let context = self.chain.context_above(&previous).expect("the tip is known");
        Groundwork { previous, context, commitments: self.ledger.commitments() }
    }

    /// A block on the tip, as an honest miner would make it at the earliest allowed time.
    pub fn draft(&self, recipient: Address, transactions: Vec<Transaction>) -> Draft {
        Draft::on(self.groundwork(), recipient, transactions)
    }

    /// Mines these transactions for somebody and follows the block.
    ///
    /// # Panics
    /// When the block is refused.
    pub fn mine(&mut self, recipient: Address, transactions: Vec<Transaction>) -> BlockHash {
        let block = self.draft(recipient, transactions).mine(&self.params);
        let hash = block.header.hash();
        let outcome = self.submit(block).expect("an honest block is accepted");
        assert_eq!(outcome, Outcome::Followed { reverted: 0 });
        hash
    }

    /// Mines so many empty blocks for somebody.
    pub fn mine_empty(&mut self, recipient: Address, count: u32) {
        (0..count).for_each(|_| {
            self.mine(recipient, Vec::new());
        });
    }

    /// The one door: checks a block and follows it where it leads to the best branch.
    ///
    /// # Errors
    /// Why it was refused; where the block was on the way to a better branch, the old one is followed again.
    pub fn submit(&mut self, block: Block) -> Result<Outcome, Rejection> {
        let header = block.header;
        self.chain.accept_header(&header)?;
        if self.chain.has_body(&header.hash()) {
            return Ok(Outcome::Known);
        }
        let Some(context) = self.chain.context_above(&header.previous) else {
            return Ok(Outcome::Orphan(header.previous));
        };
        let checked = check_block(block, &context, &self.params, BATCH_SEED);
        let block = checked.inspect_err(|error| {
            if error.blame() == Blame::Block {
                self.chain.reject(&header.hash());
            }
        })?;
        let hash = block.hash();
        let placement = self.chain.place(&block)?;
        match placement {
            Placement::Known => return Ok(Outcome::Known),
            Placement::Orphan { missing } => return Ok(Outcome::Orphan(missing)),
            Placement::Side | Placement::Extends | Placement::Reorganizes(_) => {}
        }
        let below = block.header().previous;
        self.blocks.insert(hash, block);
        match placement {
            Placement::Extends => {
                let plan = Plan { fork: below, disconnect: Vec::new(), connect: vec![hash] };
                self.follow(&plan)
            }
            Placement::Reorganizes(plan) => self.follow(&plan),
            Placement::Side | Placement::Known | Placement::Orphan { .. } => Ok(Outcome::Side),
        }
    }

    /// Goes to the best branch there is, after something was ruled out or reconsidered.
    ///
    /// # Errors
    /// When a block on the way cannot be applied.
    pub fn settle(&mut self) -> Result<Outcome, Rejection> {
        match self.chain.plan() {
            Some(plan) => self.follow(&plan),
            None => Ok(Outcome::Known),
        }
    }

    fn follow(&mut self, plan: &Plan) -> Result<Outcome, Rejection> {
        plan.disconnect.iter().for_each(|hash| self.revert(hash));
        for (at, hash) in plan.connect.iter().enumerate() {
            if let Err(error) = self.apply(hash) {
                plan.connect[..at].iter().rev().for_each(|hash| self.revert(hash));
                for hash in plan.disconnect.iter().rev() {
                    self.apply(hash).expect("what was applied before can be applied again");
                }
                self.chain.reject(hash);
                return Err(error.into());
            }
        }
        let tip = plan.connect.last().unwrap_or(&plan.fork);
        self.chain.activate(tip);
        Ok(Outcome::Followed { reverted: plan.disconnect.len() })
    }

    fn apply(&mut self, hash: &BlockHash) -> Result<(), LedgerError> {
        let effective_time = self.chain.entry(hash).expect("the block was placed").effective_time;
        let applied = self.ledger.apply(&self.blocks[hash], effective_time)?;
        self.undos.insert(*hash, applied.undo);
        self.receipts.insert(*hash, applied.receipts);
        Ok(())
    }

    fn revert(&mut self, hash: &BlockHash) {
        let undo = self.undos.remove(hash).expect("the block was applied");
        self.receipts.remove(hash);
        self.ledger.revert(&undo);
    }
}
