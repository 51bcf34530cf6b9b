//! Freed memory, given back to the system between two stages of the work.

/// Returns freed blocks to the system.
pub(super) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn malloc_trim(pad: usize) -> i32;
        }
        // SAFETY: a thread-safe C library call that does not affect memory in use.
        let _ = unsafe { malloc_trim(0) };
    }
}
