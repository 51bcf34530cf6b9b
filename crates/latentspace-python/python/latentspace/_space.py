"""A space: a fitted preparation and model, as one object and as one file."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
from scipy import sparse

from . import _native
from ._data import codes_of, frame_of, like, rows_for, values_of
from ._jobs import seed_of, threads
from ._observations import observations
from ._progress import heard
from ._report import Explanation, Measure, Measures, Report, measures_of


class Space:
    """A latent space: encodes rows to codes and, for most methods, decodes codes to rows.

    ``latent fit`` writes it, and an estimator keeps it in ``space_``. Equal fits give equal bytes.

    Measures are computed when they are first read, and when the space is saved or compared, since its file contains them. Until then the
    space keeps the rows that it was learned from. A pickle contains the measures computed so far, but not the rows; ``measure`` computes the
    others on given rows.
    """

    def __init__(self, native: _native.Space) -> None:
        self._native = native
        self._told: dict[str, Any] = json.loads(native.describe())
        self._measures: Measures | None = None
        #: What ``latent fit --json`` prints, of a space of ``latentspace.fit``.
        self.report = Report()
        self._found: dict[str, Any] = {}

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Space:
        """Open a space file of this or an older version of the format. Opening a file never runs code from it.

        Parameters
        ----------
        path : str or path
            A file that ``latent fit`` or ``save`` wrote.

        Returns
        -------
        Space
            The space.
        """
        return cls(_native.Space.open(os.fspath(path)))

    @classmethod
    def from_bytes(cls, data: bytes) -> Space:
        """Open the bytes of a space file.

        Parameters
        ----------
        data : bytes
            The result of ``to_bytes``, or the content of a file.

        Returns
        -------
        Space
            The space.
        """
        return cls(_native.Space.from_bytes(data))

    def to_bytes(self) -> bytes:
        """Return the bytes of the file, including the measures.

        Returns
        -------
        bytes
            The bytes that ``latent fit`` writes.
        """
        self._measured()
        return self._native.to_bytes()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the space file, including the measures: the bytes that ``latent fit`` writes. An interrupted write leaves the old file.

        Parameters
        ----------
        path : str or path
            Name of the file, ``*.latent``.
        """
        self._measured()
        self._native.save(os.fspath(path))

    def encode(self, X: Any, *, n_jobs: int | None = None) -> Any:
        """Encode rows: compute their codes.

        Named columns are found by name, in any order; other columns are ignored.

        Parameters
        ----------
        X : array, sparse rows, data frame, list of str or path
            Rows ``[n, d]``. A file name is read as by ``read``.
        n_jobs : int, optional
            Number of threads. None and -1: all cores, or 1 inside a joblib worker.

        Returns
        -------
        ndarray or data frame of shape [n, k]
            The codes; a data frame if X is one.
        """
        frame = frame_of(X)
        codes = self._native.encode(self._rows(X, n_jobs), threads(n_jobs), None)
        return codes if frame is None else like(frame, codes, self._axes())

    def _rows(self, X: Any, n_jobs: int | None) -> _native.Rows:
        if isinstance(X, (str, os.PathLike)):
            X = observations(X, self._native, n_jobs=n_jobs)
        return rows_for(X, self._told)

    def decode(self, Z: Any, *, n_jobs: int | None = None) -> Any:
        """Decode codes into rows, in the original units.

        Parameters
        ----------
        Z : array or data frame
            Codes ``[n, k]``.
        n_jobs : int, optional
            Number of threads. None and -1: all cores, or 1 inside a joblib worker.

        Returns
        -------
        ndarray or data frame of shape [n, d]
            The decoded rows.
        """
        frame = frame_of(Z)
        rows = values_of(*self._native.decode(codes_of(Z), threads(n_jobs), None))
        return rows if frame is None else like(frame, rows, self.feature_names or [f"x{i}" for i in range(rows.shape[1])])

    def _axes(self) -> list[str]:
        return [f"z{axis}" for axis in range(self.n_components)]

    @property
    def measures(self) -> Measures:
        """Measures of the space by name, computed when first read."""
        return Measures(self._measured())

    def _measured(self, n_jobs: int | None = None, verbose: Any = False) -> Measures:
        if self._measures is None or self._native.unmeasured:
            with heard(verbose) as ear:
                self._measures = measures_of(self._native.measure(threads(n_jobs), ear))
        return self._measures

    def measure(self, X: Any, *, n_jobs: int | None = None) -> Measures:
        """Encode rows and measure their codes: ``latent measure SPACE --against X``.

        Parameters
        ----------
        X : array, sparse rows, data frame or list of str
            Rows ``[n, d]``.
        n_jobs : int, optional
            Number of threads. None and -1: all cores, or 1 inside a joblib worker.

        Returns
        -------
        Measures
            The measures by name.
        """
        with heard(False) as ear:
            return measures_of(self._native.measure_on(self._rows(X, n_jobs), threads(n_jobs), ear))

    def topics(self, n_words: int = 10) -> list[list[tuple[str, float]]]:
        """Return the most probable words of each topic, for topic models.

        Parameters
        ----------
        n_words : int, default=10
            Number of words per topic.

        Returns
        -------
        list of list of (str, float)
            Each word with its probability in the topic; the column number if columns have no names.
        """
        found = self._native.words(int(n_words))
        if found is None:
            raise AttributeError(f"topics: the dimensions of {self.method} are not topics")
        names = self.feature_names
        return [[(str(word) if names is None else names[word], share) for word, share in topic] for topic in found]

    def explain(self, X: Any = None, *, n_words: int = 10, n_jobs: int | None = None) -> Explanation:
        """Explain the dimensions: ``latent explain SPACE``, with ``--against X`` if X is given.

        Parameters
        ----------
        X : path, array, data frame or Observations, optional
            Rows ``[n, d]`` with the columns of the space. By default the rows that the space keeps.
        n_words : int, default=10
            Number of words or columns per dimension.
        n_jobs : int, optional
            Number of threads. None and -1: all cores, or 1 inside a joblib worker.

        Returns
        -------
        Explanation
            One dictionary per dimension.
        """
        data = None if X is None else _native.Data.rows(self._rows(X, n_jobs))
        with heard(False) as ear:
            return Explanation(json.loads(self._native.explain(data, int(n_words), threads(n_jobs), ear)))

    @property
    def axes(self) -> np.ndarray | None:
        """What each dimension is made of: the weights of the columns, ``[k, columns]``; None if the space has no axes."""
        found = self._native.axes()
        return None if found is None else found[0]

    @property
    def axis_columns(self) -> list[str] | None:
        """Names of the columns of ``axes``: columns, levels of categories, words; None if the space has no axes."""
        found = self._native.axes()
        return None if found is None else found[1]

    @property
    def can(self) -> list[str]:
        """What the space can do beyond encoding: ``kept``, ``axes``, ``sampler``."""
        return list(self._told["can"])

    def generate(self, n: int, *, random_state: Any = None, n_jobs: int | None = None) -> np.ndarray:
        """Generate rows: codes are drawn from the distribution that the space learned, and decoded.

        Parameters
        ----------
        n : int
            Number of rows. Row i is the same for any ``n`` greater than i.
        random_state : int, RandomState, Generator or None
            Random seed.
        n_jobs : int, optional
            Number of threads. None and -1: all cores, or 1 inside a joblib worker.

        Returns
        -------
        ndarray of shape [n, d]
            The rows, in the original units.
        """
        codes = self._native.sample(int(n), seed_of(random_state), threads(n_jobs))
        if codes is None:
            raise AttributeError(f"generate: {self.method} learns no distribution of codes")
        return self.decode(codes, n_jobs=n_jobs)

    def attribute(self, name: str, *, n_jobs: int | None = None, verbose: Any = False) -> Any:
        """Return a fitted attribute by its name in the method's class.

        Attributes that must be recomputed, such as a neighbor graph, are cached.

        Parameters
        ----------
        name : str
            Name of the attribute: ``components_``, ``graph_``, ``get_covariance()``.
        n_jobs : int, optional
            Number of threads. None and -1: all cores, or 1 inside a joblib worker.
        verbose : bool, default=False
            Show notes and progress.

        Returns
        -------
        number, ndarray or sparse array
            The attribute; arrays are read-only.
        """
        if name not in self._found:
            self._found[name] = self._attribute(name, n_jobs, verbose)
        return self._found[name]

    def _attribute(self, name: str, n_jobs: int | None, verbose: Any) -> Any:
        with heard(verbose) as ear:
            found = self._native.attribute(name, threads(n_jobs), ear)
        if isinstance(found, list):
            found = np.array(found, dtype=object)
        if not isinstance(found, tuple):
            if isinstance(found, np.ndarray):
                found.flags.writeable = False
            return found
        values, indices, starts, columns = found
        return sparse.csr_array((values, indices.astype(np.int32), starts), shape=(len(starts) - 1, columns))

    @property
    def method(self) -> str:
        """Registry name of the method."""
        return self._told["method"]

    @property
    def params(self) -> dict[str, Any]:
        """All parameters as given: ``facts`` holds the values chosen for ``auto``."""
        return dict(self._told["params"])

    @property
    def facts(self) -> dict[str, Any]:
        """Facts about the fit: the algorithm, the values chosen for ``auto``, the number of iterations."""
        return dict(self._told["facts"])

    @property
    def preparation(self) -> list[str]:
        """The preparation of observations (scaling, missing cells, categories), in sentences."""
        return list(self._told["told"])

    @property
    def seed(self) -> int:
        """Random seed of the fit."""
        return self._told["seed"]

    @property
    def rows(self) -> int:
        """Number of rows that it was learned from."""
        return self._told["rows"]

    @property
    def columns(self) -> int:
        """Number of columns of its rows."""
        return self._told["columns"]

    @property
    def n_components(self) -> int:
        """Number of dimensions of the codes."""
        return self._told["n_components"]

    @property
    def feature_names(self) -> list[str] | None:
        """Names of the columns, if they have names."""
        return self._told["names"]

    @property
    def decodes(self) -> bool:
        """Whether the space decodes codes."""
        return self._told["decodes"]

    @property
    def codes(self) -> np.ndarray | None:
        """Codes ``[n, k]`` of the fitted rows, if the space keeps them."""
        return self._native.codes()

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickling does not compute measures, so that joblib workers need not wait for them.
        return Space.from_bytes, (self._native.to_bytes(),)

    def __copy__(self) -> Space:
        return self

    def __deepcopy__(self, memo: Any) -> Space:
        # A space is immutable.
        return self

    def __eq__(self, other: object) -> bool:
        return self.to_bytes() == other.to_bytes() if isinstance(other, Space) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Space({self.method}, {self.rows:,} x {self.columns:,}, {self.n_components} dimensions)"
