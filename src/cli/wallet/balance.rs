//! `cairn wallet balance`: what accounts have, as a node says, or as its headers prove.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use super::Options;
use super::chain::Chain;
use super::guard::Lock;
use super::now;
use super::vault::Vault;
use crate::api::view::{AccountView, AddressText};
use crate::cli::output::{Report, aligned, count, tell, tell_json};
use crate::cli::secrets::write_whole;
use crate::codec::decode;
use crate::ledger::{Account as Entry, BalanceProof};
use crate::light::{Accepted, Headers, VerifiedBalance};
use crate::types::{Amount, Header, Height};
use crate::wallet::keyring::Account;

/// Headers that are asked for at a time.
const HEADERS_TOGETHER: u32 = 1000;
/// Times that all is proven again where the chain goes on meanwhile.
const TRIES_MAX: usize = 5;

#[derive(Args)]
pub(super) struct Balance {
    /// Whose [default: all accounts of the wallet].
    account: Option<String>,
    /// Believe nothing but work: check all headers of the chain, and have the balance proven against them.
    #[arg(long)]
    verify: bool,
}

/// What an account has, and what of that is proven.
struct Told<'a> {
    account: &'a Account,
    view: AccountView,
    proven: Option<VerifiedBalance>,
}

impl Balance {
    pub fn run(&self, options: &Options) -> Result<()> {
        let vault = options.vault()?;
        let file = vault.read()?;
        let chain = options.chain(file.network())?;
        let accounts: Vec<&Account> = match &self.account {
            Some(name) => vec![file.book().account(name)?],
            None => file.book().accounts().iter().collect(),
        };
        let verified = self.verify.then(|| verify(&vault, &chain, &accounts)).transpose()?;
        let (headers, proven) = verified.unzip();
        let mut proven = proven.into_iter().flatten();
        let mut told = Vec::new();
        for account in accounts {
            told.push(Told { account, view: chain.account(&account.address())?, proven: proven.next() });
        }
        if options.json {
            let one = self.account.is_some();
            let mut all: Vec<Value> = told.iter().map(Told::json).collect();
            return tell_json(&if one { all.swap_remove(0) } else { Value::from(all) });
        }
        match &told[..] {
            [] => tell("no accounts: `cairn wallet account new NAME` makes one\n"),
            [one] => one.report().tell(false),
            several => tell_table(several),
        }?;
        headers.map_or(Ok(()), |headers| tell_vouched(&headers))
    }
}

impl Told<'_> {
    fn json(&self) -> Value {
        let AccountView { balance, immature, spendable, incoming, outgoing, tip, .. } = &self.view;
        let mut json = json!({
            "account": self.account.name(),
            "address": self.view.address,
            "balance": balance,
            "spendable": spendable,
            "immature": immature,
            "incoming": incoming,
            "outgoing": outgoing,
            "tip": tip,
        });
        if let Some(proven) = &self.proven {
            json["proven"] = json!({
                "balance": balance_of(proven),
                "as_of": proven.as_of,
                "proven_by": proven.proven_by,
            });
        }
        json
    }

    fn report(&self) -> Report {
        let view = &self.view;
        let some = |report: Report, name: &str, amount: Amount| {
            if amount.is_zero() { report } else { report.line(name, amount) }
        };
        let report = Report::default().line("account", self.account.name()).line("balance", view.balance);
        let report =
            if view.spendable == view.balance { report } else { report.line("spendable", view.spendable) };
        let report = some(report, "immature", view.immature);
        let report = some(report, "incoming", view.incoming);
        let Some(proven) = &self.proven else { return report };
        let report = report
            .line("proven", format!("{}, after the block at height {}", balance_of(proven), proven.as_of));
        if balance_of(proven) == view.balance {
            return report;
        }
        report.line("unproven", format!("the node says {}; newer blocks are not proven yet", view.balance))
    }
}

fn balance_of(proven: &VerifiedBalance) -> Amount {
    proven.account.map_or(Amount::ZERO, |account| account.balance)
}

fn tell_table(told: &[Told<'_>]) -> Result<()> {
    let is_proven = told.iter().any(|told| told.proven.is_some());
    let mut head = vec!["account", "balance", "spendable", "immature", "incoming"];
    if is_proven {
        head.push("proven");
    }
    let row = |told: &Told<'_>| {
        let view = &told.view;
        let mut row = vec![told.account.name().to_string()];
        row.extend(
            [view.balance, view.spendable, view.immature, view.incoming].map(|amount| amount.to_string()),
        );
        row.extend(told.proven.as_ref().map(|proven| balance_of(proven).to_string()));
        row
    };
    let mut table = vec![head.into_iter().map(str::to_owned).collect()];
    table.extend(told.iter().map(row));
    tell(&format!("{}\n", aligned(&table).join("\n")))
}

