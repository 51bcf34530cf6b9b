//! `latent demo stocks`: more causes than any one series shows. Returns of shares, the factors behind them, and how much of each share is
//! market, sector and its own noise; and one series unfolded into more dimensions than it has.
//!
//! Without data, shares are made from known causes: three factors, ten sectors, and noise of their own.

mod known;
mod made;
mod picture;

use std::path::Path;
use std::sync::Arc;

use clap::{Arg, ArgMatches};
use latentspace::arrow::array::{ArrayRef, Float64Array, StringArray};
use latentspace::border;
use latentspace::data::{
    Affine, Metadata, Observations, Preparation, PrepareOptions, ReadOptions, Rows, Scale, Values, dates, delay_lag, delays, log_returns,
    read, wide,
};
use latentspace::dimension::{DimensionOptions, Directions, Estimate, dimension, directions};
use latentspace::linalg::Matrix;
use latentspace::measure::{Measure, VarianceShares, variance_shares};
use latentspace::params::Role;
use latentspace::tensors::Tensor;
use latentspace::{Error, Result, Run, Space, attributes, registry};
use serde_json::{Map, Value, json};

use self::known::{Beside, Known};
use self::made::{Causes, FACTORS};
use crate::commands::explore;
use crate::context::Context;
use crate::output::count;
use crate::study::Phase;
use crate::{inputs, output};

/// Factors at most.
const MOST_FACTORS: usize = 30;
/// Values of a series that make a row, when it is unfolded.
const DELAYS: usize = 8;
/// Values of the series whose law is known.
const LORENZ: usize = 5000;
/// The attribute with the part of each column's variance that is its own noise.
const OWN: &str = "uniquenesses_";

pub(super) fn args() -> Vec<Arg> {
    vec![
        inputs::file_arg("prices").long("prices").value_name("FILE").help(
            "stocks: daily prices, with a row per date and share (date, ticker, close) or a column per share; skfolio: those of this Python package [default: made from known causes]",
        ),
        inputs::file_arg("factors").long("factors").value_name("FILE").help(
            "stocks: known factors by month (date, then a column each) to set beside the learned ones; arch: French's, of this Python package",
        ),
        inputs::file_arg("companies").long("companies").value_name("FILE").help("stocks: the sector of each share, as columns ticker and sector"),
    ]
}

/// Shares with their prices.
struct Shares {
    names: Vec<String>,
    dates: Vec<String>,
    /// `[days, shares]`.
    prices: Matrix,
    /// Of each share; `u32::MAX` where it is not known.
    sector: Vec<u32>,
    sectors: Vec<String>,
    /// What they were made from.
    causes: Option<Causes>,
    /// Shares that were left out, since prices are missing.
    incomplete: usize,
}

/// What was found of the shares.
struct Found {
    /// The number of factors: the median of three estimates of how many linear directions stand out from noise.
    factors: usize,
    stand_out: Directions,
    /// Correlation of each share with each factor, `[shares, factors]`.
    loadings: Matrix,
    shares: Vec<VarianceShares>,
    /// The part of each share's variance that is its own noise, by the factor model.
    own: Vec<f64>,
    /// Series that were unfolded, with the intrinsic dimension of their rows.
    unfolded: Vec<(String, usize, Estimate)>,
    planted: Option<Planted>,
    /// Known factors beside the learned ones.
    known: Vec<Beside>,
}

/// The planted causes beside the learned ones.
struct Planted {
    /// For each planted factor the learned one that follows it most, and their correlation.
    factors: Vec<(usize, f64)>,
    /// Multiple correlation of each sector's cause with all learned factors; the least.
    sectors: f64,
    /// The mean and the largest difference of own noise.
    own: [f64; 2],
}

