//! Dictionary learning: rows as sparse sums of atoms, of which there may be more than columns (an overcomplete dictionary).
//!
//! Each row is approximated by few atoms: half the squared error plus `alpha` times the sum of absolute codes is minimized over codes and atoms of unit
//! length. Use it where each row has few of many possible causes: patches of pictures, pieces of signals, returns. Do not use it for a dense summary of
//! all columns: principal components need fewer dimensions. The function has many local minima: another seed may give other atoms.
//!
//! Atoms are learned online: each mini-batch is coded from the products of the atoms, and the atoms then minimize the error of all codes of about the last
//! pass over the rows, one atom after the other. After a pass, atoms that no row uses and those nearly equal to another are replaced by the rows that
//! are approximated worst. Rows are centered first; a decoded row is the sum of atoms plus the mean.
//!
//! Atoms are in the order of their share of the squared codes, the largest first; the sign makes an atom's largest entry positive.
//!
//! Cost, n rows by d columns: 2·n·d·k flops a pass for the products, n·k·s for codes with s atoms, and 2·k²·d flops a mini-batch for the atoms.
//!
//! Source: Mairal, Bach, Ponce and Sapiro 2010, JMLR 11; Tibshirani 1996, doi:10.1111/j.2517-6161.1996.tb02080.x; Friedman, Hastie and Tibshirani 2010,
//! doi:10.18637/jss.v033.i01; Efron, Hastie, Johnstone and Tibshirani 2004, doi:10.1214/009053604000000067; Beck and Teboulle 2009,
//! doi:10.1137/080716542; O'Donoghue and Candès 2015, doi:10.1007/s10208-013-9150-3; Pati, Rezaiifar and Krishnaprasad 1993,
//! doi:10.1109/ACSSC.1993.342465.

mod learn;
mod model;
mod units;
mod update;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::model::DictionaryModel;
use super::coding::Coding;
use crate::attributes::{Attribute, Peer};
use crate::data::Rows;
use crate::error::{Error, Result};
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::model::{Can, Model};
use crate::params::{Auto, Role};
use crate::run::Run;
use crate::tensors::Tensors;

/// Dictionary learning: rows as sparse sums of atoms, of which there may be more than columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dictionary {
    /// Number of atoms (dimensions of the space). auto: twice the number of columns, at most 256 and at most the number of rows.
    #[schemars(extend("role" = Role::Dimensions, "minimum" = 1))]
    pub n_components: Auto<u32>,
    /// Penalty on absolute codes, in units of the cells: larger values give sparser codes. auto: 1.2 times the root mean square of the centered cells.
    #[schemars(extend("minimum" = 0))]
    pub alpha: Auto<f64>,
    /// How rows are coded while atoms are learned. lars, cd and fista compute the same codes, with alpha; omp uses n_nonzero_coefs atoms instead.
    pub fit_algorithm: Coding,
    /// How rows are encoded by the space. lars, cd and fista compute the same codes, with alpha; omp uses n_nonzero_coefs atoms instead.
    pub encode_algorithm: Coding,
    /// Number of atoms per row for omp. auto: a tenth of the number of columns, at least 1.
    #[schemars(extend("minimum" = 1))]
    pub n_nonzero_coefs: Auto<u32>,
    /// Subtract the mean of each column first; decoding adds it.
    pub center: bool,
    /// Rows per mini-batch.
    #[schemars(range(min = 1))]
    pub batch: u32,
    /// Maximum number of passes over the rows.
    #[schemars(range(min = 1))]
    pub n_iter: u32,
    /// Tolerance: stop when three passes in a row lower the objective by less than this part.
    #[schemars(range(min = 0.0))]
    pub tol: f64,
}

impl Default for Dictionary {
    fn default() -> Self {
        Dictionary {
            n_components: Auto::Auto,
            alpha: Auto::Auto,
            fit_algorithm: Coding::Cd,
            encode_algorithm: Coding::Cd,
            n_nonzero_coefs: Auto::Auto,
            center: true,
            batch: 256,
            n_iter: 100,
            tol: 1e-3,
        }
    }
}

/// Most atoms by default.
const MANY: usize = 256;

impl Dictionary {
    fn components(&self, shape: Shape) -> usize {
        self.n_components.or_else(|| (2 * shape.cols).min(MANY).min(shape.rows).max(1) as u32) as usize
    }

    /// Atoms per row for orthogonal matching pursuit.
    fn sparsity(&self, shape: Shape) -> usize {
        let most = shape.cols.min(self.components(shape)).max(1);
        (self.n_nonzero_coefs.or_else(|| (shape.cols / 10).max(1) as u32) as usize).min(most)
    }
}

