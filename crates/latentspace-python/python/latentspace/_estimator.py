"""Base classes of the scikit-learn estimators. The classes in ``_methods`` are generated from the registry's description."""

from __future__ import annotations

import copyreg
import inspect
import os
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from . import METHODS, _native
from ._data import checked, codes_of, column, errors_of, native_rows, near_rows, texts_of, values_of, weights_of
from ._jobs import memory_of, seed_of, threads
from ._observations import Observations, observations, prepare_options
from ._options import TextOptions
from ._peers import asked, enough, is_precomputed, most_components, refuse_new_rows, share_of_variance, take
from ._progress import heard
from ._report import Measures
from ._space import Space

#: The registry's description of each method, by name.
DESCRIBED: dict[str, dict[str, Any]] = {method["name"]: method for method in METHODS}


class Estimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Base class of all estimators. Rows are not prepared: scaling and imputation are steps of their own."""

    _description: ClassVar[dict[str, Any]]
    space_: Space
    n_features_in_: int
    random_state: Any
    n_jobs: int | None
    verbose: Any
    max_memory: Any

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        # Parameter names of other libraries are accepted, too, but not part of the signature.
        told = inspect.signature(cls.__init__)
        own = [parameter for name, parameter in told.parameters.items() if name != "self" and parameter.kind is not parameter.VAR_KEYWORD]
        cls.__signature__ = told.replace(parameters=own, return_annotation=told.empty)

    def fit(self, X: Any, y: Any = None, *, neighbors: Any = None, start: Any = None, pull: float = 0.0,
            weights: Any = None, errors: Any = None, text: TextOptions | None = None,
            checkpoint: str | os.PathLike[str] | None = None) -> Any:
        """Learn a space from rows.

        Measures are computed when ``measures_`` is first read, which may take longer than the fit.

        Parameters
        ----------
        X : array, sparse rows, data frame or list of str
            Rows ``[n, d]``. Texts, one document each, become word counts, if the method accepts text.
        y : array of n labels, optional
            One label per row; -1, NaN and None are missing. Used if the parameter ``target`` is set, ``target="label"``, otherwise ignored.
        neighbors : (indices, distances) or sparse matrix, optional
            For t-SNE, UMAP and PaCMAP: precomputed nearest neighbors, ``[n, k]`` each, or sparse distances ``[n, n]``.
        start : array of shape [n, k], optional
            For t-SNE and UMAP: starting positions. Rows that are NaN start among their neighbors.
        pull : float, default=0.0
            Pull rows toward their starting positions with this strength: 0 is no pull, 0.1 to 1 keep maps of related tables aligned, ``inf``
            fixes these rows, so that only the others move.
        weights : array of n numbers, optional
            For PCA, PPCA, FactorAnalysis and NMF: how often each row counts, 0 or more; 3 counts as the row three times.
        errors : array of shape [n, d] or number, optional
            For PCA, PPCA, FactorAnalysis and NMF: the standard error of each cell, by which it is weighted (1 / error²); infinity or NaN leaves a
            cell out. A number is that of all cells. With errors, cells of ``X`` may be missing (NaN): they are left out, here and in ``transform``.
        text : TextOptions, optional
            Which words are counted, by the names of the command line: ``{"stop_words": "german", "min_df": 2}``.

            - ``tokens``: Tokens to count: words (Unicode word boundaries and dictionaries), runs (of letters, digits and
              underscores) or spaces (text that was separated into words before). Default: words.
            - ``lowercase``: Convert words to lower case.
            - ``keep_numbers``: Count numbers, too.
            - ``stop_words``: Stop words to remove: auto, none, languages (english,german), or a file of words (in Python a list);
              english,+FILE adds those of a file. Default: auto: the language is detected.
            - ``extra_stop_words``: Additional stop words to remove, such as kinase,protein.
            - ``min_letters``: Minimum letters of a word. Default: 2; 1 in scripts with one-letter words.
            - ``min_df``: Minimum number of documents that contain a word, or their share (0.01). Default: 5 of 1,000 and more, 2 of
              50 and more, else 1.
            - ``max_df``: Maximum number of documents that contain a word, or their share (0.9). Default: 0.5 of 20 and more.
            - ``max_words``: Maximum size of the vocabulary: the most frequent words are kept. Default: 100000.
            - ``ngrams``: Also count n-grams of up to this many words: 1 to 3. Default: 1.
            - ``phrases``: Join word pairs that occur together (new_york), by npmi or pmi. Default: no phrases.

            A row that is a list of words is counted as these words.
        checkpoint : path, optional
            Keep the state of the fit in the file ``CHECKPOINT.checkpoint`` while it runs. A fit that was killed continues from it when it is called
            again with the same rows and parameters, and ends in the same bytes.

        Returns
        -------
        Estimator
            The estimator itself.
        """
        self._learn(X, y, neighbors, start, pull, weights, errors, text, checkpoint)
        return self

    def fit_transform(self, X: Any, y: Any = None, *, neighbors: Any = None, start: Any = None,
                      pull: float = 0.0, weights: Any = None, errors: Any = None, text: TextOptions | None = None,
                      checkpoint: str | os.PathLike[str] | None = None) -> Any:
        """Learn a space and return the codes of its rows.

        Parameters
        ----------
        X : array, sparse rows, data frame or list of str
            Rows ``[n, d]``, as for ``fit``.
        y : array of n labels, optional
            As for ``fit``.
        neighbors : (indices, distances) or sparse matrix, optional
            As for ``fit``.
        start : array of shape [n, k], optional
            As for ``fit``.
        pull : float, default=0.0
            As for ``fit``.
        weights : array of n numbers, optional
            As for ``fit``.
        errors : array of shape [n, d] or number, optional
            As for ``fit``.
        text : TextOptions, optional
            As for ``fit``.
        checkpoint : path, optional
            As for ``fit``.

        Returns
        -------
        ndarray of shape [n, k]
            Codes of the rows, float32; a data frame after ``set_output``.
        """
        return self._learn(X, y, neighbors, start, pull, weights, errors, text, checkpoint)

    @property
    def measures_(self) -> Measures:
        """Measures of the space, each with its interval and its null (the score of random data). Computed when first read."""
        check_is_fitted(self)
        return Measures(self.space_._measured(self.n_jobs, self.verbose))

    @property
    def _n_features_out(self) -> int:
        return self.space_.n_components

    def _attribute(self, name: str) -> Any:
        """A fitted attribute, by name."""
        check_is_fitted(self)
        try:
            return self.space_.attribute(name, n_jobs=self.n_jobs, verbose=self.verbose)
        except _native.InputError as error:
            # So that hasattr is false for attributes that this fit does not have.
            raise AttributeError(str(error)) from None

    def _take(self, others: dict[str, Any]) -> None:
        """Set parameters given by names of other libraries, and refuse unknown ones."""
        take(self, others)

    def _params(self) -> dict[str, Any]:
        given = ((p["name"], getattr(self, p["name"])) for p in self._description["parameters"])
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in given}

    def set_params(self, **params: Any) -> Any:
        """Set parameters. Names of other libraries are accepted, too.

        Parameters
        ----------
        **params : dict
            Values by name; ``name__parameter`` for a nested step.

        Returns
        -------
        Estimator
            The estimator itself.
        """
        own = {name: value for name, value in params.items() if name in self.get_params() or "__" in name}
        super().set_params(**own)
        take(self, {name: value for name, value in params.items() if name not in own})
        return self

    def _rows(self, X: Any, reset: bool, text: TextOptions | None = None, gaps: bool = False) -> _native.Rows:
        """X as native rows; checked, unless it is text. Cells may be missing if ``gaps``."""
        if isinstance(X, (str, os.PathLike)):
            X = observations(X, None if reset else self.space_._native, prepare_options(text=text), self.n_jobs)
        if isinstance(X, Observations) and reset:
            self.n_features_in_ = X.shape[1]
            if X.columns is not None:
                self.feature_names_in_ = np.array(X.columns, dtype=object)
        if isinstance(X, Observations) or ("text" in self._description["takes"] and texts_of(X) is not None):
            return native_rows(X, text=text)
        return native_rows(*checked(self, X, reset, gaps), text)

    def _learn(self, X: Any, y: Any, neighbors: Any = None, start: Any = None, pull: float = 0.0, weights: Any = None, errors: Any = None,
               text: TextOptions | None = None, checkpoint: str | os.PathLike[str] | None = None) -> np.ndarray:
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
        name, rows = self._description["name"], self._rows(X, reset=True, text=text, gaps=errors is not None)
        weights, errors = weights_of(weights), None if errors is None else errors_of(errors, X, self.n_features_in_)
        limit, keep = memory_of(self.max_memory), None if checkpoint is None else os.fspath(checkpoint)
        share = share_of_variance(self._description, params.get("n_components"))
        with heard(self.verbose) as ear:
            if share is not None:
                # All components are needed to know how many keep this share.
                params["n_components"] = most_components(rows)
                whole, _ = _native.fit(name, params, rows, seed, jobs, ear, labels, near, begin, limit, keep, weights, errors)
                params["n_components"] = enough(Space(whole).attribute("explained_variance_ratio_"), share)
            space, codes = _native.fit(name, params, rows, seed, jobs, ear, labels, near, begin, limit, keep, weights, errors)
            self.space_ = Space(space)
            if columns is not X:
                # For precomputed distances, columns are rows.
                self.n_features_in_ = len(codes)
            # Discard the statistics of an earlier partial_fit.
            self.__dict__.pop("_parts", None)
        return codes

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._description["sparse"]
        tags.input_tags.positive_only = self._description["signs"] == "non-negative"
        tags.input_tags.pairwise = any(is_precomputed(getattr(self, name, None)) for name in ("metric", "kernel"))
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class Encodes(Estimator):
    """Estimators whose spaces encode new rows."""

    def transform(self, X: Any) -> Any:
        """Encode rows: compute their codes. A row has the same code alone, in any batch and in any order.

        Parameters
        ----------
        X : array, sparse rows, data frame or list of str
            Rows ``[n, d]`` with the columns of the fit.

        Returns
        -------
        ndarray of shape [n, k]
            The codes, float32; a data frame after ``set_output``.
        """
        check_is_fitted(self)
        refuse_new_rows(getattr(self, "metric", None))
        with heard(self.verbose) as ear:
            gaps = self.space_._told["missing"] == "keep"
            return self.space_._native.encode(self._rows(X, reset=False, gaps=gaps), threads(self.n_jobs), ear)


class Decodes(Estimator):
    """Estimators whose spaces decode codes."""

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Decode codes into rows, in the original units.

        Parameters
        ----------
        X : array or data frame
            Codes ``[n, k]``.

        Returns
        -------
        ndarray of shape [n, d]
            The decoded rows.
        """
        check_is_fitted(self)
        with heard(self.verbose) as ear:
            decoded = self.space_._native.decode(codes_of(X), threads(self.n_jobs), ear)
        return values_of(*decoded)


