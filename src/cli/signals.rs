//! Being told to stop.

use std::thread;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Calls this for every SIGTERM and SIGINT from now on, until it says that nobody listens any more.
pub(super) fn watch(mut told: impl FnMut() -> bool + Send + 'static) -> Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT]).context("cannot watch for signals")?;
    thread::spawn(move || {
        for _ in signals.forever() {
            if !told() {
                break;
            }
        }
    });
    Ok(())
}
