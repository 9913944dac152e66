//! Answering wallets, shops and explorers: where a node is asked over HTTP.

use std::env;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use clap::builder::FalseyValueParser;
use serde::Deserialize;
use tokio::runtime::Runtime;

use super::files;
use super::mining::threads;
use super::output::{say, say_answered, say_seldom};
use super::secrets::{token_in, token_of};
use crate::api::{
    self, AdminOptions, CONNECTIONS_MAX, Front, Manners, MiningControl, Origin, REQUESTS_EACH_SECOND,
    RequestLog, Server, Token,
};
use crate::net::{HostPort, PeersHandle};
use crate::node::NodeHandle;

/// Where a node is asked.
const PORT: u16 = 9330;
/// The same for who asks, where it is not said.
pub(super) const USUAL_NODE: &str = "http://127.0.0.1:9330";
/// Where its operator asks.
const ADMIN_PORT: u16 = 9331;
/// How long an order may take: many blocks can be made at once.
const ORDER_TIME_MAX: Duration = Duration::from_secs(600);
/// Connections of operators at a time, and of what watches the node for them.
const OPERATORS_MAX: usize = 32;
/// The variable that may have the operator's word.
const TOKEN_VARIABLE: &str = "CAIRN_ADMIN_TOKEN";
/// What says that it is not.
const OFF: &str = "off";
/// How long what is read for somebody may take to end.
const END_TIME_MAX: Duration = Duration::from_secs(1);

/// How a node answers over HTTP.
#[derive(Args, Deserialize, Clone, Default)]
#[command(next_help_heading = "HTTP")]
#[serde(deny_unknown_fields, default)]
pub(super) struct Serving {
    /// Where this node is asked over HTTP, by wallets in JSON and by browsers for its explorer: `0.0.0.0:9330` lets all the
    /// network ask, `off` nobody [default: port 9330 of this machine alone, another port where that one is taken].
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
    /// Write a line on every request: its name, what was asked, the status, how long it took, and how many bytes went out.
    #[arg(long, env = "CAIRN_LOG_REQUESTS", value_parser = FalseyValueParser::new())]
    log_requests: bool,
    /// Where the operator asks this node about its peers, its mining and its figures, and orders it about; `off` for nowhere.
    /// Orders need the word that is in the file `api-token` in the data directory [default: port 9331 of this machine alone,
    /// another port where that one is taken].
    #[arg(long, env = "CAIRN_ADMIN", value_name = "HOST:PORT")]
    admin: Option<String>,
    /// The file with the operator's word, instead of `api-token`; or the variable `CAIRN_ADMIN_TOKEN` has the word itself.
    /// Where others than this machine may ask on `--admin`, one of these must be said.
    #[arg(long, env = "CAIRN_ADMIN_TOKEN_FILE", value_name = "FILE")]
    admin_token_file: Option<PathBuf>,
}

/// How a node answers, settled before there is a node.
pub(super) struct Plan {
    public: Place,
    admin: Place,
    /// The word that the operator settled, if they did.
    token: Option<Token>,
    manners: Manners,
}

/// Where to listen, and what is said about it.
struct Place {
    listener: Option<TcpListener>,
    note: String,
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
            log_requests: self.log_requests || file.log_requests,
            admin: self.admin.filter(|place| !place.is_empty()).or(file.admin),
            admin_token_file: self
                .admin_token_file
                .filter(|path| !path.as_os_str().is_empty())
                .or(file.admin_token_file),
        }
    }

    /// What is to be done. It listens from now on, so that whoever comes early waits.
    pub fn plan(&self) -> Result<Plan> {
        let manners = self.manners()?;
        let public = listen("--http", self.http.as_deref(), PORT)?;
        let admin = listen("--admin", self.admin.as_deref(), ADMIN_PORT)?;
        let token = self.token()?;
        if let Some(address) = admin.address()
            && !is_local(address)
            && token.is_none()
        {
            bail!(
                "--admin {address}: others than this machine could ask there, so settle the word that lets them: \
                 --admin-token-file FILE, or the variable {TOKEN_VARIABLE}"
            );
        }
        Ok(Plan { public, admin, token, manners })
    }

    /// The word that the operator settled, if they did.
    fn token(&self) -> Result<Option<Token>> {
        if let Some(path) = &self.admin_token_file {
            return token_in(path).context("--admin-token-file").map(Some);
        }
        let word = env::var(TOKEN_VARIABLE).ok().filter(|word| !word.is_empty());
        word.map(|word| Token::new(&word).context(TOKEN_VARIABLE)).transpose()
    }

    fn manners(&self) -> Result<Manners> {
        let origin = |text: &String| text.parse::<Origin>().with_context(|| format!("--http-origin {text}"));
        Ok(Manners {
            origins: self.http_origin.iter().map(origin).collect::<Result<_>>()?,
            hosts: host_names(&self.http_host)?,
            requests_per_second: NonZeroU32::new(self.http_rate.unwrap_or(REQUESTS_EACH_SECOND)),
            connections_max: files::connections_max(CONNECTIONS_MAX),
            requests: self.log_requests.then(|| -> RequestLog { Arc::new(say_answered) }),
            log: Arc::new(say_seldom()),
            ..Manners::default()
        })
    }
}

