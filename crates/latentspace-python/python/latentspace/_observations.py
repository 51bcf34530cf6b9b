"""Observations read from files, as the command line reads them."""

from __future__ import annotations

import json
import os
from typing import Any

from . import _native
from ._jobs import threads


class Observations:
    """Observations with their metadata columns, read from a file, a folder or a pattern.

    Estimators, spaces and ``explore`` accept it wherever they accept arrays. Its preparation (scaling, missing cells, categories, words) is
    chosen as by ``latent fit``: the space has the bytes that ``latent fit`` would write.
    """

    def __init__(self, native: _native.Rows, notes: list[str]) -> None:
        self._native = native
        self._told: dict[str, Any] = json.loads(native.describe())
        #: Notes of the reader: delimiter, header, metadata columns.
        self.notes = notes

    @property
    def name(self) -> str:
        """Name of the data."""
        return self._told["name"]

    @property
    def kind(self) -> str:
        """Kind of the data: ``table``, ``array``, ``images``, ``counts`` or ``text``."""
        return self._told["kind"]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows, and of columns to learn from (1 for text)."""
        return self._told["rows"], self._told["columns"]

    @property
    def columns(self) -> list[str] | None:
        """Names of the numeric columns to learn from, if they have names."""
        return self._told["names"]

    @property
    def metadata(self) -> list[str]:
        """Names of the metadata columns, which are not learned from."""
        return self._told["metadata"]

    def __len__(self) -> int:
        return self._told["rows"]

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"Observations({self.name!r}, {self.kind}, {rows:,} x {columns:,})"


def read(
    data: str | os.PathLike[str],
    *,
    scale: str | None = None,
    missing: str | None = None,
    text: dict[str, Any] | None = None,
    n_jobs: int | None = None,
    **options: Any,
) -> Observations:
    """Read a file, a folder of images or texts, or a pattern of files, as the command line does.

    Parameters
    ----------
    data : str or path
        ``.csv``, ``.parquet``, ``.npy``, ``.mtx``, ``.txt``, a folder, ``parts/*.parquet`` and so on.
    scale : {'auto', 'none', 'standard', 'robust', 'unit'}, optional
        Scaling of the columns. By default, named columns are standardized if their spreads differ more than tenfold.
    missing : {'error', 'mean', 'median'}, optional
        How missing cells are handled. By default, cells of tables are imputed by the column's mean.
    text : dict, optional
        Which words are counted, as for ``fit``.
    n_jobs : int or None, optional
        Number of threads, as for the estimators.
    **options
        The reading options of ``latent fit``: ``format``, ``delimiter``, ``decimal``, ``header``, ``columns``, ``labels``, ``id`` and so on.

    Returns
    -------
    Observations
        Input of ``fit``, ``transform``, ``Space.encode`` and ``explore``.

    Raises
    ------
    InputError
        If data cannot be read; the message names file, row and column.
    ParamError
        If an option is unknown or the format cannot use it.

    See Also
    --------
    Space.open : Open a space.

    Examples
    --------
    >>> from latentspace import PCA, read
    >>> table = read("table.csv", delimiter=";")  # doctest: +SKIP
    >>> PCA(2).fit(table).measures_  # doctest: +SKIP
    """
    return observations(data, None, scale, missing, text, n_jobs, options)


def observations(
    data: str | os.PathLike[str],
    space: _native.Space | None,
    scale: str | None = None,
    missing: str | None = None,
    text: dict[str, Any] | None = None,
    n_jobs: int | None = None,
    options: dict[str, Any] | None = None,
) -> Observations:
    """The observations of a file; for a space, its columns."""
    native, notes = _native.Rows.open(
        os.fspath(data), read_options(options), scale, missing, text_options(text), space, threads(n_jobs), None
    )
    return Observations(native, notes)


def read_options(read: dict[str, Any] | None) -> str | None:
    """Reading options for the native module, as JSON."""
    return json.dumps(read, default=str) if read else None


def text_options(text: dict[str, Any] | None) -> str | None:
    """Text options for the native module, as JSON."""
    if text is None:
        return None
    given = dict(text)
    stop = given.get("stop_words", "auto")
    if isinstance(stop, str) and stop not in ("auto", "none"):
        given["stop_words"] = {"languages": [name.strip() for name in stop.split(",")]}
    elif not isinstance(stop, str):
        given["stop_words"] = "none" if stop is None else {"words": [str(word) for word in stop]}
    return json.dumps(given)
