//! Detection of the dialect of a csv file: delimiter, header, comments.
//!
//! Delimiters are tried on the first rows: the one that splits all of them into the same number of fields wins, then the one whose fields are
//! numbers. The first row is a header if it has words above numbers, if its first field is empty, if it has one field less than the others, or
//! if its numbers are regularly spaced (`0,1,2`, years, wavelengths) and those of the other rows are not.

use csv::StringRecord;

use super::Header;
use super::cells::{Decimal, is_missing, number, truth};
use super::lines::Records;

/// Candidate delimiters, in order of preference.
const DELIMITERS: [u8; 5] = [b',', b';', b'\t', b'|', b' '];
/// Number of rows for detecting the delimiter and the header.
const TRIED: usize = 200;
/// Number of rows of the head.
pub(super) const MOST_HEAD: usize = 10_000;
/// Minimum mean number of words in a field of prose.
const PROSE: f64 = 2.5;

/// The given options.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DialectOptions {
    pub(super) delimiter: Option<u8>,
    pub(super) header: Header,
    /// Whether the extension indicates a tab.
    pub(super) tabs: bool,
}

/// The dialect of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// Bytes before the first row: comments, the header.
    pub(super) body: usize,
    /// Number of fields per row.
    pub(super) width: usize,
    /// The names of the columns, if there is a header.
    pub(super) names: Option<Vec<String>>,
    /// Whether the first column is an unnamed index.
    pub(super) index: bool,
    /// Whether each row ends with a delimiter.
    pub(super) trailing: bool,
}

/// A dialect and the first rows; or the reason why there is none.
pub(super) enum Found {
    Rows(Dialect, Vec<StringRecord>),
    /// Too few bytes.
    More,
    /// A header without rows, or nothing.
    Nothing(&'static str),
    /// Invalid UTF-8: the row, from 1.
    NoText(u64),
}

/// The bytes of whole records; all of them at the end of the file if no quote is open.
fn complete(text: &[u8], delimiter: u8, whole: bool) -> &[u8] {
    let mut records = Records::new(delimiter);
    let end = records.look(text).unwrap_or(0);
    if whole && !records.is_open() { text } else { &text[..end] }
}

fn reader(text: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text)
}

/// At most this number of rows; or the row with invalid UTF-8.
fn rows(text: &[u8], delimiter: u8, most: usize) -> Result<Vec<StringRecord>, u64> {
    let mut rows = Vec::new();
    for record in reader(text, delimiter).into_records().take(most) {
        // Counted as if there were a header, which is usual.
        let record = record.map_err(|_| (rows.len() as u64).max(1))?;
        if !is_blank(&record) {
            rows.push(record);
        }
    }
    Ok(rows)
}

/// Whether a line is blank.
pub(super) fn is_blank(record: &StringRecord) -> bool {
    record.len() == 1 && record[0].trim().is_empty() && !record[0].is_empty()
}

