//! Times, numbers and lines as people read them.

use crate::types::Timestamp;

const DAY: u32 = 86_400;
/// Days from the beginning of a calendar that counts from a first of March to that of 1970.
const DAYS_TO_1970: u32 = 719_468;
/// Days of 400 years, after which the calendar repeats itself.
const DAYS_OF_ERA: u32 = 146_097;

/// A moment, in UTC.
pub fn moment(time: Timestamp) -> String {
    let (year, month, day) = date(time.0 / DAY);
    format!("{year}-{month:02}-{day:02} {}", time_of_day(time))
}

/// The hour of a moment, in UTC.
pub fn time_of_day(time: Timestamp) -> String {
    let second = time.0 % DAY;
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day, so many days after 1970 began. Years are counted from March on, so that the odd day is their last.
fn date(days: u32) -> (u32, u32, u32) {
    let days = days + DAYS_TO_1970;
    let (era, day) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year = (day - day / 1460 + day / 36_524 - day / (DAYS_OF_ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

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
    fn moments_are_those_of_the_calendar() {
        for (seconds, said) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_400, "2000-02-29 00:00:00"),
            (951_868_799, "2000-02-29 23:59:59"),
            (1_767_225_600, "2026-01-01 00:00:00"),
            (1_795_364_411, "2026-11-22 16:20:11"),
            (4_107_542_400, "2100-03-01 00:00:00"),
            (u32::MAX, "2106-02-07 06:28:15"),
        ] {
            assert_eq!(moment(Timestamp(seconds)), said);
        }
    }

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
