//! Where a devnet is: the folder that it keeps everything in, and where it takes orders.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Args;

use crate::api::Code;
use crate::client::{Client, ClientError};

/// The file in which a devnet that runs says where it takes orders.
const FILE: &str = "desk";
/// The variable that says it for all orders of a terminal.
const VARIABLE: &str = "CAIRN_DEVNET";
/// Where it does, unless it is told otherwise.
const USUAL: &str = "http://127.0.0.1:9332";

/// Where a devnet keeps everything where nothing is said.
pub(super) fn default_folder() -> Result<PathBuf> {
    let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
    Ok(home
        .ok_or_else(|| anyhow!("there is no home directory: say --data-dir"))?
        .join(".cairn")
        .join("devnet"))
}

/// Which devnet is meant.
#[derive(Args)]
pub(super) struct Which {
    /// Where the devnet takes orders [default: what CAIRN_DEVNET says, else what stands in its data directory, else
    /// http://127.0.0.1:9332].
    #[arg(long, value_name = "URL")]
    desk: Option<String>,
    /// The data directory of the devnet that is meant, where several run, whatever CAIRN_DEVNET says [default: .cairn/devnet in the
    /// home directory].
    #[arg(long, value_name = "DIR", conflicts_with = "desk")]
    data_dir: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long)]
    pub json: bool,
}

impl Which {
    /// To give it orders.
    pub fn client(&self) -> Result<Client> {
        let url = match (&self.desk, &self.data_dir) {
            (Some(url), _) => url.clone(),
            (None, Some(folder)) => written(folder)?.with_context(|| {
                format!(
                    "no devnet runs in {0}: start one with `cairn devnet --data-dir {0}`",
                    folder.display()
                )
            })?,
            // What is said with an order goes before what was said for all of them.
            (None, None) => said_for_all().map_or_else(usual, Ok)?,
        };
        Ok(Client::patient(&url)?)
    }
}

/// Where orders go that name no devnet, as a terminal was told.
fn said_for_all() -> Option<String> {
    env::var(VARIABLE).ok().filter(|url| !url.is_empty())
}

/// Where orders go that name no devnet.
pub(super) fn usual() -> Result<String> {
    Ok(written(&default_folder()?)?.unwrap_or_else(|| USUAL.to_owned()))
}

/// What an error of a devnet's desk means to whoever gave an order.
pub(super) fn explained(error: ClientError) -> anyhow::Error {
    match error {
        ClientError::Unreachable { url, .. } => {
            anyhow!(
                "no devnet takes orders at {url}: start one with `cairn devnet`, or name another with --data-dir or --desk"
            )
        }
        // The others say themselves what to do.
        ClientError::Problem(problem) if problem.code == Code::BadAddress => {
            anyhow!("{}. {}", problem.detail, problem.advice)
        }
        ClientError::Problem(problem) => anyhow!("{}", problem.detail),
        other => other.into(),
    }
}

fn written(folder: &Path) -> Result<Option<String>> {
    let path = folder.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Says where a devnet takes orders, while it runs.
pub(super) struct Notice(PathBuf);

impl Notice {
    /// Writes it down.
    pub fn put(folder: &Path, url: &str) -> Result<Self> {
        let path = folder.join(FILE);
        fs::write(&path, format!("{url}\n")).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Notice {
    fn drop(&mut self) {
        // The next one writes over it.
        let _ = fs::remove_file(&self.0);
    }
}
