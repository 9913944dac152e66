//! `cairn wallet multisig`, `policy` and `key`: addresses that several keys, heights and secrets govern.

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::Options;
use super::ends::Undone;
use super::order::ask_for_yes;
use super::wording::{Telling, key_of_account, own_keys};
use crate::api::view::{AddressText, Moved};
use crate::cli::output::{Report, count, tell, tell_json};
use crate::cli::secrets::random;
use crate::client::First;
use crate::crypto::{PublicKey, sha256};
use crate::types::{Address, Height, Policy};
use crate::wallet::keyring::{Account, AccountKind, Book, KeyringError, NAME_LETTERS_MAX, Name};
use crate::wallet::keystore::WalletFile;
use crate::wallet::{Caution, Means, parse_policy, policy_text};

const MULTISIG_EXAMPLES: &str = "\
Examples:
  cairn wallet key                                  what the others need of you
  cairn wallet multisig create family -m 2 main 5f1c... 9ad0...
                                                    two of three have to agree; `main` is an account of this wallet
  cairn wallet prepare shop 12.5 --from family --out payment.json
                                                    a payment for the others to sign

All who share it say the keys in the same order, or have another address; compare that before money goes there.";

const POLICY_EXAMPLES: &str = "\
Examples:
  cairn wallet policy show 'any of (main, all of (heir, after 250000))'
  cairn wallet policy create later 'all of (main, after 1200)'
  cairn wallet policy secret                        a secret, and the hash that locks money until it is shown
  cairn wallet policy create swap 'any of (all of (5f1c..., sha256 6e34...), all of (main, after 1200))'
  cairn wallet send bob 5 --from swap --preimage HEX
  cairn wallet policy create cold 'key 5f1c...'     an account whose key is on another machine

A policy is keys (hexadecimal digits, or accounts of this wallet), `after HEIGHT`, `sha256 HASH`, and `2 of (...)`, `all of (...)`,
`any of (...)` around them. However it is met, somebody has to sign.";

#[derive(Args)]
#[command(after_long_help = MULTISIG_EXAMPLES, after_help = MULTISIG_EXAMPLES)]
pub(super) struct Multisig {
    #[command(subcommand)]
    command: MultisigCommand,
}

#[derive(Subcommand)]
enum MultisigCommand {
    /// Make an account from which so many of several have to agree to spend.
    Create {
        /// What to call it.
        name: Name,
        /// How many have to agree.
        #[arg(short = 'm', long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..))]
        required: u8,
        /// The keys, in the order that all have agreed upon: 64 hexadecimal digits, or an account of this wallet.
        #[arg(value_name = "KEY", required = true)]
        keys: Vec<String>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
#[command(after_long_help = POLICY_EXAMPLES, after_help = POLICY_EXAMPLES)]
pub(super) struct Policies {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Subcommand)]
enum PolicyCommand {
    /// Make an account that a policy governs.
    ///
    /// The words of a wallet do not bring it back: keep the policy's text, too.
    Create {
        /// What to call it.
        name: Name,
        /// The policy.
        expression: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Say in plain words under what conditions money moves.
    Show {
        /// An account, an address that has paid before, or the text of a policy.
        what: String,
    },
    /// Draw a secret, and the hash that locks money until it is shown.
    Secret,
}

#[derive(Args)]
pub(super) struct ShowKey {
    /// Whose [default: the first account's].
    account: Option<String>,
}

/// The key that somebody means.
fn key_of(text: &str, book: &Book) -> Result<PublicKey> {
    let digits = text.strip_prefix("key:").unwrap_or(text);
    if digits.len() == text.len() && text.len() <= NAME_LETTERS_MAX {
        let account = match book.account(text) {
            Ok(account) => account,
            Err(_) if book.contacts().iter().any(|contact| contact.name.is_like(text)) => bail!(
                "`{text}` is a contact, and an address does not say which key is behind it: ask for what `cairn wallet key` says there"
            ),
            Err(error) => return Err(error.into()),
        };
        return key_of_account(account).ok_or_else(|| {
            anyhow!(
                "`{}` has no key of its own: `cairn wallet key` says which accounts' keys there are",
                account.name()
            )
        });
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| {
        anyhow!("`{text}` is no key: expected 64 hexadecimal digits, as `cairn wallet key` says them")
    })?;
    PublicKey::from_bytes(bytes).with_context(|| text.to_owned())
}

/// Reads a policy's text, in which accounts of the wallet stand for their keys; a mistake is pointed at.
fn read_policy(text: &str, book: &Book) -> Result<Policy> {
    let named = |name: &str| key_of_account(book.account(name).ok()?);
    parse_policy(text, &named).map_err(|error| {
        if text.contains('\n') {
            anyhow!("{error}")
        } else {
            anyhow!("{error}\n  {text}\n  {}", error.pointer())
        }
    })
}

/// Where the chain stands, as far as that can be known: a node is asked where one answers.
struct Situation {
    height: Option<Height>,
    spacing: u32,
}

impl Situation {
    fn of(options: &Options, file: &WalletFile) -> Self {
        let height = options.chain(file.network()).and_then(|chain| Ok(chain.next_height()?)).ok();
        // Where nothing is known of the chain, nothing is said of how long a height is away.
        let spacing = options.ground(file.network(), None).map_or(0, |genesis| genesis.params().spacing);
        Self { height, spacing }
    }

