"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes


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
