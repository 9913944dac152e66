//! Programs that repeat an order until it ends well, and readers that die before they have read how it ended.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::chain::{Devnet, ends_with, stage};
use super::stage::Home;

const SEND: [&str; 7] = ["send", "bob", "1", "--yes", "--wait", "0", "--json"];

/// A pipe whose reader has gone away.
fn gone() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn whoever_read_no_answer_was_not_told_and_pays_once() {
    let (home, devnet) = stage();
    // Cut off while the answer is written, and while it is said that it is on its way.
    let late = |amount| ["send", "bob", amount, "--yes", "--timeout", "1"];
    let [first, second, third] = [SEND.to_vec(), [&late("2")[..], &["--json"]].concat(), late("3").to_vec()];
    for (order, exit) in [(&first, 0), (&second, 4), (&third, 4)] {
        let mut command = devnet.command(&home, order);
        let ended = command.stdout(gone()).stderr(gone()).status().unwrap();
        assert_eq!(ended.code(), Some(exit));
    }
    assert_eq!(devnet.waiting(), 3);
    devnet.mine(1);
    for order in [&first, &second, &third] {
        let order: Vec<&str> = order.iter().copied().filter(|it| *it != "--json").chain(["--json"]).collect();
        let again = devnet.wallet(&home, &order).json();
        assert_eq!((&again["repeated"], &again["height"]), (&json!(true), &json!(1)));
    }
    assert_eq!(devnet.waiting(), 0);
}

/// A command whose answer somebody has begun to read.
fn half_read(home: &Home, devnet: &Devnet) -> Child {
    let mut child = devnet.command(home, &SEND).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut part = [0; 10];
    child.stdout.as_mut().unwrap().read_exact(&mut part).unwrap();
    thread::sleep(Duration::from_millis(300));
    child
}

#[test]
fn reader_that_dies_in_the_middle_of_an_answer_was_not_told() {
    let (home, devnet) = stage();
    let mut dying = half_read(&home, &devnet);
    drop(dying.stdout.take());
    assert!(dying.wait().unwrap().success());
    devnet.mine(1);
    // Begun anew, it says the same again.
    let again = devnet.wallet(&home, &SEND).json();
    assert_eq!((&again["repeated"], &again["height"], devnet.waiting()), (&json!(true), &json!(1), 0));
}

/// Says an order to a socket, as programs do that were written for Node.js; gives the reader's end.
fn through_socket(home: &Home, devnet: &Devnet) -> (Child, UnixStream) {
    let (reader, writer) = UnixStream::pair().unwrap();
    let mut command = devnet.command(home, &SEND);
    let child = command.stdout(OwnedFd::from(writer)).stderr(Stdio::null()).spawn().unwrap();
    (child, reader)
}

#[test]
fn reader_at_a_socket_was_told_once_it_has_read() {
    let (home, devnet) = stage();
    let (mut child, mut reader) = through_socket(&home, &devnet);
    let mut part = [0; 10];
    reader.read_exact(&mut part).unwrap();
    thread::sleep(Duration::from_millis(300));
    drop(reader);
    assert!(child.wait().unwrap().success());
    devnet.mine(1);
    let again = devnet.wallet(&home, &SEND).json();
    assert_eq!((&again["repeated"], devnet.waiting()), (&json!(true), 0), "it died with the answer unread");
    let other = ["send", "bob", "2", "--yes", "--wait", "0"];
    devnet.wallet(&home, &other).success();
    devnet.mine(1);
    // One that reads all of it, and goes away at once.
    let (mut child, mut reader) = through_socket(&home, &devnet);
    let mut answer = String::new();
    reader.read_to_string(&mut answer).unwrap();
    drop(reader);
    assert!(child.wait().unwrap().success() && answer.ends_with("}\n"));
    devnet.mine(1);
    assert_eq!(devnet.wallet(&home, &SEND).json()["repeated"], json!(false));
}

#[test]
fn reader_that_takes_its_time_was_told() {
    let (home, devnet) = stage();
    let mut living = half_read(&home, &devnet);
    let mut rest = String::new();
    living.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert!(living.wait().unwrap().success() && rest.ends_with("}\n"));
    devnet.mine(1);
    let other = devnet.wallet(&home, &SEND).json();
    assert_eq!((&other["repeated"], devnet.waiting()), (&json!(false), 1));
}

#[test]
fn reader_that_reads_once_the_command_has_ended_was_told() {
    let (home, devnet) = stage();
    let mut child =
        devnet.command(&home, &SEND).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    assert!(child.wait().unwrap().success());
    devnet.mine(1);
    assert_eq!(devnet.wallet(&home, &SEND).json()["repeated"], json!(false));
}

