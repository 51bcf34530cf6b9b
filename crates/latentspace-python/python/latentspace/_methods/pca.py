"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes, Folds, TellsRows


class PCA(TellsRows, Decodes, Folds, Encodes):
    r"""PCA: orthogonal directions of largest variance.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Number of components (dimensions of the space). auto: 50, or as many as the data allow. It must be a whole number, at least
        1, or 'auto'.
    solver : {'auto', 'covariance', 'gram', 'randomized'}, default='auto'
        How to compute the components: covariance and gram are exact, randomized is faster for many rows and columns. auto: the
        cheapest. It must be 'auto', 'covariance', 'gram' or 'randomized'.
    whiten : bool, default=False
        Divide each component by its standard deviation (whitening); one without variance by the largest, so that its codes stay
        near 0. It must be true or false.
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
        Unit vectors, by falling variance; the entry of largest magnitude is positive.
    mean_ : ndarray of shape [d]
        The mean of the rows.
    explained_variance_ : ndarray of shape [k]
        The variance along each component, divided by n - 1.
    explained_variance_ratio_ : ndarray of shape [k]
        The share of all variance along each component.
    singular_values_ : ndarray of shape [k]
        The singular values of the centered rows: the root of (n - 1) times the variance.
    noise_variance_ : number
        The mean of the variances left out: the noise of probabilistic PCA.
    n_components_ : number
        Dimensions of the space.
    n_samples_ : number
        Rows it was learned from.
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
    TruncatedSVD : truncated SVD: orthogonal directions from 0; of text, LSA.
    FactorAnalysis : factor analysis: common factors, and each column's own noise.
    PPCA : probabilistic PCA: factors and the same noise in every column.
    FastICA : ICA: independent sources that are mixed in the rows.
    NMF : NMF: non-negative parts that add up to the rows.
    SparsePCA : sparse PCA: components of few columns each.
    DictionaryLearning : dictionary learning: atoms of which few at a time sum to a row.
    sklearn.decomposition.PCA : The corresponding class.

    Notes
    -----
    - sparse counts of at most 1,024 columns are made dense in chunks of 4,096 rows: so few columns are multiplied faster dense

    References
    ----------
    .. [1] Pearson 1901, On lines and planes of closest fit to systems of points in space, doi:10.1080/14786440109462720
    .. [2] Halko, Martinsson and Tropp 2011, Finding structure with randomness, doi:10.1137/090771806
    .. [3] Tipping and Bishop 1999, Probabilistic principal component analysis, doi:10.1111/1467-9868.00196

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PCA
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = PCA(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["pca"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        solver: Literal['auto', 'covariance', 'gram', 'randomized'] = 'auto',
        whiten: bool = False,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.solver = solver
        self.whiten = whiten
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """Unit vectors, by falling variance; the entry of largest magnitude is positive."""
        return self._attribute("components_")

    @property
    def mean_(self) -> np.ndarray:
        """The mean of the rows."""
        return self._attribute("mean_")

    @property
    def explained_variance_(self) -> np.ndarray:
        """The variance along each component, divided by n - 1."""
        return self._attribute("explained_variance_")

    @property
    def explained_variance_ratio_(self) -> np.ndarray:
        """The share of all variance along each component."""
        return self._attribute("explained_variance_ratio_")

    @property
    def singular_values_(self) -> np.ndarray:
        """The singular values of the centered rows: the root of (n - 1) times the variance."""
        return self._attribute("singular_values_")

    @property
    def noise_variance_(self) -> Any:
        """The mean of the variances left out: the noise of probabilistic PCA."""
        return self._attribute("noise_variance_")

    @property
    def n_components_(self) -> Any:
        """Dimensions of the space."""
        return self._attribute("n_components_")

    @property
    def n_samples_(self) -> Any:
        """Rows it was learned from."""
        return self._attribute("n_samples_")

    def get_covariance(self) -> np.ndarray:
        """The covariance of the columns by probabilistic PCA.

        Returns
        -------
        ndarray of shape [d, d]
            The covariance of the columns by probabilistic PCA.
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
