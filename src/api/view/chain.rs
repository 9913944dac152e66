//! The chain as a whole: where it stands, how it forked, how much money there is, what its rules are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schemas::AddressText;
use crate::consensus::{
    Activations, AllocationEntry, Genesis, GenesisFile, Issuance, PowFile, PowMode, Rule,
};
use crate::types::{Amount, Bits, BlockHash, Height, Prefix, Timestamp, Txid};

/// A block at the top.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TipView {
    /// Where it stands.
    pub height: Height,
    /// Its name.
    pub hash: BlockHash,
}

/// How much money there is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SupplyView {
    /// What genesis gave out.
    pub allocation: Amount,
    /// All subsidies so far.
    pub issued: Amount,
    /// What was burned for new accounts.
    pub burned: Amount,
    /// All money there is, rewards that have yet to mature included.
    pub total: Amount,
    /// What the next block creates.
    pub next_subsidy: Amount,
    /// At which tip all this is so.
    pub tip: TipView,
}

/// How a branch stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BranchStatus {
    /// It is followed.
    Followed,
    /// All its blocks are here and may be followed; another has more work, or came first.
    Side,
    /// Its blocks are not all here.
    Headers,
    /// It breaks a rule.
    Invalid,
    /// An operator ruled it out.
    RuledOut,
}

/// A branch of the chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BranchView {
    /// Its last block.
    pub hash: BlockHash,
    /// Where that stands.
    pub height: Height,
    /// Hashes that it took on average, as a string of digits.
    #[schema(pattern = "^[0-9]+$")]
    pub work: String,
    /// When its last block was made.
    pub time: Timestamp,
    /// The last block that it has in common with the branch that is followed.
    pub fork: Height,
    /// How many blocks it has above that.
    pub length: u32,
    /// How it stands.
    pub status: BranchStatus,
}

/// A change from one branch to another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReorganizationView {
    /// The step that ended it, by which it can be asked about.
    pub step: u64,
    /// Where this leaves whoever has followed the events up to it.
    pub cursor: String,
    /// How many blocks were taken off.
    pub depth: usize,
    /// Blocks that were taken off, from the old tip down.
    pub disconnected: Vec<BlockHash>,
    /// Blocks that were put on instead, upwards.
    pub connected: Vec<BlockHash>,
}

/// A change from one branch to another, and what became of the transactions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReorganizationStory {
    /// What happened.
    #[serde(flatten)]
    pub change: ReorganizationView,
    /// Transactions of the blocks that were taken off, and what became of them.
    pub transactions: Fates,
    /// At which tip all this is so.
    pub tip: TipView,
}

/// What became of the transactions of blocks that were taken off.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Fates {
    /// They are in blocks again.
    pub mined_again: Vec<Txid>,
    /// They wait in the pool.
    pub pending: Vec<Txid>,
    /// Another of the same sender and nonce was mined: these can never be.
    pub conflicted: Vec<Txid>,
    /// They are neither mined nor here.
    pub dropped: Vec<Txid>,
    /// Whether these are all: long lists are cut.
    pub complete: bool,
}

/// What miners are given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct IssuanceView {
    /// What the first blocks give.
    pub initial: Amount,
    /// Blocks between two halvings.
    pub halving_interval: u32,
    /// What every block gives at least.
    pub floor: Amount,
}

