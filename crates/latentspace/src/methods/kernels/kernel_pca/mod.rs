//! Kernel principal component analysis (kernel PCA): PCA in the feature space of a kernel.
//!
//! Learns the directions of largest variance in the feature space from the centered matrix of kernel values of all pairs of rows. Use it
//! where groups are separated by curved borders, or where only similarities of rows are known (`kernel=precomputed`). Do not use it for
//! more rows than memory holds pairs: Nystroem and Fourier features approximate the same space for millions of rows.
//!
//! Cost, n rows of d columns: n² d / 2 multiply-adds and n² / 2 powers of e for the kernel, 2 n² bytes in memory, and 8 n² multiply-adds
//! for each of a few steps of block Lanczos; centering is implicit. If the memory limit is below, tiles of the kernel are computed anew in
//! each step. A new row costs n (d + k). Rows are decoded by least squares plus kernel ridge regression of what that leaves, both from the
//! codes and around the mean: decoding does not shrink toward 0. `latent neighbors SPACE --row N --kernel` searches the feature space itself, by
//! kernel values alone.
//! Source: Schölkopf, Smola and Müller 1998, doi:10.1162/089976698300017467; decoding: Bakır, Weston and Schölkopf 2004, NIPS 16.

mod decoder;
mod model;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::decoder::{Decoder, most_examples};
use self::model::KernelPcaModel;
use super::lanes::PANEL;
use super::matrix::{self, KernelMatrix, tile_bytes, usual_steps, vector_bytes};
use super::spread::Spread;
use super::{BEGINS_ANEW, Chosen, Kernel, KernelKind, NEEDS_ALL_ROWS, SINGLE};
use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::data::Rows;
use crate::error::{Error, Result, count};
use crate::linalg::{Matrix, MatrixView};
use crate::measure::Measure;
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::TAKEN_DENSE;
use crate::methods::map::placed::Drift;
use crate::model::{Can, Model};
use crate::parallel::*;
use crate::params::{Auto, Role};
use crate::random::Random;
use crate::run::{Run, machine_memory};
use crate::tensors::Tensors;

/// Kernel PCA: the directions of largest variance in a kernel's feature space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KernelPca {
    /// Number of components (dimensions of the space). auto: 50, or as many as there are rows.
    #[schemars(extend("role" = Role::Dimensions, "minimum" = 1))]
    pub n_components: Auto<u32>,
    /// Inner product in the feature space: rbf (Gaussian), poly, cosine, linear, or precomputed, where column j of a row is its kernel with
    /// fitted row j.
    pub kernel: KernelKind,
    /// Inverse squared width of the rbf kernel, factor of the inner product of the poly kernel. auto: 1 / (columns · variance of all
    /// cells).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub gamma: Auto<f64>,
    /// Degree of the poly kernel.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
    pub degree: f64,
    /// Constant term of the poly kernel.
    pub coef0: f64,
}

impl Default for KernelPca {
    fn default() -> Self {
        KernelPca { n_components: Auto::Auto, kernel: KernelKind::Rbf, gamma: Auto::Auto, degree: 3.0, coef0: 1.0 }
    }
}

/// Components by default.
const COMPONENTS: usize = 50;
/// The share of memory that tiles may take where there is no limit.
const SHARE: f64 = 0.6;
/// Cells of a precomputed kernel that mirror each other differ by no more than this part of the largest.
const SYMMETRIC: f64 = 1e-4;
/// Negative eigenvalues with no more than this share of all are rounding.
const ROUNDING: f64 = 1e-6;
/// Fitted rows that are encoded again, to see how far they land from their codes.
const AGAIN: usize = 300;

impl KernelPca {
    fn chosen(&self) -> Chosen {
        Chosen { kind: self.kernel, gamma: self.gamma, degree: self.degree, coef0: self.coef0 }
    }

    fn components(&self, rows: usize) -> usize {
        self.n_components.or_else(|| COMPONENTS.min(rows) as u32) as usize
    }

