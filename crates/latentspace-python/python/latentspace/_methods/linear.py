"""The methods of a family as estimators. Generated from the registry's description by `UPDATE=1 make python-test`."""

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
    FactorAnalysis : factor analysis: common factors, and each column's own noise.
    PPCA : probabilistic PCA: factors and the same noise in every column.
    FastICA : ICA: independent sources that are mixed in the rows.
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


class FactorAnalysis(TellsRows, Decodes, Folds, Encodes):
    r"""factor analysis: common factors, and each column's own noise.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Number of factors (dimensions of the space). auto: as many eigenvalues of the correlations as are larger than those of
        noise, at most 50. It must be a whole number, at least 1, or 'auto'.
    rotation : {'none', 'varimax', 'promax', 'oblimin'}, default='none'
        Rotation of the loadings to simple structure. After promax and oblimin factors may correlate. It must be 'none', 'varimax',
        'promax' or 'oblimin'.
    normalize : bool, default=True
        Kaiser normalization: while they are rotated, the loadings of each column have length 1, so that columns of little
        communality count as much. It must be true or false.
    tol : float, default=1e-08
        Tolerance: stop when two steps in a row raise the log-likelihood per row by less than this. It must be a number, at least 0.
    n_iter : int, default=1000
        Maximum number of steps. It must be a whole number, at least 1.
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
    noise_variance_ : ndarray of shape [d]
        The variance of each column's own noise (uniqueness), in squared units of the column.
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
    n_iter_ : number
        Steps taken.
    loglike_ : number
        The log-likelihood of the fitted rows, in nats per row.
    kmo_ : number
        The Kaiser-Meyer-Olkin measure of sampling adequacy; None if a column is a sum of others.
    bartlett_ : number
        Bartlett's test of sphericity: statistic, degrees of freedom, p-value.
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
    PPCA : probabilistic PCA: factors and the same noise in every column.
    FastICA : ICA: independent sources that are mixed in the rows.
    sklearn.decomposition.FactorAnalysis : The corresponding class.

    Notes
    -----
    - sparse counts are made dense in chunks of 4,096 rows: the covariance of the columns has few zeros
    - memory grows with the square of the number of columns: their covariance is computed

    References
    ----------
    .. [1] Jöreskog 1967, Some contributions to maximum likelihood factor analysis, doi:10.1007/BF02289658
    .. [2] Kaiser 1958, The varimax criterion for analytic rotation in factor analysis, doi:10.1007/BF02289233
    .. [3] Kaiser 1974, An index of factorial simplicity, doi:10.1007/BF02291575

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import FactorAnalysis
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = FactorAnalysis(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["factor-analysis"]

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
    def noise_variance_(self) -> np.ndarray:
        """The variance of each column's own noise (uniqueness), in squared units of the column."""
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
    def n_iter_(self) -> Any:
        """Steps taken."""
        return self._attribute("n_iter_")

    @property
    def loglike_(self) -> Any:
        """The log-likelihood of the fitted rows, in nats per row."""
        return self._attribute("loglike_")

    @property
    def kmo_(self) -> Any:
        """The Kaiser-Meyer-Olkin measure of sampling adequacy; None if a column is a sum of others."""
        return self._attribute("kmo_")

    @property
    def bartlett_(self) -> Any:
        """Bartlett's test of sphericity: statistic, degrees of freedom, p-value."""
        return self._attribute("bartlett_")


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
    FactorAnalysis : factor analysis: common factors, and each column's own noise.
    FastICA : ICA: independent sources that are mixed in the rows.

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


class FastICA(Decodes, Encodes):
    r"""ICA: independent sources that are mixed in the rows.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Number of sources (dimensions of the space). auto: 50, or as many as the data allow. It must be a whole number, at least 1,
        or 'auto'.
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
    FactorAnalysis : factor analysis: common factors, and each column's own noise.
    PPCA : probabilistic PCA: factors and the same noise in every column.
    sklearn.decomposition.FastICA : The corresponding class.

    Notes
    -----
    - sparse counts are made dense in chunks of 4,096 rows: the covariance of the columns has few zeros
    - memory grows with the square of the number of columns: their covariance is computed

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
