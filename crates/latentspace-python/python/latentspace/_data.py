"""Convert rows, texts, labels and neighbors for the native module, and results to data frames of the library of the input."""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_array, validate_data

from . import _native
from ._observations import Observations, text_options
from ._options import TextOptions
from ._rows import Rows, is_annotated, is_missing, numbers_of, plain, refuse, refuse_gaps, refuse_negative, rows_of, table_of


def frame_of(X: Any) -> nw.DataFrame | None:
    """X as a data frame, if it is one."""
    if isinstance(X, (np.ndarray, list, tuple, str, Rows)) or sparse.issparse(X) or is_annotated(X):
        return None
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    return frame if isinstance(frame, nw.DataFrame) else None


def like(frame: nw.DataFrame, values: np.ndarray, names: Sequence[str]) -> Any:
    """The values as a data frame of the same library, with the same index where it has one."""
    out = nw.from_numpy(np.asarray(values), schema=[str(name) for name in names], backend=frame.implementation).to_native()
    if frame.implementation.is_pandas_like():
        out.index = frame.to_native().index
    return out


def texts_of(X: Any, name: str = "X") -> list[str | list[str]] | None:
    """X as documents, if it is a list or a column of texts or of lists of words; otherwise None.

    Raises
    ------
    InputError
        For a row among texts that is not a text.
    """
    if isinstance(X, np.ndarray):
        if X.ndim != 1 or X.dtype.kind not in "OUT":
            return None
        X = X.tolist()
    elif not isinstance(X, (list, tuple)):
        if isinstance(X, str) or not (isinstance(X, Sequence) or hasattr(X, "__arrow_c_array__") or column_of(X) is not None):
            return None
        X = table_of(X, name)
        if isinstance(X, nw.DataFrame):
            return None
        X = plain(X, name)
        if X.ndim != 1 or X.dtype.kind not in "OUT":
            return None
        X = X.tolist()
    documents = [document_of(text) for text in X]
    # Only empty lists: they may be rows of numbers.
    if not any(documents) and not any(isinstance(document, str) for document in documents):
        return None
    if None in documents:
        row = documents.index(None)
        raise refuse(
            f"{name}, row {row}: {X[row]!r} was found",
            "all rows must be texts",
            f"[text or '' for text in {name}] replaces missing texts by empty ones",
        )
    return documents


def document_of(cell: Any) -> str | list[str] | None:
    """A text, or a list of words, which is not tokenized; None for anything else."""
    if isinstance(cell, str):
        return str(cell)
    words = isinstance(cell, (list, tuple, np.ndarray)) and all(isinstance(word, str) for word in cell)
    return [str(word) for word in cell] if words else None


def column_of(X: Any) -> nw.Series | None:
    """X as a column of a data frame, if it is one."""
    series = nw.from_native(X, series_only=True, allow_series=True, pass_through=True)
    return series if isinstance(series, nw.Series) else None


def native_rows(X: Any, names: Sequence[str] | None = None, text: TextOptions | None = None) -> _native.Rows:
    """X (an array, sparse rows or texts) as native rows; without a copy if the array is contiguous."""
    if isinstance(X, Observations):
        return X._native
    texts = texts_of(X)
    if texts is not None:
        return _native.Rows.text(texts, text_options(text))
    if text is not None:
        raise _native.ParamError("text: text options were given; the rows are not texts.")
    if sparse.issparse(X):
        return sparse_rows(X, names)
    X = np.asarray(X)
    if X.dtype.kind == "f" and X.dtype.itemsize > 8:
        X = X.astype(np.float64)
    return dense_rows(X, names)


def dense_rows(X: np.ndarray, names: Sequence[str] | None, categories: Sequence[tuple[str, list[str | None]]] = ()) -> _native.Rows:
    """Native rows of numbers with the names of their columns, and of categorical columns."""
    fortran = X.flags.f_contiguous and not X.flags.c_contiguous
    flat = (X.T if fortran else np.ascontiguousarray(X)).reshape(-1)
    return _native.Rows.dense(
        flat.view(np.uint8), X.dtype.str, list(X.shape), fortran, None if names is None else list(names), list(categories)
    )


def sparse_rows(X: Any, names: Sequence[str] | None = None) -> _native.Rows:
    """Native rows of a sparse matrix of any format; explicit zeros are removed, duplicate cells summed."""
    rows = X.tocsr()
    if not rows.has_canonical_format or np.any(rows.data == 0):
        rows = rows.copy() if rows is X else rows
        rows.sum_duplicates()
        rows.eliminate_zeros()
    values = rows.data
    if values.dtype != np.float32:
        with np.errstate(over="ignore", under="ignore"):
            narrow = values.astype(np.float32)
        if values.any() and not narrow.any():
            raise refuse(
                f"X: cells no larger than {np.abs(values).max():g}",
                "sparse rows hold numbers of 32 bits: 0, and 1e-45 to 3.4e38",
                "multiply all cells by a power of 10 first, or give a dense array",
            )
        values = narrow
    starts, indices = rows.indptr.astype(np.int64, copy=False), rows.indices.astype(np.int64, copy=False)
    return _native.Rows.sparse(starts, indices, values, rows.shape[1], None if names is None else list(names))


