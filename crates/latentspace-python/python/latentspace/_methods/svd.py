"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes, Folds


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
