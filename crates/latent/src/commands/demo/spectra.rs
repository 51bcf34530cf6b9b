//! `latent demo spectra`: stars of thousands of wavelengths, made from thirteen causes, and how many dimensions they take.
//!
//! While lines are weak, as many straight directions as causes reproduce the spectra; lines that saturate take many more. That gap between
//! linear and curved is the lesson. The directions are probed for the causes, and odd stars are found by what the space does not reproduce.

mod lines;
mod picture;
mod stars;

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use clap::{Arg, ArgMatches, value_parser};
use latentspace::arrow::array::{ArrayRef, Float64Array, StringArray};
use latentspace::border;
use latentspace::data::{Metadata, Observations, Preparation, PrepareOptions, Rows, Scale, Source, Values, at_rest, radial_velocities};
use latentspace::learn::{self, Sweep};
use latentspace::linalg::Matrix;
use latentspace::measure::{Departure, Measure, ProbeOptions, auc, probe_numbers, rank_correlation, scan, with_misfit};
use latentspace::method::Entry;
use latentspace::params::Role;
use latentspace::{Error, Result, Run, Space, registry};
use serde_json::{Map, Value, json};

use self::lines::ELEMENTS;
use self::stars::{DEPTH, LINE, PIXELS, SIGNAL_TO_NOISE, Stars, Strength, wavelength};
use crate::commands::explore;
use crate::context::Context;
use crate::output::{count, duration};
use crate::study::Phase;
use crate::{inputs, output};

/// Default, minimum and maximum number of stars.
const STARS: usize = 10_000;
const FEWEST: usize = 500;
const MOST: usize = 100_000;
/// Numbers of dimensions that are tried: for weak lines, for lines that saturate, and for stars that move.
const FOR_WEAK: [u32; 5] = [8, 12, 13, 16, 24];
const FOR_STARS: [u32; 6] = [13, 24, 36, 48, 64, 96];
const FOR_MOVING: [u32; 5] = [48, 64, 96, 128, 192];
/// Standard deviation of the radial velocities of moving stars, in km/s: a pixel and a half. The fastest that are sought.
const SPEED: f64 = 100.0;
const FASTEST: f64 = 600.0;
/// Widths of the windows in which odd lines are sought, in pixels.
const WINDOWS: [usize; 3] = [3, 5, 9];

pub(super) fn args() -> Vec<Arg> {
    vec![
        Arg::new("rows")
            .long("rows")
            .value_name("N")
            .value_parser(value_parser!(usize))
            .help("spectra: stars, 500 to 100000 [default: 10000]"),
    ]
}

/// What was found of the stars.
struct Found {
    space: Space,
    codes: Matrix,
    /// What the space reproduces of each star.
    back: Matrix,
    causes: Vec<Cause>,
    departures: Vec<Departure>,
    /// How well odd stars are found: by the largest window, and by the sum over all pixels.
    by_window: Measure,
    by_sum: Measure,
}

/// A cause, and how well the codes predict it.
struct Cause {
    name: &'static str,
    /// What its lines absorb in the median star, in Å; none for the temperature.
    width: Option<f64>,
    r2: Measure,
    /// The direction whose codes follow it most, counted from 0, and their rank correlation.
    direction: usize,
    correlation: f64,
}

