//! Times, numbers and lines as people read them.

pub use crate::cli::devnet::moments::{moment, time_of_day};

const DAY: u32 = 86_400;

/// A time span, in its two largest units.
pub fn span(seconds: u64) -> String {
    let day = u64::from(DAY);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ if seconds < day => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / day, seconds % day / 3600),
    }
}

/// How long ago something was, in the largest unit that there is one of.
pub fn age(seconds: u32) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..DAY => format!("{} h", seconds / 3600),
        DAY.. => format!("{} d", seconds / DAY),
    }
}

/// Numbers that follow each other as one: `0-3,5`.
pub fn runs(numbers: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let run = |(first, last): &(usize, usize)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(",")
}

/// Lines of at most so many characters, broken between words where there are any.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut letters: Vec<char> = word.chars().collect();
        loop {
            let line = lines.last_mut().expect("it begins with one");
            let used = line.chars().count();
            let gap = usize::from(used > 0);
            if used + gap + letters.len() <= width {
                line.extend(" ".repeat(gap).chars().chain(letters));
                break;
            }
            if used == 0 {
                line.extend(letters.drain(..width.clamp(1, letters.len())));
            }
            lines.push(String::new());
        }
    }
    lines
}

/// A line of at most so many characters; where it is longer, it says so by its end.
pub fn fitted(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    line.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_their_largest_units() {
        let said = [0, 59, 61, 3_661, 90_000].map(span);
        assert_eq!(said, ["0 s", "59 s", "1 min 1 s", "1 h 1 min", "1 d 1 h"]);
        assert_eq!([59, 3_599, 86_399, 90_000].map(age), ["59 s", "59 min", "23 h", "1 d"]);
    }

    #[test]
    fn numbers_that_follow_each_other_are_said_as_one() {
        assert_eq!(runs(&[0, 1, 2, 3, 5, 7, 8]), "0-3,5,7,8");
        assert_eq!(runs(&[]), "");
    }

    #[test]
    fn lines_break_between_words_and_within_those_that_are_too_long() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrapped("", 3), [""]);
        assert_eq!(["abc", "abcd"].map(|line| fitted(line, 3)), ["abc", "ab…"]);
    }
}
