//! Eight topics of a document at a time: once for AVX2, once for any processor, to the same bits.

use super::tables::{Row, Width};
use crate::axes::lanes::{LANES, Plain, Unit};

/// What a vector unit does to draw topics.
pub(super) trait Drawing: Unit {
    /// Eight topics.
    type I: Copy;

    fn load_topics(self, from: &[u32; LANES]) -> Self::I;
    /// `value` less `by` in the lanes of this topic.
    fn less(self, value: Self::F, topics: Self::I, topic: u32, by: f32) -> Self::F;
    /// The counts of these topics.
    ///
    /// # Safety
    /// The row must hold each of them.
    unsafe fn gather(self, row: Row<'_>, topics: &[u32; LANES]) -> Self::F;
    /// Asks for what lies here: it will be read soon.
    fn prefetch<T>(self, from: &T);
    /// The sums of the lanes up to each.
    fn scan(self, value: Self::F) -> Self::F;
    /// How many lanes are at most `bound`.
    fn at_most(self, value: Self::F, bound: f32) -> u32;
    /// Which lanes are 0, a bit each.
    fn zeros(self, value: Self::F) -> u32;
    /// Which lanes are this topic, a bit each.
    fn equal(self, topics: Self::I, topic: u32) -> u32;
}

/// One lane is 1: to add to a lane is to add such a vector.
pub(super) static ONE: [[f32; LANES]; LANES] = {
    let mut ones = [[0.0; LANES]; LANES];
    let mut lane = 0;
    while lane < LANES {
        ones[lane][lane] = 1.0;
        lane += 1;
    }
    ones
};

impl Drawing for Plain {
    type I = [u32; LANES];

    fn load_topics(self, from: &[u32; LANES]) -> Self::I {
        *from
    }

    fn less(self, value: Self::F, topics: Self::I, topic: u32, by: f32) -> Self::F {
        std::array::from_fn(|lane| if topics[lane] == topic { value[lane] - by } else { value[lane] })
    }

    unsafe fn gather(self, row: Row<'_>, topics: &[u32; LANES]) -> Self::F {
        topics.map(|topic| row.at(topic as usize))
    }

    fn prefetch<T>(self, _: &T) {}

    fn scan(self, value: Self::F) -> Self::F {
        let mut out = value;
        for step in [1, 2] {
            let before = out;
            for lane in 0..LANES {
                if lane % 4 >= step {
                    out[lane] = before[lane] + before[lane - step];
                }
            }
        }
        let half = out[LANES / 2 - 1];
        out[LANES / 2..].iter_mut().for_each(|sum| *sum += half);
        out
    }

    fn at_most(self, value: Self::F, bound: f32) -> u32 {
        value.iter().filter(|&&sum| sum <= bound).count() as u32
    }

    fn zeros(self, value: Self::F) -> u32 {
        (0..LANES).filter(|&lane| value[lane] == 0.0).map(|lane| 1 << lane).sum()
    }

    fn equal(self, topics: Self::I, topic: u32) -> u32 {
        (0..LANES).filter(|&lane| topics[lane] == topic).map(|lane| 1 << lane).sum()
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{Drawing, LANES, Row, Width};
    use crate::axes::lanes::avx2::Avx2;

    // SAFETY, of all below: a value of Avx2 exists only where the processor has AVX2; loads and stores go through references of their size.
    impl Drawing for Avx2 {
        type I = __m256i;

        #[inline(always)]
        fn load_topics(self, from: &[u32; LANES]) -> Self::I {
            unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
        }

        #[inline(always)]
        fn less(self, value: Self::F, topics: Self::I, topic: u32, by: f32) -> Self::F {
            unsafe {
                let is = _mm256_castsi256_ps(_mm256_cmpeq_epi32(topics, _mm256_set1_epi32(topic as i32)));
                _mm256_sub_ps(value, _mm256_and_ps(is, _mm256_set1_ps(by)))
            }
        }

        /// One by one: with the instruction that gathers, all of a fit took half as long again (14.1 s in place of 9.7).
        #[inline(always)]
        unsafe fn gather(self, row: Row<'_>, topics: &[u32; LANES]) -> Self::F {
            let bytes = row.bytes.as_ptr();
            // Volatile, since the compiler would take each of them out of a vector that it has, by two instructions in place of none.
            // SAFETY: it is read from where a reference points to; the caller vouches that each topic lies within the row.
            let topic = |lane: usize| unsafe { std::ptr::from_ref(&topics[lane]).read_volatile() as usize };
            // SAFETY: as above.
            unsafe {
                match row.width {
                    Width::One => {
                        let at = |lane: usize| *bytes.add(topic(lane)) as i8;
                        let low = _mm_setr_epi8(at(0), at(1), at(2), at(3), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
                        let high = _mm_setr_epi8(at(4), at(5), at(6), at(7), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
                        _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_unpacklo_epi32(low, high)))
                    }
                    Width::Two => {
                        let at = |lane: usize| bytes.cast::<i16>().add(topic(lane)).read_unaligned();
                        let low = _mm_setr_epi16(at(0), at(1), at(2), at(3), 0, 0, 0, 0);
                        let high = _mm_setr_epi16(at(4), at(5), at(6), at(7), 0, 0, 0, 0);
                        _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(_mm_unpacklo_epi64(low, high)))
                    }
                    Width::Four => {
                        let at = |lane: usize| bytes.cast::<i32>().add(topic(lane)).read_unaligned();
                        _mm256_cvtepi32_ps(_mm256_setr_epi32(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)))
                    }
                }
            }
        }

