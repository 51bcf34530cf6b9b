"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes, TellsWords


class PLSA(TellsWords, Decodes, Encodes):
    r"""PLSA: topics over words, without a prior.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Number of topics. auto: 10 below 500 documents, 20 below 5,000, 50 below 20,000, else 100. It must be a whole number from 1
        to 10000, or 'auto'.
    n_iter : int, default=200
        Maximum number of rounds over all documents. Learning stops earlier when the likelihood settles or the held-out likelihood
        no longer rises. It must be a whole number from 1 to 100000.
    temper : float, default=0.9
        Factor on the power β of tempered EM, 1 at first, whenever the held-out likelihood falls. 1: stop learning then instead. It
        must be a number above 0, at most 1.
    smoothing : float, default=10.0
        Pseudo-counts of the corpus's word distribution added to each topic, so that no word has probability 0. It must be a number
        from 0 to 1000000.
    held_out : float, default=0.05
        Fraction of the documents held out to measure the likelihood of new documents and to decide when to temper and to stop, at
        most 2,000 of them. It must be a number from 0 to 0.5.
    random_state : int, RandomState, Generator or None, default=None
        Random seed. Equal seeds give equal bytes, for any number of threads. None means 0; a generator draws a seed.
    n_jobs : int or None, default=None
        Number of threads. None and -1: all cores, or 1 inside a joblib worker.
    verbose : bool, default=False
        Show notes and progress.
    max_memory : int, str or None, default=None
        Memory limit in bytes, or a size such as '4G': a fit that would exceed it is refused with what would fit.

    Attributes
    ----------
    components_ : ndarray of shape [k, d]
        How likely each word is in each topic: a row a topic, which adds up to 1.
    n_components_ : number
        Distributions.
    n_iter_ : number
        Sweeps, passes or rounds that were made.
    bound_ : number
        The perplexity of the documents learned from: of the words of one half of each, shares told by the other.
    embedding_ : ndarray of shape [n, k]
        Coordinates of the fitted rows (the embedding).
    space_ : Space
        The fitted space. Its file has the bytes that `latent fit` writes.
    measures_ : Measures
        Measures of the space, computed when first read.
    n_features_in_ : int
        Number of columns of the rows.
    feature_names_in_ : ndarray of str
        Names of the columns, if the rows were a data frame.

    See Also
    --------
    LatentDirichletAllocation : LDA: topics over words, and their share of documents.
    sklearn.decomposition.LatentDirichletAllocation : The corresponding class.

    Notes
    -----
    - the space stores no titles of documents: documents in memory, streamed and in shares must give the same space
    - negative weights are refused: they are word counts

    References
    ----------
    .. [1] Hofmann 1999, Probabilistic latent semantic indexing, doi:10.1145/312624.312649
    .. [2] Hofmann 2001, Unsupervised learning by probabilistic latent semantic analysis, doi:10.1023/A:1007617005950

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PLSA
    >>> random = np.random.default_rng(0)
    >>> X = random.poisson(0.3, size=(200, 30))
    >>> estimator = PLSA(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["plsa"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        n_iter: int = 200,
        temper: float = 0.9,
        smoothing: float = 10.0,
        held_out: float = 0.05,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.n_iter = n_iter
        self.temper = temper
        self.smoothing = smoothing
        self.held_out = held_out
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """How likely each word is in each topic: a row a topic, which adds up to 1."""
        return self._attribute("components_")

    @property
    def n_components_(self) -> Any:
        """Distributions."""
        return self._attribute("n_components_")

    @property
    def n_iter_(self) -> Any:
        """Sweeps, passes or rounds that were made."""
        return self._attribute("n_iter_")

    @property
    def bound_(self) -> Any:
        """The perplexity of the documents learned from: of the words of one half of each, shares told by the other."""
        return self._attribute("bound_")

    @property
    def embedding_(self) -> np.ndarray:
        """Coordinates of the fitted rows (the embedding)."""
        return self._attribute("embedding_")
