//! Rules of blocks that need no balance, in the order in which they are checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::owners::broken_owners;
use super::transaction::{NODE_BYTES, check_form};
use super::{
    CheckedTransaction, Facts, HeaderContext, HeaderError, Params, Spend, TransactionError, Untimely,
    check_header, check_work,
};
use crate::codec::encoded_len;
use crate::crypto::{BatchSeed, Claim, Culprits, verify_batch};
use crate::types::{
    Amount, Block, BlockHash, Coinbase, Commitments, Header, Height, MerkleRoot, Names, Transaction, TxHash,
    TxRoot,
};

/// A rule that a block broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The header breaks a rule of headers.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The body is not the one that was mined.
    #[error("the body hashes to {found}, the header says {expected}")]
    MerkleRoot {
        /// What the header says.
        expected: MerkleRoot,
        /// What the body hashes to.
        found: MerkleRoot,
    },
    /// An entry of exactly 64 bytes.
    #[error("entry {entry} is 64 bytes long and could pass for a node of the merkle tree")]
    NodeSized {
        /// 0 for the coinbase, then the transactions.
        entry: usize,
    },
    /// Longer than this chain allows.
    #[error("{bytes} bytes, but at most {bytes_max} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The chain's bound.
        bytes_max: u32,
    },
    /// More actions than this chain allows.
    #[error("{actions} actions, but at most {actions_max} are allowed")]
    TooManyActions {
        /// In all transactions.
        actions: usize,
        /// The chain's bound.
        actions_max: u32,
    },
    /// The coinbase names another height.
    #[error("coinbase of height {found} in a block at {expected}")]
    Height {
        /// Where the block stands.
        expected: Height,
        /// What the coinbase says.
        found: Height,
    },
    /// More fees than there can be money.
    #[error("fees add up to more than there can be")]
    Overflow,
    /// The miner claims more or less than it is due.
    #[error("coinbase of {found}, but subsidy and fees are {expected}")]
    Reward {
        /// Subsidy and fees.
        expected: Amount,
        /// What it claims.
        found: Amount,
    },
    /// A transaction breaks a rule of its own.
    #[error("transaction {index}: {error}")]
    Transaction {
        /// Which.
        index: usize,
        /// What it broke.
        error: TransactionError,
    },
    /// A transaction stands outside its window of heights.
    #[error("transaction {index}: {error}")]
    Untimely {
        /// Which.
        index: usize,
        /// On which side.
        error: Untimely,
    },
}

/// A block that holds in all but its signatures, which are still claims.
#[derive(Clone, Debug)]
pub struct SoundBlock {
    unproven: CheckedBlock,
    /// With the position of the transaction that each belongs to.
    claims: Vec<(usize, Claim)>,
}

/// A block all of whose rules hold that need no balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedBlock {
    block: Arc<Block>,
    hash: BlockHash,
    tx_root: TxRoot,
    bytes: usize,
    facts: Vec<Facts>,
}

impl SoundBlock {
    /// Checks everything but signatures, for a block that stands where `context` says.
    ///
    /// # Consensus
    /// In this order: the header's own work, what its branch asks of it, that the body is the one that was mined, and
    /// only then what the body says. Until the body is known to belong to the header nothing in it may condemn the
    /// block: anybody can attach another body to an honest header. A 64-byte entry counts as another body too, since a
    /// part of the tree can be dressed up as one.
    ///
    /// # Security
    /// The header comes first because a body costs us much more than it costs whoever made it up: thousands of
    /// signatures to verify, against a single proof of work, which must therefore be all the work that its branch asks.
    ///
    /// # Errors
    /// The first rule that it broke.
    pub fn examine(
        block: impl Into<Arc<Block>>,
        context: &HeaderContext,
        params: &Params,
    ) -> Result<Self, BlockError> {
        let block = block.into();
        let hash = check_work(params, &block.header)?;
        check_header(&block.header, context)?;
        let (tx_root, names) = check_body_belongs(&block)?;
        let bytes = check_bounds(&block, params)?;
        let found = block.coinbase.height;
        if found != context.height {
            return Err(BlockError::Height { expected: context.height, found });
        }
        check_reward(&block, params)?;

        let mut facts = Vec::with_capacity(block.transactions.len());
        let mut claims = Vec::with_capacity(block.transactions.len());
        for (index, (transaction, names)) in block.transactions.iter().zip(&names).enumerate() {
            let (found, claimed) = check_form(transaction, names, params)
                .map_err(|error| BlockError::Transaction { index, error })?;
            Spend::new(&transaction.body, &found)
                .check_height(context.height)
                .map_err(|error| BlockError::Untimely { index, error })?;
            facts.push(found);
            claims.extend(claimed.into_iter().map(|claim| (index, claim)));
        }
        Ok(Self { unproven: CheckedBlock { block, hash, tx_root, bytes, facts }, claims })
    }

    /// The block as checked, its signatures unseen.
    ///
    /// # Security
    /// For whoever wrote down that they hold, and reads the block back from there.
    pub fn trust_signatures(self) -> CheckedBlock {
        self.unproven
    }

    /// Its name; its work was checked.
    pub fn hash(&self) -> BlockHash {
        self.unproven.hash
    }
}

