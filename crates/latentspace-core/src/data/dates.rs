//! Parsing of dates and times in text and numbers to instants: microseconds since 1970-01-01T00:00:00 UTC.
//!
//! Formats: year first (`2010-01-31`, `2010/1/31`, `2010.01.31`, `20100131`, `2010-01`), year last (`31.01.2010`,
//! `31/01/2010`, `01/31/2010`), English names of months (`31 Jan 2010`, `January 31, 2010`), each optionally followed by a time and a zone
//! (`T12:30:05.25+01:00`). Whether the day or the month comes first is decided for the whole column, by [`instants`].
//! An impossible date (2021-02-30) is missing.

/// Microseconds of a day.
pub const DAY: i64 = 86_400_000_000;
/// Minimum share of cells that are dates in a column of dates.
const MOST: f64 = 0.95;

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/// Which number of `01/02/2010` is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The first.
    DayFirst,
    /// The second.
    MonthFirst,
}

/// The format of the numbers in a column of dates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// `2010`.
    Years,
    /// `201001`.
    Months,
    /// `20100131`.
    Days,
    /// Time since 1970-01-01, in units of this number of microseconds.
    Since(f64),
}

/// A parsed cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Instant(i64),
    /// An impossible date.
    Impossible,
    /// Not a date.
    Other,
}

/// Days since 1970-01-01 of a Gregorian date; none for an impossible one.
pub fn from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) || !(-200_000..=200_000).contains(&year) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Year, month and day of a day since 1970-01-01.
pub fn civil(day: i64) -> (i64, i64, i64) {
    let days = day + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

impl Order {
    /// The order of day and month in a column of texts.
    ///
    /// # Errors
    /// The reason why the column does not hold dates.
    pub fn of<'a>(cells: impl Iterator<Item = Option<&'a str>> + Clone) -> Result<Self, String> {
        let given = || cells.clone().flatten().map(str::trim).filter(|cell| !cell.is_empty());
        // Only a first number above 12 shows that days come first, and only a second one that months do.
        let beyond = |at: usize| given().find(|cell| year_last(cell).is_some_and(|parts| parts[at] > 12));
        let order = match (beyond(0), beyond(1)) {
            (Some(day), Some(month)) => return Err(format!("'{day}' has the day first and '{month}' the month")),
            (Some(_), None) => Order::DayFirst,
            (None, Some(_)) => Order::MonthFirst,
            (None, None) => match given().find(|cell| year_last(cell).is_some() && !cell.contains('.')) {
                Some(cell) if given().any(|cell| year_last(cell).is_some_and(|parts| parts[0] != parts[1])) => {
                    return Err(format!("'{cell}' does not show whether the day or the month comes first: write 2010-01-31"));
                }
                _ => Order::DayFirst,
            },
        };
        let (mut all, mut dates, mut other) = (0_u64, 0_u64, None);
        for cell in given() {
            all += 1;
            if parse(cell, order) == Cell::Other { other = other.or(Some(cell)) } else { dates += 1 }
        }
        match other {
            Some(cell) if (dates as f64) < MOST * all as f64 => Err(format!("'{cell}' is not a date such as 2010-01-31")),
            _ if all == 0 => Err("all cells are empty".to_owned()),
            _ => Ok(order),
        }
    }

    /// The instant of a cell; none if it is not a date, or an impossible one.
    pub fn instant(self, cell: &str) -> Option<i64> {
        match parse(cell.trim(), self) {
            Cell::Instant(instant) => Some(instant),
            Cell::Impossible | Cell::Other => None,
        }
    }
}

/// The instants of a column of texts; missing cells and impossible dates have none.
///
/// # Errors
/// The reason why the column does not hold dates.
pub fn instants<'a>(cells: impl Iterator<Item = Option<&'a str>> + Clone) -> Result<Vec<Option<i64>>, String> {
    let order = Order::of(cells.clone())?;
    Ok(cells.map(|cell| order.instant(cell?)).collect())
}

/// The numbers of `31/01/2010`.
fn year_last(text: &str) -> Option<[i64; 3]> {
    let (date, _) = halves(text);
    let parts = numbers(date)?;
    let [first, second, year] = parts.as_slice() else { return None };
    (first.1 <= 2 && second.1 <= 2 && year.1 == 4).then_some([first.0, second.0, year.0])
}

/// Numbers separated by the same character, each with its number of digits.
fn numbers(date: &str) -> Option<Vec<(i64, usize)>> {
    let sign = date.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(sign, '-' | '/' | '.') {
        return None;
    }
    date.split(sign).map(|part| Some((whole(part)?, part.len()))).collect()
}

