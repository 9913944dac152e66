//! What an operator is told, and says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chain::TipView;
use super::link::LinkFaults;
use super::peer::PeerView;
use super::schemas::{AddressText, Hex};
use super::status::SyncView;
use crate::net::{Far, Faults, Link, PeersHandle, PeersReport};
use crate::protocol::ProtocolReport;
use crate::types::{BlockHash, Height, Timestamp};

/// A node that lives.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HealthView {
    /// The program's version.
    pub version: String,
    /// Seconds since the node began to answer.
    pub uptime_seconds: u64,
}

/// A node that is of use.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReadyView {
    /// The block that is followed as the last.
    pub tip: TipView,
    /// How far it is with catching up.
    pub sync: SyncView,
    /// How many are connected.
    pub peers: usize,
}

/// How a node is, as its operator sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConditionView {
    /// Why nothing is taken in any more, and what to do.
    pub stopped: Option<String>,
    /// What should never be: a fault of ours or of the machine.
    pub alarm: Option<String>,
    /// How many audits of all money and the whole state found nothing.
    pub audits: u64,
    /// Block data begins above this height.
    pub base: Height,
    /// The block that is followed as the last.
    pub tip: TipView,
    /// Seconds since the node began to answer.
    pub uptime_seconds: u64,
}

/// A block that an order is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockOrder {
    /// Its hash.
    pub block: String,
}

/// All that is known of other nodes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PeersReportView {
    /// What others know this node by.
    pub node: Hex,
    /// Where it listens.
    pub listening: Option<String>,
    /// What it says to others that its tip is.
    pub tip: TipView,
    /// How far it is with catching up.
    pub sync: SyncView,
    /// Who is connected.
    pub peers: Vec<PeerView>,
    /// Who shall always be.
    pub added: Vec<String>,
    /// Who is banned.
    pub bans: Vec<BanView>,
    /// Which links are bad, in a laboratory.
    pub links: Vec<LinkView>,
    /// All addresses that are known.
    pub known: Vec<KnownView>,
}

impl PeersReportView {
    /// As one moment of a port to other nodes was reported.
    pub fn of(report: &PeersReport, port: &PeersHandle) -> Self {
        let machine = &report.machine;
        let known = machine.known.iter().map(|known| KnownView {
            address: known.address.to_string(),
            seen: known.seen,
            connected: known.connected,
            failures: known.failures,
            tried: known.tried,
        });
        Self {
            node: Hex::of(report.node.0),
            listening: port.local_address().map(|address| address.to_string()),
            tip: TipView { height: machine.tip.height, hash: machine.tip.hash },
            sync: SyncView::of(machine),
            peers: PeerView::all_of(report),
            added: machine.added.clone(),
            bans: BanView::all_of(machine),
            links: LinkView::all_of(port.faults()),
            known: known.collect(),
        }
    }
}

/// An address where a node may be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct KnownView {
    /// The address.
    pub address: String,
    /// When somebody last knew it to be there.
    pub seen: Timestamp,
    /// When this node last connected to it.
    pub connected: Option<Timestamp>,
    /// Attempts that failed since.
    pub failures: u16,
    /// Whether this node ever connected to it.
    pub tried: bool,
}

/// A node's place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceView {
    /// A name or an address, and a port: `node.example:9333`.
    pub address: String,
}

/// Somebody who is banned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BanView {
    /// An IP address, with all nodes there, or a node by its 64 digits.
    pub who: String,
    /// Until when.
    pub until: Timestamp,
}

impl BanView {
    /// All who are banned.
    pub fn all_of(machine: &ProtocolReport) -> Vec<Self> {
        let bans = machine.bans.iter();
        bans.map(|(who, until)| Self { who: who.to_string(), until: *until }).collect()
    }
}

/// Somebody who is to be banned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BanOrder {
    /// An IP address, with all nodes there, or a node by its 64 digits.
    pub who: String,
    /// For how many seconds; a day where nothing is said.
    #[schema(minimum = 1)]
    pub seconds: Option<u32>,
}

/// A bad link, in a laboratory.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkView {
    /// A node by its 64 digits, the IP address and port of a connection, or `all`.
    pub who: String,
    /// What is wrong with it.
    #[serde(flatten)]
    pub faults: LinkFaults,
}

impl LinkView {
    /// All that are bad.
    pub fn all_of(faults: &Faults) -> Vec<Self> {
        let view = |(far, link): &(Far, Link)| Self { who: far.to_string(), faults: LinkFaults::of(link) };
        faults.all().iter().map(view).collect()
    }
}

/// How this node mines by itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MiningStateView {
    /// When a block is made: `work`, or a pace as `cairn node --pace` takes it; nothing where none is.
    pub pace: Option<String>,
    /// Who is paid.
    pub address: Option<AddressText>,
    /// Threads that look for blocks, where work makes them.
    pub threads: Option<usize>,
    /// Hashes a second, over the last minute or so.
    pub hash_rate: f64,
    /// Blocks that became the tip, since it began to mine like this.
    pub found: u64,
    /// Blocks that came too late.
    pub stale: u64,
}

/// How this node is to mine from now on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MiningOrderView {
    /// Who is paid.
    pub address: AddressText,
    /// What is written into the blocks, up to 91 bytes; `cairn` where nothing is said.
    pub tag: Option<String>,
    /// When a block is made: `work`, or where the chain's difficulty is fixed `automine`, `interval=SECONDS` or
    /// `poisson=SHARE`; where nothing is said, the chain's spacing where its difficulty is fixed, else by work.
    #[schema(example = "interval=5")]
    pub pace: Option<String>,
    /// Threads that look for blocks, where work makes them; one for each core where nothing is said.
    #[schema(minimum = 1, maximum = 1024)]
    pub threads: Option<u16>,
}

/// Another pace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaceView {
    /// When a block is made: `work`, `automine`, `interval=SECONDS` or `poisson=SHARE`.
    #[schema(example = "automine")]
    pub pace: String,
}

/// Blocks that are to be made at once.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlocksOrder {
    /// How many.
    #[schema(minimum = 1, maximum = 1000)]
    pub count: u32,
    /// Who is paid.
    pub address: AddressText,
}

/// Blocks that were made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BlocksMade {
    /// Their names, lowest first.
    pub blocks: Vec<BlockHash>,
    /// Why there are not more, where fewer were made than ordered.
    pub unfinished: Option<String>,
}
