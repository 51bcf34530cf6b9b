//! Methods that learn in a kernel's feature space: a space of many dimensions in which groups that no plane separates may be separated by
//! one, and in which inner products are values of the kernel, so that coordinates there are never computed.

pub mod fourier_features;
pub mod kernel_pca;
mod lanes;
mod lens;
mod matrix;
pub mod nystroem;
mod projection;
mod spread;
pub mod svm;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::spread::Spread;
use crate::data::Shape;
use crate::error::{Error, Result};
use crate::methods::map::placed::wrong;
use crate::params::Auto;

/// The inner product in the feature space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KernelKind {
    /// Gaussian (radial basis function): exp(-gamma |x - y|²).
    #[default]
    Rbf,
    /// Polynomial: (gamma x·y + coef0) to the power of degree.
    Poly,
    /// The cosine of the angle between the rows.
    Cosine,
    /// The inner product of the rows.
    Linear,
    /// The columns of a row are its kernel values with all fitted rows.
    Precomputed,
}

/// The parameters of a kernel, as they are given.
#[derive(Debug, Clone, Copy)]
struct Chosen {
    kind: KernelKind,
    gamma: Auto<f64>,
    degree: f64,
    coef0: f64,
}

/// A kernel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Kernel {
    kernel: KernelKind,
    gamma: f64,
    degree: f64,
    coef0: f64,
}

impl Chosen {
    /// The kernel, with gamma = 1 / (columns · variance of all cells) where none is given.
    ///
    /// # Errors
    /// [`Error::Input`] if that variance is 0.
    fn kernel(self, spread: &Spread) -> Result<Kernel> {
        let uses_gamma = matches!(self.kind, KernelKind::Rbf | KernelKind::Poly);
        let gamma = match self.gamma {
            Auto::Value(gamma) => gamma,
            Auto::Auto if uses_gamma => spread.gamma()?,
            Auto::Auto => 1.0,
        };
        Ok(Kernel { kernel: self.kind, gamma, degree: self.degree, coef0: self.coef0 })
    }

    /// Checks the shape of the data against the kernel.
    ///
    /// # Errors
    /// [`Error::Input`] if there is one row or no column, or if a precomputed kernel is not square.
    fn check(self, title: &str, shape: Shape) -> Result<()> {
        if shape.rows < 2 || shape.cols == 0 {
            return Err(Error::input("data", shape.to_string(), format!("{title} needs at least 2 rows of 1 column")));
        }
        if self.kind == KernelKind::Precomputed && shape.rows != shape.cols {
            let error = Error::input(
                "data",
                shape.to_string(),
                "a precomputed kernel is square: row i has the kernel values of row i with all rows",
            );
            return Err(error.with_hint("kernel=rbf computes the kernel from the rows"));
        }
        Ok(())
    }
}

impl Kernel {
    /// Whether some eigenvalues of its matrices may be negative: of a precomputed kernel, or a polynomial that is no sum of products.
    fn may_be_indefinite(&self) -> bool {
        match self.kernel {
            KernelKind::Precomputed => true,
            KernelKind::Poly => self.coef0 < 0.0 || self.degree.fract() != 0.0,
            KernelKind::Rbf | KernelKind::Cosine | KernelKind::Linear => false,
        }
    }

    /// The kernel of a stored model.
    ///
    /// # Errors
    /// [`Error::Input`] if a number is out of range.
    fn load(facts: &Value) -> Result<Self> {
        let kernel: Kernel = serde_json::from_value(facts["kernel"].clone()).map_err(|error| wrong(format!("its kernel: {error}")))?;
        let Kernel { gamma, degree, coef0, .. } = kernel;
        if !(gamma > 0.0 && gamma.is_finite() && degree > 0.0 && degree <= 100.0 && coef0.is_finite()) {
            return Err(wrong(format!("a kernel of gamma {gamma}, degree {degree} and coef0 {coef0}")));
        }
        Ok(kernel)
    }

    /// What it is called in sentences.
    fn told(&self) -> String {
        match self.kernel {
            KernelKind::Rbf => format!("Gaussian kernel of gamma {:.3e}", self.gamma),
            KernelKind::Poly => format!("polynomial kernel of degree {}, gamma {:.3e}", self.degree, self.gamma),
            KernelKind::Cosine => "cosine kernel".to_owned(),
            KernelKind::Linear => "linear kernel".to_owned(),
            KernelKind::Precomputed => "precomputed kernel".to_owned(),
        }
    }
}

/// A limit of kernels between all rows.
const NEEDS_ALL_ROWS: &str = "needs all rows in memory: the kernel compares each row with all others";
/// A limit: no checkpoints.
const BEGINS_ANEW: &str = "a killed fit starts over: there are no checkpoints";
/// A limit of the polynomial and cosine kernels.
const SINGLE: &str =
    "kernel values have 32 bits: a polynomial or cosine kernel of rows far from 0 loses the digits in which they differ; center them first";
