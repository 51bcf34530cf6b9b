//! Spectra in characters; and an SVG for light and dark backgrounds: spectra, dimensions, causes, and an odd star.

use std::fmt::Write;

use latentspace::learn::Sweep;

use super::lines::ELEMENTS;
use super::stars::{LINE, PIXELS, Stars, wavelength};
use super::{Found, by_strength};

/// Columns and lines of a spectrum in characters.
const COLUMNS: usize = 96;
const LINES: usize = 4;
/// Temperatures of the stars that are drawn, in K.
const SHOWN: [f64; 3] = [9500.0, 5800.0, 4000.0];

/// The star whose temperature is nearest, among those without a line of their own.
fn star_near(stars: &Stars, temperature: f64) -> usize {
    let far = |star: &usize| (stars.causes[*star][0] - temperature).abs() + if stars.odd[*star].is_some() { 1e6 } else { 0.0 };
    (0..stars.causes.len()).min_by(|a, b| far(a).total_cmp(&far(b))).unwrap_or(0)
}

/// Three stars, from hot to cool.
pub(super) fn text(stars: &Stars) -> String {
    let mut out = String::new();
    for temperature in SHOWN {
        let star = star_near(stars, temperature);
        let row = stars.flux.row(star);
        // Of each column the mean, but where a line is deep its depth.
        let of_column = |column: usize| {
            let cells = &row[column * PIXELS / COLUMNS..(column + 1) * PIXELS / COLUMNS];
            let mean = cells.iter().sum::<f32>() / cells.len() as f32;
            let least = cells.iter().copied().fold(f32::INFINITY, f32::min);
            f64::from(if least < 0.8 * mean { least } else { mean })
        };
        let values: Vec<f64> = (0..COLUMNS).map(of_column).collect();
        let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let _ = writeln!(out, "  {:.0} K", stars.causes[star][0]);
        for line in (0..LINES).rev() {
            let cell = |value: &f64| {
                let eighths = (8.0 * (LINES as f64 * value / most - line as f64)).round().clamp(0.0, 8.0) as usize;
                [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][eighths]
            };
            let _ = writeln!(out, "  {}", values.iter().map(cell).collect::<String>().trim_end());
        }
    }
    let (first, last) = (format!("{:.0} Å", wavelength(0)), format!("{:.0} Å", wavelength(PIXELS - 1)));
    let _ = writeln!(out, "  {first}{last:>width$}\n", width = COLUMNS - first.chars().count());
    out
}

/// Width of the picture, its margins, the height of a spectrum, and that of the panels below.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const SPECTRUM: f64 = 96.0;
const PANEL: f64 = 260.0;
const TOP: f64 = 66.0;
/// Colors of hot, sunlike and cool stars, and of what is odd.
const COLORS: [&str; 3] = ["#2563eb", "#ca8a04", "#dc2626"];
const ODD: &str = "#dc2626";
/// Lines that are named above the spectra.
const NAMED: [(&str, f64); 8] = [
    ("Ca II", 3950.0),
    ("Hβ", 4861.4),
    ("Mg I", 5175.0),
    ("Na I", 5892.9),
    ("Hα", 6562.8),
    ("Na I", 8189.0),
    ("Ca II", 8542.1),
    ("Hγ", 4340.5),
];

/// A panel: its place and ranges.
struct Panel {
    place: [f64; 2],
    size: [f64; 2],
    x: [f64; 2],
    y: [f64; 2],
}

impl Panel {
    fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let part = |value: f64, [low, high]: [f64; 2]| (value - low) / (high - low);
        [self.place[0] + self.size[0] * part(x, self.x), self.place[1] + self.size[1] * (1.0 - part(y, self.y))]
    }

    fn path(&self, points: impl Iterator<Item = (f64, f64)>) -> String {
        points.map(|(x, y)| self.at(x, y)).map(|[x, y]| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
    }
}

pub(super) fn svg(stars: &Stars, sweeps: &[&Sweep; 2], found: &Found) -> String {
    let below = TOP + 3.0 * SPECTRUM + 92.0;
    let height = below + PANEL + 62.0;
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' font-family='system-ui, sans-serif' font-size='12'>\n\
         <style>text {{ fill: #1f2328 }} .title {{ font-weight: 600; font-size: 14px }} .axis {{ stroke: #d1d9e0 }} .bar {{ fill: #2563eb }} \
         .soft {{ fill: #59636e }} polyline {{ fill: none; stroke-linejoin: round }} .gray {{ stroke: #9198a1 }} @media \
         (prefers-color-scheme: dark) {{ text {{ fill: #f0f6fc }} .axis {{ stroke: #3d444d }} .soft {{ fill: #9198a1 }} }}</style>\n"
    );
    spectra(&mut svg, stars);
    let third = (WIDTH - LEFT - RIGHT) / 3.0;
    dimensions(&mut svg, sweeps, [LEFT, below], third - 64.0);
    causes(&mut svg, found, [LEFT + third + 30.0, below], third - 62.0);
    odd(&mut svg, stars, found, [LEFT + 2.0 * third + 28.0, below], third - 28.0);
    svg + "</svg>\n"
}

