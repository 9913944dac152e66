//! How much one peer may ask of us before the port reads on.
//!
//! What comes is never thrown away here, and speaks against nobody: whoever is in a hurry waits, and the port reads
//! nothing more of it until then. So its own sending stands still, and the rest of the node does not notice.

use super::Message;

/// How fast something may come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// How much of it in a second, over time. Never none.
    pub per_second: u64,
    /// How much of it at once, by whoever was quiet before.
    pub burst: u64,
}

/// How fast one peer may send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// Bytes.
    pub bytes: Rate,
    /// Messages.
    pub messages: Rate,
    /// What its requests cost, by [`cost_of`].
    pub cost: Rate,
}

impl Allowance {
    /// What every peer may send: far more than a good one does.
    ///
    /// - Bytes: 64 MiB/s is more than half of a gigabit line. A node that syncs from one peer is held up by what it
    ///   checks, not by this.
    /// - Messages: the smallest cost us a few microseconds to decrypt and read; 20,000 of them are a tenth of a
    ///   processor. Blocks of a few hundred bytes come one to a message, and may come so fast.
    /// - Cost: 3,200/s are as many blocks asked for, or 100,000 headers, in a second; a burst of 32,000 is as many blocks more,
    ///   or 1,000,000 headers. A good peer asks for so much only while it syncs, and of many peers at once.
    pub const USUAL: Self = Self {
        bytes: Rate { per_second: 64 << 20, burst: 64 << 20 },
        messages: Rate { per_second: 20_000, burst: 40_000 },
        cost: Rate { per_second: 3_200, burst: 32_000 },
    };
}

/// What one peer may send now.
#[derive(Clone, Debug)]
pub struct Budget {
    bytes: Bucket,
    messages: Bucket,
    cost: Bucket,
    millis: u64,
}

impl Budget {
    /// That of a peer of whom nothing came yet.
    pub fn new(now_millis: u64, allowance: Allowance) -> Self {
        Self {
            bytes: Bucket::new(allowance.bytes),
            messages: Bucket::new(allowance.messages),
            cost: Bucket::new(allowance.cost),
            millis: now_millis,
        }
    }

    /// A message came that is so long and costs so much: how many milliseconds to wait before reading on, mostly none.
    pub fn take(&mut self, now_millis: u64, bytes: u64, cost: u32) -> u64 {
        let passed = now_millis.saturating_sub(self.millis);
        self.millis = self.millis.max(now_millis);
        let all = [(&mut self.bytes, bytes), (&mut self.messages, 1), (&mut self.cost, cost.into())];
        let waits = all.map(|(bucket, amount)| bucket.take(passed, amount));
        waits.into_iter().max().unwrap_or_default()
    }
}

/// What is left of an allowance, in thousandths: a rate in a second is as much of these in a millisecond. It may be
/// overdrawn, since what came has come.
#[derive(Clone, Debug)]
struct Bucket {
    rate: Rate,
    level: i128,
}

impl Bucket {
    fn new(rate: Rate) -> Self {
        Self { rate, level: i128::from(rate.burst) * 1000 }
    }

    fn take(&mut self, passed: u64, amount: u64) -> u64 {
        let per_milli = i128::from(self.rate.per_second.max(1));
        let full = i128::from(self.rate.burst) * 1000;
        let gained = per_milli.saturating_mul(passed.into());
        self.level = self.level.saturating_add(gained).min(full).saturating_sub(i128::from(amount) * 1000);
        let missing = self.level.saturating_neg().max(0);
        u64::try_from((missing + per_milli - 1) / per_milli).unwrap_or(u64::MAX)
    }
}

/// What answering a message costs, or making something of it, beyond its bytes. Sixteen are about a millisecond of a disk or
/// a processor.
///
/// Blocks are read one by one as fast as the other side takes them: the line pays, so asking for one costs one however
/// large it is. Whoever asks for parts of a block makes us copy much of it. What is not asked for costs nothing here:
/// the checks of blocks and transactions have bounds of their own.
pub fn cost_of(message: &Message) -> u32 {
    match message {
        Message::GetHeaders(_) | Message::GetParts(_) | Message::GetCompact(_) => 64,
        Message::GetBlocks(hashes) => hashes.len() as u32,
        Message::GetPool(()) | Message::GetAddresses(()) => 320,
        // They lie in memory: a hundred thousand in a second are what a node can let in.
        Message::GetTransactions(hashes) => (hashes.len() / 40) as u32,
        Message::Hello(_)
        | Message::Ping(_)
        | Message::Pong(_)
        | Message::Addresses(_)
        | Message::Headers(_)
        | Message::News(_)
        | Message::Block(_)
        | Message::Missing(_)
        | Message::Offer(_)
        | Message::Transactions(_)
        | Message::Compact(_)
        | Message::Parts(_)
        | Message::Pushes(_)
        | Message::Stem(_) => 0,
    }
}
