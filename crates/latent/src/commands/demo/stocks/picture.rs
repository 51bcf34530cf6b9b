//! Parts of the variance of each share as an SVG for light and dark backgrounds.

use std::fmt::Write;

use super::{Found, Shares};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 216.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 76.0;
const STEP: f64 = 26.0;
/// Market, sector, other factors, own noise.
const COLORS: [&str; 4] = ["#2563eb", "#d97706", "#7c3aed", "#6b7280"];
const NAMES: [&str; 4] = ["market", "sector", "other factors", "own noise"];

/// A bar per sector, and one for all shares.
pub(super) fn svg(shares: &Shares, found: &Found) -> String {
    let mut rows: Vec<(String, Option<u32>)> =
        shares.sectors.iter().enumerate().map(|(at, name)| (name.clone(), Some(at as u32))).collect();
    rows.push((format!("all {}", shares.names.len()), None));
    let height = TOP + STEP * rows.len() as f64 + 20.0;
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' font-family='system-ui, sans-serif' font-size='12'>\n\
         <style>text {{ fill: #1f2328 }} .title {{ font-weight: 600; font-size: 14px }} .in {{ fill: #fff }} \
         @media (prefers-color-scheme: dark) {{ text {{ fill: #f0f6fc }} }}</style>\n\
         <text class='title' x='24' y='26'>What the returns of shares are made of</text>\n"
    );
    // Writing into text cannot fail.
    for (at, (name, color)) in NAMES.iter().zip(COLORS).enumerate() {
        let x = LEFT + 176.0 * at as f64;
        let _ =
            writeln!(svg, "<rect x='{x}' y='44' width='12' height='12' rx='3' fill='{color}'/><text x='{}' y='54'>{name}</text>", x + 18.0);
    }
    for (at, (name, sector)) in rows.iter().enumerate() {
        let y = TOP + STEP * at as f64;
        let safe = name.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(svg, "<text x='{}' y='{:.1}' text-anchor='end'>{safe}</text>", LEFT - 10.0, y + 14.0);
        let mut x = LEFT;
        let parts = found.parts(shares, *sector);
        // Parts are estimated one by one: of a few shares they may add up to more than all.
        let whole = parts.iter().sum::<f64>().max(1.0);
        for (part, color) in parts.iter().zip(COLORS) {
            let width = part / whole * (WIDTH - LEFT - RIGHT);
            let _ = writeln!(svg, "<rect x='{x:.1}' y='{y:.1}' width='{width:.1}' height='{}' fill='{color}'/>", STEP - 7.0);
            if width > 34.0 {
                let middle = x + width / 2.0;
                let _ =
                    writeln!(svg, "<text class='in' x='{middle:.1}' y='{:.1}' text-anchor='middle'>{:.0} %</text>", y + 14.0, 100.0 * part);
            }
            x += width;
        }
    }
    svg + "</svg>\n"
}
