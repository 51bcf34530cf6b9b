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


class TruncatedSVD(Decodes, Folds, Encodes):
    r"""truncated SVD: orthogonal directions from 0; of text, LSA.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Number of singular vectors (dimensions of the space). auto: 50, or as many as the data allow. It must be a whole number, at
        least 1, or 'auto'.
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
        Right singular vectors, by falling singular value; the entry of largest magnitude is positive.
    singular_values_ : ndarray of shape [k]
        The singular values of the rows: the root of the sum of squared codes.
    explained_variance_ : ndarray of shape [k]
        The variance of the codes along each component, divided by n.
    explained_variance_ratio_ : ndarray of shape [k]
        The share of the variance of the rows.
    n_components_ : number
        Dimensions of the space.
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
    FastICA : ICA: independent sources that are mixed in the rows.
    NMF : NMF: non-negative parts that add up to the rows.
    SparsePCA : sparse PCA: components of few columns each.
    DictionaryLearning : dictionary learning: atoms of which few at a time sum to a row.
    sklearn.decomposition.TruncatedSVD : The corresponding class.

    Notes
    -----
    - sparse counts of at most 1,024 columns are made dense in chunks of 4,096 rows: so few columns are multiplied faster dense

    References
    ----------
    .. [1] Eckart and Young 1936, The approximation of one matrix by another of lower rank, doi:10.1007/BF02288367
    .. [2] Deerwester and others 1990, Indexing by latent semantic analysis,
       doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9
    .. [3] Halko, Martinsson and Tropp 2011, Finding structure with randomness, doi:10.1137/090771806

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import TruncatedSVD
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = TruncatedSVD(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["svd"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """Right singular vectors, by falling singular value; the entry of largest magnitude is positive."""
        return self._attribute("components_")

    @property
    def singular_values_(self) -> np.ndarray:
        """The singular values of the rows: the root of the sum of squared codes."""
        return self._attribute("singular_values_")

    @property
    def explained_variance_(self) -> np.ndarray:
        """The variance of the codes along each component, divided by n."""
        return self._attribute("explained_variance_")

    @property
    def explained_variance_ratio_(self) -> np.ndarray:
        """The share of the variance of the rows."""
        return self._attribute("explained_variance_ratio_")

    @property
    def n_components_(self) -> Any:
        """Dimensions of the space."""
        return self._attribute("n_components_")


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
    TruncatedSVD : truncated SVD: orthogonal directions from 0; of text, LSA.
    PPCA : probabilistic PCA: factors and the same noise in every column.
    FastICA : ICA: independent sources that are mixed in the rows.
    NMF : NMF: non-negative parts that add up to the rows.
    SparsePCA : sparse PCA: components of few columns each.
    DictionaryLearning : dictionary learning: atoms of which few at a time sum to a row.
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


class NMF(Decodes, Encodes):
    r"""NMF: non-negative parts that add up to the rows.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Number of parts (dimensions of the space). auto: 10, or as many as the data allow. It must be a whole number, at least 1, or
        'auto'.
    loss : {'frobenius', 'kullback-leibler'}, default='frobenius'
        What is minimized: frobenius, half the sum of squared errors; kullback-leibler, for counts. It must be 'frobenius' or
        'kullback-leibler'.
    init : {'nndsvd', 'random'}, default='nndsvd'
        Start: nndsvd from the singular vectors; random by the seed. It must be 'nndsvd' or 'random'.
    alpha : float, default=0.0
        Strength of the penalty on weights and parts, per cell. 0: none. It must be a number, at least 0.
    l1_ratio : float, default=0.0
        Share of the penalty on absolute values (sparse parts); the rest is on squares. It must be a number from 0 to 1.
    n_iter : int, default=200
        Maximum number of iterations. It must be a whole number, at least 1.
    tol : float, default=0.0001
        Tolerance: stop when ten iterations lower the loss by less than this part of the loss at the start. It must be a number, at
        least 0.
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
        The parts, by falling share; none is negative.
    n_components_ : number
        Dimensions of the space.
    reconstruction_err_ : number
        The root of twice the loss, between the rows and the sums of parts.
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
    SparsePCA : sparse PCA: components of few columns each.
    DictionaryLearning : dictionary learning: atoms of which few at a time sum to a row.
    sklearn.decomposition.NMF : The corresponding class.

    Notes
    -----
    - rows must fit in memory: the weights of all rows are kept between iterations
    - a killed fit starts over: the weights of all rows would have to be written

    References
    ----------
    .. [1] Lee and Seung 1999, Learning the parts of objects by non-negative matrix factorization, doi:10.1038/44565
    .. [2] Cichocki and Phan 2009, Fast local algorithms for large scale nonnegative matrix and tensor factorizations,
       doi:10.1587/transfun.E92.A.708
    .. [3] Gillis and Glineur 2012, Accelerated multiplicative updates and hierarchical ALS algorithms for NMF, doi:10.1162/NECO_a_00256
    .. [4] Boutsidis and Gallopoulos 2008, SVD based initialization: a head start for NMF, doi:10.1016/j.patcog.2007.09.010

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import NMF
    >>> random = np.random.default_rng(0)
    >>> X = random.uniform(size=(200, 6))
    >>> estimator = NMF(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["nmf"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        loss: Literal['frobenius', 'kullback-leibler'] = 'frobenius',
        init: Literal['nndsvd', 'random'] = 'nndsvd',
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
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
        self.loss = loss
        self.init = init
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.n_iter = n_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """The parts, by falling share; none is negative."""
        return self._attribute("components_")

    @property
    def n_components_(self) -> Any:
        """Dimensions of the space."""
        return self._attribute("n_components_")

    @property
    def reconstruction_err_(self) -> Any:
        """The root of twice the loss, between the rows and the sums of parts."""
        return self._attribute("reconstruction_err_")

    @property
    def n_iter_(self) -> Any:
        """Iterations done."""
        return self._attribute("n_iter_")


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


class DictionaryLearning(Decodes, Encodes):
    r"""dictionary learning: atoms of which few at a time sum to a row.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Number of atoms (dimensions of the space). auto: twice the number of columns, at most 256 and at most the number of rows. It
        must be a whole number, at least 1, or 'auto'.
    alpha : float or 'auto', default='auto'
        Penalty on absolute codes, in units of the cells: larger values give sparser codes. auto: 1.2 times the root mean square of
        the centered cells. It must be a number, at least 0, or 'auto'.
    fit_algorithm : {'lars', 'cd', 'fista', 'omp'}, default='cd'
        How rows are coded while atoms are learned. lars, cd and fista compute the same codes, with alpha; omp uses n_nonzero_coefs
        atoms instead. It must be 'lars', 'cd', 'fista' or 'omp'.
    encode_algorithm : {'lars', 'cd', 'fista', 'omp'}, default='cd'
        How rows are encoded by the space. lars, cd and fista compute the same codes, with alpha; omp uses n_nonzero_coefs atoms
        instead. It must be 'lars', 'cd', 'fista' or 'omp'.
    n_nonzero_coefs : int or 'auto', default='auto'
        Number of atoms per row for omp. auto: a tenth of the number of columns, at least 1. It must be a whole number, at least 1,
        or 'auto'.
    center : bool, default=True
        Subtract the mean of each column first; decoding adds it. It must be true or false.
    batch : int, default=256
        Rows per mini-batch. It must be a whole number, at least 1.
    n_iter : int, default=100
        Maximum number of passes over the rows. It must be a whole number, at least 1.
    tol : float, default=0.001
        Tolerance: stop when three passes in a row lower the objective by less than this part. It must be a number, at least 0.
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
        The atoms, by falling share of the squared codes; each has length 1.
    mean_ : ndarray of shape [d]
        The mean of the rows; 0 if they are not centered.
    n_components_ : number
        Number of atoms.
    alpha_ : number
        The penalty on absolute codes that was used.
    objective_ : number
        Half the squared error plus alpha times the absolute codes, mean over the rows.
    n_nonzero_ : number
        Mean number of atoms per row.
    n_iter_ : number
        Passes over the rows.
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
    SparsePCA : sparse PCA: components of few columns each.
    sklearn.decomposition.DictionaryLearning : The corresponding class.

    Notes
    -----
    - rows must fit in memory: mini-batches take them in random order
    - sparse counts are made dense, one mini-batch at a time: centered rows have few zeros
    - a killed fit starts over: the sums behind the atoms would have to be written after each pass

    References
    ----------
    .. [1] Mairal, Bach, Ponce and Sapiro 2010, Online learning for matrix factorization and sparse coding, JMLR 11
    .. [2] Tibshirani 1996, Regression shrinkage and selection via the lasso, doi:10.1111/j.2517-6161.1996.tb02080.x
    .. [3] Friedman, Hastie and Tibshirani 2010, Regularization paths by coordinate descent, doi:10.18637/jss.v033.i01
    .. [4] Efron, Hastie, Johnstone and Tibshirani 2004, Least angle regression, doi:10.1214/009053604000000067
    .. [5] Beck and Teboulle 2009, A fast iterative shrinkage-thresholding algorithm, doi:10.1137/080716542
    .. [6] O'Donoghue and Candès 2015, Adaptive restart for accelerated gradient schemes, doi:10.1007/s10208-013-9150-3
    .. [7] Pati, Rezaiifar and Krishnaprasad 1993, Orthogonal matching pursuit, doi:10.1109/ACSSC.1993.342465

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import DictionaryLearning
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = DictionaryLearning(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["dictionary"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        alpha: float | Literal['auto'] = 'auto',
        fit_algorithm: Literal['lars', 'cd', 'fista', 'omp'] = 'cd',
        encode_algorithm: Literal['lars', 'cd', 'fista', 'omp'] = 'cd',
        n_nonzero_coefs: int | Literal['auto'] = 'auto',
        center: bool = True,
        batch: int = 256,
        n_iter: int = 100,
        tol: float = 0.001,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.alpha = alpha
        self.fit_algorithm = fit_algorithm
        self.encode_algorithm = encode_algorithm
        self.n_nonzero_coefs = n_nonzero_coefs
        self.center = center
        self.batch = batch
        self.n_iter = n_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """The atoms, by falling share of the squared codes; each has length 1."""
        return self._attribute("components_")

    @property
    def mean_(self) -> np.ndarray:
        """The mean of the rows; 0 if they are not centered."""
        return self._attribute("mean_")

    @property
    def n_components_(self) -> Any:
        """Number of atoms."""
        return self._attribute("n_components_")

    @property
    def alpha_(self) -> Any:
        """The penalty on absolute codes that was used."""
        return self._attribute("alpha_")

    @property
    def objective_(self) -> Any:
        """Half the squared error plus alpha times the absolute codes, mean over the rows."""
        return self._attribute("objective_")

    @property
    def n_nonzero_(self) -> Any:
        """Mean number of atoms per row."""
        return self._attribute("n_nonzero_")

    @property
    def n_iter_(self) -> Any:
        """Passes over the rows."""
        return self._attribute("n_iter_")
