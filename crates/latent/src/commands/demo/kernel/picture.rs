//! Points before and after, with the line or plane between the classes: in characters, and as an SVG for light and dark backgrounds.

use std::fmt::Write;
use std::io::IsTerminal;

use super::{Found, Set};

/// Columns and lines of a panel of characters.
const COLUMNS: usize = 40;
const LINES: usize = 16;
/// Points of both classes, the line between them, and their colors on a terminal.
const GLYPHS: [char; 2] = ['●', '○'];
const COLORS: [&str; 2] = ["\x1b[34m", "\x1b[33m"];

/// A panel: places of points, and on which side of the line a place lies.
struct Panel<'a> {
    title: String,
    points: Vec<[f64; 2]>,
    side: Box<dyn Fn([f64; 2]) -> bool + 'a>,
}

/// The two columns with the best line, and the first kernel's space seen along the plane.
fn panels<'a>(set: &Set, found: &'a [Found]) -> Vec<Panel<'a>> {
    let plain = |found: &'a Found| Panel {
        title: format!("{}: a line, right for {:.0} %", set.name, 100.0 * found.accuracy.value),
        points: (0..set.rows.rows()).map(|point| [0, 1].map(|axis| f64::from(set.rows.row(point)[axis]))).collect(),
        side: Box::new(move |place: [f64; 2]| found.planes.class_of(&place.map(|value| value as f32)) == 1),
    };
    let seen = |found: &'a Found| Panel {
        title: format!("{}: a plane, right for {:.1} %", found.title(), 100.0 * found.accuracy.value),
        points: found.across(),
        side: Box::new(|place: [f64; 2]| place[0] > 0.0),
    };
    found.first().map(plain).into_iter().chain(found.get(1).map(seen)).collect()
}

/// The range of points along each axis, with some room.
fn bounds(points: &[[f64; 2]]) -> [[f64; 2]; 2] {
    [0, 1].map(|axis| {
        let (low, high) =
            points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), point| (low.min(point[axis]), high.max(point[axis])));
        let room = 0.03 * (high - low).max(f64::MIN_POSITIVE);
        [low - room, high + room]
    })
}

/// Both panels side by side, in characters; in color on a terminal.
pub(super) fn text(set: &Set, found: &[Found]) -> String {
    let colored = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let panels: Vec<Vec<String>> = panels(set, found).iter().map(|panel| characters(panel, &set.class, colored)).collect();
    let mut out = String::new();
    for line in 0..LINES + 3 {
        let cells: Vec<&str> = panels.iter().map(|panel| panel[line].as_str()).collect();
        let _ = writeln!(out, "  {}", cells.join("   ").trim_end());
    }
    let key = |class: usize| {
        if colored {
            format!("{}{}\x1b[0m {}", COLORS[class], GLYPHS[class], set.classes[class])
        } else {
            format!("{} {}", GLYPHS[class], set.classes[class])
        }
    };
    let _ = writeln!(out, "  {}   {}   · between the classes", key(0), key(1));
    out
}

/// The lines of a panel, each of the same width.
fn characters(panel: &Panel<'_>, class: &[u32], colored: bool) -> Vec<String> {
    let bounds = bounds(&panel.points);
    let cell = |value: f64, [low, high]: [f64; 2], count: usize| (((value - low) / (high - low) * count as f64) as usize).min(count - 1);
    let mut counts = vec![[0_u32; 2]; COLUMNS * LINES];
    for (point, &class) in panel.points.iter().zip(class) {
        let (column, line) = (cell(point[0], bounds[0], COLUMNS), LINES - 1 - cell(point[1], bounds[1], LINES));
        counts[line * COLUMNS + column][class as usize] += 1;
    }
    let place = |column: usize, line: usize| {
        let along = |at: usize, count: usize, [low, high]: [f64; 2]| low + (high - low) * (at as f64 + 0.5) / count as f64;
        [along(column, COLUMNS, bounds[0]), along(LINES - 1 - line.min(LINES - 1), LINES, bounds[1])]
    };
    let side = |column: usize, line: usize| (panel.side)(place(column.min(COLUMNS - 1), line));
    let mut lines = vec![format!("{:<width$}", panel.title, width = COLUMNS + 2), format!("┌{}┐", "─".repeat(COLUMNS))];
    for line in 0..LINES {
        let mut text = String::from("│");
        for column in 0..COLUMNS {
            let [first, second] = counts[line * COLUMNS + column];
            let own = usize::from(second > first);
            let here = side(column, line);
            match first + second {
                0 if here != side(column + 1, line) || (line + 1 < LINES && here != side(column, line + 1)) => text.push('·'),
                0 => text.push(' '),
                _ if colored => text.push_str(&format!("{}{}\x1b[0m", COLORS[own], GLYPHS[own])),
                _ => text.push(GLYPHS[own]),
            }
        }
        lines.push(text + "│");
    }
    lines.push(format!("└{}┘", "─".repeat(COLUMNS)));
    lines
}

