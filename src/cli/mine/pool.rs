//! Mining for a pool, until it refuses us or we are told to stop.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cli::output::{count, hash_rate, say, say_seldom};
use crate::cli::signals;
use crate::stratum::client::{Client, ClientOptions, Event};
use crate::template::Meter;

/// How often the hash rate is told.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// What a miner has to say, or a signal.
enum Wake {
    Signal,
    Event(Event),
}

pub(super) fn mine(options: ClientOptions, time: Option<Duration>) -> Result<()> {
    let (sender, woken) = channel();
    let signalled = sender.clone();
    signals::watch(move || drop(signalled.send(Wake::Signal)))?;
    let ClientOptions { pool, threads, kernel, .. } = &options;
    let mining = format!("mining for {pool}, {}, kernel {kernel}", count(*threads, "thread"));
    let client = Client::start(options, move |event| {
        // Nobody listens any more only where this process is about to end.
        let _ = sender.send(Wake::Event(event));
    });
    let client = client.context("cannot start threads")?;
    say(&mining);
    let mut tally = Tally::new();
    let end = time.map(|time| tally.begun + time);
    let outcome = tally.follow(&woken, &client, end);
    let told = tally.line(&client);
    client.stop();
    outcome?;
    say(&format!("stopped: {told}"));
    Ok(())
}

/// What has come of it so far.
struct Tally {
    begun: Instant,
    meter: Meter,
    counted: u64,
    accepted: u64,
    rejected: u64,
    /// On an easy chain the pool answers more often than anybody can read.
    say_answer: Box<dyn Fn(&str)>,
}

impl Tally {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            meter: Meter::new(0.0),
            counted: 0,
            accepted: 0,
            rejected: 0,
            say_answer: Box::new(say_seldom()),
        }
    }

    /// Says what happens until it is told to stop, or until then.
    fn follow(&mut self, woken: &Receiver<Wake>, client: &Client, end: Option<Instant>) -> Result<()> {
        let mut due = Instant::now() + TELL_EVERY;
        loop {
            let now = Instant::now();
            if end.is_some_and(|end| now >= end) {
                return Ok(());
            }
            let next = end.map_or(due, |end| due.min(end));
            match woken.recv_timeout(next.saturating_duration_since(now)) {
                Ok(Wake::Signal) => return Ok(()),
                Ok(Wake::Event(event)) => self.hear(event)?,
                Err(RecvTimeoutError::Timeout) if next < due => {}
                Err(RecvTimeoutError::Timeout) => {
                    say(&self.line(client));
                    due = Instant::now() + TELL_EVERY;
                }
                Err(RecvTimeoutError::Disconnected) => bail!("a fault in the miner has ended it"),
            }
        }
    }

    fn hear(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Joined => say("the pool lets us mine"),
            Event::Difficulty(difficulty) => say(&format!("a share has difficulty {difficulty}")),
            Event::Accepted => {
                self.accepted += 1;
                let all = self.accepted + self.rejected;
                (self.say_answer)(&format!("accepted, {} of {all}", self.accepted));
            }
            Event::Rejected(reason) => {
                self.rejected += 1;
                let all = self.accepted + self.rejected;
                (self.say_answer)(&format!("rejected, {} of {all}: {reason}", self.rejected));
            }
            Event::Lost { reason, retry } => {
                say(&format!("no connection: {reason}; again in {} s", retry.as_secs()));
            }
            Event::Refused(reason) => bail!("the pool refuses this user: {reason}"),
            Event::Said(text) => say(&format!("the pool says: {text}")),
        }
        Ok(())
    }

    fn line(&mut self, client: &Client) -> String {
        let (now, hashes) = (self.begun.elapsed().as_secs_f64(), client.hashes());
        self.meter.count((hashes - self.counted) as f64, now);
        self.counted = hashes;
        let rate = hash_rate(self.meter.rate(now));
        format!("{rate}, {} accepted, {} rejected", self.accepted, self.rejected)
    }
}
