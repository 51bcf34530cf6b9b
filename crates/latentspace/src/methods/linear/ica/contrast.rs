//! Contrast functions of independent component analysis, on rows of lanes.

use serde::{Deserialize, Serialize};

/// Contrast function: what measures how far from normal a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Contrast {
    /// log cosh: for most data.
    #[default]
    Logcosh,
    /// -exp(-x²/2): for sources with very long tails, and robust to outliers.
    Exp,
    /// x⁴/4, the kurtosis: for sources with short tails; outliers disturb it.
    Cube,
}

/// Values worked on side by side.
const LANES: usize = 16;

impl Contrast {
    /// Replaces the values of one source by the derivative g of the contrast, and returns the sum of the derivative of g. Bound: some 20 operations a value.
    pub(super) fn apply(self, values: &mut [f32]) -> f64 {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F.
            return unsafe { apply_avx512(self, values) };
        } else if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { apply_avx2(self, values) };
        }
        apply(self, values)
    }
}

/// The same in wider lanes: no sum changes its order, so no bit changes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn apply_avx512(contrast: Contrast, values: &mut [f32]) -> f64 {
    apply(contrast, values)
}

/// The same in wider lanes: no sum changes its order, so no bit changes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn apply_avx2(contrast: Contrast, values: &mut [f32]) -> f64 {
    apply(contrast, values)
}

#[inline(always)]
fn apply(contrast: Contrast, values: &mut [f32]) -> f64 {
    match contrast {
        Contrast::Logcosh => each(values, |x| {
            let y = tanh(x);
            (y, 1.0 - y * y)
        }),
        Contrast::Exp => each(values, |x| {
            let weight = exp(-0.5 * x * x);
            (x * weight, (1.0 - x * x) * weight)
        }),
        Contrast::Cube => each(values, |x| (x * x * x, 3.0 * x * x)),
    }
}

#[inline(always)]
fn each(values: &mut [f32], function: impl Fn(f32) -> (f32, f32)) -> f64 {
    let mut sums = [0.0_f32; LANES];
    let (whole, rest) = values.as_chunks_mut::<LANES>();
    for lanes in whole {
        for (value, sum) in lanes.iter_mut().zip(&mut sums) {
            let (derivative, second) = function(*value);
            *value = derivative;
            *sum += second;
        }
    }
    for (value, sum) in rest.iter_mut().zip(&mut sums) {
        let (derivative, second) = function(*value);
        *value = derivative;
        *sum += second;
    }
    sums.iter().map(|&sum| f64::from(sum)).sum()
}

/// e^x for x of at most 80 in magnitude, to 2 units in the last place: 2^n times a polynomial of the rest. Smaller ones give that of -80.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Added and taken away, it rounds to a whole number, which is then in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-80.0, 80.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // ln 2 in two parts.
    let r = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let p = 1.987_569_2e-4_f32;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 0.166_666_65;
    let p = p * r + 0.5;
    let p = p * r * r + r + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    p * power
}

/// The hyperbolic tangent, to 1e-7.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    let t = exp(2.0 * x.clamp(-9.5, 9.5));
    (t - 1.0) / (t + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_those_of_the_formulas_in_f64() {
        let values: Vec<f32> = (-700..=700).map(|at| at as f32 * 0.01).collect();
        for contrast in [Contrast::Logcosh, Contrast::Exp, Contrast::Cube] {
            let mut found = values.clone();
            let sum = contrast.apply(&mut found);
            let wanted = |x: f64| match contrast {
                Contrast::Logcosh => (x.tanh(), 1.0 - x.tanh().powi(2)),
                Contrast::Exp => (x * (-0.5 * x * x).exp(), (1.0 - x * x) * (-0.5 * x * x).exp()),
                Contrast::Cube => (x.powi(3), 3.0 * x * x),
            };
            let mut total = 0.0;
            for (&x, found) in values.iter().zip(&found) {
                let (first, second) = wanted(f64::from(x));
                assert!((f64::from(*found) - first).abs() < 4e-7 * (1.0 + first.abs()), "{contrast:?} {x}: {found} {first}");
                total += second;
            }
            assert!((sum - total).abs() < 1e-5 * (1.0 + total.abs()) + 1e-3, "{contrast:?}: {sum} {total}");
        }
    }
}
