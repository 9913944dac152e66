//! `cairn chain`: work on the data of a node that is not running.

mod carry;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::config::{Place, Tuning};
use super::output::Report;
use super::progress::Progress;
use crate::node::{Node, NodeHandle, RulingRefused, Tip, map_seed, verify_on_all_cores};
use crate::storage::{Recovered, prune, rebuild_database, verify_journal};
use crate::types::BlockHash;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Say what is kept: tip, blocks, where block data begins, bytes.
    Info(Stopped),
    /// Check everything again: each record, each rule, each signature, and the state that follows. Changes nothing.
    ///
    /// What the database knows of the journal's end is read from a copy of it, which needs room beside it meanwhile.
    Verify(Stopped),
    /// Throw the database away and make it again from the journal, indexes included.
    ///
    /// A node does this by itself when it finds the database damaged. It cannot mend the journal: where that is damaged,
    /// `--salvage` takes all blocks out of it that can be read and submits them to a new one; what was in the damaged
    /// records is gone, and with it whatever stood on those blocks, until peers bring it again.
    Reindex(Reindex),
    /// Forget the blocks below the last N, for good; headers and the state stay.
    ///
    /// A reorganization that begins below is impossible afterwards, and the history of accounts begins there.
    Prune(Prune),
    /// Leave a block, in a laboratory: neither it nor what stands on it is followed, until it is reconsidered.
    ///
    /// The best other branch is followed instead, whatever its work. It holds for the node that is started here next, and until
    /// `reconsider`. A node that runs is told over HTTP: `POST /admin/v1/chain/invalidate`.
    Invalidate(Ruling),
    /// Let a block that was left count again, with all below and above it.
    ///
    /// What broke a rule stays condemned. A node that runs is told over HTTP: `POST /admin/v1/chain/reconsider`.
    Reconsider(Ruling),
    /// Write the branch that is followed to a file. Where the file holds a part of it already, the rest is added.
    Export(Export),
    /// Submit the blocks of a file. Everything is checked, whatever is known is passed over, so it can be done again.
    Import(Import),
}