/// An integer of digits only.
fn whole(text: &str) -> Option<i64> {
    (!text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// A date, and the time after it, if there is one.
fn halves(text: &str) -> (&str, Option<&str>) {
    let is_time =
        |rest: &str| rest.trim_start().split(':').next().is_some_and(|hour| matches!(whole(hour), Some(0..=24)) && rest.contains(':'));
    let cut = text.char_indices().find(|(at, c)| matches!(c, 'T' | 't' | ' ') && is_time(&text[at + 1..]));
    match cut {
        Some((at, _)) => (text[..at].trim_end().trim_end_matches(','), Some(text[at + 1..].trim())),
        None => (text, None),
    }
}

fn parse(text: &str, order: Order) -> Cell {
    let (date, time) = halves(text);
    let Some((year, month, day)) = parts(date, order) else { return Cell::Other };
    let time = match time.map(of_day) {
        None => 0,
        Some(Some(time)) => time,
        Some(None) => return Cell::Other,
    };
    match from_civil(year, month, day).and_then(|day| day.checked_mul(DAY)).and_then(|day| day.checked_add(time)) {
        Some(instant) => Cell::Instant(instant),
        None => Cell::Impossible,
    }
}

/// Year, month and day.
fn parts(date: &str, order: Order) -> Option<(i64, i64, i64)> {
    if let Some(parts) = numbers(date) {
        return match parts.as_slice() {
            [(year, 4), (month, 1..=2)] => Some((*year, *month, 1)),
            [(year, 4), (month, 1..=2), (day, 1..=2)] => Some((*year, *month, *day)),
            [(first, 1..=2), (second, 1..=2), (year, 4)] => match order {
                Order::DayFirst => Some((*year, *second, *first)),
                Order::MonthFirst => Some((*year, *first, *second)),
            },
            [(month, 1..=2), (year, 4)] => Some((*year, *month, 1)),
            _ => None,
        };
    }
    if date.len() == 8 {
        return whole(date)
            .map(|number| (number / 10_000, number / 100 % 100, number % 100))
            .filter(|(year, ..)| (1000..2200).contains(year));
    }
    if date.len() == 4 {
        return whole(date).filter(|year| (1000..2200).contains(year)).map(|year| (year, 1, 1));
    }
    named(date)
}

/// `31 Jan 2010`, `January 31, 2010`, `Sun, 31 Jan 2010`, `Jan 2010`.
fn named(date: &str) -> Option<(i64, i64, i64)> {
    let (mut year, mut month, mut day) = (None, None, None);
    let words = date.split([' ', ',', '-', '.', '/']).filter(|word| !word.is_empty());
    for (at, word) in words.enumerate() {
        let lower = word.to_lowercase();
        let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| lower.strip_suffix(end)).unwrap_or(&lower);
        match whole(digits) {
            Some(number) if digits.len() == 4 && year.is_none() => year = Some(number),
            Some(number) if digits.len() <= 2 && day.is_none() => day = Some(number),
            Some(_) => return None,
            None if lower.len() >= 3 && month.is_none() && MONTHS.iter().any(|name| name.starts_with(&lower)) => {
                month = MONTHS.iter().position(|name| name.starts_with(&lower)).map(|at| at as i64 + 1);
            }
            None if lower == "sept" && month.is_none() => month = Some(9),
            // Skip a day of the week.
            None if at == 0 && ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().any(|day| lower.starts_with(day)) => {}
            None => return None,
        }
    }
    Some((year?, month?, day.unwrap_or(1)))
}

/// Microseconds since midnight in UTC of `12:30`, `12:30:05.25`, optionally followed by `Z`, `UTC`, `GMT`, `+01:00`, `+0100` or `+01`.
fn of_day(time: &str) -> Option<i64> {
    let upper = time.to_uppercase();
    let plain = ["Z", "UTC", "GMT"].iter().find_map(|zone| upper.strip_suffix(zone)).map(str::trim_end);
    let (clock, zone) = match plain {
        Some(clock) => (clock, 0),
        None => match upper.find(['+', '-']) {
            Some(at) => (upper[..at].trim_end(), offset(&upper[at..])?),
            None => (upper.as_str(), 0),
        },
    };
    let (clock, afternoon) = match (clock.strip_suffix("AM"), clock.strip_suffix("PM")) {
        (Some(clock), _) => (clock.trim_end(), Some(false)),
        (_, Some(clock)) => (clock.trim_end(), Some(true)),
        _ => (clock, None),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] => (whole(hour)?, whole(minute)?, "0"),
        [hour, minute, second] => (whole(hour)?, whole(minute)?, *second),
        _ => return None,
    };
    let hour = match afternoon {
        None => hour,
        Some(afternoon) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
        Some(_) => return None,
    };
    let (second, part) = second.split_once(['.', ',']).unwrap_or((second, "0"));
    let micros = format!("{:0<6}", part.get(..part.len().min(6))?);
    let (second, micros) = (whole(second)?, whole(&micros)?);
    let fits = hour <= 23 && minute <= 59 && second <= 60;
    fits.then_some(((hour * 60 + minute) * 60 + second) * 1_000_000 + micros - zone)
}