/// Everything that distinguishes this chain from others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ParametersView {
    /// What people call the network.
    pub name: String,
    /// The hash of the genesis block: what every signature binds.
    pub chain: BlockHash,
    /// What addresses begin with.
    pub prefix: Prefix,
    /// When genesis was made.
    pub time: Timestamp,
    /// Difficulty of the first blocks.
    pub bits: Bits,
    /// How difficulty goes on.
    pub pow_mode: PowMode,
    /// The easiest target there may be.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub pow_limit: String,
    /// Seconds between blocks that difficulty aims at.
    pub spacing: u32,
    /// Seconds behind schedule that halve the difficulty.
    pub halflife: u32,
    /// Seconds that one gap between blocks counts for at most.
    pub gap_max: u32,
    /// Seconds a header may lie ahead of a node's clock.
    pub future_drift: u32,
    /// Blocks after which a reward can be spent.
    pub maturity: u32,
    /// What miners are given.
    pub issuance: IssuanceView,
    /// Bytes of a block, at most.
    pub block_bytes_max: u32,
    /// Actions in all transactions of a block, at most.
    pub block_actions_max: u32,
    /// Bytes of a transaction, at most.
    pub transaction_bytes_max: u32,
    /// What a sender burns for each account that it brings into being.
    pub account_charge: Amount,
    /// Blocks between two snapshots of the state.
    pub snapshot_interval: u32,
    /// Whether faults, time warps and invalidation are allowed.
    pub lab: bool,
    /// From which height rules hold that do not hold from the start.
    #[schema(value_type = BTreeMap<String, Height>)]
    pub activations: BTreeMap<Rule, Height>,
    /// What genesis gave to whom.
    pub allocation: Vec<AllocationView>,
}

/// What genesis gave to one address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AllocationView {
    /// Whom.
    pub address: AddressText,
    /// How much.
    pub amount: Amount,
}

impl ParametersView {
    /// Those of a chain.
    pub fn new(genesis: &Genesis) -> Self {
        let params = genesis.params();
        let given = |(address, amount): &(_, _)| AllocationView {
            address: AddressText::new(address, &params.prefix),
            amount: *amount,
        };
        Self {
            name: genesis.name().to_owned(),
            chain: params.chain.0,
            prefix: params.prefix.clone(),
            time: genesis.block().header.time,
            bits: params.genesis_bits,
            pow_mode: params.pow_mode,
            pow_limit: params.pow_limit.to_string(),
            spacing: params.spacing,
            halflife: params.halflife,
            gap_max: params.gap_max,
            future_drift: params.future_drift,
            maturity: params.maturity,
            issuance: IssuanceView {
                initial: params.issuance.initial,
                halving_interval: params.issuance.halving_interval,
                floor: params.issuance.floor,
            },
            block_bytes_max: params.block_bytes_max,
            block_actions_max: params.block_actions_max,
            transaction_bytes_max: params.transaction_bytes_max,
            account_charge: params.account_charge,
            snapshot_interval: params.snapshot_interval,
            lab: params.lab,
            activations: params.activations.0.clone(),
            allocation: genesis.allocation().iter().map(given).collect(),
        }
    }

    /// The genesis file that says the same, but for where to find other nodes. The chain's name is the hash of what it
    /// makes: whoever knows that name from elsewhere need not trust whoever tells the parameters.
    pub fn genesis_file(&self) -> GenesisFile {
        let given = |AllocationView { address, amount }: &AllocationView| AllocationEntry {
            address: address.0.clone(),
            amount: *amount,
        };
        GenesisFile {
            comment: Vec::new(),
            name: self.name.clone(),
            prefix: self.prefix.to_string(),
            time: self.time,
            bits: self.bits,
            pow: PowFile {
                mode: self.pow_mode,
                pow_limit: self.pow_limit.clone(),
                spacing: self.spacing,
                halflife: self.halflife,
                gap_max: Some(self.gap_max),
            },
            future_drift: self.future_drift,
            maturity: self.maturity,
            issuance: Issuance {
                initial: self.issuance.initial,
                halving_interval: self.issuance.halving_interval,
                floor: self.issuance.floor,
            },
            block_bytes_max: self.block_bytes_max,
            block_actions_max: self.block_actions_max,
            transaction_bytes_max: self.transaction_bytes_max,
            account_charge: self.account_charge,
            snapshot_interval: self.snapshot_interval,
            lab: self.lab,
            activations: Activations(self.activations.clone()),
            allocation: self.allocation.iter().map(given).collect(),
            bootstrap: Vec::new(),
        }
    }
}
