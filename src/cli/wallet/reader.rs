//! Whether what was written was read: money hangs on it that somebody knows.
//!
//! A pipe takes an answer long before its reader does, and a reader may die with the answer still in it. Whoever begins again then
//! says the same again, and does not mean a second payment.

use crate::cli::output::Delivery;

/// How long a reader that is there may take to read. One that takes longer, as those do that read once we have ended, is taken to
/// do so.
#[cfg(target_os = "linux")]
const READ_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(2);

/// Waits until an answer was read that was written to standard output, or to standard error, and says whether it was.
#[cfg(target_os = "linux")]
pub(super) fn wait_for_reader(delivery: Delivery, is_on_output: bool) -> Delivery {
    use std::os::fd::AsFd;
    match delivery {
        Delivery::Gone => Delivery::Gone,
        Delivery::Taken if is_on_output => linux::of_pipe(std::io::stdout().as_fd()),
        Delivery::Taken => linux::of_pipe(std::io::stderr().as_fd()),
    }
}

/// Elsewhere what was taken is held to be read.
#[cfg(not(target_os = "linux"))]
pub(super) fn wait_for_reader(delivery: Delivery, _: bool) -> Delivery {
    delivery
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io;
    use std::os::fd::BorrowedFd;
    use std::os::unix::fs::FileTypeExt;
    use std::time::Instant;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::ioctl_fionread;

    use super::{Delivery, READ_TIME_MAX};

    /// How often it is looked.
    const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };

    /// Whether what stands in a pipe is read. A file keeps what is written, and a terminal shows it: of those it is known already.
    pub(super) fn of_pipe(pipe: BorrowedFd<'_>) -> Delivery {
        let begun = Instant::now();
        while is_pipe(pipe).unwrap_or(false) && ioctl_fionread(pipe).is_ok_and(|unread| unread > 0) {
            let mut looked = [PollFd::new(&pipe, PollFlags::empty())];
            let is_alone =
                poll(&mut looked, Some(&PAUSE)).is_ok() && looked[0].revents().contains(PollFlags::ERR);
            if is_alone {
                return Delivery::Gone;
            }
            if begun.elapsed() >= READ_TIME_MAX {
                break;
            }
        }
        Delivery::Taken
    }

    fn is_pipe(stream: BorrowedFd<'_>) -> io::Result<bool> {
        let file = File::from(stream.try_clone_to_owned()?);
        Ok(file.metadata()?.file_type().is_fifo())
    }
}
