//! How clients are dealt with, as an operator settles it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::origins::Origin;
use super::requests::RequestLog;
use super::server::CONNECTIONS_MAX;
use crate::net::Log;

/// Requests that one address may make each second, unless it is said otherwise.
pub const REQUESTS_EACH_SECOND: u32 = 2000;
/// How long a request may take to come whole and be answered. Streams that have begun may go on.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// How long a client may take nothing of what it is sent.
const WRITE_TIME_MAX: Duration = Duration::from_secs(30);

/// How clients are dealt with.
#[derive(Clone)]
pub struct Manners {
    /// Other sites whose pages may ask.
    pub origins: Vec<Origin>,
    /// Names by which the node is called, beside those of this machine. They matter where only this machine can ask, and where no
    /// other is answered.
    pub hosts: Vec<String>,
    /// Whether no other name is answered, also where others than this machine can ask; addresses in numbers are.
    ///
    /// # Security
    /// A page of a stranger can have its name lead here, and is then taken for ours. It cannot be called by a number.
    pub names_only: bool,
    /// Requests that one address may make each second; as many as it likes where nothing is said. This machine always may.
    pub requests_per_second: Option<NonZeroU32>,
    /// Connections at a time; whoever comes then waits for a place.
    pub connections_max: usize,
    /// How long a request may take to come whole and be answered.
    pub answer_time_max: Duration,
    /// How long a client may take nothing of what it is sent; then its connection ends.
    pub write_time_max: Duration,
    /// Is told of every request, where it is wanted.
    pub requests: Option<RequestLog>,
    /// Is told of faults.
    pub log: Log,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            hosts: Vec::new(),
            names_only: false,
            requests_per_second: NonZeroU32::new(REQUESTS_EACH_SECOND),
            connections_max: CONNECTIONS_MAX,
            answer_time_max: ANSWER_TIME_MAX,
            write_time_max: WRITE_TIME_MAX,
            requests: None,
            log: Arc::new(|_| {}),
        }
    }
}
