//! A wallet's file in the hands of somebody who knows how it is made, but not the password.
//!
//! What is here is written from the description of the file alone: its checksum, its key, its seal. So it also says that
//! another program could open a wallet.

use argon2::{Algorithm, Argon2, Params, Version};
use cairn::codec::{decode, encode};
use cairn::crypto::{Digest, PublicKey, Tag};
use cairn::types::{Address, BlockHash, Policy, Prefix};
use cairn::wallet::keyring::{Account, AccountKind, Contact, SeedIndex};
use cairn::wallet::keystore::{Costs, KeystoreError, Password, Protection, SealNonce, WalletFile};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use serde_json::{Value, json};

use crate::stage::{PASSWORD, address, filled, name, network, password, sealed};

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode(text(value)).unwrap().try_into().unwrap()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn place(value: &Value) -> Address {
    Address::parse(text(value), network().prefix()).unwrap()
}

fn account(value: &Value) -> Account {
    let key = || PublicKey::from_bytes(bytes(&value["key"])).unwrap();
    let kind = match text(&value["kind"]) {
        "derived" => {
            let seed = SeedIndex(number(&value["seed"]) as u8);
            AccountKind::Derived { seed, number: number(&value["number"]), key: key() }
        }
        "imported" => AccountKind::Imported { key: key() },
        "watched" => AccountKind::Watched { address: place(&value["address"]) },
        "shared" => {
            let policy = hex::decode(text(&value["policy"])).unwrap();
            AccountKind::Shared { policy: decode::<Policy>(&policy).unwrap() }
        }
        other => panic!("{other}"),
    };
    Account::new(name(text(&value["name"])), kind)
}

/// What the cipher and the checksum cover beside the sealed bytes.
fn covered(file: &Value) -> Vec<u8> {
    let list = |name: &str| file[name].as_array().unwrap().clone();
    let accounts: Vec<Account> = list("accounts").iter().map(account).collect();
    let contact = |it: &Value| Contact { name: name(text(&it["name"])), address: place(&it["address"]) };
    let contacts: Vec<Contact> = list("contacts").iter().map(contact).collect();
    let chain: BlockHash = text(&file["network"]["chain"]).parse().unwrap();
    let prefix: Prefix = text(&file["network"]["prefix"]).parse().unwrap();
    let lock = &file["protection"];
    let costs = (number(&lock["memory_kib"]), number(&lock["passes"]), number(&lock["lanes"]));
    let salt: [u8; 16] = bytes(&lock["salt"]);
    let verifier: [u8; 32] = bytes(&lock["verifier"]);
    let nonce: [u8; 24] = bytes(&lock["nonce"]);
    encode(&(
        number(&file["cairn_wallet"]),
        text(&file["network"]["name"]),
        chain,
        prefix.as_str(),
        (lock["open"].as_bool().unwrap(), costs, salt, verifier),
        nonce,
        accounts,
        contacts,
    ))
}

/// Makes the checksum hold.
fn mend(file: &mut Value) {
    let tag = Tag::new("cairn/wallet/checksum");
    let sealed = hex::decode(text(&file["sealed"])).unwrap();
    let sum: Digest = tag.hash_pair(&tag.hash(&covered(file)), &tag.hash(&sealed));
    file["checksum"] = json!(hex::encode(sum));
}

fn stretched(file: &Value, password: &str) -> [u8; 64] {
    let lock = &file["protection"];
    let params =
        Params::new(number(&lock["memory_kib"]), number(&lock["passes"]), number(&lock["lanes"]), Some(64))
            .unwrap();
    let salt: [u8; 16] = bytes(&lock["salt"]);
    let mut both = [0; 64];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), &salt, &mut both)
        .unwrap();
    both
}

fn cipher(stretched: &[u8; 64]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new_from_slice(&stretched[..32]).unwrap()
}

/// What somebody else makes of the file, and what its owner finds when they open it.
fn forged(file: &WalletFile, owner: &Password, change: impl FnOnce(&mut Value)) -> KeystoreError {
    let mut value: Value = serde_json::from_str(&file.to_json()).unwrap();
    change(&mut value);
    assert_eq!(WalletFile::read(value.to_string().as_bytes()).unwrap_err(), KeystoreError::Damaged);
    mend(&mut value);
    let file = WalletFile::read(value.to_string().as_bytes()).expect("whose checksum was mended");
    file.unlock(owner).unwrap_err()
}

