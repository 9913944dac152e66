//! Keys in the page: what a wallet's script fills with life.
//!
//! The server only draws what is the same for everybody. Keys are made, kept and used by `assets/wallet.js` and the rooms it names,
//! which bring nothing of them here; `assets/keys.js` knows what is signed, so this node cannot have something else signed either.

use axum::extract::State;
use maud::{Markup, html};

use super::assets::{self, Asset};
use super::draft::{Draft, Live, Shown};
use super::shell::Place;
use crate::api::context::Context;

/// What the page runs.
static SCRIPTS: [&Asset; 1] = [&assets::WALLET];
/// What that takes in, by the names that the page gives.
static PARTS: [&Asset; 7] = [
    &assets::KEYS,
    &assets::SENT,
    &assets::ASKED,
    &assets::DRAWN,
    &assets::KEPT,
    &assets::FOLLOWED,
    &assets::PAID,
];
/// What is told to it. It asks for what changed itself, and not for this page.
const LIVE: Live = Live { events: "block,reorganization,mempool", every: 0 };

pub(super) async fn wallet(State(context): State<Context>) -> Shown {
    let params = context.params();
    let body = html! {
        (about())
        noscript { (without_scripts()) }
        // `data-own`: what keeps pages up to date leaves alone what this page's own script has put there.
        div #wallet data-own data-chain=(params.chain) data-prefix=(params.prefix)
            data-words=(assets::WORDS.path()) {
            // Until the script has come, and where it does not.
            p #wallet-loading { "The wallet is being loaded. If this stays, load the page again." }
            @for part in PARTS { link rel="modulepreload" href=(part.path()); }
            p #wallet-trouble.alarm role="alert" data-shown hidden {}
            p #wallet-old.bad role="status" data-shown hidden {}
            p #wallet-said.unseen role="status" {}
            (unreadable())
            (begin())
            (words())
            (account())
            (send())
            (payments())
            (key())
            (review())
            (sure())
        }
    };
    let page = Draft::new("Wallet", Place::Wallet, LIVE, body);
    Ok(Draft { scripts: &SCRIPTS, ..page })
}

fn about() -> Markup {
    html! {
        p.lead {
            strong { "For test networks." }
            " A key that is made here stays in this page, and is gone when it is closed, unless you have this browser keep it."
        }
        p.note {
            "No node is sent it. But whoever runs this node made this page, and could change it: keys to coins that are worth "
            "something belong into " code { "cairn wallet" } ", on a machine of your own."
        }
    }
}

fn without_scripts() -> Markup {
    html! {
        p.alarm { "A wallet in a page needs scripts, and this browser runs none here." }
        p { "On the command line it takes nothing but " code { "cairn" } ":" }
        div.wide tabindex="0" role="region" aria-label="Commands" {
            pre { code {
                "cairn wallet new                  # a key, and the words that bring it back\n"
                "cairn wallet address              # where to be paid\n"
                "cairn wallet balance\n"
                "cairn wallet send ADDRESS 12.5    # pay, and wait until a block confirms it"
            } }
        }
        p.note {
            "Where the node is not at http://127.0.0.1:9330, say " code { "--node" } " and the address of this page, up to the "
            "third slash."
        }
    }
}

/// What was kept by another version, or damaged: words may be in it, so it is shown before anything is written over it.
fn unreadable() -> Markup {
    html! {
        section #wallet-unreadable aria-label="What was kept" hidden {
            p.bad { "What this browser kept for this page cannot be read. A key, or payments in doubt, may be in it." }
            details {
                summary { "Show what is kept" }
                p { code #wallet-unreadable-text {} }
                button #wallet-discard type="button" { "Throw it away" }
            }
        }
    }
}

/// What is wrong with a field, or with what was asked for.
fn error(name: &str) -> Markup {
    html! { p.bad id={ "wallet-" (name) "-error" } role="alert" data-shown hidden {} }
}

/// A part that the script shows when its time comes; its title takes the focus then.
fn part(name: &str, title: &str, inside: &Markup) -> Markup {
    html! {
        section id={ "wallet-" (name) } aria-labelledby={ "wallet-" (name) "-title" } hidden {
            h2 id={ "wallet-" (name) "-title" } tabindex="-1" { (title) }
            (inside)
        }
    }
}

fn begin() -> Markup {
    let inside = html! {
        (error("begin"))
        div.sides {
            div {
                h3 { "Create" }
                p { "A new key, and twelve words that bring it back." }
                button #wallet-create.main type="button" { "Create a key" }
            }
            form #wallet-restore autocomplete="off" {
                h3 { "Restore" }
                label for="wallet-typed" { "Words, or a key" }
                textarea #wallet-typed rows="3" required spellcheck="false" autocapitalize="none" autocorrect="off"
                    aria-describedby="wallet-typed-hint wallet-restore-error" {}
                p #wallet-typed-hint.note { "12 or 24 words, as " code { "cairn wallet" } " has them, or the 64 hexadecimal digits of a key." }
                details {
                    summary { "The words have a passphrase" }
                    label for="wallet-passphrase" { "Passphrase" }
                    input #wallet-passphrase type="password" autocomplete="off";
                }
                (error("restore"))
                button { "Restore" }
            }
        }
    };
    part("begin", "Your key", &inside)
}

