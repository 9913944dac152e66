use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use parking_lot::Mutex;

use super::folder::{self, Healing, Syncer};
use super::{Batch, KeyRange, KeyValue, KvError, Pairs, is_empty};

/// Bytes of one segment of sled's log; pages of more than a quarter become files of their own, and ours must not.
///
/// Small ones fill more often, which is what sled seizes up over (see [`BUFFERED_BYTES_MAX`]); large ones are cleaned
/// later and zeroed to their end at every start. Measured with a million entries replaced over and over: at 2 MiB the log
/// grows to 2.7 times what counts, at 8 to 3.7. It is part of the layout: a folder made with another does not open.
const SEGMENT_BYTES: usize = 2 << 20;

/// Sled buffers what it is given and writes it out on seven threads that all databases of a process share. When its
/// file shrinks and grows again at once, the growing waits for those threads while it holds a lock that they wait for:
/// with seven writes under way, everything stops for good (seen in a quarter of runs that wrote without a pause). So
/// one database writes at a time, and waits for its writes every so many bytes; a segment fills once in two of these.
const BUFFERED_BYTES_MAX: usize = super::BATCH_BYTES_MAX;

/// What a change costs in the log beyond key and value, about.
const CHANGE_OVERHEAD_BYTES: usize = 64;

/// See [`BUFFERED_BYTES_MAX`].
static WRITER_TURN: Mutex<()> = Mutex::new(());

/// How to open a [`Sled`].
#[derive(Clone, Copy, Debug)]
pub struct SledOptions {
    /// What sled is told to keep of its pages in memory. What the process grows by can be a multiple of it: sled looks
    /// at a page's size only after every 64th access to one of its 256 shards.
    pub cache_bytes: u64,
}

/// A store in sled 0.34: one tree, one atomic batch at a time, flushed when we say so.
///
/// Sled was written for sound files. On damaged ones it may give an error, panic, or open with what it finds before the
/// damage: an earlier state, or one with gaps. Errors and panics come out as [`KvError::Damaged`], after which the store
/// answers nothing else. Gaps it cannot see; whatever must notice them carries its own check, as
/// [`Runs`](crate::storage::Runs) do.
pub struct Sled {
    /// Taken only by dropping.
    database: Option<sled::Db>,
    path: PathBuf,
    syncer: Mutex<Syncer>,
    /// Bytes applied since sled was last told to write.
    buffered: AtomicUsize,
    /// A panic came out of sled, so that what it has in memory means nothing any more.
    broken: AtomicBool,
}

impl fmt::Debug for Sled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sled").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Sled {
    /// Opens the store in a folder, and makes it if there is none. What had to be healed is the caller's to log.
    ///
    /// # Errors
    /// `Damaged` when sled does not open it: then it is to be set aside and rebuilt. That it would open without its
    /// snapshot of the page table helps nobody: where sled has ever reused a segment of its log, it then finds little or
    /// nothing, says so to nobody, and overwrites the rest. `InUse` when somebody else has it open.
    pub fn open(path: &Path, options: SledOptions) -> Result<(Self, Vec<Healing>), KvError> {
        let healed = folder::prepare(path)?;
        if !folder::wait_for_lock(path)? {
            return Err(KvError::InUse { path: path.to_owned() });
        }
        let database = attempt(path, options)?;
        let store = Self {
            database: Some(database),
            path: path.to_owned(),
            syncer: Mutex::new(Syncer::open(path)?),
            buffered: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
        };
        Ok((store, healed))
    }

    /// Moves a folder that is beyond repair out of the way, over one that was moved earlier; says where it is now.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_aside(path: &Path) -> Result<PathBuf, KvError> {
        folder::set_aside(path)
    }

    /// Deletes a store that is not open.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove(path: &Path) -> Result<(), KvError> {
        folder::remove(path)
    }

    /// Calls into sled; a panic that comes out of it is damage, and the end of this handle.
    fn call<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&sled::Db) -> sled::Result<T>,
    ) -> Result<T, KvError> {
        if self.broken.load(Ordering::Acquire) {
            return Err(KvError::damaged("an earlier call failed"));
        }
        let database = self.database.as_ref().expect("only dropping takes it");
        contained(action, || work(database)).inspect_err(|error| {
            if matches!(error, KvError::Damaged { .. }) {
                self.broken.store(true, Ordering::Release);
            }
        })
    }

    /// Has sled write what it buffers; call it in turn.
    fn flush(&self) -> Result<(), KvError> {
        self.buffered.store(0, Ordering::Relaxed);
        self.call("flushing the store", |database| database.flush()).map(|_| ())
    }
}

