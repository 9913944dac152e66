//! Everything that a wallet asks.

use std::fmt::Display;

use super::{Client, ClientError};
use crate::api::Code;
use crate::api::view::{
    AccountView, AddressText, BlockPage, BlockSubmission, BlockView, Draft, FeesView, HeaderView, Hex,
    HistoryPage, Outcome, ParametersView, PastAccount, PendingPage, PoolView, Prepared, ProofOfBalance,
    ProofOfTransaction, RawSubmission, ReadyView, ReferencePage, SearchView, StatusView, SubmittedBlock,
    SubmittedTransaction, SupplyView, TemplateView, TipView, TransactionView, TrialView,
};
use crate::codec::encode;
use crate::consensus::Genesis;
use crate::types::{Block, Height, Reference, Transaction, Txid};

/// Which end of a list comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum First {
    /// The newest.
    #[default]
    Newest,
    /// The oldest.
    Oldest,
}

/// Nothing where a node says that there is none.
fn or_none<T>(answer: Result<T, ClientError>, none: Code) -> Result<Option<T>, ClientError> {
    match answer {
        Err(error) if error.code() == Some(none) => Ok(None),
        answer => answer.map(Some),
    }
}

/// A path with what stands behind the question mark.
fn asked(path: &str, parameters: &[(&str, Option<&dyn Display>)]) -> String {
    let given = parameters.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={value}")));
    let given: Vec<String> = given.collect();
    if given.is_empty() { path.to_owned() } else { format!("{path}?{}", given.join("&")) }
}

fn raw(transaction: &Transaction) -> RawSubmission {
    RawSubmission { raw: Hex::of(encode(transaction)) }
}

/// Each asks the node once and waits for the answer; all end with an error where none comes, or the node says what is
/// wrong.
impl Client {
    /// How the node is, and what chain it follows.
    ///
    /// # Errors
    /// When there is no answer; so with all that follows.
    pub fn status(&self) -> Result<StatusView, ClientError> {
        self.get("/v1/status")
    }

    /// Whether the node is of use.
    ///
    /// # Errors
    /// See [`Client::status`]; also where it is not, with the code [`Code::NotReady`].
    pub fn ready(&self) -> Result<ReadyView, ClientError> {
        self.get("/ready")
    }