// Writing into text cannot fail.
fn title(svg: &mut String, [x, y]: [f64; 2], text: &str) {
    let _ = writeln!(svg, "<text class='title' x='{x:.1}' y='{:.1}'>{text}</text>", y - 14.0);
}

/// A label; `anchor` is start, middle or end.
fn label(svg: &mut String, [x, y]: [f64; 2], anchor: &str, text: &str) {
    let _ = writeln!(svg, "<text class='soft' x='{x:.1}' y='{y:.1}' text-anchor='{anchor}'>{text}</text>");
}

fn rule(svg: &mut String, [x, y]: [f64; 2], [to_x, to_y]: [f64; 2]) {
    let _ = writeln!(svg, "<line class='axis' x1='{x:.1}' y1='{y:.1}' x2='{to_x:.1}' y2='{to_y:.1}'/>");
}

/// Three stars over one axis of wavelengths.
fn spectra(svg: &mut String, stars: &Stars) {
    title(svg, [LEFT, 36.0], "Three of the stars: flux by wavelength");
    let size = [WIDTH - LEFT - RIGHT, SPECTRUM - 14.0];
    for (at, (temperature, color)) in SHOWN.iter().zip(COLORS).enumerate() {
        let star = star_near(stars, *temperature);
        let row = stars.flux.row(star);
        let most = row.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let place = [LEFT, TOP + at as f64 * SPECTRUM];
        let panel = Panel { place, size, x: [wavelength(0), wavelength(PIXELS - 1)], y: [0.0, f64::from(most)] };
        // Of three pixels the least and the largest in turn: lines keep their depth.
        let points = (0..PIXELS).step_by(3).map(|pixel| {
            let cells = &row[pixel..(pixel + 3).min(PIXELS)];
            let least = cells.iter().copied().fold(f32::INFINITY, f32::min);
            (wavelength(pixel), f64::from(least))
        });
        let _ = writeln!(svg, "<polyline stroke='{color}' points='{}'/>", panel.path(points));
        rule(svg, panel.at(panel.x[0], 0.0), panel.at(panel.x[1], 0.0));
        label(svg, [LEFT - 8.0, place[1] + size[1] / 2.0], "end", &format!("{:.0} K", stars.causes[star][0]));
    }
    let panel = Panel { place: [LEFT, TOP], size, x: [wavelength(0), wavelength(PIXELS - 1)], y: [0.0, 1.0] };
    let bottom = TOP + 3.0 * SPECTRUM;
    for (name, length) in NAMED {
        label(svg, [panel.at(length, 0.0)[0], TOP - 6.0], "middle", name);
    }
    for length in (4000..8701).step_by(1000) {
        let [x, _] = panel.at(f64::from(length), 0.0);
        label(svg, [x, bottom + 4.0], "middle", &format!("{length} Å"));
    }
}

