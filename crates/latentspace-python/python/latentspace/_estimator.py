"""What every method has as an estimator of scikit-learn. The classes themselves, in ``_methods``, are made from the registry's description."""

from __future__ import annotations

import copyreg
import inspect
import os
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from . import METHODS, _native
from ._data import checked, codes_of, column, native_rows, near_rows, texts_of, values_of
from ._jobs import seed_of, threads
from ._observations import Observations, observations
from ._peers import asked, enough, is_precomputed, most_components, refuse_new_rows, share_of_variance, take
from ._progress import heard
from ._space import Measure, Space

#: What the registry tells of each method, by its name.
DESCRIBED: dict[str, dict[str, Any]] = {method["name"]: method for method in METHODS}


class Estimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What all estimators share. Rows are taken as they are: scaling and filling are steps of their own."""

    _description: ClassVar[dict[str, Any]]
    space_: Space
    n_features_in_: int
    random_state: Any
    n_jobs: int | None
    verbose: Any

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        # Without the names that others have for parameters, which are taken, too.
        told = inspect.signature(cls.__init__)
        own = [parameter for name, parameter in told.parameters.items() if name != "self" and parameter.kind is not parameter.VAR_KEYWORD]
        cls.__signature__ = told.replace(parameters=own, return_annotation=told.empty)

    def fit(self, X: Any, y: Any = None, *, neighbors: Any = None, start: Any = None, pull: float = 0.0,
            text: dict[str, Any] | None = None) -> Any:
        """Learn a space from rows.

        How far to trust it is measured when ``measures_`` is first read, which may take longer than to learn it.

        Parameters
        ----------
        X : array, sparse rows, data frame or list of str
            Rows ``[n, d]``. Texts, a document each, become counts of their words, where the method takes text.
        y : array of n labels, optional
            A label a row; -1, NaN and None are missing. It is learned from where the parameter ``target`` is set, ``target="label"``, and
            ignored in all other cases.
        neighbors : (indices, distances) or sparse matrix, optional
            For t-SNE, UMAP and PaCMAP: the nearest rows of each, found elsewhere, ``[n, k]`` each; or distances ``[n, n]``.
        start : array of shape [n, k], optional
            For t-SNE and UMAP: a map to start at. Rows that are NaN start amid their neighbors.
        pull : float, default=0.0
            By how much of a step rows are drawn back to the start: 0 lets them go, 0.1 to 1 keep maps of related tables alike, ``inf``
            holds them, so that only others move.
        text : dict, optional
            Which words of texts are counted, by the command line's names: ``{"stop_words": "german", "min_df": 2, "max_df": 0.4,
            "max_words": 20000, "ngrams": 2, "phrases": "npmi", "tokens": "runs", "keep_case": True, "keep_numbers": True}``; stop words are
            ``"auto"``, ``"none"``, languages or a list of words, and ``"extra_stop_words"`` are left out beside them. ``"tokens": "spaces"``
            splits at white space alone; a row that is a list of words is counted as these words.

        Returns
        -------
        Estimator
            The estimator itself.
        """
        self._learn(X, y, neighbors, start, pull, text)
        return self

    def fit_transform(self, X: Any, y: Any = None, *, neighbors: Any = None, start: Any = None,
                      pull: float = 0.0, text: dict[str, Any] | None = None) -> Any:
        """Learn a space and give the codes of its rows.

        Parameters
        ----------
        X : array, sparse rows, data frame or list of str
            Rows ``[n, d]``, as ``fit`` takes them.
        y : array of n labels, optional
            As ``fit`` takes it.
        neighbors : (indices, distances) or sparse matrix, optional
            As ``fit`` takes them.
        start : array of shape [n, k], optional
            As ``fit`` takes it.
        pull : float, default=0.0
            As ``fit`` takes it.
        text : dict, optional
            As ``fit`` takes it.

        Returns
        -------
        ndarray of shape [n, k]
            Coordinates of the rows, float32; a data frame after ``set_output``.
        """
        return self._learn(X, y, neighbors, start, pull, text)

    @property
    def measures_(self) -> dict[str, Measure]:
        """How far to trust the space: each measure with its interval, beside what noise would score. Found when first read."""
        check_is_fitted(self)
        return dict(self.space_._measured(self.n_jobs, self.verbose))

    @property
    def _n_features_out(self) -> int:
        return self.space_.n_components

    def _attribute(self, name: str) -> Any:
        """What the fit found, by its name."""
        check_is_fitted(self)
        try:
            return self.space_.attribute(name, n_jobs=self.n_jobs, verbose=self.verbose)
        except _native.InputError as error:
            # hasattr is true of what is there.
            raise AttributeError(str(error)) from None

    def _take(self, others: dict[str, Any]) -> None:
        """Takes parameters by the names that others have for them, and refuses those that there are not."""
        take(self, others)

    def _params(self) -> dict[str, Any]:
        given = ((p["name"], getattr(self, p["name"])) for p in self._description["parameters"])
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in given}

    def set_params(self, **params: Any) -> Any:
        """Set parameters, by the names that others have for them, too.

        Parameters
        ----------
        **params : dict
            Values by name; ``name__parameter`` within a step.

        Returns
        -------
        Estimator
            The estimator itself.
        """
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
        if y is not None and params.get("target", "none") not in ("auto", "none"):
            labels = params["target"], column(y, "y")
        if not pull >= 0.0 or (pull > 0.0 and start is None):
            raise _native.ParamError(f"pull: {pull} was given; it is at least 0, and 0 where there is no start.")
        columns = X
        params, X, neighbors, start = asked(self._description, params, X, neighbors, start)
        near = None if neighbors is None else near_rows(neighbors)
        begin = None if start is None else (codes_of(start, "start"), float(pull))
        name, rows = self._description["name"], self._rows(X, reset=True, text=text)
        share = share_of_variance(self._description, params["n_components"])
        with heard(self.verbose) as ear:
            if share is not None:
                # How many components are enough is known when there are all.
                params["n_components"] = most_components(rows)
                whole, _ = _native.fit(name, params, rows, seed, jobs, ear, labels, near, begin)
                params["n_components"] = enough(Space(whole).attribute("explained_variance_ratio_"), share)
            space, codes = _native.fit(name, params, rows, seed, jobs, ear, labels, near, begin)
            self.space_ = Space(space)
            if columns is not X:
                # Of distances, columns are rows.
                self.n_features_in_ = len(codes)
            # What partial_fit kept was of other rows.
            self.__dict__.pop("_parts", None)
        return codes

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._description["sparse"]
        tags.input_tags.pairwise = is_precomputed(getattr(self, "metric", None))
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class Encodes(Estimator):
    """Estimators whose spaces take new rows."""

    def transform(self, X: Any) -> Any:
        """Give the codes of rows: a row's code is the same alone, in any batch, in any order.

        Parameters
        ----------
        X : array, sparse rows, data frame or list of str
            Rows ``[n, d]``, of the columns that were fitted.

        Returns
        -------
        ndarray of shape [n, k]
            Their codes, float32; a data frame after ``set_output``.
        """
        check_is_fitted(self)
        refuse_new_rows(getattr(self, "metric", None))
        with heard(self.verbose) as ear:
            return self.space_._native.encode(self._rows(X, reset=False), threads(self.n_jobs), ear)


class Decodes(Estimator):
    """Estimators whose spaces lead back."""

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Give the rows of codes, in the units that were observed.

        Parameters
        ----------
        X : array or data frame
            Codes ``[n, k]``.

        Returns
        -------
        ndarray of shape [n, d]
            The rows that have these codes.
        """
        check_is_fitted(self)
        with heard(self.verbose) as ear:
            decoded = self.space_._native.decode(codes_of(X), threads(self.n_jobs), ear)
        return values_of(*decoded)


