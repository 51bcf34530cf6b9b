//! Support vector machines (SVM): the planes of a kernel's feature space that separate labels with the widest margin.
//!
//! Learns, for each pair of labels, a plane between them: few rows are near enough to decide where it lies, and these are its support vectors.
//! The code of a row are its decision values, one for each pair (a against b, a against c, …, b against c, …), above 0 on the side of the
//! first label and ±1 on the margins; the label that most pairs vote for is the prediction. Decision values rather than one score per label,
//! since each is linear in the feature space and decides by its sign alone. Use it to separate labels by a curved border, or to place rows by
//! how surely they have each label. Without labels, a one-class SVM learns where the rows lie: its decision value is below 0 outside. Do not
//! use it for more rows than can be compared pair by pair: linear methods on the coordinates of a kernel approximation are near.
//!
//! Cost, n rows of d columns: n² d multiply-adds and 4 n² bytes for all kernel values, where these take no more than 512 MiB, else rows of
//! them are computed as they are needed and the last ones are kept; then two passes over the rows of two labels for each of some thousand
//! steps. Pairs are learned side by side. A new row costs s (d + pairs) for s support vectors. With `probability`, five more fits: sigmoids
//! of the decision values of held-out rows, coupled over all pairs; the predicted label is the most likely one, for which probabilities of
//! two labels are exchanged where the votes and the coupling disagree.
//!
//! Source: Cortes and Vapnik 1995, doi:10.1007/BF00994018; solver: Fan, Chen and Lin 2005, JMLR 6:1889; one class: Schölkopf, Platt,
//! Shawe-Taylor, Smola and Williamson 2001, doi:10.1162/089976601750264965; probabilities: Lin, Lin and Weng 2007,
//! doi:10.1007/s10994-007-5018-6; Wu, Lin and Weng 2004, JMLR 5:975.

mod lanes;
mod learn;
mod model;
mod probability;
mod solve;
#[cfg(test)]
mod tests;
mod values;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::model::SvmModel;
use self::values::CACHE;
use super::{BEGINS_ANEW, Chosen, Kernel, KernelKind, SINGLE};
use crate::attributes::{Attribute, Peer};
use crate::data::Rows;
use crate::error::Result;
use crate::method::{Fitted, Info, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::TAKEN_DENSE;
use crate::model::{Can, Model};
use crate::params::{Auto, Role};
use crate::run::Run;
use crate::tensors::Tensors;

/// Support vector machines (SVM): planes of a kernel's feature space that separate labels with the widest margin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Svm {
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
    /// Cost of a row beyond its margin, against the width of the margin: larger values fit the rows more closely.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1e9))]
    pub c: f64,
    /// Column of labels to separate. auto: none, and a one-class SVM learns where the rows lie.
    #[schemars(extend("role" = Role::Labels, "anyOf" = [{ "const": AUTO }, { "const": NONE }, { "type": "string" }]))]
    pub target: String,
    /// Of a one-class SVM: at most this share of the rows lies outside, and at least this share are support vectors.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
    pub nu: f64,
    /// Also learn probabilities of the labels, from held-out decision values: five more fits.
    pub probability: bool,
    /// Tolerance: how far the gradient may be from its optimality conditions.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tol: f64,
}

/// What [`Svm::target`] is where no column is named.
const AUTO: &str = "auto";
const NONE: &str = "none";
/// Labels at most: each pair of them is a dimension.
const LABELS: usize = 100;

impl Default for Svm {
    fn default() -> Self {
        Svm {
            kernel: KernelKind::Rbf,
            gamma: Auto::Auto,
            degree: 3.0,
            coef0: 1.0,
            c: 1.0,
            target: AUTO.to_owned(),
            nu: 0.1,
            probability: false,
            tol: 1e-3,
        }
    }
}

/// The pairs of so many labels, in their order: 01, 02, …, 12, …
fn pairs(classes: usize) -> impl Iterator<Item = [usize; 2]> {
    (0..classes).flat_map(move |i| (i + 1..classes).map(move |j| [i, j]))
}

impl Svm {
    fn chosen(&self) -> Chosen {
        Chosen { kind: self.kernel, gamma: self.gamma, degree: self.degree, coef0: self.coef0 }
    }

