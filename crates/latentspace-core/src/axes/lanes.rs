//! Vectors of eight f32: for AVX2 and portable, with the same bits.

/// Lanes of a vector.
pub const LANES: usize = 8;
/// Eight numbers in memory.
pub(crate) type Lanes = [f32; LANES];

/// A vector unit. Operations are not fused and sums have a fixed order, so that all units give the same bits.
pub trait Unit: Copy {
    /// Eight numbers.
    type F: Copy;

    /// Eight numbers from memory.
    fn load(self, from: &Lanes) -> Self::F;
    /// Eight numbers to memory.
    fn store(self, value: Self::F, to: &mut Lanes);
    /// The same number in all lanes.
    fn all(self, value: f32) -> Self::F;
    /// `a + b`.
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a · b`.
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a / b`, with b raised to the smallest normal number.
    fn ratio(self, a: Self::F, b: Self::F) -> Self::F;
    /// The sum of the lanes, in a fixed tree.
    fn total(self, value: Self::F) -> f32;
}

/// Any processor.
#[derive(Clone, Copy)]
pub struct Plain;

impl Unit for Plain {
    type F = Lanes;

    #[inline]
    fn load(self, from: &Lanes) -> Self::F {
        *from
    }

    #[inline]
    fn store(self, value: Self::F, to: &mut Lanes) {
        *to = value;
    }

    #[inline]
    fn all(self, value: f32) -> Self::F {
        [value; LANES]
    }

    #[inline]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        std::array::from_fn(|lane| a[lane] + b[lane])
    }

    #[inline]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        std::array::from_fn(|lane| a[lane] * b[lane])
    }

    #[inline]
    fn ratio(self, a: Self::F, b: Self::F) -> Self::F {
        std::array::from_fn(|lane| a[lane] / b[lane].max(f32::MIN_POSITIVE))
    }

    #[inline]
    fn total(self, value: Self::F) -> f32 {
        ((value[0] + value[4]) + (value[2] + value[6])) + ((value[1] + value[5]) + (value[3] + value[7]))
    }
}

#[cfg(target_arch = "x86_64")]
/// x86-64 with AVX2.
pub mod avx2 {
    use std::arch::x86_64::*;

    use super::{Lanes, Unit};

    /// A processor with AVX2.
    #[derive(Clone, Copy)]
    pub struct Avx2(());

    impl Avx2 {
        /// The unit, if the processor has it.
        pub fn find() -> Option<Self> {
            // Miri does not support these instructions.
            let found = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt") && is_x86_feature_detected!("bmi1");
            (!cfg!(miri) && found).then_some(Avx2(()))
        }
    }

    // SAFETY, of all below: a value of Avx2 exists only where the processor has AVX2; loads and stores go through references of their size.
    impl Unit for Avx2 {
        type F = __m256;

        #[inline(always)]
        fn load(self, from: &Lanes) -> Self::F {
            unsafe { _mm256_loadu_ps(from.as_ptr()) }
        }

        #[inline(always)]
        fn store(self, value: Self::F, to: &mut Lanes) {
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), value) }
        }

        #[inline(always)]
        fn all(self, value: f32) -> Self::F {
            unsafe { _mm256_set1_ps(value) }
        }

        #[inline(always)]
        fn add(self, a: Self::F, b: Self::F) -> Self::F {
            unsafe { _mm256_add_ps(a, b) }
        }

        #[inline(always)]
        fn mul(self, a: Self::F, b: Self::F) -> Self::F {
            unsafe { _mm256_mul_ps(a, b) }
        }

        #[inline(always)]
        fn ratio(self, a: Self::F, b: Self::F) -> Self::F {
            unsafe { _mm256_div_ps(a, _mm256_max_ps(b, _mm256_set1_ps(f32::MIN_POSITIVE))) }
        }

        #[inline(always)]
        fn total(self, value: Self::F) -> f32 {
            unsafe {
                let four = _mm_add_ps(_mm256_castps256_ps128(value), _mm256_extractf128_ps::<1>(value));
                let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
                _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a unit makes of eight numbers and others.
    fn all<U: Unit>(unit: U, a: &Lanes, b: &Lanes) -> Vec<f32> {
        let (x, y) = (unit.load(a), unit.load(b));
        let mut numbers = vec![unit.total(x), unit.total(unit.mul(x, y))];
        for vector in [unit.add(x, y), unit.mul(x, y), unit.ratio(x, y), unit.all(a[3])] {
            let mut out = [0.0; LANES];
            unit.store(vector, &mut out);
            numbers.extend(out);
        }
        numbers
    }

    #[test]
    fn both_units_have_the_same_bits() {
        #[cfg(target_arch = "x86_64")]
        if let Some(unit) = avx2::Avx2::find() {
            let random = crate::random::Random::new(4, "lanes");
            for step in 0..200 {
                let number = |from: u64, lane: usize| if lane == 2 { 0.0 } else { random.uniform(step, from + lane as u64) as f32 };
                let (a, b) = (std::array::from_fn(|lane| number(0, lane)), std::array::from_fn(|lane| number(50, lane)));
                let (fast, plain) = (all(unit, &a, &b), all(Plain, &a, &b));
                assert!(fast.iter().zip(&plain).all(|(a, b)| a.to_bits() == b.to_bits()), "{fast:?} {plain:?}");
            }
        }
        assert_eq!(Plain.total([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), 36.0);
    }
}
