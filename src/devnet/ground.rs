//! What a devnet begins with: its rules, who has money, and the keys to it.

use crate::consensus::{AllocationEntry, GenesisFile};
use crate::crypto::SecretKey;
use crate::template::Payout;
use crate::types::{Address, Amount, PEBBLES_PER_COIN, Policy, Prefix, PrefixError, Timestamp};
use crate::wallet::{AccountError, Mnemonic, Seed};

/// Accounts that a devnet gives coins to where nobody says otherwise.
pub const DEVNET_ACCOUNTS: u32 = 10;
/// What each of them has.
pub const DEVNET_BALANCE: Amount = Amount::from_pebbles(10_000 * PEBBLES_PER_COIN);

/// The faucet's account: the last of those that people use first. What the network's own blocks earn goes there too, so that it
/// is never empty for long.
const FAUCET_ACCOUNT: u32 = DEVNET_ACCOUNTS - 1;
/// When the chain begins: always then, so that the same words make the same chain, and a wallet knows every devnet of theirs.
const BEGINS: Timestamp = Timestamp(1_767_225_600);
/// Seconds between blocks where they take real work.
const WORK_SPACING: u32 = 5;
/// How far behind schedule halves the difficulty there: as soon as the rules allow.
const WORK_HALFLIFE: u32 = 32 * WORK_SPACING;

/// What it takes to find a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Work {
    /// Next to nothing: blocks come when they are wanted.
    #[default]
    None,
    /// Real work, whose difficulty follows how fast blocks come.
    Asert,
}

/// Why there is no ground to build on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GroundError {
    /// What addresses are to begin with is not fit for it.
    #[error(transparent)]
    Prefix(#[from] PrefixError),
    /// More accounts than there are.
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// An account with money and its key, which is anybody's.
pub struct Funded {
    /// Where the money is.
    pub address: Address,
    /// What spends it.
    pub secret: SecretKey,
}

/// The keys of a devnet, which all follow from words that are public.
pub struct Ground {
    words: String,
    seed: Seed,
}

impl Ground {
    /// Of these words.
    pub fn new(mnemonic: &Mnemonic) -> Self {
        Self { words: mnemonic.reveal().to_string(), seed: mnemonic.seed("") }
    }

    /// The words.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// An account of theirs.
    fn account(&self, account: u32) -> Funded {
        let secret = self.seed.account(account).expect("below the highest that a path can name");
        Funded { address: Policy::Key(secret.public_key()).address(), secret }
    }

    /// Those that begin with money, in the order in which people count them.
    pub fn accounts(&self) -> impl Iterator<Item = Funded> {
        (0..DEVNET_ACCOUNTS).map(|account| self.account(account))
    }

    /// Where the faucet takes from.
    pub fn faucet(&self) -> Funded {
        self.account(FAUCET_ACCOUNT)
    }

    /// Whom the blocks of a node pay, and what stands in them.
    pub fn payout(&self, node: usize) -> Payout {
        let faucet = Payout::to(self.faucet().address);
        faucet.clone().with_tag(format!("cairn devnet, node {node}").as_bytes()).unwrap_or(faucet)
    }

    /// What the chain begins with.
    ///
    /// # Errors
    /// Where the presets do not make a chain.
    pub fn genesis(&self, work: Work) -> Result<GenesisFile, GroundError> {
        let mut file = GenesisFile::devnet(BEGINS);
        if work == Work::Asert {
            let real = GenesisFile::asert(BEGINS);
            file.bits = real.bits;
            file.pow = real.pow;
            (file.pow.spacing, file.pow.halflife) = (WORK_SPACING, WORK_HALFLIFE);
            file.future_drift = WORK_HALFLIFE;
        }
        prefund(&mut file, &self.words, &self.seed, DEVNET_ACCOUNTS, DEVNET_BALANCE)?;
        Ok(file)
    }
}

/// Gives coins to the first accounts of a seed, and says in the file whose they are.
///
/// # Errors
/// When there is no such prefix, or there are not so many accounts.
pub fn prefund(
    file: &mut GenesisFile,
    words: &str,
    seed: &Seed,
    accounts: u32,
    balance: Amount,
) -> Result<(), GroundError> {
    let prefix: Prefix = file.prefix.parse()?;
    for account in 0..accounts {
        let policy = Policy::Key(seed.account(account)?.public_key());
        let address = policy.address().to_text(&prefix);
        file.allocation.push(AllocationEntry { address, amount: balance });
    }
    if accounts > 0 {
        file.comment = vec![
            "For development only. The keys of the prefunded accounts are public: anybody can spend from them.".to_owned(),
            format!("mnemonic: {words}"),
            "derivation: SLIP-0010 ed25519, m/44'/9333'/account', no passphrase, accounts in the order below".to_owned(),
        ];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::Genesis;
    use crate::wallet::DEVNET_MNEMONIC;

    fn chain(words: &str, work: Work) -> crate::types::ChainId {
        let file = Ground::new(&words.parse().unwrap()).genesis(work).unwrap();
        Genesis::new(&file).unwrap().params().chain
    }

    #[test]
    fn a_devnet_of_the_well_known_words_is_the_chain_of_the_genesis_file_beside_the_readme() {
        let known = Genesis::from_json(include_str!("../../genesis.json")).unwrap();
        assert_eq!(chain(DEVNET_MNEMONIC, Work::None), known.params().chain);
    }

    #[test]
    fn other_words_and_other_work_make_other_chains() {
        let other = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        let plain = chain(DEVNET_MNEMONIC, Work::None);
        assert_ne!(chain(other, Work::None), plain);
        assert_ne!(chain(DEVNET_MNEMONIC, Work::Asert), plain);
        assert_eq!(chain(other, Work::None), chain(other, Work::None));
    }
}
