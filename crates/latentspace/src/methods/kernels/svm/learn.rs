//! How a support vector machine is learned: one quadratic problem for each pair of labels, and calibration on held-out rows.

use std::ops::Range;

use serde_json::{Map, json};

use super::model::{self, Learned, Support, SvmModel};
use super::probability::Sigmoid;
use super::solve::{Problem, Solution, solve};
use super::values::{Between, Values};
use super::{LABELS, Svm, pairs};
use crate::data::{Category, Rows};
use crate::error::{Error, Result, count};
use crate::linalg::Matrix;
use crate::method::Fitted;
use crate::methods::kernels::KernelKind;
use crate::methods::kernels::kernel_pca::check_symmetric;
use crate::methods::kernels::spread::Spread;
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;

/// Parts of the rows, each of which is held out once for calibration.
const FOLDS: usize = 5;

/// The fitted rows, label by label.
struct Order {
    /// Their numbers.
    rows: Vec<u32>,
    /// The labels; none without any.
    classes: Vec<String>,
    /// Where each label's rows lie; all rows without labels.
    ranges: Vec<Range<usize>>,
}

impl Order {
    fn of(labels: Option<&Category>, n: usize) -> Result<Self> {
        let Some(labels) = labels else {
            return Ok(Order { rows: (0..n as u32).collect(), classes: Vec::new(), ranges: std::iter::once(0..n).collect() });
        };
        let mut rows: Vec<u32> = (0..n as u32).filter(|&row| labels.codes[row as usize] != u32::MAX).collect();
        rows.sort_by_key(|&row| labels.codes[row as usize]);
        let (mut classes, mut ranges, mut from) = (Vec::new(), Vec::new(), 0);
        for own in rows.chunk_by(|&a, &b| labels.codes[a as usize] == labels.codes[b as usize]) {
            classes.push(labels.levels[labels.codes[own[0] as usize] as usize].clone());
            ranges.push(from..from + own.len());
            from += own.len();
        }
        match classes.len() {
            0 | 1 => {
                let found = match classes.first() {
                    None => format!("no row has a label in '{}'", labels.name),
                    Some(class) => format!("all labels in '{}' are {class}", labels.name),
                };
                let error = Error::input("labels", found, "SVM separates at least 2 labels");
                Err(error.with_hint("without target, a one-class SVM learns where the rows lie"))
            }
            many if many > LABELS => {
                let found = format!("{} labels in '{}'", count(many as u64), labels.name);
                let wanted = format!("SVM separates at most {LABELS}: each pair of labels is a dimension");
                Err(Error::input("labels", found, wanted))
            }
            _ => Ok(Order { rows, classes, ranges }),
        }
    }

    /// The rows of each problem: of two labels, or all.
    fn problems(&self) -> Vec<[Range<usize>; 2]> {
        match self.classes.len() {
            0 => vec![[self.ranges[0].clone(), self.rows.len()..self.rows.len()]],
            many => pairs(many).map(|pair| pair.map(|class| self.ranges[class].clone())).collect(),
        }
    }
}