/// The held-out error of weak and of saturating lines, relative to its least.
fn dimensions(svg: &mut String, sweeps: &[&Sweep; 2], place: [f64; 2], width: f64) {
    title(svg, place, "Held-out error by dimensions");
    let excess = |sweep: &Sweep| {
        let least = sweep.points.iter().map(|point| point.held_out.value).fold(f64::INFINITY, f64::min);
        let of = |point: &latentspace::learn::SweepPoint| (f64::from(point.dims).log2(), point.held_out.value / least - 1.0);
        sweep.points.iter().map(of).collect::<Vec<(f64, f64)>>()
    };
    let curves = sweeps.map(excess);
    let most = curves.iter().flatten().map(|(_, error)| *error).fold(f64::MIN_POSITIVE, f64::max).min(0.04);
    let panel = Panel { place, size: [width, PANEL], x: [2.0, 7.0], y: [0.0, most] };
    rule(svg, panel.at(2.0, 0.0), panel.at(7.0, 0.0));
    for (at, (curve, sweep)) in curves.iter().zip(sweeps).enumerate() {
        let color = COLORS[2 * at];
        let inside = curve.iter().map(|&(x, y)| (x, y.min(most)));
        let _ = writeln!(svg, "<polyline stroke='{color}' stroke-width='2' points='{}'/>", panel.path(inside));
        let [x, y] = panel.at(f64::from(sweep.recommended.max(1)).log2(), 0.0);
        let _ = writeln!(svg, "<circle cx='{x:.1}' cy='{y:.1}' r='4' fill='{color}'/>");
        let name = ["weak lines", "saturating"][at];
        let (aside, anchor) = [(0.0, "middle"), (8.0, "start")][at];
        label(svg, [x + aside, y - 14.0 - 26.0 * at as f64], anchor, &format!("{name}: {}", sweep.recommended));
    }
    for dims in [4.0_f64, 8.0, 16.0, 32.0, 64.0, 128.0] {
        label(svg, [panel.at(dims.log2(), 0.0)[0], place[1] + PANEL + 18.0], "middle", &format!("{dims}"));
    }
    label(svg, [place[0] - 6.0, place[1] + 10.0], "end", &format!("+{:.1} %", 100.0 * most));
    label(svg, [place[0] + width / 2.0, place[1] + PANEL + 38.0], "middle", "straight directions; 13 causes");
}

/// R² of each cause, as bars.
fn causes(svg: &mut String, found: &Found, [x, y]: [f64; 2], width: f64) {
    title(svg, [x, y], "Causes in the codes (R²)");
    let causes = by_strength(&found.causes);
    let step = PANEL / (ELEMENTS.len() + 1) as f64;
    for (at, cause) in causes.iter().enumerate() {
        let (top, value) = (y + at as f64 * step, cause.r2.value.max(0.0));
        let name = if cause.width.is_none() { "T" } else { cause.name };
        label(svg, [x - 8.0, top + 0.7 * step], "end", name);
        let (length, tall) = (width * value, step - 5.0);
        let _ = writeln!(svg, "<rect class='bar' x='{x:.1}' y='{top:.1}' width='{length:.1}' height='{tall:.1}' rx='3'/>");
        label(svg, [x + length + 6.0, top + 0.7 * step], "start", &format!("{:.2}", cause.r2.value));
    }
    label(svg, [x, y + PANEL + 18.0], "start", "elements by what their lines absorb");
}

/// The residuals of the odd star that departs most, over their noise, around its line.
fn odd(svg: &mut String, stars: &Stars, found: &Found, [x, y]: [f64; 2], width: f64) {
    title(svg, [x, y], "A star with a line of its own");
    let score = |star: &usize| found.departures[*star].score();
    let odd = (0..stars.odd.len()).filter(|&star| stars.odd[star].is_some()).max_by(|a, b| score(a).total_cmp(&score(b)));
    let Some(star) = odd else { return };
    let line = stars.odd[star].unwrap_or(0);
    let (first, last) = (line.saturating_sub(60), (line + 60).min(PIXELS - 1));
    let sigma = |pixel: usize| f64::from((stars.flux.row(star)[pixel] - found.back.row(star)[pixel]) / stars.noise.row(star)[pixel]);
    let panel = Panel { place: [x, y], size: [width, PANEL], x: [first as f64, last as f64], y: [-7.0, 5.0] };
    let [from, to] = [panel.at(line as f64 - 0.5, 5.0), panel.at((line + LINE) as f64 - 0.5, -7.0)];
    let _ = writeln!(
        svg,
        "<rect x='{:.1}' y='{:.1}' width='{:.1}' height='{:.1}' fill='{ODD}' fill-opacity='0.15'/>",
        from[0],
        from[1],
        to[0] - from[0],
        to[1] - from[1]
    );
    rule(svg, panel.at(first as f64, 0.0), panel.at(last as f64, 0.0));
    let points = (first..=last).map(|pixel| (pixel as f64, sigma(pixel)));
    let _ = writeln!(svg, "<polyline class='gray' stroke='#9198a1' points='{}'/>", panel.path(points));
    let within = (line..line + LINE).map(|pixel| (pixel as f64, sigma(pixel)));
    let _ = writeln!(svg, "<polyline stroke='{ODD}' stroke-width='2' points='{}'/>", panel.path(within));
    for level in [-5, 0, 5] {
        label(svg, [x - 4.0, panel.at(0.0, f64::from(level))[1] + 4.0], "end", &format!("{level}"));
    }
    let told = format!("residual over noise around {:.0} Å; AUC {:.3}", wavelength(line), found.by_window.value);
    label(svg, [x + width / 2.0, y + PANEL + 18.0], "middle", &told);
}