    /// Whether all kernel values of so many rows are kept.
    fn keeps(&self, rows: usize, run: &Run) -> bool {
        let bytes = 4 * (rows as u64).pow(2);
        bytes <= CACHE.min(run.max_memory().unwrap_or(u64::MAX) / 2)
    }

    /// How so many rows are learned from, in words.
    fn algorithm(&self, rows: usize, run: &Run) -> String {
        let kernel = if self.keeps(rows, run) { "all kernel values" } else { "kernel values as they are needed" };
        format!("sequential minimal optimization, {kernel}")
    }
}

impl Method for Svm {
    const INFO: Info = Info {
        name: "svm",
        title: "SVM",
        class: "SVM",
        family: "kernel",
        summary: "widest margins between labels by a kernel",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::Any,
        encodes: true,
        decodes: false,
        folds: false,
        likelihood: None,
        can: Can::NOTHING,
        laws: &[],
        oriented: true,
        live: false,
        given: &[],
        limits: &[
            "needs all rows in memory: any of them may become a support vector",
            TAKEN_DENSE,
            BEGINS_ANEW,
            SINGLE,
            "does not decode: decision values say on which side of each plane a row lies, not where",
            "the labels choose the dimensions: one for each pair of at most 100 labels, one without labels",
            "a plan is accurate to a factor of 10: how many rows become support vectors depends on the data",
        ],
        attributes: &[
            Attribute::tensor("intercept_", "[k]", "offsets", "What is subtracted in the decision value of each pair of labels."),
            Attribute::fact("classes_", "[labels]", "classes", "The labels, sorted; absent without any."),
            Attribute::fact("gamma_", "", "gamma", "The gamma that was used."),
            Attribute::fact(
                "objective_",
                "",
                "objective",
                "The value of the dual problem, summed over the pairs of labels; less is better.",
            ),
        ],
        peer: Some(Peer {
            class: "sklearn.svm.SVC",
            lacks: &[
                ("coef_, dual_coef_, n_support_, support_, support_vectors_", "The file of space_ has support vectors and coefficients."),
                ("class_weight_", "Labels have equal weights."),
                ("fit_status_, n_iter_, shape_fit_", "space_ tells the steps, and warns if they did not converge."),
                ("probA_, probB_", "The file of space_ has the sigmoids."),
            ],
        }),
        references: &[
            "Cortes and Vapnik 1995, Support-vector networks, doi:10.1007/BF00994018",
            "Fan, Chen and Lin 2005, Working set selection using second order information for training support vector machines, JMLR 6:1889",
            "Schölkopf, Platt, Shawe-Taylor, Smola and Williamson 2001, Estimating the support of a high-dimensional distribution, doi:10.1162/089976601750264965",
            "Lin, Lin and Weng 2007, A note on Platt's probabilistic outputs for support vector machines, doi:10.1007/s10994-007-5018-6",
            "Wu, Lin and Weng 2004, Probability estimates for multi-class classification by pairwise coupling, JMLR 5:975",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        self.chosen().check(Self::INFO.title, shape)
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (n, d, threads) = (shape.rows as f64, shape.cols as f64, run.threads() as f64);
        let keeps = self.keeps(shape.rows, run);
        let kept = if keeps { 4 * (shape.rows as u64).pow(2) } else { CACHE.min(4 * (shape.rows as u64).pow(2)) };
        // A third of the rows decide, and each is worked on a few times.
        let fits = if self.probability { 5.0 } else { 1.0 };
        let steps = fits * n * n * 1.5e-9;
        let computed = if keeps { n * n * (d * 0.03e-9 + 1e-9) / threads } else { fits * n * n * (d * 0.2e-9 + 1e-9) };
        Plan {
            algorithm: self.algorithm(shape.rows, run),
            // Rows in order, and their form for the kernel in 32 or 64 bits.
            peak_bytes: shape.lying_bytes() + (16.0 * n * d + 200.0 * n) as u64 + kept,
            seconds: steps + computed,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        learn::learn(self, rows, run)
    }

    fn target(&self) -> Option<&str> {
        Some(self.target.as_str()).filter(|name| ![AUTO, NONE].contains(name))
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(SvmModel::load(tensors, facts)?))
    }
}
