//! Matching of axes from two fits, and their stability.

use serde::Serialize;

use super::Distributions;
use super::layout::divergences;
use crate::error::{Error, Result};
use crate::interval::Measure;
use crate::linalg::Matrix;
use crate::run::Run;

/// Number of top words of an axis that are compared.
const TOP: usize = 10;

/// A one-to-one matching of two sets of axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Matched {
    /// For each axis of the first set, its partner in the second; none if that has fewer axes.
    pub partner: Vec<Option<u32>>,
    /// For each axis of the first set, the share of its ten top words that are among its partner's; 0 without one.
    pub shared: Vec<f64>,
    /// For each axis of the first set, the Jensen-Shannon divergence to its partner (natural logarithm, 0 to 0.69); 0.69 without one.
    pub divergence: Vec<f64>,
    /// The mean share of top words of two axes that are not partners: the null.
    pub chance: f64,
}

/// Matches the axes of two sets over one vocabulary one to one, with the lowest sum of divergences. As many have a partner
/// as the smaller set has axes.
///
/// Cost: k³, and k² · words logarithms.
///
/// # Errors
/// [`Error::Input`] if the sets differ in vocabulary; [`Error::Cancelled`].
pub fn matched(first: &Distributions, second: &Distributions, run: &Run) -> Result<Matched> {
    let (a, b) = (first.k(), second.k());
    if second.words() != first.words() {
        let found = format!("axes of {} words", second.words());
        return Err(Error::input("axes", found, format!("the first are of {}", first.words())));
    }
    let cells = (0..first.words()).flat_map(|word| first.by_word.row(word).iter().chain(second.by_word.row(word)).copied()).collect();
    let both = Distributions::new(Matrix::new(first.words(), a + b, cells)?, vec![1.0; a + b], first.totals.clone(), first.documents)?;
    let all = run.install(|| divergences(&both, run))?;
    let cost = |of_first: usize, of_second: usize| all[of_first * (a + b) + a + of_second];
    let partner: Vec<Option<u32>> = if a <= b {
        assignment(a, b, cost).into_iter().map(Some).collect()
    } else {
        let mut partner = vec![None; a];
        let of_second = assignment(b, a, |of_second, of_first| cost(of_first, of_second));
        (0..).zip(of_second).for_each(|(at, of_first)| partner[of_first as usize] = Some(at));
        partner
    };
    let (ours, theirs) = (first.tops(TOP), second.tops(TOP));
    let share = |of_first: usize, of_second: usize| {
        let (ours, theirs) = (&ours[of_first], &theirs[of_second]);
        ours.iter().filter(|word| theirs.contains(word)).count() as f64 / ours.len().max(1) as f64
    };
    let of_partner = |figure: &dyn Fn(usize, usize) -> f64, none: f64| {
        let each = partner.iter().enumerate();
        each.map(|(axis, partner)| partner.map_or(none, |partner| figure(axis, partner as usize))).collect::<Vec<f64>>()
    };
    let (shared, divergence) = (of_partner(&share, 0.0), of_partner(&cost, std::f64::consts::LN_2));
    let every: f64 = (0..a).map(|at| (0..b).map(|other| share(at, other)).sum::<f64>()).sum();
    let pairs = (a * b - a.min(b)) as f64;
    let chance = if pairs > 0.0 { (every - shared.iter().sum::<f64>()) / pairs } else { 0.0 };
    Ok(Matched { partner, shared, divergence, chance })
}

/// The stability of axes: their similarity to matched axes of other fits.
#[derive(Debug, Clone, Serialize)]
pub struct Recurrence {
    /// The share of an axis's ten top words that are among its partner's; the null is that of axes that are not partners.
    pub shared: Measure,
    /// The Jensen-Shannon divergence of partners (natural logarithm, 0 to 0.69).
    pub divergence: Measure,
    /// `shared` of each axis of the first set, the mean over the others.
    pub shared_by_axis: Vec<f64>,
    /// `divergence` of each axis of the first set, the mean over the others.
    pub divergence_by_axis: Vec<f64>,
}