impl Dialect {
    /// Detects the dialect of this head of a file; `whole`: it is the whole file.
    pub(super) fn find(head: &[u8], whole: bool, asked: DialectOptions) -> Found {
        let (mut start, mut delimiter, mut comment) = (0, asked.delimiter, None);
        loop {
            let rest = &head[start..];
            let Some(length) = rest.iter().position(|&byte| byte == b'\n').map(|at| at + 1).or(whole.then_some(rest.len())) else {
                return Found::More;
            };
            let line = rest[..length].trim_ascii();
            if line.is_empty() && length > 0 {
                start += length;
            } else if start == 0 && line.len() == 5 && line[..4].eq_ignore_ascii_case(b"sep=") {
                delimiter = delimiter.or(Some(line[4]));
                start += length;
            } else if line.starts_with(b"#") && length < rest.len() {
                comment = Some((start, length));
                start += length;
            } else {
                break;
            }
        }
        let delimiter = match delimiter {
            Some(delimiter) => delimiter,
            None => match best(&head[start..], whole, asked.tabs) {
                Ok(delimiter) => delimiter,
                Err(row) => return Found::NoText(row),
            },
        };
        let text = complete(&head[start..], delimiter, whole);
        let mut rows = match rows(text, delimiter, MOST_HEAD) {
            Ok(rows) => rows,
            Err(row) => return Found::NoText(row),
        };
        if rows.len() < 2 && !whole {
            return Found::More;
        }
        let Some(top) = rows.first().cloned() else { return Found::Nothing("no rows") };
        let width = common_width(&rows[1..]).unwrap_or(top.len());
        // The last comment line may be the header: `# x,y`, `#id<tab>name`.
        let named = comment.and_then(|(start, length)| {
            let line = head[start..start + length].trim_ascii();
            let names = line.strip_prefix(b"#")?.trim_ascii_start();
            let names = self::rows(names, delimiter, 1).ok()?.into_iter().next()?;
            let fits = names.len() == width && width > 1 && asked.header != Header::No && !is_header(&top, &rows[1..]);
            (fits && names.iter().all(|name| is_word(name) && name.split_whitespace().count() <= 5)).then_some(names)
        });
        let shorter = top.len() + 1 == width && rows.len() > 1;
        let header = match asked.header {
            Header::Yes => named.is_none(),
            Header::No => false,
            Header::Auto => named.is_none() && (shorter || is_header(&top, &rows[1..])),
        };
        let mut body = start;
        if header {
            let mut reader = reader(text, delimiter);
            let mut record = StringRecord::new();
            while reader.read_record(&mut record).unwrap_or(false) && is_blank(&record) {}
            body += usize::try_from(reader.position().byte()).unwrap_or(text.len()).min(text.len());
            rows.remove(0);
        }
        if rows.is_empty() {
            return Found::Nothing("a header and no rows");
        }
        let trailing = width > 1
            && rows.iter().all(|row| row.get(width - 1).is_none_or(|cell| cell.trim().is_empty()))
            && !top_names_last(&top, width, header);
        let names: Option<Vec<String>> =
            named.or_else(|| header.then_some(top)).map(|top| top.iter().map(|name| name.trim().to_owned()).collect());
        let (names, index) = match names {
            Some(mut names) => {
                // R's write.table writes no name for the column of row names.
                if names.len() + 1 == width && !trailing {
                    names.insert(0, String::new());
                }
                names.truncate(width);
                names.resize(width, String::new());
                let index = names[0].is_empty() && width > 1 && names[1..width - usize::from(trailing)].iter().all(|name| !name.is_empty());
                (Some(names), index)
            }
            None => (None, false),
        };
        Found::Rows(Dialect { delimiter, body, width, names, index, trailing }, rows)
    }
}

/// Whether the header has a name for the last column.
fn top_names_last(top: &StringRecord, width: usize, header: bool) -> bool {
    header && top.get(width - 1).is_some_and(|name| !name.trim().is_empty())
}

/// The most frequent number of fields.
fn common_width(rows: &[StringRecord]) -> Option<usize> {
    let mut widths = std::collections::BTreeMap::new();
    rows.iter().take(TRIED).for_each(|row| *widths.entry(row.len()).or_insert(0_usize) += 1);
    widths.into_iter().max_by_key(|&(_, rows)| rows).map(|(width, _)| width)
}

/// The score of a delimiter on the first rows: 0 none split, 1 most split alike, or all but a header that is one field short, 2 all alike; then
/// the share of numeric fields, minus those with another delimiter.
fn fit(text: &[u8], whole: bool, delimiter: u8) -> Result<(u8, f64), u64> {
    let rows = rows(complete(text, delimiter, whole), delimiter, TRIED)?;
    let Some(top) = rows.first() else { return Ok((0, 0.0)) };
    let body = if rows.len() > 1 { &rows[1..] } else { &rows[..] };
    let width = common_width(body).unwrap_or(0);
    if width < 2 {
        return Ok((0, 0.0));
    }
    let same = body.iter().filter(|row| row.len() == width).count();
    let alike = if same == body.len() && top.len() == width {
        2
    } else {
        // A header may be one field short, or have an empty one more.
        let near = top.len() + 1 == width || top.len() == width || (top.len() == width + 1 && top[width].trim().is_empty());
        u8::from(near && same * 10 >= body.len() * 9)
    };
    let (mut all, mut sum) = (0_u64, 0_i64);
    for cell in body.iter().take(50).flat_map(StringRecord::iter) {
        all += 1;
        sum += if is_plain(cell) {
            1
        } else {
            -i64::from(DELIMITERS[..4].iter().any(|&other| other != delimiter && cell.as_bytes().contains(&other)))
        };
    }
    let share = sum as f64 / all.max(1) as f64;
    // Prose has spaces, too: only numeric fields separated by spaces count as a table.
    if delimiter == b' ' && (alike < 1 || share < 0.5) { Ok((0, 0.0)) } else { Ok((alike, share)) }
}

