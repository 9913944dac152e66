//! The file field by field, as a person may look at it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::file::{Public, WalletFile};
use super::lock::Lock;
use super::{Costs, KeystoreError, Network, Salt, SealNonce, VERSION, WALLET_BYTES_MAX};
use crate::codec::{decode, encode};
use crate::crypto::PublicKey;
use crate::types::{Address, BlockHash, ChainId, Policy, Prefix};
use crate::wallet::keyring::{Account, AccountKind, Book, Contact, Name, SeedIndex};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    cairn_wallet: u32,
    network: NetworkForm,
    protection: ProtectionForm,
    accounts: Vec<AccountForm>,
    contacts: Vec<ContactForm>,
    sealed: Bytes,
    checksum: Fixed<32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkForm {
    name: String,
    chain: BlockHash,
    prefix: Prefix,
}

/// The names of the two algorithms stand for themselves: a file of version 1 has no others.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProtectionForm {
    open: bool,
    kdf: Kdf,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: Fixed<16>,
    verifier: Fixed<32>,
    cipher: Cipher,
    nonce: Fixed<24>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kdf {
    Argon2id,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Cipher {
    XChaCha20Poly1305,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum AccountForm {
    Derived { name: Name, seed: u8, number: u32, key: Fixed<32> },
    Imported { name: Name, key: Fixed<32> },
    Watched { name: Name, address: String },
    Shared { name: Name, policy: Bytes },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactForm {
    name: Name,
    address: String,
}

/// So many bytes, in hexadecimal digits.
struct Fixed<const N: usize>([u8; N]);

impl<const N: usize> Serialize for Fixed<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut bytes = [0; N];
        hex::decode_to_slice(String::deserialize(deserializer)?, &mut bytes)
            .map_err(|_| de::Error::custom(format_args!("expected {} hexadecimal digits", 2 * N)))?;
        Ok(Self(bytes))
    }
}

/// Bytes, in hexadecimal digits.
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = hex::decode(String::deserialize(deserializer)?);
        bytes.map(Self).map_err(|_| de::Error::custom("expected hexadecimal digits"))
    }
}

/// What all versions have in common.
#[derive(Deserialize)]
struct Versioned {
    cairn_wallet: u32,
}

/// A path and a reason, without anything that could steer the terminal on which they are shown.
fn malformed(field: &str, reason: &impl ToString) -> KeystoreError {
    use crate::wallet::plain;
    KeystoreError::Malformed { field: plain(field), reason: plain(&reason.to_string()) }
}

pub(super) fn read(bytes: &[u8]) -> Result<WalletFile, KeystoreError> {
    if bytes.len() > WALLET_BYTES_MAX {
        return Err(KeystoreError::TooLong(bytes.len()));
    }
    let mark = b"cairn_wallet";
    if !bytes.windows(mark.len()).any(|window| window == mark) {
        return Err(KeystoreError::NotAWallet);
    }
    let version: Versioned = serde_json::from_slice(bytes).map_err(|error| malformed("the file", &error))?;
    if version.cairn_wallet > VERSION {
        return Err(KeystoreError::LaterVersion(version.cairn_wallet));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let form: Form = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = Some(error.path().to_string()).filter(|field| field != ".");
        malformed(field.as_deref().unwrap_or("the file"), error.inner())
    })?;
    if form.cairn_wallet != VERSION {
        return Err(malformed("cairn_wallet", &"there never was such a version"));
    }
    form.into_file()
}

impl Form {
    fn into_file(self) -> Result<WalletFile, KeystoreError> {
        let NetworkForm { name, chain, prefix } = self.network;
        let network =
            Network::new(&name, ChainId(chain), prefix).map_err(|error| malformed("network.name", &error))?;
        let form = self.protection;
        let costs = Costs::new(form.memory_kib, form.passes, form.lanes)
            .map_err(|error| malformed("protection", &error))?;
        let lock = Lock { is_open: form.open, costs, salt: Salt(form.salt.0), verifier: form.verifier.0 };
        let accounts =
            (0..).zip(self.accounts).map(|(at, account)| account.into_account(at, network.prefix()));
        let contacts =
            (0..).zip(self.contacts).map(|(at, contact)| contact.into_contact(at, network.prefix()));
        let book = Book::new(accounts.collect::<Result<_, _>>()?, contacts.collect::<Result<_, _>>()?)
            .map_err(|error| malformed("accounts and contacts", &error))?;
        let public = Public { network, lock, nonce: SealNonce(form.nonce.0), book };
        WalletFile::checked(public, self.sealed.0, &self.checksum.0)
    }
}

