//! What a node's headers prove: all of them are checked from genesis, and what is said of accounts and transactions is held
//! against them.
//!
//! # Security
//! To lie here a node would have to do as much work as the chain's miners did, where headers were kept from before; whoever looks for
//! the first time is shown a branch from genesis, and has nothing to hold its work against. What is not covered stands in
//! `docs/light.md`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::chain::Chain;
use super::guard::FileLock;
use super::now;
use super::vault::Vault;
use crate::api::view::AddressText;
use crate::cli::secrets::write_whole;
use crate::codec::decode;
use crate::consensus::PowMode;
use crate::ledger::{Account as Entry, BalanceProof, TransactionProof};
use crate::light::{Accepted, Headers, Inclusion, VerifiedBalance};
use crate::types::{Address, BlockHash, Header, Height, Timestamp, Transaction, Txid};
use crate::wallet::LOST_DEPTH;

/// Headers that are asked for at a time.
const HEADERS_TOGETHER: u32 = 1000;
/// Headers that are asked for, at most, where something else is to be done.
const HEADERS_ON_THE_WAY_MAX: u32 = 10_000;
/// Times the usual between two blocks after which the last header is old: a node hides those above it, or has none.
const NEW_SPACINGS_MAX: u32 = 24;
/// Times that all is proven again where the chain goes on meanwhile.
const TRIES_MAX: usize = 5;

/// An account, and what its owner calls it.
pub(super) struct Whose {
    name: String,
    address: Address,
}

impl Whose {
    pub fn named(name: &str, address: Address) -> Self {
        Self { name: name.to_owned(), address }
    }
}

/// Where headers that were checked are kept, beside the wallets of their chain.
fn kept(vault: &Vault, chain: &Chain) -> PathBuf {
    vault.path().with_file_name(format!("{}.headers", chain.params().chain))
}

/// A new block of the node's whose header is checked, as deep as none is expected to be taken back, where headers were kept by an earlier command and looking costs little.
///
/// # Security
/// Whoever wants to prove later that a payment is lost has to build on it, with the chain's work. Nothing was seen before the first
/// look, and a node could show a chain of its own.
pub(super) fn checked_tip(vault: &Vault, chain: &Chain) -> Option<BlockHash> {
    let before = fs::read(kept(vault, chain)).ok();
    let before = before.and_then(|bytes| Headers::from_bytes(&bytes, &chain.genesis).ok());
    let known = before.as_ref().map_or(Height::GENESIS, Headers::height);
    // What is left is asked for the next time.
    let headers = follow_up_to(vault, chain, Height(known.0.saturating_add(HEADERS_ON_THE_WAY_MAX))).ok()?;
    let deep = Height(headers.height().0.saturating_sub(LOST_DEPTH).max(1));
    headers.hash(deep).filter(|_| known > Height::GENESIS && is_new(chain, &headers, now()))
}

/// Whether the node's chain has this block, by headers that were checked.
pub(super) fn has_block(vault: &Vault, chain: &Chain, block: BlockHash) -> Result<bool> {
    Ok(follow(vault, chain)?.height_of(&block).is_some())
}

/// Whether the last of these headers was new at a moment, where work says how long blocks take.
pub(super) fn is_new(chain: &Chain, headers: &Headers, moment: Timestamp) -> bool {
    let params = chain.params();
    let age_max = params.spacing.saturating_mul(NEW_SPACINGS_MAX);
    let tip = headers.header(headers.height());
    params.pow_mode != PowMode::Asert || tip.is_some_and(|tip| moment.0.saturating_sub(tip.time.0) <= age_max)
}

/// Follows the node's headers from where the last look ended, and checks them all.
fn follow(vault: &Vault, chain: &Chain) -> Result<Headers> {
    follow_up_to(vault, chain, Height(u32::MAX))
}

/// The same, but no further than to this height.
fn follow_up_to(vault: &Vault, chain: &Chain, most: Height) -> Result<Headers> {
    let path = kept(vault, chain);
    let read = fs::read(&path).ok();
    let before = read.as_ref().and_then(|bytes| Headers::from_bytes(bytes, &chain.genesis).ok());
    let headers = match before {
        Some(before) => follow_from(before, chain, most),
        None => follow_from(Headers::new(&chain.genesis), chain, most),
    }?;
    // That they could not be kept costs time only.
    let _ = keep(&path, read.as_deref(), &headers, chain);
    Ok(headers)
}

/// Keeps headers for the next look, whole or not at all, unless another command has seen more work since these were read.
fn keep(path: &Path, read: Option<&[u8]>, headers: &Headers, chain: &Chain) -> Result<()> {
    let _lock = FileLock::of(path)?;
    let there = fs::read(path).ok().filter(|there| Some(&there[..]) != read);
    let theirs = there.and_then(|there| Headers::from_bytes(&there, &chain.genesis).ok());
    if theirs.is_none_or(|theirs| theirs.work() <= headers.work()) {
        write_whole(path, &headers.to_bytes())?;
    }
    Ok(())
}

