//! Files that people name, and how many this process may have open at a time. Every connection is one.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, Result};
use zeroize::Zeroizing;

/// Files that connections leave to the node itself: the journal's segments, the tables, connections of its own.
const RESERVE: u64 = 256;
/// How many let strangers in: other nodes, miners, and clients over HTTP. Each may have as much of what is left.
const DOORS: u64 = 3;

/// The text of a file; `-` is standard input. It may be a secret, and is overwritten when it is dropped.
///
/// No more is read than one byte beyond so many, so that whoever asked sees that it is too long.
pub(super) fn read_no_more(path: &Path, bytes_max: usize) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let mut read = |source: &mut dyn Read| source.take(bytes_max as u64 + 1).read_to_string(&mut text);
    let done = if path == Path::new("-") {
        read(&mut io::stdin())
    } else {
        fs::File::open(path).and_then(|mut file| read(&mut file))
    };
    done.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text)
}

/// Raises the limit as far as it goes. Most systems begin with some thousand, and allow many more to whoever asks.
pub(super) fn raise_limit() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let maximum = getrlimit(Resource::Nofile).maximum;
        // Where it is refused, the limit stays what it is, and connections keep to that.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// The limit; nothing where there is none, or no way to ask.
fn limit() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        rustix::process::getrlimit(rustix::process::Resource::Nofile).current
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Connections that may be had at a time, of those that are wanted.
///
/// # Security
/// Without this, strangers who connect often enough take the files that the journal needs, and end the node.
pub(super) fn connections_max(wanted: usize) -> usize {
    connections_within(limit(), wanted)
}

fn connections_within(limit: Option<u64>, wanted: usize) -> usize {
    let left = limit.map_or(u64::MAX, |limit| (limit.saturating_sub(RESERVE) / DOORS).max(1));
    usize::try_from(left).map_or(wanted, |left| left.min(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_the_node_its_files_and_are_never_none() {
        assert_eq!(connections_within(None, 4096), 4096);
        assert_eq!(connections_within(Some(1 << 20), 4096), 4096);
        assert_eq!(connections_within(Some(12_288 + 256), 4096), 4096);
        assert_eq!(connections_within(Some(12_288 + 255), 4096), 4095);
        assert_eq!(connections_within(Some(1024), 4096), 256);
        for little in [0, 255, 256, 257] {
            assert_eq!(connections_within(Some(little), 4096), 1, "{little} files");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn limit_is_raised_as_far_as_it_goes() {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let maximum = getrlimit(Resource::Nofile).maximum;
        let low = maximum.map_or(1000, |maximum| maximum.min(1000));
        setrlimit(Resource::Nofile, Rlimit { current: Some(low), maximum }).unwrap();
        assert_eq!(limit(), Some(low));
        raise_limit();
        assert_eq!(limit(), maximum);
    }
}