        #[inline(always)]
        fn prefetch<T>(self, from: &T) {
            unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(from).cast()) }
        }

        #[inline(always)]
        fn scan(self, value: Self::F) -> Self::F {
            unsafe {
                let by_one = _mm256_castsi256_ps(_mm256_slli_si256::<4>(_mm256_castps_si256(value)));
                let pairs = _mm256_add_ps(value, by_one);
                let by_two = _mm256_castsi256_ps(_mm256_slli_si256::<8>(_mm256_castps_si256(pairs)));
                let halves = _mm256_add_ps(pairs, by_two);
                // The low half's sum onto the high half; 0 onto the low one.
                let low = _mm256_permute2f128_ps::<0x08>(halves, halves);
                _mm256_add_ps(halves, _mm256_permute_ps::<0xff>(low))
            }
        }

        #[inline(always)]
        fn at_most(self, value: Self::F, bound: f32) -> u32 {
            unsafe { (_mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(value, _mm256_set1_ps(bound))) as u32).count_ones() }
        }

        #[inline(always)]
        fn zeros(self, value: Self::F) -> u32 {
            unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(value, _mm256_setzero_ps())) as u32 }
        }

        #[inline(always)]
        fn equal(self, topics: Self::I, topic: u32) -> u32 {
            unsafe { _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(topics, _mm256_set1_epi32(topic as i32)))) as u32 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a unit makes of eight numbers and topics.
    fn all<U: Drawing>(unit: U, values: &[f32; LANES], topics: &[u32; LANES]) -> (Vec<u32>, Vec<f32>) {
        let (v, t) = (unit.load(values), unit.load_topics(topics));
        let bytes: Vec<u8> = (0..400_u32).map(|at| (at * 37 % 127) as u8).collect();
        let gathered = [Width::One, Width::Two, Width::Four].map(|width| {
            // SAFETY: topics are below 100, and there are 400 bytes.
            unsafe { unit.gather(Row { bytes: &bytes, width }, topics) }
        });
        let (mut numbers, mut wholes) = (Vec::new(), Vec::new());
        let [one, two, four] = gathered;
        for vector in [one, two, four, unit.add(v, one), unit.mul(v, one), unit.less(v, t, topics[3], 0.7), unit.scan(v), unit.scan(one)] {
            let mut out = [0.0; LANES];
            unit.store(vector, &mut out);
            numbers.extend(out);
            wholes.extend([unit.at_most(vector, 0.5), unit.zeros(vector)]);
        }
        wholes.push(unit.equal(t, topics[5]));
        (wholes, numbers)
    }

    #[test]
    fn both_units_have_the_same_bits() {
        #[cfg(target_arch = "x86_64")]
        if let Some(unit) = crate::axes::lanes::avx2::Avx2::find() {
            let random = crate::random::Random::new(4, "lanes");
            for step in 0..200 {
                let values: [f32; LANES] =
                    std::array::from_fn(|lane| if lane == 2 { 0.0 } else { random.uniform(step, lane as u64) as f32 });
                let topics: [u32; LANES] = std::array::from_fn(|lane| random.below(step, 50 + lane as u64, 100) as u32);
                let (fast, plain) = (all(unit, &values, &topics), all(Plain, &values, &topics));
                assert_eq!(fast.0, plain.0);
                assert!(fast.1.iter().zip(&plain.1).all(|(a, b)| a.to_bits() == b.to_bits()), "{fast:?} {plain:?}");
            }
        }
        assert_eq!(Plain.scan([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), [1.0, 3.0, 6.0, 10.0, 15.0, 21.0, 28.0, 36.0]);
    }
}
