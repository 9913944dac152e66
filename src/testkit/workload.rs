//! Chains as large as one likes, for benchmarks: payments among many accounts, made in parallel and without checking.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Actor, Draft, MAP_SEED, devnet_file};
use crate::chain::Chain;
use crate::consensus::{AllocationEntry, Genesis, GenesisFile, SoundBlock};
use crate::ledger::Ledger;
use crate::storage::{ChainFile, begin_chain_file, write_block};
use crate::template::Groundwork;
use crate::types::{Address, Amount, Block, PEBBLES_PER_COIN, Prefix, Transaction};

/// A chain to be made: so many blocks of so many payments among so many accounts, all of them funded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Blocks.
    pub blocks: u32,
    /// Payments in each.
    pub payments: u32,
    /// Accounts, each of which sends in its turn.
    pub accounts: u32,
}

impl Workload {
    /// The file of the genesis under which they are funded. It is not small.
    ///
    /// # Panics
    /// When the counts make no chain.
    pub fn genesis_file(&self) -> GenesisFile {
        let mut file = devnet_file(0);
        let prefix: Prefix = file.prefix.parse().expect("a prefix");
        let amount = Amount::from_pebbles(10 * PEBBLES_PER_COIN);
        let people = (0..self.accounts).into_par_iter();
        file.allocation = people
            .map(|number| AllocationEntry { address: Actor::new(number).address().to_text(&prefix), amount })
            .collect();
        file
    }

    /// That genesis.
    ///
    /// # Panics
    /// When the counts make no chain.
    pub fn genesis(&self) -> Genesis {
        Genesis::new(&self.genesis_file()).expect("a chain")
    }

    /// Who sends the payment of this number, and who gets it.
    fn pair(&self, number: u64) -> (u32, u32) {
        let accounts = u64::from(self.accounts);
        let round = number / accounts;
        let to = (number.wrapping_mul(2_654_435_761) + round * 97 + 1) % accounts;
        ((number % accounts) as u32, to as u32)
    }

    /// The payments of one block, signed.
    pub fn payments(&self, genesis: &Genesis, block: u32) -> Vec<Transaction> {
        let first = u64::from(block) * u64::from(self.payments);
        let pay = |number: u64| {
            let (from, to) = self.pair(number);
            let sender = Actor::new(from);
            let nonce = number / u64::from(self.accounts);
            sender.pay(genesis.params(), nonce, &Actor::new(to), 1000 + number % 1000, 10)
        };
        (first..first + u64::from(self.payments)).into_par_iter().map(pay).collect()
    }

    /// Makes the blocks, one after the other.
    ///
    /// # Panics
    /// When a block does not apply, which would be a fault of ours.
    pub fn make(&self, genesis: &Genesis, mut take: impl FnMut(&Block)) {
        let params = genesis.params();
        let (mut chain, mut ledger) = (Chain::new(genesis), Ledger::new(genesis, MAP_SEED));
        let miner = Address::from_bytes([7; 32]);
        for number in 0..self.blocks {
            let previous = chain.tip().hash;
            let context = chain.context_above(&previous).expect("the tip is known");
            let groundwork = Groundwork { previous, context, commitments: ledger.commitments() };
            let block = Draft::on(groundwork, miner, self.payments(genesis, number)).mine(params);
            take(&block);
            chain.recall(&block.header).expect("a header above the tip");
            let checked =
                SoundBlock::examine(block, &context, params).expect("an honest block").trust_signatures();
            let effective_time = chain.entry(&checked.hash()).expect("just placed").effective_time;
            ledger.apply(&checked, effective_time).expect("honest payments");
            chain.activate(&checked.hash());
        }
    }

    /// The chain file of this workload in a folder, made if it is not there.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn file(&self, genesis: &Genesis, folder: &Path) -> PathBuf {
        let name = format!("chain-{}x{}-{}.blocks", self.blocks, self.payments, self.accounts);
        let (path, partial) = (folder.join(&name), folder.join(format!("{name}.part")));
        let chain = genesis.params().chain;
        if File::open(&path).is_ok_and(|file| ChainFile::open(BufReader::new(file), chain).is_ok()) {
            return path;
        }
        fs::create_dir_all(folder).expect("a folder for data");
        let mut file = BufWriter::new(File::create(&partial).expect("a file for blocks"));
        begin_chain_file(&mut file, chain).expect("room on the disk");
        self.make(genesis, |block| {
            write_block(&mut file, block).expect("room on the disk");
        });
        file.flush().expect("room on the disk");
        fs::rename(&partial, &path).expect("the file was just written");
        path
    }
}
