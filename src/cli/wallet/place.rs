//! Where wallets lie, and what they are called.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;

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

/// What may be settled for all wallets, in `config.toml` beside them.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    node: Option<String>,
}

/// The node that is asked where none is named.
pub(super) fn settled_node() -> Result<Option<String>> {
    // Without a folder of wallets there is nothing settled in it.
    let Ok(path) = folder().map(|folder| folder.join("config.toml")) else { return Ok(None) };
    let shown = || path.display().to_string();
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("cannot read {}", shown()))?,
    };
    let settings: Settings = toml::from_str(&text).with_context(shown)?;
    Ok(settings.node)
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
