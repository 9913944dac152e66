//! Being told to stop.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, raise};

/// Two that come within this time are one: a terminal tells all that it runs, and some of these hand on what they are told.
const SAME_TIME: Duration = Duration::from_millis(300);

/// Says to whoever watches that the end was asked for otherwise: a signal that comes then is the second time.
pub(super) fn asked_otherwise() {
    // Where that cannot be said a signal is the first, and another ends it.
    let _ = raise(SIGINT);
}

/// Calls this for SIGTERM and SIGINT from now on. Whoever says it a second time does not want to wait: then the process ends at
/// once, as by a signal that nobody watches for.
pub(super) fn watch(told: impl FnOnce() + Send + 'static) -> Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT]).context("cannot watch for signals")?;
    thread::spawn(move || {
        let (mut told, mut first) = (Some(told), None::<Instant>);
        for signal in signals.forever() {
            match first {
                Some(first) if first.elapsed() >= SAME_TIME => {
                    // It does not come back from this where the system lets it end.
                    let _ = emulate_default_handler(signal);
                }
                Some(_) => {}
                None => {
                    first = Some(Instant::now());
                    told.take().into_iter().for_each(|told| told());
                }
            }
        }
    });
    Ok(())
}
