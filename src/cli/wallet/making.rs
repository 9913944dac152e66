//! `cairn wallet new` and `restore`: a wallet where there was none.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use zeroize::Zeroizing;

use super::network::{Asked, was_used};
use super::passwords::{Passwords, read_secret, read_text};
use super::terminal::Terminal;
use super::vault::Vault;
use super::{Options, ground};
use crate::cli::output::{Report, count, tell};
use crate::cli::secrets::random;
use crate::wallet::keyring::{Account, GAP, Gap, Keyring, Name, SeedIndex};
use crate::wallet::keystore::{Costs, Protection, Salt, Unlocked};
use crate::wallet::{Mnemonic, MnemonicError};

/// What the first account is called.
const FIRST_ACCOUNT: &str = "main";

/// What both commands take.
#[derive(Args)]
struct Begin {
    /// Protect the words by a passphrase of their own, as BIP39 says: without it they make another, empty wallet. It is asked
    /// for.
    #[arg(long)]
    passphrase: bool,
    /// Read that passphrase from a file instead.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// No password: whoever can read the file can spend. For test networks.
    #[arg(long)]
    open: bool,
    /// The network is that of this genesis file [default: that of the node; where none answers, the devnet that is built in].
    #[arg(long, env = "CAIRN_GENESIS", value_name = "FILE")]
    genesis: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct New {
    /// How many words the wallet can be brought back from.
    #[arg(long, value_parser = ["12", "24"], default_value = "12")]
    words: String,
    #[command(flatten)]
    begin: Begin,
    /// Write the words with the answer, and have none of them typed again.
    #[arg(long)]
    yes: bool,
}

#[derive(Args)]
pub(super) struct Restore {
    /// Read the words from this file; `-` is standard input [default: they are asked for].
    #[arg(long, value_name = "FILE")]
    mnemonic_file: Option<PathBuf>,
    /// Bring back at least so many accounts, used or not.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=500))]
    accounts: u32,
    #[command(flatten)]
    begin: Begin,
}

impl Begin {
    fn passphrase(&self, is_new: bool) -> Result<Zeroizing<String>> {
        if let Some(file) = &self.passphrase_file {
            return read_secret(file);
        }
        if !self.passphrase {
            return Ok(Zeroizing::default());
        }
        let none = "there is no terminal to ask for the passphrase: say --passphrase-file FILE";
        let mut terminal = Terminal::open().context(none)?;
        if is_new {
            terminal.ask_unseen_twice("Passphrase of the words")
        } else {
            terminal.ask_unseen("Passphrase of the words: ")
        }
    }

