//! `latent demo kernel`: rings and moons that no line separates, and the feature spaces of kernels, in which a plane does.
//!
//! Half of the points are learned from: the space, without labels unless the method takes them, then a plane between the classes, by
//! logistic regression. The other half is encoded, and tells how often the plane is right and how far from it points lie.

mod picture;

use std::sync::Arc;
use std::time::Instant;

use clap::ArgMatches;
use latentspace::arrow::array::{ArrayRef, Float64Array, StringArray};
use latentspace::border;
use latentspace::data::{Affine, Metadata, Observations, Preparation, PrepareOptions, Rows};
use latentspace::linalg::{Matrix, OwnedRows};
use latentspace::measure::{Measure, Planes};
use latentspace::method::Entry;
use latentspace::params::Role;
use latentspace::random::Random;
use latentspace::{Result, Run, Space, registry};
use serde_json::{Map, Value, json};

use crate::commands::explore;
use crate::context::Context;
use crate::study::Phase;
use crate::{inputs, output};

/// Points of a set, of which every second is held out.
const POINTS: usize = 800;
/// The standard deviation of their noise, and dimensions of the kernels' spaces.
const NOISE: f64 = 0.1;
const DIMENSIONS: usize = 10;
/// Nineteen in twenty points lie farther on their side of the plane than this quantile.
const QUANTILE: f64 = 0.05;

/// Points of two classes in the plane.
struct Set {
    name: &'static str,
    classes: [&'static str; 2],
    rows: Matrix,
    class: Vec<u32>,
}

/// A space and the plane in it.
struct Found {
    /// None for the two columns themselves.
    method: Option<&'static Entry>,
    /// Of all points.
    codes: Matrix,
    planes: Planes,
    /// Of held-out points.
    accuracy: Measure,
    /// The quantile of the distances of held-out points from the plane, negative on the wrong side, in parts of the space's radius.
    margin: f64,
    seconds: f64,
}

pub(super) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let way = explore::way(matches)?;
    let sets = [Set::rings(context.run.seed()), Set::moons(context.run.seed())];
    let found = sets.iter().map(|set| set.found(&context.run)).collect::<Result<Vec<Vec<Found>>>>()?;
    context.screen.clear();
    if context.json {
        let spaces = |found: &[Found]| found.iter().map(Found::json).collect::<Vec<_>>();
        let one = |(set, found): (&Set, &Vec<Found>)| json!({"data": set.name, "rows": POINTS, "spaces": spaces(found)});
        context.print(&json!({"sets": sets.iter().zip(&found).map(one).collect::<Vec<_>>()}))?;
    } else {
        output::text(&told(&sets, &found))?;
    }
    if let Some(path) = inputs::optional_path(matches, "picture") {
        return border::save(&path, picture::svg(&sets, &found).as_bytes());
    }
    explore::serve(matches, context, "kernel", move |study, run| {
        study.phase(Phase::Preparing, "preparing points");
        // The rings where a plane separates them: three dimensions of a kernel's space.
        let (observations, codes) = sets[0].shown(&found[0])?;
        explore::of_observations_and_codes(observations, (&codes, &Affine::default()), &PrepareOptions::default(), way, run)
    })
}

impl Set {
    /// A ring around another.
    fn rings(seed: u64) -> Self {
        let random = Random::new(seed, "rings");
        Self::new("rings", ["outer", "inner"], seed, |point, class| {
            let (angle, radius) = (std::f64::consts::TAU * random.uniform(0, point as u64), if class == 0 { 1.0 } else { 0.4 });
            [radius * angle.cos(), radius * angle.sin()]
        })
    }

    /// Two half circles, each of which reaches into the other.
    fn moons(seed: u64) -> Self {
        let random = Random::new(seed, "moons");
        Self::new("moons", ["upper", "lower"], seed, |point, class| {
            let angle = std::f64::consts::PI * random.uniform(0, point as u64);
            if class == 0 { [angle.cos(), angle.sin()] } else { [1.0 - angle.cos(), 0.5 - angle.sin()] }
        })
    }