pub(super) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let rows = matches.get_one::<usize>("rows").copied().unwrap_or(STARS);
    if !(FEWEST..=MOST).contains(&rows) {
        return Err(Error::param("--rows", rows, format!("it must be {FEWEST} to {MOST}")));
    }
    let (way, run) = (explore::way(matches)?, &context.run);
    let weak = sweep(observations(&Stars::new(rows, Strength::Weak, 0.0, run)?.flux, 0..PIXELS), &FOR_WEAK, run)?;
    let begun = Instant::now();
    let stars = Stars::new(rows, Strength::Stars, 0.0, run)?;
    let seconds = begun.elapsed().as_secs_f64();
    let strong = sweep(observations(&stars.flux, 0..PIXELS), &FOR_STARS, run)?;
    let motion = Motion::of(rows, run)?;
    let found = Found::of(&stars, strong.recommended.max(1), run)?;
    context.screen.clear();
    if context.json {
        context.print(&json!({
            "rows": rows,
            "wavelengths": {"first": wavelength(0), "last": wavelength(PIXELS - 1), "count": PIXELS, "unit": "Å"},
            "seconds_made": seconds,
            "sweeps": {"weak": weak, "saturating": strong, "moving": motion.moving, "at_rest": motion.at_rest},
            "velocities": {"standard_deviation": SPEED, "error": motion.error, "unit": "km/s"},
            "n_components": found.codes.cols(),
            "causes": found.causes.iter().map(Cause::json).collect::<Vec<_>>(),
            "odd": {"stars": stars.odd.iter().flatten().count(), "auc": found.by_window, "auc_of_sum": found.by_sum},
        }))?;
    } else {
        output::text(&told(&stars, &[&weak, &strong], &motion, &found, seconds))?;
    }
    if let Some(path) = inputs::optional_path(matches, "picture") {
        return border::save(&path, picture::svg(&stars, &[&weak, &strong], &found).as_bytes());
    }
    explore::serve(matches, context, "spectra", move |study, run| {
        study.phase(Phase::Preparing, "preparing spectra");
        let mut observations = observations(&stars.flux, 0..PIXELS);
        observations.metadata = found.metadata(&stars)?;
        explore::of_space_and_observations(found.space, observations, way, run)
    })
}

/// The first of the registry's linear methods.
fn linear() -> Result<&'static Entry> {
    let found = registry::METHODS.iter().find(|entry| entry.info.family == "linear");
    found.ok_or_else(|| Error::internal("the registry has no linear method"))
}

/// All columns have one unit.
fn as_they_are() -> PrepareOptions {
    PrepareOptions { scale: Scale::None, ..PrepareOptions::default() }
}

/// Some pixels of spectra as a table, whose columns are named by their wavelengths.
fn observations(flux: &Matrix, pixels: Range<usize>) -> Observations {
    let numbers = Matrix::from_fn(flux.rows(), pixels.len(), |star, at| flux.row(star)[pixels.start + at]);
    let mut observations = Observations::from_matrix("Spectra of stars", numbers);
    if let Values::Table(table) = &mut observations.values {
        table.names = Some(pixels.map(|pixel| format!("{:.2} Å", wavelength(pixel))).collect());
    }
    observations
}

fn sweep(spectra: Observations, dims: &[u32], run: &Run) -> Result<Sweep> {
    learn::sweep(linear()?, &Map::new(), dims, &Source::of(spectra), &as_they_are(), run)
}

/// What motion does to the spectra.
struct Motion {
    /// How many directions stars take that move, and the same stars brought to rest.
    moving: Sweep,
    at_rest: Sweep,
    /// Root mean square error of the velocities that were found, in km/s.
    error: f64,
}

impl Motion {
    /// The same stars, moving.
    fn of(rows: usize, run: &Run) -> Result<Self> {
        let stars = Stars::new(rows, Strength::Stars, SPEED, run)?;
        let moving = sweep(observations(&stars.flux, 0..PIXELS), &FOR_MOVING, run)?;
        let wavelengths: Vec<f64> = (0..PIXELS).map(wavelength).collect();
        let found = radial_velocities(stars.flux.view(), &wavelengths, FASTEST, run)?;
        let velocities: Vec<f64> = found.iter().map(|found| found.velocity).collect();
        let rest = at_rest(stars.flux.view(), &wavelengths, &velocities, run)?;
        // Pixels at both ends that some star does not cover.
        let covers = |pixel: &usize| (0..rows).all(|star| rest.row(star)[*pixel].is_finite());
        let first = (0..PIXELS).find(covers).unwrap_or(0);
        let end = (first..PIXELS).rev().find(covers).map_or(PIXELS, |last| last + 1);
        let mean = stars.velocities.iter().sum::<f64>() / rows as f64;
        let off = velocities.iter().zip(&stars.velocities).map(|(found, own)| (found - (own - mean)).powi(2)).sum::<f64>() / rows as f64;
        Ok(Motion { moving, at_rest: sweep(observations(&rest, first..end), &FOR_STARS, run)?, error: off.sqrt() })
    }
}

