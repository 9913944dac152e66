//! Lines for a log that would otherwise be repeated endlessly.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Takes one line at a time.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// Lines of which it is known that they were said; beyond it others are not said at all for a while.
const SAID_MAX: usize = 256;
/// How long nothing more is said of what was said just now.
const QUIET: Duration = Duration::from_secs(60);

/// Says what it is told, but of each kind only so often.
pub(super) struct Notices {
    log: Log,
    said: Mutex<BTreeMap<String, Said>>,
}

struct Said {
    at: Instant,
    unsaid: u64,
}

impl Notices {
    pub fn new(log: Log) -> Self {
        Self { log, said: Mutex::default() }
    }

    /// Says it.
    pub fn say(&self, line: &str) {
        (self.log)(line);
    }

    /// Says it, unless something of this kind was said a moment ago; then it is counted.
    pub fn say_seldom(&self, kind: &str, line: &str) {
        self.say_unless_said(kind, &format!("{kind}: {line}"));
    }

    /// Says it, unless the same was said a moment ago; then it is counted.
    pub fn say_once(&self, line: &str) {
        self.say_unless_said(line, line);
    }

    fn say_unless_said(&self, key: &str, line: &str) {
        let now = Instant::now();
        let mut said = self.said.lock();
        if said.len() >= SAID_MAX {
            said.retain(|_, said| now < said.at + QUIET);
        }
        if said.len() >= SAID_MAX && !said.contains_key(key) {
            return;
        }
        let unsaid = match said.get_mut(key) {
            Some(said) if now < said.at + QUIET => {
                said.unsaid += 1;
                return;
            }
            Some(said) => said.unsaid,
            None => 0,
        };
        said.insert(key.to_owned(), Said { at: now, unsaid: 0 });
        drop(said);
        match unsaid {
            0 => self.say(line),
            unsaid => self.say(&format!("{line} (and {unsaid} times more before)")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_happening_is_said_once() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&lines);
        let notices = Notices::new(Arc::new(move |line: &str| log.lock().push(line.to_owned())));
        for _ in 0..3 {
            notices.say_seldom("accept", "no files left");
            notices.say_seldom("save", "no room");
        }
        assert_eq!(*lines.lock(), ["accept: no files left", "save: no room"]);
    }
}