    /// A wallet of these words, with nothing in its book yet.
    fn wallet(&self, options: &Options, asked: &Asked, mnemonic: Mnemonic, is_new: bool) -> Result<Unlocked> {
        let passphrase = self.passphrase(is_new)?;
        let protection = if self.open {
            Protection::Open
        } else {
            let password = Passwords::current(options.password_file.as_deref()).choose()?;
            Protection::Password(password, Costs::STANDARD)
        };
        let mut wallet = Unlocked::create(asked.network.clone(), &protection, Salt(*random()?))?;
        wallet.keyring_mut().add_words(mnemonic, &passphrase)?;
        Ok(wallet)
    }
}

/// What both commands answer.
fn report(vault: &Vault, asked: &Asked, accounts: &[Account], is_open: bool) -> Report {
    let network = &asked.network;
    let protection = if is_open { "none: whoever can read the file can spend" } else { "a password" };
    let mut report = Report::default()
        .same("wallet", "wallet", vault.path().display())
        .fact("network", "network", format!("{}, by {}", network.name(), asked.from), network.name())
        .only_json("chain", network.chain().to_string())
        .fact("open", "protection", protection, is_open);
    for account in accounts {
        report = report.line(account.name().as_str(), account.address().to_text(network.prefix()));
    }
    let json = accounts.iter().map(|account| super::accounts::as_json(account, network.prefix()));
    report.only_json("accounts", json.collect::<Vec<_>>())
}

impl New {
    pub fn run(&self, options: &Options) -> Result<()> {
        let vault = options.vault()?;
        // Before a person has thought of a password.
        vault.check_absent()?;
        let asked = options.ask_network(self.begin.genesis.as_deref())?;
        let entropy = random::<32>()?;
        let bytes = if self.words == "24" { 32 } else { 16 };
        let mnemonic = Mnemonic::from_entropy(&entropy[..bytes])?;
        let words = mnemonic.reveal();
        let mut wallet = self.begin.wallet(options, &asked, mnemonic, true)?;
        wallet.keyring_mut().derive_next(FIRST_ACCOUNT.parse()?, SeedIndex(0))?;
        let reader = if self.yes || options.json { None } else { Terminal::of_reader() };
        let were_shown = reader.is_some();
        if let Some(mut terminal) = reader {
            show_and_ask(&mut terminal, &words)?;
        }
        vault.create(&wallet)?;
        ground::keep(&vault, asked.network.chain(), &asked.genesis);
        let report = report(&vault, &asked, wallet.keyring().book().accounts(), self.begin.open);
        if were_shown {
            return report.tell(options.json);
        }
        report.fact("mnemonic", "words", words.as_str(), words.as_str()).tell(options.json)?;
        if options.json { Ok(()) } else { tell(&format!("\n{ADVICE}\n")) }
    }
}

/// The words with another at this place, counted from 1; or what was typed instead, where that is more than a word.
fn with_word(words: &str, position: usize, again: &str) -> Zeroizing<String> {
    if again.split_whitespace().count() != 1 {
        return Zeroizing::new(again.to_owned());
    }
    let mut words: Vec<&str> = words.split_whitespace().collect();
    words[position - 1] = again.trim();
    Zeroizing::new(words.join(" "))
}

const ADVICE: &str = "\
Write the words down, on paper, in their order, and keep them where nobody else looks:
they are all that it takes to spend, and all that brings the wallet back when this machine is gone.";

/// Shows the words at a terminal, has two of them typed again, and takes them off the screen.
fn show_and_ask(terminal: &mut Terminal, words: &str) -> Result<()> {
    let words: Vec<&str> = words.split(' ').collect();
    let row = |(row, words): (usize, &[&str])| {
        let cells = words.iter().zip(4 * row + 1..).map(|(word, number)| format!("{number:>3} {word:10}"));
        cells.collect::<String>().trim_end().to_owned() + "\n"
    };
    let rows: Vec<String> = words.chunks(4).enumerate().map(row).collect();
    terminal.say(&format!("{ADVICE}\n\n"))?;
    terminal.say(&rows.concat())?;
    terminal.ask("\nPress Enter when they are on paper: ")?;
    terminal.take_back(rows.len() + 2)?;
    let mut lines = 0;
    let draw = random::<2>()?;
    let first = usize::from(draw[0]) % words.len();
    // Another than the first, wherever that is.
    let second = (first + 1 + usize::from(draw[1]) % (words.len() - 1)) % words.len();
    for at in [first.min(second), first.max(second)] {
        lines += 1;
        while terminal.ask(&format!("Word {}: ", at + 1))?.as_str() != words[at] {
            terminal.say(
                "That is not it; look at the paper, or begin again by Ctrl-C: no wallet is made yet.\n",
            )?;
            lines += 2;
        }
    }
    terminal.take_back(lines)
}

impl Restore {
    pub fn run(&self, options: &Options) -> Result<()> {
        let vault = options.vault()?;
        vault.check_absent()?;
        let asked = options.ask_network(self.begin.genesis.as_deref())?;
        let mnemonic = self.mnemonic()?;
        let mut wallet = self.begin.wallet(options, &asked, mnemonic, false)?;
        let found = self.find_accounts(wallet.keyring(), &asked)?;
        for number in 0..found {
            let name = if number == 0 { FIRST_ACCOUNT.to_owned() } else { format!("account-{number}") };
            wallet.keyring_mut().derive(name.parse::<Name>()?, SeedIndex(0), number)?;
        }
        vault.create(&wallet)?;
        ground::keep(&vault, asked.network.chain(), &asked.genesis);
        let looked = match &asked.node {
            Some(node) => {
                format!("{}, as the node at {} knows them", count(found as usize, "account"), node.url())
            }
            None => format!(
                "{}: no node was asked which were used; where there were more, say `cairn wallet account new NAME`",
                count(found as usize, "account")
            ),
        };
        report(&vault, &asked, wallet.keyring().book().accounts(), self.begin.open)
            .fact("asked_node", "found", looked, asked.node.is_some())
            .tell(options.json)
    }

    fn mnemonic(&self) -> Result<Mnemonic> {
        if let Some(file) = &self.mnemonic_file {
            return read_text(file)?.parse().with_context(|| file.display().to_string());
        }
        let none = "there is no terminal to ask for the words: say --mnemonic-file FILE";
        let mut terminal = Terminal::open().context(none)?;
        // Whoever looks at the screen later could spend.
        let mut words = terminal.ask_unseen("The 12 or 24 words, in their order (they are not shown): ")?;
        loop {
            match words.trim().parse() {
                Ok(mnemonic) => return Ok(mnemonic),
                Err(error @ MnemonicError::UnknownWord { position }) => {
                    let again = terminal.ask_unseen(&format!("{error}. That word once more: "))?;
                    words = with_word(&words, position, &again);
                }
                Err(error) => words = terminal.ask_unseen(&format!("{error}. All of them once more: "))?,
            }
        }
    }

    /// How many accounts there are to bring back.
    fn find_accounts(&self, keyring: &Keyring, asked: &Asked) -> Result<u32> {
        let Some(node) = &asked.node else { return Ok(self.accounts) };
        let mut gap = Gap::new(GAP, self.accounts);
        while let Some(number) = gap.next() {
            let address = keyring.address_at(SeedIndex(0), number)?;
            gap.answer(was_used(node, &asked.network, &address)?);
        }
        Ok(gap.count())
    }
}
