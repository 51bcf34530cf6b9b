"""What people write who come from scikit-learn, umap-learn and others: other names of parameters, None, a share of the variance, distances in
place of rows. What means the same is taken; what does not is refused with what to write.
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

#: Other names of parameters that mean the same.
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
#: Words of others for words of ours, by our name of the parameter.
WORDS = {"solver": {"covariance_eigh": "covariance", "full": "covariance"}}
#: Distances that are not of the rows' cells, by the names of the parameters that scikit-learn has for them.
PRECOMPUTED = {"metric": "precomputed", "dissimilarity": "precomputed", "affinity": "precomputed"}
#: Of squared distances, the part that no points in a space of any number of dimensions can have.
NOT_EUCLIDEAN = 1e-3
#: Nearest rows that are taken of distances: five sixths of them are enough for a perplexity of 140.
MOST_NEIGHBORS = 512
#: Rows up to which all dimensions of distances are found.
WHOLE = 5000


def renamed(description: Mapping[str, Any], name: str, value: Any, given: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Our name and value of a parameter that others have; nothing if it is not known.

    Raises
    ------
    TypeError
        If the same words mean something else here, with what to write.
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
            f"max_iter: passes of expectation maximization are no sweeps of a sampler; write n_iter, {own['n_iter']['default']} by default."
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
    """Sets parameters of an estimator that were given by names that it has not.

    Raises
    ------
    TypeError
        For one that there is not, in the library's words, or that means something else here.
    """
    description = estimator._description
    own = {parameter["name"]: parameter["default"] for parameter in description["parameters"]}
    values = {name: getattr(estimator, name) for name in own}
    # Of arrays, equality is none.
    given = {name: value for name, value in values.items() if type(value) is not type(own[name]) or value != own[name]}
    for name, value in others.items():
        if name in PRECOMPUTED and is_precomputed(value) and "metric" in own:
            estimator.metric = value
            continue
        if name in PRECOMPUTED and is_precomputed(value):
            hint = "fit(MDS(10, metric='precomputed').fit_transform(X)) takes points that are as far apart"
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


class Asked(NamedTuple):
    """What a fit is asked for, in the library's terms."""

    params: dict[str, Any]
    X: Any
    neighbors: Any
    start: Any


def asked(description: Mapping[str, Any], params: dict[str, Any], X: Any, neighbors: Any, start: Any) -> Asked:
    """A fit in the library's terms: a start that ``init`` is, distances as points and nearest rows, None.

    Raises
    ------
    ParamError
        For what there is not in these terms.
    """
    params = dict(params)
    defaults = {parameter["name"]: parameter["default"] for parameter in description["parameters"]}
    init = params.get("init")
    if "start" in description["given"] and init is not None and not isinstance(init, str):
        if start is not None:
            raise ParamError("init: a map was given, and a start, too; they are the same: give one of them.")
        start, params["init"] = init, defaults["init"]
    if is_precomputed(params.get("metric")):
        params["metric"] = defaults["metric"]
        distances = distances_of(rows_of(X).values)
        X, lost = points_of(distances)
        if "neighbors" in description["given"]:
            neighbors = nearest_of(distances, MOST_NEIGHBORS) if neighbors is None else neighbors
        elif lost > NOT_EUCLIDEAN:
            raise ParamError(
                f"metric: 'precomputed' was given with distances that no points have ({lost:.0%} of their squares); {description['title']} takes "
                "distances of points.\nhint: TSNE, UMAP and PaCMAP take any distances, as they learn from the nearest rows"
            )
        if lost > NOT_EUCLIDEAN:
            warnings.warn(
                f"no points have these distances ({lost:.0%} of their squares): the nearest rows are those of the distances, the start and the measures "
                "are of the points that come closest",
                stacklevel=4,
            )
    for parameter in description["parameters"]:
        name = parameter["name"]
        if params[name] is None and "auto" in parameter["words"]:
            params[name] = "auto"
            if name == "n_components" and len(getattr(X, "shape", ())) == 2:
                params[name] = most(*X.shape)
    return Asked(params, X, neighbors, start)


def most(rows: int, columns: int) -> int:
    """All components that there are: centered rows differ in one dimension less than there are rows."""
    return max(1, min(rows - 1, columns))


def most_components(rows: _native.Rows) -> int:
    """All components that rows have."""
    told = json.loads(rows.describe())
    return most(told["rows"], told["columns"])


def share_of_variance(description: Mapping[str, Any], n_components: Any) -> float | None:
    """The share of the variance that is to be kept, where a number of components between 0 and 1 is one."""
    if isinstance(n_components, numbers.Integral) or not isinstance(n_components, numbers.Real) or not 0.0 < n_components < 1.0:
        return None
    known = any(attribute["name"] == "explained_variance_ratio_" for attribute in description["attributes"])
    return float(n_components) if known else None


def enough(ratios: np.ndarray, share: float) -> int:
    """The fewest components that keep more than this share of the variance, as scikit-learn counts them."""
    return min(int(np.searchsorted(np.cumsum(ratios, dtype=np.float64), share, side="right")) + 1, len(ratios))


def is_precomputed(metric: Any) -> bool:
    """Whether X holds distances."""
    return isinstance(metric, str) and metric == "precomputed"


def refuse_new_rows(metric: Any) -> None:
    """Refuses new rows where only distances between those of the fit are known."""
    if is_precomputed(metric):
        raise ParamError(
            "metric: 'precomputed' was given, so that new rows have no place; fit_transform places the rows of the distances.\n"
            "hint: fit the rows themselves with a metric of the list, then transform places others"
        )


def distances_of(X: Any) -> np.ndarray:
    """X as distances ``[n, n]``.

    Raises
    ------
    ParamError
        For what is not square, not symmetric, or negative.
    """
    if sparse.issparse(X):
        raise ParamError(
            "metric: 'precomputed' was given with sparse rows, in which most distances are missing; distances are all of n x n.\n"
            "hint: fit(X, neighbors=graph) takes a sparse matrix of the nearest rows' distances, where the method has neighbors"
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
            f"X, row {row}, column {row}: {X[row, row]:g} was found; a row is at distance 0 from itself.\nhint: numpy.fill_diagonal(X, 0); similarities are no distances"
        )
    return (X + X.T) / 2.0


def points_of(distances: np.ndarray) -> tuple[np.ndarray, float]:
    """Points that are as far apart (classical scaling, Torgerson 1952), and the share of the squared distances that no points have."""
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
    # A vector and its negative are as good: the largest entry is positive.
    signs = np.sign(points[np.abs(points).argmax(axis=0), np.arange(points.shape[1])])
    return np.ascontiguousarray(points * signs, dtype=np.float32) if points.size else np.zeros((n, 1), dtype=np.float32), float(negative)


def nearest_of(distances: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The nearest others of each row, ``[n, count]`` each: their numbers and distances."""
    apart = distances.copy()
    np.fill_diagonal(apart, -1.0)
    count = min(count + 1, len(apart))
    indices = np.argsort(apart, axis=1, kind="stable")[:, :count]
    return indices, np.maximum(np.take_along_axis(apart, indices, 1), 0.0).astype(np.float32)
