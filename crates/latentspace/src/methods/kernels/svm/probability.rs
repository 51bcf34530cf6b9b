//! Probabilities of labels from decision values: a sigmoid for each pair of labels, and the probabilities that agree best with all pairs.
//!
//! Source: Lin, Lin and Weng 2007, doi:10.1007/s10994-007-5018-6; Wu, Lin and Weng 2004, JMLR 5:975.

/// The probability of the first label of a pair: 1 / (1 + exp(slope · decision value + shift)).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sigmoid {
    pub(super) slope: f64,
    pub(super) shift: f64,
}

/// Probabilities of a pair are at least this.
const LEAST: f64 = 1e-7;
/// Steps at most, of Newton's method and of the coupling.
const STEPS: usize = 100;

impl Sigmoid {
    /// The most likely sigmoid for decision values and whether each is of the first label, with the targets of Bayes' rule for few rows in
    /// place of 0 and 1. Newton's method with step halving.
    pub(super) fn fit(values: &[f64], are_first: &[bool]) -> Self {
        let count = |first: bool| are_first.iter().filter(|own| **own == first).count() as f64;
        let (first, second) = (count(true), count(false));
        let targets = [1.0 / (second + 2.0), (first + 1.0) / (first + 2.0)];
        let target = |is_first: bool| targets[usize::from(is_first)];
        let loss = |own: Sigmoid| -> f64 {
            let term = |(&value, &is_first): (&f64, &bool)| {
                let (power, target) = (own.slope * value + own.shift, target(is_first));
                // Of log(1 + e^x) the form that does not overflow.
                if power >= 0.0 { target * power + (-power).exp().ln_1p() } else { (target - 1.0) * power + power.exp().ln_1p() }
            };
            values.iter().zip(are_first).map(term).sum()
        };
        let mut own = Sigmoid { slope: 0.0, shift: ((second + 1.0) / (first + 1.0)).ln() };
        let mut least = loss(own);
        for _ in 0..STEPS {
            // A little on the diagonal keeps the Hessian positive definite.
            let (mut hessian, mut gradient) = ([1e-12, 1e-12, 0.0], [0.0; 2]);
            for (&value, &is_first) in values.iter().zip(are_first) {
                let p = own.of(value);
                let (curvature, slope) = (p * (1.0 - p), target(is_first) - p);
                hessian[0] += value * value * curvature;
                hessian[1] += curvature;
                hessian[2] += value * curvature;
                gradient[0] += value * slope;
                gradient[1] += slope;
            }
            if gradient.iter().all(|slope| slope.abs() < 1e-5) {
                break;
            }
            let determinant = hessian[0] * hessian[1] - hessian[2] * hessian[2];
            let direction = [
                -(hessian[1] * gradient[0] - hessian[2] * gradient[1]) / determinant,
                -(hessian[0] * gradient[1] - hessian[2] * gradient[0]) / determinant,
            ];
            let descent = gradient[0] * direction[0] + gradient[1] * direction[1];
            let mut length = 1.0;
            let next = loop {
                let next = Sigmoid { slope: own.slope + length * direction[0], shift: own.shift + length * direction[1] };
                let found = loss(next);
                if found < least + 1e-4 * length * descent {
                    least = found;
                    break Some(next);
                }
                length /= 2.0;
                if length < 1e-10 {
                    break None;
                }
            };
            match next {
                Some(next) => own = next,
                None => break,
            }
        }
        own
    }

    /// The probability of the first label.
    pub(super) fn of(self, value: f64) -> f64 {
        1.0 / (1.0 + (self.slope * value + self.shift).exp())
    }
}

/// The probabilities p of `classes` labels for which p_i r_ji - p_j r_ij is least in squares over all pairs: r_ij is the probability of i
/// among the two, `[pairs]` in the order 01, 02, …, 12, …
pub(super) fn couple(pairs: &[f64], classes: usize) -> Vec<f64> {
    let mut r = vec![0.0; classes * classes];
    let mut all = pairs.iter();
    for i in 0..classes {
        for (j, &p) in (i + 1..classes).zip(&mut all) {
            let p = p.clamp(LEAST, 1.0 - LEAST);
            (r[i * classes + j], r[j * classes + i]) = (p, 1.0 - p);
        }
    }
    let q = |i: usize, j: usize| match i == j {
        true => (0..classes).filter(|&other| other != i).map(|other| r[other * classes + i].powi(2)).sum::<f64>(),
        false => -r[j * classes + i] * r[i * classes + j],
    };
    let q: Vec<f64> = (0..classes * classes).map(|at| q(at / classes, at % classes)).collect();
    let mut p = vec![1.0 / classes as f64; classes];
    for _ in 0..STEPS.max(classes) {
        let mut slopes: Vec<f64> = q.chunks_exact(classes).map(|row| row.iter().zip(&p).map(|(q, p)| q * p).sum()).collect();
        let mut value: f64 = slopes.iter().zip(&p).map(|(slope, p)| slope * p).sum();
        if slopes.iter().all(|slope| (slope - value).abs() < 1e-5 / classes as f64) {
            break;
        }
        for i in 0..classes {
            let own = q[i * classes + i];
            let change = (value - slopes[i]) / own;
            p[i] += change;
            // The terms that p_i is in, and the sum that is 1 again.
            value = (value + change * (change * own + 2.0 * slopes[i])) / (1.0 + change).powi(2);
            slopes.iter_mut().zip(&q[i * classes..]).for_each(|(slope, q)| *slope = (*slope + change * q) / (1.0 + change));
            p.iter_mut().for_each(|p| *p /= 1.0 + change);
        }
    }
    p
}