    fn new(name: &'static str, classes: [&'static str; 2], seed: u64, place: impl Fn(usize, u32) -> [f64; 2]) -> Self {
        let random = Random::new(seed, "noise of two classes");
        let class: Vec<u32> = (0..POINTS as u32).map(|point| point / 2 % 2).collect();
        let cell = |point: usize, axis: usize| place(point, class[point])[axis] + NOISE * random.normal(axis as u64, point as u64);
        let rows = Matrix::from_fn(POINTS, 2, |point, axis| cell(point, axis) as f32);
        Set { name, classes, rows, class }
    }

    /// The columns themselves, and the spaces of the methods of kernels.
    fn found(&self, run: &Run) -> Result<Vec<Found>> {
        let kernels = registry::METHODS.iter().filter(|entry| entry.info.family == "kernel").map(Some);
        std::iter::once(None).chain(kernels).map(|method| self.learned(method, run)).collect()
    }

    fn learned(&self, method: Option<&'static Entry>, run: &Run) -> Result<Found> {
        let half = |held: u32| (0..POINTS as u32).filter(|point| point % 2 == held).collect::<Vec<u32>>();
        let (learned, held) = (half(0), half(1));
        let since = Instant::now();
        let codes = match method {
            None => self.rows.clone(),
            Some(method) => {
                let dims = method.parameter_of(Role::Dimensions).map(|dims| (dims.name, json!(DIMENSIONS)));
                let labels = method.parameter_of(Role::Labels).map(|labels| (labels.name, json!("class")));
                let mut observations = Observations::from_matrix(self.name, self.rows.select(&learned));
                let classes: StringArray = learned.iter().map(|&point| Some(self.classes[self.class[point as usize] as usize])).collect();
                observations.metadata = Metadata::from_columns(vec![("class".to_owned(), Arc::new(classes))], learned.len())?;
                let (preparation, prepared) = Preparation::choose_and_prepare(&observations, &PrepareOptions::default(), run)?;
                let method = method.with(&dims.into_iter().chain(labels).collect::<Map<String, Value>>())?;
                let (space, _) = Space::fit(&*method, preparation, &Rows::memory(&prepared), &observations.metadata, run)?;
                space.encode_prepared(&OwnedRows::Dense(self.rows.clone()), run)?
            }
        };
        let seconds = since.elapsed().as_secs_f64();
        let class_of = |points: &[u32]| points.iter().map(|&point| self.class[point as usize]).collect::<Vec<u32>>();
        let planes = Planes::fit(codes.select(&learned).view(), &class_of(&learned), 2, run)?;
        let accuracy = planes.accuracy(codes.select(&held).view(), &class_of(&held));
        let mut apart: Vec<f64> =
            held.iter().map(|&point| planes.distance(codes.row(point as usize), self.class[point as usize])).collect();
        apart.sort_by(f64::total_cmp);
        let margin = apart[(QUANTILE * apart.len() as f64) as usize] / radius(&codes);
        Ok(Found { method, codes, planes, accuracy, margin, seconds })
    }

    /// The points with their classes and distances from each plane, and three dimensions of the first kernel's space.
    fn shown(&self, found: &[Found]) -> Result<(Observations, Matrix)> {
        let classes: StringArray = self.class.iter().map(|&class| Some(self.classes[class as usize])).collect();
        let held = (0..POINTS).map(|point| Some(if point % 2 == 0 { "learned from" } else { "held out" })).collect::<StringArray>();
        let mut columns: Vec<(String, ArrayRef)> = vec![("class".to_owned(), Arc::new(classes)), ("point".to_owned(), Arc::new(held))];
        for found in found {
            let apart = |point: usize| found.planes.distance(found.codes.row(point), self.class[point]) / radius(&found.codes);
            let apart: Float64Array = (0..POINTS).map(|point| Some(apart(point))).collect();
            columns.push((format!("distance from the plane, {}", found.title()), Arc::new(apart)));
        }
        let mut observations = Observations::from_matrix("Rings", self.rows.clone());
        observations.metadata = Metadata::from_columns(columns, POINTS)?;
        let codes = found.get(1).map_or(&self.rows, |found| &found.codes);
        Ok((observations, Matrix::from_fn(POINTS, 3.min(codes.cols()), |point, axis| codes.row(point)[axis])))
    }
}

