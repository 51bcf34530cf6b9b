//! Factor analysis: a few common factors explain how columns vary together, and each column has noise of its own.
//!
//! Maximum likelihood, computed from the correlations of the columns. Use it for questionnaires, tests and other tables whose columns have errors of
//! different size: unlike PCA it does not mistake a noisy column for a dimension. The scale of a column does not matter. Loadings may be rotated so
//! that each column belongs to few factors. Do not use it to compress: PCA loses less.
//!
//! Cost, n rows by d columns: n·d² flops for the covariance, once; then per step the `n_components` largest eigenvalues of `[d, d]`; 8·d² bytes a
//! level of the fold's tree. Of at most 3,000 columns also the Kaiser-Meyer-Olkin measure and Bartlett's test: d³ flops.
//!
//! Source: Jöreskog 1967, doi:10.1007/BF02289658; Lawley and Maxwell 1971, "Factor analysis as a statistical method"; scores: Thomson 1939 (regression);
//! rotation: Kaiser 1958, doi:10.1007/BF02289233.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::covariance::{Covariance, FromCovariance};
use super::factors::adequacy::Adequacy;
use super::factors::likelihood::maximize;
use super::factors::{self, FactorModel, Factors};
use super::incomplete::{self, Beside, Count, Incomplete, Maximum, Noise};
use super::measured::{Learned, LinearModel, Measured};
use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::axes::Rotation;
use crate::data::{Given, Rows};
use crate::error::{Error, Result, count};
use crate::fold::AnyFold;
use crate::linalg::symmetric_eigen;
use crate::method::{Fitted, Info, Law, Likelihood, Method, Plan, Sees, Shape, Signs, Takes};
use crate::model::{Can, Model};
use crate::params::{Auto, Role};
use crate::run::Run;
use crate::tensors::Tensors;

/// Factor analysis: a few common factors explain how columns vary together, and each column has noise of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FactorAnalysis {
    /// Number of factors (dimensions of the space). auto: as many eigenvalues of the correlations as are larger than those of noise, at most 50.
    #[schemars(extend("role" = Role::Dimensions, "minimum" = 1))]
    pub n_components: Auto<u32>,
    /// Rotation of the loadings to simple structure. After promax and oblimin factors may correlate.
    pub rotation: Rotation,
    /// Kaiser normalization: while they are rotated, the loadings of each column have length 1, so that columns of little communality count as much.
    pub normalize: bool,
    /// Tolerance: stop when two steps in a row raise the log-likelihood per row by less than this.
    #[schemars(range(min = 0.0))]
    pub tol: f64,
    /// Maximum number of steps.
    #[schemars(range(min = 1))]
    pub n_iter: u32,
}

impl Default for FactorAnalysis {
    fn default() -> Self {
        FactorAnalysis { n_components: Auto::Auto, rotation: Rotation::None, normalize: true, tol: 1e-8, n_iter: 1000 }
    }
}

/// Factors at most where their number is chosen.
const MOST_CHOSEN: usize = 50;
/// A column with less than this part of its mean as standard deviation is constant: rounding to 32 bits leaves as much.
const CONSTANT: f64 = 1e-6;
/// The noise of columns from which nothing better is known, as a part of their variance.
const UNKNOWN: f64 = 0.5;
/// Uniqueness below which a column is reported as a Heywood case.
const HEYWOOD: f64 = 0.005;

impl FactorAnalysis {
    fn most(shape: Shape) -> usize {
        shape.cols.min(shape.rows.saturating_sub(1)).max(1)
    }

    fn fold(&self, shape: Shape, once: bool, beside: Beside, seed: u64) -> Box<dyn AnyFold> {
        let method = self.clone();
        let weights = beside.weights.clone();
        if beside.is_uneven(shape) {
            let count = match self.n_components {
                Auto::Value(k) => Count::Known(k as usize),
                Auto::Auto => Count::Chosen(chosen),
            };
            let rotation = (self.rotation, self.normalize);
            let finish = move |found: Maximum, _: &Run| factors::most_likely(found, rotation, Map::new());
            let solver = Incomplete::new(count, Noise::Own, beside, Self::INFO.title, seed, finish);
            let solver = solver.until(self.tol, self.n_iter as usize);
            return Box::new(Measured { solver, once: false, weights });
        }
        let solver = FromCovariance {
            once,
            weights: weights.clone(),
            finish: move |covariance: Covariance, run: &Run| method.learn(&covariance, run),
        };
        Box::new(Measured { solver, once, weights })
    }

