//! What every request goes through before and behind the routes: who may ask, answers that are kept, tags, compression,
//! faults.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::MatchedPath;
use axum::http::header::{RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use axum::middleware::{self, Next};
use axum::response::IntoResponse as _;
use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::asked::{Asked, collected};
use super::cache::Cache;
use super::context::Context;
use super::events::Hub;
use super::explorer::Shell;
use super::manners::Manners;
use super::meters::{Meters, Refusal, RouteMeter};
use super::origins::{Leave, Origins, preflight};
use super::people::{Person, Shells};
use super::problem::{Code, Fault, Problem};
use super::rates::{Rates, Visit};
use super::reply::Fresh;
use super::requests::{Answered, Names, REQUEST_ID, RequestLog};
use super::routes;
use super::samples::Samples;
use crate::net::Log;
use crate::node::{NodeHandle, Tip};

/// The whole of the API, without a socket.
pub struct Front {
    router: Router,
    cache: Cache,
    tips: watch::Receiver<Tip>,
    /// What goes on without end, where this has any of that.
    streams: Option<Arc<Hub>>,
    /// Whose pool is looked at every few seconds, and what was seen.
    watched: Option<(NodeHandle, Arc<Samples>)>,
    /// What its pages share, where it has any.
    shells: Option<Shells>,
    meters: Arc<Meters>,
    names: Names,
    rates: Rates,
    origins: Origins,
    /// Whether only this machine can ask, and so only by its own names.
    is_guarded: bool,
    /// Whether others can ask too, but by no name that is not ours.
    names_only: bool,
    connections_max: usize,
    answer_time_max: Duration,
    write_time_max: Duration,
    requests: Option<RequestLog>,
    log: Log,
}

/// An answer, and by what it is counted.
type Counted = (Response<Body>, Arc<RouteMeter>);

impl Front {
    /// Of a node.
    pub fn new(context: Context) -> Self {
        Self::with_manners(context, &Manners::default())
    }

    /// Of a node, which deals with its clients like this.
    pub fn with_manners(context: Context, manners: &Manners) -> Self {
        let watched = Some((context.node().clone(), Arc::clone(context.samples())));
        let (tips, meters) = (context.node().tips(), Arc::clone(context.meters()));
        let streams = Some(Arc::clone(context.hub()));
        let at_hand = context.clone();
        let shells: Option<Shells> = Some(Arc::new(move |_| Shell::of(&at_hand)));
        Self { streams, watched, shells, ..Self::of(routes::router(context), tips, meters, manners) }
    }

    /// Looks at what changes by itself, until told to end.
    pub(super) async fn watch(&self, ended: watch::Receiver<bool>) {
        if let Some((node, samples)) = &self.watched {
            samples.keep(node.clone(), ended).await;
        }
    }

    /// Ends what would otherwise go on without end: streams of events.
    pub fn end(&self) {
        self.streams.iter().for_each(|streams| streams.end());
    }

    /// Waits until all of that has ended.
    pub async fn all_ended(&self) {
        if let Some(streams) = &self.streams {
            streams.all_gone().await;
        }
    }

    pub(super) fn of(
        router: Router,
        tips: watch::Receiver<Tip>,
        meters: Arc<Meters>,
        manners: &Manners,
    ) -> Self {
        let cache = Cache::new(*tips.borrow());
        Self {
            router: router.layer(middleware::from_fn(note_route)),
            cache,
            tips,
            streams: None,
            watched: None,
            shells: None,
            meters,
            names: Names::new(),
            rates: Rates::new(manners.requests_per_second),
            origins: Origins::new(manners.origins.clone(), &manners.hosts),
            is_guarded: false,
            names_only: manners.names_only,
            connections_max: manners.connections_max.max(1),
            answer_time_max: manners.answer_time_max,
            write_time_max: manners.write_time_max,
            requests: manners.requests.clone(),
            log: Arc::clone(&manners.log),
        }
    }

    /// The same, which tells on pages what is wrong, to whoever looks at pages.
    pub fn with_pages(self, shells: Shells) -> Self {
        Self { shells: Some(shells), ..self }
    }

    /// The same, asked at this address.
    pub fn at(mut self, address: SocketAddr) -> Self {
        self.is_guarded = address.ip().to_canonical().is_loopback();
        self
    }

    /// Connections that it may be asked over at a time.
    pub fn connections_max(&self) -> usize {
        self.connections_max
    }

    /// How long a client may take nothing of what it is sent.
    pub(super) fn write_time_max(&self) -> Duration {
        self.write_time_max
    }

    /// Lets another connection of this address in, unless it has so many.
    pub fn enter(&self, from: IpAddr) -> Option<Visit> {
        let visit = self.rates.enter(from);
        if visit.is_none() {
            self.meters.refuse(Refusal::Connections);
        }
        visit
    }

    /// Answers a request of somebody who may ask as much as they like.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        self.answer_to(&Visit::unlimited(), request).await
    }

    /// Answers a request.
    pub async fn answer_to(&self, visit: &Visit, request: Request<Body>) -> Response<Body> {
        let (begun, _going_on) = (Instant::now(), self.meters.begin());
        let id = self.names.of(&request);
        let person = self.shells.as_ref().zip(Person::of(&request));
        let noted = self.requests.as_ref().map(|_| (request.method().clone(), request.uri().clone()));
        let (mut response, meter, leave) = match self.admit(visit, &request) {
            Ok(leave) => {
                let (response, meter) = match preflight(&request, &leave) {
                    Some(response) => (response, self.meters.route(request.method(), None)),
                    None => self.look_up(request).await,
                };
                (response, meter, leave)
            }
            Err(turned) => {
                self.meters.refuse(turned.why);
                (turned.into_response(), self.meters.route(request.method(), None), Leave::NONE)
            }
        };
        if let Some(fault) = response.extensions().get::<Fault>() {
            (self.log)(&format!("a fault in request {}: {}", id.to_str().unwrap_or_default(), fault.0));
        }
        if let Some((shells, person)) = &person {
            response = person.told(shells, response);
        }
        let took = begun.elapsed();
        meter.count(response.status(), took);
        if let (Some(log), Some((method, uri))) = (&self.requests, &noted) {
            log(&Answered {
                id: id.to_str().unwrap_or_default(),
                method: method.as_str(),
                path: uri.path_and_query().map_or("*", axum::http::uri::PathAndQuery::as_str),
                status: response.status().as_u16(),
                milliseconds: took.as_secs_f64() * 1000.0,
                bytes: response.body().size_hint().exact(),
            });
        }
        let headers = response.headers_mut();
        leave.tell(headers);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REQUEST_ID, id);
        response
    }

    /// Turns away whoever asks too often, by another's name, or for another's page.
    fn admit(&self, visit: &Visit, request: &Request<Body>) -> Result<Leave, TurnedAway> {
        let because = |why| move |problem| TurnedAway { why, problem, wait_seconds: 0 };
        self.rates.ask(visit).map_err(|wait| {
            let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
            let said =
                format!("your address asks more often than this node lets it; ask again in {seconds} s");
            let problem = Problem::new(Code::TooManyRequests, said);
            TurnedAway { why: Refusal::Rate, problem, wait_seconds: seconds }
        })?;
        if self.is_guarded || self.names_only {
            self.origins.check_host(request, !self.is_guarded).map_err(because(Refusal::Host))?;
        }
        self.origins.check_origin(request).map_err(because(Refusal::Origin))
    }

    /// Answers from what is kept, or has a route answer.
    async fn look_up(&self, mut request: Request<Body>) -> Counted {
        let asked = Asked::of(&request);
        let tip = *self.tips.borrow();
        if let Some(question) = &asked.question
            && let Some(kept) = self.cache.find(question, &tip)
        {
            return (asked.hand_out(&kept), Arc::clone(&kept.meter));
        }
        let method = request.method().clone();
        // Routes would cut the body off, and that is what would be kept. Whoever sends the answer cuts it off anyway.
        if method == Method::HEAD {
            *request.method_mut() = Method::GET;
        }
        // A fault in one answer is that answer's: the connection and the node go on.
        let answered = AssertUnwindSafe(self.router.clone().oneshot(request)).catch_unwind();
        let response = match timeout(self.answer_time_max, answered).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(never))) => match never {},
            Ok(Err(_)) => Problem::internal("a fault while this was answered").into_response(),
            Err(_) => {
                let said = format!("it did not come, or was not answered, within {:?}", self.answer_time_max);
                Problem::new(Code::TookTooLong, said).into_response()
            }
        };
        let route = response.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let meter = self.meters.route(&method, route);
        (self.keep(&asked, response, &meter).await, meter)
    }

    /// Keeps an answer where that is worth it, and hands it out.
    async fn keep(&self, asked: &Asked, response: Response<Body>, meter: &Arc<RouteMeter>) -> Response<Body> {
        let fresh = response.extensions().get::<Fresh>().copied();
        let (Some(fresh), Some(question), StatusCode::OK) = (fresh, &asked.question, response.status())
        else {
            return asked.compressed(response).await;
        };
        let Some(kept) = collected(response, meter).await else {
            return Problem::internal("an answer ended early").into_response();
        };
        match fresh {
            Fresh::Forever => self.cache.keep_forever(question, &kept),
            Fresh::UntilTip(tip) => self.cache.keep_at(&tip, question, &kept),
            Fresh::Now => {}
        }
        asked.hand_out(&kept)
    }
}

