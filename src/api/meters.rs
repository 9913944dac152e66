//! What is counted of requests as they are answered.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use parking_lot::RwLock;

/// Seconds up to which answers are counted together.
pub const SECONDS: [f64; 11] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];
/// The same in nanoseconds.
const NANOSECONDS: [u64; 11] = [
    100_000,
    300_000,
    1_000_000,
    3_000_000,
    10_000_000,
    30_000_000,
    100_000_000,
    300_000_000,
    1_000_000_000,
    3_000_000_000,
    10_000_000_000,
];
/// What requests are counted under that no route answered.
const NO_ROUTE: &str = "none";
/// Classes of statuses, from 1xx to 5xx.
const CLASSES: usize = 5;

/// Why a request was turned away before it came to a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Its address asks too often.
    Rate,
    /// Its address has too many connections.
    Connections,
    /// It calls the node by a name that is not its own.
    Host,
    /// It comes from another site's page.
    Origin,
}

impl Refusal {
    /// All of them, and what each is called.
    pub const ALL: [(Self, &str); 4] = [
        (Self::Rate, "rate"),
        (Self::Connections, "connections"),
        (Self::Host, "host"),
        (Self::Origin, "origin"),
    ];
}

/// By the route's pattern.
type Routes = HashMap<Box<str>, Arc<RouteMeter>>;

/// What is counted. Every part only grows, but for what goes on at present.
#[derive(Default)]
pub struct Meters {
    /// By method.
    routes: RwLock<HashMap<&'static str, Routes>>,
    going_on: AtomicU64,
    refused: [AtomicU64; Refusal::ALL.len()],
}

/// Answers of one route to one method.
#[derive(Debug)]
pub struct RouteMeter {
    /// The method.
    pub method: &'static str,
    /// The route.
    pub route: Box<str>,
    by_class: [AtomicU64; CLASSES],
    by_time: [AtomicU64; SECONDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl RouteMeter {
    /// Counts an answer.
    pub fn count(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES) - 1;
        self.by_class[class].fetch_add(1, Ordering::Relaxed);
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = NANOSECONDS.iter().position(|bound| took <= *bound).unwrap_or(NANOSECONDS.len());
        self.by_time[bucket].fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(took, Ordering::Relaxed);
    }

    /// How many answers there were of each class, from 1xx on.
    pub fn classes(&self) -> [u64; CLASSES] {
        self.by_class.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    /// How many answers took how long: up to each of [`SECONDS`], and longer.
    pub fn times(&self) -> [u64; SECONDS.len() + 1] {
        self.by_time.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    /// How long all took together.
    pub fn seconds(&self) -> f64 {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)).as_secs_f64()
    }
}

/// Something that goes on until this is dropped.
pub struct GoingOn<'a>(&'a AtomicU64);

impl<'a> GoingOn<'a> {
    fn begin(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for GoingOn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Meters {
    /// The meter of a route; requests that no route answers have one together.
    pub fn route(&self, method: &Method, route: Option<&str>) -> Arc<RouteMeter> {
        let (method, route) = (named(method), route.unwrap_or(NO_ROUTE));
        if let Some(meter) = self.routes.read().get(method).and_then(|routes| routes.get(route)) {
            return Arc::clone(meter);
        }
        let mut routes = self.routes.write();
        let meter = routes.entry(method).or_default().entry(route.into());
        Arc::clone(meter.or_insert_with(|| {
            Arc::new(RouteMeter {
                method,
                route: route.into(),
                by_class: Default::default(),
                by_time: Default::default(),
                nanoseconds: AtomicU64::new(0),
            })
        }))
    }

    /// All meters of routes that were asked, in an order that stays.
    pub fn routes(&self) -> Vec<Arc<RouteMeter>> {
        let mut all: Vec<_> = self.routes.read().values().flat_map(HashMap::values).map(Arc::clone).collect();
        all.sort_unstable_by(|one, other| (&one.route, one.method).cmp(&(&other.route, other.method)));
        all
    }

    /// A request is being answered.
    pub fn begin(&self) -> GoingOn<'_> {
        GoingOn::begin(&self.going_on)
    }

    /// Counts a request that was turned away.
    pub fn refuse(&self, why: Refusal) {
        self.refused[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests are being answered now.
    pub fn going_on(&self) -> u64 {
        self.going_on.load(Ordering::Relaxed)
    }

    /// How many were turned away for this.
    pub fn refused(&self, why: Refusal) -> u64 {
        self.refused[why as usize].load(Ordering::Relaxed)
    }
}

/// A method, by a name of few: clients can make up others.
fn named(method: &Method) -> &'static str {
    match *method {
        // What is kept of one answers the other.
        Method::GET | Method::HEAD => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_the_same_in_both_units() {
        for (seconds, nanoseconds) in SECONDS.into_iter().zip(NANOSECONDS) {
            assert_eq!(Duration::from_secs_f64(seconds), Duration::from_nanos(nanoseconds));
        }
    }

    #[test]
    fn answers_are_counted_by_class_and_by_how_long_they_took() {
        let meters = Meters::default();
        let meter = meters.route(&Method::HEAD, Some("/v1/tip"));
        meter.count(StatusCode::OK, Duration::from_micros(100));
        meter.count(StatusCode::NOT_MODIFIED, Duration::from_micros(101));
        meter.count(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(30));
        let same = meters.route(&Method::GET, Some("/v1/tip"));
        assert_eq!(same.classes(), [0, 1, 1, 0, 1]);
        assert_eq!(same.times(), [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert!((same.seconds() - 30.000_201).abs() < 1e-9);
        let made_up = Method::from_bytes(b"MADEUP").unwrap();
        assert_eq!(meters.route(&made_up, None).method, "other");
    }
}
