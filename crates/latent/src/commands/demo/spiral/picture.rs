//! The curve, and the coordinate that each method recovers, as an SVG for light and dark backgrounds.

use std::fmt::Write;

use super::{Found, Spiral};

/// A panel's side, and the room around it.
const SIDE: f64 = 220.0;
const GAP: f64 = 28.0;
const TOP: f64 = 40.0;
/// Points drawn at most.
const DRAWN: usize = 700;

/// The curve, then a panel for each of the best three methods and for a linear one: p to the right, what was found upwards.
pub(super) fn draw(spiral: &Spiral, found: &[Found]) -> String {
    // What goes straight through space, for the contrast.
    let straight = found.iter().find(|found| found.method.info.family == "linear");
    let shown: Vec<&Found> = found.iter().filter(|found| found.method.info.family != "linear").take(3).chain(straight).collect();
    let width = GAP + (SIDE + GAP) * (1 + shown.len()) as f64;
    let height = TOP + SIDE + GAP + 6.0;
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' font-family='system-ui, sans-serif' font-size='13'>\n\
         <style>text {{ fill: #59636e }} .name {{ fill: #1f2328; font-weight: 600 }} .frame {{ fill: none; stroke: #d1d9e0 }} \
         @media (prefers-color-scheme: dark) {{ text {{ fill: #9198a1 }} .name {{ fill: #f0f6fc }} .frame {{ stroke: #3d444d }} }}</style>\n"
    );
    let n = spiral.p.len();
    let points: Vec<usize> = (0..n).step_by(n.div_ceil(DRAWN)).collect();
    let sums: Vec<f64> = points.iter().map(|&point| f64::from(spiral.rows.row(point)[0] + spiral.rows.row(point)[1])).collect();
    let (low, high) = range(&sums);
    let colors: Vec<String> = sums.iter().map(|sum| color((sum - low) / (high - low).max(f64::MIN_POSITIVE))).collect();

    // Seen from the side and a little from above.
    let seen: Vec<[f64; 2]> = points
        .iter()
        .map(|&point| {
            let [x, y, z] = [0, 1, 2].map(|axis| f64::from(spiral.rows.row(point)[axis]));
            [0.95 * y + 0.35 * x, 3.2 * z + 0.45 * x - 0.12 * y]
        })
        .collect();
    panel(&mut svg, 0, "the curve", "x, y, z; color x + y", &seen, &colors);
    for (at, found) in shown.iter().enumerate() {
        let places: Vec<[f64; 2]> = points.iter().map(|&point| [spiral.p[point], found.line[point]]).collect();
        panel(&mut svg, at + 1, found.method.info.title, &format!("found over p; by ranks {:.4}", found.correlation), &places, &colors);
    }
    svg + "</svg>\n"
}

fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)))
}

/// A frame with points that fill it, a name and what it shows.
fn panel(svg: &mut String, at: usize, name: &str, what: &str, points: &[[f64; 2]], colors: &[String]) {
    let left = GAP + (SIDE + GAP) * at as f64;
    let bounds = [0, 1].map(|axis| range(&points.iter().map(|point| point[axis]).collect::<Vec<f64>>()));
    let place = |value: f64, (low, high): (f64, f64)| 10.0 + (SIDE - 20.0) * (value - low) / (high - low).max(f64::MIN_POSITIVE);
    let mut text = format!(
        "<text class='name' x='{left}' y='16'>{name}</text><text x='{left}' y='32'>{what}</text>\n<rect class='frame' x='{left}' y='{TOP}' width='{SIDE}' height='{SIDE}' rx='6'/>\n"
    );
    for (point, color) in points.iter().zip(colors) {
        let (x, y) = (left + place(point[0], bounds[0]), TOP + SIDE - place(point[1], bounds[1]));
        // Writing into text cannot fail.
        let _ = writeln!(text, "<circle cx='{x:.1}' cy='{y:.1}' r='2' fill='{color}' fill-opacity='0.8'/>");
    }
    svg.push_str(&text);
}

/// A color of the viridis scale for a number from 0 to 1 (Smith and van der Walt 2015), linear between five of its colors.
fn color(share: f64) -> String {
    const COLORS: [[f64; 3]; 5] = [[68.0, 1.0, 84.0], [59.0, 82.0, 139.0], [33.0, 145.0, 140.0], [94.0, 201.0, 98.0], [253.0, 231.0, 37.0]];
    let at = share.clamp(0.0, 1.0) * 4.0;
    let (first, rest) = ((at as usize).min(3), at - (at as usize).min(3) as f64);
    let channel = |channel: usize| (COLORS[first][channel] + rest * (COLORS[first + 1][channel] - COLORS[first][channel])).round() as u8;
    format!("#{:02x}{:02x}{:02x}", channel(0), channel(1), channel(2))
}
