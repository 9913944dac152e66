//! Codes for cameras, read back by a reader from what a terminal would show.

use super::stage::Home;

/// Dots of the picture that a dot of the code becomes.
const SCALE: usize = 4;
const BLACK: u8 = 0;
const WHITE: u8 = 255;

/// What a terminal shows where nobody says otherwise: the colour of letters, and of what is behind them.
#[derive(Clone, Copy)]
struct Look {
    letters: u8,
    behind: u8,
}

const DARK: Look = Look { letters: WHITE, behind: BLACK };
const LIGHT: Look = Look { letters: BLACK, behind: WHITE };

/// The dots that a terminal of this look shows: two in each letter, one above the other.
fn dots(drawn: &str, look: Look) -> Vec<Vec<u8>> {
    let mut rows = Vec::new();
    for line in drawn.lines() {
        let (mut above, mut below) = (Vec::new(), Vec::new());
        let mut now = look;
        let mut rest = line.trim_end_matches('\r');
        while let Some(letter) = rest.chars().next() {
            if let Some(colours) = rest.strip_prefix("\u{1b}[97;40m") {
                now = DARK;
                rest = colours;
                continue;
            }
            if let Some(reset) = rest.strip_prefix("\u{1b}[0m") {
                now = look;
                rest = reset;
                continue;
            }
            let (top, bottom) = match letter {
                '█' => (now.letters, now.letters),
                '▀' => (now.letters, now.behind),
                '▄' => (now.behind, now.letters),
                ' ' => (now.behind, now.behind),
                other => panic!("{other:?} is no part of a drawing: {line:?}"),
            };
            above.push(top);
            below.push(bottom);
            rest = &rest[letter.len_utf8()..];
        }
        rows.extend([above, below]);
    }
    rows
}

/// What a camera reads that looks at a terminal, whose free room goes on around the drawing; `turned` is what readers make of a
/// picture in which they find nothing: its negative.
fn read(drawn: &str, look: Look, turned: bool) -> Option<String> {
    let dots = dots(drawn, look);
    let (height, width) = (dots.len() + 2, dots[0].len() + 2);
    let colour = |x: usize, y: usize| {
        let row = (y / SCALE).checked_sub(1).and_then(|row| dots.get(row));
        let dot = row.and_then(|row| row.get((x / SCALE).checked_sub(1)?)).copied().unwrap_or(look.behind);
        if turned { WHITE - dot } else { dot }
    };
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width * SCALE, height * SCALE, colour);
    let grids = picture.detect_grids();
    grids.first().and_then(|grid| grid.decode().ok()).map(|(_, text)| text)
}

/// The drawing in an answer: what comes after the line with the text.
fn drawing(answer: &str) -> String {
    answer.lines().skip(1).map(|line| format!("{line}\n")).collect()
}

/// Says what is to be read from the answer to these arguments, and that it is, whatever a terminal looks like.
fn is_read(home: &Home, arguments: &[&str], text: &str) {
    // A terminal is told the colours, so that it shows the same whatever it looks like.
    let (shown, code) = home.at_terminal(arguments).end();
    assert_eq!(code, Some(0), "{shown}");
    // Whoever reads the terminal for us makes a letter of each byte.
    let shown = String::from_utf8(shown.chars().map(|byte| byte as u8).collect()).unwrap();
    for look in [DARK, LIGHT] {
        assert_eq!(read(&drawing(&shown), look, false).as_deref(), Some(text), "{shown}");
    }
    // A file knows no colours: dark on light it is the negative, which readers try as well.
    let piped = home.wallet(&[arguments, &["--qr"]].concat());
    assert_eq!(read(&drawing(piped.success()), DARK, false).as_deref(), Some(text), "{piped:?}");
    assert_eq!(read(&drawing(piped.success()), LIGHT, false), None, "this reader tells one from the other");
    assert_eq!(read(&drawing(piped.success()), LIGHT, true).as_deref(), Some(text), "{piped:?}");
}

#[test]
fn address_is_read_from_its_drawing() {
    let home = Home::with_wallet();
    let address = home.accounts()[0].1.to_uppercase();
    is_read(&home, &["address"], &address);
}

#[test]
fn link_is_read_from_its_drawing() {
    let home = Home::with_wallet();
    let request = ["request", "12.5", "--reference", "INVOICE-42", "--label", "Café ⛰"];
    let link = home.json(&request)["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with("cairn:cdev1") && link.contains("amount=12.5"));
    is_read(&home, &request, &link);
}
