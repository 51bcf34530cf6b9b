"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes, Folds, TellsRows


class PPCA(TellsRows, Decodes, Folds, Encodes):
    r"""probabilistic PCA: factors and the same noise in every column.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Number of factors (dimensions of the space). auto: 50, or as many as leave some noise. It must be a whole number, at least
        1, or 'auto'.
    rotation : {'none', 'varimax', 'promax', 'oblimin'}, default='none'
        Rotation of the loadings to simple structure. After promax and oblimin factors may correlate. It must be 'none', 'varimax',
        'promax' or 'oblimin'.
    normalize : bool, default=True
        Kaiser normalization: while they are rotated, the loadings of each column have length 1, so that columns of little
        communality count as much. It must be true or false.
    tol : float, default=1e-08
        Tolerance, where cells are missing or have errors: stop when a step raises the log-likelihood per row by less than this. It
        must be a number, at least 0.
    n_iter : int, default=1000
        Maximum number of steps, where cells are missing or have errors; else the maximum has a closed form. It must be a whole
        number, at least 1.
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
        Loadings: what a unit of each factor adds to each column.
    noise_variance_ : number
        The variance of the noise in every column: the mean of those left out.
    mean_ : ndarray of shape [d]
        The mean of the rows.
    score_coefficients_ : ndarray of shape [k, d]
        A row's code is the product of these and the centered row (regression scores).
    factor_correlations_ : ndarray of shape [k, k]
        Correlations of the factors; the identity without an oblique rotation.
    communalities_ : ndarray of shape [d]
        The part of each column's variance that the factors explain; 0 for constant columns.
    uniquenesses_ : ndarray of shape [d]
        The part of each column's variance that is its own noise; 1 less the communality.
    n_components_ : number
        Dimensions of the space.
    loglike_ : number
        The log-likelihood of the fitted rows, in nats per row.
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
    FastICA : ICA: independent sources that are mixed in the rows.
    NMF : NMF: non-negative parts that add up to the rows.
    SparsePCA : sparse PCA: components of few columns each.
    DictionaryLearning : dictionary learning: atoms of which few at a time sum to a row.

    Notes
    -----
    - sparse counts are made dense in chunks of 4,096 rows: the covariance of the columns has few zeros
    - memory grows with the square of the number of columns: their covariance is computed

    References
    ----------
    .. [1] Tipping and Bishop 1999, Probabilistic principal component analysis, doi:10.1111/1467-9868.00196

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PPCA
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = PPCA(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["ppca"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        rotation: Literal['none', 'varimax', 'promax', 'oblimin'] = 'none',
        normalize: bool = True,
        tol: float = 1e-08,
        n_iter: int = 1000,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.rotation = rotation
        self.normalize = normalize
        self.tol = tol
        self.n_iter = n_iter
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """Loadings: what a unit of each factor adds to each column."""
        return self._attribute("components_")

    @property
    def noise_variance_(self) -> Any:
        """The variance of the noise in every column: the mean of those left out."""
        return self._attribute("noise_variance_")

    @property
    def mean_(self) -> np.ndarray:
        """The mean of the rows."""
        return self._attribute("mean_")

    @property
    def score_coefficients_(self) -> np.ndarray:
        """A row's code is the product of these and the centered row (regression scores)."""
        return self._attribute("score_coefficients_")

    @property
    def factor_correlations_(self) -> np.ndarray:
        """Correlations of the factors; the identity without an oblique rotation."""
        return self._attribute("factor_correlations_")

    @property
    def communalities_(self) -> np.ndarray:
        """The part of each column's variance that the factors explain; 0 for constant columns."""
        return self._attribute("communalities_")

    @property
    def uniquenesses_(self) -> np.ndarray:
        """The part of each column's variance that is its own noise; 1 less the communality."""
        return self._attribute("uniquenesses_")

    def get_covariance(self) -> np.ndarray:
        """The covariance of the columns by the model: loadings, times correlations, times loadings, plus noise.

        Returns
        -------
        ndarray of shape [d, d]
            The covariance of the columns by the model: loadings, times correlations, times loadings, plus noise.
        """
        return self._attribute("get_covariance()")

    def get_precision(self) -> np.ndarray:
        """The inverse of that covariance.

        Returns
        -------
        ndarray of shape [d, d]
            The inverse of that covariance.
        """
        return self._attribute("get_precision()")

    @property
    def n_components_(self) -> Any:
        """Dimensions of the space."""
        return self._attribute("n_components_")

    @property
    def loglike_(self) -> Any:
        """The log-likelihood of the fitted rows, in nats per row."""
        return self._attribute("loglike_")
