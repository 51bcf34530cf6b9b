//! Parsing of text cells: numbers with decimal marks and thousands separators, booleans, vectors, and missing cells.

/// The decimal mark of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Decimal {
    /// `1,234.5`
    #[default]
    Point,
    /// `1.234,5`
    Comma,
}

impl Decimal {
    /// The character.
    pub(super) fn sign(self) -> char {
        match self {
            Decimal::Point => '.',
            Decimal::Comma => ',',
        }
    }
}

/// Words and marks of missing cells, in lower case: those of R, pandas, SQL and spreadsheets.
const MISSING: &[&str] = &[
    "", "na", "n/a", "<na>", "nan", "nat", "null", "none", "?", ".", "-", "--", "#n/a", "#na", "#n/a n/a", "#div/0!", "#value!", "#ref!",
    "#name?", "#num!", "#null!", "(null)", "\\n",
];
/// The subset that cannot be words: the only missing cells in columns of text.
const MISSING_TEXT: &[&str] =
    &["", "<NA>", "NaN", "NULL", "#N/A", "#N/A N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "(null)", "\\N"];
/// Thousands separators, in addition to the mark that is not the decimal one.
const BETWEEN_GROUPS: [char; 6] = [' ', '\u{a0}', '\u{202f}', '\u{2009}', '\'', '’'];

/// Whether a cell of numbers or booleans is missing.
pub(super) fn is_missing(cell: &str) -> bool {
    let cell = cell.trim();
    cell.len() <= 8 && MISSING.iter().any(|missing| cell.eq_ignore_ascii_case(missing))
}

/// Whether a cell of text is missing.
pub(super) fn is_missing_text(cell: &str) -> bool {
    match cell.as_bytes().first() {
        None => true,
        Some(b'<' | b'N' | b'#' | b'(' | b'\\') => cell.len() <= 8 && MISSING_TEXT.contains(&cell),
        Some(_) => false,
    }
}

/// Parses a boolean.
pub(super) fn truth(cell: &str) -> Option<bool> {
    let cell = cell.trim();
    match cell.len() {
        4 if cell.eq_ignore_ascii_case("true") => Some(true),
        5 if cell.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Parses a number; none if it is not a number, or NaN.
pub(super) fn number(cell: &str, decimal: Decimal) -> Option<f64> {
    let cell = cell.trim();
    if decimal == Decimal::Point
        && let Ok(value) = cell.parse::<f64>()
    {
        return Some(value).filter(|value| !value.is_nan());
    }
    grouped(cell, decimal)
}

/// Parses a number with separators: `1.234,5`, `1 234.5`, `−3,2`.
fn grouped(cell: &str, decimal: Decimal) -> Option<f64> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (sign, body) = match cell.strip_prefix(['-', '−']) {
        Some(body) => ("-", body),
        None => ("", cell.strip_prefix('+').unwrap_or(cell)),
    };
    if !body.starts_with(|first: char| first.is_ascii_digit() || first == decimal.sign()) {
        return (sign.is_empty() || cell.starts_with('-')).then(|| cell.parse().ok()).flatten().filter(|value: &f64| value.is_infinite());
    }
    let (mantissa, exponent) = body.split_at(body.find(['e', 'E']).unwrap_or(body.len()));
    let (whole, part) = mantissa.split_once(decimal.sign()).map_or((mantissa, ""), |(whole, part)| (whole, part));
    let other = if decimal == Decimal::Point { ',' } else { '.' };
    let mut plain = String::with_capacity(cell.len() + 1);
    plain.push_str(sign);
    match whole.chars().find(|sign| !sign.is_ascii_digit()) {
        None => plain.push_str(whole),
        Some(between) if between == other || BETWEEN_GROUPS.contains(&between) => {
            let mut groups = whole.split(between);
            let first = groups.next()?;
            if first.is_empty() || first.len() > 3 || first.starts_with('0') || !digits(first) {
                return None;
            }
            plain.push_str(first);
            for group in groups {
                if group.len() != 3 || !digits(group) {
                    return None;
                }
                plain.push_str(group);
            }
        }
        Some(_) => return None,
    }
    if !digits(part) || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    plain.push('.');
    plain.push_str(part);
    plain.push_str(exponent);
    plain.parse().ok()
}

/// Evidence of the number format from the cells of a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    /// Number of cells that are numbers only with a decimal point, and only with a decimal comma.
    point: usize,
    comma: usize,
    /// Ambiguous cells such as `1,011`: 1.011, or 1011.
    either: usize,
    /// Integers without separators of at most three digits, and of more.
    short: usize,
    long: usize,
    /// An ambiguous cell.
    pub(super) example: Option<String>,
}

impl Marks {
    pub(super) fn see(&mut self, cell: &str) {
        let cell = cell.trim();
        if cell.bytes().all(|byte| byte.is_ascii_digit()) {
            if cell.len() <= 3 {
                self.short += 1
            } else {
                self.long += 1
            }
            return;
        }
        match (number(cell, Decimal::Point), number(cell, Decimal::Comma)) {
            (Some(_), None) => self.point += 1,
            (None, Some(_)) => self.comma += 1,
            (Some(a), Some(b)) if a != b && cell.contains(',') => {
                self.either += 1;
                self.example.get_or_insert_with(|| cell.to_owned());
            }
            _ => {}
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.point += other.point;
        self.comma += other.comma;
        self.either += other.either;
        self.short += other.short;
        self.long += other.long;
    }

    /// The decimal mark of unambiguous cells; none if there are none, or they contradict each other.
    fn shown(&self) -> Option<Decimal> {
        match (self.point, self.comma) {
            (0, 0) => None,
            (point, comma) if point > 10 * comma => Some(Decimal::Point),
            (point, comma) if comma > 10 * point => Some(Decimal::Comma),
            _ => None,
        }
    }

    /// The decimal mark of a column, and whether it is ambiguous. `file`: the evidence of all columns.
    pub(super) fn decimal(&self, file: &Self, delimiter: u8) -> (Decimal, bool) {
        if let Some(decimal) = self.shown() {
            return (decimal, false);
        }
        if self.point + self.comma > 0 {
            return (if self.comma > self.point { Decimal::Comma } else { Decimal::Point }, false);
        }
        if let Some(decimal) = file.shown() {
            return (decimal, false);
        }
        if self.either == 0 {
            return (Decimal::Point, false);
        }
        // In comma-delimited files a comma within quotes separates thousands; also if numbers below 1000 have no mark.
        let thousands = delimiter == b',' || (self.short > 0 && self.long == 0);
        (if thousands { Decimal::Point } else { Decimal::Comma }, true)
    }
}

/// Parses a vector: `[0.1, 0.2]`, `(1 2 3)`, `0.1 0.2 0.3`; appends its numbers and returns their count. Nothing is
/// appended if the cell is not a vector.
pub(super) fn vector(cell: &str, out: &mut Vec<f64>) -> Option<usize> {
    let cell = cell.trim();
    let inner = match cell.as_bytes() {
        [b'[', .., b']'] | [b'(', .., b')'] => &cell[1..cell.len() - 1],
        _ => cell,
    };
    let before = out.len();
    for word in inner.split(|sign: char| sign == ',' || sign.is_whitespace()).filter(|word| !word.is_empty()) {
        match word.parse() {
            Ok(value) => out.push(value),
            Err(_) => {
                out.truncate(before);
                return None;
            }
        }
    }
    Some(out.len() - before).filter(|&width| width > 0)
}

/// The common length of the vectors in these cells; none if not all are vectors.
pub(super) fn vector_width<'a>(cells: impl Iterator<Item = &'a str>) -> Option<usize> {
    let (mut width, mut sure, mut numbers) = (None, false, Vec::new());
    for cell in cells {
        numbers.clear();
        let found = vector(cell, &mut numbers)?;
        let bracketed = cell.trim_start().starts_with(['[', '(']);
        // Without brackets `1 011` is a number, as is `12`.
        sure |= bracketed || (found > 1 && cell.contains('.')) || found > 3;
        if !bracketed && found == 1 {
            return None;
        }
        // Cells of other lengths give errors with their rows when they are read.
        width = width.or(Some(found));
    }
    width.filter(|_| sure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let both = |cell: &str| (number(cell, Decimal::Point), number(cell, Decimal::Comma));
        for (cell, point, comma) in [
            ("10.5", Some(10.5), None),
            ("10,5", None, Some(10.5)),
            ("1,011", Some(1011.0), Some(1.011)),
            ("1.011", Some(1.011), Some(1011.0)),
            ("0,500", None, Some(0.5)),
            ("1,234,567", Some(1_234_567.0), None),
            ("1.234.567", None, Some(1_234_567.0)),
            ("1.011,5", None, Some(1011.5)),
            ("1,011.5", Some(1011.5), None),
            ("1 011", Some(1011.0), Some(1011.0)),
            ("1\u{202f}011,5", None, Some(1011.5)),
            ("1'011.5", Some(1011.5), None),
            ("−3", Some(-3.0), Some(-3.0)),
            ("-3,2e-2", None, Some(-0.032)),
            ("+7", Some(7.0), Some(7.0)),
            (".5", Some(0.5), None),
            (",5", None, Some(0.5)),
            ("inf", Some(f64::INFINITY), Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY), Some(f64::NEG_INFINITY)),
            ("nan", None, None),
            ("12 kg", None, None),
            ("1,01", None, Some(1.01)),
            ("12,34,567", None, None),
            ("K1A0B1", None, None),
            ("-", None, None),
            ("2020-01-01", None, None),
            ("1 2", None, None),
            ("10.0.0.1", None, None),
        ] {
            assert_eq!(both(cell), (point, comma), "{cell}");
        }
    }

    #[test]
    fn the_cells_of_a_column_show_its_decimal_mark() {
        let marks = |cells: &[&str]| {
            let mut marks = Marks::default();
            cells.iter().for_each(|cell| marks.see(cell));
            marks
        };
        let none = Marks::default();
        assert_eq!(marks(&["10,5", "1,011"]).decimal(&none, b';'), (Decimal::Comma, false));
        assert_eq!(marks(&["10.5", "1,011"]).decimal(&none, b','), (Decimal::Point, false));
        assert_eq!(marks(&["1,011"]).decimal(&marks(&["10,5"]), b';'), (Decimal::Comma, false), "other columns tell");
        assert_eq!(marks(&["1,011"]).decimal(&none, b','), (Decimal::Point, true), "between commas: thousands");
        assert_eq!(marks(&["1,011", "999"]).decimal(&none, b';'), (Decimal::Point, true), "999 has no group");
        assert_eq!(marks(&["1,011", "2,500"]).decimal(&none, b';'), (Decimal::Comma, true));
        assert_eq!(marks(&["7", "12"]).decimal(&none, b';'), (Decimal::Point, false));
    }

    #[test]
    fn vectors_as_text_are_told_from_numbers_and_words() {
        let width = |cells: &[&str]| vector_width(cells.iter().copied());
        assert_eq!(width(&["[0.1, 0.2]", "[3, 4]"]), Some(2));
        assert_eq!(width(&["0.1 0.2 0.3", "1 2 3"]), Some(3));
        assert_eq!(width(&["[ 1.  2.\n 3.]"]), Some(3));
        assert_eq!(width(&["1 011", "2 022"]), None);
        assert_eq!(width(&["5", "[1]"]), None);
        assert_eq!(width(&["0.1 0.2", "word"]), None);
        assert_eq!(width(&["[]"]), None);
    }

    #[test]
    fn missing_cells_have_many_marks() {
        for cell in ["", " ", "#N/A", "<NA>", "#DIV/0!", "#VALUE!", "NULL", "None", "n/a", "-", ".", "?", "NaN"] {
            assert!(is_missing(cell), "{cell}");
        }
        assert!(!is_missing("0") && !is_missing("no"));
        assert!(is_missing_text("#N/A") && !is_missing_text("None") && !is_missing_text("NA") && !is_missing_text("-"));
        assert_eq!((truth("TRUE"), truth("false"), truth("yes")), (Some(true), Some(false), None));
    }
}
