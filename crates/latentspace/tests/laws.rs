//! Laws that hold whatever the data: over tables of low rank, of copies, of tight groups, far from 0, very large and very small.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "common/blocks.rs"]
mod blocks;
#[path = "laws/capabilities.rs"]
mod capabilities;
#[path = "laws/completion.rs"]
mod completion;
#[path = "laws/decoding.rs"]
mod decoding;
#[path = "laws/magnitude.rs"]
mod magnitude;
#[path = "laws/near.rs"]
mod near;
