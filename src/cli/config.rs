//! Settings: from a file, then the environment, then the command line, each over the one before.

use std::fs;
use std::io::ErrorKind;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use serde::Deserialize;

use super::mining::Mining;
use super::network::Network;
use super::output::LogFormat;
use super::serving::Serving;
use crate::consensus::Genesis;
use crate::mempool::{FeeRate, Limits};
use crate::node::NodeOptions;
use crate::storage::{Folder, StorageError};

/// How many threads may check, or mine: beyond, each costs memory and none brings anything.
pub(super) const THREADS: RangeInclusive<i64> = 1..=1024;

/// Which chain, and where it is kept.
#[derive(Args)]
pub(super) struct Place {
    /// Where the chain is kept [default: .cairn in the home directory].
    #[arg(long, env = "CAIRN_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The file that the chain begins with [default: the one kept in the data directory, else genesis.json].
    #[arg(long, env = "CAIRN_GENESIS", value_name = "FILE")]
    genesis: Option<PathBuf>,
    /// Settings in TOML: `data_dir`, `genesis`, and whatever `cairn node --help` lists, with underscores; what it lists
    /// under Mining in a table `[mining]`, under Peers in `[peers]`, under HTTP in `[http]`, there without the `http` in front (and
    /// `--http` itself as `listen`). Environment and command line go over it.
    #[arg(long, env = "CAIRN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How a node runs.
#[derive(Args, Default)]
pub(super) struct Tuning {
    /// Threads that check blocks and signatures [default: one for each core].
    #[arg(long, env = "CAIRN_CHECK_THREADS", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(THREADS))]
    check_threads: Option<u16>,
    /// Bytes of transactions that may wait for a block; the cheapest leave beyond it [default: 67108864].
    #[arg(long, env = "CAIRN_POOL_BYTES_MAX", value_name = "BYTES")]
    pool_bytes_max: Option<usize>,
    /// Pebbles for 1,000 bytes below which a transaction is not let in [default: 0].
    #[arg(long, env = "CAIRN_POOL_FEE_RATE_MIN", value_name = "PEBBLES")]
    pool_fee_rate_min: Option<u64>,
    /// Seconds between two audits, in which all money is added up and the whole state hashed again [default: 600].
    #[arg(long, env = "CAIRN_AUDIT_SECONDS", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    audit_seconds: Option<u64>,
}

/// What a settings file may say.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    data_dir: Option<PathBuf>,
    genesis: Option<PathBuf>,
    check_threads: Option<u16>,
    pool_bytes_max: Option<usize>,
    pool_fee_rate_min: Option<u64>,
    audit_seconds: Option<u64>,
    quiet: bool,
    log_format: Option<LogFormat>,
    mining: Mining,
    peers: Network,
    http: Serving,
}

/// A chain and where it is kept, settled.
pub(super) struct Settled {
    pub data_dir: PathBuf,
    pub genesis: Genesis,
    pub genesis_text: String,
    file: File,
}

impl Place {
    /// Settles which chain this is, from all sources.
    pub fn settle(&self) -> Result<Settled> {
        let (file, data_dir) = self.folder()?;
        self.settle_in(file, data_dir)
    }

    /// Where the chain is kept, whichever it is.
    pub fn data_dir(&self) -> Result<PathBuf> {
        Ok(self.folder()?.1)
    }

    /// The same, for work on a chain that must be there.
    pub fn settle_existing(&self) -> Result<Settled> {
        let (file, data_dir) = self.folder()?;
        // Before a genesis file is asked for, which would not help.
        if Folder::genesis_text(&data_dir)?.is_none() {
            return Err(StorageError::Empty(data_dir).into());
        }
        self.settle_in(file, data_dir)
    }

    fn folder(&self) -> Result<(File, PathBuf)> {
        let file = self.config.as_deref().map_or_else(|| Ok(File::default()), read_file)?;
        let named = self.data_dir.clone().or_else(|| file.data_dir.clone());
        Ok((file, named.map_or_else(default_dir, Ok)?))
    }

    fn settle_in(&self, file: File, data_dir: PathBuf) -> Result<Settled> {
        let named = self.genesis.clone().or_else(|| file.genesis.clone());
        let (genesis_text, from) = match named {
            Some(path) => (read_genesis(&path)?, path.display().to_string()),
            None => match Folder::genesis_text(&data_dir)? {
                Some(text) => (text, data_dir.join("genesis.json").display().to_string()),
                None => (read_genesis(Path::new("genesis.json"))?, "genesis.json".to_owned()),
            },
        };
        let genesis = Genesis::from_json(&genesis_text).context(from)?;
        Ok(Settled { data_dir, genesis, genesis_text, file })
    }
}

fn default_dir() -> Result<PathBuf> {
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    Ok(home.ok_or_else(|| anyhow!("there is no home directory: say --data-dir"))?.join(".cairn"))
}

/// The text of a genesis file.
pub(super) fn read_genesis(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::NotFound => {
                "; name one with --genesis, or `cairn genesis new --preset devnet --out FILE` makes one"
            }
            _ => "",
        };
        anyhow!("cannot read {}: {error}{hint}", path.display())
    })
}

fn read_file(path: &Path) -> Result<File> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file: File = toml::from_str(&text).with_context(|| path.display().to_string())?;
    for (name, threads) in [("check_threads", file.check_threads), ("threads", file.mining.threads)] {
        let is_good = threads.is_none_or(|threads| THREADS.contains(&threads.into()));
        anyhow::ensure!(is_good, "{}: {name} is not in {THREADS:?}", path.display());
    }
    anyhow::ensure!(file.audit_seconds != Some(0), "{}: audit_seconds is 0", path.display());
    Ok(file)
}

impl Settled {
    /// Whether the settings file wants few words.
    pub fn quiet(&self) -> bool {
        self.file.quiet
    }

    /// How the settings file wants lines to be written.
    pub fn log_format(&self) -> Option<LogFormat> {
        self.file.log_format
    }

    /// What the settings file says about mining.
    pub fn mining(&self) -> Mining {
        self.file.mining.clone()
    }

    /// What the settings file says about other nodes.
    pub fn network(&self) -> Network {
        self.file.peers.clone()
    }

    /// What the settings file says about answering over HTTP.
    pub fn serving(&self) -> Serving {
        self.file.http.clone()
    }

    /// A node on this chain.
    pub fn node(&self, tuning: &Tuning) -> Result<NodeOptions> {
        let Self { data_dir, genesis, genesis_text, file } = self;
        let mut options = NodeOptions::new(data_dir, genesis.clone(), genesis_text);
        options.check_threads = tuning.check_threads.or(file.check_threads).map(usize::from);
        let limits = Limits::DEFAULT;
        let bytes_max = tuning.pool_bytes_max.or(file.pool_bytes_max).unwrap_or(limits.bytes_max);
        options.limits = Limits {
            bytes_max,
            waiting_bytes_max: limits.waiting_bytes_max.min(bytes_max / 2),
            fee_rate_min: tuning
                .pool_fee_rate_min
                .or(file.pool_fee_rate_min)
                .map_or(limits.fee_rate_min, FeeRate::per_kilobyte),
            ..limits
        };
        anyhow::ensure!(
            options.limits.agree(),
            "--pool-bytes-max {} is too small for a pool: allow at least {}",
            options.limits.bytes_max,
            Limits::BYTES_MAX_MIN
        );
        let audit_seconds = tuning.audit_seconds.or(file.audit_seconds);
        options.audit_every = audit_seconds.map_or(options.audit_every, Duration::from_secs);
        Ok(options)
    }
}
