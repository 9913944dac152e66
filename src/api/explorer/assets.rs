//! What pages are made with: one style, two scripts, the words that keys are made of. All of it is in the binary.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing;
use maud::PreEscaped;
use std::sync::OnceLock;

use crate::api::problem::{Code, Problem};
use crate::api::reply::{Fresh, finished};
use crate::crypto::sha256;
use crate::wallet::wordlist;

/// The cairn beside the name.
pub const LOGO: PreEscaped<&str> = PreEscaped(include_str!("assets/logo.svg"));

/// Something that pages are made with.
pub struct Asset {
    name: &'static str,
    kind: &'static str,
    text: fn() -> &'static str,
    mark: OnceLock<String>,
}

/// How pages look, in light and in dark.
pub static STYLE: Asset =
    Asset::new("explorer.css", "text/css; charset=utf-8", || include_str!("assets/explorer.css"));
/// What keeps pages up to date.
pub static SCRIPT: Asset =
    Asset::new("explorer.js", "text/javascript; charset=utf-8", || include_str!("assets/explorer.js"));
/// The wallet of the wallet's page.
pub static WALLET: Asset =
    Asset::new("wallet.js", "text/javascript; charset=utf-8", || include_str!("assets/wallet.js"));
/// What keys are: curves, hashes, addresses, what is signed.
pub static KEYS: Asset =
    Asset::new("keys.js", "text/javascript; charset=utf-8", || include_str!("assets/keys.js"));
/// What may become of payments that were signed, and how a browser keeps them.
pub static SENT: Asset =
    Asset::new("sent.js", "text/javascript; charset=utf-8", || include_str!("assets/sent.js"));
/// What is open in its page, and what of it a browser keeps.
pub static KEPT: Asset =
    Asset::new("kept.js", "text/javascript; charset=utf-8", || include_str!("assets/kept.js"));
/// What an account has, and what becomes of its payments.
pub static FOLLOWED: Asset =
    Asset::new("followed.js", "text/javascript; charset=utf-8", || include_str!("assets/followed.js"));
/// How a payment is made.
pub static PAID: Asset =
    Asset::new("paid.js", "text/javascript; charset=utf-8", || include_str!("assets/paid.js"));
/// What its page asks a node.
pub static ASKED: Asset =
    Asset::new("asked.js", "text/javascript; charset=utf-8", || include_str!("assets/asked.js"));
/// How its page is drawn.
pub static DRAWN: Asset =
    Asset::new("drawn.js", "text/javascript; charset=utf-8", || include_str!("assets/drawn.js"));
/// The 2048 words.
pub static WORDS: Asset = Asset::new("words.txt", "text/plain; charset=utf-8", wordlist);
/// The cairn in the window's name.
pub static ICON: Asset = Asset::new("cairn.svg", "image/svg+xml", || include_str!("assets/icon.svg"));

static ALL: [&Asset; 12] =
    [&STYLE, &SCRIPT, &WALLET, &KEYS, &SENT, &ASKED, &DRAWN, &KEPT, &FOLLOWED, &PAID, &WORDS, &ICON];

impl Asset {
    const fn new(name: &'static str, kind: &'static str, text: fn() -> &'static str) -> Self {
        Self { name, kind, text, mark: OnceLock::new() }
    }

    /// Where it is. Another version is somewhere else, so that browsers may keep it for ever.
    pub fn path(&self) -> String {
        format!("/assets/{}/{}", self.mark(), self.name)
    }

    fn mark(&self) -> &str {
        self.mark.get_or_init(|| hex::encode(&sha256((self.text)().as_bytes())[..6]))
    }
}

/// All of them, at their places.
pub fn assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{mark}/{name}", routing::get(asset))
}

fn nothing() -> Response {
    Problem::new(Code::NotFound, "pages are made with nothing of this name").into_response()
}

async fn asset(Path((mark, name)): Path<(String, String)>) -> Response {
    let found = ALL.into_iter().find(|asset| asset.name == name);
    let Some(asset) = found else { return nothing() };
    // A page of another version, open since before the node was replaced, gets what there is and keeps nothing of it.
    if mark != asset.mark() {
        return ([(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "no-store")], (asset.text)()).into_response();
    }
    finished((asset.text)().into(), asset.kind, Fresh::Forever)
}