/// Writes by an answer which route it is of.
async fn note_route(request: Request<Body>, next: Next) -> Response<Body> {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    route.and_then(|route| response.extensions_mut().insert(route));
    response
}

/// A request that is turned away before it comes to a route.
struct TurnedAway {
    why: Refusal,
    problem: Problem,
    /// Seconds until it may come again; none where that would not help.
    wait_seconds: u32,
}

impl TurnedAway {
    fn into_response(self) -> Response<Body> {
        let mut response = self.problem.into_response();
        if self.wait_seconds > 0 {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(self.wait_seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::{ACCEPT, CONTENT_TYPE};
    use axum::routing;
    use parking_lot::Mutex;
    use tokio::runtime::Builder;

    use super::*;
    use crate::testkit::{Network, TestNode};

    async fn faulty() {
        panic!("on purpose");
    }

    #[test]
    fn a_fault_is_that_requests_alone_and_the_log_is_told_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let node = TestNode::start(folder.path(), &Network::new(1).genesis);
        let context = Context::new(node.handle(), None);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&lines);
        let log: Log = Arc::new(move |line: &str| told.lock().push(line.to_owned()));
        let router = Router::new().route("/faulty", routing::get(faulty));
        let (tips, meters) = (context.node().tips(), Arc::clone(context.meters()));
        let front = Front::of(router, tips, meters, &Manners { log, ..Manners::default() });
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let request =
            || Request::get("/faulty").header("x-request-id", "shop-41").body(Body::empty()).unwrap();
        for _ in 0..2 {
            let response = runtime.block_on(front.answer(request()));
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(response.headers()["x-request-id"], "shop-41");
        }
        let line = "a fault in request shop-41: a fault while this was answered";
        assert_eq!(*lines.lock(), [line, line]);
        assert_eq!(context.meters().going_on(), 0);
    }

    #[test]
    fn what_takes_too_long_is_told_on_a_page_to_people_and_in_json_to_programs() {
        let folder = tempfile::tempdir().unwrap();
        let node = TestNode::start(folder.path(), &Network::new(1).genesis);
        let context = Context::new(node.handle(), None);
        let router = Router::new().route("/slow", routing::get(std::future::pending::<()>));
        let manners = Manners { answer_time_max: Duration::from_millis(1), ..Manners::default() };
        let front = Front::of(router, context.node().tips(), Arc::clone(context.meters()), &manners);
        let front = front.with_pages(Arc::new(move |_| Shell::of(&context)));
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        for (accept, kind) in
            [("text/html,*/*", "text/html; charset=utf-8"), ("*/*", "application/problem+json")]
        {
            let request = Request::get("/slow").header(ACCEPT, accept).body(Body::empty()).unwrap();
            let response = runtime.block_on(front.answer(request));
            assert_eq!(
                (response.status(), &response.headers()[CONTENT_TYPE]),
                (StatusCode::GATEWAY_TIMEOUT, &HeaderValue::from_static(kind))
            );
        }
    }
}