    /// Bytes beside the tiles: rows, their form for the kernel, vectors, and what decoding is learned with.
    fn other_bytes(&self, shape: Shape) -> u64 {
        let (n, d, k) = (shape.rows as u64, shape.cols as u64, self.components(shape.rows));
        let examples = most_examples(shape.rows) as u64;
        let decoder = if self.kernel == KernelKind::Precomputed { 0 } else { 8 * examples * (examples + 2 * d) };
        // The rows are seen in 32 or 64 bits.
        shape.lying_bytes() + 12 * n * d + vector_bytes(shape.rows, k).max(decoder + 24 * n * k as u64)
    }

    /// Whether the tiles of the kernel stay in memory.
    fn keeps(&self, shape: Shape, run: &Run) -> bool {
        let tiles = tile_bytes(shape.rows);
        match run.max_memory() {
            Some(limit) => self.other_bytes(shape) + tiles <= limit,
            None => machine_memory().is_none_or(|memory| self.other_bytes(shape) + tiles <= (memory as f64 * SHARE) as u64),
        }
    }
}

impl Method for KernelPca {
    const INFO: Info = Info {
        name: "kernel-pca",
        title: "Kernel PCA",
        class: "KernelPCA",
        family: "kernel",
        summary: "directions of largest variance of a kernel",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::Any,
        encodes: true,
        decodes: true,
        folds: false,
        likelihood: None,
        can: Can { kept: true, axes: None, sampler: false },
        laws: &[Law::Reconstruction],
        oriented: true,
        live: false,
        given: &[],
        limits: &[
            NEEDS_ALL_ROWS,
            TAKEN_DENSE,
            BEGINS_ANEW,
            SINGLE,
            "a plan is accurate to a factor of 3: how many steps the eigenvectors take depends on the data",
            "spaces of a precomputed kernel neither decode nor keep their rows: they never saw them",
        ],
        attributes: &[
            Attribute::tensor(
                "eigenvalues_",
                "[k]",
                "eigenvalues",
                "Of the centered kernel matrix, descending; 0 where only rounding is left.",
            ),
            Attribute::made(
                "eigenvectors_",
                "[n, k]",
                "Unit eigenvectors of the centered kernel matrix; the entry of largest magnitude is positive.",
            ),
            Attribute::tensor("X_transformed_fit_", "[n, k]", "map", "Codes of the fitted rows."),
            Attribute::tensor("X_fit_", "[n, d]", "rows", "The fitted rows; a precomputed kernel is not kept."),
            Attribute::fact("gamma_", "", "gamma", "The gamma that was used."),
        ],
        peer: Some(Peer {
            class: "sklearn.decomposition.KernelPCA",
            lacks: &[("dual_coef_", "Decoding is least squares plus kernel ridge regression around the mean; inverse_transform decodes.")],
        }),
        references: &[
            "Schölkopf, Smola and Müller 1998, Nonlinear component analysis as a kernel eigenvalue problem, doi:10.1162/089976698300017467",
            "Golub and Underwood 1977, The block Lanczos method for computing eigenvalues, doi:10.1016/B978-0-12-587260-7.50018-2",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        self.chosen().check(Self::INFO.title, shape)?;
        match self.n_components {
            Auto::Value(k) if k as usize > shape.rows => {
                Err(Error::too_large("n_components", k, None, format!("{} rows", count(shape.rows as u64)), shape.rows))
            }
            _ => Ok(()),
        }
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (n, d, k, threads) = (shape.rows as f64, shape.cols as f64, self.components(shape.rows), run.threads() as f64);
        let (keeps, given) = (self.keeps(shape, run), self.kernel == KernelKind::Precomputed);
        let steps = if matrix::is_whole(shape.rows, k) { 1 } else { usual_steps(k) };
        let made = if given { 0.0 } else { n * n / 2.0 * (d * 0.02e-9 + 1.5e-9) };
        let product = n * n * PRODUCT;
        let examples = most_examples(shape.rows) as f64;
        let decoded = if given { 0.0 } else { n * d * k as f64 * 0.3e-9 + examples.powi(3) * 0.1e-9 + examples.powi(2) * d * 0.3e-9 };
        let orthogonal = (steps * PANEL) as f64 * (2 * steps * PANEL) as f64 * n * 0.2e-9;
        let seconds = made * if keeps { 1.0 } else { steps as f64 + 1.0 } + product * (steps as f64 + 1.0) + orthogonal + decoded;
        let kept = if keeps || given { "" } else { ", computed anew in each step" };
        Plan {
            algorithm: match matrix::is_whole(shape.rows, k) {
                true => format!("eigenvectors of the whole kernel matrix{kept}"),
                false => format!("block Lanczos on the kernel matrix{kept}"),
            },
            peak_bytes: self.other_bytes(shape) + if keeps && !given { tile_bytes(shape.rows) } else { 0 },
            seconds: seconds / threads,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let (shape, table) = (rows.shape(), rows.table()?);
        let n = table.rows();
        let spread = Spread::of_all(table.view());
        let kernel = self.chosen().kernel(&spread)?;
        let given = kernel.kernel == KernelKind::Precomputed;
        if given {
            check_symmetric(table.view(), run)?;
        }
        run.note(format!("Kernel PCA: {}; {}", kernel.told(), self.plan(shape, run).algorithm));
        let model = self.learn(kernel, &spread, &table, shape, run)?;
        let Learned { model, components, total, negative } = model;
        let mut facts = Map::new();
        let told = [("gamma", json!(kernel.gamma)), ("n_components", json!(model.n_components())), ("steps", json!(components.steps))];
        facts.extend(told.map(|(name, value)| (name.to_owned(), value)));
        facts.insert("kernel_matrix".to_owned(), json!(if given { "given" } else { "computed" }));
        if let Some(gap) = components.gap {
            facts.insert("residual".to_owned(), json!(gap));
            run.warn(format!(
                "the eigenvectors did not converge in {} steps: residuals are up to {gap:.1e} of their eigenvalues. Fewer components \
                 converge sooner.",
                components.steps
            ));
        }
        let lost = negative.as_ref().map_or(0.0, |negative| negative.sum);
        if let Some(negative) = negative {
            // The positive eigenvalues are the trace and what the negative ones take from it.
            let share = if total + 2.0 * lost > 0.0 { lost / (total + 2.0 * lost) } else { 1.0 };
            facts.insert("negative_eigenvalues_share".to_owned(), json!(share));
            facts.insert("negative_eigenvalues_all".to_owned(), json!(negative.all));
            if share > ROUNDING {
                run.warn(format!(
                    "the kernel is not positive semidefinite: negative eigenvalues have {}{:.2} % of the sum of magnitudes. They are \
                     left out: distances in the space are not those that the kernel implies.",
                    if negative.all { "" } else { "at least " },
                    100.0 * share
                ));
            }
        }
        let codes = model.codes().clone();
        let sample = Random::new(run.seed(), "kernel drift").sample(0, n, AGAIN);
        let again = model.encode(&crate::linalg::OwnedRows::Dense(table.select(&sample)), run)?;
        let mut measures = vec![("encode_drift", Drift::new(&again, &sample, &codes).median)];
        let kept: f64 = components.values.iter().sum();
        if total + lost > 0.0 {
            measures.push(("explained_variance", Measure::exact((kept / (total + lost)).min(1.0), None)));
        }
        Ok(Fitted { model: Box::new(model), codes: Some(codes), facts, measures })
    }

    fn attribute(&self, _: &str, fit: &Fit<'_>, _: &Run) -> Result<Found> {
        let codes = fit.tensors.matrix("map", None, None)?;
        let values = fit.tensors.f64("eigenvalues", Some(codes.cols()))?;
        let scales: Vec<f64> = values.iter().map(|&value| if value > 0.0 { 1.0 / value.sqrt() } else { 0.0 }).collect();
        let cells = codes.as_slice().iter().enumerate().map(|(at, &code)| f64::from(code) * scales[at % codes.cols()]);
        Ok(Found::table(codes.rows(), codes.cols(), cells.collect()))
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(KernelPcaModel::load(tensors, facts)?))
    }
}

/// Seconds per pair of rows of the product with a panel, on one core.
const PRODUCT: f64 = 0.7e-9;

/// What a fit learns.
struct Learned {
    model: KernelPcaModel,
    components: matrix::Components,
    /// The trace of the centered kernel matrix, in the kernel's own unit.
    total: f64,
    negative: Option<matrix::Negative>,
}

impl KernelPca {
    fn learn(&self, kernel: Kernel, spread: &Spread, table: &Matrix, shape: Shape, run: &Run) -> Result<Learned> {
        let (n, k) = (table.rows(), self.components(table.rows()));
        let lens = model::lens(kernel, &spread.means, table.view())?;
        let given = kernel.kernel == KernelKind::Precomputed;
        // A given kernel matrix is read where it is.
        let seen = lens.see(if given { table.slice(0..0) } else { table.view() }, 0);
        let matrix = match given {
            true => KernelMatrix::given(&lens, &seen, table.view(), run)?,
            false => KernelMatrix::new(&lens, &seen, n, self.keeps(shape, run), run)?,
        };
        let mut components = matrix.components(k, run)?;
        let mut negative = if kernel.may_be_indefinite() { Some(matrix.negative(run)?) } else { None };
        let means = matrix.means.clone();
        let total = (matrix.trace - means.iter().sum::<f64>()) * lens.unit;
        drop(matrix);
        let unit = lens.unit;
        components.values.iter_mut().for_each(|value| *value *= unit);
        negative.iter_mut().for_each(|negative| negative.sum *= unit);
        let scales: Vec<f64> = components.values.iter().map(|value| value.sqrt()).collect();
        let vectors = std::mem::take(&mut components.vectors);
        let codes = Matrix::new(n, k, (0..n * k).map(|at| (vectors[at % k * n + at / k] * scales[at % k]) as f32).collect())?;
        drop(vectors);
        let decoder = match given {
            true => None,
            false => Some(Decoder::new(table.view(), &spread.means, &codes, &components.values, run)?),
        };
        let means: Vec<f64> = means.iter().map(|mean| mean * unit).collect();
        let rows = (!given).then(|| table.clone());
        let model = KernelPcaModel::new(kernel, spread.means.clone(), rows, codes, components.values.clone(), &means, decoder)?;
        Ok(Learned { model, components, total, negative })
    }
}

/// Checks that a precomputed kernel is symmetric.
///
/// # Errors
/// [`Error::Input`] for the first pair of cells that differ; [`Error::Cancelled`].
pub(super) fn check_symmetric(values: MatrixView<'_>, run: &Run) -> Result<()> {
    let n = values.rows();
    let cells = values.as_slice();
    if let Some(at) = cells.iter().position(|cell| !cell.is_finite()) {
        let error = Error::input("data", format!("{} was found", cells[at]), "kernel values are finite numbers");
        return Err(error.at_row((at / n) as u64 + 1).at_column((at % n + 1).to_string()));
    }
    let largest = cells.iter().fold(0.0_f32, |largest, cell| largest.max(cell.abs()));
    let least = SYMMETRIC * f64::from(largest);
    let differs = |row: usize| {
        run.check()?;
        let own = values.row(row);
        Ok((row + 1..n).find(|&other| (f64::from(own[other]) - f64::from(cells[other * n + row])).abs() > least))
    };
    let found: Vec<Option<usize>> = (0..n).into_par_iter().map(differs).collect::<Result<_>>()?;
    match found.into_iter().enumerate().find_map(|(row, other)| Some((row, other?))) {
        None => Ok(()),
        Some((row, other)) => {
            let [one, two] = [values.row(row)[other], values.row(other)[row]];
            let found = format!("{one} here, and {two} in row {}, column {}", other + 1, row + 1);
            let error =
                Error::input("data", found, "a kernel matrix is symmetric").at_row(row as u64 + 1).at_column((other + 1).to_string());
            Err(error.with_hint("if the columns were standardized, scale=none takes them as they are"))
        }
    }
}