fn attempt(path: &Path, options: SledOptions) -> Result<sled::Db, KvError> {
    let config = sled::Config::new()
        .path(path)
        .segment_size(SEGMENT_BYTES)
        .cache_capacity(options.cache_bytes.max(1 << 20))
        .flush_every_ms(None);
    contained("opening the store", || config.open())
}

/// Runs sled's code; turns its errors and panics into ours.
fn contained<T>(action: &'static str, work: impl FnOnce() -> sled::Result<T>) -> Result<T, KvError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(outcome) => outcome.map_err(|error| translate(action, error)),
        Err(panic) => Err(KvError::damaged(format!("{action}: {}", message(&*panic)))),
    }
}

fn translate(action: &'static str, error: sled::Error) -> KvError {
    match error {
        // A file that ends early or is missing was there when it was written.
        sled::Error::Io(source)
            if !matches!(
                source.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound | io::ErrorKind::InvalidData
            ) =>
        {
            KvError::Io { action, source }
        }
        error => KvError::damaged(format!("{action}: {error}")),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a text")
}

impl KeyValue for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.call("reading the store", |database| Ok(database.get(key)?.map(|value| value.to_vec())))
    }

    fn scan(&self, range: KeyRange<'_>) -> Pairs<'_> {
        if is_empty(range) {
            return Box::new(std::iter::empty());
        }
        match self.call("reading the store", |database| Ok(database.range::<&[u8], _>(range))) {
            Ok(pairs) => Box::new(Walk { store: self, pairs: Some(pairs) }),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }

    fn apply(&self, batch: Batch) -> Result<(), KvError> {
        let cost = batch.bytes + batch.changes.len() * CHANGE_OVERHEAD_BYTES;
        let mut changes = sled::Batch::default();
        for (key, value) in batch.changes {
            match value {
                Some(value) => changes.insert(key, value),
                None => changes.remove(key),
            }
        }
        let _turn = WRITER_TURN.lock();
        if self.buffered.fetch_add(cost, Ordering::Relaxed) + cost > BUFFERED_BYTES_MAX {
            self.flush()?;
            self.buffered.store(cost, Ordering::Relaxed);
        }
        self.call("writing to the store", |database| database.apply_batch(changes))
    }

    fn sync(&self) -> Result<(), KvError> {
        {
            let _turn = WRITER_TURN.lock();
            self.flush()?;
        }
        self.syncer.lock().sync()
    }

    fn disk_bytes(&self) -> Result<u64, KvError> {
        folder::bytes(&self.path)
    }
}

impl Drop for Sled {
    fn drop(&mut self) {
        let Some(database) = self.database.take() else { return };
        let close = move || drop(catch_unwind(AssertUnwindSafe(|| drop(database))));
        if self.broken.load(Ordering::Acquire) {
            // It may wait for ever for a thread of its own that died.
            drop(thread::Builder::new().name("sled-close".to_owned()).spawn(close));
        } else {
            let _turn = WRITER_TURN.lock();
            close();
            // Its threads let go of the folder a moment later, and whoever opens it again should not have to know.
            let _ = folder::wait_for_lock(&self.path);
        }
    }
}

/// A scan that contains what sled throws.
struct Walk<'a> {
    store: &'a Sled,
    /// None after an error.
    pairs: Option<sled::Iter>,
}

impl Iterator for Walk<'_> {
    type Item = Result<(Vec<u8>, Vec<u8>), KvError>;

    fn next(&mut self) -> Option<Self::Item> {
        let pairs = self.pairs.as_mut()?;
        let next = self.store.call("reading the store", |_| pairs.next().transpose());
        if !matches!(next, Ok(Some(_))) {
            self.pairs = None;
        }
        next.map(|pair| pair.map(|(key, value)| (key.to_vec(), value.to_vec()))).transpose()
    }
}