pub(super) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let (way, run) = (explore::way(matches)?, &context.run);
    let companies = inputs::optional_path(matches, "companies");
    let shares = match inputs::optional_path(matches, "prices") {
        Some(path) => Shares::read(&known::PRICES.or_file(path, "--prices")?, companies.as_deref(), run)?,
        None if companies.is_some() => return Err(Error::param("--companies", "a file", "it goes with --prices")),
        None => made::shares(run.seed())?,
    };
    let factors = inputs::optional_path(matches, "factors").map(|path| known::FACTORS.or_file(path, "--factors")).transpose()?;
    if factors.is_some() && shares.causes.is_some() {
        return Err(Error::param("--factors", "a file", "it goes with --prices"));
    }
    let factors = factors.map(|path| Known::read(&path, run)).transpose()?;
    let found = Found::of(&shares, factors.as_ref(), run)?;
    context.screen.clear();
    if context.json {
        context.print(&found.json(&shares))?;
    } else {
        output::text(&told(&shares, &found))?;
    }
    if let Some(path) = inputs::optional_path(matches, "picture") {
        return border::save(&path, picture::svg(&shares, &found).as_bytes());
    }
    explore::serve(matches, context, "stocks", move |study, run| {
        study.phase(Phase::Preparing, "preparing shares");
        let observations = shares.observations(&found)?;
        explore::of_observations_and_codes(observations, (&found.loadings, &Affine::default()), &as_they_are(), way, run)
    })
}

fn as_they_are() -> PrepareOptions {
    PrepareOptions { scale: Scale::None, ..PrepareOptions::default() }
}

impl Shares {
    /// Prices of a file, long or wide, and the sectors of another.
    fn read(path: &Path, companies: Option<&Path>, run: &Run) -> Result<Self> {
        let observations = read::open(path, &ReadOptions::default())?.read(run)?;
        let names = observations.metadata.names();
        let wrong = |found: String, wanted: &str| Error::input(path, found, wanted);
        let is_date = |name: &&String| dates::is_time(name);
        let date = names.iter().find(is_date).ok_or_else(|| wrong(format!("columns {}", names.join(", ")), "a column 'date' is needed"))?;
        let ticker = names.iter().find(|name| ["ticker", "symbol", "name"].contains(&name.to_lowercase().as_str()));
        let observations = match ticker {
            Some(ticker) => {
                let Values::Table(table) = &observations.values else {
                    return Err(wrong(observations.values.kind().to_string(), "a table of prices is needed"));
                };
                let columns: Vec<String> = (0..table.numbers.cols()).map(|column| table.column_name(column)).collect();
                let price = columns.iter().find(|name| name.to_lowercase().contains("close")).or(columns.first()).cloned();
                wide(&observations, date, ticker, &price.unwrap_or_default())?
            }
            None => observations,
        };
        let Values::Table(table) = &observations.values else {
            return Err(wrong(observations.values.kind().to_string(), "a table of prices is needed"));
        };
        let (days, all) = (table.numbers.rows(), table.numbers.cols());
        let price = |day: usize, share: usize| table.affine.value(share, table.numbers.row(day)[share]);
        let kept: Vec<usize> = (0..all).filter(|&share| (0..days).all(|day| price(day, share).is_finite())).collect();
        let incomplete = all - kept.len();
        if kept.len() < 10 || days < 100 {
            let found = format!("{} days, and {} shares with a price on each", count(days as u64), count(kept.len() as u64));
            return Err(wrong(found, "at least 100 days and 10 shares are needed"));
        }
        let prices = Matrix::from_fn(days, kept.len(), |day, at| price(day, kept[at]) as f32);
        let names: Vec<String> = kept.iter().map(|&share| table.column_name(share)).collect();
        let at = observations.metadata.names().iter().position(|name| dates::is_time(name)).unwrap_or(0);
        let dates = (0..days).map(|day| observations.metadata.text(at, day).unwrap_or_default()).collect();
        let sector_of = companies.map(|path| sectors(path, run)).transpose()?.unwrap_or_default();
        let mut sectors: Vec<String> = names.iter().filter_map(|name| sector_of.get(name).cloned()).collect();
        sectors.sort();
        sectors.dedup();
        let number = |name: &String| Some(sectors.binary_search(sector_of.get(name)?).ok()? as u32);
        let sector = names.iter().map(|name| number(name).unwrap_or(u32::MAX)).collect();
        Ok(Shares { names, dates, prices, sector, sectors, causes: None, incomplete })
    }

