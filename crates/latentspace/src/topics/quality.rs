//! How good topics are by their words alone, and how alike two sets of them.

use super::layout::divergences;
use super::{Topics, WordOrder};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::run::Run;

/// Words of a topic whose exclusivity is looked at, and words that should differ between topics.
const TOP: usize = 10;
const DIVERSE: usize = 25;

impl Topics {
    /// The words of each topic that show it best, by probability.
    pub fn tops(&self, count: usize) -> Vec<Vec<u32>> {
        let top = |topic| self.top(topic, WordOrder::Probability, count).iter().map(|found| found.word).collect();
        (0..self.k()).map(top).collect()
    }

    /// Of each topic, how much its ten top words are its own: the mean of p(word | topic) over the sum of that over all topics, from 1 / k to 1.
    pub fn exclusivity(&self) -> Vec<f64> {
        let own = |(topic, words): (usize, Vec<u32>)| {
            let share = |&word: &u32| {
                let all: f64 = self.by_word.row(word as usize).iter().map(|&p| f64::from(p)).sum();
                self.probability(word as usize, topic) / all
            };
            words.iter().map(share).sum::<f64>() / words.len().max(1) as f64
        };
        self.tops(TOP).into_iter().enumerate().map(own).collect()
    }

    /// The share of the 25 top words of all topics that is in no other topic's: 1 where none is twice.
    /// Source: Dieng, Ruiz and Blei 2020, doi:10.1162/tacl_a_00325.
    pub fn diversity(&self) -> f64 {
        let all: Vec<u32> = self.tops(DIVERSE).into_iter().flatten().collect();
        let different: std::collections::BTreeSet<&u32> = all.iter().collect();
        different.len() as f64 / all.len().max(1) as f64
    }
}

/// Topics of one set beside those of another that are most like them.
#[derive(Debug, Clone, PartialEq)]
pub struct Matched {
    /// Of each topic of the first set, its partner in the second.
    pub partner: Vec<u32>,
    /// Of each topic of the first set, the share of its ten top words that are among its partner's.
    pub shared: Vec<f64>,
    /// Of each topic of the first set, the Jensen-Shannon divergence to its partner (natural logarithm, 0 to 0.69).
    pub divergence: Vec<f64>,
}

/// Matches the topics of two sets over one vocabulary, each to one other, so that their divergences add up to the least.
///
/// Cost: k³, and k² · words logarithms.
///
/// # Errors
/// [`Error::Input`] if the sets differ in size or vocabulary; [`Error::Cancelled`].
pub fn matched(first: &Topics, second: &Topics, run: &Run) -> Result<Matched> {
    let k = first.k();
    if second.k() != k || second.words() != first.words() {
        let found = format!("{} topics of {} words", second.k(), second.words());
        return Err(Error::input("topics", found, format!("the first has {k} topics of {} words", first.words())));
    }
    let cells = (0..first.words()).flat_map(|word| first.by_word.row(word).iter().chain(second.by_word.row(word)).copied()).collect();
    let both = Topics::new(Matrix::new(first.words(), 2 * k, cells)?, vec![1.0; 2 * k], first.totals.clone(), first.documents)?;
    let all = run.install(|| divergences(&both, run))?;
    let cost = |a: usize, b: usize| all[a * 2 * k + k + b];
    let partner = assignment(k, cost);
    let (ours, theirs) = (first.tops(TOP), second.tops(TOP));
    let shared = |(topic, &partner): (usize, &u32)| {
        let (ours, theirs) = (&ours[topic], &theirs[partner as usize]);
        ours.iter().filter(|word| theirs.contains(word)).count() as f64 / ours.len().max(1) as f64
    };
    let shared = partner.iter().enumerate().map(shared).collect();
    let divergence = partner.iter().enumerate().map(|(topic, &partner)| cost(topic, partner as usize)).collect();
    Ok(Matched { partner, shared, divergence })
}

/// The cheapest way to give each of `n` rows a column of its own (Kuhn and Munkres, by shortest augmenting paths).
fn assignment(n: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<u32> {
    // Row and column 0 stand for none.
    let (mut rows, mut columns) = (vec![0.0_f64; n + 1], vec![0.0_f64; n + 1]);
    let (mut row_of, mut before) = (vec![0_usize; n + 1], vec![0_usize; n + 1]);
    for row in 1..=n {
        row_of[0] = row;
        let (mut least, mut is_used) = (vec![f64::INFINITY; n + 1], vec![false; n + 1]);
        let mut column = 0;
        loop {
            is_used[column] = true;
            let (at, mut next, mut step) = (row_of[column], 0, f64::INFINITY);
            for other in 1..=n {
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
            for other in 0..=n {
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
    (1..=n).for_each(|column| partner[row_of[column] - 1] = column as u32 - 1);
    partner
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_cheapest_assignment_is_that_of_all_permutations() {
        let random = Random::new(2, "costs");
        for step in 0..50 {
            let cost = |a: usize, b: usize| random.uniform(step, (a * 5 + b) as u64);
            let found: f64 = assignment(5, cost).iter().enumerate().map(|(a, &b)| cost(a, b as usize)).sum();
            let mut best = f64::INFINITY;
            for code in 0..3125_usize {
                let order: Vec<usize> = (0..5).map(|at| code / 5_usize.pow(at) % 5).collect();
                if (0..5).all(|b| order.contains(&b)) {
                    best = best.min(order.iter().enumerate().map(|(a, &b)| cost(a, b)).sum());
                }
            }
            assert!((found - best).abs() < 1e-12);
        }
    }

    #[test]
    fn topics_in_another_order_are_matched_and_known_again() {
        let random = Random::new(3, "topics");
        let of = |order: [usize; 4]| {
            let by_word = Matrix::from_fn(100, 4, |word, topic| random.uniform(word as u64, order[topic] as u64).powi(6) as f32);
            Topics::new(by_word, vec![1.0; 4], vec![1.0; 100], 1).unwrap()
        };
        let run = Run::new(0, 1).unwrap();
        let found = matched(&of([0, 1, 2, 3]), &of([2, 0, 3, 1]), &run).unwrap();
        assert_eq!(found.partner, [1, 3, 0, 2]);
        assert!(found.shared.iter().all(|&share| share == 1.0) && found.divergence.iter().all(|&divergence| divergence < 1e-9));
        assert!(of([0, 1, 2, 3]).exclusivity().iter().all(|&own| own > 0.25 && own <= 1.0));
        assert!(of([0, 0, 1, 1]).diversity() < 0.6);
    }
}
