//! What a page says to type, and what it says is answered.

/// What is done for one command.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// It is run, and ends.
    Ends { command: String, says: Vec<String> },
    /// It is begun, and goes on: a network, a node.
    GoesOn { command: String, says: Vec<String> },
    /// The page says to end what goes on.
    Stop,
    /// It needs what a test here does not have; another test runs it, and has these words for it.
    Elsewhere { command: String, known_as: String, has_answer: bool },
}

impl Step {
    /// What is typed.
    pub fn command(&self) -> &str {
        match self {
            Self::Ends { command, .. } | Self::GoesOn { command, .. } | Self::Elsewhere { command, .. } => {
                command
            }
            Self::Stop => "Ctrl-C",
        }
    }
}

/// Commands that do not end by themselves.
const GOES_ON: [&str; 2] = ["cargo run --release -- devnet", "cargo run --release -- node"];
/// What the page says where its reader is to end what goes on.
const STOP: &str = "End the devnet with Ctrl-C";
/// What runs all tests, this one included.
const ELSEWHERE: &str = "./test";

/// The commands in a page's blocks of shell, in their order.
pub fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line.contains(STOP) {
            steps.push(Step::Stop);
        }
        if line.trim() != "```console" {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
        if block.iter().any(|line| line.contains("docker compose")) {
            steps.extend(typed(&block).into_iter().map(|(command, says)| {
                let known_as = known_as(&command);
                Step::Elsewhere { command, known_as, has_answer: !says.is_empty() }
            }));
        } else {
            steps.extend(typed(&block).into_iter().filter_map(step));
        }
    }
    steps
}

/// The commands of a block, each with what it says is answered.
fn typed(block: &[&str]) -> Vec<(String, Vec<String>)> {
    let mut typed: Vec<(String, Vec<String>)> = Vec::new();
    for line in block {
        match line.strip_prefix("$ ") {
            Some(command) => typed.push((without_remark(command), Vec::new())),
            None => typed.last_mut().expect("a command comes first").1.push((*line).to_owned()),
        }
    }
    typed
}

/// What the test of the network in containers calls a command: it gives them to its own containers, at ports of its own.
fn known_as(command: &str) -> String {
    if let Some((_, path)) = command.split_once("curl -s http://127.0.0.1:9330") {
        // Whose account it is, is said elsewhere there.
        return path.split_inclusive('/').take(3).collect();
    }
    match command.split_once("cairn ") {
        Some((_, rest)) => format!(" {rest}"),
        None => command.to_owned(),
    }
}

/// What stands behind two spaces and a `#` is for readers.
fn without_remark(command: &str) -> String {
    command.split("  #").next().unwrap_or_default().trim_end().to_owned()
}

fn step((command, says): (String, Vec<String>)) -> Option<Step> {
    if command == ELSEWHERE {
        return None;
    }
    let goes_on = GOES_ON.iter().any(|name| {
        command.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(" --"))
    });
    Some(match command {
        command if goes_on => Step::GoesOn { command, says },
        command => Step::Ends { command, says },
    })
}

#[test]
fn blocks_become_commands_with_their_answers() {
    let page = "text\n```console\n$ ./test\n$ cairn one  # a remark\nanswer\n...\n```\n```console\n$ docker compose up\n\
        $ echo 1 | cairn wallet show -\n$ curl -s http://127.0.0.1:9330/v1/accounts/cdev1\n{…}\n```\n```rust\n$ no\n```\n\
        ```console\n$ cargo run --release -- devnet\nready\n$ cargo run --release -- devnet mine\n```\n\
        End the devnet with Ctrl-C.\n";
    let elsewhere = |command: &str, known_as: &str, has_answer| Step::Elsewhere {
        command: command.to_owned(),
        known_as: known_as.to_owned(),
        has_answer,
    };
    let says = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    assert_eq!(
        steps(page),
        [
            Step::Ends { command: "cairn one".to_owned(), says: says(&["answer", "..."]) },
            elsewhere("docker compose up", "docker compose up", false),
            elsewhere("echo 1 | cairn wallet show -", " wallet show -", false),
            elsewhere("curl -s http://127.0.0.1:9330/v1/accounts/cdev1", "/v1/accounts/", true),
            Step::GoesOn { command: "cargo run --release -- devnet".to_owned(), says: says(&["ready"]) },
            Step::Ends { command: "cargo run --release -- devnet mine".to_owned(), says: says(&[]) },
            Step::Stop,
        ]
    );
}
