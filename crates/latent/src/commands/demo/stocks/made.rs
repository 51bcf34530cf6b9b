//! Shares made from known causes, and a series whose law is known.

use latentspace::Result;
use latentspace::linalg::Matrix;
use latentspace::random::Random;

use super::Shares;

/// Numbers of shares, sectors and days.
const SHARES: usize = 100;
const SECTORS: usize = 10;
const DAYS: usize = 2500;
/// Planted factors: their names, and standard deviations of the shares' sensitivities to them; to the market it is 1 on average.
pub(super) const FACTORS: usize = 3;
pub(super) const NAMES: [&str; FACTORS] = ["market", "value", "size"];
const SENSITIVITY: [f64; FACTORS] = [0.45, 0.65, 0.42];
/// Standard deviation of a sector's cause, and the range of that of own noise, in parts of the market's.
const SECTOR: f64 = 0.65;
const OWN: [f64; 2] = [0.4, 1.0];
/// Daily standard deviation of the market.
const DAILY: f64 = 0.01;

/// The causes of made shares.
pub(super) struct Causes {
    /// Each factor and each sector's cause, day by day.
    pub(super) factors: Vec<Vec<f64>>,
    pub(super) sectors: Vec<Vec<f64>>,
    /// The part of each share's variance that is its own noise.
    pub(super) own: Vec<f64>,
}

/// Shares of this seed.
pub(super) fn shares(seed: u64) -> Result<Shares> {
    let random = Random::new(seed, "shares");
    let series = |step: u64| (0..DAYS as u64).map(|day| random.normal(step, day)).collect::<Vec<f64>>();
    let factors: Vec<Vec<f64>> = (0..FACTORS as u64).map(series).collect();
    let sectors: Vec<Vec<f64>> = (100..100 + SECTORS as u64).map(series).collect();
    let sensitivity = Random::new(seed, "sensitivities");
    let (mut own, mut logs) = (Vec::with_capacity(SHARES), Vec::with_capacity(SHARES));
    for share in 0..SHARES {
        let of = |factor: usize| f64::from(u8::from(factor == 0)) + SENSITIVITY[factor] * sensitivity.normal(factor as u64, share as u64);
        let noise = OWN[0] + (OWN[1] - OWN[0]) * sensitivity.uniform(100, share as u64);
        let common =
            |day: usize| (0..FACTORS).map(|factor| of(factor) * factors[factor][day]).sum::<f64>() + SECTOR * sectors[share % SECTORS][day];
        let alone: Vec<f64> = series(1000 + share as u64).iter().map(|value| noise * value).collect();
        let moves: Vec<f64> = alone.iter().enumerate().map(|(day, alone)| common(day) + alone).collect();
        own.push(variance(&alone) / variance(&moves));
        let mut log = 0.0;
        let path = moves.iter().map(|value| {
            log += DAILY * value;
            log
        });
        logs.push(std::iter::once(0.0).chain(path).collect::<Vec<f64>>());
    }
    let prices = Matrix::from_fn(DAYS + 1, SHARES, |day, share| (100.0 * logs[share][day].exp()) as f32);
    Ok(Shares {
        names: (0..SHARES).map(|share| format!("S{share:02}")).collect(),
        dates: (0..=DAYS).map(|day| format!("day {day}")).collect(),
        prices,
        sector: (0..SHARES).map(|share| (share % SECTORS) as u32).collect(),
        sectors: (0..SECTORS).map(|sector| format!("sector {sector}")).collect(),
        causes: Some(Causes { factors, sectors, own }),
        incomplete: 0,
    })
}

fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
}

/// The first variable of the Lorenz system (1963, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2) at these many times, 0.05 apart: a
/// strange attractor of dimension 2.06. By the classical Runge-Kutta method.
pub(super) fn lorenz(count: usize) -> Vec<f64> {
    const STEPS: usize = 10;
    const STEP: f64 = 0.005;
    /// Times until the start is forgotten.
    const EARLY: usize = 500;
    let slope = |[x, y, z]: [f64; 3]| [10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z];
    let moved = |place: [f64; 3], way: [f64; 3], far: f64| [0, 1, 2].map(|at| place[at] + far * way[at]);
    let mut place = [1.0, 1.0, 20.0];
    let mut out = Vec::with_capacity(count);
    for time in 0..EARLY + count {
        for _ in 0..STEPS {
            let one = slope(place);
            let two = slope(moved(place, one, STEP / 2.0));
            let three = slope(moved(place, two, STEP / 2.0));
            let four = slope(moved(place, three, STEP));
            place = [0, 1, 2].map(|at| place[at] + STEP / 6.0 * (one[at] + 2.0 * two[at] + 2.0 * three[at] + four[at]));
        }
        if time >= EARLY {
            out.push(place[0]);
        }
    }
    out
}
