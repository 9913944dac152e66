//! What is wrong with a node, if anything: told to whoever asks, and to whoever watches.

use parking_lot::Mutex;
use tokio::sync::watch;

/// How a node is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Condition {
    /// Why nothing is taken in any more, and what to do.
    pub stopped: Option<String>,
    /// What should never be: a fault of ours or of the machine.
    pub alarm: Option<String>,
    /// How many audits found nothing.
    pub audits: u64,
}

pub(super) struct Health {
    condition: watch::Sender<Condition>,
    /// Lines for whoever keeps a log.
    log: Mutex<Log>,
}

/// Takes one line at a time.
pub type Log = Box<dyn Fn(&str) + Send>;

impl Health {
    pub fn new(log: Log) -> Self {
        Self { condition: watch::Sender::new(Condition::default()), log: Mutex::new(log) }
    }

    pub fn condition(&self) -> Condition {
        self.condition.borrow().clone()
    }

    pub fn watch(&self) -> watch::Receiver<Condition> {
        self.condition.subscribe()
    }

    pub fn say(&self, line: &str) {
        (self.log.lock())(line);
    }

    /// Nothing is taken in any more.
    pub fn stop(&self, reason: &str) {
        self.say(&format!("stopped: {reason}"));
        self.condition.send_modify(|condition| {
            condition.stopped.get_or_insert_with(|| reason.to_owned());
        });
    }

    /// Something is that should never be.
    pub fn alarm(&self, what: &str) {
        self.say(&format!("ALARM: {what}"));
        self.condition.send_modify(|condition| condition.alarm = Some(what.to_owned()));
    }

    pub fn audited(&self) {
        self.condition.send_modify(|condition| condition.audits += 1);
    }
}
