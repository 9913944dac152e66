//! Files that were written once and must open for ever.

use cairn::wallet::keystore::{Password, Protection, SealNonce, WalletFile};

use crate::stage::{PASSWORD, filled, password, sealed};

/// With a password, and with everything in it that version 1 can hold.
const VERSION_1: &str = include_str!("data/wallet-1.json");
/// The same without one.
const VERSION_1_OPEN: &str = include_str!("data/wallet-1-open.json");

#[test]
fn wallet_of_version_1_opens_and_holds_what_was_put_in() {
    for (text, password) in [(VERSION_1, password(PASSWORD)), (VERSION_1_OPEN, Password::empty())] {
        let file = WalletFile::read(text.as_bytes()).unwrap();
        let wallet = file.unlock(&password).unwrap();
        let expected = filled(&Protection::Open);
        assert_eq!(wallet.network(), expected.network());
        assert_eq!(wallet.keyring().book(), expected.keyring().book());
        for account in expected.keyring().book().accounts() {
            if let Some(key) = account.own_key() {
                assert_eq!(wallet.keyring().secret_key(&key).unwrap().public_key(), key);
            }
        }
    }
}

#[test]
fn version_1_is_written_as_it_always_was() {
    assert_eq!(sealed().to_json(), VERSION_1);
    assert_eq!(filled(&Protection::Open).seal(SealNonce([6; 24])).to_json(), VERSION_1_OPEN);
}