#[test]
fn whoever_knows_the_description_and_the_password_can_open_a_wallet() {
    let file: Value = serde_json::from_str(&sealed().to_json()).unwrap();
    // In the form that a password has on all systems.
    let both = stretched(&file, &PASSWORD.replace('ä', "a\u{308}"));
    let verifier = Tag::new("cairn/wallet/verifier").hash(&both[32..]);
    assert_eq!(file["protection"]["verifier"], hex::encode(verifier));
    let nonce: [u8; 24] = bytes(&file["protection"]["nonce"]);
    let sealed = hex::decode(text(&file["sealed"])).unwrap();
    let payload = Payload { msg: &sealed, aad: &covered(&file) };
    let secrets = cipher(&both).decrypt(&nonce.into(), payload).unwrap();
    // Version; two seeds, each with entropy and passphrase; one key.
    let entropy = hex::decode("df9bf37e6fcdf9bf37e6fcdf9bf37e3c").unwrap();
    let seeds = vec![(entropy.clone(), b"".to_vec()), (entropy, b"pass phrase".to_vec())];
    assert_eq!(secrets, encode(&(1_u32, seeds, vec![vec![7_u8; 32]])));
    let mut unmended = file.clone();
    mend(&mut unmended);
    assert_eq!(unmended, file);
}

#[test]
fn whatever_was_changed_on_purpose_is_told_when_the_wallet_is_opened() {
    let file = sealed();
    let owner = password(PASSWORD);
    let mine = address(99).to_text(network().prefix());
    type Change<'a> = Box<dyn Fn(&mut Value) + 'a>;
    let changes: Vec<(&str, Change)> = vec![
        ("a contact's address", Box::new(|file| file["contacts"][0]["address"] = json!(mine))),
        ("a contact's name", Box::new(|file| file["contacts"][0]["name"] = json!("rob"))),
        (
            "one more contact",
            Box::new(|file| {
                file["contacts"].as_array_mut().unwrap().push(json!({"name": "tax", "address": mine}));
            }),
        ),
        ("one contact less", Box::new(|file| drop(file["contacts"].as_array_mut().unwrap().pop()))),
        ("another default account", Box::new(|file| file["accounts"].as_array_mut().unwrap().swap(0, 1))),
        (
            "an account of mine",
            Box::new(|file| {
                file["accounts"][0] = json!({"kind": "watched", "name": "main", "address": mine});
            }),
        ),
        ("the number of an account", Box::new(|file| file["accounts"][0]["number"] = json!(5))),
        (
            "a policy",
            Box::new(|file| {
                file["accounts"][5]["policy"] = json!(hex::encode(encode(&Policy::Preimage([1; 32]))));
            }),
        ),
        ("the chain", Box::new(|file| file["network"]["chain"] = json!("11".repeat(32)))),
        ("the network's name", Box::new(|file| file["network"]["name"] = json!("Cairn"))),
        ("whether it is open", Box::new(|file| file["protection"]["open"] = json!(true))),
        ("the nonce", Box::new(|file| file["protection"]["nonce"] = json!("22".repeat(24)))),
        (
            "what is sealed",
            Box::new(|file| {
                let sealed = text(&file["sealed"]).replacen(['0', '1', '2', '3'], "4", 1);
                file["sealed"] = json!(sealed);
            }),
        ),
        (
            "the end of what is sealed",
            Box::new(|file| {
                let sealed = text(&file["sealed"]);
                file["sealed"] = json!(sealed[..sealed.len() - 2]);
            }),
        ),
        ("all that is sealed", Box::new(|file| file["sealed"] = json!(""))),
    ];
    for (what, change) in changes {
        assert_eq!(forged(&file, &owner, change), KeystoreError::Tampered, "{what}");
    }
}

