//! A node asked over HTTP, from Rust: the same forms as the port's, typed.
//!
//! This room decides how a node is asked and what is made of it when it does not answer, or not as a node would. It
//! believes what it is told: proofs are for the caller to check. It waits for each answer, on the thread that asks.
//!
//! Read [`Client`] first.

mod error;
mod requests;

pub use error::ClientError;
pub use requests::First;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::Response;

use crate::api::Problem;

/// How long a node may take to be reached, unless it is said otherwise.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
/// The same where it is asked for what takes long.
const ORDER_TIME_MAX: Duration = Duration::from_secs(600);
/// Longest answer: the longest block, in hexadecimal digits, and what is around it.
const ANSWER_BYTES_MAX: u64 = 2 * crate::types::BLOCK_BYTES_MAX as u64 + (1 << 20);
/// Signs of what a node says is wrong that are shown; the rest is left out.
const SAID_CHARS_MAX: usize = 500;

/// Asks one node. Copies share its connections.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    /// Without a slash at its end.
    base: String,
}

impl Client {
    /// Of the node at this address, such as `http://127.0.0.1:9330`. Nothing is asked yet.
    ///
    /// # Errors
    /// When that is no address over HTTP.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        Self::within(url, ANSWER_TIME_MAX)
    }

    /// The same, of somebody who is asked for what takes long.
    ///
    /// # Errors
    /// See [`Client::new`].
    pub fn patient(url: &str) -> Result<Self, ClientError> {
        Self::within(url, ORDER_TIME_MAX)
    }

    fn within(url: &str, answer_time_max: Duration) -> Result<Self, ClientError> {
        let base = url.trim_end_matches('/').to_owned();
        let host =
            base.strip_prefix("http://").filter(|host| !host.is_empty() && !host.contains(['?', '#', ' ']));
        if host.is_none() {
            return Err(ClientError::NoAddress { url: url.to_owned() });
        }
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIME_MAX))
            .timeout_global(Some(answer_time_max))
            // What is wrong stands in the body.
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("cairn/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { agent: config.into(), base })
    }

    /// Where the node is.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Asks for what is at a path, for whoever asks a port that is none of a node's.
    ///
    /// # Errors
    /// When there is no answer, or none of this form.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let asked = self.agent.get(format!("{}{path}", self.base)).call();
        self.answer(path, asked)
    }

    fn get_bytes(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        let asked = self.agent.get(format!("{}{path}", self.base)).call();
        self.body(path, asked)
    }

    /// Sends something to a path, and gives the answer.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| self.nonsense(path, &error))?;
        let request = self.agent.post(format!("{}{path}", self.base)).content_type("application/json");
        self.answer(path, request.send(&body[..]))
    }

    fn answer<T: DeserializeOwned>(
        &self,
        path: &str,
        asked: Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<T, ClientError> {
        let body = self.body(path, asked)?;
        serde_json::from_slice(&body).map_err(|error| self.nonsense(path, &error))
    }

    /// The body of an answer; what the node says is wrong, where it says so.
    fn body(
        &self,
        path: &str,
        asked: Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<Vec<u8>, ClientError> {
        let unreachable = |error: ureq::Error| ClientError::Unreachable {
            url: self.base.clone(),
            reason: error.to_string(),
        };
        let mut response = asked.map_err(unreachable)?;
        let status = response.status();
        let body =
            response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(unreachable)?;
        if status.is_success() {
            return Ok(body);
        }
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => {
                let (title, detail, advice) =
                    (plain(&problem.title), plain(&problem.detail), plain(&problem.advice));
                Err(ClientError::Problem(Box::new(Problem { title, detail, advice, ..problem })))
            }
            Err(_) => Err(self.nonsense(path, &format!("status {status}"))),
        }
    }

    fn nonsense(&self, path: &str, reason: &impl ToString) -> ClientError {
        ClientError::NotANode { url: format!("{}{path}", self.base), reason: plain(&reason.to_string()) }
    }
}

/// The beginning of what a node says, as it can be shown.
fn plain(text: &str) -> String {
    crate::wallet::plain(&text.chars().take(SAID_CHARS_MAX).collect::<String>())
}
