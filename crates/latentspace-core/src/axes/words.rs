//! Characteristic words of axes (relevance, lift, FREX, saliency), and names made from them.

use super::Distributions;

/// A word of the vocabulary with the value that orders it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighted {
    /// Its number in the vocabulary.
    pub word: u32,
    /// Its probability in the axis, relevance, lift or FREX.
    pub value: f64,
}

/// A word of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Word {
    /// Its number in the vocabulary.
    pub word: u32,
    /// Its probability in the axis.
    pub probability: f64,
    /// Its probability in the corpus.
    pub frequency: f64,
}

impl Word {
    /// `lambda` · ln p(word | axis) + (1 - `lambda`) · ln (p(word | axis) / p(word)) (Sievert and Shirley 2014, doi:10.3115/v1/W14-3110).
    pub fn relevance(&self, lambda: f64) -> f64 {
        let likely = self.probability.ln();
        lambda * likely + (1.0 - lambda) * (likely - self.frequency.ln())
    }
}

/// The order of the words of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WordOrder {
    /// Probability in the axis.
    Probability,
    /// See [`Word::relevance`].
    Relevance(f64),
    /// Lift: the probability in the axis over that in the corpus.
    Lift,
    /// FREX: the harmonic mean of the word's ranks by probability in the axis and by exclusivity, at equal weights (Bischof
    /// and Airoldi 2012, "Summarizing topical content with word frequency and exclusivity").
    Frex,
}

/// Number of values of lambda for relevance.
const LAMBDAS: usize = 100;
/// The default lambda, also for names of axes: the best one in the user study of Sievert and Shirley 2014.
pub const USUAL_LAMBDA: f64 = 0.6;
/// Number of words in a name.
const NAMED: usize = 3;

impl Distributions {
    /// Number of candidate words for a name.
    fn of_axis(&self, axis: usize) -> Vec<Word> {
        let word = |word: usize| Word { word: word as u32, probability: self.probability(word, axis), frequency: self.frequency(word) };
        (0..self.words()).map(word).filter(|word| word.probability > 0.0 && word.frequency > 0.0).collect()
    }

    /// The first words of an axis in this order, the largest value first; ties by the word's number.
    ///
    /// Cost: words · axes.
    pub fn top(&self, axis: usize, order: WordOrder, count: usize) -> Vec<Weighted> {
        let words = self.of_axis(axis);
        let value: Box<dyn Fn(usize, &Word) -> f64> = match order {
            WordOrder::Probability => Box::new(|_, word| word.probability),
            WordOrder::Relevance(lambda) => Box::new(move |_, word| word.relevance(lambda)),
            WordOrder::Lift => Box::new(|_, word| word.probability / word.frequency),
            WordOrder::Frex => {
                let likely = ranks(words.iter().map(|word| word.probability).collect());
                let share = self.shares()[axis];
                let own = ranks(words.iter().map(|word| word.probability * share / word.frequency).collect());
                Box::new(move |at, _| 2.0 / (1.0 / likely[at] + 1.0 / own[at]))
            }
        };
        let all = words.iter().enumerate().map(|(at, word)| Weighted { word: word.word, value: value(at, word) }).collect();
        largest(all, count)
    }

    /// The words that are among the `count` most relevant of an axis for some lambda, by their probability.
    pub fn relevant(&self, axis: usize, count: usize) -> Vec<Word> {
        let mut words = self.of_axis(axis);
        words.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.word.cmp(&b.word)));
        // A word that `count` words exceed in probability and lift is never among the first.
        let mut lifts: Vec<f64> = Vec::new();
        words.retain(|word| {
            let lift = word.probability / word.frequency;
            let above = lifts.partition_point(|&other| other >= lift);
            if above >= count {
                return false;
            }
            lifts.insert(above, lift);
            lifts.truncate(count);
            true
        });
        let mut is_shown = vec![false; words.len()];
        for step in 0..=LAMBDAS {
            let lambda = step as f64 / LAMBDAS as f64;
            let all = words.iter().enumerate().map(|(at, word)| Weighted { word: at as u32, value: word.relevance(lambda) }).collect();
            largest(all, count).iter().for_each(|found| is_shown[found.word as usize] = true);
        }
        let mut shown = is_shown.into_iter();
        words.retain(|_| shown.next() == Some(true));
        words
    }

    /// The distribution over axes of a word, p(axis | word).
    pub fn of_word(&self, word: usize) -> Vec<f64> {
        let frequency = self.frequency(word);
        let share = |(&p, share): (&f32, &f64)| if frequency > 0.0 { f64::from(p) * share / frequency } else { 0.0 };
        self.by_word.row(word).iter().zip(self.shares()).map(share).collect()
    }

    /// The most salient words, by p(word) · sum over axes of p(axis | word) · ln (p(axis | word) / p(axis)).
    /// Source: Chuang, Manning and Heer 2012, doi:10.1145/2254556.2254572.
    pub fn salient(&self, count: usize) -> Vec<Weighted> {
        let value = |word: usize| {
            let told = self
                .of_word(word)
                .iter()
                .zip(self.shares())
                .map(|(&p, share)| if p > 0.0 { p * (p / share).ln() } else { 0.0 })
                .sum::<f64>();
            self.frequency(word) * told
        };
        largest((0..self.words()).map(|word| Weighted { word: word as u32, value: value(word) }).collect(), count)
    }

    /// The name of each axis, where the columns have names or else numbers, counted from 1.
    pub fn names(&self, words: Option<&[String]>) -> Vec<String> {
        let numbers: Vec<String>;
        let words = match words {
            Some(words) => words,
            None => {
                numbers = (1..=self.words()).map(|word| word.to_string()).collect();
                &numbers
            }
        };
        (0..self.k()).map(|axis| self.name(axis, words)).collect()
    }

    /// A short name: the most relevant words, without other forms of the same word.
    pub fn name(&self, axis: usize, words: &[String]) -> String {
        let mut named: Vec<&str> = Vec::new();
        for found in self.top(axis, WordOrder::Relevance(USUAL_LAMBDA), 4 * NAMED) {
            let Some(word) = words.get(found.word as usize) else { continue };
            if named.len() < NAMED && named.iter().all(|other| !is_form(word, other)) {
                named.push(word);
            }
        }
        named.join(" · ")
    }
}

