//! Reference bodies for the edge correction: expected distances to neighbors for uniform rows in a solid ball and on a sphere.
//!
//! Near the edge of a solid, neighborhoods are cut off, and on a curved surface distances are chords; in ten dimensions nearly every
//! row is near an edge, and a neighbor-based estimator gives eight. For a ball and a sphere the expected values are integrals in one variable,
//! so they are computed, not simulated. The corrected dimension is the one whose expected value equals the
//! observed one.

use crate::parallel::*;

/// Number of radii in a ball, each for an equal share of the volume.
const PLACES: usize = 64;
/// Steps of the distance from one of them.
const STEPS: usize = 256;
/// Steps of an angle.
const ANGLES: usize = 1024;
/// Largest dimension of the reference bodies.
pub(super) const MOST: usize = 1024;

/// A body of integer dimension with uniform density.
pub(super) struct Body {
    d: f64,
    /// One profile per position, each for an equal share of the rows.
    places: Vec<Curve>,
}

/// The share of rows within a distance of a position: the logarithms of both, ascending. Below the first, the share grows as r^d.
struct Curve {
    log_r: Vec<f64>,
    log_share: Vec<f64>,
}

impl Curve {
    /// The distance that contains a share of the rows.
    fn log_r(&self, log_share: f64, d: f64) -> f64 {
        if log_share <= self.log_share[0] {
            return self.log_r[0] + (log_share - self.log_share[0]) / d;
        }
        between(&self.log_share, &self.log_r, log_share)
    }

    /// The share of the rows within a distance.
    fn log_share(&self, log_r: f64, d: f64) -> f64 {
        if log_r <= self.log_r[0] {
            return self.log_share[0] + (log_r - self.log_r[0]) * d;
        }
        between(&self.log_r, &self.log_share, log_r)
    }
}

/// Linear interpolation at `x` between points with ascending `xs`; beyond the last point, its value.
fn between(xs: &[f64], ys: &[f64], x: f64) -> f64 {
    let above = xs.partition_point(|&other| other < x);
    if above == 0 || above == xs.len() {
        return ys[above.min(ys.len() - 1)];
    }
    let (low, high) = (xs[above - 1], xs[above]);
    let (from, to) = (ys[above - 1], ys[above]);
    if high > low { from + (to - from) * (x - low) / (high - low) } else { to }
}

/// ln(∫ f) over a step in which ln f is linear from `a` to `b`.
fn log_area(a: f64, b: f64, step: f64) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    let fall = high - low;
    if high == f64::NEG_INFINITY {
        high
    } else if fall < 1e-6 {
        high - fall / 2.0 + step.ln()
    } else {
        high + (-(-fall).exp_m1() / fall).ln() + step.ln()
    }
}

/// ln(e^a + e^b).
fn log_sum(a: f64, b: f64) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// The share of a sphere's surface within an angle of its pole, with density sin(θ)^power.
fn caps(power: f64) -> Curve {
    let angle = |at: usize| std::f64::consts::PI * at as f64 / ANGLES as f64;
    let log_size = |at: usize| if power == 0.0 { 0.0 } else { power * angle(at).sin().max(0.0).ln() };
    let mut sum = (power + 1.0) * angle(1).ln() - (power + 1.0).ln();
    let mut log_share = vec![sum];
    for at in 1..ANGLES {
        sum = log_sum(sum, log_area(log_size(at), log_size(at + 1), angle(1)));
        log_share.push(sum);
    }
    log_share.iter_mut().for_each(|share| *share -= sum);
    Curve { log_r: (1..=ANGLES).map(|at| angle(at).ln()).collect(), log_share }
}

impl Body {
    /// A solid ball.
    pub(super) fn ball(d: usize) -> Self {
        let dims = d as f64;
        // In one dimension there are two directions, one of which leaves the ball.
        let caps = (d > 1).then(|| caps(dims - 2.0));
        let inside = |cosine: f64| match &caps {
            None => 0.5_f64.ln(),
            Some(caps) => caps.log_share((std::f64::consts::PI - cosine.clamp(-1.0, 1.0).acos()).max(1e-300).ln(), dims - 1.0),
        };
        let place = |at: usize| {
            let from_center = ((at as f64 + 0.5) / PLACES as f64).powf(1.0 / dims);
            let nearest = 1.0 - from_center;
            let distance = |step: usize| nearest + 2.0 * from_center * step as f64 / STEPS as f64;
            let log_r: Vec<f64> = (0..=STEPS).map(|step| distance(step).ln()).collect();
            // The part of the shell at this distance that is within the ball, per change of ln r.
            let log_size = |step: usize| {
                let r = distance(step);
                let cosine = (1.0 - from_center * from_center - r * r) / (2.0 * from_center * r);
                let inside = if step == 0 { 0.0 } else { inside(cosine) };
                dims.ln() + dims * log_r[step] + inside
            };
            let mut sum = dims * log_r[0];
            let mut log_share = vec![sum];
            let mut last = log_size(0);
            for step in 1..=STEPS {
                let size = log_size(step);
                sum = log_sum(sum, log_area(last, size, log_r[step] - log_r[step - 1]));
                log_share.push(sum);
                last = size;
            }
            Curve { log_r, log_share }
        };
        Body { d: dims, places: (0..PLACES).into_par_iter().map(place).collect() }
    }

