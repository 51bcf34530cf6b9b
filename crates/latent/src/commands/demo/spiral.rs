//! `latent demo spiral`: a curve in 3-D with one intrinsic dimension, and which methods recover it.
//!
//! x = p sin 25p, y = eᵖ cos 25p, z = √p for p from 0 to 1, colored by x + y. Geodesic distances along the curve determine p, linear projections do not:
//! //! this is why curved data need manifold learning.

mod picture;

use std::sync::Arc;
use std::time::Instant;

use clap::{Arg, ArgMatches, value_parser};
use latentspace::arrow::array::{ArrayRef, Float64Array};
use latentspace::border;
use latentspace::data::{Metadata, Observations, Preparation, PrepareOptions, Rows};
use latentspace::linalg::Matrix;
use latentspace::measure::rank_correlation;
use latentspace::method::{Entry, Signs, Takes};
use latentspace::params::{Kind, Role};
use latentspace::random::Random;
use latentspace::{Error, Result, Run, Space, registry};
use serde_json::{Map, json};

use crate::commands::explore;
use crate::context::Context;
use crate::study::Phase;
use crate::{inputs, output};

/// Default, minimum and maximum number of points.
const POINTS: usize = 2000;
const FEWEST: usize = 100;
const MOST: usize = 100_000;
/// Maximum noise: its standard deviation along each axis; the curve is about 5 wide, and its turns are 0.14 apart at the closest.
const NOISIEST: f64 = 0.05;
/// Number of neighbors of a point: few, since turns are close to each other, but enough for the noise.
const NEIGHBORS: f64 = 4.0;
/// Approximate length of the curve.
const LENGTH: f64 = 42.0;
/// Up to this number of points, iterative maps are tried, too.
const FOR_MAPS: usize = 5000;

pub(super) fn args() -> Vec<Arg> {
    vec![
        Arg::new("points")
            .long("points")
            .value_name("N")
            .value_parser(value_parser!(usize))
            .help("spiral: points, 100 to 100000 [default: 2000]"),
        Arg::new("noise")
            .long("noise")
            .value_name("SD")
            .value_parser(value_parser!(f64))
            .help("spiral: noise along each axis, 0 to 0.05; the curve is 5 wide [default: 0]"),
    ]
}

/// The curve.
struct Spiral {
    rows: Matrix,
    p: Vec<f64>,
    noise: f64,
}

/// The result of a method.
struct Found {
    method: &'static Entry,
    /// The one coordinate of each point.
    line: Vec<f64>,
    /// The absolute rank correlation with p.
    correlation: f64,
    seconds: f64,
}

pub(super) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let points = matches.get_one::<usize>("points").copied().unwrap_or(POINTS);
    if !(FEWEST..=MOST).contains(&points) {
        return Err(Error::param("--points", points, format!("it must be {FEWEST} to {MOST}")));
    }
    let noise = matches.get_one::<f64>("noise").copied().unwrap_or(0.0);
    if !(0.0..=NOISIEST).contains(&noise) {
        return Err(Error::param("--noise", noise, format!("it must be 0 to {NOISIEST}")));
    }
    let way = explore::way(matches)?;
    let spiral = Spiral::new(points, noise, context.run.seed());
    let found = spiral.found(&context.run)?;
    if context.json {
        let one =
            |found: &Found| json!({"method": found.method.info.name, "rank_correlation": found.correlation, "seconds": found.seconds});
        output::json(&json!({"points": points, "noise": noise, "methods": found.iter().map(one).collect::<Vec<_>>()}))?;
    } else {
        output::text(&told(&found))?;
    }
    if let Some(path) = inputs::optional_path(matches, "picture") {
        return border::save(&path, picture::draw(&spiral, &found).as_bytes());
    }
    explore::serve(matches, context, "spiral", move |study, run| {
        study.phase(Phase::Preparing, "preparing points");
        explore::of_observations(spiral.observations(&found)?, &PrepareOptions::default(), way, run)
    })
}