/// Whether two words have a common prefix, so that one is probably a form of the other.
fn is_form(a: &str, b: &str) -> bool {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let shorter = a.chars().count().min(b.chars().count());
    same >= 3 && same + 2 >= shorter && same * 10 >= shorter * 7
}

/// The largest values, the largest first; ties by number.
fn largest(mut all: Vec<Weighted>, count: usize) -> Vec<Weighted> {
    let order = |a: &Weighted, b: &Weighted| b.value.total_cmp(&a.value).then(a.word.cmp(&b.word));
    if count == 0 {
        return Vec::new();
    }
    if count < all.len() {
        all.select_nth_unstable_by(count - 1, order);
        all.truncate(count);
    }
    all.sort_unstable_by(order);
    all
}

/// The empirical distribution function at each value.
fn ranks(values: Vec<f64>) -> Vec<f64> {
    let mut sorted = values.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    values.iter().map(|value| sorted.partition_point(|other| other <= value) as f64 / sorted.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::random::Random;

    fn random(words: usize, k: usize) -> Distributions {
        let random = Random::new(5, "words of axes");
        let by_word = Matrix::from_fn(words, k, |word, axis| random.uniform(word as u64, axis as u64).powi(8) as f32);
        let shares = (0..k).map(|axis| axis as f64 + 1.0).collect();
        Distributions::new(by_word, shares, vec![2.0; words], 10).unwrap()
    }

    #[test]
    fn the_words_shown_are_those_of_every_lambda() {
        let axes = random(500, 7);
        for axis in 0..7 {
            let shown: Vec<u32> = axes.relevant(axis, 10).iter().map(|word| word.word).collect();
            let mut wanted = std::collections::BTreeSet::new();
            for step in 0..=100 {
                wanted.extend(axes.top(axis, WordOrder::Relevance(f64::from(step) / 100.0), 10).iter().map(|found| found.word));
            }
            assert_eq!(shown.iter().copied().collect::<std::collections::BTreeSet<u32>>(), wanted);
        }
        let by_probability = axes.top(2, WordOrder::Probability, 500);
        assert!(by_probability.windows(2).all(|pair| pair[0].value >= pair[1].value));
        assert_eq!(
            axes.top(2, WordOrder::Relevance(1.0), 20).iter().map(|found| found.word).collect::<Vec<_>>(),
            by_probability[..20].iter().map(|found| found.word).collect::<Vec<_>>()
        );
        assert_eq!(
            axes.top(2, WordOrder::Relevance(0.0), 9).iter().map(|found| found.word).collect::<Vec<_>>(),
            axes.top(2, WordOrder::Lift, 9).iter().map(|found| found.word).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_word_of_one_axis_is_all_its_own_and_most_salient() {
        let by_word = Matrix::new(3, 2, vec![0.5, 0.0, 0.5, 0.5, 0.0, 0.5]).unwrap();
        let axes = Distributions::new(by_word, vec![0.5, 0.5], vec![1.0; 3], 4).unwrap();
        assert_eq!(axes.of_word(0), [1.0, 0.0]);
        assert_eq!(axes.of_word(1), [0.5, 0.5]);
        assert_eq!(axes.top(0, WordOrder::Frex, 1)[0].word, 0);
        assert_eq!(axes.salient(3)[2].word, 1);
        let words: Vec<String> = ["galaxy", "galaxies", "dust"].map(str::to_owned).into();
        assert_eq!(axes.name(0, &words), "galaxy");
        assert!(is_form("galaxy", "galaxies") && !is_form("star", "stone") && is_form("star", "stars"));
    }
}
