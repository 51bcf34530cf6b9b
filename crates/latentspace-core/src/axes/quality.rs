//! Exclusivity and diversity of axes.

use super::{Distributions, WordOrder};

/// Numbers of top words for exclusivity and for diversity.
const TOP: usize = 10;
const DIVERSE: usize = 25;

impl Distributions {
    /// The top words of each axis, by probability.
    pub fn tops(&self, count: usize) -> Vec<Vec<u32>> {
        let top = |axis| self.top(axis, WordOrder::Probability, count).iter().map(|found| found.word).collect();
        (0..self.k()).map(top).collect()
    }

    /// Exclusivity of each axis: the mean over its ten top words of p(word | axis) / (its sum over all axes), from 1 / k to 1.
    pub fn exclusivity(&self) -> Vec<f64> {
        let own = |(axis, words): (usize, Vec<u32>)| {
            let share = |&word: &u32| {
                let all: f64 = self.by_word.row(word as usize).iter().map(|&p| f64::from(p)).sum();
                self.probability(word as usize, axis) / all
            };
            words.iter().map(share).sum::<f64>() / words.len().max(1) as f64
        };
        self.tops(TOP).into_iter().enumerate().map(own).collect()
    }

    /// Diversity: the share of the 25 top words of all axes that occur in no other axis's; 1 if all differ.
    /// Source: Dieng, Ruiz and Blei 2020, doi:10.1162/tacl_a_00325.
    pub fn diversity(&self) -> f64 {
        let all: Vec<u32> = self.tops(DIVERSE).into_iter().flatten().collect();
        let different: std::collections::BTreeSet<&u32> = all.iter().collect();
        different.len() as f64 / all.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::random::Random;

    #[test]
    fn words_of_all_axes_are_no_axes_own() {
        let random = Random::new(3, "axes");
        let of = |order: [usize; 4]| {
            let by_word = Matrix::from_fn(100, 4, |word, axis| random.uniform(word as u64, order[axis] as u64).powi(6) as f32);
            Distributions::new(by_word, vec![1.0; 4], vec![1.0; 100], 1).unwrap()
        };
        assert!(of([0, 1, 2, 3]).exclusivity().iter().all(|&own| own > 0.25 && own <= 1.0));
        assert!(of([0, 0, 1, 1]).diversity() < 0.6);
    }
}
