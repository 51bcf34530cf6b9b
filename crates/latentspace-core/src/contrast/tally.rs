//! The cells of one column, inside and outside of a selection, in ascending order.

use super::chance::{self, Level};
use super::{Side, Tested};

/// Ranks are told apart up to so many levels, for probabilities: more would cost time and change nothing.
const LEVELS: u64 = 256;
/// Quantiles of a side.
const QUARTILES: [f64; 3] = [0.25, 0.5, 0.75];
/// Quantiles of all cells between which a column is drawn.
const RANGE: [f64; 2] = [0.01, 0.99];

/// Quantiles of cells that come in ascending order, interpolated between neighbors.
struct Quantiles<const N: usize> {
    at: [f64; N],
    seen: u64,
    last: f64,
    found: [f64; N],
}

impl<const N: usize> Quantiles<N> {
    fn new(shares: [f64; N], rows: u64) -> Self {
        Quantiles { at: shares.map(|share| share * rows.saturating_sub(1) as f64), seen: 0, last: f64::NAN, found: [f64::NAN; N] }
    }

    fn add(&mut self, value: f64, times: u64) {
        if times == 0 {
            return;
        }
        // The places seen + 0 .. seen + times have this value.
        let (first, end) = (self.seen as f64, (self.seen + times) as f64);
        for (at, found) in self.at.iter().zip(&mut self.found) {
            if *at >= first && *at < end {
                *found = value;
            } else if *at < first && *at > first - 1.0 {
                *found = self.last + (value - self.last) * (at - (first - 1.0));
            }
        }
        (self.seen, self.last) = (self.seen + times, value);
    }
}

/// Sums of one side.
struct Sums {
    rows: u64,
    nonzero: u64,
    sum: f64,
    quartiles: Quantiles<3>,
}

impl Sums {
    fn new(rows: u64) -> Self {
        Sums { rows, nonzero: 0, sum: 0.0, quartiles: Quantiles::new(QUARTILES, rows) }
    }

    fn add(&mut self, value: f64, times: u64) {
        self.sum += value * times as f64;
        self.nonzero += if value == 0.0 { 0 } else { times };
        self.quartiles.add(value, times);
    }

    fn side(&self, is_sparse: bool) -> Side {
        let share = is_sparse.then(|| self.nonzero as f64 / self.rows.max(1) as f64);
        Side { rows: self.rows as usize, share, mean: Some(self.sum / self.rows as f64), quartiles: Some(self.quartiles.found) }
    }
}

/// What is known of a column of numbers once its values came in ascending order.
pub(super) struct Tally {
    inside: Sums,
    outside: Sums,
    range: Quantiles<2>,
    /// Selected rows above others less those below, over all pairs.
    above: f64,
    outside_below: u64,
    most: u64,
    width: u64,
    levels: Vec<Level>,
}

impl Tally {
    /// For `inside` and `outside` known cells.
    pub(super) fn new(inside: u64, outside: u64) -> Self {
        let rows = inside + outside;
        Tally {
            inside: Sums::new(inside),
            outside: Sums::new(outside),
            range: Quantiles::new(RANGE, rows),
            above: 0.0,
            outside_below: 0,
            most: 0,
            width: (rows / LEVELS).max(1),
            levels: Vec::new(),
        }
    }

    /// The next larger value.
    pub(super) fn add(&mut self, value: f64, inside: u64, outside: u64) {
        let rows = inside + outside;
        if rows == 0 {
            return;
        }
        self.inside.add(value, inside);
        self.outside.add(value, outside);
        self.range.add(value, rows);
        self.above += inside as f64 * (2.0 * self.outside_below as f64 + outside as f64 - self.outside.rows as f64);
        self.outside_below += outside;
        self.most = self.most.max(rows);
        match self.levels.last_mut() {
            Some(level) if level.rows + rows <= self.width => (level.rows, level.inside) = (level.rows + rows, level.inside + inside),
            _ => self.levels.push(Level { rows, inside }),
        }
    }

    /// The comparison of both sides; none if a side or all variation is missing.
    pub(super) fn tested(self, is_sparse: bool) -> Option<Tested> {
        let (m, r) = (self.inside.rows, self.outside.rows);
        if m == 0 || r == 0 || self.most == m + r {
            return None;
        }
        let range = self.range.found;
        Some(Tested {
            effect: self.above / (m as f64 * r as f64),
            p: chance::of_levels(&self.levels),
            least: chance::least(m + r - self.most, m, m + r),
            inside: self.inside.side(is_sparse),
            outside: self.outside.side(is_sparse),
            range: Some(range),
        })
    }
}

/// Merges ascending values of both sides into a tally.
pub(super) fn merge<T: Copy + PartialOrd>(inside: &[T], outside: &[T], value: impl Fn(T) -> f64) -> Tally {
    let mut tally = Tally::new(inside.len() as u64, outside.len() as u64);
    let run = |cells: &[T], from: usize, key: T| cells[from..].iter().take_while(|&&cell| cell == key).count();
    let (mut i, mut o) = (0, 0);
    while i < inside.len() || o < outside.len() {
        let key = match (inside.get(i), outside.get(o)) {
            (Some(&a), Some(&b)) => {
                if a < b {
                    a
                } else {
                    b
                }
            }
            (Some(&a), None) => a,
            (None, Some(&b)) => b,
            (None, None) => break,
        };
        let (of_inside, of_outside) = (run(inside, i, key), run(outside, o, key));
        tally.add(value(key), of_inside as u64, of_outside as u64);
        (i, o) = (i + of_inside, o + of_outside);
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_has_the_effect_of_all_pairs_and_the_quartiles_of_each_side() {
        let (inside, outside) = ([1.0, 2.0, 2.0, 7.0, 9.0], [0.0, 1.0, 2.0, 3.0]);
        let found = merge(&inside, &outside, |cell| cell).tested(false).unwrap();
        let pairs = inside.iter().flat_map(|a| outside.iter().map(move |b| f64::from(i8::from(a > b) - i8::from(a < b))));
        assert!((found.effect - pairs.sum::<f64>() / 20.0).abs() < 1e-12);
        assert_eq!(found.inside.quartiles, Some([2.0, 2.0, 7.0]));
        assert_eq!(found.outside.quartiles, Some([0.75, 1.5, 2.25]));
        assert_eq!((found.inside.mean, found.outside.mean, found.inside.share), (Some(4.2), Some(1.5), None));
        assert!(merge(&[1.0, 1.0], &[1.0], |cell| cell).tested(false).is_none());
    }

    #[test]
    fn many_levels_are_merged_for_the_probability_alone() {
        let inside: Vec<u32> = (0..3000).map(|at| at * 2 + 1).collect();
        let outside: Vec<u32> = (0..3000).map(|at| at * 2).collect();
        let tally = merge(&inside, &outside, f64::from);
        assert!((255..=520).contains(&tally.levels.len()), "{}", tally.levels.len());
        let found = tally.tested(false).unwrap();
        assert!((found.effect - 1.0 / 3000.0).abs() < 1e-12 && found.p == 1.0);
    }
}