/// Who is to read what a loop says.
#[derive(Clone, Copy, Debug)]
enum Readers {
    Nobody,
    Dead,
    DyingAtOnce,
}

impl Readers {
    /// The ends to write to, and those that live until the command was begun.
    fn ends(self) -> ([Stdio; 2], Vec<std::io::PipeReader>) {
        match self {
            Self::Nobody => ([Stdio::null(), Stdio::null()], Vec::new()),
            Self::Dead => ([gone(), gone()], Vec::new()),
            Self::DyingAtOnce => {
                let pipes = [(); 2].map(|()| std::io::pipe().unwrap());
                let (mut readers, mut writers) = (Vec::new(), Vec::new());
                for (reader, writer) in pipes {
                    readers.push(reader);
                    writers.push(Stdio::from(writer));
                }
                (writers.try_into().unwrap_or_else(|_| unreachable!("two of them")), readers)
            }
        }
    }
}

/// Says an order again until it ends well, while somebody raises its fee where `is_raised`, and blocks come late; all exit codes.
fn repeated(home: &Home, devnet: &Devnet, readers: Readers, is_raised: bool) -> Vec<Option<i32>> {
    let mut codes = Vec::new();
    let order = ["send", "bob", "1", "--yes", "--wait", "1", "--timeout", "1"];
    loop {
        let ([out, err], living) = readers.ends();
        let mut child = devnet.command(home, &order).stdout(out).stderr(err).spawn().unwrap();
        if codes.is_empty() {
            devnet.until_waiting(1);
        }
        drop(living);
        codes.push(child.wait().unwrap().code());
        match codes.len() {
            _ if codes.last() == Some(&Some(0)) => return codes,
            1 if is_raised => {
                let first = devnet.pool()[0].clone();
                devnet.wallet(home, &["bump", &first, "--yes", "--wait", "0"]).success();
            }
            3 => devnet.mine(1),
            20.. => panic!("it never ended: {codes:?}"),
            _ => {}
        }
    }
}

#[test]
fn order_that_is_repeated_until_it_ends_well_is_paid_once_whoever_reads() {
    for readers in [Readers::Nobody, Readers::Dead, Readers::DyingAtOnce] {
        for is_raised in [false, true] {
            let (home, devnet) = stage();
            let codes = repeated(&home, &devnet, readers, is_raised);
            devnet.mine(1);
            let bob = devnet.wallet(&home, &["balance", "bob", "--json"]).json()["balance"].clone();
            let case = format!("{readers:?}, raised {is_raised}: {codes:?}");
            assert_eq!((bob, devnet.waiting()), (json!("1000100000000"), 0), "{case}");
            assert_eq!(codes[0], Some(4), "{case}");
        }
    }
}

/// Says an order and kills it after so long; whether it ended well before.
fn killed_after(home: &Home, devnet: &Devnet, order: &[&str], moment: Duration) -> bool {
    let mut child = devnet.command(home, order).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(moment);
    let _ = child.kill();
    child.wait().unwrap().success()
}

#[test]
fn kill_at_any_moment_of_an_order_that_is_repeated_has_it_paid_once() {
    let (home, devnet) = stage();
    let mut paid = 0;
    for round in 1..=8_u64 {
        let amount = round.to_string();
        let order = ["send", "bob", &amount, "--yes", "--wait", "1", "--timeout", "20"];
        let moments = (0..3).map(|again| Duration::from_millis(round * 6 + again * 17));
        let is_over = moments.enumerate().any(|(again, moment)| {
            let is_over = killed_after(&home, &devnet, &order, moment);
            // A block comes in between, with it or without.
            if again == 1 {
                devnet.mine(1);
            }
            is_over
        });
        if !is_over {
            let (whoever, home) = (devnet.for_another(), &home);
            let ended = thread::scope(|scope| {
                let last = scope.spawn(move || whoever.wallet(home, &order));
                while !last.is_finished() {
                    devnet.mine(1);
                    thread::sleep(Duration::from_millis(100));
                }
                last.join().unwrap()
            });
            ends_with(&ended, 0, "");
        }
        paid += round;
        let bob = devnet.wallet(&home, &["balance", "bob", "--json"]).json()["balance"].clone();
        assert_eq!(
            (bob, devnet.waiting()),
            (json!(((10_000 + paid) * 100_000_000).to_string()), 0),
            "round {round}"
        );
    }
}
