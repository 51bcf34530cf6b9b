//! The planes that best separate classes: multinomial logistic regression, as a probe of how well codes tell labels apart.

use crate::error::{Error, Result};
use crate::interval::Measure;
use crate::linalg::MatrixView;
use crate::parallel::*;
use crate::run::Run;

/// Rows whose terms are added up at a time; the sums of blocks are added in order.
const BLOCK: usize = 1024;
/// The weight of the squared coefficients beside the sum of the rows' losses: scikit-learn's 1 / C.
pub(super) const PENALTY: f64 = 1.0;
/// Gradients of this size, per row, have converged.
const SMALL: f64 = 1e-6;
/// Steps at most.
const STEPS: usize = 300;
/// Steps that the curvature is estimated from (limited-memory BFGS).
const MEMORY: usize = 10;

/// The planes between classes: a row belongs to the class of the largest score, linear in the row.
#[derive(Debug, Clone)]
pub struct Planes {
    classes: usize,
    k: usize,
    /// `[classes, k + 1]`: coefficients in the units of the rows, and the intercept.
    weights: Vec<f64>,
}

impl Planes {
    /// Learns planes between classes by multinomial logistic regression on standardized columns, with a penalty of half the squared
    /// coefficients. `class` has a number below `classes` for each row. Cost: n k `classes` multiply-adds per step, of which there are at
    /// most 300.
    ///
    /// # Errors
    /// [`Error::Input`] if there are fewer than two classes, or other numbers of rows and classes; [`Error::Cancelled`].
    pub fn fit(rows: MatrixView<'_>, class: &[u32], classes: usize, run: &Run) -> Result<Self> {
        let (n, k) = (rows.rows(), rows.cols());
        let present = (0..classes as u32).filter(|own| class.contains(own)).count();
        if present < 2 || class.len() != n || class.iter().any(|&class| class as usize >= classes) {
            return Err(Error::input(
                "labels",
                format!("{present} classes of {n} rows"),
                "a plane needs two classes, and a class for each row",
            ));
        }
        let [means, scales] = standards(rows);
        // Standardized, with a column of ones: `[n, k + 1]`.
        let width = k + 1;
        let mut table = vec![1.0; n * width];
        table.par_chunks_mut(width).enumerate().for_each(|(row, out)| {
            out.iter_mut().zip(rows.row(row)).zip(means.iter().zip(&scales)).for_each(|((out, &cell), (mean, scale))| {
                *out = (f64::from(cell) - mean) * scale;
            });
        });
        let objective = |weights: &[f64]| -> Result<(f64, Vec<f64>)> {
            run.check()?;
            let parts: Vec<(f64, Vec<f64>)> = table
                .par_chunks(BLOCK * width)
                .zip(class.par_chunks(BLOCK))
                .map(|(rows, class)| losses(rows, class, weights, width))
                .collect();
            let (mut loss, mut gradient) = (0.0, vec![0.0; weights.len()]);
            for (part, slope) in parts {
                loss += part;
                gradient.iter_mut().zip(slope).for_each(|(sum, slope)| *sum += slope);
            }
            // Intercepts are free.
            for (_, (gradient, weight)) in gradient.iter_mut().zip(weights).enumerate().filter(|(at, _)| at % width < k) {
                loss += PENALTY / 2.0 * weight * weight;
                *gradient += PENALTY * weight;
            }
            // Per row, so that tolerances do not depend on their number.
            gradient.iter_mut().for_each(|gradient| *gradient /= n as f64);
            Ok((loss / n as f64, gradient))
        };
        let mut weights = minimize(vec![0.0; classes * width], objective)?;
        for own in weights.chunks_exact_mut(width) {
            let (coefficients, intercept) = own.split_at_mut(k);
            for ((coefficient, mean), scale) in coefficients.iter_mut().zip(&means).zip(&scales) {
                *coefficient *= scale;
                intercept[0] -= *coefficient * mean;
            }
        }
        Ok(Planes { classes, k, weights })
    }

    /// The scores of a row for each class.
    fn scores<'a>(&'a self, row: &'a [f32]) -> impl Iterator<Item = f64> + 'a {
        self.weights
            .chunks_exact(self.k + 1)
            .map(move |own| row.iter().zip(own).map(|(&cell, weight)| f64::from(cell) * weight).sum::<f64>() + own[self.k])
    }

    /// The class of a row; the first of equal ones.
    pub fn class_of(&self, row: &[f32]) -> u32 {
        let best = |best: (usize, f64), (class, score): (usize, f64)| if score > best.1 { (class, score) } else { best };
        self.scores(row).enumerate().fold((0, f64::NEG_INFINITY), best).0 as u32
    }

