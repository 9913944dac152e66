//! The way to where a whole devnet is ordered about, which listens behind a port of its own.

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::draft::Trouble;
use crate::api::context::Context;
use crate::api::problem::{Code, Problem};

/// Leads to the same machine, by the name that the browser calls it by.
pub(super) async fn desk(
    State(context): State<Context>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let not_here = || Problem::new(Code::NotServed, "this node is part of no devnet");
    let port = context.desk().ok_or_else(not_here)?;
    let called = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    Ok(Redirect::temporary(&format!("http://{}:{port}/{query}", without_port(called))).into_response())
}

/// A host's name alone. Addresses of six groups stand in brackets, so a colon behind one begins its port.
pub fn without_port(called: &str) -> &str {
    match called.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => called,
    }
}

#[cfg(test)]
mod tests {
    use super::without_port;

    #[test]
    fn port_alone_is_left_off() {
        let names = ["localhost:9330", "localhost", "[::1]:9330", "[::1]", "127.0.0.1:1"].map(without_port);
        assert_eq!(names, ["localhost", "localhost", "[::1]", "[::1]", "127.0.0.1"]);
    }
}
