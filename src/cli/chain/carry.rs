//! Carrying blocks from one place to another: export, import, salvage.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::json;

use super::super::config::Settled;
use super::super::output::Report;
use super::super::progress::Progress;
use super::{Export, Import, Stopped};
use crate::chain::Validity;
use crate::codec::{decode, encode};
use crate::node::{BlockRefused, BlockVerdict, Node, NodeHandle, NodeOptions, Pending, Verdict, map_seed};
use crate::storage::{
    self, CHAIN_FILE_HEAD_BYTES, ChainFile, ChainFileError, Folder, Recovered, Salvaged, arrival,
};
use crate::types::{Block, BlockHash, HEADER_BYTES, Header, Height};

/// Blocks on their way at once; their bytes are bounded by the node.
const BLOCKS_AHEAD: usize = 4096;
/// Headers submitted at once.
const HEADERS_TOGETHER: usize = 2000;

pub(super) fn export(Export { stopped, file: path, to }: &Export) -> Result<()> {
    let settled = stopped.place.settle_existing()?;
    let recovered = Recovered::open(&settled.data_dir, &settled.genesis, None, map_seed())?;
    let tip = recovered.chain.tip().height;
    let last = to.map_or(tip, Height);
    ensure!(last <= tip, "there is no height {last}: the tip stands at {tip}");
    ensure!(
        recovered.base == Height::GENESIS,
        "blocks up to height {} were pruned here: nobody could follow from genesis",
        recovered.base
    );
    let (mut file, held) = open_export(path, &settled, &recovered)?;
    let mut progress = Progress::new("exporting", "blocks", last.0.into());
    for height in held.0 + 1..=last.0 {
        let block = block_at(&recovered, Height(height))?;
        storage::write_block(&mut file, &block)
            .with_context(|| format!("cannot write {}", path.display()))?;
        progress.at(height.into(), last.0.into());
    }
    let file = file.into_inner().map_err(|error| anyhow!("cannot write {}: {error}", path.display()))?;
    file.sync_all().with_context(|| format!("cannot write {}", path.display()))?;
    progress.finish();
    let bytes = file.metadata()?.len();
    let added = last.0.saturating_sub(held.0);
    Report::default()
        .same("file", "file", path.display())
        .fact("height", "up to height", last.max(held), last.max(held).0)
        .fact("added", "blocks added", added, added)
        .fact("bytes", "bytes", bytes, bytes)
        .tell(stopped.json)
}

fn block_at(recovered: &Recovered, height: Height) -> Result<Block> {
    let entry = recovered.chain.at(height).ok_or_else(|| anyhow!("there is no height {height}"))?;
    let location =
        arrival(&recovered.chain, &entry.hash).and_then(|arrival| recovered.written[arrival].block);
    let location = location.ok_or_else(|| anyhow!("block {} is not kept", entry.hash))?;
    Ok(recovered.store.library().block(location)?)
}

/// A file to add to, standing behind the last whole block of ours that it holds; and that block's height.
fn open_export(path: &Path, settled: &Settled, recovered: &Recovered) -> Result<(BufWriter<File>, Height)> {
    let cannot = || format!("cannot write {}", path.display());
    let chain = settled.genesis.params().chain;
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .with_context(cannot)?;
    let (mut head, mut found) = (Vec::new(), Vec::new());
    storage::begin_chain_file(&mut head, chain)?;
    (&file).take(CHAIN_FILE_HEAD_BYTES).read_to_end(&mut found).with_context(cannot)?;
    file.rewind().with_context(cannot)?;
    if found.len() < head.len() {
        // Nothing yet, or the beginning of ours; somebody's notes are not written over.
        ensure!(head.starts_with(&found), "{}: {}", path.display(), ChainFileError::NoChainFile);
        file.write_all(&head).with_context(cannot)?;
        return Ok((BufWriter::new(file), Height::GENESIS));
    }
    let mut height = Height::GENESIS;
    let mut held =
        ChainFile::open(BufReader::new(&file), chain).with_context(|| path.display().to_string())?;
    let mut end = held.offset();
    loop {
        match held.next_bytes() {
            Ok(Some(bytes)) => {
                height = Height(height.0 + 1);
                let header = bytes.first_chunk::<HEADER_BYTES>().map(Header::from_bytes);
                let ours = recovered.chain.at(height).ok_or_else(|| {
                    let tip = recovered.chain.tip().height;
                    anyhow!("{} holds blocks above our tip at height {tip}: import it", path.display())
                })?;
                ensure!(
                    header == Some(ours.header),
                    "{} holds another branch from height {height} on: write elsewhere",
                    path.display()
                );
                ensure!(
                    bytes == encode(&block_at(recovered, height)?),
                    "{} is damaged at height {height}: write elsewhere",
                    path.display()
                );
                end = held.offset();
            }
            Ok(None) | Err(ChainFileError::CutShort { .. }) => break,
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
    }
    file.set_len(end).with_context(cannot)?;
    file.seek(SeekFrom::Start(end)).with_context(cannot)?;
    Ok((BufWriter::new(file), height))
}

pub(super) fn import(Import { stopped, tuning, file: path }: &Import) -> Result<()> {
    let settled = stopped.place.settle()?;
    let (_, report) = import_file(&settled, settled.node(tuning)?, path, Faults::End)?;
    report.tell(stopped.json)
}

/// What is done about a block that cannot be taken in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Faults {
    /// It ends everything.
    End,
    /// It is left out, because blocks below it may be lost.
    LeaveOut,
}

