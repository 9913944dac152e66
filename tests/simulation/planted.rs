//! Proof that the checkers bite: faults are planted in a copy of this program, and each is found.
//!
//! A fault is a few words that stand in the place of others, and count only where a variable names them: so one build has
//! all of them, and the program itself has none. Whoever moves the words moves them here, too.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A fault that is planted.
struct Planted {
    name: &'static str,
    file: &'static str,
    /// What stands there once.
    instead_of: &'static str,
    /// What stands there instead; `PLANTED` is whether the fault is on.
    stands: &'static str,
    /// Within how many seeds it is found.
    seeds: u64,
}

const FAULTS: &[Planted] = &[
    Planted {
        name: "rewards mature a block early",
        file: "src/ledger/apply.rs",
        instead_of: "height.0.checked_sub(params.maturity).map(Height) else { return }",
        stands: "height.0.checked_sub(params.maturity - u32::from(PLANTED)).map(Height) else { return }",
        seeds: 10,
    },
    Planted {
        name: "what is burned is not counted",
        file: "src/ledger/apply.rs",
        instead_of: "write_supply(&mut state, params.issuance.subsidy(coinbase.height), burned);",
        stands: "write_supply(&mut state, params.issuance.subsidy(coinbase.height), \
                 if PLANTED { Amount::ZERO } else { burned });",
        seeds: 10,
    },
    Planted {
        name: "the second block of a reorganization is not taken back",
        file: "src/node/connect.rs",
        instead_of: "self.shared.state.write().ledger.revert(&undo);\n            undone",
        stands: "if !(PLANTED && undone.len() == 1) { self.shared.state.write().ledger.revert(&undo); }\n undone",
        seeds: 40,
    },
    Planted {
        name: "what comes back from blocks does not reach the pool",
        file: "src/node/settle.rs",
        instead_of: "let returned = group.returned();",
        stands: "let returned = if PLANTED { Vec::new() } else { group.returned() };",
        seeds: 60,
    },
    Planted {
        name: "a flush that lies",
        file: "src/storage/journal/writer.rs",
        instead_of: "let done = self.file.sync();",
        stands: "let done = if PLANTED { Ok(()) } else { self.file.sync() };",
        seeds: 40,
    },
    Planted {
        name: "punishment for what is nobody's fault",
        file: "src/protocol/conduct.rs",
        instead_of: "Blame::Nobody => false,",
        stands: "Blame::Nobody => PLANTED,",
        seeds: 60,
    },
    Planted {
        name: "blocks that were taken off stay indexed",
        file: "src/node/settle.rs",
        instead_of: "state.indexed.pop_back();",
        stands: "if !PLANTED { state.indexed.pop_back(); }",
        seeds: 60,
    },
    Planted {
        name: "the first of a block stays in the pool",
        file: "src/mempool/reconcile.rs",
        instead_of: "for spend in change.connected.iter().flat_map(|block| block.spends()) {",
        stands: "for spend in change.connected.iter().flat_map(|block| block.spends()).skip(usize::from(PLANTED)) {",
        seeds: 10,
    },
    Planted {
        name: "the pool is not written down",
        file: "src/node/pool_log.rs",
        instead_of: "let at = self.added.len();",
        stands: "if PLANTED { return; }\n        let at = self.added.len();",
        seeds: 100,
    },
    Planted {
        name: "an undo that was read back lacks an entry",
        file: "src/ledger/undo.rs",
        instead_of: "entries: Arc::new(List::new(changed.collect()).ok()?),",
        stands: "entries: Arc::new(List::new(changed.skip(usize::from(PLANTED)).collect()).ok()?),",
        seeds: 100,
    },
    Planted {
        name: "indexes on disk are empty",
        file: "src/node/follower.rs",
        instead_of: "tables.write_index(entries, mark))?;",
        stands: "tables.write_index(if PLANTED { BlockIndex::default() } else { entries }, mark))?;",
        seeds: 60,
    },
    Planted {
        name: "who is gone is not dialed again",
        file: "src/protocol/machine.rs",
        instead_of: "self.dialing.disconnected(now, peer);\n        self.gossip",
        stands: "if !PLANTED { self.dialing.disconnected(now, peer); }\n        self.gossip",
        seeds: 100,
    },
    Planted {
        name: "miners claim a pebble too much",
        file: "src/template/assemble.rs",
        instead_of: "            reward,\n            transactions,\n        }",
        stands: "            reward: if PLANTED { Amount::from_pebbles(reward.pebbles() + 1) } else { reward },\n            transactions,\n        }",
        seeds: 5,
    },
    Planted {
        name: "a gap between nonces is let through",
        file: "src/ledger/settle.rs",
        instead_of: "if body.nonce != nonce {",
        stands: "if body.nonce != nonce && !(PLANTED && body.nonce > nonce) {",
        seeds: 200,
    },
];

/// A copy of this program with all faults in it, none of them on.
fn planted_program() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted");
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir_all(&copy).unwrap();
    for entry in fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name != "src" && name != "target" && name != ".git" {
            symlink(entry.path(), copy.join(name)).unwrap();
        }
    }
    copy_folder(&root.join("src"), &copy.join("src"));
    for fault in FAULTS {
        let path = copy.join(fault.file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(fault.instead_of).count(), 1, "{}: {}", fault.file, fault.instead_of);
        let is_on = format!("crate::planted({:?})", fault.name);
        let text = text.replace(fault.instead_of, &fault.stands.replace("PLANTED", &is_on));
        fs::write(&path, text).unwrap();
    }
    let library = copy.join("src/lib.rs");
    let is_on = "\n/// Whether a fault is on.\npub fn planted(name: &str) -> bool {\n    \
                 static ON: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();\n    \
                 ON.get_or_init(|| std::env::var(\"PLANTED\").ok()).as_deref() == Some(name)\n}\n";
    fs::write(&library, fs::read_to_string(&library).unwrap() + is_on).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted-target");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--bin", "cairn", "--target-dir"])
        .arg(&target)
        .current_dir(&copy)
        .env_remove("RUSTFLAGS")
        .status()
        .unwrap();
    assert!(built.success());
    target.join("debug/cairn")
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Whether all seeds of so many come through with a fault on; and what was found.
fn soak(program: &Path, fault: &str, seeds: u64) -> (bool, String) {
    let soaked = Command::new(program)
        .args(["lab", "soak", "--fail-fast", "--seeds", &seeds.to_string()])
        .env("PLANTED", fault)
        .output()
        .unwrap();
    let said = String::from_utf8(soaked.stdout).unwrap();
    (soaked.status.success(), said)
}

#[test]
fn every_planted_fault_is_found_and_without_one_nothing_is() {
    let program = planted_program();
    let most = FAULTS.iter().map(|fault| fault.seeds).max().unwrap();
    let (is_sound, said) = soak(&program, "", most);
    assert!(is_sound, "{said}");
    let mut missed = Vec::new();
    for fault in FAULTS {
        let (is_sound, said) = soak(&program, fault.name, fault.seeds);
        println!("{}: {}", fault.name, said.lines().next().unwrap_or_default());
        if is_sound {
            missed.push(fault.name);
        }
    }
    assert!(missed.is_empty(), "not found: {missed:#?}");
}
