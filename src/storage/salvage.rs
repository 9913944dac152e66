//! Taking out of a damaged journal what can be read, and beginning another in its place.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::StorageError;
use super::files::Disk;
use super::folder::Folder;
use super::journal::{Journal, JournalOptions};
use super::maintenance::inspect;
use super::open::{begin, write_ruled_out};
use super::records::Record;
use crate::consensus::Genesis;
use crate::types::{Block, Height};

/// What is read out of a damaged journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Salvaged {
    /// A block.
    Block(Box<Block>),
    /// That was all. The journal is set aside once this is taken: from then on, what was taken must be durable.
    End,
}

/// Takes all blocks that can be read out of a damaged journal, hands them on in the order in which they came, and begins a
/// new journal in its place; the damaged one is set aside as `damaged-journal`. Answers with what could not be read, in
/// words.
///
/// # Errors
/// When the folder is in use, the journal does not go back to genesis, or the disk refuses.
pub fn salvage(
    path: &Path,
    genesis: &Genesis,
    take: &mut dyn FnMut(Salvaged) -> Result<(), StorageError>,
) -> Result<Vec<String>, StorageError> {
    let mut folder = Folder::open_existing(path, genesis)?;
    let (library, _) = inspect(&folder, genesis)?;
    let journal = library.journal();
    let (mut lost, mut ruled_out) = (Vec::new(), BTreeSet::new());
    for checked in journal.verify() {
        let record = checked.and_then(|location| Ok((location, journal.read(location)?)));
        let record = record.map_err(StorageError::from);
        match record.and_then(|(location, payload)| Record::read(&payload, location)) {
            Ok(Record::Block(block)) => take(Salvaged::Block(block))?,
            Ok(Record::Base(base)) if base.height != Height::GENESIS => {
                return Err(StorageError::Pruned { base: base.height.0 });
            }
            // Blocks would stand on what was pruned, and a node would begin at genesis without a word.
            Ok(Record::Headers(_) | Record::Entries(_)) => return Err(StorageError::BaseLost),
            Ok(Record::Ruling(ruling)) => ruling.apply(&mut ruled_out),
            Ok(Record::Base(_) | Record::Connected(..) | Record::Disconnected(_) | Record::Voucher) => {}
            Err(error) => lost.push(error.to_string()),
        }
    }
    take(Salvaged::End)?;
    let next = folder.next_journal_path();
    let _ = std::fs::remove_dir_all(&next);
    let files = Disk::open(&next).map_err(StorageError::io(format!("cannot make {}", next.display())))?;
    let mut journal = Journal::create(Arc::new(files), genesis.params().chain, JournalOptions::default())?;
    begin(&mut journal, genesis)?;
    write_ruled_out(&mut journal, &ruled_out)?;
    folder.set_journal_aside()?;
    Ok(lost)
}