    fn height(&self) -> Height {
        self.height.unwrap_or(Height::GENESIS)
    }

    fn lines(&self, telling: &Telling<'_>) -> Vec<String> {
        let mut lines = telling.lines();
        lines.push(telling.alone(self.height()));
        if self.height.is_none() {
            lines.push(
                "No node was asked how far the chain is: heights are counted from its beginning.".to_owned(),
            );
        }
        lines
    }
}

impl Multisig {
    pub fn run(&self, options: &Options) -> Result<()> {
        let MultisigCommand::Create { name, required, keys, yes } = &self.command;
        let file = options.vault()?.read()?;
        let keys: Result<Vec<Policy>> =
            keys.iter().map(|key| key_of(key, file.book()).map(Policy::Key)).collect();
        let keys = keys?;
        let said = format!("-m {required} with {}", count(keys.len(), "key"));
        let policy = Policy::threshold(*required, keys).context(said)?;
        create(options, &file, name, &policy, *yes)
    }
}

impl Policies {
    pub fn run(&self, options: &Options) -> Result<()> {
        match &self.command {
            PolicyCommand::Create { name, expression, yes } => {
                let file = options.vault()?.read()?;
                let policy = read_policy(expression, file.book())?;
                create(options, &file, name, &policy, *yes)
            }
            PolicyCommand::Show { what } => show(options, what),
            PolicyCommand::Secret => secret(options),
        }
    }
}

/// Makes an account of a policy, once its conditions were shown.
fn create(options: &Options, file: &WalletFile, name: &Name, policy: &Policy, yes: bool) -> Result<()> {
    check_new(file.book(), name, policy)?;
    let situation = Situation::of(options, file);
    let telling = Telling::new(policy, file.book(), situation.height(), situation.spacing);
    if let Some(nobody) = telling.cautions.iter().find(|caution| matches!(caution, Caution::NobodyEver)) {
        bail!("{}", nobody.words(&|_| None));
    }
    let address = policy.address().to_text(file.network().prefix());
    let lines = situation.lines(&telling);
    if !yes {
        let shown = format!("{}\n{address}\n{}\n", policy_text(policy), lines.join("\n"));
        ask_for_yes(&shown, &format!("Keep it as `{name}`?"), Undone::Kept)?;
    }
    options.vault()?.change(&options.passwords(), |wallet| {
        Ok(wallet.keyring_mut().share(name.clone(), policy.clone())?.clone())
    })?;
    if options.json {
        let mut json = telling.json(file.network().prefix());
        json["account"] = json!(name);
        return tell_json(&json);
    }
    Report::default()
        .line("account", name)
        .line("address", &address)
        .line("policy", policy_text(policy))
        .tell(false)?;
    let advice = "Words do not bring this account back: keep its policy where you keep them.";
    tell(&format!("\n{}\n{advice}\n", lines.join("\n")))
}

/// Refuses what is taken before anybody is asked.
fn check_new(book: &Book, name: &Name, policy: &Policy) -> Result<(), KeyringError> {
    let names = book.accounts().iter().map(Account::name);
    let mut names = names.chain(book.contacts().iter().map(|contact| &contact.name));
    if let Some(taken) = names.find(|taken| taken.is_like(name.as_str())) {
        return Err(KeyringError::NameTaken(taken.clone()));
    }
    match book.account_at(&policy.address()) {
        Some(there) => Err(KeyringError::AddressTaken(there.name().clone())),
        None => Ok(()),
    }
}

fn show(options: &Options, what: &str) -> Result<()> {
    let file = options.vault()?.read()?;
    let situation = Situation::of(options, &file);
    let (account, policy) = policy_of(options, &file, what)?;
    let telling = Telling::new(&policy, file.book(), situation.height(), situation.spacing);
    let prefix = file.network().prefix();
    if options.json {
        let mut json = telling.json(prefix);
        json["account"] = json!(account);
        return tell_json(&json);
    }
    let report = match account {
        Some(name) => Report::default().line("account", name),
        None => Report::default(),
    };
    report
        .line("address", policy.address().to_text(prefix))
        .line("policy", policy_text(&policy))
        .tell(false)?;
    tell(&format!("\n{}\n", situation.lines(&telling).join("\n")))
}

/// The policy that is meant, and the account's name where it is one's.
fn policy_of(options: &Options, file: &WalletFile, what: &str) -> Result<(Option<Name>, Policy)> {
    let (book, prefix) = (file.book(), file.network().prefix());
    let address = match book.account(what) {
        Ok(account) => account.address(),
        Err(_) => match Address::parse(what, prefix) {
            Ok(address) => address,
            Err(_) => return Ok((None, read_policy(what, book)?)),
        },
    };
    let account = book.account_at(&address);
    let name = account.map(|account| account.name().clone());
    match account.and_then(Account::policy) {
        Some(policy) => Ok((name, policy)),
        None => Ok((name, shown_policy(options, file, &address)?)),
    }
}

/// The policy that an address showed when it paid, as a node remembers it. Whatever the node says, it hashes to the address.
fn shown_policy(options: &Options, file: &WalletFile, address: &Address) -> Result<Policy> {
    let chain = options.chain(file.network())?;
    let text = AddressText(chain.text(address));
    let mut cursor = None;
    loop {
        let page = chain.client.history(&text, First::Newest, cursor.as_deref(), 500)?;
        let paid = page.entries.iter().find(|it| matches!(it.flow.moved, Moved::Out | Moved::Itself));
        if let Some(txid) = paid.and_then(|entry| entry.txid) {
            let view = chain.client.transaction(&txid)?.and_then(|view| view.transaction);
            let view = view.with_context(|| format!("the node forgot {txid}"))?;
            let policy = Policy::try_from(&view.policy)?;
            anyhow::ensure!(policy.address() == *address, "the node says a policy that is another address's");
            return Ok(policy);
        }
        cursor = page.next;
        if cursor.is_none() {
            bail!("{} has not paid yet, so nobody but its owner knows its policy: ask for its text", text.0);
        }
    }
}

fn secret(options: &Options) -> Result<()> {
    let preimage = random::<32>()?;
    let hash = hex::encode(sha256(&preimage[..]));
    Report::default()
        .same("preimage", "secret", hex::encode(&preimage[..]))
        .same("sha256", "sha256", &hash)
        .tell(options.json)?;
    if options.json {
        return Ok(());
    }
    tell(&format!(
        "\nMoney that `all of (KEY, sha256 {}…)` locks moves when KEY signs and the secret is shown, as --preimage. Keep it: it is \
         nowhere else.\n",
        &hash[..12]
    ))
}

impl ShowKey {
    /// `cairn wallet key`.
    pub fn run(&self, options: &Options) -> Result<()> {
        let file = options.vault()?.read()?;
        let account = file.book().account_or_first(self.account.as_deref())?;
        let key = key_of_account(account).with_context(|| match account.kind() {
            AccountKind::Watched { .. } => {
                format!("`{}` is only watched: its key is not known", account.name())
            }
            _ => format!("`{}` is shared, and has no key of its own", account.name()),
        })?;
        let digits = hex::encode(key.to_bytes());
        if options.json {
            return tell_json(&json!({
                "account": account.name(),
                "address": account.address().to_text(file.network().prefix()),
                "key": digits,
                "own": own_keys(file.book()).contains(&key),
            }));
        }
        tell(&format!("{digits}\n"))
    }
}

/// The keys of a policy that a wallet can sign with.
pub(super) fn own_keys_in(policy: &Policy, book: &Book) -> Vec<PublicKey> {
    let own = own_keys(book);
    Means::all(policy).keys.into_iter().filter(|key| own.contains(key)).collect()
}
