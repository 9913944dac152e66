//! What the ways between parties are like.

use std::collections::BTreeMap;

use super::clock::{MILLISECOND, SECOND};
use crate::net::Lane;
use crate::protocol::Draws;

/// Bytes of a packet; what is lost is lost by packets.
const PACKET_BYTES: usize = 1400;
/// How long a lost packet is waited for, the first time; each further time twice as long.
const RESEND_AFTER: u64 = 200 * MILLISECOND;
/// How often a packet is sent again at most: beyond that it comes.
const RESENT_MAX: u32 = 6;

/// What the way from one to another is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// Microseconds that a message takes.
    pub delay: u64,
    /// Up to so many more are drawn for each; none overtakes another that has left before.
    pub jitter: u64,
    /// Packets in a million that are lost, and have to be sent again while all behind them waits.
    pub loss: u32,
    /// Messages in a million that come in pieces out of order: all behind them on their connection waits until the last piece
    /// is there.
    pub reorder: u32,
}

impl Link {
    /// One of so many milliseconds, and nothing else about it.
    pub fn of_millis(delay: u64) -> Self {
        Self { delay: delay * MILLISECOND, jitter: 0, loss: 0, reorder: 0 }
    }
}

/// How fast a party's own line is, in bytes a second; nothing where that is beyond what counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Access {
    /// What it sends.
    pub up: Option<u64>,
    /// What comes to it.
    pub down: Option<u64>,
}

/// A line, and until when it is taken, by lane.
#[derive(Clone, Default)]
struct Line {
    access: Access,
    up_free: [u64; 2],
    down_free: [u64; 2],
}

/// A way that is closed: from some to others, and not necessarily back.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Barrier {
    number: u32,
    from: Vec<bool>,
    to: Vec<bool>,
}

/// All ways.
pub(super) struct Links {
    /// What a way is like that is not named below.
    pub usual: Link,
    pairs: BTreeMap<(u32, u32), Link>,
    /// Where each party is, and how long the ways between places are.
    regions: Vec<u8>,
    delays: Vec<Vec<u64>>,
    lines: Vec<Line>,
    barriers: Vec<Barrier>,
    numbers: u32,
}

impl Links {
    pub fn new() -> Self {
        Self {
            usual: Link::of_millis(50),
            pairs: BTreeMap::new(),
            regions: Vec::new(),
            delays: Vec::new(),
            lines: Vec::new(),
            barriers: Vec::new(),
            numbers: 0,
        }
    }

    /// Another party, whose line is as fast as can be.
    pub fn add(&mut self) {
        self.lines.push(Line::default());
        self.regions.push(0);
    }

    pub fn set_access(&mut self, party: usize, access: Access) {
        self.lines[party].access = access;
    }

    /// Puts a party somewhere.
    pub fn set_region(&mut self, party: usize, region: u8) {
        self.regions[party] = region;
    }

    /// How many microseconds it takes from each place to each.
    pub fn set_delays(&mut self, delays: Vec<Vec<u64>>) {
        self.delays = delays;
    }

    /// Makes the way from one to another what it is from now on.
    pub fn set(&mut self, from: usize, to: usize, link: Link) {
        self.pairs.insert((from as u32, to as u32), link);
    }

    /// Closes the ways from these to those, and says by what number they are opened again.
    pub fn close(&mut self, from: &[usize], to: &[usize]) -> u32 {
        let among = |some: &[usize]| (0..self.lines.len()).map(|party| some.contains(&party)).collect();
        self.numbers += 1;
        self.barriers.push(Barrier { number: self.numbers, from: among(from), to: among(to) });
        self.numbers
    }

    /// Opens what was closed under this number.
    pub fn open(&mut self, number: u32) {
        self.barriers.retain(|barrier| barrier.number != number);
    }

    /// Opens all ways.
    pub fn open_all(&mut self) {
        self.barriers.clear();
    }

    /// Whether nothing comes through from one to the other.
    pub fn is_closed(&self, from: usize, to: usize) -> bool {
        let among = |some: &[bool], party: usize| some.get(party).copied().unwrap_or(false);
        self.barriers.iter().any(|barrier| among(&barrier.from, from) && among(&barrier.to, to))
    }

    /// What the way from one to the other is like.
    pub fn link(&self, from: usize, to: usize) -> Link {
        if let Some(link) = self.pairs.get(&(from as u32, to as u32)) {
            return *link;
        }
        let place = |party: usize| usize::from(self.regions[party]);
        match self.delays.get(place(from)).and_then(|row| row.get(place(to))) {
            Some(delay) => Link { delay: *delay, ..self.usual },
            None => self.usual,
        }
    }

    /// How long a short message takes from one to the other just now.
    pub fn delay(&self, from: usize, to: usize, draws: &mut Draws) -> u64 {
        let link = self.link(from, to);
        link.delay + jitter(&link, draws)
    }

    /// When something leaves that is sent now, and when it arrives, but for what left before it on the same connection.
    pub fn send(
        &mut self,
        now: u64,
        (from, to): (usize, usize),
        (lane, bytes): (Lane, usize),
        draws: &mut Draws,
    ) -> (u64, u64) {
        let link = self.link(from, to);
        let line = &mut self.lines[from];
        let leaves = take_line(&mut line.up_free, line.access.up, now, lane, bytes);
        let mut late = jitter(&link, draws);
        if link.loss > 0 {
            let kept = 1.0 - f64::from(link.loss) / 1e6;
            let lost = 1.0 - power(kept, bytes.div_ceil(PACKET_BYTES));
            let mut resent = 0;
            while resent < RESENT_MAX && draws.unit() < lost {
                late += (RESEND_AFTER << resent).max(2 * link.delay);
                resent += 1;
            }
        }
        if link.reorder > 0 && draws.below(1_000_000) < u64::from(link.reorder) {
            late += draws.below(2 * link.delay + MILLISECOND);
        }
        let line = &mut self.lines[to];
        // What is late comes later; it does not keep the line from what is there before.
        let through = take_line(&mut line.down_free, line.access.down, leaves + link.delay, lane, bytes);
        (leaves, through + late)
    }
}

fn jitter(link: &Link, draws: &mut Draws) -> u64 {
    if link.jitter == 0 { 0 } else { draws.below(link.jitter + 1) }
}

/// A number to a power, by products alone: `powi` may differ from machine to machine, and so would what happens.
fn power(mut base: f64, mut exponent: usize) -> f64 {
    let mut product = 1.0;
    while exponent > 0 {
        if exponent % 2 == 1 {
            product *= base;
        }
        base *= base;
        exponent /= 2;
    }
    product
}

/// Takes a line for so many bytes, and says when they are through. What is urgent goes before what is not.
fn take_line(free: &mut [u64; 2], rate: Option<u64>, from: u64, lane: Lane, bytes: usize) -> u64 {
    let Some(rate) = rate else { return from };
    let takes = (bytes as u64 * SECOND).div_ceil(rate);
    let [urgent, bulk] = free;
    match lane {
        Lane::Urgent => {
            *urgent = from.max(*urgent) + takes;
            *bulk = (*bulk + takes).max(*urgent);
            *urgent
        }
        Lane::Bulk => {
            *bulk = from.max(*bulk) + takes;
            *bulk
        }
    }
}
