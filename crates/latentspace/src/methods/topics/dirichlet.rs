//! The prior of topics in documents, learned from how often each topic is in each document.

/// How many documents hold a topic how often, and how many are how long: whole numbers, so that their sums are the same in any order.
pub(super) struct Histogram {
    /// Of each topic, by count.
    topics: Vec<Vec<u32>>,
    /// Of documents, by length: sparse, since lengths may be large.
    lengths: std::collections::BTreeMap<u32, u32>,
}

impl Histogram {
    pub(super) fn new(topics: usize) -> Self {
        Histogram { topics: vec![Vec::new(); topics], lengths: Default::default() }
    }

    /// Adds a document by its topics and how many of its words are of each, none of them 0.
    pub(super) fn add(&mut self, counts: impl Iterator<Item = (usize, u32)>) {
        let mut length = 0;
        for (topic, count) in counts {
            let by_count = &mut self.topics[topic];
            if by_count.len() <= count as usize {
                by_count.resize(count as usize + 1, 0);
            }
            by_count[count as usize] += 1;
            length += count;
        }
        if length > 0 {
            *self.lengths.entry(length).or_default() += 1;
        }
    }

    pub(super) fn merge(mut self, other: Self) -> Self {
        for (into, from) in self.topics.iter_mut().zip(other.topics) {
            if into.len() < from.len() {
                into.resize(from.len(), 0);
            }
            into.iter_mut().zip(from).for_each(|(into, from)| *into += from);
        }
        for (length, documents) in other.lengths {
            *self.lengths.entry(length).or_default() += documents;
        }
        self
    }
}

/// The least that a topic's prior becomes: one that no document has stays possible.
pub(super) const LEAST: f64 = 1e-5;

/// Some steps of the fixed point towards the most likely prior (Minka 2000, "Estimating a Dirichlet distribution", equation 55).
pub(super) fn learn_prior(alpha: &mut [f64], histogram: &Histogram, steps: usize) {
    // Where no document has a word, nothing is known.
    if histogram.lengths.is_empty() {
        return;
    }
    for _ in 0..steps {
        let sum: f64 = alpha.iter().sum();
        let by_length = histogram.lengths.iter().map(|(&length, &documents)| f64::from(documents) * rise(sum, length));
        let below: f64 = by_length.sum();
        for (alpha, by_count) in alpha.iter_mut().zip(&histogram.topics) {
            let above: f64 = by_count.iter().enumerate().map(|(count, &documents)| f64::from(documents) * rise(*alpha, count as u32)).sum();
            *alpha = (*alpha * above / below).max(LEAST);
        }
    }
}

/// digamma(x + n) - digamma(x).
fn rise(x: f64, n: u32) -> f64 {
    if n < 8 { (0..n).map(|i| 1.0 / (x + f64::from(i))).sum() } else { digamma(x + f64::from(n)) - digamma(x) }
}

/// The derivative of the logarithm of the gamma function, of a positive number, to about 1e-12.
pub(super) fn digamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < 8.0 {
        below += 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = square * (1.0 / 12.0 - square * (1.0 / 120.0 - square * (1.0 / 252.0 - square * (1.0 / 240.0 - square / 132.0))));
    x.ln() - 0.5 / x - series - below
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn digamma_is_what_tables_say() {
        // Abramowitz and Stegun, table 6.1.
        for (x, wanted) in
            [(1.0, -0.577_215_664_901_5), (2.0, 0.422_784_335_098_5), (0.5, -1.963_510_026_021_4), (10.0, 2.251_752_589_066_7)]
        {
            assert!((digamma(x) - wanted).abs() < 1e-11, "{x}: {}", digamma(x));
        }
        assert!((rise(0.3, 12) - (0..12).map(|i| 1.0 / (0.3 + f64::from(i))).sum::<f64>()).abs() < 1e-11);
    }

    /// A number of the gamma distribution (Marsaglia and Tsang 2000, doi:10.1145/358407.358414), with its boost below 1.
    fn gamma(random: &Random, step: u64, shape: f64) -> f64 {
        let boost = if shape < 1.0 { random.uniform(step, 1).powf(1.0 / shape) } else { 1.0 };
        let d = shape + f64::from(u8::from(shape < 1.0)) - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        (0..)
            .find_map(|turn| {
                let x = random.normal(step, 2 + 2 * turn);
                let v = (1.0 + c * x).powi(3);
                let fits = v > 0.0 && random.uniform(step, 3 + 2 * turn).ln() < 0.5 * x * x + d - d * v + d * v.ln();
                fits.then_some(d * v * boost)
            })
            .unwrap()
    }

    #[test]
    fn the_prior_that_documents_were_made_with_is_found() {
        let truth = [0.4, 0.1, 1.2, 0.05];
        let random = Random::new(3, "prior");
        let mut histogram = Histogram::new(4);
        for document in 0..4000_u64 {
            let weights: Vec<f64> = (0..4).map(|topic| gamma(&random, document * 4 + topic, truth[topic as usize])).collect();
            let total: f64 = weights.iter().sum();
            let topic = |item: u64| {
                let mut u = Random::new(4, "words").uniform(document, item) * total;
                (0..4)
                    .find(|&topic| {
                        u -= weights[topic];
                        u < 0.0
                    })
                    .unwrap_or(3)
            };
            let mut counts = [0; 4];
            (0..60).for_each(|item| counts[topic(item)] += 1);
            histogram.add(counts.into_iter().enumerate().filter(|(_, count)| *count > 0));
        }
        let mut alpha = [0.5; 4];
        learn_prior(&mut alpha, &histogram, 400);
        assert!(alpha.iter().zip(truth).all(|(found, truth)| (found / truth - 1.0).abs() < 0.12), "{alpha:?}");
    }
}
