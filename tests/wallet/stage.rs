//! What the wallet's tests begin with.

use cairn::crypto::{PublicKey, SecretKey};
use cairn::types::{Address, BlockHash, ChainId, Height, Policy};
use cairn::wallet::keyring::{Keyring, Name, SeedIndex};
use cairn::wallet::keystore::{Costs, Network, Password, Protection, Salt, SealNonce, Unlocked, WalletFile};
use cairn::wallet::{DEVNET_MNEMONIC, Mnemonic};
use proptest::test_runner::Config;

/// The password of most wallets here.
pub const PASSWORD: &str = "correct horse battery stäple";

/// How often a property is tried: this often, times `CAIRN_CASES_FACTOR` where the environment sets it.
pub fn cases(usual: u32) -> Config {
    let factor = std::env::var("CAIRN_CASES_FACTOR").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1);
    Config { cases: usual * factor, failure_persistence: None, ..Config::default() }
}

pub fn network() -> Network {
    let chain = ChainId(BlockHash::from_bytes([0xab; 32]));
    Network::new("Cairn devnet", chain, "cdev".parse().unwrap()).unwrap()
}

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn mnemonic() -> Mnemonic {
    DEVNET_MNEMONIC.parse().unwrap()
}

pub fn secret(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32])
}

pub fn key(number: u8) -> PublicKey {
    secret(number).public_key()
}

pub fn address(number: u8) -> Address {
    Policy::Key(key(number)).address()
}

pub fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

/// The cheapest that guards anything.
pub fn cheap() -> Costs {
    Costs::new(7 << 10, 5, 1).unwrap()
}

pub fn protection(text: &str) -> Protection {
    Protection::Password(password(text), cheap())
}

/// A wallet in which everything is that can be in one.
pub fn fill(keyring: &mut Keyring) {
    let first = keyring.add_words(mnemonic(), "").unwrap();
    let second = keyring.add_words(mnemonic(), "pass phrase").unwrap();
    assert_eq!((first, second), (SeedIndex(0), SeedIndex(1)));
    keyring.derive_next(name("main"), first).unwrap();
    keyring.derive_next(name("savings"), first).unwrap();
    keyring.derive_next(name("hidden"), second).unwrap();
    keyring.import(name("paper"), secret(7)).unwrap();
    keyring.watch(name("shop.till"), address(8)).unwrap();
    let children =
        vec![Policy::Key(key(7)), Policy::Key(key(9)), Policy::After(Height(5)), Policy::Preimage([3; 32])];
    keyring.share(name("club"), Policy::threshold(2, children).unwrap()).unwrap();
    keyring.add_contact(name("bob"), address(11)).unwrap();
    keyring.add_contact(name("Carol-2"), address(12)).unwrap();
}

pub fn filled(protection: &Protection) -> Unlocked {
    let mut wallet = Unlocked::create(network(), protection, Salt([5; 16])).unwrap();
    fill(wallet.keyring_mut());
    wallet
}

/// The same with [`PASSWORD`], as a file.
pub fn sealed() -> WalletFile {
    filled(&protection(PASSWORD)).seal(SealNonce([6; 24]))
}