impl Found {
    fn of(stars: &Stars, dims: u32, run: &Run) -> Result<Self> {
        let method = linear()?;
        let dims = method.parameter_of(Role::Dimensions).map(|parameter| (parameter.name, json!(dims)));
        let method = method.with(&dims.into_iter().collect())?;
        let observations = observations(&stars.flux, 0..PIXELS);
        let (preparation, prepared) = Preparation::choose_and_prepare(&observations, &as_they_are(), run)?;
        let (space, codes) = Space::fit(&*method, preparation, &Rows::memory(&prepared), &observations.metadata, run)?;
        let codes = codes.map_or_else(|| space.encode_prepared(&prepared, run), Ok)?;
        let back = space.decode(&codes, run)?;
        let causes = (0..=ELEMENTS.len()).map(|at| Cause::of(stars, at, &codes, run)).collect::<Result<Vec<Cause>>>()?;
        let residuals = Matrix::from_fn(back.rows(), PIXELS, |star, pixel| stars.flux.row(star)[pixel] - back.row(star)[pixel]);
        let noise = with_misfit(residuals.view(), stars.noise.view(), run)?;
        let departures = scan(residuals.view(), noise.view(), &WINDOWS, run)?;
        let odd: Vec<bool> = stars.odd.iter().map(Option::is_some).collect();
        let sum = |star: usize| {
            let cells = residuals.row(star).iter().zip(stars.noise.row(star));
            cells.map(|(residual, noise)| f64::from(residual / noise).powi(2)).sum::<f64>()
        };
        let by_window = auc(&departures.iter().map(Departure::score).collect::<Vec<f64>>(), &odd)?;
        let by_sum = auc(&(0..odd.len()).map(sum).collect::<Vec<f64>>(), &odd)?;
        Ok(Found { space, codes, back, causes, departures, by_window, by_sum })
    }

    /// The causes of each star, and how far it departs from what the space reproduces.
    fn metadata(&self, stars: &Stars) -> Result<Metadata> {
        let numbers = |values: Vec<f64>| Arc::new(Float64Array::from(values)) as ArrayRef;
        let mut columns: Vec<(String, ArrayRef)> = Vec::new();
        for (at, cause) in self.causes.iter().enumerate() {
            columns.push((cause.title(), numbers(stars.causes.iter().map(|causes| causes[at]).collect())));
        }
        columns.push(("largest departure, sigma".to_owned(), numbers(self.departures.iter().map(|found| found.deviation).collect())));
        let kinds: StringArray = stars.odd.iter().map(|line| Some(if line.is_some() { "own line" } else { "usual" })).collect();
        columns.push(("star".to_owned(), Arc::new(kinds)));
        Metadata::from_columns(columns, stars.causes.len())
    }
}

impl Cause {
    fn of(stars: &Stars, at: usize, codes: &Matrix, run: &Run) -> Result<Self> {
        let values: Vec<f64> = stars.causes.iter().map(|causes| causes[at]).collect();
        let options = ProbeOptions { k: 0, ..ProbeOptions::default() };
        let r2 = probe_numbers(codes.view(), &values, &options, run)?.r2;
        let along = |direction: usize| {
            let codes: Vec<f64> = (0..codes.rows()).map(|star| f64::from(codes.row(star)[direction])).collect();
            rank_correlation(&codes, &values)
        };
        let all: Vec<f64> = (0..codes.cols()).map(along).collect();
        let best = (0..all.len()).reduce(|best, other| if all[other].abs() > all[best].abs() { other } else { best }).unwrap_or(0);
        let correlation = all.get(best).copied().unwrap_or(0.0);
        let element = at.checked_sub(1);
        let name = element.map_or("temperature", |element| ELEMENTS[element].symbol);
        Ok(Cause { name, width: element.map(|element| stars.widths[element]), r2, direction: best, correlation })
    }

    fn title(&self) -> String {
        if self.width.is_none() { "temperature, K".to_owned() } else { format!("[{}/H]", self.name) }
    }

    fn json(&self) -> Value {
        json!({
            "cause": self.name,
            "equivalent_width": self.width,
            "r2": self.r2,
            "direction": self.direction,
            "rank_correlation": self.correlation,
        })
    }
}

/// The causes as they are shown: the temperature, then elements, those that absorb most first.
fn by_strength(causes: &[Cause]) -> Vec<&Cause> {
    let mut sorted: Vec<&Cause> = causes.iter().collect();
    let width = |cause: &Cause| cause.width.unwrap_or(f64::INFINITY);
    sorted.sort_by(|a, b| width(b).total_cmp(&width(a)));
    sorted
}

