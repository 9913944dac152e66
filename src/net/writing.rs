//! What goes on a connection: chunks, frames, bytes.

use std::convert::Infallible;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::select;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::faults::{Link, LinkWatch};
use super::line::Line;
use super::noise::Sealer;
use super::sending::Sending;
use super::wire::End;

/// Bytes that are gathered for one call of the system.
const WRITE_BYTES: usize = 128 << 10;
/// What a connection keeps of its buffers when it has nothing to send.
const KEPT_BYTES: usize = 2 << 10;

/// What goes to one who is connected.
pub(super) struct Writing {
    writer: OwnedWriteHalf,
    sealer: Sealer,
    sending: Sending,
    link: LinkWatch,
    /// What is wrong with it, as of the last look.
    fault: Option<Link>,
    /// What is on its way, where it takes its time.
    line: Option<Box<Line>>,
    draws: ChaCha8Rng,
    /// Since when nothing passes although something waits.
    cut_since: Option<Instant>,
    patience: Duration,
    chunk: Vec<u8>,
    /// What is sealed, and how much of it is sent.
    sealed: Vec<u8>,
    sent: usize,
}

impl Writing {
    pub fn new(
        writer: OwnedWriteHalf,
        sealer: Sealer,
        sending: Sending,
        mut link: LinkWatch,
        draws: ChaCha8Rng,
        patience: Duration,
    ) -> Self {
        Self {
            writer,
            sealer,
            sending,
            fault: link.link(),
            link,
            line: None,
            draws,
            cut_since: None,
            patience,
            chunk: Vec::new(),
            sealed: Vec::new(),
            sent: 0,
        }
    }

    /// Sends until there is an end.
    pub async fn write(&mut self) -> Result<Infallible, End> {
        loop {
            if self.link.has_changed() {
                self.fault = self.link.link();
            }
            if self.fault.is_none() && self.line.as_ref().is_none_or(|line| line.is_empty()) {
                self.line = None;
                self.write_soundly().await?;
            } else {
                self.write_faultily().await?;
            }
        }
    }

    /// Sends what can still be sent at once, and says that nothing more will come.
    pub async fn finish(&mut self) -> Result<(), End> {
        self.flush().await?;
        if self.fault.is_none() && self.line.is_none() && self.gather() {
            self.flush().await?;
        }
        Ok(self.writer.shutdown().await?)
    }

    async fn write_soundly(&mut self) -> Result<(), End> {
        if self.gather() {
            return self.flush().await;
        }
        self.chunk.shrink_to(KEPT_BYTES);
        self.sealed.shrink_to(KEPT_BYTES);
        select! {
            () = self.sending.ready() => {}
            () = self.link.changed() => self.fault = self.link.link(),
        }
        Ok(())
    }

    /// Seals all that waits, as far as one call takes it.
    fn gather(&mut self) -> bool {
        while self.sealed.len() < WRITE_BYTES && self.sending.next_chunk(&mut self.chunk) {
            self.sealer.seal(&self.chunk, &mut self.sealed);
        }
        !self.sealed.is_empty()
    }

    /// Sends what is sealed. May be given up and begun again.
    ///
    /// # Security
    /// All of it is to be taken in time, not a byte now and then: else it could be kept here for ever.
    async fn flush(&mut self) -> Result<(), End> {
        let end = Instant::now() + self.patience;
        while self.sent < self.sealed.len() {
            let writing = self.writer.write(&self.sealed[self.sent..]);
            let count = timeout_at(end, writing).await.map_err(|_| End::Stuck)??;
            if count == 0 {
                return Err(End::HungUp);
            }
            self.sent += count;
            self.sending.count_out(count);
        }
        self.sealed.clear();
        self.sent = 0;
        Ok(())
    }

    /// The same over a link with faults: each frame takes its time. A link that was healed is one until what is on its way
    /// has arrived.
    async fn write_faultily(&mut self) -> Result<(), End> {
        // What was sealed before is on its way.
        self.flush().await?;
        let link = self.fault.unwrap_or_default();
        if link.cut {
            return self.wait_while_cut().await;
        }
        self.cut_since = None;
        let now = Instant::now();
        let line = self.line.get_or_insert_with(|| Box::new(Line::new(self.draws.clone(), now)));
        line.take_due(now, &mut self.sealed);
        if !self.sealed.is_empty() {
            return self.flush().await;
        }
        let open_at = line.open_at();
        let is_open = open_at.is_some_and(|at| at <= now);
        if is_open && self.sending.next_chunk(&mut self.chunk) {
            let mut frame = Vec::new();
            self.sealer.seal(&self.chunk, &mut frame);
            line.put(frame, &link, now);
            return Ok(());
        }
        let next = [line.due_at(), open_at.filter(|_| !is_open)].into_iter().flatten().min();
        select! {
            () = self.sending.ready(), if is_open => {}
            () = self.link.changed() => self.fault = self.link.link(),
            () = sleep_until(next.unwrap_or(now)), if next.is_some() => {}
        }
        Ok(())
    }

    /// Nothing passes: what was sent waits for the link to heal, but not for ever.
    async fn wait_while_cut(&mut self) -> Result<(), End> {
        let is_on_its_way = self.line.as_ref().is_some_and(|line| !line.is_empty());
        let waits = is_on_its_way || self.sending.waiting_bytes() > 0;
        if !waits {
            self.cut_since = None;
        }
        let since = *self.cut_since.get_or_insert_with(Instant::now);
        select! {
            () = self.sending.ready(), if !waits => self.cut_since = None,
            () = self.link.changed() => self.fault = self.link.link(),
            () = sleep_until(since + self.patience), if waits => return Err(End::Stuck),
        }
        Ok(())
    }
}
