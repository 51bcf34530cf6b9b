//! The training and held-out curves of a sweep as an SVG picture.

use std::fmt::Write as _;

use latentspace::interval::number;
use latentspace::learn::{Sweep, SweepPoint};

/// Width and height, and the margins at left, top, right and bottom.
const SIZE: [f64; 2] = [720.0, 420.0];
const MARGINS: [f64; 4] = [76.0, 48.0, 120.0, 52.0];
/// Colors of held-out rows, training rows, the null, and axes.
const HELD: &str = "#2563eb";
const LEARNED: &str = "#d97706";
const NOISE: &str = "#9ca3af";
const INK: &str = "#374151";

/// Scales of the axes: logarithmic for dimensions, linear for scores.
struct Axes {
    from: [f64; 2],
    to: [f64; 2],
}

impl Axes {
    fn around(points: &[SweepPoint]) -> Self {
        let dims = points.iter().map(|point| f64::from(point.dims).ln());
        let figures = points.iter().flat_map(|point| {
            let SweepPoint { training, held_out, .. } = point;
            [Some(held_out.low), Some(held_out.high), held_out.null, training.map(|training| training.value)].into_iter().flatten()
        });
        let range = |values: &mut dyn Iterator<Item = f64>| {
            let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
            if high > low { (low, high) } else { (low - 0.5, high + 0.5) }
        };
        let (left, right) = range(&mut { dims });
        let (low, high) = range(&mut { figures });
        let room = 0.05 * (high - low);
        Axes { from: [left, low - room], to: [right, high + room] }
    }

    fn x(&self, dims: u32) -> f64 {
        let part = (f64::from(dims).ln() - self.from[0]) / (self.to[0] - self.from[0]);
        MARGINS[0] + part * (SIZE[0] - MARGINS[0] - MARGINS[2])
    }

    fn y(&self, figure: f64) -> f64 {
        let part = (figure - self.from[1]) / (self.to[1] - self.from[1]);
        SIZE[1] - MARGINS[3] - part * (SIZE[1] - MARGINS[1] - MARGINS[3])
    }

    fn path(&self, places: &[(u32, f64)]) -> String {
        let place = |&(dims, figure): &(u32, f64)| format!("{:.1},{:.1}", self.x(dims), self.y(figure));
        places.iter().map(place).collect::<Vec<_>>().join(" ")
    }
}

/// Training and held-out scores by dimensions, with intervals and the null; the recommended dimension is marked, with its interval.
pub(super) fn draw(sweep: &Sweep, title: &str) -> String {
    let (points, [width, height], [left, top, right, bottom]) = (&sweep.points, SIZE, MARGINS);
    let axes = Axes::around(points);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"{INK}\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    let mut text = |x: f64, y: f64, anchor: &str, fill: &str, text: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{fill}\">{text}</text>");
    };
    text(left, top - 24.0, "start", INK, &format!("{title}: {} by dimensions", sweep.figure.replace('_', " ")));
    for step in 0..=4 {
        let figure = axes.from[1] + f64::from(step) / 4.0 * (axes.to[1] - axes.from[1]);
        text(left - 8.0, axes.y(figure) + 4.0, "end", INK, &number(figure));
    }
    let mut free = f64::NEG_INFINITY;
    for point in points {
        let x = axes.x(point.dims);
        if x - free > 24.0 {
            text(x, height - bottom + 18.0, "middle", INK, &point.dims.to_string());
            free = x;
        }
    }
    text((left + width - right) / 2.0, height - 12.0, "middle", INK, "dimensions");
    let _ = writeln!(
        svg,
        "<path d=\"M{left} {top}V{:.1}H{:.1}\" fill=\"none\" stroke=\"{INK}\" stroke-width=\"1\"/>",
        height - bottom,
        width - right
    );
    let of = |tell: &dyn Fn(&SweepPoint) -> Option<f64>| -> Vec<(u32, f64)> {
        points.iter().filter_map(|point| Some((point.dims, tell(point)?))).collect()
    };
    let (low, mut high) = (of(&|point| Some(point.held_out.low)), of(&|point| Some(point.held_out.high)));
    high.reverse();
    let _ = writeln!(svg, "<polygon points=\"{} {}\" fill=\"{HELD}\" fill-opacity=\"0.15\"/>", axes.path(&low), axes.path(&high));
    let [from, to] = [sweep.low, sweep.high].map(|dims| axes.x(dims.max(points.first().map_or(1, |point| point.dims))));
    let _ = writeln!(
        svg,
        "<rect x=\"{from:.1}\" y=\"{top}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{HELD}\" fill-opacity=\"0.06\"/>",
        (to - from).max(0.0),
        height - bottom - top
    );
    // The mean alone, 0 dimensions, has no place on a logarithmic axis.
    if sweep.recommended > 0 {
        let x = axes.x(sweep.recommended);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"{HELD}\" stroke-dasharray=\"2 4\"/>\n\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{HELD}\">recommended: {}</text>",
            height - bottom,
            top - 6.0,
            sweep.recommended
        );
    }
    let held = of(&|point| Some(point.held_out.value));
    let learned = of(&|point| point.training.map(|training| training.value));
    let noise = of(&|point| point.held_out.null);
    // Labels at the ends of the curves, at least a line height apart.
    let mut names: Vec<(f64, &str, &str)> = Vec::new();
    for (curve, name, color, dashes) in
        [(&held, "held out", HELD, "none"), (&learned, "training", LEARNED, "none"), (&noise, "0 dimensions", NOISE, "6 4")]
    {
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>",
            axes.path(curve)
        );
        if let Some(&(_, figure)) = curve.last() {
            names.push((axes.y(figure), name, color));
        }
    }
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut above = f64::NEG_INFINITY;
    for (y, name, color) in names {
        above = y.max(above + 15.0);
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{color}\">{name}</text>", width - right + 8.0, above + 4.0);
    }
    for &(dims, figure) in &held {
        let _ = writeln!(svg, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{HELD}\"/>", axes.x(dims), axes.y(figure));
    }
    svg.push_str("</svg>\n");
    svg
}
