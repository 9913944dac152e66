//! Moments as people read them.

use crate::types::Timestamp;

const DAY: u32 = 86_400;
/// Days from the beginning of a calendar that counts from a first of March to that of 1970.
const DAYS_TO_1970: u32 = 719_468;
/// Days of 400 years, after which the calendar repeats itself.
const DAYS_OF_ERA: u32 = 146_097;

/// A moment in UTC, as it is written in ISO 8601.
pub fn iso(time: Timestamp) -> String {
    format!("{}Z", moment(time).replace(' ', "T"))
}

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
        assert_eq!(iso(Timestamp(1_795_364_411)), "2026-11-22T16:20:11Z");
    }
}