    fn sector_name(&self, share: usize) -> Option<&str> {
        self.sectors.get(self.sector[share] as usize).map(String::as_str)
    }

    /// Each share as a curve of prices over days, in parts of its first, with what its variance is made of.
    fn observations(&self, found: &Found) -> Result<Observations> {
        let (n, days) = (self.names.len(), self.prices.rows());
        let relative = |share: usize, day: usize| self.prices.row(day)[share] / self.prices.row(0)[share];
        let mut observations = Observations::from_matrix("Shares", Matrix::from_fn(n, days, relative));
        if let Values::Table(table) = &mut observations.values {
            table.names = Some(self.dates.clone());
        }
        let numbers = |part: &dyn Fn(usize) -> f64| Arc::new((0..n).map(|share| Some(part(share))).collect::<Float64Array>()) as ArrayRef;
        let texts = |cells: Vec<Option<&str>>| Arc::new(cells.into_iter().collect::<StringArray>()) as ArrayRef;
        let mut columns: Vec<(String, ArrayRef)> =
            vec![("share".to_owned(), texts(self.names.iter().map(|name| Some(name.as_str())).collect()))];
        if !self.sectors.is_empty() {
            columns.push(("sector".to_owned(), texts((0..n).map(|share| self.sector_name(share)).collect())));
        }
        columns.push(("part of the market".to_owned(), numbers(&|share| found.parts_of(share)[0])));
        columns.push(("part of the sector".to_owned(), numbers(&|share| found.parts_of(share)[1])));
        columns.push(("own noise".to_owned(), numbers(&|share| found.own[share])));
        observations.metadata = Metadata::from_columns(columns, n)?;
        observations.metadata.id = Some(0);
        Ok(observations)
    }
}

/// The sector of each ticker.
fn sectors(path: &Path, run: &Run) -> Result<std::collections::BTreeMap<String, String>> {
    let table = read::metadata(path, run)?;
    let names = table.names();
    let column = |wanted: &[&str]| {
        let found = names.iter().position(|name| wanted.contains(&name.to_lowercase().as_str()));
        found.ok_or_else(|| Error::input(path, format!("columns {}", names.join(", ")), format!("a column '{}' is needed", wanted[0])))
    };
    let (ticker, sector) = (column(&["ticker", "symbol"])?, column(&["sector", "gics sector"])?);
    Ok((0..table.rows()).filter_map(|row| Some((table.text(ticker, row)?, table.text(sector, row)?))).collect())
}

