//! The whole of it over real sockets.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use cairn::api::{Context, Front, Manners, Server};
use cairn::testkit::PATIENCE;
use tokio::runtime::{Builder, Runtime};

use crate::stage::Stage;

/// A stage that listens.
struct Listening {
    server: Server,
    _runtime: Runtime,
    _stage: Stage,
}

impl Listening {
    fn start(manners: &Manners) -> Self {
        let stage = Stage::new();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let front = Front::with_manners(Context::new(stage.node.handle(), None), manners);
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let server = Server::start(front, listener, runtime.handle()).unwrap();
        Self { server, _runtime: runtime, _stage: stage }
    }

    fn address(&self) -> SocketAddr {
        self.server.local_address()
    }

    /// What comes back for these bytes until the other side hangs up.
    fn say(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        said
    }
}

#[test]
fn a_listener_of_this_machine_alone_answers_to_its_own_names_only() {
    let listening = Listening::start(&Manners::default());
    let ask = |host: &str| {
        listening.say(&format!("GET /v1/tip HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"))
    };
    assert!(ask(&listening.address().to_string()).starts_with("HTTP/1.1 200 "));
    let refused = ask("rebound.example");
    assert!(refused.starts_with("HTTP/1.1 421 ") && refused.contains("\"misdirected\""), "{refused}");
}

#[test]
fn whoever_never_sends_all_of_a_body_is_told_so_and_hung_up_on() {
    let manners = Manners { answer_time_max: Duration::from_millis(100), ..Manners::default() };
    let listening = Listening::start(&manners);
    let said = listening.say(
        "POST /v1/transactions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    );
    assert!(said.starts_with("HTTP/1.1 504 ") && said.contains("\"took_too_long\""), "{said}");
}

#[test]
fn only_the_head_of_an_answer_is_sent_to_whoever_asks_for_that() {
    let listening = Listening::start(&Manners::default());
    let ask = |method: &str| {
        listening.say(&format!("{method} /v1/tip HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"))
    };
    let head = ask("HEAD");
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    let whole = ask("GET");
    let body = whole.split_once("\r\n\r\n").unwrap().1;
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
}
