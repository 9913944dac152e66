//! Whether what was written was read: money hangs on it that somebody knows.
//!
//! A pipe or a socket takes an answer long before its reader does, and a reader may die with the answer still in it. Whoever begins again then
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
        Delivery::Taken if is_on_output => linux::of_channel(std::io::stdout().as_fd()),
        Delivery::Taken => linux::of_channel(std::io::stderr().as_fd()),
    }
}

/// Elsewhere what was taken is held to be read.
#[cfg(not(target_os = "linux"))]
pub(super) fn wait_for_reader(delivery: Delivery, _: bool) -> Delivery {
    delivery
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::c_int;
    use std::fs::File;
    use std::io;
    use std::os::fd::{AsFd, BorrowedFd};
    use std::os::unix::fs::FileTypeExt;
    use std::time::Instant;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::ioctl_fionread;
    use rustix::ioctl::{Getter, Opcode, ioctl};

    use super::{Delivery, READ_TIME_MAX};

    /// How often it is looked.
    const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
    /// Asks how many bytes of what was sent to a socket its reader has not taken yet: `SIOCOUTQ`, which is `TIOCOUTQ` by value.
    const UNSENT: Opcode = 0x5411;

    /// What holds an answer until its reader takes it.
    #[derive(Clone, Copy)]
    enum Channel {
        Pipe,
        Socket,
    }

    /// Whether what stands in a pipe or a socket is read. A file keeps what is written, and a terminal shows it: of those it is known
    /// already.
    pub(super) fn of_channel(stream: BorrowedFd<'_>) -> Delivery {
        let begun = Instant::now();
        let Some(channel) = channel(stream).ok().flatten() else { return Delivery::Taken };
        loop {
            // In this order: where a reader dies, a socket first learns of that, and then forgets what was unread.
            let is_read = channel.unread(stream).is_ok_and(|unread| unread == 0);
            let mut looked = [PollFd::new(&stream, PollFlags::empty())];
            let patience = if is_read { Timespec::default() } else { PAUSE };
            let events =
                poll(&mut looked, Some(&patience)).map_or(PollFlags::empty(), |_| looked[0].revents());
            match channel {
                Channel::Socket if is_read && events.contains(PollFlags::ERR) => return Delivery::Gone,
                _ if is_read => return Delivery::Taken,
                _ if events.intersects(PollFlags::ERR | PollFlags::HUP) => return Delivery::Gone,
                _ if begun.elapsed() >= READ_TIME_MAX => return Delivery::Taken,
                _ => {}
            }
        }
    }

    fn channel(stream: BorrowedFd<'_>) -> io::Result<Option<Channel>> {
        let kind = File::from(stream.try_clone_to_owned()?).metadata()?.file_type();
        Ok(match () {
            () if kind.is_fifo() => Some(Channel::Pipe),
            () if kind.is_socket() => Some(Channel::Socket),
            () => None,
        })
    }

    impl Channel {
        fn unread(self, stream: BorrowedFd<'_>) -> io::Result<u64> {
            match self {
                Self::Pipe => Ok(ioctl_fionread(stream)?),
                Self::Socket => unsent(stream),
            }
        }
    }

    #[allow(unsafe_code, reason = "no crate has a safe call for this")]
    fn unsent(socket: BorrowedFd<'_>) -> io::Result<u64> {
        // SAFETY: the kernel writes one C integer for this code, which is what is read.
        let unsent = unsafe { ioctl(socket.as_fd(), Getter::<UNSENT, c_int>::new()) }?;
        Ok(u64::try_from(unsent).unwrap_or_default())
    }
}
