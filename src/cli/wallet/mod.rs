//! `cairn wallet`: keys, accounts and contacts in a file of their owner's.
//!
//! What a wallet's file is, and what can be done with it, is decided in [`crate::wallet`]; here are the disk, the
//! terminal, and the wording. Read `vault.rs` first: everything that changes a wallet goes through it.

mod accounts;
mod address;
mod balance;
mod batch;
mod chain;
mod contacts;
mod ends;
mod export;
mod failure;
mod follow;
mod ground;
mod guard;
mod hearing;
mod history;
mod list;
mod lost;
mod making;
mod network;
mod offline;
mod order;
mod paid;
mod passwords;
mod paying;
mod place;
mod policies;
mod preimages;
mod proofs;
mod reader;
mod replace;
mod request;
mod send;
mod sent;
mod show;
mod terminal;
mod texts;
mod vault;
mod wording;

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use self::passwords::Passwords;
use self::place::Place;
use self::vault::Vault;
use super::output::{Delivery, tell, tell_json};
use crate::types::{Timestamp, Txid};
use crate::wallet::keyring::Name;

const EXAMPLES: &str = "\
Examples:
  cairn wallet new                          a wallet called `default`, for the network of your node
  cairn wallet address                      where to be paid, with a code for cameras
  cairn wallet account new savings          one more account; the words bring it back, too
  cairn wallet contacts add bob cdev1...    from now on `bob` will do
  cairn wallet send bob 12.5                pay, and wait until a block confirms it
  cairn wallet request 12.5 --reference INVOICE-42
                                            a link that whoever pays can give to `send`
  cairn wallet multisig create family -m 2 main 5f1c... 9ad0...
                                            an account from which two of three have to agree to spend
  cairn wallet prepare bob 12.5 --from family --out payment.json
                                            a payment for others to sign, or for keys on a machine without a node
  cairn wallet sign payment.json --out payment.json
                                            sign it, wherever the keys are; then `submit` it where a node is
  cairn wallet sign-message 'It was me'     a text that whoever knows the address can `verify-message`
  cairn wallet --wallet test new --open     another wallet, without a password, for test networks
  cairn wallet restore                      all of it again, on another machine, from the words

Wallets lie in CAIRN_WALLET_DIR, one file each [default: cairn/wallets in XDG_DATA_HOME, else in
.local/share of the home directory].

What changes a wallet takes its password, contacts included: so nobody else can put an address of
their own behind a name.

