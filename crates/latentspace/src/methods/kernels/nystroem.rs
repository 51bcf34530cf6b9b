//! The Nyström approximation of a kernel's feature space: coordinates of millions of rows from their kernel with a few landmarks.
//!
//! Learns coordinates whose inner products approximate the kernel: the kernel values of a row with the landmarks, turned and scaled by the
//! eigenvectors of the landmarks' kernel matrix, so that the landmarks' directions of largest second moment come first. Use it where kernel
//! PCA would need the kernel of all pairs: linear methods on these coordinates are kernel methods. Do not use it where a hundred landmarks
//! cannot cover the rows: very narrow kernels.
//!
//! Landmarks are drawn by the seed from twice as many candidates, the distinct rows of smallest hash: a uniform sample that does not depend
//! on the order of the rows, and that parts of the rows merge. Cost, m landmarks: one pass over the rows, then 4.5 m³ flops or less; a row
//! costs m (d + k).
//! Source: Williams and Seeger 2001, NIPS 13; Kumar, Mohri and Talwalkar 2012, JMLR 13:981.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::lens::Lens;
use super::matrix::KernelMatrix;
use super::projection::Projection;
use super::spread::Spread;
use super::{Chosen, Kernel, KernelKind, SINGLE};
use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::checkpoint::Parcel;
use crate::data::Rows;
use crate::error::{Error, Result, count};
use crate::fold::{AnyFold, Fold, Portable, Step};
use crate::linalg::{Matrix, MatrixView, OwnedRows, Points, eigen_cost, symmetric_eigen};
use crate::method::{Fitted, Info, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::map::placed::wrong;
use crate::model::{Can, Model};
use crate::params::{Auto, Role};
use crate::random::Random;
use crate::run::Run;
use crate::tensors::{Tensor, Tensors};

/// The Nyström approximation: coordinates in a kernel's feature space from a few landmarks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nystroem {
    /// Dimensions of the space. auto: 100, or the number of rows if there are fewer.
    #[schemars(extend("minimum" = 1, "role" = Role::Dimensions))]
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
    /// Number of landmarks, the rows that all others are compared with: more approximate the kernel better. auto: 1,000, or n_components if
    /// that is more.
    #[schemars(extend("minimum" = 1))]
    pub n_landmarks: Auto<u32>,
}

impl Default for Nystroem {
    fn default() -> Self {
        Nystroem { n_components: Auto::Auto, kernel: KernelKind::Rbf, gamma: Auto::Auto, degree: 3.0, coef0: 1.0, n_landmarks: Auto::Auto }
    }
}

const COMPONENTS: u32 = 100;
const LANDMARKS: u32 = 1000;
/// An eigenvalue below this part of the trace is rounding: kernel values have 32 bits.
const NOTHING: f64 = 1e-7;

impl Nystroem {
    fn chosen(&self) -> Chosen {
        Chosen { kind: self.kernel, gamma: self.gamma, degree: self.degree, coef0: self.coef0 }
    }

    fn components(&self, rows: usize) -> usize {
        self.n_components.or_else(|| COMPONENTS.min(rows.min(self.landmarks()) as u32)) as usize
    }

    fn landmarks(&self) -> usize {
        let wanted = self.n_components.or_else(|| COMPONENTS);
        self.n_landmarks.or_else(|| LANDMARKS.max(wanted)) as usize
    }

    fn fold(&self) -> Candidates {
        Candidates { method: self.clone() }
    }
}

