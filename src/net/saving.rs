//! Writes down what is to be kept, where that holds up nobody.

use std::io;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::keep::Keep;
use super::notices::Notices;

/// Where it is told that what was left here before is on the disk, or why it is not.
pub(super) type Told = oneshot::Sender<io::Result<()>>;

/// What is to be kept.
pub(super) enum Kept {
    Book(Vec<u8>),
    Bans(Vec<u8>),
    /// Nothing, but somebody waits for what came before.
    Told(Told),
}

/// Where the machine leaves what is to be kept. Nothing here waits.
pub(super) struct Saving {
    kept: mpsc::UnboundedSender<Kept>,
    ended: JoinHandle<()>,
}

impl Saving {
    pub fn start(keep: Keep, notices: Arc<Notices>) -> Self {
        let (kept, to_keep) = mpsc::unbounded_channel();
        let ended = tokio::task::spawn(save(keep, notices, to_keep));
        Self { kept, ended }
    }

    pub fn keep(&self, kept: Kept) {
        // It ends with the runtime only.
        let _ = self.kept.send(kept);
    }

    /// Waits until everything is on the disk.
    pub async fn finish(self) {
        drop(self.kept);
        let _ = self.ended.await;
    }
}

async fn save(keep: Keep, notices: Arc<Notices>, mut to_keep: mpsc::UnboundedReceiver<Kept>) {
    while let Some(first) = to_keep.recv().await {
        let (mut book, mut bans, mut waiting) = (None, None, Vec::new());
        let mut next = Some(first);
        // Of several that came meanwhile the last counts.
        while let Some(kept) = next {
            match kept {
                Kept::Book(bytes) => book = Some(bytes),
                Kept::Bans(bytes) => bans = Some(bytes),
                Kept::Told(told) => waiting.push(told),
            }
            next = to_keep.try_recv().ok();
        }
        let keep = keep.clone();
        let written = tokio::task::spawn_blocking(move || -> io::Result<()> {
            let book = book.map_or(Ok(()), |bytes| keep.save_book(&bytes));
            let bans = bans.map_or(Ok(()), |bytes| keep.save_bans(&bytes));
            book.and(bans)
        });
        let written = written.await.unwrap_or_else(|fault| Err(io::Error::other(fault)));
        if let Err(error) = &written {
            notices.say_seldom("what is known of peers could not be kept", &error.to_string());
        }
        for told in waiting {
            let again = |error: &io::Error| Err(io::Error::new(error.kind(), error.to_string()));
            // Whoever asked may have gone away.
            let _ = told.send(written.as_ref().map_or_else(again, |()| Ok(())));
        }
    }
}