    /// The sphere, the surface of a ball of one dimension more: all positions are equivalent.
    pub(super) fn surface(d: usize) -> Self {
        let caps = caps(d as f64 - 1.0);
        let log_r = caps.log_r.iter().map(|angle| (2.0 * (angle.exp() / 2.0).sin()).ln()).collect();
        Body { d: d as f64, places: vec![Curve { log_r, log_share: caps.log_share }] }
    }

    fn mean(&self, of: impl Fn(&Curve) -> f64) -> f64 {
        self.places.iter().map(of).sum::<f64>() / self.places.len() as f64
    }

    /// The mean logarithms of the distances to neighbors of these ranks.
    pub(super) fn log_distances(&self, ranks: &Ranks) -> Vec<f64> {
        ranks.log_share.iter().map(|&share| self.mean(|place| place.log_r(share, self.d))).collect()
    }

    /// The variance of the logarithm of the distance to the last neighbor: within a position, and between positions.
    pub(super) fn spread(&self, ranks: &Ranks) -> f64 {
        let Some(&share) = ranks.log_share.last() else { return 0.0 };
        let ends = |place: &Curve| (place.log_r(share - ranks.deviation, self.d), place.log_r(share + ranks.deviation, self.d));
        let middle = self.mean(|place| (ends(place).0 + ends(place).1) / 2.0);
        self.mean(|place| {
            let (low, high) = ends(place);
            ((high - low) / 2.0).powi(2) + ((low + high) / 2.0 - middle).powi(2)
        })
    }

    /// The correlation dimension up to the distance that contains this share of all pairs: 1 over the mean logarithm of that distance over
    /// those of the pairs.
    pub(super) fn correlation(&self, log_share: f64) -> f64 {
        const GRID: usize = 400;
        /// Below this relative share the growth is r^d, and its weight negligible.
        const BELOW: f64 = 8.0;
        let (first, last) = ((log_share - BELOW) / self.d, 2.0_f64.ln());
        let step = (last - first) / GRID as f64;
        let within = |log_r: f64| self.mean(|place| place.log_share(log_r, self.d).exp()).ln();
        let mut share = within(first);
        let mut sum = share - self.d.ln();
        for at in 1..=GRID {
            let next = within(first + step * at as f64);
            if next >= log_share {
                let part = if next > share { (log_share - share) / (next - share) } else { 1.0 };
                let end = log_sum(sum, log_area(share, log_share, (step * part).max(f64::MIN_POSITIVE)));
                return (log_share - end).exp();
            }
            sum = log_sum(sum, log_area(share, next, step));
            share = next;
        }
        (share - sum).exp()
    }
}

/// Expected shares of the rows within the distances to the first neighbors.
pub(super) struct Ranks {
    /// The mean of the logarithm of each share.
    log_share: Vec<f64>,
    /// The standard deviation of the last of these.
    deviation: f64,
}

impl Ranks {
    /// For the `k` nearest among `n` rows, including the row itself. The j-th of n - 1 uniform numbers has the mean logarithm -(1/j + … + 1/(n-1)).
    pub(super) fn new(n: usize, k: usize) -> Self {
        let (mut sum, mut squares) = (0.0, 0.0);
        for rank in (k..n).rev() {
            sum += 1.0 / rank as f64;
            squares += 1.0 / (rank as f64).powi(2);
        }
        let mut log_share = vec![-sum];
        for rank in (1..k).rev() {
            sum += 1.0 / rank as f64;
            log_share.push(-sum);
        }
        log_share.reverse();
        Ranks { log_share, deviation: f64::sqrt(squares) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_geometry() {
        // A row at the middle of the ball has r^d of it within r; on a circle, chord r spans 2·asin(r/2) of π.
        let ball = Body::ball(3);
        let middle = &ball.places[0];
        assert!((middle.log_share(0.5_f64.ln(), 3.0) - 3.0 * 0.5_f64.ln()).abs() < 1e-9);
        assert!((ball.mean(|place| place.log_share(1.9_f64.ln(), 3.0).exp()) - 1.0).abs() < 0.01);
        let circle = Body::surface(1);
        let share = circle.places[0].log_share(1.0_f64.ln(), 1.0).exp();
        assert!((share - 1.0 / 3.0).abs() < 1e-3, "{share}");
        // All of every body lies within its diameter.
        for d in [1, 2, 3, 10, 100, MOST] {
            for place in Body::ball(d).places.iter().step_by(9) {
                let all = place.log_share.last().unwrap();
                assert!(all.abs() < 0.02, "{d}: {all}");
            }
        }
    }

    #[test]
    fn far_from_any_edge_the_dimension_is_what_it_is() {
        for d in [1, 2, 5] {
            let ranks = Ranks::new(100_000_000, 10);
            for body in [Body::ball(d), Body::surface(d)] {
                let logs = body.log_distances(&ranks);
                let slope = (ranks.log_share[9] - ranks.log_share[0]) / (logs[9] - logs[0]);
                assert!((slope / d as f64 - 1.0).abs() < 0.02, "{d}: {slope}");
                assert!((body.correlation(-20.0) / d as f64 - 1.0).abs() < 0.02, "{d}");
            }
        }
    }
}
