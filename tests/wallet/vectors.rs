//! Wallets follow BIP39 and SLIP-0010, so the words work elsewhere and those from elsewhere work here.
//!
//! The vectors are Trezor's for the words and SLIP-0010's own for the derivation; `vectors/data/README.md` says where
//! they are from. The keys behind the repository's `genesis.json` are the devnet words' accounts.

use cairn::consensus::{Genesis, GenesisFile};
use cairn::crypto::SecretKey;
use cairn::types::{Policy, Prefix};
use cairn::wallet::{DEVNET_MNEMONIC, Mnemonic, MnemonicError, wordlist};
use serde::Deserialize;
use slip10_ed25519::derive_ed25519_private_key;

/// What Trezor's vectors are made with.
const PASSPHRASE: &str = "TREZOR";

#[derive(Deserialize)]
struct Bip39File {
    english: Vec<Bip39>,
}

/// One vector; its last element, an extended key for another curve, is of no use here.
#[derive(Deserialize)]
struct Bip39(String, String, String, #[allow(dead_code, reason = "for another curve")] String);

#[derive(Deserialize)]
struct Slip10 {
    seed: String,
    path: String,
    private: String,
    public: String,
}

fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text).expect("hexadecimal digits")
}

/// The vectors whose mnemonics have so many words.
fn bip39(words: usize) -> Vec<Bip39> {
    let text = include_str!("../vectors/data/wallet/bip39_trezor_vectors.json");
    let file: Bip39File = serde_json::from_str(text).expect("the file as it was copied");
    assert_eq!(file.english.len(), 24);
    let chosen: Vec<Bip39> = file.english.into_iter().filter(|it| it.1.split(' ').count() == words).collect();
    assert_eq!(chosen.len(), 8, "a third of the vectors has {words} words");
    chosen
}

fn slip10() -> Vec<Slip10> {
    let nodes: Vec<Slip10> =
        serde_json::from_str(include_str!("../vectors/data/wallet/slip0010_ed25519.json"))
            .expect("the file as it was copied");
    assert_eq!(nodes.len(), 12);
    nodes
}

/// `m/44'/9333'/0'` as numbers.
fn steps(path: &str) -> Vec<u32> {
    let (root, rest) = path.split_at(1);
    assert_eq!(root, "m", "{path}");
    let step = |text: &str| text.strip_suffix('\'').expect("a hardened step").parse().expect("a number");
    rest.split('/').skip(1).map(step).collect()
}

fn mnemonic(words: &str) -> Mnemonic {
    words.parse().expect("a mnemonic")
}

#[test]
fn entropy_becomes_the_published_words_and_words_the_published_seed() {
    for Bip39(entropy, words, seed, _) in bip39(12).into_iter().chain(bip39(24)) {
        let from_entropy = Mnemonic::from_entropy(&unhex(&entropy)).unwrap();
        assert_eq!(from_entropy.reveal().as_str(), words);
        assert_eq!(mnemonic(&words).reveal().as_str(), words);
        for mnemonic in [from_entropy, mnemonic(&words)] {
            assert_eq!(hex::encode(mnemonic.seed(PASSPHRASE).as_bytes()), seed, "{words}");
        }
    }
}

#[test]
fn list_of_words_is_the_published_one_in_its_order() {
    let published = include_str!("../vectors/data/wallet/bip39_english.txt");
    assert_eq!(published.lines().count(), 2048);
    assert!(wordlist().lines().eq(published.lines()));
}

#[test]
fn published_mnemonic_of_eighteen_words_is_refused() {
    for Bip39(entropy, words, ..) in bip39(18) {
        assert_eq!(words.parse::<Mnemonic>().unwrap_err(), MnemonicError::Words(18));
        assert_eq!(Mnemonic::from_entropy(&unhex(&entropy)).unwrap_err(), MnemonicError::Words(18));
    }
}

