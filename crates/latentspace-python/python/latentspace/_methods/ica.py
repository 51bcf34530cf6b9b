"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes


class FastICA(Decodes, Encodes):
    r"""ICA: independent sources that are mixed in the rows.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Number of sources (dimensions of the space), at most 4 times as many as columns. auto: 50, or as many as columns and rows
        allow. It must be a whole number, at least 1, or 'auto'.
    fun : {'logcosh', 'exp', 'cube'}, default='logcosh'
        Contrast function: logcosh for most data, exp for sources with long tails, cube (kurtosis) for sources with short ones. It
        must be 'logcosh', 'exp' or 'cube'.
    whiten : bool, default=True
        Whiten the rows first. false: they are white already (uncorrelated columns of mean 0 and variance 1), one per source. It
        must be true or false.
    n_iter : int, default=200
        Maximum number of steps. It must be a whole number, at least 1.
    tol : float, default=0.0001
        Tolerance: stop when no source turns by more than this in a step, as 1 less the cosine. It must be a number, at least 0.
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
        The unmixing matrix: a source is the product of a row of it and the centered row.
    mixing_ : ndarray of shape [d, k]
        The mixing matrix: a row is the mean and the product of this and its sources.
    mean_ : ndarray of shape [d]
        The mean of the rows.
    whitening_ : ndarray of shape [k, d]
        What whitens centered rows, before the rotation.
    n_iter_ : number
        Steps taken.
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
    PCA : PCA: orthogonal directions of largest variance.
    TruncatedSVD : truncated SVD: orthogonal directions from 0; of text, LSA.
    FactorAnalysis : factor analysis: common factors, and each column's own noise.
    PPCA : probabilistic PCA: factors and the same noise in every column.
    NMF : NMF: non-negative parts that add up to the rows.
    SparsePCA : sparse PCA: components of few columns each.
    DictionaryLearning : dictionary learning: atoms of which few at a time sum to a row.
    sklearn.decomposition.FastICA : The corresponding class.

    Notes
    -----
    - sparse counts are made dense in chunks of 4,096 rows: the covariance of the columns has few zeros
    - memory grows with the square of the number of columns: their covariance is computed
    - more sources than columns are found in part: of Laplacian ones mixed at random 56 to 89 % of the directions, to a cosine of 0.9
    - a plan is accurate to a factor of 3: how many steps it takes depends on the data

    References
    ----------
    .. [1] Hyvärinen 1999, Fast and robust fixed-point algorithms for independent component analysis, doi:10.1109/72.761722
    .. [2] Hyvärinen and Oja 2000, Independent component analysis: algorithms and applications, doi:10.1016/S0893-6080(00)00026-5

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import FastICA
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = FastICA(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["ica"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        fun: Literal['logcosh', 'exp', 'cube'] = 'logcosh',
        whiten: bool = True,
        n_iter: int = 200,
        tol: float = 0.0001,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.fun = fun
        self.whiten = whiten
        self.n_iter = n_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """The unmixing matrix: a source is the product of a row of it and the centered row."""
        return self._attribute("components_")

    @property
    def mixing_(self) -> np.ndarray:
        """The mixing matrix: a row is the mean and the product of this and its sources."""
        return self._attribute("mixing_")

    @property
    def mean_(self) -> np.ndarray:
        """The mean of the rows."""
        return self._attribute("mean_")

    @property
    def whitening_(self) -> np.ndarray:
        """What whitens centered rows, before the rotation."""
        return self._attribute("whitening_")

    @property
    def n_iter_(self) -> Any:
        """Steps taken."""
        return self._attribute("n_iter_")