/// Multiply-adds of a product in f32, and of codes and atoms in f64, a second and core.
const RATES: [f64; 2] = [25e9, 2e9];
/// Passes that it usually takes.
const USUAL: f64 = 30.0;
/// Seconds for the code of a row, for each atom.
const CODED: f64 = 270e-9;

impl Method for Dictionary {
    const INFO: Info = Info {
        name: "dictionary",
        title: "dictionary learning",
        class: "DictionaryLearning",
        family: "linear",
        summary: "atoms of which few at a time sum to a row",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::Any,
        encodes: true,
        decodes: true,
        folds: false,
        likelihood: None,
        can: Can { kept: false, axes: Some("atom"), sampler: false },
        laws: &[Law::Reconstruction],
        oriented: true,
        live: false,
        given: &[],
        limits: &[
            "rows must fit in memory: mini-batches take them in random order",
            "sparse counts are made dense, one mini-batch at a time: centered rows have few zeros",
            "a killed fit starts over: the sums behind the atoms would have to be written after each pass",
        ],
        attributes: &[
            Attribute::tensor("components_", "[k, d]", "atoms", "The atoms, by falling share of the squared codes; each has length 1."),
            Attribute::tensor("mean_", "[d]", "mean", "The mean of the rows; 0 if they are not centered."),
            Attribute::fact("n_components_", "", "n_components", "Number of atoms."),
            Attribute::fact("alpha_", "", "alpha", "The penalty on absolute codes that was used."),
            Attribute::fact(
                "objective_",
                "",
                "objective",
                "Half the squared error plus alpha times the absolute codes, mean over the rows.",
            ),
            Attribute::fact("n_nonzero_", "", "n_nonzero", "Mean number of atoms per row."),
            Attribute::fact("n_iter_", "", "n_iter", "Passes over the rows."),
        ],
        peer: Some(Peer {
            class: "sklearn.decomposition.DictionaryLearning",
            lacks: &[("error_", "The objective of each pass is shown while it learns; objective_ is the last.")],
        }),
        references: &[
            "Mairal, Bach, Ponce and Sapiro 2010, Online learning for matrix factorization and sparse coding, JMLR 11",
            "Tibshirani 1996, Regression shrinkage and selection via the lasso, doi:10.1111/j.2517-6161.1996.tb02080.x",
            "Friedman, Hastie and Tibshirani 2010, Regularization paths by coordinate descent, doi:10.18637/jss.v033.i01",
            "Efron, Hastie, Johnstone and Tibshirani 2004, Least angle regression, doi:10.1214/009053604000000067",
            "Beck and Teboulle 2009, A fast iterative shrinkage-thresholding algorithm, doi:10.1137/080716542",
            "O'Donoghue and Candès 2015, Adaptive restart for accelerated gradient schemes, doi:10.1007/s10208-013-9150-3",
            "Pati, Rezaiifar and Krishnaprasad 1993, Orthogonal matching pursuit, doi:10.1109/ACSSC.1993.342465",
        ],
    };

    fn auto_dimensions(&self, shape: Shape) -> usize {
        self.components(shape)
    }

    fn check(&self, shape: Shape) -> Result<()> {
        if shape.rows < 1 {
            return Err(Error::input("data", "no rows", "dictionary learning needs at least 1"));
        }
        match (self.n_components, self.n_nonzero_coefs) {
            (Auto::Value(k), _) if k as usize > shape.rows => Err(Error::too_large("n_components", k, None, shape, shape.rows)),
            (_, Auto::Value(s)) if s as usize > self.components(shape) => {
                Err(Error::too_large("n_nonzero_coefs", s, None, "so many atoms", self.components(shape)))
            }
            _ => Ok(()),
        }
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (n, d, k) = (shape.rows as f64, shape.cols as f64, self.components(shape) as f64);
        let batch = f64::from(self.batch).min(n);
        let pass = n * k * (d / RATES[0] + CODED) + n / batch * k * k * d / RATES[1] * run.threads() as f64;
        // Atoms and sums in f64; rows, products and codes of a mini-batch in f32; and a block that is encoded and decoded.
        let work = 8.0 * (3.0 * k * k + 3.0 * k * d) + 4.0 * batch * (d + 3.0 * k) + 4.0 * n.min(4096.0) * (2.0 * d + k) + 16.0 * n;
        Plan {
            algorithm: format!("online dictionary learning, codes by {}", self.fit_algorithm.name()),
            peak_bytes: shape.lying_bytes() + if shape.are_counts && !shape.is_sparse() { shape.bytes() } else { 0 } + work as u64,
            seconds: USUAL.min(f64::from(self.n_iter)) * pass / run.threads() as f64,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let shape = rows.shape();
        learn::learn(self, self.components(shape), self.sparsity(shape), &rows.kept()?, run)
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(DictionaryModel::load(tensors, facts)?))
    }
}

#[cfg(test)]
mod tests;