#[test]
fn key_of_another_password_is_no_key_whoever_made_it_so() {
    let file = sealed();
    let owner = password(PASSWORD);
    let wrong = KeystoreError::WrongPassword;
    assert_eq!(forged(&file, &owner, |file| file["protection"]["salt"] = json!("33".repeat(16))), wrong);
    assert_eq!(forged(&file, &owner, |file| file["protection"]["verifier"] = json!("33".repeat(32))), wrong);
    assert_eq!(forged(&file, &owner, |file| file["protection"]["passes"] = json!(6)), wrong);
}

/// Seals other secrets than those of the accounts, as a program with a bug would.
fn sealed_anew(secrets: &[u8]) -> KeystoreError {
    let file = filled(&Protection::Open).seal(SealNonce([6; 24]));
    let mut value: Value = serde_json::from_str(&file.to_json()).unwrap();
    let nonce: [u8; 24] = bytes(&value["protection"]["nonce"]);
    let payload = Payload { msg: secrets, aad: &covered(&value) };
    let sealed = cipher(&stretched(&value, "")).encrypt(&nonce.into(), payload).unwrap();
    value["sealed"] = json!(hex::encode(sealed));
    mend(&mut value);
    WalletFile::read(value.to_string().as_bytes()).unwrap().unlock(&Password::empty()).unwrap_err()
}

#[test]
fn secrets_that_do_not_belong_to_the_accounts_are_refused() {
    let entropy = hex::decode("df9bf37e6fcdf9bf37e6fcdf9bf37e3c").unwrap();
    type Seeds = Vec<(Vec<u8>, Vec<u8>)>;
    let good: Seeds = vec![(entropy.clone(), vec![]), (entropy.clone(), b"pass phrase".to_vec())];
    let other: Seeds = vec![(entropy.clone(), vec![]), (entropy.clone(), vec![])];
    let fewer: Seeds = vec![(entropy.clone(), vec![])];
    let odd: Seeds = vec![(vec![1; 20], vec![]), (entropy.clone(), b"pass phrase".to_vec())];
    let garbled: Seeds = vec![(entropy.clone(), vec![]), (entropy, vec![0xff])];
    let key = vec![vec![7_u8; 32]];
    let cases = [
        encode(&(1_u32, &other, &key)),
        encode(&(1_u32, &fewer, &key)),
        encode(&(1_u32, &odd, &key)),
        encode(&(1_u32, &garbled, &key)),
        encode(&(1_u32, &good, Vec::<Vec<u8>>::new())),
        encode(&(1_u32, &good, vec![vec![7_u8; 32], vec![8; 32]])),
        encode(&(1_u32, &good, vec![vec![8_u8; 32]])),
        encode(&(2_u32, &good, &key)),
        encode(&(1_u32, &good, &key, 0_u8)),
        vec![],
    ];
    for secrets in cases {
        assert_eq!(sealed_anew(&secrets), KeystoreError::Content, "{}", hex::encode(&secrets));
    }
}

#[test]
fn wallet_that_somebody_else_made_with_cheap_guesses_can_still_be_opened() {
    let file = filled(&Protection::Open).seal(SealNonce([6; 24]));
    let mut value: Value = serde_json::from_str(&file.to_json()).unwrap();
    let open = stretched(&value, "");
    let nonce: [u8; 24] = bytes(&value["protection"]["nonce"]);
    let before = hex::decode(text(&value["sealed"])).unwrap();
    let secrets =
        cipher(&open).decrypt(&nonce.into(), Payload { msg: &before, aad: &covered(&value) }).unwrap();
    let weak = stretched(&value, "1234");
    value["protection"]["open"] = json!(false);
    value["protection"]["verifier"] = json!(hex::encode(Tag::new("cairn/wallet/verifier").hash(&weak[32..])));
    let payload = Payload { msg: &secrets, aad: &covered(&value) };
    value["sealed"] = json!(hex::encode(cipher(&weak).encrypt(&nonce.into(), payload).unwrap()));
    mend(&mut value);
    let mut wallet =
        WalletFile::read(value.to_string().as_bytes()).unwrap().unlock(&password("1234")).unwrap();
    // Once it is given another password, it is at least as dear as any.
    let weak = Protection::Password(password("1234"), Costs::OPEN);
    assert_eq!(wallet.protect(&weak, cairn::wallet::keystore::Salt([1; 16])), Err(KeystoreError::WeakCosts));
}
