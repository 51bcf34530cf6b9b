//! Counter-based random numbers: each number is a hash of (seed, purpose, step, item), so it does not depend on the order of calls or the number
//! of threads. Philox 4x32 with 10 rounds (Salmon and others 2011, doi:10.1145/2063384.2063405).

/// A generator of random numbers for one purpose, indexed by (step, item).
#[derive(Debug, Clone, Copy)]
pub struct Random {
    key: [u32; 2],
}

impl Random {
    /// A generator for `purpose` (a constant of the caller, such as "tsne init") with this seed.
    pub fn new(seed: u64, purpose: &str) -> Self {
        // FNV-1a over the purpose, mixed with the seed: a fixed function, unlike the standard library's hasher.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in purpose.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mixed = splitmix(seed ^ splitmix(hash));
        Random { key: [mixed as u32, (mixed >> 32) as u32] }
    }

    /// Four independent words for (step, item).
    #[inline]
    pub fn words(&self, step: u64, item: u64) -> [u32; 4] {
        let mut counter = [item as u32, (item >> 32) as u32, step as u32, (step >> 32) as u32];
        let mut key = self.key;
        for _ in 0..10 {
            let a = u64::from(counter[0]) * 0xD251_1F53;
            let b = u64::from(counter[2]) * 0xCD9E_8D57;
            counter = [(b >> 32) as u32 ^ counter[1] ^ key[0], b as u32, (a >> 32) as u32 ^ counter[3] ^ key[1], a as u32];
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        }
        counter
    }

    /// A uniform integer in 0..bound (bound at least 1), by multiplication; the bias is at most bound / 2^64.
    #[inline]
    pub fn below(&self, step: u64, item: u64, bound: u64) -> u64 {
        let words = self.words(step, item);
        let word = u64::from(words[0]) | (u64::from(words[1]) << 32);
        ((u128::from(word) * u128::from(bound.max(1))) >> 64) as u64
    }

    /// A uniform number in [0, 1).
    #[inline]
    pub fn uniform(&self, step: u64, item: u64) -> f64 {
        let words = self.words(step, item);
        let word = u64::from(words[0]) | (u64::from(words[1]) << 32);
        (word >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A standard normal number (Box and Muller).
    #[inline]
    pub fn normal(&self, step: u64, item: u64) -> f64 {
        let words = self.words(step, item);
        let open = |word: u32| (f64::from(word) + 0.5) / 4_294_967_296.0;
        let (u, v) = (open(words[0]), open(words[1]));
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// Two independent standard normal numbers, in the time of one; the first is [`Random::normal`] up to rounding.
    #[inline]
    pub fn normals(&self, step: u64, item: u64) -> [f64; 2] {
        let words = self.words(step, item);
        let open = |word: u32| (f64::from(word) + 0.5) / 4_294_967_296.0;
        let (u, v) = (open(words[0]), open(words[1]));
        let (sin, cos) = (std::f64::consts::TAU * v).sin_cos();
        [cos, sin].map(|part| (-2.0 * u.ln()).sqrt() * part)
    }

    /// The rows 0..n in a random order.
    pub fn permutation(&self, step: u64, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(step, i as u64, i as u64 + 1) as usize);
        }
        order
    }

    /// `count` different rows of 0..n (all of them if there are no more), in ascending order.
    pub fn sample(&self, step: u64, n: usize, count: usize) -> Vec<u32> {
        if count >= n {
            return (0..n as u32).collect();
        }
        // Floyd's sampling: `count` draws, no rejected ones.
        let mut chosen = std::collections::BTreeSet::new();
        for i in n - count..n {
            let draw = self.below(step, i as u64, i as u64 + 1) as u32;
            if !chosen.insert(draw) {
                chosen.insert(i as u32);
            }
        }
        chosen.into_iter().collect()
    }
}

/// Steele and others' finaliser.
fn splitmix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_words() {
        // Known answers of the Random123 distribution, philox4x32-10.
        let zero = Random { key: [0, 0] };
        assert_eq!(zero.words(0, 0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        let ones = Random { key: [u32::MAX, u32::MAX] };
        assert_eq!(ones.words(u64::MAX, u64::MAX), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    }

    #[test]
    fn normals_have_mean_0_and_variance_1() {
        let random = Random::new(7, "test");
        let n = 100_000;
        let values: Vec<f64> = (0..n).map(|i| random.normal(0, i)).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn a_sample_has_different_rows_in_order() {
        let sample = Random::new(1, "sample").sample(0, 1000, 100);
        assert_eq!(sample.len(), 100);
        assert!(sample.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(*sample.last().unwrap() < 1000);
    }

    #[test]
    fn a_permutation_holds_each_row_once() {
        let mut order = Random::new(1, "order").permutation(3, 257);
        order.sort_unstable();
        assert!(order.iter().enumerate().all(|(i, &row)| i as u32 == row));
    }
}
