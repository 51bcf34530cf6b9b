//! A figure with its interval and its null: how measures, recalls and losses are told.

use serde::{Deserialize, Serialize};

/// A figure with its interval and its null.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// The figure.
    pub value: f64,
    /// The lower end of its 95 % interval; equal to `value` where nothing was sampled.
    pub low: f64,
    /// The upper end of its 95 % interval; equal to `value` where nothing was sampled.
    pub high: f64,
    /// What noise would score; none where that means nothing.
    pub null: Option<f64>,
}

impl Measure {
    /// A figure that was not sampled.
    pub fn exact(value: f64, null: Option<f64>) -> Self {
        Measure { value, low: value, high: value, null }
    }
}
