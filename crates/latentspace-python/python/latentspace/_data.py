"""Rows in and out: NumPy, SciPy sparse, and data frames of any library that narwhals knows."""

from __future__ import annotations

import json
from typing import Any, Sequence

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse

from . import _native


def frame_of(X: Any) -> nw.DataFrame | None:
    """X as a data frame, if it is one."""
    if isinstance(X, (np.ndarray, list)) or sparse.issparse(X):
        return None
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    return frame if isinstance(frame, nw.DataFrame) else None


def like(frame: nw.DataFrame, values: np.ndarray, names: Sequence[str]) -> Any:
    """The values as a data frame of the same library, with the same index where it has one."""
    out = nw.from_numpy(np.asarray(values), schema=[str(name) for name in names], backend=frame.implementation).to_native()
    if frame.implementation.is_pandas_like():
        out.index = frame.to_native().index
    return out


def texts_of(X: Any) -> list[str] | None:
    """X as documents, if it is a list of texts, or a column of them."""
    if not isinstance(X, (list, tuple)):
        if getattr(X, "ndim", None) != 1 or getattr(X, "dtype", None) in (bool, int, float):
            return None
        X = list(X)
    if len(X) and all(isinstance(text, str) for text in X):
        return [str(text) for text in X]
    documents = [document_of(text) for text in X]
    # An empty list alone may be a row of numbers.
    return documents if any(documents) and all(document is not None for document in documents) else None


def document_of(text: Any) -> str | None:
    """A text, or a list of words, which the native part counts as they are; None if it is neither."""
    if isinstance(text, str):
        return str(text)
    if not isinstance(text, (list, tuple, np.ndarray)) or not all(isinstance(word, str) for word in text):
        return None
    return "".join("\x1f" + word.replace("\x1f", " ") for word in text)


def text_options(text: dict[str, Any] | None) -> str | None:
    """Which words of text are counted, as the native part takes it."""
    if text is None:
        return None
    given = dict(text)
    stop = given.get("stop_words", "auto")
    if isinstance(stop, str) and stop not in ("auto", "none"):
        given["stop_words"] = {"languages": [name.strip() for name in stop.split(",")]}
    elif not isinstance(stop, str):
        given["stop_words"] = "none" if stop is None else {"words": [str(word) for word in stop]}
    return json.dumps(given)


def read_options(read: dict[str, Any] | None) -> str | None:
    """How files are read, as the native part takes it."""
    return json.dumps(read, default=str) if read else None


def native_rows(X: Any, names: Sequence[str] | None = None, text: dict[str, Any] | None = None) -> _native.Rows:
    """X, an array, sparse rows or texts, as the native part takes it; without a copy where its numbers lie one after the other."""
    texts = texts_of(X)
    if texts is not None:
        return _native.Rows.text(texts, text_options(text))
    if text is not None:
        raise _native.ParamError("text: options of text were given; the rows are none.")
    if sparse.issparse(X):
        X = X.tocsr()
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        starts, indices = X.indptr.astype(np.int64, copy=False), X.indices.astype(np.int64, copy=False)
        return _native.Rows.sparse(starts, indices, X.data.astype(np.float32, copy=False), X.shape[1])
    X = np.asarray(X)
    if X.dtype.kind == "f" and X.dtype.itemsize > 8:
        X = X.astype(np.float64)
    fortran = X.flags.f_contiguous and not X.flags.c_contiguous
    flat = (X.T if fortran else np.ascontiguousarray(X)).reshape(-1)
    return _native.Rows.dense(flat.view(np.uint8), X.dtype.str, list(X.shape), fortran, None if names is None else list(names))


def codes_of(Z: Any) -> np.ndarray:
    """Codes as an array of float32, row by row."""
    frame = frame_of(Z)
    return np.ascontiguousarray(Z if frame is None else frame.to_numpy(), dtype=np.float32)


def near_rows(neighbors: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Neighbors as sparse rows: starts, indices, distances.

    They are indices and distances ``[n, k]``, as pynndescent, umap-learn and faiss give them (negative indices are none), or a sparse
    matrix of distances ``[n, n]``, as scikit-learn's ``kneighbors_graph`` does.
    """
    if sparse.issparse(neighbors):
        graph = neighbors.tocsr()
        if graph.shape[0] != graph.shape[1]:
            raise _native.ParamError(f"neighbors: a matrix of shape {graph.shape} was given; it has a row and a column for each row.")
        return graph.indptr.astype(np.int64), graph.indices.astype(np.int64), graph.data.astype(np.float32)
    try:
        indices, distances = (np.asarray(part) for part in tuple(neighbors)[:2])
    except (TypeError, ValueError):
        indices, distances = np.empty(0), np.empty(0)
    if indices.ndim != 2 or indices.shape != distances.shape or indices.dtype.kind not in "iu":
        raise _native.ParamError("neighbors: two arrays [n, k] are needed, whole-numbered indices and distances, or a sparse matrix.")
    there = indices >= 0
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int64)
    return starts, indices[there].astype(np.int64), distances[there].astype(np.float32)


def column(cells: Any, name: str = "labels") -> Any:
    """A column as the native part takes it: whole numbers, numbers, or texts."""
    cells = np.asarray(cells)
    if cells.ndim != 1:
        raise _native.ParamError(f"{name}: a column of shape {cells.shape} was given; it must have one cell a row.")
    if cells.dtype.kind in "iu":
        return np.ascontiguousarray(cells, dtype=np.int64)
    if cells.dtype.kind == "f":
        return np.ascontiguousarray(cells, dtype=np.float64)
    # NaN and NaT alone differ from themselves.
    return [None if cell is None or cell != cell else str(cell) for cell in cells.tolist()]