impl Method for Nystroem {
    const INFO: Info = Info {
        name: "nystroem",
        title: "Nyström approximation",
        class: "Nystroem",
        family: "kernel",
        summary: "coordinates in a kernel space from landmarks",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::Any,
        encodes: true,
        decodes: false,
        folds: true,
        likelihood: None,
        can: Can::NOTHING,
        laws: &[],
        oriented: true,
        live: false,
        given: &[],
        limits: &[
            "does not decode: its coordinates keep inner products alone; kernel PCA decodes",
            "sparse counts are made dense in chunks of 4,096 rows: a kernel compares all cells",
            SINGLE,
        ],
        attributes: &[
            Attribute::tensor("components_", "[landmarks, d]", "landmarks", "The landmarks."),
            Attribute::made("normalization_", "[k, landmarks]", "What kernel values with the landmarks are multiplied by."),
            Attribute::tensor(
                "eigenvalues_",
                "[k]",
                "eigenvalues",
                "Of the landmarks' kernel matrix, descending; 0 where only rounding is left.",
            ),
            Attribute::fact("gamma_", "", "gamma", "The gamma that was used."),
        ],
        peer: Some(Peer {
            class: "sklearn.kernel_approximation.Nystroem",
            lacks: &[("component_indices_", "Landmarks are chosen by their values, not their places; components_ has their rows.")],
        }),
        references: &[
            "Williams and Seeger 2001, Using the Nyström method to speed up kernel machines, NIPS 13",
            "Kumar, Mohri and Talwalkar 2012, Sampling methods for the Nyström method, JMLR 13:981",
        ],
    };

    fn auto_dimensions(&self, shape: Shape) -> usize {
        self.components(shape.rows)
    }

    fn check(&self, shape: Shape) -> Result<()> {
        self.chosen().check(Self::INFO.title, shape)?;
        let rows = || format!("{} rows", count(shape.rows as u64));
        if let Auto::Value(k) = self.n_components
            && k as usize > shape.rows
        {
            return Err(Error::too_large("n_components", k, None, rows(), shape.rows));
        }
        match self.n_landmarks {
            Auto::Value(landmarks) if landmarks as usize > shape.rows => {
                Err(Error::too_large("n_landmarks", landmarks, None, rows(), shape.rows))
            }
            Auto::Value(landmarks) => match self.n_components {
                Auto::Value(k) if landmarks < k => {
                    Err(Error::param("n_landmarks", landmarks, format!("for {k} components it is at least that")))
                }
                _ => Ok(()),
            },
            Auto::Auto => Ok(()),
        }
    }

    fn most(shape: Shape) -> Vec<(&'static str, usize)> {
        vec![("n_components", shape.rows)]
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (n, d, threads) = (shape.rows as u64, shape.cols as u64, run.threads() as u64);
        let (m, k) = (self.landmarks().min(shape.rows), self.components(shape.rows));
        let levels = n.div_ceil(crate::data::CHUNK as u64).max(1).ilog2() as u64 + 1;
        let chunks = if shape.are_counts { threads * 4 * n.min(crate::data::CHUNK as u64) * d } else { 0 };
        let eigen = eigen_cost(m, k);
        let solved = 8 * (m * m) as u64 + eigen.bytes + 12 * m as u64 * (d + k as u64);
        Plan {
            algorithm: format!("kernel with {} landmarks", count(m as u64)),
            peak_bytes: shape.lying_bytes() + chunks + ((levels + threads) * (4 * d + 16) * 2 * m as u64).max(solved),
            seconds: (n * d) as f64 * 3e-9 / threads as f64 + eigen.flops * 0.2e-9 + (m * m) as f64 * d as f64 * 0.1e-9,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        run.note(format!("Nyström approximation: {}", self.plan(rows.shape(), run).algorithm));
        run.progress("landmarks", 0, 1);
        let fitted = AnyFold::fit(&self.fold(), rows, "landmarks", run)?;
        run.progress("landmarks", 1, 1);
        Ok(fitted)
    }

    fn folding(&self, _: Shape, _: &Run) -> Result<Box<dyn AnyFold>> {
        Ok(Box::new(self.fold()))
    }

    fn once(&self, _: Shape) -> Option<Box<dyn AnyFold>> {
        // Parts do not know the numbers of their rows, which a precomputed kernel needs.
        let takes_once = self.kernel != KernelKind::Precomputed;
        takes_once.then(|| Box::new(self.fold()) as Box<dyn AnyFold>)
    }

    fn attribute(&self, _: &str, fit: &Fit<'_>, _: &Run) -> Result<Found> {
        let weights = fit.tensors.matrix("weights", None, None)?;
        let (m, k) = (weights.rows(), weights.cols());
        Ok(Found::table(k, m, (0..k * m).map(|at| f64::from(weights.row(at % m)[at / m])).collect()))
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(NystroemModel::load(tensors, facts)?))
    }
}

