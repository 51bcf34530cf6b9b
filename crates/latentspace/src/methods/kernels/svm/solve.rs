//! Sequential minimal optimization: the quadratic problem of a support vector machine, two coefficients at a time.
//!
//! Minimizes ½ βᵀ K β + pᵀ β over coefficients between their limits whose sum is given. Each step moves the row of steepest descent against
//! the one that promises the largest decrease by the second derivative. Rows at a limit that will stay there are left out for a while
//! (shrinking); before the end all are checked. Bound: two passes over the rows that take part, 28 and 44 bytes each, and the kernel values.
//!
//! Source: Fan, Chen and Lin 2005, JMLR 6:1889.

use super::lanes::{Extremes, FLAT, Second, second, step};
use super::values::Between;
use crate::error::Result;
use crate::run::Run;

/// Steps between two rounds of shrinking.
const ROUND: usize = 1000;
/// Steps between two looks at the run.
const CHECK: u64 = 64;
/// Steps at most, and steps per row.
const STEPS: (u64, u64) = (10_000_000, 100);

/// A problem. All lists have an entry per row.
pub(super) struct Problem {
    /// Numbers of the rows, ascending.
    pub(super) rows: Vec<u32>,
    /// Where the coefficients start; they keep their sum.
    pub(super) start: Vec<f64>,
    /// Their limits.
    pub(super) limits: Vec<[f64; 2]>,
    /// The linear term p.
    pub(super) linear: Vec<f64>,
}

/// What solves it.
pub(super) struct Solution {
    /// The coefficient of each row.
    pub(super) coefficients: Vec<f64>,
    /// What is subtracted from the sum of coefficients times kernel values, so that free rows lie on their margin.
    pub(super) offset: f64,
    /// ½ βᵀ K β + pᵀ β.
    pub(super) objective: f64,
    pub(super) steps: u64,
    /// How far the optimality conditions are from being met, if that is above the tolerance.
    pub(super) gap: Option<f64>,
}

/// The rows that take part, side by side.
#[derive(Default)]
struct Active {
    /// Their places in the problem, ascending, and their numbers.
    at: Vec<u32>,
    rows: Vec<u32>,
    coefficients: Vec<f64>,
    gradient: Vec<f64>,
    diagonal: Vec<f64>,
    /// 0 where the coefficient may grow, else infinite.
    up: Vec<f64>,
    /// 0 where it may shrink, else minus infinity.
    down: Vec<f64>,
}

struct Solver<'a, 'b> {
    problem: &'a Problem,
    kernel: &'a mut Between<'b>,
    coefficients: Vec<f64>,
    gradient: Vec<f64>,
    active: Active,
    run: &'a Run,
}

/// Solves a problem to a tolerance of the gradient.
///
/// # Errors
/// As [`Between::with`]; [`crate::Error::Cancelled`].
pub(super) fn solve(problem: &Problem, kernel: &mut Between<'_>, tol: f64, run: &Run) -> Result<Solution> {
    let n = problem.rows.len();
    let (coefficients, gradient) = (problem.start.clone(), problem.linear.clone());
    let mut solver = Solver { problem, kernel, coefficients, gradient, active: Active::default(), run };
    solver.gather(&vec![false; n])?;
    let (mut one, mut two) = (Vec::new(), Vec::new());
    let mut extremes = solver.active.extremes();
    let most = STEPS.0.max(STEPS.1 * n as u64);
    let (mut steps, mut until_shrinking, mut was_near) = (0, ROUND.min(n), false);
    let gap = loop {
        if extremes.gap() <= tol || steps >= most || (steps % CHECK == 0 && run.stopped()) {
            let is_whole = solver.active.at.len() == n;
            if !is_whole {
                solver.widen()?;
                extremes = solver.active.extremes();
            }
            if is_whole || extremes.gap() <= tol || steps >= most || run.stopped() {
                break extremes.gap();
            }
            until_shrinking = 1;
        }
        if steps.is_multiple_of(CHECK) {
            run.check()?;
        }
        until_shrinking -= 1;
        if until_shrinking == 0 {
            until_shrinking = ROUND.min(n);
            if !was_near && extremes.gap() <= 10.0 * tol {
                was_near = true;
                solver.widen()?;
                extremes = solver.active.extremes();
            }
            solver.shrink(&extremes);
            extremes = solver.active.extremes();
            if extremes.gap() <= tol {
                continue;
            }
        }
        steps += 1;
        let i = extremes.lowest_at;
        solver.kernel.with(solver.active.rows[i], &solver.active.rows, &mut one)?;
        let Some(j) = solver.active.partner(i, &one) else { break extremes.gap() };
        solver.kernel.with(solver.active.rows[j], &solver.active.rows, &mut two)?;
        let change = solver.exchange(i, j, f64::from(one[j]));
        let active = &mut solver.active;
        step(&mut active.gradient, &active.up, &active.down, &one, &two, change, &mut extremes);
    };
    solver.scatter();
    Ok(solver.solution(steps, Some(gap).filter(|gap| *gap > tol)))
}

