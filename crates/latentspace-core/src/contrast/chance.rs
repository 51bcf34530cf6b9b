//! Probabilities of random selections: of rank sums by a saddlepoint approximation, of counts exactly.

/// Levels of a column, ascending: the rows that have it, and those of them that are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) rows: u64,
    pub(super) inside: u64,
}

/// Below this many standard deviations no difference is one.
const LEAST_Z: f64 = 1.0;
/// Newton steps at most; a dozen are usual.
const STEPS: usize = 100;

/// The probability that a random selection of as many rows is as extreme in either direction (twice the smaller tail).
///
/// Of two levels it is Fisher's exact test. Of more, it is that of the rank sum (Mann-Whitney, midranks of ties), by the saddlepoint
/// approximation for samples without replacement (Robinson 1982, <https://doi.org/10.1111/j.2517-6161.1982.tb01191.x>; in the form of Skovgaard
/// 1987 and Barndorff-Nielsen 1986). It is within some percent of the exact value also far out in the tails and for few rows, where the normal
/// approximation errs by powers of ten. The continuity correction is half of the largest gap between ranks, so that of columns with ties it errs
/// upward.
///
/// Cost: about 10 exponentials for each level.
pub(super) fn of_levels(levels: &[Level]) -> f64 {
    let (n, m) = levels.iter().fold((0, 0), |(n, m), level| (n + level.rows, m + level.inside));
    match levels {
        _ if m == 0 || m == n => 1.0,
        [] | [_] => 1.0,
        [_, upper] => of_counts(upper.inside, m, upper.rows - upper.inside, n - m),
        _ => of_ranks(levels, n as f64, m as f64),
    }
}

/// Fisher's exact test: `inside` of `m` rows and `outside` of `r` others have something.
pub(super) fn of_counts(inside: u64, m: u64, outside: u64, r: u64) -> f64 {
    let (n, all) = (m + r, inside + outside);
    // The tail away from the mean, by as many as have it or as lack it.
    let tail = if inside as f64 * n as f64 >= all as f64 * m as f64 {
        hypergeometric_tail(inside, all, m, n)
    } else {
        hypergeometric_tail(m - inside, n - all, m, n)
    };
    (2.0 * tail).min(1.0)
}

/// The smallest probability that [`of_levels`] can give to any selection of `m` of `n` rows, or less: all rows that do not have the most frequent
/// value, `k`, are selected, or none.
pub(super) fn least(k: u64, m: u64, n: u64) -> f64 {
    let all_in = |m: u64| if k <= m { ln_choose(n - k, m - k) } else { 0.0 };
    (2.0 * (all_in(m).min(all_in(n - m)) - ln_choose(n, m)).exp()).min(1.0)
}

/// The probability that at least `least` of `m` rows drawn from `n` are among the `marked` ones.
fn hypergeometric_tail(least: u64, marked: u64, m: u64, n: u64) -> f64 {
    let first = (ln_choose(marked, least) + ln_choose(n - marked, m - least) - ln_choose(n, m)).exp();
    let (mut term, mut sum, mut at) = (first, first, least);
    while at < marked.min(m) && term > sum * 1e-17 {
        term *= (marked - at) as f64 * (m - at) as f64 / ((at + 1) as f64 * ((n + at + 1) - marked - m) as f64);
        sum += term;
        at += 1;
    }
    sum.min(1.0)
}

fn of_ranks(levels: &[Level], n: f64, m: f64) -> f64 {
    // Midranks about their mean, in parts of n.
    let mut below = 0.0;
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(levels.len());
    let (mut sum, mut gap) = (0.0, 0.0_f64);
    for level in levels {
        let rank = (below + level.rows as f64 / 2.0) / n - 0.5;
        if let Some((_, before)) = points.last() {
            gap = gap.max(rank - before);
        }
        sum += level.inside as f64 * rank;
        points.push((level.rows as f64, rank));
        below += level.rows as f64;
    }
    if sum < 0.0 {
        points.iter_mut().for_each(|(_, rank)| *rank = -*rank);
    }
    let target = sum.abs() - gap / 2.0;
    let share = m / n;
    let variance = m * (1.0 - share) * points.iter().map(|(rows, rank)| rows * rank * rank).sum::<f64>() / (n - 1.0);
    if target < LEAST_Z * variance.sqrt() {
        return 1.0;
    }
    (2.0 * saddlepoint_tail(&points, n, m, target, variance)).min(1.0)
}