    fn learn(&self, covariance: &Covariance, run: &Run) -> Result<Learned<FactorModel>> {
        let (n, d) = (covariance.moments.count, covariance.cols());
        let means = covariance.frame.mean_outside(&covariance.mean);
        let varies = |&column: &usize| {
            let variance = covariance.frame.variance_outside(covariance.variance(column));
            variance > (CONSTANT * means[column]).powi(2)
        };
        let columns: Vec<usize> = (0..d).filter(varies).collect();
        let m = columns.len();
        let widths: Vec<f64> = columns.iter().map(|&column| covariance.variance(column).sqrt()).collect();
        let cell = |at: usize| {
            if at / m == at % m {
                1.0
            } else {
                covariance.matrix[columns[at / m] * d + columns[at % m]] / (widths[at / m] * widths[at % m])
            }
        };
        let correlation: Vec<f64> = (0..m * m).map(cell).collect();
        run.check()?;
        let k = match self.n_components {
            Auto::Value(k) => k as usize,
            Auto::Auto => chosen(&correlation, m, n)?.min(Self::most(Shape::new(n as usize, d))),
        };
        let learned = k.min(m);
        let adequacy = Adequacy::of(&correlation, m, n);
        run.check()?;
        // Where others explain a column, its noise is less than what they leave (Jöreskog 1967).
        let start = match &adequacy {
            Some(adequacy) => adequacy.unexplained.iter().map(|part| part * (1.0 - learned as f64 / (2 * m) as f64)).collect(),
            None => vec![UNKNOWN; m],
        };
        let found = maximize(&correlation, &start, learned, self.tol, self.n_iter as usize, run)?;
        let mut facts = Map::new();
        facts.insert("n_iter".to_owned(), json!(found.n_iter));
        facts.insert("converged".to_owned(), json!(found.converged));
        if !found.converged {
            let steps = count(u64::from(self.n_iter));
            run.note(format!("factor analysis: not converged after {steps} steps; a larger n_iter lets it go on"));
        }
        // By n, as the likelihood has it.
        let shrunk = (n - 1.0).max(1.0) / n;
        let logs: f64 = widths.iter().map(|width| (covariance.frame.variance_outside(width * width) * shrunk).ln()).sum();
        let likelihood = -0.5 * (m as f64 * (2.0 * std::f64::consts::PI).ln() + logs + found.deviance);
        facts.insert("training_log_likelihood_per_row".to_owned(), json!(likelihood));
        if let Some(adequacy) = &adequacy {
            facts.insert("kmo".to_owned(), json!(adequacy.overall));
            let mut of_columns = vec![Value::Null; d];
            columns.iter().zip(&adequacy.of_columns).for_each(|(&column, own)| of_columns[column] = json!(own));
            facts.insert("kmo_of_columns".to_owned(), json!(of_columns));
            let bartlett = json!({ "statistic": adequacy.statistic, "degrees_of_freedom": adequacy.freedom, "p_value": adequacy.p_value });
            facts.insert("bartlett".to_owned(), bartlett);
        }
        let heywood: Vec<usize> =
            columns.iter().zip(&found.noise).filter(|(_, noise)| **noise < HEYWOOD).map(|(&column, _)| column).collect();
        if let Some(first) = heywood.first() {
            let more = if heywood.len() > 1 { format!(" and {} more", heywood.len() - 1) } else { String::new() };
            run.note(format!(
                "factor analysis: Heywood case: column {first}{more} has almost no noise of its own (less than {HEYWOOD} of its variance); fewer factors may be enough"
            ));
        }
        facts.insert("heywood".to_owned(), json!(heywood));
        let mut factors = Factors { loadings: vec![0.0; d * k], noise: vec![0.0; d], encoder: vec![0.0; k * d], units: vec![1.0; d] };
        for (at, (&column, width)) in columns.iter().zip(&widths).enumerate() {
            let width = width * shrunk.sqrt();
            factors.noise[column] = found.noise[at] * width * width;
            // Rotated are the loadings of columns of variance 1.
            factors.units[column] = width;
            for axis in 0..learned {
                let loading = found.loadings[at * learned + axis];
                factors.loadings[column * k + axis] = loading * width;
                factors.encoder[axis * d + column] = loading / (found.noise[at] * width * found.eigenvalues[axis]);
            }
        }
        factors::rotated(factors, k, covariance, (self.rotation, self.normalize), facts)
    }
}

