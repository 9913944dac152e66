//! A wallet's file: opened by its password alone, and no change of it goes unnoticed.

use cairn::types::{Height, Policy};
use cairn::wallet::keyring::{
    ACCOUNTS_KEPT_MAX, Account, CONTACTS_MAX, PASSPHRASE_BYTES_MAX, SEEDS_MAX, SeedIndex,
};
use cairn::wallet::keystore::{
    Costs, KeystoreError, LANES_MAX, MEMORY_KIB_MAX, Network, PASSWORD_BYTES_MAX, Password, Protection, Salt,
    SealNonce, Unlocked, VERSION, WALLET_BYTES_MAX, WORK_KIB_MAX, WalletFile,
};
use cairn::wallet::{DEVNET_MNEMONIC, Mnemonic};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::stage::{
    PASSWORD, address, cases, cheap, fill, filled, key, mnemonic, name, network, password, protection,
    sealed, secret,
};

fn read(text: &str) -> Result<WalletFile, KeystoreError> {
    WalletFile::read(text.as_bytes())
}

/// A file without a password, so that nothing is slow.
fn open_file() -> WalletFile {
    filled(&Protection::Open).seal(SealNonce([6; 24]))
}

/// The file with something else in it than what was written.
fn changed(file: &WalletFile, change: impl FnOnce(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(&file.to_json()).unwrap();
    change(&mut value);
    value.to_string()
}

#[track_caller]
fn assert_same(wallet: &Unlocked, other: &Unlocked) {
    assert_eq!((wallet.network(), wallet.keyring().book()), (other.network(), other.keyring().book()));
    assert_eq!(wallet.keyring().seed_count(), other.keyring().seed_count());
    for seed in (0..wallet.keyring().seed_count()).map(|seed| SeedIndex(seed as u8)) {
        let words = |wallet: &Unlocked| wallet.keyring().mnemonic(seed).map(Mnemonic::reveal);
        assert_eq!(words(wallet), words(other));
        assert_eq!(wallet.keyring().passphrase(seed), other.keyring().passphrase(seed));
    }
    for key in wallet.keyring().book().accounts().iter().filter_map(Account::own_key) {
        assert_eq!(other.keyring().secret_key(&key).unwrap().public_key(), key);
    }
}

#[test]
fn what_was_sealed_is_there_again() {
    let file = sealed();
    let read = read(&file.to_json()).unwrap();
    assert_eq!(read, file);
    assert!(!read.is_open());
    assert_eq!(read.network(), &network());
    assert_eq!(read.book(), filled(&Protection::Open).keyring().book());
    assert_same(&read.unlock(&password(PASSWORD)).unwrap(), &filled(&Protection::Open));
}

#[test]
fn another_password_is_said_to_be_wrong() {
    let file = sealed();
    for wrong in ["correct horse battery staple", "Correct horse battery stäple", " ", "x"] {
        assert_eq!(file.unlock(&password(wrong)).unwrap_err(), KeystoreError::WrongPassword, "{wrong}");
    }
    assert_eq!(file.unlock(&Password::empty()).unwrap_err(), KeystoreError::WrongPassword);
}

#[test]
fn password_is_the_same_however_its_letters_are_composed() {
    let file = filled(&protection("st\u{e4}ple")).seal(SealNonce([1; 24]));
    assert!(file.unlock(&password("sta\u{308}ple")).is_ok());
}

#[test]
fn open_wallet_has_the_empty_password_and_no_other() {
    let file = read(&open_file().to_json()).unwrap();
    assert!(file.is_open());
    assert_eq!(file.unlock(&password("x")).unwrap_err(), KeystoreError::WrongPassword);
    assert_same(&file.unlock(&Password::empty()).unwrap(), &filled(&Protection::Open));
}

#[test]
fn change_of_password_leaves_all_else_as_it_was() {
    let mut wallet = filled(&Protection::Open);
    wallet.protect(&protection("new"), Salt([9; 16])).unwrap();
    let file = wallet.seal(SealNonce([1; 24]));
    assert!(!file.is_open());
    assert_eq!(file.unlock(&Password::empty()).unwrap_err(), KeystoreError::WrongPassword);
    let mut again = file.unlock(&password("new")).unwrap();
    assert_same(&again, &filled(&Protection::Open));
    again.protect(&Protection::Open, Salt([8; 16])).unwrap();
    assert!(again.seal(SealNonce([2; 24])).unlock(&Password::empty()).is_ok());
}

#[test]
fn what_is_changed_after_opening_is_sealed() {
    let mut wallet = open_file().unlock(&Password::empty()).unwrap();
    let keyring = wallet.keyring_mut();
    keyring.derive_next(name("third"), SeedIndex(0)).unwrap();
    keyring.remove_account("paper").unwrap();
    keyring.rename("bob", name("robert")).unwrap();
    keyring.import(name("new"), secret(30)).unwrap();
    let again = read(&wallet.seal(SealNonce([2; 24])).to_json()).unwrap().unlock(&Password::empty()).unwrap();
    assert_same(&again, &wallet);
    assert!(again.keyring().secret_key(&key(7)).is_none() && again.keyring().secret_key(&key(30)).is_some());
}

#[test]
fn same_wallet_looks_different_under_another_nonce_or_salt() {
    let wallet = filled(&Protection::Open);
    let [first, second] = [[1; 24], [2; 24]].map(|nonce| wallet.seal(SealNonce(nonce)).to_json());
    let field = |text: &str, name: &str| serde_json::from_str::<Value>(text).unwrap()[name].clone();
    assert_ne!(field(&first, "sealed"), field(&second, "sealed"));
    let mut salted = Unlocked::create(network(), &Protection::Open, Salt([6; 16])).unwrap();
    fill(salted.keyring_mut());
    assert_ne!(field(&salted.seal(SealNonce([1; 24])).to_json(), "sealed"), field(&first, "sealed"));
}

/// What a change of one byte may lead to: never to a question of passwords, never to another wallet.
fn notice(original: &WalletFile, bytes: &[u8]) {
    match WalletFile::read(bytes) {
        // Spaces, and hexadecimal digits in capital letters, say the same.
        Ok(same) => assert_eq!(same, *original, "{}", String::from_utf8_lossy(bytes)),
        Err(KeystoreError::Damaged | KeystoreError::Malformed { .. } | KeystoreError::NotAWallet) => {}
        Err(KeystoreError::LaterVersion(version)) => assert_ne!(version, VERSION),
        Err(other) => panic!("{other}: {}", String::from_utf8_lossy(bytes)),
    }
}

#[test]
fn every_changed_missing_or_added_byte_is_noticed() {
    let file = open_file();
    let text = file.to_json().into_bytes();
    for at in 0..text.len() {
        for byte in [text[at] ^ 1, text[at] ^ 0x20, b'0', b'"', b' ', 0xff] {
            let mut other = text.clone();
            other[at] = byte;
            notice(&file, &other);
        }
        let mut other = text.clone();
        other.remove(at);
        notice(&file, &other);
        other.insert(at, text[at]);
        other.insert(at, b'7');
        notice(&file, &other);
        notice(&file, &text[..at]);
    }
}

#[test]
fn file_that_was_laid_out_anew_is_the_same() {
    let file = open_file();
    assert_eq!(read(&changed(&file, |_| ())), Ok(file.clone()));
    assert_eq!(read(&file.to_json().replace('\n', "\r\n")), Ok(file));
}

#[test]
fn later_version_is_refused_by_its_number_whatever_else_it_has() {
    let refused = |text: &str| read(text).unwrap_err();
    assert_eq!(refused(r#"{"cairn_wallet": 2, "new": {}}"#), KeystoreError::LaterVersion(2));
    assert_eq!(
        refused(&changed(&open_file(), |file| file["cairn_wallet"] = json!(7))),
        KeystoreError::LaterVersion(7)
    );
    assert!(KeystoreError::LaterVersion(2).to_string().contains("use a newer `cairn`"));
    let zero = refused(&changed(&open_file(), |file| file["cairn_wallet"] = json!(0)));
    assert!(matches!(zero, KeystoreError::Malformed { field, .. } if field == "cairn_wallet"));
}

#[test]
fn what_is_no_wallet_is_said_to_be_none() {
    for text in ["", "{}", "[]", DEVNET_MNEMONIC, include_str!("../../genesis.json")] {
        assert_eq!(read(text), Err(KeystoreError::NotAWallet));
    }
    let long = vec![b' '; WALLET_BYTES_MAX + 1];
    assert_eq!(WalletFile::read(&long), Err(KeystoreError::TooLong(long.len())));
}

#[test]
fn field_that_is_wrong_missing_or_unknown_is_named() {
    type Change = fn(&mut Value);
    let cases: &[(Change, &str, &str)] = &[
        (|file| file["extra"] = json!(1), "extra", "unknown field `extra`"),
        (|file| file["network"]["port"] = json!(1), "network.port", "unknown field `port`"),
        (|file| file["network"]["chain"] = json!("ab"), "network.chain", "64 hexadecimal digits"),
        (|file| file["network"]["name"] = json!("\u{1b}[2J"), "network.name", "control characters"),
        (|file| file["network"]["prefix"] = json!("CDEV"), "network.prefix", "small letters"),
        (
            |file| file["protection"]["salt"] = json!("00"),
            "protection.salt",
            "expected 32 hexadecimal digits",
        ),
        (|file| file["protection"]["kdf"] = json!("md5"), "protection.kdf", "unknown variant `md5`"),
        (
            |file| file["protection"]["cipher"] = json!("rot13"),
            "protection.cipher",
            "unknown variant `rot13`",
        ),
        (|file| file["protection"]["hint"] = json!("dog"), "protection.hint", "unknown field `hint`"),
        (|file| file["accounts"][0]["key"] = json!("00".repeat(32)), "accounts[0].key", "small order"),
        (|file| file["accounts"][0]["pin"] = json!(1), "accounts[0]", "unknown field `pin`"),
        (|file| file["accounts"][0]["kind"] = json!("lent"), "accounts[0].kind", "unknown variant `lent`"),
        (|file| file["accounts"][4]["address"] = json!("cdev1x"), "accounts[4].address", "mistyped"),
        (|file| file["accounts"][5]["policy"] = json!("0101"), "accounts[5].policy", "ends"),
        (|file| file["accounts"][1]["name"] = json!("Main"), "accounts and contacts", "`main` is taken"),
        (|file| file["contacts"][0]["name"] = json!("a b"), "contacts[0].name", "a name is made of letters"),
        (|file| file["contacts"][1]["address"] = json!("bob"), "contacts[1].address", "mistyped"),
        (|file| file["sealed"] = json!("xy"), "sealed", "hexadecimal digits"),
        (|file| file["checksum"] = Value::Null, "checksum", "null"),
        (|file| drop(file.as_object_mut().unwrap().remove("sealed")), "the file", "missing field `sealed`"),
    ];
    for (change, expected, why) in cases {
        match read(&changed(&open_file(), change)) {
            Err(KeystoreError::Malformed { field, reason }) => {
                assert_eq!(field, *expected, "{reason}");
                assert!(reason.contains(why), "{field}: {reason}");
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
    let twice = open_file().to_json().replacen('{', r#"{"sealed": "", "#, 1);
    assert!(
        matches!(read(&twice), Err(KeystoreError::Malformed { reason, .. }) if reason.contains("duplicate"))
    );
}

#[test]
fn complaint_about_a_file_does_not_steer_the_terminal() {
    let error = read(&changed(&open_file(), |file| file["\u{1b}[31m"] = json!(1))).unwrap_err();
    assert!(!error.to_string().contains(char::is_control), "{error:?}");
}

#[test]
fn file_that_asks_for_all_memory_or_for_hours_is_refused_before_anything_is_done() {
    let limits = [
        (MEMORY_KIB_MAX + 1, 1, 1),
        (u32::MAX, u32::MAX, 1),
        (64 << 10, u32::MAX, 1),
        (MEMORY_KIB_MAX, (WORK_KIB_MAX / u64::from(MEMORY_KIB_MAX)) as u32 + 1, 1),
        (64, 1, 0),
        (64, 0, 1),
        (7, 1, 1),
        (15, 1, 2),
        (1 << 20, 1, LANES_MAX + 1),
        (u32::MAX, 1, u32::MAX),
    ];
    for (memory, passes, lanes) in limits {
        assert!(Costs::new(memory, passes, lanes).is_err(), "{memory}, {passes}, {lanes}");
        let text = changed(&open_file(), |file| {
            file["protection"]["memory_kib"] = json!(memory);
            file["protection"]["passes"] = json!(passes);
            file["protection"]["lanes"] = json!(lanes);
        });
        assert!(
            matches!(read(&text), Err(KeystoreError::Malformed { field, .. }) if field == "protection"),
            "{memory}, {passes}, {lanes}"
        );
    }
    for (memory, passes, lanes) in [(8, 1, 1), (128, 1, 16), (MEMORY_KIB_MAX, 8, 4)] {
        assert!(Costs::new(memory, passes, lanes).is_ok(), "{memory}, {passes}, {lanes}");
    }
}

#[test]
fn password_guards_nothing_where_guesses_are_cheap() {
    let create =
        |costs| Unlocked::create(network(), &Protection::Password(password("x"), costs), Salt([1; 16]));
    for weak in [Costs::OPEN, Costs::new(7 << 10, 4, 1).unwrap(), Costs::new(1 << 10, 1000, 1).unwrap()] {
        assert_eq!(create(weak).unwrap_err(), KeystoreError::WeakCosts);
        let mut wallet = filled(&Protection::Open);
        let protection = Protection::Password(password("x"), weak);
        assert_eq!(wallet.protect(&protection, Salt([1; 16])), Err(KeystoreError::WeakCosts));
    }
    assert!(create(cheap()).is_ok());
    assert!(Costs::STANDARD.protect());
    assert_eq!(Costs::STANDARD, Costs::new(65_536, 3, 1).unwrap());
}

#[test]
fn password_is_neither_empty_nor_endless() {
    assert_eq!(Password::new("").unwrap_err(), KeystoreError::Password);
    assert_eq!(Password::new(&"p".repeat(PASSWORD_BYTES_MAX + 1)).unwrap_err(), KeystoreError::Password);
    assert!(Password::new(&"p".repeat(PASSWORD_BYTES_MAX)).is_ok());
}

#[test]
fn name_of_a_network_is_one_that_can_be_shown() {
    let named = |text: &str| Network::new(text, network().chain(), network().prefix().clone());
    for bad in ["", "a\nb", "\u{1b}]0;x\u{7}", &"n".repeat(65)] {
        assert_eq!(named(bad).unwrap_err(), KeystoreError::NetworkName);
    }
    assert!(named(&"n".repeat(64)).is_ok());
}

#[test]
fn nothing_secret_shows_itself() {
    let wallet = filled(&Protection::Open);
    let file = wallet.seal(SealNonce([1; 24]));
    let mut said = format!("{wallet:?} {file:?} {:?} {}", protection(PASSWORD), file.to_json());
    said += &format!("{:?}", file.unlock(&password(PASSWORD)).unwrap_err());
    let main =
        wallet.keyring().secret_key(&wallet.keyring().book().accounts()[0].own_key().unwrap()).unwrap();
    let entropy = hex::encode(&*mnemonic().entropy());
    let secrets = [
        PASSWORD,
        "pass phrase",
        "test test",
        "junk",
        entropy.as_str(),
        &hex::encode([7; 32]),
        &hex::encode(&main.reveal()[..]),
        &format!("{:?}", [7_u8; 32]),
        &format!("{:?}", &*mnemonic().entropy()),
    ];
    for secret in secrets {
        assert!(!said.contains(secret), "{secret} is in {said}");
    }
    assert!(said.contains(&address(11).to_text(network().prefix())), "contacts can be read by anybody");
}

#[test]
fn fullest_wallet_is_read_again() {
    let mut wallet = Unlocked::create(network(), &Protection::Open, Salt([1; 16])).unwrap();
    let keyring = wallet.keyring_mut();
    for number in 0..SEEDS_MAX {
        let words = Mnemonic::from_entropy(&[number as u8; 32]).unwrap();
        keyring.add_words(words, &"p".repeat(PASSPHRASE_BYTES_MAX)).unwrap();
    }
    let long = |number: usize| name(&format!("{number:0>31}n"));
    for number in 0..ACCOUNTS_KEPT_MAX {
        let mut bytes = [1; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        keyring.import(long(number), cairn::crypto::SecretKey::from_bytes(&bytes)).unwrap();
    }
    let contacts = ACCOUNTS_KEPT_MAX..ACCOUNTS_KEPT_MAX + CONTACTS_MAX;
    contacts.clone().for_each(|number| keyring.add_contact(long(number), address(1)).unwrap());
    let file = wallet.seal(SealNonce([1; 24]));
    assert_same(&read(&file.to_json()).unwrap().unlock(&Password::empty()).unwrap(), &wallet);

    let mut wallet = Unlocked::create(network(), &Protection::Open, Salt([1; 16])).unwrap();
    for number in 0..ACCOUNTS_KEPT_MAX {
        // As long as a policy may be.
        let mut children = vec![Policy::Preimage([9; 32]); 14];
        children.push(Policy::threshold(1, vec![Policy::Preimage([8; 32]); 14]).unwrap());
        children.push(Policy::After(Height(number as u32)));
        let policy = Policy::threshold(1, children).unwrap();
        wallet.keyring_mut().share(long(number), policy).unwrap();
    }
    contacts.for_each(|number| wallet.keyring_mut().add_contact(long(number), address(1)).unwrap());
    let text = wallet.seal(SealNonce([1; 24])).to_json();
    assert_same(&read(&text).unwrap().unlock(&Password::empty()).unwrap(), &wallet);
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn any_wallet_is_opened_by_its_password_and_by_no_other(
        entropies in prop::collection::vec((prop::array::uniform32(any::<u8>()), ".{0,20}"), 0..3),
        keys in prop::collection::btree_set(any::<u8>(), 0..4),
        derived in 0..4_u32,
        right in ".{1,30}",
        wrong in ".{1,30}",
        (salt, nonce) in (any::<[u8; 16]>(), any::<[u8; 24]>()),
    ) {
        let mut wallet = Unlocked::create(network(), &protection(&right), Salt(salt)).unwrap();
        for (entropy, passphrase) in &entropies {
            // The same may be drawn twice.
            let _ = wallet.keyring_mut().add_words(Mnemonic::from_entropy(entropy).unwrap(), passphrase);
        }
        for number in 0..derived {
            let made = wallet.keyring_mut().derive_next(name(&format!("d{number}")), SeedIndex(0));
            prop_assert_eq!(made.is_ok(), !entropies.is_empty());
        }
        for key in &keys {
            wallet.keyring_mut().import(name(&format!("i{key}")), secret(*key)).unwrap();
        }
        let file = read(&wallet.seal(SealNonce(nonce)).to_json()).unwrap();
        assert_same(&file.unlock(&password(&right)).unwrap(), &wallet);
        let another = file.unlock(&password(&wrong));
        prop_assert!(wrong == right || another.is_err() || file.unlock(&password(&right)).is_ok());
        if !unicode_alike(&wrong, &right) {
            prop_assert_eq!(another.unwrap_err(), KeystoreError::WrongPassword);
        }
    }
}

/// Whether both are the same text to a person.
fn unicode_alike(one: &str, other: &str) -> bool {
    use unicode_normalization::UnicodeNormalization;
    one.nfkd().eq(other.nfkd())
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(WalletFile::read(&bytes).is_err());
        let mut marked = br#"{"cairn_wallet":1,"#.to_vec();
        marked.extend(&bytes);
        prop_assert!(WalletFile::read(&marked).is_err());
    }

    #[test]
    fn any_few_changed_bytes_are_noticed(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)
    ) {
        let file = open_file();
        let mut bytes = file.to_json().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        notice(&file, &bytes);
    }
}
