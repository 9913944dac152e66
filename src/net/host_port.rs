//! A place on a network, as people write it.

use std::ops::Deref;
use std::str::FromStr;

use thiserror::Error;

/// A host and a port, which need not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostPort(String);

/// Why a text is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("say HOST:PORT, a name or an address and a number")]
pub struct HostPortError;

impl FromStr for HostPort {
    type Err = HostPortError;

    fn from_str(text: &str) -> Result<Self, HostPortError> {
        let (host, port) = text.rsplit_once(':').ok_or(HostPortError)?;
        // An address of the sixth version stands in brackets, since it has colons of its own.
        let is_host = host.starts_with('[') && host.ends_with(']') || !host.contains([':', '/', ' ']);
        let is_port = port.parse::<u16>().is_ok();
        if is_host && is_port && !host.is_empty() { Ok(Self(text.to_owned())) } else { Err(HostPortError) }
    }
}

impl HostPort {
    /// The same, where somebody can be: nobody is at port 0.
    ///
    /// # Errors
    /// When nobody can.
    pub fn of_somebody(self) -> Result<Self, HostPortError> {
        let port = self.0.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if port == Some(0) { Err(HostPortError) } else { Ok(self) }
    }
}

impl Deref for HostPort {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_from_other_texts() {
        for text in ["127.0.0.1:1", "[::1]:0", "host.example:65535"] {
            assert!(text.parse::<HostPort>().is_ok(), "{text}");
        }
        for text in ["", "9334", ":9334", "host", "host:", "host:65536", "http://host:80", "::1:5", "a b:1"] {
            assert_eq!(text.parse::<HostPort>(), Err(HostPortError), "{text}");
        }
        let somebody = |text: &str| text.parse::<HostPort>().and_then(HostPort::of_somebody);
        assert!(somebody("host:1").is_ok() && somebody("host:10").is_ok());
        assert!(somebody("host:0").is_err() && somebody("host:000").is_err());
    }
}