class Folds(Estimator):
    """Estimators that learn from rows that come by part after part."""

    def partial_fit(self, X: Any, y: Any = None) -> Any:
        """Learn from more rows: the space is that of all rows so far, to the bit, however they came.

        The rows are not kept: the measures are those that the statistics tell. After ``fit`` it begins anew. Where ``fit`` would find
        another algorithm cheaper, its space may differ in the last digits, and that is warned of.

        Parameters
        ----------
        X : array, sparse rows or data frame
            Rows ``[n, d]``.
        y : ignored
            For scikit-learn.

        Returns
        -------
        Estimator
            The estimator itself.
        """
        description, params = self._description, self._params()
        seed, jobs = seed_of(self.random_state), threads(self.n_jobs)
        parts = getattr(self, "_parts", None)
        rows = self._rows(X, reset=parts is None)
        if parts is None:
            parts = _native.Parts(description["name"], params, rows)
        with heard(self.verbose) as ear:
            self.space_ = Space(parts.push(rows, seed, jobs, ear))
            self._parts = parts
        return self


class TellsRows(Estimator):
    """Estimators whose spaces tell how likely rows are."""

    def score_samples(self, X: Any) -> np.ndarray:
        """Give the logarithm of the density of each row, in nats.

        Parameters
        ----------
        X : array, sparse rows or data frame
            Rows ``[n, d]``.

        Returns
        -------
        ndarray of shape [n]
            Their log-likelihoods.
        """
        check_is_fitted(self)
        with heard(self.verbose) as ear:
            return self.space_._native.log_likelihoods(self._rows(X, reset=False), threads(self.n_jobs), ear)[0]

    def score(self, X: Any, y: Any = None) -> float:
        """Give the mean log-likelihood of rows, by which a search compares estimators.

        Parameters
        ----------
        X : array, sparse rows or data frame
            Rows ``[n, d]``.
        y : ignored
            For scikit-learn.

        Returns
        -------
        float
            The mean of ``score_samples``.
        """
        return float(np.mean(self.score_samples(X)))


