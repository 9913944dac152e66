//! A crash in the middle of going over to another branch.

use std::sync::Arc;

use cairn::node::{Cursor, Node, NodeEvent, REORGANIZATIONS_MAX, Reorganization};
use cairn::storage::{Disk, Files, JournalReader, Location, Position};

use super::folders::{cut, later, segment};
use super::{Prepared, check_against_replay, genesis, recover, start, submit_all};

const CONNECTED: u8 = 4;
const DISCONNECTED: u8 = 5;

/// Where the records lie that a change may end behind although it is not complete, and whether they are.
fn unfinished_steps(folder: &std::path::Path) -> Vec<Location> {
    let files: Arc<dyn Files> = Arc::new(Disk::open(&folder.join("journal-1")).unwrap());
    let reader = JournalReader::inspect(files, genesis().params().chain).unwrap().reader;
    let records = reader.records(Position::START, reader.end()).map(Result::unwrap);
    let is_unfinished = |payload: &[u8]| matches!(payload[0], CONNECTED | DISCONNECTED) && payload[9] == 0;
    records.filter(|(_, payload)| is_unfinished(payload)).map(|(location, _)| location).collect()
}

/// The reorganizations that a reader knows of are the last that whoever follows everything is told of.
fn check_reorganizations(node: &Node) {
    let mut events = node.handle().events(Cursor::beginning(0)).unwrap();
    let told = std::iter::from_fn(|| events.ready().unwrap()).filter_map(|event| match event {
        NodeEvent::Reorganized { cursor, disconnected, connected } => {
            Some(Reorganization { cursor, disconnected, connected })
        }
        NodeEvent::Grew { .. } => None,
    });
    let told: Vec<_> = told.collect();
    let mut known = node.handle().reader().reorganizations(REORGANIZATIONS_MAX).unwrap();
    known.reverse();
    assert!(!known.is_empty() && told.ends_with(&known), "{:?} and {:?}", told.last(), known.last());
}

#[test]
fn journal_that_ends_within_a_reorganization_leads_to_the_best_branch() {
    let prepared = Prepared::get();
    let steps = unfinished_steps(later().path());
    assert!(steps.len() >= 20, "there are long reorganizations: {}", steps.len());
    for at in steps.iter().step_by(3).chain(steps.last()) {
        let folder = later();
        cut(&segment(folder.path()), at.end().offset);
        std::fs::remove_dir_all(folder.path().join("sled")).unwrap();
        let recovered = recover(folder.path()).unwrap();
        check_against_replay(&recovered);
        let plan = recovered.chain.plan().expect("somewhere better to go");
        let (best, sequence) = (*plan.connect.last().unwrap(), recovered.store.sequence());
        drop(recovered);

        let node = start(folder.path()).unwrap();
        let tip = node.handle().reader().tip();
        assert_eq!((tip.hash, tip.state), (best, prepared.at(&best).1));
        assert!(tip.sequence > sequence);
        check_reorganizations(&node);
        node.stop();
        let recovered = recover(folder.path()).unwrap();
        assert_eq!((recovered.chain.tip().hash, recovered.notes.len()), (best, 0));
        check_against_replay(&recovered);
        drop(recovered);
        let node = start(folder.path()).unwrap();
        check_reorganizations(&node);
        submit_all(&node, &prepared.blocks);
        check_reorganizations(&node);
        assert!(prepared.work(&node.handle().reader().tip().hash) > prepared.work(&best));
    }
}
