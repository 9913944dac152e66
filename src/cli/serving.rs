//! Answering wallets, shops and explorers: where a node is asked over HTTP.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;
use tokio::runtime::Runtime;

use super::host_port::HostPort;
use super::mining::threads;
use super::output::{say, say_seldom};
use crate::api::{self, Front, Manners, Origin, REQUESTS_EACH_SECOND, Server};
use crate::net::PeersHandle;
use crate::node::NodeHandle;

/// Where a node is asked.
const PORT: u16 = 9330;
/// What says that it is not.
const OFF: &str = "off";
/// How long what is read for somebody may take to end.
const END_TIME_MAX: Duration = Duration::from_secs(1);

/// How a node answers over HTTP.
#[derive(Args, Deserialize, Clone, Default)]
#[command(next_help_heading = "HTTP")]
#[serde(deny_unknown_fields, default)]
pub(super) struct Serving {
    /// Where wallets and explorers ask this node, in JSON over HTTP: `0.0.0.0:9330` lets all the network ask, `off` nobody
    /// [default: port 9330 of this machine alone, another port where that one is taken].
    #[arg(long, env = "CAIRN_HTTP", value_name = "HOST:PORT")]
    #[serde(rename = "listen")]
    http: Option<String>,
    /// Let pages of this site ask this node, as its browser names it: `https://wallet.example`; `*` lets those of all. May be
    /// said several times. Without it browsers keep answers from all pages but the node's own.
    #[arg(long, env = "CAIRN_HTTP_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    #[serde(rename = "origin")]
    http_origin: Vec<String>,
    /// A name by which this node may be called besides those of this machine, for a proxy that hands it on. May be said several
    /// times. It matters only where nobody else can ask: there other names are a trick of some page's.
    #[arg(long, env = "CAIRN_HTTP_HOST", value_name = "NAME", value_delimiter = ',')]
    #[serde(rename = "host")]
    http_host: Vec<String>,
    /// Requests that one address may make each second, and twice as many at once; 0 sets no limit, and this machine has none
    /// [default: 2000].
    #[arg(long, env = "CAIRN_HTTP_RATE", value_name = "COUNT")]
    #[serde(rename = "rate")]
    http_rate: Option<u32>,
}

/// How a node answers, settled before there is a node.
pub(super) struct Plan {
    listener: Option<TcpListener>,
    note: String,
    manners: Manners,
}

impl Serving {
    /// These settings, and those of a file where these say nothing. A variable that is set to nothing says nothing.
    pub fn over(self, file: Self) -> Self {
        let filled = |own: Vec<String>, file| {
            let own: Vec<String> = own.into_iter().filter(|name| !name.is_empty()).collect();
            if own.is_empty() { file } else { own }
        };
        Self {
            http: self.http.filter(|place| !place.is_empty()).or(file.http),
            http_origin: filled(self.http_origin, file.http_origin),
            http_host: filled(self.http_host, file.http_host),
            http_rate: self.http_rate.or(file.http_rate),
        }
    }

    /// What is to be done. It listens from now on, so that whoever comes early waits.
    pub fn plan(&self) -> Result<Plan> {
        let manners = self.manners()?;
        let (listener, note) = match self.http.as_deref() {
            Some(OFF) => (None, String::new()),
            Some(text) => {
                let place = HostPort::from_str(text).with_context(|| format!("--http {text}"))?;
                let listener = TcpListener::bind(&*place);
                (
                    Some(listener.with_context(|| format!("--http {text}: cannot listen there"))?),
                    String::new(),
                )
            }
            None => listen_by_default(),
        };
        Ok(Plan { listener, note, manners })
    }

    fn manners(&self) -> Result<Manners> {
        let origin = |text: &String| text.parse::<Origin>().with_context(|| format!("--http-origin {text}"));
        for name in &self.http_host {
            ensure!(
                !name.contains(['/', ':', ' ']),
                "--http-host {name}: say a name alone, without a scheme or a port"
            );
        }
        Ok(Manners {
            origins: self.http_origin.iter().map(origin).collect::<Result<_>>()?,
            hosts: self.http_host.clone(),
            requests_per_second: NonZeroU32::new(self.http_rate.unwrap_or(REQUESTS_EACH_SECOND)),
            log: Arc::new(say_seldom()),
            ..Manners::default()
        })
    }
}

/// The usual port, or any other where that is taken: several nodes on one machine need not be told.
fn listen_by_default() -> (Option<TcpListener>, String) {
    let bind = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    match bind(PORT) {
        Ok(listener) => (Some(listener), String::new()),
        Err(why) => (bind(0).ok(), format!(" (port {PORT}: {why})")),
    }
}

impl Plan {
    /// Begins to answer; it ends when what this gives is dropped.
    pub fn start(self, node: &NodeHandle, peers: PeersHandle) -> Result<Answering> {
        let runtime = threads(2, "cairn-http")?;
        let server = self.listener.map(|listener| {
            let context = api::Context::new(node.clone(), Some(peers));
            let front = Front::with_manners(context, &self.manners);
            Server::start(front, listener, runtime.handle()).context("cannot answer over HTTP")
        });
        let server = server.transpose()?;
        if let Some(server) = &server {
            say(&format!("answering at http://{}{}", server.local_address(), self.note));
        }
        Ok(Answering { server, runtime: Some(runtime) })
    }
}

/// A node that answers. Its parts end in this order.
pub(super) struct Answering {
    server: Option<Server>,
    runtime: Option<Runtime>,
}

impl Drop for Answering {
    fn drop(&mut self) {
        // Before the threads that it lives on.
        self.server = None;
        self.runtime.take().into_iter().for_each(|runtime| runtime.shutdown_timeout(END_TIME_MAX));
    }
}