class TellsWords(Estimator):
    """Estimators whose spaces tell how likely the words of documents are: topics."""

    def _told(self, X: Any) -> tuple[float, float]:
        check_is_fitted(self)
        with heard(self.verbose) as ear:
            likelihoods, words = self.space_._native.log_likelihoods(self._rows(X, reset=False), threads(self.n_jobs), ear)
        return float(likelihoods.sum()), words

    def score(self, X: Any, y: Any = None) -> float:
        """Give the log-likelihood of all words of documents, given the shares that ``transform`` finds.

        Parameters
        ----------
        X : array, sparse rows or list of str
            Documents: counts ``[n, d]``, or texts.
        y : ignored
            For scikit-learn.

        Returns
        -------
        float
            The sum over all words, in nats.
        """
        return self._told(X)[0]

    def perplexity(self, X: Any) -> float:
        """Give the perplexity of documents: as how many equally likely words the next one is.

        The shares are found from the words that are scored, so that it is lower than that of words held out, which
        ``measures_["log_likelihood_per_word"]`` tells.

        Parameters
        ----------
        X : array, sparse rows or list of str
            Documents: counts ``[n, d]``, or texts.

        Returns
        -------
        float
            ``exp(-score / words)``.
        """
        likelihood, words = self._told(X)
        return float(np.exp(-likelihood / words)) if words else float("nan")

    def topics(self, n_words: int = 10) -> list[list[tuple[str, float]]]:
        """Give the likeliest words of each topic.

        Parameters
        ----------
        n_words : int, default=10
            Words a topic.

        Returns
        -------
        list of list of (str, float)
            Each word and how likely it is in the topic; a column's number where it has no name.
        """
        check_is_fitted(self)
        return self.space_.topics(n_words)


def parts_of(data: bytes) -> _native.Parts:
    """What a pickle holds of the statistics of rows."""
    return _native.Parts.from_bytes(data)


copyreg.pickle(_native.Parts, lambda parts: (parts_of, (parts.to_bytes(),)))  # type: ignore[arg-type]