    /// The distance of a row from the nearest plane between its class and another, negative on the wrong side, in the units of the rows.
    pub fn distance(&self, row: &[f32], class: u32) -> f64 {
        let width = self.k + 1;
        let scores: Vec<f64> = self.scores(row).collect();
        let own = class as usize;
        let apart = |other: usize| {
            let (a, b) = (&self.weights[own * width..][..self.k], &self.weights[other * width..][..self.k]);
            let slope = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            if slope > 0.0 { (scores[own] - scores[other]) / slope } else { 0.0 }
        };
        (0..self.classes).filter(|&other| other != own).map(apart).fold(f64::INFINITY, f64::min)
    }

    /// The unit vector across the plane between two classes, toward the second.
    pub fn normal(&self, from: u32, to: u32) -> Vec<f64> {
        let own = |class: u32| &self.weights[class as usize * (self.k + 1)..][..self.k];
        let across: Vec<f64> = own(to).iter().zip(own(from)).map(|(to, from)| to - from).collect();
        let length = across.iter().map(|value| value * value).sum::<f64>().sqrt();
        across.iter().map(|value| if length > 0.0 { value / length } else { 0.0 }).collect()
    }

    /// The share of rows whose class is found, with Wilson's interval, beside the share of the commonest class.
    pub fn accuracy(&self, rows: MatrixView<'_>, class: &[u32]) -> Measure {
        let right = class.iter().enumerate().filter(|(row, class)| self.class_of(rows.row(*row)) == **class).count();
        let commonest = (0..self.classes as u32).map(|own| class.iter().filter(|&&class| class == own).count()).max().unwrap_or(0);
        share(right, class.len(), Some(commonest as f64 / class.len().max(1) as f64))
    }
}

/// A share of `n` rows with its 95 % confidence interval. Source: Wilson 1927, doi:10.1080/01621459.1927.10502953.
pub fn share(count: usize, n: usize, null: Option<f64>) -> Measure {
    const Z: f64 = 1.96;
    let n = n.max(1) as f64;
    let share = count as f64 / n;
    let (middle, width) = (share + Z * Z / (2.0 * n), Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt());
    let all = 1.0 + Z * Z / n;
    Measure { value: share, low: ((middle - width) / all).clamp(0.0, share), high: ((middle + width) / all).clamp(share, 1.0), null }
}

/// The means of the columns, and 1 over their standard deviations; 0 for those without.
pub(super) fn standards(rows: MatrixView<'_>) -> [Vec<f64>; 2] {
    let (n, k) = (rows.rows().max(1) as f64, rows.cols());
    let (mut means, mut squares) = (vec![0.0; k], vec![0.0; k]);
    for row in 0..rows.rows() {
        means.iter_mut().zip(rows.row(row)).for_each(|(mean, &cell)| *mean += f64::from(cell) / n);
    }
    for row in 0..rows.rows() {
        let cells = rows.row(row).iter().zip(&means);
        squares.iter_mut().zip(cells).for_each(|(square, (&cell, mean))| *square += (f64::from(cell) - mean).powi(2) / n);
    }
    let scales = squares.iter().map(|&square| if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 }).collect();
    [means, scales]
}

/// The sum of the rows' losses, -log of the probability of their class, and its gradient.
fn losses(rows: &[f64], class: &[u32], weights: &[f64], width: usize) -> (f64, Vec<f64>) {
    let (mut loss, mut gradient) = (0.0, vec![0.0; weights.len()]);
    let mut scores = vec![0.0; weights.len() / width];
    for (row, &class) in rows.chunks_exact(width).zip(class) {
        for (score, own) in scores.iter_mut().zip(weights.chunks_exact(width)) {
            *score = row.iter().zip(own).map(|(cell, weight)| cell * weight).sum();
        }
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let own = scores[class as usize];
        scores.iter_mut().for_each(|score| *score = (*score - largest).exp());
        let sum: f64 = scores.iter().sum();
        loss += sum.ln() - (own - largest);
        for (other, (score, slope)) in scores.iter().zip(gradient.chunks_exact_mut(width)).enumerate() {
            let factor = score / sum - f64::from(u8::from(other == class as usize));
            slope.iter_mut().zip(row).for_each(|(slope, cell)| *slope += factor * cell);
        }
    }
    (loss, gradient)
}

