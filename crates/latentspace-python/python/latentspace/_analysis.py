"""Analyses of data, codes and methods: one function for each command that has no estimator."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from sklearn.utils.validation import check_array

from . import _native
from ._data import codes_of, column, columns_of, native_rows, texts_of
from ._jobs import memory_of, seed_of, threads
from ._observations import Observations, prepare_options, read_options
from ._options import Missing, Scale, TextOptions
from ._progress import heard
from ._report import Explanation, Measures, Report, measures_of
from ._rows import refuse, refuse_gaps, rows_of
from ._space import Space


def describe(
    X: Any,
    *,
    scale: Scale | None = None,
    missing: Missing | None = None,
    text: TextOptions | None = None,
    n_jobs: int | None = None,
    **options: Any,
) -> Report:
    """Summarize data before a fit: rows, columns, types, missing cells, duplicates, and the preparation that would be chosen.

    Parameters
    ----------
    X : path, array, sparse rows, data frame, list of texts or Observations
        The data; a path is read in one pass, in constant memory.
    scale, missing, text, **options
        As for ``read``, if X is a path.
    n_jobs : int or None, optional
        Number of threads, as for the estimators.

    Returns
    -------
    Report
        What ``latent describe --json`` prints: ``rows``, ``columns``, ``learned`` (the columns), ``metadata``, ``preparation``, ….

    See Also
    --------
    plan : The memory and time of a fit.

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import describe
    >>> found = describe(np.eye(4))
    >>> found["rows"], found["columns"], found["duplicate_rows"]
    (4, 4, 0)
    """
    with heard(False) as ear:
        return Report(json.loads(_native.describe(data_of(X, scale, missing, text, options), threads(n_jobs), ear)))


def plan(estimator: Any, X: Any, *, measures: bool = True) -> Report:
    """Estimate the memory and time of a fit before it runs.

    Parameters
    ----------
    estimator : estimator of latentspace
        The method with its parameters, ``max_memory`` and ``n_jobs``.
    X : path, array, sparse rows, data frame, list of texts or Observations
        The data; of a path, only headers are read where they suffice.
    measures : bool, default=True
        Whether the memory of measuring is included.

    Returns
    -------
    Report
        ``rows``, ``columns``, ``algorithm``, ``peak_bytes`` (of the program ``latent``), ``seconds`` (of learning, on this machine).

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PCA, plan
    >>> plan(PCA(2), np.zeros((1000, 20)))["rows"]
    1000
    """
    name, params = estimator._description["name"], estimator._params()
    with heard(estimator.verbose) as ear:
        told = _native.plan(name, params, data_of(X), measures, memory_of(estimator.max_memory), threads(estimator.n_jobs), ear)
    return Report(json.loads(told))


def fit(
    estimator: Any, X: Any, output: str | os.PathLike[str] | None = None, *, resume: bool = False, measures: bool = True
) -> Space:
    """Learn a space as ``latent fit`` does: files larger than memory are streamed, and a killed fit can be resumed.

    Unlike ``estimator.fit``, it prepares the rows of a file (scaling, missing cells), and does not change the estimator.

    Parameters
    ----------
    estimator : estimator of latentspace
        The method with its parameters, ``random_state``, ``n_jobs`` and ``max_memory``.
    X : path, array, sparse rows, data frame, list of texts or Observations
        The data.
    output : path, optional
        The space file to write, ``*.latent``. While the fit runs, ``*.latent.checkpoint`` keeps its state.
    resume : bool, default=False
        Continue from that checkpoint, if there is one: the space has the bytes of the uninterrupted fit.
    measures : bool, default=True
        Measure the space, which may take longer than learning.

    Returns
    -------
    Space
        The space; ``report`` is what ``latent fit --json`` prints.

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PCA, fit
    >>> fit(PCA(2), np.random.default_rng(0).normal(size=(100, 5)))
    Space(pca, 100 x 5, 2 dimensions)
    """
    name, params, path = estimator._description["name"], estimator._params(), None if output is None else os.fspath(output)
    if resume and path is None:
        raise _native.ParamError("resume: True was given without output; the checkpoint is next to the space file.")
    limit, seed, jobs = memory_of(estimator.max_memory), seed_of(estimator.random_state), threads(estimator.n_jobs)
    with heard(estimator.verbose) as ear:
        native, told = _native.fit_data(name, params, data_of(X), path, resume, measures, limit, seed, jobs, ear)
    space = Space(native)
    space.report = Report(json.loads(told))
    return space


def sweep(estimator: Any, X: Any, dims: Sequence[int]) -> Report:
    """Choose the number of dimensions by training and held-out scores.

    Parameters
    ----------
    estimator : estimator of latentspace
        The method with its parameters, ``random_state``, ``n_jobs`` and ``max_memory``; ``n_components`` is ignored.
    X : path, array, sparse rows, data frame, list of texts or Observations
        The data.
    dims : sequence of int
        Numbers of dimensions to try.

    Returns
    -------
    Report
        ``dims``, a list with the ``training`` and ``held_out`` score of each number: the error of hidden cells of held-out rows, or a likelihood;
        ``recommended``, the smallest within one standard error of the best (0: the mean alone is as good), ``low`` and ``high``, between which the
        scores cannot be told from the best, and ``sentence``; ``estimates`` of linear directions and intrinsic dimension, and ``verdict``, what it
        means where they disagree.

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PCA, sweep
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(300, 2)) @ random.normal(size=(2, 10)) + 0.1 * random.normal(size=(300, 10))
    >>> sweep(PCA(), X, [1, 2])["recommended"]
    2
    """
    name, params = estimator._description["name"], estimator._params()
    given = {key: value for key, value in params.items() if key != "n_components"}
    limit, seed, jobs = memory_of(estimator.max_memory), seed_of(estimator.random_state), threads(estimator.n_jobs)
    with heard(estimator.verbose) as ear:
        return Report(json.loads(_native.sweep(name, given, [int(k) for k in dims], data_of(X), limit, seed, jobs, ear)))


def measure(
    codes: Any,
    against: Any,
    *,
    k: int | None = None,
    sample: int | str | None = None,
    metric: str = "euclidean",
    particles: int | None = None,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> Measures:
    """Measure how far to trust codes: trustworthiness, continuity, recall, distance correlation.

    Parameters
    ----------
    codes : array, Space or fitted estimator
        Codes ``[n, k]``; a space encodes ``against``. Of a space whose axes are distributions over words, such as a topic model, held-out
        likelihood, coherence and exclusivity are measured instead.
    against : path, array, sparse rows, data frame, list of texts or Observations
        What the codes were made from, row by row; for axes over words, documents.
    k : int, optional
        Number of neighbors per row. By default 15, fewer if there are fewer rows.
    sample : int or 'all', optional
        Rows to measure. By default all, or a sample of many.
    metric : str, default='euclidean'
        Distance between rows of ``against``, if codes are an array.
    particles : int, optional
        For axes over words: also estimate the likelihood by left-to-right sampling with this many particles.
    random_state, n_jobs
        As for the estimators.

    Returns
    -------
    Measures
        The measures by name, each with its interval and its null.

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import measure
    >>> rows = np.random.default_rng(0).normal(size=(100, 3))
    >>> measure(rows[:, :3] * 2, rows)["recall"].value
    1.0
    """
    space = codes if isinstance(codes, Space) else getattr(codes, "space_", None)
    seed, jobs = seed_of(random_state), threads(n_jobs)
    with heard(False) as ear:
        if space is None:
            count = 0 if sample == "all" else sample
            table = codes_of(codes, "codes")
            refuse_gaps(table, "codes", None)
            return measures_of(_native.measure_codes(table, data_of(against), k, count, metric, seed, jobs, ear))
        if space._native.words(1) is not None:
            return measures_of(_native.measure_axes(space._native, data_of(against), particles, seed, jobs, ear))
        return space.measure(against, n_jobs=n_jobs)


def explain(
    codes: Any, against: Any = None, *, rows: Any = None, other_rows: Any = None, n_words: int = 10, n_jobs: int | None = None
) -> Explanation | Report:
    """Explain the dimensions of a space, or what sets some rows apart from others.

    Of a space: loadings or words, correlations with columns and metadata, rows at both ends. Of ``rows``: the observed columns, words, metadata and
    dimensions in which they differ from all other rows by more than chance. A random selection has any finding in at most 5 % of cases. Rows that were
    chosen on a map differ by construction in the columns that the map was learned from: there the effect counts.

    Parameters
    ----------
    codes : Space or fitted estimator; with rows also path, array, sparse rows, data frame, list of texts or Observations
        The space, or the data.
    against : path, array, data frame or Observations, optional
        Rows with the columns of the space. By default the rows that the space keeps.
    rows : list or array of row numbers or ids, boolean mask or path, optional
        The rows to explain. A file holds one number or id per line, or a column ``row`` or ``id``.
    other_rows : like rows, optional
        The rows to compare them with. By default all others.
    n_words : int, default=10
        Number of words or columns per dimension.
    n_jobs : int or None, optional
        Number of threads, as for the estimators.

    Returns
    -------
    Explanation or Report
        One dictionary per dimension, as ``latent explain --json`` prints them. With rows a report: ``findings``, the largest effect (Cliff's delta)
        first, each with ``column``, ``level``, ``effect``, ``p``, ``inside`` and ``outside``.

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PCA, explain
    >>> X = np.random.default_rng(0).normal(size=(100, 3)) * [1, 9, 1]
    >>> explain(PCA(1).fit(X))[0]["loadings"][0]["column"]
    '2'
    >>> found = explain(X, rows=X[:, 1] > 5)
    >>> [(finding["column"], finding["effect"]) for finding in found["findings"]]
    [('2', 1.0)]
    """
    space = codes if isinstance(codes, Space) else getattr(codes, "space_", None)
    if rows is not None:
        data = codes if space is None else against
        if space is None and against is not None:
            raise refuse("against: data were given beside data", "only a space is explained by other data", "explain(data, rows=...)")
        native = None if data is None else data_of(data) if space is None or isinstance(data, (str, os.PathLike)) else _native.Data.rows(space._rows(data, n_jobs))
        others = None if other_rows is None else selected(other_rows, "other_rows")
        with heard(False) as ear:
            found = _native.explain_rows(None if space is None else space._native, native, selected(rows, "rows"), others, threads(n_jobs), ear)
        return Report(json.loads(found))
    if other_rows is not None:
        raise refuse("other_rows: given without rows", "rows are compared with other rows", "explain(data, rows=..., other_rows=...)")
    if space is None:
        raise refuse(f"codes: {type(codes).__name__} was given", "a space or a fitted estimator has axes", "fit(X) learns one; rows= compares rows of data")
    return space.explain(against, n_words=n_words, n_jobs=n_jobs)


def selected(rows: Any, name: str) -> str | tuple[list[str], bool]:
    """A selection of rows for the native module: a file, or entries and whether they are numbers."""
    if isinstance(rows, (str, os.PathLike)):
        return os.fspath(rows)
    entries = np.asarray(rows)
    if entries.ndim != 1 or entries.size == 0:
        raise refuse(f"{name}: an array of shape {entries.shape} was given", "it is a list of row numbers or ids, or a mask", "np.flatnonzero(mask) gives numbers")
    if entries.dtype == bool:
        return [str(row) for row in np.flatnonzero(entries)], True
    if np.issubdtype(entries.dtype, np.integer):
        return [str(row) for row in entries], True
    return [str(entry) for entry in entries], False


def export(
    codes: Any,
    path: str | os.PathLike[str],
    *,
    to: Literal["parquet", "npy", "csv", "svmlight", "word2vec", "glove", "projector", "pyldavis", "html"],
    part: Literal["codes", "axes"] = "codes",
    ids: Any = None,
    labels: Any = None,
    n_jobs: int | None = None,
) -> Report:
    """Write codes or axes for other tools.

    Parameters
    ----------
    codes : array, Space or fitted estimator
        Codes ``[n, k]``, or a space: the codes of the rows that it keeps, or its axes.
    path : path
        File to write; for ``projector``, a folder.
    to : str
        Format: a table (parquet, npy, csv); vectors as text (svmlight, word2vec, glove); ``projector``, the Embedding Projector's vectors.tsv and
        metadata.tsv; of axes over words, ``pyldavis`` (input of its ``prepare``) or ``html`` (the explorer's page of them in one file).
    part : {'codes', 'axes'}, default='codes'
        Coordinates of the rows, or weights of the columns in each dimension: dimensions by columns.
    ids : sequence, optional
        Names of the rows, if codes are an array: the words of word vectors. By default their numbers.
    labels : array, data frame or mapping of names to columns, optional
        Metadata columns, if codes are an array.
    n_jobs : int or None, optional
        Number of threads, as for the estimators.

    Returns
    -------
    Report
        What ``latent export --json`` prints: the format, the numbers of rows and columns, and ``files``.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from latentspace import export
    >>> path = tempfile.mkdtemp() + "/words.txt"
    >>> export(np.eye(2), path, to="word2vec", ids=["king", "queen"])["rows"]
    2
    >>> print(open(path).read(), end="")
    2 2
    king 1 0
    queen 0 1
    """
    space = codes if isinstance(codes, Space) else getattr(codes, "space_", None)
    columns = [] if ids is None else [("id", ids)]
    columns += columns_of(labels)
    if space is not None and columns:
        given = "labels" if ids is None else "ids"
        raise refuse(f"{given}: some were given with a space", "a space keeps its own", "export(space.codes, path, ids=...) names rows anew")
    table = None
    if space is None:
        table = codes_of(codes, "codes")
        refuse_gaps(table, "codes", None)
    native = None if space is None else space._native
    cells = [(name, column(cells, name)) for name, cells in columns]
    return Report(json.loads(_native.export(table, cells, native, os.fspath(path), to, part, threads(n_jobs))))


def dimension(X: Any, *, n_neighbors: int | None = None, random_state: Any = None, n_jobs: int | None = None) -> Measures:
    """Estimate the intrinsic dimension of rows: how many coordinates describe them locally.

    Parameters
    ----------
    X : array, data frame, Observations or path
        Rows ``[n, d]``; a path is read as by ``read``.
    n_neighbors : int, optional
        Number of neighbors per row, at least 2. By default 10, fewer if there are fewer rows.
    random_state, n_jobs
        As for the estimators.

    Returns
    -------
    Measures
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
    with heard(False) as ear:
        return measures_of(_native.dimension(data_of(X), n_neighbors, seed_of(random_state), threads(n_jobs), ear))


def compare(first: Any, second: Any, *, k: int | None = None, random_state: Any = None, n_jobs: int | None = None) -> Measures:
    """Compare two sets of codes of the same rows: CKA, CCA, Procrustes, shared neighbors, distance correlation.

    Of two spaces whose axes are distributions over words, such as topic models, ``report`` holds the matched axes, too.

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
    Measures
        ``cka`` (linear centered kernel alignment), ``cca`` (mean canonical correlation; each of them in ``report``), ``procrustes`` (residual),
        ``neighbors_shared`` and ``distance_correlation`` (Spearman), each with the value for rows in random order as its null.

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
    one, other = side(first, "first"), side(second, "second")
    counts = [len(codes) for codes, _ in (one, other) if codes is not None]
    if len(counts) == 2 and counts[0] != counts[1]:
        raise refuse(f"second: {counts[1]} rows were given", f"first has {counts[0]}", "give the codes of the same rows in the same order")
    with heard(False) as ear:
        return measures_of(_native.compare(one, other, k, seed_of(random_state), threads(n_jobs), ear))


def stability(estimator: Any, X: Any, *, runs: int = 4, k: int | None = None) -> Measures:
    """Measure how much of a map survives another seed and a resample of the rows.

    Parameters
    ----------
    estimator : estimator of latentspace
        The method with its parameters, ``random_state``, ``n_jobs`` and ``max_memory``. It need not be fitted and is not changed.
    X : path, array, sparse rows, data frame, list of texts or Observations
        Rows ``[n, d]``.
    runs : int, default=4
        Number of maps with different seeds, and of maps of bootstrap resamples.
    k : int, optional
        Number of neighbors per row. By default 15, or a third of the rows if that is less.

    Returns
    -------
    Measures
        ``seeds`` and ``bootstrap``: the share of each row's neighbors that stay the same, with the share in random maps as the null. Of axes that are
        distributions over words, such as topics, ``report`` holds the share of top words that stay the same.

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
    name, params = estimator._description["name"], estimator._params()
    limit, seed, jobs = memory_of(estimator.max_memory), seed_of(estimator.random_state), threads(estimator.n_jobs)
    with heard(estimator.verbose) as ear:
        return measures_of(_native.stability(name, params, data_of(X), runs, k, limit, seed, jobs, ear))


def loading_intervals(estimator: Any, X: Any, *, resamples: int = 200) -> list[dict[str, Any]]:
    """Give each loading a 95 % bootstrap interval.

    Each resample draws as many rows as there are, with replacement, and is a fit of its own, whose dimensions are matched with those of all rows, order
    and sign, before loadings are compared.

    Parameters
    ----------
    estimator : estimator of latentspace
        A method whose spaces have loadings, with its parameters, ``random_state``, ``n_jobs`` and ``max_memory``. It is not changed.
    X : path, array, sparse rows, data frame or Observations
        Rows ``[n, d]``.
    resamples : int, default=200
        Number of resamples, at least 20.

    Returns
    -------
    list of dict
        One dictionary per dimension and column: ``dimension``, ``column``, ``value``, ``low``, ``high``.

    See Also
    --------
    stability : How much of a map survives another seed and a resample.

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PCA, loading_intervals
    >>> rows = np.random.default_rng(0).normal(size=(100, 2)) * [9, 1]
    >>> first = loading_intervals(PCA(1), rows, resamples=20)[0]
    >>> first["column"], first["low"] > 0.9
    ('1', True)
    """
    name, params = estimator._description["name"], estimator._params()
    limit, seed, jobs = memory_of(estimator.max_memory), seed_of(estimator.random_state), threads(estimator.n_jobs)
    with heard(estimator.verbose) as ear:
        return json.loads(_native.loading_intervals(name, params, data_of(X), resamples, limit, seed, jobs, ear))


def contributions(space: Any, X: Any, *, n_jobs: int | None = None) -> dict[str, dict[str, np.ndarray]]:
    """Measure what each row and column makes up of each dimension, and how much of it the dimensions show.

    Parameters
    ----------
    space : Space or fitted estimator
        A space with loadings that decodes: PCA, factor analysis.
    X : path, array, data frame or Observations
        Rows ``[n, d]`` with the columns of the space. Rows that it was not learned from are supplementary.
    n_jobs : int or None, optional
        Number of threads, as for the estimators.

    Returns
    -------
    dict
        For ``rows`` and ``columns`` each ``contributions``, the shares in the sum of squares of each dimension, and ``cos2``, the share of the row's own
        sum of squares that a dimension shows, or the squared correlation of the column with it: ``[n, k]`` and ``[d, k]``.

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PCA, contributions
    >>> rows = np.random.default_rng(0).normal(size=(100, 3)) * [9, 3, 1]
    >>> found = contributions(PCA(2).fit(rows), rows)
    >>> found["rows"]["cos2"].shape, found["columns"]["contributions"].sum(axis=0).round(6).tolist()
    ((100, 2), [1.0, 1.0])
    """
    known = space if isinstance(space, Space) else space.space_
    data = data_of(X) if isinstance(X, (str, os.PathLike)) else _native.Data.rows(known._rows(X, n_jobs))
    with heard(False) as ear:
        tables = [cells.reshape(-1, known.n_components) for cells in _native.contributions(known._native, data, threads(n_jobs), ear)]
    return {of: {"contributions": tables[at], "cos2": tables[at + 1]} for of, at in (("rows", 0), ("columns", 2))}


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


def data_of(
    X: Any,
    scale: Scale | None = None,
    missing: Missing | None = None,
    text: TextOptions | None = None,
    options: dict[str, Any] | None = None,
) -> _native.Data:
    """Data for the native module: a file, which is not read yet, or rows."""
    if isinstance(X, (str, os.PathLike)):
        return _native.Data.file(os.fspath(X), read_options(options), prepare_options(scale, missing, text))
    return _native.Data.rows(any_rows(X))


def side(codes: Any, name: str) -> tuple[np.ndarray | None, _native.Space | None]:
    """One side of a comparison: codes, or a space."""
    space = codes if isinstance(codes, Space) else getattr(codes, "space_", None)
    return (kept_codes(codes, name), None) if space is None else (None, space._native)


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