/// Whether a field is a number, a boolean, or missing.
fn is_plain(cell: &str) -> bool {
    is_missing(cell) || truth(cell).is_some() || is_number(cell)
}

fn is_number(cell: &str) -> bool {
    number(cell, Decimal::Point).is_some() || number(cell, Decimal::Comma).is_some()
}

fn is_word(cell: &str) -> bool {
    !is_plain(cell)
}

/// The best delimiter for the first rows.
fn best(text: &[u8], whole: bool, tabs: bool) -> Result<u8, u64> {
    let mut best = (if tabs { b'\t' } else { b',' }, (0, 0.0));
    let mut failed = None;
    for delimiter in DELIMITERS {
        match fit(text, whole, delimiter) {
            Ok(fit) => {
                let preferred = tabs && delimiter == b'\t' && fit.0 > 0;
                if preferred || (fit.0, fit.1) > best.1 {
                    best = (delimiter, fit);
                }
                if preferred {
                    break;
                }
            }
            Err(row) => failed = Some(row),
        }
    }
    match failed {
        Some(row) => Err(row),
        None => Ok(best.0),
    }
}

/// Whether unnamed text is a table, not prose: its fields are numbers or single words. `with_header`: it must have a
/// header.
pub(super) fn is_table(head: &[u8], whole: bool, with_header: bool) -> bool {
    if let Found::Rows(dialect, rows) = Dialect::find(head, whole, DialectOptions::default()) {
        if with_header && dialect.names.is_none() {
            return false;
        }
        let rows = &rows[..rows.len().min(TRIED)];
        let number = |column: usize| {
            let cells = || rows.iter().filter_map(|row| row.get(column)).filter(|cell| !is_missing(cell));
            cells().next().is_some() && cells().all(is_plain)
        };
        if (0..dialect.width).any(number) {
            return true;
        }
        let quoted = head.starts_with(b"\"") || head.windows(2).any(|pair| pair[0] == dialect.delimiter && pair[1] == b'"');
        let spaced = rows.iter().flat_map(|row| row.iter().skip(1)).filter(|cell| cell.starts_with(' ')).count();
        let cells = rows.iter().map(StringRecord::len).sum::<usize>();
        let words: usize = rows.iter().flat_map(StringRecord::iter).map(|cell| cell.split_whitespace().count()).sum();
        let alike = rows.iter().all(|row| row.len() == dialect.width) && dialect.width > 1;
        let prose = spaced * 2 > cells.saturating_sub(rows.len()) || words as f64 > PROSE * cells as f64;
        return alike && (quoted || dialect.delimiter == b'\t' || !prose);
    }
    false
}

/// Whether the first row is a header.
fn is_header(top: &StringRecord, body: &[StringRecord]) -> bool {
    let body = &body[..body.len().min(TRIED)];
    if body.is_empty() {
        return top.iter().all(is_word);
    }
    let column = |at: usize| body.iter().filter_map(move |row| row.get(at)).filter(|cell| !is_missing(cell));
    // Words above numbers, or above missing cells.
    let above = |(at, cell): (usize, &str)| {
        let (mut all, mut plain) = (0, 0);
        column(at).for_each(|cell| {
            all += 1;
            plain += usize::from(is_plain(cell));
        });
        is_word(cell) && plain * 10 >= all * 9
    };
    if top.iter().enumerate().any(above) {
        return true;
    }
    // An index that counts the rows, as R and pandas write it: nothing stands above it but the end of the header.
    let counts_up = |(row, record): (usize, &StringRecord)| {
        let first = body[0].get(0).and_then(|cell| cell.trim().parse::<u64>().ok()).filter(|&first| first < 2);
        first.is_some_and(|first| record.get(0).is_some_and(|cell| cell.trim().parse() == Ok(first + row as u64)))
    };
    let has_name = |cell: &str| is_word(cell) && !cell.trim().is_empty();
    if top.len() > 1 && top[0].trim().is_empty() && top.iter().skip(1).all(has_name) && body.iter().enumerate().all(counts_up) {
        return true;
    }
    let numbers: Vec<(usize, f64)> = top
        .iter()
        .enumerate()
        .filter_map(|(at, cell)| Some((at, cell.trim().parse::<f64>().ok().filter(|value| value.is_finite())?)))
        .collect();
    if numbers.is_empty() {
        // Words everywhere: the first row is a header, unless its words occur below, or are sentences.
        let again = |(at, cell): (usize, &str)| top.len() > 1 && column(at).any(|other| other.trim() == cell.trim());
        let sentence = |cell: &str| cell.split_whitespace().count() > 8;
        return top.iter().all(has_name) && !top.iter().enumerate().any(again) && !top.iter().any(sentence);
    }
    if top.iter().enumerate().any(|(at, cell)| numbers.iter().all(|number| number.0 != at) && at > 0 && !has_name(cell)) {
        return false;
    }
    let words = top.len() - numbers.len();
    let first_is_free = numbers[0].0 > 0;
    let index = first_is_free && top[0].trim().is_empty() && column(0).next().is_some();
    counts(&numbers, words > 0 && first_is_free, index, body)
}

