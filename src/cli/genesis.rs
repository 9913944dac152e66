//! `cairn genesis`: make, check and explain the file that a chain begins with.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::config::read_genesis;
use super::output::{Report, tell};
use crate::consensus::{AllocationEntry, Genesis, GenesisFile, Params, PowMode, Rule};
use crate::devnet::{DEVNET_ACCOUNTS, DEVNET_BALANCE, prefund as prefund_accounts};
use crate::types::{Address, Amount, Height, Prefix, Target, Timestamp};
use crate::wallet::{DEVNET_MNEMONIC, Mnemonic};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a genesis file from a preset.
    ///
    /// Everything in the file can be changed by hand before the chain begins; `cairn genesis check` says what is wrong.
    /// Two files that differ in one rule or one allocation make two chains; name, comment and bootstrap do not count.
    New(New),
    /// Check a genesis file; a bad one gets an error that names the field.
    Check(File),
    /// Explain a genesis file: what the chain is called, its rules, its money.
    Show(File),
}

#[derive(Args)]
pub(super) struct New {
    /// What kind of chain.
    #[arg(long, value_enum)]
    preset: Preset,
    /// What the network is called.
    #[arg(long)]
    name: Option<String>,
    /// What addresses begin with: 1 to 16 small letters.
    #[arg(long)]
    prefix: Option<String>,
    /// When the chain begins, in seconds since 1970; now, if not given.
    #[arg(long)]
    time: Option<u32>,
    /// Give so many coins to an address at the start; may be repeated.
    #[arg(long, value_name = "ADDRESS=COINS")]
    allocate: Vec<String>,
    /// How many prefunded accounts a devnet has; 10, if not given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=1000))]
    accounts: Option<u32>,
    /// Coins in each prefunded account of a devnet; 10,000, if not given.
    #[arg(long, value_name = "COINS")]
    balance: Option<Amount>,
    /// The words behind a devnet's prefunded accounts; a well-known set, if not given. They are written into the file,
    /// so never words that guard anything of value.
    #[arg(long)]
    mnemonic: Option<String>,
    /// Where to write; to standard output, if not given. An existing file is not overwritten.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Preset {
    /// Real work whose difficulty follows the hash rate, a block a minute, nothing given away.
    Asert,
    /// Trivial work, blocks on demand, prefunded accounts whose keys are public, faults allowed.
    Devnet,
}

#[derive(Args)]
pub(super) struct File {
    /// The genesis file.
    #[arg(default_value = "genesis.json")]
    file: PathBuf,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command) -> Result<()> {
    match command {
        Command::New(new) => make(new),
        Command::Check(file) => check(file),
        Command::Show(file) => show(file),
    }
}

fn make(new: &New) -> Result<()> {
    let time = Timestamp(new.time.map_or_else(now, Ok)?);
    let mut file = match new.preset {
        Preset::Asert => GenesisFile::asert(time),
        Preset::Devnet => GenesisFile::devnet(time),
    };
    if let Some(name) = &new.name {
        file.name.clone_from(name);
    }
    if let Some(prefix) = &new.prefix {
        file.prefix.clone_from(prefix);
    }
    match new.preset {
        Preset::Devnet => prefund(&mut file, new)?,
        Preset::Asert => {
            let prefunding = new.accounts.is_some() || new.balance.is_some() || new.mnemonic.is_some();
            ensure!(
                !prefunding,
                "--accounts, --balance and --mnemonic are for --preset devnet; here, give coins with --allocate"
            );
        }
    }
    for entry in &new.allocate {
        let (address, coins) =
            entry.split_once('=').with_context(|| format!("--allocate {entry}: no `=` in it"))?;
        let amount = coins.parse().with_context(|| format!("--allocate {entry}"))?;
        file.allocation.push(AllocationEntry { address: address.to_owned(), amount });
    }
    Genesis::new(&file)?;
    match &new.out {
        None => tell(&file.to_json()),
        Some(path) => write_new(path, &file.to_json()),
    }
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    let mut target = fs::File::create_new(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            anyhow!("{} exists already: remove it, or write elsewhere", path.display())
        }
        _ => anyhow!("cannot write {}: {error}", path.display()),
    })?;
    target.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}

fn now() -> Result<u32> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    u32::try_from(since.as_secs()).context("the clock stands beyond what a header can carry")
}

/// Gives coins to the first accounts of the mnemonic, and says whose they are.
fn prefund(file: &mut GenesisFile, new: &New) -> Result<()> {
    let words = new.mnemonic.as_deref().unwrap_or(DEVNET_MNEMONIC);
    let seed = words.parse::<Mnemonic>().context("--mnemonic")?.seed("");
    let accounts = new.accounts.unwrap_or(DEVNET_ACCOUNTS);
    let balance = new.balance.unwrap_or(DEVNET_BALANCE);
    file.prefix.parse::<Prefix>().context("--prefix")?;
    Ok(prefund_accounts(file, words, &seed, accounts, balance)?)
}

fn read(path: &Path) -> Result<Genesis> {
    let text = read_genesis(path)?;
    Genesis::from_json(&text).with_context(|| path.display().to_string())
}