#[test]
fn entropy_of_any_other_length_is_refused() {
    for bytes in (0..=64).filter(|bytes| ![16, 32].contains(bytes)) {
        let refused = Mnemonic::from_entropy(&vec![7; bytes]);
        assert!(matches!(refused, Err(MnemonicError::Words(_))), "{bytes} bytes: {refused:?}");
    }
}

#[test]
fn published_mnemonic_with_two_words_swapped_is_refused() {
    let mut refused = 0;
    for Bip39(_, words, ..) in bip39(24) {
        let mut swapped: Vec<&str> = words.split(' ').collect();
        swapped.swap(0, 23);
        if swapped.join(" ") != words {
            assert_eq!(swapped.join(" ").parse::<Mnemonic>().unwrap_err(), MnemonicError::Checksum);
            refused += 1;
        }
    }
    assert_eq!(refused, 8);
}

#[test]
fn words_are_read_however_they_are_spaced() {
    let Bip39(_, words, seed, _) = bip39(12).swap_remove(1);
    let spaced = format!("\t{}\r\n", words.replace(' ', " \n  "));
    assert_eq!(mnemonic(&spaced).reveal().as_str(), words);
    assert_eq!(hex::encode(mnemonic(&spaced).seed(PASSPHRASE).as_bytes()), seed);
}

/// BIP39 asks for NFKD: two keyboards may write one letter in two ways.
#[test]
fn passphrase_is_the_same_however_its_letters_are_composed() {
    let mnemonic = mnemonic(DEVNET_MNEMONIC);
    assert_eq!(mnemonic.seed("caf\u{e9}").as_bytes(), mnemonic.seed("cafe\u{301}").as_bytes());
    assert_ne!(mnemonic.seed("caf\u{e9}").as_bytes(), mnemonic.seed("cafe").as_bytes());
    assert_ne!(mnemonic.seed("a").as_bytes(), mnemonic.seed("a ").as_bytes(), "spaces count in a passphrase");
}

#[test]
fn derivation_gives_the_published_private_and_public_keys() {
    for Slip10 { seed, path, private, public } in slip10() {
        let derived = derive_ed25519_private_key(&unhex(&seed), &steps(&path));
        assert_eq!(hex::encode(derived), private, "{path}");
        // A zero byte stands before each key, because those of other curves have 33.
        let key = SecretKey::from_bytes(&derived).public_key();
        assert_eq!(format!("00{}", hex::encode(key.to_bytes())), public, "{path}");
    }
}

#[test]
fn account_is_the_key_at_its_path_from_the_seed() {
    for Bip39(_, words, seed, _) in bip39(12).into_iter().chain(bip39(24)) {
        for account in [0, 1, 9, 0x7fff_ffff] {
            let path = format!("m/44'/9333'/{account}'");
            let derived = SecretKey::from_bytes(&derive_ed25519_private_key(&unhex(&seed), &steps(&path)));
            let key = mnemonic(&words).seed(PASSPHRASE).account(account).unwrap();
            assert_eq!(key.public_key(), derived.public_key(), "{path} of {words}");
            assert_eq!(key.sign(b"a message"), derived.sign(b"a message"));
        }
    }
}

#[test]
fn prefunded_accounts_of_the_repository_are_those_of_the_devnet_words_in_order() {
    let file = GenesisFile::from_json(include_str!("../../genesis.json")).unwrap();
    let prefix: Prefix = file.prefix.parse().unwrap();
    let mnemonic = mnemonic(DEVNET_MNEMONIC);
    let policy = |account| Policy::Key(mnemonic.seed("").account(account).unwrap().public_key());
    let expected: Vec<String> = (0..10).map(|account| policy(account).address().to_text(&prefix)).collect();
    let found: Vec<&str> = file.allocation.iter().map(|entry| entry.address.as_str()).collect();
    assert_eq!(found, expected);
    assert!(file.comment.iter().any(|line| line.contains(DEVNET_MNEMONIC)), "it says whose they are");

    let genesis = Genesis::new(&file).unwrap();
    for account in 0..10 {
        let address = policy(account).address();
        assert!(genesis.allocation().iter().any(|(owner, _)| *owner == address), "account {account}");
    }
}
