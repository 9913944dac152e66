//! How much a node keeps on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long what was seen is told again.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How deep folders may lie in each other.
const DEPTH_MAX: usize = 8;
/// What every folder and every segment of a journal is called at first.
const JOURNAL: &str = "journal-";

/// The folder of a node.
pub struct Folder {
    path: PathBuf,
    seen: Mutex<Option<(Instant, Kept)>>,
}

/// What lies in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Kept {
    /// Bytes of all files.
    pub bytes: u64,
    /// Segments of the journal.
    pub segments: u64,
}

impl Folder {
    /// The one at this place.
    pub fn new(path: PathBuf) -> Self {
        Self { path, seen: Mutex::default() }
    }

    /// What lies in it, as seen within the last minute.
    pub fn kept(&self) -> Kept {
        let mut seen = self.seen.lock();
        if let Some((at, kept)) = *seen
            && at.elapsed() < LOOK_EVERY
        {
            return kept;
        }
        let mut kept = Kept::default();
        look(&self.path, 0, &mut kept);
        *seen = Some((Instant::now(), kept));
        kept
    }
}

fn look(folder: &Path, depth: usize, kept: &mut Kept) {
    // Files come and go meanwhile.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(about) = entry.metadata() else { continue };
        if about.is_dir() {
            if depth < DEPTH_MAX {
                look(&entry.path(), depth + 1, kept);
            }
            continue;
        }
        kept.bytes += about.len();
        let is_segment = depth == 1
            && entry.file_name().to_string_lossy().starts_with(JOURNAL)
            && folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(JOURNAL));
        kept.segments += u64::from(is_segment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_are_added_up_and_segments_counted() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: usize| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![0; bytes]).unwrap();
        };
        write("journal-1/journal-0000000001", 10);
        write("journal-1/journal-0000000002", 20);
        write("journal-1/lock", 1);
        write("other/journal-x", 300);
        let kept = Folder::new(folder.path().to_owned()).kept();
        assert_eq!(kept, Kept { bytes: 331, segments: 2 });
    }
}