/// The probability that the sum of the values of `m` points drawn from `n` is at least `target`, which is above its mean 0.
fn saddlepoint_tail(points: &[(f64, f64)], n: f64, m: f64, target: f64, variance: f64) -> f64 {
    let share = m / n;
    // The cumulant generating function of independent draws with probability `share`, less the linear part: it is 0 at the mean.
    let function = |t: f64, u: f64| {
        let each = |&(rows, value): &(f64, f64)| {
            let z = t * value + u;
            rows * if z > 0.0 { z + ((1.0 - share) * (-z).exp_m1()).ln_1p() } else { (share * z.exp_m1()).ln_1p() }
        };
        points.iter().map(each).sum::<f64>() - t * target - u * m
    };
    let slopes = |t: f64, u: f64| {
        let (mut g, mut h) = ([-target, -m], [0.0; 3]);
        for &(rows, value) in points {
            let odds = (t * value + u).exp() * share;
            let drawn = if odds.is_finite() { odds / (1.0 - share + odds) } else { 1.0 };
            (g[0], g[1]) = (g[0] + rows * drawn * value, g[1] + rows * drawn);
            let spread = rows * drawn * (1.0 - drawn);
            (h[0], h[1], h[2]) = (h[0] + spread * value * value, h[1] + spread * value, h[2] + spread);
        }
        (g, h)
    };
    let (mut t, mut u) = (target / variance, 0.0);
    let mut value = function(t, u);
    let mut determinant = 0.0;
    for _ in 0..STEPS {
        let (g, h) = slopes(t, u);
        determinant = h[0] * h[2] - h[1] * h[1];
        if determinant.is_nan() || determinant <= 0.0 || (g[0].abs() < 1e-9 * variance.sqrt() && g[1].abs() < 1e-9 * m) {
            break;
        }
        let step = [(h[2] * g[0] - h[1] * g[1]) / determinant, (h[0] * g[1] - h[1] * g[0]) / determinant];
        let mut size = 1.0;
        let next = loop {
            let next = function(t - size * step[0], u - size * step[1]);
            if next < value || size < 1e-6 {
                break next;
            }
            size /= 2.0;
        };
        if next.is_nan() || next >= value {
            break;
        }
        (t, u, value) = (t - size * step[0], u - size * step[1], next);
    }
    let w = (-2.0 * value).max(0.0).sqrt();
    let v = t * (determinant / (n * share * (1.0 - share))).sqrt();
    if w < 0.3 || v.is_nan() || v <= 0.0 {
        // Near the mean, or where nothing is left to draw: Chernoff's bound, which holds for every t and u.
        let exactly = (std::f64::consts::TAU * m * (1.0 - share)).sqrt().max(1.0);
        return (value.exp() * exactly).min(1.0);
    }
    normal_tail(w + (v / w).ln() / w)
}

/// The probability that a standard normal number is at least `z`.
pub(super) fn normal_tail(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - normal_tail(-z);
    }
    let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    if z < 3.0 {
        let (mut term, mut sum, mut odd) = (z, z, 1.0);
        while term > sum * 1e-17 {
            odd += 2.0;
            term *= z * z / odd;
            sum += term;
        }
        return 0.5 - density * sum;
    }
    // Laplace's continued fraction of Mills' ratio.
    density / (1..=60).rev().fold(z, |below, at| z + f64::from(at) / below)
}