/// The fold that draws candidates for landmarks and sums up how widely cells are spread.
struct Candidates {
    method: Nystroem,
}

impl Candidates {
    /// Candidates at most.
    fn most(&self) -> usize {
        2 * self.method.landmarks()
    }
}

/// What chunks of rows come to.
struct Drawn {
    spread: Spread,
    /// Hashes of the rows drawn, ascending.
    hashes: Vec<u64>,
    /// Their numbers among all rows.
    numbers: Vec<u32>,
    /// Themselves, `[drawn, d]`.
    rows: Vec<f32>,
}

impl Drawn {
    fn row(&self, at: usize) -> &[f32] {
        let d = self.spread.means.len();
        &self.rows[at * d..][..d]
    }

    /// The `most` rows of smallest hash of those drawn in both, each once.
    fn merge(self, other: Drawn, most: usize) -> Drawn {
        let mut order: Vec<(u64, bool, usize)> = Vec::with_capacity(self.hashes.len() + other.hashes.len());
        order.extend(self.hashes.iter().enumerate().map(|(at, &hash)| (hash, false, at)));
        order.extend(other.hashes.iter().enumerate().map(|(at, &hash)| (hash, true, at)));
        order.sort_unstable();
        let of = |&(_, from_other, at): &(u64, bool, usize)| if from_other { (&other, at) } else { (&self, at) };
        let mut drawn = Drawn { spread: self.spread.clone(), hashes: Vec::new(), numbers: Vec::new(), rows: Vec::new() };
        for entry in &order {
            let (from, at) = of(entry);
            // Equal rows have equal hashes; different ones hardly ever have, and then one is left out.
            if drawn.hashes.last() == Some(&entry.0) {
                continue;
            }
            if drawn.hashes.len() == most {
                break;
            }
            drawn.hashes.push(entry.0);
            drawn.numbers.push(from.numbers[at]);
            drawn.rows.extend_from_slice(from.row(at));
        }
        Drawn { spread: drawn.spread.merge(other.spread), ..drawn }
    }
}