impl Solver<'_, '_> {
    /// Makes all rows take part, computing the gradients of those for which `known` is false.
    fn gather(&mut self, known: &[bool]) -> Result<()> {
        let n = self.problem.rows.len();
        let unknown: Vec<usize> = (0..n).filter(|&at| !known[at]).collect();
        let rows: Vec<u32> = unknown.iter().map(|&at| self.problem.rows[at]).collect();
        let mut sums: Vec<f64> = unknown.iter().map(|&at| self.problem.linear[at]).collect();
        let mut values = Vec::new();
        for (count, at) in (0..n).filter(|&at| self.coefficients[at] != 0.0).enumerate() {
            if count.is_multiple_of(CHECK as usize) {
                self.run.check()?;
            }
            self.kernel.with(self.problem.rows[at], &rows, &mut values)?;
            let coefficient = self.coefficients[at];
            sums.iter_mut().zip(&values).for_each(|(sum, &value)| *sum += coefficient * f64::from(value));
        }
        unknown.iter().zip(sums).for_each(|(&at, sum)| self.gradient[at] = sum);
        let room = |can: bool, not: f64| if can { 0.0 } else { not };
        let (problem, coefficients, kernel) = (self.problem, &self.coefficients, &self.kernel);
        self.active = Active {
            at: (0..n as u32).collect(),
            rows: problem.rows.clone(),
            coefficients: coefficients.clone(),
            gradient: self.gradient.clone(),
            diagonal: problem.rows.iter().map(|&row| kernel.own(row)).collect(),
            up: (0..n).map(|at| room(coefficients[at] < problem.limits[at][1], f64::INFINITY)).collect(),
            down: (0..n).map(|at| room(coefficients[at] > problem.limits[at][0], f64::NEG_INFINITY)).collect(),
        };
        Ok(())
    }

    /// Writes back what the rows that take part have come to.
    fn scatter(&mut self) {
        let active = &self.active;
        for (&at, (&coefficient, &gradient)) in active.at.iter().zip(active.coefficients.iter().zip(&active.gradient)) {
            (self.coefficients[at as usize], self.gradient[at as usize]) = (coefficient, gradient);
        }
    }

    /// Makes all rows take part again.
    fn widen(&mut self) -> Result<()> {
        self.scatter();
        let mut known = vec![false; self.problem.rows.len()];
        self.active.at.iter().for_each(|&at| known[at as usize] = true);
        if known.iter().all(|known| *known) {
            return Ok(());
        }
        self.gather(&known)
    }

