"""Analyses of rows and codes without a fit: the commands ``latent dimension``, ``compare``, ``stability`` and ``neighbors``."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from . import _native
from ._data import codes_of, native_rows, texts_of
from ._jobs import seed_of, threads
from ._observations import Observations
from ._rows import refuse, refuse_gaps, rows_of
from ._space import Measure, Space


def dimension(X: Any, *, n_neighbors: int | None = None, random_state: Any = None, n_jobs: int | None = None) -> dict[str, Measure]:
    """Estimate the intrinsic dimension of rows: how many coordinates describe them locally.

    Parameters
    ----------
    X : array, data frame or Observations
        Rows ``[n, d]``.
    n_neighbors : int, optional
        Number of neighbors per row, at least 2. By default 10, fewer if there are fewer rows.
    random_state, n_jobs
        As for the estimators.

    Returns
    -------
    dict of str to Measure
        ``two_nn``, ``mle`` and ``correlation``, each with a 95 % confidence interval, and ``participation``, the participation ratio
        of the PCA eigenvalues. Their null is None.

    See Also
    --------
    stability : How much of a map survives another seed or a resample.

    References
    ----------
    Facco and others 2017, doi:10.1038/s41598-017-11873-y; Levina and Bickel 2005 (NIPS); Grassberger and Procaccia 1983,
    doi:10.1016/0167-2789(83)90298-1.

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import dimension
    >>> t = np.random.default_rng(0).uniform(size=(1000, 2))
    >>> round(dimension(np.c_[t, t.sum(1), np.sin(t)])["mle"].value)
    2
    """
    found = json.loads(_native.dimension(any_rows(X), n_neighbors, seed_of(random_state), threads(n_jobs), None))
    names = ("two_nn", "mle", "correlation", "participation")
    return {name: Measure(found[name]["value"], found[name]["low"], found[name]["high"], None) for name in names}


def compare(first: Any, second: Any, *, k: int | None = None, random_state: Any = None, n_jobs: int | None = None) -> dict[str, Measure]:
    """Compare two sets of codes of the same rows: CKA, Procrustes, shared neighbors, distance correlation.

    Parameters
    ----------
    first, second : array, Space or fitted estimator
        Codes ``[n, k1]`` and ``[n, k2]`` of the same rows in the same order; for a space or an estimator, the codes of its fitted rows.
    k : int, optional
        Number of neighbors per row. By default 15, fewer if there are fewer rows.
    random_state, n_jobs
        As for the estimators.

    Returns
    -------
    dict of str to Measure
        ``cka`` (linear centered kernel alignment), ``procrustes`` (residual), ``neighbors_shared`` and ``distance_correlation`` (Spearman), each
        with the value for rows in random order as its null.

    See Also
    --------
    stability : Compare a map with maps of other seeds and resamples.

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import compare
    >>> codes = np.random.default_rng(0).normal(size=(100, 3))
    >>> round(compare(codes, codes[:, ::-1])["cka"].value, 3)
    1.0
    """
    one, other = kept_codes(first, "first"), kept_codes(second, "second")
    if len(one) != len(other):
        raise refuse(f"second: {len(other)} rows were given", f"first has {len(one)}", "give the codes of the same rows in the same order")
    k = max(1, min(15, len(one) - 1)) if k is None else k
    return measures(_native.compare(one, other, k, seed_of(random_state), threads(n_jobs), None))


def stability(estimator: Any, X: Any, *, runs: int = 4, k: int | None = None) -> dict[str, Measure]:
    """Measure how much of a map survives another seed and a resample of the rows.

    Parameters
    ----------
    estimator : estimator of latentspace
        The method with its parameters, ``random_state`` and ``n_jobs``. It need not be fitted and is not changed.
    X : array, sparse rows, data frame, list of texts or Observations
        Rows ``[n, d]``.
    runs : int, default=4
        Number of maps with different seeds, and of maps of bootstrap resamples.
    k : int, optional
        Number of neighbors per row. By default 15, or a third of the rows if that is less.

    Returns
    -------
    dict of str to Measure
        ``seeds`` and ``bootstrap``: the share of each row's neighbors that stay the same, with the share in random maps as the null.

    See Also
    --------
    compare : Compare any two maps.

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PCA, stability
    >>> rows = np.random.default_rng(0).normal(size=(60, 3)) * [9, 3, 1]
    >>> [round(figure.value, 1) for figure in stability(PCA(2), rows, runs=2).values()]
    [1.0, 1.0]
    """
    rows = any_rows(X)
    count = json.loads(rows.describe())["rows"]
    k = max(1, min(15, count // 3)) if k is None else k
    name, params = estimator._description["name"], estimator._params()
    seed, jobs = seed_of(estimator.random_state), threads(estimator.n_jobs)
    return measures(_native.stability(name, params, rows, runs, k, seed, jobs, None))


def neighbors(
    codes: Any, queries: Any, *, k: int = 10, metric: str = "euclidean", n_jobs: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Find the exact nearest neighbors of rows.

    Parameters
    ----------
    codes : array, Space or fitted estimator
        Codes ``[n, d]``; for a space or an estimator, the codes of its fitted rows.
    queries : int, array of int, or array of shape [m, d]
        Row numbers, counted from 0, or codes. A row given by number is not among its own neighbors.
    k : int, default=10
        Number of neighbors.
    metric : {'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'}, default='euclidean'
        Distance between rows.
    n_jobs : int or None, optional
        Number of threads, as for the estimators.

    Returns
    -------
    indices : ndarray of shape [m, k]
        Row numbers, counted from 0, the nearest first.
    distances : ndarray of shape [m, k]
        Their distances.

    Examples
    --------
    >>> from latentspace import neighbors
    >>> indices, distances = neighbors([[0.0], [1.0], [5.0]], 2, k=1)
    >>> indices.tolist(), distances.tolist()
    ([[1]], [[4.0]])
    """
    table = kept_codes(codes, "codes")
    asked = np.asarray(queries) if not hasattr(queries, "to_numpy") else queries
    if getattr(asked, "ndim", 2) >= 2:
        return _native.neighbors(table, codes_of(asked, "queries"), k, metric, threads(n_jobs), None)
    rows = np.atleast_1d(asked)
    if rows.dtype.kind not in "iu" or (rows.size and not 0 <= rows.min() <= rows.max() < len(table)):
        raise _native.ParamError(
            f"queries: {queries!r} was given; rows are whole numbers from 0 to {len(table) - 1}, and codes have two axes."
        )
    found, far = _native.neighbors(table, table[rows], min(k + 1, len(table)), metric, threads(n_jobs), None)
    # Leave a row out of its own neighbors. Among many copies it may be missing from the list: then leave out the last neighbor.
    own = found == rows[:, None]
    own[~own.any(axis=1), -1] = True
    shape = len(rows), found.shape[1] - 1
    return found[~own].reshape(shape), far[~own].reshape(shape)


def any_rows(X: Any) -> _native.Rows:
    """Convert and check rows of any type."""
    if isinstance(X, Observations) or texts_of(X) is not None:
        return native_rows(X)
    rows = rows_of(X)
    names = rows.names if rows.frame is None else [str(name) for name in rows.frame.columns]
    values = check_array(rows.values, accept_sparse="csr", ensure_all_finite=False, ensure_min_samples=2, input_name="X")
    refuse_gaps(values, "X", names)
    return native_rows(values, names)


def kept_codes(codes: Any, name: str) -> np.ndarray:
    """Codes, or the codes of the fitted rows of a space or an estimator."""
    space = codes if isinstance(codes, Space) else getattr(codes, "space_", None)
    if space is None:
        found = codes_of(codes, name)
        refuse_gaps(found, name, None)
        return found
    if space.codes is None:
        raise refuse(f"{name}: this space keeps no rows", "codes are needed", "transform(X) or encode(X) computes the codes of rows")
    return np.ascontiguousarray(space.codes)


def measures(told: str) -> dict[str, Measure]:
    """Measures by name, from JSON."""
    return {name: Measure(m["value"], m["low"], m["high"], m["null"]) for name, m in json.loads(told).items()}