/// Learns from rows, and from their labels if there are any.
pub(super) fn learn(svm: &Svm, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
    let table = rows.table()?;
    let order = Order::of(rows.labels(), table.rows())?;
    let spread = Spread::of_all(table.view());
    let kernel = svm.chosen().kernel(&spread)?;
    let given = kernel.kernel == KernelKind::Precomputed;
    if given {
        check_symmetric(table.view(), run)?;
    }
    let plan = svm.algorithm(order.rows.len(), run);
    run.note(format!("SVM: {}; {plan}", kernel.told()));
    if order.classes.is_empty() {
        run.note("no labels are given (target names their column): a one-class SVM learns where the rows lie");
    }
    let unlabeled = table.rows() - order.rows.len();
    if unlabeled > 0 {
        run.note(format!("{} rows without a label are left out", count(unlabeled as u64)));
    }
    let sorted = table.select(&order.rows);
    let columns = given.then(|| order.rows.clone());
    let lens = model::lens(kernel, &spread.means, columns, sorted.view(), !order.classes.is_empty())?;
    let seen = lens.see(sorted.view(), 0);
    let values = Values::new(&lens, &seen, sorted.rows(), svm.keeps(sorted.rows(), run), run)?;
    let problems = order.problems();
    let learning = Learning { svm, unit: lens.unit, caches: run.threads().min(problems.len()), run };
    let random = Random::new(run.seed(), "svm folds");
    let solve = |at: usize| {
        run.progress("pairs", at as u64, problems.len() as u64);
        let mut kernel = values.between(problems[at].clone(), learning.caches);
        let solution = learning.solve(&problems[at], None, &mut kernel)?;
        let calibrated = svm.probability && !order.classes.is_empty();
        let sigmoid = if calibrated { Some(learning.calibrate(&problems[at], &solution, random, &mut kernel)?) } else { None };
        Ok((solution, sigmoid))
    };
    let (solved, sigmoids): (Vec<Solution>, Vec<Option<Sigmoid>>) =
        (0..problems.len()).into_par_iter().map(solve).collect::<Result<Vec<_>>>()?.into_iter().unzip();
    run.progress("pairs", problems.len() as u64, problems.len() as u64);
    let mut facts = Map::new();
    let objective: f64 = solved.iter().map(|own| own.objective / lens.unit).sum();
    let steps: u64 = solved.iter().map(|own| own.steps).sum();
    facts.insert("gamma".to_owned(), json!(kernel.gamma));
    facts.insert("steps".to_owned(), json!(steps));
    facts.insert("objective".to_owned(), json!(objective));
    if let Some(gap) = solved.iter().filter_map(|own| own.gap).reduce(f64::max) {
        facts.insert("gap".to_owned(), json!(gap));
        run.warn(format!(
            "the support vector machine did not converge in {} steps: the gradient is {gap:.1e} from its optimality conditions, and the \
             tolerance is {:.1e}. A smaller c, or columns that are scaled, converge sooner.",
            count(steps),
            svm.tol
        ));
    }
    let (support, coefficients) = gather(&order, &problems, &solved, lens.unit);
    let counts: Vec<usize> =
        order.ranges.iter().map(|range| support.iter().filter(|&&row| range.contains(&(row as usize))).count()).collect();
    facts.insert("support_vectors".to_owned(), json!(support.len()));
    if !order.classes.is_empty() {
        facts.insert("classes".to_owned(), json!(order.classes));
    }
    let offsets = solved.iter().map(|own| own.offset).collect();
    let support = match given {
        true => Support::Columns(support.iter().map(|&row| order.rows[row as usize]).collect()),
        false => Support::Rows(sorted.select(&support)),
    };
    let sigmoids: Option<Vec<Sigmoid>> = sigmoids.into_iter().collect();
    let (means, classes) = (spread.means, order.classes);
    let model = SvmModel::new(Learned { kernel, means, classes, counts, support, coefficients, offsets, sigmoids })?;
    Ok(Fitted { model: Box::new(model), codes: None, facts, measures: Vec::new() })
}

/// The places of the support vectors, and their coefficients against each other label, in the kernel's own unit.
fn gather(order: &Order, problems: &[[Range<usize>; 2]], solved: &[Solution], unit: f64) -> (Vec<u32>, Matrix) {
    let (n, width) = (order.rows.len(), order.classes.len().saturating_sub(1).max(1));
    let mut all = vec![0.0_f64; n * width];
    let pairs: Vec<[usize; 2]> = pairs(order.classes.len()).collect();
    for (at, (ranges, solution)) in problems.iter().zip(solved).enumerate() {
        // The columns of both labels in each other's rows.
        let columns = pairs.get(at).map_or([0, 0], |&[i, j]| [j - 1, i]);
        let places = ranges.clone().into_iter().zip(columns).flat_map(|(range, column)| range.map(move |row| row * width + column));
        places.zip(&solution.coefficients).for_each(|(place, coefficient)| all[place] = coefficient / unit);
    }
    let decides = |row: &u32| all[*row as usize * width..][..width].iter().any(|&own| own != 0.0);
    let support: Vec<u32> = (0..n as u32).filter(decides).collect();
    let coefficients = Matrix::from_fn(support.len(), width, |row, column| all[support[row] as usize * width + column] as f32);
    (support, coefficients)
}