/// A hash of a row's numbers; 0 and -0 are one.
fn hash(row: &[f32]) -> u64 {
    let mixed = row.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &cell| {
        (hash.rotate_left(23) ^ u64::from((cell + 0.0).to_bits())).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    let words = Random::new(0, "nystroem candidates").words(0, mixed);
    u64::from(words[0]) | (u64::from(words[1]) << 32)
}

impl Fold for Candidates {
    type State = ();
    type Stats = Drawn;
    type Outcome = Fitted;

    fn start(&self, _: Shape, _: Points<'_>) -> Result<()> {
        Ok(())
    }

    fn accumulate(&self, (): &(), chunk: Points<'_>, first: usize) -> Result<Drawn> {
        let most = self.most();
        chunk.as_table(|chunk| {
            let mut order: Vec<(u64, usize)> = (0..chunk.rows()).map(|row| (hash(chunk.row(row)), row)).collect();
            order.sort_unstable();
            order.dedup_by_key(|entry| entry.0);
            order.truncate(most);
            Drawn {
                spread: Spread::of(chunk),
                hashes: order.iter().map(|entry| entry.0).collect(),
                numbers: order.iter().map(|entry| (first + entry.1) as u32).collect(),
                rows: order.iter().flat_map(|entry| chunk.row(entry.1)).copied().collect(),
            }
        })
    }

    fn merge(&self, left: Drawn, right: Drawn) -> Drawn {
        left.merge(right, self.most())
    }

    fn solve(&self, (): (), drawn: Drawn, run: &Run) -> Result<Step<(), Fitted>> {
        let kernel = self.method.chosen().kernel(&drawn.spread)?;
        let (d, k) = (drawn.spread.means.len(), self.method.components(drawn.spread.rows as usize));
        let chosen = Random::new(run.seed(), "nystroem landmarks").sample(0, drawn.hashes.len(), self.method.landmarks());
        let m = chosen.len();
        let landmarks = MatrixView::new(drawn.hashes.len(), d, &drawn.rows)?.select(&chosen);
        let numbers = || chosen.iter().map(|&at| drawn.numbers[at as usize]).collect();
        let columns: Option<Vec<u32>> = (kernel.kernel == KernelKind::Precomputed).then(numbers);
        if let Some(column) = columns.iter().flatten().find(|&&column| column as usize >= d) {
            let found = format!("{} rows of {d} columns", column + 1);
            return Err(Error::input("data", found, "a precomputed kernel is square: column j of a row is its kernel with row j"));
        }
        let lens = lens(kernel, &drawn.spread.means, columns.clone(), landmarks.view())?;
        let seen = lens.see(landmarks.view(), 0);
        let (values, trace) = match kernel.kernel {
            KernelKind::Precomputed => {
                let mut values = vec![0.0_f32; m * m];
                lens.tile(&seen, 0..m, &seen, 0..m, &mut Vec::new(), &mut values)?;
                check_symmetric(&values, m)?;
                let trace = (0..m).map(|at| f64::from(values[at * (m + 1)])).sum();
                (values.iter().map(|&value| f64::from(value)).collect(), trace)
            }
            _ => {
                let matrix = KernelMatrix::new(&lens, &seen, m, true, run)?;
                (matrix.whole(run)?, matrix.trace)
            }
        };
        let eigen = symmetric_eigen(&values, m, k.min(m), || run.check())?;
        let values: Vec<f64> =
            (0..k).map(|axis| eigen.values.get(axis).copied().filter(|&value| value > NOTHING * trace).unwrap_or(0.0)).collect();
        let weight = |row: usize, axis: usize| {
            let value = values[axis] * lens.unit;
            if value > 0.0 { eigen.vectors[axis * m + row] / value.sqrt() } else { 0.0 }
        };
        let weights = Matrix::from_fn(m, k, |row, axis| weight(row, axis) as f32);
        let rank = values.iter().filter(|&&value| value > 0.0).count();
        if rank < k {
            run.warn(format!("the landmarks span {} dimensions: the other {} are 0", count(rank as u64), k - rank));
        }
        let kept = if trace > 0.0 { values.iter().sum::<f64>() / trace } else { 0.0 };
        let told = [("gamma", json!(kernel.gamma)), ("n_landmarks", json!(m)), ("rank", json!(rank)), ("kernel_kept", json!(kept))];
        let facts: Map<String, Value> = told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let eigenvalues = values.iter().map(|value| value * lens.unit).collect();
        let model = NystroemModel::new(kernel, drawn.spread.means, columns, landmarks, eigenvalues, weights)?;
        Ok(Step::Done(Fitted { model: Box::new(model), codes: None, facts, measures: Vec::new() }))
    }
}

/// Checks that the landmarks' precomputed kernel is symmetric.
fn check_symmetric(values: &[f32], m: usize) -> Result<()> {
    let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let differ = |at: &usize| (values[*at] - values[at % m * m + at / m]).abs() > 1e-4 * largest;
    match (0..m * m).find(differ) {
        None => Ok(()),
        Some(at) => {
            let found = format!("{} one way and {} the other between two rows", values[at], values[at % m * m + at / m]);
            let error = Error::input("data", found, "a kernel matrix is symmetric");
            Err(error.with_hint("if the columns were standardized, scale=none takes them as they are"))
        }
    }
}

impl Portable for Drawn {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = self.spread.store()?;
        let halves = |shift: u32| self.hashes.iter().map(|hash| (hash >> shift) as u32).collect::<Vec<u32>>();
        let count = self.hashes.len();
        parcel.tensors.put("hashes", Tensor::U32(vec![2 * count], [halves(32), halves(0)].concat()))?;
        parcel.tensors.put("numbers", Tensor::U32(vec![count], self.numbers.clone()))?;
        parcel.tensors.put_matrix("rows", &Matrix::new(count, self.spread.means.len(), self.rows.clone())?)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let spread = Spread::load(parcel)?;
        let numbers = parcel.tensors.u32("numbers", None)?.to_vec();
        let halves = parcel.tensors.u32("hashes", Some(2 * numbers.len()))?;
        let (high, low) = halves.split_at(numbers.len());
        let hashes = high.iter().zip(low).map(|(&high, &low)| u64::from(high) << 32 | u64::from(low)).collect();
        let rows = parcel.tensors.matrix("rows", Some(numbers.len()), Some(spread.means.len()))?.as_slice().to_vec();
        Ok(Drawn { spread, hashes, numbers, rows })
    }
}

