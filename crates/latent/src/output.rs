//! Standard output, as JSON or readable tables; and error messages on standard error.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

pub(crate) use latentspace::error::count;
use latentspace::error::{Error, Result};
pub(crate) use latentspace::interval::number;
use latentspace::measure::Measure;
use serde::Serialize;

/// Writes a text to standard output. A closed pipe (`latent methods | head`) is not an error.
pub(crate) fn text(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    match write!(out, "{text}{newline}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::io("standard output", error)),
        _ => Ok(()),
    }
}

/// Writes a value as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    text(&serde_json::to_string(value).map_err(|error| Error::internal(error.to_string()))?)
}

/// Writes an error and its hint to standard error.
pub(crate) fn error(error: &Error, hint: Option<&str>) {
    let colored = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let (red, cyan, plain) = if colored { ("\x1b[1;31m", "\x1b[1;36m", "\x1b[0m") } else { ("", "", "") };
    let mut sentence = error.to_string();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    let mut out = std::io::stderr().lock();
    // If standard error is closed, only the exit code reports the error.
    let _ = match error {
        Error::Cancelled => writeln!(out, "{sentence}"),
        _ => writeln!(out, "{red}error:{plain} {sentence}"),
    };
    if let Some(hint) = hint {
        let _ = writeln!(out, "{cyan}hint:{plain} {hint}");
    }
}

/// `0.4 s`, `21 s`, `3 min 20 s`, `2 h 5 min`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 0.1 => "under 0.1 s".to_owned(),
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 3600.0 => format!("{} min {} s", s as u64 / 60, s as u64 % 60),
        s => format!("{} h {} min", s as u64 / 3600, s as u64 % 3600 / 60),
    }
}

/// Lines of columns, aligned; a column whose cells are all numbers is aligned to the right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
    let is_number = |text: &str| text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let mut out = String::new();
    let columns: Vec<(usize, bool)> = (0..header.len())
        .map(|column| {
            let widest = rows.iter().map(|row| cell(row, column).chars().count()).chain([header[column].chars().count()]).max();
            (widest.unwrap_or(0), !rows.is_empty() && rows.iter().all(|row| is_number(&cell(row, column))))
        })
        .collect();
    let mut line = |cells: Vec<String>| {
        let mut text = String::from(" ");
        for (cell, &(width, right)) in cells.iter().zip(&columns) {
            let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
            text.push_str(&if right { format!(" {pad}{cell} ") } else { format!(" {cell}{pad} ") });
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    if header.iter().any(|name| !name.is_empty()) {
        line(header.iter().map(|&name| name.to_owned()).collect());
    }
    for row in rows {
        line((0..header.len()).map(|column| cell(row, column)).collect());
    }
    out
}

/// Wraps a text at 100 characters; the first line begins with `head`, the others are indented by its width.
pub(crate) fn wrapped(head: &str, text: &str) -> String {
    const WIDTH: usize = 100;
    let indent = head.chars().count();
    let (mut out, mut length) = (head.to_owned(), indent);
    for word in text.split_whitespace() {
        let more = word.chars().count();
        if length > indent && length + 1 + more > WIDTH {
            out.push_str(&format!("\n{}", " ".repeat(indent)));
            length = indent;
        }
        if length > indent {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += more;
    }
    out + "\n"
}

/// The measures as a table: value, interval, null.
pub(crate) fn measures(measures: &BTreeMap<String, Measure>) -> String {
    let rows: Vec<Vec<String>> = measures
        .iter()
        .map(|(name, measure)| {
            let interval =
                if measure.low == measure.high { String::new() } else { format!("{} to {}", number(measure.low), number(measure.high)) };
            vec![name.replace('_', " "), number(measure.value), interval, measure.null.map(number).unwrap_or_default()]
        })
        .collect();
    table(&["measure", "value", "95 % interval", "random"], &rows)
}

/// Peak memory of this process so far in MiB, as reported by the system; none if unknown.
pub(crate) fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some((kib / 1024.0 * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!((count(60000), count(999), count(1234567)), ("60,000".into(), "999".into(), "1,234,567".into()));
        assert_eq!((number(0.96812), number(12.0), number(-1234.56)), ("0.9681".into(), "12".into(), "-1234.6".into()));
        assert_eq!((duration(0.04), duration(3.21), duration(200.0)), ("under 0.1 s".into(), "3.2 s".into(), "3 min 20 s".into()));
    }

    #[test]
    fn long_texts_are_broken_between_words_and_hang() {
        let text = format!("{} end", "word ".repeat(30));
        let lines: Vec<String> = wrapped("  a  ", &text).lines().map(str::to_owned).collect();
        assert!(lines.len() == 2 && lines.iter().all(|line| line.len() <= 100), "{lines:?}");
        assert!(lines[0].starts_with("  a  word") && lines[1].starts_with("     word") && lines[1].ends_with(" end"));
    }

    #[test]
    fn columns_are_aligned() {
        let text = table(&["name", "n"], &[vec!["a".into(), "1".into()], vec!["long".into(), "100".into()]]);
        assert_eq!(text, "  name    n\n  a       1\n  long  100\n");
    }
}
