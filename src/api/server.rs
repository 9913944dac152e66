//! The listener: connections come in, go through [`Front`], and end when the node does.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time;

use super::front::Front;
use super::rates::Visit;
use super::steady::Steady;

/// Connections at a time, unless it is said otherwise; whoever comes then waits for a place.
pub const CONNECTIONS_MAX: usize = 1024;
/// Bytes of a request's head and of answers that wait to be sent, for each connection.
const BUFFER_BYTES_MAX: usize = 64 << 10;
/// How long a request's head may take to come, and a connection may be silent.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// How long answers that are on their way may take when the node ends.
const END_TIME_MAX: Duration = Duration::from_secs(2);
/// How long the listener waits where it cannot take anybody in, out of files.
const PAUSE: Duration = Duration::from_millis(50);
/// What somebody is told whose address has so many connections.
const TURNED_AWAY: &[u8] =
    b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// An API that is open until this is dropped.
pub struct Server {
    address: SocketAddr,
    front: Arc<Front>,
    /// Tells all connections to end.
    ending: Option<watch::Sender<bool>>,
    connections: Arc<Semaphore>,
    connections_max: u32,
    runtime: Handle,
}

impl Server {
    /// Lets clients in.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn start(front: Front, listener: std::net::TcpListener, runtime: &Handle) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let connections_max = u32::try_from(front.connections_max()).unwrap_or(u32::MAX);
        let connections = Arc::new(Semaphore::new(connections_max as usize));
        let (ending, ended) = watch::channel(false);
        let front = Arc::new(front.at(address));
        let watching = (Arc::clone(&front), ended.clone());
        runtime.spawn(async move { watching.0.watch(watching.1).await });
        runtime.spawn(listen(listener, Arc::clone(&front), Arc::clone(&connections), ended));
        let runtime = runtime.clone();
        Ok(Self { address, front, ending: Some(ending), connections, connections_max, runtime })
    }

    /// Lets nobody in any more, and has connections end; whoever drops it then waits for them.
    pub fn hang_up(&mut self) {
        drop(self.ending.take());
        self.front.end();
    }

    /// Where it listens.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.hang_up();
        let all_gone = self.connections.acquire_many(self.connections_max);
        // From a thread of the runtime nobody may be waited for: then connections end by themselves.
        if Handle::try_current().is_err() {
            let _inside = self.runtime.enter();
            let ended = async { tokio::join!(all_gone, self.front.all_ended()) };
            let _ = self.runtime.block_on(async { time::timeout(END_TIME_MAX, ended).await });
        }
    }
}

/// Lets clients in, until told to end.
async fn listen(
    listener: TcpListener,
    front: Arc<Front>,
    connections: Arc<Semaphore>,
    mut ended: watch::Receiver<bool>,
) {
    loop {
        let place = tokio::select! {
            _ = ended.changed() => return,
            place = Arc::clone(&connections).acquire_owned() => place,
        };
        // It is never closed.
        let Ok(place) = place else { return };
        let stream = tokio::select! {
            _ = ended.changed() => return,
            accepted = listener.accept() => accepted,
        };
        match stream {
            Ok((stream, from)) => match front.enter(from.ip()) {
                Some(visit) => {
                    let visited = Arc::new((Arc::clone(&front), visit));
                    tokio::spawn(serve(stream, from, visited, ended.clone(), place));
                }
                // As far as there is room at once: nobody is waited for.
                None => drop(stream.try_write(TURNED_AWAY)),
            },
            Err(_) => time::sleep(PAUSE).await,
        }
    }
}

/// Answers one connection until it ends.
async fn serve(
    stream: TcpStream,
    from: SocketAddr,
    visited: Arc<(Arc<Front>, Visit)>,
    mut ended: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    // Answers are small and are waited for.
    let _ = stream.set_nodelay(true);
    let stream = Steady::new(stream, visited.0.write_time_max());
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let visited = Arc::clone(&visited);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(from));
        async move { Ok::<_, Infallible>(visited.0.answer_to(&visited.1, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    // Clients may break off at any point; there is nobody to tell.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = ended.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
