//! The allocator of the program.

/// Makes the allocator return large blocks to the system when they are freed, so that a fit uses only what it holds.
pub(crate) fn give_back_at_once() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn mallopt(parameter: i32, value: i32) -> i32;
        }
        /// Minimum size in bytes of a separately mapped block; by default it grows with freed blocks.
        const M_MMAP_THRESHOLD: i32 = -3;
        // SAFETY: a C library call with a valid parameter, before any other thread is started.
        let _ = unsafe { mallopt(M_MMAP_THRESHOLD, 8 << 20) };
    }
}
