//! A node that answers.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use cairn::api::{Context, Front, Manners, Server};
use cairn::consensus::Genesis;
use cairn::node::{Node, NodeHandle, NodeOptions};
use tokio::runtime::{Builder, Handle, Runtime};

/// A node that answers, by two threads as the command's does.
pub struct Stage {
    server: Server,
    runtime: Runtime,
    node: Node,
}

impl Stage {
    pub fn new(genesis: &Genesis, folder: &Path) -> Self {
        let _ = fs::remove_dir_all(folder);
        let node = Node::start(NodeOptions::new(folder, genesis.clone(), "")).expect("a node");
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
        let front = Front::with_manners(Context::new(node.handle(), None), &Manners::default());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = Server::start(front, listener, runtime.handle()).expect("a server");
        Self { server, runtime, node }
    }

    pub fn handle(&self) -> NodeHandle {
        self.node.handle()
    }

    pub fn address(&self) -> String {
        self.server.local_address().to_string()
    }

    #[allow(dead_code, reason = "pages are not held against a bare server")]
    pub fn runtime(&self) -> &Handle {
        self.runtime.handle()
    }

    pub fn end(self) {
        drop(self.server);
        drop(self.runtime);
        self.node.stop();
    }
}