impl Place {
    fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref().and_then(|listener| listener.local_addr().ok())
    }
}

/// Whether only this machine can ask there.
fn is_local(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// Listens where it was said; or at the usual port, or any other where that is taken: several nodes on one machine need not be
/// told.
fn listen(option: &str, said: Option<&str>, port: u16) -> Result<Place> {
    let note = String::new();
    match said {
        Some(OFF) => Ok(Place { listener: None, note }),
        Some(text) => {
            let place = HostPort::from_str(text).with_context(|| format!("{option} {text}"))?;
            let listener = TcpListener::bind(&*place);
            let listener = listener.with_context(|| format!("{option} {text}: cannot listen there"))?;
            Ok(Place { listener: Some(listener), note })
        }
        None => {
            let bind = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
            Ok(match bind(port) {
                Ok(listener) => Place { listener: Some(listener), note },
                Err(why) => Place { listener: bind(0).ok(), note: format!(" (port {port}: {why})") },
            })
        }
    }
}

impl Plan {
    /// Begins to answer; it ends when what this gives is dropped.
    pub fn start(
        self,
        node: &NodeHandle,
        peers: PeersHandle,
        mining: Arc<dyn MiningControl>,
        data_dir: &Path,
    ) -> Result<Answering> {
        let runtime = threads(2, "cairn-http")?;
        let context = api::Context::new(node.clone(), Some(peers));
        let admin_address = self.admin.address();
        let admin = match self.admin.listener {
            None => None,
            Some(listener) => {
                let options = AdminOptions {
                    token: self.token.map_or_else(|| token_of(data_dir), Ok)?,
                    mining: Some(mining),
                    data_dir: Some(data_dir.to_owned()),
                    watch_freely: admin_address.is_some_and(is_local),
                };
                let manners = Manners {
                    origins: Vec::new(),
                    connections_max: OPERATORS_MAX,
                    answer_time_max: ORDER_TIME_MAX,
                    ..self.manners.clone()
                };
                let front = Front::admin(&context, options, &manners);
                Some(
                    Server::start(front, listener, runtime.handle())
                        .context("cannot take orders over HTTP")?,
                )
            }
        };
        let server = self.public.listener.map(|listener| {
            let front = Front::with_manners(context, &self.manners);
            Server::start(front, listener, runtime.handle()).context("cannot answer over HTTP")
        });
        let server = server.transpose()?;
        if let Some(admin) = &admin {
            say(&format!("taking orders at http://{}{}", admin.local_address(), self.admin.note));
        }
        if let Some(server) = &server {
            say(&format!("answering at http://{}{}", server.local_address(), self.public.note));
        }
        Ok(Answering { server, admin, runtime: Some(runtime) })
    }
}

/// A node that answers. Its parts end in this order.
pub(super) struct Answering {
    server: Option<Server>,
    admin: Option<Server>,
    runtime: Option<Runtime>,
}

impl Drop for Answering {
    fn drop(&mut self) {
        // Both at once, and before the threads that they live on.
        self.server.iter_mut().chain(&mut self.admin).for_each(Server::hang_up);
        self.server = None;
        self.admin = None;
        self.runtime.take().into_iter().for_each(|runtime| runtime.shutdown_timeout(END_TIME_MAX));
    }
}

/// Names by which somebody may be called, as `--http-host` says them.
pub(super) fn host_names(names: &[String]) -> Result<Vec<String>> {
    for name in names {
        ensure!(
            !name.contains(['/', ':', ' ']),
            "--http-host {name}: say a name alone, without a scheme or a port"
        );
    }
    Ok(names.to_vec())
}