/// The number of eigenvalues of correlations `[m, m]` that are larger than the largest of noise in n rows, (1 + √(m/n))² (Marchenko and Pastur 1967,
/// doi:10.1070/SM1967v001n04ABEH001994): 1 at least.
fn chosen(correlation: &[f64], m: usize, n: f64) -> Result<usize> {
    let edge = (1.0 + (m as f64 / n).sqrt()).powi(2);
    let eigen = symmetric_eigen(correlation, m, MOST_CHOSEN, || Ok(()))?;
    Ok(eigen.values.iter().filter(|value| **value > edge).count().clamp(1, MOST_CHOSEN))
}

/// Fitted attributes.
const ATTRIBUTES: &[Attribute] = &{
    let mut all = [factors::ATTRIBUTES[0]; 14];
    let mut at = 0;
    while at < factors::ATTRIBUTES.len() {
        all[at] = factors::ATTRIBUTES[at];
        at += 1;
    }
    all[10] = Attribute::fact("n_iter_", "", "n_iter", "Steps taken.");
    all[11] = Attribute::fact("loglike_", "", "training_log_likelihood_per_row", "The log-likelihood of the fitted rows, in nats per row.");
    all[12] =
        Attribute::fact("kmo_", "", "kmo", "The Kaiser-Meyer-Olkin measure of sampling adequacy; None if a column is a sum of others.");
    all[13] = Attribute::fact("bartlett_", "", "bartlett", "Bartlett's test of sphericity: statistic, degrees of freedom, p-value.");
    all
};

impl Method for FactorAnalysis {
    const INFO: Info = Info {
        name: "factor-analysis",
        title: "factor analysis",
        class: "FactorAnalysis",
        family: "linear",
        summary: "common factors, and each column's own noise",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::Any,
        encodes: true,
        decodes: true,
        folds: true,
        likelihood: Some(Likelihood::Rows),
        can: Can { kept: false, axes: Some("factor"), sampler: true },
        laws: &[Law::Reconstruction],
        oriented: true,
        live: false,
        given: &[Given::Weights, Given::Errors],
        limits: &[super::DENSE, super::SQUARE],
        attributes: ATTRIBUTES,
        peer: Some(Peer { class: "sklearn.decomposition.FactorAnalysis", lacks: &[] }),
        references: &[
            "Jöreskog 1967, Some contributions to maximum likelihood factor analysis, doi:10.1007/BF02289658",
            "Kaiser 1958, The varimax criterion for analytic rotation in factor analysis, doi:10.1007/BF02289233",
            "Kaiser 1974, An index of factorial simplicity, doi:10.1007/BF02291575",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        if shape.rows < 2 {
            return Err(Error::input("data", format!("{} row", shape.rows), "factor analysis needs at least 2"));
        }
        let most = Self::most(shape);
        match self.n_components {
            Auto::Value(k) if k as usize > most => Err(Error::too_large("n_components", k, None, shape, most)),
            _ => Ok(()),
        }
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let k = self.n_components.or_else(|| MOST_CHOSEN.min(Self::most(shape)) as u32) as usize;
        if shape.incomplete {
            return incomplete::plan(shape, k, run);
        }
        Plan {
            algorithm: "maximum likelihood, through the correlations of the columns".to_owned(),
            ..super::covariance::plan_with_eigen(shape, k, USUAL_STEPS, run)
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        run.progress(Self::INFO.title, 0, 1);
        self.fold(rows.shape(), false, Beside::of(rows), run.seed()).fit(rows, Self::INFO.title, run)
    }

    fn folding(&self, shape: Shape, run: &Run) -> Result<Box<dyn AnyFold>> {
        Ok(self.fold(shape, false, Beside::default(), run.seed()))
    }

    fn once(&self, shape: Shape) -> Option<Box<dyn AnyFold>> {
        (!shape.incomplete).then(|| self.fold(shape, true, Beside::default(), 0))
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, _: &Run) -> Result<Found> {
        factors::made(name, fit)
    }

    fn load(tensors: &Tensors, _: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(FactorModel::load(tensors)?))
    }
}

/// Steps that the likelihood usually takes.
const USUAL_STEPS: f64 = 60.0;
