"""A space: what was learned, as one value and as one file."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from . import _native
from ._data import codes_of, frame_of, like, rows_for, values_of
from ._jobs import threads
from ._observations import observations
from ._progress import heard


class Measure(NamedTuple):
    """A figure that says how far to trust a space: its value, the interval that it lies in with 95 %, and what noise would score."""

    value: float
    low: float
    high: float
    null: float | None


def measures_of(told: str) -> dict[str, Measure]:
    """Measures, as the native part tells them."""
    return {name: Measure(m["value"], m["low"], m["high"], m["null"]) for name, m in json.loads(told).items()}


class Space:
    """A way through a latent space: encodes rows to codes and, where it can, decodes codes to rows.

    It is what ``latent fit`` writes and what an estimator keeps in ``space_``; equal fits give equal bytes.

    A space that was just learned is measured when its measures are first read, and when it is saved or compared, since its file holds
    them. Until then it keeps the rows that it was learned from. A pickle of it takes the measures along that are known by then,
    not the rows: ``measures`` of such a pickle are those that the fit knew, and ``measure`` finds the others on rows.
    """

    def __init__(self, native: _native.Space) -> None:
        self._native = native
        self._told: dict[str, Any] = json.loads(native.describe())
        self._measures: dict[str, Measure] | None = None
        self._found: dict[str, Any] = {}

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Space:
        """Open a file, of this version of the format or an older one. No file can run code.

        Parameters
        ----------
        path : str or path
            A file that ``latent fit`` or ``save`` wrote.

        Returns
        -------
        Space
            What it holds.
        """
        return cls(_native.Space.open(os.fspath(path)))

    @classmethod
    def from_bytes(cls, data: bytes) -> Space:
        """Open the bytes of a file.

        Parameters
        ----------
        data : bytes
            What ``to_bytes`` gave, or a file holds.

        Returns
        -------
        Space
            What they hold.
        """
        return cls(_native.Space.from_bytes(data))

    def to_bytes(self) -> bytes:
        """Give the bytes of the file, the measures among them.

        Returns
        -------
        bytes
            The bytes that ``latent fit`` writes.
        """
        self._measured()
        return self._native.to_bytes()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file, the measures in it, all or nothing: the bytes that ``latent fit`` writes.

        Parameters
        ----------
        path : str or path
            Its name, ``*.latent``.
        """
        self._measured()
        self._native.save(os.fspath(path))

    def encode(self, X: Any, *, n_jobs: int | None = None) -> Any:
        """Give the codes of rows.

        Columns with names are found by them, in any order; others are left out.

        Parameters
        ----------
        X : array, sparse rows, data frame, list of str or path
            Rows ``[n, d]``. A name of a file is read as ``read`` reads it.
        n_jobs : int, optional
            Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.

        Returns
        -------
        ndarray or data frame of shape [n, k]
            Their codes: a data frame of data frames, an array of all else.
        """
        frame = frame_of(X)
        codes = self._native.encode(self._rows(X, n_jobs), threads(n_jobs), None)
        return codes if frame is None else like(frame, codes, self._axes())

    def _rows(self, X: Any, n_jobs: int | None) -> _native.Rows:
        if isinstance(X, (str, os.PathLike)):
            X = observations(X, self._native, n_jobs=n_jobs)
        return rows_for(X, self._told)

    def decode(self, Z: Any, *, n_jobs: int | None = None) -> Any:
        """Give the rows of codes, in the units that were observed.

        Parameters
        ----------
        Z : array or data frame
            Codes ``[n, k]``.
        n_jobs : int, optional
            Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.

        Returns
        -------
        ndarray or data frame of shape [n, d]
            The rows that have these codes.
        """
        frame = frame_of(Z)
        rows = values_of(*self._native.decode(codes_of(Z), threads(n_jobs), None))
        return rows if frame is None else like(frame, rows, self.feature_names or [f"x{i}" for i in range(rows.shape[1])])

    def _axes(self) -> list[str]:
        return [f"z{axis}" for axis in range(self.n_components)]

    @property
    def measures(self) -> dict[str, Measure]:
        """How far to trust it, by name; found when first read."""
        return dict(self._measured())

    def _measured(self, n_jobs: int | None = None, verbose: Any = False) -> dict[str, Measure]:
        if self._measures is None or self._native.unmeasured:
            with heard(verbose) as ear:
                self._measures = measures_of(self._native.measure(threads(n_jobs), ear))
        return self._measures

    def measure(self, X: Any, *, n_jobs: int | None = None) -> dict[str, Measure]:
        """Measure how far to trust where rows lie that it encodes: ``latent measure SPACE --against X``.

        Parameters
        ----------
        X : array, sparse rows, data frame or list of str
            Rows ``[n, d]``.
        n_jobs : int, optional
            Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.

        Returns
        -------
        dict of str to Measure
            Each measure by its name.
        """
        with heard(False) as ear:
            return measures_of(self._native.measure_on(self._rows(X, n_jobs), threads(n_jobs), ear))

    def topics(self, n_words: int = 10) -> list[list[tuple[str, float]]]:
        """Give the likeliest words of each topic, where the dimensions are topics.

        Parameters
        ----------
        n_words : int, default=10
            Words a topic.

        Returns
        -------
        list of list of (str, float)
            Each word and how likely it is in the topic; a column's number where it has no name.
        """
        found = self._native.topics(int(n_words))
        if found is None:
            raise AttributeError(f"topics: the dimensions of a space of {self.method} are no topics")
        names = self.feature_names
        return [[(str(word) if names is None else names[word], share) for word, share in topic] for topic in found]

    def attribute(self, name: str, *, n_jobs: int | None = None, verbose: Any = False) -> Any:
        """Give what the fit found, by the name that the method's class gives it.

        What a method makes anew, such as a graph of neighbors, is kept from then on.

        Parameters
        ----------
        name : str
            ``components_``, ``graph_``, ``get_covariance()``.
        n_jobs : int, optional
            Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
        verbose : bool, default=False
            Whether notes and progress are shown.

        Returns
        -------
        number, ndarray or sparse array
            What it is; arrays cannot be written to.
        """
        if name not in self._found:
            self._found[name] = self._attribute(name, n_jobs, verbose)
        return self._found[name]

    def _attribute(self, name: str, n_jobs: int | None, verbose: Any) -> Any:
        with heard(verbose) as ear:
            found = self._native.attribute(name, threads(n_jobs), ear)
        if not isinstance(found, tuple):
            if isinstance(found, np.ndarray):
                found.flags.writeable = False
            return found
        values, indices, starts, columns = found
        return sparse.csr_array((values, indices.astype(np.int32), starts), shape=(len(starts) - 1, columns))

    @property
    def method(self) -> str:
        """The registry's name of the method."""
        return self._told["method"]

    @property
    def params(self) -> dict[str, Any]:
        """All parameters, as they were given: what was chosen for ``auto`` is among the facts."""
        return dict(self._told["params"])

    @property
    def facts(self) -> dict[str, Any]:
        """What the fit found out about itself."""
        return dict(self._told["facts"])

    @property
    def preparation(self) -> list[str]:
        """How observations become numbers, in sentences."""
        return list(self._told["told"])

    @property
    def seed(self) -> int:
        """The seed."""
        return self._told["seed"]

    @property
    def rows(self) -> int:
        """Rows that it was learned from."""
        return self._told["rows"]

    @property
    def columns(self) -> int:
        """Columns of the rows that it takes."""
        return self._told["columns"]

    @property
    def n_components(self) -> int:
        """Dimensions."""
        return self._told["n_components"]

    @property
    def feature_names(self) -> list[str] | None:
        """Names of the columns, where they have any."""
        return self._told["names"]

    @property
    def decodes(self) -> bool:
        """Whether it decodes."""
        return self._told["decodes"]

    @property
    def codes(self) -> np.ndarray | None:
        """Where the fitted rows lie, ``[n, k]``, if the space keeps them."""
        return self._native.codes()

    def __reduce__(self) -> tuple[Any, ...]:
        # Workers of joblib get what was learned: nobody waits there for measures that nobody asked for.
        return Space.from_bytes, (self._native.to_bytes(),)

    def __copy__(self) -> Space:
        return self

    def __deepcopy__(self, memo: Any) -> Space:
        # Nothing changes a space.
        return self

    def __eq__(self, other: object) -> bool:
        return self.to_bytes() == other.to_bytes() if isinstance(other, Space) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Space({self.method}, {self.rows:,} x {self.columns:,}, {self.n_components} dimensions)"
