//! A small chain with real blocks, made with nothing but the pure rooms.

use cairn::chain::{Chain, Placement};
use cairn::codec::{Blob, List};
use cairn::consensus::{
    AllocationEntry, CheckedBlock, Genesis, GenesisFile, PowMode, check_block, check_work,
};
use cairn::crypto::{BatchSeed, SecretKey};
use cairn::ledger::{BalanceProof, Ledger, MapSeed, TransactionProof};
use cairn::light::Headers;
use cairn::types::{
    Action, Address, Amount, Bits, Block, Body, Coinbase, Header, Height, MerkleRoot, Nonce, Policy,
    Reference, Timestamp, Transaction, Witness,
};

/// What our clock says: long after every header here.
pub const NOW: Timestamp = Timestamp(1_900_000_000);

/// What each of the first four people owns at genesis.
pub const FUNDS: u64 = 1_000_000_000;

pub fn secret(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number + 1; 32])
}

pub fn address(number: u8) -> Address {
    Policy::Key(secret(number).public_key()).address()
}

/// A genesis of trivial work.
pub fn genesis() -> Genesis {
    genesis_of(|_| ())
}

/// The same under other rules.
pub fn genesis_of(edit: impl FnOnce(&mut GenesisFile)) -> Genesis {
    let mut file = GenesisFile::devnet(Timestamp(1_700_000_000));
    let prefix = file.prefix.parse().unwrap();
    let entry = |number| AllocationEntry {
        address: address(number).to_text(&prefix),
        amount: Amount::from_pebbles(FUNDS),
    };
    file.allocation = (0..4).map(entry).collect();
    edit(&mut file);
    Genesis::new(&file).unwrap()
}

/// One on which difficulty follows the blocks' times, a thousand hashes or so.
pub fn asert_genesis() -> Genesis {
    genesis_of(|file| {
        file.pow.mode = PowMode::Asert;
        file.pow.spacing = 60;
        file.pow.halflife = 3600;
        file.bits = Bits(0x1f3f_ffff);
    })
}

/// A miner with a whole node's knowledge, who can be cloned where branches part.
#[derive(Clone)]
pub struct Miner {
    pub genesis: Genesis,
    pub chain: Chain,
    pub ledger: Ledger,
    pub blocks: Vec<CheckedBlock>,
    /// Makes the blocks of this miner differ from those of others.
    pub salt: u64,
    /// Seconds between blocks.
    pub pace: u32,
}

impl Miner {
    pub fn new(genesis: &Genesis) -> Self {
        let (chain, ledger) = (Chain::new(genesis), Ledger::new(genesis, MapSeed([1, 2, 3, 4])));
        Self { genesis: genesis.clone(), chain, ledger, blocks: Vec::new(), salt: 0, pace: 60 }
    }

    /// Another who goes on from here with blocks of its own.
    pub fn other(&self, salt: u64) -> Self {
        Self { salt, ..self.clone() }
    }

    /// Mines these transactions and follows the block.
    pub fn mine(&mut self, transactions: Vec<Transaction>) -> &CheckedBlock {
        let params = self.genesis.params();
        let (previous, last) = (self.chain.tip().hash, self.chain.tip().header.time);
        let context = self.chain.context_above(&previous).unwrap();
        let fees = transactions.iter().map(|transaction| transaction.body.fee);
        let amount = Amount::checked_sum(fees.chain([params.issuance.subsidy(context.height)])).unwrap();
        let extra = Blob::new(self.salt.to_le_bytes()).unwrap();
        let coinbase = Coinbase { height: context.height, recipient: address(9), amount, extra };
        let header = Header {
            version: 1,
            previous,
            merkle_root: MerkleRoot::ZERO,
            time: Timestamp(last.0 + self.pace),
            bits: context.bits,
            nonce: 0,
        };
        let transactions = List::new(transactions).unwrap();
        let mut block = Block { header, commitments: self.ledger.commitments(), coinbase, transactions };
        block.header.merkle_root = block.merkle_root();
        work(&mut block.header, &self.genesis);
        let block = check_block(block, &context, params, BatchSeed([7; 32])).unwrap();
        assert_eq!(self.chain.place(&block), Ok(Placement::Extends));
        let effective_time = self.chain.entry(&block.hash()).unwrap().effective_time;
        self.ledger.apply(&block, effective_time).unwrap();
        self.chain.activate(&block.hash());
        self.blocks.push(block);
        self.blocks.last().unwrap()
    }

    pub fn mine_empty(&mut self, count: usize) {
        for _ in 0..count {
            self.mine(Vec::new());
        }
    }

    /// All headers above genesis.
    pub fn headers(&self) -> Vec<Header> {
        self.blocks.iter().map(|block| *block.header()).collect()
    }

    /// Somebody light who was shown all of them.
    pub fn followed(&self) -> Headers {
        let mut headers = Headers::new(&self.genesis);
        headers.accept(&self.headers(), NOW).unwrap();
        headers
    }

    /// What somebody has, proven by the tip.
    pub fn prove_balance(&self, address: &Address) -> BalanceProof {
        self.ledger.prove_balance(address, &self.chain.tip().hash).unwrap()
    }

    /// That the first transaction of the block at this height stands there.
    pub fn prove_transaction(&self, height: usize) -> TransactionProof {
        self.ledger.prove_transaction(self.blocks[height - 1].block(), 0).unwrap()
    }

    /// The first payment of somebody.
    pub fn pay(&self, from: u8, to: u8, amount: u64) -> Transaction {
        let pay = Action::Pay {
            to: address(to),
            amount: Amount::from_pebbles(amount),
            reference: Reference::default(),
        };
        let body = Body {
            chain: self.genesis.params().chain.tag(),
            policy: Policy::Key(secret(from).public_key()),
            nonce: Nonce(0),
            fee: Amount::from_pebbles(10),
            expiry: None,
            actions: List::new(vec![pay]).unwrap(),
        };
        let message = body.txid().signing_message(&self.genesis.params().chain);
        let signatures = List::new(vec![secret(from).sign(&message)]).unwrap();
        Transaction { body, witness: Witness { signatures, ..Witness::default() } }
    }
}

/// Does a header's work as it stands.
pub fn work(header: &mut Header, genesis: &Genesis) {
    header.nonce = (0..u32::MAX)
        .find(|nonce| check_work(genesis.params(), &Header { nonce: *nonce, ..*header }).is_ok())
        .unwrap();
}

pub fn height(height: u32) -> Height {
    Height(height)
}
