//! A measure: a value with its confidence interval and its null.

use serde::{Deserialize, Serialize};

use crate::error::count;

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

/// A number with about four significant digits.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        value.to_string()
    } else if size == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e9).contains(&size) {
        format!("{value:.3e}")
    } else if value.fract() == 0.0 && size >= 1.0 {
        format!("{}{}", if value < 0.0 { "-" } else { "" }, count(size as u64))
    } else {
        let decimals = if size >= 1000.0 {
            1
        } else if size >= 100.0 {
            2
        } else if size >= 10.0 {
            3
        } else {
            4
        };
        format!("{value:.decimals$}")
    }
}