/// A panel's side, and the room around it.
const SIDE: f64 = 260.0;
const GAP: f64 = 28.0;
const TOP: f64 = 40.0;

/// A line of panels for each set.
pub(super) fn svg(sets: &[Set], found: &[Vec<Found>]) -> String {
    let (width, height) = (GAP + 2.0 * (SIDE + GAP), sets.len() as f64 * (TOP + SIDE + GAP));
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' font-family='system-ui, sans-serif' font-size='13'>\n\
         <style>text {{ fill: #1f2328; font-weight: 600 }} .frame {{ fill: none; stroke: #d1d9e0 }} \
         .line {{ stroke: #59636e; stroke-width: 1.5; stroke-dasharray: 5 4 }} @media (prefers-color-scheme: dark) {{ \
         text {{ fill: #f0f6fc }} .frame {{ stroke: #3d444d }} .line {{ stroke: #9198a1 }} }}</style>\n"
    );
    for (row, (set, found)) in sets.iter().zip(found).enumerate() {
        for (column, panel) in panels(set, found).iter().enumerate() {
            let [left, top] = [GAP + column as f64 * (SIDE + GAP), TOP + row as f64 * (TOP + SIDE + GAP)];
            draw(&mut svg, panel, &set.class, left, top);
        }
    }
    svg + "</svg>\n"
}

fn draw(svg: &mut String, panel: &Panel<'_>, class: &[u32], left: f64, top: f64) {
    let bounds = bounds(&panel.points);
    let place = |point: [f64; 2]| {
        let part = |axis: usize| (point[axis] - bounds[axis][0]) / (bounds[axis][1] - bounds[axis][0]);
        [left + SIDE * part(0), top + SIDE * (1.0 - part(1))]
    };
    // Writing into text cannot fail.
    let _ = writeln!(
        svg,
        "<text x='{left}' y='{}'>{}</text><rect class='frame' x='{left}' y='{top}' width='{SIDE}' height='{SIDE}' rx='6'/>",
        top - 12.0,
        panel.title
    );
    for (&point, &class) in panel.points.iter().zip(class) {
        let ([x, y], color) = (place(point), ["#2563eb", "#d97706"][class as usize]);
        let _ = writeln!(svg, "<circle cx='{x:.1}' cy='{y:.1}' r='2.2' fill='{color}' fill-opacity='0.8'/>");
    }
    // Where the side changes along the frame, a straight line ends.
    let edge = |at: usize| {
        let (part, side) = ((at % 400) as f64 / 400.0, at / 400);
        let share = [[part, 0.0], [1.0, part], [1.0 - part, 1.0], [0.0, 1.0 - part]][side % 4];
        [0, 1].map(|axis| bounds[axis][0] + share[axis] * (bounds[axis][1] - bounds[axis][0]))
    };
    let ends: Vec<[f64; 2]> =
        (0..1600).filter(|&at| (panel.side)(edge(at)) != (panel.side)(edge((at + 1) % 1600))).map(|at| place(edge(at))).collect();
    if let [[x, y], [to_x, to_y]] = ends[..] {
        let _ = writeln!(svg, "<line class='line' x1='{x:.1}' y1='{y:.1}' x2='{to_x:.1}' y2='{to_y:.1}'/>");
    }
}