impl Found {
    fn of(shares: &Shares, factors_known: Option<&Known>, run: &Run) -> Result<Self> {
        let returns = log_returns(shares.prices.view())?;
        let stand_out = directions(returns.view(), run)?;
        // Where a few factors are much stronger than the others, parallel analysis misses the weakest.
        let mut counts = [stand_out.parallel_analysis, stand_out.gavish_donoho, stand_out.marchenko_pastur];
        counts.sort_unstable();
        let factors = counts[1].clamp(FACTORS, MOST_FACTORS.min(returns.cols() / 3));
        // The first of the registry's methods that gives each column noise of its own.
        let has_own = |name: &str| name == OWN;
        let method = registry::METHODS.iter().find(|entry| entry.info.attributes.iter().any(|attribute| has_own(attribute.name)));
        let method = method.ok_or_else(|| Error::internal("no method gives each column noise of its own"))?;
        let dims = method.parameter_of(Role::Dimensions).map(|parameter| (parameter.name, json!(factors)));
        let method = method.with(&dims.into_iter().collect::<Map<String, Value>>())?;
        let observations = Observations::from_matrix("returns", returns.clone());
        // Shares that move much and little count alike.
        let prepare = PrepareOptions { scale: Scale::Standard, ..PrepareOptions::default() };
        let (preparation, prepared) = Preparation::choose_and_prepare(&observations, &prepare, run)?;
        let (space, codes) = Space::fit(&*method, preparation, &Rows::memory(&prepared), &observations.metadata, run)?;
        let codes = codes.map_or_else(|| space.encode_prepared(&prepared, run), Ok)?;
        let own = match space.attribute(OWN, run)? {
            attributes::Found::Tensor(Tensor::F64(_, own)) => own,
            _ => return Err(Error::internal("own noise is a list of numbers")),
        };
        let column = |table: &Matrix, at: usize| (0..table.rows()).map(|row| f64::from(table.row(row)[at])).collect::<Vec<f64>>();
        let series: Vec<Vec<f64>> = (0..codes.cols()).map(|factor| column(&codes, factor)).collect();
        let loadings: Vec<Vec<f64>> = run.install(|| {
            (0..returns.cols())
                .map(|share| column(&returns, share))
                .map(|own| series.iter().map(|code| correlation(&own, code)).collect())
                .collect()
        });
        let loadings = Matrix::from_fn(returns.cols(), codes.cols(), |share, factor| loadings[share][factor] as f32);
        let market = mean_of_standardized(&returns);
        let index = Matrix::from_fn(returns.rows(), 1, |day, _| market[day] as f32);
        let decomposed = variance_shares(returns.view(), index.view(), &shares.sector, run)?;
        let planted = shares.causes.as_ref().map(|causes| Planted::of(causes, &series, &own, &codes, run)).transpose()?;
        let unfolded =
            vec![unfold("the market's daily returns", &market, run)?, unfold("x of Lorenz's three equations", &made::lorenz(LORENZ), run)?];
        // A return is that of the later of two days.
        let known = factors_known.map(|known| known.beside(&shares.dates[1..], &codes, run)).transpose()?.unwrap_or_default();
        Ok(Found { factors, stand_out, loadings, shares: decomposed, own, unfolded, planted, known })
    }

    /// What a share's variance is made of: the market, its sector, other factors, and its own noise.
    fn parts_of(&self, share: usize) -> [f64; 4] {
        let VarianceShares { factors, group, .. } = &self.shares[share];
        let (market, own) = (factors.first().copied().unwrap_or(0.0), self.own[share]);
        [market, *group, (1.0 - market - group - own).max(0.0), own]
    }

    /// The mean of these over the shares of a sector, or over all.
    fn parts(&self, shares: &Shares, sector: Option<u32>) -> [f64; 4] {
        let own: Vec<usize> = (0..self.own.len()).filter(|&share| sector.is_none_or(|sector| shares.sector[share] == sector)).collect();
        let mean = |part: usize| own.iter().map(|&share| self.parts_of(share)[part]).sum::<f64>() / own.len().max(1) as f64;
        [0, 1, 2, 3].map(mean)
    }

    fn json(&self, shares: &Shares) -> Value {
        let share = |at: usize| {
            let [market, sector, others, own] = self.parts_of(at);
            json!({
                "share": shares.names[at],
                "sector": shares.sector_name(at),
                "market_part": market,
                "sector_part": sector,
                "other_factors_part": others,
                "own_noise": own,
            })
        };
        let planted = self.planted.as_ref().map(|planted| {
            let factor = |&(factor, r): &(usize, f64)| json!({"factor": factor, "correlation": r});
            let factors: Vec<Value> = planted.factors.iter().map(factor).collect();
            json!({"factors": factors, "sectors_least": planted.sectors, "own_noise_mean": planted.own[0], "own_noise_largest": planted.own[1]})
        });
        let unfolded =
            |(name, lag, found): &(String, usize, Estimate)| json!({"series": name, "delays": DELAYS, "lag": lag, "dimension": found});
        json!({
            "shares": (0..shares.names.len()).map(share).collect::<Vec<Value>>(),
            "days": shares.dates.len(),
            "incomplete": shares.incomplete,
            "n_components": self.factors,
            "directions": self.stand_out,
            "planted": planted,
            "known": self.known.iter().map(Beside::json).collect::<Vec<Value>>(),
            "unfolded": self.unfolded.iter().map(unfolded).collect::<Vec<Value>>(),
        })
    }
}

