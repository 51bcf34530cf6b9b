"""The explorer from a script or a notebook: a map of rows, its measures, and the selection on it."""

from __future__ import annotations

import base64
import html
import json
import os
import threading
import time
import warnings
import webbrowser
from typing import Any, Callable, Mapping
from urllib.parse import parse_qs, urlencode

import narwhals.stable.v2 as nw
import numpy as np

from . import _native
from ._data import codes_of, column, columns_of, native_rows, texts_of
from ._jobs import seed_of, threads
from ._observations import Observations
from ._rows import is_annotated, numbers_of, plain, refuse, rows_of, table_of
from ._space import Space

#: Interval at which the selection is polled for ``observe`` and ``wait``.
LOOK_EVERY_SECS = 0.1
#: What ``observe`` hears of.
OBSERVED = ("selection", "view", "color", "sets", "picture")


class Explorer:
    """An explorer page, served on this machine until it is closed. A notebook displays it as the last value of a cell."""

    def __init__(self, native: _native.Explorer, height: int) -> None:
        self._native = native
        self._height = height
        self._widget: Any = None
        self._watched: list[tuple[str, Callable[[Any], None]]] = []

    @property
    def url(self) -> str:
        """URL of the page."""
        return self._native.url

    @property
    def selection(self) -> np.ndarray:
        """Selected rows, counted from 0, ascending. Assign to select rows on the page."""
        return self._native.selection()

    @selection.setter
    def selection(self, rows: Any) -> None:
        self._native.select(row_numbers(rows, "selection"))

    @property
    def view(self) -> dict[str, Any]:
        """What the page shows, by the names in its address: ``by`` (column of the colors), ``view`` (camera), ``map``, ``only`` (filters) and others.

        Assign to show it on the page, for example what another page showed.
        """
        return {name: cells[0] if len(cells) == 1 else cells for name, cells in parse_qs(self._shared()["place"]).items()}

    @view.setter
    def view(self, view: Mapping[str, Any]) -> None:
        self._native.set_view(urlencode(dict(view), doseq=True), None)

    @property
    def color(self) -> str | None:
        """Column of the colors: the name of a metadata column, or ``@`` and the id of another, such as ``@observed:0``. Assign to color by it."""
        return self.view.get("by")

    @color.setter
    def color(self, by: str) -> None:
        self.view = {**self.view, "by": by}

    @property
    def sets(self) -> dict[str, np.ndarray]:
        """Selections that were kept under a name: row numbers, ascending. Assign to keep others."""
        return {name: np.asarray(rows, dtype=np.int64) for name, rows in self._shared()["sets"].items()}

    @sets.setter
    def sets(self, sets: Mapping[str, Any]) -> None:
        self._native.set_view(None, {str(name): row_numbers(rows, f"sets['{name}']") for name, rows in sets.items()})

    @property
    def picture(self) -> bytes | None:
        """The map as PNG with legend and caption, as the page in a notebook last drew it; None before."""
        return self._native.picture()

    def _shared(self) -> dict[str, Any]:
        return json.loads(self._native.view())

    @property
    def state(self) -> dict[str, Any]:
        """State of the page: phase, step, measures, warnings (docs/http-api.md)."""
        return json.loads(self._native.state())

    def observe(self, hear: Callable[[Any], None], name: str = "selection") -> None:
        """Call ``hear`` with the value whenever it changes, in a separate thread. ``name`` is selection, view, color, sets or picture."""
        if name not in OBSERVED:
            raise _native.ParamError(f"name: '{name}' was given; it is one of {', '.join(OBSERVED)}.")
        self._watched.append((name, hear))
        if len(self._watched) == 1:
            threading.Thread(target=self._watch, name="latentspace-selection", daemon=True).start()

    def _watch(self) -> None:
        seen = self._versions()
        told = {name: as_plain(getattr(self, name)) for name in OBSERVED}
        while not self._native.closed:
            versions = self._versions()
            if versions != seen:
                seen = versions
                for name in OBSERVED:
                    value = getattr(self, name)
                    if as_plain(value) != told[name]:
                        told[name] = as_plain(value)
                        for _, hear in [heard for heard in self._watched if heard[0] == name]:
                            hear(value)
            time.sleep(LOOK_EVERY_SECS)

    def _versions(self) -> tuple[int, int]:
        return self._native.version(), self._native.view_version()

    def wait(self) -> None:
        """Wait until the page is closed. An interrupt closes it."""
        try:
            while not self._native.closed:
                time.sleep(LOOK_EVERY_SECS)
        except KeyboardInterrupt:
            self.close()

    def close(self) -> None:
        """Stop the server, and the fit if it is still running."""
        self._native.close()

    def __enter__(self) -> Explorer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Explorer({self.url!r}{', closed' if self._native.closed else ''})"

    def widget(self) -> Any:
        """Return the page as a widget (anywidget) whose ``selection``, ``view``, ``color`` and ``sets`` can be observed, linked and assigned.

        Its ``picture`` shows in a notebook that is exported with the state of its widgets.
        """
        if self._widget is None:
            from ._widget import widget

            self._widget = widget(self, self._height)
        return self._widget

    def _repr_html_(self) -> str:
        return (
            f'<iframe src="{html.escape(self.url)}" title="latentspace" style="width:100%;height:{int(self._height)}px;border:0"></iframe>'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        try:
            return self.widget()._repr_mimebundle_(include=include, exclude=exclude)
        except ImportError:
            return {"text/plain": repr(self), "text/html": self._repr_html_()}


def explore(
    X: Any,
    labels: Any = None,
    *,
    codes: Any = None,
    scale: str | None = None,
    method: str | None = None,
    params: Mapping[str, Any] | None = None,
    random_state: Any = None,
    n_jobs: int | None = None,
    port: int = 0,
    open: bool | None = None,
    height: int = 720,
) -> Explorer:
    """Show a map of rows in the browser or in a notebook, while it is learned; then measure it.

    Parameters
    ----------
    X : array, sparse rows, data frame, AnnData, list of texts, Observations, path, Space or fitted estimator
        The rows. The numeric columns of a data frame are learned from; all others are metadata, as is ``obs`` of an AnnData. ``uint8`` of
        shape ``[n, h, w]`` or ``[n, h, w, channels]`` are images. A path names data or a space, as for ``latent explore``. A space and an
        estimator show their fitted rows.
    labels : array, data frame or mapping of names to columns, optional
        Metadata columns, which color the map.
    codes : array ``[n, 2 or 3]`` or str, optional
        Coordinates of the rows: an existing map to show instead of a new one. For an AnnData, a name in ``obsm``; by default ``X_umap`` or
        another map in ``obsm``.
    scale : {'auto', 'none', 'standard', 'robust', 'unit'}, optional
        Scaling of the columns of a data frame. By default none, as for the estimators: ``explore(df)`` and ``TSNE().fit(df)`` learn from the same
        numbers. ``'auto'`` standardizes named columns whose spreads differ more than tenfold, as ``latent explore`` does for files.
    method, params : str, mapping, optional
        Registry name of the method that makes the map, and its parameters. By default, that of ``latent explore``.
    random_state, n_jobs
        As those of the estimators.
    port : int, default=0
        Port of the server. 0: any free port.
    open : bool, optional
        Open the browser. By default yes, except in a notebook, which embeds the page.
    height : int, default=720
        Height of the page in a notebook, in pixels.

    Returns
    -------
    Explorer
        Serves the page until it is closed, garbage-collected, or the script ends; ``explore(X).wait()`` keeps the script running.
    """
    if not _native.has_page():
        warnings.warn(
            "latentspace was built without the explorer's page: install Node.js, then `pip install .` builds it", stacklevel=2
        )
    how = (method, dict(params or {}), port, seed_of(random_state), threads(n_jobs))
    if isinstance(X, (str, os.PathLike, Space)) or hasattr(X, "space_"):
        given = "labels" if labels is not None else "codes" if codes is not None else "scale" if scale is not None else None
        if given is not None:
            raise refuse(
                f"{given}: some were given with a {kind_of(X)}", "they can be given only with rows", "explore(read(path), labels)"
            )
        space = X if isinstance(X, Space) else getattr(X, "space_", None)
        if space is not None:
            native = _native.Explorer.of_space(space._native, *how)
        else:
            native = _native.Explorer.of_file(os.fspath(X), *how)
    else:
        rows, columns, codes = shown(X, codes)
        columns += columns_of(labels)
        known = None if codes is None else codes_of(codes, "codes")
        native = _native.Explorer(rows, [(name, column(cells, name)) for name, cells in columns], scale, known, *how)
    if open or (open is None and not in_notebook()):
        webbrowser.open(native.url)
    return Explorer(native, height)


def row_numbers(rows: Any, name: str) -> list[int]:
    """Row numbers, from numbers or a boolean mask of all rows."""
    rows = np.asarray(rows)
    if rows.dtype == bool:
        rows = np.flatnonzero(rows)
    if rows.size and (rows.dtype.kind not in "iu" or rows.min() < 0):
        raise _native.ParamError(f"{name}: rows are row numbers, counted from 0, or a boolean mask of all rows.")
    return [int(row) for row in rows.ravel()]


def as_plain(value: Any) -> Any:
    """A value that can be compared and sent: arrays as lists, a picture as an address."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, bytes):
        return "data:image/png;base64," + base64.b64encode(value).decode()
    return {name: as_plain(cell) for name, cell in value.items()} if isinstance(value, dict) else value


def kind_of(X: Any) -> str:
    """Name of the type of X in errors."""
    return "file" if isinstance(X, (str, os.PathLike)) else "space" if isinstance(X, Space) else "fitted estimator"


def shown(X: Any, codes: Any) -> tuple[_native.Rows, list[tuple[str, Any]], Any]:
    """Rows of X for the page, its metadata columns, and the coordinates of the rows, if given."""
    if isinstance(X, Observations):
        return X._native, [], codes
    if texts_of(X) is not None:
        return native_rows(X), [], codes
    X = table_of(X)
    if is_annotated(X):
        rows = rows_of(X)
        columns = [("id", np.asarray(X.obs_names, dtype=object))] if hasattr(X, "obs_names") else []
        columns += [(str(name), X.obs[name]) for name in X.obs.columns]
        if isinstance(codes, str) and codes not in X.obsm:
            there = ", ".join(f"'{name}'" for name in X.obsm) or "none"
            raise refuse(f"codes: '{codes}' was given", f"the names in obsm are {there}", "explore(adata) makes a map if obsm has none")
        found = map_of(X.obsm) if codes is None else X.obsm[codes] if isinstance(codes, str) else codes
        return native_rows(rows.values, rows.names), columns, found
    if isinstance(X, nw.DataFrame):
        numeric = [name for name, kind in X.schema.items() if kind.is_numeric()]
        columns = [(str(name), X[name].to_native()) for name in X.columns if name not in numeric]
        if not numeric:
            raise refuse(
                "X: no column holds numbers",
                "a map needs numeric columns",
                "explore(X, codes=...) shows given coordinates; a list of texts is read as documents",
            )
        return native_rows(numbers_of(X.select(numeric), "X"), [str(name) for name in numeric]), columns, codes
    return native_rows(rows_of(X).values), [], codes


def map_of(maps: Mapping[str, Any]) -> Any:
    """The default map of an AnnData: UMAP, then t-SNE, then any of 2 or 3 dimensions; None without one."""
    flat = [name for name in maps if getattr(maps[name], "ndim", 0) == 2 and maps[name].shape[1] in (2, 3)]
    usual = [name for name in ("X_umap", "X_tsne") if name in flat]
    return np.asarray(maps[(usual + flat)[0]]) if flat else None


def in_notebook() -> bool:
    """Whether this runs in a notebook."""
    from ._progress import notebook

    return notebook() is not None
