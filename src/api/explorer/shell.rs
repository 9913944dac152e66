//! What all pages share: heading, ways to everywhere, foot.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::response::{Html, IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::draft::{Draft, Live};
use crate::api::context::Context;
use crate::types::Timestamp;

/// Nothing from elsewhere, nothing inline, and nobody else's frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Seconds for which a page on a devnet may be wrong about what time it is there.
const CLOCK_SECONDS: u32 = 5;
/// Seconds for which a page may warn of what has passed.
const WARNED_SECONDS: u32 = 5;

/// Where in the house a page is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The tip and what is around it.
    Home,
    /// Blocks.
    Blocks,
    /// What waits.
    Mempool,
    /// Who mines, and how hard it is.
    Mining,
    /// Other nodes.
    Network,
    /// Branches.
    Forks,
    /// Keys.
    Wallet,
    /// All nodes of a devnet, and what can be done to them.
    Devnet,
    /// Somewhere else.
    Elsewhere,
}

/// Places that stand in the heading of every page, with their names.
const PLACES: [(Place, &str, &str); 7] = [
    (Place::Home, "/", "Home"),
    (Place::Blocks, "/blocks", "Blocks"),
    (Place::Mempool, "/mempool", "Mempool"),
    (Place::Mining, "/mining", "Mining"),
    (Place::Network, "/network", "Network"),
    (Place::Forks, "/forks", "Forks"),
    (Place::Wallet, "/wallet", "Wallet"),
];

/// What a page says of its node before anything else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// How bad it is.
    pub gravity: Gravity,
    /// A sentence or two.
    pub words: String,
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gravity {
    /// It will pass.
    Behind,
    /// Nothing is taken in any more.
    Stopped,
    /// Something is that should never be.
    Fault,
}

impl Gravity {
    /// By which it is recognized when it is told again.
    fn key(self) -> &'static str {
        match self {
            Self::Behind => "warned-behind",
            Self::Stopped => "warned-stopped",
            Self::Fault => "warned-fault",
        }
    }
}

/// What all pages share.
#[derive(Clone, Debug)]
pub struct Shell {
    /// What the network is called.
    pub network: String,
    /// What time it is there.
    pub now: Timestamp,
    /// Whether that time stands still.
    pub frozen: bool,
    /// Where a node's pages are, without a slash at the end; nothing where they are here.
    pub node: String,
    /// Where orders to a whole devnet are taken; nothing where there is none.
    pub desk: Option<String>,
    /// What is to be known of the node whose pages these are.
    pub warnings: Vec<Warning>,
}

impl Shell {
    /// Of a node's own pages.
    pub(in crate::api) fn of(context: &Context) -> Self {
        Self {
            network: context.node().genesis().name().to_owned(),
            now: context.node().chain_time(),
            frozen: context.is_clock_held(),
            node: String::new(),
            desk: context.desk().map(|_| "/devnet".to_owned()),
            warnings: Vec::new(),
        }
    }

    /// After how many seconds a page asks for itself again, at most. No event tells that a node stops, or how far it has caught
    /// up: a page that warns asks whether it still should, and others sometimes whether they should. On a devnet the clock may
    /// be held, or put forward, at any time, of which no event tells either; what the wallet shows is its script's, which asks
    /// about that for itself.
    fn every(&self, place: Place, live: Live) -> u32 {
        let most = match () {
            () if !self.warnings.is_empty() => WARNED_SECONDS,
            () if live == Live::NEVER => return 0,
            () if self.desk.is_some() && place != Place::Wallet => CLOCK_SECONDS,
            () => Live::SELDOM.every,
        };
        if live.every == 0 { most } else { live.every.min(most) }
    }

    /// A page, framed.
    pub fn page(&self, draft: &Draft) -> Response {
        let headers = [
            (CONTENT_SECURITY_POLICY, POLICY),
            // With less than that a form would not say from where it comes, and be turned away.
            (REFERRER_POLICY, "same-origin"),
            (CACHE_CONTROL, "no-store"),
        ];
        (headers, Html(self.framed(draft).into_string())).into_response()
    }

    fn framed(&self, draft: &Draft) -> Markup {
        let Draft { title, live, body, place, scripts } = draft;
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " · " (self.network) }
                    link rel="icon" type="image/svg+xml" href=(assets::ICON.path());
                    link rel="stylesheet" href=(assets::STYLE.path());
                    script src=(assets::SCRIPT.path()) defer {}
                    @for script in *scripts { script type="module" src=(script.path()) {} }
                }
                body data-now=(self.now) data-frozen[self.frozen] data-desk=[self.desk.as_ref()] data-events=(live.events) data-every=(self.every(*place, *live)) {
                    a.skip href="#main" { "To the content" }
                    (self.heading(*place))
                    main #main tabindex="-1" {
                        h1 { (title) }
                        (self.warned())
                        (body)
                    }
                    (self.foot())
                }
            }
        }
    }

    /// What comes and goes is read out only where it is grave: how far a node has caught up changes all the time.
    fn warned(&self) -> Markup {
        html! {
            @for Warning { gravity, words } in &self.warnings {
                @match gravity {
                    Gravity::Behind => p.behind data-key=(gravity.key()) { (words) },
                    Gravity::Stopped | Gravity::Fault => p.alarm data-key=(gravity.key()) role="alert" { (words) },
                }
            }
        }
    }

    fn heading(&self, place: Place) -> Markup {
        html! {
            header.top {
                a.brand href={ (self.node) "/" } { (assets::LOGO) span { (self.network) } }
                nav aria-label="Pages" {
                    @for (there, path, name) in PLACES {
                        a href={ (self.node) (path) } aria-current=[(there == place).then_some("page")] { (name) }
                    }
                    @if let Some(desk) = &self.desk {
                        a href=(desk) aria-current=[(place == Place::Devnet).then_some("page")] { "Devnet" }
                    }
                }
                // Forms may be sent to where the page came from alone.
                @if self.node.is_empty() {
                    form.search role="search" action="/search" {
                        input type="search" name="q" aria-label="Search: height, hash, transaction or address"
                            placeholder="Height, hash or address" autocomplete="off" spellcheck="false" required;
                        button { "Search" }
                    }
                }
                p #line role="status" {}
            }
        }
    }

    fn foot(&self) -> Markup {
        html! {
            footer {
                p {
                    "Cairn " (env!("CARGO_PKG_VERSION")) " · "
                    a href={ (self.node) "/docs" } { "API" } " · "
                    a href={ (self.node) "/v1/status" } { "status as JSON" }
                }
            }
        }
    }
}