/// Submits the blocks of a file to a node of our own, which is stopped afterwards.
fn import_file(
    settled: &Settled,
    options: NodeOptions,
    path: &Path,
    faults: Faults,
) -> Result<(Imported, Report)> {
    let begun = Instant::now();
    let open = || -> Result<ChainFile<BufReader<File>>> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = BufReader::with_capacity(1 << 20, file);
        ChainFile::open(file, settled.genesis.params().chain).with_context(|| path.display().to_string())
    };
    let (headers, blocks) = (open()?, open()?);
    let node = Node::start(options)?;
    let outcome = submit_headers(&node.handle(), headers)
        .and_then(|count| submit_blocks(&node.handle(), blocks, count, faults));
    let tip = node.handle().reader().tip();
    node.stop();
    let imported =
        outcome.with_context(|| format!("{}, taken in up to height {}", path.display(), tip.height))?;
    let seconds = begun.elapsed().as_secs_f64();
    let report = Report::default()
        .fact("blocks", "blocks taken in", imported.blocks, imported.blocks)
        .fact("known", "known before", imported.known, imported.known)
        .fact("transactions", "transactions", imported.transactions, imported.transactions)
        .fact("height", "height", tip.height, tip.height.0)
        .same("tip", "tip", tip.hash)
        .fact("seconds", "took", format!("{seconds:.1} seconds"), seconds);
    Ok((imported, report))
}

/// All headers first: they say how many blocks there are, and how much work, before any body is looked at.
///
/// What is wrong with one is said when its block is read: those below it are taken in before that.
fn submit_headers(handle: &NodeHandle, mut file: ChainFile<BufReader<File>>) -> Result<u64> {
    let mut count = 0;
    loop {
        let headers = std::iter::from_fn(|| file.next_header().ok().flatten());
        let headers: Vec<Header> = headers.take(HEADERS_TOGETHER).collect();
        let submitted = headers.len();
        let answers = pollster::block_on(handle.submit_headers(headers))?;
        let good = answers.iter().filter(|answer| answer.is_ok()).count();
        count += good as u64;
        if good < submitted || submitted < HEADERS_TOGETHER {
            return Ok(count);
        }
    }
}

/// What became of the blocks of a file.
#[derive(Default)]
struct Imported {
    blocks: u64,
    known: u64,
    transactions: u64,
    left_out: u64,
}

/// A block on its way.
struct Submitted {
    hash: BlockHash,
    transactions: u64,
    answer: Pending<BlockVerdict>,
}

fn submit_blocks(
    handle: &NodeHandle,
    mut file: ChainFile<BufReader<File>>,
    total: u64,
    faults: Faults,
) -> Result<Imported> {
    let _bulk = handle.bulk();
    let reader = handle.reader();
    let mut progress = Progress::new("importing", "blocks", total);
    let mut imported = Imported::default();
    let mut pending: VecDeque<Submitted> = VecDeque::new();
    let end = loop {
        let offset = file.offset();
        let bytes = match file.next_bytes() {
            Ok(Some(bytes)) => bytes,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        };
        let hash = bytes.first_chunk::<HEADER_BYTES>().map(|header| Header::from_bytes(header).hash());
        let known = hash.and_then(|hash| reader.header(&hash)).filter(|entry| entry.arrival.is_some());
        // One that was refused is here too, and is refused again.
        if known.is_some_and(|entry| entry.validity == Validity::Valid) {
            imported.known += 1;
            continue;
        }
        let block: Block = match decode(&bytes) {
            Ok(block) => block,
            Err(error) => break Err(ChainFileError::Block { offset, error }),
        };
        let (hash, transactions) = (block.header.hash(), block.transactions.len() as u64);
        let answer = pollster::block_on(handle.submit_block(block));
        pending.push_back(Submitted { hash, transactions, answer });
        if pending.len() >= BLOCKS_AHEAD {
            imported.take_answer(&mut pending, faults)?;
        }
        progress.at(imported.known + imported.blocks, total);
    };
    // Before anything is said about the file's end: what was submitted is not lost, and may itself be at fault.
    while !pending.is_empty() {
        imported.take_answer(&mut pending, faults)?;
        progress.at(imported.known + imported.blocks, total);
    }
    progress.finish();
    end?;
    Ok(imported)
}