    /// The parameters of the chain.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn network(&self) -> Result<ParametersView, ClientError> {
        self.get("/v1/network")
    }

    /// What the chain begins with, made anew from its parameters: whoever knows the chain's name from elsewhere, and finds
    /// it here, has its rules whoever told them.
    ///
    /// # Errors
    /// See [`Client::status`]; also where the parameters make no chain, or another than they say.
    pub fn genesis(&self) -> Result<Genesis, ClientError> {
        let (path, network) = ("/v1/network", self.network()?);
        let genesis = Genesis::new(&network.genesis_file()).map_err(|error| self.nonsense(path, &error))?;
        match genesis.params().chain.0 {
            chain if chain == network.chain => Ok(genesis),
            chain => {
                let said = format!("its parameters make chain {chain}, and it says {}", network.chain);
                Err(self.nonsense(path, &said))
            }
        }
    }

    /// The last block.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn tip(&self) -> Result<TipView, ClientError> {
        self.get("/v1/tip")
    }

    /// How much money there is.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn supply(&self) -> Result<SupplyView, ClientError> {
        self.get("/v1/supply")
    }

    /// Headers of the branch that is followed, newest first, below a height where one is given.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn blocks(&self, before: Option<Height>, limit: u32) -> Result<BlockPage, ClientError> {
        let before = before.as_ref().map(|before| before as &dyn Display);
        self.get(&asked("/v1/blocks", &[("before", before), ("limit", Some(&limit))]))
    }

    /// A block by its height, its hash, or as `tip`; nothing where there is none.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn block(&self, name: impl Display) -> Result<Option<BlockView>, ClientError> {
        or_none(self.get(&format!("/v1/blocks/{name}?txids=true")), Code::BlockUnknown)
    }

    /// A block's header; nothing where there is none.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn header(&self, name: impl Display) -> Result<Option<HeaderView>, ClientError> {
        or_none(self.get(&format!("/v1/blocks/{name}/header")), Code::BlockUnknown)
    }

    /// A block's encoding; nothing where there is none.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn block_bytes(&self, name: impl Display) -> Result<Option<Vec<u8>>, ClientError> {
        or_none(self.get_bytes(&format!("/v1/blocks/{name}/raw")), Code::BlockUnknown)
    }

    /// A transaction and what became of it; nothing where it was never heard of.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn transaction(&self, txid: &Txid) -> Result<Option<TransactionView>, ClientError> {
        or_none(self.get(&format!("/v1/transactions/{txid}")), Code::TransactionUnknown)
    }

    /// Proves that a transaction stands in a block; nothing where it stands in none.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn prove_transaction(&self, txid: &Txid) -> Result<Option<ProofOfTransaction>, ClientError> {
        or_none(self.get(&format!("/v1/transactions/{txid}/proof")), Code::TransactionUnknown)
    }

    /// Sends a transaction. Sending it again is safe.
    ///
    /// # Errors
    /// See [`Client::status`]; also when it is refused.
    pub fn submit(&self, transaction: &Transaction) -> Result<SubmittedTransaction, ClientError> {
        self.post("/v1/transactions", &raw(transaction))
    }

    /// Sends several, in order; no more than a thousand.
    ///
    /// # Errors
    /// See [`Client::status`]; what is refused is among the outcomes.
    pub fn submit_all(&self, transactions: &[Transaction]) -> Result<Vec<Outcome>, ClientError> {
        let all: Vec<RawSubmission> = transactions.iter().map(raw).collect();
        self.post("/v1/transactions", &all)
    }

    /// Says what would become of a transaction if it were sent.
    ///
    /// # Errors
    /// See [`Client::status`]; also when it would be refused.
    pub fn test(&self, transaction: &Transaction) -> Result<TrialView, ClientError> {
        self.post("/v1/transactions/test", &raw(transaction))
    }

    /// Has a transaction put together.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn prepare(&self, draft: &Draft) -> Result<Prepared, ClientError> {
        self.post("/v1/transactions/prepare", draft)
    }

    /// Submits a block.
    ///
    /// # Errors
    /// See [`Client::status`]; also when it is refused.
    pub fn submit_block(&self, block: &Block) -> Result<SubmittedBlock, ClientError> {
        self.post("/v1/blocks", &BlockSubmission { block: Hex::of(encode(block)) })
    }

    /// What an address has.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn account(&self, address: &AddressText) -> Result<AccountView, ClientError> {
        self.get(&format!("/v1/accounts/{}", address.0))
    }

    /// What an address had after the block at a height.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn account_at(&self, address: &AddressText, height: Height) -> Result<PastAccount, ClientError> {
        self.get(&format!("/v1/accounts/{}/at/{height}", address.0))
    }

    /// Its own transactions that wait for a block.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn pending(&self, address: &AddressText) -> Result<PendingPage, ClientError> {
        self.get(&format!("/v1/accounts/{}/pending", address.0))
    }

    /// What happened to it, from where a page before ended.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn history(
        &self,
        address: &AddressText,
        order: First,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<HistoryPage, ClientError> {
        let order = match order {
            First::Newest => "newest",
            First::Oldest => "oldest",
        };
        let cursor = cursor.as_ref().map(|cursor| cursor as &dyn Display);
        let path = format!("/v1/accounts/{}/history", address.0);
        self.get(&asked(&path, &[("order", Some(&order)), ("cursor", cursor), ("limit", Some(&limit))]))
    }

    /// Proves what it had below the tip.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn prove_balance(&self, address: &AddressText) -> Result<ProofOfBalance, ClientError> {
        self.get(&format!("/v1/accounts/{}/proof", address.0))
    }

    /// Payments with a reference, newest first, from where a page before ended.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn payments_for(
        &self,
        reference: &Reference,
        cursor: Option<&str>,
    ) -> Result<ReferencePage, ClientError> {
        let cursor = cursor.as_ref().map(|cursor| cursor as &dyn Display);
        let path = format!("/v1/references/{}", hex::encode(&**reference));
        self.get(&asked(&path, &[("cursor", cursor)]))
    }

    /// What waits for a block.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn mempool(&self) -> Result<PoolView, ClientError> {
        self.get("/v1/mempool")
    }

    /// What it takes to be mined soon.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn fees(&self) -> Result<FeesView, ClientError> {
        self.get("/v1/fees")
    }

    /// A block that lacks nothing but its work.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn template(&self, recipient: &AddressText) -> Result<TemplateView, ClientError> {
        self.get(&asked("/v1/mining/template", &[("address", Some(&recipient.0))]))
    }

    /// Looks for whatever is called by letters and digits.
    ///
    /// # Errors
    /// See [`Client::status`].
    pub fn search(&self, name: &str) -> Result<SearchView, ClientError> {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        self.get(&asked("/v1/search", &[("q", Some(&plain))]))
    }
}
