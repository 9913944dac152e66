//! Genesis: from a file to a chain's parameters, its first block, and so its name.

use super::{Activations, GenesisFile, Issuance, Params, PowFile, PowMode, Rule, WorkRule};
use crate::codec::{Blob, Encode, List, encode};
use crate::crypto::sha256;
use crate::types::{
    Address, Amount, BLOCK_BYTES_MAX, Bits, Block, BlockHash, ChainId, Coinbase, Commitments, Header, Height,
    MerkleRoot, Prefix, TRANSACTION_BYTES_MAX, Target, Timestamp, U256,
};

/// Accounts of an allocation.
const ALLOCATION_MAX: usize = 1 << 20;
/// Bootstrap nodes of a file.
const BOOTSTRAP_MAX: u64 = 64;
/// Bytes of the address of one.
const BOOTSTRAP_BYTES_MAX: u64 = 256;
/// Bytes of a network's name.
const NAME_BYTES_MAX: u64 = 64;
/// All money there can ever be stays below this, so that no sum of balances overflows anywhere.
const MONEY_MAX: u128 = 1 << 63;
/// A block's bytes that are not transactions, rounded up: any transaction fits into a block that holds no other.
pub const BLOCK_OVERHEAD_BYTES: u32 = 512;
/// Room for one payment under the largest policy and its witness: with less, money could be paid to where nobody can
/// ever spend it.
const SPENDABLE_BYTES: u64 = 4096;
/// ASERT is stable against the median's lag from here on.
const HALFLIFE_SPACINGS_MIN: u32 = 32;

/// Why a file makes no chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// The JSON is not of the right form.
    #[error("genesis: {field}: {reason}")]
    Json {
        /// The path to the field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A field's value is not allowed.
    #[error("genesis: {field}: {reason}")]
    Field {
        /// The path to the field.
        field: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
}

fn refuse(field: &str, reason: impl Into<String>) -> GenesisError {
    GenesisError::Field { field: field.to_owned(), reason: reason.into() }
}

/// The beginning of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    name: String,
    bootstrap: Vec<String>,
    params: Params,
    allocation: Vec<(Address, Amount)>,
    block: Block,
}

/// Everything of the file that rules look at, in the order in which it is hashed into the chain's name.
#[derive(Encode)]
struct ConsensusFields {
    prefix: Blob<1, 16>,
    time: Timestamp,
    bits: Bits,
    pow_mode: PowMode,
    pow_limit: [u8; 32],
    spacing: u32,
    halflife: u32,
    gap_max: u32,
    future_drift: u32,
    maturity: u32,
    issuance: Issuance,
    block_bytes_max: u32,
    block_actions_max: u32,
    transaction_bytes_max: u32,
    account_charge: Amount,
    snapshot_interval: u32,
    lab: bool,
    activations: List<(Rule, Height), 0, 64>,
    allocation: List<(Address, Amount), 0, ALLOCATION_MAX>,
}

impl Genesis {
    /// The chain that this file describes.
    ///
    /// # Consensus
    /// Genesis is valid by definition: its work is not checked, its state is the allocation, its commitments are zeros.
    /// Its coinbase carries the hash of all consensus fields, so its own hash names them all: two files that differ in
    /// one rule make two chains, two that differ in comments make one.
    ///
    /// # Errors
    /// Names the first field whose value is not allowed.
    pub fn new(file: &GenesisFile) -> Result<Self, GenesisError> {
        let GenesisFile { name, bootstrap, .. } = file;
        check_text("name", name, NAME_BYTES_MAX)?;
        within("bootstrap", bootstrap.len() as u64, 0, BOOTSTRAP_MAX)?;
        for (at, node) in bootstrap.iter().enumerate() {
            check_text(&format!("bootstrap[{at}]"), node, BOOTSTRAP_BYTES_MAX)?;
        }
        let mut params = read_params(file)?;
        let allocation = read_allocation(file, &params.prefix)?;
        check_money(&params.issuance, &allocation)?;
        let block = first_block(&params, file.time, &allocation);
        params.chain = ChainId(block.header.hash());
        Ok(Self { name: name.clone(), bootstrap: bootstrap.clone(), params, allocation, block })
    }