/// The logarithm of the number of ways to choose `k` of `n`.
fn ln_choose(n: u64, k: u64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// ln n!, by Stirling's series above 20.
fn ln_factorial(n: u64) -> f64 {
    if n < 21 {
        return (2..=n).map(|factor| (factor as f64).ln()).sum();
    }
    let x = n as f64;
    let square = x * x;
    (x + 0.5) * x.ln() - x
        + 0.5 * std::f64::consts::TAU.ln()
        + (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / (1680.0 * square)) / square) / square) / x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn close(a: f64, b: f64, within: f64) -> bool {
        (a / b - 1.0).abs() < within
    }

    #[test]
    fn tails_and_factorials_are_those_of_tables() {
        assert!(close(normal_tail(1.0), 0.158_655_253_931_457, 1e-12));
        assert!(close(normal_tail(2.0), 0.022_750_131_948_179_2, 1e-12) && close(normal_tail(3.0), 0.001_349_898_031_630_1, 1e-9));
        assert!(close(normal_tail(10.0), 7.619_853_024_160_5e-24, 1e-9) && close(normal_tail(-1.0), 0.841_344_746_068_543, 1e-12));
        assert!(close(ln_factorial(20), 42.335_616_460_753_49, 1e-12) && close(ln_factorial(21), 45.380_138_898_476_91, 1e-12));
        // Fisher's tea: 4 of 4 cups right has the probability 1/70 in one tail.
        assert!(close(of_counts(4, 4, 0, 4), 2.0 / 70.0, 1e-12) && close(of_counts(0, 4, 4, 4), 2.0 / 70.0, 1e-12));
        assert_eq!(of_counts(2, 4, 2, 4), 1.0);
    }

    #[test]
    fn rank_sums_have_the_probability_of_all_their_permutations() {
        // All selections of 5 of 20 rows without ties.
        let exact = |least: u64| {
            let sums = (0_u32..1 << 20).filter(|set| set.count_ones() == 5);
            let sums = sums.map(|set| (0..20).filter(|&at| set >> at & 1 == 1).map(|at| at + 1).sum::<u64>());
            let (all, as_large) = sums.fold((0_u64, 0_u64), |(all, some), sum| (all + 1, some + u64::from(sum >= least)));
            2.0 * as_large as f64 / all as f64
        };
        for set in [[20, 19, 18, 17, 16], [20, 19, 18, 16, 9], [20, 17, 15, 12, 10]] {
            let levels: Vec<Level> = (1..=20).map(|rank| Level { rows: 1, inside: u64::from(set.contains(&rank)) }).collect();
            let (found, true_value) = (of_levels(&levels), exact(set.iter().sum()));
            assert!(found > 0.85 * true_value && found < 1.5 * true_value, "{found} for {true_value}");
            let mirrored: Vec<Level> = levels.into_iter().rev().collect();
            assert!(close(of_levels(&mirrored), found, 1e-6));
        }
    }

    #[test]
    fn with_ties_the_probability_errs_upward() {
        // Shares of rows with the values 0, 1, 2, ...; m of 300 rows are drawn, and a tail of 1 % of all draws is compared.
        let shapes: [&[u64]; 4] = [&[270, 10, 10, 10], &[110, 110, 55, 20, 5], &[60; 5], &[290, 5, 3, 2]];
        let random = Random::new(7, "draws");
        for rows in shapes {
            for m in [2, 5, 20, 150] {
                let of_row: Vec<usize> = rows.iter().enumerate().flat_map(|(level, &rows)| vec![level; rows as usize]).collect();
                let rank = |level: usize| rows[..level].iter().sum::<u64>() as f64 + rows[level] as f64 / 2.0;
                let draws = (0..20_000).map(|draw| random.sample(draw, 300, m));
                let mut sums: Vec<(f64, Vec<u64>)> = draws
                    .map(|drawn| {
                        let mut inside = vec![0; rows.len()];
                        drawn.iter().for_each(|&row| inside[of_row[row as usize]] += 1);
                        (inside.iter().enumerate().map(|(level, &count)| count as f64 * rank(level)).sum(), inside)
                    })
                    .collect();
                sums.sort_by(|a, b| b.0.total_cmp(&a.0));
                let (least, inside) = sums[200].clone();
                let as_large = sums.iter().filter(|(sum, _)| *sum >= least).count() as f64 / 20_000.0;
                let levels: Vec<Level> = rows.iter().zip(inside).map(|(&rows, inside)| Level { rows, inside }).collect();
                let found = of_levels(&levels);
                assert!(found > 1.6 * as_large, "{rows:?}, {m}: {found} for {as_large} in one tail"); // 2, less the error of 200 draws
            }
        }
    }

    #[test]
    fn no_selection_is_less_probable_than_the_least() {
        for (k, m, n) in [(1, 5, 50), (3, 5, 50), (3, 40, 50), (10, 20, 200)] {
            let most = k.min(m);
            let found = of_counts(most, m, k - most, n - m).min(of_counts(0, m, k, n - m));
            assert!(found >= least(k, m, n) * (1.0 - 1e-9), "{k} {m} {n}: {found} {}", least(k, m, n));
        }
        assert!(close(least(1, 5, 50), 0.2, 1e-9));
    }
}
