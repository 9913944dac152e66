//! Screens, as text. Where one is to look otherwise, the failure prints what it would be now.

use std::fs;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Color;

use super::board::{BlockLine, Board, LOG_LINES_MAX, Page, Sight};
use super::draw::draw;
use super::keys::{Order, Press, meant};
use crate::api::view::LinkFaults;
use crate::devnet::Up;
use crate::devnet::desk::{AccountKeys, ClockView, LinkView};
use crate::types::{Amount, BlockHash, Height, PEBBLES_PER_COIN, Timestamp};

const NOW: Timestamp = Timestamp(1_795_364_411);

fn hash(number: u8) -> BlockHash {
    BlockHash::from_bytes([number; 32])
}

/// A node that follows this tip and knows these.
fn up(height: u32, tip: u8, peers: &[usize]) -> Option<Up> {
    Some(Up { tip: (Height(height), hash(tip)), waiting: 2, peers: peers.to_vec(), strangers: 0 })
}

fn cut(a: usize, b: usize) -> LinkView {
    LinkView { a, b, faults: LinkFaults { cut: true, ..LinkFaults::default() } }
}

/// Five nodes that agree, and have for as many blocks as there are.
fn sight(height: u8) -> Sight {
    let block = |at: u8| BlockLine {
        height: Height(at.into()),
        hash: hash(at),
        time: Timestamp(NOW.0 - 5 * u32::from(height - at)),
        transactions: Some(usize::from(at % 3)),
        by: format!("node {}", at % 5),
    };
    let others = |node| (0..5).filter(|other| *other != node).collect::<Vec<_>>();
    Sight {
        mining: "every 5 seconds".to_owned(),
        clock: ClockView { time: NOW, frozen: false, ahead_seconds: 0 },
        hash_rate: None,
        nodes: (0..5).map(|node| up(height.into(), height, &others(node))).collect(),
        going_back: false,
        links: Vec::new(),
        blocks: (0..=height).rev().map(block).collect(),
        balances: vec![Amount::from_pebbles(10_000 * PEBBLES_PER_COIN); 10],
    }
}

fn board(sight: Sight) -> Board {
    let account = |at: usize| AccountKeys {
        address: format!("cdev1{}", at.to_string().repeat(60)),
        key: at.to_string().repeat(64),
    };
    let words = "test ".repeat(11) + "junk";
    let desk = "http://127.0.0.1:9332".to_owned();
    let mut board = Board::new("Cairn devnet".to_owned(), desk, words, (0..10).map(account).collect(), sight);
    board.say("node 1 lost sight of 127.0.0.1:9350: it misbehaved", NOW);
    board.say("made block 0707", NOW);
    board
}

/// Nodes that were parted, one of them down, one link slow, and the clock put forward.
fn parted() -> Sight {
    let mut sight = sight(40);
    sight.nodes = vec![up(40, 40, &[1]), up(40, 40, &[0]), up(38, 99, &[4]), None, up(38, 99, &[2])];
    sight.links = [(0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4)].map(|(a, b)| cut(a, b)).to_vec();
    let whole = LinkView {
        faults: LinkFaults { delay_ms: 200, loss_percent: 5.0, ..LinkFaults::default() },
        ..cut(2, 4)
    };
    sight.links.push(whole);
    sight.clock.ahead_seconds = 90_000;
    sight
}

fn drawn(board: &mut Board, columns: u16, rows: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let mut scroll_max = 0;
    terminal.draw(|frame| scroll_max = draw(frame, board)).unwrap();
    board.stop_at(scroll_max);
    terminal.backend().buffer().clone()
}

fn text(board: &mut Board, columns: u16, rows: u16) -> String {
    let buffer = drawn(board, columns, rows);
    let line = |row| (0..columns).map(|column| buffer[(column, row)].symbol()).collect::<String>();
    (0..rows).map(|row| format!("{}\n", line(row).trim_end())).collect()
}