/// Matches the axes of `first` with those of each other set. With several others, the intervals are those of the mean over them.
///
/// # Errors
/// [`Error::Param`] if there is no other set; as [`matched`].
pub fn recurrence(first: &Distributions, others: &[Distributions], run: &Run) -> Result<Recurrence> {
    if others.is_empty() {
        return Err(Error::param("runs", 1, "at least two sets of axes are needed"));
    }
    let found = others.iter().map(|other| matched(first, other, run)).collect::<Result<Vec<Matched>>>()?;
    let by_axis = |figure: fn(&Matched) -> &[f64]| {
        let mean = |axis: usize| found.iter().map(|matched| figure(matched)[axis]).sum::<f64>() / found.len() as f64;
        (0..first.k()).map(mean).collect::<Vec<f64>>()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let whole = |figure: fn(&Matched) -> &[f64], null: Option<f64>| {
        let means: Vec<f64> = found.iter().map(|matched| mean(figure(matched))).collect();
        let value = mean(&means);
        if means.len() < 2 {
            return Measure::exact(value, null);
        }
        let variance = means.iter().map(|other| (other - value).powi(2)).sum::<f64>() / (means.len() - 1) as f64;
        let half = 1.96 * (variance / means.len() as f64).sqrt();
        Measure { value, low: (value - half).max(0.0), high: (value + half).min(1.0), null }
    };
    let chance = mean(&found.iter().map(|matched| matched.chance).collect::<Vec<f64>>());
    let (shared, divergence): (fn(&Matched) -> &[f64], fn(&Matched) -> &[f64]) = (|matched| &matched.shared, |matched| &matched.divergence);
    Ok(Recurrence {
        shared: whole(shared, Some(chance)),
        divergence: whole(divergence, None),
        shared_by_axis: by_axis(shared),
        divergence_by_axis: by_axis(divergence),
    })
}

/// Linear assignment: the cheapest matching of `n` rows to `m >= n` columns (Kuhn and Munkres, by shortest augmenting paths).
fn assignment(n: usize, m: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<u32> {
    // Row and column 0 stand for none.
    let (mut rows, mut columns) = (vec![0.0_f64; n + 1], vec![0.0_f64; m + 1]);
    let (mut row_of, mut before) = (vec![0_usize; m + 1], vec![0_usize; m + 1]);
    for row in 1..=n {
        row_of[0] = row;
        let (mut least, mut is_used) = (vec![f64::INFINITY; m + 1], vec![false; m + 1]);
        let mut column = 0;
        loop {
            is_used[column] = true;
            let (at, mut next, mut step) = (row_of[column], 0, f64::INFINITY);
            for other in 1..=m {
                if is_used[other] {
                    continue;
                }
                let reduced = cost(at - 1, other - 1) - rows[at] - columns[other];
                if reduced < least[other] {
                    (least[other], before[other]) = (reduced, column);
                }
                if least[other] < step {
                    (step, next) = (least[other], other);
                }
            }
            for other in 0..=m {
                if is_used[other] {
                    rows[row_of[other]] += step;
                    columns[other] -= step;
                } else {
                    least[other] -= step;
                }
            }
            column = next;
            if row_of[column] == 0 {
                break;
            }
        }
        while column != 0 {
            row_of[column] = row_of[before[column]];
            column = before[column];
        }
    }
    let mut partner = vec![0; n];
    (1..=m).filter(|&column| row_of[column] > 0).for_each(|column| partner[row_of[column] - 1] = column as u32 - 1);
    partner
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_cheapest_assignment_is_that_of_all_permutations() {
        let random = Random::new(2, "costs");
        for (step, n) in (0..60).zip([5, 4, 3].into_iter().cycle()) {
            let cost = |a: usize, b: usize| random.uniform(step, (a * 5 + b) as u64);
            let found = assignment(n, 5, cost);
            let all: f64 = found.iter().enumerate().map(|(a, &b)| cost(a, b as usize)).sum();
            let mut best = f64::INFINITY;
            for code in 0..3125_usize {
                let order: Vec<usize> = (0..5).map(|at| code / 5_usize.pow(at) % 5).collect();
                if (0..5).all(|b| order.contains(&b)) {
                    best = best.min((0..n).map(|a| cost(a, order[a])).sum());
                }
            }
            assert!((all - best).abs() < 1e-12, "{n} rows: {all}, not {best}");
        }
    }

    fn axes(order: &[usize]) -> Distributions {
        let random = Random::new(3, "axes");
        let of = |word: usize, axis: usize| random.uniform(word as u64, order[axis] as u64).powi(6) as f32;
        Distributions::new(Matrix::from_fn(100, order.len(), of), vec![1.0; order.len()], vec![1.0; 100], 1).unwrap()
    }

    #[test]
    fn axes_in_another_order_are_matched_and_known_again() {
        let run = Run::new(0, 1).unwrap();
        let found = matched(&axes(&[0, 1, 2, 3]), &axes(&[2, 0, 3, 1]), &run).unwrap();
        assert_eq!(found.partner, [Some(1), Some(3), Some(0), Some(2)]);
        assert!(found.shared.iter().all(|&share| share == 1.0) && found.divergence.iter().all(|&divergence| divergence < 1e-9));
        assert!(found.chance < 0.4, "{}", found.chance);
        // Of sets that differ in size, those of the smaller one have partners.
        let (few, many) = (axes(&[2, 0]), axes(&[0, 1, 2, 3]));
        assert_eq!(matched(&few, &many, &run).unwrap().partner, [Some(2), Some(0)]);
        let found = matched(&many, &few, &run).unwrap();
        assert_eq!(found.partner, [Some(1), None, Some(0), None]);
        assert_eq!((&found.shared[..], found.divergence[1]), (&[1.0, 0.0, 1.0, 0.0][..], std::f64::consts::LN_2));
    }

    #[test]
    fn what_is_there_again_is_told_whole_and_by_axis() {
        let run = Run::new(0, 2).unwrap();
        let (first, same, other) = (axes(&[0, 1, 2]), axes(&[2, 1, 0]), axes(&[7, 1, 0]));
        let found = recurrence(&first, &[same.clone(), other], &run).unwrap();
        assert_eq!(&found.shared_by_axis[..2], [1.0, 1.0]);
        assert!(found.shared_by_axis[2] < 0.9 && found.divergence_by_axis[2] > 0.05, "{found:?}");
        assert!((found.shared.value - found.shared_by_axis.iter().sum::<f64>() / 3.0).abs() < 1e-12);
        assert!(found.shared.low < found.shared.value && found.shared.null.unwrap() < found.shared.low);
        assert_eq!(recurrence(&first, &[same], &run).unwrap().shared.value, 1.0);
        assert!(recurrence(&first, &[], &run).is_err());
    }
}
