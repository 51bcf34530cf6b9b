//! Eight numbers at a time: kernels written once, compiled for the vector unit that is found when the program runs.

/// Lanes of a vector.
pub(in crate::methods) const LANES: usize = 8;

/// A vector unit: what can be done with eight numbers at once. Results of the two units may differ in their last bits.
pub(in crate::methods) trait Unit: Copy {
    /// Eight numbers.
    type V: Copy;
    /// Eight whole numbers.
    type I: Copy;
    /// The same number in each lane.
    fn splat(self, value: f32) -> Self::V;
    /// Numbers from memory.
    fn load(self, from: &[f32; LANES]) -> Self::V;
    /// Numbers to memory.
    fn store(self, value: Self::V, to: &mut [f32; LANES]);
    /// `a + b`.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a · b`.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a / b`.
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a · b + c`.
    fn madd(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The sum of all lanes, in a fixed tree.
    fn sum(self, a: Self::V) -> f32;
    /// Positive numbers as 2^e · m: e, and m from sqrt(1/2) to sqrt(2).
    fn split(self, a: Self::V) -> (Self::V, Self::V);
    /// Numbers from memory of which 16 bits are kept, those from bit `SHIFT` on.
    fn load_shifted<const SHIFT: i32>(self, from: &[u16; LANES]) -> Self::V;
    /// The coordinates of eight points.
    ///
    /// # Panics
    /// If an index is not that of a point.
    fn gather<const D: usize>(self, points: &[[f32; D]], indices: &[u16; LANES]) -> [Self::V; D];

    /// The larger of `a` and `b`.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// The smaller of `a` and `b`.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// The nearest whole number, halves to even.
    fn round(self, a: Self::V) -> Self::V;
    /// `a · 2^e` for whole `e`, where neither `2^e` nor the result leaves the normal numbers.
    fn scale(self, a: Self::V, e: Self::V) -> Self::V;
    /// Whole numbers from 0 to below `bound`: hashes of `first` and the seven after it under a key of two words.
    fn draw(self, key: [u32; 2], first: u32, bound: u32) -> Self::I;
    /// Rows as columns.
    fn transpose(self, rows: [Self::V; LANES]) -> [Self::V; LANES];
    /// Whole numbers from memory.
    fn indices(self, from: &[u32; LANES]) -> Self::I;
    /// The coordinates of eight points, wherever they are.
    ///
    /// # Panics
    /// If an index is not that of a point.
    fn gather_far<const D: usize>(self, points: &[[f32; D]], indices: Self::I) -> [Self::V; D];

    /// `a^b` for positive `a`, to about 2e-6 · (1 + b) of it; at least 2^-80 and at most 2^80. Several at once, stage by stage, since each
    /// waits for what it got a stage before.
    #[inline(always)]
    fn pow<const N: usize>(self, a: [Self::V; N], b: Self::V) -> [Self::V; N] {
        // log2(1 + t) / t over t from sqrt(1/2) - 1 to sqrt(2) - 1, and 2^f over f from -1/2 to 1/2, constant term first, with errors as level
        // as least squares that weigh the largest ones most make them.
        const LOG: [f32; 6] = [1.442_713_5, -0.721_131_8, 0.479_348_15, -0.367_490_74, 0.322_153_45, -0.206_586_58];
        const EXP: [f32; 5] = [0.999_999_3, 0.693_121_8, 0.240_247_46, 0.055_917_86, 0.009_570_087];
        let mut out = a;
        for value in &mut out {
            let (exponent, m) = self.split(*value);
            let t = self.sub(m, self.splat(1.0));
            let square = self.mul(t, t);
            let low = self.madd(self.splat(LOG[1]), t, self.splat(LOG[0]));
            let middle = self.madd(self.splat(LOG[3]), t, self.splat(LOG[2]));
            let high = self.madd(self.splat(LOG[5]), t, self.splat(LOG[4]));
            let series = self.madd(self.madd(high, square, middle), square, low);
            *value = self.mul(b, self.madd(series, t, exponent));
        }
        for value in &mut out {
            let log = self.max(self.splat(-80.0), self.min(self.splat(80.0), *value));
            let whole = self.round(log);
            let part = self.sub(log, whole);
            let square = self.mul(part, part);
            let low = self.madd(self.splat(EXP[1]), part, self.splat(EXP[0]));
            let high = self.madd(self.splat(EXP[3]), part, self.splat(EXP[2]));
            let series = self.madd(self.madd(self.splat(EXP[4]), square, high), square, low);
            *value = self.scale(series, whole);
        }
        out
    }

    /// The natural logarithm of positive numbers, to about 2e-7 of the larger of it and 1.
    #[inline(always)]
    fn ln(self, a: Self::V) -> Self::V {
        // ln m = 2 atanh(s), s = (m - 1) / (m + 1).
        let (exponent, m) = self.split(a);
        let one = self.splat(1.0);
        let s = self.div(self.sub(m, one), self.add(m, one));
        let square = self.mul(s, s);
        let series = self.madd(square, self.splat(2.0 / 7.0), self.splat(0.4));
        let series = self.madd(square, series, self.splat(2.0 / 3.0));
        let series = self.madd(square, series, self.splat(2.0));
        self.madd(exponent, self.splat(std::f32::consts::LN_2), self.mul(s, series))
    }
}

/// A kernel that is compiled once for each unit.
pub(in crate::methods) trait Kernel {
    /// What it gives.
    type Output;
    /// The work; to be marked `#[inline(always)]`, so that it is compiled anew for each unit.
    fn run<U: Unit>(self, unit: U) -> Self::Output;
}