#[track_caller]
fn looks_like(board: &mut Board, columns: u16, rows: u16, name: &str) {
    let text = text(board, columns, rows);
    let path = format!("{}/src/cli/devnet/tui/screens/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    assert!(text == fs::read_to_string(&path).unwrap(), "{path} is to be this:\n{text}");
}

#[test]
fn nodes_that_agree_fill_a_small_screen() {
    looks_like(&mut board(sight(40)), 80, 24, "agreed-80x24");
}

#[test]
fn nodes_that_agree_fill_a_large_screen_with_whole_names() {
    let mut sight = sight(40);
    (sight.mining, sight.hash_rate) = ("by work".to_owned(), Some(2_350_000.0));
    looks_like(&mut board(sight), 120, 40, "agreed-120x40");
}

#[test]
fn nodes_that_disagree_or_are_down_and_links_that_are_cut_are_seen() {
    looks_like(&mut board(parted()), 80, 24, "parted-80x24");
    looks_like(&mut board(parted()), 120, 40, "parted-120x40");
}

#[test]
fn new_network_without_blocks_leaves_their_place_empty() {
    let mut sight = sight(0);
    sight.mining = "when they are ordered".to_owned();
    sight.nodes.truncate(1);
    looks_like(&mut board(sight), 80, 24, "new-80x24");
}

#[test]
fn list_that_is_too_long_is_moved_as_far_as_its_end() {
    let mut sight = sight(40);
    sight.nodes = (0..50).map(|_| up(40, 40, &(0..49).collect::<Vec<_>>())).collect();
    sight.links = (1..9)
        .map(|to| LinkView { faults: LinkFaults { delay_ms: 9, ..cut(0, to).faults }, ..cut(0, to) })
        .collect();
    let mut board = board(sight);
    assert!(text(&mut board, 80, 24).contains("0 to 6 of 50"));
    assert!(text(&mut board, 80, 24).contains("and 6 more: `cairn devnet status`"));
    board.move_by(1000);
    assert!(text(&mut board, 80, 24).contains("43 to 49 of 50"));
    board.move_by(-1);
    assert!(text(&mut board, 80, 24).contains("42 to 48 of 50"), "no key was pressed for nothing");
}

#[test]
fn screen_that_is_too_small_says_so() {
    for (columns, rows) in [(59, 24), (80, 17), (12, 9), (1, 1)] {
        let said = text(&mut board(sight(3)), columns, rows).replace('\n', " ");
        assert!(columns == 1 || said.contains("The screen"), "{said}");
    }
    assert!(text(&mut board(sight(3)), 59, 24).contains("59x24; this takes 60x18"));
    assert!(text(&mut board(sight(3)), 60, 18).contains("5 nodes, all at height 3"));
}

#[test]
fn whatever_is_on_it_and_however_large_it_is_it_is_drawn() {
    let mut none = sight(3);
    none.nodes = vec![None; 5];
    (none.blocks, none.balances) = (Vec::new(), Vec::new());
    for sight in [none, parted(), sight(0)] {
        let mut board = board(sight);
        for page in [Page::Accounts, Page::Log, Page::Help, Page::Network] {
            board.turn_to(page);
            board.move_by(500);
            for (columns, rows) in [(0, 0), (60, 18), (80, 24), (300, 100)] {
                drawn(&mut board, columns, rows);
            }
        }
    }
}

#[test]
fn accounts_are_shown_with_what_spends_from_them() {
    let mut board = board(sight(3));
    board.turn_to(Page::Accounts);
    looks_like(&mut board, 80, 24, "accounts-80x24");
    board.move_by(1000);
    assert!(text(&mut board, 80, 24).contains("(9) 10000 CRN, the faucet's"));
}

#[test]
fn help_names_every_key() {
    let mut board = board(sight(3));
    board.turn_to(Page::Help);
    looks_like(&mut board, 80, 24, "help-80x24");
}

#[test]
fn log_is_read_from_its_end_and_forgets_its_beginning() {
    let mut board = board(sight(3));
    (0..LOG_LINES_MAX).for_each(|line| board.say(&format!("line {line}"), NOW));
    assert_eq!(board.log().len(), LOG_LINES_MAX);
    board.turn_to(Page::Log);
    let end = text(&mut board, 80, 24);
    assert!(end.contains("16:20:11 line 499\n") && !end.contains("line 480\n"), "{end}");
    board.move_by(-1000);
    let beginning = text(&mut board, 80, 24);
    assert!(beginning.contains("line 0\n") && beginning.contains("line 18\n"), "{beginning}");
    board.turn_to(Page::Log);
    assert_eq!((board.page(), board.scroll()), (Page::Network, 0));
}

#[test]
fn nodes_that_end_and_begin_are_in_the_log_whoever_had_them_do_so() {
    let mut board = board(sight(40));
    assert!(board.saw(parted(), NOW));
    assert_eq!(board.log().next_back(), Some("16:20:11 node 3 is down"));
    assert!(board.saw(sight(40), NOW));
    assert_eq!(board.log().next_back(), Some("16:20:11 node 3 runs"));
    assert!(!board.saw(sight(40), NOW), "there is nothing to draw");
}

#[test]
fn a_network_that_goes_back_is_not_said_to_be_down() {
    let mut board = board(sight(40));
    let said = board.log().len();
    board.saw(Sight { nodes: Vec::new(), going_back: true, ..sight(40) }, NOW);
    let text = text(&mut board, 80, 24);
    assert!(text.contains("going back") && !text.contains("no node runs"), "{text}");
    assert_eq!(board.log().len(), said, "nobody is down");
}

#[test]
fn colours_are_the_terminals_and_none_where_none_are_wanted() {
    let mut board = board(parted());
    let colours = |board: &mut Board| {
        let buffer = drawn(board, 80, 24);
        assert!(buffer.content().iter().all(|cell| cell.bg == Color::Reset));
        buffer.content().iter().map(|cell| cell.fg).filter(|colour| *colour != Color::Reset).count()
    };
    assert!(colours(&mut board) > 0);
    board.colours = false;
    assert_eq!(colours(&mut board), 0);
}

#[test]
fn what_strangers_wrote_does_not_reach_the_terminal_as_orders() {
    let mut sight = sight(3);
    sight.blocks[0].by = "\x1b[2Jgone".to_owned();
    let mut board = board(sight);
    board.say("\x1b]0;title\x07 said", NOW);
    let text = text(&mut board, 80, 24);
    assert!(text.contains("gone") && text.contains("said") && !text.contains(['\x1b', '\x07']), "{text}");
}

#[test]
fn keys_mean_what_the_screen_says() {
    let mut board = board(parted());
    let mean = |board: &Board, key| meant(&KeyEvent::new(key, KeyModifiers::NONE), board);
    let letter = |board: &Board, letter| mean(board, KeyCode::Char(letter));
    assert_eq!(letter(&board, 'q'), Some(Press::End));
    assert_eq!(letter(&board, 'm'), Some(Press::Give(Order::Mine)));
    assert_eq!(letter(&board, '2'), Some(Press::Give(Order::Kill(2))));
    assert_eq!(letter(&board, '3'), Some(Press::Give(Order::Restart(3))), "it is down");
    assert_eq!(letter(&board, '7'), None, "there is no such node");
    assert_eq!(letter(&board, 'h'), Some(Press::Give(Order::Heal)));
    assert_eq!(letter(&board, 'f'), Some(Press::Give(Order::Hold(true))));
    board.sight.clock.frozen = true;
    assert_eq!(letter(&board, 'f'), Some(Press::Give(Order::Hold(false))));
    assert_eq!(letter(&board, '+'), Some(Press::Give(Order::Warp(60))));
    assert_eq!(mean(&board, KeyCode::Esc), Some(Press::Turn(Page::Network)));
    let control = |letter| meant(&KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL), &board);
    assert_eq!((control('c'), control('m'), letter(&board, 'x')), (Some(Press::End), None, None));
}
