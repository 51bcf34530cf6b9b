//! The model of support vector machines: support vectors with their coefficients, and labels from decision values.

use serde_json::{Value, json};

use super::probability::{Sigmoid, couple};
use super::{Kernel, KernelKind, pairs};
use crate::error::Result;
use crate::linalg::{Matrix, MatrixView, OwnedRows};
use crate::methods::kernels::lens::Lens;
use crate::methods::kernels::projection::Projection;
use crate::methods::map::placed::wrong;
use crate::model::{Capabilities, Classifier, Model};
use crate::run::Run;
use crate::tensors::{Tensor, Tensors};

/// The rows that decide: themselves or, of a precomputed kernel, their numbers among the fitted rows.
pub(super) enum Support {
    /// `[s, d]`.
    Rows(Matrix),
    Columns(Vec<u32>),
}

/// What a fit comes to. Support vectors lie label by label.
pub(super) struct Learned {
    pub(super) kernel: Kernel,
    /// The means of the columns, `[d]`.
    pub(super) means: Vec<f64>,
    /// The labels; none of a one-class machine.
    pub(super) classes: Vec<String>,
    /// Support vectors of each label; of a one-class machine their number.
    pub(super) counts: Vec<usize>,
    pub(super) support: Support,
    /// `[s, labels - 1]`: the coefficients against the other labels, in their order; `[s, 1]` of a one-class machine.
    pub(super) coefficients: Matrix,
    /// `[pairs]`: subtracted from the sums.
    pub(super) offsets: Vec<f64>,
    /// `[pairs]`, if probabilities were calibrated.
    pub(super) sigmoids: Option<Vec<Sigmoid>>,
}

/// How the kernel sees rows. Seen from the mean, products keep the digits in which rows differ: the Gaussian kernel does not depend on where 0
/// is, nor does the linear one where the coefficients sum to 0, as they do between two labels.
pub(super) fn lens(kernel: Kernel, means: &[f64], columns: Option<Vec<u32>>, rows: MatrixView<'_>, has_labels: bool) -> Result<Lens> {
    let is_shifted = kernel.kernel == KernelKind::Rbf || kernel.kernel == KernelKind::Linear && has_labels;
    Lens::new(kernel, is_shifted.then(|| means.to_vec()), columns, rows)
}

/// A space of support vector machines.
pub(super) struct SvmModel {
    learned: Learned,
    projection: Projection,
}

impl SvmModel {
    pub(super) fn new(learned: Learned) -> Result<Self> {
        let Learned { kernel, means, classes, counts, support, coefficients, offsets, .. } = &learned;
        let none = Matrix::new(0, means.len(), Vec::new())?;
        let (rows, columns) = match support {
            Support::Rows(rows) => (rows, None),
            Support::Columns(columns) => (&none, Some(columns.clone())),
        };
        let lens = lens(*kernel, means, columns, rows.view(), !classes.is_empty())?;
        let seen = lens.see(rows.view(), 0);
        let class_of: Vec<usize> = counts.iter().enumerate().flat_map(|(class, &count)| std::iter::repeat_n(class, count)).collect();
        let pairs: Vec<[usize; 2]> = pairs(classes.len()).collect();
        let weight = |row: usize, pair: usize| {
            let own = class_of[row];
            match pairs.get(pair) {
                None => f64::from(coefficients.row(row)[0]),
                Some(&[i, j]) if own == i => f64::from(coefficients.row(row)[j - 1]),
                Some(&[i, j]) if own == j => f64::from(coefficients.row(row)[i]),
                Some(_) => 0.0,
            }
        };
        let projection = Projection::new(lens, seen, coefficients.rows(), offsets.clone(), weight);
        Ok(SvmModel { learned, projection })
    }

