//! The page, put together.

use std::fmt::Write as _;

use super::figures as f;
use super::figures::{FIGURES, Figure};
use super::folder::Kept;
use super::process::Process;
use crate::api::context::Context;
use crate::api::meters::{Refusal, SECONDS};
use crate::miner::MinerReport;
use crate::net::PeersReport;
use crate::node::Shares;
use crate::protocol::{Side, SyncState};
use crate::template::Difficulty;
use crate::types::Target;

/// Workers of whom nothing came for so long are not there any more.
const GONE_SECONDS: u64 = 60;
/// Classes of statuses.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The values of figures, in the order in which they come; the page puts them in its own.
#[derive(Default)]
struct Values(Vec<(&'static str, String)>);

impl Values {
    fn one(&mut self, figure: Figure, value: f64) {
        self.with(figure, &[], value);
    }

    fn maybe(&mut self, figure: Figure, value: Option<f64>) {
        value.into_iter().for_each(|value| self.one(figure, value));
    }

    fn with(&mut self, figure: Figure, labels: &[(&str, &str)], value: f64) {
        self.line(figure, "", labels, value);
    }

    /// By the values of one label.
    fn by<const N: usize>(&mut self, figure: Figure, label: &str, values: [(&str, u64); N]) {
        for (name, value) in values {
            self.with(figure, &[(label, name)], value as f64);
        }
    }

    fn line(&mut self, figure: Figure, suffix: &str, labels: &[(&str, &str)], value: f64) {
        let mut line = format!("{}{suffix}", figure.name);
        for (at, (name, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(line, "{}{name}=\"{text}\"", if at == 0 { '{' } else { ',' });
        }
        if !labels.is_empty() {
            line.push('}');
        }
        let _ = writeln!(line, " {value}");
        self.0.push((figure.name, line));
    }

    /// A page with the lines of each figure below its help, those without any value too.
    fn page(&self) -> String {
        let mut page = String::new();
        for figure in FIGURES {
            let Figure { name, kind, help } = figure;
            let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {}", kind.name());
            let own = self.0.iter().filter(|(of, _)| of == name);
            own.for_each(|(_, line)| page.push_str(line));
        }
        page
    }
}

/// All figures of a node.
pub(in crate::api) async fn page(
    context: &Context,
    miner: Option<MinerReport>,
    kept: Option<Kept>,
) -> String {
    let report = context.report().await.ok();
    let mut values = Values::default();
    node(&mut values, context);
    pool(&mut values, context);
    peers(&mut values, report.as_ref());
    mining(&mut values, context, miner);
    if let Some(kept) = kept {
        values.one(f::STORE_BYTES, kept.bytes as f64);
        values.one(f::STORE_SEGMENTS, kept.segments as f64);
    }
    http(&mut values, context);
    let process = Process::now();
    values.maybe(f::MEMORY, process.memory_bytes);
    values.maybe(f::CPU, process.cpu_seconds);
    values.maybe(f::FILES, process.open_files);
    values.maybe(f::THREADS, process.threads);
    values.maybe(f::START, process.started);
    values.page()
}

fn node(values: &mut Values, context: &Context) {
    let node = context.node();
    let (condition, tally, reader) = (node.condition(), node.tally(), node.reader());
    let chain = context.params().chain.to_string();
    let labels =
        [("version", env!("CARGO_PKG_VERSION")), ("network", node.genesis().name()), ("chain", &*chain)];
    values.with(f::INFO, &labels, 1.0);
    values.one(f::STOPPED, f64::from(u8::from(condition.stopped.is_some())));
    values.one(f::ALARM, f64::from(u8::from(condition.alarm.is_some())));
    values.one(f::AUDITS, condition.audits as f64);
    let tip = reader.tip();
    values.one(f::HEIGHT, f64::from(tip.height.0));
    if let Some(entry) = reader.header(&tip.hash) {
        values.one(f::WORK, f64::from(entry.work.number()));
        let target = Target::from_bits(entry.header.bits).ok();
        values.maybe(f::DIFFICULTY, target.map(|target| Difficulty::of(target).number()));
        values.one(f::TIP_AGE, f64::from(node.chain_time().0) - f64::from(entry.header.time.0));
    }
    let verdicts = [
        ("followed", tally.followed),
        ("side", tally.side),
        ("known", tally.known),
        ("orphan", tally.orphans),
        ("early", tally.early),
        ("refused", tally.refused),
    ];
    values.by(f::BLOCKS, "verdict", verdicts);
    values.one(f::REORGANIZATIONS, tally.reorganizations as f64);
    values.one(f::TAKEN_OFF, tally.taken_off as f64);
}

fn pool(values: &mut Values, context: &Context) {
    let node = context.node();
    let (tally, now) = (node.tally(), node.seconds());
    let (ready, all, bytes, bytes_max, floor) = node.look(|_, pool| {
        (pool.ready_len(), pool.len(), pool.bytes(), pool.limits().bytes_max, pool.floor(now))
    });
    values.by(f::POOL, "standing", [("ready", ready as u64), ("waiting", all.saturating_sub(ready) as u64)]);
    values.one(f::POOL_BYTES, bytes as f64);
    values.one(f::POOL_BYTES_MAX, bytes_max as f64);
    values.one(f::POOL_FLOOR, floor.pebbles_per_kilobyte() as f64);
    values.one(f::POOL_ENTERED, tally.entered as f64);
    values.one(f::POOL_REFUSED, tally.turned_away as f64);
    values.one(f::POOL_RETURNED, tally.returned as f64);
    values.by(f::POOL_LEFT, "why", [("mined", tally.mined), ("departed", tally.departed)]);
}

fn peers(values: &mut Values, report: Option<&PeersReport>) {
    let Some(report) = report else { return };
    let machine = &report.machine;
    let missing = if let SyncState::Fetching { missing, .. } = machine.sync { missing } else { 0 };
    values.one(f::MISSING, missing as f64);
    let count = |side| machine.peers.iter().filter(|peer| peer.met.side == side).count() as u64;
    values.by(f::PEERS, "direction", [("out", count(Side::Dialer)), ("in", count(Side::Listener))]);
    let bytes_in = report.traffic.values().map(|traffic| traffic.bytes_in).sum();
    let bytes_out = report.traffic.values().map(|traffic| traffic.bytes_out).sum();
    values.by(f::PEER_BYTES, "direction", [("in", bytes_in), ("out", bytes_out)]);
    values.one(f::PEERS_KNOWN, machine.known.len() as f64);
    values.one(f::PEERS_BANNED, machine.bans.len() as f64);
}

fn mining(values: &mut Values, context: &Context, miner: Option<MinerReport>) {
    let own = miner.unwrap_or_default();
    let workers = context.node().workers().reports();
    let present = || workers.iter().filter(|worker| worker.idle_seconds < GONE_SECONDS);
    // A sum of nobody would be less than nothing.
    let rate = present().fold(0.0, |sum, worker| sum + worker.hash_rate);
    values.with(f::HASH_RATE, &[("who", "own")], own.hash_rate);
    values.with(f::HASH_RATE, &[("who", "workers")], rate);
    // Not added up of those who are there: whoever is forgotten would take what they did along.
    let Shares { accepted, rejected, blocks } = context.node().workers().shares();
    values.by(f::FOUND, "who", [("own", own.found), ("workers", blocks)]);
    values.one(f::WORKERS, present().count() as f64);
    values.by(f::SHARES, "outcome", [("accepted", accepted), ("rejected", rejected)]);
}

fn http(values: &mut Values, context: &Context) {
    let meters = context.meters();
    for meter in meters.routes() {
        let labels = [("method", meter.method), ("route", &*meter.route)];
        for (class, count) in CLASSES.iter().zip(meter.classes()).filter(|(_, count)| *count > 0) {
            let labels = [labels[0], labels[1], ("class", class)];
            values.with(f::REQUESTS, &labels, count as f64);
        }
        let mut sum = 0;
        let bounds = SECONDS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(meter.times()) {
            sum += count;
            let labels = [labels[0], labels[1], ("le", &*bound)];
            values.line(f::REQUEST_SECONDS, "_bucket", &labels, sum as f64);
        }
        values.line(f::REQUEST_SECONDS, "_sum", &labels, meter.seconds());
        values.line(f::REQUEST_SECONDS, "_count", &labels, sum as f64);
    }
    values.one(f::IN_FLIGHT, meters.going_on() as f64);
    values.one(f::STREAMS, context.streams() as f64);
    values.one(f::STREAMS_GIVEN_UP, context.streams_given_up() as f64);
    values.by(f::REFUSED, "why", Refusal::ALL.map(|(why, name)| (name, meters.refused(why))));
}