/// How the kernel sees rows: the Gaussian kernel from their mean, where products keep the digits in which rows differ.
fn lens(kernel: Kernel, means: &[f64], columns: Option<Vec<u32>>, landmarks: MatrixView<'_>) -> Result<Lens> {
    Lens::new(kernel, (kernel.kernel == KernelKind::Rbf).then(|| means.to_vec()), columns, landmarks)
}

/// A space of coordinates from landmarks.
struct NystroemModel {
    kernel: Kernel,
    means: Vec<f64>,
    /// For a precomputed kernel: the numbers of the landmarks.
    columns: Option<Vec<u32>>,
    landmarks: Matrix,
    eigenvalues: Vec<f64>,
    /// `[landmarks, k]`.
    weights: Matrix,
    projection: Projection,
}

impl NystroemModel {
    fn new(
        kernel: Kernel,
        means: Vec<f64>,
        columns: Option<Vec<u32>>,
        landmarks: Matrix,
        eigenvalues: Vec<f64>,
        weights: Matrix,
    ) -> Result<Self> {
        let lens = lens(kernel, &means, columns.clone(), landmarks.view())?;
        let seen = lens.see(landmarks.view(), 0);
        let offsets = vec![0.0; weights.cols()];
        let projection = Projection::new(lens, seen, landmarks.rows(), offsets, |row, axis| f64::from(weights.row(row)[axis]));
        Ok(NystroemModel { kernel, means, columns, landmarks, eigenvalues, weights, projection })
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Self> {
        let kernel = Kernel::load(facts)?;
        let landmarks = tensors.matrix("landmarks", None, None)?;
        let (m, d) = (landmarks.rows(), landmarks.cols());
        let weights = tensors.matrix("weights", Some(m), None)?;
        let means = tensors.f64("means", Some(d))?.to_vec();
        let eigenvalues = tensors.f64("eigenvalues", Some(weights.cols()))?.to_vec();
        let columns = match kernel.kernel {
            KernelKind::Precomputed => Some(tensors.u32("columns", Some(m))?.to_vec()),
            _ => None,
        };
        if m == 0 || d == 0 || weights.cols() == 0 || columns.iter().flatten().any(|&column| column as usize >= d) {
            return Err(wrong(format!("its {m} landmarks of {d} columns")));
        }
        Self::new(kernel, means, columns, landmarks, eigenvalues, weights)
    }
}

impl Model for NystroemModel {
    fn n_components(&self) -> usize {
        self.projection.k()
    }

    fn columns(&self) -> usize {
        self.means.len()
    }

    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        self.projection.encode(rows, run)
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        tensors.put_matrix("landmarks", &self.landmarks)?;
        tensors.put_matrix("weights", &self.weights)?;
        tensors.put_f64("means", &self.means)?;
        tensors.put_f64("eigenvalues", &self.eigenvalues)?;
        if let Some(columns) = &self.columns {
            tensors.put("columns", Tensor::U32(vec![columns.len()], columns.clone()))?;
        }
        Ok(json!({ "kernel": self.kernel }))
    }
}