/// `+01:00`, `-0800`, `+01`.
fn offset(zone: &str) -> Option<i64> {
    let (sign, digits) = (if zone.starts_with('-') { -1 } else { 1 }, zone[1..].replace(':', ""));
    let number = whole(&digits)?;
    let (hours, minutes) = match digits.len() {
        1 | 2 => (number, 0),
        4 => (number / 100, number % 100),
        _ => return None,
    };
    (hours <= 18 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60_000_000)
}

impl Scale {
    /// The format that fits all of these numbers: years, `201001`, `20100131`, or time since 1970 in seconds, milli-, micro- or nanoseconds; none if
    /// there is none. Years are recognized by their size; the other formats require `named`, that the column's name means a time.
    pub fn of(cells: impl Iterator<Item = Option<f64>> + Clone, named: bool) -> Option<Self> {
        let known = || cells.clone().flatten().filter(|value| !value.is_nan());
        known().next()?;
        let all = |test: &dyn Fn(f64) -> bool| known().all(test);
        let whole = |value: f64| value.fract() == 0.0;
        if all(&|value| whole(value) && (1000.0..2200.0).contains(&value)) {
            return Some(Scale::Years);
        }
        if !named {
            return None;
        }
        let month_fits = |value: f64| (1.0..=12.0).contains(&(value % 100.0));
        if all(&|value| whole(value) && (100_000.0..220_000.0).contains(&value) && month_fits(value)) {
            return Some(Scale::Months);
        }
        if all(&|value| whole(value) && (10_000_101.0..22_000_000.0).contains(&value) && month_fits((value / 100.0).floor())) {
            return Some(Scale::Days);
        }
        // From 1973 to 2128, where the ranges of the units do not overlap.
        [1e6, 1e3, 1.0, 1e-3].into_iter().find(|unit| all(&|value| (1e14..5e15).contains(&(value * unit)))).map(Scale::Since)
    }

    /// The instant of a number; none for an impossible date.
    pub fn instant(self, value: f64) -> Option<i64> {
        let whole = value as i64;
        let day = match self {
            _ if value.is_nan() => None,
            Scale::Years => from_civil(whole, 1, 1),
            Scale::Months => from_civil(whole / 100, whole % 100, 1),
            Scale::Days => from_civil(whole / 10_000, whole / 100 % 100, whole % 100),
            Scale::Since(unit) => return Some((value * unit) as i64),
        };
        day.map(|day| day * DAY)
    }
}

/// The instants of a column of numbers in the format that [`Scale::of`] finds.
pub fn of_numbers(cells: impl Iterator<Item = Option<f64>> + Clone, named: bool) -> Option<Vec<Option<i64>>> {
    let scale = Scale::of(cells.clone(), named)?;
    Some(cells.map(|cell| scale.instant(cell?)).collect())
}

