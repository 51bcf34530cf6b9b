//! Sparse codes: a vector as a sum of few atoms, from the products of the atoms with it and with each other alone.
//!
//! The lasso minimizes half the squared error plus a penalty on absolute values (Tibshirani 1996, doi:10.1111/j.2517-6161.1996.tb02080.x), by coordinate
//! descent, along its path (LARS) or by accelerated gradients (FISTA), all to the same codes. Orthogonal matching pursuit chooses a fixed number of atoms.
//!
//! Bound: the products of atoms, 8·k² bytes, are read from the cache; a code with s atoms costs about k·s multiply-adds a pass over the atoms.

mod descent;
mod gradient;
mod greedy;
mod path;

use serde::{Deserialize, Serialize};

use self::greedy::Factor;
use crate::error::Result;
use crate::linalg::symmetric_eigen;

/// How a code is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Coding {
    /// Least-angle regression: the lasso's whole path of solutions, from the largest penalty down to alpha.
    Lars,
    /// Coordinate descent: each entry in turn is the best for the others.
    #[default]
    Cd,
    /// Accelerated proximal gradients.
    Fista,
    /// Orthogonal matching pursuit: one atom at a time, up to a fixed number.
    Omp,
}

impl Coding {
    /// Its name in sentences.
    pub(in crate::methods::linear) fn name(self) -> &'static str {
        match self {
            Coding::Lars => "LARS",
            Coding::Cd => "coordinate descent",
            Coding::Fista => "FISTA",
            Coding::Omp => "orthogonal matching pursuit",
        }
    }
}

/// Computes codes.
pub(in crate::methods::linear) struct Coder {
    /// `[k, k]`: products of atoms.
    pub(in crate::methods::linear) gram: Vec<f64>,
    pub(in crate::methods::linear) coding: Coding,
    /// The penalty on absolute values; orthogonal matching pursuit has none.
    pub(in crate::methods::linear) alpha: f64,
    /// Number of atoms of orthogonal matching pursuit.
    sparsity: usize,
    /// Entries are exact to this part of the largest.
    tolerance: f64,
    /// An upper bound of the largest eigenvalue of `gram`; only for FISTA.
    curvature: f64,
}

/// Room for one code.
pub(in crate::methods::linear) struct Room {
    /// `[k]`: products of the atoms and the vector, set by the caller.
    pub(in crate::methods::linear) along: Vec<f64>,
    /// `[k]`: the code.
    pub(in crate::methods::linear) code: Vec<f64>,
    /// `[k]`: products of the atoms and what the code leaves of the vector.
    pub(in crate::methods::linear) rest: Vec<f64>,
    /// `[k]` each, for the algorithms.
    ahead: Vec<f64>,
    slope: Vec<f64>,
    excluded: Vec<bool>,
    active: Vec<usize>,
    own: Vec<f64>,
    square: Vec<f64>,
    factor: Factor,
}

impl Room {
    pub(in crate::methods::linear) fn new(k: usize) -> Self {
        let cells = || vec![0.0; k];
        Room {
            along: cells(),
            code: cells(),
            rest: cells(),
            ahead: cells(),
            slope: cells(),
            excluded: vec![false; k],
            active: Vec::new(),
            own: Vec::new(),
            square: Vec::new(),
            factor: Factor::default(),
        }
    }

    /// Half the squared error of the code, where the vector has this squared length: |x|² - c·(along + rest), halved.
    pub(in crate::methods::linear) fn error(&self, square: f64) -> f64 {
        let explained: f64 =
            self.code.iter().zip(self.along.iter().zip(&self.rest)).map(|(code, (along, rest))| code * (along + rest)).sum();
        0.5 * (square - explained).max(0.0)
    }
}

impl Coder {
    /// A coder for atoms with these products, `[k, k]`.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] if a product is NaN or infinite.
    pub(in crate::methods::linear) fn new(gram: Vec<f64>, coding: Coding, alpha: f64, sparsity: usize, tolerance: f64) -> Result<Self> {
        let k = gram.len().isqrt();
        let curvature = match coding {
            // A little more than the eigenvalue, which is found to 1e-9.
            Coding::Fista => symmetric_eigen(&gram, k, 1, || Ok(()))?.values[0] * (1.0 + 1e-6),
            _ => 1.0,
        };
        Ok(Coder { gram, coding, alpha, sparsity, tolerance, curvature })
    }

    /// Computes `room.code` and `room.rest` from `room.along`.
    pub(in crate::methods::linear) fn code(&self, room: &mut Room) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F.
            return unsafe { code_avx512(self, room) };
        } else if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { code_avx2(self, room) };
        }
        code(self, room);
    }
}

/// The same in wider lanes: no sum changes its order, so no bit changes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn code_avx512(coder: &Coder, room: &mut Room) {
    code(coder, room);
}

/// The same in wider lanes: no sum changes its order, so no bit changes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn code_avx2(coder: &Coder, room: &mut Room) {
    code(coder, room);
}

#[inline(always)]
fn code(coder: &Coder, room: &mut Room) {
    room.code.fill(0.0);
    room.rest.copy_from_slice(&room.along);
    match coder.coding {
        Coding::Omp => return greedy::pursue(&coder.gram, coder.sparsity, room),
        Coding::Lars => path::follow(&coder.gram, coder.alpha, room),
        Coding::Fista => gradient::accelerate(&coder.gram, coder.alpha, coder.curvature, coder.tolerance, room),
        Coding::Cd => {}
    }
    // One pass confirms what the path came to; where atoms tie, or the gradients were slow, it goes on.
    descent::descend(&coder.gram, coder.alpha, coder.tolerance, room);
}

/// `rest -= by · row`.
#[inline(always)]
fn subtract(rest: &mut [f64], by: f64, row: &[f64]) {
    rest.iter_mut().zip(row).for_each(|(rest, cell)| *rest -= by * cell);
}

/// The number nearest to 0 within `alpha` of a number.
#[inline(always)]
fn shrink(value: f64, alpha: f64) -> f64 {
    value - value.clamp(-alpha, alpha)
}

#[cfg(test)]
mod tests;
