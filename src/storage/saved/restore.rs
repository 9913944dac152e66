//! Making a data folder from a saved one.

use std::fs;
use std::path::Path;

use super::super::StorageError;
use super::super::files::Disk;
use super::super::folder::new_manifest;
use super::super::journal::Journal;
use super::manifest::{Manifest, SavedFile};
use super::{Part, Saved, cannot, copy, link_or_copy};
use crate::types::ChainId;

/// Makes a data folder in which a node goes on from what was saved, as if nothing had happened since; `to` is not there yet,
/// or empty. Cursors of any other epoch than this one lead nowhere there.
///
/// Every file is compared with its checksum first. What was saved is not touched, and serves any number of times: files of
/// the journal get one more name, and nothing is ever written to them, because an empty one is begun behind.
///
/// # Errors
/// When nothing was saved there, or it is damaged, or something is at `to` already, or the disk refuses. Nothing is left at
/// `to` then.
pub fn restore(saved: &Path, to: &Path, epoch: u32) -> Result<Saved, StorageError> {
    let manifest = Manifest::read(saved)?;
    manifest.check_files(saved)?;
    Part::begin(to)?.fill(|part| {
        let journal = format!("journal-{}", manifest.journal);
        for file in &manifest.files {
            put(file, saved, part, &[&journal, "pool"])?;
        }
        for folder in [&journal, "pool"] {
            let path = part.join(folder);
            let files = Disk::open(&path).map_err(cannot("open", &path))?;
            Journal::begin_behind(&files, ChainId(manifest.chain))?;
        }
        new_manifest(part, ChainId(manifest.chain), epoch, manifest.journal)
    })?;
    Ok(manifest.saved())
}

/// Puts a file where it was when it was saved. What is appended to is linked, since nothing is appended to these any more;
/// of what others write anew there is a copy of our own.
fn put(file: &SavedFile, from: &Path, to: &Path, sealed: &[&str]) -> Result<(), StorageError> {
    let (from, to) = (from.join(&file.name), to.join(&file.name));
    let put = || {
        to.parent().map_or(Ok(()), fs::create_dir_all)?;
        match sealed.iter().any(|folder| file.name.starts_with(&format!("{folder}/"))) {
            true => link_or_copy(&from, &to),
            false => copy(&from, &to),
        }
    };
    put().map_err(cannot("restore", &from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Folder;

    #[test]
    fn folder_without_anything_saved_is_told_apart_from_a_damaged_one() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("to");
        let nothing = restore(folder.path(), &to, 1).unwrap_err();
        assert!(matches!(nothing, StorageError::NothingSaved(_)), "{nothing}");
        fs::write(folder.path().join("saved.json"), "{").unwrap();
        let damaged = restore(folder.path(), &to, 1).unwrap_err();
        assert!(matches!(damaged, StorageError::SavedDamaged { .. }), "{damaged}");
        assert!(Folder::genesis_text(&to).unwrap().is_none());
    }
}