fn words() -> Markup {
    let inside = html! {
        p {
            "On paper, in their order, where nobody else looks. They are all that it takes to spend, and all that brings the key "
            "back when this page is gone."
        }
        ol #wallet-words-list {}
        button #wallet-written.main type="button" { "I have written them down" }
    };
    part("words", "Write these words down", &inside)
}

fn account() -> Markup {
    let sums = [
        ("balance", "Balance, confirmed"),
        ("spendable", "Can be spent now"),
        ("incoming", "On its way in"),
        ("outgoing", "On its way out"),
        ("immature", "Mined, yet to mature"),
    ];
    let inside = html! {
        div.named {
            span.whole {
                code #wallet-address {}
                button #wallet-copy.copy type="button" aria-describedby="wallet-address" hidden { "Copy" }
            }
            img #wallet-qr.qr width="180" height="180" alt="The address as a QR code" hidden;
        }
        p #wallet-public.bad hidden { "Everybody has these words: whatever is paid to this address, anybody can take." }
        dl.facts {
            @for (name, title) in sums {
                div { dt { (title) } dd id={ "wallet-" (name) } {} }
            }
        }
        p #wallet-coins hidden { a #wallet-coins-link target="_blank" rel="noopener" { "Get coins" } " from this devnet's faucet." }
        p #wallet-line.bad role="status" data-shown hidden {}
        // It goes on changing, and the page says so above: it is not read out each time.
        p #wallet-behind.note data-shown hidden {}
    };
    part("account", "Your address", &inside)
}

fn send() -> Markup {
    let field = |name: &str, title: &str, hint: &str, mode: &str| {
        html! {
            div.field {
                label for={ "wallet-" (name) } { (title) }
                input id={ "wallet-" (name) } autocomplete="off" autocapitalize="none" spellcheck="false" inputmode=(mode)
                    aria-describedby={ "wallet-" (name) "-hint wallet-" (name) "-error" };
                p.note id={ "wallet-" (name) "-hint" } { (hint) }
                (error(name))
            }
        }
    };
    let inside = html! {
        form #wallet-send-form autocomplete="off" novalidate {
            (field("to", "To", "An address of this network, or a payment link.", "text"))
            (field("amount", "Amount in CRN", "Such as 12.5.", "decimal"))
            p { label { input #wallet-all type="checkbox"; " Everything that is left" } }
            (field("reference", "Reference, if one was asked for", "Up to 32 bytes: text, or hex: and digits. Everybody can read it.", "text"))
            (field("fee", "Fee in CRN", "What the node says it takes to be in the next block; change it if you like.", "decimal"))
            (error("send"))
            button.main { "Review" }
        }
    };
    part("send", "Send", &inside)
}

fn payments() -> Markup {
    let inside = html! {
        ul #wallet-sent.transactions {}
        div.wide tabindex="0" role="region" aria-label="What happened" {
            table {
                thead { tr {
                    th scope="col" { "Confirmed" } th scope="col" { "What" } th scope="col" { "With" }
                    th.number scope="col" { "Change" }
                } }
                tbody #wallet-history {}
            }
        }
        p #wallet-nothing.empty data-shown hidden {}
    };
    part("payments", "Payments", &inside)
}

fn key() -> Markup {
    let inside = html! {
        p {
            label { input #wallet-keep type="checkbox" autocomplete="off"; " Keep it in this browser" }
            br;
            span.note { "Whoever uses this browser can read it then, and spend." }
        }
        p #wallet-number-line {
            label for="wallet-number" { "Account of these words" } " "
            input #wallet-number type="number" autocomplete="off" min="0" max="2147483647" step="1" value="0";
        }
        details #wallet-secret {
            summary { "Show what brings it back" }
            p { code #wallet-secret-text {} }
            dl.facts #wallet-secret-besides {}
        }
        (error("key"))
        button #wallet-forget type="button" { "Forget this key" }
    };
    part("key", "This key", &inside)
}

fn review() -> Markup {
    html! {
        dialog #wallet-review aria-labelledby="wallet-review-title" {
            h2 #wallet-review-title { "Send this?" }
            dl.facts #wallet-review-facts {}
            ul #wallet-review-notes {}
            p #wallet-high.bad hidden {
                label { input #wallet-mean type="checkbox"; " " span #wallet-high-text {} "." }
            }
            p.pages {
                button #wallet-back type="button" { "Back" }
                button #wallet-confirm.main type="button" { "Sign and send" }
            }
        }
    }
}

fn sure() -> Markup {
    html! {
        dialog #wallet-sure aria-labelledby="wallet-sure-title" {
            h2 #wallet-sure-title { "Forget this key?" }
            p #wallet-sure-needs {}
            p #wallet-sure-doubt.bad data-shown hidden {}
            p.pages {
                button #wallet-sure-back type="button" { "Back" }
                button #wallet-sure-forget.main type="button" { "Forget it" }
            }
        }
    }
}