impl Imported {
    fn take_answer(&mut self, pending: &mut VecDeque<Submitted>, faults: Faults) -> Result<()> {
        let Some(Submitted { hash, transactions, answer }) = pending.pop_front() else { return Ok(()) };
        let fault = match answer.wait() {
            Ok(Verdict::Side | Verdict::Followed { .. }) => {
                self.blocks += 1;
                self.transactions += transactions;
                return Ok(());
            }
            Ok(Verdict::Known) => {
                self.known += 1;
                return Ok(());
            }
            Ok(Verdict::Early { seconds }) => bail!(
                "block {hash} lies {seconds} seconds ahead of this machine's clock: set that, or wait, and import again"
            ),
            Err(BlockRefused::Closed(closed)) => return Err(closed.into()),
            Ok(Verdict::Orphan { missing }) => {
                anyhow!("block {hash} stands on {missing}, which is neither here nor before it in the file")
            }
            Err(error) => anyhow!("block {hash} was refused: {error}"),
        };
        if faults == Faults::End {
            return Err(fault);
        }
        self.left_out += 1;
        Ok(())
    }
}

/// Takes all blocks that can be read out of a damaged journal, and submits them to a new one.
///
/// Done again after it was interrupted, it goes on: what was read is in a file of its own, complete and synced, before the
/// journal is set aside.
pub(super) fn salvage(stopped: &Stopped) -> Result<()> {
    let settled = stopped.place.settle_existing()?;
    let (path, aside) = (settled.data_dir.join("salvaged.blocks"), settled.data_dir.join("damaged-journal"));
    let lost = match Folder::has_journal_aside(&settled.data_dir)? {
        true => Vec::new(),
        false => read_damaged(&settled, &path)?,
    };
    ensure!(
        path.exists(),
        "{} is what an earlier salvage set aside, and would be lost: move it away first",
        aside.display()
    );
    let options = settled.node(&super::Tuning::default())?;
    let (imported, report) = import_file(&settled, options, &path, Faults::LeaveOut)
        .with_context(|| format!("what could be read is in {}; try again to take it in", path.display()))?;
    fs::remove_file(&path)?;
    report
        .fact("lost", "places that could not be read", lost.len(), json!(lost))
        .fact("left_out", "left out, above what is lost", imported.left_out, imported.left_out)
        .same("aside", "the damaged journal is in", aside.display())
        .tell(stopped.json)
}

/// Writes all blocks of a damaged journal to a chain file, behind those that an interrupted salvage left there. Answers with
/// what could not be read.
fn read_damaged(settled: &Settled, path: &Path) -> Result<Vec<String>, storage::StorageError> {
    let cannot =
        |error| storage::StorageError::Io { what: format!("cannot write {}", path.display()), error };
    let part = path.with_extension("part");
    let begin = || -> io::Result<BufWriter<File>> {
        if path.exists() {
            fs::copy(path, &part)?;
            return Ok(BufWriter::new(File::options().append(true).open(&part)?));
        }
        let mut file = BufWriter::new(File::create(&part)?);
        storage::begin_chain_file(&mut file, settled.genesis.params().chain)?;
        Ok(file)
    };
    let mut file: Option<BufWriter<File>> = None;
    // Begun no sooner than the folder is known to be ours.
    let mut take = |salvaged: Salvaged| {
        let file = match &mut file {
            Some(file) => file,
            none => none.insert(begin()?),
        };
        match salvaged {
            Salvaged::Block(block) => storage::write_block(file, &block).map(|_| ()),
            Salvaged::End => {
                file.flush()?;
                file.get_ref().sync_all()?;
                fs::rename(&part, path)
            }
        }
    };
    storage::salvage(&settled.data_dir, &settled.genesis, &mut |salvaged| take(salvaged).map_err(cannot))
}
