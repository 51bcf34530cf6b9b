//! A measure: a value with its confidence interval and its null.

use serde::{Deserialize, Serialize};

/// A value with its 95 % confidence interval and its null.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Measure {
    /// The value.
    pub value: f64,
    /// The lower end of its 95 % confidence interval; equal to `value` if it was not estimated from a sample.
    pub low: f64,
    /// The upper end of its 95 % confidence interval; equal to `value` if it was not estimated from a sample.
    pub high: f64,
    /// The score of random data; none if that is meaningless.
    pub null: Option<f64>,
}

impl Measure {
    /// A value that was not estimated from a sample.
    pub fn exact(value: f64, null: Option<f64>) -> Self {
        Measure { value, low: value, high: value, null }
    }
}