/// Checks the signatures of several blocks together, so that small ones fill a batch too.
///
/// `is_verified` answers for transactions by [`TxHash`], which covers the witness: whoever holds a
/// [`CheckedTransaction`] of this chain with that hash may say yes. What remains is given to
/// `verify`, which is [`verify_batch`] or the same on many cores. Both are trusted: the verdict is theirs.
///
/// For each block, in their order: the block, or its first transaction with a signature that does not hold.
pub fn check_signatures(
    blocks: Vec<SoundBlock>,
    is_verified: impl Fn(&TxHash) -> bool,
    verify: impl FnOnce(&[Claim]) -> Result<(), Culprits>,
) -> Vec<Result<CheckedBlock, BlockError>> {
    let (mut owners, mut claims) = (Vec::new(), Vec::new());
    for (at, block) in blocks.iter().enumerate() {
        let open = block.claims.iter().filter(|(index, _)| !is_verified(&block.unproven.facts[*index].hash));
        for (index, claim) in open {
            owners.push((at, *index));
            claims.push(claim.clone());
        }
    }
    let mut broken = BTreeMap::new();
    for (at, index) in broken_owners(&owners, verify(&claims)) {
        broken.entry(at).or_insert(index);
    }
    let verdict = |(at, block): (usize, SoundBlock)| match broken.get(&at) {
        None => Ok(block.unproven),
        Some(&index) => Err(BlockError::Transaction { index, error: TransactionError::Signature }),
    };
    blocks.into_iter().enumerate().map(verdict).collect()
}

/// # Consensus
/// At most `block_bytes_max` bytes, and `block_actions_max` actions in all transactions together.
fn check_bounds(block: &Block, params: &Params) -> Result<usize, BlockError> {
    let bytes = encoded_len(block);
    if bytes > params.block_bytes_max as usize {
        return Err(BlockError::TooLong { bytes, bytes_max: params.block_bytes_max });
    }
    let actions: usize = block.transactions.iter().map(|transaction| transaction.body.actions.len()).sum();
    if actions > params.block_actions_max as usize {
        return Err(BlockError::TooManyActions { actions, actions_max: params.block_actions_max });
    }
    Ok(bytes)
}

/// # Consensus
/// No entry encodes to exactly 64 bytes, and the header's merkle root is that of this body.
fn check_body_belongs(block: &Block) -> Result<(TxRoot, Vec<Names>), BlockError> {
    if encoded_len(&block.coinbase) == NODE_BYTES {
        return Err(BlockError::NodeSized { entry: 0 });
    }
    let names: Vec<Names> = block.transactions.iter().map(Transaction::names).collect();
    if let Some(index) = names.iter().position(|names| names.bytes == NODE_BYTES) {
        return Err(BlockError::NodeSized { entry: index + 1 });
    }
    let leaves = std::iter::once(block.coinbase.hash()).chain(names.iter().map(|names| names.hash));
    let tx_root = TxRoot::over(leaves);
    let found = block.commitments.merkle_root(&tx_root);
    let expected = block.header.merkle_root;
    if found == expected { Ok((tx_root, names)) } else { Err(BlockError::MerkleRoot { expected, found }) }
}

/// # Consensus
/// The coinbase's amount is the subsidy of its height and all fees, exactly: nothing is created or lost unnoticed.
fn check_reward(block: &Block, params: &Params) -> Result<(), BlockError> {
    let Coinbase { height, amount: found, .. } = block.coinbase;
    let fees = block.transactions.iter().map(|transaction| transaction.body.fee);
    let expected =
        Amount::checked_sum(fees.chain([params.issuance.subsidy(height)])).ok_or(BlockError::Overflow)?;
    if found == expected { Ok(()) } else { Err(BlockError::Reward { expected, found }) }
}

impl CheckedBlock {
    /// The block.
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The block, for whoever keeps it: it is not copied.
    pub fn shared(&self) -> Arc<Block> {
        Arc::clone(&self.block)
    }

    /// Its header.
    pub fn header(&self) -> &Header {
        &self.block.header
    }

    /// Its name.
    pub fn hash(&self) -> BlockHash {
        self.hash
    }

    /// Root over its coinbase and its transactions.
    pub fn tx_root(&self) -> TxRoot {
        self.tx_root
    }

    /// Where it stands.
    pub fn height(&self) -> Height {
        self.block.coinbase.height
    }

    /// What it says was true before.
    pub fn commitments(&self) -> &Commitments {
        &self.block.commitments
    }

    /// What its miner is owed.
    pub fn coinbase(&self) -> &Coinbase {
        &self.block.coinbase
    }

    /// Length of its encoding.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What machines call its transactions, in their order; the checks have hashed them.
    pub fn tx_hashes(&self) -> impl ExactSizeIterator<Item = TxHash> {
        self.facts.iter().map(|facts| facts.hash)
    }

    /// Its transactions, each checked by itself: they can wait for another block where this one is taken back.
    pub fn checked_transactions(&self) -> impl Iterator<Item = CheckedTransaction> {
        let transactions = self.block.transactions.iter().zip(&self.facts);
        transactions.map(|(transaction, facts)| CheckedTransaction::of_block(transaction.clone(), *facts))
    }

    /// Its transactions as the ledger applies them, in order.
    pub fn spends(&self) -> impl ExactSizeIterator<Item = Spend<'_>> {
        let bodies = self.block.transactions.iter();
        bodies.zip(&self.facts).map(|(transaction, facts)| Spend::new(&transaction.body, facts))
    }
}

/// Checks a block that stands where `context` says, its signatures in batches.
///
/// # Errors
/// The first rule that it broke.
pub fn check_block(
    block: Block,
    context: &HeaderContext,
    params: &Params,
    seed: BatchSeed,
) -> Result<CheckedBlock, BlockError> {
    let sound = SoundBlock::examine(block, context, params)?;
    let verdicts = check_signatures(vec![sound], |_| false, |claims| verify_batch(claims, seed));
    verdicts.into_iter().next().expect("a verdict for each block")
}
