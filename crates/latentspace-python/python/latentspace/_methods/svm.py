"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Encodes


class SVM(Encodes):
    r"""SVM: widest margins between labels by a kernel.

    Parameters
    ----------
    kernel : {'rbf', 'poly', 'cosine', 'linear', 'precomputed'}, default='rbf'
        Inner product in the feature space: rbf (Gaussian), poly, cosine, linear, or precomputed, where column j of a row is its
        kernel with fitted row j. It must be 'rbf', 'poly', 'cosine', 'linear' or 'precomputed'.
    gamma : float or 'auto', default='auto'
        Inverse squared width of the rbf kernel, factor of the inner product of the poly kernel. auto: 1 / (columns · variance of
        all cells). It must be a number above 0, or 'auto'.
    degree : float, default=3.0
        Degree of the poly kernel. It must be a number above 0, at most 100.
    coef0 : float, default=1.0
        Constant term of the poly kernel. It must be a number.
    c : float, default=1.0
        Cost of a row beyond its margin, against the width of the margin: larger values fit the rows more closely. It must be a
        number above 0, at most 1000000000.
    target : str or {'auto', 'none'}, default='auto'
        Column of labels to separate. auto: none, and a one-class SVM learns where the rows lie. It must be the name of a column, or
        'auto' or 'none'.
    nu : float, default=0.1
        Of a one-class SVM: at most this share of the rows lies outside, and at least this share are support vectors. It must be a
        number above 0, at most 1.
    probability : bool, default=False
        Also learn probabilities of the labels, from held-out decision values: five more fits. It must be true or false.
    tol : float, default=0.001
        Tolerance: how far the gradient may be from its optimality conditions. It must be a number above 0.
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
    intercept_ : ndarray of shape [k]
        What is subtracted in the decision value of each pair of labels.
    classes_ : ndarray of shape [labels]
        The labels, sorted; absent without any.
    gamma_ : number
        The gamma that was used.
    objective_ : number
        The value of the dual problem, summed over the pairs of labels; less is better.
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
    KernelPCA : Kernel PCA: directions of largest variance of a kernel.
    Nystroem : Nyström approximation: coordinates in a kernel space from landmarks.
    RBFSampler : Random Fourier features: random cosines, for a Gaussian kernel.
    sklearn.svm.SVC : The corresponding class.

    Notes
    -----
    - needs all rows in memory: any of them may become a support vector
    - sparse counts are made dense: 4 bytes a cell, zeros included
    - a killed fit starts over: there are no checkpoints
    - kernel values have 32 bits: a polynomial or cosine kernel of rows far from 0 loses the digits in which they differ; center them
      first
    - does not decode: decision values say on which side of each plane a row lies, not where
    - the labels choose the dimensions: one for each pair of at most 100 labels, one without labels
    - a plan is accurate to a factor of 10: how many rows become support vectors depends on the data

    References
    ----------
    .. [1] Cortes and Vapnik 1995, Support-vector networks, doi:10.1007/BF00994018
    .. [2] Fan, Chen and Lin 2005, Working set selection using second order information for training support vector machines, JMLR
       6:1889
    .. [3] Schölkopf, Platt, Shawe-Taylor, Smola and Williamson 2001, Estimating the support of a high-dimensional distribution,
       doi:10.1162/089976601750264965
    .. [4] Lin, Lin and Weng 2007, A note on Platt's probabilistic outputs for support vector machines, doi:10.1007/s10994-007-5018-6
    .. [5] Wu, Lin and Weng 2004, Probability estimates for multi-class classification by pairwise coupling, JMLR 5:975

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import SVM
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = SVM()
    >>> estimator.fit_transform(X).shape
    (200, 1)
    >>> estimator.transform(X[:5]).shape
    (5, 1)
    """

    _description = DESCRIBED["svm"]

    def __init__(
        self,
        kernel: Literal['rbf', 'poly', 'cosine', 'linear', 'precomputed'] = 'rbf',
        *,
        gamma: float | Literal['auto'] = 'auto',
        degree: float = 3.0,
        coef0: float = 1.0,
        c: float = 1.0,
        target: str | Literal['auto', 'none'] = 'auto',
        nu: float = 0.1,
        probability: bool = False,
        tol: float = 0.001,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.c = c
        self.target = target
        self.nu = nu
        self.probability = probability
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def intercept_(self) -> np.ndarray:
        """What is subtracted in the decision value of each pair of labels."""
        return self._attribute("intercept_")

    @property
    def classes_(self) -> np.ndarray:
        """The labels, sorted; absent without any."""
        return self._attribute("classes_")

    @property
    def gamma_(self) -> Any:
        """The gamma that was used."""
        return self._attribute("gamma_")

    @property
    def objective_(self) -> Any:
        """The value of the dual problem, summed over the pairs of labels; less is better."""
        return self._attribute("objective_")
