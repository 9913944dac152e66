//! Looking for accounts that were used, with nothing but the words.

/// Accounts in a row that nobody used, after which no further one is looked for. Wallets of other chains stop there, too.
pub const GAP: u32 = 20;

/// Which account to ask about next, and how many there turn out to be.
///
/// It is asked for the [`Gap::next`] number, told whether that account [was used](Gap::answer), and has found all when
/// there is no next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    next: u32,
    end: u32,
    count: u32,
    gap: u32,
}

impl Gap {
    /// Begins with account 0; asks about at least so many.
    pub fn new(gap: u32, at_least: u32) -> Self {
        let last = crate::wallet::ACCOUNTS_MAX;
        Self { next: 0, end: gap.max(at_least).min(last), count: at_least.max(1).min(last), gap }
    }

    /// The number of the account to ask about; nothing where all are found.
    pub fn next(&self) -> Option<u32> {
        (self.next < self.end).then_some(self.next)
    }

    /// Whether that one was ever paid or paid anybody.
    pub fn answer(&mut self, was_used: bool) {
        self.next += 1;
        if was_used {
            self.count = self.count.max(self.next);
            self.end = self.end.max(self.next.saturating_add(self.gap)).min(crate::wallet::ACCOUNTS_MAX);
        }
    }

    /// How many accounts there are, from number 0 on: all up to the last that was used, and one where none was.
    pub fn count(&self) -> u32 {
        self.count
    }
}
