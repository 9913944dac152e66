//! People with a wallet each, a bank that has money, and a node that makes a block of whatever comes.

use std::ops::Deref;
use std::process::Command;

use cairn::wallet::DEVNET_MNEMONIC;
use serde_json::Value;

use crate::process::{Answer, Folder, Running, answer_of};

/// Where no node answers.
const NOBODY: &str = "http://127.0.0.1:1";

pub struct Town {
    folder: Folder,
    node: Option<Running>,
    url: String,
}

impl Deref for Town {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Town {
    /// With a bank, these people, and a node on a chain that is not the one in the program.
    pub fn of(people: &[&str]) -> Self {
        let folder = Folder::new();
        let devnet = include_str!("../../../genesis.json");
        folder.write("genesis.json", devnet.replace("1767225600", "1767225601"));
        folder.write("words", DEVNET_MNEMONIC);
        let mut town = Self { folder, node: None, url: NOBODY.to_owned() };
        let ground = ["--open", "--genesis", "genesis.json"];
        town.json("bank", &[&["restore", "--mnemonic-file", "words"], &ground[..]].concat());
        for person in people {
            town.json(person, &[&["new", "--yes"], &ground[..]].concat());
        }
        town.start();
        town
    }

    /// Starts the node; its port is another each time.
    pub fn start(&mut self) {
        self.start_at("automine");
    }

    /// The same, making blocks at this pace.
    pub fn start_at(&mut self, pace: &str) {
        let bank = self.address("bank", "main");
        let mut command = self.folder.command(&["node", "--data-dir", "data", "--genesis", "genesis.json"]);
        command.args(["--listen", "off", "--admin", "off", "--http", "127.0.0.1:0"]);
        command.args(["--mine", &bank, "--pace", pace, "--quiet"]);
        let mut node = Running::start(&mut command);
        self.url = loop {
            let line = node.line();
            assert!(!line.is_empty(), "it ended before it answered");
            if let Some((_, place)) = line.trim().split_once("answering at ") {
                break place.to_owned();
            }
        };
        self.node = Some(node);
    }

    /// Stops the node.
    pub fn stop(&mut self) {
        self.url = NOBODY.to_owned();
        if let Some(node) = self.node.take() {
            node.signal("TERM");
            assert_eq!(node.end().code, Some(0));
        }
    }

    /// `cairn wallet …` on somebody's wallet.
    pub fn command(&self, who: &str, arguments: &[&str]) -> Command {
        let mut command = self.folder.command(&["wallet", "--wallet", who]);
        command.args(arguments).env_remove("XDG_DATA_HOME").env("CAIRN_NODE", &self.url);
        command
    }

    pub fn wallet(&self, who: &str, arguments: &[&str]) -> Answer {
        answer_of(&mut self.command(who, arguments))
    }

    #[track_caller]
    pub fn json(&self, who: &str, arguments: &[&str]) -> Value {
        self.wallet(who, &[arguments, &["--json"]].concat()).json()
    }

    pub fn address(&self, who: &str, account: &str) -> String {
        text(&self.json(who, &["address", account])["address"])
    }

    pub fn key(&self, who: &str) -> String {
        text(&self.json(who, &["key"])["key"])
    }

    /// Pays somebody's account from the bank, which makes a block.
    pub fn fund(&self, who: &str, account: &str, amount: &str) {
        let address = self.address(who, account);
        let paid = self.json("bank", &["send", &address, amount, "--yes"]);
        assert_eq!(paid["status"], "confirmed", "{paid}");
    }

    /// What an account has, in pebbles.
    pub fn balance(&self, who: &str, account: &str) -> u64 {
        text(&self.json(who, &["balance", account])["balance"]).parse().unwrap()
    }

    /// The height of the tip.
    pub fn height(&self) -> u64 {
        self.json("bank", &["balance", "main"])["tip"]["height"].as_u64().unwrap()
    }

    /// The file of a prepared payment.
    pub fn file(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// All that stands in an answer's list of texts.
pub fn lines(value: &Value) -> String {
    value.as_array().unwrap().iter().map(text).collect::<Vec<_>>().join("\n")
}