    /// Leaves out rows at a limit which their gradient presses them against.
    fn shrink(&mut self, extremes: &Extremes) {
        let active = &self.active;
        let stays = |at: usize| match (active.up[at] == 0.0, active.down[at] == 0.0) {
            (true, true) => true,
            (true, false) => active.gradient[at] <= extremes.highest,
            (false, true) => active.gradient[at] >= extremes.lowest,
            (false, false) => false,
        };
        let staying: Vec<bool> = (0..active.at.len()).map(stays).collect();
        if staying.iter().all(|stays| *stays) {
            return;
        }
        self.scatter();
        self.active.keep(&staying);
    }

    /// Moves a coefficient against another as far as is best and allowed; how far. `between` is the kernel value of the two rows.
    fn exchange(&mut self, i: usize, j: usize, between: f64) -> f64 {
        let active = &mut self.active;
        let [lower, upper] = [self.problem.limits[active.at[j] as usize][0], self.problem.limits[active.at[i] as usize][1]];
        let curvature = (active.diagonal[i] + active.diagonal[j] - 2.0 * between).max(FLAT);
        let room = [upper - active.coefficients[i], active.coefficients[j] - lower];
        let change = ((active.gradient[j] - active.gradient[i]) / curvature).min(room[0]).min(room[1]);
        active.coefficients[i] = if change == room[0] { upper } else { active.coefficients[i] + change };
        active.coefficients[j] = if change == room[1] { lower } else { active.coefficients[j] - change };
        for at in [i, j] {
            let ([lower, upper], own) = (self.problem.limits[active.at[at] as usize], active.coefficients[at]);
            active.up[at] = if own < upper { 0.0 } else { f64::INFINITY };
            active.down[at] = if own > lower { 0.0 } else { f64::NEG_INFINITY };
        }
        change
    }

    fn solution(self, steps: u64, gap: Option<f64>) -> Solution {
        let Solver { problem, coefficients, gradient, .. } = self;
        let (mut free, mut sum, mut bounds) = (0, 0.0, [f64::NEG_INFINITY, f64::INFINITY]);
        for ((&own, &slope), &[lower, upper]) in coefficients.iter().zip(&gradient).zip(&problem.limits) {
            match (own > lower, own < upper) {
                (true, true) => (free, sum) = (free + 1, sum + slope),
                (true, false) => bounds[0] = bounds[0].max(slope),
                (false, true) => bounds[1] = bounds[1].min(slope),
                (false, false) => {}
            }
        }
        let offset = match bounds {
            _ if free > 0 => sum / f64::from(free),
            [low, high] if low.is_finite() && high.is_finite() => (low + high) / 2.0,
            [low, _] if low.is_finite() => low,
            [_, high] if high.is_finite() => high,
            _ => 0.0,
        };
        let terms = coefficients.iter().zip(gradient.iter().zip(&problem.linear));
        let objective = terms.map(|(own, (slope, linear))| own * (slope + linear) / 2.0).sum();
        Solution { coefficients, offset, objective, steps, gap }
    }
}

impl Active {
    fn keep(&mut self, staying: &[bool]) {
        fn kept<T: Copy>(all: &mut Vec<T>, staying: &[bool]) {
            let mut flags = staying.iter();
            all.retain(|_| flags.next().copied().unwrap_or(false));
        }
        kept(&mut self.at, staying);
        kept(&mut self.rows, staying);
        for all in [&mut self.coefficients, &mut self.gradient, &mut self.diagonal, &mut self.up, &mut self.down] {
            kept(all, staying);
        }
    }

    fn extremes(&mut self) -> Extremes {
        let mut found = Extremes::NONE;
        let still = vec![0.0; self.gradient.len()];
        step(&mut self.gradient, &self.up, &self.down, &still, &still, 0.0, &mut found);
        found
    }

    /// The row that promises the largest decrease together with row `i`, whose kernel values are given.
    fn partner(&self, i: usize, values: &[f32]) -> Option<usize> {
        let mut best = Second { gain: 0.0, at: usize::MAX };
        second(&self.gradient, &self.down, &self.diagonal, values, [self.gradient[i], self.diagonal[i]], &mut best);
        Some(best.at).filter(|&at| at < values.len())
    }
}