/// Whether a column with this name holds times.
pub fn is_time(name: &str) -> bool {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let known = |word: &str| {
        matches!(
            word,
            "date" | "dates" | "datetime" | "day" | "time" | "times" | "timestamp" | "ts" | "epoch" | "unix" | "utc" | "when" | "year"
        ) || matches!(word, "month" | "created" | "published" | "posted" | "updated" | "modified" | "submitted" | "written")
    };
    words.into_iter().any(known) || lower.ends_with("date") || lower.ends_with("time") || lower.ends_with("timestamp")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Option<String> {
        let instant = instants([Some(text)].into_iter()).ok()?[0]?;
        let (year, month, day) = civil(instant.div_euclid(DAY));
        let seconds = instant.rem_euclid(DAY) as f64 / 1e6;
        Some(format!("{year}-{month:02}-{day:02} {seconds}"))
    }

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        for day in (-800_000..800_000).step_by(37) {
            let (year, month, of_month) = civil(day);
            assert_eq!(from_civil(year, month, of_month), Some(day));
        }
        assert_eq!((civil(0), from_civil(2024, 5, 17)), ((1970, 1, 1), Some(19_860)));
        for (year, month, day) in [(2021, 2, 30), (2021, 2, 29), (1900, 2, 29), (2021, 4, 31), (2021, 0, 1), (2021, 13, 1), (2021, 1, 0)] {
            assert_eq!(from_civil(year, month, day), None);
        }
        assert!(from_civil(2000, 2, 29).is_some());
    }

    #[test]
    fn the_usual_forms_of_dates_are_read() {
        for (text, wanted) in [
            ("2010-01-31", "2010-01-31 0"),
            ("2010/1/31", "2010-01-31 0"),
            ("2010.01.31", "2010-01-31 0"),
            ("20100131", "2010-01-31 0"),
            ("2010-01", "2010-01-01 0"),
            ("2010/01", "2010-01-01 0"),
            ("01/2010", "2010-01-01 0"),
            ("2010", "2010-01-01 0"),
            ("31.01.2010", "2010-01-31 0"),
            ("1.2.2010", "2010-02-01 0"),
            ("31/01/2010", "2010-01-31 0"),
            ("01/31/2010", "2010-01-31 0"),
            ("31 Jan 2010", "2010-01-31 0"),
            ("January 31, 2010", "2010-01-31 0"),
            ("Jan 31st 2010", "2010-01-31 0"),
            ("Sept 2010", "2010-09-01 0"),
            ("Sun, 31 Jan 2010 12:00:00 +0100", "2010-01-31 39600"),
            ("2010-01-31T12:30", "2010-01-31 45000"),
            ("2010-01-31 12:30:05.25Z", "2010-01-31 45005.25"),
            ("2010-01-31T00:30:00+01:00", "2010-01-30 84600"),
            ("2010-01-31T12:30:00-08", "2010-01-31 73800"),
            ("1/31/2010 1:05 PM", "2010-01-31 47100"),
            ("2010-01-31T12:30:05.123456789Z", "2010-01-31 45005.123456"),
        ] {
            assert_eq!(one(text).as_deref(), Some(wanted), "{text}");
        }
        for text in ["soon", "2010-01-31-05", "2010-1-31x", "99", "3.14", "v1.2.3", "2010-01-31T25:00", "", "12:30"] {
            assert_eq!(one(text), None, "{text}");
        }
    }

    #[test]
    fn a_column_shows_whether_days_come_first_or_says_that_it_does_not() {
        let days = |cells: &[&str]| -> Result<Vec<Option<i64>>, String> {
            Ok(instants(cells.iter().map(|cell| Some(*cell)))?.into_iter().map(|instant| instant.map(|instant| instant / DAY)).collect())
        };
        assert_eq!(days(&["01/02/2010", "13/02/2010"]).unwrap()[0], from_civil(2010, 2, 1));
        assert_eq!(days(&["01/02/2010", "02/13/2010"]).unwrap()[0], from_civil(2010, 1, 2));
        assert!(days(&["01/02/2010", "03/04/2010"]).unwrap_err().contains("'01/02/2010' does not show"));
        assert!(days(&["13/02/2010", "02/13/2010"]).is_err());
        assert_eq!(days(&["2021-02-30", "2021-02-28"]).unwrap(), [None, from_civil(2021, 2, 28)], "an impossible date is missing");
        assert!(days(&["2021-02-28", "soon"]).unwrap_err().contains("'soon'"));
    }

    #[test]
    fn numbers_are_years_or_times_since_1970() {
        let read = |cells: &[f64], named| of_numbers(cells.iter().map(|&cell| Some(cell)), named);
        let day = |year, month, day| from_civil(year, month, day).map(|day| day * DAY);
        assert_eq!(read(&[1990.0, f64::NAN], false), Some(vec![day(1990, 1, 1), None]));
        for unit in [1.0, 1e3, 1e6, 1e9] {
            assert_eq!(read(&[1_577_836_800.0 * unit], true), Some(vec![day(2020, 1, 1)]));
        }
        assert_eq!(read(&[20_200_101.0, 20_210_230.0], true), Some(vec![day(2020, 1, 1), None]));
        assert_eq!(read(&[202_012.0], true), Some(vec![day(2020, 12, 1)]));
        assert_eq!((read(&[1_577_836_800.0], false), read(&[3.0, 7.0], true)), (None, None));
        assert!(is_time("created_at") && is_time("pubdate") && is_time("timestamp") && !is_time("price"));
    }
}