/// Whether numbers in the first row are names: they are regularly spaced, and those of other rows are not.
fn counts(numbers: &[(usize, f64)], named: bool, index: bool, body: &[StringRecord]) -> bool {
    let values: Vec<f64> = numbers.iter().map(|number| number.1).collect();
    let of_row = |row: &StringRecord| -> Option<Vec<f64>> { numbers.iter().map(|&(at, _)| number(row.get(at)?, Decimal::Point)).collect() };
    let share = |test: &dyn Fn(&[f64]) -> bool| {
        body.iter().filter(|row| of_row(row).is_some_and(|values| test(&values))).count() as f64 / body.len() as f64
    };
    let whole = |values: &[f64]| values.iter().all(|value| value.fract() == 0.0);
    let is_year = |value: &f64| value.fract() == 0.0 && (1500.0..=2200.0).contains(value);
    let ascends = |values: &[f64]| values.windows(2).all(|pair| pair[0] < pair[1]);
    let steady = |values: &[f64]| {
        let step = values.get(1).map_or(0.0, |second| second - values[0]);
        step > 0.0 && values.windows(2).all(|pair| ((pair[1] - pair[0]) - step).abs() <= 1e-6 * step.abs().max(pair[1].abs()))
    };
    let distinct = {
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.windows(2).all(|pair| pair[0] < pair[1])
    };
    if !distinct {
        return false;
    }
    if index {
        return true;
    }
    let years = values.iter().all(is_year) && (values.len() > 1 || named);
    if years && share(&|values| values.iter().all(is_year)) < 0.1 {
        return true;
    }
    // Cells in another format than the first row: `0.5` below `0`.
    let points = body.iter().filter(|row| numbers.iter().any(|&(at, _)| row.get(at).is_some_and(|cell| cell.contains('.')))).count();
    let otherwise = whole(&values) && points * 2 > body.len();
    let from_zero = values.iter().enumerate().all(|(at, &value)| value == at as f64);
    let from_one = values.iter().enumerate().all(|(at, &value)| value == at as f64 + 1.0);
    let same = |row: &[f64]| row == values;
    if values.len() >= 2 && (from_zero || (from_one && named)) {
        // A row of data may be 0, 1; it is unlikely to be 0, 1, 2 if the others are not regular.
        let by_one = |row: &[f64]| row.windows(2).all(|pair| pair[1] - pair[0] == 1.0);
        return otherwise || named && share(&same) < 0.1 || values.len() > 2 && share(&by_one) < 0.1;
    }
    if values.len() >= 3 && steady(&values) && (otherwise || named) && share(&steady) < 0.1 {
        return true;
    }
    values.len() >= 6 && ascends(&values) && share(&ascends) < 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> (Dialect, Vec<StringRecord>) {
        match Dialect::find(text.as_bytes(), true, DialectOptions::default()) {
            Found::Rows(dialect, rows) => (dialect, rows),
            _ => panic!("{text}"),
        }
    }

    fn names(text: &str) -> Option<String> {
        find(text).0.names.map(|names| names.join("|"))
    }

    #[test]
    fn the_delimiter_splits_all_rows_alike() {
        for (text, delimiter, width) in [
            ("10,5;3,2;8,0\n11,5;3,1;7,0\n", b';', 3),
            ("a;b\n1,5;2,5\n", b';', 2),
            ("1,5;x\n2,5;y\n", b';', 2),
            ("a,b\n1,2\n", b',', 2),
            ("name,tags\nx,a;b\ny,c;d\n", b',', 2),
            ("\"a;b\",\"c;d\"\n1,2\n", b',', 2),
            ("id\ttext\n1\thello, world\n2\tfoo, bar\n", b'\t', 2),
            ("a|b\n1|2\n", b'|', 2),
            ("\"x\" \"y\"\n\"1\" 0.5 2\n\"2\" 0.7 3\n", b' ', 3),
            ("text\na b c\nd e f\n", b',', 1),
            ("sep=;\na;b\n1;2\n", b';', 2),
            ("x,y\n1,\"a;b;c\"\n2,\"d;e\"\n", b',', 2),
        ] {
            let (dialect, _) = find(text);
            assert_eq!((dialect.delimiter as char, dialect.width), (delimiter as char, width), "{text}");
        }
    }

    #[test]
    fn the_header_is_told_from_a_row() {
        for (text, wanted) in [
            ("a,b\n1,2\n", Some("a|b")),
            ("country,2019,2020,2021\nGermany,1.5,2.5,3.5\nFrance,3,4,7\n", Some("country|2019|2020|2021")),
            (",0,1,2\n0,0.5,1.5,2.5\n1,0.1,0.2,0.7\n", Some("|0|1|2")),
            (",0,1\n0,5,7\n1,9,7\n", Some("|0|1")),
            ("0,1,2\n0.5,1.5,2.25\n0.1,0.2,0.7\n", Some("0|1|2")),
            ("0,1\n0.5,1.5\n0.1,0.2\n", Some("0|1")),
            ("0,1\n1,0\n1,1\n", None),
            ("1,2,3\n7,1,4\n", None),
            ("0,1,2\n3,4,5\n6,7,8\n", None),
            ("5.1,3.5,setosa\n4.9,3.0,setosa\n", None),
            ("2020-01-01,5.1\n2020-01-02,5.2\n", None),
            ("400.0,400.5,401.0,401.5,402.0,402.5\n0.9,0.8,0.95,0.7,0.9,0.6\n", Some("400.0|400.5|401.0|401.5|402.0|402.5")),
            (",tea,where\n1,tea,shop\n2,coffee,where\n", Some("|tea|where")),
            ("name,city\nAnn,Berlin\nBob,Paris\n", Some("name|city")),
            ("Ann,Berlin\nBob,Paris\nEve,Berlin\n", None),
            ("\"x\" \"y\"\n\"r1\" 0.5 2\n\"r2\" 0.7 3\n", Some("|x|y")),
            ("# x,y\n1,2\n3,4\n", Some("x|y")),
            ("# made by us\nx,y\n1,2\n", Some("x|y")),
            ("True,False\nFalse,True\n", None),
            ("#id\tn\n1\t2\n", Some("id|n")),
            ("country;2019;2020\nGermany;1,5;2,5\n", Some("country|2019|2020")),
        ] {
            assert_eq!(names(text).as_deref(), wanted, "{text}");
        }
        assert!(find(",a\nx,1\n").0.index && find("\"x\" \"y\"\n\"r1\" 0.5 2\n").0.index && !find("a,b\n1,2\n").0.index);
    }

    #[test]
    fn what_is_no_row_is_left_out() {
        let (dialect, rows) = find("sep=;\n\na;b;\n1;2;\n   \n3;4;\n");
        assert_eq!((dialect.width, dialect.trailing, rows.len(), dialect.body), (3, true, 2, 12));
        let (dialect, rows) = find("a,b\n1,2,\n3,4,\n");
        assert_eq!((dialect.trailing, dialect.index, rows.len()), (true, false, 2));
        assert!(!find("a,b,c\n1,2,\n3,4,\n").0.trailing, "a column with a name is one");
    }

    #[test]
    fn prose_is_no_table() {
        for text in ["the star, the galaxy\n", "One star, two stars.\nA planet, far away, cold.\nDust, gas, light.\n", "a line of words\n"]
        {
            assert!(!is_table(text.as_bytes(), true, false), "{text}");
        }
        for text in [
            "a,b\n1,2\n",
            "1.5\n2\n",
            "5.1,3.5\n",
            "name,city\nAnn,Berlin\n",
            "\"a b, c d\",\"x y z\"\n\"e f g h\",\"i, j k\"\n",
            "a\tb\nc d e\tf g h\n",
        ] {
            assert!(is_table(text.as_bytes(), true, false), "{text}");
        }
    }
}
