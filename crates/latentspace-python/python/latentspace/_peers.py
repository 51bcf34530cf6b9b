"""Parameters as in scikit-learn, umap-learn and other libraries: other names, None, a share of the variance, precomputed distances. Those with
the same meaning are accepted; the error for others gives the equivalent.
"""

from __future__ import annotations

import json
import numbers
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg, sparse

from . import _native
from ._native import ParamError
from ._rows import rows_of

#: Parameter names of other libraries with the same meaning, and ours.
SAME = {
    "max_iter": "n_iter",
    "num_iters": "n_iter",
    "svd_solver": "solver",
    "n_topics": "n_components",
    "num_topics": "n_components",
    "n_dims": "n_components",
    "doc_topic_prior": "alpha",
    "topic_word_prior": "eta",
    "knn": "n_neighbors",
    "random_seed": "random_state",
    "seed": "random_state",
    "num_threads": "n_jobs",
}
#: Values of other libraries and ours, by our name of the parameter.
WORDS = {"solver": {"covariance_eigh": "covariance", "full": "covariance"}}
#: scikit-learn's parameters that announce precomputed distances, with their value.
PRECOMPUTED = {"metric": "precomputed", "dissimilarity": "precomputed", "affinity": "precomputed"}
#: Largest share of negative eigenvalues for which distances count as Euclidean.
NOT_EUCLIDEAN = 1e-3
#: Number of neighbors taken from precomputed distances: enough for a perplexity of 140, which needs 420.
MOST_NEIGHBORS = 512
#: Up to this many rows all eigenvectors of precomputed distances are computed, above it 64.
WHOLE = 5000