/// Says what the proofs rest on.
fn tell_vouched(headers: &Headers) -> Result<()> {
    if headers.height() == Height::GENESIS {
        return tell(
            "\nProven as of genesis, which is what the chain's name stands for. There is no block above it yet, and nothing else to \
             prove.\n",
        );
    }
    tell(&format!(
        "\nProven as of height {}: {} were checked, which took {} hashes on average. What the block at height {} did is \
         not proven before the next one. A node that shows a branch of its own making would have had to do that work.\n",
        headers.height().0.saturating_sub(1),
        count(headers.height().0 as usize + 1, "header"),
        headers.work(),
        headers.height(),
    ))
}

/// Where headers that were checked are kept, beside the wallets of their chain.
fn kept(vault: &Vault, chain: &Chain) -> PathBuf {
    vault.path().with_file_name(format!("{}.headers", chain.params().chain))
}

/// Follows the node's headers from where the last look ended, and checks them all.
fn follow(vault: &Vault, chain: &Chain) -> Result<Headers> {
    let path = kept(vault, chain);
    let read = fs::read(&path).ok();
    let before = read.as_ref().and_then(|bytes| Headers::from_bytes(bytes, &chain.genesis).ok());
    let headers = match before {
        Some(before) => follow_from(before, chain),
        None => follow_from(Headers::new(&chain.genesis), chain),
    }?;
    // That they could not be kept costs time only.
    let _ = keep(&path, read.as_deref(), &headers, chain);
    Ok(headers)
}

/// Keeps headers for the next look, whole or not at all, unless another command has seen more work since these were read.
fn keep(path: &Path, read: Option<&[u8]>, headers: &Headers, chain: &Chain) -> Result<()> {
    let _lock = Lock::of(path)?;
    let there = fs::read(path).ok().filter(|there| Some(&there[..]) != read);
    let theirs = there.and_then(|there| Headers::from_bytes(&there, &chain.genesis).ok());
    if theirs.is_none_or(|theirs| theirs.work() <= headers.work()) {
        write_whole(path, &headers.to_bytes())?;
    }
    Ok(())
}

fn follow_from(mut headers: Headers, chain: &Chain) -> Result<Headers> {
    // A laboratory's clock may run ahead of ours; elsewhere the node's is not believed.
    let now = if chain.params().lab { now().max(chain.client.status()?.time) } else { now() };
    let mut from = last_common(chain, &headers)?;
    let tip = chain.client.tip()?.height;
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

/// Follows the headers, and has all balances proven by the newest of them.
fn verify(vault: &Vault, chain: &Chain, accounts: &[&Account]) -> Result<(Headers, Vec<VerifiedBalance>)> {
    let mut headers = follow(vault, chain)?;
    if headers.height() == Height::GENESIS {
        return Ok((headers, accounts.iter().map(|account| at_genesis(chain, account)).collect()));
    }
    for _ in 1..TRIES_MAX {
        let proven: Result<Vec<_>> = accounts.iter().map(|account| prove(chain, &headers, account)).collect();
        match proven {
            // It may be about a block that came in between.
            Err(_) if chain.client.tip()?.hash != headers.tip() => headers = follow_from(headers, chain)?,
            proven => return Ok((headers, proven?)),
        }
    }
    let proven: Result<Vec<_>> = accounts.iter().map(|account| prove(chain, &headers, account)).collect();
    Ok((headers, proven?))
}

/// What an account began with: no header commits to that, but the chain's name does, which the wallet knows.
fn at_genesis(chain: &Chain, account: &Account) -> VerifiedBalance {
    let address = account.address();
    let given = chain.genesis.allocation().iter().find(|(to, _)| *to == address);
    VerifiedBalance {
        account: given.map(|(_, amount)| Entry { balance: *amount, ..Entry::default() }),
        as_of: Height::GENESIS,
        proven_by: chain.genesis.block().header.hash(),
        confirmations: 1,
    }
}

/// # Security
/// By the newest header, or not at all: else a node could show what somebody had before they spent it, work and all.
fn prove(chain: &Chain, headers: &Headers, account: &Account) -> Result<VerifiedBalance> {
    let address = account.address();
    let said = chain.client.prove_balance(&AddressText(chain.text(&address)))?;
    let bytes = hex::decode(&said.proof.0).context("the node's proof is no hexadecimal digits")?;
    let proof: BalanceProof = decode(&bytes).context("the node's proof cannot be read")?;
    let proven = headers
        .verify_balance(&address, &proof)
        .map_err(|lie| anyhow!("the node's proof of `{}` does not hold: {lie}", account.name()))?;
    ensure!(
        proven.confirmations == 1,
        "the node proves what `{}` had after the block at height {}, and headers were seen up to height {}: it is behind, or \
         hides something; ask another with --node",
        account.name(),
        proven.as_of,
        headers.height()
    );
    Ok(proven)
}