def values_of(cells: np.ndarray, offsets: list[float], scales: list[float]) -> np.ndarray:
    """The values that cells of 32 bits stand for: in 64 bits where columns have an offset or a scale."""
    if scales:
        cells = cells * np.asarray(scales)
    return cells + np.asarray(offsets) if offsets else cells


def codes_of(Z: Any, name: str = "Z") -> np.ndarray:
    """Codes as an array of float32, row by row."""
    codes = rows_of(Z, name).values
    codes = np.ascontiguousarray(codes.toarray() if sparse.issparse(codes) else codes, dtype=np.float32)
    if codes.ndim != 2:
        raise refuse(
            f"{name}: an array of shape {codes.shape} was given",
            "codes have two axes, rows and dimensions",
            f"numpy.reshape({name}, (-1, 1)) gives codes of one dimension",
        )
    return codes


def near_rows(neighbors: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precomputed neighbors as sparse rows: starts, indices, distances.

    Accepts indices and distances ``[n, k]`` as from pynndescent, umap-learn and faiss (negative indices are ignored), or a sparse matrix of
    distances ``[n, n]`` as from scikit-learn's ``kneighbors_graph``.
    """
    if sparse.issparse(neighbors):
        graph = neighbors.tocsr()
        if graph.shape[0] != graph.shape[1]:
            raise _native.ParamError(f"neighbors: a matrix of shape {graph.shape} was given; it must be square, [n, n].")
        return graph.indptr.astype(np.int64), graph.indices.astype(np.int64), graph.data.astype(np.float32)
    try:
        indices, distances = (plain(part) for part in tuple(neighbors)[:2])
    except (TypeError, ValueError):
        indices, distances = np.empty(0), np.empty(0)
    if indices.ndim != 2 or indices.shape != distances.shape or indices.dtype.kind not in "iu":
        raise _native.ParamError("neighbors: two arrays [n, k] are needed, whole-numbered indices and distances, or a sparse matrix.")
    there = indices >= 0
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int64)
    return starts, indices[there].astype(np.int64), distances[there].astype(np.float32)


def weights_of(weights: Any) -> np.ndarray | None:
    """Weights of rows as an array of float32."""
    if weights is None:
        return None
    found = np.ascontiguousarray(plain(weights), dtype=np.float32)
    if found.ndim != 1:
        raise _native.ParamError(f"weights: an array of shape {found.shape} was given; one number a row is needed, [n].")
    return found


def errors_of(errors: Any, X: Any, columns: int) -> np.ndarray:
    """Standard errors of the cells of X as an array of float32; of all cells, if one number is given."""
    if np.ndim(errors) == 0:
        return np.full((X.shape[0] if hasattr(X, "shape") else len(X), columns), errors, dtype=np.float32)
    return codes_of(errors, "errors")


def columns_of(labels: Any) -> list[tuple[str, Any]]:
    """Labels as named columns."""
    if labels is None:
        return []
    if isinstance(labels, Mapping) and not hasattr(labels, "__array__"):
        return [(str(name), cells) for name, cells in labels.items()]
    frame = frame_of(labels)
    if frame is not None:
        return [(str(name), frame[name].to_native()) for name in frame.columns]
    cells = plain(labels, "labels")
    if cells.ndim == 2:
        return [(f"label{i}", cells[:, i]) for i in range(cells.shape[1])]
    return [(str(getattr(labels, "name", None) or "label"), cells)]


def column(cells: Any, name: str = "labels") -> Any:
    """A column for the native module: integers, numbers (NaN: missing), or texts (None: missing)."""
    cells = plain(table_of(cells, name) if isinstance(cells, (str, bytes)) else cells, name)
    if cells.ndim == 2 and cells.shape[1] == 1:
        cells = cells[:, 0]
    if cells.ndim != 1:
        raise refuse(
            f"{name}: a column of shape {cells.shape} was given",
            "it must have one cell per row",
            "argmax(axis=1) turns one-hot columns into labels",
        )
    if cells.dtype.kind == "u" and (cells > np.iinfo(np.int64).max).any():
        return [str(cell) for cell in cells]
    if cells.dtype.kind in "iu":
        return np.ascontiguousarray(cells, dtype=np.int64)
    if cells.dtype.kind == "f":
        return np.ascontiguousarray(cells, dtype=np.float64)
    if cells.dtype.kind in "mM":
        texts = np.datetime_as_string(cells) if cells.dtype.kind == "M" else cells.astype(str)
        return [None if lacks else str(text) for text, lacks in zip(texts, np.isnat(cells))]
    cells = [None if is_missing(cell) else cell for cell in cells.tolist()]
    there = [cell for cell in cells if cell is not None]
    if there and all(isinstance(cell, numbers.Real) and not isinstance(cell, bool) for cell in there):
        return np.array([np.nan if cell is None else float(cell) for cell in cells])
    return [None if cell is None else str(cell) for cell in cells]


def rows_for(X: Any, told: Mapping[str, Any]) -> _native.Rows:
    """X as native rows for a space with this description: named columns are found by name, others are ignored."""
    if isinstance(X, Observations) or told["kind"] == "text":
        return native_rows(X)
    wanted, categories = told["names"], told["categories"]
    table = table_of(X)
    if wanted is not None and isinstance(table, nw.DataFrame) and all(isinstance(name, str) for name in table.columns):
        places(table.columns, [*wanted, *categories], "X")
        values = numbers_of(table.select(wanted), "X") if wanted else np.empty((len(table), 0), dtype=np.float32)
        values = values.toarray() if sparse.issparse(values) else values
        if told["missing"] == "error":
            refuse_gaps(values, "X", wanted)
        if told["kind"] == "counts":
            return sparse_rows(sparse.csr_array(values))
        return dense_rows(values, wanted, [(name, levels_of(table[name])) for name in categories])
    rows = rows_of(X)
    values, names = rows.values, wanted
    if rows.names is not None and wanted is not None:
        values = values[:, places(rows.names, wanted, "X")]
    if values.ndim == 2 and told["image"] is None and values.shape[1] != told["columns"]:
        named = f": {', '.join(repr(name) for name in wanted[:5])}{', …' if len(wanted) > 5 else ''}" if wanted is not None else ""
        hint = "a data frame's columns are found by name" if wanted is not None else "give the columns of the fit, in their order"
        raise refuse(f"X: {values.shape[1]} columns were given", f"this space takes {told['columns']} columns{named}", hint)
    if told["missing"] == "error" and told["kind"] != "images":
        refuse_gaps(values, "X", names)
    return native_rows(as_kind(values, told["kind"]))


def as_kind(values: Any, kind: str) -> Any:
    """Sparse values for a space learned from sparse rows, dense ones for all others."""
    if sparse.issparse(values):
        return values if kind == "counts" else values.toarray()
    return sparse.csr_array(values) if kind == "counts" and values.ndim == 2 else values


def levels_of(series: nw.Series) -> list[str | None]:
    """The categories of a column's rows, written as in files."""
    cells = (None if is_missing(cell) else cell for cell in series.to_list())
    return [cell if cell is None else str(cell).lower() if isinstance(cell, (bool, np.bool_)) else str(cell) for cell in cells]


def checked(estimator: Any, X: Any, reset: bool, gaps: bool = False) -> tuple[Any, Sequence[str] | None]:
    """X as an array or sparse rows for an estimator, and the names of its columns if it is fitted. Cells may be missing if ``gaps``.

    scikit-learn checks the number of axes and rows, and that the columns are those of the fit.
    """
    rows = rows_of(X)
    # A fit needs at least two rows. refuse_gaps refuses cells that are not finite, with the name of their column.
    ask = {"accept_sparse": "csr" if estimator._description["sparse"] else False, "dtype": "numeric"}
    ask |= {"ensure_min_samples": 2 if reset else 1, "ensure_all_finite": False}
    names = rows.names
    if rows.frame is not None:
        # Check the names and the number of the frame's columns.
        validate_data(estimator, rows.frame.to_native(), reset=reset, skip_check_array=True)
        values = check_array(rows.values, estimator=estimator, input_name="X", **ask)
        names = rows.frame.columns if all(isinstance(name, str) for name in rows.frame.columns) else None
    elif names is not None:
        known = getattr(estimator, "feature_names_in_", None)
        values = rows.values if reset or known is None else rows.values[:, places(names, known, "X")]
        values = check_array(values, estimator=estimator, input_name="X", **ask)
        if reset:
            estimator.feature_names_in_, estimator.n_features_in_ = np.asarray(names, dtype=object), values.shape[1]
        elif known is not None:
            names = list(known)
    else:
        values = validate_data(estimator, rows.values, reset=reset, **ask)
        names = None if reset else getattr(estimator, "feature_names_in_", None)
    if not gaps:
        refuse_gaps(values, "X", names)
    if estimator._description["signs"] == "non-negative":
        refuse_negative(values, "X", names, counts="table" not in estimator._description["takes"])
    return (values, names) if reset else (as_kind(values, estimator.space_._told["kind"]), None)


def places(names: Sequence[str], wanted: Sequence[str], name: str) -> list[int]:
    """Positions of the wanted columns among ``names``.

    Raises
    ------
    InputError
        For missing columns; the message names them.
    """
    at = {column: place for place, column in enumerate(names)}
    lacking = [column for column in wanted if column not in at]
    if lacking:
        near = {column: difflib.get_close_matches(column, names, 1) for column in lacking}
        hint = ", ".join(f"there is '{found[0]}' for '{column}'" for column, found in near.items() if found)
        shown = ", ".join(f"'{column}'" for column in lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
        there = ", ".join(f"'{column}'" for column in list(names)[:5]) + (", …" if len(names) > 5 else "")
        raise refuse(f"{name}: no column {shown}", "all columns of the fit are needed", hint or f"the columns are {there}")
    return [at[column] for column in wanted]