/// What all problems share.
struct Learning<'a> {
    svm: &'a Svm,
    /// The lens's unit.
    unit: f64,
    caches: usize,
    run: &'a Run,
}

impl Learning<'_> {
    /// Solves the problem of two labels, of the rows of `some` alone if given, or of one class.
    fn solve(&self, ranges: &[Range<usize>; 2], some: Option<Vec<u32>>, kernel: &mut Between<'_>) -> Result<Solution> {
        let (first, all) = (ranges[0].len(), ranges[0].len() + ranges[1].len());
        let rows = some.unwrap_or_else(|| (0..all as u32).collect());
        let n = rows.len();
        let problem = match ranges[1].is_empty() {
            true => {
                // The first rows have the whole sum, nu of what all could have.
                let start = |row: usize| (self.svm.nu * n as f64 - row as f64).clamp(0.0, 1.0) * self.unit;
                Problem { rows, start: (0..n).map(start).collect(), limits: vec![[0.0, self.unit]; n], linear: vec![0.0; n] }
            }
            false => {
                let (most, side) = (self.svm.c * self.unit, |row: u32| if (row as usize) < first { 1.0 } else { -1.0 });
                let limits = rows.iter().map(|&row| if side(row) > 0.0 { [0.0, most] } else { [-most, 0.0] }).collect();
                let linear = rows.iter().map(|&row| -side(row)).collect();
                Problem { rows, start: vec![0.0; n], limits, linear }
            }
        };
        solve(&problem, kernel, self.svm.tol, self.run)
    }

    /// The sigmoid of two labels, from decision values of rows that were held out; of few rows, from the values of the fit.
    fn calibrate(&self, ranges: &[Range<usize>; 2], whole: &Solution, random: Random, kernel: &mut Between<'_>) -> Result<Sigmoid> {
        let [first, second] = ranges.clone().map(|range| range.len());
        let n = first + second;
        let folds = FOLDS.min(first).min(second);
        let all: Vec<u32> = (0..n as u32).collect();
        let mut values = vec![0.0; n];
        if folds < 2 {
            decide(&all, whole, &all, &mut values, kernel)?;
        } else {
            // Rows of each label are spread over all folds, by their place among all rows of the label.
            let mut fold = vec![0; n];
            for (from, range) in [(0, &ranges[0]), (first, &ranges[1])] {
                let order = random.permutation(range.start as u64, range.len());
                order.iter().enumerate().for_each(|(at, &row)| fold[from + row as usize] = at % folds);
            }
            for own in 0..folds {
                let part = |held: bool| all.iter().copied().filter(|&row| (fold[row as usize] == own) == held).collect::<Vec<u32>>();
                let (held, learned) = (part(true), part(false));
                let solution = self.solve(ranges, Some(learned.clone()), kernel)?;
                decide(&learned, &solution, &held, &mut values, kernel)?;
            }
        }
        let are_first: Vec<bool> = (0..n).map(|row| row < first).collect();
        Ok(Sigmoid::fit(&values, &are_first))
    }
}

/// Writes the decision values of some rows, by a machine learned from others.
fn decide(learned: &[u32], solution: &Solution, asked: &[u32], values: &mut [f64], kernel: &mut Between<'_>) -> Result<()> {
    let (mut sums, mut cells) = (vec![-solution.offset; asked.len()], Vec::new());
    for (&row, &coefficient) in learned.iter().zip(&solution.coefficients).filter(|(_, coefficient)| **coefficient != 0.0) {
        kernel.with(row, asked, &mut cells)?;
        sums.iter_mut().zip(&cells).for_each(|(sum, &cell)| *sum += coefficient * f64::from(cell));
    }
    asked.iter().zip(sums).for_each(|(&row, sum)| values[row as usize] = sum);
    Ok(())
}
