//! Days and moments as suppliers write them.

use jiff::civil::Date;
use units::Timestamp;

/// How days are written: `2021-09-25`, `September 25, 2021`, `25-Sep-21`, `25/09/2021` is not among them, because it may
/// as well be the ninth of another month.
const FORMS: [&str; 3] = ["%Y-%m-%d", "%B %d, %Y", "%d-%b-%y"];

/// A day in one of the forms that mean only one.
pub(super) fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    FORMS.iter().find_map(|form| Date::strptime(form, text).ok())
}

/// A moment: a day (its start in UTC), or a time with its offset (RFC 3339). Moments before 1970 are its start.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let at: jiff::Timestamp = match day(text) {
        Some(day) => day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp(),
        None => text.parse().ok()?,
    };
    Some(Timestamp(u64::try_from(at.as_microsecond()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_write_a_day_are_one_day() {
        let expected = jiff::civil::date(2021, 9, 25);
        for text in ["2021-09-25", " September 25, 2021", "25-Sep-21"] {
            assert_eq!(day(text), Some(expected), "{text}");
        }
        for text in ["25/09/2021", "", "2021-13-01", "soon"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_a_day_or_a_time_with_an_offset() {
        assert_eq!(moment("1970-01-02"), Some(Timestamp(86_400_000_000)));
        assert_eq!(moment("1970-01-01T01:00:00+01:00"), Some(Timestamp(0)));
        assert_eq!(moment("1969-01-01"), Some(Timestamp(0)));
        assert_eq!(moment("1970-01-01 01:00"), None);
    }
}
