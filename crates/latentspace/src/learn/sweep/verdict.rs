//! The verdict of a sweep: which number of dimensions is recommended, and what it means where other estimates disagree.

use super::scores::ERRORS;
use super::{ERROR, Estimates, SweepPoint};
use crate::error::count;
use crate::interval::number;
use crate::measure::Measure;

/// Estimates that differ by this factor disagree.
const FAR_APART: f64 = 1.5;

/// A number of dimensions in comparison with the best; 0 stands for the null.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) dims: u32,
    /// By how much its score is worse than the best, and the standard error of that.
    pub(super) behind: (f64, f64),
}

/// The recommended number of dimensions with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) recommended: u32,
    pub(super) low: u32,
    pub(super) high: u32,
}

/// The candidates of points whose scores are not paired: the best point's standard error serves for all.
pub(super) fn unpaired(points: &[SweepPoint], figure: &str) -> Vec<Candidate> {
    let good = |score: f64| if figure == ERROR { -score } else { score };
    let Some(best) = best(points, figure) else { return Vec::new() };
    let error = (best.held_out.high - best.held_out.low) / 2.0 / ERRORS;
    let of = |dims: u32, score: f64| Candidate { dims, behind: (good(best.held_out.value) - good(score), error) };
    let null = best.held_out.null.map(|null| of(0, null));
    null.into_iter().chain(points.iter().map(|point| of(point.dims, point.held_out.value))).collect()
}

/// The point with the best score; the one with fewer dimensions of equal ones.
pub(super) fn best<'a>(points: &'a [SweepPoint], figure: &str) -> Option<&'a SweepPoint> {
    let good = |point: &SweepPoint| if figure == ERROR { -point.held_out.value } else { point.held_out.value };
    points.iter().reduce(|best, point| if good(point) > good(best) { point } else { best })
}

/// The smallest number within one standard error of the best (Breiman and others 1984), and the smallest and the largest that cannot be
/// told from the best.
pub(super) fn choose(candidates: &[Candidate]) -> Choice {
    let within = |candidate: &&Candidate, errors: f64| candidate.behind.0 <= errors * candidate.behind.1;
    let dims = |candidate: Option<&Candidate>| candidate.map_or(0, |candidate| candidate.dims);
    Choice {
        recommended: dims(candidates.iter().find(|candidate| within(candidate, 1.0))),
        low: dims(candidates.iter().find(|candidate| within(candidate, ERRORS))),
        high: dims(candidates.iter().rev().find(|candidate| within(candidate, ERRORS))),
    }
}

/// Why this number is recommended, in a sentence.
pub(super) fn sentence(points: &[SweepPoint], figure: &str, candidates: &[Candidate], choice: Choice) -> String {
    let Some(best) = best(points, figure) else { return String::new() };
    let told = |point: &SweepPoint| {
        let Measure { value, low, high, .. } = point.held_out;
        format!("{} ({} to {})", number(value), number(low), number(high))
    };
    let error_of = |dims: u32| candidates.iter().find(|candidate| candidate.dims == dims).map_or(0.0, |candidate| candidate.behind.1);
    let chosen = points.iter().find(|point| point.dims == choice.recommended);
    let mut sentence = match chosen {
        None => {
            // Where the null is itself the best, the error is that of the best point's difference from it.
            let own = error_of(0);
            let error = number(if own > 0.0 { own } else { error_of(best.dims) });
            let null = number(best.held_out.null.unwrap_or(f64::NAN));
            format!(
                "No number of dimensions is better than the mean alone by more than one standard error, {error}: {} against {null}",
                told(best)
            )
        }
        Some(chosen) if chosen.dims == best.dims => {
            let have = if chosen.dims == 1 { "has" } else { "have" };
            format!("{} {have} the best held-out score: {}", dimensions(chosen.dims), told(chosen))
        }
        Some(chosen) => format!(
            "{} {} the smallest number within one standard error, {}, of the best, {}: {} against {}",
            dimensions(chosen.dims),
            if chosen.dims == 1 { "is" } else { "are" },
            number(error_of(chosen.dims)),
            best.dims,
            told(chosen),
            told(best)
        ),
    };
    if chosen.is_some() && points.len() > 1 && points.last().is_some_and(|last| last.dims == choice.recommended) {
        sentence.push_str("; this is the largest number tried, so more may be better");
    }
    sentence.push('.');
    sentence
}

/// What the other estimates say of the choice, in sentences; `tried` is the largest number tried.
pub(super) fn comparison(choice: Choice, tried: u32, estimates: &Estimates) -> Vec<String> {
    let Choice { recommended, low, high } = choice;
    let mut out = vec![if recommended == 0 && high == 0 {
        "0 dimensions: the columns do not predict each other, as in noise.".to_owned()
    } else if low == high {
        format!("{} (95 % interval {low} to {high}).", dimensions(recommended))
    } else {
        let open = match recommended {
            0 => "a weak structure cannot be excluded",
            _ if low < recommended => "fewer cannot be excluded",
            _ => "more predict as well",
        };
        format!("{} (95 % interval {low} to {high}: {open}).", dimensions(recommended))
    }];
    if let (Some(horn), Some(gavish), Some(edge)) = (estimates.parallel_analysis, estimates.gavish_donoho, estimates.marchenko_pastur) {
        let found = format!(
            "Linear directions that stand out from noise: parallel analysis {}, Gavish-Donoho {}, Marchenko-Pastur {}",
            count(horn as u64),
            count(gavish as u64),
            count(edge as u64)
        );
        out.push(format!("{found}; {}.", by_directions(choice, tried, estimates.directions().unwrap_or(horn))));
    }
    if let Some(intrinsic) = estimates.intrinsic {
        let causes = rounded(intrinsic.value);
        let told = format!("Intrinsic dimension {causes} ({} to {})", rounded(intrinsic.low), rounded(intrinsic.high));
        let rounds = intrinsic.value.round().max(1.0) as u64;
        out.push(if f64::from(recommended) > FAR_APART * intrinsic.high.max(1.0) {
            format!(
                "{told}: about {} {}, {recommended} straight directions: the data are curved, and a method for curved data needs fewer \
                 dimensions.",
                count(rounds),
                if rounds == 1 { "cause" } else { "causes" }
            )
        } else {
            format!("{told}: the data fill these dimensions, without a sign of curvature.")
        });
    }
    out
}

