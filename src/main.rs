//! The `cairn` command.

use mimalloc::MiMalloc;

/// Nodes allocate and free small things all the time, and a laboratory those of a thousand nodes.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> std::process::ExitCode {
    cairn::cli::run()
}
