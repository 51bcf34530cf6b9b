"""Observations read from files, as the command line reads them."""

from __future__ import annotations

import json
import os
from typing import Any

from . import _native
from ._jobs import threads
from ._options import Missing, Scale, TextOptions


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
    scale: Scale | None = None,
    missing: Missing | None = None,
    text: TextOptions | None = None,
    n_jobs: int | None = None,
    **options: Any,
) -> Observations:
    """Read a file, a folder of images or texts, or a pattern of files, as the command line does.

    Parameters
    ----------
    data : str or path
        ``.csv``, ``.parquet``, ``.npy``, ``.mtx``, ``.txt``, a folder, ``parts/*.parquet`` and so on.
    scale : {'auto', 'none', 'standard', 'robust', 'unit', 'mixed'}, optional
        Scale columns: none, standard (z-scores), robust (median and quartiles), unit (0 to 1), or mixed (z-scores, and levels of
        categories by the root of their share: PCA is then FAMD, of categories alone MCA). Default: auto: standard where standard
        deviations differ tenfold.
    missing : {'error', 'mean', 'median', 'keep'}, optional
        Fill missing cells: mean, median, error to refuse them, or keep to learn from the others, where the method can. Default:
        mean in tables, else error.
    text : TextOptions, optional
        As for ``fit``.
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
    return observations(data, None, prepare_options(scale, missing, text), n_jobs, options)


def observations(
    data: str | os.PathLike[str],
    space: _native.Space | None,
    prepare: str | None = None,
    n_jobs: int | None = None,
    options: dict[str, Any] | None = None,
) -> Observations:
    """The observations of a file; for a space, its columns."""
    native, notes = _native.Rows.open(os.fspath(data), read_options(options), prepare, space, threads(n_jobs), None)
    return Observations(native, notes)


def read_options(read: dict[str, Any] | None) -> str | None:
    """Reading options for the native module, as JSON."""
    return json.dumps(read, default=str) if read else None


def prepare_options(scale: Scale | None = None, missing: Missing | None = None, text: TextOptions | None = None) -> str | None:
    """Options of the preparation for the native module, as JSON."""
    given = {"scale": scale, "missing": missing, "text": None if text is None else plain_text(text)}
    return json.dumps({name: value for name, value in given.items() if value is not None})


def text_options(text: TextOptions | None) -> str | None:
    """Text options for the native module, as JSON."""
    return None if text is None else json.dumps(plain_text(text))


def plain_text(text: TextOptions) -> dict[str, Any]:
    """Text options as JSON has them: lists for all collections of words, "none" for no stop words."""
    given: dict[str, Any] = dict(text)
    if "stop_words" in given and given["stop_words"] is None:
        given["stop_words"] = "none"
    for name in ("stop_words", "extra_stop_words"):
        if name in given and not isinstance(given[name], str):
            given[name] = [str(word) for word in given[name]]
    return given
