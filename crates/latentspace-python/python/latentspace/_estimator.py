"""Every method as an estimator of scikit-learn, made from the one description that the registry gives."""

from __future__ import annotations

import copyreg
import inspect
import os
import textwrap
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted

from . import _native
from ._data import checked, codes_of, column, frame_of, like, native_rows, near_rows, texts_of
from ._jobs import seed_of, threads
from ._observations import Observations, observations
from ._peers import asked, is_precomputed, refuse_new_rows, take
from ._progress import listener
from ._space import Measure, Space

#: Parameters that every estimator has: name, default, what it is.
COMMON = [
    ("random_state", None, "int, RandomState, Generator or None",
     "The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one."),
    ("n_jobs", None, "int or None", "Threads. None and -1: all that the machine has, or 1 inside a worker of joblib."),
    ("verbose", False, "bool", "Whether notes and progress are shown."),
]


class Estimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What all estimators share. Rows are taken as they are: scaling and filling are steps of their own."""

    _description: ClassVar[dict[str, Any]]
    space_: Space
    n_features_in_: int

    def fit(self, X: Any, y: Any = None, *, neighbors: Any = None, start: Any = None, pull: float = 0.0,
            text: dict[str, Any] | None = None) -> Any:
        """Learns a space from rows ``[n, d]`` and measures how far to trust it.

        ``y``, a label a row (-1, NaN and None: missing), is learned from, too, by methods that have a ``target``, unless that is
        ``'none'``; it is ignored by all others.

        ``neighbors``, for t-SNE, UMAP and PaCMAP, are the nearest rows of each, found elsewhere: indices and distances ``[n, k]`` or a
        sparse matrix of distances ``[n, n]``. ``start``, for t-SNE and UMAP, is a map to start at, ``[n, k]``, NaN in rows that it has
        not: they start amid their neighbors. Its rows are drawn back there by ``pull`` of a step: 0 lets them go, 0.1 to 1 keep maps of
        related tables alike, ``inf`` holds them, so that only others move.

        ``X`` may be a list of texts, too: a document a row, which becomes counts of its words. ``text`` says which are counted, by the
        command line's names: ``{"stop_words": "german", "min_df": 2, "max_df": 0.4, "max_words": 20000, "ngrams": 2, "phrases": "npmi",
        "tokens": "runs", "keep_case": True, "keep_numbers": True}``; stop words are ``"auto"``, ``"none"``, languages or a list of words.
        """
        self._learn(X, y, neighbors, start, pull, text)
        return self

    def fit_transform(self, X: Any, y: Any = None, *, neighbors: Any = None, start: Any = None,
                      pull: float = 0.0, text: dict[str, Any] | None = None) -> Any:
        """Learns a space and gives the codes of its rows, ``[n, k]``; all else is what it is to ``fit``."""
        return self._out(self._learn(X, y, neighbors, start, pull, text), X)

    @property
    def measures_(self) -> dict[str, Measure]:
        """How far to trust the space: each measure with its interval, beside what noise would score."""
        check_is_fitted(self)
        return self.space_.measures

    @property
    def embedding_(self) -> np.ndarray:
        """Where the fitted rows lie, for methods whose spaces keep them."""
        check_is_fitted(self)
        codes = self.space_.codes
        if codes is None:
            raise AttributeError("embedding_: this space does not keep its rows; transform places them")
        return codes

    @property
    def _n_features_out(self) -> int:
        return self.space_.n_components

    def _params(self) -> dict[str, Any]:
        given = ((p["name"], getattr(self, p["name"])) for p in self._description["parameters"])
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in given}

    def set_params(self, **params: Any) -> Any:
        """Sets parameters, by the names that others have for them, too."""
        own = {name: value for name, value in params.items() if name in self.get_params() or "__" in name}
        super().set_params(**own)
        take(self, {name: value for name, value in params.items() if name not in own})
        return self

    def _rows(self, X: Any, reset: bool, text: dict[str, Any] | None = None) -> _native.Rows:
        """X, checked, unless it is text."""
        if isinstance(X, (str, os.PathLike)):
            X = observations(X, None if reset else self.space_._native, text=text, n_jobs=self.n_jobs)
        if isinstance(X, Observations) and reset:
            self.n_features_in_ = X.shape[1]
            if X.columns is not None:
                self.feature_names_in_ = np.array(X.columns, dtype=object)
        if isinstance(X, Observations) or ("text" in self._description["takes"] and texts_of(X) is not None):
            return native_rows(X, text=text)
        return native_rows(*checked(self, X, reset), text)

    def _learn(self, X: Any, y: Any, neighbors: Any = None, start: Any = None, pull: float = 0.0,
               text: dict[str, Any] | None = None) -> np.ndarray:
        params, seed, jobs = self._params(), seed_of(self.random_state), threads(self.n_jobs)
        labels = None
        if y is not None and params.get("target", "none") != "none":
            if params["target"] == "auto":
                params["target"] = "label"
            labels = params["target"], column(y, "y")
        if not pull >= 0.0 or (pull > 0.0 and start is None):
            raise _native.ParamError(f"pull: {pull} was given; it is at least 0, and 0 where there is no start.")
        columns = X
        params, X, neighbors, start = asked(self._description, params, X, neighbors, start)
        near = None if neighbors is None else near_rows(neighbors)
        begin = None if start is None else (codes_of(start, "start"), float(pull))
        name, rows = self._description["name"], self._rows(X, reset=True, text=text)
        ear = listener(self.verbose)
        try:
            space, codes = _native.fit(name, params, rows, seed, jobs, ear, labels, near, begin)
        finally:
            if ear is not None:
                ear.close()
        self.space_ = Space(space)
        if columns is not X:
            # Of distances, columns are rows.
            self.n_features_in_ = len(codes)
        # What partial_fit kept was of other rows.
        self.__dict__.pop("_parts", None)
        return codes

    def _encode(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        refuse_new_rows(getattr(self, "metric", None))
        return self.space_._native.encode(self._rows(X, reset=False), threads(self.n_jobs), None)

    def _out(self, codes: np.ndarray, X: Any) -> Any:
        """The codes in a container of X's kind; where set_output or the configuration says otherwise, scikit-learn makes it."""
        asked = "transform" in getattr(self, "_sklearn_output_config", {}) or _get_output_config("transform", self)["dense"] != "default"
        frame = None if asked else frame_of(X)
        return codes if frame is None else like(frame, codes, self.get_feature_names_out())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._description["sparse"]
        tags.input_tags.pairwise = is_precomputed(getattr(self, "metric", None))
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class Encodes(Estimator):
    """Estimators whose spaces take new rows."""

    def transform(self, X: Any) -> Any:
        """The codes of rows, ``[n, k]``: a row's code is the same alone, in any batch, in any order."""
        return self._out(self._encode(X), X)


