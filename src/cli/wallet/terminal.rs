//! Asking whoever sits at the terminal, wherever input and output of the command go.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};

use anyhow::{Context, Result, ensure};
use zeroize::Zeroizing;

/// Bytes of an answer. Longer than any password, and than 24 words.
const ANSWER_BYTES_MAX: usize = 4096;

/// The terminal that this process belongs to.
pub(super) struct Terminal(File);

impl Terminal {
    /// Nothing where there is none.
    pub fn open() -> Option<Self> {
        OpenOptions::new().read(true).write(true).open("/dev/tty").ok().map(Self)
    }

    /// The same where a person reads what the command answers.
    pub fn of_reader() -> Option<Self> {
        if io::stdout().is_terminal() { Self::open() } else { None }
    }

    pub fn say(&mut self, text: &str) -> Result<()> {
        self.0.write_all(text.as_bytes()).context("cannot write to the terminal")
    }

    /// Takes back the last lines that were said.
    pub fn take_back(&mut self, lines: usize) -> Result<()> {
        self.say(&format!("\x1b[{lines}A\x1b[J"))
    }

    /// Asks for something that may be seen while it is typed.
    pub fn ask(&mut self, question: &str) -> Result<Zeroizing<String>> {
        self.say(question)?;
        let mut answer = Zeroizing::new(Vec::with_capacity(ANSWER_BYTES_MAX));
        let mut byte = [0];
        while self.0.read(&mut byte).context("cannot read from the terminal")? == 1 && byte != *b"\n" {
            ensure!(answer.len() < ANSWER_BYTES_MAX, "that is too long for an answer");
            answer.push(byte[0]);
        }
        ensure!(byte != [0], "nothing was answered");
        let text = std::str::from_utf8(&answer).context("the answer is no text")?;
        Ok(Zeroizing::new(text.trim().to_owned()))
    }

    /// Asks for something that nobody may see.
    pub fn ask_unseen(&mut self, question: &str) -> Result<Zeroizing<String>> {
        let answer = rpassword::prompt_password(question).context("nothing was answered")?;
        Ok(Zeroizing::new(answer))
    }

    /// The same, twice, until both are alike.
    pub fn ask_unseen_twice(&mut self, what: &str) -> Result<Zeroizing<String>> {
        loop {
            let first = self.ask_unseen(&format!("{what}: "))?;
            let again = self.ask_unseen("The same again: ")?;
            if first == again {
                return Ok(first);
            }
            self.say("These were not the same. Once more:\n")?;
        }
    }
}

/// Has a person say that they mean it, by a word that nobody types by accident.
pub(super) fn confirm(yes: bool, warning: &str, word: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    let mut terminal = Terminal::open()
        .with_context(|| format!("{warning} There is no terminal to ask: say --yes if you mean it"))?;
    let answer = terminal.ask(&format!("{warning}\nType `{word}` to go on: "))?;
    ensure!(answer.as_str() == word, "that was not `{word}`: nothing was done");
    Ok(())
}