/// Runs the kernel on the best unit that this processor has.
pub(in crate::methods) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(unit) = avx2::Avx2::find() {
        #[target_feature(enable = "avx2,fma")]
        fn fast<K: Kernel>(kernel: K, unit: avx2::Avx2) -> K::Output {
            kernel.run(unit)
        }
        // SAFETY: the unit is there, and it is only found where both features are.
        return unsafe { fast(kernel, unit) };
    }
    kernel.run(Plain)
}

/// Any processor.
#[derive(Clone, Copy)]
pub(in crate::methods) struct Plain;

/// 2 to the power of 1/2, as bits: what is subtracted before the exponent is read, so that mantissas lie around 1.
const ROOT_HALF: u32 = 0x3f35_04f3;

/// A hash of 32 bits that spreads each bit over all (its rounds are Wellons' "lowbias32"), under a key.
#[inline(always)]
fn hash(key: [u32; 2], item: u32) -> u32 {
    let mut h = item.wrapping_add(key[0]);
    h = (h ^ h >> 16).wrapping_mul(HASH[0]);
    h = (h ^ h >> 15 ^ key[1]).wrapping_mul(HASH[1]);
    h ^ h >> 16
}

const HASH: [u32; 2] = [0x7feb_352d, 0x846c_a68b];