class Decodes(Estimator):
    """Estimators whose spaces lead back."""

    def inverse_transform(self, X: Any) -> Any:
        """Rows ``[n, d]`` of codes ``[n, k]``."""
        check_is_fitted(self)
        frame, space = frame_of(X), self.space_
        values, offsets = space._native.decode(codes_of(X), threads(self.n_jobs), None)
        rows = values + np.asarray(offsets) if offsets else values
        if frame is None:
            return rows
        return like(frame, rows, getattr(self, "feature_names_in_", [f"x{i}" for i in range(rows.shape[1])]))


class Folds(Estimator):
    """Estimators that learn from rows that come by part after part."""

    def partial_fit(self, X: Any, y: Any = None) -> Any:
        """Learns from more rows: the space is that of all rows so far, to the bit. ``y`` is ignored.

        The rows are not kept: the measures are those that the statistics tell. After ``fit`` it begins anew.
        """
        description, params = self._description, self._params()
        seed, jobs = seed_of(self.random_state), threads(self.n_jobs)
        parts = getattr(self, "_parts", None)
        rows = self._rows(X, reset=parts is None)
        if parts is None:
            parts = _native.Parts(description["name"], params, rows)
        ear = listener(self.verbose)
        try:
            self.space_ = Space(parts.push(rows, seed, jobs, ear))
        finally:
            if ear is not None:
                ear.close()
        self._parts = parts
        return self


def parts_of(data: bytes) -> _native.Parts:
    """What a pickle holds of the statistics of rows."""
    return _native.Parts.from_bytes(data)


copyreg.pickle(_native.Parts, lambda parts: (parts_of, (parts.to_bytes(),)))  # type: ignore[arg-type]


def make(description: dict[str, Any]) -> type[Estimator]:
    """The class of a method."""
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    own = [(p["name"], p["default"]) for p in description["parameters"]]
    for position, (name, default) in enumerate(own + [(name, default) for name, default, *_ in COMMON]):
        # As scikit-learn's: the first may stand alone, all others are named.
        kind = inspect.Parameter.KEYWORD_ONLY if position else inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters.append(inspect.Parameter(name, kind, default=default))
    signature = inspect.Signature(parameters)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        others = {name: kwargs.pop(name) for name in [*kwargs] if name not in signature.parameters}
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        for name, value in list(bound.arguments.items())[1:]:
            setattr(self, name, value)
        take(self, others)

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    bases: list[type] = [Encodes if description["encodes"] else Estimator]
    if description["folds"]:
        bases.insert(0, Folds)
    if description["decodes"]:
        bases.insert(0, Decodes)
    body = {"__init__": __init__, "__doc__": document(description), "__module__": "latentspace", "_description": description}
    __init__.__qualname__ = f"{description['class']}.__init__"
    __init__.__doc__ = "Keeps the parameters; they are checked by fit."
    return type(description["class"], tuple(bases), body)


def kind_of(parameter: dict[str, Any]) -> str:
    """What a parameter may be, as docstrings tell it."""
    words = [repr(word) for word in (parameter["choices"] or []) + parameter["words"]]
    kind = [] if parameter["kind"] == "choice" else [parameter["kind"]]
    return " or ".join(kind + ([f"{{{', '.join(words)}}}"] if len(words) > 1 else words))


def document(description: dict[str, Any]) -> str:
    """The docstring of a class."""
    def item(head: str, text: str) -> str:
        return head + "\n" + textwrap.fill(text, 100, initial_indent="    ", subsequent_indent="    ")

    parts = [f"{description['title']}: {description['summary']}.", "", "Parameters", "----------"]
    for p in description["parameters"]:
        allowed = p["allowed"][0].upper() + p["allowed"][1:]
        parts.append(item(f"{p['name']} : {kind_of(p)}, default={p['default']!r}", f"{p['doc']} {allowed}."))
    parts += [item(f"{name} : {kind}, default={default!r}", text) for name, default, kind, text in COMMON]
    parts += ["", "Attributes", "----------"]
    parts.append(item("space_ : Space", "What was learned, as the command line's fit learns it: its file has the same bytes."))
    parts.append(item("measures_ : dict of str to Measure", "How far to trust it."))
    parts.append(item("n_features_in_ : int", "Columns of the rows."))
    parts.append(item("feature_names_in_ : ndarray of str", "Their names, where the rows came as a data frame."))
    if description["limits"]:
        parts += ["", "Notes", "-----"] + [textwrap.fill(f"- {limit}", 100, subsequent_indent="  ") for limit in description["limits"]]
    return "\n".join(parts) + "\n"