    /// Reads and checks a file's text.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn from_json(text: &str) -> Result<Self, GenesisError> {
        Self::new(&GenesisFile::from_json(text)?)
    }

    /// What the network is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Nodes to ask first.
    pub fn bootstrap(&self) -> &[String] {
        &self.bootstrap
    }

    /// The rules of the chain.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Who owns what before the first block, by address.
    pub fn allocation(&self) -> &[(Address, Amount)] {
        &self.allocation
    }

    /// The first block.
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The same chain for a laboratory: who finds a block is drawn, not hashed.
    #[cfg(feature = "lab")]
    #[must_use]
    pub fn with_virtual_work(mut self) -> Self {
        self.params.work_rule = WorkRule::Virtual;
        self
    }
}

fn within(field: &str, value: u64, min: u64, max: u64) -> Result<(), GenesisError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(refuse(field, format!("{value} is out of bounds, {min} to {max} are allowed")))
}

/// # Security
/// These texts are shown on terminals: an escape sequence in somebody's file must not be able to forge what is shown.
fn check_text(field: &str, text: &str, bytes_max: u64) -> Result<(), GenesisError> {
    if text.chars().any(char::is_control) {
        return Err(refuse(field, "line breaks and control characters are not allowed"));
    }
    within(field, text.len() as u64, 1, bytes_max)
        .map_err(|_| refuse(field, format!("expected 1 to {bytes_max} bytes of text")))
}

fn read_params(file: &GenesisFile) -> Result<Params, GenesisError> {
    let pow = &file.pow;
    let prefix = file.prefix.parse::<Prefix>().map_err(|error| refuse("prefix", error.to_string()))?;
    let pow_limit = read_pow_limit(&pow.pow_limit)?;
    let target = Target::from_bits(file.bits).map_err(|error| refuse("bits", error.to_string()))?;
    if target.to_bits() != file.bits {
        return Err(refuse("bits", format!("not in shortest form, write {}", target.to_bits())));
    }
    if target > pow_limit {
        return Err(refuse(
            "bits",
            format!("easier than pow.pow_limit, whose bits are {}", pow_limit.to_bits()),
        ));
    }

    within("pow.spacing", pow.spacing.into(), 1, 86_400)?;
    within("pow.halflife", pow.halflife.into(), u64::from(HALFLIFE_SPACINGS_MIN * pow.spacing), 1 << 26)?;
    let gap_max = pow.gap_max.unwrap_or(2 * pow.halflife);
    within("pow.gap_max", gap_max.into(), pow.halflife.into(), 1 << 27)?;
    within("future_drift", file.future_drift.into(), 1, future_drift_max(pow).into())?;
    within("maturity", file.maturity.into(), 1, 100_000)?;
    within("issuance.halving_interval", file.issuance.halving_interval.into(), 1, u32::MAX.into())?;
    let transaction_bytes_max = file.transaction_bytes_max;
    within(
        "transaction_bytes_max",
        transaction_bytes_max.into(),
        SPENDABLE_BYTES,
        TRANSACTION_BYTES_MAX as u64,
    )?;
    let least = u64::from(transaction_bytes_max + BLOCK_OVERHEAD_BYTES);
    within("block_bytes_max", file.block_bytes_max.into(), least, BLOCK_BYTES_MAX as u64)?;
    within("block_actions_max", file.block_actions_max.into(), 256, 1 << 20)?;
    within("snapshot_interval", file.snapshot_interval.into(), 1, 1 << 24)?;
    Ok(Params {
        // Known once the first block is made.
        chain: ChainId(BlockHash::ZERO),
        prefix,
        genesis_bits: file.bits,
        pow_mode: pow.mode,
        work_rule: WorkRule::default(),
        pow_limit,
        spacing: pow.spacing,
        halflife: pow.halflife,
        gap_max,
        future_drift: file.future_drift,
        maturity: file.maturity,
        issuance: file.issuance,
        block_bytes_max: file.block_bytes_max,
        block_actions_max: file.block_actions_max,
        transaction_bytes_max,
        account_charge: file.account_charge,
        snapshot_interval: file.snapshot_interval,
        lab: file.lab,
        activations: read_activations(&file.activations),
    })
}