fn follow_from(mut headers: Headers, chain: &Chain, most: Height) -> Result<Headers> {
    // A laboratory's clock may run ahead of ours; elsewhere the node's is not believed.
    let now = if chain.params().lab { now().max(chain.client.status()?.time) } else { now() };
    let mut from = last_common(chain, &headers)?;
    let tip = chain.client.tip()?.height.min(most);
    let mut last = Accepted::Known;
    while from < tip {
        let upto = Height(from.0.saturating_add(HEADERS_TOGETHER).min(tip.0));
        let together = headers_above(chain, from, upto)?;
        last = headers
            .accept(&together, now)
            .map_err(|error| anyhow!("the node's headers do not hold: {error}"))?;
        from = upto;
    }
    match last {
        Accepted::Lighter { work, ours, .. } => bail!(
            "the node shows a branch that took {work} hashes, and one that took {ours} was seen before: it is behind, or hides \
             something; ask another with --node"
        ),
        Accepted::Known | Accepted::Followed { .. } => Ok(headers),
    }
}

/// The last height at which the node has the same block as we.
fn last_common(chain: &Chain, headers: &Headers) -> Result<Height> {
    let tip = chain.client.tip()?.height;
    let mut step = 1;
    let mut height = headers.height().min(tip);
    while height > Height::GENESIS {
        let theirs = chain.client.header(height)?.map(|header| header.hash);
        if theirs == headers.hash(height) {
            break;
        }
        height = Height(height.0.saturating_sub(step));
        step *= 2;
    }
    Ok(height)
}

/// The node's headers above one height up to another, lowest first.
fn headers_above(chain: &Chain, from: Height, upto: Height) -> Result<Vec<Header>> {
    let page = chain.client.blocks(upto.next(), upto.0 - from.0)?;
    ensure!(!page.blocks.is_empty(), "the node has no headers above height {from}, and said that it has");
    let read = |digits: &str| -> Result<Header> {
        let bytes = hex::decode(digits).context("a header that is no hexadecimal digits")?;
        let bytes: [u8; 80] = bytes.try_into().map_err(|_| anyhow!("a header that is not 80 bytes"))?;
        Ok(Header::from_bytes(&bytes))
    };
    page.blocks.iter().rev().map(|block| read(&block.header.0)).collect()
}

/// Follows the headers, and has all accounts proven by the newest of them.
pub(super) fn prove_accounts(
    vault: &Vault,
    chain: &Chain,
    accounts: &[Whose],
) -> Result<(Headers, Vec<VerifiedBalance>)> {
    let mut headers = follow(vault, chain)?;
    if headers.height() == Height::GENESIS {
        return Ok((headers, accounts.iter().map(|account| at_genesis(chain, account)).collect()));
    }
    for _ in 1..TRIES_MAX {
        let proven: Result<Vec<_>> = accounts.iter().map(|account| prove(chain, &headers, account)).collect();
        match proven {
            // It may be about a block that came in between.
            Err(_) if chain.client.tip()?.hash != headers.tip() => {
                headers = follow_from(headers, chain, Height(u32::MAX))?;
            }
            proven => return Ok((headers, proven?)),
        }
    }
    let proven: Result<Vec<_>> = accounts.iter().map(|account| prove(chain, &headers, account)).collect();
    Ok((headers, proven?))
}

/// What an account began with: no header commits to that, but the chain's name does, which the wallet knows.
fn at_genesis(chain: &Chain, whose: &Whose) -> VerifiedBalance {
    let given = chain.genesis.allocation().iter().find(|(to, _)| *to == whose.address);
    VerifiedBalance {
        account: given.map(|(_, amount)| Entry { balance: *amount, ..Entry::default() }),
        as_of: Height::GENESIS,
        proven_by: chain.genesis.block().header.hash(),
        confirmations: 1,
    }
}

/// # Security
/// By the newest header, or not at all: else a node could show what somebody had before they spent it, work and all.
fn prove(chain: &Chain, headers: &Headers, whose: &Whose) -> Result<VerifiedBalance> {
    let said = chain.client.prove_balance(&AddressText(chain.text(&whose.address)))?;
    let bytes = hex::decode(&said.proof.0).context("the node's proof is no hexadecimal digits")?;
    let proof: BalanceProof = decode(&bytes).context("the node's proof cannot be read")?;
    let proven = headers
        .verify_balance(&whose.address, &proof)
        .map_err(|lie| anyhow!("the node's proof of `{}` does not hold: {lie}", whose.name))?;
    ensure!(
        proven.confirmations == 1,
        "the node proves what `{}` had after the block at height {}, and headers were seen up to height {}: it is behind, or \
         hides something; ask another with --node",
        whose.name,
        proven.as_of,
        headers.height()
    );
    Ok(proven)
}

/// Where a transaction stands, and what it is; nothing where the node shows no block with it.
pub(super) fn prove_transaction(
    vault: &Vault,
    chain: &Chain,
    txid: &Txid,
) -> Result<Option<(Transaction, Inclusion)>> {
    let headers = follow(vault, chain)?;
    ensure!(
        is_new(chain, &headers, now()),
        "the node's last header is old: it is behind, or hides something"
    );
    let Some(said) = chain.client.prove_transaction(txid)? else { return Ok(None) };
    let bytes = hex::decode(&said.proof.0).context("the node's proof is no hexadecimal digits")?;
    let proof: TransactionProof = decode(&bytes).context("the node's proof cannot be read")?;
    let found = headers.verify_transaction(txid, &proof);
    let found = found.map_err(|lie| anyhow!("the node's proof of {txid} does not hold: {lie}"))?;
    Ok(Some((proof.transaction, found)))
}