impl Spiral {
    fn new(points: usize, noise: f64, seed: u64) -> Self {
        let random = Random::new(seed, "spiral");
        let p: Vec<f64> = (0..points).map(|point| (point as f64 + 0.5) / points as f64).collect();
        let rows = Matrix::from_fn(points, 3, |point, axis| {
            let p = p[point];
            let place = [p * (25.0 * p).sin(), p.exp() * (25.0 * p).cos(), p.sqrt()][axis];
            (place + noise * random.normal(axis as u64, point as u64)) as f32
        });
        Spiral { rows, p, noise }
    }

    /// The results of all methods that take tables with cells of any sign, in one dimension, best first.
    fn found(&self, run: &Run) -> Result<Vec<Found>> {
        let few = self.p.len() <= FOR_MAPS;
        let methods = registry::METHODS.iter().filter(|entry| {
            let takes = entry.info.takes.contains(&Takes::Table) && entry.info.signs == Signs::Any;
            takes && entry.parameter_of(Role::Dimensions).is_some() && (few || !entry.info.live)
        });
        let mut all = methods.map(|method| self.learned(method, run)).collect::<Result<Vec<Found>>>()?;
        all.sort_by(|a, b| b.correlation.total_cmp(&a.correlation));
        Ok(all)
    }

    fn learned(&self, method: &'static Entry, run: &Run) -> Result<Found> {
        let mut params = Map::new();
        if let Some(dimensions) = method.parameter_of(Role::Dimensions) {
            params.insert(dimensions.name, json!(1));
        }
        // Only where neighbors are counted: t-SNE has three times as many as its perplexity.
        if let Some(neighbors) = method.parameter_of(Role::Neighborhood).filter(|parameter| matches!(parameter.kind, Kind::Integer { .. }))
        {
            let within_noise = 6.0 * self.noise * self.p.len() as f64 / LENGTH;
            params.insert(neighbors.name, json!((NEIGHBORS + within_noise) as usize));
        }
        let observations = Observations::from_matrix("spiral", self.rows.clone());
        let preparation = Preparation::choose(&observations, &PrepareOptions::default(), run)?;
        let prepared = preparation.prepare(&observations, run)?;
        let since = Instant::now();
        let (space, codes) = Space::fit(&*method.with(&params)?, preparation, &Rows::memory(&prepared), &observations.metadata, run)?;
        let seconds = since.elapsed().as_secs_f64();
        let codes = codes.map_or_else(|| space.encode_prepared(&prepared, run), Ok)?;
        let line: Vec<f64> = codes.as_slice().iter().map(|&value| f64::from(value)).collect();
        let correlation = rank_correlation(&line, &self.p);
        // The direction of the coordinate is arbitrary.
        let line = if correlation < 0.0 { line.iter().map(|value| -value).collect() } else { line };
        Ok(Found { method, line, correlation: correlation.abs(), seconds })
    }

    /// The curve, its parameter, its color, and the results, as a table.
    fn observations(&self, found: &[Found]) -> Result<Observations> {
        let color = |point: usize| f64::from(self.rows.row(point)[0] + self.rows.row(point)[1]);
        let column = |values: Vec<f64>| Arc::new(Float64Array::from(values)) as ArrayRef;
        let mut columns =
            vec![("x + y".to_owned(), column((0..self.p.len()).map(color).collect())), ("p".to_owned(), column(self.p.clone()))];
        columns.extend(found.iter().map(|found| (format!("p by {}", found.method.info.title), column(found.line.clone()))));
        let mut observations = Observations::from_matrix("Spiral", self.rows.clone());
        observations.metadata = Metadata::from_columns(columns, self.p.len())?;
        Ok(observations)
    }
}

/// How well each method recovers p, in a table and a sentence.
fn told(found: &[Found]) -> String {
    let row =
        |found: &Found| vec![found.method.info.title.to_owned(), format!("{:.4}", found.correlation), output::duration(found.seconds)];
    let table = output::table(&["method", "rank correlation with p", "took"], &found.iter().map(row).collect::<Vec<_>>());
    format!(
        "{table}\nOne number, p, makes each point of this curve. A method that goes along the curve orders the points as p does (1); one that \
         looks at it from one side cannot (PCA)."
    )
}