fn check(File { file, json }: &File) -> Result<()> {
    let genesis = read(file)?;
    Report::default()
        .same("chain", "chain", genesis.params().chain)
        .same("name", "name", genesis.name())
        .fact("valid", "verdict", "a chain can begin with this file", true)
        .tell(*json)
}

fn show(File { file, json }: &File) -> Result<()> {
    let genesis = read(file)?;
    let report = tell_identity(Report::default(), &genesis);
    let report = tell_difficulty(report, &genesis)?;
    let report = tell_money(report, &genesis)?;
    tell_bounds(report, genesis.params()).tell(*json)
}

fn tell_identity(report: Report, genesis: &Genesis) -> Report {
    let params = genesis.params();
    let time = genesis.block().header.time;
    let laboratory = if params.lab { "yes: faults, warps and invalidation are allowed" } else { "no" };
    report
        .same("name", "name", genesis.name())
        .same("chain", "chain", params.chain)
        .same("chain_tag", "tag in transactions", params.chain.tag())
        .fact("prefix", "addresses begin with", format!("{}1", params.prefix), params.prefix.as_str())
        .fact("time", "begins", format!("{time} seconds after 1970"), time.0)
        .fact("lab", "laboratory", laboratory, params.lab)
        .fact("bootstrap", "first peers", or_none(&genesis.bootstrap().join(" ")), json!(genesis.bootstrap()))
}

fn tell_difficulty(report: Report, genesis: &Genesis) -> Result<Report> {
    let params = genesis.params();
    let mode = match params.pow_mode {
        PowMode::Fixed => "fixed: blocks are made on demand",
        PowMode::Asert => "asert: follows the hash rate",
    };
    let work = Target::from_bits(params.genesis_bits)?.work();
    let report = report
        .fact("pow", "difficulty", mode, json!(params.pow_mode))
        .fact(
            "bits",
            "first target",
            format!("{} ({work} hashes a block)", params.genesis_bits),
            json!(params.genesis_bits),
        )
        .fact("pow_limit", "never easier than", params.pow_limit.to_bits(), format!("{}", params.pow_limit))
        .fact("spacing", "a block every", format!("{} seconds", params.spacing), params.spacing);
    let report = match params.pow_mode {
        PowMode::Fixed => report.only_json("halflife", params.halflife).only_json("gap_max", params.gap_max),
        PowMode::Asert => report
            .fact(
                "halflife",
                "halves when",
                format!("{} seconds behind schedule", params.halflife),
                params.halflife,
            )
            .fact("gap_max", "a gap counts at most", format!("{} seconds", params.gap_max), params.gap_max),
    };
    Ok(report.fact(
        "future_drift",
        "clocks may differ by",
        format!("{} seconds", params.future_drift),
        params.future_drift,
    ))
}

fn tell_money(report: Report, genesis: &Genesis) -> Result<Report> {
    let params = genesis.params();
    let issuance = params.issuance;
    let allocated = Amount::checked_sum(genesis.allocation().iter().map(|(_, amount)| *amount));
    let allocated = allocated.context("the allocation adds up to more than there can be")?;
    let total =
        Amount::from_pebbles(u64::try_from(issuance.total()).context("more is issued than there can be")?);
    let account = |(address, amount): &(Address, Amount)| json!({ "address": address.to_text(&params.prefix), "amount": amount });
    let accounts: Vec<Value> = genesis.allocation().iter().map(account).collect();
    let given = format!("{allocated} to {} accounts", accounts.len());
    let interval = issuance.halving_interval;
    let report = report
        .fact("allocated", "given at the start", given, json!(allocated))
        .fact("subsidy", "a block creates", issuance.subsidy(Height(1)), json!(issuance.subsidy(Height(1))))
        .fact("halving_interval", "half of that after", format!("{interval} blocks"), interval)
        .fact("floor", "never less than", issuance.floor, json!(issuance.floor))
        .fact("issuance_total", "in all blocks together", total, json!(total))
        .fact("maturity", "spendable after", format!("{} blocks", params.maturity), params.maturity)
        .fact("account_charge", "a new account burns", params.account_charge, json!(params.account_charge));
    Ok(report.only_json("allocation", accounts))
}

fn tell_bounds(report: Report, params: &Params) -> Report {
    let block = format!("{} bytes, {} actions", params.block_bytes_max, params.block_actions_max);
    let from = |(rule, height): (&Rule, &Height)| format!("{rule:?} from height {height}");
    let later: Vec<String> = params.activations.0.iter().map(from).collect();
    report
        .fact("block_bytes_max", "a block has at most", block, params.block_bytes_max)
        .only_json("block_actions_max", params.block_actions_max)
        .fact(
            "transaction_bytes_max",
            "a transaction",
            format!("{} bytes", params.transaction_bytes_max),
            params.transaction_bytes_max,
        )
        .fact(
            "snapshot_interval",
            "a snapshot every",
            format!("{} blocks", params.snapshot_interval),
            params.snapshot_interval,
        )
        .fact("activations", "not from the start", or_none(&later.join(", ")), json!(params.activations))
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}
