//! Text to times, in the forms in which tables have them.

use crate::render::text::inline;

/// Reads one column of times, whose integers share one unit.
#[derive(Debug, Default)]
pub(super) struct Times {
    unit: Option<i64>,
}

impl Times {
    /// A cell's time, nanoseconds since the Unix epoch: `2018-12-31`, RFC 3339, `2018-12-31 16:00[:00]` (UTC), or an integer
    /// in seconds, milliseconds, microseconds or nanoseconds, as its size tells. Or why it is none.
    pub(super) fn read(&mut self, text: &str) -> Result<i64, String> {
        if let Ok(value) = text.parse::<i64>() {
            return self.integer(value);
        }
        let spelled = match text.len() {
            // `2018-12-31 16:00` and with seconds, which are UTC.
            16 => format!("{}:00Z", text.replace(' ', "T")),
            19 => format!("{}Z", text.replace(' ', "T")),
            _ => text.to_owned(),
        };
        let readable = stratbox_market::parse_date(&spelled).or_else(|_| stratbox_market::parse_date(text));
        readable.map_err(|error| inline(&error.to_string()))
    }

    fn integer(&mut self, value: i64) -> Result<i64, String> {
        // As seconds, `20181231` would be a quiet 1970.
        if (19_000_101..=20_991_231).contains(&value) {
            return Err(format!(
                "`{value}` could be a date or a count of seconds: write a date as `2018-12-31`"
            ));
        }
        let unit = match value.unsigned_abs() {
            0..100_000_000_000 => 1_000_000_000,
            100_000_000_000..100_000_000_000_000 => 1_000_000,
            100_000_000_000_000..100_000_000_000_000_000 => 1_000,
            _ => 1,
        };
        if *self.unit.get_or_insert(unit) != unit {
            return Err(format!("`{value}` has another unit than the times before: use one in a file"));
        }
        value.checked_mul(unit).ok_or_else(|| format!("`{value}` is too far away"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: i64 = 1_546_272_000_000_000_000;

    #[test]
    fn the_same_moment_in_every_form() {
        for text in [
            "2018-12-31 16:00",
            "2018-12-31 16:00:00",
            "2018-12-31T16:00:00",
            "2018-12-31T16:00:00Z",
            "2018-12-31 17:00:00+01:00",
            "1546272000",
            "1546272000000",
            "1546272000000000000",
        ] {
            assert_eq!(Times::default().read(text), Ok(MOMENT), "{text}");
        }
        assert_eq!(Times::default().read("2018-12-31"), Ok(MOMENT - 16 * 3_600_000_000_000));
    }

    #[test]
    fn what_is_no_time_is_said_to_be_none() {
        for text in ["soon", "", "2018-13-31", "20181231", "9300000000000000000000", "😀😀😀😀"] {
            assert!(Times::default().read(text).is_err(), "{text}");
        }
        let mut times = Times::default();
        assert!(times.read("1546272000").is_ok());
        assert!(times.read("1546272000000").unwrap_err().contains("another unit"));
    }
}
