"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes, Folds


class SparsePCA(Decodes, Folds, Encodes):
    r"""sparse PCA: components of few columns each.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Number of components (dimensions of the space). auto: 50, or as many as the data allow. It must be a whole number, at least
        1, or 'auto'.
    alpha : float or 'auto', default='auto'
        Penalty on absolute entries of the components, in units of a column's length: larger values give sparser components. auto: a
        tenth of the root mean square length of the centered columns. It must be a number, at least 0, or 'auto'.
    ridge_alpha : float, default=0.01
        Ridge penalty of the regression that encodes a row, for components of length 1. It must be a number, at least 0.
    n_iter : int, default=1000
        Maximum number of iterations. It must be a whole number, at least 1.
    tol : float, default=1e-06
        Tolerance: stop when an iteration lowers the objective by less than this part of it. It must be a number, at least 0.
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
        The components, by falling share of the variance; each has length 1 or is 0.
    mean_ : ndarray of shape [d]
        The mean of the rows.
    n_components_ : number
        Dimensions of the space.
    alpha_ : number
        The penalty on absolute entries that was used.
    objective_ : number
        Half the squared error plus alpha times the absolute entries, before they are scaled.
    n_nonzero_ : number
        Number of entries of the components that are not 0.
    n_iter_ : number
        Iterations done.
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
    FastICA : ICA: independent sources that are mixed in the rows.
    NMF : NMF: non-negative parts that add up to the rows.
    DictionaryLearning : dictionary learning: atoms of which few at a time sum to a row.
    sklearn.decomposition.SparsePCA : The corresponding class.

    Notes
    -----
    - sparse counts are made dense in chunks of 4,096 rows: the covariance of the columns has few zeros
    - memory grows with the square of the number of columns: their covariance is computed

    References
    ----------
    .. [1] Zou, Hastie and Tibshirani 2006, Sparse principal component analysis, doi:10.1198/106186006X113430
    .. [2] Mairal, Bach, Ponce and Sapiro 2010, Online learning for matrix factorization and sparse coding, JMLR 11

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import SparsePCA
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = SparsePCA(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["sparse-pca"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        alpha: float | Literal['auto'] = 'auto',
        ridge_alpha: float = 0.01,
        n_iter: int = 1000,
        tol: float = 1e-06,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.alpha = alpha
        self.ridge_alpha = ridge_alpha
        self.n_iter = n_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """The components, by falling share of the variance; each has length 1 or is 0."""
        return self._attribute("components_")

    @property
    def mean_(self) -> np.ndarray:
        """The mean of the rows."""
        return self._attribute("mean_")

    @property
    def n_components_(self) -> Any:
        """Dimensions of the space."""
        return self._attribute("n_components_")

    @property
    def alpha_(self) -> Any:
        """The penalty on absolute entries that was used."""
        return self._attribute("alpha_")

    @property
    def objective_(self) -> Any:
        """Half the squared error plus alpha times the absolute entries, before they are scaled."""
        return self._attribute("objective_")

    @property
    def n_nonzero_(self) -> Any:
        """Number of entries of the components that are not 0."""
        return self._attribute("n_nonzero_")

    @property
    def n_iter_(self) -> Any:
        """Iterations done."""
        return self._attribute("n_iter_")
