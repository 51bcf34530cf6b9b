"""A space: what was learned, as one value and as one file."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

import numpy as np

from . import _native
from ._data import codes_of, frame_of, like, rows_for
from ._jobs import threads
from ._observations import observations


class Measure(NamedTuple):
    """A figure that says how far to trust a space: its value, the interval that it lies in with 95 %, and what noise would score."""

    value: float
    low: float
    high: float
    null: float | None


class Space:
    """A way through a latent space: encodes rows to codes and, where it can, decodes codes to rows.

    It is what ``latent fit`` writes and what an estimator keeps in ``space_``; equal fits give equal bytes.
    """

    def __init__(self, native: _native.Space) -> None:
        self._native = native
        self._told: dict[str, Any] = json.loads(native.describe())

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Space:
        """Opens a file, of this version of the format or an older one. No file can run code."""
        return cls(_native.Space.open(os.fspath(path)))

    @classmethod
    def from_bytes(cls, data: bytes) -> Space:
        """Opens the bytes of a file."""
        return cls(_native.Space.from_bytes(data))

    def to_bytes(self) -> bytes:
        """The bytes of the file."""
        return self._native.to_bytes()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the file, all or nothing."""
        self._native.save(os.fspath(path))

    def encode(self, X: Any, *, n_jobs: int | None = None) -> Any:
        """Codes ``[n, k]`` of rows ``[n, d]``: a data frame of data frames, an array of all else.

        Columns with names are found by them, in any order; others are left out. A name of a file is read as ``read`` reads it.
        """
        frame = frame_of(X)
        if isinstance(X, (str, os.PathLike)):
            X = observations(X, self._native, n_jobs=n_jobs)
        codes = self._native.encode(rows_for(X, self._told), threads(n_jobs), None)
        return codes if frame is None else like(frame, codes, self._axes())

    def decode(self, Z: Any, *, n_jobs: int | None = None) -> Any:
        """Rows ``[n, d]`` of codes ``[n, k]``, in the units that were observed."""
        frame = frame_of(Z)
        values, offsets = self._native.decode(codes_of(Z), threads(n_jobs), None)
        rows = values + np.asarray(offsets) if offsets else values
        return rows if frame is None else like(frame, rows, self.feature_names or [f"x{i}" for i in range(rows.shape[1])])

    def _axes(self) -> list[str]:
        return [f"z{axis}" for axis in range(self.n_components)]

    @property
    def measures(self) -> dict[str, Measure]:
        """How far to trust it, by name."""
        return {name: Measure(m["value"], m["low"], m["high"], m["null"]) for name, m in self._told["measures"].items()}

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
        return Space.from_bytes, (self.to_bytes(),)

    def __eq__(self, other: object) -> bool:
        return self.to_bytes() == other.to_bytes() if isinstance(other, Space) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Space({self.method}, {self.rows:,} x {self.columns:,}, {self.n_components} dimensions)"
