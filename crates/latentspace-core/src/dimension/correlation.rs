//! The correlation dimension: the growth rate of the number of pairs within a distance, at small distances.
//! Source: Grassberger and Procaccia 1983, doi:10.1016/0167-2789(83)90298-1; the slope is the maximum likelihood estimate of Takens 1985,
//! doi:10.1007/BFb0075637.

/// Pairs per row, if known.
const PAIRS: usize = 8;

/// The nearest pairs.
pub(super) struct Pairs {
    /// 1 / dimension: the mean logarithm of the largest distance over those of the pairs.
    pub(super) inverse: f64,
    /// Its relative standard deviation.
    pub(super) error: f64,
    /// The logarithm of their share of all pairs.
    pub(super) log_share: f64,
}

/// The nearest pairs of some of `n` rows with all others, by the logarithms of the distances to as many neighbors of each, ascending.
/// A distance is used if it is below every row's last one, so that all pairs within it are known.
pub(super) fn pairs(logs: &[Vec<f64>], n: usize) -> Pairs {
    let known = logs.iter().filter_map(|row| row.last()).fold(f64::INFINITY, |least, &last| least.min(last));
    let mut all: Vec<f64> = logs.iter().flatten().copied().filter(|&log| log < known).collect();
    let wanted = PAIRS * logs.len();
    let radius = if wanted < all.len() { *all.select_nth_unstable_by(wanted, f64::total_cmp).1 } else { known };
    let of = |row: &Vec<f64>| {
        let within = row.iter().take_while(|&&log| log < radius);
        within.fold((0.0, 0.0), |(count, sum), log| (count + 1.0, sum + (radius - log)))
    };
    let rows: Vec<(f64, f64)> = logs.iter().map(of).collect();
    let (count, sum) = rows.iter().fold((0.0, 0.0), |(count, sum), row| (count + row.0, sum + row.1));
    if count == 0.0 || sum == 0.0 {
        return Pairs { inverse: 0.0, error: 0.0, log_share: 0.0 };
    }
    let inverse = sum / count;
    let squares: f64 = rows.iter().map(|row| (row.1 - inverse * row.0).powi(2)).sum();
    let of_all = count / (logs.len() as f64 * (n - 1) as f64);
    Pairs { inverse, error: squares.sqrt() / sum, log_share: of_all.ln() }
}