class Folds(Estimator):
    """Estimators with incremental learning."""

    def partial_fit(self, X: Any, y: Any = None) -> Any:
        """Learn from more rows. The space equals that of one call with all rows so far, to the bit.

        The rows are not kept, so only measures that follow from the statistics are available. After ``fit`` it starts again. If ``fit``
        would choose another algorithm for all rows, its space may differ in the last digits; a warning reports it.

        Parameters
        ----------
        X : array, sparse rows or data frame
            Rows ``[n, d]``.
        y : ignored
            For compatibility with scikit-learn.

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
    """Estimators with a log-likelihood of rows."""

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the log-likelihood of each row: the logarithm of its density, in nats.

        Parameters
        ----------
        X : array, sparse rows or data frame
            Rows ``[n, d]``.

        Returns
        -------
        ndarray of shape [n]
            Log-likelihood of each row.
        """
        check_is_fitted(self)
        with heard(self.verbose) as ear:
            return self.space_._native.log_likelihoods(self._rows(X, reset=False), threads(self.n_jobs), ear)[0]

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean log-likelihood of rows, which a grid search maximizes.

        Parameters
        ----------
        X : array, sparse rows or data frame
            Rows ``[n, d]``.
        y : ignored
            For compatibility with scikit-learn.

        Returns
        -------
        float
            The mean of ``score_samples``.
        """
        return float(np.mean(self.score_samples(X)))


class TellsWords(Estimator):
    """Estimators with a log-likelihood of words: topic models."""

    def _told(self, X: Any) -> tuple[float, float]:
        check_is_fitted(self)
        with heard(self.verbose) as ear:
            likelihoods, words = self.space_._native.log_likelihoods(self._rows(X, reset=False), threads(self.n_jobs), ear)
        return float(likelihoods.sum()), words

    def score(self, X: Any, y: Any = None) -> float:
        """Return the log-likelihood of all words of documents, given the topic proportions that ``transform`` computes.

        Parameters
        ----------
        X : array, sparse rows or list of str
            Documents: counts ``[n, d]``, or texts.
        y : ignored
            For compatibility with scikit-learn.

        Returns
        -------
        float
            The sum over all words, in nats.
        """
        return self._told(X)[0]

    def perplexity(self, X: Any) -> float:
        """Return the perplexity of documents: the number of equally probable words that would be as hard to predict.

        The topic proportions are estimated from the scored words themselves, so it is lower than the held-out perplexity,
        ``exp(-measures_["log_likelihood_per_word"].value)``.

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
        """Return the most probable words of each topic.

        Parameters
        ----------
        n_words : int, default=10
            Number of words per topic.

        Returns
        -------
        list of list of (str, float)
            Each word with its probability in the topic; the column number if columns have no names.
        """
        check_is_fitted(self)
        return self.space_.topics(n_words)


def parts_of(data: bytes) -> _native.Parts:
    """The statistics of ``partial_fit`` from a pickle."""
    return _native.Parts.from_bytes(data)


copyreg.pickle(_native.Parts, lambda parts: (parts_of, (parts.to_bytes(),)))  # type: ignore[arg-type]
