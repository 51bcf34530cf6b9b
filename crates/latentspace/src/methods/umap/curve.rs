//! How strongly two points of a map belong together, by their distance: 1 / (1 + a d^2b), with a and b such that the curve is as near as can
//! be to what `min_dist` and `spread` ask for: 1 up to `min_dist`, then falling with e^-((d - min_dist) / spread).

/// a and b of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Curve {
    pub(super) a: f64,
    pub(super) b: f64,
}

/// Distances at which the curve is fitted, from 0 to three times the spread.
const POINTS: usize = 300;
/// Steps at most; a dozen are usual.
const STEPS: usize = 500;

impl Curve {
    /// The curve with the least squared error, by Levenberg and Marquardt's steps (doi:10.1137/0111030).
    pub(super) fn fit(min_dist: f64, spread: f64) -> Self {
        // In units of the spread, so that the steps are the same at any scale.
        let least = min_dist / spread;
        let wanted: Vec<(f64, f64)> = (0..POINTS)
            .map(|i| {
                let distance = 3.0 * i as f64 / (POINTS - 1) as f64;
                (distance, if distance < least { 1.0 } else { (least - distance).exp() })
            })
            .collect();
        let mut curve = Curve { a: 1.0, b: 1.0 };
        let mut slope = curve.slope(&wanted);
        let mut damping = 1e-3;
        for _ in 0..STEPS {
            let Slope { normal: [aa, ab, bb], right: [ra, rb], .. } = slope;
            let (aa, bb) = (aa * (1.0 + damping), bb * (1.0 + damping));
            let determinant = aa * bb - ab * ab;
            let step = [(ra * bb - rb * ab) / determinant, (rb * aa - ra * ab) / determinant];
            let next = Curve { a: curve.a + step[0], b: curve.b + step[1] };
            let found = next.slope(&wanted);
            if next.a > 0.0 && next.b > 0.0 && found.error <= slope.error {
                let settled = step[0].abs() < 1e-12 * next.a && step[1].abs() < 1e-12 * next.b;
                (curve, slope, damping) = (next, found, damping * 0.1);
                if settled {
                    break;
                }
            } else if damping < 1e12 {
                damping *= 10.0;
            } else {
                break;
            }
        }
        Curve { a: curve.a * spread.powf(-2.0 * curve.b), b: curve.b }
    }

    /// The squared error of the curve, and what tells where there is less.
    fn slope(self, wanted: &[(f64, f64)]) -> Slope {
        let mut slope = Slope { error: 0.0, normal: [0.0; 3], right: [0.0; 2] };
        for &(distance, wanted) in wanted {
            let power = distance.powf(2.0 * self.b);
            let value = 1.0 / (1.0 + self.a * power);
            let left = wanted - value;
            let by_a = -power * value * value;
            let by_b = if distance > 0.0 { by_a * self.a * 2.0 * distance.ln() } else { 0.0 };
            slope.error += left * left;
            slope.normal[0] += by_a * by_a;
            slope.normal[1] += by_a * by_b;
            slope.normal[2] += by_b * by_b;
            slope.right[0] += by_a * left;
            slope.right[1] += by_b * left;
        }
        slope
    }
}

/// The squared error, JᵀJ (its three different entries) and Jᵀr.
struct Slope {
    error: f64,
    normal: [f64; 3],
    right: [f64; 2],
}

#[cfg(test)]
mod tests {
    use super::*;

    /// min_dist, spread, a, b.
    const CURVES: [(f64, f64, f64, f64); 6] = [
        (0.1, 1.0, 1.576_943_460, 0.895_060_878),
        (0.0, 1.0, 1.932_808_398, 0.790_494_974),
        (0.5, 1.0, 0.583_030_020, 1.334_166_993),
        (0.25, 2.0, 0.416_273_497, 0.921_855_132),
        (0.99, 1.0, 0.119_305_300, 1.916_390_416),
        (5.0, 5.0, 0.000_231_024, 1.929_232_666),
    ];

    #[test]
    fn the_curve_is_that_of_another_tool() {
        // umap-learn 0.5.12: umap.umap_.find_ab_params(spread, min_dist).
        for (min_dist, spread, a, b) in CURVES {
            let curve = Curve::fit(min_dist, spread);
            assert!((curve.a / a - 1.0).abs() < 1e-4 && (curve.b / b - 1.0).abs() < 1e-4, "{min_dist} {spread}: {curve:?}, not {a} {b}");
        }
    }

    #[test]
    fn any_scale_has_a_curve() {
        let unit = Curve::fit(0.1, 1.0);
        for scale in [1e-6, 0.01, 0.1, 30.0, 1e6] {
            let Curve { a, b } = Curve::fit(0.1 * scale, scale);
            assert!((b / unit.b - 1.0).abs() < 1e-3 && (a * scale.powf(2.0 * b) / unit.a - 1.0).abs() < 1e-3, "{scale}: {a} {b}");
        }
    }
}