impl AccountForm {
    fn into_account(self, at: usize, prefix: &Prefix) -> Result<Account, KeystoreError> {
        let field = |name: &str| format!("accounts[{at}].{name}");
        let public_key =
            |key: &Fixed<32>| PublicKey::from_bytes(key.0).map_err(|error| malformed(&field("key"), &error));
        let (name, kind) = match self {
            Self::Derived { name, seed, number, key } => {
                (name, AccountKind::Derived { seed: SeedIndex(seed), number, key: public_key(&key)? })
            }
            Self::Imported { name, key } => (name, AccountKind::Imported { key: public_key(&key)? }),
            Self::Watched { name, address } => {
                let address = read_address(&format!("accounts[{at}]"), &address, prefix)?;
                (name, AccountKind::Watched { address })
            }
            Self::Shared { name, policy } => {
                let policy: Policy =
                    decode(&policy.0).map_err(|error| malformed(&field("policy"), &error))?;
                (name, AccountKind::Shared { policy })
            }
        };
        Ok(Account::new(name, kind))
    }

    fn of(account: &Account, prefix: &Prefix) -> Self {
        let name = account.name().clone();
        match account.kind() {
            AccountKind::Derived { seed, number, key } => {
                Self::Derived { name, seed: seed.0, number: *number, key: Fixed(key.to_bytes()) }
            }
            AccountKind::Imported { key } => Self::Imported { name, key: Fixed(key.to_bytes()) },
            AccountKind::Watched { address } => Self::Watched { name, address: address.to_text(prefix) },
            AccountKind::Shared { policy } => Self::Shared { name, policy: Bytes(encode(policy)) },
        }
    }
}

impl ContactForm {
    fn into_contact(self, at: usize, prefix: &Prefix) -> Result<Contact, KeystoreError> {
        let address = read_address(&format!("contacts[{at}]"), &self.address, prefix)?;
        Ok(Contact { name: self.name, address })
    }

    fn of(contact: &Contact, prefix: &Prefix) -> Self {
        Self { name: contact.name.clone(), address: contact.address.to_text(prefix) }
    }
}

fn read_address(owner: &str, text: &str, prefix: &Prefix) -> Result<Address, KeystoreError> {
    Address::parse(text, prefix).map_err(|error| malformed(&format!("{owner}.address"), &error))
}

pub(super) fn write(file: &WalletFile) -> String {
    let Public { network, lock, nonce, book } = file.public();
    let prefix = network.prefix();
    let form = Form {
        cairn_wallet: VERSION,
        network: NetworkForm {
            name: network.name().to_owned(),
            chain: network.chain().0,
            prefix: prefix.clone(),
        },
        protection: ProtectionForm {
            open: lock.is_open,
            kdf: Kdf::Argon2id,
            memory_kib: lock.costs.memory_kib(),
            passes: lock.costs.passes(),
            lanes: lock.costs.lanes(),
            salt: Fixed(lock.salt.0),
            verifier: Fixed(lock.verifier),
            cipher: Cipher::XChaCha20Poly1305,
            nonce: Fixed(nonce.0),
        },
        accounts: book.accounts().iter().map(|account| AccountForm::of(account, prefix)).collect(),
        contacts: book.contacts().iter().map(|contact| ContactForm::of(contact, prefix)).collect(),
        sealed: Bytes(file.sealed().to_vec()),
        checksum: Fixed(file.checksum()),
    };
    let mut text = serde_json::to_string_pretty(&form).expect("every field has a JSON form");
    text.push('\n');
    text
}
