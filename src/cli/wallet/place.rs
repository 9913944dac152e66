//! Where wallets lie, and what they are called.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::wallet::keyring::Name;

/// The file of a wallet.
#[derive(Clone, Debug)]
pub(super) struct Place {
    name: String,
    path: PathBuf,
    /// Whether it lies in the folder of all wallets, which is ours to make.
    is_ours: bool,
}

impl Place {
    /// The file that is meant by a name or a path.
    pub fn of(text: &str) -> Result<Self> {
        if text.contains('/') || text.ends_with(".json") {
            let path = PathBuf::from(text);
            let name = path.file_stem().with_context(|| format!("--wallet {text}: this is no file"))?;
            return Ok(Self { name: name.to_string_lossy().into_owned(), path, is_ours: false });
        }
        let name: Name = text.parse().with_context(|| {
            format!("--wallet {text}: say a name, or a path with a slash or `.json` at its end")
        })?;
        Ok(Self { name: name.to_string(), path: folder()?.join(format!("{name}.json")), is_ours: true })
    }

    /// What a person calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn is_ours(&self) -> bool {
        self.is_ours
    }
}

/// The folder of all wallets that have names.
fn folder() -> Result<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = set("CAIRN_WALLET_DIR") {
        return Ok(folder);
    }
    // One that is not absolute is to be passed over, says the XDG's specification.
    let data = set("XDG_DATA_HOME").filter(|folder| folder.is_absolute());
    let home = || env::home_dir().filter(|home| !home.as_os_str().is_empty());
    let data = data.or_else(|| home().map(|home| home.join(".local/share")));
    let missing = || anyhow!("there is no home directory: set CAIRN_WALLET_DIR, or say --wallet FILE");
    Ok(data.ok_or_else(missing)?.join("cairn/wallets"))
}
