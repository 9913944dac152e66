//! The forms in which everything is handed out: JSON, and nothing else.
//!
//! They are separate from the chain's own types: what is hashed and signed is bytes, laid down by `codec`; what stands
//! here may grow fields. Each form can be read as well as written, so a client in Rust has the same types.
//!
//! Amounts are strings of pebbles, hashes and bytes hexadecimal digits, times seconds since 1970.

mod account;
mod block;
mod chain;
mod event;
mod link;
mod mining;
mod operating;
mod peer;
mod policy;
mod pool;
mod schemas;
mod search;
mod status;
mod submit;
mod transaction;

pub use account::{
    AccountView, FlowView, HistoryEntry, HistoryPage, Moved, PastAccount, PendingPage, ProofOfBalance,
};
pub use block::{BlockPage, BlockView, CoinbaseView, HeaderView, TransactionsPage};
pub use chain::{
    AllocationView, BranchStatus, BranchView, Fates, IssuanceView, ParametersView, ReorganizationStory,
    ReorganizationView, SupplyView, TipView,
};
pub use event::{
    AccountEvent, BlockEvent, ChainChange, ClosingEvent, ClosingWhy, EventType, EventView, HeartbeatEvent,
    HelloEvent, MempoolEvent, MinerChange, MiningEvent, PeerChange, PeersEvent, PoolChange, RefusedEvent,
    ReorganizationEvent, ResetEvent, ResetWhy, ResyncEvent, ResyncWhy, SubscribedEvent, SubscriptionView,
    TransactionEvent,
};
pub use link::{DELAY_MS_MAX, LOSS_PERCENT_MAX, LinkFaults};
pub use mining::{MinerShare, MiningView, TemplateView, WorkerView};
pub use operating::{
    BanOrder, BanView, BlockOrder, BlocksMade, BlocksOrder, ConditionView, HealthView, KnownView, LinkView,
    MiningOrderView, MiningStateView, PaceView, PeersReportView, PlaceView, ReadyView,
};
pub use peer::{Direction, PeerView, PeersView};
pub use policy::PolicyView;
pub use pool::{FeesView, HistogramBar, LeftWhy, PoolPage, PoolTransaction, PoolView};
pub use schemas::{AddressText, Hex};
pub use search::{Hit, SearchView};
pub use status::{StatusView, SyncView};
pub use submit::{
    BlockSubmission, Draft, Outcome, Outcomes, Placed, Prepared, RawSubmission, SignedSubmission, Submission,
    Submissions, SubmittedBlock, SubmittedTransaction, Taken, TrialView,
};
pub use transaction::{
    ActionView, ContentView, ProofOfTransaction, ReferencePage, ReferencedPayment, Standing, TransactionView,
    WitnessView,
};