/// The root mean square distance of codes from their mean.
fn radius(codes: &Matrix) -> f64 {
    let n = codes.rows() as f64;
    let mean = |axis: usize| (0..codes.rows()).map(|row| f64::from(codes.row(row)[axis])).sum::<f64>() / n;
    let means: Vec<f64> = (0..codes.cols()).map(mean).collect();
    let square = |row: usize| codes.row(row).iter().zip(&means).map(|(&code, mean)| (f64::from(code) - mean).powi(2)).sum::<f64>();
    ((0..codes.rows()).map(square).sum::<f64>() / n).sqrt().max(f64::MIN_POSITIVE)
}

impl Found {
    fn title(&self) -> &'static str {
        self.method.map_or("the two columns", |method| method.info.title)
    }

    fn json(&self) -> Value {
        json!({
            "method": self.method.map(|method| method.info.name),
            "n_components": self.codes.cols(),
            "accuracy": self.accuracy,
            "margin": self.margin,
            "seconds": self.seconds,
        })
    }

    /// Where points lie across the plane, and along the widest direction within it.
    fn across(&self) -> Vec<[f64; 2]> {
        let (normal, codes) = (self.planes.normal(0, 1), &self.codes);
        let along = |axis: usize| -> Vec<f64> {
            let way: Vec<f64> = (0..codes.cols()).map(|at| f64::from(u8::from(at == axis)) - normal[axis] * normal[at]).collect();
            (0..codes.rows()).map(|row| codes.row(row).iter().zip(&way).map(|(&code, way)| f64::from(code) * way).sum()).collect()
        };
        let spread = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            values.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
        };
        let ways: Vec<Vec<f64>> = (0..codes.cols()).map(along).collect();
        let widest = ways.into_iter().max_by(|a, b| spread(a).total_cmp(&spread(b))).unwrap_or_default();
        (0..codes.rows()).map(|row| [self.planes.distance(codes.row(row), 1), widest[row]]).collect()
    }
}

/// Both sets before and after, drawn; then a table of all spaces, and a sentence.
fn told(sets: &[Set], found: &[Vec<Found>]) -> String {
    let mut out = String::new();
    for (set, found) in sets.iter().zip(found) {
        out.push_str(&picture::text(set, found));
        out.push('\n');
    }
    let row = |set: &Set, found: &Found| {
        let Measure { value, low, high, .. } = found.accuracy;
        vec![
            set.name.to_owned(),
            found.title().to_owned(),
            found.codes.cols().to_string(),
            format!("{value:.3}"),
            format!("{low:.3} to {high:.3}"),
            format!("{:.3}", found.margin),
        ]
    };
    let rows: Vec<Vec<String>> = sets.iter().zip(found).flat_map(|(set, found)| found.iter().map(move |found| row(set, found))).collect();
    out.push_str(&output::table(&["data", "space", "dimensions", "accuracy", "95 % interval", "margin"], &rows));
    out.push('\n');
    out.push_str(&output::wrapped(
        "  ",
        &format!(
            "Accuracy: the share of held-out points on their class's side of a plane (chance: 0.5), by logistic regression. Margin: \
             how far on their side 19 in 20 of them lie, in parts of the space's radius; negative where more than 1 in 20 lie on the \
             wrong side. Spaces were learned from {} of {} points, without their classes where a method does not separate them by itself.",
            POINTS / 2,
            POINTS
        ),
    ));
    out
}