fn by_directions(choice: Choice, tried: u32, directions: usize) -> String {
    let Choice { recommended, low, high } = choice;
    let (few, many) = (f64::from(low) / FAR_APART - 1.0, FAR_APART * f64::from(high) + 1.0);
    let directions = directions as f64;
    if directions > many && high == tried {
        format!("they are more than the {tried} tried: try more")
    } else if directions > many && recommended == 0 {
        "they do not predict other columns from this many rows, as directions of single columns do not".to_owned()
    } else if directions > many {
        "the others are too weak to predict hidden cells from this many rows, or belong to few columns each".to_owned()
    } else if directions < few {
        "hidden cells need more: directions that do not stand out one by one still predict together, as in curved data and correlated noise"
            .to_owned()
    } else {
        "they agree".to_owned()
    }
}

/// `1 dimension`, `12 dimensions`.
fn dimensions(dims: u32) -> String {
    format!("{} {}", count(u64::from(dims)), if dims == 1 { "dimension" } else { "dimensions" })
}

/// `2.0`, `14`.
fn rounded(value: f64) -> String {
    if value < 9.95 { format!("{value:.1}") } else { count(value.round() as u64) }
}

#[cfg(test)]
mod tests {
    use super::super::WORD_LIKELIHOOD;
    use super::*;

    fn told(figure: &'static str, values: &[f64]) -> (Choice, String) {
        let point = |(at, &value): (usize, &f64)| SweepPoint {
            dims: 1 << at,
            training: None,
            held_out: Measure { value, low: value - 0.196, high: value + 0.196, null: Some(if figure == ERROR { 4.0 } else { -11.0 }) },
            behind: None,
            seconds: 1.0,
        };
        let points: Vec<SweepPoint> = values.iter().enumerate().map(point).collect();
        let candidates = unpaired(&points, figure);
        let choice = choose(&candidates);
        (choice, sentence(&points, figure, &candidates, choice))
    }

    #[test]
    fn the_fewest_dimensions_within_one_standard_error_of_the_best_are_recommended() {
        let (found, sentence) = told(WORD_LIKELIHOOD, &[-9.0, -7.05, -7.0, -7.5]);
        assert_eq!((found.recommended, found.low, found.high), (2, 2, 4));
        let start = "2 dimensions are the smallest number within one standard error, 0.1000, of the best, 4: ";
        assert!(sentence.starts_with(start), "{sentence}");
        assert_eq!(told(WORD_LIKELIHOOD, &[-9.0, -7.2, -7.0, -7.5]).0.recommended, 4);
        assert_eq!(told(ERROR, &[3.0, 2.0, 1.05, 1.0]).0.recommended, 4);
        let (found, sentence) = told(ERROR, &[3.0, 2.0, 1.0]);
        assert!(found.recommended == 4 && sentence.ends_with("so more may be better."), "{sentence}");
        let (found, sentence) = told(ERROR, &[3.95, 3.97, 4.2]);
        assert_eq!((found.recommended, found.low, found.high), (0, 0, 2));
        assert!(sentence.starts_with("No number of dimensions is better than the mean alone"), "{sentence}");
    }

    #[test]
    fn disagreement_is_explained() {
        let told = |recommended, low, high, directions: usize, intrinsic: f64| {
            let estimates = Estimates {
                parallel_analysis: Some(directions),
                gavish_donoho: Some(directions),
                marchenko_pastur: Some(directions + 1),
                directions_rows: Some(100),
                intrinsic: Some(Measure { value: intrinsic, low: intrinsic - 0.5, high: intrinsic + 0.5, null: None }),
            };
            comparison(Choice { recommended, low, high }, 64, &estimates).join(" ")
        };
        let curved = told(47, 44, 51, 48, 13.1);
        assert!(
            curved.contains("about 13 causes, 47 straight directions: the data are curved") && curved.contains("they agree"),
            "{curved}"
        );
        assert!(told(5, 5, 6, 5, 4.8).contains("5 dimensions (95 % interval 5 to 6: more predict as well)"));
        assert!(told(5, 4, 6, 20, 4.8).contains("too weak to predict hidden cells"));
        assert!(told(64, 60, 64, 120, 60.0).contains("more than the 64 tried"));
        assert!(told(20, 18, 22, 2, 19.0).contains("hidden cells need more"));
        assert!(told(0, 0, 0, 0, 1.0).starts_with("0 dimensions: the columns do not predict each other"));
        assert!(told(0, 0, 2, 0, 1.0).contains("0 dimensions (95 % interval 0 to 2: a weak structure cannot be excluded)"));
    }
}