impl Unit for Plain {
    type V = [f32; LANES];
    type I = [u32; LANES];

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        [value; LANES]
    }
    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::V {
        *from
    }
    #[inline(always)]
    fn store(self, value: Self::V, to: &mut [f32; LANES]) {
        *to = value;
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] + b[i])
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] - b[i])
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] * b[i])
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] / b[i])
    }
    #[inline(always)]
    fn madd(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    fn sum(self, a: Self::V) -> f32 {
        let half: [f32; 4] = std::array::from_fn(|i| a[i] + a[i + 4]);
        (half[0] + half[2]) + (half[1] + half[3])
    }
    #[inline(always)]
    fn split(self, a: Self::V) -> (Self::V, Self::V) {
        let shifted = a.map(|a| a.to_bits().wrapping_sub(ROOT_HALF));
        (shifted.map(|s| (s.cast_signed() >> 23) as f32), shifted.map(|s| f32::from_bits((s & 0x007f_ffff).wrapping_add(ROOT_HALF))))
    }
    #[inline(always)]
    fn load_shifted<const SHIFT: i32>(self, from: &[u16; LANES]) -> Self::V {
        from.map(|bits| f32::from_bits(u32::from(bits) << SHIFT))
    }
    #[inline(always)]
    fn gather<const D: usize>(self, points: &[[f32; D]], indices: &[u16; LANES]) -> [Self::V; D] {
        let picked = indices.map(|index| points[index as usize]);
        std::array::from_fn(|axis| picked.map(|point| point[axis]))
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn round(self, a: Self::V) -> Self::V {
        a.map(f32::round_ties_even)
    }
    #[inline(always)]
    fn scale(self, a: Self::V, e: Self::V) -> Self::V {
        std::array::from_fn(|i| f32::from_bits(a[i].to_bits().wrapping_add(((e[i] as i32) << 23).cast_unsigned())))
    }
    #[inline(always)]
    fn draw(self, key: [u32; 2], first: u32, bound: u32) -> Self::I {
        std::array::from_fn(|i| ((u64::from(hash(key, first.wrapping_add(i as u32))) * u64::from(bound)) >> 32) as u32)
    }
    #[inline(always)]
    fn transpose(self, rows: [Self::V; LANES]) -> [Self::V; LANES] {
        std::array::from_fn(|column| std::array::from_fn(|row| rows[row][column]))
    }
    #[inline(always)]
    fn indices(self, from: &[u32; LANES]) -> Self::I {
        *from
    }
    #[inline(always)]
    fn gather_far<const D: usize>(self, points: &[[f32; D]], indices: Self::I) -> [Self::V; D] {
        let picked = indices.map(|index| points[index as usize]);
        std::array::from_fn(|axis| picked.map(|point| point[axis]))
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{HASH, LANES, ROOT_HALF, Unit};

    /// A processor with AVX2 and fused multiply-adds. Only [`Avx2::find`] makes one, where both are.
    #[derive(Clone, Copy)]
    pub(in crate::methods) struct Avx2(());

    impl Avx2 {
        /// The unit, if this processor has it.
        #[inline]
        pub(in crate::methods) fn find() -> Option<Self> {
            (std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")).then_some(Avx2(()))
        }
    }

    // SAFETY, of every block below: an `Avx2` exists only where AVX2 and FMA were found; loads and stores are unaligned ones within arrays of
    // eight numbers that are borrowed; gathers say themselves why they stay within the points.
    impl Unit for Avx2 {
        type V = __m256;
        type I = __m256i;

        #[inline(always)]
        fn splat(self, value: f32) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_set1_ps(value) }
        }
        #[inline(always)]
        fn load(self, from: &[f32; LANES]) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_loadu_ps(from.as_ptr()) }
        }
        #[inline(always)]
        fn store(self, value: __m256, to: &mut [f32; LANES]) {
            // SAFETY: see above.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), value) }
        }
        #[inline(always)]
        fn add(self, a: __m256, b: __m256) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_add_ps(a, b) }
        }
        #[inline(always)]
        fn sub(self, a: __m256, b: __m256) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_sub_ps(a, b) }
        }
        #[inline(always)]
        fn mul(self, a: __m256, b: __m256) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_mul_ps(a, b) }
        }
        #[inline(always)]
        fn div(self, a: __m256, b: __m256) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_div_ps(a, b) }
        }
        #[inline(always)]
        fn madd(self, a: __m256, b: __m256, c: __m256) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_fmadd_ps(a, b, c) }
        }
        #[inline(always)]
        fn sum(self, a: __m256) -> f32 {
            // SAFETY: see above.
            unsafe {
                let half = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
                let quarter = _mm_add_ps(half, _mm_movehl_ps(half, half));
                _mm_cvtss_f32(_mm_add_ss(quarter, _mm_movehdup_ps(quarter)))
            }
        }
        #[inline(always)]
        fn split(self, a: __m256) -> (__m256, __m256) {
            // SAFETY: see above.
            unsafe {
                let root = _mm256_set1_epi32(ROOT_HALF.cast_signed());
                let shifted = _mm256_sub_epi32(_mm256_castps_si256(a), root);
                let exponent = _mm256_cvtepi32_ps(_mm256_srai_epi32::<23>(shifted));
                let mantissa = _mm256_add_epi32(_mm256_and_si256(shifted, _mm256_set1_epi32(0x007f_ffff)), root);
                (exponent, _mm256_castsi256_ps(mantissa))
            }
        }
        #[inline(always)]
        fn load_shifted<const SHIFT: i32>(self, from: &[u16; LANES]) -> __m256 {
            // SAFETY: see above; eight numbers of 16 bits are 16 bytes.
            unsafe { _mm256_castsi256_ps(_mm256_slli_epi32::<SHIFT>(_mm256_cvtepu16_epi32(_mm_loadu_si128(from.as_ptr().cast())))) }
        }
        #[inline(always)]
        fn gather<const D: usize>(self, points: &[[f32; D]], indices: &[u16; LANES]) -> [__m256; D] {
            // The largest of unsigned numbers is what their complements' smallest is the complement of.
            // SAFETY: see above; eight numbers of 16 bits are 16 bytes.
            let largest = unsafe {
                let complements = _mm_xor_si128(_mm_loadu_si128(indices.as_ptr().cast()), _mm_set1_epi16(-1));
                !_mm_cvtsi128_si32(_mm_minpos_epu16(complements)) & 0xffff
            };
            assert!((largest as usize) < points.len(), "an index that is not that of a point");
            if D == 2 {
                // SAFETY: all indices are those of points, as the largest is; a point of 2-D is 8 bytes, as a double is.
                unsafe {
                    let point = |i: usize| points.as_ptr().cast::<f64>().add(indices[i] as usize);
                    let pair = |i: usize, j: usize| _mm_loadh_pd(_mm_load_sd(point(i)), point(j));
                    let four = |low: __m128d, high: __m128d| _mm256_castpd_ps(_mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(low), high));
                    let (a, b) = (four(pair(0, 1), pair(4, 5)), four(pair(2, 3), pair(6, 7)));
                    let both = [_mm256_shuffle_ps::<0x88>(a, b), _mm256_shuffle_ps::<0xdd>(a, b)];
                    return std::array::from_fn(|axis| both[axis]);
                }
            }
            let picked = indices.map(|index| points[index as usize]);
            std::array::from_fn(|axis| self.load(&picked.map(|point| point[axis])))
        }
        #[inline(always)]
        fn max(self, a: __m256, b: __m256) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_max_ps(a, b) }
        }
        #[inline(always)]
        fn min(self, a: __m256, b: __m256) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_min_ps(a, b) }
        }
        #[inline(always)]
        fn round(self, a: __m256) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a) }
        }
        #[inline(always)]
        fn scale(self, a: __m256, e: __m256) -> __m256 {
            // SAFETY: see above.
            unsafe {
                let exponent = _mm256_slli_epi32::<23>(_mm256_cvttps_epi32(e));
                _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), exponent))
            }
        }
        #[inline(always)]
        fn draw(self, key: [u32; 2], first: u32, bound: u32) -> __m256i {
            // SAFETY: see above.
            unsafe {
                let word = |word: u32| _mm256_set1_epi32(word.cast_signed());
                let items = _mm256_add_epi32(word(first), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
                let h = _mm256_add_epi32(items, word(key[0]));
                let h = _mm256_mullo_epi32(_mm256_xor_si256(h, _mm256_srli_epi32::<16>(h)), word(HASH[0]));
                let h = _mm256_xor_si256(_mm256_xor_si256(h, _mm256_srli_epi32::<15>(h)), word(key[1]));
                let h = _mm256_mullo_epi32(h, word(HASH[1]));
                let h = _mm256_xor_si256(h, _mm256_srli_epi32::<16>(h));
                // The upper halves of the products with the bound: of the even lanes, moved down, and of the odd ones where they are.
                let even = _mm256_srli_epi64::<32>(_mm256_mul_epu32(h, word(bound)));
                let odd = _mm256_mul_epu32(_mm256_srli_epi64::<32>(h), word(bound));
                _mm256_blend_epi32::<0b1010_1010>(even, odd)
            }
        }
        #[inline(always)]
        fn transpose(self, rows: [__m256; LANES]) -> [__m256; LANES] {
            let [a, b, c, d, e, f, g, h] = rows;
            // SAFETY: see above.
            unsafe {
                // In each half of the columns: pairs of rows, then fours of rows, then all.
                let (ab, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
                let (cd, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
                let (ef, ef_high) = (_mm256_unpacklo_ps(e, f), _mm256_unpackhi_ps(e, f));
                let (gh, gh_high) = (_mm256_unpacklo_ps(g, h), _mm256_unpackhi_ps(g, h));
                let upper = [
                    _mm256_shuffle_ps::<0x44>(ab, cd),
                    _mm256_shuffle_ps::<0xee>(ab, cd),
                    _mm256_shuffle_ps::<0x44>(ab_high, cd_high),
                    _mm256_shuffle_ps::<0xee>(ab_high, cd_high),
                ];
                let lower = [
                    _mm256_shuffle_ps::<0x44>(ef, gh),
                    _mm256_shuffle_ps::<0xee>(ef, gh),
                    _mm256_shuffle_ps::<0x44>(ef_high, gh_high),
                    _mm256_shuffle_ps::<0xee>(ef_high, gh_high),
                ];
                let mut columns = rows;
                for at in 0..4 {
                    columns[at] = _mm256_permute2f128_ps::<0x20>(upper[at], lower[at]);
                    columns[at + 4] = _mm256_permute2f128_ps::<0x31>(upper[at], lower[at]);
                }
                columns
            }
        }
        #[inline(always)]
        fn indices(self, from: &[u32; LANES]) -> __m256i {
            // SAFETY: see above; eight numbers of 32 bits are 32 bytes.
            unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
        }
        #[inline(always)]
        fn gather_far<const D: usize>(self, points: &[[f32; D]], indices: __m256i) -> [__m256; D] {
            let mut at = [0_u32; LANES];
            // SAFETY: see above; eight numbers of 32 bits are 32 bytes.
            unsafe { _mm256_storeu_si256(at.as_mut_ptr().cast(), indices) };
            if D == 2 {
                assert!(at.iter().all(|&index| (index as usize) < points.len()), "an index that is not that of a point");
                // SAFETY: all indices are those of points; a point of 2-D is 8 bytes, as a double is.
                unsafe {
                    let point = |i: usize| points.as_ptr().cast::<f64>().add(at[i] as usize);
                    let pair = |i: usize, j: usize| _mm_loadh_pd(_mm_load_sd(point(i)), point(j));
                    let four = |low: __m128d, high: __m128d| _mm256_castpd_ps(_mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(low), high));
                    let (a, b) = (four(pair(0, 1), pair(4, 5)), four(pair(2, 3), pair(6, 7)));
                    let both = [_mm256_shuffle_ps::<0x88>(a, b), _mm256_shuffle_ps::<0xdd>(a, b)];
                    return std::array::from_fn(|axis| both[axis]);
                }
            }
            let picked = at.map(|index| points[index as usize]);
            std::array::from_fn(|axis| self.load(&picked.map(|point| point[axis])))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything a unit does, on some numbers.
    struct All;
    impl Kernel for All {
        type Output = ();
        #[inline(always)]
        fn run<U: Unit>(self, unit: U) {
            let numbers = |v: U::V| {
                let mut out = [0.0; LANES];
                unit.store(v, &mut out);
                out
            };
            let (a, b) = ([1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [0.5; LANES]);
            let (va, vb) = (unit.load(&a), unit.splat(0.5));
            assert_eq!(numbers(unit.add(va, vb)), a.map(|a| a + 0.5));
            assert_eq!(numbers(unit.sub(va, vb)), a.map(|a| a - 0.5));
            assert_eq!(numbers(unit.mul(va, vb)), a.map(|a| a * 0.5));
            assert_eq!(numbers(unit.div(va, vb)), a.map(|a| a / 0.5));
            assert_eq!(numbers(unit.madd(va, vb, vb)), a.map(|a| a * 0.5 + b[0]));
            assert_eq!(unit.sum(va), 36.0);
            assert_eq!(numbers(unit.load_shifted::<16>(&a.map(|a: f32| (a.to_bits() >> 16) as u16))), a);
            let points: Vec<[f32; 2]> = (0..20).map(|i| [i as f32, -(i as f32)]).collect();
            let indices = [3, 19, 0, 7, 7, 1, 12, 5];
            let [x, y] = unit.gather(&points, &indices);
            assert_eq!((numbers(x), numbers(y)), (indices.map(f32::from), indices.map(|i| -f32::from(i))));
            let solid: Vec<[f32; 3]> = (0..20).map(|i| [i as f32, -(i as f32), 2.0 * i as f32]).collect();
            let [_, y, z] = unit.gather(&solid, &indices);
            assert_eq!((numbers(y), numbers(z)), (indices.map(|i| -f32::from(i)), indices.map(|i| 2.0 * f32::from(i))));
            assert_eq!(numbers(unit.max(va, unit.splat(4.0))), a.map(|a| a.max(4.0)));
            assert_eq!(numbers(unit.min(va, unit.splat(4.0))), a.map(|a| a.min(4.0)));
            assert_eq!(numbers(unit.round(unit.mul(va, vb))), a.map(|a| (0.5 * a).round_ties_even()));
            assert_eq!(numbers(unit.scale(va, unit.splat(-3.0))), a.map(|a| a / 8.0));
            let square: [[f32; LANES]; LANES] = std::array::from_fn(|row| std::array::from_fn(|column| (row * LANES + column) as f32));
            let turned = unit.transpose(square.map(|row| unit.load(&row))).map(numbers);
            assert_eq!(turned, std::array::from_fn(|column| std::array::from_fn(|row| square[row][column])));
            let far: Vec<[f32; 2]> = (0..70_000).map(|i| [i as f32, -(i as f32)]).collect();
            let mut seen = [0_u32; 7];
            for first in (0..70_000).step_by(LANES) {
                let [x, y] = unit.gather_far(&far, unit.draw([5, 6], first, 70_000));
                let (x, y) = (numbers(x), numbers(y));
                assert_eq!(x.map(|x| -x), y);
                let wanted: [f32; LANES] = std::array::from_fn(|i| ((u64::from(hash([5, 6], first + i as u32)) * 70_000) >> 32) as f32);
                assert_eq!(x, wanted);
                x.iter().for_each(|&x| seen[x as usize / 10_000] += 1);
            }
            assert!(seen.iter().all(|&seen| (9_600..10_400).contains(&seen)), "{seen:?}");
            for i in 0..2000 {
                let (value, power) = ((1.0 + f64::from(i) * 0.37).powf(6.0) as f32 * 1e-9, 0.1 + 0.001 * i as f32);
                let (got, wanted) = (
                    numbers(unit.pow([unit.splat(2.0), unit.splat(value)], unit.splat(power))[1])[5],
                    f64::from(value).powf(f64::from(power)),
                );
                assert!((f64::from(got) / wanted - 1.0).abs() < 2e-5, "{value}^{power}: {got} {wanted}");
            }
            assert_eq!(numbers(unit.pow([unit.splat(1e-30)], unit.splat(5.0))[0])[0], 2.0_f32.powi(-80) * 0.999_999_3);
            for i in 0..20_000 {
                let value = (1.0 + f64::from(i) * 0.37).powf(2.5) as f32;
                let (got, wanted) = (numbers(unit.ln(unit.splat(value)))[3], f64::from(value).ln());
                assert!((f64::from(got) - wanted).abs() <= 4e-7 * wanted.max(1.0), "{value}: {got} {wanted}");
            }
        }
    }

    #[test]
    fn both_units_do_what_they_say() {
        Plain.run_all();
        dispatch(All);
    }

    impl Plain {
        fn run_all(self) {
            All.run(self);
        }
    }

    #[test]
    #[should_panic(expected = "index")]
    fn an_index_beyond_the_points_is_refused() {
        struct Beyond;
        impl Kernel for Beyond {
            type Output = ();
            #[inline(always)]
            fn run<U: Unit>(self, unit: U) {
                unit.gather(&[[0.0; 2]; 5], &[0, 1, 2, 3, 4, 5, 0, 0]);
            }
        }
        dispatch(Beyond);
    }
}
