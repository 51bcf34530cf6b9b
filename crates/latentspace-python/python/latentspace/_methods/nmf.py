"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes


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