def renamed(description: Mapping[str, Any], name: str, value: Any, given: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Our name and value of a parameter of another library; None if it is unknown.

    Raises
    ------
    TypeError
        If the parameter means something else here; the message gives the equivalent.
    """
    own = {parameter["name"]: parameter for parameter in description["parameters"]}
    ours = SAME.get(name)
    if ours is None or (ours not in own and ours not in ("random_state", "n_jobs")):
        return None
    if name == "max_iter" and "n_iter_early" in own:
        early = given.get("n_iter_early", own["n_iter_early"]["default"])
        late = f"n_iter={value - early}" if isinstance(value, numbers.Integral) and value > early else f"n_iter={own['n_iter']['default']}"
        raise TypeError(f"max_iter: it counts the early iterations, too, which n_iter does not; write {late}, n_iter_early={early}.")
    if name == "max_iter" and "gibbs" in given.get("sampler", own.get("sampler", {"default": ""})["default"]):
        raise TypeError(
            f"max_iter: iterations of expectation maximization are not sweeps of a sampler; write n_iter, {own['n_iter']['default']} by default."
        )
    if ours in given:
        raise TypeError(f"{name}: it is another name of {ours}, which was given, too.")
    value = WORDS.get(ours, {}).get(value, value) if isinstance(value, str) else value
    choices = own.get(ours, {}).get("choices")
    if ours == "solver" and choices and value not in choices:
        raise TypeError(f"{name}: {value!r} was given; here it is solver, one of {', '.join(map(repr, choices))}.")
    if value is None and ours in own:
        value = own[ours]["default"]
    return ours, value


def take(estimator: Any, others: Mapping[str, Any]) -> None:
    """Set parameters of an estimator that were given by names of other libraries.

    Raises
    ------
    TypeError
        For an unknown parameter, or one that means something else here.
    """
    description = estimator._description
    own = {parameter["name"]: parameter["default"] for parameter in description["parameters"]}
    values = {name: getattr(estimator, name) for name in own}
    # Comparing types first avoids comparing arrays.
    given = {name: value for name, value in values.items() if type(value) is not type(own[name]) or value != own[name]}
    for name, value in others.items():
        if name in PRECOMPUTED and is_precomputed(value) and "metric" in own:
            estimator.metric = value
            continue
        if name in PRECOMPUTED and is_precomputed(value):
            hint = "fit(MDS(10, metric='precomputed').fit_transform(X)) takes points with these distances"
            if "neighbors" in description["given"]:
                hint += ", and fit(X, neighbors=(indices, distances)) the nearest rows"
            raise TypeError(f"{name}: 'precomputed' was given; {description['title']} takes rows.\nhint: {hint}")
        found = renamed(description, name, value, given)
        if found is None:
            try:
                _native.check(description["name"], {name: value})
            except ValueError as error:
                raise TypeError(str(error)) from None
            raise TypeError(f"{name}: there is no such parameter")
        setattr(estimator, *found)


class FitArguments(NamedTuple):
    """Arguments of a fit, translated."""

    params: dict[str, Any]
    X: Any
    neighbors: Any
    start: Any


def asked(description: Mapping[str, Any], params: dict[str, Any], X: Any, neighbors: Any, start: Any) -> FitArguments:
    """Translate the arguments of a fit: an array ``init`` to ``start``, precomputed distances to points and neighbors, None to ``auto``.

    Raises
    ------
    ParamError
        For arguments without an equivalent.
    """
    params = dict(params)
    defaults = {parameter["name"]: parameter["default"] for parameter in description["parameters"]}
    init = params.get("init")
    if "start" in description["given"] and init is not None and not isinstance(init, str):
        if start is not None:
            raise ParamError("init: an array was given, and start, too; both set starting positions: give one of them.")
        start, params["init"] = init, defaults["init"]
    if is_precomputed(params.get("metric")):
        params["metric"] = defaults["metric"]
        distances = distances_of(rows_of(X).values)
        X, lost = points_of(distances)
        if "neighbors" in description["given"]:
            neighbors = nearest_of(distances, MOST_NEIGHBORS) if neighbors is None else neighbors
        elif lost > NOT_EUCLIDEAN:
            raise ParamError(
                f"metric: 'precomputed' was given with distances that are not Euclidean (negative eigenvalues: {lost:.0%} of their sum); "
                f"{description['title']} takes Euclidean distances.\nhint: TSNE, UMAP and PaCMAP take any distances: they learn from the nearest neighbors"
            )
        if lost > NOT_EUCLIDEAN:
            warnings.warn(
                f"these distances are not Euclidean (negative eigenvalues: {lost:.0%} of their sum): neighbors are those of the distances; the start "
                "and the measures use the closest Euclidean points",
                stacklevel=4,
            )
    for parameter in description["parameters"]:
        name = parameter["name"]
        if params[name] is None and "auto" in parameter["words"]:
            params[name] = "auto"
            if name == "n_components" and len(getattr(X, "shape", ())) == 2:
                params[name] = most(*X.shape)
    return FitArguments(params, X, neighbors, start)


def most(rows: int, columns: int) -> int:
    """Maximum number of components: the rank of centered rows is at most the number of rows minus 1."""
    return max(1, min(rows - 1, columns))


def most_components(rows: _native.Rows) -> int:
    """Maximum number of components of rows."""
    told = json.loads(rows.describe())
    return most(told["rows"], told["columns"])


def share_of_variance(description: Mapping[str, Any], n_components: Any) -> float | None:
    """The share of the variance to keep, if ``n_components`` is between 0 and 1; otherwise None."""
    if isinstance(n_components, numbers.Integral) or not isinstance(n_components, numbers.Real) or not 0.0 < n_components < 1.0:
        return None
    known = any(attribute["name"] == "explained_variance_ratio_" for attribute in description["attributes"])
    return float(n_components) if known else None


def enough(ratios: np.ndarray, share: float) -> int:
    """The smallest number of components that keep more than this share of the variance, as in scikit-learn."""
    return min(int(np.searchsorted(np.cumsum(ratios, dtype=np.float64), share, side="right")) + 1, len(ratios))


def is_precomputed(metric: Any) -> bool:
    """Whether X holds distances, or kernel values."""
    return isinstance(metric, str) and metric == "precomputed"


def refuse_new_rows(metric: Any) -> None:
    """Refuse new rows after a fit to precomputed distances."""
    if is_precomputed(metric):
        raise ParamError(
            "metric: 'precomputed' was given, so new rows cannot be encoded; fit_transform returns the codes of the fitted rows.\n"
            "hint: fit the rows themselves with one of the metrics, then transform encodes new rows"
        )


def distances_of(X: Any) -> np.ndarray:
    """X as distances ``[n, n]``.

    Raises
    ------
    ParamError
        For a matrix that is not square, not symmetric, or has negative cells.
    """
    if sparse.issparse(X):
        raise ParamError(
            "metric: 'precomputed' was given with sparse rows, in which most distances are missing; all n x n distances are needed.\n"
            "hint: fit(X, neighbors=graph) takes a sparse matrix of neighbor distances, for methods that learn from neighbors"
        )
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or X.shape[0] != X.shape[1]:
        shape = " x ".join(map(str, X.shape))
        raise ParamError(
            f"metric: 'precomputed' was given, and X is {shape}; distances of n rows are n x n.\nhint: sklearn.metrics.pairwise_distances(X)"
        )
    scale = X.max(initial=0.0)
    if (X < 0.0).any():
        row, column = (int(place) for place in np.argwhere(X < 0.0)[0])
        raise ParamError(
            f"X, row {row}, column {column}: {X[row, column]:g} was found; a distance is 0 or more.\nhint: 1 - X turns similarities up to 1 into distances"
        )
    uneven = np.abs(X - X.T) > 1e-5 * scale
    if uneven.any():
        row, column = (int(place) for place in np.argwhere(uneven)[0])
        raise ParamError(
            f"X: the distance from row {row} to row {column} is {X[row, column]:g}, and back {X[column, row]:g}; distances are symmetric.\n"
            "hint: (X + X.T) / 2 is their mean"
        )
    if (np.abs(np.diagonal(X)) > 1e-5 * scale).any():
        row = int(np.flatnonzero(np.abs(np.diagonal(X)) > 1e-5 * scale)[0])
        raise ParamError(
            f"X, row {row}, column {row}: {X[row, row]:g} was found; a row is at distance 0 from itself.\nhint: numpy.fill_diagonal(X, 0); similarities are not distances"
        )
    return (X + X.T) / 2.0


def points_of(distances: np.ndarray) -> tuple[np.ndarray, float]:
    """Points with these distances (classical scaling, Torgerson 1952), and the share of the negative eigenvalues, which no points have."""
    squares = distances * distances
    gram = -0.5 * (squares - squares.mean(0) - squares.mean(1)[:, None] + squares.mean())
    n = len(gram)
    if n <= WHOLE:
        values, vectors = linalg.eigh(gram, overwrite_a=True, check_finite=False)
    else:
        values, vectors = sparse.linalg.eigsh(gram, k=64, which="LA", v0=np.ones(n))
    negative = -values[values < 0.0].sum() / max(np.abs(values).sum(), np.finfo(float).tiny)
    kept = values > max(values[-1], 0.0) * 1e-9
    points = (vectors[:, kept] * np.sqrt(values[kept]))[:, ::-1]
    # The sign of an eigenvector is arbitrary: make the entry of largest magnitude positive.
    signs = np.sign(points[np.abs(points).argmax(axis=0), np.arange(points.shape[1])])
    return np.ascontiguousarray(points * signs, dtype=np.float32) if points.size else np.zeros((n, 1), dtype=np.float32), float(negative)


def nearest_of(distances: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The nearest neighbors of each row: row numbers and distances, ``[n, count]`` each."""
    apart = distances.copy()
    np.fill_diagonal(apart, -1.0)
    count = min(count + 1, len(apart))
    indices = np.argsort(apart, axis=1, kind="stable")[:, :count]
    return indices, np.maximum(np.take_along_axis(apart, indices, 1), 0.0).astype(np.float32)
