//! What the port keeps from one run to the next: who we are, whom we know, whom we banned.
//!
//! Nothing here is worth refusing to start for. A file that is damaged is set aside, for whoever wants to know, and
//! a new one takes its place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Log;
use super::noise::Identity;
use crate::protocol::{AddressBook, Bans, BookSecret};

const FOLDER: &str = "net";
const IDENTITY: &str = "identity.key";
const BOOK: &str = "peers.book";
const BANS: &str = "bans";
/// Longest file that is read; none of ours comes near.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// The folder in which the port keeps what it keeps.
#[derive(Clone)]
pub struct Keep {
    folder: PathBuf,
    log: Log,
}

impl Keep {
    /// The one in this data directory, made where it is not there yet.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(data_dir: &Path, log: Log) -> io::Result<Self> {
        let folder = data_dir.join(FOLDER);
        fs::create_dir_all(&folder).map_err(|error| named(&folder, &error))?;
        Ok(Self { folder, log })
    }

    /// Has whoever works in another data directory be who one is in this one.
    ///
    /// # Errors
    /// When that cannot be read or written.
    pub fn take_identity(from: &Path, to: &Path) -> io::Result<()> {
        let quiet: Log = std::sync::Arc::new(|_: &str| {});
        let identity = Self::open(from, std::sync::Arc::clone(&quiet))?.identity()?;
        Self::open(to, quiet)?.write(IDENTITY, &*identity.to_bytes())
    }

    /// Has whoever works in this data directory know no addresses of others.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn forget_addresses(data_dir: &Path) -> io::Result<()> {
        let path = data_dir.join(FOLDER).join(BOOK);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(named(&path, &error)),
            _ => Ok(()),
        }
    }

    /// Who we are: made once, and the same from then on.
    ///
    /// # Errors
    /// When it can be neither read nor written.
    pub fn identity(&self) -> io::Result<Identity> {
        if let Some(bytes) = self.read(IDENTITY)? {
            match <[u8; 32]>::try_from(&bytes[..]) {
                Ok(key) => return Ok(Identity::from_bytes(key)),
                Err(_) => self.set_aside(IDENTITY, "a key has 32 bytes")?,
            }
        }
        let identity = Identity::generate();
        self.write(IDENTITY, &*identity.to_bytes())?;
        Ok(identity)
    }

    /// The addresses that we know; none where nothing was kept. A new book places them by this secret.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn book(&self, secret: BookSecret, lab: bool) -> io::Result<AddressBook> {
        if let Some(bytes) = self.read(BOOK)? {
            match AddressBook::from_bytes(&bytes, lab) {
                Ok(book) => return Ok(book),
                Err(error) => self.set_aside(BOOK, &error.to_string())?,
            }
        }
        Ok(AddressBook::new(secret, lab))
    }

    /// Keeps the addresses that we know.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn save_book(&self, bytes: &[u8]) -> io::Result<()> {
        self.write(BOOK, bytes)
    }

    /// Whom we banned; nobody where nothing was kept.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn bans(&self) -> io::Result<Bans> {
        if let Some(bytes) = self.read(BANS)? {
            match Bans::from_bytes(&bytes) {
                Ok(bans) => return Ok(bans),
                Err(error) => self.set_aside(BANS, &error.to_string())?,
            }
        }
        Ok(Bans::new())
    }

    /// Keeps whom we banned.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn save_bans(&self, bytes: &[u8]) -> io::Result<()> {
        self.write(BANS, bytes)
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let path = self.folder.join(name);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // It is none of ours, and reading it might take all memory.
            Ok(metadata) if metadata.len() > FILE_BYTES_MAX => Ok(Some(Vec::new())),
            _ => fs::read(&path).map(Some).map_err(|error| named(&path, &error)),
        }
    }

    /// Puts a file in the place of the one of this name, as one step that is durable when this returns. Nobody else may
    /// read any of them.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (path, new) = (self.folder.join(name), self.folder.join(format!("{name}.new")));
        let write = || {
            match fs::remove_file(&new) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = create(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|error| named(&path, &error))
    }

    fn set_aside(&self, name: &str, why: &str) -> io::Result<()> {
        let (path, aside) = (self.folder.join(name), self.folder.join(format!("{name}.damaged")));
        fs::rename(&path, &aside).map_err(|error| named(&path, &error))?;
        let line = format!("{} cannot be read: {why}; it is {} now", path.display(), aside.display());
        (self.log)(&format!("{line}, and a new one takes its place"));
        Ok(())
    }
}

/// A new file that nobody else may read, from its first byte on.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The same error, saying whose it is.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tempfile::TempDir;

    use super::*;

    fn keep(folder: &TempDir) -> (Keep, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&lines);
        let keep = Keep::open(folder.path(), Arc::new(move |line: &str| log.lock().push(line.to_owned())));
        (keep.unwrap(), lines)
    }

    fn book(keep: &Keep) -> AddressBook {
        keep.book(BookSecret([9; 32]), true).unwrap()
    }

    #[test]
    fn node_is_the_same_in_its_next_run_and_keeps_its_key_to_itself() {
        let folder = TempDir::new().unwrap();
        let first = keep(&folder).0.identity().unwrap().node_id();
        assert_eq!(keep(&folder).0.identity().unwrap().node_id(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join("net/identity.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn book_and_bans_come_back_as_they_were_kept() {
        let folder = TempDir::new().unwrap();
        let (keep, lines) = keep(&folder);
        let mut kept = AddressBook::new(BookSecret([7; 32]), true);
        kept.connected("127.0.0.1:9000".parse().unwrap(), crate::types::Timestamp(1_700_000_000));
        keep.save_book(&kept.to_bytes()).unwrap();
        keep.save_bans(&Bans::new().to_bytes()).unwrap();
        assert_eq!(book(&keep), kept);
        assert!(keep.bans().is_ok());
        assert!(lines.lock().is_empty());
    }

    #[test]
    fn damaged_files_are_set_aside_and_said_so_and_new_ones_begun() {
        let folder = TempDir::new().unwrap();
        let (keep, lines) = keep(&folder);
        let damage = |bytes: &[u8]| {
            for name in [IDENTITY, BOOK, BANS] {
                fs::write(folder.path().join("net").join(name), bytes).unwrap();
            }
        };
        for (times, bytes) in [&b""[..], b"damaged", &[7; 33]].into_iter().enumerate() {
            damage(bytes);
            let identity = keep.identity().unwrap().node_id();
            assert_eq!(keep.identity().unwrap().node_id(), identity);
            assert!(book(&keep).is_empty());
            assert!(keep.bans().is_ok());
            assert_eq!(lines.lock().len(), 3 * (times + 1));
            assert_eq!(fs::read(folder.path().join("net/peers.book.damaged")).unwrap(), bytes);
        }
        assert!(lines.lock()[0].contains("identity.key"), "{:?}", lines.lock());
    }

    #[test]
    fn file_that_was_half_written_is_written_anew() {
        let folder = TempDir::new().unwrap();
        let (keep, _) = keep(&folder);
        fs::write(folder.path().join("net/peers.book.new"), b"half").unwrap();
        keep.save_book(&AddressBook::new(BookSecret([7; 32]), true).to_bytes()).unwrap();
        assert!(book(&keep).is_empty());
        assert!(!folder.path().join("net/peers.book.new").exists());
    }
}
