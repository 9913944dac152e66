//! What programs are told of a command that did not do what was asked: one object with a code, in place of the answer.

use std::process::ExitCode;

use anyhow::Error;
use serde_json::{Value, json};

use super::ends::{Ended, code_of};
use super::order::{FeeTooLow, Mistyped};
use crate::cli::output::{Delivery, complain, deliver_json};
use crate::client::ClientError;
use crate::ledger::SpendError;
use crate::wallet::keyring::KeyringError;
use crate::wallet::keystore::KeystoreError;
use crate::wallet::{BatchError, DraftError, LinkError};

/// The exit code of a command that was asked wrongly.
const USAGE: u8 = 2;

/// Says what went wrong, to programs as well where they asked; what the process is to end with, and whether it was heard.
pub(super) fn ended_with(error: &Error, as_json: bool, notes: &[String]) -> (ExitCode, Delivery) {
    let exit = code_of(error);
    let to_program = as_json.then(|| tell_object(&told(error, exit, notes)));
    let to_person = complain(error);
    (ExitCode::from(exit), to_program.unwrap_or(to_person))
}

/// Says to programs that they asked wrongly. People are told by whoever read the arguments.
pub(super) fn asked_wrongly(message: &str) {
    // The rest is for people: how to ask, and where to read on.
    let what = message.lines().next().unwrap_or_default();
    let what = what.strip_prefix("error: ").unwrap_or(what);
    let _ = tell_object(&json!({ "code": "usage", "message": what, "exit": USAGE }));
}

/// Where even that cannot be written, the exit code still says that something went wrong.
fn tell_object(error: &Value) -> Delivery {
    deliver_json(&json!({ "error": error })).unwrap_or(Delivery::Gone)
}

fn told(error: &Error, exit: u8, notes: &[String]) -> Value {
    let mut told = json!({ "code": name_of(error, exit), "message": format!("{error:#}"), "exit": exit });
    let about = match error.downcast_ref() {
        Some(
            Ended::Repeats { txid, .. }
            | Ended::ComesFirst { txid, .. }
            | Ended::KeyTaken { txid, .. }
            | Ended::TooLate { txid, .. }
            | Ended::OnItsWay { txid, .. }
            | Ended::InDoubt { txid, .. }
            | Ended::Lost { txid, .. },
        ) => Some(txid),
        Some(Ended::Declined { .. }) | None => None,
    };
    if let Some(txid) = about {
        told["txid"] = json!(txid);
    }
    if !notes.is_empty() {
        told["notes"] = json!(notes);
    }
    told
}

/// What it is called: by its exit code where it has one of its own, else by the first cause that is known.
fn name_of(error: &Error, exit: u8) -> String {
    match exit {
        1 if matches!(error.downcast_ref(), Some(Ended::TooLate { .. })) => "too_late".to_owned(),
        3 if matches!(error.downcast_ref(), Some(Ended::ComesFirst { .. })) => "comes_first".to_owned(),
        3 if matches!(error.downcast_ref(), Some(Ended::KeyTaken { .. })) => "key_taken".to_owned(),
        3 => "declined".to_owned(),
        4 if matches!(error.downcast_ref(), Some(Ended::InDoubt { .. })) => "in_doubt".to_owned(),
        4 => "on_its_way".to_owned(),
        5 => "lost".to_owned(),
        _ => error.chain().find_map(name_of_cause).unwrap_or_else(|| "failed".to_owned()),
    }
}

fn name_of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(error) = cause.downcast_ref() {
        return Some(name_of_client(error));
    }
    let name = if let Some(error) = cause.downcast_ref() {
        name_of_keystore(error)
    } else if let Some(error) = cause.downcast_ref() {
        name_of_keyring(error)
    } else if let Some(error) = cause.downcast_ref() {
        Some(name_of_draft(error))
    } else if cause.is::<FeeTooLow>() {
        Some("fee_too_low")
    } else if cause.is::<Mistyped>() {
        Some("bad_address")
    } else if cause.is::<LinkError>() {
        Some("bad_link")
    } else if cause.is::<BatchError>() {
        Some("bad_batch")
    } else {
        None
    };
    name.map(str::to_owned)
}

fn name_of_client(error: &ClientError) -> String {
    match error {
        // The node's own codes.
        ClientError::Problem(problem) => problem.code.name(),
        ClientError::Unreachable { .. } => "node_unreachable".to_owned(),
        ClientError::NotANode { .. } | ClientError::NoAddress { .. } => "no_node".to_owned(),
    }
}

fn name_of_keystore(error: &KeystoreError) -> Option<&'static str> {
    match error {
        KeystoreError::WrongPassword => Some("wrong_password"),
        KeystoreError::Tampered => Some("wallet_changed"),
        KeystoreError::TooLong(_)
        | KeystoreError::NotAWallet
        | KeystoreError::LaterVersion(_)
        | KeystoreError::Malformed { .. }
        | KeystoreError::Damaged
        | KeystoreError::Content => Some("wallet_unreadable"),
        KeystoreError::Password
        | KeystoreError::Costs(_)
        | KeystoreError::WeakCosts
        | KeystoreError::NetworkName => None,
    }
}

fn name_of_keyring(error: &KeyringError) -> Option<&'static str> {
    match error {
        KeyringError::NoAccount(_)
        | KeyringError::NoContact(_)
        | KeyringError::Nobody(_)
        | KeyringError::NoPayee { .. } => Some("unknown_name"),
        KeyringError::Address { .. } => Some("bad_address"),
        KeyringError::NameTaken(_) | KeyringError::AddressTaken(_) => Some("taken"),
        KeyringError::AccountsFull
        | KeyringError::ContactsFull
        | KeyringError::NoAccounts
        | KeyringError::SeedsFull
        | KeyringError::SeedTaken
        | KeyringError::NoSeed
        | KeyringError::PassphraseLong
        | KeyringError::Number(_) => None,
    }
}

fn name_of_draft(error: &DraftError) -> &'static str {
    match error {
        DraftError::Spend(
            SpendError::UnknownSender | SpendError::Balance { .. } | SpendError::NothingLeft,
        ) => "balance_too_low",
        DraftError::Spend(SpendError::Nonce { .. } | SpendError::Overflow)
        | DraftError::Nothing
        | DraftError::Actions(_)
        | DraftError::Refused(_)
        | DraftError::Untimely(_) => "bad_payment",
    }
}
