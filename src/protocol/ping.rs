//! Whether those who are connected still answer, and how quickly.

use std::collections::BTreeMap;

use super::conduct::{Acts, Offence};
use super::sizes::Size;
use super::{Farewell, Message, Now, PeerId};

/// All who are asked.
pub(super) struct Pings {
    pings: BTreeMap<PeerId, Ping>,
    every: u64,
    patience: u64,
    /// When there may be something to do: no later than that.
    due: u64,
}

struct Ping {
    /// What is to come back, and when it was sent.
    awaited: Option<(u64, u64)>,
    next_at: u64,
    number: u64,
    best: Option<u64>,
    last: Option<u64>,
}

impl Pings {
    /// How much is kept of everything, by name, and how much may be; so many are connected.
    pub fn sizes(&self, peers: usize) -> Vec<Size> {
        vec![Size::new("peers that are pinged", self.pings.len(), peers)]
    }

    pub fn new(lab: bool) -> Self {
        let (every, patience) = if lab { (10_000, 20_000) } else { (60_000, 30_000) };
        Self { pings: BTreeMap::new(), every, patience, due: u64::MAX }
    }

    /// Begins to ask one.
    pub fn greeted(&mut self, now: Now, peer: PeerId) {
        let ping = Ping { awaited: None, next_at: now.millis, number: 0, best: None, last: None };
        self.pings.insert(peer, ping);
        self.due = self.due.min(now.millis);
    }

    pub fn disconnected(&mut self, peer: PeerId) {
        self.pings.remove(&peer);
    }

    /// A number came back.
    pub fn came_back(&mut self, now: Now, peer: PeerId, number: u64, acts: &mut Acts) {
        let Some(ping) = self.pings.get_mut(&peer) else { return };
        match ping.awaited.take_if(|(awaited, _)| *awaited == number) {
            None => acts.blame(peer, Offence::Unasked("a number")),
            Some((_, sent_at)) => {
                let took = now.millis.saturating_sub(sent_at);
                ping.last = Some(took);
                self.due = self.due.min(ping.next_at);
                ping.best = Some(ping.best.map_or(took, |best| best.min(took)));
            }
        }
    }

    /// How long the quickest answer took, and the last.
    pub fn took(&self, peer: PeerId) -> (Option<u64>, Option<u64>) {
        self.pings.get(&peer).map_or((None, None), |ping| (ping.best, ping.last))
    }

    /// Asks, and gives up those who do not answer.
    pub fn woken(&mut self, now: Now, acts: &mut Acts) {
        if now.millis < self.due {
            return;
        }
        self.due = u64::MAX;
        for (peer, ping) in &mut self.pings {
            if ping.awaited.is_none() && now.millis >= ping.next_at {
                ping.number += 1;
                ping.awaited = Some((ping.number, now.millis));
                ping.next_at = now.millis + self.every;
                acts.send(*peer, Message::Ping(ping.number));
            }
            let due = ping.awaited.map_or(ping.next_at, |(_, sent_at)| sent_at + self.patience);
            if due > now.millis {
                self.due = self.due.min(due);
            } else {
                acts.drop(*peer, Farewell::Silent);
            }
        }
    }

    /// When there may be something to do even if nothing comes.
    pub fn wake_at(&self) -> u64 {
        self.due
    }
}
