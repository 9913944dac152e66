//! Policies as they are put before people: whose keys they name, under what conditions money moves, and what gives pause.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api::view::PolicyView;
use crate::crypto::PublicKey;
use crate::types::{Address, Height, Policy, Prefix};
use crate::wallet::keyring::{Account, AccountKind, Book};
use crate::wallet::{Caution, Lack, Means, cautions, explain, lack, policy_text};

/// The keys that this wallet can sign with.
pub(super) fn own_keys(book: &Book) -> BTreeSet<PublicKey> {
    book.accounts().iter().filter_map(Account::own_key).collect()
}

/// The key of an account that one key governs, be it this wallet's or somebody's whose key was noted.
pub(super) fn key_of_account(account: &Account) -> Option<PublicKey> {
    match account.policy() {
        Some(Policy::Key(key)) => Some(key),
        _ => None,
    }
}

/// What the owner of a wallet calls a key.
pub(super) fn name_of_key(book: &Book, key: &PublicKey) -> Option<String> {
    let account = book.accounts().iter().find(|account| key_of_account(account) == Some(*key))?;
    let is_own = account.own_key().is_some();
    Some(if is_own { format!("{} (yours)", account.name()) } else { account.name().to_string() })
}

/// What is missing, in words of the wallet's owner.
pub(super) fn lack_words(lack: Option<&Lack>, book: &Book) -> Vec<String> {
    lack.map(|lack| lack.words(&|key| name_of_key(book, key))).unwrap_or_default()
}

/// Why this wallet alone cannot meet a policy with these means, and what to do about it.
pub(super) fn why_not_alone(policy: &Policy, means: &Means, book: &Book) -> String {
    let lacking = lack_words(lack(policy, means).as_ref(), book).join("; ");
    let others = Means { keys: Means::all(policy).keys, ..means.clone() };
    match lack(policy, &others) {
        // Others could.
        None => format!(
            "this wallet alone cannot sign for that account: {lacking}. `cairn wallet prepare` writes a file for the others to sign"
        ),
        Some(_) if means.hashes.is_empty() && !Means::all(policy).hashes.is_empty() => {
            format!(
                "that account cannot be spent from like this: {lacking}. A secret is shown with --preimage"
            )
        }
        Some(_) => format!("that account cannot be spent from yet: {lacking}"),
    }
}

/// A policy, as it is told to the owner of a wallet.
pub(super) struct Telling<'a> {
    pub policy: &'a Policy,
    pub book: &'a Book,
    /// What gives pause.
    pub cautions: Vec<Caution>,
}

impl<'a> Telling<'a> {
    /// The policy while the tip stands at a height, on a chain with so many seconds between its blocks.
    pub fn new(policy: &'a Policy, book: &'a Book, height: Height, spacing: u32) -> Self {
        Self { policy, book, cautions: cautions(policy, height, spacing) }
    }

    /// Under what conditions money moves, and what gives pause.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = explain(self.policy, &|key| name_of_key(self.book, key));
        lines.extend(self.caution_words().iter().map(|words| format!("Caution: {words}")));
        lines
    }

    fn caution_words(&self) -> Vec<String> {
        self.cautions.iter().map(|caution| caution.words(&|key| name_of_key(self.book, key))).collect()
    }

    /// What this wallet can do by itself, at this height and with no secret shown.
    pub fn alone(&self, height: Height) -> String {
        let means = Means { keys: own_keys(self.book), hashes: BTreeSet::new(), height };
        match lack(self.policy, &means) {
            None => "This wallet alone can spend from it.".to_owned(),
            Some(lack) => {
                format!(
                    "This wallet alone cannot spend from it: {}",
                    lack_words(Some(&lack), self.book).join("; ")
                )
            }
        }
    }

    /// All of it for programs.
    pub fn json(&self, prefix: &Prefix) -> Value {
        let keys = Means::all(self.policy).keys;
        let own = own_keys(self.book);
        let key = |key: &PublicKey| {
            json!({
                "key": hex::encode(key.to_bytes()),
                "name": self.book.accounts().iter().find(|it| key_of_account(it) == Some(*key)).map(Account::name),
                "own": own.contains(key),
            })
        };
        json!({
            "address": self.policy.address().to_text(prefix),
            "text": policy_text(self.policy),
            "policy": PolicyView::from(self.policy),
            "words": explain(self.policy, &|key| name_of_key(self.book, key)),
            "cautions": self.caution_words(),
            "keys": keys.iter().map(key).collect::<Vec<_>>(),
        })
    }
}

/// The conditions of a shared account of the book, where an address is one: they are shown before money goes there.
pub(super) fn shared_lines(address: &Address, book: &Book, height: Height, spacing: u32) -> Vec<String> {
    let Some(account) = book.account_at(address) else { return Vec::new() };
    let AccountKind::Shared { policy } = account.kind() else { return Vec::new() };
    let mut lines = vec![format!("`{}` is shared:", account.name())];
    lines.extend(Telling::new(policy, book, height, spacing).lines().iter().map(|line| format!("  {line}")));
    lines
}
