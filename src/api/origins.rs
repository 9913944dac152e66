//! Pages of other sites, and names that lead here by deceit.
//!
//! A browser sends with a request from which site's page it comes, and hands that page the answer only where the answer says
//! that it may have it. By itself no answer does: pages of others read nothing here and send nothing here until an operator
//! gives them leave.
//!
//! # Security
//! Whoever has a name can let it lead to this machine, and then a page of theirs counts as our own. What they cannot change
//! is the name that the browser asks for: where only this machine can ask, only its own names are answered.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HOST, ORIGIN,
    UPGRADE, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::problem::{Code, Problem, shortened};

/// A site whose pages may ask, or all of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Any.
    Any,
    /// This one: a scheme, a host, and a port where it is not the usual one.
    Site(String),
}

/// Why a text is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("say a site as a browser does, `https://wallet.example` or `http://localhost:5173`, or `*` for all")]
pub struct OriginError;

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let (scheme, rest) = text.split_once("://").ok_or(OriginError)?;
        // Apps have schemes of their own.
        let is_scheme =
            !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_host =
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@*".contains(&byte));
        if is_scheme && is_host { Ok(Self::Site(text.to_ascii_lowercase())) } else { Err(OriginError) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Site(site) => f.write_str(site),
        }
    }
}

/// Which other sites' pages may ask, and by which names the node is called.
pub(super) struct Origins {
    allowed: Vec<Origin>,
    /// Names beside those of this machine.
    hosts: Vec<String>,
}

/// What an answer says to a browser about who may have it.
pub(super) struct Leave(Option<HeaderValue>);

impl Leave {
    /// None.
    pub const NONE: Self = Self(None);

    /// Says it.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let Some(origin) = &self.0 else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let exposed = "etag, link, retry-after, x-request-id";
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
}

impl Origins {
    pub fn new(allowed: Vec<Origin>, hosts: &[String]) -> Self {
        Self { allowed, hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect() }
    }

    /// Refuses whoever calls the node by a name that is not its own; where others than this machine can ask, by any address.
    pub fn check_host<B>(&self, request: &Request<B>, by_any_address: bool) -> Result<(), Problem> {
        // Browsers always say whom they mean; what says nothing is none.
        let Some(called) = called(request) else { return Ok(()) };
        if is_own(called) || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(bare(called))) {
            return Ok(());
        }
        if by_any_address && bare(called).parse::<IpAddr>().is_ok() {
            return Ok(());
        }
        let said = format!("this node is not called `{}`", shortened(called));
        Err(Problem::new(Code::Misdirected, said))
    }

    /// Whether the page that asks may have the answer, where a page does.
    ///
    /// # Errors
    /// Where it is another site's, has no leave, and wants more than to look. A look is answered: the browser keeps it.
    pub fn check_origin<B>(&self, request: &Request<B>) -> Result<Leave, Problem> {
        let Some(origin) = request.headers().get(ORIGIN) else { return Ok(Leave::NONE) };
        let text = origin.to_str().unwrap_or_default();
        if self.allowed.contains(&Origin::Any) {
            return Ok(Leave(Some(HeaderValue::from_static("*"))));
        }
        let is_allowed =
            |allowed: &Origin| matches!(allowed, Origin::Site(site) if site.eq_ignore_ascii_case(text));
        if self.allowed.iter().any(is_allowed) {
            return Ok(Leave(Some(origin.clone())));
        }
        let site = text.split_once("://").map(|(_, host)| host);
        let is_same =
            site.zip(called(request)).is_some_and(|(site, called)| site.eq_ignore_ascii_case(called));
        let looks = matches!(*request.method(), Method::GET | Method::HEAD);
        // Nothing keeps the answer of a socket from a page.
        if is_same || looks && !request.headers().contains_key(UPGRADE) {
            return Ok(Leave::NONE);
        }
        Err(Problem::new(
            Code::Forbidden,
            format!("pages of `{}` have no leave to ask here", shortened(text)),
        ))
    }
}

/// The answer to a browser that asks whether a page may ask; nothing where the request is none of these.
pub(super) fn preflight<T: Default, B>(request: &Request<B>, leave: &Leave) -> Option<Response<T>> {
    let asks =
        *request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if !asks || leave.0.is_none() {
        return None;
    }
    let mut response = Response::new(T::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let mut set = |name, value| response.headers_mut().insert(name, HeaderValue::from_static(value));
    set(ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, OPTIONS");
    set(ACCESS_CONTROL_ALLOW_HEADERS, "content-type, if-none-match, last-event-id, x-request-id");
    // As long as any browser remembers it.
    set(ACCESS_CONTROL_MAX_AGE, "86400");
    Some(response)
}

/// By which name, and port, the node is called.
fn called<B>(request: &Request<B>) -> Option<&str> {
    let authority = request.uri().authority().map(axum::http::uri::Authority::as_str);
    authority.or_else(|| request.headers().get(HOST).map(|host| host.to_str().unwrap_or("?")))
}

/// A name without its port.
fn bare(called: &str) -> &str {
    match called.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => called.split(':').next().unwrap_or(called),
    }
}

/// Whether this is a name that every machine has for itself.
fn is_own(called: &str) -> bool {
    let bare = bare(called);
    let ends_in = |end: &str| {
        bare.len() > end.len()
            && bare.is_char_boundary(bare.len() - end.len())
            && bare[bare.len() - end.len()..].eq_ignore_ascii_case(end)
    };
    bare.eq_ignore_ascii_case("localhost")
        || ends_in(".localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_are_told_from_those_of_others() {
        for own in
            ["localhost", "LOCALHOST:9330", "127.0.0.1", "127.9.9.9:1", "[::1]:9330", "node.localhost:9330"]
        {
            assert!(is_own(own), "{own}");
        }
        let others =
            ["evil.example", "localhost.evil.example:9330", "127.0.0.1.evil.example", "192.0.2.1:9330"];
        for other in others.into_iter().chain(["", "[2001:db8::1]:9330", "notlocalhost", ".localhost", "?"]) {
            assert!(!is_own(other), "{other}");
        }
    }

    #[test]
    fn sites_are_written_as_browsers_do() {
        assert_eq!("*".parse(), Ok(Origin::Any));
        assert_eq!("https://Wallet.example".parse(), Ok(Origin::Site("https://wallet.example".to_owned())));
        for good in ["http://localhost:5173", "http://[::1]:3000", "chrome-extension://abcdef"] {
            assert_eq!(good.parse::<Origin>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "wallet.example",
            "https://",
            "https://wallet.example/",
            "https://*.example",
            "https://a b",
            "null",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(OriginError), "{bad}");
        }
    }
}
