//! Parameters of maps on the page: defaults, warnings and titles.

use latentspace::method::{AnyMethod, Entry, Shape};
use latentspace::neighbors::Metric;
use latentspace::params::Role;
use latentspace::{Error, Result};
use serde_json::{Map, Value, json};

use super::capitalized;
use crate::output::{count, number};

/// Smaller neighborhoods show groups in noise, too (Wattenberg et al. 2016, doi:10.23915/distill.00002).
const FEW_NEIGHBORS: f64 = 5.0;

/// The method with its parameters, if the page can show its maps, and a sentence on each default that was lowered for this shape.
pub(super) fn checked(entry: &Entry, params: &Map<String, Value>, shape: Shape) -> Result<(Box<dyn AnyMethod>, Vec<String>)> {
    let method = entry.with(params)?;
    let (method, lowered) = method.adapted(shape, None).unwrap_or((method, Vec::new()));
    method.check(shape)?;
    let dimensions = entry.parameter_of(Role::Dimensions);
    match (dimensions, method.param_of(Role::Dimensions).and_then(|dims| dims.as_u64())) {
        (Some(parameter), Some(dims)) if !(2..=3).contains(&dims) => {
            Err(Error::param(parameter.name, dims, "the page shows 2 or 3 dimensions"))
        }
        _ => Ok((method, lowered)),
    }
}

/// The parameters with defaults for a map on the page.
pub(crate) fn with_map_defaults(entry: &Entry, mut params: Map<String, Value>, shape: Shape) -> Map<String, Value> {
    if let Some(dimensions) = entry.parameter_of(Role::Dimensions)
        && params.get(&dimensions.name).is_none_or(|dims| dims == "auto")
    {
        params.insert(dimensions.name, json!(2));
    }
    // Sparse rows are not reduced, as PCA would make them dense. Nor are rows with another metric, such as Hellinger for proportions:
    // principal components preserve Euclidean distances.
    let is_euclidean = metric(entry, &params) == Metric::Euclidean;
    if let Some(reduction) = entry.parameter_of(Role::Reduction)
        && !params.contains_key(&reduction.name)
        && (shape.cols > 100 && shape.rows > 50 && !shape.is_sparse() && is_euclidean)
    {
        params.insert(reduction.name, json!(50));
    }
    params
}

/// A warning if neighborhoods are too small or too large for the number of rows, though valid for the method.
pub(super) fn unfit(entry: &Entry, params: &Map<String, Value>, shape: Shape) -> Option<String> {
    let parameter = entry.parameter_of(Role::Neighborhood)?;
    let value = params.get(&parameter.name)?.as_f64()?;
    let told = format!("{} {}", capitalized(&parameter.title), number(value));
    if value < FEW_NEIGHBORS {
        return Some(format!("{told}: neighborhoods this small show groups even in random data; use 10 or more."));
    }
    let rows = count(shape.rows as u64);
    (4.0 * value > shape.rows as f64)
        .then(|| format!("{told}: more than a quarter of the {rows} rows; smaller neighborhoods show more structure."))
}

/// The metric that a method learns with.
pub(super) fn metric(entry: &Entry, params: &Map<String, Value>) -> Metric {
    let given = entry.parameter_of(Role::Metric).and_then(|metric| params.get(&metric.name));
    given.and_then(|word| serde_json::from_value(word.clone()).ok()).unwrap_or_default()
}

/// `t-SNE of 60,000 x 784, perplexity 30`: the method, the data, and its first numeric parameter.
pub(super) fn title(entry: &Entry, params: &Map<String, Value>, shape: Shape) -> String {
    let parameters = entry.parameters();
    let own = parameters.iter().filter(|parameter| parameter.role != Some(Role::Dimensions));
    let mut numbers = own.filter_map(|parameter| Some((parameter, params.get(&parameter.name).filter(|value| value.is_number())?)));
    let first = numbers.next();
    let first = first.map(|(parameter, value)| format!(", {} {}", parameter.title, number(value.as_f64().unwrap_or(0.0))));
    format!("{} of {} x {}{}", entry.info.title, count(shape.rows as u64), count(shape.cols as u64), first.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use latentspace::registry;

    use super::*;

    #[test]
    fn rows_are_reduced_for_the_eye_where_components_keep_their_distances() -> Result<()> {
        let tsne = registry::find("tsne")?;
        let reduced = |params: Value, cols: usize| {
            let params = params.as_object().cloned().unwrap_or_default();
            with_map_defaults(tsne, params, Shape::new(1000, cols)).get("pca_components").cloned()
        };
        assert_eq!(reduced(json!({}), 784), Some(json!(50)));
        assert_eq!(reduced(json!({}), 40), None);
        // Shares of 784 axes.
        assert_eq!(reduced(json!({"metric": "hellinger"}), 784), None);
        assert_eq!(reduced(json!({"pca_components": 20}), 784), Some(json!(20)));
        Ok(())
    }
}