    /// Opens what [`Model::store`] wrote.
    pub(super) fn load(tensors: &Tensors, facts: &Value) -> Result<Self> {
        let kernel = Kernel::load(facts)?;
        let read = |name: &str| facts[name].as_array().cloned().unwrap_or_default();
        let classes: Vec<String> = read("classes").iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
        let counts: Vec<usize> = read("counts").iter().filter_map(|count| count.as_u64().map(|count| count as usize)).collect();
        let coefficients = tensors.matrix("coefficients", None, Some(classes.len().saturating_sub(1).max(1)))?;
        let dimensions = pairs(classes.len()).count().max(1);
        let sum = counts.iter().try_fold(0_usize, |sum, &count| sum.checked_add(count));
        let means = tensors.f64("means", None)?.to_vec();
        if classes.len() == 1 || counts.len() != classes.len().max(1) || sum != Some(coefficients.rows()) || means.is_empty() {
            return Err(wrong(format!("{} support vectors of {} labels", coefficients.rows(), classes.len())));
        }
        let offsets = tensors.f64("offsets", Some(dimensions))?.to_vec();
        let support = match kernel.kernel {
            KernelKind::Precomputed => Support::Columns(tensors.u32("support_columns", Some(coefficients.rows()))?.to_vec()),
            _ => Support::Rows(tensors.matrix("support", Some(coefficients.rows()), Some(means.len()))?),
        };
        if let Support::Columns(columns) = &support
            && let Some(column) = columns.iter().find(|&&column| column as usize >= means.len())
        {
            return Err(wrong(format!("support vector {column} of {} rows", means.len())));
        }
        let sigmoids = match facts["calibrated"] == json!(true) {
            false => None,
            true => {
                let all = tensors.f64("sigmoids", Some(2 * dimensions))?.chunks_exact(2);
                Some(all.map(|own| Sigmoid { slope: own[0], shift: own[1] }).collect())
            }
        };
        Self::new(Learned { kernel, means, classes, counts, support, coefficients, offsets, sigmoids })
    }
}

impl Model for SvmModel {
    fn n_components(&self) -> usize {
        self.projection.k()
    }

    fn columns(&self) -> usize {
        self.learned.means.len()
    }

    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        self.projection.encode(rows, run)
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let classifier = (!self.learned.classes.is_empty()).then_some(self as &dyn Classifier);
        Capabilities { classifier, ..Capabilities::default() }
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        let Learned { kernel, means, classes, counts, support, coefficients, offsets, sigmoids } = &self.learned;
        tensors.put_f64("means", means)?;
        tensors.put_matrix("coefficients", coefficients)?;
        tensors.put_f64("offsets", offsets)?;
        match support {
            Support::Rows(rows) => tensors.put_matrix("support", rows)?,
            Support::Columns(columns) => tensors.put("support_columns", Tensor::U32(vec![columns.len()], columns.clone()))?,
        }
        if let Some(sigmoids) = sigmoids {
            let all: Vec<f64> = sigmoids.iter().flat_map(|own| [own.slope, own.shift]).collect();
            tensors.put_f64("sigmoids", &all)?;
        }
        Ok(json!({ "kernel": kernel, "classes": classes, "counts": counts, "calibrated": sigmoids.is_some() }))
    }
}

impl Classifier for SvmModel {
    fn labels(&self) -> &[String] {
        &self.learned.classes
    }

    /// The label that most pairs vote for; the first of several.
    fn predict(&self, code: &[f32]) -> usize {
        let classes = self.learned.classes.len();
        let mut votes = vec![0_u32; classes];
        for ([i, j], &value) in pairs(classes).zip(code) {
            votes[if value > 0.0 { i } else { j }] += 1;
        }
        let most = votes.iter().copied().max().unwrap_or(0);
        votes.iter().position(|&own| own == most).unwrap_or(0)
    }

    fn sides(&self, axis: usize) -> Option<[&str; 2]> {
        let classes = &self.learned.classes;
        pairs(classes.len()).nth(axis).map(|pair| pair.map(|class| classes[class].as_str()))
    }

    /// If another label than the predicted one is most likely, the two exchange their probabilities.
    fn probabilities(&self, code: &[f32]) -> Option<Vec<f64>> {
        let sigmoids = self.learned.sigmoids.as_ref()?;
        let of_pairs: Vec<f64> = sigmoids.iter().zip(code).map(|(sigmoid, &value)| sigmoid.of(f64::from(value))).collect();
        let mut all = couple(&of_pairs, self.learned.classes.len());
        let largest = (0..all.len()).max_by(|&a, &b| all[a].total_cmp(&all[b]).then(b.cmp(&a)))?;
        all.swap(largest, self.predict(code));
        Some(all)
    }
}
