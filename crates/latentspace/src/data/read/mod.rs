//! Readers: one file and one line a format.