/// A day; under ASERT a halflife where that is less.
///
/// # Security
/// Miners who stamp ahead together make the chain look late by the drift at once, and difficulty falls by a half for
/// each halflife of that.
fn future_drift_max(pow: &PowFile) -> u32 {
    match pow.mode {
        PowMode::Fixed => 86_400,
        PowMode::Asert => pow.halflife.min(86_400),
    }
}

fn read_pow_limit(text: &str) -> Result<Target, GenesisError> {
    let wrong = || refuse("pow.pow_limit", "expected 64 hexadecimal digits, not all zero");
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| wrong())?;
    Target::from_number(U256::from_be_bytes(bytes)).ok_or_else(wrong)
}

/// A rule that holds from height 0 holds from the start: leaving it out says the same and must hash the same.
fn read_activations(activations: &Activations) -> Activations {
    let later = activations.0.iter().filter(|(_, height)| **height != Height::GENESIS);
    Activations(later.map(|(rule, height)| (*rule, *height)).collect())
}

fn read_allocation(file: &GenesisFile, prefix: &Prefix) -> Result<Vec<(Address, Amount)>, GenesisError> {
    within("allocation", file.allocation.len() as u64, 0, ALLOCATION_MAX as u64)?;
    let mut allocation = Vec::with_capacity(file.allocation.len());
    for (at, entry) in file.allocation.iter().enumerate() {
        let address = Address::parse(&entry.address, prefix)
            .map_err(|error| refuse(&format!("allocation[{at}].address"), error.to_string()))?;
        if entry.amount.is_zero() {
            return Err(refuse(&format!("allocation[{at}].amount"), "expected at least 1 pebble"));
        }
        allocation.push((address, entry.amount));
    }
    allocation.sort_unstable();
    match allocation.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(refuse("allocation", format!("{} stands twice", pair[0].0.to_text(prefix)))),
        None => Ok(allocation),
    }
}

/// # Consensus
/// The allocation and every subsidy the chain can ever pay stay below 2^63 pebbles.
fn check_money(issuance: &Issuance, allocation: &[(Address, Amount)]) -> Result<(), GenesisError> {
    let allocated: u128 = allocation.iter().map(|(_, amount)| u128::from(amount.pebbles())).sum();
    if allocated >= MONEY_MAX {
        return Err(refuse("allocation", "adds up to 2^63 pebbles or more"));
    }
    if allocated + issuance.total() >= MONEY_MAX {
        let reason = "allocation and all subsidies add up to 2^63 pebbles or more: lower the initial subsidy or the \
                      floor, or halve sooner";
        return Err(refuse("issuance", reason));
    }
    Ok(())
}

fn first_block(params: &Params, time: Timestamp, allocation: &[(Address, Amount)]) -> Block {
    let bounded = "bounds were checked field by field";
    let activations = params.activations.0.iter().map(|(rule, height)| (*rule, *height)).collect();
    let fields = ConsensusFields {
        prefix: Blob::new(params.prefix.as_str()).expect(bounded),
        time,
        bits: params.genesis_bits,
        pow_mode: params.pow_mode,
        pow_limit: params.pow_limit.number().to_be_bytes(),
        spacing: params.spacing,
        halflife: params.halflife,
        gap_max: params.gap_max,
        future_drift: params.future_drift,
        maturity: params.maturity,
        issuance: params.issuance,
        block_bytes_max: params.block_bytes_max,
        block_actions_max: params.block_actions_max,
        transaction_bytes_max: params.transaction_bytes_max,
        account_charge: params.account_charge,
        snapshot_interval: params.snapshot_interval,
        lab: params.lab,
        activations: List::new(activations).expect(bounded),
        allocation: List::new(allocation.to_vec()).expect(bounded),
    };
    let coinbase = Coinbase {
        height: Height::GENESIS,
        recipient: Address::from_bytes([0; 32]),
        amount: Amount::ZERO,
        extra: Blob::new(sha256(&encode(&fields))).expect("a digest is 32 bytes"),
    };
    let header = Header {
        version: 1,
        previous: BlockHash::ZERO,
        merkle_root: MerkleRoot::ZERO,
        time,
        bits: params.genesis_bits,
        nonce: 0,
    };
    let mut block = Block { header, commitments: Commitments::NONE, coinbase, transactions: List::default() };
    block.header.merkle_root = block.merkle_root();
    block
}