Ends with 0 when it did what was asked, 1 when it could not, 2 when it was asked wrongly; with 3
when nobody agreed to it, it would pay the same twice or another comes first, 4 when a payment is on its way and was not
confirmed in the time given, or is in doubt, 5 when one was sent and provably never will be mined.
With --json what it could not do is on standard output:
  {\"error\": {\"code\": \"on_its_way\", \"message\": \"...\", \"exit\": 4}}";

/// What stands above the options that every command takes.
const EVERY: &str = "Every wallet command";

#[derive(Args)]
#[command(after_long_help = EXAMPLES, after_help = EXAMPLES)]
pub(super) struct Wallet {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

/// What all commands take, before or behind their name.
#[derive(Args)]
pub(super) struct Options {
    /// Which wallet: a name, or a file, with a slash or `.json` at its end.
    #[arg(long, global = true, help_heading = EVERY, env = "CAIRN_WALLET", value_name = "NAME|FILE", default_value = "default")]
    wallet: String,
    /// The node to ask, where one is to be asked [default: `node = "URL"` in config.toml beside the wallets, else http://127.0.0.1:9330].
    #[arg(long, global = true, help_heading = EVERY, env = "CAIRN_NODE", value_name = "URL")]
    node: Option<String>,
    /// Read the password from this file; `-` is standard input [default: CAIRN_WALLET_PASSWORD, else it is asked for].
    #[arg(long, global = true, help_heading = EVERY, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long, global = true, help_heading = EVERY)]
    json: bool,
    /// What was found out besides, for programs; people read it as it comes.
    #[arg(skip)]
    notes: RefCell<Vec<String>>,
}

#[derive(Subcommand)]
enum Command {
    /// Make a wallet, with words from which it can be brought back.
    New(making::New),
    /// Bring a wallet back from its words, with all accounts that were used.
    ///
    /// A node is asked which were: the search ends after twenty in a row that never were.
    Restore(making::Restore),
    /// Take in a key from elsewhere, or keep track of an address.
    Import(accounts::Import),
    /// Say which accounts there are, and what they have where a node can be asked. Takes no password.
    List(list::List),
    /// Make accounts, and forget them.
    #[command(subcommand)]
    Account(accounts::AccountCommand),
    /// Give an account or a contact another name.
    Rename {
        /// What it is called.
        from: String,
        /// What it is to be called.
        to: Name,
    },
    /// Say where to be paid. Takes no password.
    Address(address::Show),
    /// Ask to be paid: a link with an amount and a reference, and a code for cameras. Takes no password.
    Request(request::Request),
    /// Say what accounts have. Takes no password.
    Balance(balance::Balance),
    /// Pay somebody.
    ///
    /// Shows what will happen and asks, then waits until a block confirms it. Cut off anywhere, the same command can be given
    /// again: the payment is made once.
    Send(send::Send),
    /// Pay all that an account has to somebody.
    Sweep(send::Sweep),
    /// Pay many at once, from a file, in one transaction: all of them or none.
    Batch(batch::Batch),
    /// Share an account: so many of several have to agree to spend.
    Multisig(policies::Multisig),
    /// Make accounts that heights, secrets and several keys govern, and see what a policy says.
    Policy(policies::Policies),
    /// Say an account's public key, which others need to share an account with you. Takes no password.
    Key(policies::ShowKey),
    /// Write a payment to a file, for others to sign, or for this wallet's keys on another machine. Takes no password.
    Prepare(offline::Prepare),
    /// Sign what is in such a file with every key that this wallet has. Asks no node.
    ///
    /// Shows what it does, in words that are made from the very bytes that are signed.
    Sign(offline::Sign),
    /// Bring together what several have signed of one payment. Asks no node, takes no password.
    Combine(offline::Combine),
    /// Send a payment that enough have signed, and wait until a block confirms it. Takes no password.
    Submit(offline::Submit),
    /// Sign a text: whoever knows the address can verify that its holder did.
    #[command(visible_aliases = ["sign-text"])]
    SignMessage(texts::SignMessage),
    /// Verify a text that was signed for an address. Takes no wallet and asks no node.
    #[command(visible_aliases = ["verify", "verify-text"])]
    VerifyMessage(texts::VerifyMessage),
    /// Say what happened to an account, newest first. Takes no password.
    History(history::History),
    /// Say what became of a transaction. Takes no password.
    Show {
        /// Its name.
        txid: Txid,
    },
    /// Raise the fee of a transaction that waits.
    Bump(replace::Replace),
    /// Take back a transaction that waits, if no block is faster.
    Cancel(replace::Replace),
    /// Call those whom you pay by a name.
    #[command(subcommand)]
    Contacts(contacts::ContactsCommand),
    /// Show the words of a wallet, or the key of one account.
    Export(export::Export),
    /// Give a wallet another password, or none.
    ChangePassword(export::ChangePassword),
}

impl Options {
    fn vault(&self) -> Result<Vault> {
        Ok(Vault::at(&Place::of(&self.wallet)?))
    }

    fn passwords(&self) -> Passwords {
        Passwords::current(self.password_file.as_deref())
    }
}

impl Wallet {
    /// Does what was asked; what it ended with is in the help.
    pub fn run(&self) -> ExitCode {
        match self.answer() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let options = &self.options;
                let (exit, delivery) = failure::ended_with(&error, options.json, &options.notes.take());
                if let Some(txid) = ends::told_of(&error)
                    && reader::wait_for_reader(delivery, options.json) == Delivery::Taken
                    && let Ok(vault) = options.vault()
                {
                    vault.told(txid);
                }
                exit
            }
        }
    }

    /// Says in JSON that arguments were no command of a wallet's, where they ask for JSON.
    pub fn asked_wrongly(arguments: impl Iterator<Item = OsString>, message: &str) {
        let mut arguments = arguments.skip(1);
        if arguments.next().is_some_and(|first| first == "wallet") && arguments.any(|it| it == "--json") {
            failure::asked_wrongly(message);
        }
    }

    fn answer(&self) -> Result<()> {
        let options = &self.options;
        match &self.command {
            Command::New(new) => new.run(options),
            Command::Restore(restore) => restore.run(options),
            Command::Import(import) => import.run(options),
            Command::List(list) => list.run(options),
            Command::Account(command) => command.run(options),
            Command::Rename { from, to } => accounts::rename(options, from, to),
            Command::Address(show) => show.run(options),
            Command::Request(request) => request.run(options),
            Command::Balance(balance) => balance.run(options),
            Command::Send(send) => send.run(options),
            Command::Sweep(sweep) => sweep.run(options),
            Command::Batch(batch) => batch.run(options),
            Command::Multisig(multisig) => multisig.run(options),
            Command::Policy(policies) => policies.run(options),
            Command::Key(key) => key.run(options),
            Command::Prepare(prepare) => prepare.run(options),
            Command::Sign(sign) => sign.run(options),
            Command::Combine(combine) => combine.run(options),
            Command::Submit(submit) => submit.run(options),
            Command::SignMessage(sign) => sign.run(options),
            Command::VerifyMessage(verify) => verify.run(options),
            Command::History(history) => history.run(options),
            Command::Show { txid } => show::show(options, txid),
            Command::Bump(replace) => replace.bump(options),
            Command::Cancel(replace) => replace.cancel(options),
            Command::Contacts(command) => command.run(options),
            Command::Export(export) => export.run(options),
            Command::ChangePassword(change) => change.run(options),
        }
    }
}

/// Says that something was done, where there is nothing else to answer.
fn tell_done(options: &Options, done: &str) -> Result<()> {
    if options.json { tell_json(&json!({ "done": done })) } else { tell(&format!("{done}\n")) }
}

/// What the clock of this machine says.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Timestamp(u32::try_from(since).unwrap_or(u32::MAX))
}
