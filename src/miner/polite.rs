//! Mining takes what nobody else needs.

/// Puts this thread behind all others of the machine.
pub fn make_way() {
    // Linux alone means a thread by it, and not the whole process.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, LEAST_URGENT);
}

#[cfg(target_os = "linux")]
const LEAST_URGENT: i32 = 19;
