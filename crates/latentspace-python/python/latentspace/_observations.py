"""Observations that are read from files, as the command line reads them."""

from __future__ import annotations

import json
import os
from typing import Any

from . import _native
from ._jobs import threads


class Observations:
    """What was observed, with the columns that ride along: what a file, a folder or a pattern holds.

    Estimators, spaces and ``explore`` take it where they take arrays. How its rows become numbers (scaling, missing cells, categories, words)
    is chosen as ``latent fit`` chooses it: the space has the bytes that ``latent fit`` would write.
    """

    def __init__(self, native: _native.Rows, notes: list[str]) -> None:
        self._native = native
        self._told: dict[str, Any] = json.loads(native.describe())
        #: What the reader found out: delimiter, header, columns that ride along.
        self.notes = notes

    @property
    def name(self) -> str:
        """The name of what was read."""
        return self._told["name"]

    @property
    def kind(self) -> str:
        """``table``, ``array``, ``images``, ``counts`` or ``text``."""
        return self._told["kind"]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, and columns to learn from (of text 1)."""
        return self._told["rows"], self._told["columns"]

    @property
    def columns(self) -> list[str] | None:
        """Names of the columns to learn from that hold numbers, where they have any."""
        return self._told["names"]

    @property
    def metadata(self) -> list[str]:
        """Names of the columns that ride along."""
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
    """Reads a file, a folder of images or texts, or a pattern of files, as the command line does.

    Parameters
    ----------
    data : str or path
        ``.csv``, ``.parquet``, ``.npy``, ``.mtx``, ``.txt``, a folder, ``parts/*.parquet`` and so on.
    scale : {'auto', 'none', 'standard', 'robust', 'unit'}, optional
        How columns are scaled. By default columns with names are standardized if their spreads differ more than tenfold.
    missing : {'error', 'mean', 'median'}, optional
        What is done with missing cells. By default the column's mean is put there in tables.
    text : dict, optional
        Which words of text are counted, as ``fit`` has it.
    n_jobs : int or None, optional
        Threads, as those of the estimators.
    **options
        The reading options of ``latent fit``: ``format``, ``delimiter``, ``decimal``, ``header``, ``columns``, ``labels``, ``id`` and so on.

    Returns
    -------
    Observations
        Rows for ``fit``, ``transform``, ``Space.encode`` and ``explore``.

    Raises
    ------
    InputError
        With file, row and column, for what cannot be read.
    ParamError
        For an option that is unknown or that the format cannot use.

    See Also
    --------
    Space.open : Opens a space.

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
    """What a file holds; for a space, the columns that it takes."""
    native, notes = _native.Rows.open(
        os.fspath(data), read_options(options), scale, missing, text_options(text), space, threads(n_jobs), None
    )
    return Observations(native, notes)


def read_options(read: dict[str, Any] | None) -> str | None:
    """How files are read, as the native part takes it."""
    return json.dumps(read, default=str) if read else None


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
