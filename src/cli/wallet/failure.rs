//! What programs are told of a command that did not do what was asked: one object with a code, in place of the answer.

use std::process::ExitCode;

use anyhow::Error;
use serde_json::{Value, json};

use super::ends::{Ended, code_of};
use super::order::Mistyped;
use crate::cli::output::{complain, tell_json};
use crate::client::ClientError;
use crate::ledger::SpendError;
use crate::wallet::keyring::KeyringError;
use crate::wallet::keystore::KeystoreError;
use crate::wallet::{BatchError, DraftError, LinkError};

/// The exit code of a command that was asked wrongly.
const USAGE: u8 = 2;

/// Says what went wrong, to programs as well where they asked; and what the process is to end with.
pub(super) fn ended_with(error: &Error, as_json: bool) -> ExitCode {
    let exit = code_of(error);
    if as_json {
        tell_object(&told(error, exit));
    }
    complain(error);
    ExitCode::from(exit)
}

/// Says to programs that they asked wrongly. People are told by whoever read the arguments.
pub(super) fn asked_wrongly(message: &str) {
    // The rest is for people: how to ask, and where to read on.
    let what = message.lines().next().unwrap_or_default();
    let what = what.strip_prefix("error: ").unwrap_or(what);
    tell_object(&json!({ "code": "usage", "message": what, "exit": USAGE }));
}

/// Where even that cannot be written, the exit code still says that something went wrong.
fn tell_object(error: &Value) {
    let _ = tell_json(&json!({ "error": error }));
}

fn told(error: &Error, exit: u8) -> Value {
    let mut told = json!({ "code": name_of(error, exit), "message": format!("{error:#}"), "exit": exit });
    if let Some(Ended::OnItsWay { txid, .. } | Ended::Lost { txid, .. }) = error.downcast_ref() {
        told["txid"] = json!(txid);
    }
    told
}

/// What it is called: by its exit code where it has one of its own, else by the first cause that is known.
fn name_of(error: &Error, exit: u8) -> String {
    match exit {
        3 => "declined".to_owned(),
        4 => "on_its_way".to_owned(),
        5 => "lost".to_owned(),
        _ => error.chain().find_map(name_of_cause).unwrap_or_else(|| "failed".to_owned()),
    }
}

fn name_of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(error) = cause.downcast_ref::<ClientError>() {
        return Some(match error {
            // The node's own codes.
            ClientError::Problem(problem) => problem.code.name(),
            ClientError::Unreachable { .. } => "node_unreachable".to_owned(),
            ClientError::NotANode { .. } | ClientError::NoAddress { .. } => "no_node".to_owned(),
        });
    }
    let name = if let Some(error) = cause.downcast_ref::<KeystoreError>() {
        match error {
            KeystoreError::WrongPassword => "wrong_password",
            KeystoreError::Tampered => "wallet_changed",
            KeystoreError::TooLong(_)
            | KeystoreError::NotAWallet
            | KeystoreError::LaterVersion(_)
            | KeystoreError::Malformed { .. }
            | KeystoreError::Damaged
            | KeystoreError::Content => "wallet_unreadable",
            KeystoreError::Password
            | KeystoreError::Costs(_)
            | KeystoreError::WeakCosts
            | KeystoreError::NetworkName => return None,
        }
    } else if let Some(error) = cause.downcast_ref::<KeyringError>() {
        match error {
            KeyringError::NoAccount(_) | KeyringError::NoContact(_) | KeyringError::Nobody(_) => {
                "unknown_name"
            }
            KeyringError::Address { .. } => "bad_address",
            KeyringError::NameTaken(_) | KeyringError::AddressTaken(_) => "taken",
            _ => return None,
        }
    } else if let Some(DraftError::Spend(
        SpendError::UnknownSender | SpendError::Balance { .. } | SpendError::NothingLeft,
    )) = cause.downcast_ref()
    {
        "balance_too_low"
    } else if cause.is::<DraftError>() {
        "bad_payment"
    } else if cause.is::<Mistyped>() {
        "bad_address"
    } else if cause.is::<LinkError>() {
        "bad_link"
    } else if cause.is::<BatchError>() {
        "bad_batch"
    } else {
        return None;
    };
    Some(name.to_owned())
}