/// Three spectra, then how many dimensions, what they mean, and odd stars.
fn told(stars: &Stars, sweeps: &[&Sweep; 2], motion: &Motion, found: &Found, seconds: f64) -> String {
    let rows = count(stars.causes.len() as u64);
    let mut out = picture::text(stars);
    out.push_str(&output::wrapped(
        "  ",
        &format!(
            "{rows} stars at {} wavelengths, made in {} from 13 causes: the temperature (3,500 to 10,000 K) and the abundances of 12 \
             elements (half a dex around those of the Sun), with noise of photons (signal to noise {SIGNAL_TO_NOISE}).",
            count(PIXELS as u64),
            duration(seconds)
        ),
    ));
    let row = |(name, causes, sweep): (&str, u32, &Sweep)| {
        let estimates = sweep.estimates.unwrap_or_default();
        let intrinsic = estimates.intrinsic.map_or_else(String::new, |found| format!("{:.1}", found.value));
        let interval = format!("{} to {}", sweep.low, sweep.high);
        vec![name.to_owned(), causes.to_string(), sweep.recommended.to_string(), interval, intrinsic]
    };
    let table = [
        ("weak, in stars like the Sun", 13, sweeps[0]),
        ("saturating", 13, sweeps[1]),
        ("the same, stars moving", 14, &motion.moving),
        ("the same, brought to rest", 13, &motion.at_rest),
    ]
    .map(row);
    out.push('\n');
    out.push_str(&output::table(&["lines", "causes", "straight directions", "95 % interval", "intrinsic dimension"], &table));
    out.push_str(&output::wrapped(
        "  ",
        &format!(
            "Weak lines are linear: about as many straight directions as causes predict hidden wavelengths best. Lines that saturate bend \
             the spectra: the same 13 causes take {}. The verdict of `latent sweep`:",
            sweeps[1].recommended
        ),
    ));
    sweeps[1].verdict.iter().for_each(|sentence| out.push_str(&output::wrapped("    ", sentence)));
    out.push_str(&output::wrapped(
        "  ",
        &format!(
            "Stars that move along the line of sight ({SPEED:.0} km/s, a pixel and a half) shift all lines: one more cause, and {} straight \
             directions. Their radial velocities follow from the spectra alone, to {:.1} km/s; brought to rest, they take {}.",
            motion.moving.recommended, motion.error, motion.at_rest.recommended
        ),
    ));
    out.push_str(&output::wrapped(
        "  ",
        "The intrinsic dimension is less than the number of causes here: it counts those that move a star farther than its neighbors are \
         apart, and the temperature moves it most.",
    ));
    let row = |cause: &&Cause| {
        let Measure { value, low, high, .. } = cause.r2;
        let width = cause.width.map_or_else(String::new, |width| format!("{width:.1}"));
        let bar = "█".repeat((20.0 * value.max(0.0)).round() as usize);
        let direction = format!("{} (r {:.2})", cause.direction, cause.correlation);
        vec![cause.title(), width, format!("{value:.3}"), format!("{low:.3} to {high:.3}"), direction, bar]
    };
    let causes: Vec<Vec<String>> = by_strength(&found.causes).iter().map(row).collect();
    out.push('\n');
    out.push_str(&output::table(&["cause", "absorbs, Å", "R²", "95 % interval", "direction", ""], &causes));
    out.push_str(&output::wrapped(
        "  ",
        &format!(
            "R²: the share of a cause's variance that a linear regression on the {} codes predicts for held-out stars (random: 0). \
             Direction: the one whose codes follow the cause most, with their rank correlation.",
            found.codes.cols()
        ),
    ));
    out.push('\n');
    out.push_str(&output::wrapped(
        "  ",
        &format!(
            "{} stars have a line of their own, {LINE} pixels of {DEPTH} standard deviations. The largest window of 3 to 9 pixels of the \
             residuals over their noise ranks them above others with AUC {:.3} ({:.3} to {:.3}); their sum over all pixels, in which the \
             line drowns, with {:.3} (random: 0.5).",
            stars.odd.iter().flatten().count(),
            found.by_window.value,
            found.by_window.low,
            found.by_window.high,
            found.by_sum.value
        ),
    ));
    out
}