impl Planted {
    fn of(causes: &Causes, series: &[Vec<f64>], own: &[f64], codes: &Matrix, run: &Run) -> Result<Self> {
        let best = |planted: &Vec<f64>| {
            let all = series.iter().map(|code| correlation(planted, code)).enumerate();
            all.reduce(|best, other| if other.1.abs() > best.1.abs() { other } else { best }).unwrap_or((0, 0.0))
        };
        let factors = causes.factors.iter().map(best).collect();
        // Each cause of a sector as a linear function of all factors: a sector's factor may be spread over several.
        let of_sectors = Matrix::from_fn(codes.rows(), causes.sectors.len(), |day, sector| causes.sectors[sector][day] as f32);
        let explained = variance_shares(of_sectors.view(), codes.view(), &vec![u32::MAX; causes.sectors.len()], run)?;
        let sectors = explained.iter().map(|found| found.factors.iter().sum::<f64>().sqrt()).fold(1.0, f64::min);
        let apart: Vec<f64> = own.iter().zip(&causes.own).map(|(own, planted)| (own - planted).abs()).collect();
        let own = [apart.iter().sum::<f64>() / apart.len().max(1) as f64, apart.iter().copied().fold(0.0, f64::max)];
        Ok(Planted { factors, sectors, own })
    }
}

/// A series unfolded into rows of [`DELAYS`] of its values: its name, the lag, and the intrinsic dimension.
fn unfold(name: &str, series: &[f64], run: &Run) -> Result<(String, usize, Estimate)> {
    let lag = delay_lag(series);
    let rows = delays(series, DELAYS, lag)?;
    Ok((name.to_owned(), lag, dimension(rows.view(), &DimensionOptions::default(), run)?.mle))
}

/// The mean of columns that are scaled to a standard deviation of 1.
fn mean_of_standardized(table: &Matrix) -> Vec<f64> {
    let (n, d) = (table.rows() as f64, table.cols());
    let mut out = vec![0.0; table.rows()];
    for column in 0..d {
        let cells = || (0..table.rows()).map(|row| f64::from(table.row(row)[column]));
        let mean = cells().sum::<f64>() / n;
        let spread = (cells().map(|cell| (cell - mean).powi(2)).sum::<f64>() / n).sqrt().max(f64::MIN_POSITIVE);
        out.iter_mut().zip(cells()).for_each(|(sum, cell)| *sum += (cell - mean) / spread / d as f64);
    }
    out
}

/// Pearson's correlation.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let (of_a, of_b) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - of_a, b - of_b)).sum::<f64>();
    let scale = (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
    if scale > 0.0 { sum(&|a, b| a * b) / scale } else { 0.0 }
}

