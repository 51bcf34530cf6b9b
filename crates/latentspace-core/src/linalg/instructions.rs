//! The vector instructions that kernels use, chosen when the program runs.

/// Vector instructions of this processor. A value exists only for instructions that the processor has, so a kernel that is given one may use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instructions(Set);

/// From the narrowest to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Set {
    Portable,
    Avx2,
    Avx512,
}

impl Instructions {
    /// The widest of this processor.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if has_avx2 && is_x86_feature_detected!("avx512f") {
                return Instructions(Set::Avx512);
            }
            if has_avx2 {
                return Instructions(Set::Avx2);
            }
        }
        Instructions(Set::Portable)
    }

    /// All of this processor, the narrowest first: for tests that compare kernels.
    pub fn all() -> impl Iterator<Item = Self> {
        [Set::Portable, Set::Avx2, Set::Avx512].into_iter().map(Instructions).filter(|one| *one <= Self::best())
    }

    /// Whether these are 512 bits wide (AVX-512F).
    pub fn are_avx512(self) -> bool {
        self.0 == Set::Avx512
    }

    /// Whether these have fused multiply-adds of 256 bits (AVX2 and FMA); those of 512 bits have them, too.
    pub fn have_avx2(self) -> bool {
        self.0 >= Set::Avx2
    }

    /// Their name in a space's facts: `avx512`, `avx2` or `portable`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Set::Portable => "portable",
            Set::Avx2 => "avx2",
            Set::Avx512 => "avx512",
        }
    }
}
