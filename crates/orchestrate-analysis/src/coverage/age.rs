//! Whether a report is as old as the sources that it speaks of. Times are passed in; nothing here reads a clock.
//!
//! Times are those of the file system. A report that was committed and checked out with its sources is as new as they
//! are; whether it is of another version then shows only where it speaks of lines that the sources do not have.

use std::time::{Duration, SystemTime};

/// How much newer than the report a source may be. A checkout writes its files one after another, in no useful order,
/// and some file systems keep times to two seconds only. An edit within this span after a test run goes unseen.
pub(super) const TOLERANCE: Duration = Duration::from_secs(5);

/// Whether something changed at `source` makes a report written at `report` out of date.
pub(super) fn is_outdated(report: SystemTime, source: SystemTime) -> bool {
    source
        .duration_since(report)
        .is_ok_and(|later| later > TOLERANCE)
}

/// A time as `2026-11-20 12:46:18 UTC`.
pub(super) fn utc(time: SystemTime) -> String {
    let Ok(since) = time.duration_since(SystemTime::UNIX_EPOCH) else {
        return "before 1970".to_owned();
    };
    let seconds = since.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Year, month and day of a number of days since 1970, in the Gregorian calendar. Years are taken to begin in March, so
/// that the leap day is the last one.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

/// A span in its two largest units: `3 h 12 min`.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn dates_of_known_seconds() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_709_251_199, "2024-02-29 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(utc(at(seconds)), text);
        }
    }

    #[test]
    fn spans_in_two_units() {
        let texts = [3, 61, 11_520, 180_000].map(|s| span(Duration::from_secs(s)));
        assert_eq!(texts, ["3 s", "1 min 1 s", "3 h 12 min", "2 d 2 h"]);
    }

    #[test]
    fn a_few_seconds_do_not_make_a_report_old() {
        assert!(!is_outdated(at(100), at(90)));
        assert!(!is_outdated(at(100), at(105)));
        assert!(is_outdated(at(100), at(106)));
    }
}
