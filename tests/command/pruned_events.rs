//! Who followed the chain before it was pruned, and comes back with a cursor.

use cairn::node::{Cursor, CursorError, Node, NodeEvent};
use cairn::types::BlockHash;

use super::stage::Folder;
use super::story::{ABANDONED, FORK, TIP, story};

/// Every event of the whole story.
fn all() -> Vec<NodeEvent> {
    let folder = story().folder();
    let node = story().node(&folder.data());
    let events = after(&node, Cursor::beginning(0)).expect("the beginning is kept");
    node.stop();
    events
}

fn after(node: &Node, cursor: Cursor) -> Result<Vec<NodeEvent>, CursorError> {
    let mut events = node.handle().events(cursor)?;
    Ok(std::iter::from_fn(|| events.ready().expect("a sound journal")).collect())
}

fn pruned(base: u32) -> (Folder, Node) {
    let folder = story().folder();
    folder.json(&["prune", "--keep", &(TIP - base).to_string()]);
    let node = story().node(&folder.data());
    (folder, node)
}

fn block(event: &NodeEvent) -> BlockHash {
    match event {
        NodeEvent::Grew { block, .. } => *block,
        NodeEvent::Reorganized { connected, .. } => *connected.last().expect("a branch was put on"),
    }
}

/// Each cursor resumes exactly, or is refused; and what is refused lies below what is told.
#[test]
fn cursor_resumes_without_a_gap_or_is_refused() {
    let all = all();
    assert_eq!(all.len() as u32, TIP, "three blocks were put on and taken off, and one event puts four on");
    for base in [5, FORK, ABANDONED + 2, ABANDONED + 10] {
        let (_folder, node) = pruned(base);
        let mut is_kept = false;
        for (at, event) in all.iter().enumerate() {
            match after(&node, event.cursor()) {
                Ok(resumed) => {
                    is_kept = true;
                    assert_eq!(resumed, all[at + 1..], "base {base}, event {at}");
                }
                Err(CursorError::Pruned { found, .. }) => {
                    assert!(!is_kept, "base {base}, event {at}");
                    assert_eq!(found, event.cursor().sequence);
                }
                Err(error) => panic!("base {base}, event {at}: {error}"),
            }
            let should = !is_between(base) && story().at(base) == block(event);
            assert!(!should || is_kept, "base {base}: whoever stood at the base goes on");
        }
        assert!(is_kept);
        assert!(matches!(after(&node, Cursor::beginning(0)), Err(CursorError::Pruned { .. })));
        node.stop();
    }
}

/// Whether this height was reached in the middle of a change.
fn is_between(base: u32) -> bool {
    (FORK..=ABANDONED).contains(&base)
}
