//! What a transaction does, in words that are made from its bytes and from nothing else.

use super::expression::policy_text;
use crate::types::{Action, Address, Body, Prefix, Reference};

/// What a body does, line by line, on the network of this prefix. The same bytes always have the same words.
///
/// # Security
/// Texts of strangers are shown with everything escaped that could move a terminal's cursor, hide letters or turn their
/// order.
pub fn describe(body: &Body, prefix: &Prefix) -> Vec<String> {
    let address = |address: &Address| address_words(address, prefix);
    let mut lines =
        vec![format!("From {}, its transaction number {}", address(&body.policy.address()), body.nonce)];
    for action in &body.actions {
        lines.push(match action {
            Action::Pay { to, amount, reference } => {
                format!("Pays {amount} to {}{}", address(to), for_reference(reference))
            }
            Action::PayAll { to, reference } => {
                format!("Pays all that is left to {}{}", address(to), for_reference(reference))
            }
            Action::Note(note) => format!("Says in public, for ever: {}", quoted(note)),
        });
    }
    lines.push(format!("Gives the miner a fee of {}", body.fee));
    if let Some(expiry) = body.expiry {
        lines.push(format!("Is void after height {expiry}"));
    }
    lines.push(format!("May be signed by: {}", policy_text(&body.policy)));
    lines
}

/// An address as people write it.
pub(super) fn address_words(address: &Address, prefix: &Prefix) -> String {
    address.to_text(prefix)
}

fn for_reference(reference: &Reference) -> String {
    if reference.is_empty() { String::new() } else { format!(", for {}", quoted(reference)) }
}

/// Bytes of somebody's choice, a reference, a note or a label: text in quotation marks with everything escaped that a
/// terminal might obey or hide, or digits where they are no text.
pub fn quoted(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => format!("\"{}\"", escaped(text)),
        Err(_) => format!("hex:{}", hex::encode(bytes)),
    }
}

/// A stranger's text, as it can be shown: signs that steer a terminal, and letters that change the direction of others or take no
/// room, become question marks.
///
/// # Security
/// With them somebody could have a terminal show another amount, or another payee, than the wallet wrote there.
pub fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() || is_unseen(letter) { '?' } else { letter }).collect()
}

fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Text in which nothing is invisible: what `escape_debug` escapes, and letters that change the direction of others or
/// take no room.
fn escaped(text: &str) -> String {
    let mut shown = String::new();
    for letter in text.chars() {
        match letter {
            // The quotation marks around are others.
            '\'' => shown.push(letter),
            _ if is_unseen(letter) => shown.extend(letter.escape_unicode()),
            _ => shown.extend(letter.escape_debug()),
        }
    }
    shown
}
