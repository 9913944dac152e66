//! What figures there are.

/// What can be done with a figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It only grows, until the node starts again.
    Counter,
    /// It is what it is now.
    Gauge,
    /// How many were how large, as counters.
    Histogram,
}

impl Kind {
    /// What it is called on the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// What can be done with it.
    pub kind: Kind,
    /// What it says.
    pub help: &'static str,
}

macro_rules! figures {
    ($($constant:ident = $name:literal, $kind:ident, $help:literal;)*) => {
        $(
            #[doc = $help]
            pub(super) const $constant: Figure = Figure { name: $name, kind: Kind::$kind, help: $help };
        )*

        /// All of them, in the order of the page.
        pub const FIGURES: &[Figure] = &[$($constant),*];
    };
}

figures! {
    INFO = "cairn_info", Gauge, "1; its labels say which version runs on which chain.";
    STOPPED = "cairn_node_stopped", Gauge, "1 where nothing is taken in any more: look at /healthy.";
    ALARM = "cairn_node_alarm", Gauge, "1 where something is that should never be: look at /v1/status.";
    AUDITS = "cairn_node_audits_total", Counter, "Audits of all money and the whole state that found nothing.";
    HEIGHT = "cairn_chain_height", Gauge, "Height of the tip.";
    WORK = "cairn_chain_work", Gauge, "Hashes that the branch to the tip took on average.";
    DIFFICULTY = "cairn_chain_difficulty", Gauge, "How many times harder than Bitcoin's easiest target the tip was to find.";
    TIP_AGE = "cairn_chain_tip_age_seconds", Gauge, "Seconds since the tip was made, by its own time.";
    BLOCKS = "cairn_blocks_total", Counter, "Blocks that came, by what became of them: followed, side, known, orphan, early, refused.";
    REORGANIZATIONS = "cairn_chain_reorganizations_total", Counter, "How often the branch was left for another.";
    TAKEN_OFF = "cairn_chain_blocks_taken_off_total", Counter, "Blocks that were taken off in reorganizations.";
    MISSING = "cairn_sync_missing_blocks", Gauge, "Blocks that peers have and this node has not yet.";
    POOL = "cairn_mempool_transactions", Gauge, "Transactions in the pool: ready for a block, or waiting for others.";
    POOL_BYTES = "cairn_mempool_bytes", Gauge, "Bytes of the transactions in the pool.";
    POOL_BYTES_MAX = "cairn_mempool_bytes_max", Gauge, "Bytes beyond which the cheapest leave the pool.";
    POOL_FLOOR = "cairn_mempool_floor_rate", Gauge, "Pebbles for 1,000 bytes below which nothing is let in.";
    POOL_ENTERED = "cairn_mempool_entered_total", Counter, "Transactions that were let into the pool.";
    POOL_REFUSED = "cairn_mempool_refused_total", Counter, "Transactions that were not.";
    POOL_RETURNED = "cairn_mempool_returned_total", Counter, "Transactions that came back from blocks that were taken off.";
    POOL_LEFT = "cairn_mempool_left_total", Counter, "Transactions that left the pool: mined, or departed for any other reason.";
    PEERS = "cairn_peers", Gauge, "Nodes that are connected, by who connected: out is this one, in the other.";
    PEER_BYTES = "cairn_peers_bytes", Gauge, "Bytes that went over the connections that there are now, in and out.";
    PEERS_KNOWN = "cairn_peers_known_addresses", Gauge, "Addresses of nodes that are known.";
    PEERS_BANNED = "cairn_peers_banned", Gauge, "Nodes and addresses that are banned.";
    HASH_RATE = "cairn_mining_hash_rate", Gauge, "Hashes a second: of this node itself, and of workers over Stratum.";
    FOUND = "cairn_mining_blocks_total", Counter, "Blocks that became the tip, of this node itself and of workers over Stratum.";
    WORKERS = "cairn_mining_workers", Gauge, "Workers over Stratum of whom something was heard in the last minute.";
    SHARES = "cairn_mining_shares_total", Counter, "Shares of workers over Stratum: accepted, or rejected.";
    STORE_BYTES = "cairn_store_bytes", Gauge, "Bytes of all files in the data directory, looked at once a minute.";
    STORE_SEGMENTS = "cairn_store_journal_segments", Gauge, "Segments of the journal, looked at once a minute.";
    REQUESTS = "cairn_http_requests_total", Counter, "Requests that were answered, by method, route and class of status.";
    REQUEST_SECONDS = "cairn_http_request_seconds", Histogram, "How long answers took, by method and route.";
    IN_FLIGHT = "cairn_http_requests_in_flight", Gauge, "Requests that are being answered.";
    STREAMS = "cairn_http_event_streams", Gauge, "Streams of events that are being sent.";
    STREAMS_GIVEN_UP = "cairn_http_event_streams_given_up_total", Counter, "Streams of events that ended because nobody read them.";
    REFUSED = "cairn_http_refused_total", Counter, "Requests turned away before any route: rate (the 429s), connections, host, origin.";
    MEMORY = "process_resident_memory_bytes", Gauge, "Memory that the process has, in bytes.";
    CPU = "process_cpu_seconds_total", Counter, "Time of processors that the process has had, in seconds.";
    FILES = "process_open_fds", Gauge, "Files that the process has open.";
    THREADS = "process_threads", Gauge, "Threads of the process.";
    START = "process_start_time_seconds", Gauge, "When the process began, in seconds since 1970.";
}