#[derive(Args)]
pub(super) struct Stopped {
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Reindex {
    #[command(flatten)]
    stopped: Stopped,
    /// Begin a new journal with the blocks that can be read out of a damaged one.
    #[arg(long)]
    salvage: bool,
}

#[derive(Args)]
pub(super) struct Prune {
    #[command(flatten)]
    stopped: Stopped,
    /// How many blocks to keep.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
}

#[derive(Args)]
pub(super) struct Ruling {
    #[command(flatten)]
    stopped: Stopped,
    /// The block's hash, as `/v1/tips` tells it.
    #[arg(value_name = "HASH")]
    block: BlockHash,
}

#[derive(Args)]
pub(super) struct Export {
    #[command(flatten)]
    stopped: Stopped,
    /// The file to write.
    file: PathBuf,
    /// The last height to write; the tip, if not given.
    #[arg(long, value_name = "HEIGHT")]
    to: Option<u32>,
}

#[derive(Args)]
pub(super) struct Import {
    #[command(flatten)]
    stopped: Stopped,
    #[command(flatten)]
    tuning: Tuning,
    /// The file to read.
    file: PathBuf,
}

pub(super) fn run(command: &Command) -> Result<()> {
    match command {
        Command::Info(stopped) => info(stopped),
        Command::Verify(stopped) => verify(stopped),
        Command::Reindex(reindex) => rebuild(reindex),
        Command::Prune(prune) => forget(prune),
        Command::Invalidate(ruling) => rule(ruling, async |node| node.invalidate(ruling.block).await),
        Command::Reconsider(ruling) => rule(ruling, async |node| node.reconsider(ruling.block).await),
        Command::Export(export) => carry::export(export),
        Command::Import(import) => carry::import(import),
    }
}

fn info(Stopped { place, json }: &Stopped) -> Result<()> {
    let settled = place.settle_existing()?;
    let recovered = Recovered::open(&settled.data_dir, &settled.genesis, None, map_seed())?;
    tell_store(Report::default(), settled.genesis.name(), &recovered)?.tell(*json)
}

/// What there is to say about a store.
fn tell_store(report: Report, name: &str, recovered: &Recovered) -> Result<Report> {
    let Recovered { folder, store, tables, chain, written, base, .. } = recovered;
    let tip = chain.tip();
    let (journal, database) = (store.bytes(), tables.disk_bytes()?);
    let indexed = chain.entry(&tables.index_mark().block).map_or(0, |entry| entry.height.0);
    let on_branch = tip.height.0 as usize + 1;
    let ruled_out: Vec<&BlockHash> = chain.ruled_out().collect();
    Ok(report
        .same("name", "name", name)
        .same("chain", "chain", folder.chain())
        .same("data_dir", "kept in", folder.path().display())
        .fact("height", "height", tip.height, tip.height.0)
        .same("tip", "tip", tip.hash)
        .same("work", "work", tip.work)
        .fact("base", "blocks kept above height", base, base.0)
        .fact("side_blocks", "blocks on other branches", written.len() - on_branch, written.len() - on_branch)
        .fact("ruled_out", "blocks ruled out", ruled_out.len(), json!(ruled_out))
        .fact("steps", "steps taken", store.sequence(), store.sequence())
        .fact("epoch", "epoch", folder.epoch(), folder.epoch())
        .fact("indexed", "indexed up to height", indexed, indexed)
        .fact(
            "entries",
            "entries of the state",
            recovered.ledger.state().len(),
            recovered.ledger.state().len(),
        )
        .fact("journal_bytes", "journal", format!("{journal} bytes"), journal)
        .fact("database_bytes", "database", format!("{database} bytes"), database)
        .only_json("notes", json!(recovered.notes)))
}

fn verify(Stopped { place, json }: &Stopped) -> Result<()> {
    let settled = place.settle_existing()?;
    let begun = Instant::now();
    let mut progress = Progress::new("verifying", "bytes", 0);
    let verified = verify_journal(
        &settled.data_dir,
        &settled.genesis,
        map_seed(),
        &verify_on_all_cores,
        &mut |done, total| {
            progress.at(done, total);
        },
    );
    progress.finish();
    let verified = verified?;
    let seconds = begun.elapsed().as_secs_f64();
    let report = Report::default()
        .fact(
            "valid",
            "verdict",
            if verified.is_sound() { "sound" } else { "NOT sound" },
            verified.is_sound(),
        )
        .fact("records", "records", verified.records, verified.records)
        .fact("damaged", "damaged", verified.damaged.len(), json!(verified.damaged))
        .fact(
            "unfinished_bytes",
            "left unfinished",
            match verified.unfinished_bytes {
                0 => "nothing".to_owned(),
                bytes => format!("{bytes} bytes, which the next start cuts off"),
            },
            verified.unfinished_bytes,
        )
        .fact("seconds", "took", format!("{seconds:.1} seconds"), seconds);
    let report = match &verified.replayed {
        Ok(replayed) => report
            .fact("height", "leads to height", replayed.height, replayed.height.0)
            .same("tip", "tip", replayed.tip)
            .same("state", "state", replayed.state)
            .fact("blocks", "blocks on all branches", replayed.blocks, replayed.blocks),
        Err(reason) => report.same("reason", "not replayed", reason),
    };
    report.tell(*json)?;
    if verified.is_sound() {
        return Ok(());
    }
    bail!("{}", verified.damaged.first().or(verified.replayed.as_ref().err()).cloned().unwrap_or_default())
}

fn rebuild(Reindex { stopped, salvage }: &Reindex) -> Result<()> {
    if *salvage {
        return carry::salvage(stopped);
    }
    let settled = stopped.place.settle_existing()?;
    let mut progress = Progress::new("reindexing", "steps", 0);
    let rebuilt = rebuild_database(&settled.data_dir, &settled.genesis, map_seed(), &mut |done, total| {
        progress.at(done, total);
    });
    progress.finish();
    tell_store(Report::default(), settled.genesis.name(), &rebuilt?)?.tell(stopped.json)
}

fn forget(Prune { stopped, keep }: &Prune) -> Result<()> {
    let settled = stopped.place.settle_existing()?;
    let pruned = prune(&settled.data_dir, &settled.genesis, map_seed(), *keep)?;
    // Now, rather than at the next start.
    drop(Recovered::open(&settled.data_dir, &settled.genesis, None, map_seed())?);
    let (before, after) = (pruned.bytes_before, pruned.bytes_after);
    Report::default()
        .fact("base", "blocks kept above height", pruned.base, pruned.base.0)
        .fact("journal_bytes_before", "journal before", format!("{before} bytes"), before)
        .fact("journal_bytes", "journal now", format!("{after} bytes"), after)
        .tell(stopped.json)
}

/// Starts a node of our own that is told what to follow, and stops it.
fn rule(
    Ruling { stopped, .. }: &Ruling,
    order: impl AsyncFnOnce(&NodeHandle) -> Result<Tip, RulingRefused>,
) -> Result<()> {
    let settled = stopped.place.settle_existing()?;
    let node = Node::start(settled.node(&Tuning::default())?)?;
    let before = node.handle().reader().tip();
    let outcome = pollster::block_on(order(&node.handle()));
    node.stop();
    let tip = outcome?;
    Report::default()
        .fact("height_before", "height before", before.height, before.height.0)
        .same("tip_before", "tip before", before.hash)
        .fact("height", "height", tip.height, tip.height.0)
        .same("tip", "tip", tip.hash)
        .tell(stopped.json)
}