/// The least of a convex function that gives its value and gradient, by limited-memory BFGS with halved steps.
/// Source: Liu and Nocedal 1989, doi:10.1007/BF01589116.
fn minimize(mut place: Vec<f64>, mut objective: impl FnMut(&[f64]) -> Result<(f64, Vec<f64>)>) -> Result<Vec<f64>> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (mut value, mut gradient) = objective(&place)?;
    // Steps, changes of the gradient, and 1 over their products.
    let mut known: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    for _ in 0..STEPS {
        if gradient.iter().fold(0.0_f64, |largest, slope| largest.max(slope.abs())) < SMALL {
            break;
        }
        let mut way: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
        let mut factors = Vec::new();
        for (step, change, inverse) in known.iter().rev() {
            let factor = inverse * dot(step, &way);
            way.iter_mut().zip(change).for_each(|(way, change)| *way -= factor * change);
            factors.push(factor);
        }
        if let Some((_, change, inverse)) = known.last() {
            let scale = 1.0 / (inverse * dot(change, change));
            way.iter_mut().for_each(|way| *way *= scale);
        }
        for ((step, change, inverse), factor) in known.iter().zip(factors.into_iter().rev()) {
            let other = factor - inverse * dot(change, &way);
            way.iter_mut().zip(step).for_each(|(way, step)| *way += other * step);
        }
        let slope = dot(&way, &gradient);
        let mut length = 1.0;
        let found = loop {
            let next: Vec<f64> = place.iter().zip(&way).map(|(place, way)| place + length * way).collect();
            let (there, slopes) = objective(&next)?;
            if there <= value + 1e-4 * length * slope {
                break Some((next, there, slopes));
            }
            length /= 2.0;
            if length < 1e-10 {
                break None;
            }
        };
        // Rounding leaves nothing lower.
        let Some((next, there, slopes)) = found else { break };
        let step: Vec<f64> = next.iter().zip(&place).map(|(next, place)| next - place).collect();
        let change: Vec<f64> = slopes.iter().zip(&gradient).map(|(next, before)| next - before).collect();
        let product = dot(&step, &change);
        if product > 0.0 {
            known.push((step, change, 1.0 / product));
            if known.len() > MEMORY {
                known.remove(0);
            }
        }
        (place, value, gradient) = (next, there, slopes);
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;

    /// Three classes in the plane, `i % 3`.
    fn waves(n: usize) -> (Matrix, Vec<u32>) {
        let cell = |i: usize, j: usize| ((i as f64 * (0.71 + 0.3 * j as f64)).sin() + if i % 3 == j { 1.2 } else { 0.0 }) as f32;
        (Matrix::from_fn(n, 2, cell), (0..n).map(|i| (i % 3) as u32).collect())
    }

    /// Figures of scikit-learn 1.9.1: `X = (X - X.mean(0)) / X.std(0); LogisticRegression(C=1, tol=1e-10).fit(X,
    /// y).decision_function(X)[0]`.
    #[test]
    fn scores_are_those_of_scikit_learn() {
        let (rows, class) = waves(120);
        let run = Run::new(0, 2).unwrap();
        let planes = Planes::fit(rows.view(), &class, 3, &run).unwrap();
        let mut scores: Vec<f64> = planes.scores(rows.row(0)).collect();
        let mean = scores.iter().sum::<f64>() / 3.0;
        scores.iter_mut().for_each(|score| *score -= mean);
        for (found, wanted) in scores.iter().zip([1.20757051471783, -1.2468820325114252, 0.03931151779359582]) {
            assert!((found - wanted).abs() < 1e-4, "{scores:?}");
        }
    }

    #[test]
    fn distances_are_those_from_the_plane_between_two_classes() {
        let rows = Matrix::from_fn(40, 2, |i, j| if j == 0 { (i % 2) as f32 * 4.0 + 1.0 } else { (i / 2) as f32 });
        let class: Vec<u32> = (0..40).map(|i| i % 2).collect();
        let planes = Planes::fit(rows.view(), &class, 2, &Run::new(0, 1).unwrap()).unwrap();
        let found = planes.accuracy(rows.view(), &class);
        assert!(found.value == 1.0 && found.low < 1.0 && found.null == Some(0.5), "{found:?}");
        // The plane is halfway, and upright.
        assert!((planes.distance(&[1.0, 7.0], 0) - 2.0).abs() < 0.05 && (planes.distance(&[1.0, 3.0], 1) + 2.0).abs() < 0.05);
        assert!(Planes::fit(rows.view(), &[0; 40], 2, &Run::new(0, 1).unwrap()).is_err());
    }
}