fn told(shares: &Shares, found: &Found) -> String {
    let (n, days) = (shares.names.len(), shares.dates.len());
    let mut out = output::wrapped(
        "  ",
        &format!(
            "{} shares over {} days{}. {} factors stand out from noise (parallel analysis {}, Gavish-Donoho {}, Marchenko-Pastur {}).",
            count(n as u64),
            count(days as u64),
            match (shares.incomplete, &shares.causes) {
                (_, Some(_)) => ", made from 3 factors, 10 sectors and noise of their own".to_owned(),
                (0, None) => String::new(),
                (left_out, None) => format!(" ({} left out, whose prices are incomplete)", count(left_out as u64)),
            },
            found.factors,
            found.stand_out.parallel_analysis,
            found.stand_out.gavish_donoho,
            found.stand_out.marchenko_pastur
        ),
    );
    let percent = |part: f64| format!("{:.0} %", 100.0 * part);
    let row = |name: &str, sector: Option<u32>| {
        let number = (0..n).filter(|&share| sector.is_none_or(|sector| shares.sector[share] == sector)).count();
        let parts = found.parts(shares, sector);
        let bar: String =
            parts.iter().zip(['█', '▓', '▒', '░']).map(|(part, glyph)| glyph.to_string().repeat((40.0 * part).round() as usize)).collect();
        let mut cells = vec![name.to_owned(), number.to_string()];
        cells.extend(parts.map(percent));
        cells.push(bar);
        cells
    };
    let mut rows: Vec<Vec<String>> = shares.sectors.iter().enumerate().map(|(at, name)| row(name, Some(at as u32))).collect();
    rows.push(row("all", None));
    out.push('\n');
    out.push_str(&output::table(&["sector", "shares", "█ market", "▓ sector", "▒ other factors", "░ own noise", ""], &rows));
    out.push_str(&output::wrapped(
        "  ",
        "Parts of the variance of daily returns (logarithmic), the mean of a sector's shares. Market: the mean of all shares. Sector: the \
         mean of the sector's other shares, after the market. Own noise: uniqueness, what no factor of the model explains.",
    ));
    if let Some(planted) = &found.planted {
        let row =
            |(at, (factor, r)): (usize, &(usize, f64))| vec![made::NAMES[at].to_owned(), factor.to_string(), format!("{:.3}", r.abs())];
        out.push('\n');
        out.push_str(&output::table(
            &["planted factor", "learned factor", "|r|"],
            &planted.factors.iter().enumerate().map(row).collect::<Vec<_>>(),
        ));
        out.push_str(&output::wrapped(
            "  ",
            &format!(
                "The causes of the ten sectors are linear functions of the learned factors with r {:.3} at least. Own noise differs from the planted by {:.3} on average, \
                 by {:.3} at most.",
                planted.sectors, planted.own[0], planted.own[1]
            ),
        ));
    }
    if let Some(months) = found.known.first().map(|known| known.months) {
        let row = |known: &Beside| {
            let Measure { value, low, high, .. } = known.r2;
            let alike = format!("{:.3}", known.correlation.abs());
            vec![known.name.clone(), known.factor.to_string(), alike, format!("{value:.3}"), format!("{low:.3} to {high:.3}")]
        };
        out.push('\n');
        out.push_str(&output::table(
            &["known factor", "learned factor", "|r|", "R² of all", "95 % interval"],
            &found.known.iter().map(row).collect::<Vec<_>>(),
        ));
        out.push_str(&output::wrapped(
            "  ",
            &format!(
                "Returns of {months} whole months. |r|: the correlation with the learned factor that follows it most. R²: the share of its \
                 variance that all learned factors together predict for months that were held out (random: 0)."
            ),
        ));
    }
    let row = |(name, lag, estimate): &(String, usize, Estimate)| {
        let Estimate { value, low, high, .. } = *estimate;
        vec![name.clone(), format!("{DELAYS} x {lag}"), format!("{value:.1}"), format!("{low:.1} to {high:.1}")]
    };
    out.push('\n');
    out.push_str(&output::table(
        &["one series, unfolded", "delays x lag", "intrinsic dimension", "95 % interval"],
        &found.unfolded.iter().map(row).collect::<Vec<_>>(),
    ));
    out.push_str(&output::wrapped(
        "  ",
        "Delay embedding: each row holds 8 values of one series. A deterministic system shows its own few dimensions (Takens 1981); returns \
         fill all 8, as noise does: no low-dimensional law predicts them.",
    ));
    out
}
